package rest_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/rewarding"
)

// rewarding lets city points earn, and makes the kind that comes back.
func (town *town) rewarding() {
	town.t.Helper()
	for code, earns := range map[string]bool{"city": true, "bonus": false} {
		town.ask(town.office, http.MethodPut, "/v1/admin/kinds/"+code, body{
			"name": "種別 " + code, "rank": 0, "validity": body{"months": 6}, "cleared_at_merchant": true, "transferable": true, "earns": earns,
		}).is(http.StatusOK)
	}
}

// day names a day from today.
func (town *town) day(offset int) string {
	return (calendar.DayOf(town.deps.Now()) + calendar.Day(offset)).String()
}

func fivePercent(changes ...body) body {
	programme := body{"name": "いつでも5%", "rate": 500, "kind": "bonus"}
	for _, change := range changes {
		maps.Copy(programme, change)
	}
	return programme
}

// festival is a campaign of this week from a budget of 1,000.
func (town *town) festival(changes ...body) body {
	campaign := body{
		"name": "秋の還元祭", "note": "市内のお店で", "rate": 1_000, "kind": "bonus", "payment_max": 80, "person_max": 200,
		"from": town.day(0), "until": town.day(6), "fund": "premium", "budget": 1_000,
	}
	for _, change := range changes {
		maps.Copy(campaign, change)
	}
	return campaign
}

func (town *town) openCampaign(key string, changes ...body) string {
	town.t.Helper()
	drafted := town.ask(town.office, http.MethodPost, "/v1/admin/campaigns", town.festival(changes...)).is(http.StatusCreated)
	id := drafted["campaign"].(map[string]any)["id"].(string)
	town.ask(town.office, http.MethodPost, "/v1/admin/campaigns/"+id+"/opening", body{"version": 1}, keyed, key).is(http.StatusCreated)
	return id
}

func TestAShopDecidesAboutItsOwnCashback(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.rewarding()
	preview := town.ask(town.shop, http.MethodPost, "/v1/programmes/preview", fivePercent(body{"rate": 5_000})).is(http.StatusOK)
	warnings := preview["warnings"].([]any)
	require.Equal(t, "premium_rate", warnings[0].(map[string]any)["code"])
	require.Contains(t, warnings[0].(map[string]any)["message"], "景品表示法")
	require.Empty(t, preview["overlaps"])

	entered := town.ask(town.shop, http.MethodPost, "/v1/programmes", fivePercent()).is(http.StatusCreated)
	require.Empty(t, entered["warnings"])
	programme := entered["programme"].(map[string]any)
	require.Equal(t, "in_force", programme["state"])
	require.Equal(t, "うちぬき食堂", programme["merchant"].(map[string]any)["name"])
	require.Nil(t, programme["until"])
	town.ask(town.shop, http.MethodPost, "/v1/programmes", fivePercent()).refuses(http.StatusConflict, "programme_overlaps")
	listed := town.ask(town.shop, http.MethodGet, "/v1/programmes", nil).is(http.StatusOK)
	require.Len(t, listed["programmes"], 1)
	all := town.ask(town.office, http.MethodGet, "/v1/admin/programmes?merchant="+town.shop.user.Wallet.String(), nil).is(http.StatusOK)
	require.Equal(t, listed["programmes"], all["programmes"])

	id := programme["id"].(string)
	ended := town.ask(town.shop, http.MethodPost, "/v1/programmes/"+id+"/end", body{"reason": "値下げのため"}).is(http.StatusOK)
	require.Equal(t, town.day(0), ended["until"])
	coming := town.ask(town.shop, http.MethodPost, "/v1/programmes", fivePercent(body{"from": town.day(3), "until": town.day(9), "validity": body{"days": 30}})).is(http.StatusCreated)
	later := coming["programme"].(map[string]any)
	require.Equal(t, "coming", later["state"])
	require.Equal(t, map[string]any{"days": 30.0}, later["validity"])
	gone := town.ask(town.office, http.MethodPost, "/v1/admin/programmes/"+later["id"].(string)+"/end", body{}).is(http.StatusOK)
	require.Equal(t, "withdrawn", gone["state"])
	town.ask(town.office, http.MethodPost, "/v1/admin/programmes", fivePercent(body{"merchant_id": town.hana.user.Wallet.String()})).
		refuses(http.StatusNotFound, "wallet_unknown")
}

