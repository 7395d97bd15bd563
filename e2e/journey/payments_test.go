package journey_test

import (
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type moved struct {
	EntryID string `json:"entry_id"`
	Type    string `json:"type"`
	Delta   int64  `json:"delta"`
	Balance int64  `json:"balance"`
	At      string `json:"at"`
}

// next gives the next change of a wallet that a stream tells.
func next(t *testing.T, stream *harness.Stream) moved {
	t.Helper()
	var told moved
	event := stream.Await(t, "a change of the wallet", func(e harness.Event) bool { return e.Name == "wallet" })
	require.NoError(t, event.Into(&told))
	return told
}

type receipt struct {
	EntryID string        `json:"entry_id"`
	Type    string        `json:"type"`
	Amount  int64         `json:"amount"`
	Delta   *int64        `json:"delta"`
	Balance *int64        `json:"balance"`
	From    harness.Party `json:"from"`
	To      harness.Party `json:"to"`
	Memo    string        `json:"memo"`
	Slices  []struct {
		Kind   string `json:"kind"`
		Amount int64  `json:"amount"`
		Hops   int    `json:"hops"`
		LotID  string `json:"lot_id"`
	} `json:"slices"`
}

// Clauses 4.3.1, 4.3.2 and 4.3.6.
func TestBothSidesSeeAPaymentAsItHappens(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop, other := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂")
	fund, kind := city.Endow(t, hana, 1_000)
	elsewhere, err := city.Serve(t.Context())
	require.NoError(t, err)
	atHand, atCounter, atOther := hana.Listen(t, "/v1/events"), shop.ListenAt(t, elsewhere, "/v1/events"), other.Listen(t, "/v1/events")

	request := harness.Request{
		Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": shop.Code, "amount": 300, "memo": "みかん"},
	}
	answer := hana.Call(t, request)
	require.Equal(t, http.StatusCreated, answer.Status, "%s", answer.Body)
	require.Empty(t, answer.Header.Get("Idempotency-Replayed"))
	var paid harness.Payment
	require.NoError(t, answer.Into(&paid))
	require.Equal(t, []harness.Slice{{Kind: kind, Fund: fund, Amount: 300}}, paid.Slices)
	require.EqualValues(t, 700, paid.Balance)
	require.Equal(t, shop.WalletID, paid.Payee.WalletID)

	require.Equal(t, moved{paid.EntryID, "payment", -300, 700, paid.At}, next(t, atHand))
	require.Equal(t, moved{paid.EntryID, "payment", 300, 300, paid.At}, next(t, atCounter))

	again := hana.At(elsewhere).Call(t, request)
	require.Equal(t, http.StatusOK, again.Status)
	require.Equal(t, "true", again.Header.Get("Idempotency-Replayed"))
	require.JSONEq(t, string(answer.Body), string(again.Body))
	require.EqualValues(t, 700, hana.Balance(t))

	second := hana.Pay(t, other, 50)
	require.Equal(t, second.EntryID, next(t, atOther).EntryID, "a stream tells its own wallet only")

	seen := harness.Get[receipt](t, hana, "/v1/entries/"+paid.EntryID)
	require.Equal(t, "みかん", seen.Memo)
	require.EqualValues(t, 300, seen.Amount)
	require.EqualValues(t, -300, *seen.Delta)
	require.EqualValues(t, 700, *seen.Balance)
	require.Equal(t, harness.Party{Kind: "merchant", Name: "うちぬき商店", WalletID: shop.WalletID}, seen.To)
	require.Equal(t, 1, seen.Slices[0].Hops, "a payment is a hop")
	seen = harness.Get[receipt](t, shop, "/v1/entries/"+paid.EntryID)
	require.Equal(t, "利用者", seen.From.Name, "to a shop a payer is a resident and no more")
	require.EqualValues(t, 300, *seen.Delta)

	require.NoError(t, elsewhere.Stop(), "a process that is asked to stop ends its streams and does so in time")
	atCounter.Ended(t)
}

// Clause 4.3.3.
func TestResidentsPassPointsToOneAnotherWithinTheLimits(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店")
	_, kind := city.Endow(t, hana, 200_000)
	fixed := city.MakeKind(t, "fixed", harness.Kind{Rank: 1, Transferable: false})
	city.Grant(t, hana, harness.Grant{Fund: city.OpenFund(t, "fixed", 700), Kind: fixed, Amount: 700})

	scanned := scan(t, get(t, jiro, "/v1/codes/standing.png").Body)
	seen := harness.Get[meeting](t, hana, "/v1/codes/"+jiro.Code)
	require.Equal(t, "伊藤 次郎", seen.Name, "residents see whom they send to")
	send := func(amount int64) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": scanned, "amount": amount}}
	}
	refusal := hana.Refused(t, http.StatusUnprocessableEntity, "transfer_over_limit", send(30_001))
	require.EqualValues(t, 30_000, refusal.Figures["limit"])
	for range 3 {
		answer := hana.Call(t, send(30_000))
		require.Equal(t, http.StatusCreated, answer.Status, "%s", answer.Body)
		var sent harness.Payment
		require.NoError(t, answer.Into(&sent))
		require.Equal(t, "transfer", sent.Type)
		require.Equal(t, map[string]int64{kind: 30_000}, drawn(sent.Slices), "points that may not be passed on stay")
	}
	refusal = hana.Refused(t, http.StatusUnprocessableEntity, "transfer_over_monthly_limit", send(10_001))
	require.Equal(t, map[string]int64{"limit": 100_000, "sent": 90_000}, refusal.Figures)
	require.Equal(t, http.StatusCreated, hana.Call(t, send(10_000)).Status)
	require.EqualValues(t, 100_700, hana.Balance(t))
	require.EqualValues(t, 100_000, jiro.Balance(t))
	require.Equal(t, 1, jiro.Wallet(t).Lots[0].Hops)

	require.Equal(t, map[string]int64{fixed: 700, kind: 50}, drawn(hana.Pay(t, shop, 750).Slices), "a shop takes all points")
	onlyFixed := city.Resident(t, "越智 さくら")
	city.Grant(t, onlyFixed, harness.Grant{Fund: city.OpenFund(t, "fixed", 100), Kind: fixed, Amount: 100})
	refusal = onlyFixed.Refused(t, http.StatusUnprocessableEntity, "balance_insufficient", send(1))
	require.Equal(t, map[string]int64{"balance": 0, "shortfall": 1}, refusal.Figures)
}

