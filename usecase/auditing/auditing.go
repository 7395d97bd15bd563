// Package auditing wraps what administrators do (annex 1, clauses 1.1 and 2.1). Every act of theirs is done the
// same way: the actor must have the permission, the work runs in one unit, and the act stands in the audit trail.
// What was done is recorded in the unit that did it, so neither is there without the other. What was refused is
// recorded in a unit of its own, since the one that was refused leaves nothing behind.
package auditing

import (
	"context"
	"fmt"
	"maps"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/usecase"
)

// The outcomes beside the codes of refusals.
const (
	Done     = "done"
	Replayed = "replayed" // asked for again under the same idempotency key; nothing was done
)

// ReasonRunesMax bounds the reason that an administrator gives for an act.
const ReasonRunesMax = 200

// ErrReason refuses a reason.
var ErrReason = fault.Define(fault.Invalid, "reason_too_long", "理由は200文字以内で入力してください。")

// Stores are those of a unit that acts can be audited in.
type Stores interface {
	AuditTrail() audit.Trail
}

// Office is where administrators' acts are done.
type Office[S Stores] struct {
	Unit  usecase.Unit[S]
	Clock usecase.Clock
}

// Work does an act inside the unit, at the given instant. It may complete the act's target, its state before and
// after, and its outcome.
type Work[S Stores, R any] func(ctx context.Context, stores S, now time.Time, act *audit.Act) (R, error)

// Do does an act in the name of actor, who must have the permission.
func Do[S Stores, R any](ctx context.Context, office Office[S], actor access.Actor, permission access.Permission, act audit.Act, work Work[S, R]) (R, error) {
	var none R
	if err := Allow(ctx, office, actor, permission, act); err != nil {
		return none, err
	}
	now := office.Clock()
	act.At, act.Actor = now, actor
	if utf8.RuneCountInString(act.Reason) > ReasonRunesMax {
		return none, ErrReason.At("reason")
	}
	result, err := usecase.Do(ctx, office.Unit, func(ctx context.Context, stores S) (R, error) {
		done := act // with maps of its own: what an attempt that is given up noted must not stand in the trail
		done.ID, done.Outcome = ident.New[audit.Act](now), Done
		done.Before, done.After = maps.Clone(act.Before), maps.Clone(act.After)
		result, err := work(ctx, stores, now, &done)
		if err != nil {
			return none, err
		}
		if err := stores.AuditTrail().Record(ctx, done); err != nil {
			return none, fmt.Errorf("record act %s: %w", act.Action, err)
		}
		return result, nil
	})
	if err != nil {
		return none, refuse(ctx, office.Unit, act, err)
	}
	return result, nil
}

// Allow refuses whoever lacks the permission for an act, as Do does. It is for acts that must find something out
// before their unit begins.
func Allow[S Stores](ctx context.Context, office Office[S], actor access.Actor, permission access.Permission, act audit.Act) error {
	err := access.Allow(actor, permission)
	if err == nil {
		return nil
	}
	act.At, act.Actor = office.Clock(), actor
	return refuse(ctx, office.Unit, act, err)
}

// refuse records a refusal and gives it back. Accidents of the system are no acts; nobody's acts are not recorded,
// lest strangers fill the trail. A refusal that cannot be recorded is an accident itself.
func refuse[S Stores](ctx context.Context, unit usecase.Unit[S], act audit.Act, refusal error) error {
	why, ok := fault.Of(refusal)
	if !ok || act.Actor.User.IsZero() {
		return refusal
	}
	act.ID, act.Outcome = ident.New[audit.Act](act.At), string(why.Code)
	err := unit.Do(ctx, func(ctx context.Context, stores S) error { return stores.AuditTrail().Record(ctx, act) })
	if err != nil {
		return fmt.Errorf("record refusal %s of act %s: %w", why.Code, act.Action, err)
	}
	return refusal
}
