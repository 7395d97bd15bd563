package usertest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/user"
)

// Codes holds an adapter to the contracts of user.Codes and user.CodeReader.
func Codes(t *testing.T, open Open) {
	t.Run("a code reads back as entered", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		resident, merchant, official := Resident(), Merchant(), Administrator()
		add(t, b, resident, merchant, official)
		limited := StandingCode(merchant)
		limited.AmountMax = 50_000
		for _, want := range []user.Code{StandingCode(resident), limited, StandingCode(official), PresentedCode(resident), AmountCode(merchant)} {
			addCodes(t, b, want)
			got, err := b.Codes.ByToken(t.Context(), want.Token)
			require.NoError(t, err)
			equalCode(t, want, got)
			inUnit, err := read(t, b, func(ctx context.Context, s Stores) (user.Code, error) { return s.Codes.ByToken(ctx, want.Token) })
			require.NoError(t, err)
			equalCode(t, want, inUnit)
			if want.Purpose == user.Standing {
				standing, err := b.Codes.Standing(t.Context(), want.Owner)
				require.NoError(t, err)
				equalCode(t, want, standing)
			}
		}
	})

	t.Run("an unknown code is not found", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		token := user.NewToken(user.Standing)
		_, err := b.Codes.ByToken(t.Context(), token)
		require.ErrorIs(t, err, user.ErrCodeUnknown)
		_, err = b.Codes.Standing(t.Context(), Resident().ID)
		require.ErrorIs(t, err, user.ErrCodeUnknown)
		_, err = read(t, b, func(ctx context.Context, s Stores) (user.Code, error) { return s.Codes.ByToken(ctx, token) })
		require.ErrorIs(t, err, user.ErrCodeUnknown)
		_, err = read(t, b, func(ctx context.Context, s Stores) (user.Code, error) { return s.Codes.Revoke(ctx, token, Now) })
		require.ErrorIs(t, err, user.ErrCodeUnknown)
	})

	t.Run("an owner has one live standing code", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		u := Resident()
		add(t, b, u)
		addCodes(t, b, StandingCode(u))
		second := StandingCode(u)
		second.PrintVersion = 2
		err := b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Codes.Add(ctx, second) })
		require.ErrorIs(t, err, user.ErrCodeStanding)
	})

	t.Run("rotation revokes the old code and keeps its limit", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		u := Merchant()
		add(t, b, u)
		old := StandingCode(u)
		old.AmountMax = 30_000
		addCodes(t, b, old)
		next := rotate(t, b, u)
		require.Equal(t, 2, next.PrintVersion)
		require.Equal(t, old.AmountMax, next.AmountMax)
		was, err := b.Codes.ByToken(t.Context(), old.Token)
		require.NoError(t, err)
		require.True(t, was.RevokedAt.Equal(next.IssuedAt))
		require.ErrorIs(t, was.Usable(Now), user.ErrCodeRevoked)
		standing, err := b.Codes.Standing(t.Context(), u.ID)
		require.NoError(t, err)
		equalCode(t, next, standing)
		require.Equal(t, 3, rotate(t, b, u).PrintVersion)
	})

	t.Run("a revoked standing code is replaced by rotation", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		u := Resident()
		add(t, b, u)
		code := StandingCode(u)
		addCodes(t, b, code)
		revoked := revoke(t, b, code.Token, Now)
		require.True(t, revoked.RevokedAt.Equal(Now))
		_, err := b.Codes.Standing(t.Context(), u.ID)
		require.ErrorIs(t, err, user.ErrCodeUnknown)
		again := revoke(t, b, code.Token, Now.Add(time.Hour))
		require.True(t, again.RevokedAt.Equal(Now), "it stays as it is")
		require.Equal(t, 2, rotate(t, b, u).PrintVersion)
	})

	t.Run("whoever had no standing code gets the first by rotation", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		u := Resident()
		add(t, b, u)
		addCodes(t, b, PresentedCode(u))
		require.Equal(t, 1, rotate(t, b, u).PrintVersion)
	})

	t.Run("codes of one use that nobody used are cleared once they are old", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		resident, merchant := Resident(), Merchant()
		add(t, b, resident, merchant)
		long := time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC) // so that no other test's codes are as old
		aged := func(code user.Code, minutes int) user.Code {
			code.IssuedAt = long.Add(time.Duration(minutes-1) * time.Minute)
			if code.Purpose.OneTime() {
				code.ExpiresAt = code.IssuedAt.Add(time.Minute)
			}
			return code
		}
		first, second, third := aged(AmountCode(merchant), 1), aged(PresentedCode(resident), 2), aged(AmountCode(merchant), 3)
		second.RevokedAt = second.IssuedAt
		used, edge, standing := aged(PresentedCode(resident), 2), aged(PresentedCode(resident), 4), aged(StandingCode(resident), 1)
		used.UsedBy = [16]byte{15: 1}
		addCodes(t, b, third, second, first, used, edge, standing)
		tidy := func(limit int) int {
			cleared, err := read(t, b, func(ctx context.Context, s Stores) (int, error) { return s.Codes.Clear(ctx, edge.ExpiresAt, limit) })
			require.NoError(t, err)
			return cleared
		}
		require.Equal(t, 2, tidy(2))
		for code, want := range map[user.Token]error{first.Token: user.ErrCodeUnknown, second.Token: user.ErrCodeUnknown, third.Token: nil} {
			_, err := b.Codes.ByToken(t.Context(), code)
			require.ErrorIs(t, err, want, "the oldest go first")
		}
		require.Equal(t, 1, tidy(2))
		require.Zero(t, tidy(2))
		for _, kept := range []user.Code{used, edge, standing} {
			got, err := b.Codes.ByToken(t.Context(), kept.Token)
			require.NoError(t, err)
			equalCode(t, kept, got)
		}
		cleared, err := read(t, b, func(ctx context.Context, s Stores) (bool, error) {
			if _, err := s.Codes.Clear(ctx, edge.ExpiresAt.Add(time.Microsecond), 1); err != nil {
				return false, err
			}
			_, err := s.Codes.ByToken(ctx, edge.Token)
			return errors.Is(err, user.ErrCodeUnknown), nil
		})
		require.NoError(t, err)
		require.True(t, cleared, "a unit sees what it cleared itself")
	})

	t.Run("of rotations at once every one that succeeds has its own version", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		u := Resident()
		add(t, b, u)
		addCodes(t, b, StandingCode(u))
		codes, errs := make([]user.Code, 8), make([]error, 8)
		var racers sync.WaitGroup
		for i := range codes {
			racers.Go(func() { codes[i], errs[i] = tryRotate(t, b, u) })
		}
		racers.Wait()
		versions := map[int]bool{1: true}
		for i, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, user.ErrCodeStanding)
				continue
			}
			require.False(t, versions[codes[i].PrintVersion])
			versions[codes[i].PrintVersion] = true
		}
		standing, err := b.Codes.Standing(t.Context(), u.ID)
		require.NoError(t, err)
		require.Greater(t, len(versions), 1)
		require.Equal(t, len(versions), standing.PrintVersion, "versions have no gaps and the highest is live")
	})
}

