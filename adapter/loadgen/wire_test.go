package loadgen

import (
	"io"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"
)

// patience bounds waits for something that must happen; how fast it does is not what is tested.
const patience = time.Minute

// listen serves an application on a free port of loopback until the test ends.
func listen(t *testing.T, app *fiber.App) string {
	t.Helper()
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- app.Listener(socket) }()
	t.Cleanup(func() {
		require.NoError(t, app.ShutdownWithTimeout(patience))
		require.NoError(t, <-served)
	})
	return "http://" + socket.Addr().String()
}

func newApp() *fiber.App {
	return fiber.New(fiber.Config{DisableStartupMessage: true, Immutable: true})
}

func connectTo(t *testing.T, url string) *wire {
	t.Helper()
	door, err := openDoor(t.Context(), url)
	require.NoError(t, err)
	w, err := door.connect(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() { _ = w.raw.Close() })
	require.NoError(t, w.raw.SetDeadline(time.Now().Add(patience)))
	return w
}

func TestOneConnectionCarriesManyRequestsOfAllStatusesAndSizes(t *testing.T) {
	t.Parallel()
	app := newApp()
	app.All("/:status/:size", func(c *fiber.Ctx) error {
		status, err := c.ParamsInt("status")
		if err != nil {
			return err
		}
		size, err := c.ParamsInt("size")
		if err != nil {
			return err
		}
		return c.Status(status).SendString(c.Method() + strings.Repeat("x", size) + string(c.Body()))
	})
	w := connectTo(t, listen(t, app))
	for _, size := range []int{0, 1, 100, readBytes, 10 * readBytes, 5} {
		for _, status := range []int{200, 201, 202, 404, 409, 422, 500, 503} {
			answer, err := w.exchange([]byte("POST /" + strconv.Itoa(status) + "/" + strconv.Itoa(size) +
				" HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nend"))
			require.NoError(t, err)
			require.Equal(t, status, answer.status)
			require.Equal(t, "POST"+strings.Repeat("x", size)+"end", string(answer.body))
			require.False(t, answer.closing)
		}
	}
	answer, err := w.exchange([]byte("GET /200/0 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
	require.NoError(t, err)
	require.True(t, answer.closing)
	require.Equal(t, "GET", string(answer.body))
}

// answered has a peer answer one request with the given pieces and then hang up.
func answered(t *testing.T, pieces ...string) (response, error) {
	t.Helper()
	near, far := net.Pipe()
	t.Cleanup(func() { _ = near.Close() })
	go func() {
		defer func() { _ = far.Close() }()
		request := make([]byte, 4)
		if _, err := io.ReadFull(far, request); err != nil {
			return
		}
		for _, piece := range pieces {
			if _, err := far.Write([]byte(piece)); err != nil {
				return
			}
		}
	}()
	require.NoError(t, near.SetDeadline(time.Now().Add(patience)))
	w := &wire{raw: near, in: make([]byte, 32)}
	return w.exchange([]byte("GET "))
}

func TestAnAnswerMayArriveByteByByte(t *testing.T) {
	t.Parallel()
	whole := "HTTP/1.1 201 Created\r\nServer: x\r\ncontent-LENGTH:  11 \r\nConnection: keep-alive\r\n\r\n{\"a\":12345}"
	answer, err := answered(t, strings.Split(whole, "")...)
	require.NoError(t, err)
	require.Equal(t, 201, answer.status)
	require.Equal(t, `{"a":12345}`, string(answer.body))
}

func TestAnswersWithoutABodyNeedNoLength(t *testing.T) {
	t.Parallel()
	answer, err := answered(t, "HTTP/1.1 204 No Content\r\n\r\n")
	require.NoError(t, err)
	require.Equal(t, 204, answer.status)
	require.Empty(t, answer.body)
}

func TestAnswersThatAreNotUnderstoodAreRefusedClearly(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name, answer string
		want         error
		says         string
	}{
		{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", errChunked, "status 200: the response is chunked"},
		{"no length", "HTTP/1.1 500 Oops\r\nContent-Type: text/plain\r\n\r\noops", errLength, "status 500: the response has no Content-Length"},
		{"short body", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", errCutShort, ""},
		{"short head", "HTTP/1.1 200 OK\r\nContent-Le", errCutShort, ""},
		{"nothing", "", io.EOF, ""},
		{"two answers", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n", errSurplus, ""},
		{"old version", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", errNoHTTP, ""},
		{"another protocol", "-ERR unknown command, with some more text behind it\r\n\r\n", errNoHTTP, ""},
		{"no number for a status", "HTTP/1.1 abc OK\r\nContent-Length: 2\r\n\r\nok", errNoHTTP, ""},
		{"interim", "HTTP/1.1 100 Continue\r\n\r\n", errInterim, ""},
		{"endless head", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 2*headBytesMax), errTooLong, ""},
		{"huge body", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", errTooLong, ""},
		{"negative length", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", nil, `Content-Length "-1"`},
		{"two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nok", nil, `Content-Length "2"`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := answered(t, c.answer)
			require.Error(t, err)
			if c.want != nil {
				require.ErrorIs(t, err, c.want)
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}
