package loadgen

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	floorThreads   = 2   // of pgbench
	floorSampled   = 0.2 // the share of transactions whose latency pgbench writes down
	floorCloseMax  = time.Minute
	floorWrongsMax = 5
)

// ground is where a floor stands: a database of its own, on the server that the platform uses.
type ground struct {
	admin    *pgx.ConnConfig
	config   *pgx.ConnConfig
	name     string
	pgbench  string
	folder   string // pgbench's script and logs
	payments int64  // how many pgbench says it has made
}

// open makes the floor's database. Its settings must promise what the platform's do.
func (f Floor) open(ctx context.Context, platform *database, url string) (*ground, error) {
	admin, err := databaseConfig(url)
	if err != nil {
		return nil, err
	}
	g := &ground{admin: admin, config: admin.Copy(), name: "lovesaijo_floor_" + strings.ToLower(rand.Text()[:10])}
	g.config.Database = g.name
	if g.pgbench, err = f.program(platform.postmaster); err != nil {
		return nil, err
	}
	if g.folder, err = os.MkdirTemp("", "lovesaijo-floor-"); err != nil {
		return nil, fmt.Errorf("floor: %w", err)
	}
	if err := g.build(ctx, f, platform.Settings); err != nil {
		return nil, errors.Join(fmt.Errorf("floor: %w", err), g.close(ctx))
	}
	return g, nil
}

func (g *ground) build(ctx context.Context, f Floor, promised Settings) error {
	if err := os.WriteFile(g.script(), []byte(f.Script), 0o600); err != nil {
		return err
	}
	create := "CREATE DATABASE " + pgx.Identifier{g.name}.Sanitize() + " TEMPLATE template0"
	if err := on(ctx, g.admin, func(conn *pgx.Conn) error { return execute(ctx, conn, create) }); err != nil {
		return err
	}
	return on(ctx, g.config, func(conn *pgx.Conn) error {
		settings, err := settingsOf(ctx, conn)
		if err != nil {
			return err
		}
		if settings != promised {
			return fmt.Errorf("its database runs under other settings than the platform's: %+v and %+v", settings, promised)
		}
		if err := execute(ctx, conn, f.Schema); err != nil {
			return err
		}
		return execute(ctx, conn, "VACUUM ANALYZE")
	})
}

// run keeps so many clients paying for a while, and returns what they came to and pgbench's own CPU time.
func (g *ground) run(ctx context.Context, clients int, during time.Duration) (*tally, time.Duration, error) {
	logs := filepath.Join(g.folder, "latency")
	arguments := []string{
		"-n", "-M", "prepared", "-f", g.script(), "-c", strconv.Itoa(clients), "-j", strconv.Itoa(min(floorThreads, clients)),
		"-T", strconv.Itoa(max(int(during/time.Second), 1)),
		"-l", "--log-prefix=" + logs, "--sampling-rate=" + strconv.FormatFloat(floorSampled, 'g', -1, 64),
	}
	cmd := exec.CommandContext(ctx, g.pgbench, arguments...)
	cmd.Env = g.environment()
	cmd.Dir = g.folder
	output, err := cmd.CombinedOutput()
	if err != nil {
		return nil, 0, fmt.Errorf("floor at %d: pgbench: %w: %s", clients, err, excerpt(output))
	}
	said, err := parsePgbench(string(output))
	if err != nil {
		return nil, 0, fmt.Errorf("floor at %d: %w: %s", clients, err, excerpt(output))
	}
	g.payments += said.payments
	latencies, err := readLatencies(logs)
	if err != nil {
		return nil, 0, fmt.Errorf("floor at %d: %w", clients, err)
	}
	// The latencies are a sample; the count and the time are pgbench's own figures, without its connecting.
	t := &tally{latencies: latencies, faults: map[string]int64{}, done: said.payments}
	t.took = time.Duration(float64(said.payments) / said.perSecond * float64(time.Second))
	return t, cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}

// audit makes sure that what was measured was paid: as many payments as pgbench counted, in books that balance.
func (g *ground) audit(ctx context.Context) error {
	return on(ctx, g.config, func(conn *pgx.Conn) error {
		var payments int64
		if err := conn.QueryRow(ctx, "SELECT count(*) FROM floor.payments").Scan(&payments); err != nil {
			return fmt.Errorf("payments of the floor: %w", err)
		}
		if payments != g.payments {
			return fmt.Errorf("the floor has %d payments and pgbench counted %d", payments, g.payments)
		}
		rows, err := conn.Query(ctx, "SELECT format('%s is %s instead of %s', what, found, expected) FROM floor.wrongs LIMIT $1", floorWrongsMax)
		if err != nil {
			return fmt.Errorf("books of the floor: %w", err)
		}
		wrongs, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			return fmt.Errorf("books of the floor: %w", err)
		}
		if len(wrongs) > 0 {
			return fmt.Errorf("the floor's books do not balance: %s", strings.Join(wrongs, "; "))
		}
		return nil
	})
}

// close drops the floor's database, also when the load was broken off.
func (g *ground) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), floorCloseMax)
	defer cancel()
	drop := "DROP DATABASE IF EXISTS " + pgx.Identifier{g.name}.Sanitize() + " WITH (FORCE)"
	return errors.Join(
		on(ctx, g.admin, func(conn *pgx.Conn) error { return execute(ctx, conn, drop) }),
		os.RemoveAll(g.folder),
	)
}

