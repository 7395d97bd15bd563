package rest_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func (town *town) pay(from, to person, amount int, memo, key string) map[string]any {
	town.t.Helper()
	return town.ask(from, http.MethodPost, "/v1/payments", body{"payee_wallet": to.user.Wallet.String(), "amount": amount, "memo": memo}, keyed, key).
		is(http.StatusCreated)
}

func TestTheWalletShowsLotsAndWhatLapsesSoon(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	wallet := town.ask(town.hana, http.MethodGet, "/v1/wallet", nil).is(http.StatusOK)
	require.InDelta(t, 1_000, wallet["balance"], 0)
	require.InDelta(t, 1_000, wallet["usable"], 0)
	lots := wallet["lots"].([]any)[0].(map[string]any)
	require.Equal(t, "種別 city", lots["kind_name"])
	require.Regexp(t, `^\d{4}-\d{2}-\d{2}$`, lots["expires_on"])
	require.InDelta(t, 0, wallet["lapsing_soon"].(map[string]any)["amount"], 0)

	lapsing := town.ask(town.hana, http.MethodGet, "/v1/wallet/lapsing?until=2099-12-31", nil).is(http.StatusOK)
	require.Len(t, lapsing["lines"], 1)

	town.pay(town.hana, town.shop, 100, "", "lots-000001")
	held := town.ask(town.shop, http.MethodGet, "/v1/wallet", nil).is(http.StatusOK)["lots"].([]any)[0].(map[string]any)
	require.Nil(t, held["expires_on"])
	require.InDelta(t, 1, held["hops"], 0)
}

func TestTheHistoryIsPagedAndFiltered(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	for i := range 5 {
		town.pay(town.hana, town.shop, 10+i, "", fmt.Sprintf("page-%06d", i))
	}
	var numbers []float64
	for after, pages := "", 0; pages == 0 || after != ""; pages++ {
		page := town.ask(town.hana, http.MethodGet, "/v1/wallet/history?limit=2&after="+after, nil).is(http.StatusOK)
		for _, line := range page["lines"].([]any) {
			numbers = append(numbers, line.(map[string]any)["no"].(float64))
		}
		after = page["next"].(string)
	}
	require.Equal(t, []float64{6, 5, 4, 3, 2, 1}, numbers)

	earned := town.ask(town.hana, http.MethodGet, "/v1/wallet/history?direction=earned", nil).is(http.StatusOK)["lines"].([]any)
	require.Len(t, earned, 1)
	first := earned[0].(map[string]any)
	require.Equal(t, "grant", first["type"])
	require.Equal(t, map[string]any{"kind": "unissued", "name": "西条市"}, first["counterpart"])
	require.Len(t, town.ask(town.hana, http.MethodGet, "/v1/wallet/history?type=payment,transfer", nil).is(http.StatusOK)["lines"], 5)
	require.Empty(t, town.ask(town.hana, http.MethodGet, "/v1/wallet/history?until=2020-01-01", nil).is(http.StatusOK)["lines"])
	require.Len(t, town.ask(town.hana, http.MethodGet, "/v1/wallet/history?counterpart="+town.shop.user.Wallet.String(), nil).is(http.StatusOK)["lines"], 5)

	for query, breach := range map[string][2]string{
		"limit=0":      {"query.limit", "minimum"},
		"limit=101":    {"query.limit", "maximum"},
		"limit=x":      {"query.limit", "integer"},
		"direction=up": {"query.direction", "choice"},
		"from=gestern": {"query.from", "date"},
		"untill=x":     {"query.untill", "unknown_field"},
	} {
		fields := town.ask(town.hana, http.MethodGet, "/v1/wallet/history?"+query, nil).refuses(http.StatusUnprocessableEntity, "request_invalid")
		require.Equal(t, map[string]string{breach[0]: breach[1]}, fields, query)
	}
	town.ask(town.hana, http.MethodGet, "/v1/wallet/history?after=bm86MA", nil).refuses(http.StatusUnprocessableEntity, "cursor_malformed")
	town.ask(town.hana, http.MethodGet, "/v1/wallet/history?type=gift", nil).refuses(http.StatusUnprocessableEntity, "entry_type_unknown")
}

func TestAHistoryFileOpensInASpreadsheetWithoutComputingAnything(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	for i, memo := range []string{"=1+2", "+81", "-1", "@cmd", "ふつう, \"引用\"", "＝全角"} {
		town.pay(town.hana, town.shop, 1, memo, fmt.Sprintf("memo-%06d", i))
	}
	file := town.ask(town.hana, http.MethodGet, "/v1/wallet/history.csv", nil)
	file.is(http.StatusOK)
	require.Equal(t, "text/csv; charset=utf-8", file.header.Get("Content-Type"))
	require.Contains(t, file.header.Get("Content-Disposition"), "attachment")
	text, marked := strings.CutPrefix(file.text, "\ufeff")
	require.True(t, marked)
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	var memos []string
	for _, row := range rows[1:] {
		memos = append(memos, row[6])
	}
	require.Equal(t, []string{"'＝全角", "ふつう, \"引用\"", "'@cmd", "'-1", "'+81", "'=1+2", ""}, memos)
	require.Equal(t, "-1", rows[1][3], "a number stays a number")
	require.Equal(t, "うちぬき食堂", rows[1][5])
}

