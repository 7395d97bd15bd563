package settlement

import (
	"fmt"
	"strings"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
)

// What is wrong with periods and statements.
const (
	PeriodOrder      proof.Code = "period_order"          // does not begin, by day and by number, where the one before ended
	PeriodBeyond     proof.Code = "period_beyond_journal" // ends behind the journal's last entry
	StatementMissing proof.Code = "statement_missing"     // the journal has something of a merchant without a statement
	StatementExtra   proof.Code = "statement_extra"       // the journal has nothing of a merchant with one, or the period is open
	StatementDiffers proof.Code = "statement_differs"     // other figures than the journal gives
	StatementSum     proof.Code = "statement_sum"         // what is due is not what the figures come to
	StatementCarried proof.Code = "statement_carried"     // what is carried over was not due in the period before
	StatementHash    proof.Code = "statement_hash"        // the hash is not that of the figures
)

// Verification compares statements with what the journal gives again. It is shown the closed periods in their order.
type Verification struct {
	found      proof.Findings
	journal    int64 // number of its last entry
	before     Period
	due        map[ledger.WalletID]money.Points // at the end of the period before, where it was not zero
	periods    int64
	statements int64
}

// NewVerification begins the verification of statements on a journal that ends with the given number.
func NewVerification(journal int64) *Verification { return &Verification{journal: journal} }

// Findings gives what was found so far.
func (v *Verification) Findings() *proof.Findings { return &v.found }

// Counts tells how many closed periods and statements were compared.
func (v *Verification) Counts() (periods, statements int64) { return v.periods, v.statements }

// Period compares the statements of the next closed period with those that were recomputed, both by merchant.
func (v *Verification) Period(p Period, stored, recomputed []Statement) {
	v.order(p)
	due := map[ledger.WalletID]money.Points{}
	keep := func(s Statement) {
		if s.Due != 0 {
			due[s.Merchant] = s.Due
		}
	}
	again := make(map[ledger.WalletID]Statement, len(recomputed))
	for _, r := range recomputed {
		again[r.Merchant] = r
	}
	for _, s := range stored {
		r, expected := again[s.Merchant]
		v.statement(p, s, r, expected)
		delete(again, s.Merchant)
		keep(s)
	}
	for _, r := range recomputed {
		if _, missing := again[r.Merchant]; missing {
			v.found.Add(StatementMissing, subject(p, r.Merchant), "is missing; the journal gives %d received, %d due", r.Received, r.Sum())
			r.Due = r.Sum()
			keep(r)
		}
	}
	v.before, v.due = p, due
	v.periods++
	v.statements += int64(len(stored))
}

// Open looks at a period that is not closed: it has no statements yet.
func (v *Verification) Open(p Period, stored []Statement) {
	for _, s := range stored {
		v.found.Add(StatementExtra, subject(p, s.Merchant), "has %d due, and its period is not closed", s.Due)
	}
}

// order looks at how the period stands to the one before it and to the journal.
func (v *Verification) order(p Period) {
	about := fmt.Sprintf("period %s (%s)", p.Name, p.ID)
	if p.FirstSeq != v.before.LastSeq || p.LastSeq < p.FirstSeq {
		v.found.Add(PeriodOrder, about, "goes from behind no %d to %d, where the one before it ended with %d", p.FirstSeq, p.LastSeq, v.before.LastSeq)
	}
	if v.before.Closed && p.From != v.before.Until+1 {
		v.found.Add(PeriodOrder, about, "begins on %s, where the closed one before it ended on %s", p.From, v.before.Until)
	}
	if p.LastSeq > v.journal {
		v.found.Add(PeriodBeyond, about, "ends with no %d, the journal with %d", p.LastSeq, v.journal)
	}
}

func (v *Verification) statement(p Period, s, r Statement, expected bool) {
	about := subject(p, s.Merchant)
	if s.Hash != s.Sealed().Hash {
		v.found.Add(StatementHash, about, "has the hash %s, its figures have %s", s.HashText(), s.Sealed().HashText())
	}
	if s.Due != s.Sum() {
		v.found.Add(StatementSum, about, "is due %d, its figures come to %d", s.Due, s.Sum())
	}
	if carried := v.due[s.Merchant]; s.CarriedOver != carried {
		v.found.Add(StatementCarried, about, "carries %d over, of %d that were due", s.CarriedOver, carried)
	}
	if !expected && v.due[s.Merchant] == 0 {
		v.found.Add(StatementExtra, about, "has %d due, the journal has nothing of it", s.Due)
		return
	}
	if wrong := differences(s, r); wrong != "" {
		v.found.Add(StatementDiffers, about, "says otherwise than the journal: %s", wrong)
	}
}

func subject(p Period, merchant ledger.WalletID) string {
	return fmt.Sprintf("statement of period %s (%s) for wallet %s", p.Name, p.ID, merchant)
}

// figures are what a statement says of its own period. What is carried over and due follows from the period before.
var figures = []struct {
	name string
	of   func(Statement) int64
}{
	{"first line", func(s Statement) int64 { return s.FirstLine }},
	{"last line", func(s Statement) int64 { return s.LastLine }},
	{"payments", func(s Statement) int64 { return s.Payments }},
	{"received", func(s Statement) int64 { return int64(s.Received) }},
	{"returned", func(s Statement) int64 { return int64(s.Returned) }},
	{"granted", func(s Statement) int64 { return int64(s.Granted) }},
	{"spent", func(s Statement) int64 { return int64(s.Spent) }},
	{"corrected", func(s Statement) int64 { return int64(s.Corrected) }},
	{"lapsed", func(s Statement) int64 { return int64(s.Lapsed) }},
	{"claimed", func(s Statement) int64 { return int64(s.Claimed) }},
	{"owed", func(s Statement) int64 { return int64(s.Owed) }},
}

// differences names the figures in which two statements differ; empty for none.
func differences(stored, recomputed Statement) string {
	var wrong []string
	for _, f := range figures {
		if has, gives := f.of(stored), f.of(recomputed); has != gives {
			wrong = append(wrong, fmt.Sprintf("%s %d for %d", f.name, has, gives))
		}
	}
	return strings.Join(wrong, ", ")
}
