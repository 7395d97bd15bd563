package signingin_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/usecase/signingin"
)

// gatedHasher computes until its gate opens and tells how many compute.
type gatedHasher struct {
	gate chan struct{}
	now  atomic.Int64
}

func (h *gatedHasher) Hash(context.Context, access.Password) (string, error) {
	h.now.Add(1)
	<-h.gate
	h.now.Add(-1)
	return "hash", nil
}

func (h *gatedHasher) Verify(ctx context.Context, password access.Password, hash string) (bool, error) {
	made, err := h.Hash(ctx, password)
	return made == hash, err
}

func TestAFloodOfSignInsIsTurnedAwayBeyondTheWaitingRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hasher := &gatedHasher{gate: make(chan struct{})}
		turnstile := signingin.NewTurnstile(hasher, 2, 3)
		var through, away atomic.Int64
		var flood sync.WaitGroup
		for range 20 {
			flood.Go(func() {
				if ok, err := turnstile.Verify(t.Context(), "correct horse", "hash"); ok && err == nil {
					through.Add(1)
				} else if err == access.ErrBusy {
					away.Add(1)
				}
			})
		}
		synctest.Wait()
		require.EqualValues(t, 15, away.Load(), "two compute, three wait")
		require.EqualValues(t, 2, hasher.now.Load())
		close(hasher.gate)
		flood.Wait()
		require.EqualValues(t, 5, through.Load())
		_, err := turnstile.Hash(t.Context(), "correct horse")
		require.NoError(t, err, "the room is empty again")
	})
}

func TestWhoeverStopsWaitingLeavesTheRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hasher := &gatedHasher{gate: make(chan struct{})}
		turnstile := signingin.NewTurnstile(hasher, 1, 1)
		var visits sync.WaitGroup
		visits.Go(func() { _, _ = turnstile.Hash(t.Context(), "first") })
		synctest.Wait()
		impatient, leave := context.WithCancel(t.Context())
		var gaveUp error
		visits.Go(func() { _, gaveUp = turnstile.Hash(impatient, "second") })
		synctest.Wait()
		leave()
		synctest.Wait()
		require.ErrorIs(t, gaveUp, context.Canceled)
		var third error
		visits.Go(func() { _, third = turnstile.Hash(t.Context(), "third") })
		synctest.Wait()
		close(hasher.gate)
		visits.Wait()
		require.NoError(t, third)
	})
}
