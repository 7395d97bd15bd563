package memory

import (
	"context"
	"slices"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
)

// Batches is fund.Batches on a session.
type Batches struct{ session *Session }

// Batches gives the session's bulk grants.
func (s *Session) Batches() *Batches { return &Batches{s} }

// BatchReader is fund.BatchReader on a store.
type BatchReader struct{ store *Store }

// Batches gives the reader of bulk grants.
func (s *Store) Batches() *BatchReader { return &BatchReader{s} }

var (
	_ fund.Batches     = (*Batches)(nil)
	_ fund.BatchReader = (*BatchReader)(nil)
)

// Add is fund.Batches'.
func (b *Batches) Add(_ context.Context, batch fund.Batch, rows []fund.Row) error {
	switch {
	case b.session.batches.has(batch.ID):
		return b.session.fail(violation("batches_pkey", "batch %s is there", batch.ID))
	case !b.session.funds.has(batch.Fund):
		return b.session.fail(violation("batches_fund_fkey", "fund %s", batch.Fund))
	case !b.session.kinds.has(batch.Kind):
		return b.session.fail(violation("batches_kind_fkey", "kind %s", batch.Kind))
	}
	b.session.batchRows.put(batch.ID, slices.Clone(rows))
	return b.put(batch)
}

func (b *Batches) put(batch fund.Batch) error {
	if batch.Done < 0 || batch.Done > batch.Rows || batch.Refused < 0 || batch.Refused > batch.Done || batch.Granted < 0 || batch.Granted > batch.Total {
		return b.session.fail(violation("batches_counts", "batch %s", batch.ID))
	}
	b.session.batches.put(batch.ID, batch)
	return nil
}

// Lock is fund.Batches'. The unit has the whole store for itself.
func (b *Batches) Lock(_ context.Context, id ledger.BatchID) (fund.Batch, error) {
	return b.session.batchByID(id)
}

// Waiting is fund.Batches'.
func (b *Batches) Waiting(_ context.Context, id ledger.BatchID, limit int) ([]fund.Row, error) {
	waiting := b.session.rowsIn(id, fund.Waiting, 0)
	return waiting[:min(len(waiting), limit)], nil
}

// Settle is fund.Batches'.
func (b *Batches) Settle(_ context.Context, batch fund.Batch, rows []fund.Row) error {
	kept, _ := b.session.batchRows.get(batch.ID)
	kept = slices.Clone(kept)
	for _, row := range rows {
		at := slices.IndexFunc(kept, func(k fund.Row) bool { return k.No == row.No })
		if at < 0 || (row.State == fund.Granted) == row.Entry.IsZero() {
			return b.session.fail(violation("batch_rows_granted_once", "row %d of batch %s", row.No, batch.ID))
		}
		kept[at].State, kept[at].Fault, kept[at].Entry = row.State, row.Fault, row.Entry
	}
	b.session.batchRows.put(batch.ID, kept)
	return b.put(batch)
}

func (t *tables) batchByID(id ledger.BatchID) (fund.Batch, error) {
	if batch, found := t.batches.get(id); found {
		return batch, nil
	}
	return fund.Batch{}, fund.ErrBatchUnknown
}

// rowsIn gives the rows of a batch that are in a state, behind a number, in their order.
func (t *tables) rowsIn(id ledger.BatchID, state fund.RowState, after int) []fund.Row {
	rows, _ := t.batchRows.get(id)
	rows = slices.DeleteFunc(slices.Clone(rows), func(r fund.Row) bool { return r.State != state || r.No <= after })
	slices.SortFunc(rows, func(a, b fund.Row) int { return a.No - b.No })
	return rows
}

// Batch is fund.BatchReader's.
func (r *BatchReader) Batch(_ context.Context, id ledger.BatchID) (batch fund.Batch, err error) {
	r.store.read(func(t *tables) { batch, err = t.batchByID(id) })
	return batch, err
}

// Batches is fund.BatchReader's.
func (r *BatchReader) Batches(_ context.Context, after string, limit int) (page.Of[fund.Batch], error) {
	batches := r.all()
	slices.Reverse(batches)
	if after != "" {
		last, err := ident.Parse[fund.Batch](after)
		at := slices.IndexFunc(batches, func(b fund.Batch) bool { return [16]byte(b.ID) == [16]byte(last) })
		if err != nil || at < 0 {
			return page.Of[fund.Batch]{}, page.ErrCursor
		}
		batches = batches[at+1:]
	}
	return cut(batches, limit, func(b fund.Batch) string { return b.ID.String() })
}

// RunningBatches is fund.BatchReader's.
func (r *BatchReader) RunningBatches(context.Context) ([]ledger.BatchID, error) {
	var running []ledger.BatchID
	for _, b := range r.all() {
		if b.State == fund.Running {
			running = append(running, b.ID)
		}
	}
	return running, nil
}

// Refusals is fund.BatchReader's.
func (r *BatchReader) Refusals(_ context.Context, id ledger.BatchID, after, limit int) (rows []fund.Row, err error) {
	r.store.read(func(t *tables) { rows = t.rowsIn(id, fund.Refused, after) })
	return rows[:min(len(rows), limit)], nil
}

// all gives every batch, the oldest first.
func (r *BatchReader) all() (batches []fund.Batch) {
	r.store.read(func(t *tables) {
		for _, b := range t.batches.all() {
			batches = append(batches, b)
		}
	})
	slices.SortFunc(batches, func(a, b fund.Batch) int {
		if order := a.CreatedAt.Compare(b.CreatedAt); order != 0 {
			return order
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return batches
}
