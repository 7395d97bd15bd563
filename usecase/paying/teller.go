package paying

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
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
	}
}

// settle posts a set and answers each order with its receipt or refusal. A set that cannot be posted as a whole is
// halved until the order that stands in the way is alone with its error; where a wallet is locked elsewhere it is
// taken apart. The orders that a lost commit may have posted are found by their keys.
func (t *Teller) settle(ctx context.Context, set []*waiting) {
	err := t.post(ctx, set)
	switch {
	case err == nil:
		answer(set)
	case len(set) == 1 || ctx.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		turnAway(set, fmt.Errorf("post %d orders: %w", len(set), err))
	case errors.Is(err, usecase.ErrLocked):
		t.takeApart(ctx, set)
	default:
		t.settle(ctx, set[:len(set)/2])
		t.settle(ctx, set[len(set)/2:])
	}
}

// lockedMax is how many orders in a row may have to give up on a wallet before the others that name it are turned
// away untried. The first may have waited for its other wallet.
const lockedMax = 2

// takeApart settles the orders of a set one by one: some wallet of it is locked elsewhere, and to halve the set would
// cost the whole wait for that lock at each step. Each order that gets through is answered at once.
func (t *Teller) takeApart(ctx context.Context, set []*waiting) {
	named, err := t.named(ctx, set)
	if err != nil {
		turnAway(set, fmt.Errorf("find wallets of %d orders: %w", len(set), err))
		return
	}
	locked := map[ledger.WalletID]int{}
	for i, w := range set {
		if slices.ContainsFunc(named[i], func(wallet ledger.WalletID) bool { return locked[wallet] >= lockedMax }) {
			turnAway(set[i:i+1], usecase.ErrLocked)
			continue
		}
		t.settle(ctx, set[i:i+1])
		for _, wallet := range named[i] {
			if errors.Is(w.err, usecase.ErrLocked) {
				locked[wallet]++
			} else {
				delete(locked, wallet)
			}
		}
	}
}

// named gives the wallets of each order, those behind its codes as well, without waiting for any.
func (t *Teller) named(ctx context.Context, set []*waiting) ([][]ledger.WalletID, error) {
	return usecase.Do(ctx, t.unit, func(ctx context.Context, s Stores) ([][]ledger.WalletID, error) {
		named, want := make([][]ledger.WalletID, len(set)), wants(set)
		book, err := s.Ledger.Peek(ctx, t.clock(), ledger.Want{Codes: want.Codes})
		if err != nil {
			return nil, err
		}
		for i := range set {
			want := wants(set[i : i+1])
			for _, token := range want.Codes {
				if code, known := book.Code(token); known {
					want.Wallets = append(want.Wallets, code.Wallet)
				}
			}
			slices.SortFunc(want.Wallets, func(a, b ledger.WalletID) int { return bytes.Compare(a[:], b[:]) })
			named[i] = slices.Compact(want.Wallets)
		}
		return named, nil
	})
}

func wants(set []*waiting) (want ledger.Want) {
	for _, w := range set {
		w.order.Wants(&want)
	}
	return want
}

func answer(set []*waiting) {
	for _, w := range set {
		close(w.served)
	}
}

func turnAway(set []*waiting, err error) {
	for _, w := range set {
		w.receipt, w.err = ledger.Receipt{}, err
	}
	answer(set)
}

// post puts every order of the set through one unit. An order that breaks a rule is refused alone; the others go
// through. Clauses 4.3.1–4.3.3.
func (t *Teller) post(ctx context.Context, set []*waiting) error {
	want := wants(set)
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
