package model_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// TestEverythingIsUndoneInAnyOrder leads lives of one day and then undoes all that was done, in an order that chance
// decides. What is refused because points are elsewhere is tried again once more has been undone; where they went in a
// circle, somebody owes for a while. In the end everybody has what they owe, and once they have paid it nobody has
// anything, nothing is promised, and the funds are as empty as they were (clause 4.6.1).
func TestEverythingIsUndoneInAnyOrder(t *testing.T) {
	home, acts := &home{t: t}, &tally{}
	defer home.leave() // before its databases are dropped
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t, rt, home.database(), acts)
		rt.Repeat(map[string]func(*rapid.T){
			"":                  func(*rapid.T) { m.compare() },
			"deposit":           m.deposit,
			"remit":             m.remit,
			"grant":             m.grant,
			"charge":            m.charge,
			"pay a shop":        m.payShop,
			"pay it again":      m.payShop,
			"and once more":     m.payShop,
			"pass on":           m.passOn,
			"begin a programme": m.beginProgramme,
			"end a programme":   m.endProgramme,
			"open a campaign":   m.openCampaign,
			"end a campaign":    m.endCampaign,
			"begin a payout":    m.beginPayout,
			"pay shares":        m.payShares,
			"correct":           m.correctWhatIsThere,
			"buy again":         m.buyAgain,
		})
		m.undoEverything(rt)
	})
	t.Log(acts)
}

// correctWhatIsThere undoes something without booking anything as owed.
func (m *machine) correctWhatIsThere(rt *rapid.T) {
	original := m.oracle.entries[rapid.SampledFrom(m.undoable()).Draw(rt, "entry")]
	forward, _ := split(original)
	left := sumOf(forward) - m.oracle.undone[original.ID]
	m.undo(ledger.Correction{
		Actor: m.town.mayor.ID, Original: original, Funds: m.town.funds, Memo: "誤り", Amount: money.Points(rapid.Int64Range(1, int64(left)).Draw(rt, "amount")),
	})
}

// undoable lists the entries that can be undone and have not been wholly. What a campaign has paid is undone with the
// payments that earned it.
func (m *machine) undoable() (found []ledger.EntryID) {
	for _, id := range m.journal {
		e := m.oracle.entries[id]
		forward, _ := split(e)
		if slices.Contains(correctable, e.Type) && e.Batch.IsZero() && m.oracle.undone[id] < sumOf(forward) {
			found = append(found, id)
		}
	}
	return found
}

func (m *machine) undoEverything(rt *rapid.T) {
	for slices.ContainsFunc(m.campaigns, func(c *campaign) bool { return c.state == cashback.Paying }) {
		m.payShares(rt)
	}
	still := m.undoInAnyOrder(rt, func(e ledger.Entry) bool { return e.Type != ledger.Deposit })
	m.payDebts(rt)
	for _, c := range m.campaigns {
		if left := m.oracle.reserves[c.reserve()]; left > 0 {
			m.treasury(ledger.Release, ledger.CashMove{Fund: c.fund, Batch: c.id(), Amount: left})
		}
		if (c.state == cashback.Open || c.state == cashback.Ended) && len(still) == 0 {
			require.Zero(rt, c.accrued, "nothing is promised any more")
		}
	}
	require.Equal(rt, still, m.undoInAnyOrder(rt, func(ledger.Entry) bool { return true }))
	m.compare()
	for _, u := range m.town.people {
		require.Zero(rt, m.last.Wallets[u.Wallet].Balance)
	}
	for code, f := range m.last.Funds {
		require.Equal(rt, ledger.FundPosition{Fund: code}, f)
	}
}

// undoInAnyOrder undoes what is wanted until nothing of it is left. Once nothing more can be taken back, what is missing
// is booked as owed. It gives the payments that moved nothing: a shop had returned all of them, and that was spent.
func (m *machine) undoInAnyOrder(rt *rapid.T, wanted func(ledger.Entry) bool) []ledger.EntryID {
	for owing := false; ; {
		left := slices.DeleteFunc(m.undoable(), func(id ledger.EntryID) bool { return !wanted(m.oracle.entries[id]) })
		if len(left) == 0 {
			return nil
		}
		undone, moveless := 0, 0
		for _, id := range rapid.Permutation(left).Draw(rt, "order") {
			c := ledger.Correction{Actor: m.town.mayor.ID, Original: m.oracle.entries[id], Funds: m.town.funds, Memo: "すべて取消", Receivable: owing}
			switch m.undo(c).Refusal {
			case "":
				undone++
			case ledger.ErrNothingMoves.Code:
				moveless++
			}
		}
		if moveless == len(left) {
			return left
		}
		require.True(rt, undone > 0 || !owing, "what can be owed can be undone")
		owing = undone == 0
	}
}

// payDebts lets everybody pay what they owe out of what they have.
func (m *machine) payDebts(rt *rapid.T) {
	m.compare()
	for _, debt := range m.last.Owed {
		r := ledger.Repayment{Actor: m.town.mayor.ID, Debtor: debt.Debtor, Fund: debt.Fund, Amount: money.Points(debt.Amount), Memo: "回収"}
		got := m.post(ledger.Want{Wallets: []ledger.WalletID{debt.Debtor}, Pots: r.RepaymentPots()}, func(b *ledger.Book) (ledger.Receipt, error) {
			return b.Recover(r)
		})[0]
		require.Empty(rt, got.Refusal, "who owes has what they owe")
	}
}
