package queue_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/adapter/queue"
	"lovesaijo/domain/event"
)

// outbox is the in-memory outbox with an eye on what became of the parcels.
type outbox struct {
	*memory.Store
	unit    *memory.Unit[event.Outbox]
	crashes atomic.Int32 // times that a relay is still to die between sending and taking out
	failed  atomic.Int32
	left    atomic.Int32
}

func newOutbox() *outbox {
	store := memory.New()
	return &outbox{Store: store, unit: memory.NewUnit(store, func(s *memory.Session) event.Outbox { return s.Outbox() })}
}

// Relay is event.Sender's.
func (o *outbox) Relay(ctx context.Context, limit int, send func(context.Context, []event.Parcel) error) (int, error) {
	count, err := o.Store.Relay(ctx, limit, func(ctx context.Context, parcels []event.Parcel) error {
		err := send(ctx, parcels)
		if err == nil && o.crashes.Add(-1) >= 0 {
			return errBroken
		}
		return err
	})
	if err != nil {
		o.failed.Add(1)
	}
	o.left.Add(int32(count))
	return count, err
}

// put commits events, a message for each.
func (o *outbox) put(t *testing.T, events ...event.Event) {
	t.Helper()
	require.NoError(t, o.commit(t.Context(), events...))
}

func (o *outbox) commit(ctx context.Context, events ...event.Event) (err error) {
	for _, e := range events {
		err = errors.Join(err, o.unit.Do(ctx, func(ctx context.Context, out event.Outbox) error {
			return out.Append(ctx, time.Now(), e)
		}))
	}
	return err
}

func relay(t *testing.T, out event.Sender, client *redis.Client, routes map[event.Topic]queue.Route) *queue.Relay {
	t.Helper()
	live := queue.NewLive(client, quietly, queue.Watching[rung](), queue.Watching[flashed]())
	r := queue.NewRelay(out, queue.NewClient(client, routes), live, quietly)
	r.Start()
	t.Cleanup(r.Stop) // a second stopping is harmless
	return r
}

// workedOn tells whether everything that was ever put into the outbox has been worked on.
func workedOn(out *outbox, records ...*record) bool {
	done := map[event.ID]bool{}
	for _, r := range records {
		for _, message := range r.all() {
			done[message.ID] = true
		}
	}
	for _, message := range out.Messages() {
		if !done[message.ID] {
			return false
		}
	}
	return true
}

func TestTheRelayBringsWhatTheOutboxHoldsToThoseWhoWorkOnIt(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, out, bells, hauls := server.client(t), newOutbox(), &record{}, &record{}
		for no := range 120 { // more than a relay takes at once
			out.put(t, rung{no, "east"})
		}
		relay(t, out, client, routes(bells, hauls))
		work(t, client, routes(bells, hauls), 4)
		require.Eventually(t, func() bool { return workedOn(out, bells) }, within, often)
		out.put(t, hauled{120}, rung{121, "west"})
		require.Eventually(t, func() bool { return workedOn(out, bells, hauls) && waiting(client) == 0 }, within, often)
		require.Len(t, bells.all(), 121)
		require.Len(t, hauls.all(), 1)
		require.EqualValues(t, 122, out.left.Load())
	})
}

func TestAParcelIsOneTaskHoweverOftenARelayDiesBeforeTakingItOut(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, out, bells := server.client(t), newOutbox(), &record{}
		out.crashes.Store(2)
		out.put(t, rung{1, "east"}, rung{2, "east"})
		relay(t, out, client, routes(bells, &record{}))
		require.Eventually(t, func() bool { return out.left.Load() == 2 }, within, often)
		require.EqualValues(t, 2, out.failed.Load())
		require.Equal(t, 2, waiting(client))
		work(t, client, routes(bells, &record{}), 2)
		require.Eventually(t, func() bool { return workedOn(out, bells) && waiting(client) == 0 }, within, often)
		require.Len(t, bells.all(), 2)
	})
}

