package ruling

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase"
)

// SampleLotsMax bounds a sample wallet.
const SampleLotsMax = 50

// ErrSample refuses a sample that says too little or too much.
var ErrSample = fault.Define(fault.Invalid, "sample_invalid", "見本の財布には1から50件のポイントを並べるか、実際の財布を指定してください。")

// Draft is an order that is thought about, with the wallet to try it on: a real one, or a sample.
type Draft struct {
	Precedence lot.Precedence         // empty for the one in force
	Ranks      map[lot.KindCode]int32 // ranks of kinds that are to change
	Wallet     ledger.WalletID        // a real wallet; zero where Lots is a sample
	Lots       []lot.Lot              // a sample; lots that are otherwise alike are told apart by their place
	Amount     money.Points           // of the payment to try
}

// Comparison is what a payment would take from the wallet, and why in that order, now and under the draft. Both
// are empty and Shortfall is set where the wallet has less than the amount.
type Comparison struct {
	Current   []lot.Slice
	Draft     []lot.Slice
	Shortfall money.Points
}

// Previewing tries orders of lots before they are put in force (clause 4.3.5).
type Previewing struct {
	reader     ledger.RulesReader
	statements ledger.Statements
	clock      usecase.Clock
}

// NewPreviewing makes the activity.
func NewPreviewing(reader ledger.RulesReader, statements ledger.Statements, clock usecase.Clock) *Previewing {
	return &Previewing{reader, statements, clock}
}

// Compare draws the amount under the rules in force and under the draft.
func (p *Previewing) Compare(ctx context.Context, actor access.Actor, draft Draft) (Comparison, error) {
	if err := access.Allow(actor, access.ManageRules); err != nil {
		return Comparison{}, err
	}
	if err := draft.Amount.Valid(); err != nil {
		return Comparison{}, err
	}
	rules, err := p.reader.Rules(ctx)
	if err != nil {
		return Comparison{}, fmt.Errorf("read rules: %w", err)
	}
	precedence, kinds, err := draft.apply(rules)
	if err != nil {
		return Comparison{}, err
	}
	lots, err := p.lots(ctx, actor, draft, rules)
	if err != nil {
		return Comparison{}, err
	}
	today := calendar.DayOf(p.clock())
	current, err := lot.Draw(lots, draft.Amount, rules.Precedence, rules.Kinds, today)
	if err != nil {
		short, ok := fault.Of(err)
		if !ok || !errors.Is(err, lot.ErrInsufficient) {
			return Comparison{}, err
		}
		return Comparison{Shortfall: money.Points(short.Figures["shortfall"])}, nil
	}
	drafted, err := lot.Draw(lots, draft.Amount, precedence, kinds, today)
	return Comparison{Current: current, Draft: drafted}, err
}

func (d Draft) apply(rules ledger.Rules) (lot.Precedence, map[lot.KindCode]lot.Kind, error) {
	precedence := d.Precedence
	if len(precedence) == 0 {
		precedence = rules.Precedence
	}
	if err := precedence.Valid(); err != nil {
		return nil, nil, err
	}
	kinds := maps.Clone(rules.Kinds)
	for code, rank := range d.Ranks {
		kind, known := kinds[code]
		if !known {
			return nil, nil, lot.ErrKindUnknown.At("ranks." + string(code))
		}
		kind.Rank = rank
		kinds[code] = kind
	}
	return precedence, kinds, nil
}

// lots gives what to try the draft on. A real wallet is read only by who may see any history.
func (p *Previewing) lots(ctx context.Context, actor access.Actor, draft Draft, rules ledger.Rules) ([]lot.Lot, error) {
	if !draft.Wallet.IsZero() {
		if err := access.Allow(actor, access.SeeAnyHistory); err != nil {
			return nil, err
		}
		if len(draft.Lots) > 0 {
			return nil, ErrSample.At("lots")
		}
		wallet, err := p.statements.Wallet(ctx, draft.Wallet)
		return wallet.Lots, err
	}
	if len(draft.Lots) < 1 || len(draft.Lots) > SampleLotsMax {
		return nil, ErrSample.At("lots")
	}
	lots := make([]lot.Lot, len(draft.Lots))
	for i, l := range draft.Lots {
		place := "lots[" + strconv.Itoa(i) + "]"
		if _, known := rules.Kinds[l.Kind]; !known {
			return nil, lot.ErrKindUnknown.At(place + ".kind")
		}
		if l.Remaining < 1 || l.Remaining > money.AmountMax {
			return nil, money.ErrAmount.At(place + ".remaining")
		}
		lots[i] = l
		lots[i].ID = lot.ID{14: byte(i >> 8), 15: byte(i)}
	}
	return lots, nil
}
