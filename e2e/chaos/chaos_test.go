package chaos_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

const (
	rounds  = 2
	inAPart = 60 // payments that are waited for before and after each kill

	leaseMax = 4 * time.Minute
)

// victim is a part of the platform that is killed.
type victim struct {
	name     string
	kill     func() error
	restart  func(context.Context) error
	outlived bool // payments go on without it
}

// Design §5 and the proof under faults: kill -9 of the server, PostgreSQL, Redis and the worker while people pay.
func TestWhoeverIsKilledEveryPaymentHappensOnceAndIsToldOnce(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	city, err := world.FoundApart(ctx, "chaos") // other cities do not like their database to be killed
	require.NoError(t, err)
	require.NoError(t, city.Open(ctx))
	worker, err := city.Work(ctx)
	require.NoError(t, err)
	l := &load{city: city}
	for i := range payers {
		l.people = append(l.people, city.Resident(t, fmt.Sprintf("利用者 %d", i)))
	}
	for i := range shops {
		l.stalls = append(l.stalls, city.Merchant(t, fmt.Sprintf("商店 %d", i)))
	}
	fund := city.OpenFund(t, "chaos", payers*endowment)
	kind := city.MakeKind(t, "chaos", harness.Kind{Rank: 1, ClearedAtMerchant: true})
	for _, p := range l.people {
		city.Grant(t, p, harness.Grant{Fund: fund, Kind: kind, Amount: endowment})
	}

	serve := victim{"serve", city.Front().Kill, city.Front().Restart, false}
	database := victim{"postgres", city.Postgres.Kill, city.Postgres.Start, false}
	queue := victim{"redis", city.Redis.Kill, city.Redis.Start, true}
	work := victim{"work", worker.Kill, worker.Restart, true}
	turns, all := []victim{serve, database, queue, work}, []victim{work, serve, queue, database}
	if !city.Redis.Keeps() {
		// A stand-in forgets what it was given, and with it notices that were on their way. The platform asks for a
		// Redis that keeps its log; CI has one.
		t.Log("no redis-server on this machine: Redis is left alone")
		turns, all = []victim{serve, database, work}, []victim{work, serve, database}
	}
	l.run(ctx)
	l.goOn(t, "the load to begin")
	kills := 0
	for range rounds {
		for _, v := range turns {
			t.Log("kill -9 ", v.name, " after ", l.told.Load(), " payments")
			require.NoError(t, v.kill())
			kills++
			if v.outlived {
				l.goOn(t, "payments without "+v.name)
			} else {
				before := l.failed.Load()
				harness.Await(t, "the loss of "+v.name+" to be felt", func() bool { return l.failed.Load() > before })
			}
			require.NoError(t, v.restart(ctx))
			l.goOn(t, "payments after the restart of "+v.name)
		}
	}
	for _, v := range all {
		require.NoError(t, v.kill())
		kills++
	}
	for _, v := range slices.Backward(all) { // from the ground up
		require.NoError(t, v.restart(ctx))
	}
	l.goOn(t, "payments after the restart of everything")
	require.NoError(t, l.end())
	t.Logf("%d payments acknowledged over %d kills, %d attempts without an answer", l.told.Load(), kills, l.failed.Load())

	l.everyPaymentIsInTheBooksOnce(t)
	l.everyKeyGivesItsEntry(t)
	l.everybodyWasToldOnce(t)
	said, err := city.Run(ctx, "verify")
	require.NoError(t, err)
	require.Zero(t, said.Code, "%s%s", said.Stdout, said.Stderr)
}

// goOn waits until some more payments were acknowledged.
func (l *load) goOn(t *testing.T, what string) {
	t.Helper()
	from := l.told.Load()
	harness.Await(t, what, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.odd != nil || l.told.Load() >= from+inAPart
	})
	l.mu.Lock()
	defer l.mu.Unlock()
	require.NoError(t, l.odd)
}

