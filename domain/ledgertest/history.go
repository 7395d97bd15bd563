package ledgertest

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
)

var historyContracts = []contract{
	{"it is read newest first, a page at a time", historyIsPaged},
	{"it is narrowed by direction, type, time and counterpart, also in pages", historyIsNarrowed},
	{"a page stays where it is while new lines are written", historyPagesStandStill},
}

// history walks through all pages of a history, each of which the limit bounds, and puts instants into UTC.
func (w *town) history(query ledger.HistoryQuery) []ledger.Line {
	w.t.Helper()
	var lines []ledger.Line
	for {
		found, err := w.Statements.History(w.t.Context(), query)
		require.NoError(w.t, err)
		require.LessOrEqual(w.t, len(found.Rows), query.Limit)
		for _, line := range found.Rows {
			line.At = line.At.UTC()
			lines = append(lines, line)
		}
		if found.Next == "" {
			return lines
		}
		require.Len(w.t, found.Rows, query.Limit, "only the last page may be short")
		query.Before, err = strconv.ParseInt(found.Next, 10, 64)
		require.NoError(w.t, err)
	}
}

// hour is an instant of the story that life tells.
func hour(n int) time.Time { return Now.Add(time.Duration(n) * time.Hour) }

// life gives Hana seven lines, an hour apart: charge, payment, grant, payment elsewhere, transfer out, transfer in,
// payment.
func life(w *town) {
	w.charge(w.shop, w.hana, 1_000, hour(1))
	w.pay(pays(w.hana, w.shop, 100), hour(2))
	w.grant(w.hana, 200, calendar.Never, hour(3))
	w.pay(pays(w.hana, w.stall, 50), hour(4))
	w.pay(pays(w.hana, w.taro, 300), hour(5))
	w.pay(pays(w.taro, w.hana, 10), hour(6))
	w.pay(pays(w.hana, w.shop, 5), hour(7))
}

func numbers(lines []ledger.Line) []int64 {
	found := make([]int64, len(lines))
	for i, line := range lines {
		found[i] = line.No
	}
	return found
}

func historyIsPaged(t *testing.T, b Bench) {
	w := found(t, b)
	life(w)
	for _, limit := range []int{1, 2, 3, 7, 100} {
		lines := w.history(ledger.HistoryQuery{Wallet: w.hana.Wallet, Limit: limit})
		require.Equal(t, []int64{7, 6, 5, 4, 3, 2, 1}, numbers(lines), limit)
		require.Equal(t, hour(7), lines[0].At)
	}
	full, err := w.Statements.History(t.Context(), ledger.HistoryQuery{Wallet: w.hana.Wallet, Limit: 7})
	require.NoError(t, err)
	require.Empty(t, full.Next, "a page that is exactly full is the last")
	last, err := w.Statements.History(t.Context(), ledger.HistoryQuery{Wallet: w.hana.Wallet, Limit: 7, Before: 1})
	require.NoError(t, err)
	require.Empty(t, last.Rows)
	nobody, err := w.Statements.History(t.Context(), ledger.HistoryQuery{Wallet: w.mayor.Wallet, Limit: 7})
	require.NoError(t, err)
	require.Empty(t, nobody.Rows)
	require.Empty(t, nobody.Next)
}

func historyIsNarrowed(t *testing.T, b Bench) {
	w := found(t, b)
	life(w)
	for name, c := range map[string]struct {
		query ledger.HistoryQuery
		want  []int64
	}{
		"earned":           {ledger.HistoryQuery{Direction: ledger.Earned}, []int64{6, 3, 1}},
		"used":             {ledger.HistoryQuery{Direction: ledger.Used}, []int64{7, 5, 4, 2}},
		"by type":          {ledger.HistoryQuery{Types: []ledger.EntryType{ledger.Transfer, ledger.Grant}}, []int64{6, 5, 3}},
		"by no such type":  {ledger.HistoryQuery{Types: []ledger.EntryType{ledger.Expiry}}, []int64{}},
		"from, inclusive":  {ledger.HistoryQuery{From: hour(5)}, []int64{7, 6, 5}},
		"until, exclusive": {ledger.HistoryQuery{Until: hour(3)}, []int64{2, 1}},
		"by counterpart":   {ledger.HistoryQuery{Counterpart: w.shop.Wallet}, []int64{7, 2, 1}},
		"by all of it": {ledger.HistoryQuery{
			Direction: ledger.Used, Types: []ledger.EntryType{ledger.Payment}, From: hour(2), Until: hour(7), Counterpart: w.shop.Wallet,
		}, []int64{2}},
		"before a line": {ledger.HistoryQuery{Direction: ledger.Used, Before: 5}, []int64{4, 2}},
	} {
		for _, limit := range []int{1, 2, 10} {
			c.query.Wallet, c.query.Limit = w.hana.Wallet, limit
			require.Equal(t, c.want, numbers(w.history(c.query)), "%s, %d at a time", name, limit)
		}
	}
	toShop := w.history(ledger.HistoryQuery{Wallet: w.hana.Wallet, Counterpart: w.shop.Wallet, Limit: 10})
	require.Equal(t, ledger.Account{Kind: ledger.Till, Owner: w.shop.Wallet}, toShop[2].Counterpart, "a charge comes out of the shop's till")
	require.Equal(t, ledger.WalletAccount(w.shop.Wallet), toShop[0].Counterpart)
}

func historyPagesStandStill(t *testing.T, b Bench) {
	w := found(t, b)
	life(w)
	first, err := w.Statements.History(t.Context(), ledger.HistoryQuery{Wallet: w.hana.Wallet, Limit: 3})
	require.NoError(t, err)
	w.grant(w.hana, 1, calendar.Never, hour(8))
	before, err := strconv.ParseInt(first.Next, 10, 64)
	require.NoError(t, err)
	second, err := w.Statements.History(t.Context(), ledger.HistoryQuery{Wallet: w.hana.Wallet, Limit: 3, Before: before})
	require.NoError(t, err)
	require.Equal(t, []int64{4, 3, 2}, numbers(second.Rows))
	for _, u := range []user.User{w.hana, w.taro, w.shop, w.stall} {
		w.wallet(u)
	}
}
