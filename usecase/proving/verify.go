package proving

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
)

// Bounds of the second look at wallets whose history is not what the journal makes.
const (
	suspectsMax     = 100     // wallets whose lines are named; more are counted
	historyLinesMax = 100_000 // lines read of one of them
)

// Verify proves the books from the journal alone.
type Verify struct {
	books      proof.Books
	heads      proof.Heads
	signer     access.Seal
	settlement settlement.Reader
	now        usecase.Clock
}

// NewVerify makes the activity.
func NewVerify(books proof.Books, heads proof.Heads, signer access.Seal, statements settlement.Reader, now usecase.Clock) *Verify {
	return &Verify{books, heads, signer, statements, now}
}

// Do reads everything as it stands at one moment while the platform goes on working. Findings are in the verdict;
// an error means that the books could not be read.
func (v *Verify) Do(ctx context.Context) (Verdict, error) {
	verdict := Verdict{At: v.now()}
	newest, _, err := v.heads.Last(ctx) // before the books are read, so that its seal is in them
	if err != nil {
		return Verdict{}, fmt.Errorf("last exported head: %w", err)
	}
	periods, err := v.periods(ctx) // before as well, so that the last entries of closed ones are in them
	if err != nil {
		return Verdict{}, err
	}
	reading, err := v.books.Read(ctx)
	if err != nil {
		return Verdict{}, fmt.Errorf("open books: %w", err)
	}
	defer reading.Close()
	seals, err := reading.Seals(ctx)
	if err != nil {
		return Verdict{}, fmt.Errorf("seals: %w", err)
	}

	books, chain := proof.New(), proof.NewChain(seals, v.signer)
	lines, loose := books.Lines(), &proof.Findings{}
	group, groupContext := errgroup.WithContext(ctx)
	group.Go(func() error {
		return reading.Journal(groupContext, func(entries []ledger.Entry) error {
			for i := range entries {
				books.Fold(&entries[i])
				chain.Fold(&entries[i])
			}
			return nil
		})
	})
	group.Go(func() (err error) {
		if err := reading.Lines(groupContext, lines.Add); err != nil {
			return fmt.Errorf("lines: %w", err)
		}
		if err := reading.Promises(groupContext, loose); err != nil {
			return fmt.Errorf("promises: %w", err)
		}
		verdict.Counts.Keys, err = reading.Keys(groupContext, loose)
		return err
	})
	if err := group.Wait(); err != nil {
		return Verdict{}, fmt.Errorf("read books: %w", err)
	}
	if err := reading.Loose(ctx, loose); err != nil {
		return Verdict{}, fmt.Errorf("loose postings: %w", err)
	}
	if err := v.beside(ctx, reading, books); err != nil {
		return Verdict{}, err
	}
	if err := v.compare(ctx, reading, books); err != nil {
		return Verdict{}, err
	}
	if err := v.histories(ctx, reading, books.CompareLines(lines), books.Findings()); err != nil {
		return Verdict{}, err
	}
	chain.Conclude()
	if err := v.exported(ctx, chain, newest, &verdict); err != nil {
		return Verdict{}, err
	}
	verification, err := v.statements(ctx, periods, books.Counts().LastSeq)
	if err != nil {
		return Verdict{}, err
	}
	verdict.Counts.Periods, verdict.Counts.Statements = verification.Counts()
	loose.Join(verification.Findings())
	verdict.fill(books, chain, seals, loose)
	return verdict, nil
}

// beside shows the proof what is kept of corrections and cashback beside the journal, and what was undone.
func (v *Verify) beside(ctx context.Context, reading proof.Reading, books *proof.Proof) error {
	if err := reading.Undoings(ctx, books.CompareUndoing); err != nil {
		return fmt.Errorf("undoings: %w", err)
	}
	if err := reading.Corrected(ctx, books.CompareCorrected); err != nil {
		return fmt.Errorf("corrected entries: %w", err)
	}
	if err := reading.Returned(ctx, books.CompareReturned); err != nil {
		return fmt.Errorf("awards: %w", err)
	}
	return nil
}

// compare shows the proof everything that stands.
func (v *Verify) compare(ctx context.Context, reading proof.Reading, books *proof.Proof) error {
	if err := reading.Pots(ctx, books.ComparePot); err != nil {
		return fmt.Errorf("pots: %w", err)
	}
	if err := reading.Wallets(ctx, books.CompareWallet); err != nil {
		return fmt.Errorf("wallets: %w", err)
	}
	if err := reading.Lots(ctx, books.CompareLot); err != nil {
		return fmt.Errorf("lots: %w", err)
	}
	books.Conclude()
	return nil
}

// histories names the wrong lines of wallets whose history differs. It reads the journal a second time, which only
// happens when something is wrong.
func (v *Verify) histories(ctx context.Context, reading proof.Reading, suspects []ledger.WalletID, found *proof.Findings) error {
	if len(suspects) == 0 {
		return nil
	}
	if more := len(suspects) - suspectsMax; more > 0 {
		suspects = suspects[:suspectsMax]
		found.Add(proof.LineDiffers, fmt.Sprintf("histories of %d more wallets", more), "differ from the journal")
	}
	again := proof.New()
	again.Watch(suspects)
	err := reading.Journal(ctx, func(entries []ledger.Entry) error {
		for i := range entries {
			again.Fold(&entries[i])
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read journal again: %w", err)
	}
	for _, wallet := range suspects {
		stored, err := reading.History(ctx, wallet, historyLinesMax)
		if err != nil {
			return fmt.Errorf("history of wallet %s: %w", wallet, err)
		}
		recomputed := again.Recomputed(wallet)
		if len(stored) == historyLinesMax {
			recomputed = recomputed[:min(len(recomputed), historyLinesMax)]
		}
		found.CompareHistory(wallet, recomputed, stored)
	}
	return nil
}

// exported compares the exported heads with the seals. Heads beyond newest came after the books were opened.
func (v *Verify) exported(ctx context.Context, chain *proof.Chain, newest proof.Seal, verdict *Verdict) error {
	numbers := map[int64]bool{}
	err := v.heads.Each(ctx, func(head proof.Seal) error {
		if head.No > newest.No {
			return nil
		}
		if !numbers[head.No] {
			numbers[head.No] = true
			verdict.Counts.Heads++
		}
		chain.Head(&head, v.signer)
		return nil
	})
	if err != nil {
		return fmt.Errorf("exported heads: %w", err)
	}
	chain.Exported(numbers)
	return nil
}
