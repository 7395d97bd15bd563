package memory_test

import (
	"testing"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/cashbacktest"
)

func TestCashbackFulfilsItsContract(t *testing.T) {
	t.Parallel()
	cashbacktest.Cashback(t, func(*testing.T) cashbacktest.Bench {
		store := memory.New()
		return cashbacktest.Bench{
			Unit: memory.NewUnit(store, func(s *memory.Session) cashbacktest.Stores {
				return cashbacktest.Stores{
					Programmes: s.Programmes(), Campaigns: s.Campaigns(), Ledger: s.Ledger(), Wallets: s.Wallets(), Treasury: s.Treasury(), Rulebook: s.Rulebook(),
				}
			}),
			Offers: store.Offers(), Statements: store.Statements(),
		}
	})
}
