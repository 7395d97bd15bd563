package signingin

import (
	"context"

	"lovesaijo/domain/access"
)

// Turnstile lets few at a time through to a slow hasher, and few wait. Whoever comes when the waiting room is full
// gets access.ErrBusy at once; whoever stops waiting loses the place.
type Turnstile struct {
	hasher access.Hasher
	room   chan struct{} // one for each who computes or waits
	lanes  chan struct{} // one for each who computes
}

// NewTurnstile makes a turnstile of so many lanes, at least one, before which so many may wait.
func NewTurnstile(hasher access.Hasher, lanes, waiting int) *Turnstile {
	lanes, waiting = max(lanes, 1), max(waiting, 0)
	return &Turnstile{hasher: hasher, room: make(chan struct{}, lanes+waiting), lanes: make(chan struct{}, lanes)}
}

// Hash waits for its turn and hashes.
func (t *Turnstile) Hash(ctx context.Context, password access.Password) (string, error) {
	leave, err := t.enter(ctx)
	if err != nil {
		return "", err
	}
	defer leave()
	return t.hasher.Hash(ctx, password)
}

// Verify waits for its turn and verifies.
func (t *Turnstile) Verify(ctx context.Context, password access.Password, hash string) (bool, error) {
	leave, err := t.enter(ctx)
	if err != nil {
		return false, err
	}
	defer leave()
	return t.hasher.Verify(ctx, password, hash)
}

func (t *Turnstile) enter(ctx context.Context) (leave func(), err error) {
	select {
	case t.room <- struct{}{}:
	default:
		return nil, access.ErrBusy
	}
	select {
	case t.lanes <- struct{}{}:
		return func() { <-t.lanes; <-t.room }, nil
	case <-ctx.Done():
		<-t.room
		return nil, ctx.Err()
	}
}

var _ access.Hasher = (*Turnstile)(nil)
