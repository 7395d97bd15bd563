// Package approvaltest holds the contract of the ports of domain/approval as tests.
//
// An adapter calls Requests with a function that opens its stores. The suite makes its own requests, about subjects
// that nobody else has, and looks only at those; so the stores may be shared between tests and need not be empty.
// Every test runs in parallel with the others.
package approvaltest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/approval"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit.
type Stores struct{ Requests approval.Requests }

// Bench is what the suite needs of an adapter: its unit of work and its read port on the same data.
type Bench struct {
	Unit   usecase.Unit[Stores]
	Reader approval.Reader
}

// Open opens an adapter for one test.
type Open func(t *testing.T) Bench

// Now is the instant at which the suite's stories begin.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// Request makes a request about a subject of its own.
func Request(changes ...func(*approval.Request)) approval.Request {
	r := approval.Request{
		ID: ident.New[approval.Request](time.Now()), Action: "correction.make", Subject: ident.New[approval.State](Now).String(), Summary: "500ポイントの取消",
		Payload: []byte{'{', '"', 0, 0xff, '}'}, Reason: "二重払い", RequestedBy: ident.New[user.User](Now), RequestedAt: Now, ExpiresAt: Now.Add(approval.Lifetime),
		State: approval.Waiting, Version: 1,
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

// Requests holds an adapter to the contracts of approval.Requests and approval.Reader.
func Requests(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, Bench){
		"a request reads back as entered and as decided":                readsBack,
		"an unknown request is not found":                               unknown,
		"only the stored version can be saved":                          stale,
		"nobody decides about their own request, whatever the use case": ownRequests,
		"requests are listed newest first, a page at a time, narrowed":  listed,
		"of many who decide one does, and the others are told":          race,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

func do(t *testing.T, b Bench, work func(context.Context, approval.Requests) error) error {
	t.Helper()
	return b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return work(ctx, s.Requests) })
}

func add(t *testing.T, b Bench, r approval.Request) approval.Request {
	t.Helper()
	require.NoError(t, do(t, b, func(ctx context.Context, q approval.Requests) error { return q.Add(ctx, r) }))
	return r
}

func readsBack(t *testing.T, b Bench) {
	r := add(t, b, Request())
	got, err := b.Reader.Request(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r, got)

	second := ident.New[user.User](Now)
	require.NoError(t, do(t, b, func(ctx context.Context, q approval.Requests) error {
		locked, err := q.Lock(ctx, r.ID)
		require.NoError(t, err)
		require.Equal(t, r, locked)
		require.NoError(t, locked.Decide(second, approval.Approved, "確認しました", Now.Add(time.Hour)))
		locked.Result = [16]byte{1, 15: 9}
		return q.Save(ctx, locked)
	}))
	r.State, r.DecidedBy, r.DecidedAt, r.Note, r.Result, r.Version = approval.Approved, second, Now.Add(time.Hour), "確認しました", [16]byte{1, 15: 9}, 2
	got, err = b.Reader.Request(t.Context(), r.ID)
	require.NoError(t, err)
	require.Equal(t, r, got)
}

func unknown(t *testing.T, b Bench) {
	stranger := Request()
	_, err := b.Reader.Request(t.Context(), stranger.ID)
	require.ErrorIs(t, err, approval.ErrUnknown)
	require.ErrorIs(t, do(t, b, func(ctx context.Context, q approval.Requests) error {
		_, err := q.Lock(ctx, stranger.ID)
		return err
	}), approval.ErrUnknown)
	_, err = b.Reader.Requests(t.Context(), approval.Query{After: "nonsense", Limit: 2})
	require.ErrorIs(t, err, page.ErrCursor)
}

func stale(t *testing.T, b Bench) {
	r := add(t, b, Request())
	require.NoError(t, r.Decide(r.RequestedBy, approval.Withdrawn, "不要", Now))
	save := func(ctx context.Context, q approval.Requests) error { return q.Save(ctx, r) }
	require.NoError(t, do(t, b, save))
	require.ErrorIs(t, do(t, b, save), approval.ErrDecided)
}

func ownRequests(t *testing.T, b Bench) {
	r := add(t, b, Request())
	r.State, r.DecidedBy, r.DecidedAt = approval.Approved, r.RequestedBy, Now
	require.ErrorContains(t, do(t, b, func(ctx context.Context, q approval.Requests) error { return q.Save(ctx, r) }), "approval_requests_two_people")
}

func listed(t *testing.T, b Bench) {
	subject, action := Request().Subject, "test."+Request().Subject
	var all []approval.Request
	for n := range 6 {
		all = append(all, add(t, b, Request(func(r *approval.Request) {
			r.Subject, r.Action, r.RequestedAt = subject, action, Now.Add(time.Duration(n/2)*time.Second)
			if n == 3 {
				r.State = approval.Expired
			}
			if n == 4 {
				r.Subject += "x"
			}
		})))
	}
	slices.SortFunc(all, func(a, b approval.Request) int {
		if order := b.RequestedAt.Compare(a.RequestedAt); order != 0 {
			return order
		}
		return slices.Compare(b.ID[:], a.ID[:])
	})
	for _, query := range []approval.Query{{Action: action}, {Subject: subject}, {Action: action, State: approval.Waiting}, {Subject: subject, State: approval.Expired}} {
		want := slices.DeleteFunc(slices.Clone(all), func(r approval.Request) bool {
			return query.Subject != "" && r.Subject != query.Subject || query.State != 0 && r.State != query.State
		})
		var got []approval.Request
		for query.Limit = 2; ; {
			found, err := b.Reader.Requests(t.Context(), query)
			require.NoError(t, err)
			require.LessOrEqual(t, len(found.Rows), 2)
			got = append(got, found.Rows...)
			if query.After = found.Next; query.After == "" {
				break
			}
		}
		require.Equal(t, want, got)
	}
}

func race(t *testing.T, b Bench) {
	const sides = 8
	r := add(t, b, Request())
	errs := make([]error, sides)
	var all sync.WaitGroup
	for side := range sides {
		all.Go(func() {
			errs[side] = do(t, b, func(ctx context.Context, q approval.Requests) error {
				locked, err := q.Lock(ctx, r.ID)
				if err != nil {
					return err
				}
				if err := locked.Decide(ident.New[user.User](Now), []approval.State{approval.Approved, approval.Refused}[side%2], "", Now); err != nil {
					return err
				}
				return q.Save(ctx, locked)
			})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			require.ErrorIs(t, err, approval.ErrDecided)
		}
	}
	require.Equal(t, 1, won)
}
