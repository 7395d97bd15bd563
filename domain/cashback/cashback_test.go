package cashback_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

var (
	today = calendar.On(2026, 11, 23)
	noon  = today.Start().Add(12 * time.Hour)
	kinds = map[lot.KindCode]lot.Kind{
		"gift":   {Code: "gift", Name: "給付", Earns: true, Retired: calendar.Never},
		"health": {Code: "health", Name: "健康", Earns: true, Retired: calendar.Never},
		"bonus":  {Code: "bonus", Name: "還元", Validity: lot.Validity{Months: 6}, Retired: calendar.Never},
	}
	shop = cashback.Shop{Wallet: user.WalletID{15: 3}, Category: "飲食店"}
)

func tenPercent(changes ...func(*cashback.Terms)) cashback.Terms {
	terms := cashback.Terms{Rate: 1_000, Rounding: cashback.Down, Kind: "bonus"}
	for _, change := range changes {
		change(&terms)
	}
	return terms
}

func TestARateIsOfWhatEarnsAndARoundingOfWhatIsLeft(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate    int32
		base    money.Points
		down    money.Points
		nearest money.Points
		upwards money.Points
		whatFor string
	}{
		{1_000, 1_000, 100, 100, 100, "no part is left"},
		{1_000, 1_004, 100, 100, 101, "less than half a point"},
		{1_000, 1_005, 100, 101, 101, "half a point"},
		{1, 9_999, 0, 1, 1, "a hundredth of a percent"},
		{1, 10_000, 1, 1, 1, "the first whole point of it"},
		{10_000, 777, 777, 777, 777, "all of it"},
		{1_000, 0, 0, 0, 0, "nothing of nothing"},
		{10_000, money.AmountMax, money.AmountMax, money.AmountMax, money.AmountMax, "the largest amount"},
	} {
		for rounding, want := range map[cashback.Rounding]money.Points{cashback.Down: c.down, cashback.Nearest: c.nearest, cashback.Up: c.upwards} {
			got := cashback.Terms{Rate: c.rate, Rounding: rounding}.Of(c.base)
			require.Equal(t, want, got, "%s, rounded %s", c.whatFor, rounding)
		}
	}
}

func TestRoundingsHaveNames(t *testing.T) {
	t.Parallel()
	for _, rounding := range []cashback.Rounding{cashback.Down, cashback.Nearest, cashback.Up} {
		parsed, err := cashback.ParseRounding(rounding.String())
		require.NoError(t, err)
		require.Equal(t, rounding, parsed)
	}
	usual, err := cashback.ParseRounding("")
	require.NoError(t, err)
	require.Equal(t, cashback.Down, usual)
	for _, wrong := range []string{"half", "unknown", "Down"} {
		_, err = cashback.ParseRounding(wrong)
		require.ErrorIs(t, err, cashback.ErrRounding)
	}
	require.Equal(t, "unknown", cashback.Rounding(0).String())
}

func TestOnlyKindsThatEarnAreCounted(t *testing.T) {
	t.Parallel()
	parts := cashback.Parts{{Kind: "gift", Amount: 300}, {Kind: "bonus", Amount: 50}, {Kind: "health", Amount: 7}, {Kind: "gift", Amount: 1}}
	require.EqualValues(t, 308, tenPercent().Base(parts, kinds))
	only := tenPercent(func(c *cashback.Terms) { c.Earning = []lot.KindCode{"health", "bonus"} })
	require.EqualValues(t, 7, only.Base(parts, kinds), "cashback earns none, whatever the terms name")
}

func TestTermsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	require.NoError(t, tenPercent().Valid(kinds))
	for name, c := range map[string]struct {
		change func(*cashback.Terms)
		want   error
	}{
		"rate 0":           {func(c *cashback.Terms) { c.Rate = 0 }, cashback.ErrRate},
		"a negative rate":  {func(c *cashback.Terms) { c.Rate = -5 }, cashback.ErrRate},
		"more than all":    {func(c *cashback.Terms) { c.Rate = 10_001 }, cashback.ErrRate},
		"no rounding":      {func(c *cashback.Terms) { c.Rounding = 4 }, cashback.ErrRounding},
		"an unknown kind":  {func(c *cashback.Terms) { c.Kind = "gold" }, lot.ErrKindUnknown},
		"a negative cap":   {func(c *cashback.Terms) { c.PaymentMax = -1 }, cashback.ErrCap},
		"a cap for nobody": {func(c *cashback.Terms) { c.PersonMax = money.AmountMax + 1 }, cashback.ErrCap},
		"two validities":   {func(c *cashback.Terms) { c.Validity = lot.Validity{Days: 1, Months: 1} }, lot.ErrKindValidity},
	} {
		require.ErrorIs(t, tenPercent(c.change).Valid(kinds), c.want, name)
	}
}

