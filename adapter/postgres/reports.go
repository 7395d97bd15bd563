package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/report"
)

// Reports is report.Journal and report.Shelf: sums over the journal, and what was kept of them.
type Reports struct{ db *DB }

// Reports gives the reader of reports.
func (db *DB) Reports() *Reports { return &Reports{db} }

// Archive is report.Archive on a session.
type Archive struct{ session *Session }

// Archive gives the session's archive.
func (s *Session) Archive() *Archive { return &Archive{s} }

var (
	_ report.Journal = (*Reports)(nil)
	_ report.Shelf   = (*Reports)(nil)
	_ report.Archive = (*Archive)(nil)
)

// The sums. What a posting moved is summed by lot first, since those are few beside postings, and they know of what
// kind their points are, whose wallet they are in and when they lapse. Cashback is told from what it was returned of by
// its hops: what a payment passes on has at least one.
const (
	sumMovements = `SELECT l.fund, l.kind, l.paid, w.role, s.type, s.returned, s.booked, width_bucket(l.expires_on, $2::date[]), sum(s.amount)::bigint
		FROM (
			SELECT side.lot, e.type, e.type = 8 AND p.hops = 0 AS returned, width_bucket(e.at, $1::timestamptz[]) AS booked, sum(side.amount) AS amount
			FROM entries e JOIN postings p ON p.entry_id = e.id
			CROSS JOIN LATERAL (VALUES (p.destination_lot, p.amount), (p.source_lot, -p.amount)) side (lot, amount)
			WHERE e.at < $3 AND e.seq <= $4 AND side.lot IS NOT NULL GROUP BY 1, 2, 3, 4
		) s JOIN lots l ON l.id = s.lot JOIN wallets w ON w.id = l.wallet_id
		GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 HAVING sum(s.amount) <> 0 ORDER BY 1, 2, 3, 4, 5, 6, 7, 8`
	sumFlows = `WITH late AS MATERIALIZED (SELECT id FROM entries WHERE seq > $3 AND at < $2)
		SELECT fund, true, 0, source_kind, destination_kind, sum(amount)::bigint FROM postings
		WHERE at < least($1::timestamptz, $2) AND (source_kind <> 5 OR destination_kind <> 5) AND entry_id NOT IN (SELECT id FROM late)
		GROUP BY 1, 4, 5
		UNION ALL
		SELECT p.fund, false, e.type, p.source_kind, p.destination_kind, sum(p.amount)::bigint FROM postings p JOIN entries e ON e.id = p.entry_id
		WHERE p.at >= $1 AND p.at < $2 AND (p.source_kind <> 5 OR p.destination_kind <> 5) AND p.entry_id NOT IN (SELECT id FROM late)
		GROUP BY 1, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5`
	countLate = `SELECT count(*) FROM entries WHERE seq > $1 AND at < $2`
)

// The frozen reports.
const (
	frozenColumns = `SELECT kind, day - 'epoch'::date, last_seq, content::text, sha256, made_by, made_at FROM frozen_reports WHERE kind = $1`
	readFrozen    = frozenColumns + ` AND day = $2`
	readShelved   = frozenColumns + ` ORDER BY day DESC LIMIT $2`
	keepFrozen    = `INSERT INTO frozen_reports (kind, day, last_seq, content, sha256, made_by, made_at) VALUES ($1, $2, $3, $4::json, $5, $6, $7)
		ON CONFLICT (kind, day) DO NOTHING RETURNING true`
)

// Movements is report.Journal's.
func (r *Reports) Movements(ctx context.Context, cuts report.Cuts, until report.Mark) ([]report.Movement, error) {
	moments, days := append([]time.Time{}, cuts.Moments...), make([]pgtype.Date, len(cuts.Days)) // never null
	for i, day := range cuts.Days {
		days[i] = date(day)
	}
	movements, err := summed(ctx, r.db, func(row pgx.CollectableRow) (m report.Movement, err error) {
		var entryType ledger.EntryType
		var returned bool
		err = row.Scan((*string)(&m.Fund), (*string)(&m.Kind), &m.Paid, (*uint8)(&m.Holder), (*uint8)(&entryType), &returned, &m.Booked, &m.Expires, (*int64)(&m.Amount))
		m.Act = report.ActOf(entryType, returned)
		return m, err
	}, sumMovements, moments, days, until.Before, seqMax(until))
	if err != nil {
		return nil, fmt.Errorf("sum movements: %w", err)
	}
	return movements, nil
}

