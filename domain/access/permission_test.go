package access_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestTheMatrixIsTheOneThatWasAgreed(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	for _, p := range access.Permissions() {
		table.WriteString(p.String() + ":")
		for role := user.Resident; role <= user.Administrator; role++ {
			if access.May(role, p) {
				table.WriteString(" " + role.String())
			}
		}
		table.WriteString("\n")
	}
	golden := filepath.Join("testdata", "matrix.golden")
	if *update {
		require.NoError(t, os.WriteFile(golden, []byte(table.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), table.String())
}

func TestEveryPermissionHasANameAndSomeoneWhoHasIt(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, p := range access.Permissions() {
		require.NotEmpty(t, p.String())
		require.NotEqual(t, "unknown", p.String())
		require.False(t, names[p.String()], p.String())
		names[p.String()] = true
		given := false
		for role := user.Resident; role <= user.Administrator; role++ {
			given = given || access.May(role, p)
		}
		require.True(t, given, p.String())
	}
}

func TestNobodyMayDoAnything(t *testing.T) {
	t.Parallel()
	for _, p := range access.Permissions() {
		require.ErrorIs(t, access.Allow(access.Actor{Role: user.Administrator}, p), access.ErrNotSignedIn)
		for _, role := range []user.Role{0, user.Administrator + 1, 255} {
			actor := access.Actor{User: ident.New[user.User](time.Now()), Role: role}
			require.ErrorIs(t, access.Allow(actor, p), access.ErrNotAllowed)
		}
	}
}

func TestARoleMayDoWhatTheMatrixGivesAndNothingElse(t *testing.T) {
	t.Parallel()
	clerk := access.Actor{User: ident.New[user.User](time.Now()), Role: user.Clerk}
	require.NoError(t, access.Allow(clerk, access.Charge))
	require.ErrorIs(t, access.Allow(clerk, access.Pay), access.ErrNotAllowed)
}
