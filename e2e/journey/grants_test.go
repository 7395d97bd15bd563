package journey_test

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type granted struct {
	EntryID   string  `json:"entry_id"`
	WalletID  string  `json:"wallet_id"`
	ExpiresOn *string `json:"expires_on"`
	Amount    int64   `json:"amount"`
	Balance   int64   `json:"balance"`
}

type estimate struct {
	Recipients int   `json:"recipients"`
	Total      int64 `json:"total"`
	Before     int64 `json:"before"`
	After      int64 `json:"after"`
	Shortfall  int64 `json:"shortfall"`
}

type refusedRow struct {
	Row    int    `json:"row"`
	Source string `json:"source"`
	Code   string `json:"code"`
}

type batchMade struct {
	ID          string       `json:"id"`
	Rows        int          `json:"rows"`
	Total       int64        `json:"total"`
	Refused     int          `json:"refused"`
	RefusedRows []refusedRow `json:"refused_rows"`
}

type batch struct {
	ID      string  `json:"id"`
	State   string  `json:"state"`
	Rows    int     `json:"rows"`
	Total   int64   `json:"total"`
	Done    int     `json:"done"`
	Refused int     `json:"refused"`
	Granted int64   `json:"granted"`
	EndedAt *string `json:"ended_at"`
}

type progress struct {
	ID      string `json:"id"`
	Done    int    `json:"done"`
	Rows    int    `json:"rows"`
	Refused int    `json:"refused"`
	Granted int64  `json:"granted"`
	Ended   bool   `json:"ended"`
}

func batchRequest(body map[string]any) harness.Request {
	return harness.Request{Method: http.MethodPost, Path: "/v1/admin/batches", Key: harness.Key(), Body: body}
}

// awaitEnd waits for the end of a batch.
func awaitEnd(t *testing.T, city *harness.City, id string) batch {
	t.Helper()
	var now batch
	harness.Await(t, "the end of batch "+id, func() bool {
		now = harness.Get[batch](t, city.Office, "/v1/admin/batches/"+id)
		return now.State == "ended"
	})
	require.NotNil(t, now.EndedAt)
	return now
}

// Clauses 4.2.1, 4.2.2 and 4.2.4.
func TestAGrantGoesOnceAndNotBeyondItsFund(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana := city.Resident(t, "藤田 花")
	fund := city.OpenFund(t, "grant", 1_000)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1, Validity: harness.Validity{Days: 30}})
	order := harness.Grant{Email: strings.ToUpper(hana.Email), Fund: fund, Kind: kind, Amount: 400, Memo: "出産祝い"}

	planned := harness.Post[estimate](t, city.Office, "/v1/admin/grants/preview", order)
	require.Equal(t, estimate{Recipients: 1, Total: 400, Before: 1_000, After: 600}, planned)
	require.Zero(t, hana.Balance(t))
	request := harness.Request{Method: http.MethodPost, Path: "/v1/admin/grants", Key: harness.Key(), Body: order}
	first := city.Office.Call(t, request)
	require.Equal(t, http.StatusCreated, first.Status, "%s", first.Body)
	again := city.Office.Call(t, request)
	require.Equal(t, http.StatusOK, again.Status)
	require.JSONEq(t, string(first.Body), string(again.Body))
	var done granted
	require.NoError(t, first.Into(&done))
	require.Equal(t, hana.WalletID, done.WalletID)
	require.EqualValues(t, 400, done.Balance)
	require.Equal(t, harness.Today(30), *done.ExpiresOn)

	order.Amount = 601
	refusal := city.Office.Refused(t, http.StatusUnprocessableEntity, "fund_short", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/grants", Key: harness.Key(), Body: order,
	})
	require.Equal(t, map[string]int64{"balance": 600, "shortfall": 1}, refusal.Figures)
	require.EqualValues(t, 1, harness.Post[estimate](t, city.Office, "/v1/admin/grants/preview", order).Shortfall)
	order.Amount = 600
	harness.Book[granted](t, city.Office, "/v1/admin/grants", order)
	require.Equal(t, harness.Position{Fund: fund, Bank: 1_000, Cash: 1_000, Wallets: 1_000, Points: 1_000}, position(t, city, fund, ""))

	order.Email = harness.Address("nobody")
	city.Office.Refused(t, http.StatusNotFound, "user_unknown", harness.Request{Method: http.MethodPost, Path: "/v1/admin/grants", Key: harness.Key(), Body: order})
	order.Email, order.UserID = hana.Email, hana.ID
	city.Office.Refused(t, http.StatusUnprocessableEntity, "recipient_missing", harness.Request{
		Method: http.MethodPost, Path: "/v1/admin/grants", Key: harness.Key(), Body: order,
	})
}

