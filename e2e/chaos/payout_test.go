package chaos_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"lovesaijo/e2e/harness"
)

// The crowd of the payout is more than one unit grants (500), so that there are two chunks of it.
const (
	crowd       = 520
	crowdHas    = 5_000
	crowdAtOnce = 8
	fairBudget  = 200_000
)

var payoutStart = gate{name: "before the batch", on: "INSERT ON batches"}

// The steps of a campaign's way from its last day to everybody's wallet, in their order.
var payoutGates = []gate{
	{name: "before the campaign ends", on: "UPDATE ON campaigns", when: "OLD.state = 'open' AND NEW.state = 'ended'"},
	{name: "before the rest of the budget goes back", on: "INSERT ON entries", when: "NEW.type = 5"},
	payoutStart,
	{name: "in the middle of the rows", on: "INSERT ON batch_rows", when: "NEW.no = 300"},
	{name: "before a worker is asked", on: "INSERT ON outbox", when: "NEW.topic = 'batch.opened'"},
	{name: "before the campaign pays", on: "UPDATE ON campaigns", when: "NEW.state = 'paying'"},
	{name: "at the commit of the batch", on: "INSERT ON batches", atCommit: true},
	{name: "before the first grant", on: "INSERT ON entries", when: "NEW.type = 6"},
	{name: "in the middle of the first chunk", on: "UPDATE ON batch_rows", when: "NEW.no = 250"},
	{name: "at the commit of the first chunk", on: "UPDATE ON batch_rows", when: "NEW.no = 1", atCommit: true},
	{name: "between the chunks", on: "UPDATE ON batch_rows", when: "NEW.no = 510"},
	{name: "before the batch ends", on: "UPDATE ON batches", when: "NEW.state = 'ended'"},
	{name: "at the commit of the end", on: "UPDATE ON batches", when: "NEW.state = 'ended'", atCommit: true},
	{name: "before the campaign is paid", on: "UPDATE ON campaigns", when: "NEW.state = 'paid'"},
}

// fair is a city with a crowd that has paid while campaigns held.
type fair struct {
	*harness.City
	gates     *gatekeeper
	worker    *harness.Worker
	people    []*harness.Person
	spent     []int64 // by each of the people
	fund      string
	campaigns []fairCampaign
}

type fairCampaign struct {
	id     string
	shares map[string]int64 // by wallet
	total  int64
}

