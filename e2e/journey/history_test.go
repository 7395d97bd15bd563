package journey_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// Clause 4.3.4.
func TestAHistoryAddsUpAndIsReadInPagesAndByFilters(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎")
	shop, other := city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂")
	city.Endow(t, hana, 10_000)
	city.Endow(t, jiro, 1_000)
	for i := range 20 {
		hana.Pay(t, []*harness.Person{shop, other}[i%2], int64(10+i))
	}
	hana.Pay(t, jiro, 500)
	jiro.Pay(t, hana, 200)

	whole := hana.WholeHistory(t, "", 100)
	require.Len(t, whole, 23)
	require.Equal(t, whole, hana.WholeHistory(t, "", 5), "pages of another size show the same")
	require.Equal(t, whole, hana.WholeHistory(t, "", 23))
	balance := int64(0)
	for i := len(whole) - 1; i >= 0; i-- {
		line := whole[i]
		require.EqualValues(t, len(whole)-i, line.No, "numbers have no gaps")
		balance += line.Delta
		require.Equal(t, balance, line.Balance)
	}
	require.Equal(t, hana.Balance(t), balance)
	require.Equal(t, harness.Party{Kind: "unissued", Name: "西条市"}, whole[22].Counterpart)
	require.Equal(t, harness.Party{Kind: "resident", Name: "伊藤 次郎", WalletID: jiro.WalletID}, whole[0].Counterpart)

	// While one reads on, what is added does not shift the pages.
	first := harness.Get[harness.History](t, hana, "/v1/wallet/history?limit=10")
	hana.Pay(t, shop, 1)
	second := harness.Get[harness.History](t, hana, "/v1/wallet/history?limit=10&after="+first.Next)
	require.Equal(t, whole[:20], append(first.Lines, second.Lines...))
	whole = hana.WholeHistory(t, "", 100)

	only := func(keep func(harness.Line) bool) []harness.Line {
		var kept []harness.Line
		for _, line := range whole {
			if keep(line) {
				kept = append(kept, line)
			}
		}
		return kept
	}
	require.Equal(t, only(func(l harness.Line) bool { return l.Delta > 0 }), hana.WholeHistory(t, "direction=earned", 2))
	require.Equal(t, only(func(l harness.Line) bool { return l.Delta < 0 }), hana.WholeHistory(t, "direction=used", 7))
	require.Equal(t, only(func(l harness.Line) bool { return l.Type == "transfer" }), hana.WholeHistory(t, "type=transfer", 1))
	require.Equal(t, only(func(l harness.Line) bool { return l.Type != "payment" }), hana.WholeHistory(t, "type=transfer,grant", 100))
	require.Equal(t, only(func(l harness.Line) bool { return l.Counterpart.WalletID == other.WalletID }),
		hana.WholeHistory(t, "counterpart="+other.WalletID, 3))
	require.Equal(t, whole, hana.WholeHistory(t, "from="+harness.Today(-1)+"&until="+harness.Today(1), 100))
	require.Empty(t, hana.WholeHistory(t, "until="+harness.Today(-1), 100))
	require.Empty(t, hana.WholeHistory(t, "from="+harness.Today(1), 100))

	byOffice := harness.Get[harness.History](t, city.Office, "/v1/admin/users/"+hana.ID+"/history?limit=100")
	require.Len(t, byOffice.Lines, len(whole))
	for path, code := range map[string]string{
		"limit=0": "request_invalid", "limit=101": "request_invalid", "after=!": "cursor_malformed", "type=gift": "entry_type_unknown",
		"direction=up": "request_invalid", "from=2026-02-30": "request_invalid", "unheard=of": "request_invalid",
	} {
		hana.Refused(t, http.StatusUnprocessableEntity, code, harness.Request{Method: http.MethodGet, Path: "/v1/wallet/history?" + path})
	}
}