// Clause 4.3.2: points go round among shops.
func TestShopsPayOneAnotherAndPointsGoRound(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop, supplier := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚農園")
	clerk := city.Clerk(t, "店員 一郎", shop)
	city.Endow(t, hana, 1_000)
	hana.Pay(t, shop, 800)
	paid := shop.Pay(t, supplier, 500)
	require.Equal(t, "payment", paid.Type)
	require.Equal(t, 1, paid.Slices[0].Hops)
	require.EqualValues(t, 300, paid.Balance)
	lots := supplier.Wallet(t).Lots
	require.Len(t, lots, 1)
	require.Equal(t, 2, lots[0].Hops)
	require.EqualValues(t, 500, lots[0].Remaining)

	shop.Refused(t, http.StatusUnprocessableEntity, "payment_direction", harness.Request{
		Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": hana.Code, "amount": 1},
	})
	clerk.Refused(t, http.StatusForbidden, "not_allowed", harness.Request{
		Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": supplier.Code, "amount": 1},
	})
	require.EqualValues(t, 300, clerk.Balance(t), "a clerk sees the shop's wallet")
}

func TestACodeWithAnAmountIsPaidOnce(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, jiro, shop := city.Resident(t, "藤田 花"), city.Resident(t, "伊藤 次郎"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 1_000)
	city.Endow(t, jiro, 1_000)
	code := harness.Post[issued](t, shop, "/v1/codes", map[string]any{"purpose": "amount", "amount": 450})
	seen := harness.Get[meeting](t, hana, "/v1/codes/"+code.Token)
	require.EqualValues(t, 450, *seen.Amount)
	require.True(t, seen.Usable)
	require.Equal(t, "うちぬき商店", seen.Name)

	pay := func(amount int64) harness.Request {
		body := map[string]any{"payee_code": code.URL}
		if amount > 0 {
			body["amount"] = amount
		}
		return harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: body}
	}
	refusal := hana.Refused(t, http.StatusUnprocessableEntity, "code_amount_mismatch", pay(449))
	require.EqualValues(t, 450, refusal.Figures["amount"])

	// The two who scan the same code at the same time do not both pay.
	answers := make([]harness.Answer, 2)
	var both sync.WaitGroup
	for i, payer := range []*harness.Person{hana, jiro} {
		request := pay(0)
		request.URL, request.Token = city.Front().URL, payer.Token
		both.Go(func() { answers[i], _ = harness.Send(t.Context(), request) })
	}
	both.Wait()
	won := 0
	if answers[0].Status != http.StatusCreated {
		won = 1
	}
	require.Equal(t, http.StatusCreated, answers[won].Status, "%s", answers[won].Body)
	problem, err := answers[1-won].Problem()
	require.NoError(t, err)
	require.Equal(t, "code_used", problem.Code)
	var paid harness.Payment
	require.NoError(t, answers[won].Into(&paid))
	require.EqualValues(t, 450, paid.Amount)
	require.EqualValues(t, 450, shop.Balance(t))
	require.EqualValues(t, 1_550, hana.Balance(t)+jiro.Balance(t))
	require.Equal(t, "code_used", harness.Get[meeting](t, hana, "/v1/codes/"+code.Token).Fault.Code)
}

