package bootstrap

import (
	"go.uber.org/fx"

	"lovesaijo/adapter/postgres"
	"lovesaijo/usecase"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/expiring"
	"lovesaijo/usecase/funding"
	"lovesaijo/usecase/granting"
	"lovesaijo/usecase/informing"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/rewarding"
	"lovesaijo/usecase/ruling"
	"lovesaijo/usecase/signingin"
)

// unitOf provides the units of one activity: its stores, bound to a session.
func unitOf[S any](bind func(*postgres.Session) S) any {
	return func(db *postgres.DB) usecase.Unit[S] { return postgres.NewUnit(db, bind) }
}

// units gives every activity the stores that it names.
var units = fx.Provide(
	unitOf(func(s *postgres.Session) paying.Stores {
		return paying.Stores{Ledger: s.Ledger(), Outbox: s.Outbox()}
	}),
	unitOf(func(s *postgres.Session) charging.Stores {
		return charging.Stores{Ledger: s.Ledger(), Outbox: s.Outbox()}
	}),
	unitOf(func(s *postgres.Session) funding.Stores {
		return funding.Stores{Ledger: s.Ledger(), Treasury: s.Treasury(), Trail: s.Trail()}
	}),
	unitOf(func(s *postgres.Session) granting.Stores {
		return granting.Stores{Ledger: s.Ledger(), Treasury: s.Treasury(), Batches: s.Batches(), Campaigns: s.Campaigns(), Outbox: s.Outbox(), Trail: s.Trail()}
	}),
	unitOf(func(s *postgres.Session) rewarding.Stores {
		return rewarding.Stores{
			Programmes: s.Programmes(), Campaigns: s.Campaigns(), Ledger: s.Ledger(), Treasury: s.Treasury(), Batches: s.Batches(),
			Trail: s.Trail(), Outbox: s.Outbox(),
		}
	}),
	unitOf(func(s *postgres.Session) ruling.Stores {
		return ruling.Stores{Rulebook: s.Rulebook(), Ledger: s.Ledger(), Treasury: s.Treasury(), Requests: s.Requests(), Trail: s.Trail()}
	}),
	unitOf(func(s *postgres.Session) expiring.Stores {
		return expiring.Stores{Ledger: s.Ledger(), Outbox: s.Outbox(), Trail: s.Trail()}
	}),
	unitOf(func(s *postgres.Session) informing.Stores { return informing.Stores{Inbox: s.Inbox()} }),
	unitOf(func(s *postgres.Session) registering.Stores {
		return registering.Stores{
			Directory: s.Directory(), Credentials: s.Credentials(), Codes: s.Codes(), Wallets: s.Wallets(), Trail: s.Trail(),
		}
	}),
	unitOf(func(s *postgres.Session) signingin.Stores {
		return signingin.Stores{Directory: s.Directory(), Credentials: s.Credentials(), Trail: s.Trail()}
	}),
)
