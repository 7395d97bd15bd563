package journey_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// wrong is something that may not be entered: what is changed of what could be, and how that is refused.
type wrong struct {
	change fields
	status int
	code   string
	field  string // at fault; empty where the whole is
}

// refuses enters each wrong thing, and asks that the refusal names what is at fault.
func refuses(t *testing.T, by *harness.Person, path string, good fields, cases map[string]wrong) {
	t.Helper()
	for _, what := range inOrder(cases) {
		c := cases[what]
		t.Log(what)
		refusal := by.Refused(t, c.status, c.code, harness.Request{Method: http.MethodPost, Path: path, Body: with(good, c.change)})
		if c.field == "" {
			continue
		}
		var at []string
		for _, e := range refusal.Errors {
			at = append(at, e.Path)
		}
		require.Contains(t, at, c.field, "%s: %+v", what, refusal)
	}
}

// Clauses 4.5.1, 4.5.2 and 4.5.4.
func TestAnOfferThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	bonus := returning(t, city)
	fund := city.OpenFund(t, "campaign", 1_000)
	retired := city.MakeKind(t, "retired", harness.Kind{Rank: 1, RetiredFrom: harness.Today(0)})
	const invalid = http.StatusUnprocessableEntity

	programme := fields{"name": "いつでも5%", "rate": 500, "kind": bonus}
	refuses(t, shop, "/v1/programmes", programme, map[string]wrong{
		"rate 0":              {fields{"rate": 0}, invalid, "request_invalid", "body.rate"},
		"a negative rate":     {fields{"rate": -500}, invalid, "request_invalid", "body.rate"},
		"more than all":       {fields{"rate": 10_001}, invalid, "request_invalid", "body.rate"},
		"half a basis point":  {fields{"rate": 0.5}, invalid, "request_invalid", "body.rate"},
		"a cap of nothing":    {fields{"payment_max": 0}, invalid, "request_invalid", "body.payment_max"},
		"a cap below nothing": {fields{"person_max": -1}, invalid, "request_invalid", "body.person_max"},
		"an unknown kind":     {fields{"kind": "gold"}, invalid, "kind_unknown", "body.kind"},
		"a retired kind":      {fields{"kind": retired}, invalid, "kind_retired", "body.kind"},
		"a past beginning":    {fields{"from": harness.Today(-1)}, invalid, "cashback_period_past", "body.from"},
		"an end before it":    {fields{"from": harness.Today(2), "until": harness.Today(1)}, invalid, "cashback_period_invalid", "body.until"},
		"no name":             {fields{"name": ""}, invalid, "request_invalid", "body.name"},
	})
	first := enterProgramme(t, shop, with(programme, fields{"until": harness.Today(10)}))
	refuses(t, shop, "/v1/programmes", programme, map[string]wrong{
		"one that overlaps":        {nil, http.StatusConflict, "programme_overlaps", ""},
		"one that begins too soon": {fields{"from": harness.Today(10)}, http.StatusConflict, "programme_overlaps", ""},
	})
	seen := harness.Post[struct {
		Overlaps []struct {
			ID string `json:"id"`
		} `json:"overlaps"`
		Warnings []warning `json:"warnings"`
	}](t, shop, "/v1/programmes/preview", with(programme, fields{"rate": 5_000}))
	require.Equal(t, first.ID, seen.Overlaps[0].ID)
	require.Equal(t, "premium_rate", seen.Warnings[0].Code, "it warns, and leaves the decision to people")
	require.Contains(t, seen.Warnings[0].Message, "景品表示法")
	enterProgramme(t, shop, with(programme, fields{"from": harness.Today(11)}))
	hana.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodPost, Path: "/v1/programmes", Body: programme})

	campaign := fields{
		"name": "秋の還元祭", "rate": 1_000, "kind": bonus, "payment_max": 80, "person_max": 200, "merchants": []string{shop.WalletID},
		"from": harness.Today(0), "until": harness.Today(6), "fund": fund, "budget": 1_000,
	}
	refuses(t, city.Office, "/v1/admin/campaigns", campaign, map[string]wrong{
		"rate 0":                      {fields{"rate": 0}, invalid, "request_invalid", "body.rate"},
		"more than all":               {fields{"rate": 10_001}, invalid, "request_invalid", "body.rate"},
		"a cap below one point":       {fields{"payment_max": 0}, invalid, "request_invalid", "body.payment_max"},
		"caps out of order":           {fields{"payment_max": 201}, invalid, "campaign_caps_invalid", "body.payment_max"},
		"a person's above the budget": {fields{"person_max": 1_001}, invalid, "campaign_caps_invalid", "body.payment_max"},
		"no budget":                   {fields{"budget": 0}, invalid, "request_invalid", "body.budget"},
		"a past period":               {fields{"from": harness.Today(-3), "until": harness.Today(-1)}, invalid, "cashback_period_past", "body.until"},
		"hours that end first":        {fields{"hours": fields{"from": "10:00", "until": "09:59"}}, invalid, "campaign_hours_invalid", "body.hours"},
		"a day twice":                 {fields{"weekdays": []string{"mon", "mon"}}, invalid, "campaign_weekdays_invalid", "body.weekdays"},
		"a resident for a shop":       {fields{"merchants": []string{hana.WalletID}}, invalid, "campaign_merchants_invalid", "body.merchants[0]"},
		"an unknown fund":             {fields{"fund": "gold"}, http.StatusNotFound, "fund_unknown", ""},
	})
	refuses(t, city.Office, "/v1/admin/campaigns/what-if", fields{"from": harness.Today(-1), "until": harness.Today(0), "draft": campaign}, map[string]wrong{
		"a future":        {fields{"until": harness.Today(1)}, invalid, "what_if_period_invalid", "body.from"},
		"too long a past": {fields{"from": harness.Today(-400)}, invalid, "what_if_period_invalid", "body.from"},
		"a bad draft":     {fields{"draft": with(campaign, fields{"rate": 0})}, invalid, "request_invalid", "body.draft.rate"},
	})
	require.Equal(t, harness.Position{Fund: fund, Bank: 1_000, Cash: 1_000, Unissued: 1_000, Points: 1_000}, position(t, city, fund, ""))
}

