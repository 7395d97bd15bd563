package sessions

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
)

const (
	reloadEvery   = 30 * time.Second // in case a message was lost on its way
	retryAfterMin = 100 * time.Millisecond
	retryAfterMax = 5 * time.Second
)

// Feed holds in memory which sessions ended lately. What it knows it keeps while Redis is away, and it reads all of
// it anew whenever the connection is made again, after it has subscribed, so that nothing falls in between.
type Feed struct {
	client redis.UniversalClient
	log    *slog.Logger

	mu      sync.RWMutex
	revoked map[access.SessionID]time.Time // until when it matters

	ready chan struct{}
	once  sync.Once
}

// NewFeed makes a feed, which knows nothing until it runs.
func NewFeed(client redis.UniversalClient, log *slog.Logger) *Feed {
	return &Feed{client: client, log: log, revoked: map[access.SessionID]time.Time{}, ready: make(chan struct{})}
}

// Ready is closed once the feed has caught up for the first time.
func (f *Feed) Ready() <-chan struct{} { return f.ready }

// Revoked tells whether a session ended.
func (f *Feed) Revoked(id access.SessionID) bool {
	f.mu.RLock()
	defer f.mu.RUnlock()
	_, revoked := f.revoked[id]
	return revoked
}

// Run follows the ends of sessions until ctx is done.
func (f *Feed) Run(ctx context.Context) {
	subscription := f.client.Subscribe(ctx, channel)
	defer context.AfterFunc(ctx, func() { _ = subscription.Close() })() // a read that waits does not look at ctx
	defer subscription.Close()
	retryAfter := retryAfterMin
	for ctx.Err() == nil {
		err := f.follow(ctx, subscription)
		if err == nil {
			retryAfter = retryAfterMin
			continue
		}
		if ctx.Err() != nil {
			return
		}
		f.log.WarnContext(ctx, "revocations interrupted", "error", err, "retryAfter", retryAfter)
		select {
		case <-time.After(retryAfter):
		case <-ctx.Done():
		}
		retryAfter = min(2*retryAfter, retryAfterMax)
	}
}

// follow waits for one thing to happen. The library subscribes again when a connection broke, and the server's
// answer to that arrives here as a Subscription.
func (f *Feed) follow(ctx context.Context, subscription *redis.PubSub) error {
	message, err := subscription.ReceiveTimeout(ctx, reloadEvery)
	var network net.Error
	if errors.As(err, &network) && network.Timeout() {
		return f.reload(ctx)
	}
	if err != nil {
		return fmt.Errorf("receive: %w", err)
	}
	switch m := message.(type) {
	case *redis.Subscription:
		return f.reload(ctx)
	case *redis.Message:
		name, until, _ := strings.Cut(m.Payload, " ")
		return f.learn(map[string]string{name: until})
	}
	return nil
}

// reload reads all ends that matter.
func (f *Feed) reload(ctx context.Context) error {
	now := strconv.FormatInt(time.Now().UnixMilli(), 10)
	rows, err := f.client.ZRangeByScoreWithScores(ctx, revokedKey, &redis.ZRangeBy{Min: now, Max: "+inf"}).Result()
	if err != nil {
		return fmt.Errorf("reload: %w", err)
	}
	ends := make(map[string]string, len(rows))
	for _, row := range rows {
		name, _ := row.Member.(string)
		ends[name] = strconv.FormatInt(int64(row.Score), 10)
	}
	if err := f.learn(ends); err != nil {
		return err
	}
	f.forget(time.Now())
	f.once.Do(func() { close(f.ready) })
	return nil
}

func (f *Feed) learn(ends map[string]string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for name, until := range ends {
		id, err := ident.Parse[access.Session](name)
		millis, errUntil := strconv.ParseInt(until, 10, 64)
		if err = errors.Join(err, errUntil); err != nil {
			return fmt.Errorf("end of session %q: %w", name, err)
		}
		f.revoked[id] = time.UnixMilli(millis)
	}
	return nil
}

// forget drops what no longer matters, so that the memory does not grow.
func (f *Feed) forget(now time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for id, until := range f.revoked {
		if until.Before(now) {
			delete(f.revoked, id)
		}
	}
}

var _ access.Revocations = (*Feed)(nil)
