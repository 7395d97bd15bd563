package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
)

// Wallets is ledger.Wallets on a session.
type Wallets struct{ session *Session }

// Wallets gives the session's wallets.
func (s *Session) Wallets() *Wallets { return &Wallets{s} }

var _ ledger.Wallets = (*Wallets)(nil)

// Open is ledger.Wallets'. It only holds the statement back, so opening many costs no round trip of its own; a
// wallet or owner that is there already fails the unit.
func (w *Wallets) Open(_ context.Context, wallet ledger.WalletID, owner user.ID, role user.Role, category string, at time.Time) error {
	w.session.write(`INSERT INTO wallets (id, owner_id, role, category, opened_at) VALUES ($1, $2, $3, $4, $5)`,
		[16]byte(wallet), [16]byte(owner), int16(role), category, at)
	return nil
}

// Close is ledger.Wallets'.
func (w *Wallets) Close(ctx context.Context, wallet ledger.WalletID) error {
	return w.setClosed(ctx, wallet, true)
}

// Reopen is ledger.Wallets'.
func (w *Wallets) Reopen(ctx context.Context, wallet ledger.WalletID) error {
	return w.setClosed(ctx, wallet, false)
}

// setClosed waits for the answer, since a wallet that is not there must be noticed before the commit.
func (w *Wallets) setClosed(ctx context.Context, wallet ledger.WalletID, closed bool) error {
	var known bool
	err := w.session.read(ctx, func(rows pgx.Rows) error {
		known = rows.Next()
		rows.Close()
		return rows.Err()
	}, `UPDATE wallets SET closed = $2 WHERE id = $1 RETURNING id`, [16]byte(wallet), closed)
	if err != nil {
		return fmt.Errorf("wallet %s: %w", wallet, err)
	}
	if !known {
		return ledger.ErrWalletUnknown
	}
	return nil
}
