package journey_test

import (
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

// The tour of the README: nothing is configured, and everything is there.
func TestTheDemonstrationProvesItsBooksAndEnds(t *testing.T) {
	t.Parallel()
	said := run(t, nil, "demo", "--exit", "--scale", "small")
	require.Zero(t, said.Code, "%s%s", said.Stdout, said.Stderr)
	require.Contains(t, said.Stdout, "Trial balance")
	require.Contains(t, said.Stdout, "verify: clean")
	require.NotContains(t, said.Stderr, `"ERROR"`)
}
