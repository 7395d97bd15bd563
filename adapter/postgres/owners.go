package postgres

import (
	"context"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
)

// Owners finds whose wallets are.
type Owners struct{ db *DB }

// Owners gives the owners of wallets, deleted ones as well.
func (db *DB) Owners() *Owners { return &Owners{db} }

const readUsersByWallet = `SELECT ` + userColumns + ` FROM users WHERE wallet_id = ANY($1::uuid[]) AND role IN ('resident', 'merchant')`

// ByWallets finds the owners of wallets, deleted ones as well; unknown wallets are absent from the result.
func (o *Owners) ByWallets(ctx context.Context, wallets []ledger.WalletID) (map[ledger.WalletID]user.User, error) {
	return queryUsers(ctx, o.db, func(u user.User) ledger.WalletID { return u.Wallet }, readUsersByWallet, uuids(wallets))
}
