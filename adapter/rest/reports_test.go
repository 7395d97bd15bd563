package rest_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/rest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/report"
	"lovesaijo/usecase/reporting"
	"lovesaijo/usecase/settling"
	"lovesaijo/usecase/signingin"
)

// prints spells what a document would be made of.
var prints = rest.Prints{
	Passbook: func(book reporting.Passbook) ([]byte, error) {
		text := fmt.Sprintf("passbook of %s, %d lines, %v", book.Holder, len(book.Lines), book.Chosen)
		for _, l := range book.Lines {
			text += fmt.Sprintf("\n%d %s %s %d %d", l.No, l.Type, l.With, l.Delta, l.Balance)
		}
		return []byte(text), nil
	},
	Statement: func(sheet settling.Sheet) ([]byte, error) { return []byte("statement of " + sheet.Shop.Name), nil },
	Unused: func(u reporting.Unused, _ time.Time) ([]byte, error) {
		return fmt.Appendf(nil, "unused %d on %s, frozen %t", u.All().Unused, u.Day, u.Frozen != nil), nil
	},
}

// goTo lets time go on until a while after the beginning of a day in the future.
func (town *town) goTo(day calendar.Day, after time.Duration) {
	town.clock.Add(int64(day.Start().Add(after).Sub(town.deps.Now())))
}

// tomorrow lets the day end, and the statement of it be settled.
func (town *town) tomorrow() (today calendar.Day) {
	today = calendar.DayOf(town.deps.Now())
	town.goTo(today+1, time.Hour)
	return today
}

// signInAgain gives the administrator a new access token, since one lives for minutes only.
func (town *town) signInAgain() {
	town.t.Helper()
	pass, err := town.deps.Door.SignIn(town.t.Context(), "office@example.jp", password, signingin.Origin{})
	require.NoError(town.t, err)
	town.office.token = pass.Access
}

func TestEverybodyMayReadTheFundsOfADayThatIsOver(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.pay(town.hana, town.shop, 300, "", "fund-000001")
	stranger := person{}
	town.ask(stranger, http.MethodGet, "/v1/public/funds?on="+calendar.DayOf(town.deps.Now()).String(), nil).
		refuses(http.StatusUnprocessableEntity, "report_day_ahead")
	today := town.tomorrow()

	answer := town.ask(stranger, http.MethodGet, "/v1/public/funds", nil)
	day := answer.is(http.StatusOK)
	require.Equal(t, today.String(), day["on"], "yesterday, without a day")
	require.Equal(t, true, day["balanced"])
	require.Equal(t, true, day["settled"])
	fund := day["funds"].([]any)[0].(map[string]any)
	require.Equal(t, "プレミアム", fund["name"])
	for name, want := range map[string]float64{
		"deposits": 10_000, "granted": 2_000, "withdrawals": 0, "charged": 0, "paid_out": 0, "corrections": 0, "lapsed": 0,
	} {
		require.InDelta(t, want, fund[name], 0, name)
	}
	closing := fund["closing"].(map[string]any)
	require.InDelta(t, 10_000, closing["assets"], 0)
	require.InDelta(t, 10_000, closing["points"], 0)
	require.InDelta(t, 2_000, closing["wallets"], 0)
	require.InDelta(t, 0, fund["opening"].(map[string]any)["points"], 0)
	for _, personal := range []string{"越智", "花子", "うちぬき", town.hana.user.ID.String(), town.hana.user.Wallet.String()} {
		require.NotContains(t, answer.text, personal)
	}

	require.Regexp(t, `^public, max-age=\d+$`, answer.header.Get("Cache-Control"))
	tag := answer.header.Get("Etag")
	require.NotEmpty(t, tag)
	again := town.ask(stranger, http.MethodGet, "/v1/public/funds", nil, "If-None-Match", tag)
	require.Equal(t, http.StatusNotModified, again.status)
	require.Empty(t, again.text)
	require.Equal(t, http.StatusOK, town.ask(stranger, http.MethodGet, "/v1/public/funds", nil, "If-None-Match", `"other"`).status)
	old := town.ask(stranger, http.MethodGet, "/v1/public/funds?on=2001-01-01", nil).is(http.StatusOK)
	require.Equal(t, []any{}, old["funds"])
	for query, code := range map[string]string{"on=2999-01-01": "report_day_ahead", "on=gestern": "request_invalid", "day=2020-01-01": "request_invalid"} {
		town.ask(stranger, http.MethodGet, "/v1/public/funds?"+query, nil).refuses(http.StatusUnprocessableEntity, code)
	}
}

