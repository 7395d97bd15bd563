package journey_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type campaign struct {
	ID         string  `json:"id"`
	State      string  `json:"state"`
	Budget     int64   `json:"budget"`
	Accrued    int64   `json:"accrued"`
	Left       int64   `json:"left"`
	EndedEarly bool    `json:"ended_early"`
	EndedAt    *string `json:"ended_at"`
	Version    int64   `json:"version"`
}

// current is a campaign as people see it.
type current struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Budget   int64  `json:"budget"`
	Left     int64  `json:"left"`
	Promised int64  `json:"promised"`
}

func campaignNow(t *testing.T, city *harness.City, id string) campaign {
	t.Helper()
	return harness.Get[campaign](t, city.Office, "/v1/admin/campaigns/"+id)
}

// currentCampaign finds a campaign among those that somebody is shown.
func currentCampaign(t *testing.T, p *harness.Person, id string) current {
	t.Helper()
	found := harness.Get[struct {
		Campaigns []current `json:"campaigns"`
	}](t, p, "/v1/campaigns?limit=100").Campaigns
	for _, c := range found {
		if c.ID == id {
			return c
		}
	}
	require.Fail(t, "the campaign is not shown", id)
	return current{}
}

type standingNow struct {
	State   string `json:"state"`
	Accrued int64  `json:"accrued"`
	Days    []struct {
		Day      string `json:"day"`
		Payments int64  `json:"payments"`
		Cost     int64  `json:"cost"`
	} `json:"days"`
	Payout *batch `json:"payout"`
}

// awaitPaid waits until the worker has paid a campaign that has ended.
func awaitPaid(t *testing.T, city *harness.City, id string) standingNow {
	t.Helper()
	path := "/v1/admin/campaigns/" + id + "/standing"
	harness.Await(t, "the campaign to be paid", func() bool { return harness.Get[standingNow](t, city.Office, path).State == "paid" })
	return harness.Get[standingNow](t, city.Office, path)
}

// grantsOf gives what somebody was granted.
func grantsOf(t *testing.T, p *harness.Person) (amounts []int64) {
	t.Helper()
	for _, line := range p.WholeHistory(t, "type=grant", 100) {
		amounts = append(amounts, line.Delta)
	}
	return amounts
}

// Clauses 4.5.3 and 4.5.4.
func TestACampaignPaysEverybodyOnceWhenItEnds(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro, late := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Resident(t, "越智 さくら")
	shop, other := city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂")
	for _, p := range []*harness.Person{hana, jiro, late} {
		city.Endow(t, p, 5_000)
	}
	bonus := returning(t, city)
	fund := city.OpenFund(t, "campaign", 2_000)
	id := openCampaign(t, city, fields{
		"name": "秋の還元祭", "rate": 1_000, "kind": bonus, "payment_max": 200, "person_max": 300, "merchants": []string{shop.WalletID, other.WalletID},
		"from": harness.Today(0), "until": harness.Today(30), "fund": fund, "budget": 1_500,
	}).ID
	for _, amount := range []int64{1_000, 1_500, 900} { // 100, 150 and, by the cap of a person, 50
		hana.Pay(t, shop, amount)
	}
	jiro.Pay(t, other, 3_000) // 200 by the cap of a payment
	require.EqualValues(t, 500, campaignNow(t, city, id).Accrued)
	require.EqualValues(t, 300, currentCampaign(t, hana, id).Promised)
	require.EqualValues(t, 200, currentCampaign(t, jiro, id).Promised)
	require.Zero(t, currentCampaign(t, late, id).Promised)

	ended := harness.Post[campaign](t, city.Office, "/v1/admin/campaigns/"+id+"/end", fields{"reason": "予定より早く終える"})
	require.Equal(t, "ended", ended.State)
	require.False(t, ended.EndedEarly, "the budget was not used up")
	late.Pay(t, shop, 1_000)
	standing := awaitPaid(t, city, id)
	require.EqualValues(t, 500, standing.Accrued)
	require.EqualValues(t, 4, standing.Days[0].Payments)
	require.EqualValues(t, 500, standing.Days[0].Cost)
	require.Equal(t, [3]int64{2, 2, 500}, [3]int64{int64(standing.Payout.Rows), int64(standing.Payout.Done), standing.Payout.Granted})

	require.EqualValues(t, 5_000-3_400+300, hana.Balance(t))
	require.EqualValues(t, 5_000-3_000+200, jiro.Balance(t))
	require.EqualValues(t, 4_000, late.Balance(t))
	require.Equal(t, []int64{300, 5_000}, grantsOf(t, hana), "once")
	require.Equal(t, []int64{200, 5_000}, grantsOf(t, jiro))
	require.Equal(t, harness.Position{Fund: fund, Bank: 2_000, Cash: 2_000, Unissued: 1_500, Wallets: 500, Points: 2_000}, position(t, city, fund, ""),
		"what was not promised is free again")
	city.Office.Refused(t, http.StatusConflict, "campaign_state", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/campaigns/" + id + "/end", Body: fields{},
	})
}

