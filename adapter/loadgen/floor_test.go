package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, nil)) }

// theFloor is the one that the program embeds.
func theFloor(t *testing.T) Floor {
	t.Helper()
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join("..", "..", "e2e", "bench", name))
		require.NoError(t, err)
		return string(text)
	}
	return Floor{Schema: read("floor.sql"), Script: read("floor.pgbench"), Clients: []int{2, 4}}
}

func floorsOn(t *testing.T, url string) int {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(context.Background()) }()
	var n int
	require.NoError(t, conn.QueryRow(t.Context(), `SELECT count(*) FROM pg_database WHERE datname LIKE 'lovesaijo\_floor\_%'`).Scan(&n))
	return n
}

// One test for all loads with a floor, since each looks whether the server is left without one.
func TestPaymentsRunInTurnsWithTheFloorOnOneServer(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	p := &platform{}
	o := small(p.open(t))
	o.Stretch, o.DatabaseURL = time.Second, url
	floor := theFloor(t)
	o.Floor = &floor
	o.Connections = []int{1, 4}
	o.Rounds = 1

	var progress, markdown, text bytes.Buffer
	report, err := Payments(t.Context(), o, &progress)
	require.NoError(t, err, progress.String())
	require.Len(t, report.Rows, 4)
	require.Regexp(t, `(?s)floor +2 at once.*HTTP +1 at once.*floor +4 at once.*HTTP +4 at once`, progress.String())
	require.Equal(t, []string{"floor", "floor", "HTTP", "HTTP"},
		[]string{report.Rows[0].Path, report.Rows[1].Path, report.Rows[2].Path, report.Rows[3].Path})
	require.InDelta(t, max(report.Rows[0].PerSecond, report.Rows[1].PerSecond), report.FloorBest, 1e-9)
	require.InDelta(t, report.Rows[3].PerSecond/report.FloorBest, report.Rows[3].Ratio, 1e-9)
	for _, row := range report.Rows[:2] {
		require.Positive(t, row.Requests)
		require.Positive(t, row.P50)
		require.NotNil(t, row.CPU.Postgres)
		require.NotNil(t, row.CPU.Client)
		require.Nil(t, row.CPU.Server)
	}
	require.NotNil(t, report.Memory.Postgres)
	require.Zero(t, floorsOn(t, url), "the floor leaves nothing behind")

	require.NotEmpty(t, report.Database.Version)
	require.Equal(t, "unix socket", report.Database.Over)
	require.Equal(t, "off", report.Database.Fsync, "a cluster for tests gives durability up")
	require.NoError(t, report.WriteMarkdown(&markdown))
	require.Contains(t, markdown.String(), "fsync off")
	require.Contains(t, markdown.String(), "NOT DURABLE")
	require.Contains(t, markdown.String(), "| HTTP | 4 |")
	require.NoError(t, report.WriteJSON(&text))
	require.True(t, json.Valid(text.Bytes()))

	lossy := floor
	lossy.Schema += "\nUPDATE floor.wallets SET balance = balance + 1 WHERE id = 7;"
	o.Floor = &lossy
	_, err = Payments(t.Context(), o, &progress)
	require.ErrorContains(t, err, "books do not balance")
	require.ErrorContains(t, err, "wallet 7 is")
	require.Zero(t, floorsOn(t, url))

	broken := floor
	broken.Schema += "\nSELECT nonsense;"
	o.Floor = &broken
	_, err = Payments(t.Context(), o, &progress)
	require.ErrorContains(t, err, "nonsense")
	require.Zero(t, floorsOn(t, url))

	failing := floor
	failing.Script = "SELECT floor.pay(1, 10001, 999999999, 'key');"
	o.Floor = &failing
	_, err = Payments(t.Context(), o, &progress)
	require.ErrorContains(t, err, "pgbench")
	require.Zero(t, floorsOn(t, url))

	before := p.payments
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	var name string
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT current_database()").Scan(&name))
	require.NoError(t, execute(t.Context(), conn, "ALTER DATABASE "+pgx.Identifier{name}.Sanitize()+" SET synchronous_commit = on"))
	o.Floor = &floor
	_, err = Payments(t.Context(), o, &progress)
	require.ErrorContains(t, err, "under other settings than the platform's")
	require.Equal(t, before, p.payments, "nothing is measured that cannot be compared")
	require.Zero(t, floorsOn(t, url))
}

func TestPgbenchIsUnderstood(t *testing.T) {
	t.Parallel()
	said := `pgbench (15.18)
transaction type: floor.pgbench
number of transactions actually processed: 66564
number of failed transactions: 0 (0.000%)
latency average = 6.587 ms
initial connection time = 41.009 ms
tps = 4857.809005 (without initial connection time)
`
	got, err := parsePgbench(said)
	require.NoError(t, err)
	require.Equal(t, pgbenchSaid{66_564, 4857.809005}, got)
	for _, bad := range []string{"", "tps = 5 (without initial connection time)", "number of transactions actually processed: 5"} {
		_, err := parsePgbench(bad)
		require.Error(t, err, bad)
	}
	_, err = parsePgbench("number of transactions actually processed: 0\ntps = 0.0 (without initial connection time)\n")
	require.ErrorContains(t, err, "paid nothing")
	_, err = parsePgbench("number of transactions actually processed: 5\nnumber of failed transactions: 2 (1%)\ntps = 1.0 (without initial connection time)\n")
	require.ErrorContains(t, err, "2 payments of the floor failed")
}

func TestPgbenchsLogsOfAllThreadsAreReadOnce(t *testing.T) {
	t.Parallel()
	prefix := filepath.Join(t.TempDir(), "latency")
	require.NoError(t, os.WriteFile(prefix+".99", []byte("0 199 2241 0 1175850568 995598\n1 200 500 0 1175850569 608\n"), 0o600))
	require.NoError(t, os.WriteFile(prefix+".99.1", []byte("2 198 9000 0 1175850570 10\n"), 0o600))
	h, err := readLatencies(prefix)
	require.NoError(t, err)
	require.EqualValues(t, 3, h.count)
	require.Equal(t, 9*time.Millisecond, h.most)
	require.Equal(t, 500*time.Microsecond, h.least)
	again, err := readLatencies(prefix)
	require.NoError(t, err)
	require.Zero(t, again.count)
	require.NoError(t, os.WriteFile(prefix+".99", []byte("0 199 failed 0 1175850568 995598\n"), 0o600))
	_, err = readLatencies(prefix)
	require.ErrorContains(t, err, "failed")
}

func TestPgbenchIsLookedForAndMayBeNamed(t *testing.T) {
	t.Parallel()
	found, err := Floor{}.program(0)
	require.NoError(t, err)
	require.FileExists(t, found)
	named, err := Floor{Pgbench: found}.program(0)
	require.NoError(t, err)
	require.Equal(t, found, named)
	_, err = Floor{Pgbench: filepath.Join(t.TempDir(), "none")}.program(0)
	require.Error(t, err)
	require.Equal(t, 15, number("/usr/lib/postgresql/15/bin/pgbench"))
}

func TestADatabaseURLIsNotRepeatedInErrors(t *testing.T) {
	t.Parallel()
	_, err := databaseConfig("postgres://user:secret@[::1:5432/x")
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}
