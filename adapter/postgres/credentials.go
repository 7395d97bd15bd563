package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/access"
	"lovesaijo/domain/user"
)

// Credentials is access.Credentials on a session.
type Credentials struct{ session *Session }

// Credentials gives the session's credentials.
func (s *Session) Credentials() *Credentials { return &Credentials{s} }

var _ access.Credentials = (*Credentials)(nil)

const (
	// Of several for one user the last counts, as if they had come one by one.
	setCredentials = `INSERT INTO credentials (user_id, hash, set_at)
		SELECT DISTINCT ON (user_id) user_id, hash, set_at
		FROM unnest($1::uuid[], $2::text[], $3::timestamptz[]) WITH ORDINALITY AS c(user_id, hash, set_at, no)
		ORDER BY user_id, no DESC
		ON CONFLICT (user_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at`
	readCredential = `SELECT user_id, hash, set_at FROM credentials WHERE user_id = $1`
)

// Set is access.Credentials'. It only holds the statement back.
func (c *Credentials) Set(_ context.Context, credentials ...access.Credential) error {
	n := len(credentials)
	if n == 0 {
		return nil
	}
	users, hashes, at := make([][16]byte, n), make([]string, n), make([]time.Time, n)
	for i := range credentials {
		users[i], hashes[i], at[i] = credentials[i].User, credentials[i].Hash, credentials[i].SetAt
	}
	c.session.write(setCredentials, users, hashes, at)
	return nil
}

// Of is access.Credentials'.
func (c *Credentials) Of(ctx context.Context, id user.ID) (access.Credential, error) {
	return readOne(ctx, c.session, scanCredential, access.ErrNoCredential, readCredential, [16]byte(id))
}

func scanCredential(row pgx.CollectableRow) (access.Credential, error) {
	var c access.Credential
	err := row.Scan((*[16]byte)(&c.User), &c.Hash, &c.SetAt)
	c.SetAt = c.SetAt.UTC()
	return c, err
}
