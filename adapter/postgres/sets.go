package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/calendar"
)

// column takes one column out of rows, as unnest wants it. It is never nil, which SQL would take for an unknown set.
func column[R, C any](rows []R, of func(*R) C) []C {
	values := make([]C, len(rows))
	for i := range rows {
		values[i] = of(&rows[i])
	}
	return values
}

// readMany sends what is held back, then a query, and collects its rows.
func readMany[T any](ctx context.Context, s *Session, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	var found []T
	err := s.read(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scan)
		return err
	}, sql, args...)
	return found, err
}

// queryMany collects the rows of a query outside of units.
func queryMany[T any](ctx context.Context, db *DB, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := db.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}

// changes sends a statement that returns a row for each row it changed, and returns otherwise where there are not n of
// them. The answer is waited for: behind the commit it would come too late.
func (s *Session) changes(ctx context.Context, n int, otherwise error, sql string, args ...any) error {
	changed := 0
	err := s.read(ctx, func(rows pgx.Rows) error {
		for rows.Next() {
			changed++
		}
		return rows.Err()
	}, sql, args...)
	if err == nil && changed != n {
		return otherwise
	}
	return err
}

// nullableDate gives a day that SQL sees as null when it is zero.
func nullableDate(day calendar.Day) pgtype.Date {
	d := date(day)
	d.Valid = day != 0
	return d
}
