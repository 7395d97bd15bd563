package docs_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	namedTest = regexp.MustCompile("`([^`]+)`")
	laterStep = regexp.MustCompile(`^later: (after 5|[2-5]) of 5, .+`)
)

func TestEveryClauseIsTracedToATestOrAStep(t *testing.T) {
	t.Parallel()
	clauses := strings.Split(strings.TrimSpace(readText(t, "clauses.txt")), "\n")
	require.Len(t, clauses, 81, "the list of clauses is the specification's and ours, and only grows")
	require.Empty(t, traceFaults(clauses, tableRows(readText(t, "traceability.md")), testsOf(t)))
}

func TestTheTraceFindsWhatIsMissing(t *testing.T) {
	t.Parallel()
	tests := func(pkg string) []string {
		return map[string][]string{"domain/lot": {"TestDraw", "TestMerge"}}[pkg]
	}
	good := []string{"4.3.1", "payment", "`domain/lot.TestDraw`, `domain/lot.TestMerge`; later: 5 of 5, on the phone"}
	planned := []string{"4.4.1", "claim", "later: 2 of 5, claims"}
	clauses := []string{"4.3.1", "4.4.1"}
	require.Empty(t, traceFaults(clauses, [][]string{good, planned}, tests))

	for fault, rows := range map[string][][]string{
		"4.4.1 has 0 rows":                               {good},
		"4.3.1 has 2 rows":                               {good, good, planned},
		"9.9.9 is no clause":                             {good, planned, {"9.9.9", "what", "later: 2 of 5, claims"}},
		"4.4.1 has 2 cells":                              {good, {"4.4.1", "later: 2 of 5, claims"}},
		"4.4.1 has no requirement":                       {good, {"4.4.1", "", "later: 2 of 5, claims"}},
		"4.4.1 names no test and no step: later":         {good, {"4.4.1", "claim", "later"}},
		"4.4.1 names no test and no step: ":              {good, {"4.4.1", "claim", ""}},
		"4.4.1 names no test and no step: soon":          {good, {"4.4.1", "claim", "`domain/lot.TestDraw`; soon"}},
		"4.4.1 names domain/lot.TestGone, which is gone": {good, {"4.4.1", "claim", "`domain/lot.TestGone`"}},
		"4.4.1 names wallet.TestDraw, which is gone":     {good, {"4.4.1", "claim", "`wallet.TestDraw`"}},
		"4.4.1 names TestDraw, which is gone":            {good, {"4.4.1", "claim", "`TestDraw`"}},
	} {
		require.Equal(t, []string{fault}, traceFaults(clauses, rows, tests))
	}
}

// traceFaults judges the table. A cell is a list of tests in backticks, the step in which the clause comes, or both;
// testsOf gives the tests of the package in a folder of the module.
func traceFaults(clauses []string, rows [][]string, testsOf func(folder string) []string) []string {
	var faults []string
	count := map[string]int{}
	for _, row := range rows {
		clause := row[0]
		count[clause]++
		switch {
		case !slices.Contains(clauses, clause):
			faults = append(faults, clause+" is no clause")
			continue
		case len(row) != 3:
			faults = append(faults, fmt.Sprintf("%s has %d cells", clause, len(row)))
			continue
		case row[1] == "":
			faults = append(faults, clause+" has no requirement")
		}
		named := namedTest.FindAllStringSubmatch(row[2], -1)
		for _, match := range named {
			folder, name := splitTestName(match[1])
			if !slices.Contains(testsOf(folder), name) {
				faults = append(faults, fmt.Sprintf("%s names %s, which is gone", clause, match[1]))
			}
		}
		rest := strings.Trim(namedTest.ReplaceAllString(row[2], ""), " ,;")
		if rest == "" && len(named) > 0 || laterStep.MatchString(rest) {
			continue
		}
		faults = append(faults, clause+" names no test and no step: "+rest)
	}
	for _, clause := range clauses {
		if count[clause] != 1 {
			faults = append(faults, fmt.Sprintf("%s has %d rows", clause, count[clause]))
		}
	}
	return faults
}

// splitTestName parts domain/lot.TestDraw at its last dot; a name without one belongs to no package.
func splitTestName(full string) (folder, name string) {
	at := strings.LastIndex(full, ".")
	if at < 0 {
		return full, ""
	}
	return full[:at], full[at+1:]
}

// testsOf reads the tests that the go command would run in a folder of the module: a file that its build
// constraints keep out does not count.
func testsOf(t *testing.T) func(folder string) []string {
	t.Helper()
	known := map[string][]string{}
	return func(folder string) []string {
		if names, ok := known[folder]; ok {
			return names
		}
		dir := filepath.Join("..", filepath.FromSlash(folder))
		var names []string
		if pkg, err := build.ImportDir(dir, 0); err == nil {
			for _, file := range slices.Concat(pkg.TestGoFiles, pkg.XTestGoFiles) {
				parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, parser.SkipObjectResolution)
				require.NoError(t, err)
				for _, decl := range parsed.Decls {
					if f, ok := decl.(*ast.FuncDecl); ok && f.Recv == nil && isTestName(f.Name.Name) {
						names = append(names, f.Name.Name)
					}
				}
			}
		}
		known[folder] = names
		return names
	}
}

func isTestName(name string) bool {
	return name != "TestMain" && (strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz"))
}
