package settlement_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/settlement"
)

var closedAt = time.Date(2026, 12, 1, 3, 0, 0, 0, time.UTC)

// closing is a closed period with its statements, as they are stored and as the journal gives them again.
type closing struct {
	period             settlement.Period
	stored, recomputed []settlement.Statement
}

// closings are three months of two merchants: one is paid and goes on, the other only carries its due.
func closings() (shop, stall ledger.WalletID, months []closing) {
	shop, stall = ledger.WalletID{1}, ledger.WalletID{2}
	due := map[ledger.WalletID]money.Points{}
	for n := range 3 {
		from := calendar.On(2026, time.Month(9+n), 1)
		c := closing{period: settlement.Period{
			ID: ident.New[settlement.Period](closedAt), Name: "月", From: from, Until: from.AddMonths(1) - 1,
			FirstSeq: int64(100 * n), LastSeq: int64(100*n + 100), Closed: true, ClosedAt: closedAt,
		}}
		for _, s := range []settlement.Statement{
			{Merchant: shop, FirstLine: int64(10*n + 1), LastLine: int64(10*n + 10), Payments: 9, Received: 900, Returned: 90, Claimed: 800},
			{Merchant: stall, FirstLine: 1, LastLine: 2, Payments: 2, Received: 300, Owed: 20},
		} {
			if s.Merchant == stall && n > 0 {
				s = settlement.Statement{Merchant: stall}
			}
			s.Period, s.CarriedOver = c.period.ID, due[s.Merchant]
			s.Due = s.Sum()
			due[s.Merchant] = s.Due
			c.recomputed = append(c.recomputed, s)
			c.stored = append(c.stored, s.Sealed())
		}
		months = append(months, c)
	}
	return shop, stall, months
}

func verify(months []closing) *settlement.Verification {
	v := settlement.NewVerification(300)
	for _, c := range months {
		v.Period(c.period, c.stored, c.recomputed)
	}
	return v
}

func TestStatementsThatAreRightAreFoundRight(t *testing.T) {
	t.Parallel()
	_, _, months := closings()
	v := verify(months)
	require.Empty(t, v.Findings().Kept())
	periods, statements := v.Counts()
	require.Equal(t, []int64{3, 6}, []int64{periods, statements})
	require.Zero(t, verify(nil).Findings().Total())
}

func TestAnOpenPeriodHasNoStatements(t *testing.T) {
	t.Parallel()
	_, _, months := closings()
	v := verify(months[:2])
	v.Open(months[2].period, nil)
	require.Zero(t, v.Findings().Total())
	v.Open(months[2].period, months[2].stored)
	require.Equal(t, settlement.StatementExtra, v.Findings().Kept()[1].Code)
}

func TestEverythingThatIsWrongWithStatementsIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		plant func([]closing)
		codes []proof.Code
		text  string
	}{
		"a figure was changed": {
			func(m []closing) { m[1].stored[0].Received++ },
			[]proof.Code{settlement.StatementHash, settlement.StatementSum, settlement.StatementDiffers},
			"received 901 for 900",
		},
		"a figure was changed with everything that follows from it": {
			func(m []closing) {
				m[1].stored[0].Received += 100
				m[1].stored[0].Due += 100
				m[1].stored[0] = m[1].stored[0].Sealed()
			},
			[]proof.Code{settlement.StatementDiffers, settlement.StatementCarried},
			"carries 20 over, of 120 that were due",
		},
		"a hash was changed": {
			func(m []closing) { m[0].stored[1].Hash[5] ^= 1 }, []proof.Code{settlement.StatementHash}, "wallet 02",
		},
		"what was due was made more": {
			func(m []closing) { m[2].stored[1].Due += 7; m[2].stored[1] = m[2].stored[1].Sealed() },
			[]proof.Code{settlement.StatementSum},
			"is due 287, its figures come to 280",
		},
		"something was carried over that was never due": {
			func(m []closing) {
				s := &m[0].stored[0]
				s.CarriedOver, s.Due = 5, s.Due+5
				*s = s.Sealed()
			},
			[]proof.Code{settlement.StatementCarried, settlement.StatementCarried},
			"carries 5 over, of 0 that were due",
		},
		"a statement is gone": {
			func(m []closing) { m[0].stored = m[0].stored[:1] }, []proof.Code{settlement.StatementMissing}, "300 received, 280 due",
		},
		"a statement that only carried over is gone": {
			func(m []closing) { m[1].stored = m[1].stored[:1] }, []proof.Code{settlement.StatementMissing}, "280 due",
		},
		"a statement was added": {
			func(m []closing) {
				m[2].stored = append(m[2].stored, settlement.Statement{Merchant: ledger.WalletID{3}, Received: 50, Due: 50}.Sealed())
			},
			[]proof.Code{settlement.StatementExtra},
			"has 50 due",
		},
		"a period ends elsewhere": {
			func(m []closing) { m[1].period.LastSeq = 150 }, []proof.Code{settlement.PeriodOrder}, "from behind no 200 to 300, where the one before it ended with 150",
		},
		"a period begins elsewhere": {
			func(m []closing) { m[0].period.FirstSeq = 3 }, []proof.Code{settlement.PeriodOrder}, "ended with 0",
		},
		"a period ends before it begins": {
			func(m []closing) { m[2].period.LastSeq = 199 }, []proof.Code{settlement.PeriodOrder}, "to 199",
		},
		"a period ends behind the journal": {
			func(m []closing) { m[2].period.LastSeq = 301 }, []proof.Code{settlement.PeriodBeyond}, "the journal with 300",
		},
		"days lie between two periods": {
			func(m []closing) { m[2].period.From++ }, []proof.Code{settlement.PeriodOrder}, "begins on 2026-11-02",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, months := closings()
			c.plant(months)
			found := verify(months).Findings().Kept()
			var codes []proof.Code
			text := ""
			for _, f := range found {
				codes, text = append(codes, f.Code), text+f.Text+"\n"
			}
			require.Equal(t, c.codes, codes, text)
			require.Contains(t, text, c.text)
		})
	}
}
