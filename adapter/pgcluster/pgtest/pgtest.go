// Package pgtest gives tests real PostgreSQL databases. A test process has one server, started by the
// first test that asks; the migrations run once, into a template; each test gets its own copy of the
// template, which takes some 30 ms, and may do with it what it likes, in parallel with the others.
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, migrations.Up)) }
//
//	func TestX(t *testing.T) {
//		t.Parallel()
//		url := pgtest.Open(t)
//
// The server is a private cluster without durability in a temporary folder. When the environment names
// a server by LOVESAIJO_TEST_DATABASE_URL, that one is used; its user must be allowed to make databases.
// A server that cannot be had fails the tests: nothing is skipped.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lovesaijo/adapter/pgcluster"
)

const (
	// ServerVariable names the environment variable with the URL of a server to use.
	ServerVariable = "LOVESAIJO_TEST_DATABASE_URL"

	// BinariesVariable names the environment variable for pgcluster.Options.Binaries.
	BinariesVariable = "LOVESAIJO_TEST_POSTGRES"

	startMax     = 2 * time.Minute
	dropMax      = time.Minute
	abandonedAge = 10 * time.Minute
)

// bench is the server of this test process.
type bench struct {
	migrate func(ctx context.Context, url string) error
	start   sync.Once
	failure error
	server  pgcluster.Server
	cluster *pgcluster.Cluster // nil when the server was given
	dir     string
	prefix  string
	made    atomic.Int64
}

// current is set by Main before any test runs.
var current *bench

// Main runs the tests of a package and then ends the server, if a test has started it. migrate brings an
// empty database up to date and closes its connections; nil leaves the template empty. The result is for
// os.Exit.
func Main(m *testing.M, migrate func(ctx context.Context, url string) error) int {
	current = &bench{migrate: migrate, prefix: "test_" + strings.ToLower(rand.Text()[:12])}
	code := m.Run()
	if err := current.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		return max(code, 1)
	}
	return code
}

// Open makes a migrated database for the test and returns its URL. It is dropped when the test ends.
func Open(t testing.TB) string {
	t.Helper()
	return open(t, func(b *bench) string { return b.prefix })
}

// OpenEmpty makes an empty database for the test, for those that try the migrations themselves.
func OpenEmpty(t testing.TB) string {
	t.Helper()
	return open(t, func(*bench) string { return "" })
}

func open(t testing.TB, template func(*bench) string) string {
	t.Helper()
	b := current
	if b == nil {
		t.Fatal("pgtest: this package needs func TestMain(m *testing.M) { os.Exit(pgtest.Main(m, migrate)) }")
	}
	b.start.Do(func() { b.failure = b.begin() })
	if b.failure != nil {
		t.Fatalf("pgtest: %v", b.failure)
	}
	name := fmt.Sprintf("%s_%d", b.prefix, b.made.Add(1))
	if err := b.server.CreateDatabase(t.Context(), name, template(b)); err != nil {
		t.Fatalf("pgtest: %v", err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), dropMax)
		defer cancel()
		if err := b.server.DropDatabase(ctx, name); err != nil {
			t.Errorf("pgtest: %v", err)
		}
	})
	return b.server.URL(name)
}

// begin finds or starts the server and makes the template.
func (b *bench) begin() error {
	ctx, cancel := context.WithTimeout(context.Background(), startMax)
	defer cancel()
	if given := os.Getenv(ServerVariable); given != "" {
		server, err := pgcluster.At(given)
		if err != nil {
			return fmt.Errorf("%s: %w", ServerVariable, err)
		}
		b.server = server
	} else if err := b.startCluster(ctx); err != nil {
		return err
	}
	if err := b.server.CreateDatabase(ctx, b.prefix, ""); err != nil {
		return err
	}
	if b.migrate == nil {
		return nil
	}
	if err := b.migrate(ctx, b.server.URL(b.prefix)); err != nil {
		return fmt.Errorf("migrate the template: %w", err)
	}
	return nil
}

func (b *bench) startCluster(ctx context.Context) error {
	root := filepath.Join(os.TempDir(), "lovesaijo-pgtest-"+strconv.Itoa(os.Geteuid()))
	if err := os.MkdirAll(root, 0o700); err != nil {
		return fmt.Errorf("test folder: %w", err)
	}
	sweep(root)
	dir, err := os.MkdirTemp(root, "")
	if err != nil {
		return fmt.Errorf("test folder: %w", err)
	}
	b.dir = dir
	cluster, err := pgcluster.Start(ctx, pgcluster.Options{
		Dir: dir, Volatile: true, Binaries: os.Getenv(BinariesVariable),
		Settings: map[string]string{"max_connections": "300"},
	})
	if err != nil {
		return err
	}
	b.cluster, b.server = cluster, cluster.Server
	return nil
}

// stop leaves nothing behind: not the databases on a given server, not the folder of our own.
func (b *bench) stop() error {
	var errs []error
	if b.cluster == nil && b.server != (pgcluster.Server{}) {
		ctx, cancel := context.WithTimeout(context.Background(), dropMax)
		defer cancel()
		errs = append(errs, b.server.DropDatabase(ctx, b.prefix))
	}
	if b.cluster != nil {
		errs = append(errs, b.cluster.Stop())
	}
	if b.dir != "" {
		errs = append(errs, pgcluster.Remove(b.dir))
	}
	return errors.Join(errs...)
}

// sweep removes the folders of test processes that were killed before they could do it. A folder in use
// refuses to go; a young one may belong to a process that is about to lock it.
func sweep(root string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if info, err := entry.Info(); err == nil && time.Since(info.ModTime()) > abandonedAge {
			_ = pgcluster.Remove(filepath.Join(root, entry.Name()))
		}
	}
}
