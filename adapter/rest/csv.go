package rest

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
)

const (
	csvMIME     = "text/csv"
	csvRowsMax  = 100_000         // of one file
	csvTimeMax  = 2 * time.Minute // for one file
	byteOrder   = "\ufeff"        // tells spreadsheets that the file is UTF-8
	csvRowsOver = "これより古い履歴は、期間を指定して受け取ってください。"
)

// sheet writes a CSV file that spreadsheets open as it is meant.
type sheet struct {
	live *liveWriter
	csv  *csv.Writer
}

// write adds a row of texts and whole numbers.
func (s sheet) write(cells ...any) error {
	return s.csv.Write(lo.Map(cells, func(cell any, _ int) string {
		if text, worded := cell.(string); worded {
			return inert(text)
		}
		return fmt.Sprintf("%d", cell)
	}))
}

// send sends the rows so far.
func (s sheet) send() error {
	if s.csv.Flush(); s.csv.Error() != nil {
		return s.csv.Error()
	}
	return s.live.Flush()
}

// inert keeps a spreadsheet from computing a cell that somebody else has worded (OWASP, CSV injection).
func inert(cell string) string {
	if first, _ := utf8.DecodeRuneInString(cell); cell != "" && strings.ContainsRune("=+-@\t\r\n＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}

// file answers with a CSV file that write fills.
func (s *server) file(name string, write func(ctx context.Context, to sheet) error) *huma.StreamResponse {
	headers := map[string]string{
		fiber.HeaderContentType:        csvMIME + "; charset=utf-8",
		fiber.HeaderContentDisposition: `attachment; filename="` + name + `"`,
	}
	return s.streamed(headers, time.Now().Add(csvTimeMax), func(ctx context.Context, w *liveWriter) error {
		if _, err := w.WriteString(byteOrder); err != nil {
			return err
		}
		to := sheet{live: w, csv: csv.NewWriter(w)}
		to.csv.UseCRLF = true
		if err := write(ctx, to); err != nil {
			return err
		}
		return to.send()
	})
}

// entryTypeNames are the words of screens for types of entries.
var entryTypeNames = map[ledger.EntryType]string{
	ledger.Deposit: "入金", ledger.Withdrawal: "出金", ledger.Remittance: "現金の引き渡し", ledger.Reserve: "取り置き", ledger.Release: "取り置きの戻し",
	ledger.Grant: "給付", ledger.Charge: "チャージ", ledger.Payment: "支払い", ledger.Transfer: "送付", ledger.Expiry: "期限切れ",
	ledger.Claim: "換金請求", ledger.ClaimReturn: "換金請求の取り下げ", ledger.Payout: "振込", ledger.PayoutReturn: "振込の戻り", ledger.Offset: "店頭現金との相殺",
	ledger.Reversal: "取消", ledger.Partial: "一部取消", ledger.Adjustment: "調整", ledger.Recovery: "未収金の回収",
}

// downloadHistory writes a history page by page, newest first. The first page is read before the answer begins, so
// that a refusal still has its status.
func (c *contract) downloadHistory(ctx context.Context, actor access.Actor, wallet ledger.WalletID, filter HistoryFilter) (*huma.StreamResponse, error) {
	query, err := filter.query(wallet)
	if err != nil {
		return nil, err
	}
	query.Limit = page.LimitMax
	lines, err := c.Reading.History(ctx, actor, query)
	if err != nil {
		return nil, err
	}
	name := "history-" + calendar.DayOf(c.Now()).String() + ".csv"
	return c.file(name, func(ctx context.Context, to sheet) error {
		if err := to.write("番号", "日時", "種類", "増減", "残高", "相手", "メモ", "取引番号", "うち還元"); err != nil {
			return err
		}
		for rows := 0; ; {
			if err := c.writeLines(ctx, actor, to, lines.Rows); err != nil || lines.Next == "" || len(lines.Rows) == 0 {
				return err
			}
			if rows += len(lines.Rows); rows >= csvRowsMax {
				return to.write(csvRowsOver)
			}
			query.Before = lines.Rows[len(lines.Rows)-1].No
			if lines, err = c.Reading.History(ctx, actor, query); err != nil {
				return err
			}
		}
	}), nil
}

func (c *contract) writeLines(ctx context.Context, actor access.Actor, to sheet, lines []ledger.Line) error {
	names, err := c.namesOfLines(ctx, actor, lines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		err := to.write(
			l.No, l.At.In(calendar.JST).Format(time.DateTime), entryTypeNames[l.Type], int64(l.Delta), int64(l.Balance),
			names.view(l.Counterpart, false).Name, l.Memo, l.Entry.String(), int64(l.Cashback),
		)
		if err != nil {
			return err
		}
	}
	return to.send()
}