func TestABulkGrantGivesToTheGoodRowsAndHandsBackTheBad(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店")
	fund := city.OpenFund(t, "bulk", 1_000)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1})
	unknown := harness.Address("unknown")
	file := strings.Join([]string{
		"\ufeff氏名,メールアドレス,金額",
		"藤田 花," + hana.Email + ",300",
		"伊藤 次郎," + jiro.Email + `,"1２0"`,
		"藤田 花," + strings.ToUpper(hana.Email) + ",300",
		"知らない人," + unknown + ",100",
		"壊れた行,not-an-address,100",
		"無料," + jiro.Email + ",0",
		"半端," + jiro.Email + ",1.5",
		"市役所," + city.Office.Email + ",100",
		"=cmd,|' /C calc'!A0,1",
		"うちぬき商店," + shop.Email + ",50",
	}, "\r\n")
	body := map[string]any{"fund": fund, "kind": kind, "memo": "給付金", "csv": file}
	forecast := harness.Post[struct {
		Estimate estimate `json:"estimate"`
		Refused  int      `json:"refused"`
	}](t, city.Office, "/v1/admin/batches/preview", body)
	require.Equal(t, estimate{Recipients: 3, Total: 470, Before: 1_000, After: 530}, forecast.Estimate)
	require.Equal(t, 7, forecast.Refused)

	request := batchRequest(body)
	answer := city.Office.Call(t, request)
	require.Equal(t, http.StatusAccepted, answer.Status, "%s", answer.Body)
	var made batchMade
	require.NoError(t, answer.Into(&made))
	require.Equal(t, 10, made.Rows)
	require.EqualValues(t, 470, made.Total)
	require.Equal(t, []refusedRow{
		{4, "藤田 花," + strings.ToUpper(hana.Email) + ",300", "row_duplicate"},
		{5, "知らない人," + unknown + ",100", "user_unknown"},
		{6, "壊れた行,not-an-address,100", "email_malformed"},
		{7, "無料," + jiro.Email + ",0", "row_amount_malformed"},
		{8, "半端," + jiro.Email + ",1.5", "row_amount_malformed"},
		{9, "市役所," + city.Office.Email + ",100", "row_without_wallet"},
		{10, "=cmd,|' /C calc'!A0,1", "email_malformed"},
	}, made.RefusedRows)
	again := city.Office.Call(t, request)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.JSONEq(t, string(answer.Body), string(again.Body))

	stream := city.Office.Listen(t, "/v1/admin/batches/"+made.ID+"/events")
	var told progress
	last := stream.Await(t, "the end of the batch", func(e harness.Event) bool {
		return e.Name == "batch" && e.Into(&told) == nil && told.Ended
	})
	require.NotEmpty(t, last.Data)
	require.Equal(t, progress{ID: made.ID, Done: 10, Rows: 10, Refused: 7, Granted: 470, Ended: true}, told)
	ended := awaitEnd(t, city, made.ID)
	require.Equal(t, batch{
		ID: made.ID, State: "ended", Rows: 10, Total: 470, Done: 10, Refused: 7, Granted: 470, EndedAt: ended.EndedAt,
	}, ended)
	require.EqualValues(t, 300, hana.Balance(t))
	require.EqualValues(t, 120, jiro.Balance(t))
	require.EqualValues(t, 50, shop.Balance(t))
	require.Equal(t, harness.Position{Fund: fund, Bank: 1_000, Cash: 1_000, Unissued: 530, Wallets: 470, Points: 1_000}, position(t, city, fund, ""))

	sheet := get(t, city.Office, "/v1/admin/batches/"+made.ID+"/refusals.csv")
	content, marked := bytes.CutPrefix(sheet.Body, []byte("\ufeff"))
	require.True(t, marked)
	rows, err := csv.NewReader(bytes.NewReader(content)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 8)
	for i, row := range made.RefusedRows {
		require.Equal(t, row.Code, rows[1+i][3])
		require.NotEmpty(t, rows[1+i][2])
		require.Equal(t, row.Source, strings.TrimPrefix(rows[1+i][1], "'"))
	}
	require.Equal(t, "'=cmd,|' /C calc'!A0,1", rows[7][1], "what was handed in is not run when it is opened")

	list := harness.Get[struct {
		Batches []batch `json:"batches"`
	}](t, city.Office, "/v1/admin/batches?limit=100").Batches
	require.Contains(t, list, ended)
	city.Office.Refused(t, http.StatusNotFound, "batch_unknown", harness.Request{Method: http.MethodGet, Path: "/v1/admin/batches/" + hana.ID})
}