func TestThePublicFileOfTheFundsAddsUp(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	today := town.tomorrow()
	file := town.ask(person{}, http.MethodGet, "/v1/public/funds.csv?on="+today.String(), nil)
	file.is(http.StatusOK)
	require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
	require.Contains(t, file.header.Get("Content-Disposition"), "funds-"+today.String()+".csv")
	rows := rowsOf(t, file)
	require.Equal(t, []string{"日付", "原資コード", "原資", "項目", "金額", "預金", "店頭現金", "未収金", "未発行", "引当", "財布", "請求済", "資産の計", "ポイントの計"}, rows[0])
	var items []string
	for _, row := range rows[1:] {
		items = append(items, row[3])
		require.Equal(t, row[12], row[13], "in every row assets and points are the same")
	}
	require.Equal(t, []string{"前日の残高", "入金", "給付", "当日の残高"}, items)
	require.Equal(t, []string{"10000", "0", "0", "8000", "0", "2000", "0", "10000", "10000"}, rows[4][5:])
	again := town.ask(person{}, http.MethodGet, "/v1/public/funds.csv?on="+today.String(), nil, "If-None-Match", "W/"+file.header.Get("Etag"))
	require.Equal(t, http.StatusNotModified, again.status)
	require.Empty(t, again.text)
}

func rowsOf(t *testing.T, file reply) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(file.text, "\ufeff")
	require.True(t, marked)
	reader := csv.NewReader(strings.NewReader(text))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	return rows
}

func TestThePageOfTheFundsNeedsNoScriptAndNoSignIn(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	today := town.tomorrow()
	page := town.ask(person{}, http.MethodGet, "/funds", nil)
	page.is(http.StatusOK)
	require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))
	for _, said := range []string{
		`<html lang="ja">`, "やさしい日本語", "お金の 数と ポイントの 数は、いつも 同じです。", "プレミアム", `<th scope="col">項目</th>`, `<th scope="row">預金`, "<caption>お金のある場所（円）</caption>",
		"10,000", "お金の計とポイントの計は同じです。", `href="/v1/public/funds.csv?on=` + today.String() + `"`, `href="/funds?on=` + (today - 1).String() + `"`,
	} {
		require.Contains(t, page.text, said)
	}
	require.NotContains(t, page.text, "<script")
	require.NotContains(t, page.text, "次の日", "there is none")
	require.Contains(t, page.header.Get("Content-Security-Policy"), "form-action 'self'")
	require.Equal(t, http.StatusNotModified, town.ask(person{}, http.MethodGet, "/funds", nil, "If-None-Match", page.header.Get("Etag")).status)

	before := town.ask(person{}, http.MethodGet, "/funds?on="+(today-1).String(), nil)
	before.is(http.StatusOK)
	require.Contains(t, before.text, "この日には、まだ原資がありませんでした。")
	require.Contains(t, before.text, "次の日")
	for _, on := range []string{"2999-01-01", "%3Cscript%3E", "x"} {
		refused := town.ask(person{}, http.MethodGet, "/funds?on="+on, nil)
		require.Equal(t, http.StatusUnprocessableEntity, refused.status)
		require.Contains(t, refused.text, `class="trouble"`)
		require.NotContains(t, refused.text, "<script")
		require.Equal(t, "no-store", refused.header.Get("Cache-Control"))
	}
}

