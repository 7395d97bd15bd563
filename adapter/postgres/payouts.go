package postgres

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/uptrace/bun"

	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
)

const (
	payoutColumns = `id, claim_id, merchant_id, attempt, file_id, record, account_id, amount, fee, bearer, transfer, new_code, reference, state, entry_id, return_entry, paid_on - 'epoch'::date, returned_on - 'epoch'::date, reason, version`
	readPayouts   = `SELECT ` + payoutColumns + ` FROM payouts`
	readPayout    = readPayouts + ` WHERE id = $1`
	lockPayouts   = readPayouts + ` WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`
	// The rows are chosen by record and then locked by identifier, as everybody locks them.
	lockPayoutsOf = readPayouts + ` WHERE id IN (SELECT id FROM payouts WHERE file_id = $1 AND record > $2 ORDER BY record LIMIT $3) ORDER BY id FOR NO KEY UPDATE`
	addPayouts    = `INSERT INTO payouts (id, claim_id, merchant_id, attempt, file_id, record, account_id, amount, fee, bearer, transfer, new_code, reference, state, entry_id, return_entry, paid_on, returned_on, reason)
		SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::int[], $7::uuid[], $8::bigint[], $9::bigint[], $10::text[], $11::bigint[], $12::smallint[], $13::text[], $14::text[], $15::uuid[], $16::uuid[], $17::date[], $18::date[], $19::text[])`
	savePayouts = `UPDATE payouts SET state = c.state, entry_id = c.entry_id, return_entry = c.return_entry, paid_on = c.paid_on, returned_on = c.returned_on, reason = c.reason, version = payouts.version + 1
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::uuid[], $5::uuid[], $6::date[], $7::date[], $8::text[]) AS c(id, version, state, entry_id, return_entry, paid_on, returned_on, reason)
		WHERE payouts.id = c.id AND payouts.version = c.version RETURNING payouts.id`
	countAttempts = `SELECT claim_id, count(*) FROM payouts WHERE claim_id = ANY($1::uuid[]) AND state = 'returned' GROUP BY claim_id`
	readReached   = `SELECT DISTINCT account_id FROM payouts WHERE account_id = ANY($1::uuid[]) AND state <> 'voided'`
)

// AddPayouts is settlement.Claims'.
func (c *Claims) AddPayouts(_ context.Context, payouts []settlement.Payout) error {
	if len(payouts) == 0 {
		return nil
	}
	type payout = settlement.Payout
	v := payoutValuesOf(payouts)
	c.session.write(addPayouts, v.ids, column(payouts, func(p *payout) [16]byte { return p.Claim }), column(payouts, func(p *payout) [16]byte { return p.Merchant }),
		column(payouts, func(p *payout) int32 { return int32(p.Attempt) }), column(payouts, func(p *payout) [16]byte { return p.File }),
		column(payouts, func(p *payout) int32 { return int32(p.Record) }), column(payouts, func(p *payout) [16]byte { return p.Account }),
		column(payouts, func(p *payout) int64 { return int64(p.Amount) }), column(payouts, func(p *payout) int64 { return int64(p.Fee) }),
		column(payouts, func(p *payout) string { return p.Bearer.String() }), column(payouts, func(p *payout) int64 { return int64(p.Transfer) }),
		column(payouts, func(p *payout) int16 { return int16(p.New) }), column(payouts, func(p *payout) string { return string(p.Reference) }),
		v.states, v.entries, v.returnEntries, v.paidOn, v.returnedOn, v.reasons)
	return nil
}

// PayoutsOf is settlement.Claims'.
func (c *Claims) PayoutsOf(ctx context.Context, file settlement.FileID, after, limit int) ([]settlement.Payout, error) {
	payouts, err := readMany(ctx, c.session, scanPayout, lockPayoutsOf, [16]byte(file), after, limit)
	if err != nil {
		return nil, fmt.Errorf("lock payouts of file %s: %w", file, err)
	}
	slices.SortFunc(payouts, func(a, b settlement.Payout) int { return cmp.Compare(a.Record, b.Record) })
	return payouts, nil
}

// LockPayouts is settlement.Claims'.
func (c *Claims) LockPayouts(ctx context.Context, ids []settlement.PayoutID) ([]settlement.Payout, error) {
	payouts, err := readMany(ctx, c.session, scanPayout, lockPayouts, uuids(ids))
	if err != nil {
		return nil, fmt.Errorf("lock %d payouts: %w", len(ids), err)
	}
	return payouts, nil
}

// Attempts is settlement.Claims'.
func (c *Claims) Attempts(ctx context.Context, claims []settlement.ClaimID) (map[settlement.ClaimID]int, error) {
	attempts := map[settlement.ClaimID]int{}
	err := c.session.read(ctx, func(rows pgx.Rows) error {
		var claim settlement.ClaimID
		var n int
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&claim), &n}, func() error {
			attempts[claim] = n
			return nil
		})
		return err
	}, countAttempts, uuids(claims))
	if err != nil {
		return nil, fmt.Errorf("count attempts of %d claims: %w", len(claims), err)
	}
	return attempts, nil
}

