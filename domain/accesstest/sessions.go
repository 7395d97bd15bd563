package accesstest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

// SessionBench is one store of sessions and the revocations that two processes beside it know.
type SessionBench struct {
	Sessions access.Sessions
	Here     access.Revocations // of the process that ends sessions
	There    access.Revocations // of another process
}

// within is how long an end may take to become known before the suite gives up; it is not a figure of speed.
const within = 10 * time.Second

// Sessions holds an adapter to the contracts of access.Sessions and access.Revocations. Its stories happen around
// the present moment, since a store may forget by its own clock.
func Sessions(t *testing.T, open func(t *testing.T) SessionBench) {
	now := time.Now().Truncate(time.Millisecond)
	begin := func(t *testing.T, b SessionBench, owner user.ID) (access.Session, access.RefreshToken) {
		session := access.Session{
			ID: ident.New[access.Session](now), User: owner, StartedAt: now, ExpiresAt: now.Add(time.Hour),
		}
		token, err := b.Sessions.Start(t.Context(), session)
		require.NoError(t, err)
		require.NotEmpty(t, token)
		return session, token
	}
	someone := func() user.ID { return ident.New[user.User](now) }
	same := func(t *testing.T, want, got access.Session) {
		require.Equal(t, want.ID, got.ID)
		require.Equal(t, want.User, got.User)
		require.True(t, want.StartedAt.Equal(got.StartedAt))
		require.True(t, want.ExpiresAt.Equal(got.ExpiresAt))
	}
	revoked := func(t *testing.T, b SessionBench, id access.SessionID) {
		require.Eventually(t, func() bool { return b.Here.Revoked(id) && b.There.Revoked(id) }, within, 2*time.Millisecond)
	}

	t.Run("tokens follow each other within one session", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		session, token := begin(t, b, someone())
		for i := range 4 {
			got, next, err := b.Sessions.Rotate(t.Context(), token, now.Add(time.Duration(i)*time.Minute))
			require.NoError(t, err)
			same(t, session, got)
			require.True(t, next != token)
			token = next
		}
		require.False(t, b.Here.Revoked(session.ID))
	})

	t.Run("a token whose answer was lost gives the same successor again", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		_, token := begin(t, b, someone())
		_, next, err := b.Sessions.Rotate(t.Context(), token, now)
		require.NoError(t, err)
		_, again, err := b.Sessions.Rotate(t.Context(), token, now.Add(access.RotationLeeway-time.Second))
		require.NoError(t, err)
		require.True(t, next == again)
		_, _, err = b.Sessions.Rotate(t.Context(), next, now.Add(time.Minute))
		require.NoError(t, err)
	})

	t.Run("a token that turns up again later ends its session and no other", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		owner := someone()
		session, token := begin(t, b, owner)
		other, otherToken := begin(t, b, owner)
		_, next, err := b.Sessions.Rotate(t.Context(), token, now)
		require.NoError(t, err)
		got, stolen, err := b.Sessions.Rotate(t.Context(), token, now.Add(access.RotationLeeway+time.Second))
		require.ErrorIs(t, err, access.ErrSessionReused)
		require.True(t, stolen == "")
		same(t, session, got)
		_, _, err = b.Sessions.Rotate(t.Context(), next, now.Add(access.RotationLeeway+2*time.Second))
		require.ErrorIs(t, err, access.ErrSession)
		revoked(t, b, session.ID)
		_, _, err = b.Sessions.Rotate(t.Context(), otherToken, now.Add(time.Minute))
		require.NoError(t, err)
		require.False(t, b.Here.Revoked(other.ID))
	})

	t.Run("a token older than the last two ends its session at once", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		session, first := begin(t, b, someone())
		_, second, err := b.Sessions.Rotate(t.Context(), first, now)
		require.NoError(t, err)
		_, _, err = b.Sessions.Rotate(t.Context(), second, now)
		require.NoError(t, err)
		_, _, err = b.Sessions.Rotate(t.Context(), first, now)
		require.ErrorIs(t, err, access.ErrSessionReused)
		revoked(t, b, session.ID)
	})

	t.Run("an ended session stays ended and is refused everywhere", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		session, token := begin(t, b, someone())
		require.NoError(t, b.Sessions.End(t.Context(), session.ID, now))
		_, _, err := b.Sessions.Rotate(t.Context(), token, now)
		require.ErrorIs(t, err, access.ErrSession)
		revoked(t, b, session.ID)
		require.NoError(t, b.Sessions.End(t.Context(), session.ID, now))
	})

	t.Run("all sessions of one user end together, those of others go on", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		owner := someone()
		one, oneToken := begin(t, b, owner)
		two, twoToken := begin(t, b, owner)
		stranger, strangerToken := begin(t, b, someone())
		require.NoError(t, b.Sessions.EndAll(t.Context(), owner, now))
		for _, token := range []access.RefreshToken{oneToken, twoToken} {
			_, _, err := b.Sessions.Rotate(t.Context(), token, now)
			require.ErrorIs(t, err, access.ErrSession)
		}
		revoked(t, b, one.ID)
		revoked(t, b, two.ID)
		_, _, err := b.Sessions.Rotate(t.Context(), strangerToken, now)
		require.NoError(t, err)
		require.False(t, b.There.Revoked(stranger.ID))
		require.NoError(t, b.Sessions.EndAll(t.Context(), someone(), now), "who has none has none to end")
	})

	t.Run("a session expires whatever its tokens did", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		session, token := begin(t, b, someone())
		_, token, err := b.Sessions.Rotate(t.Context(), token, session.ExpiresAt.Add(-time.Millisecond))
		require.NoError(t, err)
		_, _, err = b.Sessions.Rotate(t.Context(), token, session.ExpiresAt)
		require.ErrorIs(t, err, access.ErrSession)
	})

	t.Run("what is no token is refused", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		session, token := begin(t, b, someone())
		forged := []access.RefreshToken{
			"", ".", "x", access.RefreshToken(session.ID.String()), access.RefreshToken(session.ID.String() + "."),
			access.RefreshToken(someone().String()) + token[36:],
		}
		for _, text := range forged {
			_, _, err := b.Sessions.Rotate(t.Context(), text, now)
			require.ErrorIs(t, err, access.ErrSession)
		}
	})

	t.Run("of many who rotate one token at once all get the same successor", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		_, token := begin(t, b, someone())
		nexts, errs := make([]access.RefreshToken, 8), make([]error, 8)
		var racers sync.WaitGroup
		for i := range nexts {
			racers.Go(func() { _, nexts[i], errs[i] = b.Sessions.Rotate(t.Context(), token, now) })
		}
		racers.Wait()
		for i, err := range errs {
			require.NoError(t, err)
			require.True(t, nexts[i] == nexts[0])
		}
	})
}
