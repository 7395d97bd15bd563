package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/ledger"
)

const (
	// A debt has stood since the entry after which it was never nothing again.
	readReceivables = `SELECT p.owner, w.owner_id, p.fund, -p.balance, s.since FROM pots p JOIN wallets w ON w.id = p.owner
		CROSS JOIN LATERAL (
			SELECT min(at) FILTER (WHERE seq > settled) AS since FROM (
				SELECT seq, at, coalesce(max(seq) FILTER (WHERE owed = 0) OVER (), 0) AS settled FROM (
					SELECT e.seq, e.at, sum(sum(CASE WHEN m.source_kind = 7 THEN m.amount ELSE -m.amount END)) OVER (ORDER BY e.seq) AS owed
					FROM postings m JOIN entries e ON e.id = m.entry_id
					WHERE m.fund = p.fund AND (m.source_kind = 7 OR m.destination_kind = 7)
					AND p.owner = CASE WHEN m.source_kind = 7 THEN m.source_owner ELSE m.destination_owner END
					GROUP BY e.seq, e.at) sums) steps) s
		WHERE p.kind = 7 AND p.balance < 0 ORDER BY s.since, p.owner, p.fund`
	readCorrections = `SELECT c.entry_id, c.original_id, c.amount, c.receivable, e.type, e.at, o.type, o.at FROM corrections c
		JOIN entries e ON e.id = c.entry_id JOIN entries o ON o.id = c.original_id
		WHERE c.original_id = $1 OR c.entry_id = $1 ORDER BY e.seq`
)

// Receivables is ledger.Statements'.
func (db *DB) Receivables(ctx context.Context) ([]ledger.ReceivableState, error) {
	rows, err := db.pool.Query(ctx, readReceivables)
	if err != nil {
		return nil, fmt.Errorf("read receivables: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (r ledger.ReceivableState, err error) {
		err = row.Scan((*[16]byte)(&r.Debtor), (*[16]byte)(&r.Owner), (*string)(&r.Fund), (*int64)(&r.Amount), &r.Since)
		return r, err
	})
}

// Corrections is ledger.Statements'.
func (db *DB) Corrections(ctx context.Context, entry ledger.EntryID) ([]ledger.Corrected, error) {
	rows, err := db.pool.Query(ctx, readCorrections, [16]byte(entry))
	if err != nil {
		return nil, fmt.Errorf("read corrections of entry %s: %w", entry, err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (c ledger.Corrected, err error) {
		err = row.Scan((*[16]byte)(&c.Entry), (*[16]byte)(&c.Original), (*int64)(&c.Amount), (*int64)(&c.Receivable),
			(*uint8)(&c.Type), &c.At, (*uint8)(&c.OriginalType), &c.OriginalAt)
		return c, err
	})
}
