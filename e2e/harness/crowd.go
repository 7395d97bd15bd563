package harness

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/crypt"
	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

// copyPerson enters people who differ from one who was registered in who they are alone.
const copyPerson = `WITH made AS MATERIALIZED (SELECT i, gen_random_uuid() AS id, gen_random_uuid() AS wallet_id FROM generate_series(1, $2) i),
	wallets AS (
		INSERT INTO wallets (id, owner_id, role, category, opened_at)
		SELECT made.wallet_id, made.id, w.role, w.category, w.opened_at FROM made, wallets w, users u WHERE u.id = $1 AND w.id = u.wallet_id
	)
	INSERT INTO users (id, role, email, name, kana, birth, postal_code, address, phone, category, wallet_id, search, created_at)
	SELECT made.id, role, 'crowd-' || i || '-' || email, name, kana, birth, postal_code, address, phone, category, made.wallet_id, search, created_at
	FROM made, users u WHERE u.id = $1 RETURNING id, email, wallet_id`

// Crowd gives many residents. They are copies of one who was registered, and their access tokens are made with the
// server's own key: so many passwords would take minutes to hash.
func (c *City) Crowd(t testing.TB, many int) []*Person {
	t.Helper()
	keys, err := crypt.AccessKeys("", filepath.Join(c.dir, "data", "token.key"))
	require.NoError(t, err)
	signer, err := crypt.NewTokenSigner(keys)
	require.NoError(t, err)
	rows, err := c.SQL.Query(t.Context(), copyPerson, c.Resident(t, "大勢").ID, many)
	require.NoError(t, err)
	defer rows.Close()
	issued := time.Now().UTC().Truncate(time.Second)
	people := make([]*Person, 0, many)
	for rows.Next() {
		claims := access.Claims{
			Role: user.Resident, Session: ident.New[access.Session](issued), IssuedAt: issued, ExpiresAt: issued.Add(access.AccessLife),
		}
		p := &Person{Role: "resident", server: c.front}
		require.NoError(t, rows.Scan((*[16]byte)(&claims.User), &p.Email, (*[16]byte)(&claims.Wallet)))
		p.ID, p.WalletID = claims.User.String(), claims.Wallet.String()
		p.Token, err = signer.Issue(claims)
		require.NoError(t, err)
		people = append(people, p)
	}
	require.NoError(t, rows.Err())
	require.Len(t, people, many)
	return people
}
