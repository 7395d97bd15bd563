package memory

import (
	"bytes"
	"context"
	"slices"

	"lovesaijo/domain/approval"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
)

// Requests is approval.Requests on a session.
type Requests struct{ session *Session }

// Requests gives the session's requests that wait for a second person.
func (s *Session) Requests() *Requests { return &Requests{s} }

// Approvals is approval.Reader on a store.
type Approvals struct{ store *Store }

// Approvals gives the reader of requests that wait for a second person.
func (s *Store) Approvals() *Approvals { return &Approvals{s} }

var (
	_ approval.Requests = (*Requests)(nil)
	_ approval.Reader   = (*Approvals)(nil)
)

// Add is approval.Requests'.
func (r *Requests) Add(_ context.Context, q approval.Request) error {
	if r.session.requests.has(q.ID) {
		return r.session.fail(violation("approval_requests_pkey", "request %s is there", q.ID))
	}
	q.Version, q.Payload = 1, bytes.Clone(q.Payload)
	return r.put(q)
}

func (r *Requests) put(q approval.Request) error {
	if (q.State == approval.Approved || q.State == approval.Refused) && q.DecidedBy == q.RequestedBy {
		return r.session.fail(violation("approval_requests_two_people", "request %s", q.ID))
	}
	r.session.requests.put(q.ID, q)
	return nil
}

// Lock is approval.Requests'. The unit has the whole store for itself.
func (r *Requests) Lock(_ context.Context, id approval.ID) (approval.Request, error) {
	if q, found := r.session.requests.get(id); found {
		return q, nil
	}
	return approval.Request{}, approval.ErrUnknown
}

// Save is approval.Requests'.
func (r *Requests) Save(_ context.Context, q approval.Request) error {
	was, known := r.session.requests.get(q.ID)
	if !known || was.Version != q.Version {
		return approval.ErrDecided
	}
	was.State, was.DecidedBy, was.DecidedAt, was.Note, was.Result = q.State, q.DecidedBy, q.DecidedAt, q.Note, q.Result
	was.Version++
	return r.put(was)
}

// Request is approval.Reader's.
func (r *Approvals) Request(_ context.Context, id approval.ID) (approval.Request, error) {
	return one(r.store, func(t *tables) *table[approval.ID, approval.Request] { return t.requests }, id, approval.ErrUnknown)
}

// Requests is approval.Reader's.
func (r *Approvals) Requests(_ context.Context, query approval.Query) (page.Of[approval.Request], error) {
	var requests []approval.Request
	r.store.read(func(t *tables) {
		requests = chosen(t.requests, func(approval.Request) bool { return true }, func(q approval.Request) approval.ID { return q.ID })
	})
	slices.SortStableFunc(requests, func(a, b approval.Request) int { return a.RequestedAt.Compare(b.RequestedAt) })
	slices.Reverse(requests)
	if query.After != "" {
		last, err := ident.Parse[approval.Request](query.After)
		at := slices.IndexFunc(requests, func(q approval.Request) bool { return q.ID == last })
		if err != nil || at < 0 {
			return page.Of[approval.Request]{}, page.ErrCursor
		}
		requests = requests[at+1:]
	}
	requests = slices.DeleteFunc(requests, func(q approval.Request) bool {
		return query.State != 0 && q.State != query.State || query.Action != "" && q.Action != query.Action || query.Subject != "" && q.Subject != query.Subject
	})
	return cut(requests, query.Limit, func(q approval.Request) string { return q.ID.String() })
}
