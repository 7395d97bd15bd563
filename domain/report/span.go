package report

import (
	"cmp"
	"slices"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// Span is what one fund had, what moved, and what it has then. Opening and every move together give Closing.
type Span struct {
	Fund    lot.FundCode
	Name    string
	Opening ledger.FundPosition
	Moves   []Move // of acts that moved something, in the order of acts
	Closing ledger.FundPosition
}

// Move is what entries of one sort changed of a fund. Its assets and its points change by the same amount.
type Move struct {
	Act    Act
	Change ledger.FundPosition
}

// Amount gives the figure by which a move is known: of a deposit the cash that came, of a grant the points that people
// got. That of a correction, an adjustment or a reserve is negative where it took away.
func (m Move) Amount() money.Points {
	switch m.Act {
	case Deposit:
		return money.Points(m.Change.Bank)
	case Withdrawal:
		return -money.Points(m.Change.Bank)
	case Remittance:
		return -money.Points(m.Change.Tills)
	case Reserve:
		return m.Change.Reserved
	case Expiry, Claim:
		return -m.Change.Wallets
	case Payout, Offset:
		return -m.Change.Claimed
	case Recovery:
		return -money.Points(m.Change.Receivables)
	}
	return m.Change.Wallets
}

// Day is the daily statement of the funds.
type Day struct {
	On    calendar.Day
	Funds []Span
}

// NewDay makes the statement of a day out of flows that begin with its start, for the funds that were there.
func NewDay(on calendar.Day, funds []fund.Fund, flows []Flow) Day {
	return Day{On: on, Funds: NewSpans(funds, flows)}
}

// NewSpans makes the spans of funds, by code, out of flows.
func NewSpans(funds []fund.Fund, flows []Flow) []Span {
	spans := make([]Span, len(funds))
	places := make(map[lot.FundCode]*Span, len(funds))
	for i, f := range funds {
		at := ledger.FundPosition{Fund: f.Code}
		spans[i] = Span{Fund: f.Code, Name: f.Name, Opening: at, Closing: at}
	}
	slices.SortFunc(spans, func(a, b Span) int { return cmp.Compare(a.Fund, b.Fund) })
	for i := range spans {
		places[spans[i].Fund] = &spans[i]
	}
	for _, flow := range flows {
		if span, known := places[flow.Fund]; known {
			span.add(flow)
		}
	}
	for i := range spans {
		slices.SortFunc(spans[i].Moves, func(a, b Move) int { return cmp.Compare(a.Act, b.Act) })
	}
	return spans
}

func (s *Span) add(flow Flow) {
	flow.change(&s.Closing)
	if flow.Earlier {
		flow.change(&s.Opening)
		return
	}
	act := ActOf(flow.Type, false)
	i := slices.IndexFunc(s.Moves, func(m Move) bool { return m.Act == act })
	if i < 0 {
		i = len(s.Moves)
		s.Moves = append(s.Moves, Move{Act: act, Change: ledger.FundPosition{Fund: s.Fund}})
	}
	flow.change(&s.Moves[i].Change)
}

func (f Flow) change(position *ledger.FundPosition) {
	position.Add(f.Source, -f.Amount)
	position.Add(f.Destination, f.Amount)
}

// Amount gives what an act came to; zero where it did not happen.
func (s Span) Amount(act Act) money.Points {
	for _, m := range s.Moves {
		if m.Act == act {
			return m.Amount()
		}
	}
	return 0
}

// Change gives what an act changed.
func (s Span) Change(act Act) ledger.FundPosition {
	for _, m := range s.Moves {
		if m.Act == act {
			return m.Change
		}
	}
	return ledger.FundPosition{Fund: s.Fund}
}

// Balanced tells whether what backs the points equals the points at both ends.
func (s Span) Balanced() bool { return balanced(s.Opening) && balanced(s.Closing) }

func balanced(p ledger.FundPosition) bool { return int64(p.Assets()) == int64(p.Points()) }

// Balanced tells whether every fund is.
func (d Day) Balanced() bool {
	return !slices.ContainsFunc(d.Funds, func(s Span) bool { return !s.Balanced() })
}
