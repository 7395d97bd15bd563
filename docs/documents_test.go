// Package docs_test holds the documents to the code: a clause without a row, a named test that is gone, a library
// without a reason, a word with two meanings, a link to nowhere and a command that is no task are failures like any other.
// Everything is read in this process, so that the test cache sees each file and folder it depends on.
package docs_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// tableRows returns the cells of every table row of a Markdown text, without headings and rules.
func tableRows(text string) [][]string {
	var rows [][]string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		isRule := strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| --")
		isHeading := i+1 < len(lines) && strings.HasPrefix(strings.ReplaceAll(lines[i+1], " ", ""), "|--")
		if !strings.HasPrefix(line, "|") || isRule || isHeading {
			continue
		}
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for j := range cells {
			cells[j] = strings.TrimSpace(cells[j])
		}
		rows = append(rows, cells)
	}
	return rows
}

func readText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

func TestEveryWordOfTheGlossaryStandsOnceWithItsJapaneseAndMeaning(t *testing.T) {
	t.Parallel()
	rows := tableRows(readText(t, "glossary.md"))
	require.Greater(t, len(rows), 40)
	seen := map[string]bool{}
	for _, row := range rows {
		require.Len(t, row, 3, "%v", row)
		require.NotContains(t, row, "", "%v", row)
		require.False(t, seen[row[0]], "%s has two rows", row[0])
		seen[row[0]] = true
	}
}

func TestEveryDecisionSaysItsContextDecisionAndConsequences(t *testing.T) {
	t.Parallel()
	records, err := filepath.Glob("adr/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, records)
	slices.Sort(records)
	for i, name := range records {
		text := readText(t, name)
		number := fmt.Sprintf("%04d", i+1)
		require.True(t, strings.HasPrefix(filepath.Base(name), number+"-"), "%s should be number %s", name, number)
		require.True(t, strings.HasPrefix(text, "# "+number+" "), "%s starts with its number", name)
		for _, heading := range []string{"## Context\n", "## Decision\n", "## Consequences\n"} {
			require.Contains(t, text, heading, name)
		}
	}
}

func TestEveryRelativeLinkOfADocumentLeadsSomewhere(t *testing.T) {
	t.Parallel()
	link := regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	for _, name := range documents(t) {
		for _, match := range link.FindAllStringSubmatch(readText(t, name), -1) {
			if strings.Contains(match[1], "://") || strings.HasPrefix(match[1], "mailto:") {
				continue
			}
			require.FileExistsf(t, existing(filepath.Join(filepath.Dir(name), match[1])), "%s links to %s", name, match[1])
		}
	}
}

func TestEveryTaskThatTheReadmesNameExists(t *testing.T) {
	t.Parallel()
	tasks := readText(t, "../Taskfile.yml")
	named := regexp.MustCompile("go tool task ([a-z][a-z0-9:-]*)")
	for _, name := range []string{"../README.md", "../README.ja.md"} {
		found := named.FindAllStringSubmatch(readText(t, name), -1)
		require.GreaterOrEqual(t, len(found), 2, name)
		require.Equal(t, "demo", found[0][1], "the first command of %s", name)
		require.Equal(t, "test", found[1][1], "the second command of %s", name)
		for _, match := range found {
			require.Contains(t, tasks, "\n  "+match[1]+":\n", "%s names the task %s", name, match[1])
		}
	}
}

// documents are the READMEs and everything in Markdown below docs.
func documents(t *testing.T) []string {
	t.Helper()
	names := []string{"../README.md", "../README.ja.md"}
	require.NoError(t, filepath.WalkDir(".", func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".md") {
			names = append(names, path)
		}
		return err
	}))
	return names
}

// existing turns a folder that is there into a file that is, since a link may lead to a folder.
func existing(path string) string {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return "documents_test.go"
	}
	return path
}
