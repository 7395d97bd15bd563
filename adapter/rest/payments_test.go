package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/money"
)

type body map[string]any

const keyed = "Idempotency-Key"

func TestAPaymentIsPostedOnceAndARepetitionHasTheSameAnswer(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	pay := body{"payee_code": string(town.shop.code.Token), "amount": 300, "memo": "お昼"}
	first := town.ask(town.hana, http.MethodPost, "/v1/payments", pay, keyed, "pay-00000001")
	paid := first.is(http.StatusCreated)
	require.Equal(t, "payment", paid["type"])
	require.InDelta(t, 700, paid["balance"], 0)
	require.Equal(t, town.shop.user.Wallet.String(), paid["payee"].(map[string]any)["wallet_id"])
	slices := paid["slices"].([]any)
	require.Len(t, slices, 1)
	require.Equal(t, "city", slices[0].(map[string]any)["kind"])
	require.Empty(t, first.header.Get("Idempotency-Replayed"))

	again := town.ask(town.hana, http.MethodPost, "/v1/payments", pay, keyed, "pay-00000001")
	again.is(http.StatusOK)
	require.Equal(t, "true", again.header.Get("Idempotency-Replayed"))
	require.Equal(t, first.text, again.text)
	require.Equal(t, money.Points(700), town.balance(town.hana))
}

func TestAPreviewExplainsAndMovesNothing(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	preview := town.ask(town.hana, http.MethodPost, "/v1/payments/preview", body{"payee_wallet": town.taro.user.Wallet.String(), "amount": 250}).is(http.StatusOK)
	require.Equal(t, "transfer", preview["type"])
	require.InDelta(t, 750, preview["balance_after"], 0)
	require.Equal(t, "曽我部 太郎", preview["payee"].(map[string]any)["name"])
	require.Equal(t, money.Points(1_000), town.balance(town.hana))
}

func TestAShopTakesAPaymentFromAPresentedCodeOnce(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	code := town.ask(town.hana, http.MethodPost, "/v1/codes", body{"purpose": "presented"}).is(http.StatusCreated)
	require.Equal(t, "https://lsp.example.jp/q/"+code["token"].(string), code["url"])

	take := body{"payer_code": code["url"], "amount": 400}
	taken := town.ask(town.clerk, http.MethodPost, "/v1/payments", take, keyed, "take-0000001").is(http.StatusCreated)
	require.Empty(t, taken["slices"], "which points a resident has is not the shop's to see")
	require.Equal(t, money.Points(600), town.balance(town.hana))

	town.ask(town.clerk, http.MethodPost, "/v1/payments", take, keyed, "take-0000002").refuses(http.StatusGone, "code_used")
	require.Equal(t, money.Points(600), town.balance(town.hana))
}

