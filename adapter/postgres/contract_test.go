package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/ledgertest"
	"lovesaijo/domain/money"
)

func TestTheLedgerKeepsItsContract(t *testing.T) {
	t.Parallel()
	ledgertest.Ledger(t, func(t *testing.T) ledgertest.Bench {
		url := pgtest.Open(t)
		db, there := openAt(t, url), openAt(t, url)
		bind := func(s *postgres.Session) ledgertest.Stores {
			return ledgertest.Stores{
				Ledger: s.Ledger(), Wallets: s.Wallets(), Rulebook: s.Rulebook(), Outbox: s.Outbox(), Directory: s.Directory(),
				Codes: s.Codes(), Treasury: s.Treasury(), Batches: s.Batches(), Programmes: s.Programmes(), Campaigns: s.Campaigns(),
			}
		}
		return ledgertest.Bench{
			Unit: postgres.NewUnit(db, bind), Elsewhere: postgres.NewUnit(there, bind),
			Statements: db, Rules: db, Codes: db.CodeReader(), Sender: db,
		}
	})
}

// Processes remember rules by their version. One whose unit has seen rules that were then turned back must not take
// them for those that another process writes as the same version.
func TestRulesThatWereTurnedBackAreNotRemembered(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	here, there := openAt(t, url), openAt(t, url)
	amend := func(db *postgres.DB, most money.Points, outcome error) {
		unit := postgres.NewUnit(db, func(s *postgres.Session) *postgres.Session { return s })
		require.ErrorIs(t, unit.Do(t.Context(), func(ctx context.Context, s *postgres.Session) error {
			rules, err := s.Rulebook().Current(ctx)
			require.NoError(t, err)
			rules.PaymentMax = most
			_, err = s.Rulebook().Amend(ctx, ledger.RulesVersion{Rules: rules, At: ledgertest.Now})
			require.NoError(t, err)
			require.Equal(t, most, bookRules(ctx, t, s).PaymentMax)
			return outcome
		}), outcome)
	}
	amend(here, 1, context.Canceled)
	amend(there, 700, nil)
	unit := postgres.NewUnit(here, func(s *postgres.Session) *postgres.Session { return s })
	require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s *postgres.Session) error {
		require.Equal(t, money.Points(700), bookRules(ctx, t, s).PaymentMax)
		return nil
	}))
}

func bookRules(ctx context.Context, t *testing.T, s *postgres.Session) ledger.Rules {
	t.Helper()
	book, err := s.Ledger().Open(ctx, ledgertest.Now, ledger.Want{})
	require.NoError(t, err)
	return book.Rules
}
