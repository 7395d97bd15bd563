package harness

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Await asks again and again until the condition holds.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	AwaitWithin(t, Patience, what, holds)
}

// AwaitWithin is Await with a patience of its own.
func AwaitWithin(t testing.TB, patience time.Duration, what string, holds func() bool) {
	t.Helper()
	poll := time.NewTicker(pollEvery)
	defer poll.Stop()
	for deadline := time.Now().Add(patience); !holds(); {
		require.True(t, time.Now().Before(deadline), "waited in vain: %s", what)
		select {
		case <-poll.C:
		case <-t.Context().Done():
			require.NoError(t, t.Context().Err(), what)
		}
	}
}
