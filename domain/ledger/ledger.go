// Package ledger keeps the points: wallets, pots, the journal of entries, and the acts that move points.
//
// Everything is in pots. The money of a fund is always in exactly one pot: unissued, reserved for a batch, in a
// wallet's lots, or claimed by a merchant. Where the cash is stands on the other side: in the bank or in a
// merchant's till. An entry is made of postings; each posting moves an amount from one pot to another of the
// same fund, so every entry sums to zero by construction and, for each fund and at each moment,
//
//	bank + tills + receivables = unissued + reserved + in wallets + claimed          and no pot is ever below zero
//
// A receivable is what somebody owes because a correction could not take back points that were spent already; no act
// but a correction by an administrator with that right makes one. The pots of the left side carry their balance with
// the opposite sign: a deposit takes from "bank" and gives to "unissued".
//
// A Book is the part of the ledger that one unit of work has locked. Its methods are the acts (pay, charge,
// grant, lapse …): each decides first and changes the book only when it is allowed, and leaves behind entries,
// lines of history and changed lots that Ledger.Append writes in the same transaction. Nothing else makes
// postings. Entries are never changed; what was wrong is put right by further entries (clause 4.6.1).
package ledger

import (
	"context"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// EntryID identifies an entry.
type EntryID = ident.ID[Entry]

// WalletID identifies a wallet.
type WalletID = access.WalletID

// BatchID identifies the work, such as a bulk grant, that points are reserved for.
type BatchID = ident.ID[batchKind]

type batchKind struct{}

// Ledger opens and closes the books inside a unit of work.
type Ledger interface {
	// Open locks the wallets, wanted by identifier or by one of their codes, and then the pots, each in the order
	// of its key, so that two units never wait for each other in a circle. The wallet's lock is also the lock of
	// its lots, of its codes and of the idempotency keys of whoever acts on it; all of those are read after it
	// is held, the keys behind the pots' locks as well, since administrators have no wallet. Campaigns come last:
	// those in force that want's payments could earn from, and those of want's past. A campaign with much of its budget
	// left need not be locked; then it is for Append to fail, and for the unit to be tried again, where it turns out to
	// have ended or to be used up. What does not exist is absent from the book; a pot that was never used is there with
	// nothing in it.
	Open(ctx context.Context, now time.Time, want Want) (*Book, error)
	// Peek reads the same without locking anything. A peeked book serves previews and must not be appended.
	Peek(ctx context.Context, now time.Time, want Want) (*Book, error)
	// Append writes all that the acts left in the book. A book is appended once.
	Append(ctx context.Context, book *Book) error
	// Adjusted sums what adjustments have given to the wallet on a day and what they have taken, both as amounts above
	// zero. To whoever has opened a book with the wallet, the sum stays as it is until the unit ends.
	Adjusted(ctx context.Context, wallet WalletID, day calendar.Day) (money.Points, error)
}

// Want names what a unit of work needs of the ledger.
type Want struct {
	Wallets  []WalletID
	Codes    []user.Token
	Pots     []Pot
	Claims   []idem.Claim
	Payments []Parties // that may earn cashback; their wallets and codes are to be wanted as well
	Past     []EntryID // entries that are to be corrected
}

// Parties are who pays and who is paid.
type Parties struct {
	Payer Party
	Payee Party
}

// Wallets opens wallets inside a unit of work. Each user of the roles resident and merchant has one.
type Wallets interface {
	// Open makes an empty wallet. The category is a merchant's.
	Open(ctx context.Context, wallet WalletID, owner user.ID, role user.Role, category string, at time.Time) error
	// Close stops a wallet from receiving points, and Reopen lets it again (clause 3.1.4).
	Close(ctx context.Context, wallet WalletID) error
	Reopen(ctx context.Context, wallet WalletID) error
}

// Wallet is one owner's points.
type Wallet struct {
	ID          WalletID
	Owner       user.ID
	Role        user.Role // Resident or Merchant
	Category    string    // of a merchant: what kind of shop it is, for campaigns
	Closed      bool      // receives nothing any more
	Balance     money.Points
	Lines       int64        // how many lines its history has
	SentMonth   int32        // the month (year*12 + month-1) that Sent counts
	Sent        money.Points // sent to residents in that month (§10 of the design: limits of transfers)
	Lots        []lot.Lot
	lotStates   []lotState
	walletDirty bool
}

type lotState uint8

const (
	lotAsRead lotState = iota
	lotChanged
	lotFresh
)

// Usable sums the lots that have not lapsed on day.
func (w *Wallet) Usable(day calendar.Day) money.Points {
	var sum money.Points
	for _, l := range w.Lots {
		if l.LiveOn(day) {
			sum += l.Remaining
		}
	}
	return sum
}

// Line is one line of a wallet's history: what one entry did to it (clauses 4.3.3 and 4.3.4).
type Line struct {
	Wallet      WalletID
	No          int64 // 1, 2, 3 … within the wallet, without gaps
	Entry       EntryID
	Type        EntryType
	At          time.Time
	Delta       money.Points // positive: earned; negative: used
	Cashback    money.Points // what the entry returned at once, and Delta has counted already
	Balance     money.Points // after the entry
	Counterpart Account
	Memo        string
}
