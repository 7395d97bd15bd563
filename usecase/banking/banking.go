// Package banking keeps the list of banks and branches, the bank master (clause 8.3エ): finds banks for whoever enters
// an account, shows how old the list is, and lets an administrator replace it by a newer one.
//
// A newer list comes as a file. Preview tells what it would change: what comes, goes and is renamed, and which rows
// are bad and why. Replacing names the list that was seen then, so that of two administrators one is told. A list that
// leaves something out, rows of its file or many branches of the present list, takes the place of that one only where
// this was said to be meant. Lists that were replaced stay stored.
package banking

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// ActReplace stands in the trail.
const ActReplace = "bank_master.replace"

// SourceRunesMax bounds what is said of where a list comes from.
const SourceRunesMax = 200

// The refusals of this package.
var (
	ErrNoBank     = fault.Define(fault.NotFound, "bank_not_found", "その金融機関は見つかりません。")
	ErrAsOf       = fault.Define(fault.Invalid, "bank_master_day_invalid", "一覧の日付は、今日までの日付で入力してください。")
	ErrSource     = fault.Define(fault.Invalid, "bank_master_source_invalid", "一覧の出所は1文字から200文字で入力してください。")
	ErrChanged    = fault.Define(fault.Conflict, "bank_master_changed", "内容を確かめたあとで、ほかの人が一覧を置き換えました。もう一度確かめてください。")
	ErrSuperseded = fault.Define(fault.Conflict, "bank_master_superseded", "システムに付属する一覧のほうが新しいため、置き換えられません。")
)

// Stores are what banking needs of a unit of work.
type Stores struct {
	Masters bank.Masters
	Trail   audit.Trail
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Banking shows and replaces the list of banks.
type Banking struct {
	office    auditing.Office[Stores]
	directory bank.Directory
	reader    bank.MasterReader
}

// New makes the activity.
func New(unit usecase.Unit[Stores], directory bank.Directory, reader bank.MasterReader, clock usecase.Clock) *Banking {
	return &Banking{auditing.Office[Stores]{Unit: unit, Clock: clock}, directory, reader}
}

// Standing is the list in force.
type Standing struct {
	*bank.Master
	Stale bool // a newer one should be brought in
}

// Standing shows which list is in force.
func (b *Banking) Standing(ctx context.Context, actor access.Actor) (Standing, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return Standing{}, err
	}
	master, err := b.directory.Master(ctx)
	if err != nil {
		return Standing{}, fmt.Errorf("bank master: %w", err)
	}
	return Standing{master, master.Stale(calendar.DayOf(b.office.Clock()))}, nil
}

// Proposal is a file with a newer list.
type Proposal struct {
	AsOf   calendar.Day
	Source string
	File   []byte
}

// Command replaces the list by a proposal.
type Command struct {
	Proposal
	Replaces      string // the hash of the list that the actor has seen in force
	AcceptPartial bool   // the list is meant to leave something out
	Reason        string
}

// Forecast is what a proposal changes.
type Forecast struct {
	Present    *bank.Master
	Draft      bank.Draft
	Difference bank.Difference
	Partial    bool // it leaves something out, which the actor has to accept
}

// errTried ends a unit that was only a try.
var errTried = errors.New("tried")

// Preview tells what a proposal would change.
func (b *Banking) Preview(ctx context.Context, actor access.Actor, p Proposal) (Forecast, error) {
	if err := access.Allow(actor, access.ManageRules); err != nil {
		return Forecast{}, err
	}
	now := b.office.Clock()
	draft, err := b.read(p, now)
	if err != nil {
		return Forecast{}, err
	}
	var forecast Forecast
	err = b.office.Unit.Do(ctx, func(ctx context.Context, s Stores) (err error) {
		if forecast, err = replace(ctx, s, draft, actor, now); err != nil {
			return err
		}
		return errTried
	})
	if !errors.Is(err, errTried) {
		return Forecast{}, err
	}
	return forecast, nil
}

// Replace puts a proposal in force. It returns ErrChanged where the list in force is not the one that the actor has
// seen, bank.ErrMasterPartial where the proposal leaves something out and that was not accepted.
func (b *Banking) Replace(ctx context.Context, actor access.Actor, cmd Command) (Forecast, error) {
	act := audit.Act{Action: ActReplace, Target: cmd.AsOf.String(), Reason: cmd.Reason}
	if err := auditing.Allow(ctx, b.office, actor, access.ManageRules, act); err != nil {
		return Forecast{}, err
	}
	draft, wrong := b.read(cmd.Proposal, b.office.Clock())
	return auditing.Do(ctx, b.office, actor, access.ManageRules, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (Forecast, error) {
		if wrong != nil {
			return Forecast{}, wrong
		}
		forecast, err := replace(ctx, s, draft, actor, now)
		if err != nil {
			return Forecast{}, err
		}
		if forecast.Present.SHA256 != cmd.Replaces {
			return Forecast{}, ErrChanged
		}
		if err := draft.Complete(forecast.Present); err != nil && !cmd.AcceptPartial {
			return Forecast{}, err
		}
		act.Before, act.After = say(forecast.Present), say(draft.Master)
		for name, count := range map[string]int{
			"added": len(forecast.Difference.Added), "removed": len(forecast.Difference.Removed),
			"renamed": len(forecast.Difference.Renamed), "refused": len(draft.Refused),
		} {
			act.After[name] = strconv.Itoa(count)
		}
		return forecast, nil
	})
}

// read judges a proposal as far as it can be without the list in force.
func (b *Banking) read(p Proposal, now time.Time) (bank.Draft, error) {
	if p.AsOf > calendar.DayOf(now) || p.AsOf <= 0 {
		return bank.Draft{}, ErrAsOf.At("as_of")
	}
	source := strings.TrimSpace(p.Source)
	if length := utf8.RuneCountInString(source); length < 1 || length > SourceRunesMax || strings.ContainsFunc(source, unicode.IsControl) {
		return bank.Draft{}, ErrSource.At("source")
	}
	return b.reader.Read(p.AsOf, source, p.File)
}

// replace puts a draft in force and tells what that changes.
func replace(ctx context.Context, s Stores, draft bank.Draft, actor access.Actor, now time.Time) (Forecast, error) {
	present, err := s.Masters.Current(ctx)
	if err != nil {
		return Forecast{}, fmt.Errorf("lock bank master: %w", err)
	}
	if err := s.Masters.Replace(ctx, draft.Master, actor.User, now); err != nil {
		return Forecast{}, fmt.Errorf("replace bank master: %w", err)
	}
	next, err := s.Masters.Current(ctx)
	switch {
	case err != nil:
		return Forecast{}, fmt.Errorf("read bank master: %w", err)
	case next.AsOf != draft.Master.AsOf || next.SHA256 != draft.Master.SHA256:
		return Forecast{}, ErrSuperseded
	}
	return Forecast{present, draft, present.Difference(draft.Master), draft.Complete(present) != nil}, nil
}

// say puts into words what the trail keeps of a list.
func say(m *bank.Master) map[string]string {
	banks, branches := m.Counts()
	return map[string]string{
		"as_of": m.AsOf.String(), "source": m.Source, "sha256": m.SHA256, "banks": strconv.Itoa(banks), "branches": strconv.Itoa(branches),
	}
}
