package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

var redeemingContracts = []contract{
	{"claimed points leave the wallet, are paid, come back from the bank and are paid again", claimsAreSettled},
	{"a claim that is withdrawn gives back the lots it took, once", claimsAreGivenBack},
	{"a till's cash is set off against what is claimed", tillsAreSetOff},
}

// tryClaim lets a merchant claim points.
func (w *town) tryClaim(merchant user.User, amount money.Points, at time.Time) (ledger.EntryID, error) {
	d := ledger.Demand{Actor: merchant.ID, ID: ledger.BatchID(ident.New[ledger.Entry](at)), Merchant: merchant.Wallet, Amount: amount, Memo: "11月分"}
	want := ledger.Want{Wallets: []ledger.WalletID{merchant.Wallet}, Pots: []ledger.Pot{pot(ledger.Claimed, merchant.Wallet)}}
	return act(w, at, want, func(b *ledger.Book) (ledger.EntryID, error) {
		id, _, err := b.Claim(d)
		return id, err
	})
}

func (w *town) tryUnclaim(claim ledger.EntryID, at time.Time) (ledger.EntryID, error) {
	entry, err := w.Statements.Entry(w.t.Context(), claim)
	require.NoError(w.t, err)
	owner := entry.Postings[0].Source.Owner
	want := ledger.Want{Wallets: []ledger.WalletID{owner}, Pots: []ledger.Pot{pot(ledger.Claimed, owner)}, Past: []ledger.EntryID{claim}}
	return act(w, at, want, func(b *ledger.Book) (ledger.EntryID, error) { return b.Unclaim(w.mayor.ID, entry, "取下げ") })
}

// settle moves claimed points of a merchant against cash.
func (w *town) settle(entryType ledger.EntryType, merchant user.User, amount money.Points, at time.Time) error {
	s := ledger.Settlement{Actor: w.mayor.ID, ID: ledger.BatchID{15: 3}, Merchant: merchant.Wallet, Parts: []ledger.Backed{{Fund: "city", Amount: amount}}}
	_, err := act(w, at, ledger.Want{Pots: s.SettlementPots(entryType)}, func(b *ledger.Book) (ledger.EntryID, error) {
		switch entryType {
		case ledger.Payout:
			return b.PayOut(s)
		case ledger.PayoutReturn:
			return b.PayBack(s)
		}
		return b.SetOff(s)
	})
	return err
}

func claimsAreSettled(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	w.grant(w.shop, 500, calendar.Never, Now)
	w.pay(pays(w.hana, w.shop, 1_000), hour(1))
	_, err := w.tryClaim(w.shop, 1_001, hour(2))
	require.ErrorIs(t, err, ledger.ErrClaimShort, "what was granted has not circulated")
	claim, err := w.tryClaim(w.shop, 900, hour(2))
	require.NoError(t, err)
	entry, err := w.Statements.Entry(t.Context(), claim)
	require.NoError(t, err)
	require.Equal(t, []any{ledger.Claim, "11月分", w.shop.ID}, []any{entry.Type, entry.Memo, entry.Actor})
	require.False(t, entry.Batch.IsZero())

	position := func(bank, claimed int64) {
		f := w.fund()
		require.Equal(t, []int64{bank, claimed, 600}, []int64{int64(f.Bank), int64(f.Claimed), int64(f.Wallets)})
	}
	position(1_000_000, 900)
	require.NoError(t, w.settle(ledger.Payout, w.shop, 900, hour(3)))
	position(999_100, 0)
	require.ErrorIs(t, w.settle(ledger.Payout, w.shop, 1, hour(3)), ledger.ErrFundShort)
	require.NoError(t, w.settle(ledger.PayoutReturn, w.shop, 900, hour(4)))
	position(1_000_000, 900)
	require.NoError(t, w.settle(ledger.Payout, w.shop, 900, hour(5)))
	position(999_100, 0)
	require.Equal(t, money.Points(600), w.balance(w.shop))
}

func claimsAreGivenBack(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today+3, Now)
	w.charge(w.shop, w.hana, 500, Now)
	w.pay(pays(w.hana, w.shop, 1_500), hour(1))
	before := w.wallet(w.shop)
	claim, err := w.tryClaim(w.shop, 1_500, hour(2))
	require.NoError(t, err)
	require.Empty(t, w.wallet(w.shop).Lots)
	back, err := w.tryUnclaim(claim, hour(3))
	require.NoError(t, err)
	entry, err := w.Statements.Entry(t.Context(), back)
	require.NoError(t, err)
	claimed, err := w.Statements.Entry(t.Context(), claim)
	require.NoError(t, err)
	require.Equal(t, []any{ledger.ClaimReturn, claim, claimed.Batch}, []any{entry.Type, entry.Corrects, entry.Batch})
	after := w.wallet(w.shop)
	require.Len(t, after.Lots, 2)
	for _, was := range before.Lots {
		for _, is := range after.Lots {
			if is.Key == was.Key {
				require.Equal(t, was.Remaining, is.Remaining)
			}
		}
	}
	for side := range 2 {
		_, err = w.side(side).tryUnclaim(claim, hour(4))
		require.ErrorIs(t, err, ledger.ErrCorrected)
	}
	_, err = w.tryClaim(w.shop, 1_500, hour(5))
	require.NoError(t, err, "they can be claimed again")
}

func tillsAreSetOff(t *testing.T, b Bench) {
	w := found(t, b)
	w.charge(w.shop, w.hana, 700, hour(1))
	w.pay(pays(w.hana, w.shop, 700), hour(2))
	_, err := w.tryClaim(w.shop, 700, hour(3))
	require.NoError(t, err)
	require.NoError(t, w.settle(ledger.Offset, w.shop, 400, hour(4)))
	f := w.fund()
	require.Equal(t, []int64{300, 300}, []int64{int64(f.Tills), int64(f.Claimed)})
	require.Equal(t, hour(4), w.tills()[0].Since, "a part of the cash stays, and waits from then on")
	require.ErrorIs(t, w.settle(ledger.Offset, w.shop, 301, hour(5)), ledger.ErrFundShort)
	require.NoError(t, w.settle(ledger.Offset, w.shop, 300, hour(5)))
	require.Empty(t, w.tills())
}
