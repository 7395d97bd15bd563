package journey_test

import (
	"bufio"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// books are what a refusal must leave as it was: a fund and the wallets around it, down to each lot and line.
type books struct {
	position harness.Position
	wallets  []harness.Wallet
	lines    []int64
}

func booksOf(t *testing.T, city *harness.City, fund string, people ...*harness.Person) books {
	t.Helper()
	b := books{position: position(t, city, fund, "")}
	for _, p := range people {
		b.wallets = append(b.wallets, p.Wallet(t))
		page := harness.Get[harness.History](t, p, "/v1/wallet/history?limit=1")
		last := int64(0)
		if len(page.Lines) > 0 {
			last = page.Lines[0].No
		}
		b.lines = append(b.lines, last)
	}
	return b
}

func inOrder[V any](cases map[string]V) []string { return slices.Sorted(maps.Keys(cases)) }

func TestAnAmountThatIsNoneIsRefusedWhereverItIsGiven(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	fund, kind := city.Endow(t, hana, 1_000)
	before := booksOf(t, city, fund, hana, shop)
	amounts := map[string]string{
		"-1": "minimum", "0": "minimum", "-9223372036854775808": "minimum", "10000000001": "maximum", "9223372036854775807": "maximum",
		"9223372036854775808": "integer", "99999999999999999999999999": "integer", "1.5": "integer", "1.0": "integer", "1e2": "integer",
		`"100"`: "integer", "null": "", "true": "integer", "[1]": "integer", "{}": "integer",
	}
	places := []struct {
		by   *harness.Person
		path string
		rest string
	}{
		{hana, "/v1/payments", fmt.Sprintf(`"payee_code":%q`, shop.Code)},
		{hana, "/v1/payments/preview", fmt.Sprintf(`"payee_code":%q`, shop.Code)},
		{shop, "/v1/charges", fmt.Sprintf(`"resident_code":%q`, hana.Code)},
		{shop, "/v1/codes", `"purpose":"amount"`},
		{city.Office, "/v1/admin/grants", fmt.Sprintf(`"user_id":%q,"fund":%q,"kind":%q`, hana.ID, fund, kind)},
		{city.Office, "/v1/admin/funds/" + fund + "/deposits", `"memo":""`},
		{city.Office, "/v1/admin/funds/" + fund + "/withdrawals", `"memo":""`},
		{city.Office, "/v1/admin/tills/" + shop.WalletID + "/remittances", fmt.Sprintf(`"fund":%q`, fund)},
	}
	for _, place := range places {
		for _, amount := range inOrder(amounts) {
			body := fmt.Sprintf(`{%s,"amount":%s}`, place.rest, amount)
			answer := place.by.Call(t, harness.Request{Method: http.MethodPost, Path: place.path, Key: harness.Key(), Body: []byte(body)})
			require.Equal(t, http.StatusUnprocessableEntity, answer.Status, "%s %s: %s", place.path, body, answer.Body)
			problem, err := answer.Problem()
			require.NoError(t, err)
			require.Contains(t, []string{"request_invalid", "amount_out_of_range"}, problem.Code, "%s %s", place.path, body)
			if problem.Code == "request_invalid" && amounts[amount] != "" {
				require.Equal(t, "body.amount", problem.Errors[0].Path, "%s %s", place.path, body)
				require.Equal(t, amounts[amount], problem.Errors[0].Code, "%s %s", place.path, body)
			}
		}
	}
	require.Equal(t, before, booksOf(t, city, fund, hana, shop))
}

func TestACodeThatIsNotGoodPaysNothing(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎")
	shop, limited := city.Merchant(t, "うちぬき商店"), city.LimitedMerchant(t, "自動販売機", 500)
	fund, _ := city.Endow(t, hana, 5_000)
	city.Endow(t, jiro, 1_000)

	expired := harness.Post[issued](t, shop, "/v1/codes", map[string]any{"purpose": "amount", "amount": 100, "ttl_seconds": 1})
	presented := harness.Post[issued](t, hana, "/v1/codes", map[string]any{"purpose": "presented", "ttl_seconds": 1})
	used := harness.Post[issued](t, shop, "/v1/codes", map[string]any{"purpose": "amount", "amount": 100})
	harness.Book[harness.Payment](t, hana, "/v1/payments", map[string]any{"payee_code": used.Token})
	revoked := shop.Code
	shop.Code = harness.Post[standing](t, shop, "/v1/codes/standing/rotation", nil).Token
	for _, code := range []string{expired.Token, presented.Token} {
		harness.Await(t, "the code to expire", func() bool { return !harness.Get[meeting](t, hana, "/v1/codes/"+code).Usable })
		require.Equal(t, "code_expired", harness.Get[meeting](t, hana, "/v1/codes/"+code).Fault.Code)
	}

	before := booksOf(t, city, fund, hana, jiro, shop, limited)
	unknown := "1S" + strings.Repeat("0", len(hana.Code)-2)
	for _, c := range []struct {
		what   string
		by     *harness.Person
		body   map[string]any
		status int
		code   string
	}{
		{"unknown", hana, map[string]any{"payee_code": unknown, "amount": 1}, 404, "code_unknown"},
		{"malformed", hana, map[string]any{"payee_code": "みかん", "amount": 1}, 422, "code_malformed"},
		{"another site's", hana, map[string]any{"payee_code": "https://evil.example/pay/now", "amount": 1}, 422, "code_malformed"},
		{"expired", hana, map[string]any{"payee_code": expired.Token}, 410, "code_expired"},
		{"expired on the other side", shop, map[string]any{"payer_code": presented.Token, "amount": 1}, 410, "code_expired"},
		{"used", hana, map[string]any{"payee_code": used.Token}, 410, "code_used"},
		{"revoked", hana, map[string]any{"payee_code": revoked, "amount": 1}, 410, "code_revoked"},
		{"one's own", hana, map[string]any{"payee_code": hana.Code, "amount": 1}, 422, "payment_to_oneself"},
		{"one's own wallet", hana, map[string]any{"payee_wallet": hana.WalletID, "amount": 1}, 422, "payment_to_oneself"},
		{"a shop's own", shop, map[string]any{"payee_code": shop.Code, "amount": 1}, 422, "payment_to_oneself"},
		{"an administrator's", hana, map[string]any{"payee_code": administratorsCode(t, city), "amount": 1}, 422, "code_without_wallet"},
		{"over the code's limit", hana, map[string]any{"payee_code": limited.Code, "amount": 501}, 422, "code_over_limit"},
		{"an unknown wallet", hana, map[string]any{"payee_wallet": hana.ID, "amount": 1}, 404, "wallet_unknown"},
		{"nobody", hana, map[string]any{"amount": 1}, 422, "payee_missing"},
		{"two at once", hana, map[string]any{"payee_code": shop.Code, "payee_wallet": limited.WalletID, "amount": 1}, 422, "payee_missing"},
		{"one point too much", hana, map[string]any{"payee_code": shop.Code, "amount": before.wallets[0].Balance + 1}, 422, "balance_insufficient"},
		{"over the limit of a payment", hana, map[string]any{"payee_code": shop.Code, "amount": 1_000_001}, 422, "payment_over_limit"},
		{"a memo too long", hana, map[string]any{"payee_code": shop.Code, "amount": 1, "memo": strings.Repeat("長", 101)}, 422, "request_invalid"},
	} {
		t.Log(c.what)
		problem := c.by.Refused(t, c.status, c.code, harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: c.body})
		switch c.code {
		case "code_over_limit":
			require.EqualValues(t, 500, problem.Figures["limit"])
		case "balance_insufficient":
			require.Equal(t, map[string]int64{"balance": before.wallets[0].Balance, "shortfall": 1}, problem.Figures)
		}
		c.by.Refused(t, c.status, c.code, harness.Request{Method: http.MethodPost, Path: "/v1/payments/preview", Body: c.body})
	}
	hana.Refused(t, http.StatusUnprocessableEntity, "request_invalid", harness.Request{
		Method: http.MethodPost, Path: "/v1/codes", Body: map[string]any{"purpose": "presented", "ttl_seconds": 301},
	})
	hana.Refused(t, http.StatusUnprocessableEntity, "code_life_out_of_range", harness.Request{
		Method: http.MethodPost, Path: "/v1/codes", Body: map[string]any{"purpose": "presented", "ttl_seconds": 121},
	})
	require.Equal(t, before, booksOf(t, city, fund, hana, jiro, shop, limited))
	require.EqualValues(t, 500, hana.Pay(t, limited, 500).Amount)
}

