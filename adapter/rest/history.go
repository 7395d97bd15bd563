package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// HistoryFilter narrows a history (clause 4.3.4).
type HistoryFilter struct {
	Direction   string `query:"direction" enum:"earned,used" doc:"Only what came in, or only what went out"`
	Type        string `query:"type" maxLength:"120" doc:"Types of entries, separated by commas"`
	From        string `query:"from" format:"date" doc:"First day"`
	Until       string `query:"until" format:"date" doc:"Last day"`
	Counterpart string `query:"counterpart" maxLength:"36" doc:"The wallet on the other side"`
}

// errEntryType refuses a type that no entry has.
var errEntryType = fault.Define(fault.Invalid, "entry_type_unknown", "取引の種類が正しくありません。")

type historyRequest struct {
	HistoryFilter
	Paged
}

type historyAnswer struct {
	Body historyView
}

type historyView struct {
	Lines []lineView `json:"lines" doc:"Newest first"`
	Next  string     `json:"next" doc:"Where the next page starts; empty on the last"`
}

type lineView struct {
	No          int64        `json:"no" doc:"1, 2, 3 … within the wallet, without gaps"`
	EntryID     string       `json:"entry_id" format:"uuid"`
	Type        string       `json:"type"`
	At          string       `json:"at" format:"date-time"`
	Delta       money.Points `json:"delta" doc:"Positive where points were earned, negative where they were used; cashback included"`
	Cashback    money.Points `json:"cashback" doc:"What the payment returned at once"`
	Balance     money.Points `json:"balance" doc:"Afterwards"`
	Counterpart partyView    `json:"counterpart"`
	Memo        string       `json:"memo"`
}

func (c *contract) history() {
	const tag = "wallet"
	handle(c, route{
		method: http.MethodGet, path: "/v1/wallet/history", id: "list-history", summary: "ポイントの履歴を見る", tag: tag, needs: may(access.SeeOwnHistory),
	}, func(ctx context.Context, actor access.Actor, in *historyRequest) (*historyAnswer, error) {
		return c.listHistory(ctx, actor, actor.Wallet, in)
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/wallet/history.csv", id: "download-history", summary: "ポイントの履歴をCSVで受け取る", tag: tag,
		needs: may(access.SeeOwnHistory), answers: fileAnswer(csvMIME),
	}, func(ctx context.Context, actor access.Actor, in *struct{ HistoryFilter }) (*huma.StreamResponse, error) {
		return c.downloadHistory(ctx, actor, actor.Wallet, in.HistoryFilter)
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/wallet/history.pdf", id: "print-history", summary: "ポイントの履歴をPDFで受け取る", tag: tag,
		needs: may(access.SeeOwnHistory), answers: fileAnswer(pdfMIME),
	}, func(ctx context.Context, actor access.Actor, in *struct{ HistoryFilter }) (*pictureAnswer, error) {
		return c.printHistory(ctx, actor, actor.Wallet, in.HistoryFilter)
	})
}

func (c *contract) listHistory(ctx context.Context, actor access.Actor, wallet ledger.WalletID, in *historyRequest) (*historyAnswer, error) {
	query, err := in.query(wallet)
	if err != nil {
		return nil, err
	}
	query.Limit = in.Limit
	if query.Before, err = parseCursor(in.After); err != nil {
		return nil, err
	}
	lines, err := c.Reading.History(ctx, actor, query)
	if err != nil {
		return nil, err
	}
	names, err := c.namesOfLines(ctx, actor, lines.Rows)
	if err != nil {
		return nil, err
	}
	answer := &historyAnswer{historyView{Lines: make([]lineView, len(lines.Rows))}}
	for i, l := range lines.Rows {
		answer.Body.Lines[i] = lineView{
			No: l.No, EntryID: l.Entry.String(), Type: l.Type.String(), At: instant(l.At), Delta: l.Delta, Cashback: l.Cashback, Balance: l.Balance,
			Counterpart: names.view(l.Counterpart, false), Memo: l.Memo,
		}
	}
	if lines.Next != "" && len(lines.Rows) > 0 {
		answer.Body.Next = cursor(lines.Rows[len(lines.Rows)-1].No)
	}
	return answer, nil
}

func (s *server) namesOfLines(ctx context.Context, actor access.Actor, lines []ledger.Line) (parties, error) {
	return s.nameParties(ctx, actor, lo.Map(lines, func(l ledger.Line, _ int) ledger.Account { return l.Counterpart })...)
}

// query says the filter in the ledger's words. Days are Japan's, and the last one is included.
func (f HistoryFilter) query(wallet ledger.WalletID) (ledger.HistoryQuery, error) {
	query := ledger.HistoryQuery{Wallet: wallet}
	switch f.Direction {
	case "earned":
		query.Direction = ledger.Earned
	case "used":
		query.Direction = ledger.Used
	}
	if f.Type != "" {
		for name := range strings.SplitSeq(f.Type, ",") {
			entryType, known := ledger.ParseEntryType(name)
			if !known {
				return query, errEntryType.At("type")
			}
			query.Types = append(query.Types, entryType)
		}
	}
	if f.Counterpart != "" {
		if err := parse(&query.Counterpart, f.Counterpart, ledger.ErrWalletUnknown.At("counterpart")); err != nil {
			return query, err
		}
	}
	var err error
	query.From, query.Until, err = days(f.From, f.Until)
	return query, err
}
