package postgres_test

import (
	"testing"

	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/cashbacktest"
)

func TestCashbackKeepsItsContract(t *testing.T) {
	t.Parallel()
	cashbacktest.Cashback(t, func(t *testing.T) cashbacktest.Bench {
		db := open(t)
		return cashbacktest.Bench{
			Unit: postgres.NewUnit(db, func(s *postgres.Session) cashbacktest.Stores {
				return cashbacktest.Stores{
					Programmes: s.Programmes(), Campaigns: s.Campaigns(), Ledger: s.Ledger(), Wallets: s.Wallets(), Treasury: s.Treasury(), Rulebook: s.Rulebook(),
				}
			}),
			Offers: db, Statements: db,
		}
	})
}
