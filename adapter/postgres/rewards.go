package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/samber/lo"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// terms is the JSON of cashback.Terms, in programmes and in campaigns.
type terms struct {
	Rate       int32          `json:"rate"`
	Rounding   string         `json:"rounding"`
	Kind       lot.KindCode   `json:"kind"`
	Validity   validity       `json:"validity"`
	Earning    []lot.KindCode `json:"earning,omitempty"`
	PaymentMax money.Points   `json:"payment_max,omitempty"`
	PersonMax  money.Points   `json:"person_max,omitempty"`
}

type validity struct {
	Months   int32        `json:"months,omitempty"`
	Days     int32        `json:"days,omitempty"`
	Until    calendar.Day `json:"until,omitempty"`
	YearEnds int32        `json:"year_ends,omitempty"`
}

func fromDomain(t cashback.Terms) terms {
	return terms{t.Rate, t.Rounding.String(), t.Kind, validity(t.Validity), t.Earning, t.PaymentMax, t.PersonMax}
}

func (t terms) toDomain() (cashback.Terms, error) {
	rounding, err := cashback.ParseRounding(t.Rounding)
	return cashback.Terms{
		Rate: t.Rate, Rounding: rounding, Kind: t.Kind, Validity: lot.Validity(t.Validity), Earning: t.Earning,
		PaymentMax: t.PaymentMax, PersonMax: t.PersonMax,
	}, err
}

// encodeTerms gives the JSON of terms.
func encodeTerms(t cashback.Terms) ([]byte, error) {
	encoded, err := json.Marshal(fromDomain(t))
	if err != nil {
		return nil, fmt.Errorf("encode terms: %w", err)
	}
	return encoded, nil
}

// decodeTerms reads the JSON of terms.
func decodeTerms(encoded []byte) (cashback.Terms, error) {
	var t terms
	if err := json.Unmarshal(encoded, &t); err != nil {
		return cashback.Terms{}, fmt.Errorf("decode terms: %w", err)
	}
	return t.toDomain()
}

// offersCache holds the newest offers that this process has read, as rulesCache does with rules.
type offersCache struct{ newest atomic.Pointer[readOffersAt] }

type readOffersAt struct {
	*cashback.Offers
	since calendar.Day // programmes that ended before it are not among them
	at    time.Time
}

// serves tells whether the offers are those of a version, for payments of a day.
func (r *readOffersAt) serves(version int64, day calendar.Day) bool {
	return r != nil && r.Version == version && r.since <= day
}

const (
	programmeColumns = `id, merchant_id, name, terms, from_on - 'epoch'::date, until_on - 'epoch'::date, created_by, created_at, version`
	campaignColumns  = `id, merchant_id, name, note, terms, from_on - 'epoch'::date, until_on - 'epoch'::date, weekdays, hour_from, hour_until, merchants, categories,
		fund, budget, accrued, state, ended_early, created_by, created_at, opened_by, opened_at, ended_at, version`
	readOffersVersion  = `SELECT version FROM offers`
	moveOffersOn       = `UPDATE offers SET version = version + 1`
	readProgrammesLeft = `SELECT ` + programmeColumns + ` FROM programmes WHERE until_on >= 'epoch'::date + $1::int ORDER BY merchant_id, from_on`
	readOpenCampaigns  = `SELECT ` + campaignColumns + ` FROM campaigns WHERE state = 'open' ORDER BY opened_at, id`
)

// moveOffers makes the next version of the offers, so that units of payments read them anew. Whatever changes what is
// in force ends with it: the row is one for all, and is locked from here to the commit.
func (s *Session) moveOffers() {
	s.reoffered = true
	s.write(moveOffersOn)
}

// offersSince is for how many days ended programmes stay among the offers: an order may be a little late.
const offersSince = 7

// loadOffers reads the offers with the version that the session sees. The version comes first: what follows may be
// newer than it, and is read again under the newer version.
func (s *Session) loadOffers(ctx context.Context, today calendar.Day) (*cashback.Offers, error) {
	s.begin()
	offers := queueOffers(&s.writes, today)
	if err := s.flush(ctx); err != nil {
		return nil, fmt.Errorf("read offers: %w", err)
	}
	return offers, nil
}

