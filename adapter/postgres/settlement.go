package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
)

var _ settlement.Reader = (*DB)(nil)

const (
	listPeriods  = readPeriods + ` WHERE from_on < $1 ORDER BY from_on DESC LIMIT $2`
	readPeriod   = readPeriods + ` WHERE id = $1`
	readEntrySeq = `SELECT seq FROM entries WHERE id = $1`
	readPeriodOf = readPeriods + ` WHERE closed AND first_seq < $1 AND last_seq >= $1`

	readStatements   = `SELECT ` + statementColumns + ` FROM statements`
	listStatements   = readStatements + ` WHERE period_id = $1 AND merchant_id > $2 ORDER BY merchant_id LIMIT $3`
	readStatement    = readStatements + ` WHERE period_id = $1 AND merchant_id = $2`
	listStatementsOf = `SELECT p.from_on - 'epoch'::date, ` + statementColumns + ` FROM statements JOIN periods p ON p.id = period_id
		WHERE merchant_id = $1 AND p.from_on < $2 ORDER BY p.from_on DESC LIMIT $3`
	readStatementLines = `SELECT ` + lineColumns + ` FROM lines WHERE wallet_id = $1 AND no > $2 AND no <= $3 ORDER BY no LIMIT $4`
)

// beforeDay reads a cursor of a list of days, newest first.
func beforeDay(after string) (calendar.Day, error) {
	if after == "" {
		return calendar.Never, nil
	}
	day, err := calendar.ParseDay(after)
	if err != nil {
		return 0, page.ErrCursor
	}
	return day, nil
}

// beforeID reads a cursor of a list by identifier, newest first: identifiers are given in the order of their making.
func beforeID[K any](after string) (ident.ID[K], error) {
	if after == "" {
		var last ident.ID[K]
		for i := range last {
			last[i] = 0xff
		}
		return last, nil
	}
	id, err := ident.Parse[K](after)
	if err != nil {
		return id, page.ErrCursor
	}
	return id, nil
}

// Periods is settlement.Reader's.
func (db *DB) Periods(ctx context.Context, after string, limit int) (page.Of[settlement.Period], error) {
	before, err := beforeDay(after)
	if err != nil {
		return page.Of[settlement.Period]{}, err
	}
	periods, err := queryMany(ctx, db, scanPeriod, listPeriods, date(before), limit+1)
	if err != nil {
		return page.Of[settlement.Period]{}, fmt.Errorf("list periods: %w", err)
	}
	return page.Cut(periods, limit, func(p settlement.Period) string { return p.From.String() }), nil
}

// Period is settlement.Reader's.
func (db *DB) Period(ctx context.Context, id settlement.PeriodID) (settlement.Period, error) {
	return queryOne(ctx, db, scanPeriod, settlement.ErrPeriodUnknown, readPeriod, [16]byte(id))
}

// PeriodOf is settlement.Reader's.
func (db *DB) PeriodOf(ctx context.Context, entry ledger.EntryID) (settlement.Period, bool, error) {
	seq, err := queryOne(ctx, db, pgx.RowTo[int64], ledger.ErrEntryUnknown, readEntrySeq, [16]byte(entry))
	if err != nil {
		return settlement.Period{}, false, err
	}
	period, err := queryOne(ctx, db, scanPeriod, settlement.ErrPeriodUnknown, readPeriodOf, seq)
	if errors.Is(err, settlement.ErrPeriodUnknown) {
		return settlement.Period{}, false, nil
	}
	return period, err == nil, err
}

// Statements is settlement.Reader's.
func (db *DB) Statements(ctx context.Context, period settlement.PeriodID, after string, limit int) (page.Of[settlement.Statement], error) {
	var last ledger.WalletID
	if after != "" {
		if err := last.UnmarshalText([]byte(after)); err != nil {
			return page.Of[settlement.Statement]{}, page.ErrCursor
		}
	}
	statements, err := queryMany(ctx, db, scanStatement, listStatements, [16]byte(period), [16]byte(last), limit+1)
	if err != nil {
		return page.Of[settlement.Statement]{}, fmt.Errorf("list statements of period %s: %w", period, err)
	}
	return page.Cut(statements, limit, func(s settlement.Statement) string { return s.Merchant.String() }), nil
}

// StatementsOf is settlement.Reader's.
func (db *DB) StatementsOf(ctx context.Context, merchant ledger.WalletID, after string, limit int) (page.Of[settlement.Statement], error) {
	before, err := beforeDay(after)
	if err != nil {
		return page.Of[settlement.Statement]{}, err
	}
	begins := map[settlement.PeriodID]calendar.Day{}
	statements, err := queryMany(ctx, db, func(row pgx.CollectableRow) (settlement.Statement, error) {
		var from calendar.Day
		s, err := scanStatementBehind(row, (*int32)(&from))
		begins[s.Period] = from
		return s, err
	}, listStatementsOf, [16]byte(merchant), date(before), limit+1)
	if err != nil {
		return page.Of[settlement.Statement]{}, fmt.Errorf("list statements of wallet %s: %w", merchant, err)
	}
	return page.Cut(statements, limit, func(s settlement.Statement) string { return begins[s.Period].String() }), nil
}

// Statement is settlement.Reader's.
func (db *DB) Statement(ctx context.Context, period settlement.PeriodID, merchant ledger.WalletID) (settlement.Statement, error) {
	return queryOne(ctx, db, scanStatement, settlement.ErrStatementUnknown, readStatement, [16]byte(period), [16]byte(merchant))
}

// Recompute is settlement.Reader's.
func (db *DB) Recompute(ctx context.Context, period settlement.Period) ([]settlement.Statement, error) {
	var statements []settlement.Statement
	err := pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for _, tune := range tuneTally {
			if _, err := tx.Exec(ctx, tune); err != nil {
				return err
			}
		}
		rows, err := tx.Query(ctx, tallyPeriod, [16]byte(period.ID), period.FirstSeq, period.LastSeq)
		if err != nil {
			return err
		}
		statements, err = pgx.CollectRows(rows, scanTally)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("recompute period %s: %w", period.ID, err)
	}
	return statements, nil
}

// Lines is settlement.Reader's.
func (db *DB) Lines(ctx context.Context, statement settlement.Statement, after int64, limit int) ([]ledger.Line, error) {
	after = max(after, statement.FirstLine-1)
	lines, err := queryMany(ctx, db, scanLine, readStatementLines, [16]byte(statement.Merchant), after, statement.LastLine, limit)
	if err != nil {
		return nil, fmt.Errorf("read lines of statement: %w", err)
	}
	return lines, nil
}
