package lot

import (
	"slices"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
)

// Slice is what one act takes from one lot.
type Slice struct {
	Lot    Lot // as it was before the act
	Amount money.Points
	Why    Criterion // the criterion that put this lot before the next one; empty when there was no other left
}

// ErrInsufficient refuses to take more than the live lots hold. Its figures are "balance" (what can be used)
// and "shortfall".
var ErrInsufficient = fault.Define(fault.Refused, "balance_insufficient", "残高が足りません。")

// Draw takes amount from lots in the order precedence gives and splits at most one lot. It returns
// ErrInsufficient and no slices when the live lots fall short. The given lots are not changed.
//
// Clauses 4.3.1 and 4.3.5. Lapsed lots are skipped, not refused: the sweep may be minutes behind.
func Draw(lots []Lot, amount money.Points, precedence Precedence, kinds map[KindCode]Kind, today calendar.Day) ([]Slice, error) {
	var room [8]*Lot
	live, usable := room[:0], money.Points(0)
	for i := range lots {
		if lots[i].Remaining > 0 && lots[i].LiveOn(today) {
			live = append(live, &lots[i])
			usable += lots[i].Remaining
		}
	}
	if usable < amount {
		return nil, ErrInsufficient.With("balance", int64(usable)).With("shortfall", int64(amount-usable))
	}
	slices.SortFunc(live, func(a, b *Lot) int {
		order, _ := precedence.compare(a, b, kinds)
		return order
	})
	drawn := make([]Slice, 0, 2)
	for i, l := range live {
		if amount == 0 {
			break
		}
		take := min(amount, l.Remaining)
		amount -= take
		slice := Slice{Lot: *l, Amount: take}
		if i+1 < len(live) {
			_, slice.Why = precedence.compare(l, live[i+1], kinds)
		}
		drawn = append(drawn, slice)
	}
	return drawn, nil
}
