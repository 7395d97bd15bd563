package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/signingin"
)

const (
	correctionsPath = "/v1/admin/corrections"
	adjustmentsPath = "/v1/admin/adjustments"
	approvalsPath   = "/v1/admin/approvals"
)

// second gives the town a second administrator.
func (town *town) second() person {
	return town.register(town.actor(town.office), user.Administrator, "市役所の二人目", "second", user.ID{})
}

// alone decides how much one administrator corrects alone.
func (town *town) alone(limit money.Points) {
	town.t.Helper()
	rules, err := town.deps.Ruling.Rules(town.t.Context(), town.actor(town.office))
	require.NoError(town.t, err)
	rules.CorrectAlone = limit
	_, err = town.deps.Ruling.Amend(town.t.Context(), town.actor(town.office), rules, "")
	require.NoError(town.t, err)
}

func (town *town) paid(from, to person, amount int, key string) string {
	town.t.Helper()
	return town.pay(from, to, amount, "", key)["entry_id"].(string)
}

func TestAPaymentIsPreviewedUndoneAndShownAsUndone(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	entry := town.paid(town.hana, town.shop, 300, "pay-00000001")
	wish := body{"entry_id": entry, "amount": 100}
	preview := town.ask(town.office, http.MethodPost, correctionsPath+"/preview", wish).is(http.StatusOK)
	require.Equal(t, "partial_correction", preview["type"])
	require.InDelta(t, 200, preview["left"], 0)
	require.Equal(t, []any{false, false}, []any{preview["refused"], preview["second_person"]})
	original := preview["original"].(map[string]any)
	require.Equal(t, "越智 花子", original["from"].(map[string]any)["name"])
	moves := preview["moves"].([]any)
	require.Len(t, moves, 1)
	move := moves[0].(map[string]any)
	require.Equal(t, []any{"entry", "うちぬき食堂", "越智 花子", "city"}, []any{
		move["part"], move["from"].(map[string]any)["name"], move["to"].(map[string]any)["name"], move["kind"],
	})
	require.NotNil(t, move["expires_on"])
	for _, list := range []string{"awards", "statements", "owed", "shortages", "waiting"} {
		require.Equal(t, []any{}, preview[list], list)
	}
	require.Equal(t, money.Points(700), town.balance(town.hana))

	wish["reason"] = "金額の誤り"
	town.ask(town.office, http.MethodPost, correctionsPath, wish).refuses(http.StatusUnprocessableEntity, "idempotency_key_missing")
	done := town.ask(town.office, http.MethodPost, correctionsPath, wish, keyed, "correct-00001")
	part := done.is(http.StatusCreated)
	require.Equal(t, []any{"done", "partial_correction"}, []any{part["state"], part["type"]})
	require.InDelta(t, 100, part["amount"], 0)
	again := town.ask(town.office, http.MethodPost, correctionsPath, wish, keyed, "correct-00001")
	again.is(http.StatusOK)
	require.Equal(t, done.text, again.text)
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	require.Equal(t, money.Points(800), town.balance(town.hana))

	receipt := town.ask(town.hana, http.MethodGet, "/v1/entries/"+entry, nil).is(http.StatusOK)
	by := receipt["corrected_by"].([]any)[0].(map[string]any)
	require.Equal(t, []any{part["entry_id"], "partial_correction"}, []any{by["entry_id"], by["type"]})
	require.InDelta(t, 100, by["amount"], 0)
	correction := town.ask(town.hana, http.MethodGet, "/v1/entries/"+part["entry_id"].(string), nil).is(http.StatusOK)
	require.Equal(t, []any{entry, "payment"}, []any{correction["corrects"].(map[string]any)["entry_id"], correction["corrects"].(map[string]any)["type"]})
	require.Equal(t, "金額の誤り", correction["memo"])
	require.Equal(t, "うちぬき食堂", correction["from"].(map[string]any)["name"])
	require.InDelta(t, 100, correction["amount"], 0)

	town.ask(town.office, http.MethodPost, correctionsPath, body{"entry_id": entry, "reason": "全部"}, keyed, "correct-00002").is(http.StatusCreated)
	require.Equal(t, money.Points(1_000), town.balance(town.hana))
	town.ask(town.office, http.MethodPost, correctionsPath, body{"entry_id": entry, "reason": "もう一度"}, keyed, "correct-00003").
		refuses(http.StatusConflict, "entry_already_reversed")
	town.ask(town.office, http.MethodPost, correctionsPath, body{"entry_id": part["entry_id"], "reason": "逆"}, keyed, "correct-00004").
		refuses(http.StatusUnprocessableEntity, "correction_of_correction")
	town.ask(town.office, http.MethodPost, correctionsPath, body{"entry_id": "x", "reason": "逆"}, keyed, "correct-00005").
		refuses(http.StatusNotFound, "entry_unknown")
	town.ask(town.office, http.MethodPost, correctionsPath, body{"entry_id": entry}, keyed, "correct-00006").
		refuses(http.StatusUnprocessableEntity, "request_invalid")
}

