package signingin_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/signingin"
)

const password = access.Password("correct horse battery")

// books is a unit of work over users, credentials and the trail.
type books struct {
	*accesstest.Memory
	acts   []audit.Act
	broken error // what the trail answers
	away   error // what the unit answers
}

func (b *books) Do(ctx context.Context, work func(context.Context, signingin.Stores) error) error {
	end := b.Begin()
	committed, kept := false, slices.Clone(b.acts)
	defer func() {
		if !committed {
			b.acts = kept
		}
		end(committed)
	}()
	if b.away != nil {
		return b.away
	}
	err := work(ctx, signingin.Stores{Directory: b.Users.Stores().Directory, Credentials: b.Memory, Trail: trail{b}})
	committed = err == nil
	return err
}

type trail struct{ *books }

func (t trail) Record(_ context.Context, act audit.Act) error {
	t.acts = append(t.acts, act)
	return t.broken
}

// plainHasher hashes at no cost and counts its work.
type plainHasher struct{ verified *atomic.Int64 }

func (plainHasher) Hash(_ context.Context, p access.Password) (string, error) {
	return "hash of " + string(p), nil
}

func (h plainHasher) Verify(_ context.Context, p access.Password, hash string) (bool, error) {
	h.verified.Add(1)
	return hash == "hash of "+string(p), nil
}

// openSigner puts claims into a list and gives their place.
type openSigner struct{ issued *[]access.Claims }

func (s openSigner) Issue(claims access.Claims) (string, error) {
	*s.issued = append(*s.issued, claims)
	return strings.Repeat("x", len(*s.issued)), nil
}

func (s openSigner) Verify(token string, now time.Time) (access.Claims, error) {
	if token == "" || len(token) > len(*s.issued) || !now.Before((*s.issued)[len(token)-1].ExpiresAt) {
		return access.Claims{}, access.ErrAccessToken
	}
	return (*s.issued)[len(token)-1], nil
}

type scene struct {
	*books
	door     *signingin.Door
	guard    *signingin.Guard
	sessions *accesstest.MemorySessions
	verified *atomic.Int64
	now      time.Time
}

// setScene opens a door for the users, all of whom have the password.
func setScene(t *testing.T, users ...user.User) *scene {
	t.Helper()
	s := &scene{
		books: &books{Memory: accesstest.NewMemory(usertest.NewMemory())}, sessions: accesstest.NewMemorySessions(),
		verified: new(atomic.Int64), now: usertest.Now,
	}
	require.NoError(t, s.Memory.Do(t.Context(), func(ctx context.Context, stores accesstest.Stores) error {
		require.NoError(t, stores.Directory.Add(ctx, users...))
		return stores.Credentials.Set(ctx, lo.Map(users, func(u user.User, _ int) access.Credential {
			return access.Credential{User: u.ID, Hash: "hash of " + string(password), SetAt: usertest.Now}
		})...)
	}))
	clock := func() time.Time { return s.now }
	signer := openSigner{issued: new([]access.Claims)}
	door, err := signingin.New(t.Context(), s.books, s.sessions, signer, plainHasher{s.verified}, clock)
	require.NoError(t, err)
	s.door, s.guard = door, signingin.NewGuard(signer, s.sessions, clock)
	return s
}

var origin = signingin.Origin{Address: "192.0.2.7", Request: "r-1"}

