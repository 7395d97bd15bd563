package rest_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/adapter/rest"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/settlementtest"
	"lovesaijo/usecase"
	"lovesaijo/usecase/settling"
	"lovesaijo/usecase/signingin"
)

// oneMaster is a directory with the small list of banks.
type oneMaster struct{ master *bank.Master }

func (m oneMaster) Master(context.Context) (*bank.Master, error) { return m.master, nil }

// accounting is the city's format under the bank's name.
type accounting struct{ settling.Accounting }

func (accounting) Name() string { return settlement.FormatZengin }

// settlingOf lets a town settle.
func settlingOf(t *testing.T, store *memory.Store, now usecase.Clock) rest.Settling {
	unit := memory.NewUnit(store, func(s *memory.Session) settling.Stores {
		return settling.Stores{Ledger: s.Ledger(), Periods: s.Periods(), Claims: s.Claims(), Decisions: s.Decisions(), Trail: s.Trail(), Outbox: s.Outbox()}
	})
	reader, banks, vault := store.Settlement(), oneMaster{banktest.Master(t)}, settlementtest.Vault{}
	return rest.Settling{
		Periods: settling.NewPeriods(unit, reader, store.Horizon(), now), Statements: settling.NewStatements(reader, now),
		Claims:    settling.NewClaims(unit, reader, store.Statements(), store.Funds(), now),
		Accounts:  settling.NewAccounts(unit, reader, vault, banks, now),
		Decisions: settling.NewDecisions(unit, reader, banks, now),
		Files: settling.NewFiles(unit, reader, vault, banks, settling.Formats{
			settlement.FormatZengin: accounting{}, settlement.FormatCSV: settling.Accounting{},
		}, now),
		Payouts: settling.NewPayouts(unit, reader, now),
	}
}

// originator makes the city one that files can name, with the settings as they are otherwise.
func (town *town) originator() {
	town.t.Helper()
	const path = "/v1/admin/settlement/settings"
	got := town.ask(town.office, http.MethodGet, path, nil)
	settings := got.is(http.StatusOK)
	require.NotContains(town.t, settings, "originator")
	delete(settings, "version")
	settings["originator"] = body{
		"code": "9990000001", "name": "ｻｲｼﾞﾖｳｼ", "bank": "9999", "branch": "001", "type": "ordinary", "number": "1234567",
	}
	settings["reason"] = "開始"
	amended := town.ask(town.office, http.MethodPut, path, settings, "If-Match", got.header.Get("ETag"))
	shown := amended.is(http.StatusOK)
	require.Equal(town.t, "9999-001 普通 ****567", shown["originator"].(map[string]any)["account"])
	require.NotContains(town.t, amended.text, "1234567")
	town.ask(town.office, http.MethodPut, path, settings, "If-Match", got.header.Get("ETag")).refuses(http.StatusConflict, "settlement_settings_changed")
	versions := town.ask(town.office, http.MethodGet, path+"/versions", nil)
	require.Len(town.t, versions.is(http.StatusOK)["versions"], 1)
	require.NotContains(town.t, versions.text, "1234567")
}

// month enters the running period, lets it go by, and closes it.
func (town *town) month() map[string]any {
	town.t.Helper()
	period := town.ask(town.office, http.MethodPost, "/v1/admin/periods", body{}).is(http.StatusCreated)
	until, err := calendar.ParseDay(period["until"].(string))
	require.NoError(town.t, err)
	town.clock.Add(int64(until.End().Add(time.Hour).Sub(town.deps.Now())))
	for mailbox, p := range map[string]*person{"office": &town.office, "shop": &town.shop, "hana": &town.hana} {
		pass, err := town.deps.Door.SignIn(town.t.Context(), mailbox+"@example.jp", password, signingin.Origin{})
		require.NoError(town.t, err)
		p.token = pass.Access
	}
	return town.ask(town.office, http.MethodPost, "/v1/admin/periods/"+period["id"].(string)+"/closing", body{}).is(http.StatusOK)
}

// account gives the shop an account that can be paid to.
func (town *town) account(number string) {
	town.t.Helper()
	account := body{"bank": "9999", "branch": "002", "type": "ordinary", "number": number, "holder": "カ)サイジヨウヨウテン"}
	proposed := town.ask(town.shop, http.MethodPost, "/v1/bank-accounts", account).is(http.StatusCreated)
	require.Equal(town.t, "9999-002 普通 ****"+number[4:], proposed["account"])
	for path, reader := range map[string]person{"/v1/bank-accounts": town.shop, "/v1/admin/bank-accounts?state=proposed": town.office} {
		listed := town.ask(reader, http.MethodGet, path, nil)
		require.Equal(town.t, "ｶ)ｻｲｼﾞﾖｳﾖｳﾃﾝ", listed.is(http.StatusOK)["accounts"].([]any)[0].(map[string]any)["holder"], "to compare with the passbook")
		require.NotContains(town.t, listed.text, number)
	}
	town.ask(town.office, http.MethodPost, "/v1/admin/bank-accounts/"+proposed["id"].(string)+"/approval", nil).is(http.StatusOK)
}

