package reading

import (
	"context"

	"lovesaijo/domain/ledger"
)

// Undone is how an entry and its corrections belong together (clause 4.6.1).
type Undone struct {
	CorrectedBy []ledger.Corrected // oldest first
	Corrects    ledger.Corrected   // of a correction: what it undid; else its zero value
	Original    ledger.Entry       // of a correction
}

// undone reads how an entry was undone, or what it undid itself.
func (r *Reading) undone(ctx context.Context, entry ledger.Entry) (undone Undone, err error) {
	found, err := r.statements.Corrections(ctx, entry.ID)
	if err != nil {
		return Undone{}, err
	}
	for _, c := range found {
		if c.Original == entry.ID {
			undone.CorrectedBy = append(undone.CorrectedBy, c)
		} else {
			undone.Corrects = c
		}
	}
	if entry.Corrects.IsZero() {
		return undone, nil
	}
	undone.Original, err = r.statements.Entry(ctx, entry.Corrects)
	return undone, err
}
