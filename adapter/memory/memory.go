// Package memory keeps the platform in the memory of one process, for tests of use cases and edges, and for
// integrators who try their side without a database. It is no mock: it fulfils the contract suites that the
// PostgreSQL adapter fulfils, and the constraints of the schema hold here under the same names.
//
//	store := memory.New()
//	unit := memory.NewUnit(store, func(s *memory.Session) paying.Stores {
//		return paying.Stores{Ledger: s.Ledger(), Outbox: s.Outbox()}
//	})
//	statements := store.Statements()
//
// One unit runs at a time. It writes into layers over the store's tables, which are laid into them all at once
// when the unit commits and dropped when it does not; whoever reads outside of units sees what was committed
// and waits for no unit. A unit that begins another one on the same store waits for itself.
package memory

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"lovesaijo/domain/event"
)

// ErrConstraint is what a write gets that breaks a rule of the store itself. It is never a person's fault.
var ErrConstraint = errors.New("constraint violated")

// Store holds everything that was committed.
type Store struct {
	turn   chan struct{} // held by the unit that runs
	mu     sync.RWMutex  // guards tables between the laying in of units and readings
	tables tables
	relay  sync.Mutex             // held by the relay that has parcels in hand
	sent   map[event.ID]time.Time // when parcels of the outbox were sent, or settled
}

// New makes an empty store.
func New() *Store {
	return &Store{turn: make(chan struct{}, 1), tables: newTables(), sent: map[event.ID]time.Time{}}
}

// read runs a reading on what is committed.
func (s *Store) read(reading func(*tables)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	reading(&s.tables)
}

// violation names the constraint as the schema does.
func violation(constraint, format string, args ...any) error {
	return fmt.Errorf("%w: %s: %s", ErrConstraint, constraint, fmt.Sprintf(format, args...))
}
