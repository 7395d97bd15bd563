package bench_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/e2e/bench"
)

func TestMain(m *testing.M) {
	os.Exit(pgtest.Main(m, func(ctx context.Context, url string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, bench.Schema)
		return err
	}))
}

func open(t *testing.T) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), pgtest.Open(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func number(t *testing.T, conn *pgx.Conn, question string, values ...any) int64 {
	t.Helper()
	var n int64
	require.NoError(t, conn.QueryRow(t.Context(), question, values...).Scan(&n))
	return n
}

func pay(t *testing.T, conn *pgx.Conn, payer, merchant, amount int, key string) error {
	t.Helper()
	_, err := conn.Exec(t.Context(), "SELECT floor.pay($1, $2, $3, $4)", payer, merchant, amount, key)
	return err
}

func wrongs(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	rows, err := conn.Query(t.Context(), "SELECT what FROM floor.wrongs")
	require.NoError(t, err)
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return found
}

func TestTheFloorHasThePayersAndLotsThatPaymentsAreMeasuredWith(t *testing.T) {
	t.Parallel()
	conn := open(t)
	require.EqualValues(t, 2_000, number(t, conn, "SELECT count(*) FROM floor.wallets WHERE balance > 0"))
	require.EqualValues(t, 50, number(t, conn, "SELECT count(*) FROM floor.wallets WHERE balance = 0"))
	require.EqualValues(t, 2_000, number(t, conn, "SELECT count(*) FROM (SELECT FROM floor.lots WHERE remaining > 0 GROUP BY wallet HAVING count(*) = 3) w"))
	require.Empty(t, wrongs(t, conn))
}

func TestThePaymentsOfTheFloorBalance(t *testing.T) {
	t.Parallel()
	conn := open(t)
	require.NoError(t, pay(t, conn, 1, 10_001, 100, "one lot"))
	require.NoError(t, pay(t, conn, 1, 10_002, 1_500, "two lots"))
	require.NoError(t, pay(t, conn, 1, 10_001, 5_000, "the last"))
	require.Empty(t, wrongs(t, conn))
	require.EqualValues(t, 3, number(t, conn, "SELECT count(*) FROM floor.payments"))
	require.EqualValues(t, 3, number(t, conn, "SELECT count(*) FROM floor.outbox"))
	require.EqualValues(t, 2*(1+2+2), number(t, conn, "SELECT count(*) FROM floor.lines"))
	require.EqualValues(t, 5_100, number(t, conn, "SELECT balance FROM floor.wallets WHERE id = 10001"))
	require.EqualValues(t, 100_002_000-6_600, number(t, conn, "SELECT balance FROM floor.wallets WHERE id = 1"))
	require.EqualValues(t, 6_600, number(t, conn, "SELECT sum(remaining) FROM floor.lots WHERE hops = 1"))
}

func TestTheFloorKeepsAKeyOnceAndPaysNothingItHasNot(t *testing.T) {
	t.Parallel()
	conn := open(t)
	require.NoError(t, pay(t, conn, 1, 10_001, 100, "same"))
	require.ErrorContains(t, pay(t, conn, 1, 10_001, 100, "same"), "payments_key_key")
	require.ErrorContains(t, pay(t, conn, 2, 10_001, 200_000_000, "too much"), "wallets_balance_check")
	require.Empty(t, wrongs(t, conn))
	require.EqualValues(t, 1, number(t, conn, "SELECT count(*) FROM floor.payments"))
}

func TestTheBooksOfTheFloorShowWhatIsWrong(t *testing.T) {
	t.Parallel()
	for planted, shows := range map[string]string{
		"UPDATE floor.wallets SET balance = balance + 1 WHERE id = 7":                        "wallet 7",
		"UPDATE floor.lots SET remaining = remaining - 1 WHERE wallet = 10001":               "wallet 10001",
		"UPDATE floor.wallets SET balance = balance - 1 WHERE id = 8":                        "all points",
		"UPDATE floor.payments SET amount = amount + 1":                                      "merchants",
		"UPDATE floor.lines SET delta = delta + 1 WHERE delta > 0":                           "payment ",
		"DELETE FROM floor.lines":                                                            "payment ",
		"DELETE FROM floor.outbox":                                                           "outbox",
		"UPDATE floor.lines SET wallet = CASE WHEN wallet = 1 THEN 10001 ELSE 1 END":         "payment ",
		"INSERT INTO floor.payments (key, payer, payee, amount) VALUES ('x', 1, 10001, 100)": "payment ",
	} {
		t.Run(planted, func(t *testing.T) {
			t.Parallel()
			conn := open(t)
			require.NoError(t, pay(t, conn, 1, 10_001, 100, "good"))
			require.Empty(t, wrongs(t, conn))
			_, err := conn.Exec(t.Context(), planted)
			require.NoError(t, err)
			require.Contains(t, strings.Join(wrongs(t, conn), "\n"), shows)
		})
	}
}

func TestTheScriptCallsTheFunctionOfTheSchema(t *testing.T) {
	t.Parallel()
	require.Contains(t, bench.Script, "floor.pay(:payer, :merchant, :amount, gen_random_uuid()::text)")
	require.Contains(t, bench.Schema, "CREATE FUNCTION floor.pay(")
}
