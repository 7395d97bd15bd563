// Package proving shows that the books are right and that nobody has changed them: the worker seals the journal in
// blocks, and anybody with the right to it verifies everything from the journal alone (+1, +12). See domain/proof.
package proving

import (
	"context"
	"errors"
	"fmt"

	"lovesaijo/domain/access"
	"lovesaijo/domain/proof"
	"lovesaijo/usecase"
)

// exportPageMax bounds how many heads are exported at a time.
const exportPageMax = 1000

// ErrCutShort stops the sealer where the database lost seals that were exported: sealing on would bury the loss.
var ErrCutShort = errors.New("journal was cut short")

// Seal closes blocks of the journal, signs them and exports their heads. Several may run at once: a number is given
// to one seal only, and all of them would seal the same entries.
type Seal struct {
	seals  proof.Seals
	heads  proof.Heads
	signer access.Seal
	now    usecase.Clock
}

// NewSeal makes the activity.
func NewSeal(seals proof.Seals, heads proof.Heads, signer access.Seal, now usecase.Clock) *Seal {
	return &Seal{seals, heads, signer, now}
}

// Sealed tells what one round did.
type Sealed struct {
	Blocks   int
	Entries  int64
	Exported int
}

// Do seals whatever is settled and not sealed yet. It exports first what an earlier round wrote and could not
// export, and stops where another sealer was faster: that one goes on. It returns ErrCutShort.
func (s *Seal) Do(ctx context.Context) (Sealed, error) {
	var done Sealed
	head, _, err := s.heads.Last(ctx) // before the seals, so that another sealer's newest head has its seal here
	if err != nil {
		return done, fmt.Errorf("last exported head: %w", err)
	}
	last, _, err := s.seals.Last(ctx)
	if err != nil {
		return done, fmt.Errorf("last seal: %w", err)
	}
	if head.No > last.No {
		return done, fmt.Errorf("%w: its last seal is %d, the exported one %d", ErrCutShort, last.No, head.No)
	}
	if err := s.export(ctx, &done); err != nil {
		return done, err
	}
	settled, err := s.seals.Settled(ctx)
	if err != nil {
		return done, fmt.Errorf("settled journal: %w", err)
	}
	for {
		entries, err := s.seals.Entries(ctx, last.Last, settled, proof.BlockEntriesMax)
		if err != nil {
			return done, fmt.Errorf("entries after %d: %w", last.Last, err)
		}
		if len(entries) == 0 {
			return done, nil
		}
		seal := proof.CloseBlock(last, entries, s.signer, s.now())
		switch err := s.seals.Append(ctx, seal); {
		case errors.Is(err, proof.ErrSealTaken):
			return done, s.export(ctx, &done)
		case err != nil:
			return done, fmt.Errorf("seal %d: %w", seal.No, err)
		}
		done.Blocks++
		done.Entries += seal.Entries
		if err := s.export(ctx, &done); err != nil {
			return done, err
		}
		last = seal
	}
}

// export appends the heads of all seals that follow the last exported one. A crash between seal and export leaves
// seals that the next round finds here.
func (s *Seal) export(ctx context.Context, done *Sealed) error {
	head, _, err := s.heads.Last(ctx)
	if err != nil {
		return fmt.Errorf("last exported head: %w", err)
	}
	for {
		seals, err := s.seals.After(ctx, head.No, exportPageMax)
		if err != nil {
			return fmt.Errorf("seals after %d: %w", head.No, err)
		}
		if len(seals) == 0 {
			return nil
		}
		if err := s.heads.Append(ctx, seals); err != nil {
			return fmt.Errorf("export heads from %d: %w", seals[0].No, err)
		}
		done.Exported += len(seals)
		head = seals[len(seals)-1]
	}
}
