package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// A statement has a snapshot of its own: behind the lock of the wallet it sees what whoever had the lock before wrote.
const sumAdjusted = `SELECT coalesce(sum(abs(delta)), 0)::bigint FROM lines WHERE wallet_id = $1 AND type = 18 AND at >= $2 AND at < $3`

// Adjusted is ledger.Ledger's.
func (l *Ledger) Adjusted(ctx context.Context, wallet ledger.WalletID, day calendar.Day) (money.Points, error) {
	sums, err := readMany(ctx, l.session, pgx.RowTo[int64], sumAdjusted, [16]byte(wallet), day.Start(), day.End())
	if err != nil {
		return 0, fmt.Errorf("sum adjustments of wallet %s on %s: %w", wallet, day, err)
	}
	return money.Points(sums[0]), nil
}
