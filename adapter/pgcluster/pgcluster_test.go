//go:build unix

package pgcluster

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// patience bounds waits for something that must happen; how fast it does is not what is tested.
const patience = 30 * time.Second

// parentVariable makes the test program play a parent that starts a cluster in the folder it names.
const parentVariable = "PGCLUSTER_TEST_PARENT"

func TestMain(m *testing.M) {
	if dir := os.Getenv(parentVariable); dir != "" {
		c, err := Start(context.Background(), Options{Dir: dir, Volatile: true, noNamespace: os.Getenv("PGCLUSTER_TEST_PLAIN") != ""})
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		fmt.Println(c.PID())
		select {} // until it is killed
	}
	os.Exit(m.Run())
}

func options(t *testing.T) Options {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pg")
	t.Cleanup(func() { require.NoError(t, Remove(dir)) })
	return Options{Dir: dir, Volatile: true}
}

func begin(t *testing.T, o Options) *Cluster {
	t.Helper()
	c, err := Start(t.Context(), o)
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Kill() })
	return c
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func ask(t *testing.T, url, question string) string {
	t.Helper()
	conn := connect(t, url)
	var answer string
	require.NoError(t, conn.QueryRow(t.Context(), question).Scan(&answer))
	require.NoError(t, conn.Close(t.Context()))
	return answer
}

func run(t *testing.T, url, statement string) {
	t.Helper()
	conn := connect(t, url)
	_, err := conn.Exec(t.Context(), statement)
	require.NoError(t, err)
	require.NoError(t, conn.Close(t.Context()))
}

func TestAClusterStartsInAnEmptyFolderAndIsDurable(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Volatile = false
	o.Settings = map[string]string{"Work_Mem": "5MB"}
	url := begin(t, o).URL(Database)
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "server_encoding": "UTF8", "TimeZone": "UTC",
		"listen_addresses": "", "shared_buffers": "128MB", "max_connections": "100", "work_mem": "5MB", "lc_messages": "C",
	} {
		require.Equal(t, want, ask(t, url, "SHOW "+setting), setting)
	}
	require.Equal(t, "C", ask(t, url, "SELECT datcollate FROM pg_database WHERE datname = current_database()"))
}

func TestStopKeepsTheDataAndTheAddress(t *testing.T) {
	t.Parallel()
	o := options(t)
	first := begin(t, o)
	run(t, first.URL(Database), "CREATE TABLE town AS SELECT '西条' AS name")
	require.NoError(t, first.Stop())
	require.NoError(t, first.Stop())
	require.NoError(t, first.Kill())

	second := begin(t, o)
	require.Equal(t, first.URL(Database), second.URL(Database))
	require.Equal(t, "西条", ask(t, second.URL(Database), "SELECT name FROM town"))
	require.NoError(t, second.Stop())
}

func TestStopEndsConnectionsThatAreStillOpen(t *testing.T) {
	t.Parallel()
	c := begin(t, options(t))
	conn := connect(t, c.URL(Database))
	require.NoError(t, c.Stop())
	require.Error(t, conn.Ping(t.Context()))
}

func TestARestartAfterKillRecoversEveryCommit(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Volatile = false
	c := begin(t, o)
	run(t, c.URL(Database), "CREATE TABLE entry (id int)")
	for round := 1; round <= 3; round++ {
		for range 5 {
			busy := connect(t, c.URL(Database))
			_, err := busy.Exec(t.Context(), "BEGIN; INSERT INTO entry VALUES (-1)")
			require.NoError(t, err)
		}
		run(t, c.URL(Database), "INSERT INTO entry VALUES ("+strconv.Itoa(round)+")")
		require.NoError(t, c.Kill())
		c = begin(t, o)
	}
	require.Equal(t, "1,2,3", ask(t, c.URL(Database), "SELECT string_agg(id::text, ',' ORDER BY id) FROM entry"))
	require.NoError(t, c.Stop())
}

func TestAServerThatEndsByItselfIsNoticed(t *testing.T) {
	t.Parallel()
	c := begin(t, options(t))
	require.NoError(t, syscall.Kill(c.PID(), syscall.SIGKILL))
	<-c.Done()
	require.ErrorContains(t, c.Stop(), "ended by itself (signal: killed)")
}

func TestTwoClustersRunSideBySide(t *testing.T) {
	t.Parallel()
	one, other := begin(t, options(t)), begin(t, options(t))
	require.NotEqual(t, one.PID(), other.PID())
	run(t, one.URL(Database), "CREATE TABLE town ()")
	require.Equal(t, "true", ask(t, other.URL(Database), "SELECT (to_regclass('town') IS NULL)::text"))
}