func TestTheTrialBalanceIsThatOfTheInstantGiven(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.clock.Store(int64(time.Minute))
	between := town.deps.Now().Add(-time.Nanosecond * time.Duration(town.deps.Now().Nanosecond()))
	town.clock.Store(int64(2 * time.Minute))
	town.signInAgain()
	town.ask(town.office, http.MethodPost, "/v1/admin/funds/premium/deposits", body{"amount": 5}, keyed, "late-000001").is(http.StatusCreated)
	points := func(at string) float64 {
		trial := town.ask(town.office, http.MethodGet, "/v1/admin/position"+at, nil).is(http.StatusOK)
		require.Equal(t, true, trial["balanced"])
		require.InDelta(t, trial["assets"].(float64), trial["points"], 0)
		require.InDelta(t, 0, trial["funds"].([]any)[0].(map[string]any)["receivables"], 0)
		return trial["points"].(float64)
	}
	require.InDelta(t, 10_005, points(""), 0)
	for _, zone := range []*time.Location{time.UTC, calendar.JST, time.FixedZone("west", -5*60*60)} {
		at := strings.ReplaceAll(between.In(zone).Format(time.RFC3339), "+", "%2B")
		require.InDelta(t, 10_000, points("?at="+at), 0, at)
	}
	var entry struct {
		Entry string `json:"entry_id"`
		At    string `json:"at"`
	}
	again := town.ask(town.office, http.MethodPost, "/v1/admin/funds/premium/deposits", body{"amount": 5}, keyed, "late-000001")
	require.NoError(t, json.Unmarshal([]byte(again.text), &entry))
	at, err := time.Parse(time.RFC3339, entry.At)
	require.NoError(t, err)
	require.InDelta(t, 10_000, points("?at="+at.UTC().Format(time.RFC3339Nano)), 0, "what happened at the instant itself came after it")
	require.InDelta(t, 10_005, points("?at="+at.Add(time.Millisecond).UTC().Format(time.RFC3339Nano)), 0)
	town.ask(town.office, http.MethodGet, "/v1/admin/position?at=2026-11-23", nil).refuses(http.StatusUnprocessableEntity, "request_invalid")
}

