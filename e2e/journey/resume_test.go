package journey_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// crowdSize is more than two chunks of a batch.
const crowdSize = 1_200

// settle puts a crowd of residents into the city, copies of one who registered: to register so many one by one
// would cost minutes of password hashing. It gives their addresses.
func settle(t *testing.T, city *harness.City, model *harness.Person) []string {
	t.Helper()
	_, err := city.SQL.Exec(t.Context(), `
		WITH crowd AS (
			SELECT n, gen_random_uuid() AS id, gen_random_uuid() AS wallet FROM generate_series(1, $2) n
		), opened AS (
			INSERT INTO wallets (id, owner_id, role, opened_at) SELECT wallet, id, 1, now() FROM crowd
		)
		INSERT INTO users (id, role, email, name, kana, birth, postal_code, address, phone, category, wallet_id, search, created_at)
		SELECT c.id, u.role, 'crowd-' || n || '@example.jp', u.name, u.kana, u.birth, u.postal_code, u.address, u.phone, u.category, c.wallet, '', now()
		FROM crowd c, users u WHERE u.id = $1`, model.ID, crowdSize)
	require.NoError(t, err)
	emails := make([]string, crowdSize)
	for i := range emails {
		emails[i] = fmt.Sprintf("crowd-%d@example.jp", i+1)
	}
	return emails
}

// A bulk grant whose worker is killed in its middle is taken up where it stood by the next one, and everybody has
// their points once (clause 4.2.1).
func TestABulkGrantOutlivesItsWorker(t *testing.T) {
	t.Parallel()
	city := ownCity(t, "resume")
	emails := settle(t, city, city.Resident(t, "藤田 花"))
	fund := city.OpenFund(t, "crowd", crowdSize*7)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1})
	list := make([]map[string]any, len(emails))
	for i, email := range emails {
		list[i] = map[string]any{"email": email, "amount": 7}
	}

	// Somebody holds the wallet of a row in the second chunk, so that the worker is caught in the middle.
	hold, err := city.SQL.Begin(t.Context())
	require.NoError(t, err)
	defer func() { _ = hold.Rollback(context.WithoutCancel(t.Context())) }()
	_, err = hold.Exec(t.Context(), `SELECT FROM wallets WHERE id = (SELECT wallet_id FROM users WHERE email = $1) FOR UPDATE`, emails[700])
	require.NoError(t, err)

	worker, err := city.Work(t.Context())
	require.NoError(t, err)
	made := harness.Book[batchMade](t, city.Office, "/v1/admin/batches", map[string]any{"fund": fund, "kind": kind, "memo": "全員に", "list": list})
	require.EqualValues(t, crowdSize*7, made.Total)
	stream := city.Office.Listen(t, "/v1/admin/batches/"+made.ID+"/events")
	path := "/v1/admin/batches/" + made.ID
	harness.Await(t, "the first chunk", func() bool { return harness.Get[batch](t, city.Office, path).Done > 0 })
	require.NoError(t, worker.Kill())
	half := harness.Get[batch](t, city.Office, path)
	require.Equal(t, "running", half.State)
	require.Less(t, half.Done, crowdSize)
	require.EqualValues(t, half.Done*7, half.Granted)
	reserved := position(t, city, fund, "")
	require.EqualValues(t, crowdSize*7, reserved.Reserved+reserved.Wallets, "the whole sum stays promised")
	require.Zero(t, reserved.Unissued)
	require.NoError(t, hold.Rollback(t.Context()))

	require.NoError(t, worker.Restart(t.Context()))
	ended := awaitEnd(t, city, made.ID)
	require.Equal(t, crowdSize, ended.Done)
	require.Zero(t, ended.Refused)
	require.EqualValues(t, crowdSize*7, ended.Granted)
	var told progress
	stream.Await(t, "the end on the stream that was open all the time", func(e harness.Event) bool {
		return e.Name == "batch" && e.Into(&told) == nil && told.Ended
	})
	require.Equal(t, crowdSize, told.Done)

	var wallets, once int
	err = city.SQL.QueryRow(t.Context(), `
		SELECT count(*), count(*) FILTER (WHERE w.balance = 7 AND w.lines = 1)
		FROM users u JOIN wallets w ON w.id = u.wallet_id WHERE u.email LIKE 'crowd-%'`).Scan(&wallets, &once)
	require.NoError(t, err)
	require.Equal(t, crowdSize, wallets)
	require.Equal(t, crowdSize, once, "everybody has the grant once")
	require.Equal(t, harness.Position{
		Fund: fund, Bank: crowdSize * 7, Cash: crowdSize * 7, Wallets: crowdSize * 7, Points: crowdSize * 7,
	}, position(t, city, fund, ""))
	said, err := city.Run(t.Context(), "verify")
	require.NoError(t, err)
	require.Zero(t, said.Code, "%s%s", said.Stdout, said.Stderr)
}
