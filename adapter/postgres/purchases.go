package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/money"
)

// purchasesChunk is how much of the journal is read at a time, so that a year of payments never sits in memory.
const purchasesChunk = 50_000

const (
	readPurchaseSpan = `SELECT min(seq) - 1, max(seq) FROM entries WHERE at >= $1 AND at < $2`
	// What a shop returned at once comes from no resident, so it is not among the parts.
	readPurchases = `SELECT e.seq, e.at, p.source_owner, p.destination_owner, shop.category, p.kind, p.amount,
			(SELECT coalesce(sum(amount), 0)::bigint FROM corrections WHERE original_id = e.id)
		FROM entries e JOIN postings p ON p.entry_id = e.id
		JOIN wallets payer ON payer.id = p.source_owner AND payer.role = 1
		JOIN wallets shop ON shop.id = p.destination_owner
		WHERE e.type = 8 AND e.seq > $1 AND e.seq <= $2 AND e.at >= $3 AND e.at < $4
		ORDER BY e.seq, p.no`
)

// purchase is a payment while its rows are read.
type purchase struct {
	cashback.Purchase
	seq    int64
	undone money.Points
}

// Purchases is cashback.Reader's.
func (db *DB) Purchases(ctx context.Context, from, until time.Time, yield func(cashback.Purchase) bool) error {
	var before, last pgtype.Int8 // null where there is nothing
	if err := db.pool.QueryRow(ctx, readPurchaseSpan, from, until).Scan(&before, &last); err != nil {
		return fmt.Errorf("find payments from %s until %s: %w", from, until, err)
	}
	for after := before.Int64; after < last.Int64; after += purchasesChunk {
		chunk, err := db.purchases(ctx, after, min(after+purchasesChunk, last.Int64), from, until)
		if err != nil {
			return fmt.Errorf("read payments after %d: %w", after, err)
		}
		for i := range chunk {
			if chunk[i].leave() && !yield(chunk[i].Purchase) {
				return nil
			}
		}
	}
	return nil
}

func (db *DB) purchases(ctx context.Context, after, last int64, from, until time.Time) ([]purchase, error) {
	rows, err := db.pool.Query(ctx, readPurchases, after, last, from, until)
	if err != nil {
		return nil, err
	}
	var chunk []purchase
	var next purchase
	var part cashback.Part
	_, err = pgx.ForEachRow(rows, []any{
		&next.seq, &next.At, (*[16]byte)(&next.Payer), (*[16]byte)(&next.Shop.Wallet), &next.Shop.Category, (*string)(&part.Kind), (*int64)(&part.Amount), (*int64)(&next.undone),
	}, func() error {
		if len(chunk) == 0 || chunk[len(chunk)-1].seq != next.seq {
			chunk = append(chunk, next)
		}
		at := &chunk[len(chunk)-1]
		at.Parts = append(at.Parts, part)
		return nil
	})
	return chunk, err
}

// leave takes from the parts what corrections undid, the last ones first, and tells whether anything is left.
func (p *purchase) leave() bool {
	for p.undone > 0 && len(p.Parts) > 0 {
		last := &p.Parts[len(p.Parts)-1]
		take := min(p.undone, last.Amount)
		p.undone -= take
		if last.Amount -= take; last.Amount == 0 {
			p.Parts = p.Parts[:len(p.Parts)-1]
		}
	}
	return len(p.Parts) > 0
}