func TestAHalfYearReportIsFrozenByAnAdministrator(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	const path = "/v1/admin/reports/unused-balance"
	base := nextBaseDay(calendar.DayOf(town.deps.Now()))
	town.ask(town.office, http.MethodPost, path, body{"day": base.String()}).refuses(http.StatusUnprocessableEntity, "report_day_still_runs")
	town.ask(town.hana, http.MethodGet, path, nil).refuses(http.StatusForbidden, "not_allowed")
	town.ask(person{}, http.MethodGet, path, nil).refuses(http.StatusUnauthorized, "not_signed_in")
	town.goTo(base+1, time.Hour)
	town.signInAgain()

	list := town.ask(town.office, http.MethodGet, path, nil).is(http.StatusOK)["reports"].([]any)
	require.Len(t, list, 1)
	require.Nil(t, list[0].(map[string]any)["frozen"])
	provisional := town.ask(town.office, http.MethodGet, path+"/"+base.String(), nil).is(http.StatusOK)
	require.Nil(t, provisional["frozen"])
	town.ask(town.office, http.MethodGet, path+"/"+base.String()+"/recount", nil).refuses(http.StatusNotFound, "report_unknown")
	require.Contains(t, town.ask(town.office, http.MethodGet, path+"/"+base.String()+".pdf", nil).text, "frozen false")

	frozen := town.ask(town.office, http.MethodPost, path, body{"day": base.String()}).is(http.StatusCreated)
	seal := frozen["frozen"].(map[string]any)
	require.Regexp(t, `^[0-9a-f]{64}$`, seal["sha256"])
	require.Equal(t, town.office.user.ID.String(), seal["by"])
	require.InDelta(t, 2_000, frozen["total"].(map[string]any)["unused"], 0)
	require.Equal(t, true, frozen["balanced"])
	require.Equal(t, frozen, town.ask(town.office, http.MethodPost, path, body{"day": base.String()}).is(http.StatusOK), "a second time changes nothing")
	require.Equal(t, frozen, town.ask(town.office, http.MethodGet, path+"/"+base.String(), nil).is(http.StatusOK))
	again := town.ask(town.office, http.MethodGet, path+"/"+base.String()+"/recount", nil).is(http.StatusOK)
	require.Equal(t, map[string]any{"equal": true, "intact": true, "late": 0.0, "differences": []any{}}, again)
	listed := town.ask(town.office, http.MethodGet, path, nil).is(http.StatusOK)["reports"].([]any)[0].(map[string]any)
	require.InDelta(t, 2_000, listed["free"], 0)
	require.Equal(t, seal, listed["frozen"])

	file := town.ask(town.office, http.MethodGet, path+"/"+base.String()+".csv", nil)
	file.is(http.StatusOK)
	rows := rowsOf(t, file)
	require.Equal(t, []string{base.String(), "premium", "プレミアム", "無償", "city", "種別 city"}, rows[1][:6])
	require.Equal(t, "2000", rows[1][12])
	require.Equal(t, seal["sha256"], rows[len(rows)-1][5])
	paper := town.ask(town.office, http.MethodGet, path+"/"+base.String()+".pdf", nil)
	paper.is(http.StatusOK)
	require.Equal(t, "application/pdf", paper.header.Get("Content-Type"))
	require.Equal(t, "unused 2000 on "+base.String()+", frozen true", paper.text)

	for day, status := range map[string]int{
		(base + 1).String(): http.StatusUnprocessableEntity, report.BaseDayBefore(base).String(): http.StatusNotFound, "x": http.StatusNotFound,
	} {
		require.Equal(t, status, town.ask(town.office, http.MethodGet, path+"/"+day, nil).status, day)
	}
	town.ask(town.office, http.MethodPost, path, body{"day": "x"}).refuses(http.StatusUnprocessableEntity, "request_invalid")
	acts := town.ask(town.office, http.MethodGet, "/v1/admin/audit?action="+reporting.ActFreeze, nil).is(http.StatusOK)["acts"].([]any)
	require.Len(t, acts, 3, "the refusal, the freezing and its repetition")
}

// nextBaseDay gives the first base day on or after a day.
func nextBaseDay(day calendar.Day) calendar.Day {
	for !report.IsBaseDay(day) {
		day++
	}
	return day
}

func TestAFiscalYearIsShownAndFiled(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.pay(town.hana, town.shop, 300, "", "year-000001")
	year := calendar.DayOf(town.deps.Now()).FiscalYear()
	path := fmt.Sprintf("/v1/admin/reports/fiscal-year/%d", year)
	shown := town.ask(town.office, http.MethodGet, path, nil).is(http.StatusOK)
	require.Equal(t, false, shown["over"])
	require.Equal(t, []any{}, shown["contradictions"])
	rows := shown["rows"].([]any)
	require.Len(t, rows, 2)
	people, shops := rows[0].(map[string]any), rows[1].(map[string]any)
	require.InDelta(t, 2_000, people["granted"], 0)
	require.InDelta(t, -300, people["paid"], 0)
	require.InDelta(t, 1_700, people["closing"], 0)
	require.Equal(t, "種別 city", people["kind_name"])
	require.InDelta(t, 300, shops["paid"], 0)
	require.Equal(t, "merchant", shops["holder"])
	require.NotEmpty(t, shown["months"])
	file := town.ask(town.office, http.MethodGet, path+".csv", nil)
	file.is(http.StatusOK)
	read := rowsOf(t, file)
	require.Equal(t, []string{fmt.Sprintf("%d年度", year), "premium", "プレミアム", "city", "種別 city", "利用者", "0", "2000"}, read[1][:8])
	require.Len(t, read, 5, "heads, the year's two rows and the month's")
	town.ask(town.office, http.MethodGet, fmt.Sprintf("/v1/admin/reports/fiscal-year/%d", year+1), nil).
		refuses(http.StatusUnprocessableEntity, "report_year_out_of_range")
	town.ask(town.shop, http.MethodGet, path, nil).refuses(http.StatusForbidden, "not_allowed")
}

