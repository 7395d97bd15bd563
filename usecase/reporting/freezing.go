package reporting

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/report"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// ActFreeze stands in the trail when a report is frozen, by an administrator or by the platform itself.
const ActFreeze = "report.freeze"

// Freezing freezes half-year reports.
type Freezing struct {
	reading *Reporting
	office  auditing.Office[Stores]
	horizon settlement.Horizon
}

// NewFreezing makes the activity.
func NewFreezing(reading *Reporting, unit usecase.Unit[Stores], horizon settlement.Horizon, clock usecase.Clock) *Freezing {
	return &Freezing{reading, auditing.Office[Stores]{Unit: unit, Clock: clock}, horizon}
}

// Freeze freezes the report of a base day that is over, unless it is frozen already: then fresh is false and the report
// is the one that was. It is refused until every entry of the day has certainly been written.
func (f *Freezing) Freeze(ctx context.Context, actor access.Actor, day calendar.Day) (frozen Unused, fresh bool, err error) {
	act := actOf(day)
	if err := auditing.Allow(ctx, f.office, actor, access.ManageFunds, act); err != nil {
		return Unused{}, false, err
	}
	counted, refusal := f.count(ctx, day)
	kept, err := auditing.Do(ctx, f.office, actor, access.ManageFunds, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (bool, error) {
		if refusal != nil {
			return false, refusal
		}
		return f.keep(ctx, s, counted, actor, now, act)
	})
	if err != nil {
		return Unused{}, false, err
	}
	return f.kept(ctx, day, kept)
}

func (f *Freezing) kept(ctx context.Context, day calendar.Day, fresh bool) (Unused, bool, error) {
	frozen, err := f.reading.shelf.Frozen(ctx, report.UnusedBalance, day)
	if err != nil {
		return Unused{}, false, err
	}
	u, err := thaw(frozen)
	return u, fresh, err
}

// FreezeDue freezes every report that can be frozen and has not been. The timetable calls it; reports that cannot be
// frozen stop no other.
func (f *Freezing) FreezeDue(ctx context.Context) error {
	days, err := f.reading.due(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, day := range days {
		if err := f.freezeAlone(ctx, day); err != nil {
			failed = append(failed, fmt.Errorf("freeze report of %s: %w", day, err))
		}
	}
	return errors.Join(failed...)
}

// freezeAlone freezes a report in nobody's name.
func (f *Freezing) freezeAlone(ctx context.Context, day calendar.Day) error {
	if _, found, err := f.reading.frozen(ctx, day); found || err != nil {
		return err
	}
	counted, err := f.count(ctx, day)
	if err != nil {
		return err
	}
	now := f.office.Clock()
	return f.office.Unit.Do(ctx, func(ctx context.Context, s Stores) error {
		act := actOf(day)
		act.ID, act.At, act.Outcome = ident.New[audit.Act](now), now, auditing.Done
		kept, err := f.keep(ctx, s, counted, access.Actor{}, now, &act)
		if err != nil || !kept {
			return err
		}
		return s.Trail.Record(ctx, act)
	})
}

func actOf(day calendar.Day) audit.Act {
	return audit.Act{Action: ActFreeze, Target: string(report.UnusedBalance) + "/" + day.String()}
}

// count makes the report as far as the journal is certain. Nothing is counted of a day that is frozen already.
func (f *Freezing) count(ctx context.Context, day calendar.Day) (report.Frozen, error) {
	if frozen, found, err := f.reading.frozen(ctx, day); found || err != nil {
		return frozen, err
	}
	if err := f.reading.ripe(ctx, day); err != nil {
		return report.Frozen{}, err
	}
	settled, err := f.horizon.Settled(ctx)
	if err != nil {
		return report.Frozen{}, fmt.Errorf("settled journal: %w", err)
	}
	frozen := report.Frozen{Kind: report.UnusedBalance, Day: day, LastSeq: settled}
	late, err := f.reading.journal.Late(ctx, frozen.Mark())
	switch {
	case err != nil:
		return report.Frozen{}, err
	case late > 0:
		return report.Frozen{}, report.ErrUnsettled
	}
	kinds, err := f.reading.kinds(ctx)
	if err != nil {
		return report.Frozen{}, err
	}
	counted, err := f.reading.count(ctx, day, frozen.Mark(), kinds)
	if err != nil {
		return report.Frozen{}, err
	}
	frozen.Content, err = contentOf(counted, kinds, settled)
	return frozen, err
}

// keep writes the report, and into the act what came of it.
func (f *Freezing) keep(ctx context.Context, s Stores, counted report.Frozen, actor access.Actor, now time.Time, act *audit.Act) (bool, error) {
	counted.MadeBy, counted.MadeAt = actor.User, now
	counted = counted.Freeze()
	kept, err := s.Archive.Keep(ctx, counted)
	if err != nil {
		return false, fmt.Errorf("keep report of %s: %w", counted.Day, err)
	}
	if !kept {
		act.Outcome = auditing.Replayed
		return false, nil
	}
	act.After = map[string]string{"last_seq": strconv.FormatInt(counted.LastSeq, 10), "sha256": counted.HashText()}
	return true, nil
}

func isUnknown(err error) bool { return errors.Is(err, report.ErrUnknown) }
