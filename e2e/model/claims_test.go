package model_test

import (
	"slices"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// claimed is one claim of a merchant, with what of it is still in the claimed pots.
type claimed struct {
	id       ledger.BatchID
	merchant user.User
	entry    ledger.EntryID
	parts    []ledger.Backed
	paid     []ledger.Backed // by the bank, and could come back
	touched  bool            // something was paid: it cannot be withdrawn any more
	gone     bool
}

func (m *machine) claim(rt *rapid.T) {
	shop := m.merchant(rt)
	var edge money.Points
	for _, l := range m.last.Wallets[shop.Wallet].Lots {
		if l.Hops > 0 && l.LiveOn(m.today()) {
			edge += l.Remaining
		}
	}
	d := ledger.Demand{Actor: shop.ID, ID: ledger.BatchID(ident.New[ledger.Entry](m.now)), Merchant: shop.Wallet, Amount: amount(rt, edge), Memo: "請求"}
	want := ledger.Want{Wallets: []ledger.WalletID{shop.Wallet}}
	for _, code := range m.town.funds {
		want.Pots = append(want.Pots, ledger.Pot{Account: ledger.Account{Kind: ledger.Claimed, Owner: shop.Wallet}, Fund: code})
	}
	var parts [][]ledger.Backed
	got := m.post(want, func(b *ledger.Book) (ledger.Receipt, error) {
		entry, backed, err := b.Claim(d)
		parts = append(parts, backed)
		return ledger.Receipt{Entry: entry, Amount: d.Amount}, err
	})[0]
	if got.Refusal == ledger.ErrClaimShort.Code {
		require.Equal(rt, int64(edge), got.Figures["claimable"])
		require.Greater(rt, d.Amount, edge)
		return
	}
	if got.Refusal == "" {
		require.LessOrEqual(rt, d.Amount, edge, "no more is claimed than can be")
		require.Equal(rt, parts[0], parts[1])
		m.claims = append(m.claims, &claimed{id: d.ID, merchant: shop, entry: got.Receipt.Entry, parts: parts[0]})
	}
}

func (m *machine) claimWhere(rt *rapid.T, fits func(*claimed) bool) *claimed {
	fitting := slices.DeleteFunc(slices.Clone(m.claims), func(c *claimed) bool { return !fits(c) })
	if len(fitting) == 0 {
		rt.Skip("there is no such claim")
	}
	return rapid.SampledFrom(fitting).Draw(rt, "claim")
}

// unclaim withdraws a claim, and tries to do it twice.
func (m *machine) unclaim(rt *rapid.T) {
	c := m.claimWhere(rt, func(c *claimed) bool { return !c.gone && !c.touched })
	want := ledger.Want{Wallets: []ledger.WalletID{c.merchant.Wallet}, Past: []ledger.EntryID{c.entry}}
	for _, part := range c.parts {
		want.Pots = append(want.Pots, ledger.Pot{Account: ledger.Account{Kind: ledger.Claimed, Owner: c.merchant.Wallet}, Fund: part.Fund})
	}
	withdraw := func() outcome {
		return m.post(want, func(b *ledger.Book) (ledger.Receipt, error) {
			entry, err := b.Unclaim(c.merchant.ID, m.oracle.entries[c.entry], "取下げ")
			return ledger.Receipt{Entry: entry, Amount: total(c.parts)}, err
		})[0]
	}
	require.Empty(rt, withdraw().Refusal, "what is claimed can be withdrawn")
	require.Equal(rt, ledger.ErrCorrected.Code, withdraw().Refusal)
	c.gone = true
}

// settle moves claimed points against cash, or back.
func (m *machine) settle(entryType ledger.EntryType, c *claimed, parts []ledger.Backed) outcome {
	s := ledger.Settlement{Actor: m.town.mayor.ID, ID: c.id, Merchant: c.merchant.Wallet, Parts: parts, Memo: "精算"}
	return m.post(ledger.Want{Pots: s.SettlementPots(entryType)}, func(b *ledger.Book) (ledger.Receipt, error) {
		entry, err := map[ledger.EntryType]func(ledger.Settlement) (ledger.EntryID, error){
			ledger.Payout: b.PayOut, ledger.PayoutReturn: b.PayBack, ledger.Offset: b.SetOff,
		}[entryType](s)
		return ledger.Receipt{Entry: entry, Amount: total(parts)}, err
	})[0]
}

func (m *machine) payOut(rt *rapid.T) {
	c := m.claimWhere(rt, func(c *claimed) bool { return !c.gone && len(c.parts) > 0 })
	if m.settle(ledger.Payout, c, c.parts).Refusal == "" {
		c.parts, c.paid, c.touched = nil, c.parts, true
	}
}

func (m *machine) payBack(rt *rapid.T) {
	c := m.claimWhere(rt, func(c *claimed) bool { return len(c.paid) > 0 })
	require.Empty(rt, m.settle(ledger.PayoutReturn, c, c.paid).Refusal, "what was paid can come back")
	c.parts, c.paid = c.paid, nil
}

// setOff pays a part of a claim out of the merchant's till.
func (m *machine) setOff(rt *rapid.T) {
	c := m.claimWhere(rt, func(c *claimed) bool { return !c.gone && len(c.parts) > 0 })
	part := &c.parts[0]
	cash := m.cashAt(c.merchant.Wallet, part.Fund)
	taken := ledger.Backed{Fund: part.Fund, Amount: min(part.Amount, cash)}
	if taken.Amount == 0 {
		rt.Skip("the till is empty")
	}
	require.Empty(rt, m.settle(ledger.Offset, c, []ledger.Backed{taken}).Refusal, "a till's cash pays what its shop has claimed")
	c.touched = true
	if part.Amount -= taken.Amount; part.Amount == 0 {
		c.parts = c.parts[1:]
	}
}

func total(parts []ledger.Backed) (sum money.Points) {
	for _, part := range parts {
		sum += part.Amount
	}
	return sum
}
