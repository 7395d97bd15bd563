package pgcluster

import (
	"os"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The kernel means the forking thread when it speaks of the parent's death, and Go ends threads.
func TestTheServerOutlivesTheThreadThatAskedForIt(t *testing.T) {
	t.Parallel()
	o := options(t)
	type result struct {
		cluster *Cluster
		err     error
		thread  int
	}
	results := make(chan result, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		c, err := Start(t.Context(), o)
		results <- result{c, err, syscall.Gettid()}
	}()
	r := <-results
	require.NoError(t, r.err)
	t.Cleanup(func() { _ = r.cluster.Kill() })
	if r.thread != os.Getpid() { // the main thread stays, whatever happens on it
		require.Eventually(t, func() bool {
			_, err := os.Stat("/proc/self/task/" + strconv.Itoa(r.thread))
			return os.IsNotExist(err)
		}, patience, lockPoll)
	}
	require.Equal(t, "1", ask(t, r.cluster.URL(Database), "SELECT '1'"))
	require.NoError(t, r.cluster.Stop())
}
