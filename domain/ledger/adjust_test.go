package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

func TestAnAdjustmentGivesPointsThatHaveNotCirculated(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	unissued := a.pots[pot(ledger.Unissued, [16]byte{})]
	e := a.does(func(b *ledger.Book) error {
		receipt, err := b.Adjust(ledger.Change{Actor: user.ID{15: 77}, Wallet: shop, Fund: "city", Amount: 300, Kind: "city", Memo: "読取り機の故障"})
		require.Equal(t, []any{ledger.Adjustment, money.Points(300), money.Points(300), shop}, []any{receipt.Type, receipt.Amount, receipt.Balance, receipt.Payee})
		return err
	})
	require.Equal(t, []any{ledger.Adjustment, "読取り機の故障", user.ID{15: 77}}, []any{e.Type, e.Memo, e.Actor})
	require.Equal(t, unissued-300, a.pots[pot(ledger.Unissued, [16]byte{})])
	b := a.book()
	w, err := b.Wallet(shop)
	require.NoError(t, err)
	require.Empty(t, b.Claimable(w), "a merchant cannot have them paid")
}

func TestAnAdjustmentTakesPointsOfAKindOrOfAll(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("health", today+30, 0), 100)
	a.has(hana, key("charge", today+30, 0), 100)
	a.has(hana, of(second, key("city", today+30, 0)), 100)
	a.has(hana, key("city", today-1, 0), 100)
	take := func(amount money.Points, kind lot.KindCode) error {
		return a.act(func(b *ledger.Book) error {
			_, err := b.Adjust(ledger.Change{Wallet: hana, Fund: "city", Amount: -amount, Kind: kind})
			return err
		})
	}
	require.ErrorIs(t, take(101, "charge"), lot.ErrInsufficient)
	require.NoError(t, take(60, "charge"))
	require.ErrorIs(t, take(141, ""), lot.ErrInsufficient, "neither another fund's nor lapsed ones")
	require.NoError(t, take(120, ""))
	require.Equal(t, money.Points(20), a.holds(hana)[key("charge", today+30, 0)], "by the precedence, the lower rank first")
	require.Equal(t, money.Points(40_180), a.pots[pot(ledger.Unissued, [16]byte{})])
	require.Equal(t, []money.Points{-60, -120}, []money.Points{a.lines[0].Delta, a.lines[1].Delta})
}

func TestAdjustmentsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	closed := func(a *annals) { a.wallet(hana).Closed = true }
	for name, c := range map[string]struct {
		prepare func(*annals)
		change  ledger.Change
		reason  error
	}{
		"of nothing":           {nil, ledger.Change{Wallet: hana, Fund: "city", Kind: "city"}, money.ErrAmount},
		"of nobody":            {nil, ledger.Change{Wallet: ledger.WalletID{9}, Fund: "city", Kind: "city", Amount: 1}, ledger.ErrWalletUnknown},
		"of no fund":           {nil, ledger.Change{Wallet: hana, Fund: "third", Kind: "city", Amount: 1}, ledger.ErrFundUnknown},
		"without a kind":       {nil, ledger.Change{Wallet: hana, Fund: "city", Amount: 1}, lot.ErrKindUnknown},
		"of a retired kind":    {nil, ledger.Change{Wallet: hana, Fund: "city", Kind: "old", Amount: 1}, lot.ErrKindRetired},
		"dead on arrival":      {nil, ledger.Change{Wallet: hana, Fund: "city", Kind: "city", Amount: 1, Expires: today - 1}, lot.ErrExpiryPast},
		"beyond the fund":      {nil, ledger.Change{Wallet: hana, Fund: "city", Kind: "city", Amount: 40_001}, ledger.ErrFundShort},
		"into a closed wallet": {closed, ledger.Change{Wallet: hana, Fund: "city", Kind: "city", Amount: 1}, ledger.ErrWalletClosed},
	} {
		a := newAnnals(t)
		if c.prepare != nil {
			c.prepare(a)
		}
		require.ErrorIs(t, a.act(func(b *ledger.Book) error {
			_, err := b.Adjust(c.change)
			require.Empty(t, b.Written().Entries)
			return err
		}), c.reason, name)
	}
	a := newAnnals(t)
	a.has(hana, key("city", today+30, 0), 10)
	closed(a)
	a.does(func(b *ledger.Book) error {
		_, err := b.Adjust(ledger.Change{Wallet: hana, Fund: "city", Amount: -10})
		return err
	})
	require.Zero(t, a.wallet(hana).Balance, "out of a closed wallet they go")
}

func TestAnAdjustmentUnderOneKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	change := ledger.Change{Claim: idem.Claim{Actor: user.ID{15: 77}, Key: "adjust-once"}, Hash: idem.Hash{1}, Wallet: hana, Fund: "city", Kind: "city", Amount: 5}
	require.NoError(t, a.act(func(b *ledger.Book) error {
		first, err := b.Adjust(change)
		require.NoError(t, err)
		again, err := b.Adjust(change)
		require.Equal(t, ledger.Receipt{Entry: first.Entry, Replayed: true}, again)
		return err
	}))
	require.Len(t, a.entries, 1)
}

// indebted owes 70 points to the city.
func indebted(t *testing.T) *annals {
	t.Helper()
	a := newAnnals(t)
	a.has(hana, key("city", today+30, 0), 100)
	e, _ := a.pays(hana, shop, 100)
	a.pays(shop, stall, 70)
	a.undoes(e, 0, owing)
	return a
}

func (a *annals) tryRecover(amount money.Points, fromBank bool) error {
	return a.act(func(b *ledger.Book) error {
		_, err := b.Recover(ledger.Repayment{Actor: user.ID{15: 77}, Debtor: shop, Fund: "city", Amount: amount, FromBank: fromBank, Memo: "回収"})
		return err
	})
}

func TestADebtIsPaidInCashOrInPointsOfItsFund(t *testing.T) {
	t.Parallel()
	a := indebted(t)
	require.NoError(t, a.tryRecover(30, true))
	require.Equal(t, []money.Points{40, -100_030}, []money.Points{a.owes(shop, "city"), a.pots[pot(ledger.Bank, [16]byte{})]})
	lines := len(a.lines)
	a.has(shop, of(second, key("city", today+30, 1)), 500)
	require.ErrorIs(t, a.tryRecover(40, false), lot.ErrInsufficient, "points of another fund pay nothing")
	a.has(shop, key("city", today+30, 0), 60)
	require.NoError(t, a.tryRecover(40, false))
	require.Zero(t, a.owes(shop, "city"))
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 20, of(second, key("city", today+30, 1)): 500}, a.holds(shop))
	require.Len(t, a.lines, lines+1, "cash leaves no line in the wallet's history")
	last := a.entries[len(a.entries)-1]
	require.Equal(t, []any{ledger.Recovery, "回収", user.ID{15: 77}}, []any{last.Type, last.Memo, last.Actor})
	_, err := a.tryUndo(last, 0)
	require.ErrorIs(t, err, ledger.ErrCorrection)
}

func TestNobodyPaysMoreThanTheyOwe(t *testing.T) {
	t.Parallel()
	a := indebted(t)
	a.has(shop, key("city", today+30, 0), 500)
	for _, fromBank := range []bool{true, false} {
		require.ErrorIs(t, a.tryRecover(71, fromBank), ledger.ErrCashShort)
		require.ErrorIs(t, a.tryRecover(0, fromBank), money.ErrAmount)
		require.ErrorIs(t, a.tryRecover(-5, fromBank), money.ErrAmount)
	}
	require.ErrorIs(t, a.act(func(b *ledger.Book) error {
		_, err := b.Recover(ledger.Repayment{Debtor: stall, Fund: "city", Amount: 1})
		return err
	}), ledger.ErrFundUnknown)
	require.Equal(t, []ledger.Pot{pot(ledger.Receivable, shop), pot(ledger.Bank, [16]byte{})}, ledger.Repayment{Debtor: shop, Fund: "city"}.RepaymentPots())
}