func TestTheWholeWayFromAPaymentToATransferAndBackGoesOverHTTP(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.originator()
	town.pay(town.hana, town.shop, 600, "", "settle-0001")
	closing := town.month()
	require.InDelta(t, 1, closing["drafts"], 0)
	period := closing["period"].(map[string]any)["id"].(string)

	statement := town.ask(town.shop, http.MethodGet, "/v1/statements/"+period, nil).is(http.StatusOK)
	require.InDelta(t, 600, statement["due"], 0)
	require.InDelta(t, 1, statement["lines"], 0)
	require.Len(t, statement["hash"], 64)
	require.Equal(t, "うちぬき食堂", statement["merchant"].(map[string]any)["name"])
	require.Len(t, town.ask(town.shop, http.MethodGet, "/v1/statements", nil).is(http.StatusOK)["statements"], 1)
	line := town.ask(town.shop, http.MethodGet, "/v1/statements/"+period+"/lines", nil).is(http.StatusOK)["lines"].([]any)[0].(map[string]any)
	require.Equal(t, "利用者", line["counterpart"].(map[string]any)["name"], "who paid is not the shop's business")
	file := town.ask(town.shop, http.MethodGet, "/v1/statements/"+period+".csv", nil)
	file.is(http.StatusOK)
	require.Contains(t, file.text, "請求できる額,600\r\n")
	require.Contains(t, file.text, ",支払い,利用者,600,0,600,600,")
	require.Equal(t, "statement of うちぬき食堂", town.ask(town.shop, http.MethodGet, "/v1/statements/"+period+".pdf", nil).text)
	wallet := town.shop.user.Wallet.String()
	for _, path := range []string{"", "/lines", ".csv", ".pdf"} {
		town.ask(town.office, http.MethodGet, "/v1/admin/statements/"+period+"/"+wallet+path, nil).is(http.StatusOK)
		town.ask(town.shop, http.MethodGet, "/v1/admin/statements/"+period+"/"+wallet+path, nil).is(http.StatusForbidden)
		town.ask(town.hana, http.MethodGet, "/v1/statements/"+period+path, nil).is(http.StatusForbidden)
		town.ask(town.shop, http.MethodGet, "/v1/statements/"+wallet+path, nil).refuses(http.StatusNotFound, "statement_unknown")
	}
	require.Contains(t, town.ask(town.office, http.MethodGet, "/v1/admin/periods/"+period+"/statements.csv", nil).text, "うちぬき食堂")
	require.Len(t, town.ask(town.office, http.MethodGet, "/v1/admin/periods/"+period+"/statements", nil).is(http.StatusOK)["statements"], 1)

	claimable := town.ask(town.shop, http.MethodGet, "/v1/claims/claimable", nil).is(http.StatusOK)
	require.InDelta(t, 600, claimable["amount"], 0)
	require.Empty(t, claimable["lots"].([]any)[0].(map[string]any)["why_not"])
	town.ask(town.shop, http.MethodPost, "/v1/claims", body{"amount": 601}, keyed, "claim-00001").refuses(http.StatusUnprocessableEntity, "claim_over_due")
	town.ask(town.shop, http.MethodPost, "/v1/claims", body{}).refuses(http.StatusUnprocessableEntity, "idempotency_key_missing")
	made := town.ask(town.shop, http.MethodPost, "/v1/claims", body{}, keyed, "claim-00001").is(http.StatusCreated)
	again := town.ask(town.shop, http.MethodPost, "/v1/claims", body{}, keyed, "claim-00001")
	require.Equal(t, made, again.is(http.StatusOK))
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	claim := made["id"].(string)
	town.ask(town.office, http.MethodPost, "/v1/admin/claims/"+claim+"/confirmation", nil).refuses(http.StatusUnprocessableEntity, "claim_without_account")
	town.account("0076543")
	town.ask(town.office, http.MethodPost, "/v1/admin/claims/"+claim+"/confirmation", nil).is(http.StatusOK)
	town.ask(town.office, http.MethodPost, "/v1/admin/claims/"+claim+"/approval", nil).refuses(http.StatusUnprocessableEntity, "claim_same_person")
	second := town.second()
	verdicts := town.ask(second, http.MethodPost, "/v1/admin/claims/approvals", body{"claims": []string{claim}}).is(http.StatusOK)
	require.InDelta(t, 1, verdicts["done"], 0)
	verdicts = town.ask(second, http.MethodPost, "/v1/admin/claims/approvals", body{"claims": []string{claim}}).is(http.StatusOK)
	require.Equal(t, "claim_state", verdicts["verdicts"].([]any)[0].(map[string]any)["code"])

	preview := town.ask(town.office, http.MethodPost, "/v1/admin/bank-files/preview", body{}).is(http.StatusOK)
	export := town.ask(town.office, http.MethodPost, "/v1/admin/bank-files", body{}, keyed, "export-0001").is(http.StatusCreated)
	sent := export["file"].(map[string]any)
	require.Equal(t, preview["file"].(map[string]any)["sha256"], sent["sha256"])
	town.ask(town.office, http.MethodPost, "/v1/admin/bank-files", body{}, keyed, "export-0001").is(http.StatusOK)
	path := "/v1/admin/bank-files/" + sent["id"].(string)
	content := town.ask(second, http.MethodGet, path+"/content", nil)
	content.is(http.StatusOK)
	require.Equal(t, `attachment; filename="`+sent["name"].(string)+`"`, content.header.Get("Content-Disposition"))
	require.Contains(t, content.text, "0076543")
	town.ask(town.shop, http.MethodGet, path+"/content", nil).is(http.StatusForbidden)
	require.Equal(t, true, town.ask(town.office, http.MethodGet, path+"/check", nil).is(http.StatusOK)["acceptable"])
	shown := town.ask(town.office, http.MethodGet, path, nil).is(http.StatusOK)
	require.Equal(t, []any{second.user.ID.String(), nil}, []any{shown["taken_by"], shown["sent_at"]})
	require.NotNil(t, shown["taken_at"])
	town.ask(town.office, http.MethodPost, path+"/re-export", body{}, keyed, "export-0002").refuses(http.StatusConflict, "bank_file_taken")
	renewed := town.ask(town.office, http.MethodPost, path+"/re-export", body{"not_sent": true}, keyed, "export-0003").is(http.StatusCreated)["file"].(map[string]any)
	require.Equal(t, []any{sent["id"], nil, nil}, []any{renewed["replaces"], renewed["taken_by"], renewed["taken_at"]})
	town.ask(second, http.MethodGet, path+"/content", nil).refuses(http.StatusConflict, "bank_file_state")
	path = "/v1/admin/bank-files/" + renewed["id"].(string)
	town.ask(town.office, http.MethodPost, path+"/sending", nil).is(http.StatusOK)
	town.ask(town.office, http.MethodPost, path+"/re-export", body{"not_sent": true}, keyed, "export-0004").refuses(http.StatusConflict, "bank_file_state")

	paid := town.ask(town.office, http.MethodPost, path+"/payment", body{}, keyed, "payment-001").is(http.StatusCreated)
	require.InDelta(t, 1, paid["paid"], 0)
	payouts := town.ask(town.office, http.MethodGet, "/v1/admin/payouts?state=paid&wallet="+wallet, nil).is(http.StatusOK)["payouts"].([]any)
	payout := payouts[0].(map[string]any)
	town.ask(town.office, http.MethodPost, "/v1/admin/payouts/"+payout["id"].(string)+"/payment", body{}, keyed, "payment-002").
		refuses(http.StatusConflict, "payout_state")
	back := town.ask(town.office, http.MethodPost, "/v1/admin/payouts/"+payout["id"].(string)+"/return", body{"reason": "口座なし"}, keyed, "return-0001").
		is(http.StatusCreated)
	require.Equal(t, []any{"returned", "口座なし"}, []any{back["state"], back["reason"]})
	own := town.ask(town.shop, http.MethodGet, "/v1/payouts", nil)
	require.Equal(t, "returned", own.is(http.StatusOK)["payouts"].([]any)[0].(map[string]any)["state"])
	require.NotContains(t, own.text, "0076543")
	town.account("0076544")
	require.Equal(t, "corrected", town.ask(town.shop, http.MethodGet, "/v1/claims/"+claim, nil).is(http.StatusOK)["state"])
	require.Len(t, town.ask(town.shop, http.MethodGet, "/v1/claims?state=corrected,paid", nil).is(http.StatusOK)["claims"], 1)
	town.ask(town.shop, http.MethodGet, "/v1/claims?state=lost", nil).refuses(http.StatusUnprocessableEntity, "state_unknown")
	require.NotContains(t, town.log.String(), "0076543")
}