// Reached is settlement.Claims'.
func (c *Claims) Reached(ctx context.Context, accounts []settlement.AccountID) (map[settlement.AccountID]bool, error) {
	found, err := readMany(ctx, c.session, pgx.RowTo[[16]byte], readReached, uuids(accounts))
	if err != nil {
		return nil, fmt.Errorf("payouts to %d accounts: %w", len(accounts), err)
	}
	reached := make(map[settlement.AccountID]bool, len(found))
	for _, id := range found {
		reached[id] = true
	}
	return reached, nil
}

// SavePayouts is settlement.Claims'.
func (c *Claims) SavePayouts(ctx context.Context, payouts []settlement.Payout) error {
	if len(payouts) == 0 {
		return nil
	}
	v := payoutValuesOf(payouts)
	err := c.session.changes(ctx, len(payouts), settlement.ErrClaimChanged, savePayouts, v.ids,
		column(payouts, func(p *settlement.Payout) int64 { return p.Version }), v.states, v.entries, v.returnEntries, v.paidOn, v.returnedOn, v.reasons)
	if err != nil {
		return fmt.Errorf("save %d payouts: %w", len(payouts), err)
	}
	return nil
}

// Payouts is settlement.Reader's.
func (db *DB) Payouts(ctx context.Context, query settlement.PayoutQuery) (page.Of[settlement.Payout], error) {
	before, err := beforeID[settlement.Payout](query.After)
	if err != nil {
		return page.Of[settlement.Payout]{}, err
	}
	q := db.bun.NewSelect().TableExpr("payouts").ColumnExpr(payoutColumns).Where("id < ?", before.String()).OrderBy("id", bun.OrderDesc).Limit(int64(query.Limit) + 1)
	if !query.Merchant.IsZero() {
		q.Where("merchant_id = ?", query.Merchant.String())
	}
	if !query.Claim.IsZero() {
		q.Where("claim_id = ?", query.Claim.String())
	}
	if !query.File.IsZero() {
		q.Where("file_id = ?", query.File.String())
	}
	if len(query.States) > 0 {
		q.Where("state IN (?)", bun.List(named(query.States)))
	}
	payouts, err := list(ctx, db, q, scanPayout)
	if err != nil {
		return page.Of[settlement.Payout]{}, fmt.Errorf("list payouts: %w", err)
	}
	return page.Cut(payouts, query.Limit, func(p settlement.Payout) string { return p.ID.String() }), nil
}

// Payout is settlement.Reader's.
func (db *DB) Payout(ctx context.Context, id settlement.PayoutID) (settlement.Payout, error) {
	return queryOne(ctx, db, scanPayout, settlement.ErrPayoutUnknown, readPayout, [16]byte(id))
}

// payoutValues are the columns of payouts that change.
type payoutValues struct {
	ids                    [][16]byte
	states, reasons        []string
	entries, returnEntries []pgtype.UUID
	paidOn, returnedOn     []pgtype.Date
}

func payoutValuesOf(payouts []settlement.Payout) payoutValues {
	type payout = settlement.Payout
	return payoutValues{
		ids:           column(payouts, func(p *payout) [16]byte { return p.ID }),
		states:        column(payouts, func(p *payout) string { return p.State.String() }),
		entries:       column(payouts, func(p *payout) pgtype.UUID { return nullable(p.Entry) }),
		returnEntries: column(payouts, func(p *payout) pgtype.UUID { return nullable(p.ReturnEntry) }),
		paidOn:        column(payouts, func(p *payout) pgtype.Date { return nullableDate(p.PaidOn) }),
		returnedOn:    column(payouts, func(p *payout) pgtype.Date { return nullableDate(p.ReturnedOn) }),
		reasons:       column(payouts, func(p *payout) string { return p.Reason }),
	}
}

func scanPayout(row pgx.CollectableRow) (settlement.Payout, error) {
	var p settlement.Payout
	var bearer, state string
	var entry, returnEntry pgtype.UUID
	var paid, returned pgtype.Int4
	err := row.Scan((*[16]byte)(&p.ID), (*[16]byte)(&p.Claim), (*[16]byte)(&p.Merchant), &p.Attempt, (*[16]byte)(&p.File), &p.Record, (*[16]byte)(&p.Account),
		(*int64)(&p.Amount), (*int64)(&p.Fee), &bearer, (*int64)(&p.Transfer), (*uint8)(&p.New), (*string)(&p.Reference), &state, &entry, &returnEntry,
		&paid, &returned, &p.Reason, &p.Version)
	p.Bearer, _ = settlement.ParseBearer(bearer)
	p.State, _ = settlement.ParsePayoutState(state)
	p.Entry, p.ReturnEntry = entry.Bytes, returnEntry.Bytes
	p.PaidOn, p.ReturnedOn = dayOf(paid), dayOf(returned)
	return p, err
}
