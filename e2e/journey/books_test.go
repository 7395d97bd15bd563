package journey_test

import (
	"net/http"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// baseDay is the last day of a half-year that has been over for a day, and how many days ago that was.
func baseDay() (day time.Time, ago int) {
	now := time.Now().In(time.FixedZone("JST", 9*60*60))
	for ago = 2; ; ago++ {
		day = now.AddDate(0, 0, -ago)
		if end := day.Format("01-02"); end == "03-31" || end == "09-30" {
			return day, ago
		}
	}
}

// reported is a city whose books are looked at: a half-year ago some things happened, and others today.
type reported struct {
	city          *harness.City
	hana, shop    *harness.Person
	fund, charges string
	base          time.Time
	on            string
}

func openBooks(t *testing.T) *reported {
	t.Helper()
	city := ownCity(t, "books")
	b := &reported{city: city, hana: city.Resident(t, "藤田 花"), shop: city.Merchant(t, "うちぬき商店")}
	b.charges, _ = acceptCharges(t, city, "charge")
	b.fund = city.OpenFund(t, "city", 50_000)
	free := city.MakeKind(t, "free", harness.Kind{Rank: 1, ClearedAtMerchant: true, Transferable: true})
	premium := city.MakeKind(t, "premium", harness.Kind{Rank: 2, ClearedAtMerchant: true})
	harness.Put[fields](t, city.Office, "/v1/admin/kinds/"+premium, "", fields{
		"name": "プレミアム", "rank": 2, "validity": fields{}, "cleared_at_merchant": true, "transferable": false, "premium": true,
	})
	city.Grant(t, b.hana, harness.Grant{Fund: b.fund, Kind: free, Amount: 10_000})
	city.Grant(t, b.hana, harness.Grant{Fund: b.fund, Kind: premium, Amount: 2_000})
	harness.Book[charge](t, b.shop, "/v1/charges", fields{"resident_code": b.hana.Code, "amount": 3_000})
	enterProgramme(t, b.shop, fields{"name": "いつでも10%", "rate": 1_000, "kind": returning(t, city)})
	paid := b.hana.Pay(t, b.shop, 4_000) // of the free ones; 400 come back
	correct(t, city.Office, paid.EntryID, fields{"amount": 1_000})
	var ago int
	b.base, ago = baseDay()
	b.on = b.base.Format(time.DateOnly)
	city.Age(t, ago)
	harness.Book[cash](t, city.Office, "/v1/admin/funds/"+b.fund+"/deposits", fields{"amount": 7_000, "memo": "補正予算"})
	b.hana.Pay(t, b.shop, 500)
	return b
}

// Requirements +1, +9, +11 and +12, and clause 4.1.1: the books of any moment and day, for the office and for everybody.
func TestTheBooksTellOfEveryMomentAndAddUp(t *testing.T) {
	t.Parallel()
	b := openBooks(t)
	b.trialBalances(t)
	b.everybody(t)
	b.halfYear(t)
	b.fiscalYear(t)
	printed := textOf(t, get(t, b.hana, "/v1/wallet/history.pdf").Body)
	require.Contains(t, printed, "藤田 花")
	require.Contains(t, printed, "うちぬき商店")
	proven(t, b.city)
	exportsAgree(t, b.city)
}

// trialBalances asks for the books now, at the end of the base day, and before anything had happened.
func (b *reported) trialBalances(t *testing.T) {
	t.Helper()
	at := func(moment time.Time) map[string]harness.Position {
		found := harness.Get[trial](t, b.city.Office, "/v1/admin/position?at="+url.QueryEscape(moment.Format(time.RFC3339)))
		require.True(t, found.Balanced)
		require.Equal(t, found.Assets, found.Points)
		funds := map[string]harness.Position{}
		for _, f := range found.Funds {
			funds[f.Fund] = f
		}
		return funds
	}
	midnight := time.Date(b.base.Year(), b.base.Month(), b.base.Day()+1, 0, 0, 0, 0, b.base.Location())
	then := at(midnight)
	require.Equal(t, harness.Position{Fund: b.fund, Bank: 50_000, Cash: 50_000, Unissued: 38_000, Wallets: 12_000, Points: 50_000}, then[b.fund])
	require.Equal(t, harness.Position{Fund: b.charges, Tills: 3_000, Cash: 3_000, Wallets: 3_000, Points: 3_000}, then[b.charges])
	for _, f := range at(midnight.AddDate(0, 0, -1)) {
		require.Equal(t, harness.Position{Fund: f.Fund}, f, "the day before, nothing")
	}
	now := harness.Get[trial](t, b.city.Office, "/v1/admin/position")
	require.EqualValues(t, 60_000, now.Points)
	b.hana.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodGet, Path: "/v1/admin/position"})
}

