package rest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

func TestAFundIsOpenedFilledAndLookedAt(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.ask(town.office, http.MethodPost, "/v1/admin/funds", body{"code": "kosodate", "name": "子育て支援"}).is(http.StatusCreated)
	town.ask(town.office, http.MethodPost, "/v1/admin/funds", body{"code": "kosodate", "name": "子育て支援"}).refuses(http.StatusConflict, "fund_code_taken")
	deposit := body{"amount": 5_000, "memo": "当初予算"}
	first := town.ask(town.office, http.MethodPost, "/v1/admin/funds/kosodate/deposits", deposit, keyed, "deposit-0001")
	first.is(http.StatusCreated)
	again := town.ask(town.office, http.MethodPost, "/v1/admin/funds/kosodate/deposits", deposit, keyed, "deposit-0001")
	again.is(http.StatusOK)
	require.Equal(t, first.text, again.text)
	town.ask(town.office, http.MethodPost, "/v1/admin/funds/kosodate/withdrawals", body{"amount": 5_001}, keyed, "withdraw-0001").
		refuses(http.StatusUnprocessableEntity, "fund_short")
	town.ask(town.office, http.MethodPost, "/v1/admin/funds/kosodate/deposits", deposit).refuses(http.StatusUnprocessableEntity, "idempotency_key_missing")

	got := town.ask(town.office, http.MethodGet, "/v1/admin/funds/kosodate", nil)
	seen := got.is(http.StatusOK)
	require.InDelta(t, 5_000, seen["position"].(map[string]any)["unissued"], 0)
	require.Len(t, town.ask(town.office, http.MethodGet, "/v1/admin/funds", nil).is(http.StatusOK)["funds"], 2)
	old := town.ask(town.office, http.MethodGet, "/v1/admin/funds/kosodate?on=2020-01-01", nil).is(http.StatusOK)
	require.InDelta(t, 0, old["position"].(map[string]any)["cash"], 0)

	rename := body{"name": "子育て応援"}
	town.ask(town.office, http.MethodPut, "/v1/admin/funds/kosodate", rename).refuses(http.StatusPreconditionRequired, "if_match_required")
	renamed := town.ask(town.office, http.MethodPut, "/v1/admin/funds/kosodate", rename, "If-Match", got.header.Get("ETag"))
	require.Equal(t, "子育て応援", renamed.is(http.StatusOK)["name"])
	town.ask(town.office, http.MethodPut, "/v1/admin/funds/kosodate", rename, "If-Match", got.header.Get("ETag")).refuses(http.StatusConflict, "fund_changed")
	town.ask(town.office, http.MethodPost, "/v1/admin/funds/kosodate/closing", body{}, "If-Match", renamed.header.Get("ETag")).is(http.StatusCreated)

	trial := town.ask(town.office, http.MethodGet, "/v1/admin/position", nil).is(http.StatusOK)
	require.Equal(t, true, trial["balanced"])
	require.InDelta(t, 15_000, trial["cash"], 0)
	require.InDelta(t, 15_000, trial["points"], 0)
}

