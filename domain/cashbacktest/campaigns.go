package cashbacktest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

var campaignContracts = []contract{
	{"a campaign reads back as entered", func(t *testing.T, p place) {
		plain := p.addCampaign(t, Campaign())
		full := p.addCampaign(t, Campaign(func(c *cashback.Campaign) {
			c.Merchant, c.Merchants = p.bookshop.Wallet, []user.WalletID{p.bookshop.Wallet}
			c.Categories = []string{"飲食店", "書店"}
			c.Weekdays, c.Hours = []time.Weekday{time.Sunday, time.Saturday}, cashback.Hours{From: 10 * 60, Until: 24 * 60}
			c.State, c.EndedEarly = cashback.Ended, true
			c.OpenedBy, c.OpenedAt, c.EndedAt = c.CreatedBy, Now.Add(time.Hour), Now.Add(2*time.Hour)
		}))
		for _, want := range []cashback.Campaign{plain, full} {
			read, err := p.Offers.Campaign(t.Context(), want.ID)
			require.NoError(t, err)
			same(t, want, read)
			same(t, want, p.lock(t, want.ID))
		}
		labels, err := p.Offers.Labels(t.Context(), []cashback.OfferID{plain.ID, full.ID})
		require.NoError(t, err)
		require.Equal(t, map[cashback.OfferID]cashback.Label{full.ID: full.Label()}, labels, "a draft gives nothing yet")
	}},
	{"an unknown one is not found", func(t *testing.T, p place) {
		stranger := Campaign()
		_, err := p.Offers.Campaign(t.Context(), stranger.ID)
		require.ErrorIs(t, err, cashback.ErrCampaignUnknown)
		require.ErrorIs(t, p.save(t, stranger), cashback.ErrCampaignChanged)
	}},
	{"what is changed moves its version on, and the offers where it is in force", func(t *testing.T, p place) {
		before := version(t, p)
		campaign := p.addCampaign(t, Campaign())
		campaign.Name, campaign.Budget, campaign.Terms.Rate = "冬の還元祭", 2_000, 2_000
		require.NoError(t, p.save(t, campaign))
		require.Equal(t, before, version(t, p), "a draft is nobody's business")
		require.ErrorIs(t, p.save(t, campaign), cashback.ErrCampaignChanged)
		campaign.Version = 2
		opened(&campaign)
		require.NoError(t, p.save(t, campaign))
		inForce := version(t, p)
		require.Greater(t, inForce, before)
		offers, err := p.Offers.Offers(t.Context())
		require.NoError(t, err)
		campaign.Version = 3
		require.Len(t, offers.Campaigns, 1)
		same(t, campaign, offers.Campaigns[0])

		ended, err := campaign.End(Now.Add(time.Hour))
		require.NoError(t, err)
		require.NoError(t, p.save(t, ended))
		require.Greater(t, version(t, p), inForce)
		ended.Version = 4
		same(t, ended, p.lock(t, campaign.ID))
	}},
	{"what it has accrued is the ledger's alone", func(t *testing.T, p place) {
		campaign := p.addCampaign(t, Campaign(opened))
		p.pay(t, Now, p.hana, p.restaurant.Wallet, 1_000)
		read := p.lock(t, campaign.ID)
		require.EqualValues(t, 100, read.Accrued)
		read.Accrued = 0
		require.NoError(t, p.save(t, read))
		require.EqualValues(t, 100, p.lock(t, campaign.ID).Accrued)
	}},
	{"they are listed by where, when and how far they are", func(t *testing.T, p place) {
		all := p.addCampaign(t, Campaign())
		books := p.addCampaign(t, Campaign(opened, func(c *cashback.Campaign) { c.Categories = []string{"書店"} }))
		meals := p.addCampaign(t, Campaign(opened, func(c *cashback.Campaign) {
			c.Merchants, c.Span = []user.WalletID{p.restaurant.Wallet}, cashback.Span{From: today + 1, Until: today + 1}
		}))
		for name, c := range map[string]struct {
			query cashback.CampaignQuery
			want  []cashback.OfferID
		}{
			"everything":        {cashback.CampaignQuery{}, []cashback.OfferID{all.ID, books.ID, meals.ID}},
			"of the bookshop":   {cashback.CampaignQuery{Merchant: p.bookshop.Wallet}, []cashback.OfferID{all.ID, books.ID}},
			"of the restaurant": {cashback.CampaignQuery{Merchant: p.restaurant.Wallet}, []cashback.OfferID{all.ID, meals.ID}},
			"open ones":         {cashback.CampaignQuery{States: []cashback.CampaignState{cashback.Open}}, []cashback.OfferID{books.ID, meals.ID}},
			"of tomorrow":       {cashback.CampaignQuery{On: today + 1}, []cashback.OfferID{all.ID, books.ID, meals.ID}},
			"of today": {
				cashback.CampaignQuery{On: today, States: []cashback.CampaignState{cashback.Open, cashback.Draft}},
				[]cashback.OfferID{all.ID, books.ID},
			},
			"of nobody's": {cashback.CampaignQuery{Merchant: user.NewWalletID(Now)}, []cashback.OfferID{all.ID}},
		} {
			require.ElementsMatch(t, c.want, listCampaigns(t, p, c.query), name)
		}
		_, err := p.Offers.Campaigns(t.Context(), cashback.CampaignQuery{After: "nonsense", Limit: 2})
		require.ErrorIs(t, err, page.ErrCursor)
	}},
	{"the newest are listed first", func(t *testing.T, p place) {
		var want []cashback.OfferID
		for i := range 3 {
			campaign := p.addCampaign(t, Campaign(func(c *cashback.Campaign) { c.CreatedAt = Now.Add(time.Duration(i) * time.Second) }))
			want = append([]cashback.OfferID{campaign.ID}, want...)
		}
		require.Equal(t, want, listCampaigns(t, p, cashback.CampaignQuery{}))
	}},
	{"those that the timetable must look at are due", func(t *testing.T, p place) {
		var due []cashback.OfferID
		for state := cashback.Draft; state <= cashback.Dropped; state++ {
			campaign := p.addCampaign(t, Campaign(func(c *cashback.Campaign) { c.State = state }))
			if state == cashback.Ended || state == cashback.Paying {
				due = append(due, campaign.ID)
			}
		}
		over := p.addCampaign(t, Campaign(opened, func(c *cashback.Campaign) { c.Span = cashback.Span{From: today - 9, Until: today - 1} }))
		p.addCampaign(t, Campaign(opened, func(c *cashback.Campaign) { c.Span = cashback.Span{From: today, Until: today} }))
		found, err := p.Offers.Due(t.Context(), today)
		require.NoError(t, err)
		require.ElementsMatch(t, append(due, over.ID), found)
	}},
}

