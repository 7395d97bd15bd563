package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
)

func TestAnErrorThatWorkPassesOverDoesNotLookLikeACommit(t *testing.T) {
	t.Parallel()
	db := open(t)
	unit := postgres.NewUnit(db, func(s *postgres.Session) *postgres.Session { return s })
	at := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	first := person(at)
	require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s *postgres.Session) error { return s.Directory().Add(ctx, first) }))

	second := person(at)
	wallet := second.Wallet
	err := unit.Do(t.Context(), func(ctx context.Context, s *postgres.Session) error {
		if err := s.Wallets().Open(ctx, wallet, second.ID, user.Resident, "", at); err != nil {
			return err
		}
		require.ErrorIs(t, s.Directory().Add(ctx, second), user.ErrEmailTaken)
		return nil // as if nothing had happened
	})
	require.ErrorContains(t, err, "rolled back")
	_, err = db.Wallet(t.Context(), wallet)
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
}

func person(at time.Time) user.User {
	return user.User{
		ID: ident.New[user.User](at), Wallet: ledger.WalletID(ident.New[user.User](at)), Role: user.Resident, Email: "hanako@example.jp", CreatedAt: at,
		Profile: user.Profile{Name: "西条 花子", Kana: "サイジョウ ハナコ", PostalCode: "7930000", Address: "大町", Phone: "09000000001"},
	}
}
