package rest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/money"
)

func TestTheLandingPageTellsWhoseShopItIs(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	page := town.ask(person{}, http.MethodGet, "/q/"+string(town.shop.code.Token), nil)
	page.is(http.StatusOK)
	require.Equal(t, "text/html; charset=utf-8", page.header.Get("Content-Type"))
	require.Contains(t, page.text, `<html lang="ja">`)
	for _, said := range []string{"<title>うちぬき食堂 |", "飲食店", "愛媛県西条市明屋敷164", "やさしい日本語", `lang="en"`} {
		require.Contains(t, page.text, said)
	}
	require.NotContains(t, page.text, "<script")
	require.NotContains(t, page.text, "<form")
	policy := page.header.Get("Content-Security-Policy")
	require.Contains(t, policy, "default-src 'none'")
	require.NotContains(t, policy, "unsafe")
	require.NotContains(t, policy, "script-src")
	_, rest, _ := strings.Cut(page.text, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	require.Contains(t, policy, "'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'", "else browsers refuse the page its style")
}

func TestTheLandingPageTellsNothingOfAResident(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	page := town.ask(person{}, http.MethodGet, "/q/"+string(town.hana.code.Token), nil)
	page.is(http.StatusOK)
	require.Contains(t, page.text, "<title>利用者のコード |")
	require.Contains(t, page.text, "カードを拾った方は、西条市役所か近くの交番にお届けください。")
	require.NotContains(t, page.text, "支払", "the finder of a card is not to pay")
	require.NotContains(t, page.text, "アプリを")
	for _, personal := range []string{"越智", "花子", "明屋敷", town.hana.user.ID.String(), town.hana.user.Wallet.String(), string(town.hana.code.Token)} {
		require.NotContains(t, page.text, personal)
	}
}

func TestTheLandingPageOfABadCodeSaysSo(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	old := string(town.shop.code.Token)
	town.ask(town.shop, http.MethodPost, "/v1/codes/standing/rotation", nil).is(http.StatusCreated)
	revoked := town.ask(person{}, http.MethodGet, "/q/"+old, nil)
	require.Equal(t, http.StatusGone, revoked.status)
	require.Contains(t, revoked.text, "無効になっています")
	require.NotContains(t, revoked.text, "うちぬき食堂")
	for _, token := range []string{"1S00000000000000000000000000", "x", "%3Cscript%3E"} {
		page := town.ask(person{}, http.MethodGet, "/q/"+token, nil)
		require.Equal(t, http.StatusNotFound, page.status, token)
		require.NotContains(t, page.text, "<script")
	}
}

func TestOpeningTheLandingPageMovesNothing(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	code := town.ask(town.hana, http.MethodPost, "/v1/codes", body{"purpose": "presented"}).is(http.StatusCreated)
	for range 3 {
		town.ask(person{}, http.MethodGet, "/q/"+code["token"].(string), nil).is(http.StatusOK)
	}
	take := body{"payer_code": code["token"], "amount": 10}
	town.ask(town.shop, http.MethodPost, "/v1/payments", take, keyed, "take-0000001").is(http.StatusCreated)
	require.Equal(t, money.Points(990), town.balance(town.hana))
}

func TestTheLandingPageKnowsACardFromAScreen(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	code := town.ask(town.hana, http.MethodPost, "/v1/codes", body{"purpose": "presented"}).is(http.StatusCreated)
	page := town.ask(person{}, http.MethodGet, "/q/"+code["token"].(string), nil)
	page.is(http.StatusOK)
	require.Contains(t, page.text, "一度だけのQRコードです")
	require.NotContains(t, page.text, "拾った")
	clerk := town.ask(person{}, http.MethodGet, "/q/"+string(town.clerk.code.Token), nil)
	clerk.is(http.StatusOK)
	require.Contains(t, clerk.text, "拾った")
	require.NotContains(t, town.ask(person{}, http.MethodGet, "/q/"+string(town.shop.code.Token), nil).text, "拾った")
}

func TestTheLandingPageLeavesNoLetterAlone(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	shop := town.ask(person{}, http.MethodGet, "/q/"+string(town.shop.code.Token), nil).text
	require.Contains(t, shop, `<h1>うち<span class="whole">ぬき食堂</span></h1>`)
	clerk := town.ask(person{}, http.MethodGet, "/q/"+string(town.clerk.code.Token), nil).text
	require.Contains(t, clerk, `<h1>LOVESAIJO <span class="whole">関係者のコード</span></h1>`)
	card := town.ask(person{}, http.MethodGet, "/q/"+string(town.hana.code.Token), nil).text
	require.Contains(t, card, `<h1>利用者<span class="whole">のコード</span></h1>`)
	require.Contains(t, town.ask(person{}, http.MethodGet, "/q/x", nil).text, `<span class="whole">使えません</span>`)
}
