package queue_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/adapter/queue"
	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
)

// rung tells that a bell was rung: quick to work on, and people may watch a bell.
type rung struct {
	No   int
	Bell string
}

func (rung) EventTopic() event.Topic { return "bell" }
func (e rung) Subject() string       { return e.Bell }

// hauled tells of work that is long.
type hauled struct{ No int }

func (hauled) EventTopic() event.Topic { return "haul" }

// flashed can be watched, but nobody works on it.
type flashed struct{ Lamp string }

func (flashed) EventTopic() event.Topic { return "lamp" }
func (e flashed) Subject() string       { return e.Lamp }

var (
	errBroken = errors.New("broken")
	quietly   = slog.New(slog.DiscardHandler)
)

// parcel packs events of one topic as an outbox does.
func parcel[E event.Event](t *testing.T, events ...E) event.Parcel {
	t.Helper()
	payload, err := json.Marshal(events)
	require.NoError(t, err)
	now := time.Now().UTC()
	return event.Parcel{ID: ident.New[event.Event](now), Topic: events[0].EventTopic(), At: now, Payload: payload}
}

// record is a handler that remembers what it was given, after an optional handler before it was content.
type record struct {
	before   queue.Handler
	mu       sync.Mutex
	tried    map[event.ID]int
	messages []event.Message
}

func (r *record) handle(ctx context.Context, message event.Message) error {
	r.mu.Lock()
	if r.tried == nil {
		r.tried = map[event.ID]int{}
	}
	r.tried[message.ID]++
	r.mu.Unlock()
	if r.before != nil {
		if err := r.before(ctx, message); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.messages = append(r.messages, message)
	return nil
}

func (r *record) all() []event.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]event.Message{}, r.messages...)
}

func (r *record) tries(id event.ID) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.tried[id]
}

// has tells whether the events of a parcel have been worked on.
func (r *record) has(id event.ID) bool {
	for _, message := range r.all() {
		if message.ID == id {
			return true
		}
	}
	return false
}

func routes(bells, hauls *record) map[event.Topic]queue.Route {
	return map[event.Topic]queue.Route{
		"bell": queue.Short[rung](bells.handle),
		"haul": queue.Long[hauled](hauls.handle),
	}
}

func work(t *testing.T, client *redis.Client, routes map[event.Topic]queue.Route, workers int) *queue.Workers {
	t.Helper()
	w := queue.NewWorkers(client, memory.New(), routes, workers, quietly)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop) // a second stopping is harmless
	return w
}

// waiting counts the tasks of all queues that are not done with, the archive left out, and is below zero while
// Redis does not tell.
func waiting(client *redis.Client) (count int) {
	inspector := asynq.NewInspectorFromRedisClient(client)
	queues, err := inspector.Queues()
	if err != nil {
		return -1
	}
	for _, name := range queues {
		info, err := inspector.GetQueueInfo(name)
		if err != nil {
			return -1
		}
		count += info.Size - info.Archived
	}
	return count
}

func archived(t *testing.T, client *redis.Client) (tasks []*asynq.TaskInfo) {
	t.Helper()
	inspector := asynq.NewInspectorFromRedisClient(client)
	queues, err := inspector.Queues()
	require.NoError(t, err)
	for _, name := range queues {
		found, err := inspector.ListArchivedTasks(name)
		require.NoError(t, err)
		tasks = append(tasks, found...)
	}
	return tasks
}

func TestAMessageComesAsItWasSent(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, bells, hauls := server.client(t), &record{}, &record{}
		short, long := parcel(t, rung{1, "east"}, rung{2, "west"}), parcel(t, hauled{3})
		sender := queue.NewClient(client, routes(bells, hauls))
		require.NoError(t, sender.Enqueue(t.Context(), short))
		require.NoError(t, sender.Enqueue(t.Context(), long))
		work(t, client, routes(bells, hauls), 2)
		require.Eventually(t, func() bool { return bells.has(short.ID) && hauls.has(long.ID) }, within, often)
		require.Equal(t, []event.Message{{ID: short.ID, Topic: "bell", At: short.At, Events: []event.Event{rung{1, "east"}, rung{2, "west"}}}}, bells.all())
		require.Equal(t, []event.Message{{ID: long.ID, Topic: "haul", At: long.At, Events: []event.Event{hauled{3}}}}, hauls.all())
	})
}

func TestAParcelIsOneTaskHoweverOftenItIsSentWhileItWaits(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, bells := server.client(t), &record{}
		sender, sent := queue.NewClient(client, routes(bells, &record{})), parcel(t, rung{1, "east"})
		for range 5 {
			require.NoError(t, sender.Enqueue(t.Context(), sent))
		}
		require.Equal(t, 1, waiting(client))
		work(t, client, routes(bells, &record{}), 2)
		require.Eventually(t, func() bool { return bells.has(sent.ID) && waiting(client) == 0 }, within, often)
		require.Equal(t, 1, bells.tries(sent.ID))
	})
}

func TestAHandlerThatFailsIsTriedAgainUntilItSucceeds(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, sent := server.client(t), parcel(t, rung{1, "east"})
		bells := &record{}
		bells.before = func(context.Context, event.Message) error {
			switch bells.tries(sent.ID) {
			case 1:
				return errBroken
			case 2:
				panic("broken")
			default:
				return nil
			}
		}
		work(t, client, routes(bells, &record{}), 1)
		require.NoError(t, queue.NewClient(client, routes(bells, &record{})).Enqueue(t.Context(), sent))
		require.Eventually(t, func() bool { return bells.has(sent.ID) && waiting(client) == 0 }, within, often)
		require.Equal(t, 3, bells.tries(sent.ID))
		require.Empty(t, archived(t, client))
	})
}

