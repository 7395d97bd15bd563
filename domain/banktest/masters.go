package banktest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit.
type Stores struct{ Masters bank.Masters }

// Bench is what the suite needs of an adapter: its unit of work and its directory on the same data.
type Bench struct {
	Unit      usecase.Unit[Stores]
	Directory bank.Directory
}

// Open opens empty stores for one test.
type Open func(t *testing.T, embedded bank.Embedded) Bench

// errTurnedBack makes a unit end without effect.
var errTurnedBack = errors.New("turned back")

var (
	now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	by  = ident.New[user.User](now)
)

// Masters holds an adapter to the contracts of bank.Masters and bank.Directory.
func Masters(t *testing.T, open Open) {
	t.Run("the embedded master is in force until another is brought in", func(t *testing.T) {
		t.Parallel()
		own := Master(t)
		b := open(t, embedding(own))
		require.Same(t, own, b.newest(t))
		brought := MasterOf(t, AsOf+1, TestHead)
		b.replace(t, brought)
		require.Equal(t, brought, b.newest(t))
		require.Equal(t, brought, b.newest(t), "also when asked again")
	})

	t.Run("the last one brought in is in force", func(t *testing.T) {
		t.Parallel()
		b := open(t, embedding(Master(t)))
		b.replace(t, MasterOf(t, AsOf+1, TestHead))
		require.Equal(t, AsOf+1, b.newest(t).AsOf)
		again := MasterOf(t, AsOf+1, TestHead, TestWest)
		b.replace(t, again)
		require.Equal(t, again, b.newest(t))
	})

	t.Run("the embedded master of a later day is in force again", func(t *testing.T) {
		t.Parallel()
		own := Master(t)
		b := open(t, embedding(own))
		b.replace(t, MasterOf(t, AsOf-1, TestHead))
		require.Same(t, own, b.newest(t))
		b.replace(t, MasterOf(t, AsOf, TestHead))
		require.Equal(t, MasterOf(t, AsOf, TestHead), b.newest(t))
	})

	t.Run("a unit sees what it has brought in itself, and nobody does when it fails", func(t *testing.T) {
		t.Parallel()
		own := Master(t)
		b := open(t, embedding(own))
		brought := MasterOf(t, AsOf+1, TestHead)
		err := b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			current, err := s.Masters.Current(ctx)
			require.NoError(t, err)
			require.Same(t, own, current)
			require.NoError(t, s.Masters.Replace(ctx, brought, by, now))
			current, err = s.Masters.Current(ctx)
			require.NoError(t, err)
			require.Equal(t, brought, current)
			return errTurnedBack
		})
		require.ErrorIs(t, err, errTurnedBack)
		require.Same(t, own, b.newest(t))
		b.replace(t, MasterOf(t, AsOf+2, TestWest))
		require.Equal(t, MasterOf(t, AsOf+2, TestWest), b.newest(t), "and not what the failed unit had")
	})

	t.Run("an embedded master that cannot be had is told", func(t *testing.T) {
		t.Parallel()
		b := open(t, func() (*bank.Master, error) { return nil, errTurnedBack })
		_, err := b.Directory.Master(t.Context())
		require.ErrorIs(t, err, errTurnedBack)
	})

	t.Run("of many who replace what they have seen, one does", func(t *testing.T) {
		t.Parallel()
		own := Master(t)
		b := open(t, embedding(own))
		errs := make([]error, 8)
		var all sync.WaitGroup
		for i := range errs {
			next := MasterOf(t, AsOf+1, Listing("9999", "テスト", "ﾃｽﾄ", bank.BranchCode([]byte{'1', '0', '0' + byte(i)}), "本店", "ﾎﾝﾃﾝ"))
			all.Go(func() {
				errs[i] = b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
					current, err := s.Masters.Current(ctx)
					if err != nil {
						return err
					}
					if current.SHA256 != own.SHA256 {
						return errTurnedBack
					}
					return s.Masters.Replace(ctx, next, by, now)
				})
			})
		}
		all.Wait()
		replaced := 0
		for _, err := range errs {
			if err == nil {
				replaced++
				continue
			}
			require.ErrorIs(t, err, errTurnedBack)
		}
		require.Equal(t, 1, replaced)
	})

	t.Run("a master of the country's size comes back as it was", func(t *testing.T) {
		t.Parallel()
		b := open(t, embedding(Master(t)))
		var many []bank.Listing
		for i := range 30_000 {
			code := bank.Code([]byte{'0' + byte(i/10_000), '0' + byte(i/1_000%10), '0' + byte(i/100%10), '5'})
			many = append(many, Listing(code, "試験", "ｼｹﾝ", bank.BranchCode([]byte{'0', '0' + byte(i/10%10), '0' + byte(i%10)}), "西条", "ｻｲｼﾞﾖｳ"))
		}
		brought := MasterOf(t, AsOf+1, many...)
		b.replace(t, brought)
		require.Equal(t, brought.SHA256, b.newest(t).SHA256)
	})
}

func embedding(m *bank.Master) bank.Embedded {
	return func() (*bank.Master, error) { return m, nil }
}

func (b Bench) newest(t *testing.T) *bank.Master {
	t.Helper()
	m, err := b.Directory.Master(t.Context())
	require.NoError(t, err)
	return m
}

func (b Bench) replace(t *testing.T, master *bank.Master) {
	t.Helper()
	require.NoError(t, b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		return s.Masters.Replace(ctx, master, by, now)
	}))
}
