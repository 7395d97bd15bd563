package docs_test

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEveryDirectDependencyHasItsReasonAndLicence(t *testing.T) {
	t.Parallel()
	rows := tableRows(readText(t, "dependencies.md"))
	reasons := map[string]bool{}
	for _, row := range rows {
		require.Len(t, row, 4, "%v", row)
		require.NotContains(t, row, "", "%v", row)
		module := strings.Trim(row[0], "`")
		require.False(t, reasons[module], "%s has two rows", module)
		reasons[module] = true
	}

	ours, tools := readModule(t, "../go.mod"), readModule(t, "../tools/go.mod")
	required := append(slices.Clone(ours.all), tools.all...)
	needed := slices.Concat(ours.direct, ours.toolModules(), tools.direct, tools.toolModules(), importedModules(t, ours.all))
	require.NotEmpty(t, needed)
	for _, module := range needed {
		require.True(t, reasons[module], "%s has no row in dependencies.md", module)
	}
	for module := range reasons {
		require.Contains(t, required, module, "dependencies.md has a row for a module that go.mod does not name")
	}
}

func TestAModuleFileIsReadForItsDirectRequirementsAndTools(t *testing.T) {
	t.Parallel()
	m := parseModule(`module lovesaijo

go 1.26.0

require github.com/spf13/cobra v1.10.2

require (
	github.com/samber/lo v1.53.0
	github.com/spf13/pflag v1.0.10 // indirect
	github.com/go-task/task/v3 v3.44.1 // indirect
)

tool github.com/go-task/task/v3/cmd/task

tool (
	github.com/samber/lo/cmd/lo
)
`)
	require.Equal(t, []string{"github.com/spf13/cobra", "github.com/samber/lo"}, m.direct)
	require.Len(t, m.all, 4)
	require.Equal(t, []string{"github.com/go-task/task/v3", "github.com/samber/lo"}, m.toolModules())
	require.Equal(t, "github.com/uptrace/bun/dialect/pgdialect",
		moduleOf("github.com/uptrace/bun/dialect/pgdialect", []string{"github.com/uptrace/bun", "github.com/uptrace/bun/dialect/pgdialect"}))
	require.Empty(t, moduleOf("github.com/samber/lopsided", m.all))
}

// moduleFile is what a go.mod says about other modules.
type moduleFile struct{ all, direct, tools []string }

func readModule(t *testing.T, name string) moduleFile {
	t.Helper()
	return parseModule(readText(t, name))
}

func parseModule(text string) moduleFile {
	var m moduleFile
	block := ""
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || words[0] == "//":
			continue
		case line == ")":
			block = ""
			continue
		case words[len(words)-1] == "(":
			block = words[0]
			continue
		case block == "":
			block, words = words[0], words[1:]
			m.add(block, words, line)
			block = ""
		default:
			m.add(block, words, line)
		}
	}
	return m
}

func (m *moduleFile) add(verb string, words []string, line string) {
	switch verb {
	case "require":
		m.all = append(m.all, words[0])
		if !strings.HasSuffix(line, "// indirect") {
			m.direct = append(m.direct, words[0])
		}
	case "tool":
		m.tools = append(m.tools, words[0])
	}
}

func (m *moduleFile) toolModules() []string {
	var modules []string
	for _, tool := range m.tools {
		modules = append(modules, moduleOf(tool, m.all))
	}
	return modules
}

// moduleOf finds the module that holds a package: the longest of the names that lead to it, or none.
func moduleOf(imported string, modules []string) string {
	longest := ""
	for _, module := range modules {
		if (imported == module || strings.HasPrefix(imported, module+"/")) && len(module) > len(longest) {
			longest = module
		}
	}
	return longest
}

// importedModules reads what the Go files import, because a requirement may still be marked indirect when it no longer is.
func importedModules(t *testing.T, modules []string) []string {
	t.Helper()
	found := map[string]bool{}
	require.NoError(t, filepath.WalkDir("..", func(path string, entry os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if path != ".." && (strings.HasPrefix(entry.Name(), ".") || slices.Contains([]string{"node_modules", "testdata", "tools"}, entry.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if module := moduleOf(imported, modules); module != "" {
				found[module] = true
			}
		}
		return nil
	}))
	var names []string
	for module := range found {
		names = append(names, module)
	}
	slices.Sort(names)
	return names
}