func TestBadOffersAreRefused(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.rewarding()
	for name, c := range map[string]struct {
		change body
		code   string
		field  string
	}{
		"rate 0":                {body{"rate": 0}, "request_invalid", "body.rate"},
		"a negative rate":       {body{"rate": -1}, "request_invalid", "body.rate"},
		"more than all":         {body{"rate": 10_001}, "request_invalid", "body.rate"},
		"half a basis point":    {body{"rate": 0.5}, "request_invalid", "body.rate"},
		"a cap of nothing":      {body{"payment_max": 0}, "request_invalid", "body.payment_max"},
		"a negative cap":        {body{"person_max": -1}, "request_invalid", "body.person_max"},
		"an unknown kind":       {body{"kind": "gold"}, "kind_unknown", "body.kind"},
		"an unknown rounding":   {body{"rounding": "half"}, "request_invalid", "body.rounding"},
		"no name":               {body{"name": ""}, "request_invalid", "body.name"},
		"a name with NUL":       {body{"name": "a\x00"}, "request_invalid", "body.name"},
		"a past beginning":      {body{"from": town.day(-1)}, "cashback_period_past", "body.from"},
		"an end before it":      {body{"from": town.day(2), "until": town.day(1)}, "cashback_period_invalid", "body.until"},
		"no day":                {body{"from": "2026-02-30"}, "request_invalid", "body.from"},
		"two validities":        {body{"validity": body{"days": 1, "months": 1}}, "kind_validity_invalid", "body.validity"},
		"points dead on coming": {body{"validity": body{"until": town.day(-1)}}, "expiry_in_the_past", "body.validity"},
	} {
		fields := town.ask(town.shop, http.MethodPost, "/v1/programmes", fivePercent(c.change)).refuses(http.StatusUnprocessableEntity, c.code)
		require.Contains(t, fields, c.field, name)
	}
	for name, c := range map[string]struct {
		change body
		code   string
		field  string
	}{
		"caps out of order":    {body{"payment_max": 201}, "campaign_caps_invalid", "body.payment_max"},
		"no budget":            {body{"budget": 0}, "request_invalid", "body.budget"},
		"a past period":        {body{"from": town.day(-3), "until": town.day(-1)}, "cashback_period_past", "body.until"},
		"an unknown day":       {body{"weekdays": []string{"someday"}}, "request_invalid", "body.weekdays[0]"},
		"a day twice":          {body{"weekdays": []string{"mon", "mon"}}, "campaign_weekdays_invalid", "body.weekdays"},
		"an hour too many":     {body{"hours": body{"from": "10:00", "until": "25:00"}}, "request_invalid", "body.hours.until"},
		"hours that end first": {body{"hours": body{"from": "10:00", "until": "09:59"}}, "campaign_hours_invalid", "body.hours"},
		"no shop":              {body{"merchants": []string{town.hana.user.Wallet.String()}}, "campaign_merchants_invalid", "body.merchants[0]"},
		"no wallet":            {body{"merchants": []string{"x"}}, "campaign_merchants_invalid", "body.merchants[0]"},
	} {
		fields := town.ask(town.office, http.MethodPost, "/v1/admin/campaigns", town.festival(c.change)).refuses(http.StatusUnprocessableEntity, c.code)
		require.Contains(t, fields, c.field, name)
	}
	town.ask(town.office, http.MethodPost, "/v1/admin/campaigns", town.festival(body{"fund": "gold"})).refuses(http.StatusNotFound, "fund_unknown")
}