func TestAFolderIsWorkedByOneProcessAtATime(t *testing.T) {
	t.Parallel()
	o := options(t)
	c := begin(t, o)
	_, err := Start(t.Context(), o)
	require.ErrorIs(t, err, ErrInUse)
	require.ErrorContains(t, err, "process "+strconv.Itoa(os.Getpid()))
	require.ErrorIs(t, Remove(o.Dir), ErrInUse)
	require.Equal(t, "1", ask(t, c.URL(Database), "SELECT '1'"))
}

func TestRemoveLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	o := options(t)
	require.NoError(t, begin(t, o).Stop())
	require.NoError(t, Remove(o.Dir))
	require.NoDirExists(t, o.Dir)
}

func TestOnlyTheOwnerMayEnterTheFolders(t *testing.T) {
	t.Parallel()
	c := begin(t, options(t))
	for _, dir := range []string{c.site.home.dir, c.site.base, c.site.run, c.site.data} {
		info, err := os.Stat(dir)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o700), info.Mode().Perm(), dir)
	}
}

func TestCtrlCAtTheTerminalDoesNotReachTheServer(t *testing.T) {
	t.Parallel()
	c := begin(t, options(t))
	group, err := syscall.Getpgid(c.PID())
	require.NoError(t, err)
	require.Equal(t, c.PID(), group)
}

func TestALongFolderStillGetsASocket(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Dir = filepath.Join(o.Dir, strings.Repeat("西条市", 20))
	t.Cleanup(func() { require.NoError(t, Remove(o.Dir)) })
	c := begin(t, o)
	require.LessOrEqual(t, len(c.site.socket()), socketBytesMax)
	require.Equal(t, "1", ask(t, c.URL(Database), "SELECT '1'"))
}

func TestAPortIsOpenedOnLoopbackForThoseWhoKnowThePassword(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Port = freePort(t)
	c := begin(t, o)
	require.Equal(t, "1", ask(t, c.URL(Database), "SELECT '1'"))
	require.Equal(t, "1", ask(t, c.TCPURL(Database), "SELECT '1'"))
	require.Equal(t, "127.0.0.1", ask(t, c.URL(Database), "SHOW listen_addresses"))

	_, err := pgx.Connect(t.Context(), strings.Replace(c.TCPURL(Database), c.password, "guess", 1))
	require.ErrorContains(t, err, "password authentication failed")
	require.NoError(t, c.Stop())
	require.Equal(t, c.TCPURL(Database), begin(t, o).TCPURL(Database))
}

func TestWithoutAPortThereIsNoAddressForIt(t *testing.T) {
	t.Parallel()
	require.Empty(t, begin(t, options(t)).TCPURL(Database))
}

func TestDatabasesAreClonedFromATemplateAndDropped(t *testing.T) {
	t.Parallel()
	c := begin(t, options(t))
	require.NoError(t, c.CreateDatabase(t.Context(), `odd "name"`, ""))
	run(t, c.URL(`odd "name"`), "CREATE TABLE town AS SELECT '西条' AS name")
	require.NoError(t, c.CreateDatabase(t.Context(), "copy", `odd "name"`))
	require.Equal(t, "西条", ask(t, c.URL("copy"), "SELECT name FROM town"))

	require.ErrorContains(t, c.CreateDatabase(t.Context(), "copy", ""), "already exists")
	require.NoError(t, c.DropDatabase(t.Context(), "copy"))
	require.NoError(t, c.DropDatabase(t.Context(), "copy"))
	_, err := pgx.Connect(t.Context(), c.URL("copy"))
	require.ErrorContains(t, err, "does not exist")
}

func TestSettingsThatWouldOpenTheClusterAreRefused(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"listen_addresses", "unix_socket_permissions", "HBA_File", "hba-file"} {
		_, err := Start(t.Context(), Options{Dir: t.TempDir(), Settings: map[string]string{name: "x"}})
		require.ErrorContains(t, err, "belongs to the embedded server", name)
	}
	for _, name := range []string{"hba_file=/tmp/open", "", "work mem"} {
		_, err := Start(t.Context(), Options{Dir: t.TempDir(), Settings: map[string]string{name: "x"}})
		require.ErrorContains(t, err, "not the name of a setting", name)
	}
}

func TestAWrongPortOrNoFolderIsRefused(t *testing.T) {
	t.Parallel()
	for _, port := range []int{-1, 65536} {
		_, err := Start(t.Context(), Options{Dir: t.TempDir(), Port: port})
		require.ErrorContains(t, err, "give 1 to 65535")
	}
	_, err := Start(t.Context(), Options{})
	require.ErrorContains(t, err, "no folder given")
}

