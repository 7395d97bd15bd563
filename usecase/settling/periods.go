package settling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Periods enters periods and closes them.
type Periods struct {
	office  auditing.Office[Stores]
	reader  settlement.Reader
	horizon settlement.Horizon
}

// NewPeriods makes the activity.
func NewPeriods(unit usecase.Unit[Stores], reader settlement.Reader, horizon settlement.Horizon, clock usecase.Clock) *Periods {
	return &Periods{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader, horizon}
}

// List shows periods, newest first. Merchants see them as well: their claims name them.
func (p *Periods) List(ctx context.Context, actor access.Actor, after string, limit int) (page.Of[settlement.Period], error) {
	if err := allowed(actor); err != nil {
		return page.Of[settlement.Period]{}, err
	}
	if err := validLimit(limit); err != nil {
		return page.Of[settlement.Period]{}, err
	}
	return p.reader.Periods(ctx, after, limit)
}

// PeriodCommand asks for a period. Without days it is the next one of the cycle, without a name it gets the usual one.
type PeriodCommand struct {
	Name        string
	From, Until calendar.Day
}

// Enter adds the period that follows the last one.
func (p *Periods) Enter(ctx context.Context, actor access.Actor, cmd PeriodCommand) (settlement.Period, error) {
	act := audit.Act{Action: ActEnterPeriod}
	if err := auditing.Allow(ctx, p.office, actor, access.Settle, act); err != nil {
		return settlement.Period{}, err
	}
	settings, err := p.reader.Settings(ctx)
	if err != nil {
		return settlement.Period{}, fmt.Errorf("read settings of settlement: %w", err)
	}
	return auditing.Do(ctx, p.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (settlement.Period, error) {
		period, err := cmd.enter(ctx, s, now, settings.Cycle)
		if err != nil {
			return settlement.Period{}, err
		}
		act.Target, act.After = period.ID.String(), sayPeriod(period)
		return period, nil
	})
}

func (cmd PeriodCommand) enter(ctx context.Context, s Stores, now time.Time, cycle settlement.Cycle) (settlement.Period, error) {
	periods, err := s.Periods.Lock(ctx)
	if err != nil {
		return settlement.Period{}, fmt.Errorf("lock periods: %w", err)
	}
	if len(periods) > 0 && periods[len(periods)-1].From > calendar.DayOf(now) {
		return settlement.Period{}, settlement.ErrPeriodAhead
	}
	period := settlement.Period{ID: ident.New[settlement.Period](now), Name: cmd.Name, From: cmd.From, Until: cmd.Until, CreatedAt: now}
	switch given := cmd.From != 0 && cmd.Until != 0; {
	case given:
	case cmd.From != 0 || cmd.Until != 0 || cycle == settlement.Custom:
		return settlement.Period{}, settlement.ErrPeriodSpan.At("from")
	default:
		period.From, period.Until = cycle.Next(lastDayOf(periods), calendar.DayOf(now))
	}
	if period.Name == "" {
		period.Name = settlement.PeriodName(period.From, period.Until)
	}
	if err := period.Follow(periods); err != nil {
		return settlement.Period{}, err
	}
	return period, s.Periods.Add(ctx, period)
}

// lastDayOf gives the last day of the last period, zero where there is none.
func lastDayOf(periods []settlement.Period) calendar.Day {
	if len(periods) == 0 {
		return 0
	}
	return periods[len(periods)-1].Until
}

// Closing is what came of closing a period.
type Closing struct {
	Period     settlement.Period
	Statements int
	Drafts     int
	Drafted    money.Points // of all drafts
}

// Close closes a period that is over: in one unit the statements are written, older drafts superseded, and new ones
// made. What is posted meanwhile belongs to the next period, so nobody has to wait. While something that belongs to this
// one is not certain yet, the closing is refused with ErrPeriodUnsettled, and can be tried again at once.
func (p *Periods) Close(ctx context.Context, actor access.Actor, id settlement.PeriodID, reason string) (Closing, error) {
	act := audit.Act{Action: ActClosePeriod, Target: id.String(), Reason: reason}
	if err := auditing.Allow(ctx, p.office, actor, access.Settle, act); err != nil {
		return Closing{}, err
	}
	settled, err := p.certain(ctx, id)
	if err != nil {
		return Closing{}, err
	}
	return auditing.Do(ctx, p.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (Closing, error) {
		closing, err := closePeriod(ctx, s, now, id, settled, actor.User)
		if err != nil {
			return Closing{}, err
		}
		act.After = closing.say()
		return closing, nil
	})
}

// certainTries bounds how often the journal is asked for its certain end. What it knows at first may be some time old.
const certainTries = 4

// certain gives the number up to which the journal is certain, which is beyond the period unless something of it is
// still on its way; then the closing is refused.
func (p *Periods) certain(ctx context.Context, id settlement.PeriodID) (settled int64, err error) {
	period, err := p.reader.Period(ctx, id)
	if errors.Is(err, settlement.ErrPeriodUnknown) {
		return 0, nil // who closes it is told
	}
	for try := 1; err == nil && try <= certainTries; try++ {
		if settled, err = p.horizon.Settled(ctx); err != nil {
			return 0, fmt.Errorf("certain end of the journal: %w", err)
		}
		err = p.office.Unit.Do(ctx, func(ctx context.Context, s Stores) error {
			_, err := s.Periods.LastBefore(ctx, period.Until.End(), settled)
			return err
		})
		if !errors.Is(err, settlement.ErrPeriodUnsettled) {
			break
		}
		err = nil
	}
	if err != nil {
		return 0, fmt.Errorf("certain end of period %s: %w", id, err)
	}
	return settled, nil
}

