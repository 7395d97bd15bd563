package pgcluster

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// majorMin is the oldest PostgreSQL the schema is written for, and the newest whose features it uses.
const majorMin = 15

// usualFolders is where the packagers of the systems put the server's programs: Debian, Red Hat, the
// project's own build, Alpine, SUSE, Homebrew on both kinds of Mac, Postgres.app.
var usualFolders = []string{
	"/usr/lib/postgresql/*/bin",
	"/usr/pgsql-*/bin",
	"/usr/local/pgsql/bin",
	"/usr/local/pgsql-*/bin",
	"/usr/libexec/postgresql*",
	"/usr/lib/postgresql*/bin",
	"/opt/homebrew/opt/postgresql@*/bin",
	"/opt/homebrew/opt/postgresql/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
}

// binaries are the server's programs in one folder.
type binaries struct {
	dir     string
	version string // as the server says it: 15.18
	major   int
}

func (b binaries) path(program string) string { return filepath.Join(b.dir, program) }

// locate finds the server's programs: in the folder that o names, else on the machine, else in the npm
// package. Data of an earlier start can only be read by the major version that made it; major is that
// version, or 0 when the folder is new.
func locate(ctx context.Context, o Options, major int) (binaries, error) {
	want := fmt.Sprintf("PostgreSQL %d or newer", majorMin)
	if major != 0 {
		want = fmt.Sprintf("PostgreSQL %d, which made the data in %s", major, o.Dir)
	}
	fits := func(b binaries) bool { return b.major >= majorMin && (major == 0 || b.major == major) }

	var searched []string
	if o.Binaries != "" && o.Binaries != "npm" {
		b, err := inspect(ctx, o.Binaries)
		switch {
		case err != nil:
			return binaries{}, fmt.Errorf("postgres programs in %s: %w; name the folder that holds postgres and initdb", o.Binaries, err)
		case !fits(b):
			return binaries{}, fmt.Errorf("postgres programs in %s are version %s, needed is %s", o.Binaries, b.version, want)
		}
		return b, nil
	}
	if o.Binaries == "" {
		found, places := search(ctx)
		if err := ctx.Err(); err != nil {
			return binaries{}, fmt.Errorf("search for postgres: %w", err)
		}
		searched = places
		if i := slices.IndexFunc(found, fits); i >= 0 {
			return found[i], nil
		}
		for _, b := range found {
			searched = append(searched, fmt.Sprintf("%s, which has version %s", b.dir, b.version))
		}
	}
	if major != 0 && major != packageMajor {
		return binaries{}, missing(want, searched, fmt.Errorf("it carries PostgreSQL %d", packageMajor))
	}
	dir, err := packaged(ctx, o)
	if err != nil {
		return binaries{}, missing(want, searched, err)
	}
	b, err := inspect(ctx, dir)
	if err != nil {
		return binaries{}, missing(want, searched, err)
	}
	return b, nil
}

// missing tells an operator where was looked and what helps.
func missing(want string, searched []string, cause error) error {
	places := "the machine was not searched, because the npm package was asked for"
	if len(searched) > 0 {
		places = "looked in\n  " + strings.Join(searched, "\n  ")
	}
	return fmt.Errorf("no database server found: needed is %s; %s\n"+
		"The npm package %s could not be used: %w\n"+
		"Any one of these helps: install it (Debian, Ubuntu: apt install postgresql; macOS: brew install postgresql@17); "+
		"install Node.js with npm, so that the package can be fetched; "+
		"or set LOVESAIJO_DATABASE_URL to a PostgreSQL server that already runs", want, places, packageName(), cause)
}

// search finds every set of programs on this machine: those in PATH first, in its order, then those
// in the usual folders, newest first. It also returns the places it looked in, and what it could not use.
func search(ctx context.Context) (found []binaries, places []string) {
	look := func(dir string, found *[]binaries) {
		b, err := inspect(ctx, dir)
		switch {
		case err == nil:
			*found = append(*found, b)
		case !errors.Is(err, fs.ErrNotExist):
			places = append(places, fmt.Sprintf("%s, which cannot be used: %v", dir, err))
		}
	}
	places = append([]string{"PATH (" + os.Getenv("PATH") + ")"}, usualFolders...)
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		look(dir, &found)
	}
	var usual []binaries
	for _, pattern := range usualFolders {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			continue // only a malformed pattern, and these are constants
		}
		for _, dir := range dirs {
			look(dir, &usual)
		}
	}
	slices.SortStableFunc(usual, func(a, b binaries) int { return cmp.Compare(b.major, a.major) })
	return append(found, usual...), places
}

var versionLine = regexp.MustCompile(`\(PostgreSQL\) (([0-9]+)\S*)`)

// inspect looks at the programs in dir.
func inspect(ctx context.Context, dir string) (binaries, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return binaries{}, err
	}
	for _, program := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(abs, program)); err != nil {
			return binaries{}, err
		} else if info.IsDir() {
			return binaries{}, &fs.PathError{Op: "run", Path: filepath.Join(abs, program), Err: errors.New("is a folder")}
		}
	}
	b := binaries{dir: abs}
	line, err := b.ask(ctx, plain())
	if err != nil {
		return binaries{}, err
	}
	match := versionLine.FindStringSubmatch(line)
	if match == nil {
		return binaries{}, fmt.Errorf("version of %s: not understood: %q", b.path("postgres"), line)
	}
	b.version = match[1]
	b.major, err = strconv.Atoi(match[2])
	return b, err
}

// ask has the server say its version, which shows that it can be run in that guise at all.
func (b binaries) ask(ctx context.Context, g guise) (string, error) {
	output, err := g.command(ctx, "/", b.path("postgres"), "--version").Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", fmt.Errorf("version of %s: %w: %s", b.path("postgres"), err, strings.TrimSpace(string(failed.Stderr)))
	}
	if err != nil {
		return "", fmt.Errorf("version of %s: %w", b.path("postgres"), err)
	}
	return strings.TrimSpace(string(output)), nil
}

// lend returns programs that the guise can run: these, or a copy in base when they stand where that
// identity may not go, as the package does in root's own cache.
func (b binaries) lend(ctx context.Context, g guise, base string) (binaries, error) {
	_, refusal := b.ask(ctx, g)
	if refusal == nil {
		return b, nil
	}
	tree := filepath.Dir(b.dir)
	if slices.Contains([]string{"/", "/usr", "/usr/local"}, tree) {
		return binaries{}, fmt.Errorf("postgres programs for %s: %w", g.name, refusal)
	}
	copied := filepath.Join(base, "postgres-"+b.version)
	lent := binaries{dir: filepath.Join(copied, filepath.Base(b.dir)), version: b.version, major: b.major}
	if _, err := os.Stat(copied); err == nil {
		return lent, nil
	}
	draft := copied + ".new"
	err := os.RemoveAll(draft)
	if err == nil {
		err = os.CopyFS(draft, os.DirFS(tree))
	}
	if err == nil {
		err = filepath.WalkDir(draft, func(path string, _ fs.DirEntry, err error) error {
			return errors.Join(err, os.Lchown(path, g.uid, g.gid))
		})
	}
	if err == nil {
		err = os.Rename(draft, copied)
	}
	if err != nil {
		return binaries{}, fmt.Errorf("postgres programs for %s: %w", g.name, err)
	}
	return lent, nil
}
