package metrics_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/metrics"
)

func TestFiguresAreReadWhenSomebodyAsks(t *testing.T) {
	t.Parallel()
	orders := 41.0
	var logged bytes.Buffer
	server := metrics.New("127.0.0.1:0", []metrics.Figure{
		{Name: "teller_orders_total", Help: "Orders posted.", Counter: true, Read: func() float64 { orders++; return orders }},
	}, slog.New(slog.NewJSONHandler(&logged, nil)))
	require.NoError(t, server.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, server.Stop(context.WithoutCancel(t.Context()))) })
	var line struct{ Address string }
	require.NoError(t, json.Unmarshal(logged.Bytes(), &line))
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+line.Address+"/metrics", nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.True(t, strings.Contains(string(body), "teller_orders_total 42"), string(body))
}
