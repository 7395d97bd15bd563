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
	var starter func()
	starter = func() {
		runtime.LockOSThread()
		if syscall.Gettid() == os.Getpid() { // the main thread never ends: keep it busy and take another
			go starter()
			<-t.Context().Done()
			runtime.UnlockOSThread()
			return
		}
		c, err := Start(t.Context(), o)
		results <- result{c, err, syscall.Gettid()} // not unlocked, so the thread ends with this goroutine
	}
	go starter()
	r := <-results
	require.NoError(t, r.err)
	t.Cleanup(func() { _ = r.cluster.Kill() })
	require.Eventually(t, func() bool {
		_, err := os.Stat("/proc/self/task/" + strconv.Itoa(r.thread))
		return os.IsNotExist(err)
	}, patience, lockPoll)
	require.Equal(t, "1", ask(t, r.cluster.URL(Database), "SELECT '1'"))
	require.NoError(t, r.cluster.Stop())
}
