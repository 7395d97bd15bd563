package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
)

// Batches is fund.Batches on a session.
type Batches struct{ session *Session }

// Batches gives the session's batches.
func (s *Session) Batches() *Batches { return &Batches{s} }

var (
	_ fund.Batches     = (*Batches)(nil)
	_ fund.BatchReader = (*DB)(nil)
)

const (
	batchColumns = `id, fund, kind, expires_on - 'epoch'::date, memo, state, rows, total, done, granted, refused, created_by, created_at, ended_at`
	readBatch    = `SELECT ` + batchColumns + ` FROM batches WHERE id = $1`
	lockBatch    = readBatch + ` FOR NO KEY UPDATE`
	addBatch     = `INSERT INTO batches (id, fund, kind, expires_on, memo, state, rows, total, done, granted, refused, created_by, created_at, ended_at)
		VALUES ($1, $2, $3, 'epoch'::date + $4::int, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`
	addBatchRows = `INSERT INTO batch_rows (batch_id, no, wallet_id, amount, source, state, fault, entry_id)
		SELECT $1, * FROM unnest($2::int[], $3::uuid[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::uuid[])`
	settleBatch     = `UPDATE batches SET state = $2, done = $3, granted = $4, refused = $5, ended_at = $6 WHERE id = $1`
	settleBatchRows = `UPDATE batch_rows SET state = c.state, fault = c.fault, entry_id = c.entry_id
		FROM unnest($2::int[], $3::text[], $4::text[], $5::uuid[]) AS c(no, state, fault, entry_id) WHERE batch_id = $1 AND batch_rows.no = c.no`
	rowColumns  = `no, wallet_id, amount, source, state, fault, entry_id`
	readWaiting = `SELECT ` + rowColumns + ` FROM batch_rows WHERE batch_id = $1 AND state = 'waiting' ORDER BY no LIMIT $2`
	readRefused = `SELECT ` + rowColumns + ` FROM batch_rows WHERE batch_id = $1 AND state = 'refused' AND no > $2 ORDER BY no LIMIT $3`
	readRunning = `SELECT id FROM batches WHERE state = 'running' ORDER BY created_at, id`
	readBatches = `SELECT ` + batchColumns + ` FROM batches WHERE (created_at, id) < ($1, $2) ORDER BY created_at DESC, id DESC LIMIT $3`
)

// Add is fund.Batches'.
func (b *Batches) Add(_ context.Context, batch fund.Batch, rows []fund.Row) error {
	b.session.write(addBatch, [16]byte(batch.ID), string(batch.Fund), string(batch.Kind), int32(batch.Expires), batch.Memo, batch.State.String(),
		batch.Rows, int64(batch.Total), batch.Done, int64(batch.Granted), batch.Refused, [16]byte(batch.CreatedBy), batch.CreatedAt, nullableTime(batch.EndedAt))
	n := len(rows)
	nos, wallets, amounts, sources := make([]int32, n), make([]pgtype.UUID, n), make([]int64, n), make([]string, n)
	states, faults, entries := make([]string, n), make([]string, n), make([]pgtype.UUID, n)
	for i := range rows {
		r := &rows[i]
		nos[i], wallets[i], amounts[i], sources[i] = int32(r.No), nullable(r.Wallet), int64(r.Amount), r.Source
		states[i], faults[i], entries[i] = r.State.String(), string(r.Fault), nullable(r.Entry)
	}
	b.session.write(addBatchRows, [16]byte(batch.ID), nos, wallets, amounts, sources, states, faults, entries)
	return nil
}

// Lock is fund.Batches'.
func (b *Batches) Lock(ctx context.Context, id ledger.BatchID) (fund.Batch, error) {
	var found []fund.Batch
	err := b.session.read(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scanBatch)
		return err
	}, lockBatch, [16]byte(id))
	return oneBatch(found, id, err)
}

// Waiting is fund.Batches'.
func (b *Batches) Waiting(ctx context.Context, id ledger.BatchID, limit int) ([]fund.Row, error) {
	var waiting []fund.Row
	err := b.session.read(ctx, func(rows pgx.Rows) (err error) {
		waiting, err = pgx.CollectRows(rows, scanBatchRow)
		return err
	}, readWaiting, [16]byte(id), limit)
	if err != nil {
		return nil, fmt.Errorf("read rows of batch %s: %w", id, err)
	}
	return waiting, nil
}