func TestABulkGrantReachesWhomASearchFinds(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	fund := city.OpenFund(t, "search", 1_000)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1})
	name := "千九百年生まれ"
	born := func(day string) *harness.Person {
		return city.Register(t, harness.Registration{Role: "resident", Profile: harness.Profile{
			Name: name, Kana: "センキュウヒャク", Birth: day, PostalCode: "7930001", Address: "愛媛県西条市玉津3番地", Phone: "0897551111",
		}})
	}
	old, young := born("1940-01-01"), born("2010-01-01")
	made := harness.Book[batchMade](t, city.Office, "/v1/admin/batches", map[string]any{
		"fund": fund, "kind": kind, "memo": "敬老", "search": map[string]any{"q": name, "role": "resident", "born_until": "1960-12-31", "amount": 250},
	})
	require.Equal(t, 1, made.Rows)
	require.EqualValues(t, 250, awaitEnd(t, city, made.ID).Granted)
	require.EqualValues(t, 250, old.Balance(t))
	require.Zero(t, young.Balance(t))
}

func TestABulkGrantThatItsFundCannotCoverIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎")
	fund := city.OpenFund(t, "short", 999)
	kind := city.MakeKind(t, "kind", harness.Kind{Rank: 1})
	list := []map[string]any{{"email": hana.Email, "amount": 500}, {"email": jiro.Email, "amount": 500}}
	refusal := city.Office.Refused(t, http.StatusUnprocessableEntity, "fund_short", batchRequest(map[string]any{"fund": fund, "kind": kind, "list": list}))
	require.Equal(t, map[string]int64{"balance": 999, "shortfall": 1}, refusal.Figures)
	bad := []map[string]any{{"email": "nobody", "amount": 500}, {"email": jiro.Email, "amount": -1}}
	refusal = city.Office.Refused(t, http.StatusUnprocessableEntity, "batch_empty", batchRequest(map[string]any{"fund": fund, "kind": kind, "list": bad}))
	require.Len(t, refusal.Errors, 2)
	city.Office.Refused(t, http.StatusUnprocessableEntity, "recipients_missing", batchRequest(map[string]any{"fund": fund, "kind": kind}))
	require.Equal(t, harness.Position{Fund: fund, Bank: 999, Cash: 999, Unissued: 999, Points: 999}, position(t, city, fund, ""))
}
