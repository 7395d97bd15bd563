package postgres_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
)

func TestMigratingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	url := pgtest.OpenEmpty(t)
	require.NoError(t, postgres.Migrate(t.Context(), url))
	at, newest, err := postgres.SchemaVersion(t.Context(), url)
	require.NoError(t, err)
	require.Equal(t, newest, at)
	require.Positive(t, at)
	require.NoError(t, postgres.Migrate(t.Context(), url))
}

func TestProcessesThatMigrateAtOnceTakeTurns(t *testing.T) {
	t.Parallel()
	url := pgtest.OpenEmpty(t)
	results := make(chan error, 4)
	for range cap(results) {
		go func() { results <- postgres.Migrate(t.Context(), url) }()
	}
	for range cap(results) {
		require.NoError(t, <-results)
	}
}

// TestAStepIsNotTakenOnBooksThatAreWrong plants a lot that no balance knows, and takes the newest step back so that
// it is due again.
func TestAStepIsNotTakenOnBooksThatAreWrong(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	for _, statement := range []string{
		`DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`,
		`INSERT INTO wallets (id, owner_id, role, opened_at) VALUES ('0192f3c4-0000-7000-8000-000000000001', '0192f3c4-0000-7000-8000-000000000002', 1, now())`,
		`INSERT INTO lots (id, wallet_id, kind, fund, expires_on, hops, paid, remaining, since)
			VALUES ('0192f3c4-0000-7000-8000-000000000003', '0192f3c4-0000-7000-8000-000000000001', 'grant', 'city', '2027-03-31', 0, false, 500, now())`,
	} {
		_, err := conn.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	err = postgres.Migrate(t.Context(), url)
	require.ErrorContains(t, err, "assertion before")
	require.ErrorContains(t, err, "fund city is off by 500")
	require.ErrorContains(t, err, "wallet 0192f3c4-0000-7000-8000-000000000001 differs from its lots")
}
