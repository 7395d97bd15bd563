package model_test

import (
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// correct undoes something, or tries to.
func (m *machine) correct(rt *rapid.T) {
	choices := m.journal
	if payments := m.entriesOf(ledger.Payment); len(payments) > 0 && rapid.Bool().Draw(rt, "a payment") {
		choices = payments
	}
	original := m.oracle.entries[rapid.SampledFrom(choices).Draw(rt, "entry")]
	c := ledger.Correction{Actor: m.town.mayor.ID, Original: original, Funds: m.town.funds, Memo: "誤り", Receivable: rapid.IntRange(0, 2).Draw(rt, "owing") == 0}
	if rapid.Bool().Draw(rt, "only a part") {
		forward, _ := split(original)
		c.Amount = max(amount(rt, sumOf(forward)-m.oracle.undone[original.ID]), -1)
	}
	if rapid.Bool().Draw(rt, "with a key") {
		c.Claim, c.Hash = idem.Claim{Actor: m.town.mayor.ID, Key: m.newKey()}, idem.Hash{1}
	}
	m.undo(c)
}

func (m *machine) entriesOf(entryType ledger.EntryType) []ledger.EntryID {
	return slices.DeleteFunc(slices.Clone(m.journal), func(id ledger.EntryID) bool { return m.oracle.entries[id].Type != entryType })
}

// undo posts a correction and wants to see on both sides what it says it did.
func (m *machine) undo(c ledger.Correction) outcome {
	var effects []ledger.Effect
	got := m.post(c.Wants(), func(b *ledger.Book) (ledger.Receipt, error) {
		effect, err := b.Correct(c)
		effects = append(effects, effect)
		return ledger.Receipt{Entry: effect.Entry, Replayed: effect.Replayed, Amount: sumOf(effect.Postings)}, err
	})[0]
	for i := range effects {
		effects[i].At = effects[i].At.UTC()
	}
	if got.Refusal == "" || got.Refusal == ledger.ErrTakeBackShort.Code {
		require.Equal(m.rt, effects[0], effects[1], "both sides foresee the same")
	}
	if got.Refusal != "" || got.Receipt.Replayed {
		return got
	}
	forward, _ := split(c.Original)
	require.Equal(m.rt, sumOf(forward)-m.oracle.undone[c.Original.ID], effects[0].Left, "what is left follows from the entries")
	if c.Claim.Key != "" {
		m.fixes, m.made[c.Claim] = append(m.fixes, c), got.Receipt.Entry
	}
	return got
}

func (m *machine) correctAgain(rt *rapid.T) {
	if len(m.fixes) == 0 {
		rt.Skip("nothing was corrected under a key")
	}
	c := rapid.SampledFrom(m.fixes).Draw(rt, "correction")
	require.Equal(rt, outcome{Receipt: ledger.Receipt{Entry: m.made[c.Claim], Replayed: true}}, m.undo(c))
}

// foresee peeks at a correction, makes it, and wants to see what was foreseen.
func (m *machine) foresee(rt *rapid.T) {
	original := m.oracle.entries[rapid.SampledFrom(m.journal).Draw(rt, "entry")]
	c := ledger.Correction{Actor: m.town.mayor.ID, Original: original, Funds: m.town.funds}
	var foreseen [2]outcome
	for i, s := range m.sides {
		var err error
		foreseen[i], err = s.preview(rt.Context(), m.now, c.Wants(), func(b *ledger.Book) (ledger.Receipt, error) {
			effect, err := b.Correct(c)
			return ledger.Receipt{Amount: sumOf(effect.Postings)}, err
		})
		require.NoError(rt, err, s.name)
	}
	require.Equal(rt, foreseen[0], foreseen[1])
	got := m.undo(c)
	got.Receipt.Entry = ledger.EntryID{}
	require.Equal(rt, foreseen[0], got)
}

// buyAgain undoes a payment and makes it once more: what the offers gave for it they must give again.
func (m *machine) buyAgain(rt *rapid.T) {
	payments := m.entriesOf(ledger.Payment)
	if len(payments) == 0 {
		rt.Skip("nothing was paid")
	}
	original := m.oracle.entries[rapid.SampledFrom(payments).Draw(rt, "payment")]
	payer, shop := ledger.WalletID(original.Postings[0].Source.Owner), ledger.WalletID(original.Postings[0].Destination.Owner)
	forward, _ := split(original)
	if m.undo(ledger.Correction{Actor: m.town.mayor.ID, Original: original, Funds: m.town.funds, Memo: "押し間違い"}).Refusal != "" {
		return
	}
	m.compare()
	who := m.town.owner(payer)
	m.place(ledger.Order{
		Actor: who.ID, Own: payer, Payer: ledger.Party{Wallet: payer}, Payee: ledger.Party{Wallet: shop}, Amount: sumOf(forward),
	})
}

func (m *machine) adjust(rt *rapid.T) {
	who, code := m.somebody(rt, "wallet"), m.fund(rt)
	c := ledger.Change{Actor: m.town.mayor.ID, Wallet: who.Wallet, Fund: code, Kind: m.kind(rt), Memo: "調整"}
	if rapid.Bool().Draw(rt, "up") {
		c.Amount = amount(rt, m.last.Funds[code].Unissued)
		if rapid.Bool().Draw(rt, "chosen expiry") {
			c.Expires = m.today() + calendar.Day(rapid.IntRange(-1, 6).Draw(rt, "days"))
		}
	} else {
		if rapid.Bool().Draw(rt, "any kind") {
			c.Kind = ""
		}
		c.Amount = -amount(rt, m.heldOf(who.Wallet, code))
	}
	if rapid.Bool().Draw(rt, "with a key") {
		c.Claim, c.Hash = idem.Claim{Actor: m.town.mayor.ID, Key: m.newKey()}, idem.Hash{1}
	}
	want := ledger.Want{Wallets: []ledger.WalletID{who.Wallet}, Pots: []ledger.Pot{{Account: ledger.Account{Kind: ledger.Unissued}, Fund: code}}}
	if c.Claim.Key != "" {
		want.Claims = []idem.Claim{c.Claim}
	}
	first := m.post(want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Adjust(c) })[0]
	if first.Refusal == "" && c.Claim.Key != "" {
		again := m.post(want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Adjust(c) })[0]
		require.Equal(rt, outcome{Receipt: ledger.Receipt{Entry: first.Receipt.Entry, Replayed: true}}, replayed(again))
	}
}

// heldOf sums what a wallet held of a fund when the sides were last compared.
func (m *machine) heldOf(wallet ledger.WalletID, code lot.FundCode) (sum money.Points) {
	for _, l := range m.last.Wallets[wallet].Lots {
		if l.Fund == code && l.LiveOn(m.today()) {
			sum += l.Remaining
		}
	}
	return sum
}

func (m *machine) recover(rt *rapid.T) {
	if len(m.last.Owed) == 0 {
		rt.Skip("nobody owes anything")
	}
	debt := rapid.SampledFrom(m.last.Owed).Draw(rt, "debt")
	r := ledger.Repayment{
		Actor: m.town.mayor.ID, Debtor: debt.Debtor, Fund: debt.Fund, Amount: amount(rt, money.Points(debt.Amount)), FromBank: rapid.Bool().Draw(rt, "in cash"), Memo: "回収",
	}
	want := ledger.Want{Wallets: []ledger.WalletID{debt.Debtor}, Pots: r.RepaymentPots()}
	m.post(want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Recover(r) })
}
