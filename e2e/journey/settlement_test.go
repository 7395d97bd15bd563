package journey_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type figures struct {
	Payments    int64 `json:"payments"`
	CarriedOver int64 `json:"carried_over"`
	Received    int64 `json:"received"`
	Returned    int64 `json:"returned"`
	Granted     int64 `json:"granted"`
	Spent       int64 `json:"spent"`
	Corrected   int64 `json:"corrected"`
	Lapsed      int64 `json:"lapsed"`
	Net         int64 `json:"net"`
	Claimed     int64 `json:"claimed"`
	Owed        int64 `json:"owed"`
	Due         int64 `json:"due"`
}

type statement struct {
	Merchant harness.Party `json:"merchant"`
	Period   period        `json:"period"`
	figures
	Hash  string `json:"hash"`
	Lines int    `json:"lines"`
}

// The whole circle of money, as a city goes through it (clauses 4.2.3, 4.4.1–4.4.3, 4.6.1, 8.3エ, +1, A1-3.3): points
// that were received are settled, claimed, looked at by two people, transferred, sent back and transferred again.
func TestWhatShopsReceivedComesToTheirBankAccounts(t *testing.T) {
	t.Parallel()
	m := openMarket(t, "market")
	m.periods(t)
	shown := m.statements(t)
	m.accounts(t)
	claims := m.claims(t)
	files := m.export(t, claims)
	m.transfers(t, files, claims)
	m.later(t)
	for path, body := range shown {
		require.Equal(t, body, string(get(t, m.city.Office, path).Body), "a statement stays as it is, whatever comes after it")
	}
	proven(t, m.city)
	exportsAgree(t, m.city)
	trails(t, m.city)
	m.secrets.Kept(t, m.city)
}

// periods enters two periods and closes the first: what was done today is in neither.
func (m *market) periods(t *testing.T) {
	t.Helper()
	office := m.city.Office
	enter := func(from, until int) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/admin/periods", Body: fields{"from": harness.Today(from), "until": harness.Today(until)}}
	}
	office.Refused(t, http.StatusUnprocessableEntity, "period_span_invalid", enter(-5, -6))
	m.first = harness.Post[period](t, office, "/v1/admin/periods", fields{"name": "最初の期", "from": harness.Today(-20), "until": harness.Today(-5)})
	office.Refused(t, http.StatusConflict, "period_overlaps", enter(-5, -3))
	office.Refused(t, http.StatusConflict, "period_overlaps", enter(-30, -25))
	office.Refused(t, http.StatusConflict, "period_gap", enter(-3, -2))
	second := harness.Post[period](t, office, "/v1/admin/periods", fields{"from": harness.Today(-4), "until": harness.Today(-3)})
	shut := func(id string) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/admin/periods/" + id + "/closing", Body: fields{}}
	}
	office.Refused(t, http.StatusConflict, "period_earlier_open", shut(second.ID))
	office.Refused(t, http.StatusNotFound, "period_unknown", shut(m.hana.ID))
	m.shop.Refused(t, http.StatusForbidden, "not_allowed", shut(m.first.ID))

	closed := m.close(t, m.first.ID)
	require.Equal(t, office.ID, closed.Period.ClosedBy)
	require.Equal(t, [3]int64{5, 4, 13_875 + 20_510 + 5_000 + 100}, [3]int64{int64(closed.Statements), int64(closed.Drafts), closed.Drafted})
	office.Refused(t, http.StatusConflict, "period_already_closed", shut(m.first.ID))
	m.first = closed.Period
}

// statements shows what each shop is due, as JSON, CSV and PDF, and gives what was shown by path.
func (m *market) statements(t *testing.T) map[string]string {
	t.Helper()
	want := map[*harness.Person]figures{
		m.shop:   {Payments: 4, Received: 14_500, Returned: 625, Net: 13_875, Due: 13_875},
		m.diner:  {Payments: 2, Received: 22_000, Granted: 300, Spent: 1_000, Corrected: -500, Net: 20_800, Due: 20_800},
		m.stall:  {Payments: 1, Received: 5_000, Net: 5_000, Due: 5_000},
		m.kiosk:  {Payments: 1, Received: 100, Net: 100, Due: 100},
		m.debtor: {Payments: 1, Received: 1_000, Spent: 1_000, Owed: 1_000, Due: -1_000},
	}
	shown := map[string]string{}
	for shop, due := range want {
		own := harness.Get[statement](t, shop, "/v1/statements/"+m.first.ID)
		require.Equal(t, due, own.figures, shop.Name)
		require.Equal(t, m.first, own.Period)
		require.Len(t, own.Hash, 64)
		path := "/v1/admin/statements/" + m.first.ID + "/" + shop.WalletID
		answer := get(t, m.city.Office, path)
		var byOffice statement
		require.NoError(t, answer.Into(&byOffice))
		require.Equal(t, own, byOffice)
		shown[path] = string(answer.Body)
		lines := harness.Get[harness.History](t, shop, "/v1/statements/"+m.first.ID+"/lines?limit=100").Lines
		require.Len(t, lines, own.Lines)
		sum := int64(0)
		for _, line := range lines {
			sum += line.Delta
		}
		require.Equal(t, due.Net, sum, "every line behind it adds up to it")
	}
	listed := harness.Get[struct {
		Statements []statement `json:"statements"`
	}](t, m.shop, "/v1/statements").Statements
	require.Len(t, listed, 1)
	all := harness.Get[struct {
		Statements []statement `json:"statements"`
	}](t, m.city.Office, "/v1/admin/periods/"+m.first.ID+"/statements").Statements
	require.Len(t, all, len(want))
	m.files(t)
	m.hana.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodGet, Path: "/v1/statements/" + m.first.ID})
	m.shop.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{Method: http.MethodGet, Path: "/v1/admin/statements/" + m.first.ID + "/" + m.diner.WalletID})
	return shown
}

