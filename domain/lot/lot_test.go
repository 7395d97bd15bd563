package lot_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

var (
	today = calendar.On(2026, 11, 23)
	noon  = today.Start().Add(12 * time.Hour)
	kinds = map[lot.KindCode]lot.Kind{
		"health": {Code: "health", Rank: 1, Retired: calendar.Never},
		"charge": {Code: "charge", Rank: 2, Retired: calendar.Never, ClearedAtMerchant: true},
	}
)

func some(amount money.Points, kind lot.KindCode, expires string, n byte) lot.Lot {
	day, err := calendar.ParseDay(expires)
	if err != nil {
		panic(err)
	}
	return lot.Lot{ID: lot.ID{15: n}, Key: lot.Key{Kind: kind, Fund: "city", Expires: day}, Remaining: amount, Since: noon}
}

func TestDrawPrefersTheLotThatExpiresFirst(t *testing.T) {
	t.Parallel()
	lots := []lot.Lot{some(300, "charge", "2027-03-31", 1), some(200, "charge", "2026-12-31", 2)}
	got, err := lot.Draw(lots, 250, lot.Precedence{lot.ByExpiry}, kinds, today)
	require.NoError(t, err)
	require.Equal(t, []lot.Slice{{Lot: lots[1], Amount: 200, Why: lot.ByExpiry}, {Lot: lots[0], Amount: 50}}, got)
}

func TestDrawFollowsTheCriteriaInTheirOrder(t *testing.T) {
	t.Parallel()
	paid := some(10, "health", "2027-01-31", 3)
	paid.Paid = true
	older := some(10, "charge", "2026-12-01", 4)
	older.Since = noon.Add(-time.Hour)
	lots := []lot.Lot{some(10, "charge", "2026-12-01", 1), some(10, "health", "2027-01-31", 2), paid, older}
	for name, c := range map[string]struct {
		precedence lot.Precedence
		order      []byte
	}{
		"rank, expiry, free, age": {lot.DefaultPrecedence, []byte{2, 3, 4, 1}},
		"expiry before rank":      {lot.Precedence{lot.ByExpiry, lot.ByRank, lot.ByFreeFirst}, []byte{4, 1, 2, 3}},
		"age first":               {lot.Precedence{lot.ByAge, lot.ByRank}, []byte{4, 2, 3, 1}},
	} {
		got, err := lot.Draw(lots, 40, c.precedence, kinds, today)
		require.NoError(t, err, name)
		order := make([]byte, 0, 4)
		for _, s := range got {
			order = append(order, s.Lot.ID[15])
		}
		require.Equal(t, c.order, order, name)
	}
}

func TestDrawSaysHowMuchIsMissing(t *testing.T) {
	t.Parallel()
	lapsed := some(500, "charge", "2026-11-22", 1)
	last := some(99, "charge", "2026-11-23", 2)
	_, err := lot.Draw([]lot.Lot{lapsed, last}, 100, lot.DefaultPrecedence, kinds, today)
	require.ErrorIs(t, err, lot.ErrInsufficient)
	refusal, _ := fault.Of(err)
	require.Equal(t, map[string]int64{"balance": 99, "shortfall": 1}, refusal.Figures)
}

func TestDrawTakesJustTheAmountAndSplitsAtMostOneLot(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 12).Draw(rt, "lots")
		lots := make([]lot.Lot, n)
		var usable money.Points
		for i := range lots {
			lots[i] = some(money.Points(rapid.IntRange(0, 50).Draw(rt, "remaining")),
				rapid.SampledFrom([]lot.KindCode{"health", "charge"}).Draw(rt, "kind"), "2027-01-01", byte(i))
			lots[i].Expires = today + calendar.Day(rapid.IntRange(-3, 3).Draw(rt, "expires"))
			lots[i].Paid = rapid.Bool().Draw(rt, "paid")
			if lots[i].LiveOn(today) {
				usable += lots[i].Remaining
			}
		}
		amount := money.Points(rapid.IntRange(1, 300).Draw(rt, "amount"))
		got, err := lot.Draw(lots, amount, lot.DefaultPrecedence, kinds, today)
		if amount > usable {
			require.ErrorIs(rt, err, lot.ErrInsufficient)
			require.Empty(rt, got)
			return
		}
		require.NoError(rt, err)
		var sum money.Points
		for i, s := range got {
			require.Positive(rt, s.Amount)
			require.True(rt, s.Lot.LiveOn(today))
			require.LessOrEqual(rt, s.Amount, s.Lot.Remaining)
			if i < len(got)-1 {
				require.Equal(rt, s.Lot.Remaining, s.Amount, "only the last slice may split its lot")
			}
			sum += s.Amount
		}
		require.Equal(rt, amount, sum)
	})
}

func TestExpiryComesFromTheKindUnlessChosen(t *testing.T) {
	t.Parallel()
	day := calendar.On(2026, 11, 30)
	for want, validity := range map[string]lot.Validity{
		"2027-05-30": {Months: 6},
		"2026-12-10": {Days: 10},
		"2027-01-31": {Until: calendar.On(2027, 1, 31)},
		"2027-03-31": {YearEnds: 1},
		"2028-03-31": {YearEnds: 2},
		"9999-12-31": {},
	} {
		got, err := lot.Kind{Validity: validity}.Expiry(day, 0)
		require.NoError(t, err)
		require.Equal(t, want, got.String())
	}
	chosen, err := lot.Kind{Validity: lot.Validity{Months: 6}}.Expiry(day, day)
	require.NoError(t, err)
	require.Equal(t, day, chosen)
	_, err = lot.Kind{}.Expiry(day, day-1)
	require.ErrorIs(t, err, lot.ErrExpiryPast)
}

func TestAMerchantsReceiptClearsTheExpiryWhereTheKindSaysSo(t *testing.T) {
	t.Parallel()
	l := some(10, "charge", "2026-12-31", 1)
	require.Equal(t, lot.Key{Kind: "charge", Fund: "city", Expires: calendar.Never, Hops: 1}, l.Passed(kinds["charge"], true))
	require.Equal(t, lot.Key{Kind: "charge", Fund: "city", Expires: l.Expires, Hops: 1}, l.Passed(kinds["charge"], false))
	require.Equal(t, l.Expires, l.Passed(kinds["health"], true).Expires)
}
