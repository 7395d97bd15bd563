package usertest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// errTurnedBack makes a unit end without effect.
var errTurnedBack = errors.New("turned back")

// Directory holds an adapter to the contract of user.Directory.
func Directory(t *testing.T, open Open) {
	t.Run("a user reads back as entered", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		merchant := Merchant()
		for _, want := range []user.User{Resident(), merchant, Clerk(merchant), Administrator()} {
			add(t, b, want)
			byID, err := read(t, b, func(ctx context.Context, s Stores) (user.User, error) { return s.Directory.ByID(ctx, want.ID) })
			require.NoError(t, err)
			equal(t, want, byID)
			byEmail, err := read(t, b, func(ctx context.Context, s Stores) (user.User, error) { return s.Directory.ByEmail(ctx, want.Email) })
			require.NoError(t, err)
			equal(t, want, byEmail)
		}
	})

	t.Run("an unknown user is not found", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		stranger := Resident()
		_, err := read(t, b, func(ctx context.Context, s Stores) (user.User, error) { return s.Directory.ByID(ctx, stranger.ID) })
		require.ErrorIs(t, err, user.ErrUnknown)
		_, err = read(t, b, func(ctx context.Context, s Stores) (user.User, error) {
			return s.Directory.ByEmail(ctx, stranger.Email)
		})
		require.ErrorIs(t, err, user.ErrUnknown)
	})

	t.Run("an address is given once among the living", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		first := Resident()
		add(t, b, first)
		bystander, second := Resident(), Resident(func(u *user.User) { u.Email = first.Email })
		require.ErrorIs(t, tryAdd(t, b, bystander, second), user.ErrEmailTaken)
		_, err := b.Roster.ByID(t.Context(), bystander.ID)
		require.ErrorIs(t, err, user.ErrUnknown, "all or none")
		twin := Resident(func(u *user.User) { u.Email = bystander.Email })
		require.ErrorIs(t, tryAdd(t, b, bystander, twin), user.ErrEmailTaken)
	})

	t.Run("a deleted user is not told of and leaves the address free", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		gone := Resident(func(u *user.User) { u.DeletedAt = Now })
		add(t, b, gone)
		_, err := read(t, b, func(ctx context.Context, s Stores) (user.User, error) { return s.Directory.ByEmail(ctx, gone.Email) })
		require.ErrorIs(t, err, user.ErrUnknown)
		_, err = read(t, b, func(ctx context.Context, s Stores) (user.User, error) { return s.Directory.ByID(ctx, gone.ID) })
		require.ErrorIs(t, err, user.ErrUnknown)
		_, err = b.Roster.ByID(t.Context(), gone.ID)
		require.ErrorIs(t, err, user.ErrUnknown)
		next := Resident(func(u *user.User) { u.Email = gone.Email })
		add(t, b, next)
		found, err := b.Roster.ByEmails(t.Context(), []user.Email{gone.Email})
		require.NoError(t, err)
		equal(t, next, found[gone.Email])
	})

	t.Run("of many who ask for one address at once, one gets it", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		email := Resident().Email
		errs := make([]error, 8)
		var racers sync.WaitGroup
		for i := range errs {
			racers.Go(func() { errs[i] = tryAdd(t, b, Resident(func(u *user.User) { u.Email = email })) })
		}
		racers.Wait()
		entered := 0
		for _, err := range errs {
			if err == nil {
				entered++
				continue
			}
			require.ErrorIs(t, err, user.ErrEmailTaken)
		}
		require.Equal(t, 1, entered)
	})

	t.Run("a unit that fails leaves nothing behind", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		u := Resident()
		err := b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			require.NoError(t, s.Directory.Add(ctx, u))
			require.NoError(t, s.Codes.Add(ctx, StandingCode(u)))
			return errTurnedBack
		})
		require.ErrorIs(t, err, errTurnedBack)
		_, err = b.Roster.ByID(t.Context(), u.ID)
		require.ErrorIs(t, err, user.ErrUnknown)
		_, err = b.Codes.Standing(t.Context(), u.ID)
		require.ErrorIs(t, err, user.ErrCodeUnknown)
	})
}

func tryAdd(t *testing.T, b Bench, users ...user.User) error {
	return b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Directory.Add(ctx, users...) })
}

func add(t *testing.T, b Bench, users ...user.User) {
	t.Helper()
	require.NoError(t, tryAdd(t, b, users...))
}

func read[R any](t *testing.T, b Bench, work func(context.Context, Stores) (R, error)) (R, error) {
	return usecase.Do(t.Context(), b.Unit, work)
}

// equal compares without regard to the zone of instants, which an adapter need not keep.
func equal(t *testing.T, want, got user.User) {
	t.Helper()
	require.True(t, want.CreatedAt.Equal(got.CreatedAt), "created at %s, not %s", got.CreatedAt, want.CreatedAt)
	require.True(t, want.DeletedAt.Equal(got.DeletedAt))
	got.CreatedAt, got.DeletedAt = want.CreatedAt, want.DeletedAt
	require.True(t, want == got, "%s differs from what was entered", want)
}
