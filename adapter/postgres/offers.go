package postgres

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/samber/lo"
	"github.com/uptrace/bun"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

var _ cashback.Reader = (*DB)(nil)

const (
	listProgrammes = `SELECT ` + programmeColumns + ` FROM programmes WHERE (created_at, id) < ($1, $2) AND ($3::uuid IS NULL OR merchant_id = $3)
		ORDER BY created_at DESC, id DESC LIMIT $4`
	readProgramme = `SELECT ` + programmeColumns + ` FROM programmes WHERE id = $1`
	readCampaign  = `SELECT ` + campaignColumns + ` FROM campaigns WHERE id = $1`
	readDue       = `SELECT id FROM campaigns WHERE state IN ('ended', 'paying') OR state = 'open' AND until_on < 'epoch'::date + $1::int ORDER BY id`
	// Japan has had one time of day all along.
	readStanding = `SELECT ((at AT TIME ZONE 'UTC') + interval '9 hours')::date - 'epoch'::date AS day, count(*) FILTER (WHERE amount > 0), sum(amount)::bigint
		FROM awards WHERE offer_id = $1 AND campaign AND amount <> 0 GROUP BY day ORDER BY day`
	readPromised = `SELECT offer_id, sum(amount)::bigint FROM awards WHERE offer_id = ANY($1) AND wallet_id = $2 AND campaign AND amount <> 0
		GROUP BY offer_id HAVING sum(amount) > 0`
	readAwards = `SELECT payment_id, entry_id, offer_id, wallet_id, shop_id, campaign, base, earned, amount, cut FROM awards WHERE payment_id = $1
		ORDER BY entry_id <> payment_id, at, entry_id, campaign, offer_id`
	// Drafts have given nothing, and may still change.
	readLabels = `SELECT id, false, name, terms, 0 FROM programmes WHERE id = ANY($1)
		UNION ALL SELECT id, true, name, terms, until_on - 'epoch'::date FROM campaigns WHERE id = ANY($1) AND state NOT IN ('draft', 'dropped')`
	holdsAtMerchant = `(merchants = '{}' AND categories = '{}' OR ? = ANY(merchants) OR (SELECT category FROM wallets WHERE id = ?) = ANY(categories))`
)

