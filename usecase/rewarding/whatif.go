package rewarding

import (
	"context"
	"fmt"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase"
)

// Bounds of what-if.
const (
	whatIfDaysMax = 400
	whatIfAtOnce  = 2 // each reads a long stretch of the journal
)

// The refusals of what-if.
var (
	ErrWhatIfPeriod = fault.Define(fault.Invalid, "what_if_period_invalid", "試算する期間は、今日までの400日以内で選んでください。")
	ErrWhatIfBusy   = fault.Define(fault.Throttled, "what_if_busy", "ほかの試算が終わるのを待っています。少し待ってからもう一度お試しください。")
)

// WhatIfCommand asks what a campaign would have cost (+3): a saved one, or a draft that is only thought about.
type WhatIfCommand struct {
	Campaign cashback.OfferID // zero where Draft is meant
	Draft    CampaignCommand
	Past     cashback.Span // whose payments are replayed, both days included
}

// WhatIf replays past payments against campaigns.
type WhatIf struct {
	unit   usecase.Unit[Stores]
	offers cashback.Reader
	clock  usecase.Clock
	turns  chan struct{}
}

// NewWhatIf makes the activity.
func NewWhatIf(unit usecase.Unit[Stores], offers cashback.Reader, clock usecase.Clock) *WhatIf {
	return &WhatIf{unit, offers, clock, make(chan struct{}, whatIfAtOnce)}
}

// Do replays the payments of a chosen past period. The campaign's own period is not asked; its days of the week,
// hours, places, kinds, caps and budget are.
func (w *WhatIf) Do(ctx context.Context, actor access.Actor, cmd WhatIfCommand) (cashback.Outcome, error) {
	if err := access.Allow(actor, access.ManageCashback); err != nil {
		return cashback.Outcome{}, err
	}
	now := w.clock()
	today := calendar.DayOf(now)
	if cmd.Past.From > cmd.Past.Until || cmd.Past.Until > today || cmd.Past.Until-cmd.Past.From >= whatIfDaysMax {
		return cashback.Outcome{}, ErrWhatIfPeriod.At("from")
	}
	simulation, err := w.simulation(ctx, actor, cmd)
	if err != nil {
		return cashback.Outcome{}, err
	}
	select {
	case w.turns <- struct{}{}:
		defer func() { <-w.turns }()
	default:
		return cashback.Outcome{}, ErrWhatIfBusy
	}
	err = w.offers.Purchases(ctx, cmd.Past.From.Start(), cmd.Past.Until.End(), func(p cashback.Purchase) bool {
		simulation.Pay(p)
		return true
	})
	if err != nil {
		return cashback.Outcome{}, fmt.Errorf("replay payments from %s until %s: %w", cmd.Past.From, cmd.Past.Until, err)
	}
	return simulation.Outcome(), nil
}

func (w *WhatIf) simulation(ctx context.Context, actor access.Actor, cmd WhatIfCommand) (*cashback.Simulation, error) {
	var saved cashback.Campaign
	if !cmd.Campaign.IsZero() {
		var err error
		if saved, err = w.offers.Campaign(ctx, cmd.Campaign); err != nil {
			return nil, err
		}
	}
	return usecase.Do(ctx, w.unit, func(ctx context.Context, s Stores) (*cashback.Simulation, error) {
		now := w.clock()
		book, err := s.Ledger.Peek(ctx, now, ledger.Want{})
		if err != nil {
			return nil, fmt.Errorf("peek at rules: %w", err)
		}
		if !saved.ID.IsZero() {
			return cashback.Simulate(saved, book.Rules.Kinds), nil
		}
		drafted := cmd.Draft.apply(cashback.Campaign{ID: cashback.NewOfferID(now), State: cashback.Draft, CreatedBy: actor.User, CreatedAt: now})
		if _, err := ready(ctx, s, now, drafted); err != nil {
			return nil, err
		}
		return cashback.Simulate(drafted, book.Rules.Kinds), nil
	})
}
