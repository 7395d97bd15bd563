package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

func (w *town) change(of user.User, amount money.Points) (ledger.Change, ledger.Want) {
	change := ledger.Change{Actor: w.mayor.ID, Wallet: of.Wallet, Fund: "city", Amount: amount, Memo: "調整"}
	if amount > 0 {
		change.Kind = gift.Code
	}
	return change, ledger.Want{Wallets: []ledger.WalletID{of.Wallet}, Pots: []ledger.Pot{unissued}}
}

func (w *town) adjust(of user.User, amount money.Points, at time.Time) ledger.Receipt {
	w.t.Helper()
	change, want := w.change(of, amount)
	receipt, err := act(w, at, want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Adjust(change) })
	require.NoError(w.t, err)
	return receipt
}

func (w *town) adjusted(of user.User, day calendar.Day) money.Points {
	w.t.Helper()
	sum, err := usecase.Do(w.t.Context(), w.Unit, func(ctx context.Context, s Stores) (money.Points, error) {
		return s.Ledger.Adjusted(ctx, of.Wallet, day)
	})
	require.NoError(w.t, err)
	return sum
}

func adjustmentsAreSummed(t *testing.T, b Bench) {
	w := found(t, b)
	require.Zero(t, w.adjusted(w.hana, today))
	day := today + 1
	for _, adjustment := range []struct {
		amount money.Points
		at     time.Time
	}{
		{1, day.Start().Add(-time.Millisecond)},
		{500, day.Start()},
		{-200, day.Start().Add(time.Hour)},
		{40, day.End().Add(-time.Millisecond)},
		{3, day.End()},
	} {
		w.adjust(w.hana, adjustment.amount, adjustment.at)
	}
	w.adjust(w.taro, 7, day.Start())
	w.grant(w.hana, 1_000, calendar.Never, day.Start())
	w.pay(pays(w.hana, w.shop, 100), day.Start())
	require.Equal(t, []money.Points{1, 740, 3, 0}, []money.Points{
		w.adjusted(w.hana, day-1), w.adjusted(w.hana, day), w.adjusted(w.hana, day+1), w.adjusted(w.hana, day+2),
	})
	require.Equal(t, money.Points(7), w.adjusted(w.taro, day))
	require.Zero(t, w.adjusted(w.mayor, day), "who has no wallet")
}

// adjustmentsAreSeen lets many adjust one wallet at once: each sees what all before it did, so that a limit of the day
// holds.
func adjustmentsAreSeen(t *testing.T, b Bench) {
	w := found(t, b)
	const limit = 3 * 100
	won := 0
	for _, err := range w.race(func(side int) error {
		change, want := w.change(w.hana, 100)
		return w.side(side).Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			book, err := s.Ledger.Open(ctx, Now, want)
			if err != nil {
				return err
			}
			before, err := s.Ledger.Adjusted(ctx, w.hana.Wallet, today)
			if err != nil {
				return err
			}
			if before+change.Amount > limit {
				return ledger.ErrTooMuch
			}
			if _, err := book.Adjust(change); err != nil {
				return err
			}
			return s.Ledger.Append(ctx, book)
		})
	}) {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, ledger.ErrTooMuch)
	}
	require.Equal(t, 3, won)
	require.Equal(t, money.Points(limit), w.adjusted(w.hana, today))
}