func TestAnAccountIsPreviewedByTheByte(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	typed := body{"yucho": body{"symbol": "10180", "number": "12345671"}, "holder": "株式会社サイジョウ"}
	preview := town.ask(town.shop, http.MethodPost, "/v1/bank-accounts/preview", typed).is(http.StatusOK)
	require.Equal(t, []any{"9900-018 普通 ****567", "ゆうちょ", "〇一八"}, []any{preview["account"], preview["bank_name"], preview["branch_name"]})
	suggestion := preview["suggestion"].(map[string]any)
	require.Equal(t, []any{"ｶ)ｻｲｼﾞﾖｳ", "B6 29 BB B2 BC DE D6 B3"}, []any{suggestion["kana"], suggestion["bytes"]})
	require.Equal(t, "bank_kana_kanji", preview["errors"].([]any)[0].(map[string]any)["code"])
	fields := town.ask(town.shop, http.MethodPost, "/v1/bank-accounts", typed).refuses(http.StatusUnprocessableEntity, "bank_account_invalid")
	require.Equal(t, map[string]string{"body.holder": "bank_kana_kanji"}, fields)
	six := body{"bank": "9999", "branch": "777", "type": "ordinary", "number": "654321", "holder": "サイジョウ"}
	refused := town.ask(town.shop, http.MethodPost, "/v1/bank-accounts", six)
	require.Equal(t, map[string]string{"body.number": "bank_account_number_malformed", "body.branch": "bank_branch_unknown"},
		refused.refuses(http.StatusUnprocessableEntity, "bank_account_invalid"))
	require.NotContains(t, refused.text, "654321")
	town.ask(town.hana, http.MethodPost, "/v1/bank-accounts/preview", typed).is(http.StatusForbidden)
	town.ask(town.office, http.MethodPost, "/v1/admin/bank-accounts/preview", typed).is(http.StatusOK)
	six["wallet_id"], six["number"], six["branch"] = town.shop.user.Wallet.String(), "7654321", "002"
	proposed := town.ask(town.office, http.MethodPost, "/v1/admin/bank-accounts", six).is(http.StatusCreated)
	town.ask(town.office, http.MethodPost, "/v1/admin/bank-accounts/"+proposed["id"].(string)+"/approval", nil).
		refuses(http.StatusUnprocessableEntity, "bank_account_same_person")
	second := town.second()
	declined := town.ask(second, http.MethodPost, "/v1/admin/bank-accounts/"+proposed["id"].(string)+"/decline", body{"reason": "通帳と違います"}).is(http.StatusOK)
	require.Equal(t, "declined", declined["state"])
	require.Len(t, town.ask(second, http.MethodGet, "/v1/admin/bank-accounts?state=declined", nil).is(http.StatusOK)["accounts"], 1)
}

