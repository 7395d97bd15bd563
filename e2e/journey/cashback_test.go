package journey_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type fields = map[string]any

// with gives a body with some fields changed.
func with(base fields, changes fields) fields {
	changed := maps.Clone(base)
	maps.Copy(changed, changes)
	return changed
}

type moving struct {
	Kind   string `json:"kind"`
	Fund   string `json:"fund"`
	Amount int64  `json:"amount"`
	Hops   int    `json:"hops"`
	Paid   bool   `json:"paid"`
	LotID  string `json:"lot_id"`
}

type otherEnd struct {
	EntryID string `json:"entry_id"`
	Type    string `json:"type"`
	Amount  int64  `json:"amount"`
}

// rewarded is a receipt with what came of offers and corrections.
type rewarded struct {
	Type        string          `json:"type"`
	Amount      int64           `json:"amount"`
	Delta       int64           `json:"delta"`
	Balance     int64           `json:"balance"`
	From        harness.Party   `json:"from"`
	To          harness.Party   `json:"to"`
	Slices      []moving        `json:"slices"`
	Cashback    int64           `json:"cashback"`
	Returned    []moving        `json:"returned"`
	Awards      []harness.Award `json:"awards"`
	CorrectedBy []otherEnd      `json:"corrected_by"`
	Corrects    *otherEnd       `json:"corrects"`
}

type warning struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type programme struct {
	ID    string  `json:"id"`
	Name  string  `json:"name"`
	State string  `json:"state"`
	Until *string `json:"until"`
}

// enterProgramme lets a shop return a part of what it receives, from now on.
func enterProgramme(t *testing.T, shop *harness.Person, body fields) programme {
	t.Helper()
	return harness.Post[struct {
		Programme programme `json:"programme"`
	}](t, shop, "/v1/programmes", body).Programme
}

// openCampaign drafts a campaign of today and opens it.
func openCampaign(t *testing.T, city *harness.City, body fields) campaign {
	t.Helper()
	drafted := harness.Post[struct {
		Campaign campaign `json:"campaign"`
	}](t, city.Office, "/v1/admin/campaigns", body).Campaign
	require.Equal(t, "draft", drafted.State)
	harness.Book[fields](t, city.Office, "/v1/admin/campaigns/"+drafted.ID+"/opening", fields{"version": drafted.Version})
	return campaignNow(t, city, drafted.ID)
}

// returning makes the kind that comes back as cashback: it goes last, and earns nothing itself.
func returning(t *testing.T, city *harness.City) string {
	t.Helper()
	code := city.MakeKind(t, "bonus", harness.Kind{Rank: 90, Validity: harness.Validity{Months: 6}, ClearedAtMerchant: true})
	harness.Put[fields](t, city.Office, "/v1/admin/kinds/"+code, "", fields{
		"name": "還元ポイント", "rank": 90, "validity": fields{"months": 6}, "cleared_at_merchant": true, "transferable": false, "earns": false,
	})
	return code
}

