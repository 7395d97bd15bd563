package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/settlement"
)

// Periods is settlement.Periods on a session.
type Periods struct{ session *Session }

// Periods gives the session's periods.
func (s *Session) Periods() *Periods { return &Periods{s} }

var _ settlement.Periods = (*Periods)(nil)

const (
	periodColumns = `id, name, from_on - 'epoch'::date, until_on - 'epoch'::date, first_seq, last_seq, closed, closed_by, closed_at, created_at`
	readPeriods   = `SELECT ` + periodColumns + ` FROM periods`
	// Whoever adds or closes a period queues here. Readers and what refers to a period do not wait.
	lockPeriods = `LOCK TABLE periods IN SHARE ROW EXCLUSIVE MODE`
	addPeriod   = `INSERT INTO periods (id, name, from_on, until_on, first_seq, last_seq, closed, closed_by, closed_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`
	closePeriod = `UPDATE periods SET name = $2, first_seq = $3, last_seq = $4, closed = true, closed_by = $5, closed_at = $6 WHERE id = $1 AND NOT closed RETURNING id`

	statementColumns = `period_id, merchant_id, first_line, last_line, payments, carried_over, received, returned, granted, spent, corrected, lapsed, claimed, owed, due, hash`
	addStatements    = `INSERT INTO statements (` + statementColumns + `)
		SELECT $1, * FROM unnest($2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bytea[])`

	// $1 is the period, $2 and $3 the numbers behind and with which it begins and ends. Types of entries stand in
	// ledger.EntryType: 8 is a payment, which on the payee's line is worth delta + cashback; 10 lets points lapse, 11 and
	// 12 claim them and give them back, 16 to 19 correct, adjust and recover. A merchant earns no cashback, so a payer's
	// line has none. 7 is the kind of a receivable.
	tallyPeriod = `WITH moved AS (
			SELECT l.wallet_id AS merchant_id, min(l.no) AS first_line, max(l.no) AS last_line,
				count(*) FILTER (WHERE l.type = 8 AND l.delta + l.cashback > 0) AS payments,
				sum(l.delta + l.cashback) FILTER (WHERE l.type = 8 AND l.delta + l.cashback > 0) AS received,
				sum(l.cashback) FILTER (WHERE l.type = 8 AND l.delta + l.cashback > 0) AS returned,
				sum(l.delta) FILTER (WHERE l.type NOT IN (8, 10, 11, 12, 16, 17, 18, 19)) AS granted,
				-sum(l.delta) FILTER (WHERE l.type = 8 AND l.delta + l.cashback <= 0) AS spent,
				sum(l.delta) FILTER (WHERE l.type IN (16, 17, 18, 19)) AS corrected,
				-sum(l.delta) FILTER (WHERE l.type = 10) AS lapsed,
				-sum(l.delta) FILTER (WHERE l.type IN (11, 12)) AS claimed
			FROM entries e JOIN lines l ON l.entry_id = e.id
			WHERE e.seq > $2 AND e.seq <= $3 AND l.wallet_id IN (SELECT id FROM wallets WHERE role = 2)
			GROUP BY l.wallet_id
		), debts AS (
			SELECT side.owner AS merchant_id, sum(side.amount) AS owed
			FROM postings p JOIN entries e ON e.id = p.entry_id
			CROSS JOIN LATERAL (VALUES (p.source_kind, p.source_owner, p.amount), (p.destination_kind, p.destination_owner, -p.amount)) AS side(kind, owner, amount)
			WHERE (p.source_kind = 7 OR p.destination_kind = 7) AND side.kind = 7 AND e.seq > $2 AND e.seq <= $3
			GROUP BY side.owner
		), carried AS (
			SELECT merchant_id, due FROM statements WHERE due <> 0 AND period_id = (SELECT id FROM periods
				WHERE closed AND from_on < coalesce((SELECT from_on FROM periods WHERE id = $1), 'infinity') ORDER BY from_on DESC LIMIT 1)
		)
		SELECT $1::uuid, w.id, coalesce(first_line, 0), coalesce(last_line, 0), coalesce(payments, 0), coalesce(due, 0), coalesce(received, 0)::bigint,
			coalesce(returned, 0)::bigint, coalesce(granted, 0)::bigint, coalesce(spent, 0)::bigint, coalesce(corrected, 0)::bigint,
			coalesce(lapsed, 0)::bigint, coalesce(claimed, 0)::bigint, coalesce(owed, 0)::bigint, 0::bigint, NULL::bytea
		FROM wallets w LEFT JOIN moved m ON m.merchant_id = w.id LEFT JOIN debts d ON d.merchant_id = w.id LEFT JOIN carried c ON c.merchant_id = w.id
		WHERE w.role = 2 AND (m.merchant_id IS NOT NULL OR d.merchant_id IS NOT NULL OR c.merchant_id IS NOT NULL) ORDER BY w.id`
	// The walk begins at the newest entry. Periods are closed soon after they end, so it is short.
	readLastBefore = `SELECT seq FROM entries WHERE at < $1 ORDER BY seq DESC LIMIT 1`
)

// tuneTally lets the sums of a whole period stay in memory. Compiling the query would take longer than it saves.
var tuneTally = []string{`SET LOCAL work_mem = '64MB'`, `SET LOCAL jit = off`}