// A task that nobody can read would fail for ever: it is put aside for a person to look at.
func TestWhatCannotBeReadIsPutAsideAtOnceAndBlocksNobody(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, bells := server.client(t), &record{}
		sender, foreign := queue.NewClient(client, routes(bells, &record{})), asynq.NewClientFromRedisClient(client)

		noList := parcel(t, rung{1, "east"})
		noList.Payload = []byte(`{"No":1}`)
		otherFields := parcel(t, rung{1, "east"})
		otherFields.Payload = []byte(`[{"No":"one"}]`)
		bad := []string{noList.ID.String(), otherFields.ID.String()}
		require.NoError(t, sender.Enqueue(t.Context(), noList))
		require.NoError(t, sender.Enqueue(t.Context(), otherFields))
		for i, task := range []struct{ id, payload string }{
			{ident.New[event.Event](time.Now()).String(), "no json"},
			{"no identifier", `{"at":"2026-11-23T00:00:00Z","events":[]}`},
		} {
			_, err := foreign.EnqueueContext(t.Context(), asynq.NewTask("bell", []byte(task.payload)),
				asynq.TaskID(task.id), asynq.Queue("notices"), asynq.MaxRetry(5))
			require.NoError(t, err, "foreign task %d", i)
			bad = append(bad, task.id)
		}
		good := parcel(t, rung{2, "west"})
		require.NoError(t, sender.Enqueue(t.Context(), good))

		work(t, client, routes(bells, &record{}), 1)
		require.Eventually(t, func() bool { return bells.has(good.ID) && waiting(client) == 0 }, within, often)
		require.Len(t, bells.all(), 1)
		var aside []string
		for _, task := range archived(t, client) {
			require.Zero(t, task.Retried)
			require.NotEmpty(t, task.LastErr)
			aside = append(aside, task.ID)
		}
		require.ElementsMatch(t, bad, aside)
	})
}

// blocked is a handler that holds its worker until release is called, and tells how many are held.
func blocked() (handle queue.Handler, holding func() int, release func()) {
	gate := make(chan struct{})
	release = sync.OnceFunc(func() { close(gate) })
	var mu sync.Mutex
	held := 0
	handle = func(context.Context, event.Message) error {
		mu.Lock()
		held++
		mu.Unlock()
		<-gate
		return nil
	}
	holding = func() int {
		mu.Lock()
		defer mu.Unlock()
		return held
	}
	return handle, holding, release
}

func TestNoticesDoNotWaitBehindLongBatches(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		handle, holding, release := blocked()
		hauls, bells := &record{before: handle}, &record{}
		passesBy(t, server, routes(bells, hauls), holding, release, bells,
			func(no int) event.Parcel { return parcel(t, hauled{no}) }, func(no int) event.Parcel { return parcel(t, rung{no, "east"}) })
		require.Eventually(t, func() bool { return len(hauls.all()) == crowd }, within, often)
	})
}

func TestBatchesDoNotWaitBehindNotices(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		handle, holding, release := blocked()
		hauls, bells := &record{}, &record{before: handle}
		passesBy(t, server, routes(bells, hauls), holding, release, hauls,
			func(no int) event.Parcel { return parcel(t, rung{no, "east"}) }, func(no int) event.Parcel { return parcel(t, hauled{no}) })
		require.Eventually(t, func() bool { return len(bells.all()) == crowd }, within, often)
	})
}

const crowd = 8 // more than all workers together

// passesBy requires that free work goes through, piece by piece, while a crowd of busy work holds its workers.
func passesBy(t *testing.T, server *redisServer, routes map[event.Topic]queue.Route, holding func() int, release func(),
	free *record, busyParcel, freeParcel func(no int) event.Parcel,
) {
	t.Helper()
	client := server.client(t)
	sender := queue.NewClient(client, routes)
	work(t, client, routes, 3)
	t.Cleanup(release) // before the workers are stopped
	for no := range crowd {
		require.NoError(t, sender.Enqueue(t.Context(), busyParcel(no)))
	}
	require.Eventually(t, func() bool { return holding() >= 2 }, within, often)
	for no := range crowd {
		sent := freeParcel(no)
		require.NoError(t, sender.Enqueue(t.Context(), sent))
		require.Eventually(t, func() bool { return free.has(sent.ID) }, within, often)
	}
	require.Less(t, holding(), crowd, "the crowd must still be waiting")
	release()
}

func TestWorkersFinishWhatTheyHaveInHandBeforeTheyStop(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client := server.client(t)
		handle, holding, release := blocked()
		bells, hauls := &record{before: handle}, &record{before: handle}
		workers := work(t, client, routes(bells, hauls), 1)
		t.Cleanup(release)
		sender := queue.NewClient(client, routes(bells, hauls))
		short, long := parcel(t, rung{1, "east"}), parcel(t, hauled{2})
		require.NoError(t, sender.Enqueue(t.Context(), short))
		require.NoError(t, sender.Enqueue(t.Context(), long))
		require.Eventually(t, func() bool { return holding() == 2 }, within, often)

		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			workers.Stop()
		}()
		release()
		ends(t, "workers", func() { <-stopped })
		require.True(t, bells.has(short.ID) && hauls.has(long.ID))
		require.Eventually(t, func() bool { return waiting(client) == 0 }, within, often)
	})
}

func TestWorkersStopWhileRedisIsAway(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		link, bells := server.link(t), &record{}
		client := link.client(t)
		workers := work(t, client, routes(bells, &record{}), 2)
		sent := parcel(t, rung{1, "east"})
		require.NoError(t, queue.NewClient(client, routes(bells, &record{})).Enqueue(t.Context(), sent))
		require.Eventually(t, func() bool { return bells.has(sent.ID) }, within, often)
		link.cut()
		ends(t, "workers", workers.Stop)
	})
}