// everyPaymentIsInTheBooksOnce compares what the payers were told with histories, balances and keys.
func (l *load) everyPaymentIsInTheBooksOnce(t *testing.T) {
	t.Helper()
	taken := make([]map[string]int64, shops) // by shop: entry and amount
	for i := range taken {
		taken[i] = map[string]int64{}
	}
	for i, payer := range l.people {
		spent := map[string]int64{}
		rest := int64(endowment)
		for _, o := range l.orders[i] {
			require.NotEmpty(t, o.entry)
			require.NotContains(t, spent, o.entry, "two keys led to one entry")
			spent[o.entry], taken[o.shop][o.entry] = -o.amount, o.amount
			rest -= o.amount
		}
		same(t, spent, deltas(t, payer), fmt.Sprint("the history of payer ", i))
		require.Equal(t, rest, payer.Balance(t))
	}
	for i, shop := range l.stalls {
		same(t, taken[i], deltas(t, shop), fmt.Sprint("the history of shop ", i))
	}

	rows, err := l.city.SQL.Query(t.Context(), `SELECT k.key, k.result::text FROM idempotency_keys k JOIN users u ON u.id = k.actor_id WHERE u.role = 'resident'`)
	require.NoError(t, err)
	kept := map[string]string{}
	for rows.Next() {
		var key, result string
		require.NoError(t, rows.Scan(&key, &result))
		kept[key] = result
	}
	require.NoError(t, rows.Err())
	wanted := map[string]string{}
	for _, orders := range l.orders {
		for _, o := range orders {
			wanted[o.key] = o.entry
		}
	}
	same(t, wanted, kept, "the keys")
	require.EqualValues(t, l.told.Load(), len(wanted))
	var entries int64
	require.NoError(t, l.city.SQL.QueryRow(t.Context(), `SELECT count(*) FROM entries e JOIN users u ON u.id = e.actor_id WHERE u.role = 'resident'`).Scan(&entries))
	require.Equal(t, l.told.Load(), entries, "nothing was posted that nobody was told of")
}

// same compares two accounts of the same things and shows only where they differ: there are thousands of things.
func same[V comparable](t *testing.T, told, found map[string]V, what string) {
	t.Helper()
	differences := []string{}
	for id, value := range told {
		if got, there := found[id]; !there || got != value {
			differences = append(differences, fmt.Sprintf("%s: told %v, found %v (%v)", id, value, got, there))
		}
	}
	for id, value := range found {
		if _, there := told[id]; !there {
			differences = append(differences, fmt.Sprintf("%s: found %v, told of none", id, value))
		}
	}
	require.Empty(t, differences, what)
}

// deltas reads a whole history of payments, in which an entry stands once.
func deltas(t *testing.T, p *harness.Person) map[string]int64 {
	t.Helper()
	found := map[string]int64{}
	for _, line := range p.WholeHistory(t, "type=payment", 100) {
		require.NotContains(t, found, line.EntryID)
		found[line.EntryID] = line.Delta
	}
	return found
}

// everyKeyGivesItsEntry asks again with every key that needed more than one attempt, and with every tenth other.
func (l *load) everyKeyGivesItsEntry(t *testing.T) {
	t.Helper()
	asked := 0
	for _, orders := range l.orders {
		for i, o := range orders {
			if o.attempts == 1 && i%10 > 0 {
				continue
			}
			answer, err := harness.Send(t.Context(), l.request(o))
			require.NoError(t, err)
			require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
			require.Equal(t, "true", answer.Header.Get("Idempotency-Replayed"))
			var paid harness.Payment
			require.NoError(t, answer.Into(&paid))
			require.Equal(t, o.entry, paid.EntryID)
			asked++
		}
	}
	require.Positive(t, asked)
	t.Logf("%d keys asked again", asked)
}

// everybodyWasToldOnce waits until the outbox is empty, and counts notices: no event may be lost, and none be told
// twice.
func (l *load) everybodyWasToldOnce(t *testing.T) {
	t.Helper()
	harness.Await(t, "the outbox to run empty", func() bool {
		var left int
		require.NoError(t, l.city.SQL.QueryRow(t.Context(), `SELECT count(*) FROM outbox`).Scan(&left))
		return left == 0
	})
	entries := make([]map[string]int, payers+shops)
	for i := range entries {
		entries[i] = map[string]int{}
	}
	for i, orders := range l.orders {
		for _, o := range orders {
			entries[i][o.entry], entries[payers+o.shop][o.entry] = 1, 1
		}
	}
	for i, person := range append(append([]*harness.Person{}, l.people...), l.stalls...) {
		// The last messages have left the outbox and are on their way through the queue. It gives what a killed worker
		// had in hand to another one only after its lease of half a minute, and looks for such once a minute.
		harness.AwaitWithin(t, leaseMax, fmt.Sprint("all notices of person ", i), func() bool {
			var count int
			err := l.city.SQL.QueryRow(t.Context(), `SELECT count(*) FROM notices WHERE user_id = $1 AND topic = 'payment'`, person.ID).Scan(&count)
			require.NoError(t, err)
			return count >= len(entries[i])
		})
		same(t, entries[i], told(t, person), fmt.Sprint("the notices of person ", i))
	}
}

// told counts a person's notices of payments by entry.
func told(t *testing.T, p *harness.Person) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for after := ""; ; {
		page := harness.Get[struct {
			Notices []struct {
				Topic   string `json:"topic"`
				EntryID string `json:"entry_id"`
			} `json:"notices"`
			Next string `json:"next"`
		}](t, p, "/v1/notices?limit=100&after="+after)
		for _, n := range page.Notices {
			if n.Topic == "payment" {
				counts[n.EntryID]++
			}
		}
		if after = page.Next; after == "" {
			return counts
		}
	}
}
