package journey_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

func run(t *testing.T, variables []string, args ...string) harness.Outcome {
	t.Helper()
	said, err := world.Run(t.Context(), t.TempDir(), variables, args...)
	require.NoError(t, err)
	return said
}

func TestTheBinaryNamesItsVariablesAndTheWrongOnes(t *testing.T) {
	t.Parallel()
	help := run(t, nil, "serve", "--help")
	if !strings.Contains(help.Stdout, "LOVESAIJO_") {
		help = run(t, nil, "--help")
	}
	require.Zero(t, help.Code)
	for _, name := range []string{
		"LOVESAIJO_DATABASE_URL", "LOVESAIJO_REDIS_URL", "LOVESAIJO_LISTEN", "LOVESAIJO_BASE_URL", "LOVESAIJO_DATA_DIR", "LOVESAIJO_SEAL_HEADS",
	} {
		require.Contains(t, help.Stdout, name)
	}
	for variable, value := range map[string]string{
		"LOVESAIJO_LISTEN": "nowhere", "LOVESAIJO_DATABASE_URL": "mysql://hidden-secret@db/x", "LOVESAIJO_REDIS_URL": "hidden-secret",
		"LOVESAIJO_LOG_LEVEL": "loud", "LOVESAIJO_TELLER_WINDOWS": "0", "LOVESAIJO_TOKEN_KEY_FILE": "/no/such/file",
	} {
		said := run(t, []string{variable + "=" + value}, "serve")
		require.Equal(t, 1, said.Code, variable)
		require.Contains(t, said.Stderr, variable)
		require.NotContains(t, said.Stderr, "hidden-secret", "a URL may hold a password")
	}
	said := run(t, nil, "serve")
	require.Equal(t, 1, said.Code, "serve does not start servers by itself")
	require.Contains(t, said.Stderr, "LOVESAIJO_DATABASE_URL")
}

// The tour of the README: nothing is configured, and everything is there, all the way to bank files on disk.
func TestTheDemonstrationProvesItsBooksAndEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	said, err := world.Run(t.Context(), dir, nil, "demo", "--exit", "--scale", "small")
	require.NoError(t, err)
	require.Zero(t, said.Code, "%s%s", said.Stdout, said.Stderr)
	for _, told := range []string{
		"Campaign 西条まるごと還元", ": paid, ", "Statements of ", "all shops", "Bank files (全銀 総合振込)", "1 sent again to a corrected account",
		"Trial balance", "receivables", "verify: clean",
	} {
		require.Contains(t, said.Stdout, told)
	}
	require.NotContains(t, said.Stderr, `"ERROR"`)

	files, err := filepath.Glob(filepath.Join(dir, ".lovesaijo", "bank-files", "*.txt"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	again := 0
	for _, name := range files {
		content, err := os.ReadFile(name)
		require.NoError(t, err)
		for _, record := range readTransfers(t, content).transfers {
			require.Equal(t, harness.TestBank, record.bank, "it pays to nobody")
			if record.newCode == "2" {
				again++
			}
		}
	}
	require.Equal(t, 1, again, "the one that came back")
}