func TestAboveTheLimitACorrectionWaitsForAnotherAdministrator(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.alone(100)
	second := town.second()
	entry := town.paid(town.hana, town.shop, 300, "pay-00000001")
	wish := body{"entry_id": entry, "reason": "二重払い"}
	asked := town.ask(town.office, http.MethodPost, correctionsPath, wish, keyed, "correct-00001")
	waiting := asked.is(http.StatusAccepted)
	require.Equal(t, "waiting", waiting["state"])
	require.NotContains(t, waiting, "entry_id")
	require.InDelta(t, 300, waiting["amount"], 0, "what was asked for")
	require.NotEmpty(t, waiting["at"])
	again := town.ask(town.office, http.MethodPost, correctionsPath, wish, keyed, "correct-00001")
	again.is(http.StatusOK)
	require.Equal(t, asked.text, again.text)
	preview := town.ask(town.office, http.MethodPost, correctionsPath+"/preview", body{"entry_id": entry}).is(http.StatusOK)
	require.Equal(t, true, preview["second_person"])
	require.Equal(t, waiting["approval_id"], preview["waiting"].([]any)[0].(map[string]any)["id"])

	list := town.ask(second, http.MethodGet, approvalsPath+"?state=waiting&action=correction.make&limit=1", nil).is(http.StatusOK)["approvals"].([]any)
	require.Len(t, list, 1)
	request := list[0].(map[string]any)
	require.Equal(t, []any{"支払い 300ポイントの取消", "二重払い", entry}, []any{request["summary"], request["reason"], request["subject"]})
	path := approvalsPath + "/" + waiting["approval_id"].(string)
	seen := town.ask(second, http.MethodGet, path, nil).is(http.StatusOK)
	require.Equal(t, map[string]any{"entry_id": entry, "amount": 300.0, "receivable": false, "reason": "二重払い"}, seen["payload"])
	require.Nil(t, seen["decided_at"])

	town.ask(town.shop, http.MethodPost, path+"/approval", body{}).refuses(http.StatusForbidden, "not_allowed")
	town.ask(town.office, http.MethodPost, path+"/approval", body{}).refuses(http.StatusUnprocessableEntity, "approval_same_person")
	town.ask(second, http.MethodPost, path+"/withdrawal", body{}).refuses(http.StatusForbidden, "approval_not_own")
	town.ask(second, http.MethodPost, path+"/refusal", body{}).refuses(http.StatusUnprocessableEntity, "approval_note_missing")
	require.Equal(t, money.Points(700), town.balance(town.hana))
	approved := town.ask(second, http.MethodPost, path+"/approval", body{"note": "確認"}).is(http.StatusOK)
	require.Equal(t, []any{"approved", second.user.ID.String(), "確認"}, []any{approved["state"], approved["decided_by"], approved["note"]})
	require.Equal(t, money.Points(1_000), town.balance(town.hana))
	done := town.ask(town.office, http.MethodPost, correctionsPath, wish, keyed, "correct-00001").is(http.StatusOK)
	require.Equal(t, []any{"done", approved["result"], approved["id"]}, []any{done["state"], done["entry_id"], done["approval_id"]})
	town.ask(second, http.MethodPost, path+"/refusal", body{"note": "遅い"}).refuses(http.StatusConflict, "approval_decided")
	town.ask(second, http.MethodGet, approvalsPath+"/"+entry, nil).refuses(http.StatusNotFound, "approval_unknown")
	town.ask(second, http.MethodGet, approvalsPath+"?state=unheard", nil).refuses(http.StatusUnprocessableEntity, "request_invalid")

	adjustment := town.ask(town.office, http.MethodPost, adjustmentsPath, body{
		"email": "Hana@example.jp", "fund": "premium", "kind": "city", "amount": 101, "reason": "訂正",
	}, keyed, "adjust-00001").is(http.StatusAccepted)
	path = approvalsPath + "/" + adjustment["approval_id"].(string)
	refused := town.ask(second, http.MethodPost, path+"/refusal", body{"note": "根拠がない"}).is(http.StatusOK)
	require.Equal(t, "refused", refused["state"])
	replay := town.ask(town.office, http.MethodPost, adjustmentsPath, body{
		"email": "Hana@example.jp", "fund": "premium", "kind": "city", "amount": 101, "reason": "訂正",
	}, keyed, "adjust-00001").is(http.StatusOK)
	require.Equal(t, "refused", replay["state"])
}

