// Package approval is the rule of two people: what one administrator asks for, another approves or refuses (clause
// 4.6.1 and annex 1). A request holds the act as it was asked for, so that what is approved is what is done; nobody
// approves their own. A request that nobody decides about expires.
package approval

import (
	"context"
	"slices"
	"time"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// ID identifies a request.
type ID = ident.ID[Request]

// State says what became of a request.
type State uint8

// The states of a request.
const (
	Waiting State = iota + 1
	Approved
	Refused
	Withdrawn // by who asked
	Expired
)

var stateNames = [...]string{Waiting: "waiting", Approved: "approved", Refused: "refused", Withdrawn: "withdrawn", Expired: "expired"}

// String gives the state's name in the API and the database.
func (s State) String() string {
	if s < Waiting || s > Expired {
		return "unknown"
	}
	return stateNames[s]
}

// ParseState reads a state's name; ok is false for an unknown one.
func ParseState(name string) (state State, ok bool) {
	i := slices.Index(stateNames[:], name)
	return State(max(i, 0)), i >= int(Waiting)
}

// Lifetime is how long a request waits before it expires.
const Lifetime = 14 * 24 * time.Hour

// Request is one act that waits for a second person.
type Request struct {
	ID          ID
	Action      string // noun and verb, as in the trail, for example "correction.make"
	Subject     string // what it is about, for example an entry's identifier
	Summary     string // Japanese, for whoever decides
	Payload     []byte // the act as it was asked for
	Reason      string
	RequestedBy user.ID
	RequestedAt time.Time
	ExpiresAt   time.Time
	State       State
	DecidedBy   user.ID
	DecidedAt   time.Time
	Note        string   // of whoever decided
	Result      [16]byte // what the act led to, for example its entry
	Version     int64
}

// The refusals about requests.
var (
	ErrUnknown    = fault.Define(fault.NotFound, "approval_unknown", "その承認依頼は見つかりません。")
	ErrDecided    = fault.Define(fault.Conflict, "approval_decided", "この承認依頼はすでに処理されています。")
	ErrExpired    = fault.Define(fault.Gone, "approval_expired", "この承認依頼は期限が切れています。")
	ErrSamePerson = fault.Define(fault.Refused, "approval_same_person", "依頼した人とは別の人が承認してください。")
	ErrNotOwn     = fault.Define(fault.Forbidden, "approval_not_own", "取り下げられるのは依頼した人だけです。")
)

// Decide lets a person other than who asked approve or refuse the request; who asked may only withdraw it.
func (r *Request) Decide(by user.ID, state State, note string, at time.Time) error {
	switch {
	case r.State != Waiting:
		return ErrDecided
	case !at.Before(r.ExpiresAt):
		return ErrExpired
	case state == Withdrawn && by != r.RequestedBy:
		return ErrNotOwn
	case state != Withdrawn && by == r.RequestedBy:
		return ErrSamePerson
	}
	r.State, r.DecidedBy, r.DecidedAt, r.Note = state, by, at, note
	return nil
}

// Requests keeps requests inside a unit of work.
type Requests interface {
	Add(ctx context.Context, request Request) error
	// Lock gives a request and keeps it from all other units. It returns ErrUnknown.
	Lock(ctx context.Context, id ID) (Request, error)
	Save(ctx context.Context, request Request) error
}

// Reader reads requests outside of units.
type Reader interface {
	// Request returns ErrUnknown.
	Request(ctx context.Context, id ID) (Request, error)
	// Requests lists requests, newest first.
	Requests(ctx context.Context, query Query) (page.Of[Request], error)
}

// Query narrows a list of requests. Zero fields do not narrow.
type Query struct {
	State   State
	Action  string
	Subject string
	After   string
	Limit   int
}
