package chaos_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// A gate is a place in the work of the platform where a test can stop it: a row that is about to be written, or, with
// atCommit, the end of the transaction that wrote it. While the gate is shut, whoever comes there waits in PostgreSQL.
// A process that is killed then has done exactly what comes before.
//
// Someone killed at the commit has sent it: PostgreSQL commits once the gate is open, and nobody is told.
type gate struct {
	name     string
	on       string // INSERT ON table, UPDATE ON table
	when     string // of the row; empty for any
	atCommit bool
}

// gateClass keeps the locks of gates apart from those of the platform.
const gateClass = 7001

// gatekeeper shuts the gates of one city.
type gatekeeper struct {
	city *harness.City
	conn *pgxpool.Conn // whose session has the locks
	keys map[string]int
}

// install builds gates into a city's database. They are open.
func install(t *testing.T, city *harness.City, gates ...[]gate) *gatekeeper {
	t.Helper()
	conn, err := city.SQL.Acquire(t.Context())
	require.NoError(t, err)
	t.Cleanup(conn.Release)
	k := &gatekeeper{city, conn, map[string]int{}}
	t.Cleanup(k.openAll)
	// Whoever waits at a gate is to wait as long as the test likes, and not as long as the platform waits for locks.
	k.exec(t, `CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql SET lock_timeout = 0 AS
		$$ BEGIN PERFORM pg_advisory_xact_lock_shared(`+fmt.Sprint(gateClass)+`, TG_ARGV[0]::int); RETURN NEW; END $$`)
	for _, some := range gates {
		for _, g := range some {
			if k.keys[g.name] != 0 {
				continue // acts have some in common
			}
			k.keys[g.name] = len(k.keys) + 1
			kind, deferred, when := "TRIGGER", "", ""
			if g.atCommit {
				kind, deferred = "CONSTRAINT TRIGGER", " DEFERRABLE INITIALLY DEFERRED"
			}
			if g.when != "" {
				when = " WHEN (" + g.when + ")"
			}
			moment := map[bool]string{true: "AFTER", false: "BEFORE"}[g.atCommit]
			k.exec(t, fmt.Sprintf(`CREATE %s gate_%d %s %s%s FOR EACH ROW%s EXECUTE FUNCTION gate(%d)`, kind, k.keys[g.name], moment, g.on, deferred, when, k.keys[g.name]))
		}
	}
	return k
}

func (k *gatekeeper) exec(t *testing.T, sql string) {
	t.Helper()
	_, err := k.conn.Exec(t.Context(), sql)
	require.NoError(t, err, sql)
}

// shut shuts a gate. Nobody may be passing through it.
func (k *gatekeeper) shut(t *testing.T, g gate) {
	t.Helper()
	k.exec(t, fmt.Sprintf(`SELECT pg_advisory_lock(%d, %d)`, gateClass, k.keys[g.name]))
}

// reached waits until somebody stands before a gate, and tells in which server process.
func (k *gatekeeper) reached(t *testing.T, g gate) (pid int) {
	t.Helper()
	harness.Await(t, "somebody at the gate "+g.name, func() bool {
		pids := k.waiting(t, g)
		if len(pids) > 0 {
			pid = pids[0]
		}
		return pid != 0
	})
	return pid
}

func (k *gatekeeper) waiting(t *testing.T, g gate) (pids []int) {
	t.Helper()
	err := k.city.SQL.QueryRow(t.Context(), `SELECT coalesce(array_agg(pid), '{}') FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND classid = $1 AND objid = $2
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`, gateClass, k.keys[g.name]).Scan(&pids)
	require.NoError(t, err)
	return pids
}

// open opens a gate.
func (k *gatekeeper) open(t *testing.T, g gate) {
	t.Helper()
	k.exec(t, fmt.Sprintf(`SELECT pg_advisory_unlock(%d, %d)`, gateClass, k.keys[g.name]))
}

// openAll is for the end of a test: whoever still waits goes on.
func (k *gatekeeper) openAll() {
	_ = k.conn.Conn().Close(context.Background()) // with the session go its locks
}

// gone waits until a killed process has left nothing behind in PostgreSQL: what it had sent is done or given up.
func (k *gatekeeper) gone(t *testing.T, pid int) {
	t.Helper()
	harness.Await(t, "the end of what a killed process left behind", func() bool {
		var there bool
		require.NoError(t, k.city.SQL.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $1)`, pid).Scan(&there))
		return !there
	})
}

// deserted waits until no process of the platform is connected to the city's database.
func deserted(t *testing.T, city *harness.City) {
	t.Helper()
	harness.Await(t, "the end of what killed processes left behind", func() bool {
		var left int
		err := city.SQL.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'lovesaijo'`).Scan(&left)
		require.NoError(t, err)
		return left == 0
	})
}

// query reads one row of a city's database. Tests look there for what must be true whatever the platform says.
func query[T any](t *testing.T, city *harness.City, sql string, args ...any) (value T) {
	t.Helper()
	require.NoError(t, city.SQL.QueryRow(t.Context(), sql, args...).Scan(&value), sql)
	return value
}

// tally reads pairs of a text and a number.
func tally(t *testing.T, city *harness.City, sql string, args ...any) map[string]int64 {
	t.Helper()
	rows, err := city.SQL.Query(t.Context(), sql, args...)
	require.NoError(t, err, sql)
	defer rows.Close()
	found := map[string]int64{}
	for rows.Next() {
		var key string
		var value int64
		require.NoError(t, rows.Scan(&key, &value))
		require.NotContains(t, found, key)
		found[key] = value
	}
	require.NoError(t, rows.Err())
	return found
}

// proven has the books proven from the journal alone.
func proven(t *testing.T, city *harness.City) {
	t.Helper()
	said, err := city.Run(t.Context(), "verify")
	require.NoError(t, err)
	require.Zero(t, said.Code, "%s", strings.TrimSpace(said.Stdout+said.Stderr))
}
