package loadgen

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"
)

// loads are the ways into this package.
var loads = map[string]func(t *testing.T, o Options) (Report, error){
	"payments": func(t *testing.T, o Options) (Report, error) { return Payments(t.Context(), o, io.Discard) },
	"reads":    func(t *testing.T, o Options) (Report, error) { return Reads(t.Context(), o, io.Discard) },
	"grants": func(t *testing.T, o Options) (Report, error) {
		return Grants(t.Context(), o, BatchOptions{AdminEmail: "admin@example.jp", Fund: "f", Kind: "k"}, io.Discard)
	},
}

// small is a load that a test can afford: its stretches end by their number of requests.
func small(url string) Options {
	return Options{
		Target:      Target{URL: url, Password: testPassword, Residents: 20, Merchants: 4, SignIns: 5, Mint: mint},
		Connections: []int{1, 8}, Rounds: 2, RequestsMax: 300, Stretch: stretchMax,
	}
}

func TestPaymentsAreMadeByAllPayersWithFreshKeysAndCounted(t *testing.T) {
	t.Parallel()
	p := &platform{}
	var progress bytes.Buffer
	report, err := Payments(t.Context(), small(p.open(t)), &progress)
	require.NoError(t, err)

	const stretches = 1 + 2*2 // a warm-up, and two numbers of connections in two rounds
	require.Empty(t, p.complaint)
	require.Equal(t, stretches*300, p.payments)
	require.Len(t, p.keys, p.payments)
	require.Len(t, p.payers, 20)
	require.Len(t, p.points, 4)
	for amount := range p.amounts {
		require.True(t, 1 <= amount && amount <= 100, amount)
	}
	require.Len(t, p.amounts, 100)

	var arrived int64
	for _, points := range p.points {
		arrived += points
	}
	require.Equal(t, &Arrival{arrived, arrived}, report.Points)
	require.Empty(t, report.Unexpected)
	require.Len(t, report.Rows, 2)
	for i, row := range report.Rows {
		require.Equal(t, []int{1, 8}[i], row.AtOnce)
		require.Equal(t, "HTTP", row.Path)
		require.EqualValues(t, 600, row.Requests)
		require.Len(t, row.Rates, 2)
		require.Positive(t, row.PerSecond)
		require.Positive(t, row.P50)
		require.LessOrEqual(t, row.P50, row.P95)
		require.LessOrEqual(t, row.P95, row.P99)
		require.LessOrEqual(t, row.P99, row.Most)
	}
	require.Contains(t, progress.String(), "round 2 of 2")
}

func TestEverybodySignsInWhoHasNoMintedToken(t *testing.T) {
	t.Parallel()
	p := &platform{}
	report, err := Payments(t.Context(), small(p.open(t)), io.Discard)
	require.NoError(t, err)
	require.Len(t, p.signIns, 5+4)
	require.Contains(t, p.signIns, "resident000005@example.jp")
	require.NotContains(t, p.signIns, "resident000006@example.jp")
	require.Contains(t, p.signIns, "shop0004@example.jp")
	require.GreaterOrEqual(t, p.me, 20+4, "each token is shown to the server before it is used")
	require.Equal(t, &People{Residents: 20, Merchants: 4, SignedIn: 9, Minted: 15, LotsFrom: 3, LotsTo: 3}, report.People)

	p = &platform{}
	o := small(p.open(t))
	o.Mint = nil
	report, err = Payments(t.Context(), o, io.Discard)
	require.NoError(t, err)
	require.Len(t, p.signIns, 20+4)
	require.Zero(t, report.People.Minted)
}

func TestTokensAreRenewedBetweenStretches(t *testing.T) {
	t.Parallel()
	p := &platform{}
	o := small(p.open(t))
	o.Stretch, o.TokenLife = time.Millisecond, 2*time.Millisecond
	_, err := Payments(t.Context(), o, io.Discard)
	require.NoError(t, err)
	require.Greater(t, len(p.signIns), 5+4)
}

