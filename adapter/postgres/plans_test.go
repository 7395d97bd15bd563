package postgres_test

import (
	"encoding/json"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
)

// writeLongJournal makes a journal that is long beside what is looked up in it: fifty tills of one fund, and a shop
// with one lot and one long history. It goes around the ledger, since only plans are tested on it.
func writeLongJournal(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, sql := range []string{
		`CREATE FUNCTION pg_temp.id(i int) RETURNS uuid LANGUAGE sql AS $$ SELECT ('10000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid $$`,
		`INSERT INTO funds (code, name, created_at) VALUES ('city', 'city', '2026-01-01')`,
		`INSERT INTO wallets (id, owner_id, role, opened_at) SELECT pg_temp.id(i), pg_temp.id(i), 2, '2026-01-01' FROM generate_series(0, 49) i`,
		`INSERT INTO pots SELECT 2, pg_temp.id(i), 'city', -100 FROM generate_series(0, 49) i`,
		`INSERT INTO entries (id, type, at) SELECT pg_temp.id(i), 8, timestamptz '2026-01-01' + i * interval '1 s' FROM generate_series(1, 20000) i`,
		// Charges and grants, now and then a remittance, and payments into one lot.
		`INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, destination_kind, destination_owner, destination_lot, kind, amount)
			SELECT pg_temp.id(i), 0, timestamptz '2026-01-01' + i * interval '1 s', 'city', 2 + i % 2, pg_temp.id(i % 50), 5, pg_temp.id(i), pg_temp.id(i), 'gift', 100
			FROM generate_series(1, 20000) i`,
		`INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, destination_kind, destination_owner, amount)
			SELECT pg_temp.id(i), 1, timestamptz '2026-01-01' + i * interval '1 s', 'city', 1, pg_temp.id(0), 2, pg_temp.id(i / 100 % 50), 100
			FROM generate_series(100, 20000, 100) i`,
		`INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, amount)
			SELECT pg_temp.id(i), 2, timestamptz '2026-01-01' + i * interval '1 s', 'city', 5, pg_temp.id(i), pg_temp.id(i), 5, pg_temp.id(0), pg_temp.id(0), 'gift', 100
			FROM generate_series(1, 20000) i`,
		`INSERT INTO lines (wallet_id, no, entry_id, type, at, delta, balance, counterpart_kind, counterpart_owner)
			SELECT pg_temp.id(0), i, pg_temp.id(i), 8, '2026-01-01', 1, 1, 5, pg_temp.id(1) FROM generate_series(1, 20000) i`,
		`ANALYZE`,
	} {
		_, err := conn.Exec(t.Context(), sql)
		require.NoError(t, err)
	}
}

// step is one step of a plan as PostgreSQL explains it.
type step struct {
	Relation string  `json:"Relation Name"`
	Rows     float64 `json:"Actual Rows"`
	Passed   float64 `json:"Rows Removed by Filter"`
	Loops    float64 `json:"Actual Loops"`
	Plans    []step
}

// read counts the rows of tables that the step and those below it looked at.
func (s step) read() (rows float64) {
	if s.Relation != "" {
		rows = (s.Rows + s.Passed) * s.Loops
	}
	for _, below := range s.Plans {
		rows += below.read()
	}
	return rows
}

// rowsRead runs a statement by the plan that serves whatever its arguments are, and counts the rows it looked at.
func rowsRead(t *testing.T, conn *pgx.Conn, sql, arguments string) float64 {
	t.Helper()
	_, err := conn.Exec(t.Context(), `SET plan_cache_mode = force_generic_plan; DEALLOCATE ALL; PREPARE statement AS `+sql, pgx.QueryExecModeSimpleProtocol)
	require.NoError(t, err)
	var explained []byte
	require.NoError(t, conn.QueryRow(t.Context(), `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE statement`+arguments, pgx.QueryExecModeSimpleProtocol).Scan(&explained))
	var plans []struct{ Plan step }
	require.NoError(t, json.Unmarshal(explained, &plans))
	return plans[0].Plan.read()
}

func TestOfALongJournalLittleIsReadAtATime(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.Open(t))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	writeLongJournal(t, conn)
	const lot, entry = `'10000000-0000-7000-8000-000000000000'`, `'10000000-0000-7000-8000-000000000077'`
	for what, statement := range map[string]struct{ sql, arguments string }{
		"the tills of the city":              {postgres.ReadTills, ""},
		"one line of a long history":         {postgres.ReadLine, `(` + lot + `, ` + entry + `)`},
		"what a shop was adjusted by":        {postgres.SumAdjusted, `(` + lot + `, '2026-01-01', '2026-01-02')`},
		"the newest sources of a shop's lot": {postgres.ReadSources, `(ARRAY[` + lot + `, ` + entry + `]::uuid[], 21)`},
	} {
		require.Less(t, rowsRead(t, conn, statement.sql, statement.arguments), 2_000.0, what)
	}
}
