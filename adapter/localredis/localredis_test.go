package localredis_test

import (
	"context"
	"testing"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/localredis"
)

const (
	within = time.Minute // a bound for what must come, never what it should take
	often  = 10 * time.Millisecond
)

func start(t *testing.T) *redis.Client {
	t.Helper()
	server, err := localredis.Start()
	require.NoError(t, err)
	t.Cleanup(server.Stop)
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	return client
}

func TestWhatExpiresGoesByItself(t *testing.T) {
	t.Parallel()
	client := start(t)
	require.NoError(t, client.Set(t.Context(), "brief", 1, 300*time.Millisecond).Err())
	require.NoError(t, client.Set(t.Context(), "until", 1, 0).Err())
	require.NoError(t, client.PExpireAt(t.Context(), "until", time.Now().Add(300*time.Millisecond)).Err())
	require.NoError(t, client.Set(t.Context(), "long", 1, time.Hour).Err())
	require.NoError(t, client.Set(t.Context(), "kept", 1, 0).Err())
	require.Eventually(t, func() bool {
		count, err := client.Exists(t.Context(), "brief", "until").Result()
		return err == nil && count == 0
	}, within, often)
	count, err := client.Exists(t.Context(), "long", "kept").Result()
	require.NoError(t, err)
	require.EqualValues(t, 2, count)
}

func TestItsClockGoesOn(t *testing.T) {
	t.Parallel()
	client := start(t)
	before, err := client.Time(t.Context()).Result()
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		now, err := client.Time(t.Context()).Result()
		return err == nil && now.After(before)
	}, within, often)
}

func TestADelayedTaskFiresNotBeforeItsTime(t *testing.T) {
	t.Parallel()
	client := start(t)
	at := make(chan time.Time, 1)
	server := asynq.NewServerFromRedisClient(client, asynq.Config{
		Concurrency: 1, TaskCheckInterval: often, DelayedTaskCheckInterval: 50 * time.Millisecond, Logger: quiet{},
	})
	require.NoError(t, server.Start(asynq.HandlerFunc(func(context.Context, *asynq.Task) error {
		at <- time.Now()
		return nil
	})))
	t.Cleanup(server.Shutdown)
	due := time.Now().Add(2 * time.Second).Truncate(time.Second) // asynq keeps whole seconds
	_, err := asynq.NewClientFromRedisClient(client).EnqueueContext(t.Context(), asynq.NewTask("later", nil), asynq.ProcessAt(due))
	require.NoError(t, err)
	select {
	case fired := <-at:
		require.False(t, fired.Before(due))
	case <-time.After(within):
		require.Fail(t, "the task did not fire")
	}
}

func TestTheLockOfAUniqueTaskIsLetGoByItself(t *testing.T) {
	t.Parallel()
	sender := asynq.NewClientFromRedisClient(start(t))
	enqueue := func() error {
		_, err := sender.EnqueueContext(t.Context(), asynq.NewTask("once", nil), asynq.Unique(2*time.Second))
		return err
	}
	require.NoError(t, enqueue())
	require.ErrorIs(t, enqueue(), asynq.ErrDuplicateTask)
	require.Eventually(t, func() bool { return enqueue() == nil }, within, often)
}

func TestServersDoNotShareAnything(t *testing.T) {
	t.Parallel()
	one, other := start(t), start(t)
	require.NoError(t, one.Set(t.Context(), "key", 1, 0).Err())
	require.ErrorIs(t, other.Get(t.Context(), "key").Err(), redis.Nil)
}

func TestNobodyAnswersAfterTheStop(t *testing.T) {
	t.Parallel()
	server, err := localredis.Start()
	require.NoError(t, err)
	options, err := redis.ParseURL(server.URL())
	require.NoError(t, err)
	options.MaxRetries = -1
	client := redis.NewClient(options)
	t.Cleanup(func() { _ = client.Close() })
	require.NoError(t, client.Ping(t.Context()).Err())
	server.Stop()
	require.Error(t, client.Ping(t.Context()).Err())
}

// quiet lets asynq talk to nobody.
type quiet struct{}

func (quiet) Debug(...any) {}
func (quiet) Info(...any)  {}
func (quiet) Warn(...any)  {}
func (quiet) Error(...any) {}
func (quiet) Fatal(...any) {}
