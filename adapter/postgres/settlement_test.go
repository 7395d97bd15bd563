package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/settlementtest"
)

// openSealing connects to a database with a vault for what must not be readable there.
func openSealing(t *testing.T, url string) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), url, postgres.Options{Vault: settlementtest.Vault{}})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	return db
}

func settlementStores(s *postgres.Session) settlementtest.Stores {
	return settlementtest.Stores{
		Periods: s.Periods(), Claims: s.Claims(), Decisions: s.Decisions(), Ledger: s.Ledger(), Wallets: s.Wallets(),
		Rulebook: s.Rulebook(), Treasury: s.Treasury(), Directory: s.Directory(), Programmes: s.Programmes(),
	}
}

func TestSettlementFulfilsItsContract(t *testing.T) {
	t.Parallel()
	settlementtest.Settlement(t, func(t *testing.T) settlementtest.Bench {
		db := openSealing(t, pgtest.Open(t))
		return settlementtest.Bench{Unit: postgres.NewUnit(db, settlementStores), Reader: db, Horizon: db.Horizon(), Statements: db}
	})
}
