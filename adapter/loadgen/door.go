package loadgen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

const dialMax = 5 * time.Second

// door is the server's one address. Everything in this package goes through it, so that no load can leave the
// machine: the address is settled once, and it is a loopback address whatever a name may resolve to later.
type door struct {
	base    *url.URL
	address netip.AddrPort
}

// openDoor settles the address. It refuses what is not plain HTTP on loopback.
func openDoor(ctx context.Context, rawURL string) (door, error) {
	base, err := url.Parse(rawURL)
	if err != nil {
		return door{}, errors.New("server: not a URL, expected the form http://127.0.0.1:8080") // the cause repeats it, password and all
	}
	if base.Scheme != "http" || base.Hostname() == "" || base.User != nil || base.RawQuery != "" || (base.Path != "" && base.Path != "/") {
		return door{}, fmt.Errorf("server %s: expected the form http://127.0.0.1:8080", base.Redacted())
	}
	port := uint64(80)
	if base.Port() != "" {
		if port, err = strconv.ParseUint(base.Port(), 10, 16); err != nil || port == 0 {
			return door{}, fmt.Errorf("server %s: port out of range", rawURL)
		}
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", base.Hostname())
	if err != nil {
		return door{}, fmt.Errorf("server %s: %w", rawURL, err)
	}
	var chosen netip.Addr
	for _, address := range addresses {
		address = address.Unmap()
		if !address.IsLoopback() {
			return door{}, fmt.Errorf("server %s: %s is not a loopback address, and a load stays on its own machine", rawURL, address)
		}
		if !chosen.IsValid() || address.Is4() && !chosen.Is4() {
			chosen = address
		}
	}
	if !chosen.IsValid() {
		return door{}, fmt.Errorf("server %s: no address", rawURL)
	}
	return door{base: &url.URL{Scheme: "http", Host: base.Host}, address: netip.AddrPortFrom(chosen, uint16(port))}, nil
}

func (d door) dial(ctx context.Context) (net.Conn, error) {
	dialer := net.Dialer{Timeout: dialMax}
	raw, err := dialer.DialContext(ctx, "tcp", d.address.String())
	if err != nil {
		return nil, fmt.Errorf("server %s: %w", d.base.Host, err)
	}
	return raw, nil
}

// client is an ordinary HTTP client for what is not timed. It follows no redirect and knows no proxy.
func (d door) client() *http.Client {
	return &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return d.dial(ctx) },
			MaxIdleConnsPerHost: lanes,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
