package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// socketBytesMax is what every system allows for the path of a socket (Linux 107, macOS 103).
const socketBytesMax = 103

// guise is the identity in which the server's programs run. PostgreSQL refuses to be root.
type guise struct {
	name       string
	uid, gid   int  // the owner that the server's files need
	exiled     bool // the files must stand outside the home, which this identity cannot enter
	attributes func(death syscall.Signal) *syscall.SysProcAttr
}

// site is everything settled before the server is launched: which programs, as whom, on which data.
type site struct {
	home   *home
	guise  guise
	server binaries
	base   string // holds data and run
	data   string
	run    string // holds the socket
	port   int
}

// prepare settles the site, and initialises the data folder when there is none.
func prepare(ctx context.Context, o Options, home *home) (*site, error) {
	s := &site{home: home, port: socketPort}
	if o.Port != 0 {
		s.port = o.Port
	}
	major, err := madeBy(home.dir)
	if err != nil {
		return nil, err
	}
	settled := major != 0
	if !settled {
		if major, err = madeBy(home.exile()); err != nil {
			return nil, err
		}
	}
	if s.server, err = locate(ctx, o, major); err != nil {
		return nil, err
	}
	if s.guise, err = disguise(ctx, o, s.server, settled, major != 0 && !settled); err != nil {
		return nil, err
	}
	s.base = home.dir
	if s.guise.exiled {
		s.base = home.exile()
		if err := privateDir(s.base, s.guise.uid, s.guise.gid); err != nil {
			return nil, err
		}
		if s.server, err = s.server.lend(ctx, s.guise, s.base); err != nil {
			return nil, err
		}
	}
	s.data = filepath.Join(s.base, "data")
	s.run = filepath.Join(s.base, "run")
	if len(s.socket()) > socketBytesMax {
		s.run = home.shortRun()
	}
	if err := privateDir(s.run, s.guise.uid, s.guise.gid); err != nil {
		return nil, err
	}
	if major == 0 {
		if err := s.initialise(ctx, o.Volatile); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// disguise chooses the identity. Data that already exists decides: it is either in the home, where root
// needs the namespace, or in exile.
func disguise(ctx context.Context, o Options, server binaries, atHome, inExile bool) (guise, error) {
	if os.Geteuid() != 0 {
		return plain(), nil
	}
	if inExile {
		return demoted()
	}
	refusal := errors.New("user namespaces are switched off")
	if !o.noNamespace {
		var g guise
		if g, refusal = namespaced(); refusal == nil {
			if _, refusal = server.ask(ctx, g); refusal == nil {
				return g, nil
			}
		}
	}
	if atHome {
		return guise{}, fmt.Errorf("database folder %s was made by root in a user namespace, which is refused now (%w): "+
			"allow user namespaces again or name a server by LOVESAIJO_DATABASE_URL", o.Dir, refusal)
	}
	o.Log.Info("postgres goes to an unprivileged user", "reason", refusal)
	return demoted()
}

// madeBy is the major version whose data stands in base, 0 when there is none yet.
func madeBy(base string) (int, error) {
	path := filepath.Join(base, "data", "PG_VERSION")
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("version of the database folder: %w", err)
	}
	major, err := strconv.Atoi(strings.TrimSpace(string(content)))
	if err != nil {
		return 0, fmt.Errorf("version of the database folder %s: %w", path, err)
	}
	return major, nil
}

// initialise makes the data folder beside its final place, so that an interrupted initdb leaves nothing
// that looks like a database.
func (s *site) initialise(ctx context.Context, volatile bool) error {
	draft := s.data + ".new"
	if err := os.RemoveAll(draft); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	args := []string{
		"--pgdata", draft, "--username", superuser, "--auth", "trust", "--encoding", "UTF8",
		"--locale", "C", "--no-instructions",
	}
	if volatile {
		args = append(args, "--no-sync")
	}
	output, err := s.guise.command(ctx, s.base, s.server.path("initdb"), args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb in %s: %w\n%s", s.base, err, strings.TrimSpace(string(output)))
	}
	if err := os.Rename(draft, s.data); err != nil {
		return fmt.Errorf("initdb: %w", err)
	}
	if volatile {
		return nil
	}
	return syncDir(s.base)
}

// writeAccess says who may connect: on the socket whoever reaches it, which the folder's mode limits to
// its owner; over TCP who knows the password.
func (s *site) writeAccess(tcp bool) error {
	rules := "local all all trust\n"
	if tcp {
		rules += "host all all 127.0.0.1/32 scram-sha-256\n"
	}
	if err := os.WriteFile(filepath.Join(s.data, "pg_hba.conf"), []byte(rules), 0o600); err != nil {
		return fmt.Errorf("access rules: %w", err)
	}
	return nil
}

func (s *site) socket() string {
	return filepath.Join(s.run, ".s.PGSQL."+strconv.Itoa(s.port))
}

func (s *site) socketURL() url.URL {
	place := url.Values{"host": {s.run}, "port": {strconv.Itoa(s.port)}}
	return url.URL{Scheme: "postgres", User: url.User(superuser), Path: "/postgres", RawQuery: place.Encode()}
}

// command runs a short-lived program of the server in the guise.
func (g guise) command(ctx context.Context, dir, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = dir
	cmd.Env = environment()
	if g.attributes != nil {
		cmd.SysProcAttr = g.attributes(0)
	}
	return cmd
}

// environment is this process's own without what would change the server's language, clock or address.
func environment() []string {
	var env []string
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, "PG") || strings.HasPrefix(name, "LC_") || strings.HasPrefix(name, "LOVESAIJO_") ||
			name == "LANG" || name == "LANGUAGE" || name == "TZ" {
			continue
		}
		env = append(env, entry)
	}
	return append(env, "LC_ALL=C", "TZ=UTC")
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("sync %s: %w", path, err)
	}
	return errors.Join(dir.Sync(), dir.Close())
}
