// Package audit records what administrators did and who signed in: append-only rows with the state before and
// after (annex 1, clauses 1.1 and 2.1). What moved points is in the journal as well; the trail says who asked,
// from where and why.
package audit

import (
	"context"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
)

// ID identifies a row of the trail.
type ID = ident.ID[Act]

// Act is one row of the trail.
type Act struct {
	ID      ID
	At      time.Time
	Actor   access.Actor
	Action  string            // noun and verb, for example "fund.deposit"
	Target  string            // identifier of what was acted on
	Before  map[string]string // never personal data beyond identifiers; empty for what is new
	After   map[string]string
	Reason  string
	Outcome string // "done" or the code of the refusal
}

// Trail takes acts inside a unit of work.
type Trail interface {
	Record(ctx context.Context, act Act) error
}

// Query narrows a reading of the trail. Zero fields do not narrow.
type Query struct {
	Action string
	Target string
	Actor  string
	From   time.Time
	Until  time.Time
	After  string // cursor of the page before
	Limit  int
}

// Reader reads the trail, newest first.
type Reader interface {
	Acts(ctx context.Context, query Query) (page.Of[Act], error)
}
