package pgtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster"
	"lovesaijo/adapter/pgcluster/pgtest"
)

// again runs one test of this program in a process of its own, with a server given by the environment.
func again(url string) (string, error) {
	cmd := exec.Command(os.Args[0], "-test.run", "^TestEachTestGetsItsOwnCopyOfTheMigratedTemplate$", "-test.v")
	cmd.Env = append(os.Environ(), pgtest.ServerVariable+"="+url)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func TestAServerGivenByTheEnvironmentIsUsedAndLeftAsItWas(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	given, err := pgcluster.Start(t.Context(), pgcluster.Options{
		Dir: dir, Volatile: true, Settings: map[string]string{"log_statement": "ddl"},
	})
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, given.Stop())
		require.NoError(t, pgcluster.Remove(dir))
	})
	output, err := again(given.URL(pgcluster.Database))
	require.NoError(t, err, output)
	require.Contains(t, output, "--- PASS")

	logs, err := filepath.Glob(filepath.Join(dir, "*", "postgres.log"))
	require.NoError(t, err)
	require.Len(t, logs, 1)
	log, err := os.ReadFile(logs[0])
	require.NoError(t, err)
	require.Contains(t, string(log), "CREATE TABLE town", "the tests went elsewhere")

	var left int
	require.NoError(t, connect(t, given.URL(pgcluster.Database)).QueryRow(t.Context(),
		"SELECT count(*) FROM pg_database WHERE datname LIKE 'test%'").Scan(&left))
	require.Zero(t, left)
}

func TestAServerThatCannotBeHadFailsTheTests(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"host=nowhere", "postgres://nobody@127.0.0.1:1/none?sslmode=disable"} {
		output, err := again(url)
		require.Error(t, err)
		require.Contains(t, output, "--- FAIL")
	}
}
