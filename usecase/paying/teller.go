package paying

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"lovesaijo/domain/event"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase"
)

// Bounds of the teller.
const (
	batchOrdersMax = 256              // orders of one unit
	queueOrdersMax = 4096             // orders that may wait; more are turned away at once
	unitTimeout    = 10 * time.Second // of one unit, retries included
)

// ErrBusy turns an order away because too many are waiting already.
var ErrBusy = fault.Define(fault.Throttled, "payments_busy", "ただいま混み合っています。少し待ってからもう一度お試しください。")

// Stores are what a unit of payments works on.
type Stores struct {
	Ledger ledger.Ledger
	Outbox event.Outbox
}

// Teller posts payments in sets: it takes the orders that are waiting, without waiting for more, and posts them as
// one unit of work. Under load a unit carries many orders and costs each of them little; an order that comes
// alone goes alone, at once. Any number of tellers, in any number of processes, may work side by side: the
// wallets' locks, taken in the order of their identifiers, keep them right.
type Teller struct {
	unit  usecase.Unit[Stores]
	clock usecase.Clock
	queue chan *waiting
	done  sync.WaitGroup

	sets, orders atomic.Int64
}

// Load is what a teller has done and has before it.
type Load struct {
	Sets    int64 // posted
	Orders  int64 // in those sets, refused ones as well
	Waiting int   // orders in the queue just now
}

// Load tells how busy the teller is.
func (t *Teller) Load() Load {
	return Load{Sets: t.sets.Load(), Orders: t.orders.Load(), Waiting: len(t.queue)}
}

type waiting struct {
	order   ledger.Order
	receipt ledger.Receipt
	err     error
	served  chan struct{}
}

// NewTeller makes a teller. It serves once Open has been called.
func NewTeller(unit usecase.Unit[Stores], clock usecase.Clock) *Teller {
	return &Teller{unit: unit, clock: clock, queue: make(chan *waiting, queueOrdersMax)}
}

// Open starts as many windows as given, each of which posts one unit at a time.
func (t *Teller) Open(windows int) {
	for range windows {
		t.done.Go(t.serve)
	}
}

// Close serves what is waiting and ends. Nothing may be submitted any more.
func (t *Teller) Close() {
	close(t.queue)
	t.done.Wait()
}

// Submit posts an order and gives its receipt once it is committed. When ctx ends first the order may still be
// posted: asking again with the same idempotency key tells. It returns ErrBusy when too many orders wait, and the
// refusals of ledger.Book.Pay.
func (t *Teller) Submit(ctx context.Context, order ledger.Order) (ledger.Receipt, error) {
	w := &waiting{order: order, served: make(chan struct{})}
	select {
	case t.queue <- w:
	default:
		return ledger.Receipt{}, ErrBusy
	}
	select {
	case <-w.served:
		return w.receipt, w.err
	case <-ctx.Done():
		return ledger.Receipt{}, ctx.Err()
	}
}

func (t *Teller) serve() {
	set := make([]*waiting, 0, batchOrdersMax)
	for first := range t.queue {
		set = append(set[:0], first)
	gather:
		for len(set) < batchOrdersMax {
			select {
			case next, open := <-t.queue:
				if !open {
					break gather
				}
				set = append(set, next)
			default:
				break gather
			}
		}
		ctx, cancel := context.WithTimeout(context.Background(), unitTimeout)
		t.settle(ctx, set)
		cancel()
		t.sets.Add(1)
		t.orders.Add(int64(len(set)))
		for _, w := range set {
			close(w.served)
		}
	}
}

// settle posts a set and gives each order its receipt or refusal. A set that cannot be posted as a whole is halved
// until the order that stands in the way is alone with its error. The orders that a lost commit may have posted
// are found by their keys.
func (t *Teller) settle(ctx context.Context, set []*waiting) {
	err := t.post(ctx, set)
	switch {
	case err == nil:
	case len(set) == 1 || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		for _, w := range set {
			w.receipt, w.err = ledger.Receipt{}, fmt.Errorf("post %d orders: %w", len(set), err)
		}
	default:
		t.settle(ctx, set[:len(set)/2])
		t.settle(ctx, set[len(set)/2:])
	}
}

// post puts every order of the set through one unit. An order that breaks a rule is refused alone; the others go
// through. Clauses 4.3.1–4.3.3.
func (t *Teller) post(ctx context.Context, set []*waiting) error {
	var want ledger.Want
	for _, w := range set {
		w.order.Wants(&want)
	}
	return t.unit.Do(ctx, func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, t.clock(), want)
		if err != nil {
			return fmt.Errorf("open book of %d orders: %w", len(set), err)
		}
		for _, w := range set {
			w.receipt, w.err = book.Pay(w.order)
		}
		if len(book.Written().Entries) == 0 {
			return nil
		}
		if err := s.Ledger.Append(ctx, book); err != nil {
			return fmt.Errorf("append %d entries: %w", len(book.Written().Entries), err)
		}
		return s.Outbox.Append(ctx, book.Now, book.Events()...)
	})
}