func administratorsCode(t *testing.T, city *harness.City) string {
	t.Helper()
	return harness.Get[standing](t, city.Office, "/v1/codes/standing").Token
}

func TestAKeyIsGoodForOneActAndNothingMovesWithoutOne(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店")
	fund, kind := city.Endow(t, hana, 1_000)
	key := harness.Key()
	pay := func(key string, amount int) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: key, Body: map[string]any{"payee_code": shop.Code, "amount": amount}}
	}
	require.Equal(t, http.StatusCreated, hana.Call(t, pay(key, 100)).Status)
	before := booksOf(t, city, fund, hana, jiro, shop)
	hana.Refused(t, http.StatusConflict, "idempotency_key_reused", pay(key, 101))
	hana.Refused(t, http.StatusUnprocessableEntity, "idempotency_key_missing", pay("", 100))
	hana.Refused(t, http.StatusUnprocessableEntity, "idempotency_key_invalid", pay("short", 100))
	hana.Refused(t, http.StatusUnprocessableEntity, "idempotency_key_invalid", pay(strings.Repeat("k", 65), 100))
	for path, body := range map[string]map[string]any{
		"/v1/admin/grants":                         {"user_id": hana.ID, "fund": fund, "kind": kind, "amount": 1},
		"/v1/admin/batches":                        {"fund": fund, "kind": kind, "list": []map[string]any{{"email": hana.Email, "amount": 1}}},
		"/v1/admin/funds/" + fund + "/deposits":    {"amount": 1},
		"/v1/admin/funds/" + fund + "/withdrawals": {"amount": 1},
	} {
		city.Office.Refused(t, http.StatusUnprocessableEntity, "idempotency_key_missing", harness.Request{Method: http.MethodPost, Path: path, Body: body})
	}
	require.Equal(t, before, booksOf(t, city, fund, hana, jiro, shop))

	// A refusal uses no key up, and keys are their owner's: another's act may have the same.
	key = harness.Key()
	hana.Refused(t, http.StatusUnprocessableEntity, "balance_insufficient", pay(key, 901))
	require.Equal(t, http.StatusCreated, hana.Call(t, pay(key, 900)).Status)
	city.Endow(t, jiro, 50)
	require.Equal(t, http.StatusCreated, jiro.Call(t, pay(key, 50)).Status)
	require.EqualValues(t, 1_050, shop.Balance(t))
}

