// Package journey_test walks through the platform as people do, over real HTTP against the built binary on a real
// PostgreSQL and a real Redis: every clause of the points core is seen working here once from the outside.
//
// Journeys share one city and run side by side, so each has its own people, funds and kinds, and looks only at
// those. What disturbs others, such as a change of the rules or a killed process, happens in a city of its own.
package journey_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

var world *harness.World

func TestMain(m *testing.M) {
	os.Exit(harness.Main(m, func(w *harness.World) { world = w }, shared.proven))
}

// shared is the city of most journeys.
var shared town

type town struct {
	once sync.Once
	city *harness.City
	err  error
}

// saijo gives the shared city.
func saijo(t *testing.T) *harness.City {
	t.Helper()
	shared.once.Do(func() { shared.city, shared.err = inhabited(t, "saijo") })
	require.NoError(t, shared.err)
	return shared.city
}

// ownCity founds a city for one journey alone, without a worker.
func ownCity(t *testing.T, name string) *harness.City {
	t.Helper()
	city, err := world.Found(t.Context(), name)
	require.NoError(t, err)
	require.NoError(t, city.Open(t.Context()))
	return city
}

// inhabited founds a city in which processes serve and work.
func inhabited(t *testing.T, name string) (*harness.City, error) {
	t.Helper()
	// The city outlives the test that happens to ask first.
	ctx := context.WithoutCancel(t.Context())
	city, err := world.Found(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := city.Open(ctx); err != nil {
		return nil, err
	}
	_, err = city.Work(ctx)
	return city, err
}

// proven is what must hold when everybody has gone home: the books are clean.
func (t *town) proven(ctx context.Context) error {
	if t.city == nil {
		return nil
	}
	said, err := t.city.Run(ctx, "verify")
	if err != nil {
		return err
	}
	if said.Code != 0 {
		return fmt.Errorf("verify ended with %d: %s%s", said.Code, said.Stdout, said.Stderr)
	}
	return nil
}
