// Package report knows what the city shows of its books, and what it keeps as it was counted (+9, +11, clause 4.1.1).
//
// Three reports are made of sums over the journal, each up to a Mark: a moment and, where it must be exact for ever, a
// number of the journal.
//
//   - Span: what a fund had at the beginning, what moved, and what it has at the end; of one day it is the daily
//     statement of the funds, which everybody may read.
//   - Unused: points that people hold at the end of a base day (31 March, 30 September), bought, premium and free ones
//     apart (資金決済法).
//   - FiscalYear: how points of each fund and kind went through a fiscal year and its months, from April to March.
//
// A lapsed lot is swept in the first minutes of the day after its last, and a sweep may be late; reports count points
// as lapsed with the end of their last day all the same, so what lapses on 31 March lapses in the year that ends then.
//
// A report can be frozen: its content is kept with the number up to which it was counted and a hash, and never changed.
// Counting it again from the journal must give the same.
package report

import (
	"context"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Act is a sort of entries as reports name them.
type Act uint8

// The acts, in the order of reports.
const (
	Deposit    Act = iota + 1
	Withdrawal     // what leaves the bank but to merchants
	Remittance
	Reserve // less what was released
	Grant
	Charge
	Payment  // without what it returned
	Cashback // what payments returned at once
	Transfer
	Expiry
	Claim // less what was withdrawn or refused
	Payout
	Offset
	Correction // reversals and partial ones
	Adjustment
	Recovery
)

// Acts lists all of them, in their order.
func Acts() []Act {
	acts := make([]Act, 0, Recovery)
	for a := Deposit; a <= Recovery; a++ {
		acts = append(acts, a)
	}
	return acts
}

var actNames = [...]string{
	Deposit: "deposit", Withdrawal: "withdrawal", Remittance: "remittance", Reserve: "reserve", Grant: "grant", Charge: "charge",
	Payment: "payment", Cashback: "cashback", Transfer: "transfer", Expiry: "expiry", Claim: "claim", Payout: "payout",
	Offset: "offset", Correction: "correction", Adjustment: "adjustment", Recovery: "recovery",
}

// String gives the act's name in the API.
func (a Act) String() string {
	if a < Deposit || a > Recovery {
		return "unknown"
	}
	return actNames[a]
}

var actOf = map[ledger.EntryType]Act{
	ledger.Deposit: Deposit, ledger.Withdrawal: Withdrawal, ledger.Remittance: Remittance, ledger.Reserve: Reserve,
	ledger.Release: Reserve, ledger.Grant: Grant, ledger.Charge: Charge, ledger.Payment: Payment, ledger.Transfer: Transfer,
	ledger.Expiry: Expiry, ledger.Claim: Claim, ledger.ClaimReturn: Claim, ledger.Payout: Payout, ledger.PayoutReturn: Payout,
	ledger.Offset: Offset, ledger.Reversal: Correction, ledger.Partial: Correction, ledger.Adjustment: Adjustment,
	ledger.Recovery: Recovery,
}

// ActOf gives the act that entries of a type belong to; returned tells of the postings by which a payment returned
// cashback.
func ActOf(t ledger.EntryType, returned bool) Act {
	if t == ledger.Payment && returned {
		return Cashback
	}
	return actOf[t]
}

// Mark is how far a report counts: entries of a moment before the given one whose number is not above Seq. A zero Seq
// does not bound.
type Mark struct {
	Before time.Time
	Seq    int64
}

// Settling is how long after a moment entries of before it may still be written: longer than any unit of work takes
// from the reading of its clock to its commit.
const Settling = 10 * time.Minute

// Cuts divide a Movement: Moments those of booking, Days those of last days. Both ascend. A value's place is how many
// of the cuts are not behind it: 0 before the first one.
type Cuts struct {
	Moments []time.Time
	Days    []calendar.Day
}

// Movement is what one act did to points of one fund and kind in wallets of one role: positive where they came in.
type Movement struct {
	Fund    lot.FundCode
	Kind    lot.KindCode
	Paid    bool
	Holder  user.Role
	Act     Act
	Booked  int // its place among the moments
	Expires int // the place of the points' last day among the days
	Amount  money.Points
}

// Flow is what entries of one type moved between two kinds of pots of one fund.
type Flow struct {
	Fund        lot.FundCode
	Earlier     bool // before the span; Type is zero then
	Type        ledger.EntryType
	Source      ledger.PotKind
	Destination ledger.PotKind
	Amount      money.Points
}

// Journal sums the journal.
type Journal interface {
	// Movements sums what came into wallets and left them.
	Movements(ctx context.Context, cuts Cuts, until Mark) ([]Movement, error)
	// Flows sums what moved between pots, apart for what was before from. What moved between wallets is left out.
	Flows(ctx context.Context, from time.Time, until Mark) ([]Flow, error)
	// Late counts the entries of a moment before the mark's that its number does not reach.
	Late(ctx context.Context, until Mark) (int64, error)
}

// Difference is one figure that is not what it was, or should be.
type Difference struct {
	What string
	Was  int64
	Is   int64
}