func TestAGrantThatMayNotBeIsRefused(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana := city.Resident(t, "藤田 花")
	fund := city.OpenFund(t, "refused", 1_000)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1})
	retired := city.MakeKind(t, "retired", harness.Kind{Rank: 1, RetiredFrom: harness.Today(0)})
	before := booksOf(t, city, fund, hana)
	for _, c := range []struct {
		grant  harness.Grant
		status int
		code   string
	}{
		{harness.Grant{Fund: fund, Kind: retired, Amount: 1}, 422, "kind_retired"},
		{harness.Grant{Fund: fund, Kind: "no-such-kind", Amount: 1}, 422, "kind_unknown"},
		{harness.Grant{Fund: "no-such-fund", Kind: kind, Amount: 1}, 404, "fund_unknown"},
		{harness.Grant{Fund: fund, Kind: kind, Amount: 1_001}, 422, "fund_short"},
		{harness.Grant{Fund: fund, Kind: kind, Amount: 1, ExpiresOn: harness.Today(-1)}, 422, "expiry_in_the_past"},
		{harness.Grant{Fund: fund, Kind: kind, Amount: 1, ExpiresOn: "2026-02-30"}, 422, "request_invalid"},
	} {
		c.grant.UserID = hana.ID
		problem := city.Office.Refused(t, c.status, c.code, harness.Request{Method: http.MethodPost, Path: "/v1/admin/grants", Key: harness.Key(), Body: c.grant})
		if c.code == "fund_short" {
			require.Equal(t, map[string]int64{"balance": 1_000, "shortfall": 1}, problem.Figures)
		}
		list := map[string]any{"fund": c.grant.Fund, "kind": c.grant.Kind, "list": []map[string]any{{"email": hana.Email, "amount": c.grant.Amount}}}
		if c.grant.ExpiresOn != "" {
			list["expires_on"] = c.grant.ExpiresOn
		}
		city.Office.Refused(t, c.status, c.code, batchRequest(list))
	}
	require.Equal(t, before, booksOf(t, city, fund, hana))
}