func TestReturnedPointsAreGoodAsLongAsTheTermsOrTheKindSay(t *testing.T) {
	t.Parallel()
	expires, err := tenPercent().Expiry(kinds["bonus"], today)
	require.NoError(t, err)
	require.Equal(t, calendar.On(2027, 5, 23), expires)
	expires, err = tenPercent(func(c *cashback.Terms) { c.Validity.Days = 10 }).Expiry(kinds["bonus"], today)
	require.NoError(t, err)
	require.Equal(t, today+10, expires)
	_, err = tenPercent(func(c *cashback.Terms) { c.Validity.Until = today - 1 }).Expiry(kinds["bonus"], today)
	require.ErrorIs(t, err, lot.ErrExpiryPast)
}

func TestTheLastCapThatCutIsNamed(t *testing.T) {
	t.Parallel()
	terms := tenPercent(func(c *cashback.Terms) { c.PaymentMax, c.PersonMax = 80, 150 })
	id := cashback.NewOfferID(noon)
	for name, c := range map[string]struct {
		base money.Points
		room cashback.Room
		want money.Points
		cut  cashback.Cut
	}{
		"below every cap":       {800, cashback.Room{Budget: 100}, 80, cashback.Uncut},
		"over a payment's":      {801, cashback.Room{Budget: 100}, 80, cashback.Uncut}, // 80.1 is 80
		"well over a payment's": {2_000, cashback.Room{Budget: 100}, 80, cashback.ByPayment},
		"over a person's":       {2_000, cashback.Room{Had: 100, Budget: 100}, 50, cashback.ByPerson},
		"a person has had all":  {2_000, cashback.Room{Had: 151, Budget: 100}, 0, cashback.ByPerson},
		"over the budget":       {2_000, cashback.Room{Had: 100, Budget: 49}, 49, cashback.ByBudget},
		"the budget is gone":    {500, cashback.Room{}, 0, cashback.ByBudget},
	} {
		award := terms.Decide(id, true, c.base, c.room)
		require.Equal(t, cashback.Award{Offer: id, Campaign: true, Base: c.base, Earned: terms.Of(c.base), Amount: c.want, Cut: c.cut}, award, name)
	}
	require.EqualValues(t, 80, terms.Decide(id, false, 2_000, cashback.Room{}).Amount, "a programme has no budget")
}

func TestAnAwardNeverBreaksACap(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		points := func(name string, most int) money.Points { return money.Points(rapid.IntRange(0, most).Draw(rt, name)) }
		terms := cashback.Terms{
			Rate: int32(rapid.IntRange(1, cashback.RateMax).Draw(rt, "rate")), Rounding: rapid.SampledFrom([]cashback.Rounding{cashback.Down, cashback.Nearest, cashback.Up}).Draw(rt, "rounding"),
			PaymentMax: points("payment", 500), PersonMax: points("person", 900),
		}
		budget, had := points("budget", 2_000), money.Points(0)
		for i := range rapid.IntRange(1, 12).Draw(rt, "payments") {
			base := points("base", 5_000)
			award := terms.Decide(cashback.OfferID{}, true, base, cashback.Room{Had: had, Budget: budget})
			require.GreaterOrEqual(rt, award.Amount, money.Points(0), i)
			require.LessOrEqual(rt, award.Amount, award.Earned)
			require.LessOrEqual(rt, award.Amount, base, "never more than was paid")
			require.Equal(rt, award.Amount < award.Earned, award.Cut != cashback.Uncut, "a cut is named, and only a cut")
			budget, had = budget-award.Amount, had+award.Amount
			require.GreaterOrEqual(rt, budget, money.Points(0))
			if terms.PaymentMax > 0 {
				require.LessOrEqual(rt, award.Amount, terms.PaymentMax)
			}
			if terms.PersonMax > 0 {
				require.LessOrEqual(rt, had, terms.PersonMax)
			}
		}
	})
}

func TestASmallerPaymentNeverEarnsMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		terms := cashback.Terms{Rate: int32(rapid.IntRange(1, cashback.RateMax).Draw(rt, "rate")), Rounding: rapid.SampledFrom([]cashback.Rounding{cashback.Down, cashback.Nearest, cashback.Up}).Draw(rt, "rounding")}
		large := rapid.Int64Range(0, 1_000_000).Draw(rt, "large")
		small := rapid.Int64Range(0, large).Draw(rt, "small")
		require.LessOrEqual(rt, terms.Of(money.Points(small)), terms.Of(money.Points(large)))
	})
}

func TestWarningsSayWhatOughtToBeLookedAt(t *testing.T) {
	t.Parallel()
	programme := func(change func(*cashback.Terms)) cashback.Programme {
		return cashback.Programme{Terms: tenPercent(change), Span: cashback.Span{From: today, Until: today + 30}}
	}
	for name, c := range map[string]struct {
		change func(*cashback.Terms)
		want   []cashback.WarningCode
	}{
		"nothing":              {func(*cashback.Terms) {}, nil},
		"a fifth":              {func(c *cashback.Terms) { c.Rate = 2_000 }, nil},
		"more than a fifth":    {func(c *cashback.Terms) { c.Rate = 2_001 }, []cashback.WarningCode{cashback.WarnRate}},
		"200 yen of 999":       {func(c *cashback.Terms) { c.Rate = 2_100 }, []cashback.WarningCode{cashback.WarnRate, cashback.WarnSmall}},
		"a cap keeps it small": {func(c *cashback.Terms) { c.Rate, c.PaymentMax = 2_100, 200 }, []cashback.WarningCode{cashback.WarnRate}},
		"earning again":        {func(c *cashback.Terms) { c.Kind, c.Validity.Days = "gift", 9 }, []cashback.WarningCode{cashback.WarnCirculate}},
		"for ever":             {func(c *cashback.Terms) { c.Kind, c.Earning = "gift", []lot.KindCode{"health"} }, []cashback.WarningCode{cashback.WarnEndless}},
		"lapsing on the way":   {func(c *cashback.Terms) { c.Validity.Until = today + 29 }, []cashback.WarningCode{cashback.WarnLapsed}},
		"earning nothing":      {func(c *cashback.Terms) { c.Earning = []lot.KindCode{"bonus"} }, []cashback.WarningCode{cashback.WarnNothing}},
	} {
		found := programme(c.change).Warnings(kinds)
		require.Equal(t, c.want, found, name)
		for _, warning := range found {
			require.NotEqual(t, string(warning), warning.Message(), "it has a sentence")
		}
	}
	require.Equal(t, "else", cashback.WarningCode("else").Message())
}

func TestAProgrammeIsInForceOnItsDays(t *testing.T) {
	t.Parallel()
	first := cashback.Programme{ID: cashback.OfferID{15: 1}, Merchant: shop.Wallet, Span: cashback.Span{From: today, Until: today + 2}}
	second := cashback.Programme{ID: cashback.OfferID{15: 2}, Merchant: shop.Wallet, Span: cashback.Span{From: today + 3, Until: calendar.Never}}
	offers := &cashback.Offers{Programmes: map[user.WalletID][]cashback.Programme{shop.Wallet: {first, second}}}
	for day, want := range map[calendar.Day]byte{today - 1: 0, today: 1, today + 2: 1, today + 3: 2, today + 9_999: 2} {
		found, has := offers.Programme(shop.Wallet, day)
		require.Equal(t, want != 0, has, day)
		if has {
			require.Equal(t, want, found.ID[15])
		}
	}
	_, has := offers.Programme(user.WalletID{15: 9}, today)
	require.False(t, has)
	_, has = (*cashback.Offers)(nil).Programme(shop.Wallet, today)
	require.False(t, has)
}

func TestAProgrammeIsEndedOnADayThatCanStillBeDecided(t *testing.T) {
	t.Parallel()
	programme := cashback.Programme{Span: cashback.Span{From: today - 5, Until: today + 5}}
	ended, err := programme.End(today+1, today)
	require.NoError(t, err)
	require.Equal(t, cashback.Span{From: today - 5, Until: today + 1}, ended.Span)
	for _, until := range []calendar.Day{today - 1, today + 6} {
		_, err = programme.End(until, today)
		require.ErrorIs(t, err, cashback.ErrPeriod)
	}
	_, err = programme.End(today+6, today+6)
	require.ErrorIs(t, err, cashback.ErrProgrammeEnded)
	later := cashback.Programme{Span: cashback.Span{From: today + 5, Until: calendar.Never}}
	require.False(t, later.Begun(today))
	_, err = later.End(today+4, today)
	require.ErrorIs(t, err, cashback.ErrPeriod)
}