// Clause 4.5.4: whoever pays, and however much, the city pays what it has set aside and no more.
func TestABudgetThatIsUsedUpEndsItsCampaign(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 5_000)
	city.Endow(t, jiro, 5_000)
	bonus := returning(t, city)
	fund := city.OpenFund(t, "campaign", 150)
	body := fields{
		"name": "早い者勝ち", "rate": 1_000, "kind": bonus, "merchants": []string{shop.WalletID},
		"from": harness.Today(0), "until": harness.Today(30), "fund": fund, "budget": 151,
	}
	over := harness.Post[struct {
		Campaign campaign `json:"campaign"`
	}](t, city.Office, "/v1/admin/campaigns", body).Campaign
	refusal := city.Office.Refused(t, http.StatusUnprocessableEntity, "fund_short", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/campaigns/" + over.ID + "/opening", Key: harness.Key(), Body: fields{},
	})
	require.Equal(t, map[string]int64{"balance": 150, "shortfall": 1}, refusal.Figures)

	id := openCampaign(t, city, with(body, fields{"budget": 150})).ID
	require.EqualValues(t, 100, hana.Pay(t, shop, 1_000).Awards[0].Amount)
	preview := harness.Post[harness.Preview](t, jiro, "/v1/payments/preview", fields{"payee_code": shop.Code, "amount": 1_000})
	last := jiro.Pay(t, shop, 1_000)
	require.Equal(t, preview.Awards, last.Awards)
	require.Equal(t, [3]any{int64(100), int64(50), "budget"}, [3]any{last.Awards[0].Earned, last.Awards[0].Amount, last.Awards[0].Cut})
	require.Empty(t, hana.Pay(t, shop, 1_000).Awards, "it has ended")

	awaitPaid(t, city, id)
	ended := campaignNow(t, city, id)
	require.True(t, ended.EndedEarly)
	require.NotNil(t, ended.EndedAt)
	require.Zero(t, ended.Left)
	require.EqualValues(t, 3_100, hana.Balance(t))
	require.EqualValues(t, 4_050, jiro.Balance(t))
	require.Equal(t, harness.Position{Fund: fund, Bank: 150, Cash: 150, Wallets: 150, Points: 150}, position(t, city, fund, ""))
}

type forecast struct {
	Payments    int64   `json:"payments"`
	People      int64   `json:"people"`
	Cost        int64   `json:"cost"`
	Wanted      int64   `json:"wanted"`
	ExhaustedAt *string `json:"exhausted_at"`
	Cut         struct {
		Payment int64 `json:"payment_max"`
		Person  int64 `json:"person_max"`
		Budget  int64 `json:"budget"`
	} `json:"cut"`
	Most  int64 `json:"most"`
	Shops []struct {
		Shop     harness.Party `json:"shop"`
		Payments int64         `json:"payments"`
		Cost     int64         `json:"cost"`
	} `json:"shops"`
}

// Requirement +3: what a draft says that the same payments would have cost is what they cost once it is open.
func TestWhatACampaignCostsIsKnownBeforeItOpens(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎")
	shop, other, outside := city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂"), city.Merchant(t, "市外商店")
	city.Endow(t, hana, 100_000)
	city.Endow(t, jiro, 100_000)
	bonus := returning(t, city)
	spend := func() {
		for _, p := range []struct {
			from, to *harness.Person
			amount   int64
		}{{hana, shop, 1_000}, {jiro, shop, 333}, {hana, other, 9_000}, {jiro, other, 2_500}, {hana, outside, 5_000}, {hana, shop, 800}, {jiro, shop, 55}, {hana, shop, 2_000}} {
			p.from.Pay(t, p.to, p.amount)
		}
	}
	spend()

	fund := city.OpenFund(t, "campaign", 10_000)
	draft := fields{
		"name": "下書き", "rate": 725, "rounding": "nearest", "kind": bonus, "payment_max": 400, "person_max": 550,
		"merchants": []string{shop.WalletID, other.WalletID}, "from": harness.Today(0), "until": harness.Today(30), "fund": fund, "budget": 10_000,
	}
	try := func(changes fields) forecast {
		return harness.Post[forecast](t, city.Office, "/v1/admin/campaigns/what-if", fields{
			"from": harness.Today(-1), "until": harness.Today(0), "draft": with(draft, changes),
		})
	}
	would := try(fields{})
	// Hana 73 + 400 (652.5 earned) + 58 + 19 of 145; Jiro 24 + 181 + 4.
	require.Equal(t, [4]int64{7, 2, 759, 759}, [4]int64{would.Payments, would.People, would.Cost, would.Wanted})
	require.Nil(t, would.ExhaustedAt)
	require.Equal(t, [2]int64{1, 1}, [2]int64{would.Cut.Payment, would.Cut.Person})
	require.EqualValues(t, 550, would.Most)
	require.Len(t, would.Shops, 2, "elsewhere nothing would have been earned")
	require.Equal(t, other.WalletID, would.Shops[0].Shop.WalletID)
	require.EqualValues(t, 581, would.Shops[0].Cost)
	short := try(fields{"budget": 600})
	require.EqualValues(t, 600, short.Cost)
	require.EqualValues(t, 759, short.Wanted)
	require.NotNil(t, short.ExhaustedAt)

	id := openCampaign(t, city, draft).ID
	spend()
	really := campaignNow(t, city, id)
	require.Equal(t, would.Cost, really.Accrued)
	require.EqualValues(t, 550, currentCampaign(t, hana, id).Promised)
	require.EqualValues(t, 209, currentCampaign(t, jiro, id).Promised)
	harness.Post[campaign](t, city.Office, "/v1/admin/campaigns/"+id+"/end", fields{})
	standing := awaitPaid(t, city, id)
	require.Equal(t, would.Cost, standing.Payout.Granted)
	require.Equal(t, would.Cost, position(t, city, fund, "").Wallets)
}
