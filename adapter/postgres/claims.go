package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/samber/lo"
	"github.com/uptrace/bun"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
)

// Claims is settlement.Claims on a session. Its payouts, files and accounts are in files of their own.
type Claims struct{ session *Session }

// Claims gives the session's claims.
func (s *Session) Claims() *Claims { return &Claims{s} }

var _ settlement.Claims = (*Claims)(nil)

const (
	claimColumns = `id, no, period_id, merchant_id, amount, state, entry_id, parts, offsets, claimed_by, claimed_at, confirmed_by, confirmed_at, approved_by, approved_at, ended_at, reason, created_at, version`
	readClaims   = `SELECT ` + claimColumns + ` FROM claims`
	readClaim    = readClaims + ` WHERE id = $1`
	lockClaims   = readClaims + ` WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`
	// A merchant's claims are few, so they are found by the merchant; else the states find them.
	lockClaimsIn         = readClaims + ` WHERE state = ANY($1::text[]) ORDER BY id LIMIT $2 FOR NO KEY UPDATE`
	lockMerchantClaimsIn = readClaims + ` WHERE state = ANY($1::text[]) AND merchant_id = $3 ORDER BY id LIMIT $2 FOR NO KEY UPDATE`
	addClaims            = `INSERT INTO claims (id, period_id, merchant_id, amount, state, entry_id, parts, offsets, claimed_by, claimed_at, confirmed_by, confirmed_at, approved_by, approved_at, ended_at, reason, created_at)
		SELECT id, period_id, merchant_id, amount, state, entry_id, parts::jsonb, offsets::jsonb, claimed_by, claimed_at, confirmed_by, confirmed_at, approved_by, approved_at, ended_at, reason, created_at
		FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::uuid[], $7::text[], $8::text[], $9::uuid[], $10::timestamptz[], $11::uuid[], $12::timestamptz[], $13::uuid[], $14::timestamptz[], $15::timestamptz[], $16::text[], $17::timestamptz[])
		WITH ORDINALITY AS c(id, period_id, merchant_id, amount, state, entry_id, parts, offsets, claimed_by, claimed_at, confirmed_by, confirmed_at, approved_by, approved_at, ended_at, reason, created_at, place) ORDER BY place`
	saveClaims = `UPDATE claims SET amount = c.amount, state = c.state, entry_id = c.entry_id, parts = c.parts::jsonb, offsets = c.offsets::jsonb,
			claimed_by = c.claimed_by, claimed_at = c.claimed_at, confirmed_by = c.confirmed_by, confirmed_at = c.confirmed_at,
			approved_by = c.approved_by, approved_at = c.approved_at, ended_at = c.ended_at, reason = c.reason, version = claims.version + 1
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::text[], $5::uuid[], $6::text[], $7::text[], $8::uuid[], $9::timestamptz[], $10::uuid[], $11::timestamptz[], $12::uuid[], $13::timestamptz[], $14::timestamptz[], $15::text[])
		AS c(id, version, amount, state, entry_id, parts, offsets, claimed_by, claimed_at, confirmed_by, confirmed_at, approved_by, approved_at, ended_at, reason)
		WHERE claims.id = c.id AND claims.version = c.version RETURNING claims.id`
	// Lines of claims and of what came back are few, and have an index of their own.
	sumClaimedSince = `SELECT l.wallet_id, -sum(l.delta)::bigint FROM lines l JOIN entries e ON e.id = l.entry_id
		WHERE l.wallet_id = ANY($1::uuid[]) AND l.type IN (11, 12) AND e.seq > $2 GROUP BY l.wallet_id`
)

// AddClaims is settlement.Claims'.
func (c *Claims) AddClaims(_ context.Context, claims []settlement.Claim) error {
	if len(claims) == 0 {
		return nil
	}
	v, err := claimValuesOf(claims)
	if err != nil {
		return err
	}
	c.session.write(addClaims, v.ids, column(claims, func(c *settlement.Claim) [16]byte { return c.Period }),
		column(claims, func(c *settlement.Claim) [16]byte { return c.Merchant }), v.amounts, v.states, v.entries, v.parts, v.offsets, v.claimedBy, v.claimedAt,
		v.confirmedBy, v.confirmedAt, v.approvedBy, v.approvedAt, v.endedAt, v.reasons, column(claims, func(c *settlement.Claim) time.Time { return c.CreatedAt }))
	return nil
}

