package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type cash struct {
	EntryID string `json:"entry_id"`
	Type    string `json:"type"`
	Amount  int64  `json:"amount"`
	Memo    string `json:"memo"`
}

func position(t *testing.T, city *harness.City, fund, on string) harness.Position {
	t.Helper()
	path := "/v1/admin/funds/" + fund
	if on != "" {
		path += "?on=" + on
	}
	return harness.Get[harness.Fund](t, city.Office, path).Position
}

// Clause 4.1.1.
func TestAFundTakesDepositsAndGivesBackWhatNobodyHolds(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	fund := city.OpenFund(t, "fund", 0)
	require.Equal(t, harness.Position{Fund: fund}, position(t, city, fund, ""))

	deposit := harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/funds/" + fund + "/deposits", Key: harness.Key(), Body: map[string]any{"amount": 500_000, "memo": "当初予算"},
	}
	first := city.Office.Call(t, deposit)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	var booked cash
	require.NoError(t, first.Into(&booked))
	require.Equal(t, cash{EntryID: booked.EntryID, Type: "deposit", Amount: 500_000, Memo: "当初予算"}, booked)
	again := city.Office.Call(t, deposit)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.JSONEq(t, string(first.Body), string(again.Body))

	withdrawal := harness.Book[cash](t, city.Office, "/v1/admin/funds/"+fund+"/withdrawals", map[string]any{"amount": 120_000, "memo": "返納"})
	require.Equal(t, "withdrawal", withdrawal.Type)
	want := harness.Position{Fund: fund, Bank: 380_000, Cash: 380_000, Unissued: 380_000, Points: 380_000}
	require.Equal(t, want, position(t, city, fund, ""))
	require.Equal(t, want, position(t, city, fund, harness.Today(0)))
	require.Equal(t, harness.Position{Fund: fund}, position(t, city, fund, harness.Today(-1)), "yesterday the fund had nothing")

	hana := city.Resident(t, "藤田 花")
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1, ClearedAtMerchant: true})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: kind, Amount: 300_000})
	refusal := city.Office.Refused(t, http.StatusUnprocessableEntity, "fund_short", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/funds/" + fund + "/withdrawals", Key: harness.Key(), Body: map[string]any{"amount": 80_001},
	})
	require.Equal(t, map[string]int64{"balance": 80_000, "shortfall": 1}, refusal.Figures)
	require.Equal(t, harness.Position{Fund: fund, Bank: 380_000, Cash: 380_000, Unissued: 80_000, Wallets: 300_000, Points: 380_000}, position(t, city, fund, ""))

	refusal = city.Office.Refused(t, http.StatusConflict, "fund_code_taken", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/funds", Body: map[string]string{"code": fund, "name": "二つ目"},
	})
	require.NotContains(t, refusal.Title, fund)
}

func TestAClosedFundTakesNoMoneyAndGivesNoPoints(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	fund := city.OpenFund(t, "closing", 1_000)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1})
	hana := city.Resident(t, "藤田 花")
	closing := harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/funds/" + fund + "/closing", Body: map[string]string{"reason": "年度末"},
		Header: map[string]string{"If-Match": `"1"`},
	}
	require.Less(t, city.Office.Call(t, closing).Status, 300)
	city.Office.Refused(t, http.StatusUnprocessableEntity, "fund_closed", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/funds/" + fund + "/deposits", Key: harness.Key(), Body: map[string]any{"amount": 1},
	})
	city.Office.Refused(t, http.StatusUnprocessableEntity, "fund_closed", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/grants", Key: harness.Key(), Body: harness.Grant{UserID: hana.ID, Fund: fund, Kind: kind, Amount: 1},
	})
	harness.Book[cash](t, city.Office, "/v1/admin/funds/"+fund+"/withdrawals", map[string]any{"amount": 1_000})
	require.Equal(t, harness.Position{Fund: fund}, position(t, city, fund, ""))
}

type trial struct {
	Funds    []harness.Position `json:"funds"`
	Assets   int64              `json:"assets"`
	Points   int64              `json:"points"`
	Balanced bool               `json:"balanced"`
}

// At each moment, whatever the other journeys are doing, what the city owes is what it has.
func TestTheTrialBalanceIsZeroSumWhilePeoplePay(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 1_000)
	for range 10 {
		hana.Pay(t, shop, 100)
		now := harness.Get[trial](t, city.Office, "/v1/admin/position")
		require.True(t, now.Balanced)
		require.Equal(t, now.Assets, now.Points)
		for _, fund := range now.Funds {
			require.Equal(t, fund.Bank+fund.Tills+fund.Receivables, fund.Unissued+fund.Reserved+fund.Wallets+fund.Claimed, fund.Fund)
		}
	}
}
