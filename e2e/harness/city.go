package harness

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

const commandMax = 2 * time.Minute // of one run of the binary that ends by itself

func dice(sides int) int { return rand.IntN(sides) }

// City is one installation of the platform.
type City struct {
	World    *World
	Name     string
	Database string // its URL
	Postgres *Postgres
	SQL      *pgxpool.Pool
	Redis    *Redis
	Office   *Person // its first administrator

	dir      string
	database string // its name
	front    *Server
	running  []*Process
}

// Found makes a city: its database, migrated, and its Redis. No process of the platform runs yet.
func (w *World) Found(ctx context.Context, name string) (*City, error) {
	return w.found(ctx, name, w.Postgres)
}

// FoundApart makes a city on a database server of its own, which can be killed without a word to other cities.
func (w *World) FoundApart(ctx context.Context, name string) (*City, error) {
	server := w.postgres("pg-" + name)
	if err := server.Start(ctx); err != nil {
		return nil, err
	}
	return w.found(ctx, name, server)
}

func (w *World) found(ctx context.Context, name string, server *Postgres) (*City, error) {
	c := &City{World: w, Name: name, Postgres: server, dir: filepath.Join(w.Dir, name)}
	if err := os.MkdirAll(c.dir, 0o700); err != nil {
		return nil, fmt.Errorf("city folder: %w", err)
	}
	database := "city_" + strconv.Itoa(int(w.cities.Add(1)))
	if err := server.create(ctx, database); err != nil {
		return nil, err
	}
	if err := c.connect(ctx, database); err != nil {
		return nil, err
	}
	var err error
	if c.Redis, err = newRedis(w, name); err != nil {
		return nil, err
	}
	w.atEnd(c.Redis.stop)
	if err := c.Redis.Start(ctx); err != nil {
		return nil, err
	}
	_, err = c.Command(ctx, "migrate")
	return c, err
}

func (c *City) connect(ctx context.Context, database string) (err error) {
	c.database, c.Database = database, c.Postgres.URL(database)
	if c.SQL, err = pgxpool.New(ctx, c.Database); err != nil {
		return fmt.Errorf("connect to %s: %w", database, err)
	}
	c.World.atEnd(c.disconnect)
	return nil
}

// disconnect closes the tests' own connections. One that a test did not give back must not hold up the rest.
func (c *City) disconnect() error {
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		c.SQL.Close()
	}()
	select {
	case <-closed:
		return nil
	case <-time.After(politeMax):
		return fmt.Errorf("a test kept a connection to the database of %s", c.Name)
	}
}

// Open makes the city ready for people: one serving process, and an administrator who has signed in.
func (c *City) Open(ctx context.Context) error {
	server, err := c.Serve(ctx)
	if err != nil {
		return err
	}
	c.front = server
	c.Office, err = c.appoint(ctx)
	return err
}

// Front is the city's first serving process.
func (c *City) Front() *Server { return c.front }

// machine is what programs are told of the machine, and nothing else: a variable of whoever runs the tests must not
// change what is tested.
func machine() []string {
	kept := []string{}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "LANG", "TZ", "GOCOVERDIR"} {
		if value, set := os.LookupEnv(name); set {
			kept = append(kept, name+"="+value)
		}
	}
	return kept
}

// environment is where the city's processes find what they stand on.
func (c *City) environment(more ...string) []string {
	return append([]string{
		"LOVESAIJO_DATABASE_URL=" + c.Database,
		"LOVESAIJO_REDIS_URL=" + c.Redis.URL(),
		"LOVESAIJO_DATA_DIR=" + filepath.Join(c.dir, "data"),
		"LOVESAIJO_LOG_LEVEL=info",
		"LOVESAIJO_TEST_BANK=true", // accounts at a bank that nobody has
	}, more...)
}

// Server is a process that serves HTTP.
type Server struct {
	*Process
	URL string
}

