package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type inbox struct {
	Notices []struct {
		ID      string  `json:"id"`
		Topic   string  `json:"topic"`
		Title   string  `json:"title"`
		Body    string  `json:"body"`
		EntryID string  `json:"entry_id"`
		ReadAt  *string `json:"read_at"`
	} `json:"notices"`
	Unread int    `json:"unread"`
	Next   string `json:"next"`
}

type preference struct {
	Topic   string `json:"topic"`
	Channel string `json:"channel"`
	Wanted  bool   `json:"wanted"`
	Fixed   bool   `json:"fixed,omitempty"`
}

type preferences struct {
	Switches []preference `json:"switches"`
}

func notices(t *testing.T, p *harness.Person) inbox {
	t.Helper()
	return harness.Get[inbox](t, p, "/v1/notices?limit=100")
}

// Clause 4.3.6.
func TestPeopleAreToldOfEveryChangeOnceAndAsTheyWish(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 1_000)
	paid := hana.Pay(t, shop, 300)
	harness.Await(t, "the notices of grant and payment", func() bool { return len(notices(t, hana).Notices) == 2 })
	harness.Await(t, "the shop's notice", func() bool { return len(notices(t, shop).Notices) == 1 })

	told := notices(t, hana)
	require.Equal(t, 2, told.Unread)
	require.Equal(t, "payment", told.Notices[0].Topic)
	require.Equal(t, paid.EntryID, told.Notices[0].EntryID)
	require.Equal(t, "300ポイントを支払いました。残高は700ポイントです。", told.Notices[0].Body)
	require.Equal(t, "grant", told.Notices[1].Topic)
	require.Equal(t, "300ポイントの支払いを受け取りました。残高は300ポイントです。", notices(t, shop).Notices[0].Body)

	reading := harness.Request{Method: http.MethodPost, Path: "/v1/notices/" + told.Notices[0].ID + "/reading"}
	require.Equal(t, http.StatusNoContent, hana.Call(t, reading).Status)
	require.Equal(t, http.StatusNoContent, hana.Call(t, reading).Status, "reading twice is no fault")
	shop.Refused(t, http.StatusNotFound, "notice_unknown", reading)
	told = notices(t, hana)
	require.Equal(t, 1, told.Unread)
	require.NotNil(t, told.Notices[0].ReadAt)
	require.Nil(t, told.Notices[1].ReadAt)

	off := preferences{[]preference{{Topic: "payment", Channel: "inbox", Wanted: false}}}
	now := harness.Put[preferences](t, hana, "/v1/notices/preferences", "", off)
	require.Contains(t, now.Switches, preference{Topic: "payment", Channel: "inbox", Wanted: false})
	require.Contains(t, now.Switches, preference{Topic: "grant", Channel: "inbox", Wanted: true})
	require.Equal(t, now, harness.Get[preferences](t, hana, "/v1/notices/preferences"))
	hana.Pay(t, shop, 100)
	harness.Await(t, "the shop to be told", func() bool { return len(notices(t, shop).Notices) == 2 })
	city.Endow(t, hana, 50) // told after the payment, so the payment's notice would be there by now
	harness.Await(t, "the notice of the second grant", func() bool { return notices(t, hana).Notices[0].Topic == "grant" })
	require.Len(t, notices(t, hana).Notices, 3, "the payment was not told")

	hana.Refused(t, http.StatusUnprocessableEntity, "preference_security", harness.Request{
		Method: http.MethodPut, Path: "/v1/notices/preferences",
		Body: preferences{[]preference{{Topic: "security", Channel: "inbox", Wanted: false}}},
	})
	hana.Refused(t, http.StatusUnprocessableEntity, "preference_unknown", harness.Request{
		Method: http.MethodPut, Path: "/v1/notices/preferences",
		Body: preferences{[]preference{{Topic: "weather", Channel: "inbox", Wanted: true}}},
	})
	page := harness.Get[inbox](t, hana, "/v1/notices?limit=2")
	require.Len(t, page.Notices, 2)
	rest := harness.Get[inbox](t, hana, "/v1/notices?limit=2&after="+page.Next)
	require.Len(t, rest.Notices, 1)
	require.Empty(t, rest.Next)
}
