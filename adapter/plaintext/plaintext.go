// Package plaintext writes the journal as plain-text accounting, for hledger and for beancount 2 and 3, so that a
// tool which knows nothing of this platform can add it up (+1, +12).
//
// The books become those of the city: cash in the bank and in tills is an asset, and so is what somebody owes; points
// that are unissued, reserved, in wallets or claimed are liabilities, since each is owed a yen. Both sides are in one commodity, LSP, 1 pt = 1 yen.
// A posting that moves an amount from one pot to another is a plus on its source and a minus on its destination:
// a deposit, bank → unissued, raises the asset and the debt.
//
//	hledger                                  beancount
//	assets:bank:<fund>                       Assets:Bank:<Fund>
//	assets:till:<fund>:<wallet>              Assets:Till:<Fund>:W-<wallet>
//	assets:receivable:<fund>:<wallet>        Assets:Receivable:<Fund>:W-<wallet>
//	liabilities:unissued:<fund>              Liabilities:Unissued:<Fund>
//	liabilities:reserved:<fund>:<batch>      Liabilities:Reserved:<Fund>:B-<batch>
//	liabilities:wallet:<fund>:<wallet>       Liabilities:Wallet:<Fund>:W-<wallet>
//	liabilities:claimed:<fund>:<wallet>      Liabilities:Claimed:<Fund>:W-<wallet>
//
// Days are those of Japan. The same journal gives the same bytes. Nothing but the accounts met is kept in memory.
package plaintext

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// Format is a tool's language.
type Format string

// The formats.
const (
	Hledger   Format = "hledger"
	Beancount Format = "beancount"
)

// ErrFormat refuses a format that is neither.
var ErrFormat = errors.New("format is neither hledger nor beancount")

const commodity = "LSP"

// Journal calls yield with every entry in the order of the journal; proof.Reading's method fits.
type Journal func(ctx context.Context, yield func([]ledger.Entry) error) error

// Write writes the whole journal to w. It returns ErrFormat.
func Write(ctx context.Context, w io.Writer, format Format, journal Journal) error {
	var tongue dialect
	switch format {
	case Hledger:
		tongue = hledger{}
	case Beancount:
		tongue = beancount{}
	default:
		return fmt.Errorf("%w: %q", ErrFormat, format)
	}
	out := bufio.NewWriterSize(w, 1<<16)
	x := export{dialect: tongue, accounts: map[ledger.Pot]string{}}
	if _, err := out.Write(tongue.head(nil)); err != nil {
		return fmt.Errorf("%s export: %w", format, err)
	}
	err := journal(ctx, func(entries []ledger.Entry) error {
		for i := range entries {
			x.text = x.text[:0]
			x.entry(&entries[i])
			if _, err := out.Write(x.text); err != nil {
				return err
			}
		}
		return nil
	})
	if err = errors.Join(err, out.Flush()); err != nil {
		return fmt.Errorf("%s export: %w", format, err)
	}
	return nil
}

// dialect is how a tool wants things written. Each method appends to b.
type dialect interface {
	head(b []byte) []byte
	account(pot ledger.Pot) string
	declare(b []byte, account string) []byte
	transaction(b []byte, day calendar.Day, e *ledger.Entry) []byte
	posting(b []byte, account string, amount money.Points) []byte
}

// export writes entries in a dialect.
type export struct {
	dialect
	accounts map[ledger.Pot]string
	names    []string // of the entry at hand, source and destination of each posting
	text     []byte
}

func (x *export) entry(e *ledger.Entry) {
	x.names = x.names[:0]
	for i := range e.Postings {
		p := &e.Postings[i]
		x.names = append(x.names, x.name(ledger.Pot{Account: p.Source, Fund: p.Fund}), x.name(ledger.Pot{Account: p.Destination, Fund: p.Fund}))
	}
	x.text = x.transaction(x.text, calendar.DayOf(e.At), e)
	for i := range e.Postings {
		x.text = x.posting(x.text, x.names[2*i], e.Postings[i].Amount)
		x.text = x.posting(x.text, x.names[2*i+1], -e.Postings[i].Amount)
	}
	x.text = append(x.text, '\n')
}

// name gives a pot's account and declares it where it is met first.
func (x *export) name(pot ledger.Pot) string {
	name, known := x.accounts[pot]
	if !known {
		name = x.account(pot)
		x.accounts[pot] = name
		x.text = x.declare(x.text, name)
	}
	return name
}

// side tells on which side of the books a pot is.
func side(kind ledger.PotKind) string {
	if kind.IsAsset() {
		return "assets"
	}
	return "liabilities"
}

// owner gives the identifier of a pot's owner; a fund's own pots have none.
func owner(pot ledger.Pot) (id string, owned bool) {
	return ident.ID[ledger.Pot](pot.Owner).String(), pot.Owner != [16]byte{}
}

// oneLine takes out of a text what would end a line, or be seen as none.
func oneLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, text))
}

// capital gives a word a first letter that beancount takes for the beginning of an account's part. Fund codes are in
// small letters, so no two become one.
func capital(word string) string {
	if word == "" {
		return "None"
	}
	return strings.ToUpper(word[:1]) + word[1:]
}