// LockClaims is settlement.Claims'.
func (c *Claims) LockClaims(ctx context.Context, ids []settlement.ClaimID) ([]settlement.Claim, error) {
	claims, err := readMany(ctx, c.session, scanClaim, lockClaims, uuids(ids))
	if err != nil {
		return nil, fmt.Errorf("lock %d claims: %w", len(ids), err)
	}
	return claims, nil
}

// LockState is settlement.Claims'.
func (c *Claims) LockState(ctx context.Context, merchant ledger.WalletID, states []settlement.ClaimState, limit int) ([]settlement.Claim, error) {
	sql, args := lockClaimsIn, []any{named(states), limit}
	if !merchant.IsZero() {
		sql, args = lockMerchantClaimsIn, append(args, [16]byte(merchant))
	}
	claims, err := readMany(ctx, c.session, scanClaim, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("lock claims in %v: %w", states, err)
	}
	return claims, nil
}

// SaveClaims is settlement.Claims'.
func (c *Claims) SaveClaims(ctx context.Context, claims []settlement.Claim) error {
	if len(claims) == 0 {
		return nil
	}
	v, err := claimValuesOf(claims)
	if err != nil {
		return err
	}
	err = c.session.changes(ctx, len(claims), settlement.ErrClaimChanged, saveClaims, v.ids, v.versions, v.amounts, v.states, v.entries, v.parts, v.offsets,
		v.claimedBy, v.claimedAt, v.confirmedBy, v.confirmedAt, v.approvedBy, v.approvedAt, v.endedAt, v.reasons)
	if err != nil {
		return fmt.Errorf("save %d claims: %w", len(claims), err)
	}
	return nil
}

// ClaimedSince is settlement.Claims'.
func (c *Claims) ClaimedSince(ctx context.Context, merchants []ledger.WalletID, seq int64) (map[ledger.WalletID]money.Points, error) {
	claimed := map[ledger.WalletID]money.Points{}
	err := c.session.read(ctx, func(rows pgx.Rows) error {
		var merchant ledger.WalletID
		var amount int64
		_, err := pgx.ForEachRow(rows, []any{(*[16]byte)(&merchant), &amount}, func() error {
			claimed[merchant] = money.Points(amount)
			return nil
		})
		return err
	}, sumClaimedSince, uuids(merchants), seq)
	if err != nil {
		return nil, fmt.Errorf("sum claims of %d merchants: %w", len(merchants), err)
	}
	return claimed, nil
}

// Claims is settlement.Reader's.
func (db *DB) Claims(ctx context.Context, query settlement.ClaimQuery) (page.Of[settlement.Claim], error) {
	before, err := beforeID[settlement.Claim](query.After)
	if err != nil {
		return page.Of[settlement.Claim]{}, err
	}
	q := db.bun.NewSelect().TableExpr("claims").ColumnExpr(claimColumns).Where("id < ?", before.String()).OrderBy("id", bun.OrderDesc).Limit(int64(query.Limit) + 1)
	if !query.Merchant.IsZero() {
		q.Where("merchant_id = ?", query.Merchant.String())
	}
	if !query.Period.IsZero() {
		q.Where("period_id = ?", query.Period.String())
	}
	if len(query.States) > 0 {
		q.Where("state IN (?)", bun.List(named(query.States)))
	}
	claims, err := list(ctx, db, q, scanClaim)
	if err != nil {
		return page.Of[settlement.Claim]{}, fmt.Errorf("list claims: %w", err)
	}
	return page.Cut(claims, query.Limit, func(c settlement.Claim) string { return c.ID.String() }), nil
}

// Claim is settlement.Reader's.
func (db *DB) Claim(ctx context.Context, id settlement.ClaimID) (settlement.Claim, error) {
	return queryOne(ctx, db, scanClaim, settlement.ErrClaimUnknown, readClaim, [16]byte(id))
}

// named gives the names of states, as they are stored.
func named[S fmt.Stringer](states []S) []string {
	return lo.Map(states, func(s S, _ int) string { return s.String() })
}

// claimValues are the columns of claims that change.
type claimValues struct {
	ids                                         [][16]byte
	versions, amounts                           []int64
	states, parts, offsets, reasons             []string
	entries, claimedBy, confirmedBy, approvedBy []pgtype.UUID
	claimedAt, confirmedAt, approvedAt, endedAt []pgtype.Timestamptz
}

