package postgres_test

import (
	"testing"

	"lovesaijo/adapter/postgres"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/expiring"
	"lovesaijo/usecase/granting"
)

// openCity builds a city on a database of the test's own.
func openCity(t testing.TB, db *postgres.DB) *citytest.City {
	t.Helper()
	return citytest.Build(t, citytest.Ports{
		Unit: postgres.NewUnit(db, func(s *postgres.Session) citytest.Stores {
			return citytest.Stores{
				Ledger: s.Ledger(), Wallets: s.Wallets(), Rulebook: s.Rulebook(), Treasury: s.Treasury(), Batches: s.Batches(),
				Directory: s.Directory(), Codes: s.Codes(), Trail: s.Trail(), Outbox: s.Outbox(), Inbox: s.Inbox(), Programmes: s.Programmes(), Campaigns: s.Campaigns(),
				Periods: s.Periods(), Claims: s.Claims(), Decisions: s.Decisions(), Archive: s.Archive(),
			}
		}),
		Statements: db, Roster: db.Roster(), Rules: db, Funds: db, Batches: db, Notices: db, Acts: db, Offers: db, Journal: db.Reports(), Shelf: db.Reports(),
		Settlement: db, Horizon: db.Horizon(),
	})
}

func grantingStores(s citytest.Stores) granting.Stores {
	return granting.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Batches: s.Batches, Campaigns: s.Campaigns, Trail: s.Trail, Outbox: s.Outbox}
}

func bulkOf(c *citytest.City, pick func(citytest.Stores) granting.Stores) *granting.Bulk {
	return granting.NewBulk(citytest.Narrow(c, pick), c.Roster, c.Rules, c.Batches, c.Clock)
}

func expiringOf(c *citytest.City) *expiring.Expiring {
	unit := citytest.Narrow(c, func(s citytest.Stores) expiring.Stores {
		return expiring.Stores{Ledger: s.Ledger, Outbox: s.Outbox, Trail: s.Trail}
	})
	return expiring.New(unit, c.Statements, c.Funds, c.Clock)
}
