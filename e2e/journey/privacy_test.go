package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// Clause 3.1.3: what is somebody else's looks as if it were not there.
func TestAnotherPersonsThingsAreNotThere(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎")
	shop, other := city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂")
	city.Endow(t, hana, 1_000)
	paid := hana.Pay(t, shop, 100)
	lot := hana.Wallet(t).Lots[0].ID
	var notice string
	harness.Await(t, "a notice", func() bool {
		if found := notices(t, hana).Notices; len(found) > 0 {
			notice = found[0].ID
		}
		return notice != ""
	})
	for _, stranger := range []*harness.Person{jiro, other} {
		for code, r := range map[string]harness.Request{
			"entry_unknown":  {Method: http.MethodGet, Path: "/v1/entries/" + paid.EntryID},
			"lot_unknown":    {Method: http.MethodGet, Path: "/v1/lots/" + lot + "/ancestry"},
			"notice_unknown": {Method: http.MethodPost, Path: "/v1/notices/" + notice + "/reading"},
		} {
			theirs := stranger.Refused(t, http.StatusNotFound, code, r)
			r.Path = replaceID(r.Path)
			require.Equal(t, theirs, stranger.Refused(t, http.StatusNotFound, code, r), "no difference to what was never there")
		}
	}
	shop.Refused(t, http.StatusNotFound, "lot_unknown", harness.Request{Method: http.MethodGet, Path: "/v1/lots/" + lot + "/ancestry"})
	require.Empty(t, jiro.WholeHistory(t, "counterpart="+shop.WalletID, 10))

	// To residents and shops, the office's routes say no before they look.
	for _, path := range []string{"/v1/admin/users/" + hana.ID, "/v1/admin/users/" + hana.ID + "/wallet", "/v1/admin/users/" + hana.ID + "/history"} {
		jiro.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodGet, Path: path})
	}
	city.Office.Refused(t, http.StatusNotFound, "user_unknown", harness.Request{Method: http.MethodGet, Path: "/v1/admin/users/" + hana.WalletID})
	seen := harness.Get[receipt](t, city.Office, "/v1/entries/"+paid.EntryID)
	require.Equal(t, "藤田 花", seen.From.Name)
}

// replaceID puts an identifier that nobody has into a path.
func replaceID(path string) string {
	const nobody = "01890000-0000-7000-8000-000000000000"
	for i := 0; i+len(nobody) <= len(path); i++ {
		if path[i+8] == '-' && path[i+13] == '-' && path[i+18] == '-' && path[i+23] == '-' {
			return path[:i] + nobody + path[i+len(nobody):]
		}
	}
	return path
}

type trail struct {
	Acts []struct {
		Actor   string            `json:"actor"`
		Role    string            `json:"role"`
		Address string            `json:"address"`
		Request string            `json:"request"`
		Action  string            `json:"action"`
		Target  string            `json:"target"`
		Before  map[string]string `json:"before"`
		After   map[string]string `json:"after"`
		Outcome string            `json:"outcome"`
	} `json:"acts"`
	Next string `json:"next"`
}

// Design §5: every administrators' act leaves a row, refused ones as well.
func TestWhatAdministratorsDoStandsInTheTrail(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	clerk := city.Register(t, harness.Registration{Role: "administrator", Profile: harness.Profile{Name: "市役所 花子", Kana: "シヤクショ ハナコ"}})
	hana := city.Resident(t, "藤田 花")
	fund := city.OpenFund(t, "trail", 0)
	kind := city.MakeKind(t, "trail", harness.Kind{Rank: 1})
	grants := "/v1/admin/grants"
	harness.Book[cash](t, clerk, "/v1/admin/funds/"+fund+"/deposits", map[string]any{"amount": 500, "memo": "寄付"})
	order := harness.Grant{UserID: hana.ID, Fund: fund, Kind: kind, Amount: 200, Memo: "記念"}
	request := harness.Request{Method: http.MethodPost, Path: grants, Key: harness.Key(), Body: order}
	var done granted
	require.NoError(t, clerk.Call(t, request).Into(&done))
	require.Equal(t, http.StatusOK, clerk.Call(t, request).Status)
	order.Amount = 301
	clerk.Refused(t, http.StatusUnprocessableEntity, "fund_short", harness.Request{Method: http.MethodPost, Path: grants, Key: harness.Key(), Body: order})
	harness.Post[standing](t, clerk, "/v1/admin/users/"+hana.ID+"/code/rotation", nil)

	acts := harness.Get[trail](t, city.Office, "/v1/admin/audit?limit=100&actor="+clerk.ID).Acts
	told := make([][2]string, len(acts))
	for i, act := range acts {
		told[i] = [2]string{act.Action, act.Outcome}
		require.Equal(t, clerk.ID, act.Actor)
		require.Equal(t, "administrator", act.Role)
		require.Equal(t, "127.0.0.1", act.Address)
		require.NotEmpty(t, act.Request)
	}
	require.Equal(t, [][2]string{
		{"code.rotate", "done"},
		{"points.grant", "fund_short"},
		{"points.grant", "replayed"},
		{"points.grant", "done"},
		{"fund.deposit", "done"},
		{"session.start", "done"},
	}, told)
	require.Equal(t, hana.ID, acts[3].Target)
	require.Equal(t, map[string]string{"amount": "200", "fund": fund, "kind": kind, "memo": "記念", "entry": done.EntryID}, acts[3].After)
	require.Equal(t, "500", acts[4].After["amount"])
	only := harness.Get[trail](t, city.Office, "/v1/admin/audit?action=code.rotate&target="+hana.ID)
	require.Len(t, only.Acts, 1)
	page := harness.Get[trail](t, city.Office, "/v1/admin/audit?limit=4&actor="+clerk.ID)
	rest := harness.Get[trail](t, city.Office, "/v1/admin/audit?limit=4&actor="+clerk.ID+"&after="+page.Next)
	require.Equal(t, acts, append(page.Acts, rest.Acts...))
	require.Empty(t, rest.Next)
}