func addCodes(t *testing.T, b Bench, codes ...user.Code) {
	t.Helper()
	require.NoError(t, b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Codes.Add(ctx, codes...) }))
}

func tryRotate(t *testing.T, b Bench, u user.User) (user.Code, error) {
	next := StandingCode(u)
	next.PrintVersion = 0
	return read(t, b, func(ctx context.Context, s Stores) (user.Code, error) { return s.Codes.Rotate(ctx, next) })
}

func rotate(t *testing.T, b Bench, u user.User) user.Code {
	t.Helper()
	code, err := tryRotate(t, b, u)
	require.NoError(t, err)
	return code
}

func revoke(t *testing.T, b Bench, token user.Token, at time.Time) user.Code {
	t.Helper()
	code, err := read(t, b, func(ctx context.Context, s Stores) (user.Code, error) { return s.Codes.Revoke(ctx, token, at) })
	require.NoError(t, err)
	return code
}

// equalCode compares without regard to the zone of instants.
func equalCode(t *testing.T, want, got user.Code) {
	t.Helper()
	require.True(t, want.IssuedAt.Equal(got.IssuedAt))
	require.True(t, want.ExpiresAt.Equal(got.ExpiresAt))
	require.True(t, want.RevokedAt.Equal(got.RevokedAt))
	got.IssuedAt, got.ExpiresAt, got.RevokedAt = want.IssuedAt, want.ExpiresAt, want.RevokedAt
	require.True(t, want == got, "%s differs from what was entered: %+v, not %+v", want.Token, got, want)
}