func TestAnApprovalOutlastsItsTimeAndNoMore(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.alone(100)
	town.second()
	entry := town.paid(town.hana, town.shop, 300, "pay-00000001")
	waiting := town.ask(town.office, http.MethodPost, correctionsPath, body{"entry_id": entry, "reason": "二重払い"}, keyed, "correct-00001").is(http.StatusAccepted)
	town.clock.Add(int64(15 * 24 * 3600e9))
	pass, err := town.deps.Door.SignIn(t.Context(), "second@example.jp", password, signingin.Origin{})
	require.NoError(t, err)
	town.ask(person{token: pass.Access}, http.MethodPost, approvalsPath+"/"+waiting["approval_id"].(string)+"/approval", body{}).
		refuses(http.StatusGone, "approval_expired")
}

func TestAWalletIsAdjusted(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	up := body{"wallet_id": town.hana.user.Wallet.String(), "fund": "premium", "kind": "city", "amount": 50, "reason": "窓口"}
	preview := town.ask(town.office, http.MethodPost, adjustmentsPath+"/preview", up).is(http.StatusOK)
	require.InDelta(t, 1_050, preview["after"], 0)
	require.NotNil(t, preview["expires_on"])
	require.Equal(t, []any{}, preview["lots"])
	town.ask(town.office, http.MethodPost, adjustmentsPath, up, keyed, "adjust-00001").is(http.StatusCreated)
	down := body{"wallet_id": town.hana.user.Wallet.String(), "fund": "premium", "amount": -30, "reason": "窓口"}
	preview = town.ask(town.office, http.MethodPost, adjustmentsPath+"/preview", down).is(http.StatusOK)
	require.Nil(t, preview["expires_on"])
	require.InDelta(t, 30, preview["lots"].([]any)[0].(map[string]any)["amount"], 0)
	done := town.ask(town.office, http.MethodPost, adjustmentsPath, down, keyed, "adjust-00002").is(http.StatusCreated)
	require.Equal(t, "adjustment", done["type"])
	require.Equal(t, money.Points(1_020), town.balance(town.hana))
	down["amount"] = 0
	town.ask(town.office, http.MethodPost, adjustmentsPath, down, keyed, "adjust-00003").refuses(http.StatusUnprocessableEntity, "amount_out_of_range")
	up["expires_on"] = "1970-01-01"
	town.ask(town.office, http.MethodPost, adjustmentsPath, up, keyed, "adjust-00004").refuses(http.StatusUnprocessableEntity, "expiry_in_the_past")
	town.ask(town.office, http.MethodPost, adjustmentsPath+"/preview", body{"fund": "premium", "amount": 1, "reason": "窓口"}).
		refuses(http.StatusUnprocessableEntity, "adjustment_wallet_missing")
}

