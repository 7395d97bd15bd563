package rewarding

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Programmes enters, ends and shows the permanent cashback of merchants. A merchant decides about its own, and
// administrators about anyone's.
type Programmes struct {
	office auditing.Office[Stores]
	offers cashback.Reader
}

// NewProgrammes makes the activity.
func NewProgrammes(unit usecase.Unit[Stores], offers cashback.Reader, clock usecase.Clock) *Programmes {
	return &Programmes{auditing.Office[Stores]{Unit: unit, Clock: clock}, offers}
}

// ProgrammeCommand asks for a programme.
type ProgrammeCommand struct {
	Merchant user.WalletID // zero for the actor's own shop
	Name     string
	Terms    cashback.Terms
	Span     cashback.Span // From zero begins today; Until zero has no end
	Reason   string
}

// ProgrammeResult is a programme with what ought to be looked at.
type ProgrammeResult struct {
	cashback.Programme
	Warnings []cashback.WarningCode
}

// ProgrammeForecast is what a programme would be.
type ProgrammeForecast struct {
	ProgrammeResult
	Overlaps []cashback.Programme // for which it would be refused
	Examples []Example
}

// Example is what a payment of an amount would earn, were all of it of kinds that earn.
type Example struct {
	Amount money.Points
	Earned money.Points
	Cut    cashback.Cut
}

// exampleAmounts are the payments that a forecast shows.
var exampleAmounts = []money.Points{100, 980, 1_000, 5_000, 10_000}

func examples(terms cashback.Terms) []Example {
	return lo.Map(exampleAmounts, func(amount money.Points, _ int) Example {
		award := terms.Decide(cashback.OfferID{}, false, amount, cashback.Room{})
		return Example{amount, award.Amount, award.Cut}
	})
}

// Preview shows what a programme would give and what ought to be looked at, without entering it.
func (p *Programmes) Preview(ctx context.Context, actor access.Actor, cmd ProgrammeCommand) (ProgrammeForecast, error) {
	permission, merchant, err := own(actor, cmd.Merchant)
	if err != nil {
		return ProgrammeForecast{}, err
	}
	if err := access.Allow(actor, permission); err != nil {
		return ProgrammeForecast{}, err
	}
	cmd.Merchant = merchant
	made, err := usecase.Do(ctx, p.office.Unit, func(ctx context.Context, s Stores) (ProgrammeResult, error) {
		return cmd.make(ctx, s, p.office.Clock(), actor)
	})
	if err != nil {
		return ProgrammeForecast{}, err
	}
	offers, err := p.offers.Offers(ctx)
	if err != nil {
		return ProgrammeForecast{}, err
	}
	return ProgrammeForecast{made, overlaps(offers.Programmes[merchant], made.Span), examples(made.Terms)}, nil
}

// Enter enters a programme. A merchant has one at a time: a period that meets another one's is refused. What ought to
// be looked at is told, and blocks nothing.
func (p *Programmes) Enter(ctx context.Context, actor access.Actor, cmd ProgrammeCommand) (ProgrammeResult, error) {
	act := audit.Act{Action: ActEnterProgramme, Reason: cmd.Reason}
	permission, merchant, err := own(actor, cmd.Merchant)
	if err != nil {
		return ProgrammeResult{}, err
	}
	cmd.Merchant = merchant
	return auditing.Do(ctx, p.office, actor, permission, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (ProgrammeResult, error) {
		made, err := cmd.make(ctx, s, now, actor)
		if err != nil {
			return ProgrammeResult{}, err
		}
		act.Target, act.After = made.ID.String(), sayProgramme(made.Programme)
		there, err := s.Programmes.Lock(ctx, merchant)
		if err != nil {
			return ProgrammeResult{}, err
		}
		if len(overlaps(there, made.Span)) > 0 {
			return ProgrammeResult{}, cashback.ErrProgrammeOverlaps.At("from")
		}
		if lo.CountBy(there, func(p cashback.Programme) bool { return !p.Over(calendar.DayOf(now)) }) >= cashback.ProgrammesMax {
			return ProgrammeResult{}, cashback.ErrProgrammeMany
		}
		if err := s.Programmes.Add(ctx, made.Programme); err != nil {
			return ProgrammeResult{}, fmt.Errorf("add programme %s: %w", made.ID, err)
		}
		return made, nil
	})
}

