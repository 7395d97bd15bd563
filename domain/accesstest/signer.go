package accesstest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

// Signer holds an adapter to the contract of access.Signer. Each call of open gives a signer with keys of its own.
func Signer(t *testing.T, open func(t *testing.T) access.Signer) {
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	claims := func(role user.Role) access.Claims {
		return access.Claims{
			User: ident.New[user.User](now), Role: role, Wallet: access.WalletID(ident.New[user.User](now)),
			Session: ident.New[access.Session](now), IssuedAt: now, ExpiresAt: now.Add(access.AccessLife),
		}
	}

	t.Run("what was signed reads back until it expires", func(t *testing.T) {
		t.Parallel()
		signer := open(t)
		for role := user.Resident; role <= user.Administrator; role++ {
			want := claims(role)
			if role == user.Administrator {
				want.Wallet = access.WalletID{}
			}
			token, err := signer.Issue(want)
			require.NoError(t, err)
			got, err := signer.Verify(token, want.ExpiresAt.Add(-time.Second))
			require.NoError(t, err)
			require.True(t, want.IssuedAt.Equal(got.IssuedAt) && want.ExpiresAt.Equal(got.ExpiresAt))
			got.IssuedAt, got.ExpiresAt = want.IssuedAt, want.ExpiresAt
			require.Equal(t, want, got)
			_, err = signer.Verify(token, want.ExpiresAt)
			require.ErrorIs(t, err, access.ErrAccessToken)
		}
	})

	t.Run("a token that was touched anywhere is refused", func(t *testing.T) {
		t.Parallel()
		signer := open(t)
		token, err := signer.Issue(claims(user.Resident))
		require.NoError(t, err)
		for i := range len(token) - 1 { // the last character may carry bits that mean nothing
			touched := []byte(token)
			if touched[i] == 'A' {
				touched[i] = 'B'
			} else {
				touched[i] = 'A'
			}
			_, err := signer.Verify(string(touched), now)
			require.ErrorIs(t, err, access.ErrAccessToken, "position %d", i)
		}
		for _, text := range []string{"", ".", "..", token + "A", token[1:], token + "." + token} {
			_, err := signer.Verify(text, now)
			require.ErrorIs(t, err, access.ErrAccessToken)
		}
	})

	t.Run("a token of another's keys is refused", func(t *testing.T) {
		t.Parallel()
		token, err := open(t).Issue(claims(user.Resident))
		require.NoError(t, err)
		_, err = open(t).Verify(token, now)
		require.ErrorIs(t, err, access.ErrAccessToken)
	})
}
