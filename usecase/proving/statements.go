package proving

import (
	"context"
	"fmt"
	"slices"

	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
)

// Bounds of one reading of periods and of statements.
const (
	periodsAtOnce    = 100
	statementsAtOnce = 500
)

// periods lists the periods by their first day. Whatever is closed stays as it is, so statements need not be of the
// moment at which the books are read.
func (v *Verify) periods(ctx context.Context) ([]settlement.Period, error) {
	periods, err := collect(func(after string) (page.Of[settlement.Period], error) {
		return v.settlement.Periods(ctx, after, periodsAtOnce)
	})
	if err != nil {
		return nil, fmt.Errorf("periods: %w", err)
	}
	slices.Reverse(periods)
	return periods, nil
}

// statements compares the statements of closed periods with what the journal, which ends with the number given, gives
// again (clause 4.4.3).
func (v *Verify) statements(ctx context.Context, periods []settlement.Period, journal int64) (*settlement.Verification, error) {
	verification := settlement.NewVerification(journal)
	for _, p := range periods {
		stored, err := collect(func(after string) (page.Of[settlement.Statement], error) {
			return v.settlement.Statements(ctx, p.ID, after, statementsAtOnce)
		})
		if err != nil {
			return nil, fmt.Errorf("statements of period %s: %w", p.ID, err)
		}
		if !p.Closed {
			if p, err = v.settlement.Period(ctx, p.ID); err != nil {
				return nil, fmt.Errorf("period again: %w", err)
			}
			if !p.Closed { // nor was it when its statements were read
				verification.Open(p, stored)
			}
			continue
		}
		recomputed, err := v.settlement.Recompute(ctx, p)
		if err != nil {
			return nil, err
		}
		verification.Period(p, stored, recomputed)
	}
	return verification, nil
}

// collect reads a list to its end.
func collect[R any](read func(after string) (page.Of[R], error)) (rows []R, err error) {
	for after := ""; ; {
		found, err := read(after)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found.Rows...)
		if after = found.Next; after == "" {
			return rows, nil
		}
	}
}
