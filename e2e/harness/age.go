package harness

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
)

// Age lets days go by in a city: all that was booked was so many days earlier, and lapses so many days earlier. It must
// come before the first seal, since that is what seals are for.
func (c *City) Age(t testing.TB, days int) {
	t.Helper()
	tx, err := c.SQL.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = tx.Rollback(context.WithoutCancel(t.Context())) }()        // nothing is left of it once it has been committed
	_, err = tx.Exec(t.Context(), `SET LOCAL session_replication_role = replica`) // past the triggers that keep books unchanged
	require.NoError(t, err)
	for _, statement := range []string{
		`UPDATE funds SET created_at = created_at - make_interval(days => $1)`,
		`UPDATE entries SET at = at - make_interval(days => $1)`,
		`UPDATE lines SET at = at - make_interval(days => $1)`,
		`UPDATE awards SET at = at - make_interval(days => $1)`,
		`UPDATE postings SET at = at - make_interval(days => $1), expires_on = CASE expires_on WHEN '9999-12-31' THEN expires_on ELSE expires_on - $1 END`,
		// By way of a day far off: on its way row by row, a lot must not meet another one that has not moved yet.
		`UPDATE lots SET since = since - make_interval(days => $1), expires_on = expires_on - 40000 - $1 WHERE expires_on < '9999-12-31'`,
		`UPDATE lots SET expires_on = expires_on + 40000 + 0 * $1 WHERE expires_on < '2000-01-01'`,
		`UPDATE lots SET since = since - make_interval(days => $1) WHERE expires_on = '9999-12-31'`,
	} {
		_, err = tx.Exec(t.Context(), statement, days)
		require.NoError(t, err, statement)
	}
	require.NoError(t, tx.Commit(t.Context()))
}