func TestACampaignGoesFromDraftToPayout(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.rewarding()
	admin := "/v1/admin/campaigns"
	preview := town.ask(town.office, http.MethodPost, admin+"/preview", town.festival(body{"budget": 9_000})).is(http.StatusOK)
	require.InDelta(t, 8_000, preview["unissued"], 0)
	require.InDelta(t, 1_000, preview["shortfall"], 0)

	answer := town.ask(town.office, http.MethodPost, admin, town.festival(body{"weekdays": []string{"sat", "sun"}, "hours": body{"from": "10:00", "until": "24:00"}}))
	drafted := answer.is(http.StatusCreated)["campaign"].(map[string]any)
	require.Equal(t, `"1"`, answer.header.Get("ETag"))
	require.Equal(t, []any{"sun", "sat"}, drafted["weekdays"])
	require.Equal(t, map[string]any{"from": "10:00", "until": "24:00"}, drafted["hours"])
	id := drafted["id"].(string)
	town.ask(town.office, http.MethodPut, admin+"/"+id, town.festival()).refuses(http.StatusPreconditionRequired, "if_match_required")
	town.ask(town.office, http.MethodPut, admin+"/"+id, town.festival(), "If-Match", `"7"`).refuses(http.StatusConflict, "campaign_changed")
	named := town.festival(body{"merchants": []string{town.shop.user.Wallet.String()}})
	changed := town.ask(town.office, http.MethodPut, admin+"/"+id, named, "If-Match", `"1"`).is(http.StatusOK)["campaign"].(map[string]any)
	require.Equal(t, "うちぬき食堂", changed["shops"].([]any)[0].(map[string]any)["name"])
	town.ask(town.office, http.MethodPost, admin+"/"+id+"/opening", body{"version": 1}, keyed, "open-0000001").refuses(http.StatusConflict, "campaign_changed")
	first := town.ask(town.office, http.MethodPost, admin+"/"+id+"/opening", body{"version": 2}, keyed, "open-0000001")
	require.InDelta(t, 1_000, first.is(http.StatusCreated)["budget"], 0)
	again := town.ask(town.office, http.MethodPost, admin+"/"+id+"/opening", body{"version": 2}, keyed, "open-0000001")
	again.is(http.StatusOK)
	require.Equal(t, first.text, again.text)
	town.ask(town.office, http.MethodDelete, admin+"/"+id, nil).refuses(http.StatusConflict, "campaign_state")

	town.ask(town.hana, http.MethodPost, "/v1/payments", body{"payee_code": string(town.shop.code.Token), "amount": 700}, keyed, "pay-00000001").is(http.StatusCreated)
	current := town.ask(town.hana, http.MethodGet, "/v1/campaigns", nil).is(http.StatusOK)["campaigns"].([]any)[0].(map[string]any)
	require.InDelta(t, 70, current["promised"], 0)
	require.InDelta(t, 930, current["left"], 0)
	require.Len(t, town.ask(town.shop, http.MethodGet, "/v1/campaigns", nil).is(http.StatusOK)["campaigns"], 1)
	standing := town.ask(town.office, http.MethodGet, admin+"/"+id+"/standing", nil).is(http.StatusOK)
	require.Len(t, standing["days"], 1)
	require.Nil(t, standing["payout"])

	ended := town.ask(town.office, http.MethodPost, admin+"/"+id+"/end", body{"reason": "早めに終了"}).is(http.StatusOK)
	require.Equal(t, "ended", ended["state"])
	town.payOut()
	require.Equal(t, money.Points(370), town.balance(town.hana))
	standing = town.ask(town.office, http.MethodGet, admin+"/"+id+"/standing", nil).is(http.StatusOK)
	require.Equal(t, "paid", standing["state"])
	require.InDelta(t, 70, standing["payout"].(map[string]any)["granted"], 0)
	town.ask(town.office, http.MethodPost, "/v1/admin/batches/"+id+"/cancellation", body{}).refuses(http.StatusConflict, "batch_ended")
	require.Len(t, town.ask(town.office, http.MethodGet, admin+"?state=paid&on="+town.day(1), nil).is(http.StatusOK)["campaigns"], 1)
	require.Empty(t, town.ask(town.office, http.MethodGet, admin+"?state=open", nil).is(http.StatusOK)["campaigns"])

	other := town.ask(town.office, http.MethodPost, admin, town.festival()).is(http.StatusCreated)["campaign"].(map[string]any)["id"].(string)
	town.ask(town.office, http.MethodDelete, admin+"/"+other, nil).is(http.StatusNoContent)
	require.Equal(t, "dropped", town.ask(town.office, http.MethodGet, admin+"/"+other, nil).is(http.StatusOK)["state"])
	town.ask(town.office, http.MethodGet, admin+"/0195f6a2-6c1e-7b6a-9a51-3f0c5f4d2a11", nil).refuses(http.StatusNotFound, "campaign_unknown")
}

