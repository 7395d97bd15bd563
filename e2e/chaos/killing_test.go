package chaos_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// surprises are kills at moments that nobody chose.
const surprises = 10

// momentOf draws the moment of a surprise: each from its own part of twice the time that the work takes undisturbed,
// since processes that have just been started are slower.
func momentOf(surprise int, took time.Duration) time.Duration {
	part := 2 * took / surprises
	return time.Duration(surprise)*part + rand.N(part+1)
}

// desk is a city's front desk, with gates behind it. Whoever asks there keeps the request, and its key, until there is
// an answer.
type desk struct {
	*harness.City
	gates *gatekeeper
}

// ask makes a request of somebody's. Where it moves points it gets a key of its own.
func (d *desk) ask(p *harness.Person, path string, body map[string]any) harness.Request {
	return harness.Request{Method: http.MethodPost, URL: d.Front().URL, Path: path, Token: p.Token, Body: body}
}

func (d *desk) book(p *harness.Person, path string, body map[string]any) harness.Request {
	r := d.ask(p, path, body)
	r.Key = harness.Key()
	return r
}

// insist asks until there is an answer that does not say to try again.
func insist(t *testing.T, r harness.Request) (answer harness.Answer) {
	t.Helper()
	harness.Await(t, "an answer to "+r.Path, func() bool {
		var err error
		answer, err = harness.Send(t.Context(), r)
		return err == nil && !triesAgain(answer)
	})
	return answer
}

func triesAgain(a harness.Answer) bool {
	return a.Status == http.StatusServiceUnavailable || a.Status == http.StatusInternalServerError || a.Status == http.StatusTooManyRequests
}

// interrupt sends a request and kills the server when it has come to a gate. Nobody answers. When interrupt returns,
// what the server had sent is done or given up, and no server runs.
func (d *desk) interrupt(t *testing.T, g gate, r harness.Request) {
	t.Helper()
	d.gates.shut(t, g)
	answer := send(t.Context(), r)
	pid := d.gates.reached(t, g)
	require.NoError(t, d.Front().Kill())
	require.Error(t, (<-answer).err, "an answer from a killed server")
	d.gates.open(t, g)
	d.gates.gone(t, pid)
}

// surprise sends a request and kills the server at some moment of it. Perhaps there was an answer before.
func (d *desk) surprise(t *testing.T, moment time.Duration, r harness.Request) {
	t.Helper()
	answer := send(t.Context(), r)
	<-time.After(moment)
	require.NoError(t, d.Front().Kill())
	if got := <-answer; got.err == nil {
		require.Less(t, got.answer.Status, http.StatusBadRequest, "%s: %s", r.Path, got.answer.Body)
	}
	deserted(t, d.City)
}

// comesBack starts the server again and asks again. done tells whether the killed one had done it. Then the answer is
// the one to a repetition, or, where there is no key to know it by, the refusal that says so.
func (d *desk) comesBack(t *testing.T, r harness.Request, done bool, refusal string) harness.Answer {
	t.Helper()
	require.NoError(t, d.Front().Restart(t.Context()))
	answer := insist(t, r)
	if r.Key == "" && done {
		problem, err := answer.Problem()
		require.NoError(t, err)
		require.Equal(t, refusal, problem.Code)
		return answer
	}
	require.Less(t, answer.Status, http.StatusBadRequest, "%s: %s", r.Path, answer.Body)
	require.Equal(t, done, answer.Header.Get("Idempotency-Replayed") == "true", "%s: %s", r.Path, answer.Body)
	return answer
}

type sent struct {
	answer harness.Answer
	err    error
}

func send(ctx context.Context, r harness.Request) <-chan sent {
	got := make(chan sent, 1)
	go func() {
		answer, err := harness.Send(ctx, r)
		got <- sent{answer, err}
	}()
	return got
}
