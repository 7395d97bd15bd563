package harness

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Request is one call of the interface. Body is sent as JSON unless it is bytes, which go as they are.
type Request struct {
	Method string
	URL    string // the server's
	Path   string
	Token  string
	Key    string // of idempotency
	Body   any
	Header map[string]string
}

// Answer is what came back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Problem is a refusal, by RFC 9457.
type Problem struct {
	Type    string           `json:"type"`
	Title   string           `json:"title"`
	Status  int              `json:"status"`
	Code    string           `json:"code"`
	Figures map[string]int64 `json:"figures"`
	Errors  []struct {
		Path    string `json:"path"`
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"errors"`
}

// Key makes an idempotency key. A client keeps it before it sends.
func Key() string { return rand.Text() }

// Send makes one call. An error means that there was no answer: the call may have been done or not.
func Send(ctx context.Context, r Request) (Answer, error) {
	request, err := r.build(ctx)
	if err != nil {
		return Answer{}, err
	}
	response, err := httpClient.Do(request)
	if err != nil {
		return Answer{}, err
	}
	body, err := drained(response.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	answer := Answer{Status: response.StatusCode, Header: response.Header, Body: body}
	tell(r, answer)
	return answer, nil
}

func (r Request) build(ctx context.Context) (*http.Request, error) {
	body, raw := r.Body.([]byte)
	if r.Body != nil && !raw {
		var err error
		if body, err = json.Marshal(r.Body); err != nil {
			return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL+r.Path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if r.Body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if r.Token != "" {
		request.Header.Set("Authorization", "Bearer "+r.Token)
	}
	if r.Key != "" {
		request.Header.Set("Idempotency-Key", r.Key)
	}
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	return request, nil
}

// Into reads the answer's JSON.
func (a Answer) Into(value any) error {
	if err := json.Unmarshal(a.Body, value); err != nil {
		return fmt.Errorf("%w: %.300s", err, a.Body)
	}
	return nil
}

// Problem reads a refusal.
func (a Answer) Problem() (Problem, error) {
	var p Problem
	if got := a.Header.Get("Content-Type"); got != "application/problem+json" {
		return p, fmt.Errorf("status %d of type %q is no problem: %.300s", a.Status, got, a.Body)
	}
	err := a.Into(&p)
	return p, err
}

// Call sends a request as the person and fails the test where there is no answer.
func (p *Person) Call(t testing.TB, r Request) Answer {
	t.Helper()
	if r.URL == "" {
		r.URL = p.server.URL
	}
	if r.Token == "" {
		r.Token = p.Token
	}
	answer, err := Send(t.Context(), r)
	require.NoError(t, err, "%s %s", r.Method, r.Path)
	return answer
}

// Get reads a resource.
func Get[T any](t testing.TB, p *Person, path string) T {
	t.Helper()
	return done[T](t, p.Call(t, Request{Method: http.MethodGet, Path: path}), "GET "+path)
}

// Post does something that needs no key.
func Post[T any](t testing.TB, p *Person, path string, body any) T {
	t.Helper()
	return done[T](t, p.Call(t, Request{Method: http.MethodPost, Path: path, Body: body}), "POST "+path)
}

// Book does something that moves points or cash, under a key of its own.
func Book[T any](t testing.TB, p *Person, path string, body any) T {
	t.Helper()
	return done[T](t, p.Call(t, Request{Method: http.MethodPost, Path: path, Body: body, Key: Key()}), "POST "+path)
}

// Put replaces a resource whose ETag is version; empty for one without.
func Put[T any](t testing.TB, p *Person, path, version string, body any) T {
	t.Helper()
	r := Request{Method: http.MethodPut, Path: path, Body: body}
	if version != "" {
		r.Header = map[string]string{"If-Match": version}
	}
	return done[T](t, p.Call(t, r), "PUT "+path)
}

func done[T any](t testing.TB, a Answer, what string) T {
	t.Helper()
	var value T
	require.Less(t, a.Status, http.StatusBadRequest, "%s: %s", what, a.Body)
	if len(a.Body) > 0 {
		require.NoError(t, a.Into(&value), what)
	}
	return value
}

// Refused makes a call that must be refused with a status and a code, in the form of problem+json.
func (p *Person) Refused(t testing.TB, status int, code string, r Request) Problem {
	t.Helper()
	answer := p.Call(t, r)
	require.Equal(t, status, answer.Status, "%s %s should be refused as %s: %s", r.Method, r.Path, code, answer.Body)
	problem, err := answer.Problem()
	require.NoError(t, err)
	require.Equal(t, code, problem.Code, "%s %s: %s", r.Method, r.Path, answer.Body)
	require.Equal(t, status, problem.Status)
	require.NotEmpty(t, problem.Title)
	return problem
}