// Programmes is cashback.Reader's.
func (db *DB) Programmes(ctx context.Context, merchant user.WalletID, after string, limit int) (page.Of[cashback.Programme], error) {
	before, id := pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, pgtype.UUID{Valid: true}
	if after != "" {
		at, text, err := parseAfter(after)
		if err != nil {
			return page.Of[cashback.Programme]{}, err
		}
		last, _ := ident.Parse[cashback.Programme](text) // parseAfter has seen to it
		before.Time, before.InfinityModifier, id.Bytes = at, pgtype.Finite, last
	}
	rows, err := db.pool.Query(ctx, listProgrammes, before, id, nullable(merchant), limit+1)
	if err != nil {
		return page.Of[cashback.Programme]{}, fmt.Errorf("list programmes: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanProgramme)
	if err != nil {
		return page.Of[cashback.Programme]{}, fmt.Errorf("list programmes: %w", err)
	}
	return page.Cut(found, limit, func(p cashback.Programme) string { return afterText(p.CreatedAt, p.ID.String()) }), nil
}

// Programme is cashback.Reader's.
func (db *DB) Programme(ctx context.Context, id cashback.OfferID) (cashback.Programme, error) {
	rows, err := db.pool.Query(ctx, readProgramme, [16]byte(id))
	if err != nil {
		return cashback.Programme{}, fmt.Errorf("read programme %s: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, scanProgramme)
	switch {
	case err != nil:
		return cashback.Programme{}, fmt.Errorf("read programme %s: %w", id, err)
	case len(found) == 0:
		return cashback.Programme{}, cashback.ErrProgrammeUnknown
	}
	return found[0], nil
}

// Campaigns is cashback.Reader's.
func (db *DB) Campaigns(ctx context.Context, query cashback.CampaignQuery) (page.Of[cashback.Campaign], error) {
	q := db.bun.NewSelect().TableExpr("campaigns").ColumnExpr(campaignColumns).
		OrderBy("created_at", bun.OrderDesc).OrderBy("id", bun.OrderDesc).Limit(int64(query.Limit) + 1)
	if !query.Merchant.IsZero() {
		q.Where(holdsAtMerchant, query.Merchant.String(), query.Merchant.String())
	}
	if len(query.States) > 0 {
		q.Where("state IN (?)", bun.List(lo.Map(query.States, func(s cashback.CampaignState, _ int) string { return s.String() })))
	}
	if query.On != 0 {
		q.Where("? BETWEEN from_on AND until_on", query.On.String())
	}
	if query.After != "" {
		at, id, err := parseAfter(query.After)
		if err != nil {
			return page.Of[cashback.Campaign]{}, err
		}
		q.Where("(created_at, id) < (?, ?)", at, id)
	}
	found, err := list(ctx, db, q, scanCampaign)
	if err != nil {
		return page.Of[cashback.Campaign]{}, fmt.Errorf("list campaigns: %w", err)
	}
	return page.Cut(found, query.Limit, func(c cashback.Campaign) string { return afterText(c.CreatedAt, c.ID.String()) }), nil
}

// Campaign is cashback.Reader's.
func (db *DB) Campaign(ctx context.Context, id cashback.OfferID) (cashback.Campaign, error) {
	rows, err := db.pool.Query(ctx, readCampaign, [16]byte(id))
	if err != nil {
		return cashback.Campaign{}, fmt.Errorf("read campaign %s: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, scanCampaign)
	return oneCampaign(found, id, err)
}

// Due is cashback.Reader's.
func (db *DB) Due(ctx context.Context, today calendar.Day) ([]cashback.OfferID, error) {
	rows, err := db.pool.Query(ctx, readDue, int32(today))
	if err != nil {
		return nil, fmt.Errorf("list campaigns that are due: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (id cashback.OfferID, err error) {
		err = row.Scan((*[16]byte)(&id))
		return id, err
	})
}

// Standing is cashback.Reader's.
func (db *DB) Standing(ctx context.Context, id cashback.OfferID) ([]cashback.DayCost, error) {
	rows, err := db.pool.Query(ctx, readStanding, [16]byte(id))
	if err != nil {
		return nil, fmt.Errorf("sum days of campaign %s: %w", id, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (d cashback.DayCost, err error) {
		err = row.Scan((*int32)(&d.Day), &d.Payments, (*int64)(&d.Cost))
		return d, err
	})
}

// Promised is cashback.Reader's.
func (db *DB) Promised(ctx context.Context, wallet user.WalletID, campaigns []cashback.OfferID) (map[cashback.OfferID]money.Points, error) {
	rows, err := db.pool.Query(ctx, readPromised, uuids(campaigns), [16]byte(wallet))
	if err != nil {
		return nil, fmt.Errorf("sum promises to wallet %s: %w", wallet, err)
	}
	promised := map[cashback.OfferID]money.Points{}
	var offer [16]byte
	var amount int64
	_, err = pgx.ForEachRow(rows, []any{&offer, &amount}, func() error {
		promised[offer] = money.Points(amount)
		return nil
	})
	return promised, err
}

// Awards is ledger.Statements'.
func (db *DB) Awards(ctx context.Context, payment ledger.EntryID) ([]ledger.Awarded, error) {
	rows, err := db.pool.Query(ctx, readAwards, [16]byte(payment))
	if err != nil {
		return nil, fmt.Errorf("read awards of payment %s: %w", payment, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (a ledger.Awarded, err error) {
		err = row.Scan((*[16]byte)(&a.Payment), (*[16]byte)(&a.Entry), (*[16]byte)(&a.Offer), (*[16]byte)(&a.Wallet), (*[16]byte)(&a.Shop),
			&a.Campaign, (*int64)(&a.Base), (*int64)(&a.Earned), (*int64)(&a.Amount), (*string)(&a.Cut))
		return a, err
	})
}

// labelsMax bounds the labels that are remembered.
const labelsMax = 20_000

// labelCache remembers labels, which do not change: each payment shows some.
type labelCache struct {
	mu    sync.RWMutex
	known map[cashback.OfferID]cashback.Label
}

func (c *labelCache) find(offers []cashback.OfferID) (found map[cashback.OfferID]cashback.Label, missing []cashback.OfferID) {
	found = make(map[cashback.OfferID]cashback.Label, len(offers))
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, id := range offers {
		if label, known := c.known[id]; known {
			found[id] = label
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing
}

func (c *labelCache) keep(labels map[cashback.OfferID]cashback.Label) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known)+len(labels) > labelsMax {
		c.known = map[cashback.OfferID]cashback.Label{}
	}
	for id, label := range labels {
		c.known[id] = label
	}
}

// Labels is cashback.Reader's.
func (db *DB) Labels(ctx context.Context, offers []cashback.OfferID) (map[cashback.OfferID]cashback.Label, error) {
	found, missing := db.labels.find(offers)
	if len(missing) == 0 {
		return found, nil
	}
	rows, err := db.pool.Query(ctx, readLabels, uuids(missing))
	if err != nil {
		return nil, fmt.Errorf("read labels of %d offers: %w", len(missing), err)
	}
	read := map[cashback.OfferID]cashback.Label{}
	var id [16]byte
	var label cashback.Label
	var encoded []byte
	_, err = pgx.ForEachRow(rows, []any{&id, &label.Campaign, &label.Name, &encoded, (*int32)(&label.Until)}, func() error {
		terms, err := decodeTerms(encoded)
		label.Rate, label.Kind = terms.Rate, terms.Kind
		if !label.Campaign {
			label.Until = calendar.Never
		}
		read[id] = label
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read labels of %d offers: %w", len(missing), err)
	}
	db.labels.keep(read)
	for id, label := range read {
		found[id] = label
	}
	return found, nil
}
