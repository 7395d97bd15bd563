package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type charge struct {
	EntryID  string `json:"entry_id"`
	Amount   int64  `json:"amount"`
	Resident struct {
		WalletID string `json:"wallet_id"`
	} `json:"resident"`
	Kind      string  `json:"kind"`
	Fund      string  `json:"fund"`
	ExpiresOn *string `json:"expires_on"`
}

type till struct {
	Cash    int64   `json:"cash"`
	Since   *string `json:"since"`
	DueOn   *string `json:"due_on"`
	Overdue bool    `json:"overdue"`
	Funds   []struct {
		Fund string `json:"fund"`
		Cash int64  `json:"cash"`
	} `json:"funds"`
}

// Clause 4.2.3.
func TestAShopTakesCashForPointsAndBringsItToTheBank(t *testing.T) {
	t.Parallel()
	city := ownCity(t, "charges")
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	clerk := city.Clerk(t, "店員 一郎", shop)
	ask := func(by *harness.Person, amount int64) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/charges", Key: harness.Key(), Body: map[string]any{"resident_code": hana.Code, "amount": amount}}
	}
	shop.Refused(t, http.StatusUnprocessableEntity, "charge_not_configured", ask(shop, 1_000))
	fund, kind := acceptCharges(t, city, "charge")

	scanned := scan(t, get(t, hana, "/v1/codes/standing.png").Body)
	body := map[string]any{"resident_code": scanned, "amount": 3_000, "memo": "店頭"}
	planned := harness.Post[charge](t, shop, "/v1/charges/preview", body)
	require.EqualValues(t, 3_000, planned.Amount)
	require.Empty(t, planned.EntryID)
	require.Zero(t, hana.Balance(t), "a preview moves nothing")

	request := harness.Request{Method: http.MethodPost, Path: "/v1/charges", Key: harness.Key(), Body: body}
	first := shop.Call(t, request)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	again := shop.Call(t, request)
	require.Equal(t, http.StatusOK, again.Status)
	require.JSONEq(t, string(first.Body), string(again.Body))
	var booked charge
	require.NoError(t, first.Into(&booked))
	require.Equal(t, kind, booked.Kind)
	require.Equal(t, fund, booked.Fund)
	require.Equal(t, hana.WalletID, booked.Resident.WalletID)
	require.Equal(t, http.StatusCreated, clerk.Call(t, ask(clerk, 2_000)).Status, "a clerk works the till of the shop")

	wallet := hana.Wallet(t)
	require.EqualValues(t, 5_000, wallet.Balance)
	require.Len(t, wallet.Lots, 1, "like points lie in one lot")
	require.True(t, wallet.Lots[0].Paid)
	require.Equal(t, harness.Position{Fund: fund, Tills: 5_000, Cash: 5_000, Wallets: 5_000, Points: 5_000}, position(t, city, fund, ""))
	for _, holder := range []*harness.Person{shop, clerk} {
		seen := harness.Get[till](t, holder, "/v1/till")
		require.EqualValues(t, 5_000, seen.Cash)
		require.False(t, seen.Overdue)
		require.NotNil(t, seen.Since)
		require.Equal(t, harness.Today(7), *seen.DueOn)
	}

	refusal := shop.Refused(t, http.StatusUnprocessableEntity, "charge_over_limit", ask(shop, 100_001))
	require.EqualValues(t, 100_000, refusal.Figures["limit"])
	shop.Refused(t, http.StatusUnprocessableEntity, "charge_not_a_resident", harness.Request{
		Method: http.MethodPost, Path: "/v1/charges", Key: harness.Key(), Body: map[string]any{"resident_code": shop.Code, "amount": 100},
	})
	hana.Refused(t, http.StatusForbidden, "not_allowed", ask(hana, 100))

	remit := func(amount int64) harness.Request {
		return harness.Request{
			Method: http.MethodPost, Path: "/v1/admin/tills/" + shop.WalletID + "/remittances", Key: harness.Key(),
			Body: map[string]any{"fund": fund, "amount": amount, "memo": "週次"},
		}
	}
	refusal = city.Office.Refused(t, http.StatusUnprocessableEntity, "cash_short", remit(5_001))
	require.Equal(t, map[string]int64{"balance": 5_000, "shortfall": 1}, refusal.Figures)
	require.Equal(t, http.StatusCreated, city.Office.Call(t, remit(4_000)).Status)
	require.EqualValues(t, 1_000, harness.Get[till](t, shop, "/v1/till").Cash)
	require.Equal(t, harness.Position{Fund: fund, Bank: 4_000, Tills: 1_000, Cash: 5_000, Wallets: 5_000, Points: 5_000}, position(t, city, fund, ""))
	require.Equal(t, http.StatusCreated, city.Office.Call(t, remit(1_000)).Status)
	empty := harness.Get[till](t, shop, "/v1/till")
	require.Zero(t, empty.Cash)
	require.Nil(t, empty.Since)
}
