package rest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/rest"
	"lovesaijo/domain/access"
)

func TestAPersonSignsInGoesOnAndSignsOut(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	in := town.ask(person{}, http.MethodPost, "/v1/sessions", body{"email": "HANA@example.jp ", "password": password}).is(http.StatusCreated)
	require.InDelta(t, 600, in["expires_in"], 1)
	require.Equal(t, map[string]any{
		"id": town.hana.user.ID.String(), "role": "resident", "name": "越智 花子", "wallet_id": town.hana.user.Wallet.String(),
	}, in["user"])
	hana := person{token: in["access_token"].(string)}
	require.Equal(t, "hana@example.jp", town.ask(hana, http.MethodGet, "/v1/me", nil).is(http.StatusOK)["email"])

	next := town.ask(person{}, http.MethodPost, "/v1/sessions/refresh", body{"refresh_token": in["refresh_token"]}).is(http.StatusCreated)
	require.NotEqual(t, in["refresh_token"], next["refresh_token"])

	town.ask(hana, http.MethodDelete, "/v1/sessions/current", nil).is(http.StatusNoContent)
	town.ask(hana, http.MethodGet, "/v1/me", nil).refuses(http.StatusUnauthorized, "session_ended")
	town.ask(person{}, http.MethodPost, "/v1/sessions/refresh", body{"refresh_token": next["refresh_token"]}).refuses(http.StatusUnauthorized, "session_ended")

	town.ask(town.hana, http.MethodDelete, "/v1/sessions", nil).is(http.StatusNoContent)
	town.ask(town.hana, http.MethodGet, "/v1/wallet", nil).refuses(http.StatusUnauthorized, "session_ended")
}

func TestNobodyComesInWithoutAGoodToken(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.ask(person{}, http.MethodPost, "/v1/sessions", body{"email": "hana@example.jp", "password": "wrong password"}).
		refuses(http.StatusUnauthorized, "sign_in_failed")
	refused := town.ask(person{}, http.MethodGet, "/v1/wallet", nil)
	refused.refuses(http.StatusUnauthorized, "not_signed_in")
	require.Equal(t, "Bearer", refused.header.Get("WWW-Authenticate"))
	forged := person{token: strings.Replace(town.hana.token, ".", "x.", 1)}
	town.ask(forged, http.MethodGet, "/v1/wallet", nil).refuses(http.StatusUnauthorized, "access_token_invalid")
	town.ask(person{}, http.MethodGet, "/v1/wallet", nil, "Authorization", "Basic aGFuYTpoYW5h").refuses(http.StatusUnauthorized, "not_signed_in")
	town.clock.Add(int64(access.AccessLife + time.Second))
	town.ask(town.hana, http.MethodGet, "/v1/wallet", nil).refuses(http.StatusUnauthorized, "access_token_invalid")
}

// Clause 3.1.3: the route side of the authorisation matrix, every operation against every role and nobody.
func TestEveryOperationRefusesWhoeverLacksItsPermission(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	people := []person{town.hana, town.shop, town.clerk, town.office}
	for _, route := range rest.Routes() {
		if route.Needs == "public" {
			continue
		}
		path := strings.NewReplacer("{id}", town.taro.user.ID.String(), "{code}", "none", "{token}", "x", "{wallet_id}", "x").Replace(route.Path)
		if route.Method != http.MethodDelete { // the refusals only: what is allowed is tested where it is done
			town.ask(person{}, route.Method, path, nil).refuses(http.StatusUnauthorized, "not_signed_in")
		}
		if route.Needs == "signed-in" {
			continue
		}
		for _, p := range people {
			allowed := false
			for _, permission := range access.Permissions() {
				named := strings.Contains(" or "+route.Needs+" or ", " or "+permission.String()+" or ")
				allowed = allowed || named && access.May(p.user.Role, permission)
			}
			if !allowed {
				town.ask(p, route.Method, path, nil).refuses(http.StatusForbidden, "not_allowed")
			}
		}
	}
}

func TestAnotherPersonsThingsAreNotThere(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	paid := town.ask(town.hana, http.MethodPost, "/v1/payments", body{"payee_code": string(town.shop.code.Token), "amount": 10}, keyed, "mine-000001").is(http.StatusCreated)
	entry := "/v1/entries/" + paid["entry_id"].(string)
	town.ask(town.hana, http.MethodGet, entry, nil).is(http.StatusOK)
	town.ask(town.shop, http.MethodGet, entry, nil).is(http.StatusOK)
	town.ask(town.office, http.MethodGet, entry, nil).is(http.StatusOK)
	town.ask(town.taro, http.MethodGet, entry, nil).refuses(http.StatusNotFound, "entry_unknown")
	town.ask(town.taro, http.MethodGet, "/v1/entries/x", nil).refuses(http.StatusNotFound, "entry_unknown")

	lots := town.ask(town.hana, http.MethodGet, "/v1/wallet", nil).is(http.StatusOK)["lots"].([]any)
	ancestry := "/v1/lots/" + lots[0].(map[string]any)["id"].(string) + "/ancestry"
	town.ask(town.hana, http.MethodGet, ancestry, nil).is(http.StatusOK)
	town.ask(town.taro, http.MethodGet, ancestry, nil).refuses(http.StatusNotFound, "lot_unknown")
	town.ask(town.taro, http.MethodPost, "/v1/notices/"+town.hana.user.ID.String()+"/reading", nil).refuses(http.StatusNotFound, "notice_unknown")
}
