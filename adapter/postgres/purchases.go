package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// purchasesChunk is how many payments are read at a time, so that a year of them never sits in memory.
const purchasesChunk = 10_000

const (
	readPurchaseSpan = `SELECT min(seq) - 1, max(seq) FROM entries WHERE at >= $1 AND at < $2`
	// What a shop returned at once comes from no resident, so it is not among the parts.
	readPurchases = `SELECT e.seq, e.at, p.source_owner, p.destination_owner, shop.category, p.kind, p.amount,
			(SELECT coalesce(sum(amount), 0)::bigint FROM corrections WHERE original_id = e.id)
		FROM (SELECT id, seq, at FROM entries WHERE type = 8 AND seq > $1 AND seq <= $2 AND at >= $3 AND at < $4 ORDER BY seq LIMIT $5) e
		JOIN postings p ON p.entry_id = e.id
		LEFT JOIN wallets payer ON payer.id = p.source_owner AND payer.role = 1
		LEFT JOIN wallets shop ON shop.id = p.destination_owner AND payer.id IS NOT NULL
		ORDER BY e.seq, p.no`
)

// purchase is a payment while its rows are read; a payment of a shop has no parts.
type purchase struct {
	cashback.Purchase
	seq    int64
	undone money.Points
}

// Purchases is cashback.Reader's.
func (db *DB) Purchases(ctx context.Context, from, until time.Time, yield func(cashback.Purchase) bool) error {
	var after, last pgtype.Int8
	if err := db.pool.QueryRow(ctx, readPurchaseSpan, from, until).Scan(&after, &last); err != nil {
		return fmt.Errorf("find payments from %s until %s: %w", from, until, err)
	}
	for after.Valid && after.Int64 < last.Int64 {
		chunk, err := db.purchases(ctx, after.Int64, last.Int64, from, until)
		if err != nil {
			return fmt.Errorf("read payments after %d: %w", after.Int64, err)
		}
		for i := range chunk {
			if chunk[i].leave() && !yield(chunk[i].Purchase) {
				return nil
			}
		}
		if len(chunk) < purchasesChunk {
			return nil
		}
		after.Int64 = chunk[len(chunk)-1].seq
	}
	return nil
}

func (db *DB) purchases(ctx context.Context, after, last int64, from, until time.Time) ([]purchase, error) {
	rows, err := db.pool.Query(ctx, readPurchases, after, last, from, until, purchasesChunk)
	if err != nil {
		return nil, err
	}
	chunk := make([]purchase, 0, purchasesChunk)
	var next purchase
	var category pgtype.Text
	var part cashback.Part
	_, err = pgx.ForEachRow(rows, []any{
		&next.seq, &next.At, (*[16]byte)(&next.Payer), (*[16]byte)(&next.Shop.Wallet), &category, (*string)(&part.Kind), (*int64)(&part.Amount), (*int64)(&next.undone),
	}, func() error {
		if len(chunk) == 0 || chunk[len(chunk)-1].seq != next.seq {
			next.Shop.Category = category.String
			chunk = append(chunk, next)
		}
		if category.Valid {
			at := &chunk[len(chunk)-1]
			at.Parts = append(at.Parts, cashback.Part{Kind: lot.KindCode(part.Kind), Amount: part.Amount})
		}
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