// bookOf names what a payment of a resident at a shop needs.
func bookOf(resident, shop user.WalletID) ledger.Want {
	return ledger.Want{
		Wallets:  []ledger.WalletID{resident, shop},
		Payments: []ledger.Parties{{Payer: ledger.Party{Wallet: resident}, Payee: ledger.Party{Wallet: shop}}},
	}
}

func listCampaigns(t *testing.T, p place, query cashback.CampaignQuery) (listed []cashback.OfferID) {
	t.Helper()
	for query.Limit = 2; ; {
		found, err := p.Offers.Campaigns(t.Context(), query)
		require.NoError(t, err)
		require.LessOrEqual(t, len(found.Rows), 2)
		for _, campaign := range found.Rows {
			listed = append(listed, campaign.ID)
		}
		if query.After = found.Next; query.After == "" {
			return listed
		}
	}
}

// same compares two campaigns; an instant may come back in another zone.
func same(t *testing.T, want, got cashback.Campaign) {
	t.Helper()
	for _, at := range []struct{ want, got *time.Time }{
		{&want.CreatedAt, &got.CreatedAt}, {&want.OpenedAt, &got.OpenedAt}, {&want.EndedAt, &got.EndedAt},
	} {
		require.True(t, at.want.Equal(*at.got), "%s, not %s", at.got, at.want)
		*at.got = *at.want
	}
	require.Equal(t, want, got)
}
