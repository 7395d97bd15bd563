package rewarding

import (
	"context"
	"errors"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// List shows campaigns to administrators, newest first.
func (c *Campaigns) List(ctx context.Context, actor access.Actor, query cashback.CampaignQuery) (page.Of[cashback.Campaign], error) {
	if err := access.Allow(actor, access.ManageCashback); err != nil {
		return page.Of[cashback.Campaign]{}, err
	}
	if query.Limit < 1 || query.Limit > page.LimitMax {
		return page.Of[cashback.Campaign]{}, page.ErrLimit
	}
	return c.offers.Campaigns(ctx, query)
}

// Campaign shows one campaign to administrators.
func (c *Campaigns) Campaign(ctx context.Context, actor access.Actor, id cashback.OfferID) (cashback.Campaign, error) {
	if err := access.Allow(actor, access.ManageCashback); err != nil {
		return cashback.Campaign{}, err
	}
	return c.offers.Campaign(ctx, id)
}

// Standing is how a campaign's budget burns down, and how far its payout is.
type Standing struct {
	cashback.Campaign
	Days   []cashback.DayCost
	Payout fund.Batch // without an identifier before the payout has begun
}

// Standing shows administrators how a campaign stands.
func (c *Campaigns) Standing(ctx context.Context, actor access.Actor, id cashback.OfferID) (Standing, error) {
	campaign, err := c.Campaign(ctx, actor, id)
	if err != nil {
		return Standing{}, err
	}
	standing := Standing{Campaign: campaign}
	if standing.Days, err = c.offers.Standing(ctx, id); err != nil {
		return Standing{}, err
	}
	standing.Payout, err = c.batches.Batch(ctx, ledger.BatchID(id))
	switch {
	case errors.Is(err, fund.ErrBatchUnknown):
		return standing, nil
	case err == nil && campaign.State == cashback.Paying && standing.Payout.State == fund.Ended:
		standing.State = cashback.Paid // the timetable is about to write it down
	}
	return standing, err
}

// Current is a campaign as people see it.
type Current struct {
	cashback.Campaign
	Promised money.Points // to the reader
}

// Current shows people the campaigns that are open, newest first: a shop those that hold there, a resident all. What an
// ended one has promised stands in the receipts.
func (c *Campaigns) Current(ctx context.Context, actor access.Actor, after string, limit int) (page.Of[Current], error) {
	if err := access.Allow(actor, access.SeeOwnHistory); err != nil {
		return page.Of[Current]{}, err
	}
	if limit < 1 || limit > page.LimitMax {
		return page.Of[Current]{}, page.ErrLimit
	}
	query := cashback.CampaignQuery{States: []cashback.CampaignState{cashback.Open}, After: after, Limit: limit}
	if actor.Role != user.Resident {
		query.Merchant = actor.Wallet
	}
	found, err := c.offers.Campaigns(ctx, query)
	if err != nil || len(found.Rows) == 0 {
		return page.Of[Current]{}, err
	}
	var promised map[cashback.OfferID]money.Points
	if actor.Role == user.Resident {
		ids := lo.Map(found.Rows, func(c cashback.Campaign, _ int) cashback.OfferID { return c.ID })
		if promised, err = c.offers.Promised(ctx, actor.Wallet, ids); err != nil {
			return page.Of[Current]{}, err
		}
	}
	return page.Of[Current]{Next: found.Next, Rows: lo.Map(found.Rows, func(c cashback.Campaign, _ int) Current {
		return Current{c, promised[c.ID]}
	})}, nil
}
