package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/ledger"
)

func TestNothingIsOwedAndNothingCorrectedInAnEmptyCity(t *testing.T) {
	t.Parallel()
	db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	owed, err := db.Receivables(t.Context())
	require.NoError(t, err)
	require.Empty(t, owed)
	corrections, err := db.Corrections(t.Context(), ledger.EntryID{1})
	require.NoError(t, err)
	require.Empty(t, corrections)
}