func TestBadPaymentsAreRefusedAndMoveNothing(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	shop := string(town.shop.code.Token)
	revoked := town.ask(town.taro, http.MethodGet, "/v1/codes/standing", nil).is(http.StatusOK)["token"]
	town.ask(town.taro, http.MethodPost, "/v1/codes/standing/rotation", nil).is(http.StatusCreated)

	for name, c := range map[string]struct {
		body   any
		status int
		code   string
		field  string
		breach string
	}{
		"negative":            {body{"payee_code": shop, "amount": -1}, 422, "request_invalid", "body.amount", "minimum"},
		"zero":                {body{"payee_code": shop, "amount": 0}, 422, "request_invalid", "body.amount", "minimum"},
		"fractional":          {`{"payee_code":"` + shop + `","amount":1.5}`, 422, "request_invalid", "body.amount", "integer"},
		"fraction of nothing": {`{"payee_code":"` + shop + `","amount":1.0}`, 422, "request_invalid", "body.amount", "integer"},
		"exponent":            {`{"payee_code":"` + shop + `","amount":1e3}`, 422, "request_invalid", "body.amount", "integer"},
		"over 63 bits":        {`{"payee_code":"` + shop + `","amount":9223372036854775808}`, 422, "request_invalid", "body.amount", "integer"},
		"over all amounts":    {body{"payee_code": shop, "amount": 10_000_000_001}, 422, "request_invalid", "body.amount", "maximum"},
		"text":                {body{"payee_code": shop, "amount": "300"}, 422, "request_invalid", "body.amount", "integer"},
		"null":                {body{"payee_code": nil, "amount": 300}, 422, "payee_missing", "", ""},
		"no amount":           {body{"payee_code": shop}, 422, "amount_out_of_range", "body.amount", "amount_out_of_range"},
		"nobody":              {body{"amount": 300}, 422, "payee_missing", "", ""},
		"two payees":          {body{"payee_code": shop, "payee_wallet": town.shop.user.Wallet.String(), "amount": 300}, 422, "payee_missing", "", ""},
		"unknown field":       {body{"payee_code": shop, "amount": 300, "tip": 5}, 422, "request_invalid", "body.tip", "unknown_field"},
		"field in capitals":   {body{"payee_code": shop, "Amount": 300}, 422, "request_invalid", "body.Amount", "unknown_field"},
		"long memo":           {body{"payee_code": shop, "amount": 300, "memo": strings.Repeat("あ", 101)}, 422, "request_invalid", "body.memo", "too_long"},
		"memo with NUL":       {`{"payee_code":"` + shop + `","amount":300,"memo":"a\u0000b"}`, 422, "request_invalid", "body.memo", "text"},
		"no code":             {body{"payee_code": "こんにちは", "amount": 300}, 422, "code_malformed", "body.payee_code", "code_malformed"},
		"unknown code":        {body{"payee_code": "1S00000000000000000000000000", "amount": 300}, 404, "code_unknown", "", ""},
		"revoked code":        {body{"payee_code": revoked, "amount": 300}, 410, "code_revoked", "", ""},
		"unknown wallet":      {body{"payee_wallet": "0195f6a2-6c1e-7b6a-9a51-3f0c5f4d2a11", "amount": 300}, 404, "wallet_unknown", "", ""},
		"no wallet":           {body{"payee_wallet": "x", "amount": 300}, 404, "wallet_unknown", "body.payee_wallet", "wallet_unknown"},
		"oneself":             {body{"payee_wallet": town.hana.user.Wallet.String(), "amount": 300}, 422, "payment_to_oneself", "", ""},
		"over the code":       {body{"payee_code": shop, "amount": 5_001}, 422, "code_over_limit", "", ""},
		"over the balance":    {body{"payee_code": shop, "amount": 1_001}, 422, "balance_insufficient", "", ""},
		"half of JSON":        {`{"payee_code":"`, 400, "json_malformed", "", ""},
		"more than JSON":      {`{"amount":1} {"amount":2}`, 400, "json_malformed", "", ""},
		"no object":           {`[1]`, 422, "request_invalid", "body", "object"},
		"no UTF-8":            {"{\"memo\":\"\xff\",\"amount\":1}", 400, "json_malformed", "", ""},
		"nested deeply":       {`{"memo":` + strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000) + `}`, 400, "json_malformed", "", ""},
		"nothing":             {"", 400, "json_malformed", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			fields := town.ask(town.hana, http.MethodPost, "/v1/payments", c.body, keyed, "bad-0000001").refuses(c.status, c.code)
			if c.field != "" {
				require.Equal(t, c.breach, fields[c.field], fields)
			}
			require.Equal(t, money.Points(1_000), town.balance(town.hana))
		})
	}
}

func TestAPaymentNeedsAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	pay := body{"payee_code": string(town.shop.code.Token), "amount": 300}
	town.ask(town.hana, http.MethodPost, "/v1/payments", pay).refuses(http.StatusUnprocessableEntity, "idempotency_key_missing")
	town.ask(town.hana, http.MethodPost, "/v1/payments", pay, keyed, "short").refuses(http.StatusUnprocessableEntity, "idempotency_key_invalid")
	town.ask(town.hana, http.MethodPost, "/v1/payments", pay, keyed, "mine-000001").is(http.StatusCreated)
	pay["amount"] = 301
	town.ask(town.hana, http.MethodPost, "/v1/payments", pay, keyed, "mine-000001").refuses(http.StatusConflict, "idempotency_key_reused")
	town.ask(town.taro, http.MethodPost, "/v1/payments", pay, keyed, "mine-000001").is(http.StatusCreated)
	require.Equal(t, money.Points(700), town.balance(town.hana))
}

func TestARefusalTellsTheShortfall(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	refused := town.ask(town.hana, http.MethodPost, "/v1/payments", body{"payee_code": string(town.shop.code.Token), "amount": 1_001}, keyed, "much-000001")
	refused.refuses(http.StatusUnprocessableEntity, "balance_insufficient")
	require.Equal(t, map[string]any{"balance": 1_000.0, "shortfall": 1.0}, refused.is(http.StatusUnprocessableEntity)["figures"])
}

func TestAnAmountCodeExpires(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	code := town.ask(town.shop, http.MethodPost, "/v1/codes", body{"purpose": "amount", "amount": 120, "ttl_seconds": 30}).is(http.StatusCreated)
	met := town.ask(town.hana, http.MethodGet, "/v1/codes/"+code["token"].(string), nil).is(http.StatusOK)
	require.Equal(t, true, met["usable"])
	require.InDelta(t, 120, met["amount"], 0)
	require.Equal(t, "うちぬき食堂", met["name"])

	typed := strings.ToLower(code["token"].(string)[:6]) + "%20-" + code["token"].(string)[6:]
	require.Equal(t, met, town.ask(town.hana, http.MethodGet, "/v1/codes/"+typed, nil).is(http.StatusOK))

	town.clock.Add(31e9)
	met = town.ask(town.hana, http.MethodGet, "/v1/codes/"+code["token"].(string), nil).is(http.StatusOK)
	require.Equal(t, "code_expired", met["fault"].(map[string]any)["code"])
	town.ask(town.hana, http.MethodPost, "/v1/payments", body{"payee_code": code["token"]}, keyed, "late-000001").refuses(http.StatusGone, "code_expired")
}
