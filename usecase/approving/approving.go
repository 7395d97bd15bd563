// Package approving is the rule of two people at work (clause 4.6.1 and annex 1): what one administrator asks for is
// done when another one approves it.
//
// Who asks does so inside the unit of the act that turned out to need a second person (Ask). What approving an action
// leads to is registered by the activity that knows it, as an Executor: it does the act as it was asked for and marks
// the request as approved in one unit, so neither is there without the other. An act that the books do not allow by
// then is refused to whoever approves, and the request goes on waiting. A request is decided once: of two people who
// decide at the same time the second one is told approval.ErrDecided, and who asks again for the decision that is
// theirs gets it again.
package approving

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/page"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// The acts that stand in the trail, beside those that requests ask for.
const (
	ActRefuse   = "approval.refuse"
	ActWithdraw = "approval.withdraw"
)

// ErrNote refuses a refusal that does not say why.
var ErrNote = fault.Define(fault.Invalid, "approval_note_missing", "却下する理由を入力してください。")

// Stores are what deciding needs of a unit of work.
type Stores struct {
	Requests approval.Requests
	Trail    audit.Trail
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Approvals is Holding's.
func (s Stores) Approvals() approval.Requests { return s.Requests }

// Approving shows requests and decides about them.
type Approving struct {
	office    auditing.Office[Stores]
	reader    approval.Reader
	executors map[string]Executor
}

// New makes the activity. executors are by action; requests of other actions look as if they were not there.
func New(unit usecase.Unit[Stores], reader approval.Reader, executors map[string]Executor, clock usecase.Clock) *Approving {
	return &Approving{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader, executors}
}

// List shows the requests that the actor could decide about, newest first.
func (a *Approving) List(ctx context.Context, actor access.Actor, query approval.Query) (page.Of[approval.Request], error) {
	if err := a.allowed(actor); err != nil {
		return page.Of[approval.Request]{}, err
	}
	if query.Limit < 1 || query.Limit > page.LimitMax {
		return page.Of[approval.Request]{}, page.ErrLimit
	}
	found, err := a.reader.Requests(ctx, query)
	found.Rows = slices.DeleteFunc(found.Rows, func(r approval.Request) bool { return !a.concerns(actor, r) })
	return found, err
}

// Get shows a request.
func (a *Approving) Get(ctx context.Context, actor access.Actor, id approval.ID) (approval.Request, error) {
	if err := a.allowed(actor); err != nil {
		return approval.Request{}, err
	}
	request, err := a.reader.Request(ctx, id)
	if err != nil {
		return approval.Request{}, err
	}
	if !a.concerns(actor, request) {
		return approval.Request{}, approval.ErrUnknown
	}
	return request, nil
}

// allowed refuses whoever may decide about nothing.
func (a *Approving) allowed(actor access.Actor) error {
	refusal := access.ErrNotAllowed
	if actor.User.IsZero() {
		refusal = access.ErrNotSignedIn
	}
	for _, executor := range a.executors {
		if access.Allow(actor, executor.permission) == nil {
			return nil
		}
	}
	return refusal
}

// concerns tells whether the actor may do what the request asks for.
func (a *Approving) concerns(actor access.Actor, request approval.Request) bool {
	executor, known := a.executors[request.Action]
	return known && access.Allow(actor, executor.permission) == nil
}

// Approve does what a request asks for, in the name of both.
func (a *Approving) Approve(ctx context.Context, actor access.Actor, id approval.ID, note string) (approval.Request, error) {
	request, err := a.decidable(ctx, actor, id, note)
	if err != nil {
		return approval.Request{}, err
	}
	return a.executors[request.Action].approve(ctx, actor, request, note)
}

// decidable gives a request that the actor could decide about with such a note.
func (a *Approving) decidable(ctx context.Context, actor access.Actor, id approval.ID, note string) (approval.Request, error) {
	if utf8.RuneCountInString(note) > auditing.ReasonRunesMax {
		return approval.Request{}, auditing.ErrReason.At("note")
	}
	return a.Get(ctx, actor, id)
}

// Refuse ends a request without doing what it asks for, and says why.
func (a *Approving) Refuse(ctx context.Context, actor access.Actor, id approval.ID, note string) (approval.Request, error) {
	if note == "" {
		return approval.Request{}, ErrNote.At("note")
	}
	return a.end(ctx, actor, id, ActRefuse, approval.Refused, note)
}

// Withdraw lets who asked take the request back.
func (a *Approving) Withdraw(ctx context.Context, actor access.Actor, id approval.ID, note string) (approval.Request, error) {
	return a.end(ctx, actor, id, ActWithdraw, approval.Withdrawn, note)
}

func (a *Approving) end(ctx context.Context, actor access.Actor, id approval.ID, action string, state approval.State, note string) (approval.Request, error) {
	request, err := a.decidable(ctx, actor, id, note)
	if err != nil {
		return approval.Request{}, err
	}
	act := audit.Act{
		Action: action, Target: id.String(), Reason: note, Before: map[string]string{"state": approval.Waiting.String()},
		After: map[string]string{"state": state.String(), "action": request.Action, "subject": request.Subject},
	}
	permission := a.executors[request.Action].permission
	return auditing.Do(ctx, a.office, actor, permission, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (approval.Request, error) {
		locked, again, err := decide(ctx, s.Requests, id, actor, state, note, now)
		if err != nil {
			return approval.Request{}, err
		}
		if again {
			act.Outcome = auditing.Replayed
			return locked, nil
		}
		return save(ctx, s.Requests, locked)
	})
}

// decide locks a request and decides about it, without saving it yet; again tells that the actor had decided so before.
func decide(
	ctx context.Context, requests approval.Requests, id approval.ID, actor access.Actor, state approval.State, note string, now time.Time,
) (locked approval.Request, again bool, err error) {
	locked, err = requests.Lock(ctx, id)
	if err != nil {
		return approval.Request{}, false, err
	}
	if locked.State == state && locked.DecidedBy == actor.User {
		return locked, true, nil
	}
	return locked, false, locked.Decide(actor.User, state, note, now)
}

func save(ctx context.Context, requests approval.Requests, decided approval.Request) (approval.Request, error) {
	if err := requests.Save(ctx, decided); err != nil {
		return approval.Request{}, fmt.Errorf("save request %s: %w", decided.ID, err)
	}
	decided.Version++
	return decided, nil
}