// files takes a statement home.
func (m *market) files(t *testing.T) {
	t.Helper()
	answer := get(t, m.shop, "/v1/statements/"+m.first.ID+".csv")
	require.Equal(t, "text/csv; charset=utf-8", answer.Header.Get("Content-Type"))
	rows := sheetOf(t, answer.Body)
	by := map[string]string{}
	for _, row := range rows {
		by[row[0]] = row[1]
	}
	require.Equal(t, "14500", by["受取"])
	require.Equal(t, "625", by["還元"])
	require.Equal(t, "13875", by["請求できる額"])
	sum, lines := int64(0), 0
	for _, row := range rows {
		if len(row) > 6 && row[0] != "番号" {
			delta, err := strconv.ParseInt(row[6], 10, 64)
			require.NoError(t, err)
			sum, lines = sum+delta, lines+1
		}
	}
	require.Equal(t, [2]int64{13_875, 4}, [2]int64{sum, int64(lines)})

	printed := textOf(t, get(t, m.diner, "/v1/statements/"+m.first.ID+".pdf").Body)
	for _, told := range []string{"石鎚食堂", m.first.Name, "20,800", "22,000", "給付されたポイント"} {
		require.Contains(t, printed, told)
	}
	office := sheetOf(t, get(t, m.city.Office, "/v1/admin/periods/"+m.first.ID+"/statements.csv").Body)
	require.Len(t, office, 6)
	byOffice := string(get(t, m.city.Office, "/v1/admin/statements/"+m.first.ID+"/"+m.shop.WalletID+".csv").Body)
	require.NotContains(t, string(answer.Body), "藤田")
	require.Equal(t, string(answer.Body), strings.NewReplacer("藤田 花", "利用者", "伊藤 次郎", "利用者").Replace(byOffice), "a payer's name is for the office alone")
}

// sheetOf reads a file for spreadsheets, whose rows may differ in length.
func sheetOf(t *testing.T, content []byte) [][]string {
	t.Helper()
	content, marked := bytes.CutPrefix(content, []byte("\ufeff"))
	require.True(t, marked)
	reader := csv.NewReader(bytes.NewReader(content))
	reader.FieldsPerRecord = -1
	rows, err := reader.ReadAll()
	require.NoError(t, err)
	return rows
}

// later corrects an entry of the closed period, lets a day go by, and closes what was done meanwhile.
func (m *market) later(t *testing.T) {
	t.Helper()
	preview := harness.Post[undoing](t, m.city.Office, "/v1/admin/corrections/preview", fields{"entry_id": m.large.EntryID, "amount": 40})
	require.Len(t, preview.Statements, 1)
	require.Equal(t, m.diner.WalletID, preview.Statements[0].Merchant.WalletID)
	require.Equal(t, m.first.ID, preview.Statements[0].PeriodID)
	m.correct(t, m.large, fields{"amount": 40})

	periods := harness.Get[struct {
		Periods []period `json:"periods"`
	}](t, m.city.Office, "/v1/admin/periods").Periods
	require.Len(t, periods, 2)
	require.EqualValues(t, 470, m.close(t, periods[0].ID).Drafted, "of what was due, only that has not been claimed")
	m.city.Age(t, 1)
	m.third = harness.Post[period](t, m.city.Office, "/v1/admin/periods", fields{"from": harness.Today(-2), "until": harness.Today(-1)})
	closed := m.close(t, m.third.ID)
	require.Equal(t, 2, closed.Drafts, "of the shop and the diner")
	for shop, due := range map[*harness.Person]figures{
		m.shop:   {Payments: 1, CarriedOver: 13_875, Received: 2_000, Returned: 100, Net: 1_900, Claimed: 13_875, Due: 1_900},
		m.diner:  {Payments: 1, CarriedOver: 20_800, Received: 10, Corrected: -40, Net: -30, Claimed: 20_000, Due: 770},
		m.debtor: {Payments: 1, CarriedOver: -1_000, Received: 600, Net: 600, Due: -400},
		m.kiosk:  {CarriedOver: 100, Claimed: 100},
	} {
		require.Equal(t, due, harness.Get[statement](t, shop, "/v1/statements/"+m.third.ID).figures, shop.Name)
	}
	refusal := m.debtor.Refused(t, http.StatusUnprocessableEntity, "claim_nothing_due", harness.Request{
		Method: http.MethodPost, Path: "/v1/claims", Key: harness.Key(), Body: fields{},
	})
	require.EqualValues(t, -400, refusal.Figures["due"], "what is owed is carried over")
}

// trails reads the whole trail, so that whoever listens hears what stands in it.
func trails(t *testing.T, city *harness.City) {
	t.Helper()
	acts := map[string]int{}
	for after := ""; ; {
		page := harness.Get[trail](t, city.Office, fmt.Sprintf("/v1/admin/audit?limit=100&after=%s", after))
		for _, act := range page.Acts {
			acts[act.Action]++
		}
		if after = page.Next; after == "" {
			break
		}
	}
	require.Greater(t, len(acts), 20, "%v", acts)
}
