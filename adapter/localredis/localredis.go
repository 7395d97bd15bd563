// Package localredis is the Redis of a platform that has none: a server inside the process (miniredis) that speaks
// the real protocol on a loopback port.
//
// It keeps nothing when the process ends. That costs sign-ins and what is in the queues; no points and no events,
// since the relay starts again from the outbox (design §5). miniredis does not let time pass by itself, so its
// clock is pushed on four times a second: expiry, delays and leases work as on a real server.
package localredis

import (
	"fmt"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

const tick = 250 * time.Millisecond

// Server is a running server.
type Server struct {
	redis *miniredis.Miniredis
	stop  chan struct{}
	done  sync.WaitGroup
}

// Start starts a server on a free loopback port.
func Start() (*Server, error) {
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		return nil, fmt.Errorf("start local redis: %w", err)
	}
	s := &Server{redis: redis, stop: make(chan struct{})}
	redis.SetTime(time.Now())
	s.done.Go(s.pump)
	return s, nil
}

// URL tells where it listens.
func (s *Server) URL() string { return "redis://" + s.redis.Addr() + "/0" }

// Stop ends the server. Whoever uses it must have stopped before.
func (s *Server) Stop() {
	close(s.stop)
	s.done.Wait()
	s.redis.Close()
}

func (s *Server) pump() {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-s.stop:
			return
		case now := <-ticker.C:
			s.redis.SetTime(now)
			s.redis.FastForward(now.Sub(last))
			last = now
		}
	}
}
