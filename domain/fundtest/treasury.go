package fundtest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase"
)

// Treasury holds an adapter to the contracts of fund.Treasury and fund.Reader.
func Treasury(t *testing.T, open Open) {
	t.Run("a fund reads back as entered", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		want := add(t, b, Fund())
		equal(t, want, get(t, b, want.Code))
		read, err := b.Funds.Fund(t.Context(), want.Code)
		require.NoError(t, err)
		equal(t, want, read)
		all, err := b.Funds.Funds(t.Context())
		require.NoError(t, err)
		require.IsIncreasing(t, codes(all))
		require.Contains(t, codes(all), string(want.Code))
	})

	t.Run("an unknown fund is not found", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		stranger := Fund()
		_, err := b.Funds.Fund(t.Context(), stranger.Code)
		require.ErrorIs(t, err, ledger.ErrFundUnknown)
		_, err = usecase.Do(t.Context(), b.Unit, func(ctx context.Context, s Stores) (fund.Fund, error) {
			return s.Treasury.Get(ctx, stranger.Code)
		})
		require.ErrorIs(t, err, ledger.ErrFundUnknown)
		require.ErrorIs(t, save(t, b, stranger), ledger.ErrFundUnknown)
	})

	t.Run("a code is given once", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		first := add(t, b, Fund())
		err := b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			return s.Treasury.Add(ctx, Fund(func(f *fund.Fund) { f.Code, f.Name = first.Code, "別の原資" }))
		})
		require.ErrorIs(t, err, fund.ErrTaken)
		equal(t, first, get(t, b, first.Code))
	})

	t.Run("what is changed moves the version on", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		f := add(t, b, Fund())
		f.Name, f.Note, f.ClosedAt = "終了した原資", "", Now.Add(time.Hour)
		require.NoError(t, save(t, b, f))
		f.Version = 2
		equal(t, f, get(t, b, f.Code))
		require.NoError(t, save(t, b, f))
		require.EqualValues(t, 3, get(t, b, f.Code).Version)
	})

	t.Run("of many who change one version, one does", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		f := add(t, b, Fund())
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() { errs[i] = save(t, b, f) })
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, fund.ErrChanged)
		}
		require.Equal(t, 1, won)
		require.EqualValues(t, 2, get(t, b, f.Code).Version)
	})

	t.Run("a unit that ends in an error enters nothing", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		f := Fund()
		err := b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			if err := s.Treasury.Add(ctx, f); err != nil {
				return err
			}
			return errTurnedBack
		})
		require.ErrorIs(t, err, errTurnedBack)
		_, err = b.Funds.Fund(t.Context(), f.Code)
		require.ErrorIs(t, err, ledger.ErrFundUnknown)
	})
}

func save(t *testing.T, b Bench, f fund.Fund) error {
	return b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Treasury.Save(ctx, f) })
}

func get(t *testing.T, b Bench, code fund.Code) fund.Fund {
	t.Helper()
	f, err := usecase.Do(t.Context(), b.Unit, func(ctx context.Context, s Stores) (fund.Fund, error) {
		return s.Treasury.Get(ctx, code)
	})
	require.NoError(t, err)
	return f
}

// equal compares two funds; an instant may come back in another zone.
func equal(t *testing.T, want, got fund.Fund) {
	t.Helper()
	require.True(t, want.OpenedAt.Equal(got.OpenedAt), "%s, not %s", got.OpenedAt, want.OpenedAt)
	require.True(t, want.ClosedAt.Equal(got.ClosedAt), "%s, not %s", got.ClosedAt, want.ClosedAt)
	got.OpenedAt, got.ClosedAt = want.OpenedAt, want.ClosedAt
	require.Equal(t, want, got)
}

func codes(funds []fund.Fund) []string {
	found := make([]string, len(funds))
	for i, f := range funds {
		found[i] = string(f.Code)
	}
	return found
}