type accountPreview struct {
	Account string `json:"account"`
	Holder  struct {
		Kana   string `json:"kana"`
		Bytes  string `json:"bytes"`
		Length int    `json:"length"`
		CutOff string `json:"cut_off"`
	} `json:"holder"`
	Suggestion *struct {
		Kana string `json:"kana"`
	} `json:"suggestion"`
	Errors []struct {
		Field string `json:"field"`
		Code  string `json:"code"`
	} `json:"errors"`
}

// Clause 8.3エ: what a bank would refuse is refused as it is typed, and what is changed is shown before.
func TestAnAccountThatNoBankKnowsIsRefused(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	shop := city.Merchant(t, "うちぬき商店")
	good := fields{"bank": "0174", "branch": "255", "type": "ordinary", "number": "2718281", "holder": "ウチヌキ ハナコ", "confirmed": true}
	for what, c := range map[string]struct {
		change      fields
		field, code string
	}{
		"an unknown bank":   {fields{"bank": "9998"}, "bank", "bank_unknown"},
		"half a bank":       {fields{"bank": "17"}, "bank", "bank_code_malformed"},
		"an unknown branch": {fields{"branch": "999"}, "branch", "bank_branch_unknown"},
		"six digits":        {fields{"number": "271828"}, "number", "bank_account_number_malformed"},
		"eight digits":      {fields{"number": "27182818"}, "number", "bank_account_number_malformed"},
		"no digits":         {fields{"number": "271828X"}, "number", "bank_account_number_malformed"},
		"kanji":             {fields{"holder": "打抜 花子"}, "holder", "bank_kana_kanji"},
		"a comma":           {fields{"holder": "ウチヌキ,ハナコ"}, "holder", "bank_kana_comma"},
		"a mark on no kana": {fields{"holder": "アﾞ"}, "holder", "bank_kana_mark"},
		"nothing":           {fields{"holder": "　"}, "holder", "bank_kana_empty"},
	} {
		body := with(good, c.change)
		seen := harness.Post[accountPreview](t, shop, "/v1/bank-accounts/preview", body)
		require.NotEmpty(t, seen.Errors, what)
		require.Equal(t, [2]string{c.field, c.code}, [2]string{seen.Errors[0].Field, seen.Errors[0].Code}, what)
		refusal := shop.Refused(t, http.StatusUnprocessableEntity, "bank_account_invalid", harness.Request{Method: http.MethodPost, Path: "/v1/bank-accounts", Body: body})
		require.Equal(t, [2]string{"body." + c.field, c.code}, [2]string{refusal.Errors[0].Path, refusal.Errors[0].Code}, what)
	}

	const thirty = "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘ" // and a last byte, into which no ガ fits
	long := with(good, fields{"holder": thirty + "ガ", "confirmed": false})
	seen := harness.Post[accountPreview](t, shop, "/v1/bank-accounts/preview", long)
	require.Equal(t, "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍ", seen.Holder.Kana, "a kana and its mark go together")
	require.Equal(t, "ｶﾞ", seen.Holder.CutOff)
	for _, holder := range []string{thirty + "ガ", thirty + "ホマ", "ウチヌキヲ"} {
		shop.Refused(t, http.StatusUnprocessableEntity, "bank_kana_unconfirmed", harness.Request{
			Method: http.MethodPost, Path: "/v1/bank-accounts", Body: with(long, fields{"holder": holder}),
		})
	}
	seen = harness.Post[accountPreview](t, shop, "/v1/bank-accounts/preview", with(good, fields{"holder": "株式会社うちぬきショップ"}))
	require.NotNil(t, seen.Suggestion)
	require.Equal(t, "ｶ)ｳﾁﾇｷｼﾖﾂﾌﾟ", seen.Suggestion.Kana)
	seen = harness.Post[accountPreview](t, shop, "/v1/bank-accounts/preview", with(good, fields{"holder": "うちぬきショップ"}))
	require.Empty(t, seen.Errors)
	require.Equal(t, "ｳﾁﾇｷｼﾖﾂﾌﾟ", seen.Holder.Kana, "small kana are large in a file")
	require.Equal(t, jisHex(seen.Holder.Kana), seen.Holder.Bytes)
	require.Equal(t, len([]rune(seen.Holder.Kana)), seen.Holder.Length)
	require.Equal(t, "0174-255 普通 ****281", seen.Account)
	yucho := harness.Post[accountPreview](t, shop, "/v1/bank-accounts/preview", fields{
		"yucho": fields{"symbol": "16110", "number": "12345671"}, "holder": "ウチヌキ ハナコ",
	})
	require.Empty(t, yucho.Errors)
	require.Equal(t, "9900-618 普通 ****567", yucho.Account)
	require.Empty(t, harness.Get[struct {
		Accounts []account `json:"accounts"`
	}](t, shop, "/v1/bank-accounts").Accounts)
}

