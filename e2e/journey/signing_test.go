package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type me struct {
	ID          string   `json:"id"`
	Role        string   `json:"role"`
	Name        string   `json:"name"`
	WalletID    string   `json:"wallet_id"`
	Email       string   `json:"email"`
	Permissions []string `json:"permissions"`
}

// Clauses 3.1.2 and 3.1.3.
func TestASignInIsRefreshedAndItsEndReachesEveryProcess(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana := city.Resident(t, "藤田 花")
	other, err := city.Serve(t.Context())
	require.NoError(t, err)

	who := harness.Get[me](t, hana.At(other), "/v1/me")
	require.Equal(t, me{ID: hana.ID, Role: "resident", Name: "藤田 花", WalletID: hana.WalletID, Email: hana.Email, Permissions: who.Permissions}, who)
	require.Contains(t, who.Permissions, "pay")
	require.NotContains(t, who.Permissions, "grant")

	renewed := *hana
	session := harness.Post[harness.Session](t, hana.At(other), "/v1/sessions/refresh", map[string]string{"refresh_token": hana.Refresh})
	require.Positive(t, session.ExpiresIn)
	renewed.Token, renewed.Refresh = session.AccessToken, session.RefreshToken
	require.NotEqual(t, hana.Refresh, renewed.Refresh)
	harness.Get[me](t, &renewed, "/v1/me")

	require.Less(t, renewed.Call(t, harness.Request{Method: http.MethodDelete, Path: "/v1/sessions/current"}).Status, 300)
	harness.Await(t, "the end of the session at the other process", func() bool {
		return renewed.At(other).Call(t, harness.Request{Method: http.MethodGet, Path: "/v1/me"}).Status == http.StatusUnauthorized
	})
	refusal := renewed.At(other).Call(t, harness.Request{Method: http.MethodGet, Path: "/v1/wallet"})
	require.Equal(t, "Bearer", refusal.Header.Get("WWW-Authenticate"))
	renewed.Refused(t, http.StatusUnauthorized, "session_ended", harness.Request{
		Method: http.MethodPost, Path: "/v1/sessions/refresh", Body: map[string]string{"refresh_token": renewed.Refresh},
	})
}

func TestARefreshTokenThatSomebodyElseUsedEndsTheSession(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	jiro := city.Resident(t, "伊藤 次郎")
	refresh := func(token string) harness.Session {
		return harness.Post[harness.Session](t, jiro, "/v1/sessions/refresh", map[string]string{"refresh_token": token})
	}
	second := refresh(jiro.Refresh)
	require.Equal(t, second.RefreshToken, refresh(jiro.Refresh).RefreshToken, "whoever lost the answer asks again and gets the same")
	third := refresh(second.RefreshToken)
	jiro.Refused(t, http.StatusUnauthorized, "session_reused", harness.Request{
		Method: http.MethodPost, Path: "/v1/sessions/refresh", Body: map[string]string{"refresh_token": jiro.Refresh},
	})
	harness.Await(t, "the stolen session to end", func() bool {
		return jiro.Call(t, harness.Request{Method: http.MethodGet, Path: "/v1/me", Token: third.AccessToken}).Status == http.StatusUnauthorized
	})
}

func TestSigningOutEverywhereEndsEveryDevice(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	phone := city.Resident(t, "越智 さくら")
	tablet := phone.SignIn(t)
	require.Less(t, phone.Call(t, harness.Request{Method: http.MethodDelete, Path: "/v1/sessions"}).Status, 300)
	for _, device := range []*harness.Person{phone, tablet} {
		harness.Await(t, "the end of the session on each device", func() bool {
			return device.Call(t, harness.Request{Method: http.MethodGet, Path: "/v1/me"}).Status == http.StatusUnauthorized
		})
	}
	harness.Get[me](t, phone.SignIn(t), "/v1/me")
}

func TestWhoeverHasNoSignInOrNoPermissionIsTurnedAway(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	nobody := city.Nobody()
	for name, body := range map[string]map[string]string{
		"wrong password": {"email": hana.Email, "password": "wrong horse battery"},
		"nobody's":       {"email": harness.Address("nobody"), "password": harness.Password},
	} {
		t.Log(name)
		nobody.Refused(t, http.StatusUnauthorized, "sign_in_failed", harness.Request{Method: http.MethodPost, Path: "/v1/sessions", Body: body})
	}
	nobody.Refused(t, http.StatusUnauthorized, "not_signed_in", harness.Request{Method: http.MethodGet, Path: "/v1/wallet"})
	nobody.Refused(t, http.StatusUnauthorized, "access_token_invalid", harness.Request{Method: http.MethodGet, Path: "/v1/wallet", Token: hana.Token + "x"})
	for _, path := range []string{"/v1/admin/funds", "/v1/admin/users", "/v1/admin/audit", "/v1/admin/position", "/v1/admin/rules"} {
		hana.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodGet, Path: path})
		shop.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodGet, Path: path})
	}
	city.Office.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodGet, Path: "/v1/wallet"})
}
