package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
)

// writeLongJournal makes a journal that is long beside what is looked up in it: fifty tills of one fund, and one shop
// with a history of its own. It goes around the ledger, since only plans are tested on it.
func writeLongJournal(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, sql := range []string{
		`CREATE FUNCTION pg_temp.id(i int) RETURNS uuid LANGUAGE sql AS $$ SELECT ('10000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid $$`,
		`INSERT INTO funds (code, name, created_at) VALUES ('city', 'city', '2026-01-01')`,
		`INSERT INTO wallets (id, owner_id, role, opened_at) SELECT pg_temp.id(i), pg_temp.id(i), 2, '2026-01-01' FROM generate_series(0, 49) i`,
		`INSERT INTO pots SELECT 2, pg_temp.id(i), 'city', -100 FROM generate_series(0, 49) i`,
		// Charges and grants, and now and then a remittance.
		`INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, destination_kind, destination_owner, destination_lot, kind, amount)
			SELECT pg_temp.id(i), 0, timestamptz '2026-01-01' + i * interval '1 s', 'city', 2 + i % 2, pg_temp.id(i % 50), 5, pg_temp.id(i), pg_temp.id(i), 'gift', 100
			FROM generate_series(1, 20000) i`,
		`INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, destination_kind, destination_owner, amount)
			SELECT pg_temp.id(i), 1, timestamptz '2026-01-01' + i * interval '1 s', 'city', 1, pg_temp.id(0), 2, pg_temp.id(i / 100 % 50), 100
			FROM generate_series(100, 20000, 100) i`,
		`INSERT INTO lines (wallet_id, no, entry_id, type, at, delta, balance, counterpart_kind, counterpart_owner)
			SELECT pg_temp.id(0), i, pg_temp.id(i), 8, '2026-01-01', 1, 1, 5, pg_temp.id(1) FROM generate_series(1, 20000) i`,
		`ANALYZE`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
}

// planOf gives the plan that serves a statement whatever its arguments are.
func planOf(t *testing.T, conn *pgx.Conn, sql, arguments string) string {
	t.Helper()
	_, err := conn.Exec(t.Context(), `SET plan_cache_mode = force_generic_plan; PREPARE statement AS `+sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	rows, err := conn.Query(t.Context(), `EXPLAIN EXECUTE statement`+arguments, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	return strings.Join(plan, "\n")
}

func TestALongJournalIsNotReadForATillOrAReceipt(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	for _, statement := range []struct{ sql, arguments, table string }{
		{postgres.ReadTills, "", "postings"},
		{postgres.ReadLine, "(gen_random_uuid(), gen_random_uuid())", "lines"},
	} {
		conn, err := pgx.Connect(t.Context(), url)
		require.NoError(t, err)
		if statement.table == "postings" {
			writeLongJournal(t, conn)
		}
		plan := planOf(t, conn, statement.sql, statement.arguments)
		require.NoError(t, conn.Close(t.Context()))
		require.NotContains(t, plan, "Seq Scan on "+statement.table)
		require.NotContains(t, plan, "postings_of_pots", "has every charge and grant of the fund:\n"+plan)
		require.NotContains(t, plan, "lines_pkey", "has the whole history of the wallet:\n"+plan)
	}
}