func TestRulesAreAmendedByWhoeverHasSeenThem(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	got := town.ask(town.office, http.MethodGet, "/v1/admin/rules", nil)
	rules := got.is(http.StatusOK)
	delete(rules, "version")
	rules["payment_max"], rules["till_cash_max"], rules["correct_alone"], rules["reason"] = 500, 300_000, 2_000, "年末の対策"
	amended := town.ask(town.office, http.MethodPut, "/v1/admin/rules", rules, "If-Match", got.header.Get("ETag"))
	require.InDelta(t, 500, amended.is(http.StatusOK)["payment_max"], 0)
	require.NotEqual(t, got.header.Get("ETag"), amended.header.Get("ETag"))
	town.ask(town.office, http.MethodPut, "/v1/admin/rules", rules, "If-Match", got.header.Get("ETag")).refuses(http.StatusConflict, "rules_changed")
	town.ask(town.office, http.MethodPut, "/v1/admin/rules", rules, "If-Match", `"none"`).refuses(http.StatusPreconditionRequired, "if_match_required")
	rules["precedence"] = []string{"expiry", "expiry"}
	refused := town.ask(town.office, http.MethodPut, "/v1/admin/rules", rules, "If-Match", amended.header.Get("ETag")).refuses(http.StatusUnprocessableEntity, "precedence_invalid")
	require.Equal(t, map[string]string{"body.precedence": "precedence_invalid"}, refused)
	town.ask(town.hana, http.MethodPost, "/v1/payments", body{"payee_code": string(town.shop.code.Token), "amount": 501}, keyed, "much-000001").
		refuses(http.StatusUnprocessableEntity, "payment_over_limit")
	versions := town.ask(town.office, http.MethodGet, "/v1/admin/rules/versions", nil).is(http.StatusOK)["versions"].([]any)
	require.Equal(t, "年末の対策", versions[0].(map[string]any)["reason"])
	require.InDelta(t, 300_000, versions[0].(map[string]any)["till_cash_max"], 0)
	require.InDelta(t, 2_000, versions[0].(map[string]any)["correct_alone"], 0)
	require.InDelta(t, 1_000_000, versions[1].(map[string]any)["till_cash_max"], 0)
}

func TestWhatOneMayCorrectAloneIsRaisedWithASecondAdministrator(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	second := town.second()
	got := town.ask(town.office, http.MethodGet, "/v1/admin/rules", nil)
	rules := got.is(http.StatusOK)
	delete(rules, "version")
	rules["correct_alone"], rules["reason"] = 20_000, "訂正が滞る"
	asked := town.ask(town.office, http.MethodPut, "/v1/admin/rules", rules, "If-Match", got.header.Get("ETag"))
	waiting := asked.is(http.StatusAccepted)
	require.Equal(t, "waiting", waiting["state"])
	require.InDelta(t, 10_000, waiting["correct_alone"], 0, "the rules in force")
	require.Equal(t, got.header.Get("ETag"), asked.header.Get("ETag"))

	path := approvalsPath + "/" + waiting["approval_id"].(string)
	shown := town.ask(second, http.MethodGet, path, nil).is(http.StatusOK)
	require.Equal(t, "rules.amend", shown["action"])
	require.InDelta(t, 20_000, shown["payload"].(map[string]any)["correct_alone"], 0)
	town.ask(town.office, http.MethodPost, path+"/approval", body{}).refuses(http.StatusUnprocessableEntity, "approval_same_person")
	town.ask(second, http.MethodPost, path+"/approval", body{}).is(http.StatusOK)
	now := town.ask(town.office, http.MethodGet, "/v1/admin/rules", nil)
	require.InDelta(t, 20_000, now.is(http.StatusOK)["correct_alone"], 0)

	rules["correct_alone"] = 30_000
	stale := town.ask(town.office, http.MethodPut, "/v1/admin/rules", rules, "If-Match", now.header.Get("ETag")).is(http.StatusAccepted)
	rules["correct_alone"] = 10
	lowered := town.ask(town.office, http.MethodPut, "/v1/admin/rules", rules, "If-Match", now.header.Get("ETag")).is(http.StatusOK)
	require.Equal(t, []any{"done", nil}, []any{lowered["state"], lowered["approval_id"]})
	town.ask(second, http.MethodPost, approvalsPath+"/"+stale["approval_id"].(string)+"/approval", body{}).refuses(http.StatusConflict, "rules_changed")
}

