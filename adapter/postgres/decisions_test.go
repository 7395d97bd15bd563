package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/settlementtest"
	"lovesaijo/domain/user"
)

func amend(t *testing.T, db *postgres.DB, s settlement.Settings) error {
	t.Helper()
	return postgres.NewUnit(db, (*postgres.Session).Decisions).Do(t.Context(), func(ctx context.Context, d *postgres.Decisions) error {
		return d.Amend(ctx, s, ident.New[user.User](settlementtest.Now), settlementtest.Now, "銀行と合意")
	})
}

// Annex 1, clause 3.3: what would let somebody draw on an account is not readable in the database.
func TestTheOriginatorsAccountIsSealed(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	sealing, plain := openSealing(t, url), openAt(t, url)
	s := settlement.DefaultSettings()
	s.Originator = bank.Originator{
		Code: "0123456789", Name: "ｻｲｼﾞﾖｳｼ", Account: bank.Account{Bank: "0174", Branch: "540", Type: bank.Ordinary, Number: "1234567"},
	}
	require.ErrorContains(t, amend(t, plain, s), "no vault", "nothing that must be sealed is written as it is")
	require.NoError(t, amend(t, sealing, s))

	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	var row string
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT settings::text || encode(sealed, 'escape') FROM settlement_settings`).Scan(&row))
	require.NotContains(t, row, "1234567")
	require.NotContains(t, row, "0123456789")

	got, err := sealing.Settings(t.Context())
	require.NoError(t, err)
	require.Equal(t, s.Originator, got.Originator)
	_, err = plain.Settings(t.Context())
	require.ErrorContains(t, err, "no vault", "and nothing is shown as if there were no originator")
	_, err = plain.SettingsVersions(t.Context())
	require.Error(t, err)

	_, err = conn.Exec(t.Context(), `ALTER TABLE settlement_settings DISABLE TRIGGER settlement_settings_stay;
		UPDATE settlement_settings SET sealed = decode('00', 'hex')`, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	_, err = sealing.Settings(t.Context())
	require.ErrorContains(t, err, "another purpose", "what was changed is refused")
}

func TestSettingsWithoutAnOriginatorNeedNoVault(t *testing.T) {
	t.Parallel()
	db := open(t)
	require.NoError(t, amend(t, db, settlement.DefaultSettings()))
	got, err := db.Settings(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, got.Version)
}
