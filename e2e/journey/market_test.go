package journey_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// market is a city whose shops are paid for what they received ten days ago. No worker runs, so that days can go by and
// people do what the timetable else would.
type market struct {
	city   *harness.City
	second *harness.Person // the other administrator
	hana   *harness.Person
	jiro   *harness.Person // has charged points only
	shop   *harness.Person // returns cashback and has a till
	diner  *harness.Person // has spent, been granted and been corrected
	stall  *harness.Person // has no account
	kiosk  *harness.Person // received less than a transfer costs
	debtor *harness.Person // has spent what had to be taken back

	fund, charges string
	large         harness.Payment // hana's to the diner

	first, third period
	secrets      *harness.Secrets
}

// The accounts of the shops, which nobody may read anywhere but in a bank file.
const (
	shopAccount  = "8675309"
	dinerAccount = "7481526"
	dinerAnother = "6092384"
	kioskAccount = "5930217"
	cityAccount  = "1234567" // as harness.City.Settle enters it
)

type period struct {
	ID       string  `json:"id"`
	Name     string  `json:"name"`
	From     string  `json:"from"`
	Until    string  `json:"until"`
	Closed   bool    `json:"closed"`
	ClosedBy string  `json:"closed_by"`
	ClosedAt *string `json:"closed_at"`
	LastSeq  int64   `json:"last_seq"`
}

type closing struct {
	Period     period `json:"period"`
	Statements int    `json:"statements"`
	Drafts     int    `json:"drafts"`
	Drafted    int64  `json:"drafted"`
}

// close closes a period. While a transaction of anybody runs, its end may not be certain; then one tries again.
func (m *market) close(t *testing.T, id string) closing {
	t.Helper()
	request := harness.Request{Method: http.MethodPost, Path: "/v1/admin/periods/" + id + "/closing", Body: fields{"reason": "締め"}}
	var answer harness.Answer
	harness.Await(t, "the end of the period to be certain", func() bool {
		answer = m.city.Office.Call(t, request)
		return answer.Status != http.StatusServiceUnavailable
	})
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	var closed closing
	require.NoError(t, answer.Into(&closed))
	require.True(t, closed.Period.Closed)
	return closed
}

// openMarket lets people trade, and ten days go by.
func openMarket(t *testing.T, name string) *market {
	t.Helper()
	city := ownCity(t, name)
	m := &market{
		city: city, second: city.Administrator(t, "市役所 花子"), hana: city.Resident(t, "藤田 花"), jiro: city.Resident(t, "伊藤 次郎"),
		shop: city.Merchant(t, "うちぬき商店"), diner: city.Merchant(t, "石鎚食堂"), stall: city.Merchant(t, "朝市"),
		kiosk: city.Merchant(t, "駄菓子屋"), debtor: city.Merchant(t, "貸衣装店"),
	}
	isContent := func(r harness.Request) bool { return strings.HasSuffix(r.Path, "/content") }
	m.secrets = harness.Guard(t, isContent, shopAccount, dinerAccount, dinerAnother, kioskAccount, cityAccount)
	m.settings(t)
	m.trade(t)
	city.Age(t, 10)
	m.hana.Pay(t, m.shop, 2_000)
	m.hana.Pay(t, m.debtor, 600)
	m.hana.Pay(t, m.diner, 10)
	return m
}

// settings decides that merchants bear the fees of transfers, and that a till's cash is set off.
func (m *market) settings(t *testing.T) {
	t.Helper()
	m.city.Settle(t)
	m.city.AmendSettlement(t, func(s map[string]any) {
		s["bearer"], s["offset_tills"], s["reason"] = "merchant", true, "試験"
		s["fees"] = []fields{
			{"same_bank": true, "from": 0, "fee": 110}, {"same_bank": true, "from": 10_000, "fee": 220}, {"same_bank": false, "from": 0, "fee": 330},
		}
	})
	shown := get(t, m.city.Office, "/v1/admin/settlement/settings")
	require.Contains(t, string(shown.Body), "9999-001 普通 ****567")
	require.Len(t, harness.Get[struct {
		Versions []fields `json:"versions"`
	}](t, m.city.Office, "/v1/admin/settlement/settings/versions").Versions, 2)
}

func (m *market) trade(t *testing.T) {
	t.Helper()
	var charged string
	m.charges, charged = acceptCharges(t, m.city, "charge")
	m.city.SaveKind(t, charged, harness.Kind{Name: "チャージ", Rank: 1, ClearedAtMerchant: true, Transferable: true}) // a claim takes these first
	m.fund = m.city.OpenFund(t, "city", 100_000)
	plain := m.city.MakeKind(t, "plain", harness.Kind{Rank: 10, ClearedAtMerchant: true, Transferable: true})
	m.city.Grant(t, m.hana, harness.Grant{Fund: m.fund, Kind: plain, Amount: 60_000})
	enterProgramme(t, m.shop, fields{"name": "いつでも5%", "rate": 500, "kind": returning(t, m.city)})

	harness.Book[charge](t, m.shop, "/v1/charges", fields{"resident_code": m.jiro.Code, "amount": 3_000})
	m.hana.Pay(t, m.shop, 10_000)
	m.jiro.Pay(t, m.shop, 2_500)
	m.large = m.hana.Pay(t, m.diner, 20_000)
	m.correct(t, m.hana.Pay(t, m.diner, 2_000), fields{"amount": 500})
	m.diner.Pay(t, m.shop, 1_000)
	m.city.Grant(t, m.diner, harness.Grant{Fund: m.fund, Kind: plain, Amount: 300})
	m.hana.Pay(t, m.stall, 5_000)
	m.hana.Pay(t, m.kiosk, 100)
	wrong := m.hana.Pay(t, m.debtor, 1_000)
	m.debtor.Pay(t, m.shop, 1_000)
	m.correct(t, wrong, fields{"receivable": true})
	require.Equal(t, harness.Position{
		Fund: m.fund, Bank: 100_000, Cash: 100_000, Receivables: 1_000, Unissued: 39_700, Wallets: 61_300, Points: 101_000,
	}, position(t, m.city, m.fund, ""))
}

// correct undoes an entry, wholly or as the fields say.
func (m *market) correct(t *testing.T, paid harness.Payment, how fields) {
	t.Helper()
	done := harness.Book[harness.Correction](t, m.city.Office, "/v1/admin/corrections", with(fields{"entry_id": paid.EntryID, "reason": "金額の誤り"}, how))
	require.Equal(t, "done", done.State)
}
