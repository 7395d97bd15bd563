package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/cashback"
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

const (
	// A shop without programmes has no row to lock, so those who change offers queue at the version of all of them.
	lockOffers       = `SELECT version FROM offers FOR NO KEY UPDATE`
	readProgrammesOf = `SELECT ` + programmeColumns + ` FROM programmes WHERE merchant_id = $1 ORDER BY from_on, id`
	addProgramme     = `INSERT INTO programmes (id, merchant_id, name, terms, from_on, until_on, created_by, created_at, version)
		VALUES ($1, $2, $3, $4, 'epoch'::date + $5::int, 'epoch'::date + $6::int, $7, $8, $9)`
	saveProgramme = `UPDATE programmes SET name = $3, terms = $4, from_on = 'epoch'::date + $5::int, until_on = 'epoch'::date + $6::int, version = version + 1
		WHERE id = $1 AND version = $2 RETURNING version`
	dropProgramme = `DELETE FROM programmes WHERE id = $1 RETURNING version`

	addCampaign = `INSERT INTO campaigns (id, merchant_id, name, note, terms, from_on, until_on, weekdays, hour_from, hour_until, merchants, categories,
			fund, budget, state, ended_early, created_by, created_at, opened_by, opened_at, ended_at, version)
		VALUES ($1, $2, $3, $4, $5, 'epoch'::date + $6::int, 'epoch'::date + $7::int, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`
	lockCampaign = `SELECT ` + campaignColumns + ` FROM campaigns WHERE id = $1 FOR NO KEY UPDATE`
	saveCampaign = `UPDATE campaigns SET merchant_id = $2, name = $3, note = $4, terms = $5, from_on = 'epoch'::date + $6::int, until_on = 'epoch'::date + $7::int,
			weekdays = $8, hour_from = $9, hour_until = $10, merchants = $11, categories = $12, fund = $13, budget = $14, state = $15, ended_early = $16,
			created_by = $17, created_at = $18, opened_by = $19, opened_at = $20, ended_at = $21, version = version + 1
		WHERE id = $1 AND version = $22 RETURNING version`
	readShares = `SELECT wallet_id, sum(amount)::bigint FROM awards WHERE offer_id = $1 AND campaign AND amount <> 0
		GROUP BY wallet_id HAVING sum(amount) > 0 ORDER BY wallet_id`
)

// Lock is cashback.Programmes'.
func (p *Programmes) Lock(ctx context.Context, merchant user.WalletID) ([]cashback.Programme, error) {
	p.session.write(lockOffers)
	var programmes []cashback.Programme
	err := p.session.read(ctx, func(rows pgx.Rows) (err error) {
		programmes, err = pgx.CollectRows(rows, scanProgramme)
		return err
	}, readProgrammesOf, [16]byte(merchant))
	if err != nil {
		return nil, fmt.Errorf("lock programmes of merchant %s: %w", merchant, err)
	}
	return programmes, nil
}

// Add is cashback.Programmes'.
func (p *Programmes) Add(_ context.Context, programme cashback.Programme) error {
	encoded, err := encodeTerms(programme.Terms)
	if err != nil {
		return err
	}
	p.session.write(addProgramme, [16]byte(programme.ID), [16]byte(programme.Merchant), programme.Name, encoded,
		int32(programme.Span.From), int32(programme.Span.Until), [16]byte(programme.CreatedBy), programme.CreatedAt, programme.Version)
	p.session.moveOffers()
	return nil
}

// Save is cashback.Programmes'.
func (p *Programmes) Save(ctx context.Context, programme cashback.Programme) error {
	encoded, err := encodeTerms(programme.Terms)
	if err != nil {
		return err
	}
	if err := p.session.changes(ctx, 1, cashback.ErrProgrammeChanged, saveProgramme, [16]byte(programme.ID), programme.Version, programme.Name, encoded,
		int32(programme.Span.From), int32(programme.Span.Until)); err != nil {
		return fmt.Errorf("save programme %s: %w", programme.ID, err)
	}
	p.session.moveOffers()
	return nil
}

