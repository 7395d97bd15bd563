package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/funding"
)

// TestAWithdrawalThatIsAskedForAgainWhileItRunsIsAnsweredByItsReply meets two requests of one key where nothing but
// the fund's pots keeps them apart: whoever makes them has no wallet.
func TestAWithdrawalThatIsAskedForAgainWhileItRunsIsAnsweredByItsReply(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	c := openCity(t, openAt(t, url))
	office := funding.New(citytest.Narrow(c, func(s citytest.Stores) funding.Stores {
		return funding.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Trail: s.Trail}
	}), c.Statements, c.Clock)
	cmd := funding.Command{Key: c.Key(), Fund: citytest.Fund, Amount: citytest.FundCash}

	release := holdPots(t, url)
	results, errs := make([]funding.Result, 2), make([]error, 2)
	var sides sync.WaitGroup
	for i := range results {
		sides.Go(func() { results[i], errs[i] = office.Withdraw(t.Context(), c.Official, cmd) })
	}
	waitForLocks(t, url, len(results))
	release()
	sides.Wait()
	for _, err := range errs {
		require.NoError(t, err, "the fund is empty because the same request has emptied it")
	}
	require.Equal(t, results[0].Entry, results[1].Entry)
	require.NotEqual(t, results[0].Replayed, results[1].Replayed)
	require.Zero(t, c.Position(t, citytest.Fund).Cash())
}

// holdPots keeps everyone else from the pots until release is called.
func holdPots(t *testing.T, url string) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	_, err = conn.Exec(t.Context(), `BEGIN; SELECT FROM pots WHERE kind = $1 FOR UPDATE`, pgx.QueryExecModeSimpleProtocol, int16(ledger.Bank))
	require.NoError(t, err)
	return func() {
		_, err := conn.Exec(t.Context(), `COMMIT`)
		require.NoError(t, err)
	}
}

// waitForLocks returns when so many units wait for a lock.
func waitForLocks(t *testing.T, url string, units int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(t.Context())
	require.Eventually(t, func() bool {
		waiting := 0
		err := conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&waiting)
		return err == nil && waiting == units
	}, 20*time.Second, 5*time.Millisecond)
}
