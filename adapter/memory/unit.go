package memory

import (
	"context"

	"lovesaijo/domain/ledger"
)

// Unit runs units of work over the stores S, one at a time in each Store.
type Unit[S any] struct {
	store *Store
	bind  func(*Session) S
}

// NewUnit makes units whose stores bind takes from the session.
func NewUnit[S any](store *Store, bind func(*Session) S) *Unit[S] { return &Unit[S]{store, bind} }

// Do is usecase.Unit's. A unit whose context ends, even just before the commit, changes nothing; nor does one
// that panics.
func (u *Unit[S]) Do(ctx context.Context, work func(context.Context, S) error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case u.store.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-u.store.turn }()
	session := &Session{tables: u.store.tables.layer(), open: map[*ledger.Book]bool{}}
	if err := work(ctx, u.bind(session)); err != nil {
		return err
	}
	if session.failed != nil {
		return session.failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	u.store.mu.Lock()
	defer u.store.mu.Unlock()
	session.tables.layIn()
	return nil
}

// Session is one unit's view of the store: what was committed under what it wrote itself.
type Session struct {
	tables
	open   map[*ledger.Book]bool // books that were opened and not yet appended
	failed error
}

// fail remembers that a write was refused. As in a database, the unit cannot commit after that, whatever its
// work makes of the error.
func (s *Session) fail(err error) error {
	if s.failed == nil {
		s.failed = err
	}
	return err
}