// Clauses 4.5.1–4.5.4, 4.3.1, 4.3.2 and 4.3.4: a shop's programme and the city's campaign meet in one payment.
func TestAPaymentEarnsFromItsShopAndFromTheCity(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	fund, kind := city.Endow(t, hana, 10_000)
	bonus := returning(t, city)
	budget := city.OpenFund(t, "campaign", 5_000)

	programme := enterProgramme(t, shop, fields{"name": "いつでも5%", "rate": 500, "kind": bonus, "payment_max": 40})
	festival := openCampaign(t, city, fields{
		"name": "秋の還元祭", "note": "期間の終わりにお返しします。", "rate": 1_000, "kind": bonus, "person_max": 150, "merchants": []string{shop.WalletID},
		"from": harness.Today(0), "until": harness.Today(6), "fund": budget, "budget": 1_000,
	})
	require.Equal(t, harness.Position{Fund: budget, Bank: 5_000, Cash: 5_000, Unissued: 4_000, Reserved: 1_000, Points: 5_000}, position(t, city, budget, ""))

	asked := fields{"payee_code": shop.Code, "amount": 1_000, "memo": "みかん"}
	last := harness.Today(6)
	fromShop := harness.Award{OfferID: programme.ID, Name: "いつでも5%", Rate: 500, Kind: bonus, Base: 1_000, Earned: 50, Amount: 40, Cut: "payment_max"}
	fromCity := harness.Award{OfferID: festival.ID, Name: "秋の還元祭", Campaign: true, Rate: 1_000, Kind: bonus, Base: 1_000, Earned: 100, Amount: 100, PaidAfter: &last, State: "open"}
	preview := harness.Post[harness.Preview](t, hana, "/v1/payments/preview", asked)
	require.Equal(t, []harness.Award{fromShop, fromCity}, preview.Awards)
	require.EqualValues(t, 40, preview.Cashback)
	require.EqualValues(t, 9_040, preview.BalanceAfter)
	require.EqualValues(t, 10_000, hana.Balance(t), "a preview moves nothing")

	request := harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: asked}
	first := hana.Call(t, request)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	var paid harness.Payment
	require.NoError(t, first.Into(&paid))
	require.Equal(t, preview.Awards, paid.Awards, "what was told before is what happened")
	require.EqualValues(t, 40, paid.Cashback)
	require.EqualValues(t, 9_040, paid.Balance)
	require.EqualValues(t, 9_040, hana.Balance(t))
	require.EqualValues(t, 960, shop.Balance(t), "what is returned is taken from what the shop has just received")

	second := hana.Pay(t, shop, 1_000)
	fromCity.Amount, fromCity.Cut = 50, "person_max"
	require.Equal(t, []harness.Award{fromShop, fromCity}, second.Awards)
	fromCity.Amount = 0
	require.Equal(t, []harness.Award{fromShop, fromCity}, hana.Pay(t, shop, 1_000).Awards, "the cap leaves nothing, and says so")
	fromCity.Amount, fromCity.Cut = 100, ""

	again := hana.Call(t, request)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.Equal(t, string(first.Body), string(again.Body), "byte for byte, whatever was promised since")

	line := hana.WholeHistory(t, "", 100)[2]
	require.Equal(t, paid.EntryID, line.EntryID)
	require.Equal(t, [3]int64{-960, 40, 9_040}, [3]int64{line.Delta, line.Cashback, line.Balance})
	line = shop.WholeHistory(t, "", 100)[2]
	require.Equal(t, [3]int64{960, 40, 960}, [3]int64{line.Delta, line.Cashback, line.Balance})

	receipt := harness.Get[rewarded](t, hana, "/v1/entries/"+paid.EntryID)
	require.Equal(t, [4]int64{1_000, -960, 9_040, 40}, [4]int64{receipt.Amount, receipt.Delta, receipt.Balance, receipt.Cashback})
	require.Equal(t, []harness.Award{fromShop, fromCity}, receipt.Awards)
	require.Equal(t, []moving{{Kind: kind, Fund: fund, Amount: 1_000, Hops: 1, LotID: receipt.Slices[0].LotID}}, receipt.Slices)
	require.Equal(t, []moving{{Kind: bonus, Fund: fund, Amount: 40, LotID: receipt.Returned[0].LotID}}, receipt.Returned, "of the same fund, and new to circulation")
	receipt = harness.Get[rewarded](t, shop, "/v1/entries/"+paid.EntryID)
	require.Equal(t, [4]int64{1_000, 960, 960, 40}, [4]int64{receipt.Amount, receipt.Delta, receipt.Balance, receipt.Cashback})
	require.Equal(t, []harness.Award{fromShop}, receipt.Awards, "what the city promises to others is not the shop's")
	receipt = harness.Get[rewarded](t, city.Office, "/v1/entries/"+paid.EntryID)
	require.Equal(t, []harness.Award{fromShop, fromCity}, receipt.Awards)

	seen := currentCampaign(t, hana, festival.ID)
	require.Equal(t, [3]int64{1_000, 850, 150}, [3]int64{seen.Budget, seen.Left, seen.Promised})
	require.Zero(t, currentCampaign(t, shop, festival.ID).Promised)
	require.Equal(t, harness.Position{Fund: fund, Bank: 10_000, Cash: 10_000, Wallets: 10_000, Points: 10_000}, position(t, city, fund, ""))
	require.EqualValues(t, 1_000, position(t, city, budget, "").Reserved, "a promise moves nothing before the end")
	ended := harness.Post[programmeEnded](t, shop, "/v1/programmes/"+programme.ID+"/end", fields{"reason": "改装のため"})
	require.Equal(t, harness.Today(0), ended.Until, "today's customers have been promised it")
}

type programmeEnded struct {
	Until string `json:"until"`
}

// Paying with what was returned earns nothing where the kind does not earn, and shops get nothing for their purchases.
func TestWhatWasReturnedAndWhatShopsSpendEarnsNothing(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop, other := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂")
	city.Endow(t, hana, 1_000)
	bonus := returning(t, city)
	enterProgramme(t, shop, fields{"name": "半分お返し", "rate": 5_000, "kind": bonus})
	require.EqualValues(t, 500, hana.Pay(t, shop, 1_000).Cashback)
	mixed := hana.Pay(t, shop, 500)
	require.Zero(t, mixed.Cashback)
	require.Empty(t, mixed.Awards)
	require.EqualValues(t, 1_000, shop.Balance(t))
	shop.Pay(t, other, 400)
	require.Zero(t, other.Pay(t, shop, 400).Cashback, "a shop is no customer")
}