func TestAnOrderOfLotsIsTriedBeforeItIsInForce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	sample := []body{
		{"kind": "charge", "expires_on": "2098-01-01", "remaining": 50, "paid": true},
		{"kind": "city", "expires_on": "2099-01-01", "remaining": 50},
	}
	tried := town.ask(town.office, http.MethodPost, "/v1/admin/rules/preview", body{"amount": 30, "precedence": []string{"expiry"}, "lots": sample}).is(http.StatusOK)
	kindOf := func(list string) any {
		return tried[list].([]any)[0].(map[string]any)["lot"].(map[string]any)["kind"]
	}
	require.Equal(t, "city", kindOf("current"))
	require.Equal(t, "charge", kindOf("draft"))
	real := town.ask(town.office, http.MethodPost, "/v1/admin/rules/preview", body{"amount": 1_500, "wallet_id": town.hana.user.Wallet.String()}).is(http.StatusOK)
	require.InDelta(t, 500, real["shortfall"], 0)
	require.Equal(t, []any{}, real["current"])
}

func TestKindsAreSavedAndARetiredOneIsRefused(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	kind := body{"name": "健康ポイント", "rank": 3, "validity": body{"year_ends": 1}, "cleared_at_merchant": true, "transferable": false}
	saved := town.ask(town.office, http.MethodPut, "/v1/admin/kinds/health", kind).is(http.StatusOK)
	require.Nil(t, saved["retired_from"])
	require.Equal(t, []any{true, false}, []any{saved["earns"], saved["premium"]}, "points earn cashback unless it is said that they do not")
	kind["earns"], kind["premium"] = false, true
	saved = town.ask(town.office, http.MethodPut, "/v1/admin/kinds/health", kind).is(http.StatusOK)
	require.Equal(t, []any{false, true}, []any{saved["earns"], saved["premium"]})
	kind["retired_from"] = "2020-04-01"
	town.ask(town.office, http.MethodPut, "/v1/admin/kinds/health", kind).is(http.StatusOK)
	grant := body{"user_id": town.hana.user.ID.String(), "fund": "premium", "kind": "health", "amount": 10}
	town.ask(town.office, http.MethodPost, "/v1/admin/grants", grant, keyed, "retired-0001").refuses(http.StatusUnprocessableEntity, "kind_retired")
	grant["kind"], grant["expires_on"] = "city", "2020-01-01"
	town.ask(town.office, http.MethodPost, "/v1/admin/grants", grant, keyed, "retired-0002").refuses(http.StatusUnprocessableEntity, "expiry_in_the_past")
	kind["validity"] = body{"months": 1, "days": 1}
	town.ask(town.office, http.MethodPut, "/v1/admin/kinds/health", kind).refuses(http.StatusUnprocessableEntity, "kind_validity_invalid")
	require.Len(t, town.ask(town.office, http.MethodGet, "/v1/admin/kinds", nil).is(http.StatusOK)["kinds"], 3)
}

func TestTheFirstDayOf1970IsADayAndNotNoDay(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	day := "1970-01-01"
	grant := body{"user_id": town.hana.user.ID.String(), "fund": "premium", "kind": "city", "amount": 10, "expires_on": day}
	town.ask(town.office, http.MethodPost, "/v1/admin/grants", grant, keyed, "epoch-00001").refuses(http.StatusUnprocessableEntity, "expiry_in_the_past")
	town.ask(town.office, http.MethodPost, "/v1/admin/grants/preview", grant).refuses(http.StatusUnprocessableEntity, "expiry_in_the_past")
	kind := body{"name": "健康ポイント", "rank": 3, "validity": body{"until": day}, "cleared_at_merchant": true, "transferable": false}
	town.ask(town.office, http.MethodPut, "/v1/admin/kinds/health", kind).refuses(http.StatusUnprocessableEntity, "kind_validity_invalid")
	kind["validity"], kind["retired_from"] = body{}, day
	town.ask(town.office, http.MethodPut, "/v1/admin/kinds/health", kind).refuses(http.StatusUnprocessableEntity, "day_malformed")
	for _, path := range []string{"/v1/admin/funds/premium?on=", "/v1/admin/lapsing?until=", "/v1/wallet/lapsing?until="} {
		asker := town.office
		if strings.HasPrefix(path, "/v1/wallet") {
			asker = town.hana
		}
		town.ask(asker, http.MethodGet, path+day, nil).refuses(http.StatusUnprocessableEntity, "day_malformed")
	}
	found := town.ask(town.office, http.MethodGet, "/v1/admin/users?born_from="+day+"&born_until="+day, nil).is(http.StatusOK)
	require.Empty(t, found["users"], "whoever was born that day, and not everybody")
	town.ask(town.office, http.MethodPost, "/v1/admin/batches/preview",
		body{"search": body{"born_from": day, "born_until": day, "amount": 10}, "fund": "premium", "kind": "city"}).
		refuses(http.StatusUnprocessableEntity, "batch_empty")
}

