package prooftest

import (
	"cmp"
	"context"
	"slices"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
)

// Paper is proof.Books and proof.Seals over a town, which may be changed between readings. What others do at the
// same time does not exist on paper: everything written is settled.
type Paper struct {
	*Town
	Sealed []proof.Seal
}

var (
	_ proof.Books   = (*Paper)(nil)
	_ proof.Reading = (*Paper)(nil)
	_ proof.Seals   = (*Paper)(nil)
)

// Read is proof.Books'.
func (p *Paper) Read(context.Context) (proof.Reading, error) { return p, nil }

// Journal is proof.Reading's.
func (p *Paper) Journal(_ context.Context, yield func([]ledger.Entry) error) error {
	return yield(p.Town.Entries)
}

// Lines is proof.Reading's.
func (p *Paper) Lines(_ context.Context, yield func(*ledger.Line)) error {
	for i := range p.Town.Lines {
		yield(&p.Town.Lines[i])
	}
	return nil
}

// History is proof.Reading's.
func (p *Paper) History(_ context.Context, wallet ledger.WalletID, limit int) ([]ledger.Line, error) {
	lines := slices.DeleteFunc(slices.Clone(p.Town.Lines), func(l ledger.Line) bool { return l.Wallet != wallet })
	slices.SortFunc(lines, func(a, b ledger.Line) int { return cmp.Compare(a.No, b.No) })
	return lines[:min(limit, len(lines))], nil
}

// Wallets is proof.Reading's.
func (p *Paper) Wallets(_ context.Context, yield func(ledger.WalletID, money.Points, int64)) error {
	for _, w := range p.Town.Wallets {
		yield(w.ID, w.Balance, w.Lines)
	}
	return nil
}

// Lots is proof.Reading's.
func (p *Paper) Lots(_ context.Context, yield func(ledger.WalletID, *lot.Lot)) error {
	for _, w := range p.Town.Wallets {
		for i := range w.Lots {
			yield(w.ID, &w.Lots[i])
		}
	}
	return nil
}

// Pots is proof.Reading's.
func (p *Paper) Pots(_ context.Context, yield func(ledger.Pot, money.Points)) error {
	for pot, balance := range p.Town.Pots {
		yield(pot, balance)
	}
	return nil
}

// Corrected is proof.Reading's.
func (p *Paper) Corrected(_ context.Context, yield func(*ledger.Entry)) error {
	p.Town.Corrected(yield)
	return nil
}

// Undoings is proof.Reading's.
func (p *Paper) Undoings(_ context.Context, yield func(ledger.Undoing)) error {
	for _, u := range p.Town.Undoings {
		yield(u)
	}
	return nil
}

// Returned is proof.Reading's.
func (p *Paper) Returned(_ context.Context, yield func(ledger.WalletID, money.Points)) error {
	p.Town.Returned(yield)
	return nil
}

// Promises is proof.Reading's. On paper awards are counted as they are written.
func (p *Paper) Promises(context.Context, *proof.Findings) error { return nil }

// Seals is proof.Reading's.
func (p *Paper) Seals(context.Context) ([]proof.Seal, error) { return p.Sealed, nil }

// Keys is proof.Reading's. There are no keys on paper.
func (p *Paper) Keys(context.Context, *proof.Findings) (int64, error) { return 0, nil }

// Loose is proof.Reading's. On paper every posting is in its entry.
func (p *Paper) Loose(context.Context, *proof.Findings) error { return nil }

// Close is proof.Reading's.
func (p *Paper) Close() {}

// Last is proof.Seals'.
func (p *Paper) Last(context.Context) (proof.Seal, bool, error) {
	if len(p.Sealed) == 0 {
		return proof.Seal{}, false, nil
	}
	return p.Sealed[len(p.Sealed)-1], true, nil
}

// After is proof.Seals'.
func (p *Paper) After(_ context.Context, no int64, limit int) ([]proof.Seal, error) {
	from := min(no, int64(len(p.Sealed)))
	return p.Sealed[from:min(from+int64(limit), int64(len(p.Sealed)))], nil
}

// Settled is proof.Seals'.
func (p *Paper) Settled(context.Context) (int64, error) {
	if len(p.Town.Entries) == 0 {
		return 0, nil
	}
	return p.Town.Entries[len(p.Town.Entries)-1].Seq, nil
}

// Entries is proof.Seals'.
func (p *Paper) Entries(_ context.Context, after, until int64, limit int) ([]ledger.Entry, error) {
	found := slices.DeleteFunc(slices.Clone(p.Town.Entries), func(e ledger.Entry) bool { return e.Seq <= after || e.Seq > until })
	return found[:min(limit, len(found))], nil
}

// Append is proof.Seals'.
func (p *Paper) Append(_ context.Context, seal proof.Seal) error {
	if seal.No <= int64(len(p.Sealed)) {
		return proof.ErrSealTaken
	}
	p.Sealed = append(p.Sealed, seal)
	return nil
}
