package journey_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// rules are kept as they came, so that a change sends back what it does not mean to change.
type rules map[string]any

// amend changes the rules in force and gives those before.
func amend(t *testing.T, city *harness.City, change func(rules)) {
	t.Helper()
	answer := get(t, city.Office, "/v1/admin/rules")
	var now rules
	require.NoError(t, answer.Into(&now))
	delete(now, "version")
	now["reason"] = "試験"
	change(now)
	harness.Put[rules](t, city.Office, "/v1/admin/rules", answer.Header.Get("ETag"), now)
}

// acceptCharges makes a fund and a kind to which charges go.
func acceptCharges(t *testing.T, city *harness.City, prefix string) (fund, kind string) {
	t.Helper()
	fund = city.OpenFund(t, prefix, 0)
	kind = city.MakeKind(t, prefix, harness.Kind{Name: "チャージ", Rank: 50, Validity: harness.Validity{Months: 24}, ClearedAtMerchant: true, Transferable: true})
	amend(t, city, func(r rules) { r["charge_fund"], r["charge_kind"] = fund, kind })
	return fund, kind
}

// drawn are the kinds of slices, in their order, each with its amount.
func drawn(slices []harness.Slice) map[string]int64 {
	kinds := map[string]int64{}
	for _, s := range slices {
		kinds[s.Kind] += s.Amount
	}
	return kinds
}

func kindsOf(slices []harness.Slice) (kinds []string) {
	for _, s := range slices {
		kinds = append(kinds, s.Kind)
	}
	return kinds
}

// Clause 4.2.2.
func TestAKindsDefaultsDecideWhenPointsLapse(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana := city.Resident(t, "藤田 花")
	fund := city.OpenFund(t, "kinds", 1_000)
	days := city.MakeKind(t, "days", harness.Kind{Rank: 1, Validity: harness.Validity{Days: 10}})
	until := city.MakeKind(t, "until", harness.Kind{Rank: 2, Validity: harness.Validity{Until: "2099-12-31"}})
	forever := city.MakeKind(t, "ever", harness.Kind{Rank: 3})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: days, Amount: 100})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: days, Amount: 150, ExpiresOn: harness.Today(5)})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: until, Amount: 200})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: forever, Amount: 300})

	wallet := hana.Wallet(t)
	require.EqualValues(t, 750, wallet.Balance)
	type lot struct {
		kind    string
		lapses  string
		remains int64
	}
	var lots []lot
	for _, l := range wallet.Lots {
		lapses := ""
		if l.ExpiresOn != nil {
			lapses = *l.ExpiresOn
		}
		lots = append(lots, lot{l.Kind, lapses, l.Remaining})
		require.False(t, l.Paid)
		require.Zero(t, l.Hops)
	}
	require.Equal(t, []lot{{days, harness.Today(5), 150}, {days, harness.Today(10), 100}, {until, "2099-12-31", 200}, {forever, "", 300}}, lots)

	refusal := city.Office.Refused(t, http.StatusUnprocessableEntity, "kind_validity_invalid", harness.Request{
		Method: http.MethodPut, Path: "/v1/admin/kinds/" + days, Body: harness.Kind{Name: "二重", Validity: harness.Validity{Days: 1, Months: 1}},
	})
	require.NotEmpty(t, refusal.Errors)
}