type span struct {
	Fund        string           `json:"fund"`
	Opening     harness.Position `json:"opening"`
	Deposits    int64            `json:"deposits"`
	Granted     int64            `json:"granted"`
	Charged     int64            `json:"charged"`
	Corrections int64            `json:"corrections"`
	Closing     harness.Position `json:"closing"`
}

// everybody reads the statement of the funds without a sign-in: data, file and page.
func (b *reported) everybody(t *testing.T) {
	t.Helper()
	nobody := b.city.Nobody()
	type day struct {
		On       string `json:"on"`
		Settled  bool   `json:"settled"`
		Balanced bool   `json:"balanced"`
		Funds    []span `json:"funds"`
	}
	shown := harness.Get[day](t, nobody, "/v1/public/funds?on="+b.on)
	require.Equal(t, day{On: b.on, Settled: true, Balanced: true, Funds: shown.Funds}, shown)
	by := map[string]span{}
	for _, s := range shown.Funds {
		by[s.Fund] = s
	}
	city := by[b.fund]
	require.Equal(t, harness.Position{Fund: b.fund}, city.Opening)
	require.Equal(t, [3]int64{50_000, 12_000, 0}, [3]int64{city.Deposits, city.Granted, city.Corrections}, "a correction between wallets changes no fund")
	require.Equal(t, harness.Position{Fund: b.fund, Bank: 50_000, Cash: 50_000, Unissued: 38_000, Wallets: 12_000, Points: 50_000}, city.Closing)
	require.EqualValues(t, 3_000, by[b.charges].Charged)
	require.Equal(t, shown, harness.Get[day](t, b.city.Office, "/v1/admin/reports/funds?on="+b.on))

	yesterday := get(t, nobody, "/v1/public/funds")
	var still day
	require.NoError(t, yesterday.Into(&still))
	require.Equal(t, harness.Today(-1), still.On)
	for _, s := range still.Funds {
		require.Equal(t, s.Opening, s.Closing, "nothing moved")
	}
	require.Contains(t, yesterday.Header.Get("Cache-Control"), "public")
	kept := nobody.Call(t, harness.Request{Method: http.MethodGet, Path: "/v1/public/funds", Header: map[string]string{"If-None-Match": yesterday.Header.Get("ETag")}})
	require.Equal(t, http.StatusNotModified, kept.Status)
	nobody.Refused(t, http.StatusUnprocessableEntity, "report_day_ahead", harness.Request{Method: http.MethodGet, Path: "/v1/public/funds?on=" + harness.Today(0)})

	file := get(t, nobody, "/v1/public/funds.csv?on="+b.on)
	for _, row := range sheetOf(t, file.Body)[1:] {
		require.Equal(t, row[12], row[13], "what there is and what is owed, in every row")
	}
	page := get(t, nobody, "/funds?on="+b.on)
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Header.Get("Content-Type"), "text/html")
	for _, told := range []string{"50,000", "38,000", "12,000", "お金の計とポイントの計は同じです。"} {
		require.Contains(t, string(page.Body), told)
	}
	for _, answer := range []harness.Answer{yesterday, file, page} {
		require.NotContains(t, string(answer.Body), "藤田")
		require.NotContains(t, string(answer.Body), "<script")
	}
}

type unusedRow struct {
	Class     string `json:"class"`
	Opening   int64  `json:"opening"`
	Issued    int64  `json:"issued"`
	Returned  int64  `json:"returned"`
	Corrected int64  `json:"corrected"`
	Used      int64  `json:"used"`
	Lapsed    int64  `json:"lapsed"`
	Unused    int64  `json:"unused"`
	Merchants int64  `json:"merchants"`
}

type unused struct {
	Day    string `json:"day"`
	Frozen *struct {
		SHA256  string `json:"sha256"`
		LastSeq int64  `json:"last_seq"`
	} `json:"frozen"`
	Balanced bool        `json:"balanced"`
	Total    unusedRow   `json:"total"`
	Classes  []unusedRow `json:"classes"`
}

