package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type claim struct {
	ID       string `json:"id"`
	No       string `json:"no"`
	PeriodID string `json:"period_id"`
	Amount   int64  `json:"amount"`
	State    string `json:"state"`
	Offset   int64  `json:"offset"`
	Payable  int64  `json:"payable"`
	Reason   string `json:"reason"`
}

type claimable struct {
	Due     int64 `json:"due"`
	Claimed int64 `json:"claimed"`
	Held    int64 `json:"held"`
	Amount  int64 `json:"amount"`
	Lots    []struct {
		Lot    harness.Lot `json:"lot"`
		WhyNot string      `json:"why_not"`
	} `json:"lots"`
}

// claimed are the claims that the bank is to pay, by whose they are.
type claimed struct {
	shop, diner, kiosk claim
}

func claimOf(amount int64) harness.Request {
	body := fields{}
	if amount != 0 {
		body["amount"] = amount
	}
	return harness.Request{Method: http.MethodPost, Path: "/v1/claims", Key: harness.Key(), Body: body}
}

// judged is a claim after what an administrator did about it.
func judged(t *testing.T, by *harness.Person, id, act string) claim {
	t.Helper()
	return harness.Post[claim](t, by, "/v1/admin/claims/"+id+"/"+act, fields{})
}

// claims lets the shops claim what they are due, and two administrators look at it.
func (m *market) claims(t *testing.T) claimed {
	t.Helper()
	m.mayClaim(t)
	var of claimed
	of.diner = m.dinerClaims(t)
	of.kiosk = harness.Book[claim](t, m.kiosk, "/v1/claims", fields{})
	require.EqualValues(t, 100, of.kiosk.Amount)

	request := claimOf(0)
	first := m.shop.Call(t, request)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	require.NoError(t, first.Into(&of.shop))
	require.Equal(t, [2]any{int64(13_875), "claimed"}, [2]any{of.shop.Amount, of.shop.State})
	again := m.shop.Call(t, request)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, string(first.Body), string(again.Body))
	m.shop.Refused(t, http.StatusUnprocessableEntity, "claim_nothing_due", claimOf(0))

	waiting := harness.Book[claim](t, m.stall, "/v1/claims", fields{})
	confirming := func(id string) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/admin/claims/" + id + "/confirmation", Body: fields{}}
	}
	m.city.Office.Refused(t, http.StatusUnprocessableEntity, "claim_without_account", confirming(waiting.ID))
	m.shop.Refused(t, http.StatusForbidden, "not_allowed", confirming(of.shop.ID))
	m.approve(t, &of)
	require.Equal(t, harness.Position{
		Fund: m.fund, Bank: 100_000, Cash: 100_000, Receivables: 1_000, Unissued: 39_700, Wallets: 61_300 - 36_600, Claimed: 36_600, Points: 101_000,
	}, position(t, m.city, m.fund, ""))
	return of
}

// mayClaim shows what can be claimed and why the rest cannot (clause 4.4.2).
func (m *market) mayClaim(t *testing.T) {
	t.Helper()
	may := harness.Get[claimable](t, m.diner, "/v1/claims/claimable")
	require.Equal(t, [4]int64{20_800, 0, 20_510, 20_510}, [4]int64{may.Due, may.Claimed, may.Held, may.Amount}, "what came today is held as well")
	why := map[string]int64{}
	for _, l := range may.Lots {
		why[l.WhyNot] += l.Lot.Remaining
	}
	require.Equal(t, map[string]int64{"": 20_510, "never_passed_on": 300}, why)
	require.Zero(t, harness.Get[claimable](t, m.debtor, "/v1/claims/claimable").Amount)
	m.hana.Refused(t, http.StatusForbidden, "not_allowed", claimOf(1))
}