func TestAServerThatCannotStartSaysWhy(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Settings = map[string]string{"shared_buffers": "many"}
	_, err := Start(t.Context(), o)
	require.ErrorContains(t, err, "ended during its start")
	require.ErrorContains(t, err, `invalid value for parameter "shared_buffers": "many"`)
	require.ErrorContains(t, err, "postgres.log")

	o.Settings = nil
	require.NoError(t, begin(t, o).Stop())
}

func TestAStartThatIsCancelledLeavesNoServerBehind(t *testing.T) {
	t.Parallel()
	o := options(t)
	c := begin(t, o)
	require.NoError(t, c.Stop())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Start(ctx, o)
	require.ErrorIs(t, err, context.Canceled)
	pid, _ := postmaster(c.site.data)
	require.Zero(t, pid)
	require.NoError(t, begin(t, o).Stop())
}

func TestAServerWhoseParentIsKilledEndsAndItsFolderStartsAgain(t *testing.T) {
	t.Parallel()
	for name, fallback := range map[string]string{"as the server is usually run": "", "without user namespaces": "yes"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			o.noNamespace = fallback != ""
			parent, pid := startParent(t, o.Dir, fallback)
			home := &home{dir: homeDir(o.Dir)}
			running := serves(pid, homeDir(o.Dir)) || serves(pid, home.exile())
			require.True(t, running)

			require.NoError(t, parent.Process.Kill())
			_ = parent.Wait()
			require.Eventually(t, func() bool {
				return !serves(pid, homeDir(o.Dir)) && !serves(pid, home.exile())
			}, patience, lockPoll)
			c := begin(t, o)
			require.NotEqual(t, pid, c.PID())
			require.NoError(t, c.Stop())
		})
	}
}

func TestAFolderStartsAtOnceAfterItsProcessIsKilled(t *testing.T) {
	t.Parallel()
	o := options(t)
	parent, pid := startParent(t, o.Dir, "")
	require.NoError(t, parent.Process.Kill()) // not waited for: its process is still being taken apart
	c := begin(t, o)
	require.NotEqual(t, pid, c.PID())
	require.NoError(t, c.Stop())
	_ = parent.Wait()
}

func startParent(t *testing.T, dir, fallback string) (*exec.Cmd, int) {
	t.Helper()
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentVariable+"="+dir, "PGCLUSTER_TEST_PLAIN="+fallback)
	output, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	t.Cleanup(func() { _ = parent.Process.Kill() })
	var line string
	_, err = fmt.Fscanln(output, &line)
	require.NoError(t, err)
	pid, err := strconv.Atoi(line)
	require.NoError(t, err, line)
	t.Cleanup(func() {
		if serves(pid, homeDir(dir)) || serves(pid, (&home{dir: homeDir(dir)}).exile()) {
			_ = send(pid, syscall.SIGKILL)
		}
	})
	return parent, pid
}

func TestAServerThatOutlivedItsParentIsShutDownByTheNextStart(t *testing.T) {
	t.Parallel()
	o := options(t)
	orphan := begin(t, o)
	require.NoError(t, orphan.site.home.Close()) // what the kernel does when the parent dies
	next := begin(t, o)
	select {
	case <-orphan.Done():
	default:
		require.Fail(t, "two servers on one folder")
	}
	require.Equal(t, "1", ask(t, next.URL(Database), "SELECT '1'"))
}

func TestALeftoverPidFileOfAReusedNumberDoesNotStopTheStart(t *testing.T) {
	t.Parallel()
	o := options(t)
	c := begin(t, o)
	require.NoError(t, c.Kill())
	stranger := exec.Command("cat")
	stdin, err := stranger.StdinPipe() // it lives until this is closed
	require.NoError(t, err)
	require.NoError(t, stranger.Start())
	t.Cleanup(func() { _, _ = stdin.Close(), stranger.Wait() })
	for _, path := range []string{filepath.Join(c.site.data, "postmaster.pid"), c.site.socket() + ".lock"} {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		_, rest, _ := strings.Cut(string(content), "\n")
		require.NoError(t, os.WriteFile(path, []byte(strconv.Itoa(stranger.Process.Pid)+"\n"+rest), 0o600))
	}
	require.NoError(t, begin(t, o).Stop())
}

func TestAnInterruptedInitialisationIsBegunAgain(t *testing.T) {
	t.Parallel()
	o := options(t)
	draft := filepath.Join(homeDir(o.Dir), "data.new")
	require.NoError(t, os.MkdirAll(draft, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(draft, "PG_VERSION"), []byte("1"), 0o600))
	require.NoError(t, begin(t, o).Stop())
	require.NoDirExists(t, draft)
}