// make makes the programme that the command asks for, if there can be such a one.
func (cmd ProgrammeCommand) make(ctx context.Context, s Stores, now time.Time, actor access.Actor) (ProgrammeResult, error) {
	book, err := shops(ctx, s, now, []user.WalletID{cmd.Merchant}, func(int) error { return ledger.ErrWalletUnknown.At("merchant_id") })
	if err != nil {
		return ProgrammeResult{}, err
	}
	today := calendar.DayOf(now)
	if cmd.Span.From == 0 {
		cmd.Span.From = today
	}
	if cmd.Span.Until == 0 {
		cmd.Span.Until = calendar.Never
	}
	programme := cashback.Programme{
		ID: cashback.NewOfferID(now), Merchant: cmd.Merchant, Name: strings.TrimSpace(cmd.Name), Terms: cmd.Terms, Span: cmd.Span,
		CreatedBy: actor.User, CreatedAt: now, Version: 1,
	}
	if err := programme.Valid(book.Rules.Kinds, today); err != nil {
		return ProgrammeResult{}, err
	}
	return ProgrammeResult{programme, programme.Warnings(book.Rules.Kinds)}, nil
}

func overlaps(there []cashback.Programme, span cashback.Span) []cashback.Programme {
	return lo.Filter(there, func(p cashback.Programme, _ int) bool { return p.Span.Meets(span) })
}

// Ending is what became of a programme that was to end.
type Ending struct {
	cashback.Programme
	Withdrawn bool // it had not begun, and is gone as if it had never been entered
}

// End decides on the last day of a programme; the zero day is today. One that has not begun by then is withdrawn.
func (p *Programmes) End(ctx context.Context, actor access.Actor, id cashback.OfferID, until calendar.Day, reason string) (Ending, error) {
	programme, err := p.Programme(ctx, actor, id)
	if err != nil {
		return Ending{}, err
	}
	permission, merchant, err := own(actor, programme.Merchant)
	if err != nil {
		return Ending{}, err
	}
	act := audit.Act{Action: ActEndProgramme, Target: id.String(), Reason: reason}
	return auditing.Do(ctx, p.office, actor, permission, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (Ending, error) {
		there, err := s.Programmes.Lock(ctx, merchant)
		if err != nil {
			return Ending{}, err
		}
		was, found := lo.Find(there, func(p cashback.Programme) bool { return p.ID == id })
		if !found {
			return Ending{}, cashback.ErrProgrammeUnknown
		}
		act.Before = sayProgramme(was)
		today := calendar.DayOf(now)
		if until == 0 {
			until = today
		}
		if !was.Begun(today) && until < was.Span.From {
			return Ending{was, true}, s.Programmes.Withdraw(ctx, id)
		}
		is, err := was.End(until, today)
		if err != nil {
			return Ending{}, err
		}
		if err := s.Programmes.Save(ctx, is); err != nil {
			return Ending{}, err
		}
		is.Version++
		act.Before, act.After = changes(sayProgramme(was), sayProgramme(is))
		return Ending{is, false}, nil
	})
}

// Programme shows one programme: to administrators any, to a merchant its own.
func (p *Programmes) Programme(ctx context.Context, actor access.Actor, id cashback.OfferID) (cashback.Programme, error) {
	if access.Allow(actor, access.ManageCashback) != nil {
		if err := access.Allow(actor, access.OwnCashback); err != nil {
			return cashback.Programme{}, err
		}
	}
	programme, err := p.offers.Programme(ctx, id)
	if err == nil && actor.Role != user.Administrator && programme.Merchant != actor.Wallet {
		return cashback.Programme{}, cashback.ErrProgrammeUnknown
	}
	return programme, err
}

// List shows programmes, newest first, ended ones as well: to administrators those of a merchant or of all, to a
// merchant its own.
func (p *Programmes) List(ctx context.Context, actor access.Actor, merchant user.WalletID, after string, limit int) (page.Of[cashback.Programme], error) {
	permission, merchant, err := own(actor, merchant)
	if err != nil {
		return page.Of[cashback.Programme]{}, err
	}
	if err := access.Allow(actor, permission); err != nil {
		return page.Of[cashback.Programme]{}, err
	}
	if limit < 1 || limit > page.LimitMax {
		return page.Of[cashback.Programme]{}, page.ErrLimit
	}
	return p.offers.Programmes(ctx, merchant, after, limit)
}
