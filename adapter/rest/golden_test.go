package rest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/rest"
	"lovesaijo/domain/fault"
)

// golden compares a document with the file that holds it. GOLDEN=update writes the file anew.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if os.Getenv("GOLDEN") == "update" {
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got, "write it anew: go tool task golden:update -- ./adapter/rest")
}

func TestGoldenContractStandsInTheDocuments(t *testing.T) {
	t.Parallel()
	yaml, err := rest.OpenAPI()
	require.NoError(t, err)
	golden(t, "../../docs/openapi.yaml", string(yaml))
}

func TestGoldenRoutesSayWhatTheyAskOfTheirCaller(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, r := range rest.Routes() {
		fmt.Fprintf(&b, "%-6s %-44s %s\n", r.Method, r.Path, r.Needs)
	}
	golden(t, "testdata/routes.txt", b.String())
}

func TestGoldenFaultsStandInTheDocuments(t *testing.T) {
	t.Parallel()
	golden(t, "../../docs/faults.md", rest.Faults())
}

func TestEveryFaultOfDomainAndUseCasesIsListed(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{}
	for _, f := range fault.All() {
		listed[string(f.Code)] = true
	}
	define := regexp.MustCompile(`fault\.Define\(fault\.\w+, "(\w+)"`)
	for _, tree := range []string{"../../domain", "../../usecase"} {
		err := filepath.WalkDir(tree, func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			source, err := os.ReadFile(path)
			for _, found := range define.FindAllSubmatch(source, -1) {
				require.True(t, listed[string(found[1])], "%s defines %s, which the interface does not know", path, found[1])
			}
			return err
		})
		require.NoError(t, err)
	}
}
