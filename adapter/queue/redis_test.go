package queue_test

import (
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/localredis"
)

const (
	within = time.Minute // a bound for what must come, never what it should take
	often  = 5 * time.Millisecond
)

// onEveryRedis shows something on the server that the platform brings itself and on a real one. A developer's
// machine may be without redis-server; the continuous integration may not.
func onEveryRedis(t *testing.T, show func(t *testing.T, server *redisServer)) {
	t.Helper()
	t.Parallel()
	t.Run("localredis", func(t *testing.T) {
		t.Parallel()
		show(t, startLocal(t))
	})
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "redis-server must be installed")
		return
	}
	t.Run("redis-server", func(t *testing.T) {
		t.Parallel()
		show(t, startReal(t, binary))
	})
}

// redisServer is a server with nothing in it, for one test.
type redisServer struct{ network, address string }

func startLocal(t *testing.T) *redisServer {
	t.Helper()
	server, err := localredis.Start()
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	return &redisServer{"tcp", options.Addr}
}

func startReal(t *testing.T, binary string) *redisServer {
	t.Helper()
	folder := shortFolder(t)
	socket := filepath.Join(folder, "server")
	process := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder)
	require.NoError(t, process.Start())
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	server := &redisServer{"unix", socket}
	client := server.client(t)
	require.Eventually(t, func() bool { return client.Ping(t.Context()).Err() == nil }, within, often)
	return server
}

// shortFolder is a folder for sockets, whose paths have at most 107 bytes.
func shortFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "queue")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	return folder
}

func (s *redisServer) client(t *testing.T) *redis.Client {
	t.Helper()
	return connect(t, s.network, s.address)
}

func connect(t *testing.T, network, address string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: network, Addr: address})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// link is a way to a server that can be cut and mended: whoever uses it sees the server go away and come back.
type link struct {
	server   *redisServer
	socket   string
	mu       sync.Mutex
	listener net.Listener
	open     map[net.Conn]struct{}
	carrying sync.WaitGroup
}

func (s *redisServer) link(t *testing.T) *link {
	t.Helper()
	l := &link{server: s, socket: filepath.Join(shortFolder(t), "link"), open: map[net.Conn]struct{}{}}
	l.mend(t)
	t.Cleanup(l.cut)
	return l
}

func (l *link) client(t *testing.T) *redis.Client {
	t.Helper()
	return connect(t, "unix", l.socket)
}

func (l *link) mend(t *testing.T) {
	t.Helper()
	listener, err := net.Listen("unix", l.socket)
	require.NoError(t, err)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.listener = listener
	l.carrying.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			l.carrying.Go(func() { l.carry(listener, near) })
		}
	})
}

func (l *link) cut() {
	l.mu.Lock()
	if l.listener != nil {
		_ = l.listener.Close()
		l.listener = nil
	}
	for conn := range l.open {
		_ = conn.Close()
	}
	clear(l.open)
	l.mu.Unlock()
	l.carrying.Wait()
}

func (l *link) carry(through net.Listener, near net.Conn) {
	defer near.Close()
	far, err := net.Dial(l.server.network, l.server.address)
	if err != nil {
		return
	}
	defer far.Close()
	l.mu.Lock()
	if l.listener != through { // cut meanwhile
		l.mu.Unlock()
		return
	}
	l.open[near], l.open[far] = struct{}{}, struct{}{}
	l.mu.Unlock()
	var ways sync.WaitGroup
	for _, way := range [][2]net.Conn{{near, far}, {far, near}} {
		ways.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_, _ = way[0].Close(), way[1].Close()
		})
	}
	ways.Wait()
	l.mu.Lock()
	delete(l.open, near)
	delete(l.open, far)
	l.mu.Unlock()
}

// ends requires that stopping comes to an end.
func ends(t *testing.T, what string, stop func()) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		stop()
	}()
	select {
	case <-ended:
	case <-time.After(within):
		require.Fail(t, "it does not stop", what)
	}
}
