package queue_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/queue"
	"lovesaijo/domain/event"
)

// listen starts a feed and waits until it hears.
func listen(t *testing.T, client *redis.Client) *queue.Live {
	t.Helper()
	live := queue.NewLive(client, quietly, queue.Watching[rung](), queue.Watching[flashed]())
	live.Start()
	t.Cleanup(live.Stop) // a second stopping is harmless
	reaches(t, live, live)
	return live
}

// reaches waits until what one feed publishes is heard by who watches another.
func reaches(t *testing.T, from, to *queue.Live) {
	t.Helper()
	test, forget := to.Watch("test of " + t.Name())
	defer forget()
	require.Eventually(t, func() bool {
		_ = from.Publish(context.Background(), []event.Parcel{parcel(t, rung{0, "test of " + t.Name()})})
		select {
		case <-test:
			return true
		default:
			return false
		}
	}, within, often)
}

func publish[E event.Event](t *testing.T, live *queue.Live, events ...E) {
	t.Helper()
	require.NoError(t, live.Publish(t.Context(), []event.Parcel{parcel(t, events...)}))
}

func hear(t *testing.T, events <-chan event.Watched) event.Watched {
	t.Helper()
	select {
	case e := <-events:
		return e
	case <-time.After(within):
		require.Fail(t, "nothing was heard")
		return nil
	}
}

func TestAWatcherHearsWhatHappensToItsSubjectsAndNothingElse(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		here, there := listen(t, server.client(t)), listen(t, server.client(t))
		east, forgetEast := here.Watch("east")
		defer forgetEast()
		both, forgetBoth := there.Watch("east", "lamp")
		defer forgetBoth()
		west, forgetWest := there.Watch("west")
		defer forgetWest()

		publish(t, here, rung{1, "east"}, rung{2, "north"}, rung{3, "east"})
		publish(t, there, flashed{"lamp"})
		publish(t, here, hauled{4}) // nobody can watch it
		publish(t, here, rung{5, "west"})

		require.Equal(t, rung{5, "west"}, hear(t, west)) // whatever came before has been passed on there by now
		require.Equal(t, rung{1, "east"}, hear(t, both))
		require.Equal(t, rung{3, "east"}, hear(t, both))
		require.Equal(t, flashed{"lamp"}, hear(t, both))
		require.Equal(t, rung{1, "east"}, hear(t, east))
		require.Equal(t, rung{3, "east"}, hear(t, east))
		for _, channel := range []<-chan event.Watched{east, both, west} {
			require.Empty(t, channel)
		}
	})
}

func TestASlowWatcherMissesNewsAndHoldsUpNobody(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		live := listen(t, server.client(t))
		slow, forgetSlow := live.Watch("east")
		defer forgetSlow()
		quick, forgetQuick := live.Watch("east")
		defer forgetQuick()
		const news = 200
		for no := range news {
			publish(t, live, rung{no, "east"})
			require.Equal(t, rung{no, "east"}, hear(t, quick))
		}
		kept := len(slow)
		require.Positive(t, kept)
		require.Less(t, kept, news)
		for no := range kept {
			require.Equal(t, rung{no, "east"}, hear(t, slow), "what it hears is in order")
		}
		publish(t, live, rung{news, "east"})
		require.Equal(t, rung{news, "east"}, hear(t, slow), "who catches up hears again")
	})
}

func TestWhoStoppedWatchingHearsNothingMore(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		live := listen(t, server.client(t))
		gone, forget := live.Watch("east", "west")
		stays, forgetStays := live.Watch("east")
		defer forgetStays()
		forget()
		forget() // as harmless as once
		publish(t, live, rung{1, "west"})
		publish(t, live, rung{2, "east"})
		require.Equal(t, rung{2, "east"}, hear(t, stays))
		require.Empty(t, gone)
	})
}

func TestNewsThatNobodyUnderstandsAreSkipped(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		client := server.client(t)
		live := listen(t, client)
		east, forget := live.Watch("east")
		defer forget()
		channels, err := client.PubSubChannels(t.Context(), "*").Result()
		require.NoError(t, err)
		require.Len(t, channels, 1)
		for _, nonsense := range []string{"", "no json", `{"topic":"unheard of","events":[]}`, `{"topic":"bell","events":{"No":1}}`, `{"topic":"bell"}`} {
			require.NoError(t, client.Publish(t.Context(), channels[0], nonsense).Err())
		}
		publish(t, live, rung{1, "east"})
		require.Equal(t, rung{1, "east"}, hear(t, east))
		require.Empty(t, east)
	})
}

func TestWatchersHearAgainAfterTheConnectionBroke(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		link, teller := server.link(t), listen(t, server.client(t))
		live := listen(t, link.client(t))
		east, forget := live.Watch("east")
		defer forget()
		for no := range 2 {
			publish(t, teller, rung{no, "east"})
			require.Equal(t, rung{no, "east"}, hear(t, east))
			link.cut()
			publish(t, teller, rung{-1, "east"}) // lost to it: the books have it
			link.mend(t)
			reaches(t, teller, live)
		}
		publish(t, teller, rung{2, "east"})
		require.Equal(t, rung{2, "east"}, hear(t, east), "the watcher did not have to watch anew")
	})
}

func TestListeningStopsWhetherRedisIsThereOrAway(t *testing.T) {
	onEveryRedis(t, func(t *testing.T, server *redisServer) {
		link := server.link(t)
		ends(t, "idle feed", listen(t, link.client(t)).Stop)

		stuck := listen(t, link.client(t))
		link.cut()
		require.Error(t, stuck.Publish(t.Context(), []event.Parcel{parcel(t, rung{1, "east"})}))
		ends(t, "stuck feed", stuck.Stop)
	})
}