func TestWhoSignsInIsRecognisedByTheTokenAndStandsInTheTrail(t *testing.T) {
	t.Parallel()
	merchant := usertest.Merchant()
	clerk := usertest.Clerk(merchant)
	s := setScene(t, merchant, clerk)
	pass, err := s.door.SignIn(t.Context(), "  "+strings.ToUpper(string(clerk.Email))+" ", password, origin)
	require.NoError(t, err)
	require.Equal(t, s.now.Add(access.AccessLife), pass.AccessUntil)
	require.Equal(t, s.now.Add(access.SessionLife), pass.SessionUntil)

	actor, err := s.guard.Actor(pass.Access, origin)
	require.NoError(t, err)
	want := access.Actor{
		User: clerk.ID, Role: user.Clerk, Wallet: merchant.Wallet, Session: pass.Session, Address: "192.0.2.7", Request: "r-1",
	}
	require.Equal(t, want, actor)
	require.Len(t, s.acts, 1)
	require.Equal(t, want, s.acts[0].Actor)
	require.Equal(t, signingin.ActStart, s.acts[0].Action)
	require.Equal(t, "done", s.acts[0].Outcome)
	require.Equal(t, pass.Session.String(), s.acts[0].Target)

	s.now = pass.AccessUntil
	_, err = s.guard.Actor(pass.Access, origin)
	require.ErrorIs(t, err, access.ErrAccessToken)
}

func TestWhoeverMayNotComeInLearnsNothingAndCostsTheSame(t *testing.T) {
	t.Parallel()
	known := usertest.Resident()
	gone := usertest.Resident(func(u *user.User) { u.DeletedAt = usertest.Now })
	s := setScene(t, known, gone)
	for name, c := range map[string]struct {
		email    string
		password access.Password
	}{
		"wrong password":          {string(known.Email), "wrong horse battery"},
		"unknown address":         {"nobody@example.jp", password},
		"the decoy's own":         {"nobody@example.jp", "the password of nobody"},
		"deleted user":            {string(gone.Email), password},
		"malformed address":       {"no address at all", password},
		"no password":             {string(known.Email), ""},
		"nothing of either":       {"", ""},
		"password in other cases": {string(known.Email), "CORRECT HORSE BATTERY"},
	} {
		before, rows := s.verified.Load(), len(s.acts)
		_, err := s.door.SignIn(t.Context(), c.email, c.password, origin)
		require.Equal(t, error(signingin.ErrSignIn), err, name)
		require.EqualValues(t, 1, s.verified.Load()-before, name)
		require.Len(t, s.acts, rows+1, name)
		act := s.acts[rows]
		require.Equal(t, string(signingin.ErrSignIn.Code), act.Outcome)
		require.True(t, act.Actor.Session.IsZero())
		if c.email != string(known.Email) {
			require.True(t, act.Actor.User.IsZero(), name)
		}
	}
}

func TestAnOverlongPasswordIsRefusedBeforeAnyWork(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	_, err := s.door.SignIn(t.Context(), "x@example.jp", access.Password(strings.Repeat("x", access.PasswordBytesMax+1)), origin)
	require.ErrorIs(t, err, access.ErrPassword)
	require.Zero(t, s.verified.Load())
}

func TestNobodyIsInWithoutARowThatSaysSo(t *testing.T) {
	t.Parallel()
	u := usertest.Resident()
	s := setScene(t, u)
	s.broken = errors.New("disk full")
	_, err := s.door.SignIn(t.Context(), string(u.Email), password, origin)
	require.ErrorIs(t, err, s.broken)
	require.Empty(t, s.acts)
	s.broken = nil
	pass, err := s.door.SignIn(t.Context(), string(u.Email), password, origin)
	require.NoError(t, err)
	require.False(t, s.sessions.Revoked(pass.Session))
}

func TestASessionContinuesUntilItsEnd(t *testing.T) {
	t.Parallel()
	official := usertest.Administrator()
	s := setScene(t, official)
	pass, err := s.door.SignIn(t.Context(), string(official.Email), password, origin)
	require.NoError(t, err)
	end := pass.SessionUntil
	require.Equal(t, s.now.Add(access.SessionLifeAdmin), end)

	s.now = end.Add(-time.Minute)
	pass, err = s.door.Refresh(t.Context(), pass.Refresh, origin)
	require.NoError(t, err)
	require.Equal(t, end, pass.AccessUntil, "no token outlives its session")
	s.now = end
	_, err = s.door.Refresh(t.Context(), pass.Refresh, origin)
	require.ErrorIs(t, err, access.ErrSession)
}

