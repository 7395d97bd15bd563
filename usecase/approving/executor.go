package approving

import (
	"context"
	"fmt"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/usecase/auditing"
)

// Asked is the outcome of an act that waits for a second person. Nothing of it was done.
const Asked = "asked"

// Holding are the stores of a unit in which a request is made, or what it asks for is done.
type Holding interface {
	auditing.Stores
	Approvals() approval.Requests
}

// Wish is an act that needs a second person, as it was asked for.
type Wish struct {
	Action  string
	Subject string // what it is about
	Summary string // Japanese, for whoever decides
	Payload []byte // the act, in a form that its executor reads
	Reason  string
}

// Ask enters a request inside the unit of whoever asks. act becomes the row of the trail that says so.
func Ask(ctx context.Context, requests approval.Requests, by access.Actor, now time.Time, wish Wish, act *audit.Act) (approval.Request, error) {
	request := approval.Request{
		ID: ident.New[approval.Request](now), Action: wish.Action, Subject: wish.Subject, Summary: wish.Summary, Payload: wish.Payload,
		Reason: wish.Reason, RequestedBy: by.User, RequestedAt: now, ExpiresAt: now.Add(approval.Lifetime), State: approval.Waiting, Version: 1,
	}
	if err := requests.Add(ctx, request); err != nil {
		return approval.Request{}, fmt.Errorf("add request %s: %w", request.ID, err)
	}
	act.Outcome, act.After["approval"] = Asked, request.ID.String()
	return request, nil
}

// Executor does what requests of one action ask for.
type Executor struct {
	permission access.Permission
	approve    func(ctx context.Context, actor access.Actor, request approval.Request, note string) (approval.Request, error)
}

// Prepare reads, before the unit begins, what a request asks for and whatever else units do not wait for. Its refusal is
// that of the act.
type Prepare[S Holding] func(ctx context.Context, approver access.Actor, request approval.Request) (Work[S], error)

// Work does what a request asks for inside the unit that approves it, and says what came of it. It may complete the row
// of the trail.
type Work[S Holding] func(ctx context.Context, stores S, now time.Time, act *audit.Act) (result [16]byte, err error)

// Executing makes an executor of units of S. Who approves must have the permission of who asks. The row in the trail is
// the act's own: the approver is its actor, and it names who asked.
func Executing[S Holding](office auditing.Office[S], permission access.Permission, prepare Prepare[S]) Executor {
	return Executor{permission, func(ctx context.Context, actor access.Actor, request approval.Request, note string) (approval.Request, error) {
		work, unready := prepare(ctx, actor, request)
		if _, refused := fault.Of(unready); unready != nil && !refused {
			return approval.Request{}, fmt.Errorf("prepare request %s: %w", request.ID, unready)
		}
		act := audit.Act{Action: request.Action, Target: request.Subject, Reason: request.Reason, After: map[string]string{
			"approval": request.ID.String(), "requested_by": request.RequestedBy.String(),
		}}
		return auditing.Do(ctx, office, actor, permission, act, func(ctx context.Context, stores S, now time.Time, act *audit.Act) (approval.Request, error) {
			decided, again, err := decide(ctx, stores.Approvals(), request.ID, actor, approval.Approved, note, now)
			if err != nil {
				return approval.Request{}, err
			}
			if again {
				act.Outcome = auditing.Replayed
				return decided, nil
			}
			if unready != nil {
				return approval.Request{}, unready
			}
			if decided.Result, err = work(ctx, stores, now, act); err != nil {
				return approval.Request{}, err
			}
			return save(ctx, stores.Approvals(), decided)
		})
	}}
}
