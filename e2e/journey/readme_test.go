package journey_test

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

var (
	shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")
	printed    = regexp.MustCompile(`password +(\S+)`)
)

// TestTheReadmesTourWorksAsWritten runs every line of the tour by curl against the demonstration, as a newcomer would.
func TestTheReadmesTourWorksAsWritten(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	require.NoError(t, err)
	var script strings.Builder
	for _, block := range shellBlock.FindAllStringSubmatch(string(readme), -1) {
		script.WriteString(block[1])
	}
	require.Contains(t, script.String(), "/v1/payments")
	url, password := demonstrate(t)

	tour := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script.String())
	tour.Env = append(os.Environ(), "B="+url, "PASSWORD="+password)
	var said, complaints bytes.Buffer
	tour.Stdout, tour.Stderr = &said, &complaints
	require.NoError(t, tour.Run(), complaints.String())
	told := said.String()
	for _, expected := range []string{
		`"why":`, `"type":"payment"`, `"purpose":"standing"`, `"shortfall":`, `"cash":`, `"refused_rows":[`, `"unissued":`, `"acts":[`, `"clean":true`,
		`"campaign":false`, `"type":"partial_correction"`, `"due":`, `"why_not":`, `"state":"confirmed"`, `"state":"approved"`, `"acceptable":true`,
		"\n1210", "\n29999", "\n8000001", "未収金",
	} {
		require.Contains(t, told, expected)
	}
	refused := regexp.MustCompile(`"code":"([a-z_]+)"`).FindAllStringSubmatch(told, -1)
	codes := make([]string, len(refused))
	for i, r := range refused {
		codes[i] = r[1]
	}
	// The last one is a warning: how old the list of banks is depends on the day.
	require.Subset(t, []string{"code_used", "balance_insufficient", "user_unknown", "bank_master_old"}, codes, "nothing else is refused: %s", told)
	require.Contains(t, codes, "code_used")
	require.Contains(t, codes, "balance_insufficient")
}

// demonstrate starts the demonstration on a free port, with nothing configured but that, and ends it with the test.
func demonstrate(t *testing.T) (url, password string) {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	dir := t.TempDir()
	out, err := os.Create(filepath.Join(dir, "out"))
	require.NoError(t, err)
	demo := exec.CommandContext(context.WithoutCancel(t.Context()), world.Binary, "demo", "--scale", "small")
	demo.Dir, demo.Stdout, demo.Stderr = dir, out, out
	demo.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "LOVESAIJO_LISTEN=" + address}
	require.NoError(t, demo.Start())
	t.Cleanup(func() {
		require.NoError(t, demo.Process.Signal(syscall.SIGTERM))
		require.NoError(t, demo.Wait(), "the demonstration ends in order")
		require.NoError(t, out.Close())
	})
	url = "http://" + address
	harness.Await(t, "the demonstration serves", func() bool {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/readyz", nil)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	text, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	require.Contains(t, string(text), url)
	found := printed.FindSubmatch(text)
	require.Len(t, found, 2, string(text))
	return url, string(found[1])
}