func TestALongHistoryFileIsWhole(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	for i := range 230 {
		town.pay(town.hana, town.shop, 1, "", fmt.Sprintf("long-%06d", i))
	}
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(town.ask(town.hana, http.MethodGet, "/v1/wallet/history.csv", nil).text, "\ufeff"))).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows, 232)
	same := town.ask(town.office, http.MethodGet, "/v1/admin/users/"+town.hana.user.ID.String()+"/history.csv", nil)
	same.is(http.StatusOK)
	require.Equal(t, 232, strings.Count(same.text, "\r\n"))
}

func TestShopsDoNotLearnWhoTheirCustomersAre(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	paid := town.pay(town.hana, town.shop, 100, "", "name-000001")
	line := town.ask(town.shop, http.MethodGet, "/v1/wallet/history", nil).is(http.StatusOK)["lines"].([]any)[0].(map[string]any)
	require.Equal(t, "利用者", line["counterpart"].(map[string]any)["name"])
	receipt := town.ask(town.shop, http.MethodGet, "/v1/entries/"+paid["entry_id"].(string), nil)
	receipt.is(http.StatusOK)
	require.NotContains(t, receipt.text, "越智")
	seen := town.ask(town.office, http.MethodGet, "/v1/entries/"+paid["entry_id"].(string), nil)
	seen.is(http.StatusOK)
	require.Contains(t, seen.text, "越智")
	code := town.ask(town.hana, http.MethodPost, "/v1/codes", body{"purpose": "presented"}).is(http.StatusCreated)
	met := town.ask(town.shop, http.MethodGet, "/v1/codes/"+code["token"].(string), nil).is(http.StatusOK)
	require.Equal(t, "利用者", met["name"])
}

func TestAReceiptAndAnAncestryTellHowPointsCame(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	town.pay(town.hana, town.taro, 200, "お礼", "kin-0000001")
	paid := town.pay(town.taro, town.shop, 1_100, "", "kin-0000002")

	receipt := town.ask(town.taro, http.MethodGet, "/v1/entries/"+paid["entry_id"].(string), nil).is(http.StatusOK)
	require.InDelta(t, 1_100, receipt["amount"], 0)
	require.InDelta(t, -1_100, receipt["delta"], 0)
	require.InDelta(t, 100, receipt["balance"], 0)
	require.Equal(t, "うちぬき食堂", receipt["to"].(map[string]any)["name"])
	slices := receipt["slices"].([]any)
	require.Len(t, slices, 2)

	lots := town.ask(town.shop, http.MethodGet, "/v1/wallet", nil).is(http.StatusOK)["lots"].([]any)
	claimable, depth := 0, 0
	for _, l := range lots {
		ancestry := town.ask(town.shop, http.MethodGet, "/v1/lots/"+l.(map[string]any)["id"].(string)+"/ancestry", nil)
		tree := ancestry.is(http.StatusOK)
		if tree["claimable"] == true {
			claimable++
		}
		require.NotContains(t, ancestry.text, "越智", "whom a shop's customer got points from is not the shop's to see")
		deep := 0
		for at := tree["sources"]; at != nil; deep++ {
			at = at.([]any)[0].(map[string]any)["before"]
		}
		depth = max(depth, deep)
	}
	require.Equal(t, 2, claimable)
	require.Equal(t, 3, depth, "grant, transfer, payment")
}

func TestCodesAreDrawnForScreensAndPaper(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	png := town.ask(town.shop, http.MethodGet, "/v1/codes/standing.png?size=256", nil)
	png.is(http.StatusOK)
	require.Equal(t, "image/png", png.header.Get("Content-Type"))
	require.Equal(t, "PNG 256 "+string(town.shop.code.Token), png.text)
	require.Equal(t, "image/svg+xml", town.ask(town.hana, http.MethodGet, "/v1/codes/standing.svg", nil).header.Get("Content-Type"))
	require.Equal(t, "poster of うちぬき食堂", town.ask(town.shop, http.MethodGet, "/v1/codes/standing.pdf", nil).text)
	require.Equal(t, "card of 越智 花子", town.ask(town.office, http.MethodGet, "/v1/admin/users/"+town.hana.user.ID.String()+"/code.pdf", nil).text)
	town.ask(town.shop, http.MethodGet, "/v1/codes/standing.png?size=100000", nil).refuses(http.StatusUnprocessableEntity, "request_invalid")
}