func TestAShopTakesAPaymentFromACodeThatAResidentPresents(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop, other := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店"), city.Merchant(t, "石鎚食堂")
	clerk := city.Clerk(t, "店員 一郎", shop)
	city.Endow(t, hana, 1_000)
	code := harness.Post[issued](t, hana, "/v1/codes", map[string]any{"purpose": "presented"})
	take := func(amount int64) harness.Request {
		return harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payer_code": code.Token, "amount": amount}}
	}
	clerk.Refused(t, http.StatusUnprocessableEntity, "balance_insufficient", take(1_001))
	answer := clerk.Call(t, take(600))
	require.Equal(t, http.StatusCreated, answer.Status, "%s", answer.Body)
	var taken harness.Payment
	require.NoError(t, answer.Into(&taken))
	require.EqualValues(t, 600, taken.Balance, "the shop's balance, not the resident's")
	require.Empty(t, taken.Slices)
	other.Refused(t, http.StatusGone, "code_used", take(1))

	hana.Refused(t, http.StatusForbidden, "not_allowed", take(1))
	// The standing code on a resident's card takes nothing out of the wallet.
	shop.Refused(t, http.StatusUnprocessableEntity, "code_wrong_purpose", harness.Request{
		Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payer_code": hana.Code, "amount": 1},
	})
	require.EqualValues(t, 400, hana.Balance(t))
	require.EqualValues(t, 600, shop.Balance(t))
}

// The last points, wanted from many sides at once, go once (clause 4.3.1).
func TestTheLastPointsAreSpentOnce(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 100)
	elsewhere, err := city.Serve(t.Context())
	require.NoError(t, err)
	const sides = 20
	statuses := make([]int, sides)
	var all sync.WaitGroup
	for i := range sides {
		server := []*harness.Server{city.Front(), elsewhere}[i%2]
		all.Go(func() {
			answer, err := harness.Send(t.Context(), harness.Request{
				Method: http.MethodPost, URL: server.URL, Path: "/v1/payments", Token: hana.Token, Key: harness.Key(),
				Body: map[string]any{"payee_code": shop.Code, "amount": 100},
			})
			if err == nil {
				statuses[i] = answer.Status
			}
		})
	}
	all.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	require.Equal(t, map[int]int{http.StatusCreated: 1, http.StatusUnprocessableEntity: sides - 1}, counts)
	require.Zero(t, hana.Balance(t))
	require.EqualValues(t, 100, shop.Balance(t))
}
