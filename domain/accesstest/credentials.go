// Package accesstest holds the contracts of the ports of domain/access as tests.
//
// An adapter calls each suite with a function that opens its stores. The suites make their own users and sessions
// and look only at those, so the stores may be shared between tests. Every test runs in parallel with the others.
package accesstest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit. The suite enters a user before a credential of theirs.
type Stores struct {
	Directory   user.Directory
	Credentials access.Credentials
}

// Credentials holds an adapter to the contract of access.Credentials.
func Credentials(t *testing.T, open func(t *testing.T) usecase.Unit[Stores]) {
	of := func(t *testing.T, unit usecase.Unit[Stores], id user.ID) (access.Credential, error) {
		return usecase.Do(t.Context(), unit, func(ctx context.Context, s Stores) (access.Credential, error) {
			return s.Credentials.Of(ctx, id)
		})
	}

	t.Run("a credential reads back, and a later one takes its place", func(t *testing.T) {
		t.Parallel()
		unit := open(t)
		one, two := usertest.Resident(), usertest.Administrator()
		first := access.Credential{User: one.ID, Hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$a2V5", SetAt: usertest.Now}
		other := access.Credential{User: two.ID, Hash: "$argon2id$v=19$m=8,t=1,p=1$b3RoZXI$b3RoZXI", SetAt: usertest.Now}
		require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			require.NoError(t, s.Directory.Add(ctx, one, two))
			return s.Credentials.Set(ctx, first, other)
		}))
		second := access.Credential{User: one.ID, Hash: "$argon2id$v=19$m=8,t=1,p=1$bmV3$bmV3", SetAt: usertest.Now.Add(time.Hour)}
		require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Credentials.Set(ctx, second) }))
		for _, want := range []access.Credential{second, other} {
			got, err := of(t, unit, want.User)
			require.NoError(t, err)
			require.True(t, want.SetAt.Equal(got.SetAt))
			got.SetAt = want.SetAt
			require.Equal(t, want, got)
		}
	})

	t.Run("who has no password has no credential", func(t *testing.T) {
		t.Parallel()
		unit := open(t)
		_, err := of(t, unit, usertest.Resident().ID)
		require.ErrorIs(t, err, access.ErrNoCredential)
	})
}