// Serve starts one more serving process and waits until it is ready.
func (c *City) Serve(ctx context.Context) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	url := "http://" + address
	base := url
	if c.front != nil {
		base = c.front.URL
	}
	s := &Server{Process: c.process("serve", "LOVESAIJO_LISTEN="+address, "LOVESAIJO_BASE_URL="+base), URL: url}
	c.World.atEnd(s.Stop)
	return s, s.Restart(ctx)
}

// Restart starts the process again after it was killed, at the same address.
func (s *Server) Restart(ctx context.Context) error {
	client := &http.Client{Timeout: time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	return s.Start(ctx, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/readyz", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer func() { _ = answer.Body.Close() }()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("readyz says %s", answer.Status)
		}
		return nil
	})
}

// Worker is a process that does the background work.
type Worker struct {
	*Process
}

// Work starts one more working process. It listens nowhere: what it does shows that it is there.
func (c *City) Work(ctx context.Context) (*Worker, error) {
	w := &Worker{c.process("work")}
	c.World.atEnd(w.Stop)
	return w, w.Restart(ctx)
}

// Restart starts the process again after it was killed.
func (w *Worker) Restart(ctx context.Context) error {
	return w.Start(ctx, func(context.Context) error { return nil })
}

func (c *City) process(role string, variables ...string) *Process {
	name := fmt.Sprintf("%s-%s-%d", c.Name, role, len(c.running)+1)
	p := &Process{
		name: name, path: c.World.Binary, args: []string{role}, dir: c.dir, log: c.World.note(name + ".log"),
		env: append(machine(), c.environment(variables...)...),
	}
	c.running = append(c.running, p)
	return p
}

// Clone copies the city's database, as it stands, into a city of the same keys and seal heads. Nobody may be
// connected to the original, so Close comes first.
func (c *City) Clone(ctx context.Context) (*City, error) {
	database := "city_" + strconv.Itoa(int(c.World.cities.Add(1)))
	if err := c.Postgres.copy(ctx, c.database, database); err != nil {
		return nil, err
	}
	clone := &City{World: c.World, Name: c.Name + "-" + database, Postgres: c.Postgres, Redis: c.Redis, dir: c.dir, front: c.front}
	return clone, clone.connect(ctx, database)
}

// Close ends what the city runs but Redis. Tests that look at a city at rest need it; all others leave it to Main.
func (c *City) Close() error {
	var errs []error
	for _, p := range c.running {
		errs = append(errs, p.Stop())
	}
	c.SQL.Close()
	return errors.Join(errs...)
}

// Outcome is what a run of the binary came to.
type Outcome struct {
	Code   int
	Stdout string
	Stderr string
}

// Run runs the binary once to its end in the city, whatever that is.
func (c *City) Run(ctx context.Context, args ...string) (Outcome, error) {
	return c.World.Run(ctx, c.dir, c.environment(), args...)
}

// Run runs the binary once to its end in a folder, with the given variables and those of the machine that matter.
func (w *World) Run(ctx context.Context, dir string, variables []string, args ...string) (Outcome, error) {
	ctx, cancel := context.WithTimeout(ctx, commandMax)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, w.Binary, args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = append(machine(), variables...), dir, &stdout, &stderr
	err := cmd.Run()
	outcome := Outcome{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
	var exit *exec.ExitError
	if errors.As(err, &exit) && ctx.Err() == nil {
		err = nil
	}
	return outcome, err
}

// Command runs the binary once and gives its standard output; an end other than 0 is an error.
func (c *City) Command(ctx context.Context, args ...string) (string, error) {
	outcome, err := c.Run(ctx, args...)
	if err == nil && outcome.Code != 0 {
		err = fmt.Errorf("exit code %d", outcome.Code)
	}
	if err != nil {
		return "", fmt.Errorf("%v: %w\n%s%s", args, err, outcome.Stdout, outcome.Stderr)
	}
	return outcome.Stdout, nil
}

// httpClient is the client of everybody in the tests: it keeps connections, and believes no proxy.
var httpClient = &http.Client{
	Timeout: 30 * time.Second,
	Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 64,
		DisableCompression:  true,
	},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

func drained(body io.ReadCloser) ([]byte, error) {
	defer func() { _ = body.Close() }()
	return io.ReadAll(body)
}