// openFair lets the crowd pay once while so many campaigns hold.
func openFair(t *testing.T, campaigns int) *fair {
	t.Helper()
	ctx := t.Context()
	city, err := world.Found(ctx, "fair")
	require.NoError(t, err)
	require.NoError(t, city.Open(ctx))
	f := &fair{City: city, people: city.Crowd(t, crowd), fund: city.OpenFund(t, "fair", crowd*crowdHas+int64(campaigns)*fairBudget)}
	f.worker, err = city.Work(ctx)
	require.NoError(t, err)
	kind := city.MakeKind(t, "fair", harness.Kind{Rank: 1, ClearedAtMerchant: true})
	list := make([]map[string]any, len(f.people))
	for i, p := range f.people {
		list[i] = map[string]any{"email": p.Email, "amount": crowdHas}
	}
	endowed := harness.Book[struct {
		ID string `json:"id"`
	}](t, city.Office, "/v1/admin/batches", map[string]any{"fund": f.fund, "kind": kind, "list": list})
	harness.Await(t, "the crowd to have points", func() bool {
		return query[string](t, city, `SELECT state FROM batches WHERE id = $1`, endowed.ID) == "ended"
	})
	require.NoError(t, f.worker.Kill())

	var rates []int64
	for i := range campaigns {
		rates = append(rates, int64(300+10*i))
		opened := city.OpenCampaign(t, harness.CampaignDraft{Name: fmt.Sprint("還元祭 ", i), Rate: int(rates[i]), Kind: kind, Fund: f.fund, Budget: fairBudget})
		f.campaigns = append(f.campaigns, fairCampaign{id: opened.ID, shares: map[string]int64{}})
	}
	shop := city.Merchant(t, "縁日の店")
	group, _ := errgroup.WithContext(ctx)
	group.SetLimit(crowdAtOnce)
	for i, p := range f.people {
		amount := int64(1_000 + 7*i)
		f.spent = append(f.spent, amount)
		for c := range f.campaigns {
			f.campaigns[c].shares[p.WalletID] = amount * rates[c] / 10_000
			f.campaigns[c].total += amount * rates[c] / 10_000
		}
		group.Go(func() error {
			answer, err := harness.Send(ctx, harness.Request{
				Method: http.MethodPost, URL: city.Front().URL, Path: "/v1/payments", Token: p.Token, Key: harness.Key(),
				Body: map[string]any{"payee_code": shop.Code, "amount": amount},
			})
			if err == nil && answer.Status != http.StatusCreated {
				err = fmt.Errorf("status %d: %s", answer.Status, answer.Body)
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
	f.gates = install(t, city, payoutGates)
	return f
}

// Clause 4.5.3 and the proof under faults: a payout whose worker dies at every step pays everybody once, and so does
// one whose worker dies at any moment.
func TestAPayoutWhoseWorkerDiesAnywherePaysEverybodyOnce(t *testing.T) {
	t.Parallel()
	const spare = 5 // for steps behind which a killed worker's last words end the payout
	f := openFair(t, spare+1+surprises)
	chosen, measured, surprised := f.campaigns[:spare], f.campaigns[spare], f.campaigns[spare+1:]

	f.lastDayIsOver(t, chosen[0])
	done, lost := 0, 0
	for _, g := range payoutGates {
		if f.hasEnded(t, chosen[0]) {
			f.ends(t, chosen[0])
			require.NoError(t, f.worker.Kill())
			chosen = chosen[1:]
			f.EndCampaign(t, chosen[0].id)
		}
		f.gates.shut(t, g)
		require.NoError(t, f.worker.Restart(t.Context()))
		pid := f.gates.reached(t, g)
		before := f.progress(t, chosen[0])
		require.NoError(t, f.worker.Kill())
		f.gates.open(t, g)
		f.gates.gone(t, pid)
		after := f.progress(t, chosen[0])
		if after == before {
			lost++
		} else {
			done++
		}
		if g.atCommit {
			require.NotEqual(t, before, after, "%s: what was sent is done", g.name)
		}
		t.Logf("kill -9 %s: %s, then %s", g.name, before, after)
	}
	require.Positive(t, done)
	require.Positive(t, lost)
	for _, c := range chosen[1:] {
		f.EndCampaign(t, c.id)
	}
	for _, c := range chosen {
		f.ends(t, c)
	}
	require.NoError(t, f.worker.Kill())

	took := f.pays(t, measured, nil)
	for i, c := range surprised {
		moment := momentOf(i, took)
		f.pays(t, c, func() {
			<-time.After(moment)
			require.NoError(t, f.worker.Kill())
			f.atRest(t)
			t.Logf("kill -9 after %s of %s: %s", moment, took, f.progress(t, c))
		})
	}
	f.everythingIsPaid(t)
}

// pays lets a worker pay a campaign and tells how long it took from the moment in which it began: the start of a
// process is no part of it. Another worker finishes what one leaves that is disturbed.
func (f *fair) pays(t *testing.T, c fairCampaign, disturb func()) time.Duration {
	t.Helper()
	f.EndCampaign(t, c.id)
	f.gates.shut(t, payoutStart)
	require.NoError(t, f.worker.Restart(t.Context()))
	f.gates.reached(t, payoutStart)
	f.gates.open(t, payoutStart)
	began := time.Now()
	if disturb != nil {
		disturb()
	}
	f.ends(t, c)
	took := time.Since(began)
	require.NoError(t, f.worker.Kill())
	return took
}

// hasEnded tells whether everybody has theirs.
func (f *fair) hasEnded(t *testing.T, c fairCampaign) bool {
	t.Helper()
	return query[bool](t, f.City, `SELECT EXISTS (SELECT FROM batches WHERE id = $1 AND state = 'ended')`, c.id)
}

// lastDayIsOver lets the days of a campaign go by.
func (f *fair) lastDayIsOver(t *testing.T, c fairCampaign) {
	t.Helper()
	_, err := f.SQL.Exec(t.Context(), `UPDATE campaigns SET from_on = from_on - 3, until_on = until_on - 3 WHERE id = $1`, c.id)
	require.NoError(t, err)
}

// progress says how far a payout is, and that at this moment nobody has anything twice and nothing is missing.
func (f *fair) progress(t *testing.T, c fairCampaign) string {
	t.Helper()
	state := query[string](t, f.City, `SELECT state FROM campaigns WHERE id = $1`, c.id)
	granted := tally(t, f.City, `SELECT p.destination_owner::text, sum(p.amount)::bigint FROM entries e JOIN postings p ON p.entry_id = e.id
		WHERE e.batch_id = $1 AND e.type = 6 GROUP BY 1`, c.id)
	var sum int64
	for wallet, amount := range granted {
		require.Equal(t, c.shares[wallet], amount, "share of wallet %s", wallet)
		sum += amount
	}
	reserve := query[int64](t, f.City, `SELECT balance FROM pots WHERE kind = 4 AND owner = $1`, c.id)
	released := query[int64](t, f.City, `SELECT coalesce(sum(p.amount), 0)::bigint FROM entries e JOIN postings p ON p.entry_id = e.id WHERE e.batch_id = $1 AND e.type = 5`, c.id)
	batches := query[int](t, f.City, `SELECT count(*) FROM batches WHERE id = $1`, c.id)
	if batches == 0 {
		require.Equal(t, []int64{fairBudget, 0, 0}, []int64{reserve, released, sum}, "the budget stays reserved until there is a batch")
		return state + ", no batch"
	}
	require.Equal(t, []int64{c.total - sum, fairBudget - c.total}, []int64{reserve, released}, "the rest of the budget went back once")
	rows := query[int](t, f.City, `SELECT count(*) FROM batch_rows WHERE batch_id = $1`, c.id)
	counted := query[int](t, f.City, `SELECT done FROM batches WHERE id = $1`, c.id)
	marked := query[int](t, f.City, `SELECT count(*) FROM batch_rows WHERE batch_id = $1 AND state = 'granted'`, c.id)
	require.Equal(t, []int{len(c.shares), len(granted), len(granted)}, []int{rows, counted, marked}, "rows, and those that are granted")
	return fmt.Sprintf("%s, batch %s with %d granted", state, query[string](t, f.City, `SELECT state FROM batches WHERE id = $1`, c.id), len(granted))
}

// ends lets a worker finish a payout, which then is right to the point.
func (f *fair) ends(t *testing.T, c fairCampaign) {
	t.Helper()
	if f.worker.PID() == 0 {
		require.NoError(t, f.worker.Restart(t.Context()))
	}
	harness.Await(t, "the end of the payout", func() bool { return f.hasEnded(t, c) })
	require.Equal(t, "paid", harness.Get[harness.Campaign](t, f.Office, "/v1/admin/campaigns/"+c.id+"/standing").State)
	f.progress(t, c)
	granted := tally(t, f.City, `SELECT p.destination_owner::text, count(*) FROM entries e JOIN postings p ON p.entry_id = e.id WHERE e.batch_id = $1 AND e.type = 6 GROUP BY 1`, c.id)
	require.Len(t, granted, crowd)
	for wallet, times := range granted {
		require.EqualValues(t, 1, times, "grants to wallet %s", wallet)
	}
}

// atRest waits until nothing is under way in the city's database.
func (f *fair) atRest(t *testing.T) {
	t.Helper()
	harness.Await(t, "the end of what the worker left behind", func() bool {
		return query[int](t, f.City, `SELECT count(*) FROM pg_stat_activity
			WHERE datname = current_database() AND backend_type = 'client backend' AND state <> 'idle' AND pid <> pg_backend_pid()`) == 0
	})
}

// everythingIsPaid looks at the whole when all is over: every campaign is paid, every wallet right, and the fund has
// what was not promised.
func (f *fair) everythingIsPaid(t *testing.T) {
	t.Helper()
	require.NoError(t, f.worker.Restart(t.Context()))
	harness.Await(t, "all campaigns to be noted as paid", func() bool {
		return query[int](t, f.City, `SELECT count(*) FROM campaigns WHERE state <> 'paid'`) == 0
	})
	var promised int64
	for _, c := range f.campaigns {
		promised += c.total
	}
	balances := tally(t, f.City, `SELECT id::text, balance FROM wallets WHERE role = 1`)
	for i, p := range f.people {
		has := crowdHas - f.spent[i]
		for _, c := range f.campaigns {
			has += c.shares[p.WalletID]
		}
		require.Equal(t, has, balances[p.WalletID], "balance of person %d", i)
	}
	require.Equal(t, balances[f.people[0].WalletID], f.people[0].Balance(t))
	position := harness.Get[harness.Fund](t, f.Office, "/v1/admin/funds/"+f.fund).Position
	require.Zero(t, position.Reserved)
	require.Equal(t, int64(len(f.campaigns))*fairBudget-promised, position.Unissued)
	require.Zero(t, query[int](t, f.City, `SELECT count(*) FROM batches WHERE state <> 'ended' OR refused > 0`))
	proven(t, f.City)
}