func TestAGrantStopsAtTheFundsLastPoint(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	grant := body{"email": "Hana@example.jp", "fund": "premium", "kind": "city", "amount": 8_001}
	short := town.ask(town.office, http.MethodPost, "/v1/admin/grants", grant, keyed, "grant-000001")
	short.refuses(http.StatusUnprocessableEntity, "fund_short")
	require.InDelta(t, 1, short.is(http.StatusUnprocessableEntity)["figures"].(map[string]any)["shortfall"], 0)
	preview := town.ask(town.office, http.MethodPost, "/v1/admin/grants/preview", grant).is(http.StatusOK)
	require.InDelta(t, 1, preview["shortfall"], 0)
	grant["amount"] = 8_000
	town.ask(town.office, http.MethodPost, "/v1/admin/grants", grant, keyed, "grant-000001").is(http.StatusCreated)
	require.Equal(t, money.Points(9_000), town.balance(town.hana))
}

func TestABulkGrantGivesToGoodRowsAndHandsBadOnesBack(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	file := "メールアドレス,ポイント\nhana@example.jp,100\ntaro@example.jp,１００\nhana@example.jp,50\nnobody@example.jp,50\nshop@example.jp,1.5\n=cmd()\n"
	terms := body{"fund": "premium", "kind": "city", "csv": file}
	preview := town.ask(town.office, http.MethodPost, "/v1/admin/batches/preview", terms).is(http.StatusOK)
	require.InDelta(t, 200, preview["estimate"].(map[string]any)["total"], 0)
	made := town.ask(town.office, http.MethodPost, "/v1/admin/batches", terms, keyed, "batch-000001")
	created := made.is(http.StatusAccepted)
	require.InDelta(t, 200, created["total"], 0)
	var codes []any
	for _, row := range created["refused_rows"].([]any) {
		codes = append(codes, row.(map[string]any)["code"])
	}
	require.Equal(t, []any{"row_duplicate", "user_unknown", "row_amount_malformed", "row_malformed"}, codes)
	again := town.ask(town.office, http.MethodPost, "/v1/admin/batches", terms, keyed, "batch-000001")
	again.is(http.StatusOK)
	require.Equal(t, made.text, again.text)

	var id [16]byte
	parsed, err := ident.Parse[user.User](created["id"].(string))
	require.NoError(t, err)
	id = parsed
	require.NoError(t, town.deps.Bulk.Run(t.Context(), id))
	path := "/v1/admin/batches/" + created["id"].(string)
	ended := town.ask(town.office, http.MethodGet, path, nil).is(http.StatusOK)
	require.Equal(t, "ended", ended["state"])
	require.InDelta(t, 200, ended["granted"], 0)
	require.Equal(t, money.Points(1_100), town.balance(town.taro))
	refusals := town.ask(town.office, http.MethodGet, path+"/refusals.csv", nil)
	refusals.is(http.StatusOK)
	require.Equal(t, 5, strings.Count(refusals.text, "\r\n"))
	require.Contains(t, refusals.text, "'=cmd()")
	require.Len(t, town.ask(town.office, http.MethodGet, "/v1/admin/batches", nil).is(http.StatusOK)["batches"], 1)

	found := town.ask(town.office, http.MethodPost, "/v1/admin/batches", body{
		"fund": "premium", "kind": "city", "search": body{"role": "resident", "q": "太郎", "amount": 5},
	}, keyed, "batch-000002").is(http.StatusAccepted)
	require.InDelta(t, 1, found["rows"], 0)
	town.ask(town.office, http.MethodPost, "/v1/admin/batches", body{"fund": "premium", "kind": "city"}, keyed, "batch-000003").
		refuses(http.StatusUnprocessableEntity, "recipients_missing")
	town.ask(town.office, http.MethodPost, "/v1/admin/batches", body{
		"fund": "premium", "kind": "city", "list": []body{{"email": "hana@example.jp", "amount": 8_000}},
	}, keyed, "batch-000004").refuses(http.StatusUnprocessableEntity, "fund_short")
	town.ask(town.office, http.MethodGet, "/v1/admin/batches/"+town.hana.user.ID.String(), nil).refuses(http.StatusNotFound, "batch_unknown")
}

