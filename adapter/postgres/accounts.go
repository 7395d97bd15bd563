package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/samber/lo"
	"github.com/uptrace/bun"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
)

const (
	accountColumns = `id, merchant_id, sealed, bank, branch, masked, state, proposed_by, proposed_at, decided_by, decided_at, reason, version`
	readAccounts   = `SELECT ` + accountColumns + ` FROM bank_accounts`
	readAccount    = readAccounts + ` WHERE id = $1`
	lockAccounts   = readAccounts + ` WHERE merchant_id = $1 ORDER BY id DESC FOR NO KEY UPDATE`
	readActive     = readAccounts + ` WHERE merchant_id = ANY($1::uuid[]) AND state = 'active'`
	addAccount     = `INSERT INTO bank_accounts (id, merchant_id, sealed, bank, branch, masked, state, proposed_by, proposed_at, decided_by, decided_at, reason)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	saveAccount = `UPDATE bank_accounts SET state = $3, decided_by = $4, decided_at = $5, reason = $6, version = version + 1 WHERE id = $1 AND version = $2 RETURNING id`
)

// AddAccount is settlement.Claims'.
func (c *Claims) AddAccount(_ context.Context, a settlement.MerchantAccount) error {
	c.session.write(addAccount, [16]byte(a.ID), [16]byte(a.Merchant), a.Sealed, string(a.Bank), string(a.Branch), a.Masked, a.State.String(),
		[16]byte(a.ProposedBy), a.ProposedAt, nullable(a.DecidedBy), nullableTime(a.DecidedAt), a.Reason)
	return nil
}

// LockAccounts is settlement.Claims'. Of a merchant without any there is nothing to lock; of two units that both add
// the first one, the later is tried again.
func (c *Claims) LockAccounts(ctx context.Context, merchant ledger.WalletID) ([]settlement.MerchantAccount, error) {
	accounts, err := readMany(ctx, c.session, scanAccount, lockAccounts, [16]byte(merchant))
	if err != nil {
		return nil, fmt.Errorf("lock bank accounts of wallet %s: %w", merchant, err)
	}
	return accounts, nil
}

// SaveAccount is settlement.Claims'.
func (c *Claims) SaveAccount(ctx context.Context, a settlement.MerchantAccount) error {
	err := c.session.changes(ctx, 1, settlement.ErrClaimChanged, saveAccount, [16]byte(a.ID), a.Version, a.State.String(), nullable(a.DecidedBy), nullableTime(a.DecidedAt), a.Reason)
	if err != nil {
		return fmt.Errorf("save bank account %s: %w", a.ID, err)
	}
	return nil
}

// ActiveAccounts is settlement.Claims'.
func (c *Claims) ActiveAccounts(ctx context.Context, merchants []ledger.WalletID) (map[ledger.WalletID]settlement.MerchantAccount, error) {
	accounts, err := readMany(ctx, c.session, scanAccount, readActive, uuids(merchants))
	if err != nil {
		return nil, fmt.Errorf("read active bank accounts: %w", err)
	}
	return lo.KeyBy(accounts, func(a settlement.MerchantAccount) ledger.WalletID { return a.Merchant }), nil
}

// Accounts is settlement.Reader's.
func (db *DB) Accounts(ctx context.Context, query settlement.AccountQuery) (page.Of[settlement.MerchantAccount], error) {
	before, err := beforeID[settlement.MerchantAccount](query.After)
	if err != nil {
		return page.Of[settlement.MerchantAccount]{}, err
	}
	q := db.bun.NewSelect().TableExpr("bank_accounts").ColumnExpr(accountColumns).Where("id < ?", before.String()).OrderBy("id", bun.OrderDesc).Limit(int64(query.Limit) + 1)
	if !query.Merchant.IsZero() {
		q.Where("merchant_id = ?", query.Merchant.String())
	}
	if query.State != 0 {
		q.Where("state = ?", query.State.String())
	}
	accounts, err := list(ctx, db, q, scanAccount)
	if err != nil {
		return page.Of[settlement.MerchantAccount]{}, fmt.Errorf("list bank accounts: %w", err)
	}
	return page.Cut(accounts, query.Limit, func(a settlement.MerchantAccount) string { return a.ID.String() }), nil
}

// Account is settlement.Reader's.
func (db *DB) Account(ctx context.Context, id settlement.AccountID) (settlement.MerchantAccount, error) {
	return queryOne(ctx, db, scanAccount, settlement.ErrAccountUnknown, readAccount, [16]byte(id))
}

func scanAccount(row pgx.CollectableRow) (settlement.MerchantAccount, error) {
	var a settlement.MerchantAccount
	var state string
	var decidedBy pgtype.UUID
	var decidedAt pgtype.Timestamptz
	err := row.Scan((*[16]byte)(&a.ID), (*[16]byte)(&a.Merchant), &a.Sealed, (*string)(&a.Bank), (*string)(&a.Branch), &a.Masked, &state,
		(*[16]byte)(&a.ProposedBy), &a.ProposedAt, &decidedBy, &decidedAt, &a.Reason, &a.Version)
	a.State, _ = settlement.ParseAccountState(state)
	a.DecidedBy, a.DecidedAt, a.ProposedAt = decidedBy.Bytes, instant(decidedAt), a.ProposedAt.UTC()
	return a, err
}
