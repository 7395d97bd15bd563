package rest_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/rest"
	"lovesaijo/domain/user"
)

func TestWhateverHTTPRefusesIsAProblem(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	nobody := person{}
	town.ask(nobody, http.MethodGet, "/nowhere", nil).refuses(http.StatusNotFound, "route_unknown")
	town.ask(nobody, http.MethodGet, "/v1/payments", nil).refuses(http.StatusMethodNotAllowed, "method_not_allowed")
	town.ask(nobody, http.MethodGet, "/healthz?x="+strings.Repeat("a", 3_000), nil).refuses(http.StatusRequestURITooLong, "uri_too_long")
	town.raw("GET /healthz HTTP/1.1\r\nHost: town\r\nX-Long: "+strings.Repeat("a", 10_000)+"\r\n\r\n").
		refuses(http.StatusRequestHeaderFieldsTooLarge, "headers_too_large")
	for _, path := range []string{"/v1/sessions", "/v1/payments"} {
		town.raw("POST "+path+" HTTP/1.1\r\nHost: town\r\nContent-Length: 70000\r\n\r\n"+strings.Repeat(" ", 70_000)).
			refuses(http.StatusRequestEntityTooLarge, "body_too_large")
	}
	town.ask(nobody, http.MethodPost, "/v1/sessions", "a=b", "Content-Type", "application/x-www-form-urlencoded").
		refuses(http.StatusUnsupportedMediaType, "media_type_unsupported")
	town.ask(town.office, http.MethodGet, "/v1/admin/users?q=a%00b", nil).refuses(http.StatusBadRequest, "request_malformed")
	town.ask(town.office, http.MethodGet, "/v1/admin/users?q=%ff", nil).refuses(http.StatusBadRequest, "request_malformed")
	require.Equal(t, "ok\n", town.ask(nobody, http.MethodGet, "/healthz", nil).text)
	require.Equal(t, "ready\n", town.ask(nobody, http.MethodGet, "/readyz", nil).text)
}

func TestARequestThatIsNoHTTPIsRefused(t *testing.T) {
	t.Parallel()
	newTown(t).raw("こんにちは\r\n\r\n").refuses(http.StatusBadRequest, "request_malformed")
}

func TestARefusalNeverRepeatsWhatWasSent(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	for _, sent := range []string{
		`{"email":"hana@example.jp","password":12345678901234}`,
		`{"email":"hana@example.jp","password":"geheim-geheim","extra":"geheim"}`,
		`{"email":"hana@example.jp","password":"` + strings.Repeat("geheim", 60) + `"}`,
		`{"email":"hana@example.jp","password":"geheim`,
		`{"email":"hana@example.jp","password":"geheim-geheim"}`,
	} {
		refused := town.ask(person{}, http.MethodPost, "/v1/sessions", sent)
		require.GreaterOrEqual(t, refused.status, 400)
		require.NotContains(t, refused.text, "geheim")
		require.NotContains(t, refused.text, "hana@")
		require.NotContains(t, refused.text, "1234567")
	}
	require.NotContains(t, town.log.String(), "geheim")
	require.NotContains(t, town.log.String(), "hana")
}