// Clause 4.3.5: which lot goes is the city's decision, seen in advance by office and payer, and then done.
func TestAChangeOfPrecedenceChangesWhichPointsGo(t *testing.T) {
	t.Parallel()
	city := ownCity(t, "precedence")
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	fund := city.OpenFund(t, "fund", 1_000)
	ranked := city.MakeKind(t, "ranked", harness.Kind{Rank: 1})
	lapsing := city.MakeKind(t, "lapsing", harness.Kind{Rank: 2, Validity: harness.Validity{Days: 3}})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: ranked, Amount: 300})
	city.Grant(t, hana, harness.Grant{Fund: fund, Kind: lapsing, Amount: 300})
	asked := map[string]any{"payee_code": shop.Code, "amount": 100}

	preview := harness.Post[harness.Preview](t, hana, "/v1/payments/preview", asked)
	require.Equal(t, []string{ranked}, kindsOf(preview.Slices), "the lower rank goes first")
	require.Equal(t, "kind_rank", preview.Slices[0].Why)
	require.EqualValues(t, 500, preview.BalanceAfter)
	require.Equal(t, harness.Party{Kind: "merchant", Name: "うちぬき商店", WalletID: shop.WalletID}, preview.Payee)
	require.Equal(t, []string{ranked}, kindsOf(hana.Pay(t, shop, 100).Slices))

	type comparison struct {
		Current []struct {
			Lot    harness.Lot `json:"lot"`
			Amount int64       `json:"amount"`
			Why    string      `json:"why"`
		} `json:"current"`
		Draft []struct {
			Lot    harness.Lot `json:"lot"`
			Amount int64       `json:"amount"`
			Why    string      `json:"why"`
		} `json:"draft"`
		Shortfall int64 `json:"shortfall"`
	}
	draft := []string{"expiry", "kind_rank", "free_first", "oldest_first"}
	tried := harness.Post[comparison](t, city.Office, "/v1/admin/rules/preview", map[string]any{"amount": 100, "precedence": draft, "wallet_id": hana.WalletID})
	require.Equal(t, ranked, tried.Current[0].Lot.Kind)
	require.Equal(t, lapsing, tried.Draft[0].Lot.Kind)
	require.Equal(t, "expiry", tried.Draft[0].Why)
	sample := []map[string]any{{"kind": ranked, "remaining": 50}, {"kind": lapsing, "remaining": 20, "expires_on": harness.Today(1)}}
	tried = harness.Post[comparison](t, city.Office, "/v1/admin/rules/preview", map[string]any{"amount": 60, "precedence": draft, "lots": sample})
	require.Equal(t, []int64{50, 10}, []int64{tried.Current[0].Amount, tried.Current[1].Amount})
	require.Equal(t, []int64{20, 40}, []int64{tried.Draft[0].Amount, tried.Draft[1].Amount})
	require.EqualValues(t, 500, hana.Balance(t), "trying moves nothing")

	before := get(t, city.Office, "/v1/admin/rules")
	amend(t, city, func(r rules) { r["precedence"] = draft })
	var stale rules
	require.NoError(t, json.Unmarshal(before.Body, &stale))
	delete(stale, "version")
	city.Office.Refused(t, http.StatusConflict, "rules_changed", harness.Request{
		Method: http.MethodPut, Path: "/v1/admin/rules", Body: stale, Header: map[string]string{"If-Match": before.Header.Get("ETag")},
	})
	city.Office.Refused(t, http.StatusPreconditionRequired, "if_match_required", harness.Request{Method: http.MethodPut, Path: "/v1/admin/rules", Body: stale})

	// A process may show rules from memory for a moment, but it pays by those in force.
	require.Equal(t, map[string]int64{lapsing: 100}, drawn(hana.Pay(t, shop, 100).Slices))
	preview = harness.Post[harness.Preview](t, hana, "/v1/payments/preview", map[string]any{"payee_code": shop.Code, "amount": 250})
	require.Equal(t, []harness.Slice{
		{Kind: lapsing, Fund: fund, ExpiresOn: preview.Slices[0].ExpiresOn, Amount: 200, Why: "expiry"},
		{Kind: ranked, Fund: fund, Amount: 50},
	}, preview.Slices)

	versions := harness.Get[struct {
		Versions []struct {
			By     string `json:"by"`
			Reason string `json:"reason"`
		} `json:"versions"`
	}](t, city.Office, "/v1/admin/rules/versions").Versions
	require.Equal(t, city.Office.ID, versions[0].By)
	require.Equal(t, "試験", versions[0].Reason)
	require.Greater(t, len(versions), 1)
}

func TestATransferIsRefusedWhereTheCityForbidsIt(t *testing.T) {
	t.Parallel()
	city := ownCity(t, "transfers")
	hana, jiro := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎")
	city.Endow(t, hana, 1_000)
	amend(t, city, func(r rules) {
		r["transfers"] = map[string]any{"allowed": true, "per_time_max": 300, "per_month_max": 500}
	})
	send := func(amount int64) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_wallet": jiro.WalletID, "amount": amount}}
	}
	require.Equal(t, map[string]int64{"limit": 300}, hana.Refused(t, http.StatusUnprocessableEntity, "transfer_over_limit", send(301)).Figures)
	require.Equal(t, http.StatusCreated, hana.Call(t, send(300)).Status)
	require.Equal(t, map[string]int64{"limit": 500, "sent": 300},
		hana.Refused(t, http.StatusUnprocessableEntity, "transfer_over_monthly_limit", send(201)).Figures)
	require.Equal(t, http.StatusCreated, hana.Call(t, send(200)).Status)
	amend(t, city, func(r rules) {
		r["transfers"] = map[string]any{"allowed": false, "per_time_max": 300, "per_month_max": 500}
	})
	hana.Refused(t, http.StatusUnprocessableEntity, "transfers_disabled", send(1))
	require.EqualValues(t, 500, hana.Balance(t))
	require.EqualValues(t, 500, jiro.Balance(t))
}
