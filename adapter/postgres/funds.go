package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
)

// Treasury is fund.Treasury on a session.
type Treasury struct{ session *Session }

// Treasury gives the session's treasury.
func (s *Session) Treasury() *Treasury { return &Treasury{s} }

var (
	_ fund.Treasury = (*Treasury)(nil)
	_ fund.Reader   = (*DB)(nil)
)

const (
	readFunds = `SELECT code, name, note, created_at, closed_at, version FROM funds`
	readFund  = readFunds + ` WHERE code = $1`
	addFund   = `INSERT INTO funds (code, name, note, created_at, closed_at, version) VALUES ($1, $2, $3, $4, $5, 1) ON CONFLICT (code) DO NOTHING RETURNING code`
	saveFund  = `UPDATE funds SET name = $3, note = $4, closed_at = $5, version = version + 1 WHERE code = $1 AND version = $2 RETURNING code`
)

// Add is fund.Treasury's.
func (t *Treasury) Add(ctx context.Context, f fund.Fund) error {
	added, err := t.wrote(ctx, addFund, string(f.Code), f.Name, f.Note, f.OpenedAt, nullableTime(f.ClosedAt))
	if err == nil && !added {
		return fund.ErrTaken.At("code")
	}
	return err
}

// Get is fund.Treasury's.
func (t *Treasury) Get(ctx context.Context, code fund.Code) (fund.Fund, error) {
	var funds []fund.Fund
	err := t.session.read(ctx, func(rows pgx.Rows) (err error) {
		funds, err = pgx.CollectRows(rows, scanFund)
		return err
	}, readFund, string(code))
	return oneFund(funds, code, err)
}

// Save is fund.Treasury's.
func (t *Treasury) Save(ctx context.Context, f fund.Fund) error {
	saved, err := t.wrote(ctx, saveFund, string(f.Code), f.Version, f.Name, f.Note, nullableTime(f.ClosedAt))
	if err != nil || saved {
		return err
	}
	if _, err := t.Get(ctx, f.Code); err != nil {
		return err
	}
	return fund.ErrChanged
}

// wrote sends a statement that returns the code of the fund that it wrote, if it wrote one.
func (t *Treasury) wrote(ctx context.Context, sql string, args ...any) (bool, error) {
	wrote := false
	err := t.session.read(ctx, func(rows pgx.Rows) error {
		wrote = rows.Next()
		return rows.Err()
	}, sql, args...)
	if err != nil {
		return false, fmt.Errorf("write fund %s: %w", args[0], err)
	}
	return wrote, nil
}

// Funds is fund.Reader's.
func (db *DB) Funds(ctx context.Context) ([]fund.Fund, error) {
	rows, err := db.pool.Query(ctx, readFunds+` ORDER BY code`)
	if err != nil {
		return nil, fmt.Errorf("read funds: %w", err)
	}
	funds, err := pgx.CollectRows(rows, scanFund)
	if err != nil {
		return nil, fmt.Errorf("read funds: %w", err)
	}
	return funds, nil
}

// Fund is fund.Reader's.
func (db *DB) Fund(ctx context.Context, code fund.Code) (fund.Fund, error) {
	rows, err := db.pool.Query(ctx, readFund, string(code))
	if err != nil {
		return fund.Fund{}, fmt.Errorf("read fund %s: %w", code, err)
	}
	funds, err := pgx.CollectRows(rows, scanFund)
	return oneFund(funds, code, err)
}

func oneFund(funds []fund.Fund, code fund.Code, err error) (fund.Fund, error) {
	switch {
	case err != nil:
		return fund.Fund{}, fmt.Errorf("read fund %s: %w", code, err)
	case len(funds) == 0:
		return fund.Fund{}, ledger.ErrFundUnknown
	}
	return funds[0], nil
}

func scanFund(row pgx.CollectableRow) (fund.Fund, error) {
	var f fund.Fund
	var closed pgtype.Timestamptz
	err := row.Scan((*string)(&f.Code), &f.Name, &f.Note, &f.OpenedAt, &closed, &f.Version)
	f.ClosedAt = closed.Time
	return f, err
}
