// Package prooftest holds the ports of proof to their promises, and makes small journals to prove.
//
// Heads and Seals are contract suites: every adapter of these ports runs them. Town is a ledger on paper on which
// the acts of package ledger are done; Shelf and Key stand for the places outside the database.
package prooftest

import (
	"context"
	"crypto/ed25519"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/proof"
)

// Key signs with Ed25519. It is access.Seal.
type Key struct{ private ed25519.PrivateKey }

// NewKey makes the key that belongs to seed.
func NewKey(seed byte) *Key {
	return &Key{ed25519.NewKeyFromSeed(slices.Repeat([]byte{seed}, ed25519.SeedSize))}
}

// Seal signs message.
func (k *Key) Seal(message []byte) []byte { return ed25519.Sign(k.private, message) }

// Verify tells whether signature was made by Seal over message.
func (k *Key) Verify(message, signature []byte) bool {
	return ed25519.Verify(k.private.Public().(ed25519.PublicKey), message, signature)
}

// Shelf is proof.Heads in memory. Refuse, when set, is what Append returns.
type Shelf struct {
	mutex  sync.Mutex
	heads  []proof.Seal
	Refuse error
}

var _ proof.Heads = (*Shelf)(nil)

// Append is proof.Heads'.
func (s *Shelf) Append(_ context.Context, heads []proof.Seal) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.Refuse == nil {
		s.heads = append(s.heads, heads...)
	}
	return s.Refuse
}

// Last is proof.Heads'.
func (s *Shelf) Last(context.Context) (proof.Seal, bool, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if len(s.heads) == 0 {
		return proof.Seal{}, false, nil
	}
	return s.heads[len(s.heads)-1], true, nil
}

// Each is proof.Heads'.
func (s *Shelf) Each(_ context.Context, yield func(proof.Seal) error) error {
	s.mutex.Lock()
	heads := slices.Clone(s.heads)
	s.mutex.Unlock()
	for _, head := range heads {
		if err := yield(head); err != nil {
			return err
		}
	}
	return nil
}

// Example gives a seal with every field filled in.
func Example(no int64) proof.Seal {
	s := proof.Seal{
		No: no, First: 10*no - 9, Last: 10 * no, Entries: 9, Previous: proof.Hash{byte(no - 1)}, Hash: proof.Hash{byte(no)},
		SealedAt: time.Date(2026, 11, 23, 3, 0, int(no), 123_456_000, time.UTC),
	}
	s.Signature = NewKey(1).Seal(s.Head())
	return s
}

// Heads is the contract of proof.Heads. fresh gives an empty one.
func Heads(t *testing.T, fresh func(t *testing.T) proof.Heads) {
	t.Helper()
	t.Run("has nothing before the first head", func(t *testing.T) {
		t.Parallel()
		heads := fresh(t)
		_, ok, err := heads.Last(t.Context())
		require.NoError(t, err)
		require.False(t, ok)
		require.Empty(t, all(t, heads))
	})
	t.Run("gives heads back as they were appended", func(t *testing.T) {
		t.Parallel()
		heads := fresh(t)
		require.NoError(t, heads.Append(t.Context(), []proof.Seal{Example(1), Example(2)}))
		require.NoError(t, heads.Append(t.Context(), []proof.Seal{Example(3)}))
		require.Equal(t, []proof.Seal{Example(1), Example(2), Example(3)}, all(t, heads))
		last, ok, err := heads.Last(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, Example(3), last)
	})
	t.Run("stops reading where it is told to", func(t *testing.T) {
		t.Parallel()
		heads := fresh(t)
		require.NoError(t, heads.Append(t.Context(), []proof.Seal{Example(1), Example(2)}))
		err := heads.Each(t.Context(), func(proof.Seal) error { return context.Canceled })
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("takes heads from several sides at once", func(t *testing.T) {
		t.Parallel()
		heads := fresh(t)
		var sides sync.WaitGroup
		for side := range 8 {
			sides.Go(func() {
				for range 5 {
					if err := heads.Append(t.Context(), []proof.Seal{Example(int64(side + 1))}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		sides.Wait()
		counts := map[int64]int{}
		for _, head := range all(t, heads) {
			require.Equal(t, Example(head.No), head)
			counts[head.No]++
		}
		require.Len(t, counts, 8)
		for _, n := range counts {
			require.Equal(t, 5, n)
		}
	})
}

func all(t *testing.T, heads proof.Heads) []proof.Seal {
	t.Helper()
	var list []proof.Seal
	require.NoError(t, heads.Each(t.Context(), func(head proof.Seal) error {
		list = append(list, head)
		return nil
	}))
	return list
}

// Seals is the contract of proof.Seals as far as it concerns the seals. fresh gives one without a seal.
func Seals(t *testing.T, fresh func(t *testing.T) proof.Seals) {
	t.Helper()
	t.Run("has nothing before the first seal", func(t *testing.T) {
		t.Parallel()
		seals := fresh(t)
		_, ok, err := seals.Last(t.Context())
		require.NoError(t, err)
		require.False(t, ok)
		list, err := seals.After(t.Context(), 0, 10)
		require.NoError(t, err)
		require.Empty(t, list)
	})
	t.Run("gives seals back by number", func(t *testing.T) {
		t.Parallel()
		seals := fresh(t)
		for no := range int64(4) {
			require.NoError(t, seals.Append(t.Context(), Example(no+1)))
		}
		last, ok, err := seals.Last(t.Context())
		require.NoError(t, err)
		require.True(t, ok)
		require.Equal(t, Example(4), last)
		list, err := seals.After(t.Context(), 1, 2)
		require.NoError(t, err)
		require.Equal(t, []proof.Seal{Example(2), Example(3)}, list)
	})
	t.Run("gives a number to one seal only", func(t *testing.T) {
		t.Parallel()
		seals := fresh(t)
		require.NoError(t, seals.Append(t.Context(), Example(1)))
		other := Example(1)
		other.Last++
		require.ErrorIs(t, seals.Append(t.Context(), other), proof.ErrSealTaken)
		last, _, err := seals.Last(t.Context())
		require.NoError(t, err)
		require.Equal(t, Example(1), last)
	})
}