func (g *ground) script() string { return filepath.Join(g.folder, "floor.pgbench") }

// environment tells pgbench where the floor is. The password stands here and not among the arguments, which
// everybody on the machine may read.
func (g *ground) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(entry string) bool {
		return strings.HasPrefix(entry, "PG") || strings.HasPrefix(entry, "LC_") || strings.HasPrefix(entry, "LANG")
	})
	env = append(
		env, "LC_ALL=C", "PGHOST="+g.config.Host, "PGPORT="+strconv.Itoa(int(g.config.Port)),
		"PGUSER="+g.config.User, "PGDATABASE="+g.name,
	)
	if g.config.Password != "" {
		env = append(env, "PGPASSWORD="+g.config.Password)
	}
	if g.config.TLSConfig == nil {
		env = append(env, "PGSSLMODE=disable")
	}
	return env
}

// program finds pgbench: the one that was named, else beside the programs of the running server, in the usual folders,
// newest first, and in PATH.
func (f Floor) program(postmaster int) (string, error) {
	if f.Pgbench != "" {
		return exec.LookPath(f.Pgbench)
	}
	var places []string
	if server, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", postmaster)); err == nil {
		places = append(places, filepath.Join(filepath.Dir(server), "pgbench"))
	}
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/pgbench", "/usr/pgsql-*/bin/pgbench", "/opt/homebrew/opt/postgresql@*/bin/pgbench"} {
		found, _ := filepath.Glob(pattern) // errs on a malformed pattern only, and these are constants
		slices.SortFunc(found, func(a, b string) int { return cmp.Compare(number(b), number(a)) })
		places = append(places, found...)
	}
	for _, place := range append(places, "pgbench") {
		if path, err := exec.LookPath(place); err == nil {
			return path, nil
		}
	}
	return "", errors.New("pgbench not found: it comes with the server (Debian: postgresql), or can be named by its path")
}

var digits = regexp.MustCompile(`[0-9]+`)

// number is the first number in a path, which in the usual folders is the version.
func number(path string) int {
	n, _ := strconv.Atoi(digits.FindString(path)) // none counts as 0
	return n
}

// pgbenchSaid is what its summary tells.
type pgbenchSaid struct {
	payments  int64
	perSecond float64
}

var (
	saidProcessed = regexp.MustCompile(`(?m)^number of transactions actually processed: ([0-9]+)`)
	saidFailed    = regexp.MustCompile(`(?m)^number of failed transactions: ([0-9]+)`)
	saidRate      = regexp.MustCompile(`(?m)^tps = ([0-9.]+) \(without initial connection time\)`)
)

func parsePgbench(output string) (pgbenchSaid, error) {
	processed, rate := saidProcessed.FindStringSubmatch(output), saidRate.FindStringSubmatch(output)
	if processed == nil || rate == nil {
		return pgbenchSaid{}, errors.New("pgbench's summary is not understood")
	}
	if failed := saidFailed.FindStringSubmatch(output); failed != nil && failed[1] != "0" {
		return pgbenchSaid{}, fmt.Errorf("%s payments of the floor failed", failed[1])
	}
	payments, err := strconv.ParseInt(processed[1], 10, 64)
	if err != nil {
		return pgbenchSaid{}, fmt.Errorf("pgbench's count: %w", err)
	}
	perSecond, err := strconv.ParseFloat(rate[1], 64)
	if err != nil {
		return pgbenchSaid{}, fmt.Errorf("pgbench's rate: %w", err)
	}
	if payments <= 0 || perSecond <= 0 {
		return pgbenchSaid{}, errors.New("pgbench paid nothing")
	}
	return pgbenchSaid{payments, perSecond}, nil
}

// readLatencies reads and removes pgbench's logs, one for each of its threads: client, number, microseconds, and more.
func readLatencies(prefix string) (*histogram, error) {
	files, err := filepath.Glob(prefix + ".*")
	if err != nil {
		return nil, fmt.Errorf("pgbench's logs: %w", err)
	}
	h := &histogram{}
	for _, name := range files {
		if err := readLatency(h, name); err != nil {
			return nil, fmt.Errorf("pgbench's log: %w", err)
		}
		if err := os.Remove(name); err != nil {
			return nil, fmt.Errorf("pgbench's log: %w", err)
		}
	}
	return h, nil
}

func readLatency(h *histogram, name string) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) < 3 {
			return fmt.Errorf("line %q", lines.Text())
		}
		n, err := strconv.ParseInt(fields[2], 10, 64)
		if err != nil {
			return fmt.Errorf("line %q", lines.Text())
		}
		h.record(time.Duration(n) * time.Microsecond)
	}
	return lines.Err()
}

func on(ctx context.Context, config *pgx.ConnConfig, do func(*pgx.Conn) error) error {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	return do(conn)
}

// execute runs statements by the simple protocol, several at once in one transaction.
func execute(ctx context.Context, conn *pgx.Conn, statements string) error {
	return conn.PgConn().Exec(ctx, statements).Close()
}
