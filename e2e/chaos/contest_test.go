package chaos_test

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

const (
	sides = 20 // of a contest
	atOdd = 10 // that are seen waiting before any of them is done
)

// Where the winner of each contest is held up until the others stand behind it.
var (
	reverses   = gate{name: "before the reversal", on: "INSERT ON entries", when: "NEW.type = 16"}
	corrects   = gate{name: "before the correction", on: "INSERT ON entries", when: "NEW.type = 17"}
	decides    = gate{name: "before the request is decided", on: "UPDATE ON approval_requests"}
	judges     = gate{name: "before the claim is judged", on: "UPDATE ON claims"}
	claimsDue  = gate{name: "before the points are claimed", on: "INSERT ON entries", when: "NEW.type = 11"}
	closes     = gate{name: "before the period is closed", on: "UPDATE ON periods"}
	pays       = gate{name: "before the payouts are paid", on: "UPDATE ON payouts", when: "NEW.state = 'paid'"}
	returns    = gate{name: "before the payout is returned", on: "UPDATE ON payouts", when: "NEW.state = 'returned'"}
	activates  = gate{name: "before the account is active", on: "UPDATE ON bank_accounts", when: "NEW.state = 'active'"}
	opensOffer = gate{name: "before the campaign opens", on: "UPDATE ON campaigns", when: "NEW.state = 'open'"}
	takesFile  = gate{name: "before the file is taken or void", on: "UPDATE ON bank_files"}
	endsOffer  = gate{name: "before the campaign ends", on: "UPDATE ON campaigns", when: "NEW.state = 'ended'"}
)

// contest is a market with two servers and three administrators.
type contest struct {
	transfers
	servers []*harness.Server
	office  []*harness.Person
	atOdd   int
}

// round is how one contest ended: who won, and what all others were told, by code and how often.
type round struct {
	won  []harness.Answer
	lost map[string]int
}

