package proof

import (
	"fmt"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
)

// Code names one sort of finding for programs. It never changes once published.
type Code string

// What is wrong with an entry by itself.
const (
	EntryOrder       Code = "entry_order"        // its number is not above the one before
	EntryEmpty       Code = "entry_empty"        // no posting
	EntryType        Code = "entry_type"         // unknown type
	PostingAmount    Code = "posting_amount"     // not above zero
	PostingRoute     Code = "posting_route"      // not from and to the pots that the type allows
	PostingFund      Code = "posting_fund"       // points of another fund than the posting's
	PostingForm      Code = "posting_form"       // a lot missing, a lot outside a wallet, an owner too many or too few
	PostingOriginal  Code = "posting_original"   // new points that have hops, or the wrong paid mark
	PostingPassed    Code = "posting_passed"     // passed points that changed kind, fund, paid mark, or not by one hop
	PostingExpiry    Code = "posting_expiry"     // passed points with another expiry, neither kept nor cleared
	PostingLapse     Code = "posting_lapse"      // points used after, or lapsed on or before, their last day
	PostingReturned  Code = "posting_returned"   // cashback that is not new points out of what the payment has just brought
	LotUnknown       Code = "lot_unknown"        // a lot that never received points
	LotHolder        Code = "lot_holder"         // a lot in another wallet
	LotKey           Code = "lot_key"            // other points than the lot is made of
	LotOverdrawn     Code = "lot_overdrawn"      // more taken than was there
	PotOverdrawn     Code = "pot_overdrawn"      // more taken than was there
	WalletOverdrawn  Code = "wallet_overdrawn"   // more taken than was there
	PostingNoEntry   Code = "posting_no_entry"   // a posting of no entry
	PostingMoment    Code = "posting_moment"     // a posting with another moment than its entry's
	KeyWithoutResult Code = "key_without_result" // an idempotency key that led to what is gone
)

// What is wrong with corrections.
const (
	CorrectionOriginal Code = "correction_original" // undoes nothing, or what is not there or cannot be undone
	CorrectionTwice    Code = "correction_twice"    // an entry undone again after all of it was
	CorrectionTooMuch  Code = "correction_too_much" // more given back than was given
	CorrectionStrange  Code = "correction_strange"  // moves, or makes points, as its original did not
	CorrectionDiffers  Code = "correction_differs"  // says that it undid another amount, or of another entry
	CorrectionMissing  Code = "correction_missing"  // does not say how much it undid
	CorrectionExtra    Code = "correction_extra"    // an amount undone by no correction
)

// What stands and differs from the journal.
const (
	PotDiffers     Code = "pot_differs"
	PotMissing     Code = "pot_missing"
	WalletDiffers  Code = "wallet_differs"
	WalletMissing  Code = "wallet_missing"
	LotDiffers     Code = "lot_differs"
	LotMissing     Code = "lot_missing"
	LotExtra       Code = "lot_extra"
	LineDiffers    Code = "line_differs"
	LineMissing    Code = "line_missing"
	LineExtra      Code = "line_extra"
	FundUnbalanced Code = "fund_unbalanced" // bank + tills + receivables is not unissued + reserved + wallets + claimed
)

// What is said to have been earned, and was not.
const (
	AwardDiffers   Code = "award_differs"    // awards of a person that are not the cashback the journal has
	AwardNoPayment Code = "award_no_payment" // an award of no payment, or taken back by no correction of it
	PromiseDiffers Code = "promise_differs"  // a campaign, or a person's share, that does not count its awards
)

// What the seals contradict.
const (
	SealOrder       Code = "seal_order"        // numbers or ranges that do not follow one another
	SealHash        Code = "seal_hash"         // the block's entries are not those that were sealed
	SealSignature   Code = "seal_signature"    // not signed by the platform
	SealBypassed    Code = "seal_bypassed"     // an entry that came between sealed blocks after they were sealed
	HeadMissing     Code = "head_missing"      // a seal older than the newest exported head was not exported
	HeadDiffers     Code = "head_differs"      // an exported head says something else than the seal
	HeadSignature   Code = "head_signature"    // an exported head that the platform did not sign
	SealMissing     Code = "seal_missing"      // an exported head whose seal is gone
	JournalCutShort Code = "journal_cut_short" // the journal ends before its last sealed entry
)

// Finding is one thing that is wrong with the books.
type Finding struct {
	Code    Code
	Subject string // what it is about, for example "lot 0192…"
	Text    string // the whole sentence, for operators
}

// findingsMax bounds how many findings are kept; all are counted.
const findingsMax = 1000

// Findings collects what is wrong.
type Findings struct {
	kept  []Finding
	total int
}

// Add notes a finding whose text is the subject followed by the formatted rest.
func (f *Findings) Add(code Code, subject, format string, args ...any) {
	f.total++
	if len(f.kept) < findingsMax {
		f.kept = append(f.kept, Finding{Code: code, Subject: subject, Text: subject + " " + fmt.Sprintf(format, args...)})
	}
}

// Join takes over the findings of others.
func (f *Findings) Join(others *Findings) {
	f.total += others.total
	f.kept = append(f.kept, others.kept[:min(len(others.kept), findingsMax-len(f.kept))]...)
}

// Kept gives the first findings.
func (f *Findings) Kept() []Finding { return f.kept }

// Total tells how many there were.
func (f *Findings) Total() int { return f.total }

func (p *Proof) entryFinding(code Code, e *ledger.Entry, format string, args ...any) {
	p.findings.Add(code, fmt.Sprintf("entry %s (no %d)", e.ID, e.Seq), format, args...)
}

func (p *Proof) postingFinding(code Code, e *ledger.Entry, n int, format string, args ...any) {
	p.findings.Add(code, fmt.Sprintf("entry %s (no %d), posting %d,", e.ID, e.Seq, n), format, args...)
}

// describe gives a key as findings show it.
func describe(k lot.Key) string {
	paid := "free"
	if k.Paid {
		paid = "paid"
	}
	return fmt.Sprintf("%s/%s/%s/%d hops/%s", k.Kind, k.Fund, k.Expires, k.Hops, paid)
}

// describePot gives a pot as findings show it.
func describePot(pot ledger.Pot) string {
	if pot.Owner == [16]byte{} {
		return fmt.Sprintf("pot %s:%s", pot.Kind, pot.Fund)
	}
	return fmt.Sprintf("pot %s:%s:%s", pot.Kind, pot.Fund, ident.ID[ledger.Pot](pot.Owner))
}
