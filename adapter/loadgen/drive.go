package loadgen

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// overtime is how long after the end of a stretch an answer may still come.
const overtime = 15 * time.Second

// caller makes the requests of one connection and judges the answers. It belongs to one goroutine. The bytes of a
// request are valid until the next.
type caller interface {
	next() []byte
	// judge returns an error for an answer that is not what was asked for.
	judge(response) error
}

// tally is what a stretch came to.
type tally struct {
	took      time.Duration
	done      int64      // answers that were as expected
	latencies *histogram // theirs, or of a sample of them
	faults    map[string]int64
}

func (t *tally) perSecond() float64 {
	if t.took <= 0 {
		return 0
	}
	return float64(t.done) / t.took.Seconds()
}

func (t *tally) fault(what string, n int64) { t.faults[what] += n }

// drive keeps as many requests under way as there are callers, each on a connection of its own, for the given time.
// Requests that are under way at its end are waited for, and counted in both number and time. before and after run
// close to the first request and to the last answer.
func (d door) drive(ctx context.Context, callers []caller, during time.Duration, requests int64, before, after func()) (*tally, error) {
	wires := make([]*wire, 0, len(callers))
	defer func() {
		for _, w := range wires {
			_ = w.raw.Close()
		}
	}()
	for range callers {
		w, err := d.connect(ctx)
		if err != nil {
			return nil, err
		}
		wires = append(wires, w)
	}
	before()
	began := time.Now()
	end := began.Add(during)
	for _, w := range wires {
		if err := w.raw.SetDeadline(end.Add(overtime)); err != nil {
			return nil, fmt.Errorf("deadline of a connection: %w", err)
		}
	}
	stopped := context.AfterFunc(ctx, func() {
		for _, w := range wires {
			_ = w.raw.SetDeadline(began)
		}
	})
	defer stopped()

	var left atomic.Int64
	left.Store(requests)
	tallies := make([]*tally, len(callers))
	var loops sync.WaitGroup
	for i, c := range callers {
		loops.Go(func() { tallies[i] = loop(ctx, wires[i], c, end, &left) })
	}
	loops.Wait()
	sum := &tally{took: time.Since(began), latencies: &histogram{}, faults: map[string]int64{}}
	after()
	for _, t := range tallies {
		sum.latencies.add(t.latencies)
		sum.done += t.latencies.count
		for what, n := range t.faults {
			sum.fault(what, n)
		}
	}
	return sum, ctx.Err()
}

// loop sends the next request when the last is answered. A connection that breaks is not replaced: the run has
// failed, and the rest of it only shows how.
func loop(ctx context.Context, w *wire, c caller, end time.Time, left *atomic.Int64) *tally {
	t := &tally{latencies: &histogram{}, faults: map[string]int64{}}
	for ctx.Err() == nil && left.Add(-1) >= 0 {
		request := c.next()
		sent := time.Now()
		if !sent.Before(end) {
			break
		}
		answer, err := w.exchange(request)
		took := time.Since(sent)
		if err != nil {
			if ctx.Err() == nil {
				t.fault("connection: "+withoutPorts(err), 1)
			}
			break
		}
		if err := c.judge(answer); err != nil {
			t.fault(err.Error(), 1)
		} else {
			t.latencies.record(took)
		}
		if answer.closing {
			t.fault("the server closed the connection", 1)
			break
		}
	}
	return t
}

// withoutPorts leaves the addresses out of an error, which differ from connection to connection.
func withoutPorts(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Op + ": " + op.Err.Error()
	}
	return err.Error()
}

// unexpected says which status came instead of the expected one, with the code of the problem if it is one.
func unexpected(answer response, expected int) error {
	var problem struct {
		Code string `json:"code"`
	}
	if json.Unmarshal(answer.body, &problem) == nil && problem.Code != "" && len(problem.Code) <= 64 {
		return fmt.Errorf("status %d %s instead of %d", answer.status, problem.Code, expected)
	}
	return fmt.Errorf("status %d instead of %d", answer.status, expected)
}
