package plaintext

import (
	"strconv"
	"strings"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// beancount is the language of beancount 2 and 3. Accounts are opened where they are met, but as of a day before all
// others: units around midnight may stand in the journal in another order than their days.
type beancount struct{}

const openedOn = "1970-01-01"

func (beancount) head(b []byte) []byte {
	return append(b, "; LOVESAIJO ポイント, 1 pt = 1 yen\n\noption \"title\" \"LOVESAIJO\"\noption \"operating_currency\" \""+commodity+"\"\n"+
		openedOn+" commodity "+commodity+"\n\n"...)
}

func (beancount) account(pot ledger.Pot) string {
	name := capital(side(pot.Kind)) + ":" + capital(pot.Kind.String()) + ":" + capital(string(pot.Fund))
	if id, owned := owner(pot); owned {
		prefix := ":W-"
		if pot.Kind == ledger.Reserved {
			prefix = ":B-"
		}
		name += prefix + id
	}
	return name
}

func (beancount) declare(b []byte, account string) []byte {
	return append(b, openedOn+" open "+account+" "+commodity+"\n"...)
}

var quotes = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// transaction: DATE * "TYPE" "MEMO" ^LINK, the link being the entry.
func (beancount) transaction(b []byte, day calendar.Day, e *ledger.Entry) []byte {
	return append(b, day.String()+` * "`+e.Type.String()+`" "`+quotes.Replace(oneLine(e.Memo))+`" ^`+e.ID.String()+"\n"...)
}

func (beancount) posting(b []byte, account string, amount money.Points) []byte {
	b = append(b, "  "+account+"  "...)
	b = strconv.AppendInt(b, int64(amount), 10)
	return append(b, " "+commodity+"\n"...)
}