func (c Closing) say() map[string]string {
	return map[string]string{
		"last_seq": decimal(c.Period.LastSeq), "statements": decimal(c.Statements), "drafts": decimal(c.Drafts), "drafted": decimal(c.Drafted),
	}
}

// closePeriod closes a period in the name of somebody, or of the system for the zero user.
func closePeriod(ctx context.Context, s Stores, now time.Time, id settlement.PeriodID, settled int64, by user.ID) (Closing, error) {
	periods, err := s.Periods.Lock(ctx)
	if err != nil {
		return Closing{}, fmt.Errorf("lock periods: %w", err)
	}
	period, err := settlement.Closable(periods, id, now)
	if err != nil {
		return Closing{}, err
	}
	last, err := s.Periods.LastBefore(ctx, period.Until.End(), settled)
	if err != nil {
		return Closing{}, fmt.Errorf("last entry before the end of period %s: %w", id, err)
	}
	period.LastSeq = max(last, period.FirstSeq)
	period.Closed, period.ClosedBy, period.ClosedAt = true, by, now
	statements, err := s.Periods.Tally(ctx, id, period.FirstSeq, period.LastSeq)
	if err != nil {
		return Closing{}, fmt.Errorf("tally period %s: %w", id, err)
	}
	for i, statement := range statements {
		if statement.Sum() != statement.Due {
			return Closing{}, fmt.Errorf("statement of merchant %s does not add up: %d is due of %d", statement.Merchant, statement.Due, statement.Sum())
		}
		statements[i] = statement.Sealed()
	}
	if err := s.Periods.Close(ctx, period, statements); err != nil {
		return Closing{}, fmt.Errorf("close period %s: %w", id, err)
	}
	if err := supersede(ctx, s.Claims); err != nil {
		return Closing{}, err
	}
	drafts, err := draft(ctx, s, now, period, statements)
	if err != nil {
		return Closing{}, err
	}
	return Closing{
		Period: period, Statements: len(statements), Drafts: len(drafts),
		Drafted: lo.SumBy(drafts, func(c settlement.Claim) money.Points { return c.Amount }),
	}, s.Outbox.Append(ctx, now, settlement.PeriodClosed{Period: id})
}

// Keep is the timetable's: where the cycle says how, it enters the periods up to the present day; and it closes those
// that are over, unless the settings leave that to people. It may be killed anywhere and run side by side.
func (p *Periods) Keep(ctx context.Context) error {
	settings, err := p.reader.Settings(ctx)
	if err != nil {
		return fmt.Errorf("read settings of settlement: %w", err)
	}
	for settings.Cycle != settlement.Custom {
		entered, err := p.enterNext(ctx, settings.Cycle)
		if err != nil {
			return err
		}
		if !entered {
			break
		}
	}
	if !settings.AutoClose {
		return nil
	}
	return p.closeOver(ctx)
}

// enterNext enters the next period where the last one does not reach the present day.
func (p *Periods) enterNext(ctx context.Context, cycle settlement.Cycle) (bool, error) {
	now := p.office.Clock()
	newest, err := p.reader.Periods(ctx, "", 1)
	if err != nil {
		return false, fmt.Errorf("read newest period: %w", err)
	}
	if len(newest.Rows) > 0 && newest.Rows[0].Until >= calendar.DayOf(now) {
		return false, nil
	}
	err = p.office.Unit.Do(ctx, func(ctx context.Context, s Stores) error {
		periods, err := s.Periods.Lock(ctx)
		if err != nil {
			return fmt.Errorf("lock periods: %w", err)
		}
		if len(periods) > 0 && lastDayOf(periods) >= calendar.DayOf(now) {
			return nil // another worker was faster
		}
		period, err := PeriodCommand{}.enter(ctx, s, now, cycle)
		if err != nil {
			return err
		}
		return s.Trail.Record(ctx, audit.Act{
			ID: ident.New[audit.Act](now), At: now, Action: ActEnterPeriod, Target: period.ID.String(), Outcome: auditing.Done, After: sayPeriod(period),
		})
	})
	if err != nil {
		return false, fmt.Errorf("enter next period: %w", err)
	}
	return true, nil
}

func sayPeriod(p settlement.Period) map[string]string {
	return map[string]string{"from": p.From.String(), "until": p.Until.String()}
}

// closeOver closes the periods that are over, the oldest first.
func (p *Periods) closeOver(ctx context.Context) error {
	newest, err := p.reader.Periods(ctx, "", page.LimitMax)
	if err != nil {
		return fmt.Errorf("read periods: %w", err)
	}
	for i := range newest.Rows {
		period := newest.Rows[len(newest.Rows)-1-i]
		now := p.office.Clock()
		if period.Closed || !period.Over(now) {
			continue
		}
		err := p.closeBySystem(ctx, period.ID, now)
		if err != nil && !errors.Is(err, settlement.ErrPeriodClosed) {
			return fmt.Errorf("close period %s: %w", period.ID, err)
		}
	}
	return nil
}

func (p *Periods) closeBySystem(ctx context.Context, id settlement.PeriodID, now time.Time) error {
	settled, err := p.certain(ctx, id)
	if err != nil {
		return err
	}
	return p.office.Unit.Do(ctx, func(ctx context.Context, s Stores) error {
		closing, err := closePeriod(ctx, s, now, id, settled, user.ID{})
		if err != nil {
			return err
		}
		return s.Trail.Record(ctx, audit.Act{
			ID: ident.New[audit.Act](now), At: now, Action: ActClosePeriod, Target: id.String(), Outcome: auditing.Done, After: closing.say(),
		})
	})
}
