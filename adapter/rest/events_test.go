package rest_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
)

// watch opens a stream and gives what comes line by line, and a way to go away.
func (town *town) watch(p person, path string) (lines <-chan string, leave context.CancelFunc) {
	town.t.Helper()
	ctx, cancel := context.WithCancel(town.t.Context())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://town"+path, nil)
	require.NoError(town.t, err)
	request.Header.Set("Authorization", "Bearer "+p.token)
	request.Header.Set("Last-Event-ID", "whatever")
	response, err := town.client.Do(request)
	require.NoError(town.t, err)
	require.Equal(town.t, http.StatusOK, response.StatusCode)
	require.Equal(town.t, "text/event-stream", response.Header.Get("Content-Type"))
	came := make(chan string)
	go func() {
		defer close(came)
		defer func() { _ = response.Body.Close() }()
		for reader := bufio.NewReader(response.Body); ; {
			line, err := reader.ReadString('\n')
			if err != nil {
				return
			}
			select {
			case came <- strings.TrimSuffix(line, "\n"):
			case <-ctx.Done():
				_, _ = io.Copy(io.Discard, response.Body)
				return
			}
		}
	}()
	return came, cancel
}

// next gives the next line that begins with prefix; ok is false once the stream has ended.
func next(lines <-chan string, prefix string) (line string, ok bool) {
	for line := range lines {
		if strings.HasPrefix(line, prefix) {
			return line, true
		}
	}
	return "", false
}

func TestAStreamTellsWhatHappensToTheWallet(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	lines, leave := town.watch(town.shop, "/v1/events")
	defer leave()
	_, ok := next(lines, ": connected")
	require.True(t, ok)
	changed := ledger.WalletChanged{
		ID: ident.New[event.Event](time.Now()), Wallet: town.shop.user.Wallet, Type: ledger.Payment, Delta: 300, Balance: 300, At: time.Unix(1_800_000_000, 0),
	}
	town.live.tell(ledger.WalletChanged{Wallet: town.hana.user.Wallet, Type: ledger.Payment, Delta: -300})
	town.live.tell(changed)
	line, _ := next(lines, "event:")
	require.Equal(t, "event: wallet", line)
	line, _ = next(lines, "id:")
	require.Equal(t, "id: "+changed.ID.String(), line)
	line, _ = next(lines, "data:")
	require.JSONEq(t, `{"entry_id":"00000000-0000-0000-0000-000000000000","type":"payment","delta":300,"balance":300,"at":"2027-01-15T17:00:00.000+09:00"}`,
		strings.TrimPrefix(line, "data: "))
	_, ok = next(lines, ": heartbeat")
	require.True(t, ok)
}

func TestAStreamEndsWhenItsReaderGoesAway(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	lines, leave := town.watch(town.hana, "/v1/events")
	_, ok := next(lines, ": connected")
	require.True(t, ok)
	require.Equal(t, 1, town.live.count())
	leave()
	require.Eventually(t, func() bool { return town.live.count() == 0 }, 10*time.Second, time.Millisecond)
}

func TestAStreamEndsWithItsSession(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	lines, leave := town.watch(town.hana, "/v1/events")
	defer leave()
	_, ok := next(lines, ": heartbeat")
	require.True(t, ok)
	town.ask(town.hana, http.MethodDelete, "/v1/sessions", nil).is(http.StatusNoContent)
	_, more := next(lines, "event:")
	require.False(t, more)
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	lines, leave := town.watch(town.hana, "/v1/events")
	defer leave()
	_, ok := next(lines, ": heartbeat")
	require.True(t, ok)
	town.clock.Add(int64(11 * time.Minute))
	_, more := next(lines, "event:")
	require.False(t, more)
}

func TestNobodyOpensEndlesslyManyStreams(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	for range 8 {
		_, leave := town.watch(town.hana, "/v1/events")
		defer leave()
	}
	refused := town.ask(town.hana, http.MethodGet, "/v1/events", nil)
	refused.refuses(http.StatusTooManyRequests, "streams_too_many")
	require.NotEmpty(t, refused.header.Get("Retry-After"))
	_, leave := town.watch(town.taro, "/v1/events")
	leave()
}

func TestABatchIsWatchedUntilItEnds(t *testing.T) {
	t.Parallel()
	town := newTown(t)
	made := town.ask(town.office, http.MethodPost, "/v1/admin/batches", body{
		"fund": "premium", "kind": "city", "list": []body{{"email": "hana@example.jp", "amount": 5}, {"email": "taro@example.jp", "amount": 5}},
	}, keyed, "batch-000001").is(http.StatusAccepted)
	lines, leave := town.watch(town.office, "/v1/admin/batches/"+made["id"].(string)+"/events")
	defer leave()
	line, _ := next(lines, "data:")
	require.JSONEq(t, `{"id":"`+made["id"].(string)+`","done":0,"rows":2,"refused":0,"granted":0,"ended":false}`, strings.TrimPrefix(line, "data: "))
	var id ledger.BatchID
	require.NoError(t, id.UnmarshalText([]byte(made["id"].(string))))
	town.live.tell(fund.BatchProgress{Batch: id, Done: 2, Rows: 2, Granted: 10, Ended: true})
	line, _ = next(lines, "data:")
	require.Contains(t, line, `"ended":true`)
	_, more := next(lines, "")
	for more {
		_, more = next(lines, "")
	}
	require.Eventually(t, func() bool { return town.live.count() == 0 }, 10*time.Second, time.Millisecond)
	town.ask(town.office, http.MethodGet, "/v1/admin/batches/x/events", nil).refuses(http.StatusNotFound, "batch_unknown")
}
