//go:build unix

package pgcluster

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheServerIsNeverRoot(t *testing.T) {
	t.Parallel()
	for name, fallback := range map[string]bool{"as it is usually run": false, "without user namespaces": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			o.noNamespace = fallback
			c := begin(t, o)
			require.Equal(t, "1", ask(t, c.URL(Database), "SELECT '1'"))

			exiled := fallback && os.Geteuid() == 0
			require.Equal(t, exiled, c.site.guise.exiled)
			info, err := os.Stat(c.site.data)
			require.NoError(t, err)
			if exiled {
				require.NotZero(t, ownerOf(info))
				require.Equal(t, c.site.home.exile(), c.site.base)
			} else {
				require.Equal(t, os.Geteuid(), ownerOf(info))
				require.Equal(t, c.site.home.dir, c.site.base)
			}
		})
	}
}

func TestDataMadeByTheUnprivilegedUserStaysWithIt(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.noNamespace, o.Volatile = true, false
	first := begin(t, o)
	run(t, first.URL(Database), "CREATE TABLE town AS SELECT '西条' AS name")
	require.NoError(t, first.Kill())

	o.noNamespace = false
	second := begin(t, o)
	require.Equal(t, first.site.data, second.site.data)
	require.Equal(t, "西条", ask(t, second.URL(Database), "SELECT name FROM town"))
	require.NoError(t, second.Stop())
	require.NoError(t, Remove(o.Dir))
	require.NoDirExists(t, second.site.data)
}

func TestAPrivateFolderThatSomebodyElsePutThereIsRefused(t *testing.T) {
	t.Parallel()
	elsewhere := t.TempDir()
	link := filepath.Join(t.TempDir(), "run")
	require.NoError(t, os.Symlink(elsewhere, link))
	require.ErrorContains(t, privateDir(link, os.Geteuid(), os.Getegid()), "not a folder of uid")

	file := filepath.Join(t.TempDir(), "run")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	require.ErrorContains(t, privateDir(file, os.Geteuid(), os.Getegid()), "not a folder of uid")

	require.ErrorContains(t, privateDir(elsewhere, os.Geteuid()+1, os.Getegid()), "not a folder of uid")
}

func TestAFolderIsFreeOnceClosedEvenWhileAForkedChildHasTheLockFileOpen(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first, err := openHome(t.Context(), dir)
	require.NoError(t, err)
	inherited, err := syscall.Dup(int(first.file.Fd())) // as a fork does until its exec
	require.NoError(t, err)
	t.Cleanup(func() { _ = syscall.Close(inherited) })
	require.NoError(t, first.Close())

	second := &home{dir: first.dir}
	require.NoError(t, second.lock(t.Context(), 0))
	require.NoError(t, second.Close())
}
