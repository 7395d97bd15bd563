package proving

import (
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
)

// Verdict is what a proof came to, as text for operators and as JSON.
type Verdict struct {
	Clean         bool      `json:"clean"`
	At            time.Time `json:"at"`
	LastSeq       int64     `json:"last_seq"` // number of the last entry
	Counts        Counts    `json:"counts"`
	Funds         []Fund    `json:"funds"` // as recomputed from the journal
	Findings      []Finding `json:"findings"`
	FindingsTotal int       `json:"findings_total"` // the first thousand are listed
}

// Counts tells how much was proved.
type Counts struct {
	Entries  int64 `json:"entries"`
	Postings int64 `json:"postings"`
	Lines    int64 `json:"lines"`
	Wallets  int64 `json:"wallets"`
	Lots     int64 `json:"lots"`
	Pots     int64 `json:"pots"`
	Keys     int64 `json:"keys"`
	Seals    int64 `json:"seals"`
	Heads    int64 `json:"heads"`
	Unsealed int64 `json:"unsealed"` // entries after the last seal

	Corrections int64 `json:"corrections"` // entries that undo another one
	Periods     int64 `json:"periods"`     // closed ones
	Statements  int64 `json:"statements"`  // of them, each recomputed
}

// Fund is one fund's position as recomputed.
type Fund struct {
	Fund        string `json:"fund"`
	Bank        int64  `json:"bank"`
	Tills       int64  `json:"tills"`
	Receivables int64  `json:"receivables"`
	Unissued    int64  `json:"unissued"`
	Reserved    int64  `json:"reserved"`
	Wallets     int64  `json:"wallets"`
	Claimed     int64  `json:"claimed"`
}

// Finding is one thing that is wrong.
type Finding struct {
	Code    string `json:"code"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
}

func (v *Verdict) fill(books *proof.Proof, chain *proof.Chain, seals []proof.Seal, loose *proof.Findings) {
	c := books.Counts()
	v.LastSeq = c.LastSeq
	v.Counts.Entries, v.Counts.Postings, v.Counts.Lines = c.Entries, c.Postings, c.Lines
	v.Counts.Wallets, v.Counts.Lots, v.Counts.Pots = c.Wallets, c.Lots, c.Pots
	v.Counts.Corrections = c.Corrections
	v.Counts.Seals, v.Counts.Unsealed = int64(len(seals)), chain.Unsealed()
	v.Funds = lo.Map(books.Position(), func(f ledger.FundPosition, _ int) Fund {
		return Fund{
			string(f.Fund), int64(f.Bank), int64(f.Tills), int64(f.Receivables), int64(f.Unissued),
			int64(f.Reserved), int64(f.Wallets), int64(f.Claimed),
		}
	})
	all := &proof.Findings{}
	for _, f := range []*proof.Findings{chain.Findings(), books.Findings(), loose} {
		all.Join(f)
	}
	v.Findings = lo.Map(all.Kept(), func(f proof.Finding, _ int) Finding {
		return Finding{string(f.Code), f.Subject, f.Text}
	})
	v.FindingsTotal = all.Total()
	v.Clean = v.FindingsTotal == 0
}

// Headline is the verdict in three words: "verify: clean" or "verify: 3 findings".
func (v Verdict) Headline() string {
	switch v.FindingsTotal {
	case 0:
		return "verify: clean"
	case 1:
		return "verify: 1 finding"
	}
	return fmt.Sprintf("verify: %d findings", v.FindingsTotal)
}

// String gives the whole verdict as text: what was proved, the funds, and every finding in a line of its own.
func (v Verdict) String() string {
	var b strings.Builder
	group := func(n int64) string { return money.Points(n).String() }
	fmt.Fprintln(&b, v.Headline())
	fmt.Fprintf(&b, "  at %s, journal up to no %d\n", v.At.In(calendar.JST).Format("2006-01-02 15:04:05 MST"), v.LastSeq)
	fmt.Fprintf(&b, "  entries %s, postings %s, corrections %s, lines %s, wallets %s, lots %s, pots %s, keys %s\n",
		group(v.Counts.Entries), group(v.Counts.Postings), group(v.Counts.Corrections), group(v.Counts.Lines), group(v.Counts.Wallets),
		group(v.Counts.Lots), group(v.Counts.Pots), group(v.Counts.Keys))
	fmt.Fprintf(&b, "  seals %s, exported heads %s, entries not sealed yet %s\n", group(v.Counts.Seals), group(v.Counts.Heads), group(v.Counts.Unsealed))
	fmt.Fprintf(&b, "  closed periods %s, statements %s\n", group(v.Counts.Periods), group(v.Counts.Statements))
	for _, f := range v.Funds {
		fmt.Fprintf(&b, "  fund %s: bank %s + tills %s + receivables %s = unissued %s + reserved %s + wallets %s + claimed %s\n",
			f.Fund, group(f.Bank), group(f.Tills), group(f.Receivables), group(f.Unissued), group(f.Reserved), group(f.Wallets), group(f.Claimed))
	}
	for _, f := range v.Findings {
		fmt.Fprintf(&b, "  %s: %s\n", f.Code, f.Text)
	}
	if more := v.FindingsTotal - len(v.Findings); more > 0 {
		fmt.Fprintf(&b, "  and %s more\n", group(int64(more)))
	}
	return b.String()
}
