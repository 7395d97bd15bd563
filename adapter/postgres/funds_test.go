package postgres_test

import (
	"testing"

	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/fundtest"
	"lovesaijo/domain/noticetest"
)

func fundBench(db *postgres.DB) fundtest.Open {
	unit := postgres.NewUnit(db, func(s *postgres.Session) fundtest.Stores {
		return fundtest.Stores{Treasury: s.Treasury(), Batches: s.Batches(), Rulebook: s.Rulebook()}
	})
	return func(*testing.T) fundtest.Bench { return fundtest.Bench{Unit: unit, Funds: db, Batches: db} }
}

func TestTheTreasuryKeepsItsContract(t *testing.T) {
	t.Parallel()
	fundtest.Treasury(t, fundBench(open(t)))
}

func TestBatchesKeepTheirContract(t *testing.T) {
	t.Parallel()
	fundtest.Batches(t, fundBench(open(t)))
}

func TestTheInboxKeepsItsContract(t *testing.T) {
	t.Parallel()
	db := open(t)
	unit := postgres.NewUnit(db, func(s *postgres.Session) noticetest.Stores { return noticetest.Stores{Inbox: s.Inbox()} })
	noticetest.Inbox(t, func(*testing.T) noticetest.Bench { return noticetest.Bench{Unit: unit, Reader: db} })
}
