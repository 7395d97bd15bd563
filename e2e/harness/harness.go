// Package harness runs the platform as it runs in a city: the built binary in processes of its own, on a durable
// private PostgreSQL and a Redis that keeps its log, spoken to over HTTP.
//
// A World belongs to one test package: it holds the binary and the database server. A City is one installation in
// it, with its own database, Redis, keys and processes, each of which can be killed and started again on its own.
// A Person is somebody with a sign-in. Nothing here waits by sleeping: conditions are asked for again and again
// until they hold or patience ends, and patience only bounds a hang.
//
// What was started is taken down by Main. Should the test process itself be killed, its children get a signal from
// the kernel, and the folders are swept away by a later run.
package harness

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lovesaijo/adapter/pgcluster"
)

// Patience bounds every wait. It is far longer than anything should take, since machines may be loaded.
const Patience = 90 * time.Second

const (
	startMax     = 5 * time.Minute // of a world, with a first build
	abandonedAge = time.Hour
	module       = "lovesaijo"
)

// World is what a test package runs on.
type World struct {
	Dir      string
	Binary   string
	Postgres *Postgres

	cities atomic.Int32
	mu     sync.Mutex
	logs   []string
	ends   []func() error
}

// Main makes a world, lends it to the tests of a package, asks for what must hold after all of them, and takes the
// world down again. After a failure it shows the end of every log. The result is for os.Exit.
func Main(m *testing.M, lend func(*World), atLast func(context.Context) error) int {
	w, err := open()
	if err != nil {
		if w != nil {
			w.showLogs()
			err = errors.Join(err, w.close())
		}
		fmt.Fprintln(os.Stderr, "harness:", err)
		return 1
	}
	lend(w)
	code := m.Run()
	if err := bounded(atLast); err != nil {
		fmt.Fprintln(os.Stderr, "harness: after all tests:", err)
		code = max(code, 1)
	}
	if code != 0 {
		w.showLogs()
	}
	if err := w.close(); err != nil {
		fmt.Fprintln(os.Stderr, "harness:", err)
		return max(code, 1)
	}
	return code
}

func bounded(do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	return do(ctx)
}

func open() (*World, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startMax)
	defer cancel()
	root := filepath.Join(os.TempDir(), module+"-e2e-"+strconv.Itoa(os.Geteuid()))
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("world folder: %w", err)
	}
	sweep(root)
	dir, err := os.MkdirTemp(root, "")
	if err != nil {
		return nil, fmt.Errorf("world folder: %w", err)
	}
	w := &World{Dir: dir, Binary: filepath.Join(dir, module)}
	w.atEnd(func() error { return os.RemoveAll(dir) })
	if err := w.build(ctx); err != nil {
		return w, err
	}
	w.Postgres = w.postgres("pg")
	return w, w.Postgres.Start(ctx)
}

// postgres names a database server in a folder of the world's.
func (w *World) postgres(folder string) *Postgres {
	server := &Postgres{dir: filepath.Join(w.Dir, folder)}
	w.note(filepath.Join(folder, "uid-"+strconv.Itoa(os.Geteuid()), "postgres.log"))
	w.atEnd(server.remove)
	return server
}

// build makes the binary. The toolchain's cache makes this the work of a linker after the first time.
func (w *World) build(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-o", w.Binary, module)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build of %s: %w\n%s", module, err, said)
	}
	return nil
}

// atEnd registers what takes something down, the last first.
func (w *World) atEnd(end func() error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends = append(w.ends, end)
}

func (w *World) close() error {
	w.mu.Lock()
	ends := slices.Clone(w.ends)
	w.ends = nil
	w.mu.Unlock()
	var errs []error
	for _, end := range slices.Backward(ends) {
		errs = append(errs, end())
	}
	return errors.Join(errs...)
}

// note names a log file and remembers to show it after a failure.
func (w *World) note(name string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	file := filepath.Join(w.Dir, name)
	if !slices.Contains(w.logs, file) {
		w.logs = append(w.logs, file)
	}
	return file
}

// sweep removes the folders of test processes that were killed before they could. A database folder that is in use
// refuses to go, and with it its world.
func sweep(root string) {
	entries, err := os.ReadDir(root)
	if err != nil {
		return
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || time.Since(info.ModTime()) < abandonedAge {
			continue
		}
		dir := filepath.Join(root, entry.Name())
		servers, _ := filepath.Glob(filepath.Join(dir, "pg*")) // the pattern is a good one
		if !slices.ContainsFunc(servers, func(server string) bool { return pgcluster.Remove(server) != nil }) {
			_ = os.RemoveAll(dir)
		}
	}
}
