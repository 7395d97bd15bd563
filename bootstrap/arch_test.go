// Package bootstrap_test keeps the house in order. The architecture test asks the go command once for all
// packages and their imports and judges them by the rules in arch_rules_test.go; what imports cannot show
// (a clock, a float, a struct tag) it finds in the syntax of the domain's files. Each rule is also shown
// a planted breach, because a rule that cannot fail protects nothing.
package bootstrap_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const moduleName = "lovesaijo"

func TestTheHouseKeepsItsRules(t *testing.T) {
	t.Parallel()
	tree := loadTree(t)
	require.NotEmpty(t, tree)
	for _, law := range houseRules {
		t.Run(law.name, func(t *testing.T) {
			t.Parallel()
			require.Empty(t, law.check(tree))
		})
	}
}

func TestTheHouseHasOnlyItsFolders(t *testing.T) {
	t.Parallel()
	entries, err := os.ReadDir("..")
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	require.Contains(t, names, "bootstrap", "the test must look at the root of the module")
	require.Empty(t, strayFolders(names))
}

func TestTheHouseGivesAReasonForEveryException(t *testing.T) {
	t.Parallel()
	for _, e := range exceptions {
		require.NotEmpty(t, e.why, "%s to %s", e.from, e.to)
		require.NotEqual(t, e.from, e.to)
	}
}

func TestTheHouseFindsAPlantedBreachOfEveryRule(t *testing.T) {
	t.Parallel()
	shown := map[string]bool{}
	for _, planted := range plantedBreaches {
		law := findRule(t, planted.rule)
		shown[law.name] = true
		t.Run(planted.rule+"/"+planted.breach, func(t *testing.T) {
			t.Parallel()
			breaches := law.check(parsePlanted(t, planted.tree))
			require.Len(t, breaches, 1)
			require.Contains(t, breaches[0], planted.breach)
		})
	}
	for _, law := range houseRules {
		require.True(t, shown[law.name], "no breach is planted for %q", law.name)
	}
}

func TestTheHouseMindsNoGoodTree(t *testing.T) {
	t.Parallel()
	tree := parsePlanted(t, goodHouse)
	for _, law := range houseRules {
		require.Empty(t, law.check(tree), law.name)
	}
	require.Empty(t, strayFolders([]string{".git", ".ci", "domain", "docs", "dist"}))
	require.Equal(t, []string{"pkg"}, strayFolders([]string{"domain", "pkg"}))
}

func findRule(t *testing.T, name string) rule {
	t.Helper()
	for _, law := range houseRules {
		if law.name == name {
			return law
		}
	}
	require.Fail(t, "no such rule", name)
	return rule{}
}

// loadTree asks the go command for every package of the module. Files that this platform does not build
// (another system's, say) are read as well: a rule holds everywhere. A package that does not build is judged too (-e);
// that it does not build is for the compiler to say.
func loadTree(t *testing.T) []source {
	t.Helper()
	openEveryFolder(t)
	list := exec.CommandContext(t.Context(), "go", "list", "-e",
		"-json=ImportPath,Name,Dir,Imports,TestImports,XTestImports,GoFiles,CgoFiles,IgnoredGoFiles", "./...")
	list.Dir = ".."
	var complaints bytes.Buffer
	list.Stderr = &complaints
	out, err := list.Output()
	require.NoError(t, err, complaints.String())

	var tree []source
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var listed struct {
			ImportPath, Name, Dir              string
			Imports, TestImports, XTestImports []string
			GoFiles, CgoFiles, IgnoredGoFiles  []string
		}
		err := decoder.Decode(&listed)
		if errors.Is(err, io.EOF) {
			return tree
		}
		require.NoError(t, err)
		p := source{
			path:        strings.TrimPrefix(strings.TrimPrefix(listed.ImportPath, moduleName), "/"),
			name:        listed.Name,
			imports:     listed.Imports,
			testImports: append(listed.TestImports, listed.XTestImports...),
			fset:        token.NewFileSet(),
		}
		for _, name := range append(listed.GoFiles, listed.CgoFiles...) {
			p.files = append(p.files, parseFile(t, p.fset, filepath.Join(listed.Dir, name), nil))
		}
		for _, name := range listed.IgnoredGoFiles {
			file := parseFile(t, p.fset, filepath.Join(listed.Dir, name), nil)
			switch {
			case strings.HasSuffix(name, "_test.go"):
				p.testImports = append(p.testImports, importsOf(t, file)...)
			case file.Name.Name == listed.Name: // a generator run by hand is a package main of its own
				p.imports = append(p.imports, importsOf(t, file)...)
				p.files = append(p.files, file)
			}
		}
		tree = append(tree, p)
	}
}

// openEveryFolder makes every folder an input of this test. The test cache does not see what the go command reads,
// so without this a file added to a package would leave an old verdict standing.
func openEveryFolder(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && path != ".." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		return err
	})
	require.NoError(t, err)
}

func parseFile(t *testing.T, fset *token.FileSet, name string, text any) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(fset, name, text, parser.SkipObjectResolution)
	require.NoError(t, err)
	return file
}

func importsOf(t *testing.T, file *ast.File) []string {
	t.Helper()
	var paths []string
	for _, spec := range file.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		paths = append(paths, path)
	}
	return paths
}