// Lock is settlement.Periods'.
func (p *Periods) Lock(ctx context.Context) ([]settlement.Period, error) {
	p.session.write(lockPeriods)
	periods, err := readMany(ctx, p.session, scanPeriod, readPeriods+` ORDER BY from_on`)
	if err != nil {
		return nil, fmt.Errorf("lock periods: %w", err)
	}
	return periods, nil
}

// Add is settlement.Periods'.
func (p *Periods) Add(_ context.Context, period settlement.Period) error {
	p.session.write(addPeriod, [16]byte(period.ID), period.Name, date(period.From), date(period.Until), period.FirstSeq, period.LastSeq,
		period.Closed, nullable(period.ClosedBy), nullableTime(period.ClosedAt), period.CreatedAt)
	return nil
}

// Close is settlement.Periods'.
func (p *Periods) Close(ctx context.Context, period settlement.Period, statements []settlement.Statement) error {
	figures := func(of func(*settlement.Statement) int64) []int64 { return column(statements, of) }
	type statement = settlement.Statement
	p.session.write(addStatements, [16]byte(period.ID), column(statements, func(s *statement) [16]byte { return s.Merchant }),
		figures(func(s *statement) int64 { return s.FirstLine }), figures(func(s *statement) int64 { return s.LastLine }),
		figures(func(s *statement) int64 { return s.Payments }), figures(func(s *statement) int64 { return int64(s.CarriedOver) }),
		figures(func(s *statement) int64 { return int64(s.Received) }), figures(func(s *statement) int64 { return int64(s.Returned) }),
		figures(func(s *statement) int64 { return int64(s.Granted) }), figures(func(s *statement) int64 { return int64(s.Spent) }),
		figures(func(s *statement) int64 { return int64(s.Corrected) }), figures(func(s *statement) int64 { return int64(s.Lapsed) }),
		figures(func(s *statement) int64 { return int64(s.Claimed) }), figures(func(s *statement) int64 { return int64(s.Owed) }),
		figures(func(s *statement) int64 { return int64(s.Due) }), column(statements, func(s *statement) []byte { return s.Hash[:] }))
	err := p.session.changes(ctx, 1, settlement.ErrPeriodClosed, closePeriod, [16]byte(period.ID), period.Name, period.FirstSeq, period.LastSeq,
		nullable(period.ClosedBy), nullableTime(period.ClosedAt))
	if err != nil {
		return fmt.Errorf("close period %s: %w", period.ID, err)
	}
	return nil
}

// Tally is settlement.Periods'. It reads what is committed and locks nothing, so payments go on.
func (p *Periods) Tally(ctx context.Context, period settlement.PeriodID, first, last int64) ([]settlement.Statement, error) {
	for _, tune := range tuneTally {
		p.session.write(tune)
	}
	statements, err := readMany(ctx, p.session, scanTally, tallyPeriod, [16]byte(period), first, last)
	if err != nil {
		return nil, fmt.Errorf("tally period %s: %w", period, err)
	}
	return statements, nil
}

// LastBefore is settlement.Periods'.
func (p *Periods) LastBefore(ctx context.Context, moment time.Time, settled int64) (int64, error) {
	found, err := readMany(ctx, p.session, pgx.RowTo[int64], readLastBefore, moment)
	if err != nil {
		return 0, fmt.Errorf("last entry before %s: %w", moment, err)
	}
	last := append(found, 0)[0]
	if last > settled {
		return 0, settlement.ErrPeriodUnsettled
	}
	return last, nil
}

// Horizon gives the horizon of the journal. Each process keeps its own, since it remembers what it waits for.
func (db *DB) Horizon() settlement.Horizon { return db.Seals() }

func scanPeriod(row pgx.CollectableRow) (settlement.Period, error) {
	var p settlement.Period
	var by pgtype.UUID
	var at pgtype.Timestamptz
	err := row.Scan((*[16]byte)(&p.ID), &p.Name, (*int32)(&p.From), (*int32)(&p.Until), &p.FirstSeq, &p.LastSeq, &p.Closed, &by, &at, &p.CreatedAt)
	p.ClosedBy, p.ClosedAt, p.CreatedAt = by.Bytes, instant(at), p.CreatedAt.UTC()
	return p, err
}

func scanStatement(row pgx.CollectableRow) (settlement.Statement, error) {
	return scanStatementBehind(row)
}

// scanStatementBehind reads a statement behind columns of another table.
func scanStatementBehind(row pgx.CollectableRow, others ...any) (settlement.Statement, error) {
	var s settlement.Statement
	var hash []byte
	err := row.Scan(append(others, (*[16]byte)(&s.Period), (*[16]byte)(&s.Merchant), &s.FirstLine, &s.LastLine, &s.Payments, (*int64)(&s.CarriedOver),
		(*int64)(&s.Received), (*int64)(&s.Returned), (*int64)(&s.Granted), (*int64)(&s.Spent), (*int64)(&s.Corrected), (*int64)(&s.Lapsed),
		(*int64)(&s.Claimed), (*int64)(&s.Owed), (*int64)(&s.Due), &hash)...)
	copy(s.Hash[:], hash) // one of another length was forged, and will not be found right
	return s, err
}

// scanTally reads sums, whose due is what they come to.
func scanTally(row pgx.CollectableRow) (settlement.Statement, error) {
	s, err := scanStatement(row)
	s.Due = s.Sum()
	return s, err
}