// Flows is report.Journal's.
func (r *Reports) Flows(ctx context.Context, from time.Time, until report.Mark) ([]report.Flow, error) {
	flows, err := summed(ctx, r.db, func(row pgx.CollectableRow) (f report.Flow, err error) {
		err = row.Scan((*string)(&f.Fund), &f.Earlier, (*uint8)(&f.Type), (*uint8)(&f.Source), (*uint8)(&f.Destination), (*int64)(&f.Amount))
		return f, err
	}, sumFlows, from, until.Before, seqMax(until))
	if err != nil {
		return nil, fmt.Errorf("sum flows: %w", err)
	}
	return flows, nil
}

// summed runs a statement that reads the journal whole, in a transaction of its own that may take room for that.
func summed[R any](ctx context.Context, db *DB, scan pgx.RowToFunc[R], sql string, args ...any) (sums []R, err error) {
	err = pgx.BeginTxFunc(ctx, db.pool, pgx.TxOptions{AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, tuneReading, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		sums, err = pgx.CollectRows(rows, scan)
		return err
	})
	return sums, err
}

// Late is report.Journal's.
func (r *Reports) Late(ctx context.Context, until report.Mark) (late int64, err error) {
	if err = r.db.pool.QueryRow(ctx, countLate, seqMax(until), until.Before).Scan(&late); err != nil {
		return 0, fmt.Errorf("count late entries: %w", err)
	}
	return late, nil
}

func seqMax(until report.Mark) int64 {
	if until.Seq == 0 {
		return math.MaxInt64
	}
	return until.Seq
}

// Frozen is report.Shelf's.
func (r *Reports) Frozen(ctx context.Context, kind report.Kind, day calendar.Day) (report.Frozen, error) {
	rows, err := r.db.pool.Query(ctx, readFrozen, string(kind), date(day))
	if err != nil {
		return report.Frozen{}, fmt.Errorf("read report of %s: %w", day, err)
	}
	frozen, err := pgx.CollectExactlyOneRow(rows, scanFrozen)
	if errors.Is(err, pgx.ErrNoRows) {
		return report.Frozen{}, report.ErrUnknown
	}
	if err != nil {
		return report.Frozen{}, fmt.Errorf("read report of %s: %w", day, err)
	}
	return frozen, nil
}

// Shelved is report.Shelf's.
func (r *Reports) Shelved(ctx context.Context, kind report.Kind) ([]report.Frozen, error) {
	rows, err := r.db.pool.Query(ctx, readShelved, string(kind), report.ShelvedMax)
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	shelved, err := pgx.CollectRows(rows, scanFrozen)
	if err != nil {
		return nil, fmt.Errorf("list reports: %w", err)
	}
	return shelved, nil
}

// Keep is report.Archive's. Whoever keeps the same at the same time is waited for.
func (a *Archive) Keep(ctx context.Context, f report.Frozen) (kept bool, err error) {
	err = a.session.read(ctx, func(rows pgx.Rows) error {
		kept = rows.Next()
		return rows.Err()
	}, keepFrozen, string(f.Kind), date(f.Day), f.LastSeq, string(f.Content), f.SHA256[:], nullable(f.MadeBy), f.MadeAt)
	if err != nil {
		return false, fmt.Errorf("keep report of %s: %w", f.Day, err)
	}
	return kept, nil
}

func scanFrozen(row pgx.CollectableRow) (report.Frozen, error) {
	var f report.Frozen
	var content string
	var hash []byte
	var madeBy pgtype.UUID
	err := row.Scan((*string)(&f.Kind), (*int32)(&f.Day), &f.LastSeq, &content, &hash, &madeBy, &f.MadeAt)
	f.Content, f.MadeBy, f.MadeAt = []byte(content), madeBy.Bytes, f.MadeAt.UTC()
	copy(f.SHA256[:], hash)
	return f, err
}
