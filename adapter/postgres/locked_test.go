package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/paying"
)

// hold locks a wallet's row from outside until the returned function is called or the test ends.
func hold(t *testing.T, url string, wallet ledger.WalletID) (release func()) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `BEGIN`)
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), `SELECT FROM wallets WHERE id = $1 FOR UPDATE`, [16]byte(wallet))
	require.NoError(t, err)
	release = sync.OnceFunc(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	t.Cleanup(release)
	return release
}

func TestAWalletThatIsLockedForLongStopsNobodyElsesPayments(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	city := openCity(t, openAt(t, url))
	shop, people := city.Merchant(t), city.Residents(t, 12)
	unit := citytest.Narrow(city, func(s citytest.Stores) paying.Stores { return paying.Stores{Ledger: s.Ledger, Outbox: s.Outbox} })
	teller := paying.NewTeller(unit, city.Clock)
	pay := paying.NewPay(teller, city.Statements, city.Offers)
	keys, errs := make([]idem.Key, len(people)), make([]error, len(people))
	for i, u := range people {
		city.Give(t, u, citytest.Gift, 100)
		keys[i] = city.Key()
	}
	stuck := 5
	release := hold(t, url, people[stuck].Wallet)

	var all sync.WaitGroup
	for i, u := range people {
		all.Go(func() {
			_, errs[i] = pay.Do(t.Context(), citytest.Actor(u), paying.Command{Key: keys[i], PayeeWallet: shop.Wallet, Amount: 100})
		})
	}
	require.Eventually(t, func() bool { return teller.Load().Waiting == len(people) }, 10*time.Second, time.Millisecond)
	teller.Open(1)
	t.Cleanup(teller.Close)
	all.Wait()
	for i, err := range errs {
		if i != stuck {
			require.NoError(t, err)
		}
	}
	require.ErrorIs(t, errs[stuck], usecase.ErrLocked)
	told, ok := fault.Of(errs[stuck])
	require.True(t, ok)
	require.Equal(t, fault.Unavailable, told.Kind)
	var cause *pgconn.PgError
	require.ErrorAs(t, errs[stuck], &cause, "operators learn why")
	require.Equal(t, money.Points(1_100), city.Balance(t, shop))

	release()
	_, err := pay.Do(t.Context(), citytest.Actor(people[stuck]), paying.Command{Key: keys[stuck], PayeeWallet: shop.Wallet, Amount: 100})
	require.NoError(t, err, "nothing of the order that gave up was kept")
	require.Equal(t, money.Points(1_200), city.Balance(t, shop))
}