func TestABatchThatIsCancelledGivesItsReserveBack(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	terms := body{"fund": "premium", "kind": "city", "list": []body{{"email": "hana@example.jp", "amount": 300}}}
	made := town.ask(town.office, http.MethodPost, "/v1/admin/batches", terms, keyed, "batch-000001").is(http.StatusAccepted)
	path := "/v1/admin/batches/" + made["id"].(string)
	before := town.balance(town.hana)
	reserved := func() any {
		return town.ask(town.office, http.MethodGet, "/v1/admin/funds/premium", nil).is(http.StatusOK)["position"].(map[string]any)["reserved"]
	}
	require.InDelta(t, 300, reserved(), 0)
	town.ask(town.shop, http.MethodPost, path+"/cancellation", body{}).refuses(http.StatusForbidden, "not_allowed")
	cancelled := town.ask(town.office, http.MethodPost, path+"/cancellation", body{"reason": "対象の誤り"}).is(http.StatusOK)
	require.Equal(t, "ended", cancelled["state"])
	require.InDelta(t, 1, cancelled["refused"], 0)
	require.InDelta(t, 0, cancelled["granted"], 0)
	require.InDelta(t, 0, reserved(), 0)
	require.Contains(t, town.ask(town.office, http.MethodGet, path+"/refusals.csv", nil).text, "batch_cancelled")
	town.ask(town.office, http.MethodPost, path+"/cancellation", body{}).refuses(http.StatusConflict, "batch_ended")
	town.ask(town.office, http.MethodPost, "/v1/admin/batches/x/cancellation", body{}).refuses(http.StatusNotFound, "batch_unknown")
	require.Equal(t, before, town.balance(town.hana))
}

func TestALongListIsReadAndAnEndlessOneIsNot(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	var file strings.Builder
	for i := range 20_000 {
		fmt.Fprintf(&file, "resident-%05d@example.jp,1\n", i)
	}
	preview := town.ask(town.office, http.MethodPost, "/v1/admin/batches/preview", body{"fund": "premium", "kind": "city", "csv": file.String()})
	preview.refuses(http.StatusUnprocessableEntity, "batch_empty")
	endless := town.raw("POST /v1/admin/batches HTTP/1.1\r\nHost: town\r\nContent-Type: application/json\r\nContent-Length: 17000000\r\n\r\n")
	endless.refuses(http.StatusRequestEntityTooLarge, "body_too_large")
}