// Withdraw is cashback.Programmes'.
func (p *Programmes) Withdraw(ctx context.Context, id cashback.OfferID) error {
	if err := p.session.changes(ctx, 1, cashback.ErrProgrammeUnknown, dropProgramme, [16]byte(id)); err != nil {
		return fmt.Errorf("withdraw programme %s: %w", id, err)
	}
	p.session.moveOffers()
	return nil
}

// Add is cashback.Campaigns'.
func (c *Campaigns) Add(_ context.Context, campaign cashback.Campaign) error {
	args, err := campaignValues(campaign)
	if err != nil {
		return err
	}
	c.session.write(addCampaign, args...)
	c.session.reoffer(campaign)
	return nil
}

// Lock is cashback.Campaigns'.
func (c *Campaigns) Lock(ctx context.Context, id cashback.OfferID) (cashback.Campaign, error) {
	var found []cashback.Campaign
	err := c.session.read(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scanCampaign)
		return err
	}, lockCampaign, [16]byte(id))
	return oneCampaign(found, id, err)
}

// Save is cashback.Campaigns'.
func (c *Campaigns) Save(ctx context.Context, campaign cashback.Campaign) error {
	args, err := campaignValues(campaign)
	if err != nil {
		return err
	}
	if err := c.session.changes(ctx, 1, cashback.ErrCampaignChanged, saveCampaign, args...); err != nil {
		return fmt.Errorf("save campaign %s: %w", campaign.ID, err)
	}
	c.session.reoffer(campaign)
	return nil
}

// reoffer moves the offers on when a campaign comes into force or goes out of it.
func (s *Session) reoffer(campaign cashback.Campaign) {
	if campaign.State == cashback.Open || campaign.State == cashback.Ended {
		s.moveOffers()
	}
}

// Shares is cashback.Campaigns'.
func (c *Campaigns) Shares(ctx context.Context, id cashback.OfferID) ([]cashback.Share, error) {
	var shares []cashback.Share
	err := c.session.read(ctx, func(rows pgx.Rows) (err error) {
		shares, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s cashback.Share, err error) {
			err = row.Scan((*[16]byte)(&s.Wallet), (*int64)(&s.Amount))
			return s, err
		})
		return err
	}, readShares, [16]byte(id))
	if err != nil {
		return nil, fmt.Errorf("sum shares of campaign %s: %w", id, err)
	}
	return shares, nil
}

// campaignValues gives what is written of a campaign. What it has accrued is the ledger's.
func campaignValues(c cashback.Campaign) ([]any, error) {
	encoded, err := encodeTerms(c.Terms)
	if err != nil {
		return nil, err
	}
	weekdays := make([]int16, len(c.Weekdays))
	for i, day := range c.Weekdays {
		weekdays[i] = int16(day)
	}
	return []any{
		[16]byte(c.ID), nullable(c.Merchant), c.Name, c.Note, encoded, int32(c.Span.From), int32(c.Span.Until),
		weekdays, c.Hours.From, c.Hours.Until, uuids(c.Merchants), texts(c.Categories), string(c.Fund), int64(c.Budget), c.State.String(), c.EndedEarly,
		[16]byte(c.CreatedBy), c.CreatedAt, nullable(c.OpenedBy), nullableTime(c.OpenedAt), nullableTime(c.EndedAt), c.Version,
	}, nil
}

func oneCampaign(found []cashback.Campaign, id cashback.OfferID, err error) (cashback.Campaign, error) {
	switch {
	case err != nil:
		return cashback.Campaign{}, fmt.Errorf("read campaign %s: %w", id, err)
	case len(found) == 0:
		return cashback.Campaign{}, cashback.ErrCampaignUnknown
	}
	return found[0], nil
}