func TestWhatIsNoRequestIsRefusedWithoutRepeatingIt(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	fund, _ := city.Endow(t, hana, 1_000)
	before := booksOf(t, city, fund, hana, shop)
	good := fmt.Sprintf(`"payee_code":%q,"amount":1`, shop.Code)
	const secret = "hidden-secret"
	for _, c := range []struct {
		body   string
		status int
		code   string
	}{
		{"", 400, "json_malformed"},
		{"{", 400, "json_malformed"},
		{"{" + good + "} {}", 400, "json_malformed"},
		{"[{" + good + "}]", 422, "request_invalid"},
		{`"text"`, 422, "request_invalid"},
		{"null", 422, "request_invalid"},
		{"{" + good + `,"memo":"` + "\xff\xfe" + `"}`, 400, "json_malformed"},
		{"{" + good + `,"memo":"a\u0000b"}`, 422, "request_invalid"},
		{"{" + good + `,"` + secret + `":1}`, 422, "request_invalid"},
		{"{" + good + `,"memo":{"` + secret + `":1}}`, 422, "request_invalid"},
		{strings.Repeat(`{"memo":`, 5_000) + "1" + strings.Repeat("}", 5_000), 400, "json_malformed"},
		{`{"payee_code":"` + secret + `","amount":1}`, 422, "code_malformed"},
	} {
		answer := hana.Call(t, harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: []byte(c.body)})
		require.Equal(t, c.status, answer.Status, "%.100s: %s", c.body, answer.Body)
		problem, err := answer.Problem()
		require.NoError(t, err)
		require.Equal(t, c.code, problem.Code, "%.100s: %s", c.body, answer.Body)
		if !strings.Contains(c.body, `"`+secret+`":`) { // the name of an unknown field is told, a value never
			require.NotContains(t, string(answer.Body), secret)
		}
	}
	signIn := hana.Refused(t, http.StatusUnprocessableEntity, "request_invalid", harness.Request{
		Method: http.MethodPost, Path: "/v1/sessions", Body: map[string]any{"email": hana.Email, "password": []string{secret}},
	})
	require.NotContains(t, fmt.Sprint(signIn), secret)

	hana.Refused(t, http.StatusUnsupportedMediaType, "media_type_unsupported", harness.Request{
		Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: []byte("amount=1"),
		Header: map[string]string{"Content-Type": "application/x-www-form-urlencoded"},
	})
	hana.Refused(t, http.StatusNotFound, "route_unknown", harness.Request{Method: http.MethodGet, Path: "/v1/nowhere"})
	hana.Refused(t, http.StatusMethodNotAllowed, "method_not_allowed", harness.Request{Method: http.MethodDelete, Path: "/v1/payments"})
	hana.Refused(t, http.StatusRequestURITooLong, "uri_too_long", harness.Request{Method: http.MethodGet, Path: "/v1/wallet?x=" + strings.Repeat("x", 3_000)})
	require.Equal(t, before, booksOf(t, city, fund, hana, shop))
}

// The size is judged by what is announced, before any of it is read.
func TestAnOversizedRequestIsTurnedAwayUnread(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana := city.Resident(t, "藤田 花")
	for path, announced := range map[string]int{"/v1/payments": 1 << 20, "/v1/admin/batches": 1 << 30} {
		conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(city.Front().URL, "http://"))
		require.NoError(t, err)
		t.Cleanup(func() { _ = conn.Close() })
		_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: saijo\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n",
			path, hana.Token, announced)
		require.NoError(t, err)
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, http.StatusRequestEntityTooLarge, answer.StatusCode, path)
		require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
	}
}
