package sessions_test

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/sessions"
	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

const within = 10 * time.Second

// connect opens a client that ends with the test.
func connect(t *testing.T, network, address string) *redis.Client {
	t.Helper()
	client := redis.NewClient(&redis.Options{Network: network, Addr: address, MaxRetries: -1})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// follow runs a feed until the test ends.
func follow(t *testing.T, client *redis.Client) *sessions.Feed {
	t.Helper()
	feed := sessions.NewFeed(client, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { feed.Run(ctx) })
	t.Cleanup(func() { stop(); running.Wait() })
	return feed
}

func ready(t *testing.T, feed *sessions.Feed) {
	t.Helper()
	select {
	case <-feed.Ready():
	case <-time.After(within):
		require.Fail(t, "the feed did not catch up")
	}
}

func contract(t *testing.T, network, address string) {
	accesstest.Sessions(t, func(t *testing.T) accesstest.SessionBench {
		here, there := follow(t, connect(t, network, address)), follow(t, connect(t, network, address))
		ready(t, here)
		ready(t, there)
		return accesstest.SessionBench{Sessions: sessions.New(connect(t, network, address)), Here: here, There: there}
	})
}

func TestSessionsFulfilTheContractOnMiniredis(t *testing.T) {
	t.Parallel()
	contract(t, "tcp", miniredis.RunT(t).Addr())
}

// A developer's machine may be without redis-server; the continuous integration may not.
func TestSessionsFulfilTheContractOnRedis(t *testing.T) {
	t.Parallel()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		require.NotEqual(t, "true", os.Getenv("CI"), "redis-server must be installed")
		return
	}
	folder, err := os.MkdirTemp("", "redis") // short: the path of a socket has at most 107 bytes
	require.NoError(t, err)
	socket := filepath.Join(folder, "s")
	server := exec.Command(binary, "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		_ = server.Process.Kill()
		_ = server.Wait()
		_ = os.RemoveAll(folder)
	})
	client := connect(t, "unix", socket)
	require.Eventually(t, func() bool { return client.Ping(context.Background()).Err() == nil }, within, 5*time.Millisecond)
	contract(t, "unix", socket)
}

func begin(t *testing.T, store *sessions.Store, owner user.ID, expires time.Time) access.Session {
	t.Helper()
	session := access.Session{ID: ident.New[access.Session](time.Now()), User: owner, StartedAt: time.Now(), ExpiresAt: expires}
	_, err := store.Start(t.Context(), session)
	require.NoError(t, err)
	return session
}

func TestAProcessThatStartsLaterKnowsWhatEndedBefore(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	store := sessions.New(connect(t, "tcp", server.Addr()))
	session := begin(t, store, user.ID{1}, time.Now().Add(time.Hour))
	require.NoError(t, store.End(t.Context(), session.ID, time.Now()))
	feed := follow(t, connect(t, "tcp", server.Addr()))
	ready(t, feed)
	require.True(t, feed.Revoked(session.ID))
}

func TestAFeedThatLostItsConnectionKeepsWhatItKnowsAndCatchesUp(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	client := connect(t, "tcp", server.Addr())
	store := sessions.New(client)
	feed := follow(t, connect(t, "tcp", server.Addr()))
	ready(t, feed)
	before := begin(t, store, user.ID{2}, time.Now().Add(time.Hour))
	require.NoError(t, store.End(t.Context(), before.ID, time.Now()))
	require.Eventually(t, func() bool { return feed.Revoked(before.ID) }, within, 2*time.Millisecond)

	server.Close()
	require.True(t, feed.Revoked(before.ID))
	_, err := store.Start(t.Context(), before)
	require.ErrorIs(t, err, access.ErrSessionStore)
	_, _, err = store.Rotate(t.Context(), access.RefreshToken(before.ID.String()+".x"), time.Now())
	require.ErrorIs(t, err, access.ErrSessionStore)
	require.ErrorIs(t, store.End(t.Context(), before.ID, time.Now()), access.ErrSessionStore)
	require.ErrorIs(t, store.EndAll(t.Context(), before.User, time.Now()), access.ErrSessionStore)

	silent := ident.New[access.Session](time.Now())
	_, err = server.ZAdd("{lovesaijo:sessions}:revoked", float64(time.Now().Add(time.Minute).UnixMilli()), silent.String())
	require.NoError(t, err)
	require.NoError(t, server.Restart())
	require.Eventually(t, func() bool { return feed.Revoked(silent) }, within, 2*time.Millisecond, "nobody published it")
}

func TestTheSessionsOfOneUserAreBounded(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	store := sessions.New(connect(t, "tcp", server.Addr()))
	feed := follow(t, connect(t, "tcp", server.Addr()))
	ready(t, feed)
	first := begin(t, store, user.ID{3}, time.Now().Add(time.Hour))
	for i := range sessions.PerUserMax {
		begin(t, store, user.ID{3}, time.Now().Add(time.Hour+time.Duration(i)*time.Second))
	}
	require.Eventually(t, func() bool { return feed.Revoked(first.ID) }, within, 2*time.Millisecond)
	members, err := server.ZMembers("{lovesaijo:sessions}:user:" + user.ID{3}.String())
	require.NoError(t, err)
	require.Len(t, members, sessions.PerUserMax)
}

func TestNothingOfATokenIsStoredButForTheLeeway(t *testing.T) {
	t.Parallel()
	server := miniredis.RunT(t)
	store := sessions.New(connect(t, "tcp", server.Addr()))
	session := access.Session{ID: ident.New[access.Session](time.Now()), User: user.ID{4}, StartedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
	first, err := store.Start(t.Context(), session)
	require.NoError(t, err)
	_, second, err := store.Rotate(t.Context(), first, time.Now())
	require.NoError(t, err)
	server.FastForward(access.RotationLeeway)
	dump := server.Dump()
	for _, token := range []access.RefreshToken{first, second} {
		require.NotContains(t, dump, string(token[37:]))
	}
	server.FastForward(time.Hour)
	require.NotContains(t, server.Dump(), session.ID.String(), "an expired session leaves nothing")
}