// queueOffers queues the reading of offers, which are there once the batch was sent.
func queueOffers(batch *pgx.Batch, today calendar.Day) *cashback.Offers {
	offers := &cashback.Offers{Programmes: map[user.WalletID][]cashback.Programme{}}
	batch.Queue(readOffersVersion).QueryRow(func(row pgx.Row) error { return row.Scan(&offers.Version) })
	batch.Queue(readProgrammesLeft, int32(today-offersSince)).Query(func(rows pgx.Rows) error {
		programmes, err := pgx.CollectRows(rows, scanProgramme)
		offers.Programmes = lo.GroupBy(programmes, func(p cashback.Programme) user.WalletID { return p.Merchant })
		return err
	})
	batch.Queue(readOpenCampaigns).Query(func(rows pgx.Rows) (err error) {
		offers.Campaigns, err = pgx.CollectRows(rows, scanCampaign)
		return err
	})
	return offers
}

func scanProgramme(row pgx.CollectableRow) (cashback.Programme, error) {
	var p cashback.Programme
	var encoded []byte
	if err := row.Scan((*[16]byte)(&p.ID), (*[16]byte)(&p.Merchant), &p.Name, &encoded, (*int32)(&p.Span.From), (*int32)(&p.Span.Until),
		(*[16]byte)(&p.CreatedBy), &p.CreatedAt, &p.Version); err != nil {
		return p, err
	}
	var err error
	p.Terms, err = decodeTerms(encoded)
	return p, err
}

func scanCampaign(row pgx.CollectableRow) (cashback.Campaign, error) {
	var c cashback.Campaign
	var encoded []byte
	var merchant, openedBy pgtype.UUID
	var openedAt, endedAt pgtype.Timestamptz
	var weekdays []int16
	var merchants [][16]byte
	var state string
	if err := row.Scan((*[16]byte)(&c.ID), &merchant, &c.Name, &c.Note, &encoded, (*int32)(&c.Span.From), (*int32)(&c.Span.Until),
		&weekdays, &c.Hours.From, &c.Hours.Until, &merchants, &c.Categories, (*string)(&c.Fund), (*int64)(&c.Budget), (*int64)(&c.Accrued),
		&state, &c.EndedEarly, (*[16]byte)(&c.CreatedBy), &c.CreatedAt, &openedBy, &openedAt, &endedAt, &c.Version); err != nil {
		return c, err
	}
	c.Merchant, c.OpenedBy, c.OpenedAt, c.EndedAt = merchant.Bytes, openedBy.Bytes, openedAt.Time, endedAt.Time
	for _, day := range weekdays {
		c.Weekdays = append(c.Weekdays, time.Weekday(day))
	}
	for _, id := range merchants {
		c.Merchants = append(c.Merchants, id)
	}
	if len(c.Categories) == 0 {
		c.Categories = nil
	}
	var known bool
	if c.State, known = cashback.ParseCampaignState(state); !known {
		return c, fmt.Errorf("campaign %s is %q", c.ID, state)
	}
	var err error
	c.Terms, err = decodeTerms(encoded)
	return c, err
}

// Offers is cashback.Reader's. What it gives is at most a second old.
func (db *DB) Offers(ctx context.Context) (*cashback.Offers, error) {
	today := calendar.DayOf(time.Now())
	if cached := db.offers.newest.Load(); cached != nil && time.Since(cached.at) < rulesFresh && cached.since <= today {
		return cached.Offers, nil
	}
	var batch pgx.Batch
	offers := queueOffers(&batch, today)
	if err := db.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return nil, fmt.Errorf("read offers: %w", err)
	}
	db.offers.keep(offers, today)
	return offers, nil
}

func (c *offersCache) keep(offers *cashback.Offers, today calendar.Day) {
	c.newest.Store(&readOffersAt{offers, today - offersSince, time.Now()})
}

// offersAt gives the offers of a version that the session has just read: from memory, or anew.
func (s *Session) offersAt(ctx context.Context, version int64, today calendar.Day) (*cashback.Offers, error) {
	if cached := s.db.offers.newest.Load(); cached.serves(version, today) {
		return cached.Offers, nil
	}
	offers, err := s.loadOffers(ctx, today)
	if err == nil && !s.reoffered {
		s.db.offers.keep(offers, today)
	}
	return offers, err
}
