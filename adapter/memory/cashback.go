package memory

import (
	"cmp"
	"context"
	"slices"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Programmes is cashback.Programmes on a session.
type Programmes struct{ session *Session }

// Programmes gives the session's programmes.
func (s *Session) Programmes() *Programmes { return &Programmes{s} }

// Campaigns is cashback.Campaigns on a session.
type Campaigns struct{ session *Session }

// Campaigns gives the session's campaigns.
func (s *Session) Campaigns() *Campaigns { return &Campaigns{s} }

var (
	_ cashback.Programmes = (*Programmes)(nil)
	_ cashback.Campaigns  = (*Campaigns)(nil)
)

// Lock is cashback.Programmes'. The unit has the whole store for itself.
func (p *Programmes) Lock(_ context.Context, merchant user.WalletID) ([]cashback.Programme, error) {
	var found []cashback.Programme
	for _, programme := range p.session.programmes.all() {
		if programme.Merchant == merchant {
			found = append(found, programme)
		}
	}
	slices.SortFunc(found, func(a, b cashback.Programme) int {
		return cmp.Or(cmp.Compare(a.Span.From, b.Span.From), slices.Compare(a.ID[:], b.ID[:]))
	})
	return found, nil
}

// Add is cashback.Programmes'.
func (p *Programmes) Add(_ context.Context, programme cashback.Programme) error {
	switch {
	case p.session.programmes.has(programme.ID):
		return p.session.fail(violation("programmes_pkey", "programme %s is there", programme.ID))
	case programme.Span.From > programme.Span.Until:
		return p.session.fail(violation("programmes_span", "programme %s", programme.ID))
	}
	p.session.programmes.put(programme.ID, programme)
	p.session.moveOffers()
	return nil
}

// Save is cashback.Programmes'.
func (p *Programmes) Save(_ context.Context, programme cashback.Programme) error {
	was, found := p.session.programmes.get(programme.ID)
	switch {
	case !found || was.Version != programme.Version:
		return cashback.ErrProgrammeChanged
	case programme.Span.From > programme.Span.Until:
		return p.session.fail(violation("programmes_span", "programme %s", programme.ID))
	}
	was.Name, was.Terms, was.Span = programme.Name, programme.Terms, programme.Span
	was.Version++
	p.session.programmes.put(was.ID, was)
	p.session.moveOffers()
	return nil
}

// Withdraw is cashback.Programmes'.
func (p *Programmes) Withdraw(_ context.Context, id cashback.OfferID) error {
	if !p.session.programmes.has(id) {
		return cashback.ErrProgrammeUnknown
	}
	p.session.programmes.drop(id)
	p.session.moveOffers()
	return nil
}

// Add is cashback.Campaigns'.
func (c *Campaigns) Add(_ context.Context, campaign cashback.Campaign) error {
	if c.session.campaigns.has(campaign.ID) {
		return c.session.fail(violation("campaigns_pkey", "campaign %s is there", campaign.ID))
	}
	campaign.Accrued = 0
	return c.put(campaign)
}

// Lock is cashback.Campaigns'. The unit has the whole store for itself.
func (c *Campaigns) Lock(_ context.Context, id cashback.OfferID) (cashback.Campaign, error) {
	return c.session.campaignByID(id)
}

// Save is cashback.Campaigns'.
func (c *Campaigns) Save(_ context.Context, campaign cashback.Campaign) error {
	was, found := c.session.campaigns.get(campaign.ID)
	if !found || was.Version != campaign.Version {
		return cashback.ErrCampaignChanged
	}
	campaign.Accrued = was.Accrued
	campaign.Version++
	return c.put(campaign)
}

func (c *Campaigns) put(campaign cashback.Campaign) error {
	switch {
	case campaign.Span.From > campaign.Span.Until:
		return c.session.fail(violation("campaigns_span", "campaign %s", campaign.ID))
	case campaign.Budget < 1 || campaign.Accrued > campaign.Budget:
		return c.session.fail(violation("campaigns_budget_kept", "campaign %s", campaign.ID))
	case campaign.State < cashback.Draft || campaign.State > cashback.Dropped:
		return c.session.fail(violation("campaigns_state_known", "campaign %s", campaign.ID))
	case !c.session.funds.has(campaign.Fund):
		return c.session.fail(violation("campaigns_fund_fkey", "fund %s", campaign.Fund))
	}
	campaign.Weekdays, campaign.Merchants = slices.Clone(campaign.Weekdays), slices.Clone(campaign.Merchants)
	campaign.Categories = slices.Clone(campaign.Categories)
	c.session.campaigns.put(campaign.ID, campaign)
	if campaign.State == cashback.Open || campaign.State == cashback.Ended {
		c.session.moveOffers()
	}
	return nil
}

// Shares is cashback.Campaigns'.
func (c *Campaigns) Shares(_ context.Context, id cashback.OfferID) ([]cashback.Share, error) {
	sums := map[user.WalletID]money.Points{}
	for row := range c.session.awards.all() {
		if row.Offer == id && row.Campaign {
			sums[row.Wallet] += row.Amount
		}
	}
	var shares []cashback.Share
	for wallet, amount := range sums {
		if amount > 0 {
			shares = append(shares, cashback.Share{Wallet: wallet, Amount: amount})
		}
	}
	slices.SortFunc(shares, func(a, b cashback.Share) int { return slices.Compare(a.Wallet[:], b.Wallet[:]) })
	return shares, nil
}

func (t *tables) campaignByID(id cashback.OfferID) (cashback.Campaign, error) {
	campaign, found := t.campaigns.get(id)
	if !found {
		return cashback.Campaign{}, cashback.ErrCampaignUnknown
	}
	return campaign, nil
}
