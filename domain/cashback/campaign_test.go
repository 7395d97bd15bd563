package cashback_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// week is a valid campaign of the city's that is open this week, at all shops.
func week(changes ...func(*cashback.Campaign)) cashback.Campaign {
	c := cashback.Campaign{
		ID: cashback.NewOfferID(noon), Name: "還元祭", Terms: tenPercent(), Span: cashback.Span{From: today, Until: today + 6},
		Fund: "city", Budget: 1_000, State: cashback.Open, OpenedAt: noon,
	}
	for _, change := range changes {
		change(&c)
	}
	return c
}

func TestACampaignIsInForceWhereAndWhenItSays(t *testing.T) {
	t.Parallel()
	at := func(day calendar.Day, hour, minute int) time.Time {
		return day.Start().Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
	}
	weekend := func(c *cashback.Campaign) { c.Weekdays = []time.Weekday{time.Saturday, time.Sunday} }
	evening := func(c *cashback.Campaign) { c.Hours = cashback.Hours{From: 17 * 60, Until: 24 * 60} }
	elsewhere := func(c *cashback.Campaign) { c.Merchants, c.Categories = []user.WalletID{{15: 9}}, []string{"書店"} }
	for name, c := range map[string]struct {
		campaign cashback.Campaign
		at       time.Time
		want     bool
	}{
		"its first instant":           {week(), at(today, 0, 0), true},
		"the instant before":          {week(), at(today, 0, 0).Add(-1), false},
		"its last minute":             {week(), at(today+6, 23, 59), true},
		"the day after":               {week(), at(today+7, 0, 0), false},
		"a draft":                     {week(func(c *cashback.Campaign) { c.State = cashback.Draft }), noon, false},
		"one that has ended":          {week(func(c *cashback.Campaign) { c.State = cashback.Ended }), noon, false},
		"a Monday of a weekend's":     {week(weekend), noon, false},
		"its Saturday":                {week(weekend), at(today+5, 12, 0), true},
		"before its hours":            {week(evening), at(today, 16, 59), false},
		"as its hours begin":          {week(evening), at(today, 17, 0), true},
		"the last minute of its day":  {week(evening), at(today, 23, 59), true},
		"at another shop":             {week(elsewhere), noon, false},
		"of the shop's category":      {week(elsewhere, func(c *cashback.Campaign) { c.Categories = []string{"飲食店"} }), noon, true},
		"of the shop itself":          {week(elsewhere, func(c *cashback.Campaign) { c.Merchants = []user.WalletID{shop.Wallet} }), noon, true},
		"however the clock is set up": {week(evening), at(today, 20, 0).In(time.FixedZone("far", -8*3600)), true},
	} {
		require.Equal(t, c.want, c.campaign.InForce(shop, c.at), name)
	}
}

func TestCampaignsComeInTheOrderInWhichTheyWereOpened(t *testing.T) {
	t.Parallel()
	first, second := week(), week(func(c *cashback.Campaign) { c.Span.From = today + 1 })
	third := week()
	offers := &cashback.Offers{Campaigns: []cashback.Campaign{first, second, third}}
	var found []cashback.OfferID
	for c := range offers.CampaignsAt(shop, noon) {
		found = append(found, c.ID)
	}
	require.Equal(t, []cashback.OfferID{first.ID, third.ID}, found)
	for range offers.CampaignsAt(shop, noon) {
		break
	}
	require.Empty(t, slices.Collect((*cashback.Offers)(nil).CampaignsAt(shop, noon)))
}

func TestACampaignsWayThroughItsStates(t *testing.T) {
	t.Parallel()
	for state := cashback.Draft; state <= cashback.Dropped; state++ {
		parsed, known := cashback.ParseCampaignState(state.String())
		require.True(t, known)
		require.Equal(t, state, parsed)
		c := week(func(c *cashback.Campaign) { c.State = state })
		ended, err := c.End(noon)
		if state == cashback.Open {
			require.NoError(t, err)
			require.Equal(t, cashback.Ended, ended.State)
			require.Equal(t, noon, ended.EndedAt)
		} else {
			require.ErrorIs(t, err, cashback.ErrCampaignState)
		}
		require.Equal(t, state == cashback.Draft, c.Draftable() == nil)
		require.False(t, c.Over(today+6))
		require.Equal(t, state == cashback.Open, c.Over(today+7))
	}
	_, known := cashback.ParseCampaignState("unknown")
	require.False(t, known)
	_, known = cashback.ParseCampaignState("")
	require.False(t, known)
}

func TestALatePayoutIsStillGoodForAWeek(t *testing.T) {
	t.Parallel()
	c := week(func(c *cashback.Campaign) { c.Terms.Validity = lot.Validity{Until: today + 10} })
	require.Equal(t, today+10, c.Expiry(kinds["bonus"], today+7))
	require.Equal(t, today+10, c.Expiry(kinds["bonus"], today+10))
	require.Equal(t, today+11+7, c.Expiry(kinds["bonus"], today+11))
}

func TestACampaignIsHeldToItsDayAndItsMoney(t *testing.T) {
	t.Parallel()
	require.NoError(t, week().Valid(kinds, today))
	require.NoError(t, week().Valid(kinds, today+6), "it may begin late")
	require.ErrorIs(t, week().Valid(kinds, today+7), cashback.ErrPast)
	exact := week(func(c *cashback.Campaign) { c.Terms.PaymentMax, c.Terms.PersonMax, c.Budget = 1_000, 1_000, 1_000 })
	require.NoError(t, exact.Valid(kinds, today))
	exact.Budget = 999
	require.ErrorIs(t, exact.Valid(kinds, today), cashback.ErrCampaignCaps)
	require.ErrorIs(t, week(func(c *cashback.Campaign) { c.Budget = money.AmountMax + 1 }).Valid(kinds, today), cashback.ErrCampaignBudget)
	require.EqualValues(t, 1_000, week().Budget)
	spent := week(func(c *cashback.Campaign) { c.Accrued = 400 })
	require.EqualValues(t, 600, spent.Left())
}