func TestAChargeFillsTheTillAndARemittanceEmptiesIt(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	charge := body{"resident_code": string(town.hana.code.Token), "amount": 3_000}
	require.InDelta(t, 3_000, town.ask(town.clerk, http.MethodPost, "/v1/charges/preview", charge).is(http.StatusOK)["amount"], 0)
	first := town.ask(town.clerk, http.MethodPost, "/v1/charges", charge, keyed, "charge-00001")
	first.is(http.StatusCreated)
	again := town.ask(town.clerk, http.MethodPost, "/v1/charges", charge, keyed, "charge-00001")
	again.is(http.StatusOK)
	require.Equal(t, first.text, again.text)
	require.Equal(t, money.Points(4_000), town.balance(town.hana))
	require.InDelta(t, 3_000, town.ask(town.shop, http.MethodGet, "/v1/till", nil).is(http.StatusOK)["cash"], 0)

	tills := town.ask(town.office, http.MethodGet, "/v1/admin/tills", nil).is(http.StatusOK)["tills"].([]any)
	require.Equal(t, "うちぬき食堂", tills[0].(map[string]any)["shop"].(map[string]any)["name"])
	require.Empty(t, town.ask(town.office, http.MethodGet, "/v1/admin/tills?overdue=true", nil).is(http.StatusOK)["tills"])
	path := "/v1/admin/tills/" + town.shop.user.Wallet.String() + "/remittances"
	town.ask(town.office, http.MethodPost, path, body{"fund": "premium", "amount": 3_001}, keyed, "remit-000001").refuses(http.StatusUnprocessableEntity, "cash_short")
	town.ask(town.office, http.MethodPost, path, body{"fund": "premium", "amount": 3_000}, keyed, "remit-000001").is(http.StatusCreated)
	require.InDelta(t, 0, town.ask(town.shop, http.MethodGet, "/v1/till", nil).is(http.StatusOK)["cash"], 0)
}

func TestUsersAreRegisteredFoundAndShown(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	profile := body{"name": "加茂 次郎", "kana": "カモ ジロウ", "birth": "1950-02-03", "postal_code": "793-0000", "address": "西条市朔日市", "phone": "0897-56-5151"}
	entry := body{"role": "resident", "email": "jiro@example.jp", "password": "ten letters", "profile": profile}
	made := town.ask(town.office, http.MethodPost, "/v1/admin/users", entry).is(http.StatusCreated)
	id := made["user"].(map[string]any)["id"].(string)
	require.Contains(t, made["code"].(map[string]any)["url"], "https://lsp.example.jp/q/1S")
	taken := town.ask(town.office, http.MethodPost, "/v1/admin/users", entry).refuses(http.StatusConflict, "email_taken")
	require.Equal(t, map[string]string{"body.email": "email_taken"}, taken)
	entry["email"], entry["password"] = "jiro", "short"
	profile["postal_code"], profile["birth"] = "79", nil
	wrong := town.ask(town.office, http.MethodPost, "/v1/admin/users", entry).refuses(http.StatusUnprocessableEntity, "user_invalid")
	require.Equal(t, map[string]string{
		"body.email": "email_malformed", "body.password": "password_length", "body.profile.postal_code": "postal_code_invalid",
		"body.profile.birth": "birth_invalid",
	}, wrong)

	found := town.ask(town.office, http.MethodGet, "/v1/admin/users?q=%E5%8A%A0%E8%8C%82&role=resident", nil).is(http.StatusOK)["users"].([]any)
	require.Len(t, found, 1)
	require.Equal(t, id, found[0].(map[string]any)["id"])
	first := town.ask(town.office, http.MethodGet, "/v1/admin/users?limit=2", nil).is(http.StatusOK)
	require.Len(t, first["users"], 2)
	require.NotEmpty(t, first["next"])
	require.Equal(t, "7930000", town.ask(town.office, http.MethodGet, "/v1/admin/users/"+id, nil).is(http.StatusOK)["profile"].(map[string]any)["postal_code"])
	require.InDelta(t, 0, town.ask(town.office, http.MethodGet, "/v1/admin/users/"+id+"/wallet", nil).is(http.StatusOK)["balance"], 0)
	require.Empty(t, town.ask(town.office, http.MethodGet, "/v1/admin/users/"+id+"/history", nil).is(http.StatusOK)["lines"])
	town.ask(town.office, http.MethodPost, "/v1/admin/users/"+id+"/code/rotation", nil).is(http.StatusCreated)
	town.ask(town.office, http.MethodDelete, "/v1/admin/users/"+id+"/code", nil).is(http.StatusNoContent)
	town.ask(town.office, http.MethodDelete, "/v1/admin/users/"+id+"/code", nil).refuses(http.StatusNotFound, "code_unknown")
	town.ask(town.office, http.MethodGet, "/v1/admin/users/"+town.hana.user.Wallet.String(), nil).refuses(http.StatusNotFound, "user_unknown")
	town.ask(town.office, http.MethodGet, "/v1/admin/users/"+town.office.user.ID.String()+"/wallet", nil).refuses(http.StatusNotFound, "wallet_unknown")
}