func TestATokenThatIsNotTheUsersEndsTheLoadBeforeItBegins(t *testing.T) {
	t.Parallel()
	wrongPassword := small((&platform{}).open(t))
	wrongPassword.Password = "wrong"
	_, err := Payments(t.Context(), wrongPassword, io.Discard)
	require.ErrorContains(t, err, "status 401, expected 201")
	require.ErrorContains(t, err, "credentials_wrong")

	p := &platform{stray: "resident000001@example.jp"}
	_, err = Payments(t.Context(), small(p.open(t)), io.Discard)
	require.Error(t, err)
	require.Zero(t, p.payments)

	p = &platform{stray: "resident000001@example.jp"}
	o := small(p.open(t))
	o.SignIns, o.Residents = 1, 3
	_, err = Payments(t.Context(), o, io.Discard)
	require.ErrorContains(t, err, "two residents are the same user")

	p = &platform{}
	o = small(p.open(t))
	o.ResidentEmail = "shop%04d@example.jp"
	_, err = Payments(t.Context(), o, io.Discard)
	require.ErrorContains(t, err, "expected a resident")
}

func TestUnexpectedAnswersAreCountedShownAndFailTheLoad(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, seen string
		spoil      func(nth int, c *fiber.Ctx) error
	}{
		{"problem", "status 503 busy instead of 201", func(_ int, c *fiber.Ctx) error {
			return c.Status(503).JSON(fiber.Map{"code": "busy", "title": "混雑しています"})
		}},
		{"plain text", "status 502 instead of 201", func(_ int, c *fiber.Ctx) error { return c.Status(502).SendString("bad gateway") }},
		{"replay of a fresh key", "status 200 instead of 201", func(_ int, c *fiber.Ctx) error { return c.JSON(fiber.Map{"entry_id": "e"}) }},
		{"chunks", "connection: status 201: " + errChunked.Error(), func(_ int, c *fiber.Ctx) error {
			return c.Status(201).SendStream(bytes.NewBufferString("x"))
		}},
		{"hang-up", "the server closed the connection", func(_ int, c *fiber.Ctx) error {
			c.Set(fiber.HeaderConnection, "close")
			return c.Status(500).SendString("gone")
		}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := &platform{breakPayment: func(nth int, ctx *fiber.Ctx) bool { return nth%7 == 0 && c.spoil(nth, ctx) == nil }}
			var progress, markdown bytes.Buffer
			report, err := Payments(t.Context(), small(p.open(t)), &progress)
			require.ErrorIs(t, err, ErrUnexpected)
			require.ErrorContains(t, err, c.seen)
			require.Positive(t, report.Unexpected[c.seen])
			require.Contains(t, progress.String(), c.seen)
			require.NoError(t, report.WriteMarkdown(&markdown))
			require.Contains(t, markdown.String(), c.seen)
		})
	}
}

func TestAReceiptOfAnotherPaymentIsNoticed(t *testing.T) {
	t.Parallel()
	good := `{"entry_id":"e","type":"payment","amount":7,"slices":[{"amount":3},{"amount":4}]}`
	require.NoError(t, inspectReceipt([]byte(good), 7))
	for _, body := range []string{
		``, `[]`, `{}`,
		`{"entry_id":"","type":"payment","amount":7,"slices":[{"amount":7}]}`,
		`{"entry_id":"e","type":"charge","amount":7,"slices":[{"amount":7}]}`,
		`{"entry_id":"e","type":"payment","amount":8,"slices":[{"amount":7}]}`,
		`{"entry_id":"e","type":"payment","amount":7,"slices":[{"amount":6}]}`,
	} {
		require.Error(t, inspectReceipt([]byte(body), 7), body)
	}
}

func TestPointsThatAreAcknowledgedAndDoNotArriveFailTheLoad(t *testing.T) {
	t.Parallel()
	p := &platform{lossEvery: 500}
	report, err := Payments(t.Context(), small(p.open(t)), io.Discard)
	require.ErrorContains(t, err, "points and the merchants have")
	require.Less(t, report.Points.Arrived, report.Points.Acknowledged)
}

func TestABrokenOffLoadEndsAtOnce(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	p := &platform{breakPayment: func(nth int, _ *fiber.Ctx) bool {
		if nth == 400 {
			cancel()
		}
		return false
	}}
	o := small(p.open(t))
	o.RequestsMax = requestsMax
	o.Connections = []int{4}
	_, err := Payments(ctx, o, io.Discard)
	require.ErrorIs(t, err, context.Canceled)
}

