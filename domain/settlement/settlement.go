// Package settlement turns points that merchants received into bank transfers (clauses 4.4.1–4.4.3 and 8.3エ).
//
// A Period is closed by a number of the journal, never by the wall clock alone: every entry up to it belongs to the
// period or an earlier one, every later entry to a later period, whatever its moment. Closing makes one Statement per
// merchant: what was received, returned as cashback, spent, corrected and lapsed, what was carried over, and what is
// due. Statements are never changed and can be recomputed from the journal.
//
// What is due can be claimed. A Claim goes through states in which different people act:
//
//	draft → claimed → confirmed → approved by a second person → exported → paid
//	                                                               │         │
//	             withdrawn, refused                                └─────────┴→ returned → corrected → exported …
//
// Points of a claim are in the claimed pot from "claimed" on, and leave it when the bank has paid, or go back to the
// merchant as the lots they were. Each attempt to pay is a Payout: an amount to an account on one bank file. A payout
// that came back is never changed; the corrected account gets a further one.
package settlement

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// The identifiers of this package.
type (
	PeriodID  = ident.ID[Period]
	ClaimID   = ident.ID[Claim]
	PayoutID  = ident.ID[Payout]
	FileID    = ident.ID[File]
	AccountID = ident.ID[MerchantAccount]
)

// Statement is one merchant's account of one period (clause 4.4.3). Due = CarriedOver + Received − Returned + Granted −
// Spent + Corrected − Lapsed − Claimed − Owed; it equals what the wallet held less what was owed at the closing number.
// Every line of the wallet counts in exactly one of these figures, a payment's in Received and Returned.
type Statement struct {
	Period      PeriodID
	Merchant    ledger.WalletID
	FirstLine   int64        // lines of the wallet from this number
	LastLine    int64        // to this one belong to the period; zero for none
	Payments    int64        // received
	CarriedOver money.Points // due at the end of the period before; negative where more was returned than received
	Received    money.Points // by payments
	Returned    money.Points // of those, as cashback at once
	Granted     money.Points // by grants, which merchants rarely get, and whatever else has no figure of its own
	Spent       money.Points // paid to other merchants
	Corrected   money.Points // by reversals, partial corrections, adjustments and recoveries; negative where taken away
	Lapsed      money.Points
	Claimed     money.Points // in the period, less what came back from withdrawn claims
	Owed        money.Points // booked as receivable in the period, less what was paid of it, in cash or out of the wallet
	Due         money.Points
	Hash        [32]byte // of Form
}

// Net is what the period itself brought: received − returned as cashback, with what was granted, less what was spent
// and lapsed, corrected.
func (s Statement) Net() money.Points {
	return s.Received - s.Returned + s.Granted - s.Spent + s.Corrected - s.Lapsed
}

// Sum gives what must be due.
func (s Statement) Sum() money.Points { return s.CarriedOver + s.Net() - s.Claimed - s.Owed }

// Form gives the statement's figures in the form that is hashed.
func (s Statement) Form() string {
	return fmt.Sprintf("statement/1 %s %s %d %d %d %d %d %d %d %d %d %d %d %d %d", s.Period, s.Merchant, s.FirstLine, s.LastLine,
		s.Payments, s.CarriedOver, s.Received, s.Returned, s.Granted, s.Spent, s.Corrected, s.Lapsed, s.Claimed, s.Owed, s.Due)
}

// Sealed gives the statement with its hash.
func (s Statement) Sealed() Statement {
	s.Hash = sha256.Sum256([]byte(s.Form()))
	return s
}

// HashText gives the hash as people compare it.
func (s Statement) HashText() string { return hex.EncodeToString(s.Hash[:]) }

// ErrStatementUnknown says that a merchant has no statement of a period.
var ErrStatementUnknown = fault.Define(fault.NotFound, "statement_unknown", "その精算明細は見つかりません。")