func TestAHistoryIsTakenHomeAsAFileThatASpreadsheetDoesNotRun(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "=2+3")
	city.Endow(t, hana, 10_000)
	memos := []string{`=HYPERLINK("http://evil.example","x")`, "+1+1", "-1+1", "@SUM(A1)", "ふつう", `"quoted", with comma`}
	for i, memo := range memos {
		harness.Book[harness.Payment](t, hana, "/v1/payments", map[string]any{"payee_code": shop.Code, "amount": 100 + i, "memo": memo})
	}
	answer := get(t, hana, "/v1/wallet/history.csv?direction=used")
	require.Equal(t, http.StatusOK, answer.Status)
	require.Equal(t, "text/csv; charset=utf-8", answer.Header.Get("Content-Type"))
	require.Contains(t, answer.Header.Get("Content-Disposition"), "attachment")
	body, marked := bytes.CutPrefix(answer.Body, []byte("\ufeff"))
	require.True(t, marked, "spreadsheets know UTF-8 by its byte order mark")
	rows, err := csv.NewReader(bytes.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+len(memos))

	lines := hana.WholeHistory(t, "direction=used", 100)
	for i, row := range rows[1:] {
		line := lines[i]
		require.Equal(t, strconv.FormatInt(line.No, 10), row[0])
		require.Equal(t, strconv.FormatInt(line.Delta, 10), row[3], "a negative number stays a number")
		require.Equal(t, strconv.FormatInt(line.Balance, 10), row[4])
		require.Equal(t, line.EntryID, row[7])
		memo := memos[len(memos)-1-i]
		if memo[0] == '=' || memo[0] == '+' || memo[0] == '-' || memo[0] == '@' {
			memo = "'" + memo
		}
		require.Equal(t, memo, row[6])
		require.Equal(t, "'=2+3", row[5])
	}
	byOffice := get(t, city.Office, "/v1/admin/users/"+hana.ID+"/history.csv?direction=used")
	require.Equal(t, string(answer.Body), string(byOffice.Body))

	for i := range 120 {
		hana.Pay(t, shop, int64(1+i%3))
	}
	body = bytes.TrimPrefix(get(t, hana, "/v1/wallet/history.csv").Body, []byte("\ufeff"))
	rows, err = csv.NewReader(bytes.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 1+1+len(memos)+120, "the file holds all pages")
	for i, row := range rows[1:] {
		require.Equal(t, fmt.Sprint(len(rows)-1-i), row[0])
	}
}

type ancestor struct {
	EntryID string        `json:"entry_id"`
	Type    string        `json:"type"`
	From    harness.Party `json:"from"`
	Amount  int64         `json:"amount"`
	Hops    int           `json:"hops"`
	LotID   string        `json:"lot_id"`
	Before  []ancestor    `json:"before"`
}

type ancestry struct {
	Lot       harness.Lot `json:"lot"`
	Sources   []ancestor  `json:"sources"`
	Claimable bool        `json:"claimable"`
	Why       string      `json:"why"`
}

// Requirement +2.
func TestPointsTellWhereTheyCameFrom(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 1_000)
	hana.Pay(t, jiro, 400)
	paid := jiro.Pay(t, shop, 300)

	held := shop.Wallet(t).Lots[0]
	story := harness.Get[ancestry](t, shop, "/v1/lots/"+held.ID+"/ancestry")
	require.True(t, story.Claimable)
	require.Equal(t, "received_by_payment", story.Why)
	require.Equal(t, held, story.Lot)
	require.Len(t, story.Sources, 1)
	payment := story.Sources[0]
	require.Equal(t, paid.EntryID, payment.EntryID)
	require.Equal(t, "利用者", payment.From.Name)
	require.Equal(t, 2, payment.Hops)
	transfer := payment.Before[0]
	require.Equal(t, "transfer", transfer.Type)
	require.EqualValues(t, 400, transfer.Amount)
	require.Empty(t, transfer.From.WalletID, "whom the shop has never met has neither name nor number")
	require.Equal(t, "利用者", transfer.From.Name)
	grant := transfer.Before[0]
	require.Equal(t, "grant", grant.Type)
	require.Empty(t, grant.LotID)
	require.Empty(t, grant.Before)

	story = harness.Get[ancestry](t, city.Office, "/v1/lots/"+held.ID+"/ancestry")
	require.Equal(t, "伊藤 次郎", story.Sources[0].From.Name, "the office sees the names")
	require.Equal(t, "藤田 花", story.Sources[0].Before[0].From.Name)
	own := hana.Wallet(t).Lots[0]
	story = harness.Get[ancestry](t, hana, "/v1/lots/"+own.ID+"/ancestry")
	require.False(t, story.Claimable)
	require.Equal(t, "not_a_merchant", story.Why)
}
