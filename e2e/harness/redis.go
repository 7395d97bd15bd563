package harness

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// Redis is one city's Redis. It is the real server, with its log written at every change; on a machine without it,
// outside of CI, a server inside the test process stands in, which loses everything when it is killed.
type Redis struct {
	address string
	process *Process // of the real server
	standIn *standIn
}

// newRedis chooses the server. Its folder keeps what survives a kill.
func newRedis(w *World, name string) (*Redis, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		if os.Getenv("CI") == "true" {
			return nil, errors.New("redis-server must be installed")
		}
		return &Redis{address: address, standIn: &standIn{address: address}}, nil
	}
	dir, err := os.MkdirTemp(w.Dir, name+"-redis-")
	if err != nil {
		return nil, fmt.Errorf("redis folder: %w", err)
	}
	_, port, _ := net.SplitHostPort(address)
	return &Redis{address: address, process: &Process{
		name: "redis of " + name, path: path, dir: dir, log: w.note(name + "-redis.log"),
		args: []string{
			"--bind", "127.0.0.1", "--port", port, "--dir", dir, "--save", "", "--appendonly", "yes", "--appendfsync", "always",
			"--daemonize", "no", "--loglevel", "warning",
		},
	}}, nil
}

// Keeps tells whether what it holds outlives a kill.
func (r *Redis) Keeps() bool { return r.standIn == nil }

// URL is where it listens, over kills and starts.
func (r *Redis) URL() string { return "redis://" + r.address + "/0" }

// Start starts the server, or starts it again with what its log kept.
func (r *Redis) Start(ctx context.Context) error {
	if r.standIn != nil {
		return r.standIn.start()
	}
	client := redis.NewClient(&redis.Options{Addr: r.address, MaxRetries: -1})
	defer func() { _ = client.Close() }()
	return r.process.Start(ctx, func(ctx context.Context) error { return client.Ping(ctx).Err() })
}

// Kill ends the server with kill -9.
func (r *Redis) Kill() error {
	if r.standIn != nil {
		r.standIn.stop()
		return nil
	}
	return r.process.Kill()
}

func (r *Redis) stop() error {
	if r.standIn != nil {
		r.standIn.stop()
		return nil
	}
	return r.process.Stop()
}

// standIn is a Redis inside the test process. Time passes in it only as its clock is pushed on.
type standIn struct {
	address string
	redis   *miniredis.Miniredis
	halt    chan struct{}
	pump    sync.WaitGroup
}

const standInTick = 250 * time.Millisecond

func (s *standIn) start() error {
	s.redis, s.halt = miniredis.NewMiniRedis(), make(chan struct{})
	if err := s.redis.StartAddr(s.address); err != nil {
		return fmt.Errorf("start stand-in for redis: %w", err)
	}
	s.redis.SetTime(time.Now())
	server, halt := s.redis, s.halt
	s.pump.Go(func() {
		tick := time.NewTicker(standInTick)
		defer tick.Stop()
		for last := time.Now(); ; {
			select {
			case <-halt:
				return
			case now := <-tick.C:
				server.SetTime(now)
				server.FastForward(now.Sub(last))
				last = now
			}
		}
	})
	return nil
}

func (s *standIn) stop() {
	if s.redis == nil {
		return
	}
	close(s.halt)
	s.pump.Wait()
	s.redis.Close()
	s.redis = nil
}

// Ports that are tried lie below those that systems give to outgoing connections, so that a killed server finds
// its own port free when it comes back.
const (
	portFirst = 15_000
	portLast  = 32_000
	portTries = 50
)

// freeAddress gives a loopback address on which nobody listens.
func freeAddress() (string, error) {
	var err error
	for range portTries {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(portFirst+dice(portLast-portFirst)))
		var listener net.Listener
		if listener, err = net.Listen("tcp", address); err == nil {
			return address, listener.Close()
		}
	}
	return "", fmt.Errorf("no free port after %d tries: %w", portTries, err)
}
