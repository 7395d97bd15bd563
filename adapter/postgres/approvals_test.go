package postgres_test

import (
	"testing"

	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/approvaltest"
)

func TestApprovalsFulfilTheirContract(t *testing.T) {
	t.Parallel()
	db := open(t)
	unit := postgres.NewUnit(db, func(s *postgres.Session) approvaltest.Stores { return approvaltest.Stores{Requests: s.Requests()} })
	approvaltest.Requests(t, func(*testing.T) approvaltest.Bench { return approvaltest.Bench{Unit: unit, Reader: db} })
}