func TestReadsAskForBalanceAndHistoryInTurns(t *testing.T) {
	t.Parallel()
	p := &platform{}
	o := small(p.open(t))
	o.HistoryQuery = "limit=50"
	report, err := Reads(t.Context(), o, io.Discard)
	require.NoError(t, err)
	require.Len(t, report.Rows, 4)
	require.Equal(t, []string{"balance", "balance", "history", "history"},
		[]string{report.Rows[0].Path, report.Rows[1].Path, report.Rows[2].Path, report.Rows[3].Path})
	require.EqualValues(t, 600, report.Rows[3].Requests)
	require.Equal(t, 5*300, p.paths["/v1/wallet/history"])
	require.Zero(t, p.payments)

	p = &platform{noHistory: true}
	_, err = Reads(t.Context(), small(p.open(t)), io.Discard)
	require.ErrorIs(t, err, ErrUnexpected)
	require.ErrorContains(t, err, "a history without lines")
}

func TestReadsNoticeFiguresThatDoNotAddUp(t *testing.T) {
	t.Parallel()
	require.NoError(t, inspectWallet([]byte(`{"id":"w","balance":3,"lots":[{"remaining":1},{"remaining":2}]}`)))
	require.Error(t, inspectWallet([]byte(`{"id":"w","balance":4,"lots":[{"remaining":1},{"remaining":2}]}`)))
	require.Error(t, inspectWallet([]byte(`{"id":"w","lots":[]}`)))
	require.NoError(t, inspectHistory([]byte(`{"lines":[{"no":2,"delta":-5,"balance":5},{"no":1,"delta":10,"balance":10}]}`)))
	require.NoError(t, inspectHistory([]byte(`{"lines":[{"no":9,"delta":-5,"balance":5},{"no":1,"delta":10,"balance":10}]}`)), "a filter leaves lines out")
	require.Error(t, inspectHistory([]byte(`{"lines":[{"no":2,"delta":-5,"balance":6},{"no":1,"delta":10,"balance":10}]}`)))
	require.Error(t, inspectHistory([]byte(`<html>`)))
}

func TestABulkGrantIsTimedByTheServersOwnStamps(t *testing.T) {
	t.Parallel()
	p := &platform{}
	var progress, markdown bytes.Buffer
	o := Options{Target: Target{URL: p.open(t), Password: testPassword}}
	report, err := Grants(t.Context(), o, BatchOptions{AdminEmail: "admin@example.jp", Fund: "f", Kind: "k", Rows: 1_234, Amount: 5}, &progress)
	require.NoError(t, err)
	require.Empty(t, p.complaint)
	require.Equal(t, 1_234, p.batch.rows)
	require.Equal(t, 3, p.batch.polls)
	require.NotEmpty(t, p.batch.key)
	require.InDelta(t, 2.5, report.Batch.JobSeconds, 1e-9)
	require.EqualValues(t, 6_170, report.Batch.Granted)
	require.Equal(t, []string{"admin@example.jp"}, p.signIns)
	require.Contains(t, progress.String(), "ended after 2.50 s")
	require.NoError(t, report.WriteMarkdown(&markdown))
	require.Contains(t, markdown.String(), "| 1,234 | 6,170 | 2.50 |")

	p = &platform{refusedRows: true}
	_, err = loads["grants"](t, Options{Target: Target{URL: p.open(t), Password: testPassword}})
	require.ErrorContains(t, err, "rows were refused")
}

func TestTheReportIsJSONForPrograms(t *testing.T) {
	t.Parallel()
	p := &platform{}
	report, err := Payments(t.Context(), small(p.open(t)), io.Discard)
	require.NoError(t, err)
	var text bytes.Buffer
	require.NoError(t, report.WriteJSON(&text))
	var read Report
	require.NoError(t, json.Unmarshal(text.Bytes(), &read))
	require.Equal(t, report.Points, read.Points)
	require.Equal(t, report.Rows[1].Rates, read.Rows[1].Rates)
	require.Nil(t, read.Database)
}