// halfYear freezes the report of the base day, which stays as it is whatever comes after it (+9).
func (b *reported) halfYear(t *testing.T) {
	t.Helper()
	const path = "/v1/admin/reports/unused-balance"
	provisional := harness.Get[unused](t, b.city.Office, path+"/"+b.on)
	require.Nil(t, provisional.Frozen)
	require.True(t, provisional.Balanced)
	require.Equal(t, unusedRow{Issued: 15_000, Returned: 400, Corrected: 900, Used: 4_000, Unused: 12_300, Merchants: 2_700}, provisional.Total)
	classes := map[string]int64{}
	for _, row := range provisional.Classes {
		classes[row.Class] = row.Unused
	}
	require.Equal(t, map[string]int64{"paid": 3_000, "premium": 2_000, "free": 7_300}, classes)

	freeze := harness.Request{Method: http.MethodPost, Path: path, Body: fields{"day": b.on}}
	b.shop.Refused(t, http.StatusForbidden, "not_allowed", freeze)
	b.city.Office.Refused(t, http.StatusUnprocessableEntity, "report_not_a_base_day", harness.Request{Method: http.MethodPost, Path: path, Body: fields{"day": harness.Today(-1)}})
	var first harness.Answer
	harness.Await(t, "the journal to be certain", func() bool {
		first = b.city.Office.Call(t, freeze)
		return first.Status != http.StatusServiceUnavailable
	})
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	again := b.city.Office.Call(t, freeze)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, string(first.Body), string(again.Body))
	b.hana.Pay(t, b.shop, 700)
	require.Equal(t, string(first.Body), string(get(t, b.city.Office, path+"/"+b.on).Body))
	var frozen unused
	require.NoError(t, first.Into(&frozen))
	require.Equal(t, provisional.Total, frozen.Total)
	require.Len(t, frozen.Frozen.SHA256, 64)

	type recount struct {
		Equal  bool  `json:"equal"`
		Intact bool  `json:"intact"`
		Late   int64 `json:"late"`
	}
	require.Equal(t, recount{Equal: true, Intact: true}, harness.Get[recount](t, b.city.Office, path+"/"+b.on+"/recount"))
	rows := sheetOf(t, get(t, b.city.Office, path+"/"+b.on+".csv").Body)
	require.Contains(t, rows[len(rows)-1], frozen.Frozen.SHA256)
	printed := textOf(t, get(t, b.city.Office, path+"/"+b.on+".pdf").Body)
	require.Contains(t, printed, "12,300")
	require.Contains(t, printed, frozen.Frozen.SHA256[:16])
}

// fiscalYear shows the year of the base day, which closes with what the next one opens with.
func (b *reported) fiscalYear(t *testing.T) {
	t.Helper()
	year := b.base.Year()
	if b.base.Month() < time.April {
		year--
	}
	type yearRow struct {
		Holder    string `json:"holder"`
		Opening   int64  `json:"opening"`
		Granted   int64  `json:"granted"`
		Charged   int64  `json:"charged"`
		Paid      int64  `json:"paid"`
		Returned  int64  `json:"returned"`
		Corrected int64  `json:"corrected"`
		Closing   int64  `json:"closing"`
	}
	path := "/v1/admin/reports/fiscal-year/" + strconv.Itoa(year)
	shown := harness.Get[struct {
		Rows           []yearRow `json:"rows"`
		Contradictions []fields  `json:"contradictions"`
	}](t, b.city.Office, path)
	require.Empty(t, shown.Contradictions)
	require.NotEmpty(t, shown.Rows)
	var sum yearRow
	for _, row := range shown.Rows {
		require.Equal(t, row.Closing, row.Opening+row.Granted+row.Charged+row.Paid+row.Returned+row.Corrected, "%+v", row)
		sum.Opening, sum.Granted, sum.Charged, sum.Closing = sum.Opening+row.Opening, sum.Granted+row.Granted, sum.Charged+row.Charged, sum.Closing+row.Closing
	}
	require.Equal(t, yearRow{Granted: 12_000, Charged: 3_000, Closing: 15_000}, sum)
	rows := sheetOf(t, get(t, b.city.Office, path+".csv").Body)
	require.Greater(t, len(rows), len(shown.Rows), "the months follow")
	b.city.Office.Refused(t, http.StatusUnprocessableEntity, "report_year_out_of_range", harness.Request{
		Method: http.MethodGet, Path: "/v1/admin/reports/fiscal-year/1999",
	})
}