func TestTheOfficeSeesTheSameStatementAsEverybody(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	today := town.tomorrow()
	town.signInAgain()
	seen := town.ask(town.office, http.MethodGet, "/v1/admin/reports/funds?on="+today.String(), nil).is(http.StatusOK)
	require.Equal(t, town.ask(person{}, http.MethodGet, "/v1/public/funds?on="+today.String(), nil).is(http.StatusOK), seen)
	require.Equal(t, town.ask(person{}, http.MethodGet, "/v1/public/funds.csv", nil).text, town.ask(town.office, http.MethodGet, "/v1/admin/reports/funds.csv", nil).text)
	town.ask(town.hana, http.MethodGet, "/v1/admin/reports/funds", nil).refuses(http.StatusUnauthorized, "access_token_invalid")
}

func TestAHistoryIsPrintedWithTheFiltersOfItsFile(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.pay(town.hana, town.shop, 100, "ランチ", "book-000001")
	town.pay(town.hana, town.taro, 50, "", "book-000002")
	paper := town.ask(town.hana, http.MethodGet, "/v1/wallet/history.pdf", nil)
	paper.is(http.StatusOK)
	require.Equal(t, "application/pdf", paper.header.Get("Content-Type"))
	require.Regexp(t, `^attachment; filename="history-\d{4}-\d\d-\d\d\.pdf"$`, paper.header.Get("Content-Disposition"))
	require.Equal(t, "passbook of 越智 花子, 3 lines, []\n1 給付 西条市 1000 1000\n2 支払い うちぬき食堂 -100 900\n3 送付 曽我部 太郎 -50 850", paper.text)
	used := town.ask(town.hana, http.MethodGet, "/v1/wallet/history.pdf?direction=used&type=payment,transfer&counterpart="+town.shop.user.Wallet.String(), nil)
	require.Equal(t, "passbook of 越智 花子, 1 lines, [減ったものだけ 支払い 送付 ひとりの相手だけ]\n2 支払い うちぬき食堂 -100 900", used.text)
	none := town.ask(town.hana, http.MethodGet, "/v1/wallet/history.pdf?until=2020-01-01", nil)
	require.Equal(t, "passbook of 越智 花子, 0 lines, []", none.text)
	require.Equal(t, "passbook of うちぬき食堂, 1 lines, []\n1 支払い 利用者 100 100", town.ask(town.clerk, http.MethodGet, "/v1/wallet/history.pdf", nil).text)
	require.Contains(t, town.ask(town.office, http.MethodGet, "/v1/admin/users/"+town.hana.user.ID.String()+"/history.pdf", nil).text, "3 lines")
	town.ask(town.taro, http.MethodGet, "/v1/admin/users/"+town.hana.user.ID.String()+"/history.pdf", nil).refuses(http.StatusForbidden, "not_allowed")
	town.ask(town.hana, http.MethodGet, "/v1/wallet/history.pdf?type=gift", nil).refuses(http.StatusUnprocessableEntity, "entry_type_unknown")
}

func TestALongHistoryIsPrintedAsFarAsThereIsRoom(t *testing.T) {
	t.Parallel()
	var seen reporting.Passbook
	town := newTown(t, func(d *rest.Deps) {
		d.Print.Passbook = func(book reporting.Passbook) ([]byte, error) {
			seen = book
			return nil, nil
		}
	})
	for i := range 130 {
		town.pay(town.hana, town.shop, 1, "", fmt.Sprintf("line-%06d", i))
	}
	town.ask(town.hana, http.MethodGet, "/v1/wallet/history.pdf", nil).is(http.StatusOK)
	require.False(t, seen.Cut)
	require.Len(t, seen.Lines, 131)
	for i, l := range seen.Lines {
		require.EqualValues(t, i+1, l.No)
	}
}