// fight sends all requests at once, half of them to each server. Nobody is done before many are seen waiting for the
// same thing. Whoever is told to try again does.
func (c *contest) fight(t *testing.T, at gate, requests []harness.Request) round {
	t.Helper()
	c.gates.shut(t, at)
	answers, failed := make([]harness.Answer, len(requests)), make([]error, len(requests))
	var all sync.WaitGroup
	for i, r := range requests {
		r.URL = c.servers[i%len(c.servers)].URL
		all.Go(func() { answers[i], failed[i] = untilAnswered(t.Context(), r) })
	}
	c.gates.reached(t, at)
	harness.Await(t, "the others to stand behind the first", func() bool {
		return query[int](t, c.City, `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) >= c.atOdd
	})
	c.gates.open(t, at)
	all.Wait()
	ended := round{lost: map[string]int{}}
	for i, answer := range answers {
		require.NoError(t, failed[i])
		if answer.Status < http.StatusBadRequest {
			ended.won = append(ended.won, answer)
			continue
		}
		problem, err := answer.Problem()
		require.NoError(t, err)
		ended.lost[problem.Code]++
	}
	t.Logf("%s: %d done, refused %v", at.name, len(ended.won), ended.lost)
	return ended
}

// untilAnswered is insist for those who are many.
func untilAnswered(ctx context.Context, r harness.Request) (harness.Answer, error) {
	again := time.NewTicker(retryEvery)
	defer again.Stop()
	for {
		answer, err := harness.Send(ctx, r)
		if err != nil || !triesAgain(answer) {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, fmt.Errorf("%s: %w", r.Path, ctx.Err())
		case <-again.C:
		}
	}
}

// oneWins holds a contest of the same act, by the given people in turn, of which one is done and the others are told so.
func (c *contest) oneWins(t *testing.T, at gate, people []*harness.Person, code, path string, body map[string]any) harness.Answer {
	t.Helper()
	requests := make([]harness.Request, sides)
	for i := range requests {
		requests[i] = c.book(people[i/len(c.servers)%len(people)], path, body)
	}
	ended := c.fight(t, at, requests)
	require.Len(t, ended.won, 1)
	require.Equal(t, map[string]int{code: sides - 1}, ended.lost)
	return ended.won[0]
}

// The proof under faults: of administrators who approve, export, close or correct the same thing at once, at different
// servers, one wins and the others are told; nothing is done twice.
func TestOfAdministratorsWhoDoTheSameAtOnceOneWins(t *testing.T) {
	t.Parallel()
	c := &contest{transfers: transfers{market: *openMarket(t, "contest", 2), hashes: map[string]string{}}, atOdd: atOdd}
	another, err := c.Serve(t.Context())
	require.NoError(t, err)
	third := c.Administrator(t, "市役所 三郎")
	c.servers, c.office = []*harness.Server{c.Front(), another}, []*harness.Person{c.Office, c.second, third}
	c.opening, _ = c.bank(t)
	c.gates = install(t, c.City, []gate{
		reverses, corrects, decides, judges, claimsDue, closes, pays, returns, activates, opensOffer, endsOffer, takesFile, fileBegins,
	})

	c.corrections(t)
	c.campaigns(t)
	c.closings(t)
	claims := c.claims(t)
	c.files(t, claims)
	proven(t, c.City)
}

// corrections contests corrections of payments.
func (c *contest) corrections(t *testing.T) {
	t.Helper()
	payer, shop := c.payers[0], c.shops[0]
	has := payer.Balance(t)
	undo := func(of harness.Payment, amount int64) map[string]any {
		body := map[string]any{"entry_id": of.EntryID, "reason": "金額の誤り"}
		if amount > 0 {
			body["amount"] = amount
		}
		return body
	}
	undone := func(of harness.Payment) int64 {
		return query[int64](t, c.City, `SELECT coalesce(sum(amount), 0)::bigint FROM corrections WHERE original_id = $1`, of.EntryID)
	}
	whole := payer.Pay(t, shop, 500)
	c.oneWins(t, reverses, c.office, "entry_already_reversed", "/v1/admin/corrections", undo(whole, 0))
	require.EqualValues(t, 500, undone(whole))
	part := payer.Pay(t, shop, 100)
	c.oneWins(t, corrects, c.office, "correction_too_much", "/v1/admin/corrections", undo(part, 60))
	require.EqualValues(t, 60, undone(part))
	require.Equal(t, has-40, payer.Balance(t))

	large := payer.Pay(t, shop, 20_000)
	asked := harness.Book[harness.Correction](t, c.Office, "/v1/admin/corrections", undo(large, 0))
	require.Equal(t, "waiting", asked.State)
	requests := make([]harness.Request, sides)
	for i := range requests {
		requests[i] = c.ask(c.office[1+i/2%2], "/v1/admin/approvals/"+asked.ApprovalID+"/approval", map[string]any{"note": "確認"})
	}
	ended := c.fight(t, decides, requests)
	require.Len(t, ended.won, sides/2, "one of two people, and whenever that one asks again")
	require.Equal(t, map[string]int{"approval_decided": sides / 2}, ended.lost)
	results := map[string]bool{}
	for _, answer := range ended.won {
		var approved struct {
			State, Result string
			DecidedBy     string `json:"decided_by"`
		}
		require.NoError(t, answer.Into(&approved))
		require.Equal(t, "approved", approved.State)
		results[approved.DecidedBy+approved.Result] = true
	}
	require.Len(t, results, 1)
	require.EqualValues(t, 20_000, undone(large))
	require.Equal(t, has-40, payer.Balance(t))
}

// campaigns contests the opening and the end of a campaign.
func (c *contest) campaigns(t *testing.T) {
	t.Helper()
	const budget = 5_000
	kind := c.MakeKind(t, "contest", harness.Kind{Rank: 2, ClearedAtMerchant: true})
	draft := c.DraftCampaign(t, harness.CampaignDraft{Name: "争奪", Rate: 100, Kind: kind, Fund: c.fund, Budget: budget})
	c.oneWins(t, opensOffer, c.office, "campaign_state", "/v1/admin/campaigns/"+draft.ID+"/opening", map[string]any{})
	position := harness.Get[harness.Fund](t, c.Office, "/v1/admin/funds/"+c.fund).Position
	require.EqualValues(t, budget, position.Reserved, "reserved once")
	c.oneWins(t, endsOffer, c.office, "campaign_state", "/v1/admin/campaigns/"+draft.ID+"/end", map[string]any{})
}

// closings contests a closing. Before it, both servers have seen how far the journal was certain a moment ago: with the
// winner held up they find out nothing more, one request after the other, so few come to stand behind it at a time.
func (c *contest) closings(t *testing.T) {
	t.Helper()
	c.closeNext(t)
	again := c.closing(c.periods[0])
	again.URL = c.servers[1].URL
	problem, err := insist(t, again).Problem()
	require.NoError(t, err)
	require.Equal(t, "period_already_closed", problem.Code)
	period := c.nextPeriod(t)
	c.atOdd = 2
	c.oneWins(t, closes, c.office, "period_already_closed", "/v1/admin/periods/"+period.ID+"/closing", map[string]any{})
	c.atOdd = atOdd
	require.True(t, c.isClosed(t))
}

// claims contests claims and the looks at them, and gives one claim of each shop, approved.
func (c *contest) claims(t *testing.T) []harness.Claim {
	t.Helper()
	claims := make([]harness.Claim, len(c.shops))
	for i, shop := range c.shops {
		if i > 0 {
			claims[i] = shop.Claim(t, oneClaim)
			continue
		}
		requests := make([]harness.Request, sides)
		for i := range requests {
			requests[i] = c.book(shop, "/v1/claims", map[string]any{})
		}
		ended := c.fight(t, claimsDue, requests)
		require.Len(t, ended.won, 1)
		require.Equal(t, sides-1, ended.lost["claim_changed"]+ended.lost["claim_nothing_due"], "the draft is gone, or was gone already")
		require.NoError(t, ended.won[0].Into(&claims[i]))
		require.Equal(t, c.due[1][shop.WalletID], claims[i].Amount)
	}
	c.oneWins(t, judges, c.office[:1], "claim_state", "/v1/admin/claims/"+claims[0].ID+"/confirmation", nil)
	c.oneWins(t, judges, c.office[1:], "claim_state", "/v1/admin/claims/"+claims[0].ID+"/approval", nil)
	c.Approve(t, c.second, claims[1:]...)

	// One administrator says yes, and another no.
	disputed := c.shops[1].Claim(t, oneClaim)
	c.Office.Judge(t, "confirmations", disputed)
	requests := make([]harness.Request, sides)
	for i := range requests {
		requests[i] = c.book(c.office[1], "/v1/admin/claims/"+disputed.ID+"/approval", nil)
		if i/2%2 == 1 {
			requests[i] = c.book(c.office[2], "/v1/admin/claims/"+disputed.ID+"/refusal", map[string]any{"reason": "金額の誤り"})
		}
	}
	ended := c.fight(t, judges, requests)
	require.Len(t, ended.won, 1)
	require.Equal(t, map[string]int{"claim_state": sides - 1}, ended.lost)
	var verdict harness.Claim
	require.NoError(t, ended.won[0].Into(&verdict))
	require.Equal(t, verdict.State, c.stateOf(t, disputed.ID))
	if verdict.State == "approved" {
		claims = append(claims, disputed)
	}
	c.balanced(t)
	return claims
}

// takenOrReplaced lets one administrator download a file while another one makes it anew: nobody gets a file that is
// void, and nobody voids one that may be on its way to the bank. It gives the file that is not void.
func (c *contest) takenOrReplaced(t *testing.T, file harness.BankFile) string {
	t.Helper()
	requests := make([]harness.Request, sides)
	for i := range requests {
		requests[i] = c.book(c.office[1], "/v1/admin/bank-files/"+file.ID+"/re-export", map[string]any{"reason": "日付の変更"})
		if i/2%2 == 1 {
			requests[i] = harness.Request{Method: http.MethodGet, Path: "/v1/admin/bank-files/" + file.ID + "/content", Token: c.office[2].Token}
		}
	}
	ended := c.fight(t, takesFile, requests)
	newest := query[string](t, c.City, `SELECT id::text FROM bank_files WHERE state = 'made'`)
	if newest == file.ID {
		require.Len(t, ended.won, sides/2, "all who download")
		require.Equal(t, map[string]int{"bank_file_taken": sides / 2}, ended.lost)
	} else {
		require.Len(t, ended.won, 1)
		require.Equal(t, map[string]int{"bank_file_state": sides - 1}, ended.lost)
	}
	return newest
}

// files contests exports and what becomes of a file.
func (c *contest) files(t *testing.T, claims []harness.Claim) {
	t.Helper()
	won := c.oneWins(t, fileBegins, c.office, "bank_file_without_claims", "/v1/admin/bank-files", map[string]any{})
	var made harness.Exported
	require.NoError(t, won.Into(&made))
	require.Equal(t, made.File.ID, c.fileOf(t, claims))
	won = c.oneWins(t, fileBegins, c.office, "bank_file_state", "/v1/admin/bank-files/"+made.File.ID+"/re-export", map[string]any{"reason": "日付の変更"})
	require.NoError(t, won.Into(&made))
	require.Equal(t, made.File.ID, c.fileOf(t, claims))
	require.Equal(t, map[string]int64{"made": 1, "voided": 1}, tally(t, c.City, `SELECT state, count(*) FROM bank_files GROUP BY 1`))

	file := c.takenOrReplaced(t, made.File)

	// One person whose browser sends again and again: all of it is one act.
	again := c.book(c.Office, "/v1/admin/bank-files/"+file+"/re-export", map[string]any{"reason": "日付の変更", "not_sent": true})
	requests := make([]harness.Request, sides)
	for i := range requests {
		requests[i] = again
	}
	ended := c.fight(t, fileBegins, requests)
	require.Empty(t, ended.lost)
	statuses, files := map[int]int{}, map[string]bool{}
	for _, answer := range ended.won {
		require.NoError(t, answer.Into(&made))
		statuses[answer.Status]++
		files[made.File.ID] = true
	}
	require.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusOK: sides - 1}, statuses)
	require.Equal(t, map[string]bool{c.fileOf(t, claims): true}, files)

	c.send(t, made.File.ID)
	for i := range requests {
		requests[i] = c.book(c.office[i/2%len(c.office)], "/v1/admin/bank-files/"+made.File.ID+"/payment", map[string]any{})
	}
	ended = c.fight(t, pays, requests)
	require.Empty(t, ended.lost)
	times := map[int]int{} // by how many payouts a request has paid
	for _, answer := range ended.won {
		var paid struct {
			Paid int `json:"paid"`
		}
		require.NoError(t, answer.Into(&paid))
		times[paid.Paid]++
	}
	require.Equal(t, map[int]int{len(claims): 1, 0: sides - 1}, times, "one pays, and the others are told that they have paid nothing")
	c.balanced(t)

	back := c.payoutOf(t, claims[0])
	c.oneWins(t, returns, c.office, "payout_state", "/v1/admin/payouts/"+back.ID+"/return", map[string]any{"reason": "口座なし"})
	proposed := c.propose(t, c.shops[0])
	c.oneWins(t, activates, c.office, "bank_account_state", "/v1/admin/bank-accounts/"+proposed.ID+"/approval", nil)
	c.balanced(t)
	made = harness.Book[harness.Exported](t, c.Office, "/v1/admin/bank-files", map[string]any{})
	again2 := c.payoutOf(t, claims[0])
	require.Equal(t, made.File.ID, again2.FileID)
	c.send(t, made.File.ID)
	c.oneWins(t, pays, c.office, "payout_state", "/v1/admin/payouts/"+again2.ID+"/payment", map[string]any{})
	c.everyClaimIsPaid(t)
}