func claimValuesOf(claims []settlement.Claim) (claimValues, error) {
	type claim = settlement.Claim
	var failed error
	backed := func(parts []ledger.Backed) string {
		text, err := encodeBacked(parts)
		if err != nil {
			failed = err
		}
		return text
	}
	v := claimValues{
		ids:         column(claims, func(c *claim) [16]byte { return c.ID }),
		versions:    column(claims, func(c *claim) int64 { return c.Version }),
		amounts:     column(claims, func(c *claim) int64 { return int64(c.Amount) }),
		states:      column(claims, func(c *claim) string { return c.State.String() }),
		entries:     column(claims, func(c *claim) pgtype.UUID { return nullable(c.Entry) }),
		parts:       column(claims, func(c *claim) string { return backed(c.Parts) }),
		offsets:     column(claims, func(c *claim) string { return backed(c.Offset) }),
		claimedBy:   column(claims, func(c *claim) pgtype.UUID { return nullable(c.ClaimedBy) }),
		claimedAt:   column(claims, func(c *claim) pgtype.Timestamptz { return nullableTime(c.ClaimedAt) }),
		confirmedBy: column(claims, func(c *claim) pgtype.UUID { return nullable(c.ConfirmedBy) }),
		confirmedAt: column(claims, func(c *claim) pgtype.Timestamptz { return nullableTime(c.ConfirmedAt) }),
		approvedBy:  column(claims, func(c *claim) pgtype.UUID { return nullable(c.ApprovedBy) }),
		approvedAt:  column(claims, func(c *claim) pgtype.Timestamptz { return nullableTime(c.ApprovedAt) }),
		endedAt:     column(claims, func(c *claim) pgtype.Timestamptz { return nullableTime(c.EndedAt) }),
		reasons:     column(claims, func(c *claim) string { return c.Reason }),
	}
	return v, failed
}

// backedPart is an amount of one fund in a JSON column.
type backedPart struct {
	Fund   lot.FundCode `json:"fund"`
	Amount money.Points `json:"amount"`
}

func encodeBacked(parts []ledger.Backed) (string, error) {
	text, err := json.Marshal(lo.Map(parts, func(b ledger.Backed, _ int) backedPart { return backedPart(b) }))
	if err != nil {
		return "", fmt.Errorf("encode parts: %w", err)
	}
	return string(text), nil
}

func decodeBacked(text []byte) ([]ledger.Backed, error) {
	var parts []backedPart
	if err := json.Unmarshal(text, &parts); err != nil {
		return nil, fmt.Errorf("decode parts: %w", err)
	}
	if len(parts) == 0 {
		return nil, nil
	}
	return lo.Map(parts, func(b backedPart, _ int) ledger.Backed { return ledger.Backed(b) }), nil
}

func scanClaim(row pgx.CollectableRow) (settlement.Claim, error) {
	var c settlement.Claim
	var state string
	var parts, offsets []byte
	var entry, claimedBy, confirmedBy, approvedBy pgtype.UUID
	var claimedAt, confirmedAt, approvedAt, endedAt pgtype.Timestamptz
	err := row.Scan((*[16]byte)(&c.ID), &c.No, (*[16]byte)(&c.Period), (*[16]byte)(&c.Merchant), (*int64)(&c.Amount), &state, &entry, &parts, &offsets,
		&claimedBy, &claimedAt, &confirmedBy, &confirmedAt, &approvedBy, &approvedAt, &endedAt, &c.Reason, &c.CreatedAt, &c.Version)
	if err != nil {
		return c, err
	}
	c.State, _ = settlement.ParseClaimState(state)
	c.Entry, c.ClaimedBy, c.ConfirmedBy, c.ApprovedBy = entry.Bytes, claimedBy.Bytes, confirmedBy.Bytes, approvedBy.Bytes
	c.ClaimedAt, c.ConfirmedAt, c.ApprovedAt, c.EndedAt = instant(claimedAt), instant(confirmedAt), instant(approvedAt), instant(endedAt)
	c.CreatedAt = c.CreatedAt.UTC()
	if c.Parts, err = decodeBacked(parts); err != nil {
		return c, err
	}
	c.Offset, err = decodeBacked(offsets)
	return c, err
}