func TestAPanicAndAnAccidentTellNothing(t *testing.T) {
	t.Parallel()
	town := newTown(t, func(deps *rest.Deps) {
		deps.Draw.PNG = func(user.Token, int) ([]byte, error) { panic("secret of the house") }
		deps.Draw.SVG = func(user.Token, string) ([]byte, error) { return nil, context.DeadlineExceeded }
		deps.Draw.Card = func(user.User, user.Code) ([]byte, error) { return nil, net.ErrClosed }
		deps.Draw.Poster = func(user.User, user.Code) ([]byte, error) {
			return nil, errors.Join(user.ErrCodeUnknown, io.ErrUnexpectedEOF)
		}
		deps.Ready = func(context.Context) error { return net.ErrClosed }
	})
	town.ask(town.hana, http.MethodGet, "/v1/codes/standing.png", nil).refuses(http.StatusInternalServerError, "internal")
	late := town.ask(town.hana, http.MethodGet, "/v1/codes/standing.svg", nil)
	late.refuses(http.StatusServiceUnavailable, "deadline_exceeded")
	require.Contains(t, late.text, "処理済みの場合があります", "what ran out of time may have been booked")
	require.Contains(t, late.text, "履歴を確認するか、同じキーで")
	require.NotEmpty(t, late.header.Get("Retry-After"))
	broken := town.ask(town.hana, http.MethodGet, "/v1/codes/standing.pdf", nil)
	broken.refuses(http.StatusInternalServerError, "internal")
	require.NotContains(t, broken.text, "closed")
	town.ask(town.shop, http.MethodGet, "/v1/codes/standing.pdf", nil).refuses(http.StatusNotFound, "code_unknown")
	require.Equal(t, http.StatusServiceUnavailable, town.ask(person{}, http.MethodGet, "/readyz", nil).status)
	require.Contains(t, town.log.String(), "secret of the house")
	require.Contains(t, town.log.String(), "use of closed network connection")
	require.Contains(t, town.log.String(), "unexpected EOF", "what was joined to a fault is not lost")
}

func TestEveryAnswerCarriesSafeHeadersAndARequestIdentifier(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	answer := town.ask(town.hana, http.MethodGet, "/v1/wallet", nil, "X-Request-Id", "from-the-proxy-1")
	answer.is(http.StatusOK)
	require.Equal(t, "from-the-proxy-1", answer.header.Get("X-Request-Id"))
	require.Equal(t, "nosniff", answer.header.Get("X-Content-Type-Options"))
	require.Equal(t, "no-store", answer.header.Get("Cache-Control"))
	require.Contains(t, answer.header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Empty(t, answer.header.Get("Server"))
	require.NotContains(t, answer.text, "$schema")
	odd := town.ask(town.hana, http.MethodGet, "/v1/wallet", nil, "X-Request-Id", `"}{"level":"forged`)
	require.NotContains(t, odd.header.Get("X-Request-Id"), "forged")
}

func TestTheLogHasRoutesAndIdentifiersAndNothingPersonal(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	token := string(town.shop.code.Token)
	town.ask(town.hana, http.MethodGet, "/v1/codes/"+token, nil).is(http.StatusOK)
	town.ask(person{}, http.MethodGet, "/q/"+token, nil).is(http.StatusOK)
	town.ask(person{}, http.MethodGet, "/nowhere/"+token, nil).is(http.StatusNotFound)
	text := town.log.String()
	require.Contains(t, text, `"route":"/v1/codes/:token"`)
	require.Contains(t, text, `"route":"/q/:token"`)
	require.Contains(t, text, `"route":"unmatched"`)
	require.Contains(t, text, `"user":"`+town.hana.user.ID.String()+`"`)
	for _, personal := range []string{token, "越智", "うちぬき", "example.jp", town.hana.token} {
		require.NotContains(t, text, personal)
	}
}

func TestAnAddressIsBelievedFromATrustedProxyOnly(t *testing.T) {
	t.Parallel()
	for proxies, seen := range map[string]string{"": "0.0.0.0", "0.0.0.0": "203.0.113.9"} {
		town := newTown(t, func(deps *rest.Deps) {
			if proxies != "" {
				deps.TrustedProxies = []string{proxies}
			}
		})
		town.ask(person{}, http.MethodPost, "/v1/sessions", body{"email": "hana@example.jp", "password": password}, "X-Real-IP", "203.0.113.9").is(http.StatusCreated)
		acts := town.ask(town.office, http.MethodGet, "/v1/admin/audit?action=session.start&limit=1", nil).is(http.StatusOK)["acts"].([]any)
		require.Equal(t, seen, acts[0].(map[string]any)["address"])
	}
}
