package rest

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"slices"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/reporting"
	"lovesaijo/usecase/settling"
)

const pdfMIME = "application/pdf"

// Prints write documents as PDF. They are given by the adapter that knows how.
type Prints struct {
	Passbook  func(book reporting.Passbook) ([]byte, error)
	Statement func(sheet settling.Sheet) ([]byte, error)
	Unused    func(u reporting.Unused, printed time.Time) ([]byte, error)
}

// printer lets one long document be set at a time in this process: setting type is work for a processor, and payments
// need it too.
type printer chan struct{}

// printed answers with a document.
func (s *server) printed(ctx context.Context, name string, print func() ([]byte, error)) (*pictureAnswer, error) {
	select {
	case s.printer <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-s.printer }()
	document, err := print()
	if err != nil {
		return nil, fmt.Errorf("print %s: %w", name, err)
	}
	return &pictureAnswer{ContentType: pdfMIME, Disposition: `attachment; filename="` + name + `"`, Body: document}, nil
}

// csvAnswer answers with a small file that is at hand.
func csvAnswer(name string, content []byte) *pictureAnswer {
	return &pictureAnswer{ContentType: csvMIME + "; charset=utf-8", Disposition: `attachment; filename="` + name + `"`, Body: content}
}

// csvOf makes a small CSV file.
func csvOf(write func(to sheet) error) ([]byte, error) {
	var content bytes.Buffer
	content.WriteString(byteOrder)
	to := sheet{csv: csv.NewWriter(&content)}
	to.csv.UseCRLF = true
	if err := write(to); err != nil {
		return nil, err
	}
	to.csv.Flush()
	return content.Bytes(), to.csv.Error()
}

// printHistory makes a history a passbook: the newest lines that find room, the oldest of them first (clause 4.3.4).
func (c *contract) printHistory(ctx context.Context, actor access.Actor, wallet ledger.WalletID, filter HistoryFilter) (*pictureAnswer, error) {
	query, err := filter.query(wallet)
	if err != nil {
		return nil, err
	}
	book := reporting.Passbook{Chosen: filter.words(), Printed: c.Now()}
	if book.From, err = dayOr(filter.From, 0); err != nil {
		return nil, err
	}
	if book.Until, err = dayOr(filter.Until, 0); err != nil {
		return nil, err
	}
	for query.Limit = page.LimitMax; ; {
		lines, err := c.Reading.History(ctx, actor, query)
		if err != nil {
			return nil, err
		}
		if err := c.addLines(ctx, actor, &book, lines.Rows); err != nil {
			return nil, err
		}
		if lines.Next == "" || len(lines.Rows) == 0 {
			break
		}
		if len(book.Lines) >= reporting.PassbookLinesMax {
			book.Cut = true
			break
		}
		query.Before = lines.Rows[len(lines.Rows)-1].No
	}
	slices.Reverse(book.Lines)
	owners, err := c.Owners.ByWallets(ctx, []ledger.WalletID{wallet})
	if err != nil {
		return nil, fmt.Errorf("owner of wallet %s: %w", wallet, err)
	}
	book.Holder, book.Role = owners[wallet].Profile.Name, owners[wallet].Role
	if book.Role == 0 {
		return nil, user.ErrUnknown
	}
	return c.printed(ctx, "history-"+calendar.DayOf(book.Printed).String()+".pdf", func() ([]byte, error) { return c.Print.Passbook(book) })
}

func (c *contract) addLines(ctx context.Context, actor access.Actor, book *reporting.Passbook, lines []ledger.Line) error {
	names, err := c.namesOfLines(ctx, actor, lines)
	if err != nil {
		return err
	}
	for _, l := range lines {
		book.Lines = append(book.Lines, reporting.PassbookLine{Line: l, Type: entryTypeNames[l.Type], With: names.view(l.Counterpart, false).Name})
	}
	return nil
}

// words says what narrows a history beside its days.
func (f HistoryFilter) words() []string {
	var words []string
	switch f.Direction {
	case "earned":
		words = append(words, "増えたものだけ")
	case "used":
		words = append(words, "減ったものだけ")
	}
	if query, err := f.query(ledger.WalletID{}); err == nil {
		for _, t := range query.Types {
			words = append(words, entryTypeNames[t])
		}
	}
	if f.Counterpart != "" {
		words = append(words, "ひとりの相手だけ")
	}
	return words
}
