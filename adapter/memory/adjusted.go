package memory

import (
	"context"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// Adjusted is ledger.Ledger's.
func (l *Ledger) Adjusted(_ context.Context, wallet ledger.WalletID, day calendar.Day) (sum money.Points, err error) {
	lines, _ := l.session.lines.get(wallet)
	for _, line := range lines {
		if line.Type == ledger.Adjustment && calendar.DayOf(line.At) == day {
			sum += max(line.Delta, -line.Delta)
		}
	}
	return sum, nil
}
