package loadgen

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestALoadStaysOnItsOwnMachine(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"http://192.0.2.7:8080", "http://[2001:db8::1]:8080", "http://0.0.0.0:8080", "http://[::]:8080",
		"http://10.0.0.1", "http://[::ffff:192.0.2.7]:80", "http://169.254.1.1:80",
	} {
		_, err := openDoor(t.Context(), url)
		require.ErrorContains(t, err, "is not a loopback address", url)
		for name, load := range loads {
			_, err := load(t, Options{Target: Target{URL: url, Password: "secret"}})
			require.ErrorContains(t, err, "is not a loopback address", name)
		}
	}
}

func TestTheAddressMustBePlainHTTP(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "127.0.0.1:8080", "https://127.0.0.1:8080", "unix:///run/x.sock", "http://", "http://127.0.0.1:99999",
		"http://127.0.0.1:0", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080?x=1", "http://user:secret@127.0.0.1:8080",
	} {
		_, err := openDoor(t.Context(), url)
		require.Error(t, err, url)
		require.NotContains(t, err.Error(), "secret")
	}
}

func TestLoopbackHasManyNames(t *testing.T) {
	t.Parallel()
	for url, address := range map[string]string{
		"http://127.0.0.1:8080":        "127.0.0.1:8080",
		"http://127.9.9.9:8080/":       "127.9.9.9:8080",
		"http://[::1]:8080":            "[::1]:8080",
		"http://[::ffff:127.0.0.1]:81": "127.0.0.1:81",
		"http://127.0.0.1":             "127.0.0.1:80",
	} {
		door, err := openDoor(t.Context(), url)
		require.NoError(t, err, url)
		require.Equal(t, address, door.address.String())
	}
	door, err := openDoor(t.Context(), "http://localhost:8080")
	require.NoError(t, err)
	require.True(t, door.address.Addr().IsLoopback())
}

func TestALoadIsBounded(t *testing.T) {
	t.Parallel()
	good := Options{Target: Target{URL: "http://127.0.0.1:1", Password: "secret"}}
	settled, err := good.settled(1, 16)
	require.NoError(t, err)
	require.Equal(t, []int{1, 16}, settled.Connections)
	require.Equal(t, 2_000, settled.SignIns, "without minted tokens everybody signs in")

	for says, spoil := range map[string]func(o *Options){
		"rounds 51":            func(o *Options) { o.Rounds = 51 },
		"rounds -1":            func(o *Options) { o.Rounds = -1 },
		"stretch 1h0m0s":       func(o *Options) { o.Stretch = time.Hour },
		"connections 0":        func(o *Options) { o.Connections = []int{16, 0} },
		"connections 1025":     func(o *Options) { o.Connections = []int{1025} },
		"residents -1":         func(o *Options) { o.Residents = -1 },
		"merchants 100001":     func(o *Options) { o.Merchants = 100_001 },
		"amount -1":            func(o *Options) { o.AmountMax = -1 },
		"requests":             func(o *Options) { o.RequestsMax = -1 },
		"password":             func(o *Options) { o.Password = "" },
		"token life":           func(o *Options) { o.TokenLife = o.Stretch + time.Second },
		"e-mail pattern one@":  func(o *Options) { o.ResidentEmail = "one@example.jp" },
		"e-mail pattern a%s":   func(o *Options) { o.MerchantEmail = "a%s@example.jp" },
		"history query":        func(o *Options) { o.HistoryQuery = "limit=1 HTTP/1.1\r\nX: y" },
		"URL of the platform":  func(o *Options) { o.Floor = &Floor{Schema: "x", Script: "y"} },
		"schema or script":     func(o *Options) { o.Floor = &Floor{}; o.DatabaseURL = "postgres:///x" },
		"whole seconds":        func(o *Options) { o.Floor = &Floor{}; o.Stretch = 1500 * time.Millisecond },
		"floor's clients [0]":  func(o *Options) { o.Floor = &Floor{Clients: []int{0}} },
		"floor's clients [-5]": func(o *Options) { o.Floor = &Floor{Clients: []int{-5}} },
	} {
		o := good
		o.Stretch = 10 * time.Second
		spoil(&o)
		_, err := o.settled(1)
		require.ErrorContains(t, err, says)
	}
}
