package harness

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Event is one server-sent event.
type Event struct {
	ID   string
	Name string
	Data string
}

// Into reads the event's JSON.
func (e Event) Into(value any) error { return json.Unmarshal([]byte(e.Data), value) }

// Stream is a stream of server-sent events that is being read.
type Stream struct {
	events chan Event
}

// streamBuffer holds what came before a test looks.
const streamBuffer = 10_000

// Listen opens a stream of events. It returns once the server has answered and said its first words, after which
// nothing is missed. The stream ends with the test.
func (p *Person) Listen(t testing.TB, path string) *Stream {
	t.Helper()
	return p.ListenAt(t, p.server, path)
}

// ListenAt opens a stream at a given server.
func (p *Person) ListenAt(t testing.TB, server *Server, path string) *Stream {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	request, err := Request{Method: http.MethodGet, URL: server.URL, Path: path, Token: p.Token}.build(ctx)
	require.NoError(t, err)
	request.Header.Set("Accept", "text/event-stream")
	response, err := (&http.Client{Transport: httpClient.Transport}).Do(request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.True(t, strings.HasPrefix(response.Header.Get("Content-Type"), "text/event-stream"))

	s := &Stream{events: make(chan Event, streamBuffer)}
	spoken, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(s.events)
		s.read(bufio.NewReader(response.Body), spoken)
	}()
	t.Cleanup(func() {
		stop()
		_ = response.Body.Close()
		<-ended
	})
	select {
	case <-spoken:
	case <-time.After(Patience):
		require.Fail(t, "the stream stays silent", path)
	}
	return s
}

// read parses the stream after the HTML standard, as far as a server of ours uses it.
func (s *Stream) read(from *bufio.Reader, spoken chan struct{}) {
	var event Event
	var data []string
	for first := true; ; {
		line, err := from.ReadString('\n')
		if first {
			close(spoken)
			first = false
		}
		if err != nil {
			return
		}
		line = strings.TrimRight(line, "\r\n")
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case line == "" && len(data) > 0:
			event.Data = strings.Join(data, "\n")
			s.events <- event
			event, data = Event{}, nil
		case field == "event":
			event.Name = value
		case field == "data":
			data = append(data, value)
		case field == "id":
			event.ID = value
		}
	}
}

// Await gives the first event from now on that is wanted, and drops those before it.
func (s *Stream) Await(t testing.TB, what string, wanted func(Event) bool) Event {
	t.Helper()
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	for {
		select {
		case event, open := <-s.events:
			require.True(t, open, "the stream ended before: %s", what)
			if wanted(event) {
				return event
			}
		case <-patience.C:
			require.Fail(t, "waited in vain", what)
		}
	}
}

// Ended waits until the server has ended the stream.
func (s *Stream) Ended(t testing.TB) {
	t.Helper()
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	for {
		select {
		case _, open := <-s.events:
			if !open {
				return
			}
		case <-patience.C:
			require.Fail(t, "the stream does not end")
		}
	}
}
