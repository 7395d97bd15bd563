package plaintext

import (
	"strconv"
	"strings"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// hledger is the language of hledger 1.x. Accounts and the commodity are declared, so that `hledger check --strict`
// finds an account that was mistyped by hand.
type hledger struct{}

func (hledger) head(b []byte) []byte {
	return append(b, "; LOVESAIJO ポイント, 1 pt = 1 yen\n\ncommodity 1000. "+commodity+"\n\n"...)
}

func (hledger) account(pot ledger.Pot) string {
	name := side(pot.Kind) + ":" + pot.Kind.String() + ":" + string(pot.Fund)
	if id, owned := owner(pot); owned {
		name += ":" + id
	}
	return name
}

func (hledger) declare(b []byte, account string) []byte {
	return append(b, "account "+account+"\n"...)
}

// transaction: DATE (CODE) DESCRIPTION. A semicolon would begin a comment, in which hledger looks for tags and dates.
func (hledger) transaction(b []byte, day calendar.Day, e *ledger.Entry) []byte {
	b = append(b, day.String()+" ("+e.ID.String()+") "+e.Type.String()...)
	if memo := oneLine(strings.ReplaceAll(e.Memo, ";", "；")); memo != "" {
		b = append(b, " | "+memo...)
	}
	return append(b, '\n')
}

func (hledger) posting(b []byte, account string, amount money.Points) []byte {
	b = append(b, "    "+account+"  "...)
	b = strconv.AppendInt(b, int64(amount), 10)
	return append(b, " "+commodity+"\n"...)
}
