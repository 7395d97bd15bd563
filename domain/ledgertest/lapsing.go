package ledgertest

import (
	"bytes"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

var lapsingContracts = []contract{
	{"lots are listed by their last day, a page at a time", lapsingIsPaged},
	{"wallets with lapsed lots are listed by identifier", lapsedWalletsAreListed},
	{"what a sweep took is listed no more", sweptLotsAreGone},
}

var today = calendar.DayOf(Now)

// ageing gives Hana, Taro and the shop lots of 10 points that lapse on days relative to today.
func ageing(w *town) {
	for _, lots := range []struct {
		u    user.User
		days []calendar.Day
	}{{w.hana, []calendar.Day{0, 3, 9}}, {w.taro, []calendar.Day{0, 1, 9}}, {w.shop, []calendar.Day{9, 30}}} {
		for _, day := range lots.days {
			w.grant(lots.u, 10, today+day, Now)
		}
	}
	w.grant(w.stall, 10, calendar.Never, Now)
}

func (w *town) lapsing(query ledger.LapsingQuery) []ledger.HeldLot {
	w.t.Helper()
	var held []ledger.HeldLot
	for {
		found, err := w.Statements.Lapsing(w.t.Context(), query)
		require.NoError(w.t, err)
		require.LessOrEqual(w.t, len(found.Rows), query.Limit)
		held = append(held, found.Rows...)
		if query.After = found.Next; query.After == "" {
			return held
		}
	}
}

func lapsingIsPaged(t *testing.T, b Bench) {
	w := found(t, b)
	ageing(w)
	for _, limit := range []int{1, 2, 7, 100} {
		held := w.lapsing(ledger.LapsingQuery{Until: today + 9, Limit: limit})
		require.Len(t, held, 7, limit)
		require.True(t, slices.IsSortedFunc(held, func(a, b ledger.HeldLot) int {
			if a.Expires != b.Expires {
				return int(a.Expires - b.Expires)
			}
			return bytes.Compare(a.Wallet[:], b.Wallet[:])
		}), "by day, then by wallet")
	}
	require.Len(t, w.lapsing(ledger.LapsingQuery{Until: today + 8, Limit: 10}), 4)
	require.Empty(t, w.lapsing(ledger.LapsingQuery{Until: today - 1, Limit: 10}))

	mine := w.lapsing(ledger.LapsingQuery{Wallet: w.taro.Wallet, Until: today + 9, Limit: 2})
	require.Len(t, mine, 3)
	for i, day := range []calendar.Day{0, 1, 9} {
		held := mine[i]
		require.Equal(t, lot.Key{Kind: gift.Code, Fund: "city", Expires: today + day}, held.Key)
		require.Equal(t, []any{money.Points(10), w.taro.Wallet, w.taro.ID, Now}, []any{held.Remaining, held.Wallet, held.Owner, held.Since.UTC()})
		require.False(t, held.ID.IsZero())
	}
	_, err := w.Statements.Lapsing(t.Context(), ledger.LapsingQuery{Until: today, After: "nonsense", Limit: 1})
	require.ErrorIs(t, err, page.ErrCursor)
}

func (w *town) lapsed(day calendar.Day, after ledger.WalletID, limit int) []ledger.WalletID {
	w.t.Helper()
	wallets, err := w.Statements.LapsedWallets(w.t.Context(), day, after, limit)
	require.NoError(w.t, err)
	return wallets
}

func sorted(wallets ...ledger.WalletID) []ledger.WalletID {
	slices.SortFunc(wallets, func(a, b ledger.WalletID) int { return bytes.Compare(a[:], b[:]) })
	return wallets
}

func lapsedWalletsAreListed(t *testing.T, b Bench) {
	w := found(t, b)
	ageing(w)
	require.Empty(t, w.lapsed(today, ledger.WalletID{}, 10), "a lot is good until the end of its last day")
	require.Equal(t, sorted(w.hana.Wallet, w.taro.Wallet), w.lapsed(today+1, ledger.WalletID{}, 10))
	all := sorted(w.hana.Wallet, w.taro.Wallet, w.shop.Wallet)
	require.Equal(t, all, w.lapsed(today+10, ledger.WalletID{}, 10), "each wallet once, however many of its lots lapsed")
	require.Equal(t, all[:2], w.lapsed(today+10, ledger.WalletID{}, 2))
	require.Equal(t, all[2:], w.lapsed(today+10, all[1], 2))
	require.Empty(t, w.lapsed(today+10, all[2], 2))
}

func sweptLotsAreGone(t *testing.T, b Bench) {
	w := found(t, b)
	ageing(w)
	later := Now.AddDate(0, 0, 4)
	_, err := lapse(w, w.hana, later)
	require.NoError(t, err)
	require.Equal(t, money.Points(10), w.balance(w.hana))
	require.Equal(t, []ledger.WalletID{w.taro.Wallet}, w.lapsed(today+4, ledger.WalletID{}, 10))
	require.Len(t, w.lapsing(ledger.LapsingQuery{Wallet: w.hana.Wallet, Until: today + 9, Limit: 10}), 1)
	again, err := lapse(w, w.hana, later)
	require.NoError(t, err)
	require.Empty(t, again.Written().Entries)
	w.fund()
}
