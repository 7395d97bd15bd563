package cashbacktest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

var earningContracts = []contract{
	{"the awards of a payment read back as they were given", func(t *testing.T, p place) {
		p.addProgramme(t, Programme(p.restaurant.Wallet))
		for i := range 3 {
			p.addCampaign(t, Campaign(opened, func(c *cashback.Campaign) { c.OpenedAt = Now.Add(-time.Duration(i) * time.Minute) }))
		}
		receipt := p.pay(t, Now, p.hana, p.restaurant.Wallet, 5_000)
		require.Len(t, receipt.Awards, 4)
		require.EqualValues(t, 250, receipt.Cashback)
		read := awards(t, p, receipt.Entry)
		require.ElementsMatch(t, receipt.Awards, plain(read))
		require.False(t, read[0].Campaign, "at once comes first")
		for i, award := range read {
			require.Equal(t, receipt.Entry, award.Entry)
			require.Equal(t, receipt.Entry, award.Payment)
			require.Equal(t, p.hana, award.Wallet)
			require.Equal(t, p.restaurant.Wallet, award.Shop)
			if i > 1 {
				require.Less(t, read[i-1].Offer.String(), award.Offer.String())
			}
		}
		require.Equal(t, cashback.ByPayment, read[1].Cut)
		require.Empty(t, awards(t, p, p.pay(t, Now, p.taro, p.hana, 100).Entry), "a transfer earns nothing")
	}},
	{"what a correction takes back stands behind what was given", func(t *testing.T, p place) {
		p.addProgramme(t, Programme(p.restaurant.Wallet))
		p.addCampaign(t, Campaign(opened))
		receipt := p.pay(t, Now, p.hana, p.restaurant.Wallet, 1_000)
		effect := p.undo(t, Now.Add(time.Minute), receipt.Entry, 400)
		read := awards(t, p, receipt.Entry)
		require.Len(t, read, 4)
		require.ElementsMatch(t, receipt.Awards, plain(read[:2]))
		require.ElementsMatch(t, effect.Awards, read[2:])
		require.EqualValues(t, -20, read[2].Amount)
		require.EqualValues(t, -40, read[3].Amount)
	}},
	{"shares are summed by person, and who has nothing left is absent", func(t *testing.T, p place) {
		campaign := p.addCampaign(t, Campaign(opened))
		other := p.addCampaign(t, Campaign(opened, func(c *cashback.Campaign) { c.Categories = []string{"書店"} }))
		p.pay(t, Now, p.hana, p.restaurant.Wallet, 1_000)
		p.pay(t, Now, p.hana, p.bookshop.Wallet, 2_000)
		whole := p.pay(t, Now, p.taro, p.restaurant.Wallet, 500)
		require.ElementsMatch(t, []cashback.Share{{Wallet: p.hana, Amount: 300}, {Wallet: p.taro, Amount: 50}}, shares(t, p, campaign.ID))
		require.Equal(t, []cashback.Share{{Wallet: p.hana, Amount: 200}}, shares(t, p, other.ID))
		p.undo(t, Now, whole.Entry, 0)
		require.Equal(t, []cashback.Share{{Wallet: p.hana, Amount: 300}}, shares(t, p, campaign.ID))
		require.EqualValues(t, 300, p.lock(t, campaign.ID).Accrued)

		ids := []cashback.OfferID{campaign.ID, other.ID, cashback.NewOfferID(Now)}
		promised, err := p.Offers.Promised(t.Context(), p.hana, ids)
		require.NoError(t, err)
		require.Equal(t, map[cashback.OfferID]money.Points{campaign.ID: 300, other.ID: 200}, promised)
		promised, err = p.Offers.Promised(t.Context(), p.taro, ids)
		require.NoError(t, err)
		require.Empty(t, promised)
	}},
	{"a budget can be seen burning down day by day", func(t *testing.T, p place) {
		campaign := p.addCampaign(t, Campaign(opened))
		last := p.pay(t, Now.Add(11*time.Hour), p.hana, p.restaurant.Wallet, 1_000)
		p.pay(t, Now.Add(13*time.Hour), p.hana, p.restaurant.Wallet, 2_000)
		p.pay(t, Now.Add(14*time.Hour), p.taro, p.restaurant.Wallet, 100)
		p.undo(t, Now.Add(15*time.Hour), last.Entry, 600)
		days, err := p.Offers.Standing(t.Context(), campaign.ID)
		require.NoError(t, err)
		require.Equal(t, []cashback.DayCost{{Day: today, Payments: 1, Cost: 100}, {Day: today + 1, Payments: 2, Cost: 150}}, days)
	}},
	{"a budget that is used up ends its campaign and moves the offers on", func(t *testing.T, p place) {
		campaign := p.addCampaign(t, Campaign(opened, func(c *cashback.Campaign) {
			c.Budget, c.Terms.PaymentMax, c.Terms.PersonMax = 150, 100, 0
		}))
		before := version(t, p)
		p.pay(t, Now, p.hana, p.restaurant.Wallet, 1_000)
		cut := p.pay(t, Now.Add(time.Second), p.hana, p.restaurant.Wallet, 1_000)
		require.Equal(t, cashback.ByBudget, cut.Awards[0].Cut)
		require.Greater(t, version(t, p), before)
		ended := p.lock(t, campaign.ID)
		require.Equal(t, cashback.Ended, ended.State)
		require.True(t, ended.EndedEarly)
		require.True(t, ended.EndedAt.Equal(Now.Add(time.Second)))
		require.EqualValues(t, 150, ended.Accrued)
		due, err := p.Offers.Due(t.Context(), today)
		require.NoError(t, err)
		require.Equal(t, []cashback.OfferID{campaign.ID}, due)
		require.Empty(t, p.pay(t, Now.Add(time.Minute), p.hana, p.restaurant.Wallet, 1_000).Awards)
	}},
}

