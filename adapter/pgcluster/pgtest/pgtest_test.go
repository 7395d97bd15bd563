package pgtest_test

import (
	"context"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, migrate)) }

func migrate(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	_, err = conn.Exec(ctx, "CREATE TABLE town (name text PRIMARY KEY); INSERT INTO town VALUES ('西条')")
	return err
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func TestEachTestGetsItsOwnCopyOfTheMigratedTemplate(t *testing.T) {
	t.Parallel()
	one, other := connect(t, pgtest.Open(t)), connect(t, pgtest.Open(t))
	_, err := one.Exec(t.Context(), "INSERT INTO town VALUES ('東予')")
	require.NoError(t, err)

	var towns int
	require.NoError(t, other.QueryRow(t.Context(), "SELECT count(*) FROM town").Scan(&towns))
	require.Equal(t, 1, towns)
}

func TestADatabaseIsDroppedAtTheEndOfItsTestEvenWithOpenConnections(t *testing.T) {
	t.Parallel()
	watcher := connect(t, pgtest.OpenEmpty(t))
	var name string
	t.Run("a test that leaves its connection open", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), pgtest.Open(t))
		require.NoError(t, err)
		require.NoError(t, conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name))
	})
	var exists bool
	require.NoError(t, watcher.QueryRow(t.Context(),
		"SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists))
	require.False(t, exists)
}

func TestAnEmptyDatabaseHasNoMigrationsInIt(t *testing.T) {
	t.Parallel()
	conn := connect(t, pgtest.OpenEmpty(t))
	var missing bool
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT to_regclass('town') IS NULL").Scan(&missing))
	require.True(t, missing)
}

func TestParallelTestsOpenDatabasesAtTheSameTime(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("one of them", func(t *testing.T) {
			t.Parallel()
			var town string
			require.NoError(t, connect(t, pgtest.Open(t)).QueryRow(t.Context(), "SELECT name FROM town").Scan(&town))
			require.Equal(t, "西条", town)
		})
	}
}