// dinerClaims claims too much, claims and withdraws, and is refused something.
func (m *market) dinerClaims(t *testing.T) claim {
	t.Helper()
	refusal := m.diner.Refused(t, http.StatusUnprocessableEntity, "claim_over_due", claimOf(20_801))
	require.Equal(t, map[string]int64{"due": 20_800, "claimed": 0, "left": 20_800}, refusal.Figures)
	m.diner.Refused(t, http.StatusUnprocessableEntity, "claim_over_claimable", claimOf(20_511))
	before := m.diner.Wallet(t)

	withdrawn := harness.Book[claim](t, m.diner, "/v1/claims", fields{"amount": 20_000})
	require.EqualValues(t, before.Balance-20_000, m.diner.Balance(t))
	withdrawn = harness.Book[claim](t, m.diner, "/v1/claims/"+withdrawn.ID+"/withdrawal", fields{"reason": "まちがえました"})
	require.Equal(t, [2]string{"withdrawn", "まちがえました"}, [2]string{withdrawn.State, withdrawn.Reason})
	require.Equal(t, before, m.diner.Wallet(t), "the points came back as the lots they were")

	claimed := harness.Book[claim](t, m.diner, "/v1/claims", fields{"amount": 20_000})
	require.NotEqual(t, withdrawn.ID, claimed.ID)
	more := harness.Book[claim](t, m.diner, "/v1/claims", fields{"amount": 500})
	refusing := harness.Request{Method: http.MethodPost, Path: "/v1/admin/claims/" + more.ID + "/refusal", Key: harness.Key(), Body: fields{"reason": "次の期にまとめてください"}}
	first := m.city.Office.Call(t, refusing)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	require.Equal(t, http.StatusOK, m.city.Office.Call(t, refusing).Status)
	require.Equal(t, "refused", harness.Get[claim](t, m.diner, "/v1/claims/"+more.ID).State)
	require.EqualValues(t, before.Balance-20_000, m.diner.Balance(t))
	m.shop.Refused(t, http.StatusNotFound, "claim_unknown", harness.Request{Method: http.MethodGet, Path: "/v1/claims/" + claimed.ID})
	m.shop.Refused(t, http.StatusNotFound, "claim_unknown", harness.Request{
		Method: http.MethodPost, Path: "/v1/claims/" + claimed.ID + "/withdrawal", Key: harness.Key(), Body: fields{},
	})
	return claimed
}

// approve takes the claims through both pairs of eyes. The shop keeps the cash of its till.
func (m *market) approve(t *testing.T, of *claimed) {
	t.Helper()
	approving := harness.Request{Method: http.MethodPost, Path: "/v1/admin/claims/" + of.shop.ID + "/approval", Body: fields{}}
	m.second.Refused(t, http.StatusConflict, "claim_state", approving)
	require.Equal(t, "confirmed", judged(t, m.city.Office, of.shop.ID, "confirmation").State)
	m.city.Office.Refused(t, http.StatusUnprocessableEntity, "claim_same_person", approving)
	m.shop.Refused(t, http.StatusConflict, "claim_state", harness.Request{
		Method: http.MethodPost, Path: "/v1/claims/" + of.shop.ID + "/withdrawal", Key: harness.Key(), Body: fields{},
	})
	require.EqualValues(t, 3_000, harness.Get[till](t, m.shop, "/v1/till").Cash)
	of.shop = judged(t, m.second, of.shop.ID, "approval")
	require.Equal(t, [3]any{"approved", int64(2_375), int64(11_500)}, [3]any{of.shop.State, of.shop.Offset, of.shop.Payable})
	require.EqualValues(t, 625, harness.Get[till](t, m.shop, "/v1/till").Cash, "of its own fund's points, the shop was paid out of the till")
	require.Equal(t, harness.Position{Fund: m.charges, Tills: 625, Cash: 625, Wallets: 625, Points: 625}, position(t, m.city, m.charges, ""))

	both := []string{of.diner.ID, of.kiosk.ID, of.shop.ID}
	type verdicts struct {
		Done     int `json:"done"`
		Verdicts []struct {
			Done bool   `json:"done"`
			Code string `json:"code"`
		} `json:"verdicts"`
	}
	confirmed := harness.Post[verdicts](t, m.city.Office, "/v1/admin/claims/confirmations", fields{"claims": both})
	require.Equal(t, 2, confirmed.Done)
	require.Equal(t, "claim_state", confirmed.Verdicts[2].Code, "one that cannot be holds up no other")
	require.Equal(t, 2, harness.Post[verdicts](t, m.second, "/v1/admin/claims/approvals", fields{"claims": both}).Done)
}