func awards(t *testing.T, p place, payment ledger.EntryID) []ledger.Awarded {
	t.Helper()
	read, err := p.Statements.Awards(t.Context(), payment)
	require.NoError(t, err)
	return read
}

func plain(read []ledger.Awarded) []cashback.Award {
	given := make([]cashback.Award, len(read))
	for i, award := range read {
		given[i] = award.Award
	}
	return given
}

func shares(t *testing.T, p place, id cashback.OfferID) (shares []cashback.Share) {
	t.Helper()
	p.do(t, func(ctx context.Context, s Stores) (err error) {
		shares, err = s.Campaigns.Shares(ctx, id)
		return err
	})
	return shares
}

var purchaseContracts = []contract{
	{"payments of residents come in the order of the journal", func(t *testing.T, p place) {
		p.addProgramme(t, Programme(p.restaurant.Wallet))
		p.pay(t, Now, p.hana, p.restaurant.Wallet, 1_000)
		p.pay(t, Now.Add(time.Second), p.taro, p.hana, 100)
		p.pay(t, Now.Add(2*time.Second), p.taro, p.bookshop.Wallet, 300)
		p.pay(t, Now.Add(3*time.Second), p.restaurant.Wallet, p.bookshop.Wallet, 50)
		p.pay(t, Now.Add(time.Hour), p.hana, p.restaurant.Wallet, 9_040)
		require.Equal(t, []bought{
			{Now, p.hana, p.restaurant, []cashback.Part{{Kind: gift, Amount: 1_000}}},
			{Now.Add(2 * time.Second), p.taro, p.bookshop, []cashback.Part{{Kind: gift, Amount: 300}}},
			{Now.Add(time.Hour), p.hana, p.restaurant, []cashback.Part{{Kind: gift, Amount: 9_000}, {Kind: gift, Amount: 40}}},
		}, whole(purchases(t, p, Now, Now.Add(2*time.Hour))))
		require.Len(t, purchases(t, p, Now.Add(time.Second), Now.Add(time.Hour)), 1, "from the first instant, until before the last")
		require.Empty(t, purchases(t, p, Now.Add(-time.Hour), Now))
	}},
	{"corrected payments come with what is left of them", func(t *testing.T, p place) {
		p.addProgramme(t, Programme(p.restaurant.Wallet))
		p.pay(t, Now, p.taro, p.hana, 500)
		partly := p.pay(t, Now, p.hana, p.restaurant.Wallet, 10_100)
		p.undo(t, Now, partly.Entry, 50)
		p.undo(t, Now, partly.Entry, 100)
		gone := p.pay(t, Now, p.taro, p.bookshop.Wallet, 300)
		p.undo(t, Now, gone.Entry, 0)
		found := purchases(t, p, Now, Now.Add(time.Hour))
		require.Len(t, found, 1)
		var left money.Points
		for _, part := range found[0].Parts {
			left += part.Amount
		}
		require.EqualValues(t, 9_950, left)
	}},
	{"whoever has enough gets no more", func(t *testing.T, p place) {
		for range 3 {
			p.pay(t, Now, p.hana, p.restaurant.Wallet, 10)
		}
		seen := 0
		require.NoError(t, p.Offers.Purchases(t.Context(), Now, Now.Add(time.Hour), func(cashback.Purchase) bool {
			seen++
			return seen < 2
		}))
		require.Equal(t, 2, seen)
	}},
}

type bought struct {
	at    time.Time
	payer user.WalletID
	shop  cashback.Shop
	parts []cashback.Part
}

// whole sums the parts of one kind where the order of the lots does not matter, and tells instants in one zone.
func whole(purchases []cashback.Purchase) []bought {
	found := make([]bought, len(purchases))
	for i, p := range purchases {
		found[i] = bought{p.At.UTC(), p.Payer, p.Shop, p.Parts}
	}
	return found
}

func purchases(t *testing.T, p place, from, until time.Time) (found []cashback.Purchase) {
	t.Helper()
	require.NoError(t, p.Offers.Purchases(t.Context(), from, until, func(purchase cashback.Purchase) bool {
		found = append(found, purchase)
		return true
	}))
	return found
}
