package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
)

func masters(db *postgres.DB, embedded bank.Embedded) banktest.Bench {
	return banktest.Bench{
		Unit: postgres.NewUnit(db, func(s *postgres.Session) banktest.Stores {
			return banktest.Stores{Masters: s.BankMasters(embedded)}
		}),
		Directory: db.Banks(embedded),
	}
}

func bring(t *testing.T, b banktest.Bench, master *bank.Master) {
	t.Helper()
	require.NoError(t, b.Unit.Do(t.Context(), func(ctx context.Context, s banktest.Stores) error {
		return s.Masters.Replace(ctx, master, [16]byte{15: 1}, time.Now())
	}))
}

func TestBankMastersKeepTheirContract(t *testing.T) {
	t.Parallel()
	banktest.Masters(t, func(t *testing.T, embedded bank.Embedded) banktest.Bench { return masters(open(t), embedded) })
}

func TestAProcessSeesTheBankMasterThatAnotherHasBroughtIn(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	own := banktest.Master(t)
	embedded := func() (*bank.Master, error) { return own, nil }
	here, there := masters(openAt(t, url), embedded), masters(openAt(t, url), embedded)
	for later := range 2 {
		brought := banktest.MasterOf(t, banktest.AsOf+1, banktest.Listings()[later])
		bring(t, there, brought)
		for range 2 {
			seen, err := here.Directory.Master(t.Context())
			require.NoError(t, err)
			require.Equal(t, brought, seen)
		}
	}
}

func TestABankMasterIsNeverChangedAndAMangledOneIsNotUsed(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	own := banktest.Master(t)
	b := masters(openAt(t, url), func() (*bank.Master, error) { return own, nil })
	bring(t, b, banktest.MasterOf(t, banktest.AsOf+1, banktest.TestHead))
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	for _, statement := range []string{`UPDATE bank_masters SET source = 'x'`, `DELETE FROM bank_masters`, `TRUNCATE bank_masters`} {
		_, err := conn.Exec(t.Context(), statement)
		require.ErrorContains(t, err, "never changed", statement)
	}
	_, err = conn.Exec(t.Context(), `INSERT INTO bank_masters SELECT version + 1, as_of, source, repeat('0', 64), data, replaced_by, replaced_at FROM bank_masters`)
	require.NoError(t, err)
	_, err = b.Directory.Master(t.Context())
	require.ErrorContains(t, err, "mangled")
	require.Error(t, b.Unit.Do(t.Context(), func(ctx context.Context, s banktest.Stores) error {
		_, err := s.Masters.Current(ctx)
		return err
	}))
}