func TestLapsedPointsAreListedAndSwept(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	listed := town.ask(town.office, http.MethodGet, "/v1/admin/lapsing?until=2099-12-31&limit=1", nil).is(http.StatusOK)
	require.Len(t, listed["lines"], 1)
	town.clock.Add(int64(300 * 24 * 3600e9))
	pass := town.ask(person{}, http.MethodPost, "/v1/sessions", body{"email": "office@example.jp", "password": password}).is(http.StatusCreated)
	town.office.token = pass["access_token"].(string)
	swept := town.ask(town.office, http.MethodPost, "/v1/admin/sweeps", nil).is(http.StatusCreated)
	require.InDelta(t, 2, swept["wallets"], 0)
	require.InDelta(t, 2_000, swept["points"], 0)
	acts := town.ask(town.office, http.MethodGet, "/v1/admin/audit?action=points.sweep", nil).is(http.StatusOK)["acts"].([]any)
	require.Len(t, acts, 1)
	require.Equal(t, town.office.user.ID.String(), acts[0].(map[string]any)["actor"])
}

func TestNoticesAreReadAndChosen(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.pay(town.hana, town.shop, 100, "", "tell-000001")
	for _, message := range town.store.Messages() {
		if message.Topic == "wallet" || strings.HasPrefix(string(message.Topic), "wallet") {
			require.NoError(t, town.deps.Informing.Deliver(t.Context(), message))
		}
	}
	inbox := town.ask(town.shop, http.MethodGet, "/v1/notices", nil).is(http.StatusOK)
	require.InDelta(t, 1, inbox["unread"], 0)
	told := inbox["notices"].([]any)[0].(map[string]any)
	require.Equal(t, "支払いを受け取りました", told["title"])
	require.Nil(t, told["read_at"])
	town.ask(town.shop, http.MethodPost, "/v1/notices/"+told["id"].(string)+"/reading", nil).is(http.StatusNoContent)
	require.InDelta(t, 0, town.ask(town.shop, http.MethodGet, "/v1/notices", nil).is(http.StatusOK)["unread"], 0)

	wish := body{"switches": []body{{"topic": "grant", "channel": "mail", "wanted": true}}}
	switches := town.ask(town.hana, http.MethodPut, "/v1/notices/preferences", wish).is(http.StatusOK)["switches"].([]any)
	require.Len(t, switches, 21)
	silent := body{"switches": []body{{"topic": "security", "channel": "mail", "wanted": false}}}
	town.ask(town.hana, http.MethodPut, "/v1/notices/preferences", silent).refuses(http.StatusUnprocessableEntity, "preference_security")
}

func TestARowOfAListIsJudgedByItselfWhateverItsFieldsHold(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	terms := `{"fund":"premium","kind":"city","list":[{"email":"hana@example.jp","amount":300},` +
		`{"email":"a@example.jp","amount":1.5},{"email":"b@example.jp","amount":"1e3"},{"email":"c@example.jp","amount":99999999999999999999},` +
		`{"email":"d@example.jp"},{"amount":5},{"email":{"x":1},"amount":[1]},{"email":"e\u0000@example.jp","amount":5},{}]}`
	got := town.ask(town.office, http.MethodPost, "/v1/admin/batches/preview", terms).is(http.StatusOK)
	require.InDelta(t, 1, got["estimate"].(map[string]any)["recipients"], 0)
	require.InDelta(t, 300, got["estimate"].(map[string]any)["total"], 0)
	require.Len(t, got["refused_rows"], 8)
}