// What nobody works on is still news to those who watch, so it waits in the outbox like everything else.
func TestATopicWithoutARouteLeavesTheOutboxOnceItsWatchersWereTold(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		watchers := listen(t, server.client(t))
		lamp, forget := watchers.Watch("lamp")
		defer forget()
		link, out := server.link(t), newOutbox()
		client := link.client(t)
		link.cut()
		relay(t, out, client, routes(&record{}, &record{}))
		out.put(t, flashed{"lamp"})
		require.Eventually(t, func() bool { return out.failed.Load() > 0 }, within, often)
		require.Zero(t, out.left.Load())
		link.mend(t)
		require.Equal(t, flashed{"lamp"}, hear(t, lamp))
		require.Eventually(t, func() bool { return out.left.Load() == 1 }, within, often)
		require.Zero(t, waiting(client))
	})
}

func TestTheRelayGoesOnAfterRedisWasAway(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		link, out, bells, hauls := server.link(t), newOutbox(), &record{}, &record{}
		client := link.client(t)
		relay(t, out, client, routes(bells, hauls))
		work(t, client, routes(bells, hauls), 2)
		out.put(t, rung{1, "east"}, hauled{2})
		require.Eventually(t, func() bool { return workedOn(out, bells, hauls) }, within, often)

		link.cut()
		left := out.left.Load()
		for no := range 20 {
			out.put(t, rung{no, "west"}, hauled{no})
		}
		failed := out.failed.Load()
		require.Eventually(t, func() bool { return out.failed.Load() > failed }, within, often)
		require.Equal(t, left, out.left.Load(), "events stay until they are sent")

		link.mend(t)
		require.Eventually(t, func() bool { return workedOn(out, bells, hauls) }, within, often)
		require.Eventually(t, func() bool { return out.left.Load() == 42 }, within, often)
	})
}

// A queue that forgets everything takes no event with it: the outbox has what was not worked on.
func TestWhatAQueueForgetsIsSentAgainAndWhatIsDoneIsNot(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, out, bells := server.client(t), newOutbox(), &record{}
		out.put(t, rung{1, "east"})
		relay(t, out, client, routes(bells, &record{}))
		workers := queue.NewWorkers(client, out, routes(bells, &record{}), 2, quietly)
		require.NoError(t, workers.Start())
		require.Eventually(t, func() bool { return workedOn(out, bells) && waiting(client) == 0 }, within, often)
		workers.Stop()

		out.put(t, rung{2, "east"})
		require.Eventually(t, func() bool { return waiting(client) == 1 }, within, often)
		require.NoError(t, client.FlushAll(t.Context()).Err())
		require.NoError(t, out.Renew(t.Context(), time.Now().Add(time.Hour)))
		require.Eventually(t, func() bool { return out.left.Load() == 3 }, within, often)
		work(t, client, routes(bells, &record{}), 2)
		require.Eventually(t, func() bool { return workedOn(out, bells) }, within, often)
		require.Len(t, bells.all(), 2, "what had been worked on did not come again")
	})
}

func TestTwoRelaysAtOnceLoseNothing(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client, out, bells, hauls := server.client(t), newOutbox(), &record{}, &record{}
		relay(t, out, client, routes(bells, hauls))
		relay(t, out, server.client(t), routes(bells, hauls))
		work(t, client, routes(bells, hauls), 2)
		work(t, server.client(t), routes(bells, hauls), 2)
		var writers sync.WaitGroup
		var refused [4]error
		for w := range refused {
			writers.Go(func() {
				for no := range 30 {
					refused[w] = errors.Join(refused[w], out.commit(t.Context(), rung{no, "east"}, hauled{no}))
				}
			})
		}
		writers.Wait()
		require.NoError(t, errors.Join(refused[:]...))
		require.Eventually(t, func() bool { return workedOn(out, bells, hauls) }, within, often)
		require.Eventually(t, func() bool { return out.left.Load() == 240 }, within, often)
	})
}

func TestTheRelayStopsWhetherRedisIsThereOrAway(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		link, out := server.link(t), newOutbox()
		client := link.client(t)
		idle := relay(t, out, client, routes(&record{}, &record{}))
		ends(t, "idle relay", idle.Stop)

		stuck := relay(t, out, client, routes(&record{}, &record{}))
		link.cut()
		out.put(t, rung{1, "east"})
		require.Eventually(t, func() bool { return out.failed.Load() > 0 }, within, often)
		ends(t, "stuck relay", stuck.Stop)
		require.Zero(t, out.left.Load())
	})
}
