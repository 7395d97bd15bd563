package cashback_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

var hana, taro = user.WalletID{15: 1}, user.WalletID{15: 2}

func buy(at time.Time, payer user.WalletID, amount money.Points) cashback.Purchase {
	return cashback.Purchase{At: at, Payer: payer, Shop: shop, Parts: cashback.Parts{{Kind: "gift", Amount: amount}}}
}

func TestAReplaySaysWhatWouldHaveBeenPaidToWhom(t *testing.T) {
	t.Parallel()
	draft := week(func(c *cashback.Campaign) { c.State, c.Budget, c.Terms.PersonMax = cashback.Draft, 350, 200 })
	s := cashback.Simulate(draft, kinds)
	lastYear := noon.AddDate(-1, 0, 0)
	other := buy(lastYear.Add(time.Hour), taro, 900)
	other.Shop.Wallet = user.WalletID{15: 4}
	for _, p := range []cashback.Purchase{
		buy(lastYear, hana, 1_000),
		{At: lastYear, Payer: hana, Shop: shop, Parts: cashback.Parts{{Kind: "bonus", Amount: 5_000}}}, // earns nothing
		buy(lastYear, hana, 1_500),
		other,
		buy(lastYear.Add(24*time.Hour), taro, 1_000),
		buy(lastYear.Add(25*time.Hour), taro, 500),
	} {
		s.Pay(p)
	}
	o := s.Outcome()
	require.EqualValues(t, 4, o.Payments)
	require.EqualValues(t, 2, o.People)
	require.EqualValues(t, 350, o.Cost)
	require.EqualValues(t, 400, o.Wanted, "both would have had all that one person may")
	require.Equal(t, lastYear.Add(24*time.Hour), o.Exhausted)
	require.Equal(t, map[cashback.Cut]int64{cashback.ByPerson: 1, cashback.ByBudget: 2}, o.Cut)
	require.EqualValues(t, 200, o.Most)
	require.EqualValues(t, 200, o.Median)
	require.Equal(t, [10]money.Points{0: 150, 5: 200}, o.People10)
	require.Equal(t, []cashback.DayCost{{Day: today - 365, Payments: 3, Cost: 290}, {Day: today - 364, Payments: 1, Cost: 60}}, o.Days)
	require.Equal(t, []cashback.ShopCost{
		{Wallet: shop.Wallet, Payments: 3, Base: 3_500, Cost: 260}, {Wallet: user.WalletID{15: 4}, Payments: 1, Base: 900, Cost: 90},
	}, o.Shops)
}

func TestAReplayAsksForDaysHoursAndPlaces(t *testing.T) {
	t.Parallel()
	draft := week(func(c *cashback.Campaign) {
		c.Weekdays, c.Hours, c.Categories = []time.Weekday{time.Monday}, cashback.Hours{From: 12 * 60, Until: 13 * 60}, []string{"飲食店"}
	})
	s := cashback.Simulate(draft, kinds)
	s.Pay(buy(noon.Add(24*time.Hour), hana, 1_000)) // a Tuesday
	s.Pay(buy(noon.Add(time.Hour), hana, 1_000))    // an hour late
	books := buy(noon, hana, 1_000)
	books.Shop.Category = "書店"
	s.Pay(books)
	require.Zero(t, s.Outcome().Cost)
	s.Pay(buy(noon, hana, 1_000))
	require.EqualValues(t, 100, s.Outcome().Cost)
	require.True(t, s.Outcome().Exhausted.IsZero())
}

func TestNothingWouldHaveCostNothing(t *testing.T) {
	t.Parallel()
	require.Equal(t, cashback.Outcome{Cut: map[cashback.Cut]int64{}}, cashback.Simulate(week(), kinds).Outcome())
}

func TestAReplayAddsUpHoweverItIsCutUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		draft := week(func(c *cashback.Campaign) {
			c.Budget = money.Points(rapid.IntRange(1, 2_000).Draw(rt, "budget"))
			c.Terms.PersonMax = money.Points(rapid.IntRange(0, 500).Draw(rt, "person"))
			c.Terms.PaymentMax = money.Points(rapid.IntRange(0, 300).Draw(rt, "payment"))
		})
		s := cashback.Simulate(draft, kinds)
		for i := range rapid.IntRange(0, 60).Draw(rt, "payments") {
			p := buy(noon.Add(time.Duration(i)*5*time.Hour), user.WalletID{14: 1, 15: byte(rapid.IntRange(0, 15).Draw(rt, "payer"))}, money.Points(rapid.IntRange(1, 4_000).Draw(rt, "amount")))
			p.Shop.Wallet[14] = byte(rapid.IntRange(0, 3).Draw(rt, "shop"))
			s.Pay(p)
		}
		o := s.Outcome()
		var days, shops, tenths money.Points
		for _, day := range o.Days {
			days += day.Cost
		}
		for _, at := range o.Shops {
			shops += at.Cost
		}
		for _, tenth := range o.People10 {
			tenths += tenth
		}
		require.Equal(rt, []money.Points{o.Cost, o.Cost, o.Cost}, []money.Points{days, shops, tenths})
		require.LessOrEqual(rt, o.Cost, draft.Budget)
		require.GreaterOrEqual(rt, o.Wanted, o.Cost)
		require.Equal(rt, o.Cost == draft.Budget, !o.Exhausted.IsZero())
		if o.Exhausted.IsZero() {
			require.Equal(rt, o.Wanted, o.Cost, "a budget that lasts cuts nothing")
		}
	})
}
