package postgres_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, postgres.Migrate)) }

// open gives a migrated database of the test's own.
func open(t *testing.T) *postgres.DB {
	t.Helper()
	return openAt(t, pgtest.Open(t))
}

// openAt connects to a database until the test ends.
func openAt(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}