func TestAnyBankFileIsValidatedUpToTwoMegabytes(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	ask := func(content string) reply {
		return town.ask(town.office, http.MethodPost, "/v1/admin/bank-files/validation", body{"content": base64.StdEncoding.EncodeToString([]byte(content))})
	}
	looked := ask("これは振込データではありません").is(http.StatusOK)
	require.Equal(t, false, looked["acceptable"])
	require.Len(t, looked["violations"], 1)
	require.NotEmpty(t, ask(strings.Repeat("x", settling.UploadBytesMax)).is(http.StatusOK)["violations"])
	ask(strings.Repeat("x", settling.UploadBytesMax+1)).refuses(http.StatusUnprocessableEntity, "bank_file_upload_invalid")
	// Only announced: whoever sends on after the refusal finds the connection closed, sooner or later.
	town.raw("POST /v1/admin/bank-files/validation HTTP/1.1\r\nHost: town\r\nContent-Type: application/json\r\nContent-Length: 4000000\r\n\r\n").
		refuses(http.StatusRequestEntityTooLarge, "body_too_large")
	town.ask(town.shop, http.MethodPost, "/v1/admin/bank-files/validation", body{"content": ""}).is(http.StatusForbidden)
}

func TestAWithdrawnClaimAndARefusedOneComeBack(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.pay(town.hana, town.shop, 600, "", "settle-0001")
	town.month()
	for i, end := range []struct {
		by     person
		path   string
		reason string
		state  string
	}{{town.shop, "/v1/claims/%s/withdrawal", "", "withdrawn"}, {town.office, "/v1/admin/claims/%s/refusal", "確認できません", "refused"}} {
		made := town.ask(town.shop, http.MethodPost, "/v1/claims", body{}, keyed, fmt.Sprintf("claim-0000%d", i)).is(http.StatusCreated)
		path := fmt.Sprintf(end.path, made["id"])
		ended := town.ask(end.by, http.MethodPost, path, body{"reason": end.reason}, keyed, fmt.Sprintf("end-00000%d", i)).is(http.StatusCreated)
		require.Equal(t, []any{end.state, end.reason}, []any{ended["state"], ended["reason"]})
		town.ask(end.by, http.MethodPost, path, body{"reason": end.reason}, keyed, fmt.Sprintf("end-00000%d", i)).is(http.StatusOK)
		require.EqualValues(t, 600, town.balance(town.shop))
	}
	town.ask(town.shop, http.MethodPost, "/v1/claims/x/withdrawal", body{}, keyed, "end-000009").refuses(http.StatusNotFound, "claim_unknown")
}
