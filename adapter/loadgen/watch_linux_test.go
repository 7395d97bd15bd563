package loadgen

import (
	"net"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAProcessIsReadWhateverItsName(t *testing.T) {
	t.Parallel()
	p, err := parseStat(42, "42 (a) b (c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 1 0 100 1 2\n")
	require.NoError(t, err)
	require.Equal(t, process{pid: 42, parent: 7, name: "a) b (c", own: 2 * time.Second, waited: 500 * time.Millisecond}, p)
	for _, line := range []string{"", "42 postgres S 1", "42 (x) S 1 2", "42 (x) S a b c d e f g h i j k l m n o p"} {
		_, err := parseStat(42, line)
		require.Error(t, err, line)
	}
}

func TestCPUAndMemoryOfThisProcessAreRead(t *testing.T) {
	t.Parallel()
	w := watch{server: os.Getpid()}
	before := w.all()
	require.NotNil(t, before.Server)
	require.NotNil(t, before.Client)
	require.Nil(t, before.Postgres, "a postmaster that is not known costs nothing known")
	cost := w.all().since(before)
	require.NotNil(t, cost.Server)
	require.Nil(t, cost.and(Cost{}).Server)
	w.lookAtMemory()
	require.Greater(t, *w.memory.Server, int64(1<<20))
	require.Nil(t, w.memory.Postgres)
	require.Nil(t, (&watch{server: -1}).all().Server)
}

func TestTheTimeOfAProcessCoversItsChildren(t *testing.T) {
	t.Parallel()
	shell := exec.Command("sh", "-c", "exec 3<&0; cat <&3 & echo ready; wait")
	input, err := shell.StdinPipe()
	require.NoError(t, err)
	output, err := shell.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, shell.Start())
	t.Cleanup(func() {
		_ = input.Close()
		_ = shell.Process.Kill()
		_ = shell.Wait()
	})
	_, err = output.Read(make([]byte, 6)) // the child is there, and ends with its input
	require.NoError(t, err)

	children, err := childrenOf(shell.Process.Pid)
	require.NoError(t, err)
	require.Len(t, children, 1)
	require.Equal(t, shell.Process.Pid, children[0].parent)
	spent, err := familyTime(shell.Process.Pid)
	require.NoError(t, err)
	own, err := ownTime(shell.Process.Pid)
	require.NoError(t, err)
	require.GreaterOrEqual(t, spent, own)
	memory, err := familyMemory(shell.Process.Pid)
	require.NoError(t, err)
	require.Positive(t, memory)
}

func TestTheProcessThatListensIsFound(t *testing.T) {
	t.Parallel()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	port := uint16(socket.Addr().(*net.TCPAddr).Port)
	require.Equal(t, os.Getpid(), listener(port))
	require.NoError(t, socket.Close())
	require.Zero(t, listener(port))
}