func TestAdjustmentsOfADayAreCountedTogether(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.alone(100)
	up := body{"wallet_id": town.hana.user.Wallet.String(), "fund": "premium", "kind": "city", "amount": 60, "reason": "窓口"}
	town.ask(town.office, http.MethodPost, adjustmentsPath, up, keyed, "adjust-00001").is(http.StatusCreated)
	preview := town.ask(town.office, http.MethodPost, adjustmentsPath+"/preview", up).is(http.StatusOK)
	require.Equal(t, []any{60.0, 100.0, true}, []any{preview["adjusted_today"], preview["limit"], preview["second_person"]})
	waiting := town.ask(town.office, http.MethodPost, adjustmentsPath, up, keyed, "adjust-00002").is(http.StatusAccepted)
	require.Equal(t, "waiting", waiting["state"])
	require.Equal(t, money.Points(1_060), town.balance(town.hana))
}

func TestWhatIsMissingIsListedBookedAsOwedAndRecovered(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	stall := town.register(town.actor(town.office), user.Merchant, "加茂川商店", "stall", user.ID{})
	entry := town.paid(town.hana, town.shop, 300, "pay-00000001")
	town.paid(town.shop, stall, 250, "pay-00000002")
	wish := body{"entry_id": entry, "reason": "返品"}
	preview := town.ask(town.office, http.MethodPost, correctionsPath+"/preview", body{"entry_id": entry}).is(http.StatusOK)
	require.Equal(t, true, preview["refused"])
	short := preview["shortages"].([]any)[0].(map[string]any)
	require.Equal(t, []any{"うちぬき食堂", "premium", 300.0, 250.0}, []any{short["wallet"].(map[string]any)["name"], short["fund"], short["needed"], short["missing"]})
	fields := town.ask(town.office, http.MethodPost, correctionsPath, wish, keyed, "correct-00001").refuses(http.StatusUnprocessableEntity, "correction_short")
	require.Equal(t, map[string]string{"body.shortages." + town.shop.user.Wallet.String() + ".premium": "correction_short"}, fields)
	wish["receivable"] = true
	town.ask(town.office, http.MethodPost, correctionsPath, wish, keyed, "correct-00001").is(http.StatusCreated)

	owed := town.ask(town.office, http.MethodGet, "/v1/admin/receivables", nil).is(http.StatusOK)["receivables"].([]any)
	require.Len(t, owed, 1)
	debt := owed[0].(map[string]any)
	require.Equal(t, []any{"うちぬき食堂", "premium", 250.0}, []any{debt["debtor"].(map[string]any)["name"], debt["fund"], debt["amount"]})
	path := "/v1/admin/receivables/" + town.shop.user.Wallet.String() + "/recoveries"
	town.ask(town.office, http.MethodPost, path, body{"fund": "premium", "amount": 251, "from": "bank"}, keyed, "recover-0001").
		refuses(http.StatusUnprocessableEntity, "receivable_exceeded")
	paid := town.ask(town.office, http.MethodPost, path, body{"fund": "premium", "amount": 250, "from": "bank"}, keyed, "recover-0001")
	require.Equal(t, "recovery", paid.is(http.StatusCreated)["type"])
	again := town.ask(town.office, http.MethodPost, path, body{"fund": "premium", "amount": 250, "from": "bank"}, keyed, "recover-0001")
	again.is(http.StatusOK)
	require.Equal(t, paid.text, again.text)
	require.Equal(t, []any{}, town.ask(town.office, http.MethodGet, "/v1/admin/receivables", nil).is(http.StatusOK)["receivables"])
	town.ask(town.shop, http.MethodGet, "/v1/admin/receivables", nil).refuses(http.StatusForbidden, "not_allowed")
}