// payOut lets the workers do what they would.
func (town *town) payOut() {
	town.t.Helper()
	payout := rewarding.NewPayout(memory.NewUnit(town.store, rewardStores), town.store.Offers(), town.store.Batches(), town.deps.Now)
	for range 2 {
		require.NoError(town.t, payout.Run(town.t.Context()))
		require.NoError(town.t, town.deps.Bulk.Resume(town.t.Context()))
	}
}

func TestACampaignOverItsFundIsRefusedWithTheShortfall(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.rewarding()
	drafted := town.ask(town.office, http.MethodPost, "/v1/admin/campaigns", town.festival(body{"budget": 8_001})).is(http.StatusCreated)
	id := drafted["campaign"].(map[string]any)["id"].(string)
	refused := town.ask(town.office, http.MethodPost, "/v1/admin/campaigns/"+id+"/opening", body{}, keyed, "open-0000001")
	refused.refuses(http.StatusUnprocessableEntity, "fund_short")
	require.Contains(t, refused.text, `"shortfall":1`)
}

func TestAReceiptSaysWhatWasGivenAndWhatIsPromised(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.rewarding()
	town.ask(town.shop, http.MethodPost, "/v1/programmes", fivePercent(body{"payment_max": 30})).is(http.StatusCreated)
	town.openCampaign("open-0000001", body{"name": "食堂の日"})
	order := body{"payee_code": string(town.shop.code.Token), "amount": 900}

	preview := town.ask(town.hana, http.MethodPost, "/v1/payments/preview", order).is(http.StatusOK)
	require.InDelta(t, 130, preview["balance_after"], 0)
	require.InDelta(t, 30, preview["cashback"], 0)
	first := town.ask(town.hana, http.MethodPost, "/v1/payments", order, keyed, "pay-00000001")
	paid := first.is(http.StatusCreated)
	require.InDelta(t, 900, paid["amount"], 0)
	require.InDelta(t, 130, paid["balance"], 0)
	require.Equal(t, preview["awards"], paid["awards"])
	awards := paid["awards"].([]any)
	require.Equal(t, map[string]any{
		"offer_id": awards[0].(map[string]any)["offer_id"], "name": "いつでも5%", "campaign": false, "rate": 500.0, "kind": "bonus",
		"base": 900.0, "earned": 45.0, "amount": 30.0, "cut": "payment_max", "paid_after": nil,
	}, awards[0])
	require.Equal(t, map[string]any{
		"offer_id": awards[1].(map[string]any)["offer_id"], "name": "食堂の日", "campaign": true, "rate": 1_000.0, "kind": "bonus",
		"base": 900.0, "earned": 90.0, "amount": 80.0, "cut": "payment_max", "paid_after": town.day(6), "state": "open",
	}, awards[1])
	again := town.ask(town.hana, http.MethodPost, "/v1/payments", order, keyed, "pay-00000001")
	again.is(http.StatusOK)
	require.Equal(t, first.text, again.text, "to the byte")

	path := "/v1/entries/" + paid["entry_id"].(string)
	receipt := town.ask(town.hana, http.MethodGet, path, nil).is(http.StatusOK)
	require.InDelta(t, 900, receipt["amount"], 0)
	require.InDelta(t, -870, receipt["delta"], 0)
	require.InDelta(t, 30, receipt["cashback"], 0)
	require.Equal(t, "うちぬき食堂", receipt["to"].(map[string]any)["name"])
	require.Len(t, receipt["slices"], 1)
	returned := receipt["returned"].([]any)[0].(map[string]any)
	require.Equal(t, "bonus", returned["kind"])
	require.InDelta(t, 0, returned["hops"], 0)
	require.Equal(t, awards, receipt["awards"])
	shops := town.ask(town.shop, http.MethodGet, path, nil).is(http.StatusOK)
	require.InDelta(t, 870, shops["delta"], 0)
	require.Equal(t, awards[:1], shops["awards"], "what the campaign promised is between it and the payer")
	require.Equal(t, awards, town.ask(town.office, http.MethodGet, path, nil).is(http.StatusOK)["awards"])
	campaign := awards[1].(map[string]any)["offer_id"].(string)
	town.ask(town.office, http.MethodPost, "/v1/admin/campaigns/"+campaign+"/end", body{}).is(http.StatusOK)
	later := town.ask(town.hana, http.MethodGet, path, nil).is(http.StatusOK)["awards"].([]any)
	require.Equal(t, awards[0], later[0])
	require.Equal(t, []any{"ended", nil}, []any{later[1].(map[string]any)["state"], later[1].(map[string]any)["paid_after"]})
	require.Equal(t, first.text, town.ask(town.hana, http.MethodPost, "/v1/payments", order, keyed, "pay-00000001").text, "still to the byte")
	require.Empty(t, town.ask(town.hana, http.MethodGet, "/v1/campaigns", nil).is(http.StatusOK)["campaigns"], "it is over")

	line := town.ask(town.hana, http.MethodGet, "/v1/wallet/history?type=payment", nil).is(http.StatusOK)["lines"].([]any)[0].(map[string]any)
	require.InDelta(t, -870, line["delta"], 0)
	require.InDelta(t, 30, line["cashback"], 0)
	csv := town.ask(town.hana, http.MethodGet, "/v1/wallet/history.csv?type=payment", nil)
	csv.is(http.StatusOK)
	require.Contains(t, csv.text, ",30\r\n")
	ancestry := town.ask(town.hana, http.MethodGet, "/v1/lots/"+returned["lot_id"].(string)+"/ancestry", nil).is(http.StatusOK)
	source := ancestry["sources"].([]any)[0].(map[string]any)
	require.Equal(t, true, source["returned"])
	require.NotContains(t, source, "before", "what others paid at the shop is not theirs to see")
}

