package memory_test

import (
	"testing"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/approvaltest"
	"lovesaijo/domain/settlementtest"
)

func TestSettlementFulfilsItsContract(t *testing.T) {
	t.Parallel()
	settlementtest.Settlement(t, func(*testing.T) settlementtest.Bench {
		store := memory.New()
		return settlementtest.Bench{
			Unit: memory.NewUnit(store, func(s *memory.Session) settlementtest.Stores {
				return settlementtest.Stores{
					Periods: s.Periods(), Claims: s.Claims(), Decisions: s.Decisions(), Ledger: s.Ledger(), Wallets: s.Wallets(),
					Rulebook: s.Rulebook(), Treasury: s.Treasury(), Directory: s.Directory(), Programmes: s.Programmes(),
				}
			}),
			Reader: store.Settlement(), Horizon: store.Horizon(), Statements: store.Statements(),
		}
	})
}

func TestApprovalsFulfilTheirContract(t *testing.T) {
	t.Parallel()
	approvaltest.Requests(t, func(*testing.T) approvaltest.Bench {
		store := memory.New()
		return approvaltest.Bench{
			Unit:   memory.NewUnit(store, func(s *memory.Session) approvaltest.Stores { return approvaltest.Stores{Requests: s.Requests()} }),
			Reader: store.Approvals(),
		}
	})
}
