package proof

import (
	"context"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// Books opens readings of everything that is kept.
type Books interface {
	// Read opens a reading of the books as they stand at one moment, whatever is written meanwhile.
	Read(ctx context.Context) (Reading, error)
}

// Reading is the books at one moment. Journal may run beside one other method; the others run one at a time.
type Reading interface {
	// Journal calls yield with every entry in the order of the journal, many at a time. The entries are good until
	// yield returns. It ends early with the error that yield returns.
	Journal(ctx context.Context, yield func([]ledger.Entry) error) error
	// Lines calls yield with every line of every wallet's history, in no order. The line is good until yield returns.
	Lines(ctx context.Context, yield func(*ledger.Line)) error
	// History gives the lines of one wallet by number, at most limit.
	History(ctx context.Context, wallet ledger.WalletID, limit int) ([]ledger.Line, error)
	Wallets(ctx context.Context, yield func(id ledger.WalletID, balance money.Points, lines int64)) error
	// Lots calls yield with every lot, used up or not. The lot is good until yield returns.
	Lots(ctx context.Context, yield func(holder ledger.WalletID, l *lot.Lot)) error
	Pots(ctx context.Context, yield func(pot ledger.Pot, balance money.Points)) error
	// Corrected calls yield with every entry that another one says it undoes. The entry is good until yield returns.
	Corrected(ctx context.Context, yield func(*ledger.Entry)) error
	// Undoings calls yield with what is kept of corrections beside the journal: how much of which entry each undid.
	Undoings(ctx context.Context, yield func(ledger.Undoing)) error
	// Returned calls yield with what payments are said to have returned to each wallet at once, corrections apart.
	Returned(ctx context.Context, yield func(wallet ledger.WalletID, amount money.Points)) error
	// Promises names awards of no payment or correction, and campaigns and shares that do not count what the awards sum to.
	Promises(ctx context.Context, found *Findings) error
	// Seals gives all seals by number.
	Seals(ctx context.Context) ([]Seal, error)
	// Keys names idempotency keys whose entry, or whatever else they led to, is gone, and tells how many keys there are.
	Keys(ctx context.Context, found *Findings) (keys int64, err error)
	// Loose names postings without an entry and postings with another moment than their entry's. It is called once
	// Journal has ended, since that has seen all the others.
	Loose(ctx context.Context, found *Findings) error
	// Close ends the reading.
	Close()
}
