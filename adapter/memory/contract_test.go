package memory_test

import (
	"testing"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/fundtest"
	"lovesaijo/domain/ledgertest"
	"lovesaijo/domain/noticetest"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

func people(*testing.T) usertest.Bench {
	store := memory.New()
	return usertest.Bench{
		Unit: memory.NewUnit(store, func(s *memory.Session) usertest.Stores {
			return usertest.Stores{Directory: s.Directory(), Codes: s.Codes()}
		}),
		Roster: store.Roster(), Codes: store.Codes(),
	}
}

func TestDirectoryFulfilsItsContract(t *testing.T) {
	t.Parallel()
	usertest.Directory(t, people)
}

func TestRosterFulfilsItsContract(t *testing.T) {
	t.Parallel()
	usertest.Roster(t, people)
}

func TestCodesFulfilTheirContract(t *testing.T) {
	t.Parallel()
	usertest.Codes(t, people)
}

func TestCredentialsFulfilTheirContract(t *testing.T) {
	t.Parallel()
	accesstest.Credentials(t, func(*testing.T) usecase.Unit[accesstest.Stores] {
		return memory.NewUnit(memory.New(), func(s *memory.Session) accesstest.Stores {
			return accesstest.Stores{Directory: s.Directory(), Credentials: s.Credentials()}
		})
	})
}

func funds(*testing.T) fundtest.Bench {
	store := memory.New()
	return fundtest.Bench{
		Unit: memory.NewUnit(store, func(s *memory.Session) fundtest.Stores {
			return fundtest.Stores{Treasury: s.Treasury(), Batches: s.Batches(), Rulebook: s.Rulebook()}
		}),
		Funds: store.Funds(), Batches: store.Batches(),
	}
}

func TestTreasuryFulfilsItsContract(t *testing.T) {
	t.Parallel()
	fundtest.Treasury(t, funds)
}

func TestBatchesFulfilTheirContract(t *testing.T) {
	t.Parallel()
	fundtest.Batches(t, funds)
}

func TestInboxFulfilsItsContract(t *testing.T) {
	t.Parallel()
	noticetest.Inbox(t, func(*testing.T) noticetest.Bench {
		store := memory.New()
		return noticetest.Bench{
			Unit: memory.NewUnit(store, func(s *memory.Session) noticetest.Stores {
				return noticetest.Stores{Inbox: s.Inbox()}
			}),
			Reader: store.Notices(),
		}
	})
}

func TestLedgerFulfilsItsContract(t *testing.T) {
	t.Parallel()
	ledgertest.Ledger(t, func(*testing.T) ledgertest.Bench {
		store := memory.New()
		unit := memory.NewUnit(store, func(s *memory.Session) ledgertest.Stores {
			return ledgertest.Stores{
				Ledger: s.Ledger(), Wallets: s.Wallets(), Rulebook: s.Rulebook(), Outbox: s.Outbox(), Directory: s.Directory(),
				Codes: s.Codes(), Treasury: s.Treasury(), Batches: s.Batches(), Programmes: s.Programmes(), Campaigns: s.Campaigns(),
			}
		})
		return ledgertest.Bench{
			Unit: unit, Elsewhere: unit, // a store is in one process
			Statements: store.Statements(), Rules: store.Rules(), Codes: store.Codes(), Sender: store,
		}
	})
}