// Settle is fund.Batches'.
func (b *Batches) Settle(_ context.Context, batch fund.Batch, rows []fund.Row) error {
	b.session.write(settleBatch, [16]byte(batch.ID), batch.State.String(), batch.Done, int64(batch.Granted), batch.Refused, nullableTime(batch.EndedAt))
	n := len(rows)
	if n == 0 {
		return nil
	}
	nos, states, faults, entries := make([]int32, n), make([]string, n), make([]string, n), make([]pgtype.UUID, n)
	for i := range rows {
		r := &rows[i]
		nos[i], states[i], faults[i], entries[i] = int32(r.No), r.State.String(), string(r.Fault), nullable(r.Entry)
	}
	b.session.write(settleBatchRows, [16]byte(batch.ID), nos, states, faults, entries)
	return nil
}

// Batch is fund.BatchReader's.
func (db *DB) Batch(ctx context.Context, id ledger.BatchID) (fund.Batch, error) {
	rows, err := db.pool.Query(ctx, readBatch, [16]byte(id))
	if err != nil {
		return fund.Batch{}, fmt.Errorf("read batch %s: %w", id, err)
	}
	found, err := pgx.CollectRows(rows, scanBatch)
	return oneBatch(found, id, err)
}

// Batches is fund.BatchReader's.
func (db *DB) Batches(ctx context.Context, after string, limit int) (page.Of[fund.Batch], error) {
	before, id := pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}, pgtype.UUID{Valid: true}
	if after != "" {
		at, text, err := parseAfter(after)
		if err != nil {
			return page.Of[fund.Batch]{}, err
		}
		last, _ := ident.Parse[fund.Batch](text) // parseAfter has seen to it
		before.Time, before.InfinityModifier, id.Bytes = at, pgtype.Finite, last
	}
	rows, err := db.pool.Query(ctx, readBatches, before, id, limit+1)
	if err != nil {
		return page.Of[fund.Batch]{}, fmt.Errorf("list batches: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanBatch)
	if err != nil {
		return page.Of[fund.Batch]{}, fmt.Errorf("list batches: %w", err)
	}
	return page.Cut(found, limit, func(b fund.Batch) string { return afterText(b.CreatedAt, b.ID.String()) }), nil
}

// RunningBatches is fund.BatchReader's.
func (db *DB) RunningBatches(ctx context.Context) ([]ledger.BatchID, error) {
	rows, err := db.pool.Query(ctx, readRunning)
	if err != nil {
		return nil, fmt.Errorf("list running batches: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[[16]byte])
	if err != nil {
		return nil, fmt.Errorf("list running batches: %w", err)
	}
	running := make([]ledger.BatchID, len(ids))
	for i, id := range ids {
		running[i] = id
	}
	return running, nil
}

// Refusals is fund.BatchReader's.
func (db *DB) Refusals(ctx context.Context, id ledger.BatchID, after, limit int) ([]fund.Row, error) {
	rows, err := db.pool.Query(ctx, readRefused, [16]byte(id), after, limit)
	if err != nil {
		return nil, fmt.Errorf("read refusals of batch %s: %w", id, err)
	}
	refused, err := pgx.CollectRows(rows, scanBatchRow)
	if err != nil {
		return nil, fmt.Errorf("read refusals of batch %s: %w", id, err)
	}
	return refused, nil
}

func oneBatch(found []fund.Batch, id ledger.BatchID, err error) (fund.Batch, error) {
	switch {
	case err != nil:
		return fund.Batch{}, fmt.Errorf("read batch %s: %w", id, err)
	case len(found) == 0:
		return fund.Batch{}, fund.ErrBatchUnknown
	}
	return found[0], nil
}

func scanBatch(row pgx.CollectableRow) (fund.Batch, error) {
	var b fund.Batch
	var state string
	var ended pgtype.Timestamptz
	err := row.Scan((*[16]byte)(&b.ID), (*string)(&b.Fund), (*string)(&b.Kind), (*int32)(&b.Expires), &b.Memo, &state, &b.Rows, (*int64)(&b.Total),
		&b.Done, (*int64)(&b.Granted), &b.Refused, (*[16]byte)(&b.CreatedBy), &b.CreatedAt, &ended)
	b.State, b.EndedAt = fund.Running, ended.Time
	if state == fund.Ended.String() {
		b.State = fund.Ended
	}
	return b, err
}

func scanBatchRow(row pgx.CollectableRow) (fund.Row, error) {
	var r fund.Row
	var wallet, entry pgtype.UUID
	var state string
	err := row.Scan(&r.No, &wallet, (*int64)(&r.Amount), &r.Source, &state, (*string)(&r.Fault), &entry)
	r.Wallet, r.Entry = wallet.Bytes, entry.Bytes
	for _, s := range []fund.RowState{fund.Waiting, fund.Granted, fund.Refused} {
		if s.String() == state {
			r.State = s
		}
	}
	return r, err
}