func TestAShopThatTakesAPaymentSeesWhatItReturned(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.rewarding()
	town.ask(town.shop, http.MethodPost, "/v1/programmes", fivePercent()).is(http.StatusCreated)
	town.openCampaign("open-0000001")
	code := town.ask(town.hana, http.MethodPost, "/v1/codes", body{"purpose": "presented"}).is(http.StatusCreated)
	take := body{"payer_code": code["url"], "amount": 400}
	first := town.ask(town.clerk, http.MethodPost, "/v1/payments", take, keyed, "take-0000001")
	taken := first.is(http.StatusCreated)
	require.InDelta(t, 380, taken["balance"], 0)
	require.InDelta(t, 20, taken["cashback"], 0)
	require.Len(t, taken["awards"], 1)
	again := town.ask(town.clerk, http.MethodPost, "/v1/payments", take, keyed, "take-0000001")
	again.is(http.StatusOK)
	require.Equal(t, first.text, again.text)
}

func TestADraftIsTriedOnThePastOverHTTP(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.rewarding()
	for i, key := range []string{"pay-00000001", "pay-00000002"} {
		town.ask(town.hana, http.MethodPost, "/v1/payments", body{"payee_code": string(town.shop.code.Token), "amount": 300 + i}, keyed, key).is(http.StatusCreated)
	}
	past := body{"from": town.day(-30), "until": town.day(0), "draft": town.festival(body{"budget": 50, "payment_max": 40, "person_max": 50})}
	tried := town.ask(town.office, http.MethodPost, "/v1/admin/campaigns/what-if", past).is(http.StatusOK)
	require.InDelta(t, 50, tried["cost"], 0)
	require.InDelta(t, 2, tried["payments"], 0)
	require.NotNil(t, tried["exhausted_at"])
	require.Len(t, tried["tenths"], 10)
	require.Equal(t, "うちぬき食堂", tried["shops"].([]any)[0].(map[string]any)["shop"].(map[string]any)["name"])
	drafted := town.ask(town.office, http.MethodPost, "/v1/admin/campaigns", town.festival()).is(http.StatusCreated)
	id := drafted["campaign"].(map[string]any)["id"].(string)
	tried = town.ask(town.office, http.MethodPost, "/v1/admin/campaigns/"+id+"/what-if", body{"from": town.day(-399), "until": town.day(0)}).is(http.StatusOK)
	require.InDelta(t, 60, tried["cost"], 0)
	require.Nil(t, tried["exhausted_at"])
	for _, span := range []body{{"from": town.day(-400), "until": town.day(0)}, {"from": town.day(0), "until": town.day(1)}, {"from": town.day(0), "until": town.day(-1)}} {
		town.ask(town.office, http.MethodPost, "/v1/admin/campaigns/"+id+"/what-if", span).refuses(http.StatusUnprocessableEntity, "what_if_period_invalid")
	}
	require.NotContains(t, strings.ToLower(town.log.String()), "error")
}
