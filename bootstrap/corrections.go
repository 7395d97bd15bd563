package bootstrap

import (
	"github.com/samber/lo"
	"go.uber.org/fx"

	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/correcting"
	"lovesaijo/usecase/ruling"
)

// corrections are made by one administrator or by two.
var corrections = fx.Provide(
	unitOf(func(s *postgres.Session) correcting.Stores {
		return correcting.Stores{Ledger: s.Ledger(), Treasury: s.Treasury(), Requests: s.Requests(), Outbox: s.Outbox(), Trail: s.Trail()}
	}),
	unitOf(func(s *postgres.Session) approving.Stores {
		return approving.Stores{Requests: s.Requests(), Trail: s.Trail()}
	}),
	func(db *postgres.DB) approval.Reader { return db },
	newCorrecting, newApproving,
)

func newCorrecting(
	unit usecase.Unit[correcting.Stores], statements ledger.Statements, offers cashback.Reader, periods settlement.Reader, requests approval.Reader,
	roster user.Roster, clock usecase.Clock,
) *correcting.Correcting {
	readers := correcting.Readers{Statements: statements, Offers: offers, Periods: periods, Requests: requests, Roster: roster}
	return correcting.New(unit, readers, clock)
}

// newApproving knows the acts that need two people: every activity that has some adds its executors here.
func newApproving(
	unit usecase.Unit[approving.Stores], requests approval.Reader, corrections *correcting.Correcting, rules *ruling.Ruling, clock usecase.Clock,
) *approving.Approving {
	return approving.New(unit, requests, lo.Assign(corrections.Executors(), rules.Executors()), clock)
}
