package harness

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// listeners are told of every answer that anybody in this test process gets.
var listeners struct {
	sync.RWMutex
	next int
	all  map[int]func(Request, Answer)
}

// tell passes an answer on.
func tell(r Request, a Answer) {
	listeners.RLock()
	defer listeners.RUnlock()
	for _, listen := range listeners.all {
		listen(r, a)
	}
}

// Secrets are texts that nobody may read anywhere but where they belong.
type Secrets struct {
	pattern *regexp.Regexp
	mu      sync.Mutex
	seen    []string // where, and around what
}

// Guard watches every answer to the end of the test for any of the texts, which are numbers of bank accounts, standing
// by itself or as in a 全銀 record: within another word of letters and digits it is there by chance. Answers to the
// requests that are allowed may show them.
func Guard(t testing.TB, allowed func(Request) bool, texts ...string) *Secrets {
	t.Helper()
	for i, text := range texts {
		texts[i] = regexp.QuoteMeta(text)
	}
	s := &Secrets{pattern: regexp.MustCompile(`(?:^|[^0-9A-Za-z])(?:0000)?[1249]?(?:` + strings.Join(texts, "|") + `)(?:[^0-9A-Za-z]|$)`)}
	listeners.Lock()
	defer listeners.Unlock()
	if listeners.all == nil {
		listeners.all = map[int]func(Request, Answer){}
	}
	listeners.next++
	id := listeners.next
	listeners.all[id] = func(r Request, a Answer) {
		if !allowed(r) {
			s.look("the answer to "+r.Method+" "+r.Path, a.Body)
		}
	}
	t.Cleanup(func() {
		listeners.Lock()
		defer listeners.Unlock()
		delete(listeners.all, id)
	})
	return s
}

const aroundSecret = 40 // bytes shown on either side

func (s *Secrets) look(where string, text []byte) {
	at := s.pattern.FindIndex(text)
	if at == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, fmt.Sprintf("%s: %q", where, text[max(0, at[0]-aroundSecret):min(len(text), at[1]+aroundSecret)]))
}

// Kept fails the test where one of the texts was answered, stands in a log of the world, or can be read in a table of
// the city, as text or as the bytes of it.
func (s *Secrets) Kept(t testing.TB, c *City) {
	t.Helper()
	for _, file := range c.World.logFiles() {
		content, err := os.ReadFile(file)
		if err == nil {
			s.look(filepath.Base(file), content)
		}
	}
	s.lookInTables(t, c)
	s.mu.Lock()
	defer s.mu.Unlock()
	require.Empty(t, s.seen)
}

// lookInTables reads every row of every table. Binary columns are read as the bytes that they are.
func (s *Secrets) lookInTables(t testing.TB, c *City) {
	t.Helper()
	tables, err := c.SQL.Query(t.Context(), `SELECT format('%I.%I', table_schema, table_name) FROM information_schema.tables
		WHERE table_schema NOT IN ('pg_catalog', 'information_schema') AND table_type = 'BASE TABLE'`)
	require.NoError(t, err)
	defer tables.Close()
	var names []string
	for tables.Next() {
		var name string
		require.NoError(t, tables.Scan(&name))
		names = append(names, name)
	}
	require.NoError(t, tables.Err())
	require.NotEmpty(t, names)
	for _, name := range names {
		rows, err := c.SQL.Query(t.Context(), "SELECT * FROM "+name)
		require.NoError(t, err, name)
		for rows.Next() {
			values, err := rows.Values()
			require.NoError(t, err, name)
			for _, value := range values {
				s.look("table "+name, plain(value))
			}
		}
		require.NoError(t, rows.Err(), name)
	}
}

// plain gives a column's value as it can be read.
func plain(value any) []byte {
	if raw, binary := value.([]byte); binary {
		return bytes.Clone(raw)
	}
	return fmt.Append(nil, value)
}

func (w *World) logFiles() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.logs...)
}
