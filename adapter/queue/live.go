package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"lovesaijo/domain/event"
)

const (
	liveChannel   = "lovesaijo:live"
	liveBuffer    = 64 // events that a slow watcher may be behind
	liveReconnect = time.Second
)

// Live passes news from the relay to the watchers in every process, over one channel: a message is a parcel, so a
// set of payments costs one. Processes without a watcher do not even decode it.
type Live struct {
	redis  redis.UniversalClient
	topics map[event.Topic]func([]byte) ([]event.Event, error)
	log    *slog.Logger
	mu     sync.RWMutex
	by     map[string]map[*watcher]struct{}
	cancel context.CancelFunc
	done   sync.WaitGroup
}

type watcher struct{ events chan event.Watched }

type bulletin struct {
	Topic  event.Topic     `json:"topic"`
	Events json.RawMessage `json:"events"`
}

var _ event.Feed = (*Live)(nil)

// NewLive makes a feed for the events of E's topics; see Watching.
func NewLive(redis redis.UniversalClient, log *slog.Logger, topics ...Topic) *Live {
	l := &Live{redis: redis, log: log, topics: map[event.Topic]func([]byte) ([]event.Event, error){}, by: map[string]map[*watcher]struct{}{}}
	for _, t := range topics {
		l.topics[t.name] = t.decode
	}
	return l
}

// Topic is a topic that can be watched.
type Topic struct {
	name   event.Topic
	decode func([]byte) ([]event.Event, error)
}

// Watching makes the topic of E one that can be watched.
func Watching[E event.Watched]() Topic {
	var zero E
	return Topic{zero.EventTopic(), decode[E]}
}

// Publish tells the watchers in all processes.
func (l *Live) Publish(ctx context.Context, parcels []event.Parcel) error {
	pipe := l.redis.Pipeline()
	for _, p := range parcels {
		if l.topics[p.Topic] == nil {
			continue
		}
		message, err := json.Marshal(bulletin{p.Topic, p.Payload})
		if err != nil {
			return fmt.Errorf("encode news of parcel %s: %w", p.ID, err)
		}
		pipe.Publish(ctx, liveChannel, message)
	}
	if pipe.Len() == 0 {
		return nil
	}
	_, err := pipe.Exec(ctx)
	return err
}

// Start begins to listen for news in the background.
func (l *Live) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	l.cancel = cancel
	l.done.Go(func() { l.listen(ctx) })
}

// Stop ends listening; watchers hear nothing more.
func (l *Live) Stop() {
	l.cancel()
	l.done.Wait()
}

// Watch is event.Feed's.
func (l *Live) Watch(subjects ...string) (<-chan event.Watched, func()) {
	w := &watcher{make(chan event.Watched, liveBuffer)}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range subjects {
		if l.by[s] == nil {
			l.by[s] = map[*watcher]struct{}{}
		}
		l.by[s][w] = struct{}{}
	}
	return w.events, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		for _, s := range subjects {
			delete(l.by[s], w)
			if len(l.by[s]) == 0 {
				delete(l.by, s)
			}
		}
	}
}

func (l *Live) listen(ctx context.Context) {
	for ctx.Err() == nil {
		subscription := l.redis.Subscribe(ctx, liveChannel)
		// Receiving does not end with ctx, only with its connection.
		forget := context.AfterFunc(ctx, func() { _ = subscription.Close() })
		for {
			message, err := subscription.ReceiveMessage(ctx)
			if err != nil {
				if ctx.Err() == nil {
					l.log.WarnContext(ctx, "news interrupted", "error", err)
				}
				break
			}
			l.dispatch(ctx, message.Payload)
		}
		forget()
		_ = subscription.Close() // a second closing is harmless
		select {
		case <-ctx.Done():
		case <-time.After(liveReconnect):
		}
	}
}

func (l *Live) dispatch(ctx context.Context, message string) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if len(l.by) == 0 {
		return
	}
	var b bulletin
	if err := json.Unmarshal([]byte(message), &b); err != nil || l.topics[b.Topic] == nil {
		l.log.WarnContext(ctx, "news not understood", "error", err)
		return
	}
	events, err := l.topics[b.Topic](b.Events)
	if err != nil {
		l.log.WarnContext(ctx, "news not understood", "error", err)
		return
	}
	for _, e := range events {
		watched, ok := e.(event.Watched)
		if !ok {
			continue
		}
		for w := range l.by[watched.Subject()] {
			select {
			case w.events <- watched:
			default: // too far behind: the books have it
			}
		}
	}
}