func TestNoTokenIsSpentWhileTheDirectoryIsAway(t *testing.T) {
	t.Parallel()
	u := usertest.Resident()
	s := setScene(t, u)
	pass, err := s.door.SignIn(t.Context(), string(u.Email), password, origin)
	require.NoError(t, err)
	s.away = errors.New("connection refused")
	_, err = s.door.Refresh(t.Context(), pass.Refresh, origin)
	require.ErrorIs(t, err, s.away)
	s.away, s.now = nil, s.now.Add(time.Hour)
	_, err = s.door.Refresh(t.Context(), pass.Refresh, origin)
	require.NoError(t, err)
}

func TestAStolenRefreshTokenEndsTheSessionAndStandsInTheTrail(t *testing.T) {
	t.Parallel()
	u := usertest.Resident()
	s := setScene(t, u)
	first, err := s.door.SignIn(t.Context(), string(u.Email), password, origin)
	require.NoError(t, err)
	s.now = s.now.Add(5 * time.Minute)
	second, err := s.door.Refresh(t.Context(), first.Refresh, origin)
	require.NoError(t, err)
	s.now = s.now.Add(time.Minute)
	_, err = s.door.Refresh(t.Context(), first.Refresh, origin)
	require.ErrorIs(t, err, access.ErrSessionReused)
	last := s.acts[len(s.acts)-1]
	require.Equal(t, "session_reused", last.Outcome)
	require.Equal(t, u.ID, last.Actor.User)
	_, err = s.guard.Actor(second.Access, origin)
	require.ErrorIs(t, err, access.ErrSession)
	_, err = s.door.Refresh(t.Context(), second.Refresh, origin)
	require.ErrorIs(t, err, access.ErrSession)
}

func TestTheSessionOfAUserWhoIsNoLongerThereEnds(t *testing.T) {
	t.Parallel()
	u := usertest.Resident()
	s := setScene(t, u)
	pass, err := s.door.SignIn(t.Context(), string(u.Email), password, origin)
	require.NoError(t, err)
	u.DeletedAt = s.now
	require.NoError(t, s.Memory.Do(t.Context(), func(ctx context.Context, stores accesstest.Stores) error {
		return stores.Directory.Add(ctx, u)
	}))
	_, err = s.door.Refresh(t.Context(), pass.Refresh, origin)
	require.ErrorIs(t, err, access.ErrSession)
	require.True(t, s.sessions.Revoked(pass.Session))
}

func TestSigningOutEndsOneSessionOrAll(t *testing.T) {
	t.Parallel()
	u := usertest.Resident()
	s := setScene(t, u)
	signIn := func() (signingin.Pass, access.Actor) {
		pass, err := s.door.SignIn(t.Context(), string(u.Email), password, origin)
		require.NoError(t, err)
		actor, err := s.guard.Actor(pass.Access, origin)
		require.NoError(t, err)
		return pass, actor
	}
	phone, onPhone := signIn()
	desk, onDesk := signIn()
	require.NoError(t, s.door.SignOut(t.Context(), onPhone))
	_, err := s.guard.Actor(phone.Access, origin)
	require.ErrorIs(t, err, access.ErrSession)
	_, err = s.guard.Actor(desk.Access, origin)
	require.NoError(t, err)

	tablet, _ := signIn()
	require.NoError(t, s.door.SignOutEverywhere(t.Context(), onDesk))
	for _, pass := range []signingin.Pass{desk, tablet} {
		_, err = s.guard.Actor(pass.Access, origin)
		require.ErrorIs(t, err, access.ErrSession)
	}
	require.Equal(t, signingin.ActEndAll, s.acts[len(s.acts)-1].Action)
	require.ErrorIs(t, s.door.SignOut(t.Context(), access.Actor{}), access.ErrNotSignedIn)
	require.ErrorIs(t, s.door.SignOutEverywhere(t.Context(), access.Actor{}), access.ErrNotSignedIn)
}
