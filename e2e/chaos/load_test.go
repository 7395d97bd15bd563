package chaos_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"lovesaijo/e2e/harness"
)

const (
	payers     = 8
	shops      = 4
	endowment  = 1_000_000
	amountMax  = 20
	restless   = 15 * time.Millisecond // between two payments of one payer, so that the load is bounded
	retryEvery = 50 * time.Millisecond
	answerMax  = 5 * time.Second // of one attempt; then the payer asks again
)

// order is a payment as its payer knows it. It is noted down before it is first sent, with its key.
type order struct {
	payer    int
	shop     int
	amount   int64
	key      string
	attempts int
	entry    string // what the payer was told; empty until there was an answer
}

// load is people who pay. What they want and what they were told is all that they know.
type load struct {
	city   *harness.City
	people []*harness.Person
	stalls []*harness.Person

	told   atomic.Int64 // payments that were acknowledged
	failed atomic.Int64 // attempts without an answer, or with one that says to try again
	orders [payers][]*order

	stop chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	odd  error // the first answer that no payer should ever get
}

// run lets everybody pay until end.
func (l *load) run(ctx context.Context) {
	l.stop = make(chan struct{})
	for i := range l.people {
		l.done.Go(func() {
			pause := time.NewTicker(restless)
			defer pause.Stop()
			for {
				select {
				case <-l.stop:
					return
				case <-ctx.Done():
					return
				case <-pause.C:
				}
				o := &order{payer: i, shop: rand.IntN(shops), amount: 1 + rand.Int64N(amountMax), key: harness.Key()}
				l.orders[i] = append(l.orders[i], o)
				if err := l.pay(ctx, o); err != nil {
					l.oddly(fmt.Errorf("order %s of payer %d: %w", o.key, i, err))
					return
				}
			}
		})
	}
}

// end lets everybody finish: whoever has sent something asks until there is an answer.
func (l *load) end() error {
	close(l.stop)
	l.done.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.odd
}

func (l *load) oddly(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.odd == nil {
		l.odd = err
	}
}

// pay asks with the same key until the payment is acknowledged.
func (l *load) pay(ctx context.Context, o *order) error {
	again := time.NewTicker(retryEvery)
	defer again.Stop()
	for {
		o.attempts++
		entry, err := l.attempt(ctx, o)
		if err != nil {
			return err
		}
		if entry != "" {
			o.entry = entry
			l.told.Add(1)
			return nil
		}
		l.failed.Add(1)
		select {
		case <-ctx.Done():
			return fmt.Errorf("no answer after %d attempts: %w", o.attempts, ctx.Err())
		case <-again.C:
		}
	}
}

// attempt gives the entry that an answer told, nothing where it is worth another try, and an error where the answer
// makes no sense.
func (l *load) attempt(ctx context.Context, o *order) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, answerMax)
	defer cancel()
	answer, err := harness.Send(ctx, l.request(o))
	if err != nil {
		return "", nil
	}
	var paid harness.Payment
	switch answer.Status {
	case http.StatusCreated, http.StatusOK:
		if err := answer.Into(&paid); err != nil {
			return "", err
		}
		if paid.Amount != o.amount || paid.Payee.WalletID != l.stalls[o.shop].WalletID {
			return "", fmt.Errorf("the answer tells of another payment: %s", answer.Body)
		}
		return paid.EntryID, nil
	case http.StatusServiceUnavailable, http.StatusInternalServerError, http.StatusTooManyRequests:
		return "", nil
	}
	return "", fmt.Errorf("status %d: %s", answer.Status, answer.Body)
}

func (l *load) request(o *order) harness.Request {
	return harness.Request{
		Method: http.MethodPost, URL: l.city.Front().URL, Path: "/v1/payments", Token: l.people[o.payer].Token, Key: o.key,
		Body: map[string]any{"payee_code": l.stalls[o.shop].Code, "amount": o.amount},
	}
}