// Clauses 4.4.3 and 8.3エ: what settlement is not ready for is refused by name.
func TestSettlementIsRefusedWhereItCannotBe(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	var running period
	harness.Await(t, "the worker to enter this month's period", func() bool {
		found := harness.Get[struct {
			Periods []period `json:"periods"`
		}](t, city.Office, "/v1/admin/periods").Periods
		if len(found) > 0 {
			running = found[0]
		}
		return running.Until >= harness.Today(0)
	})
	city.Office.Refused(t, http.StatusConflict, "period_still_runs", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/periods/" + running.ID + "/closing", Body: fields{},
	})
	city.Office.Refused(t, http.StatusUnprocessableEntity, "settlement_originator_missing", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/bank-files", Key: harness.Key(), Body: fields{},
	})
	shop := city.Merchant(t, "うちぬき商店")
	shop.Refused(t, http.StatusUnprocessableEntity, "claim_nothing_due", claimOf(0))
	shop.Refused(t, http.StatusUnprocessableEntity, "claim_nothing_due", claimOf(1))
	for _, amount := range []string{"0", "-1", "1.5", `"1"`, "10000000001"} {
		shop.Refused(t, http.StatusUnprocessableEntity, "request_invalid", harness.Request{
			Method: http.MethodPost, Path: "/v1/claims", Key: harness.Key(), Body: fmt.Appendf(nil, `{"amount":%s}`, amount),
		})
	}
	shop.Refused(t, http.StatusUnprocessableEntity, "idempotency_key_missing", harness.Request{Method: http.MethodPost, Path: "/v1/claims", Body: fields{}})
	settings := get(t, city.Office, "/v1/admin/settlement/settings")
	var now fields
	require.NoError(t, settings.Into(&now))
	delete(now, "version")
	now["reason"] = "変更"
	amend := func(version string, change fields) harness.Request {
		return harness.Request{
			Method: http.MethodPut, Path: "/v1/admin/settlement/settings", Body: with(now, change), Header: map[string]string{"If-Match": version},
		}
	}
	city.Office.Refused(t, http.StatusConflict, "settlement_settings_changed", amend(`"99"`, nil))
	city.Office.Refused(t, http.StatusUnprocessableEntity, "settlement_settings_invalid", amend(settings.Header.Get("ETag"), fields{
		"fees": []fields{{"same_bank": true, "from": 0, "fee": 110}, {"same_bank": true, "from": 0, "fee": 220}},
	}))
	refusal := city.Office.Refused(t, http.StatusUnprocessableEntity, "settlement_originator_invalid", amend(settings.Header.Get("ETag"), fields{
		"originator": fields{"code": "99900", "name": "西条市", "bank": "9999", "branch": "001", "type": "ordinary", "number": "314159"},
	}))
	require.GreaterOrEqual(t, len(refusal.Errors), 3, "code, name and number: %+v", refusal.Errors)
}
