package settlement

import (
	"slices"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// PayoutState says what became of a payout.
type PayoutState uint8

// The states of a payout.
const (
	PayoutExported PayoutState = iota + 1
	PayoutPaid
	PayoutReturned
	PayoutVoided // its file was exported again
)

var payoutStateNames = [...]string{PayoutExported: "exported", PayoutPaid: "paid", PayoutReturned: "returned", PayoutVoided: "voided"}

// String gives the state's name in the API and the database.
func (s PayoutState) String() string {
	if s < PayoutExported || s > PayoutVoided {
		return "unknown"
	}
	return payoutStateNames[s]
}

// ParsePayoutState reads a state's name; ok is false for an unknown one.
func ParsePayoutState(name string) (state PayoutState, ok bool) {
	i := slices.Index(payoutStateNames[:], name)
	return PayoutState(max(i, 0)), i >= int(PayoutExported)
}

// Payout is one attempt to pay a claim by bank transfer.
type Payout struct {
	ID          PayoutID
	Claim       ClaimID
	Merchant    ledger.WalletID
	Attempt     int // 1 for the first; the account was corrected before each further one
	File        FileID
	Record      int       // its place among the file's transfers, from 1
	Account     AccountID // as it was then
	Amount      money.Points
	Fee         money.Yen
	Bearer      Bearer
	Transfer    money.Yen // what the bank is asked to pay: the amount less a fee that the merchant bears
	New         bank.NewCode
	Reference   bank.Kana
	State       PayoutState
	Entry       ledger.EntryID // that booked the payment
	ReturnEntry ledger.EntryID // that booked its return
	PaidOn      calendar.Day
	ReturnedOn  calendar.Day
	Reason      string // of the return
	Version     int64
}

// Pay notes that the bank has paid.
func (p *Payout) Pay(entry ledger.EntryID, on calendar.Day) error {
	if p.State != PayoutExported {
		return ErrPayoutState
	}
	p.State, p.Entry, p.PaidOn = PayoutPaid, entry, on
	return nil
}

// Return notes that the transfer came back, before it was noted as paid or after; then entry has booked the return.
func (p *Payout) Return(entry ledger.EntryID, on calendar.Day, reason string) error {
	if p.State != PayoutExported && p.State != PayoutPaid {
		return ErrPayoutState
	}
	p.State, p.ReturnEntry, p.ReturnedOn, p.Reason = PayoutReturned, entry, on, reason
	return nil
}

// Void takes the payout back together with its file.
func (p *Payout) Void() error {
	if p.State != PayoutExported {
		return ErrPayoutState
	}
	p.State = PayoutVoided
	return nil
}

// The refusals about payouts.
var (
	ErrPayoutUnknown = fault.Define(fault.NotFound, "payout_unknown", "その振込は見つかりません。")
	ErrPayoutDay     = fault.Define(fault.Invalid, "payout_day_invalid",
		"振込の日は振込指定日から今日まで(振込指定日が先ならその日)、返却の日は振込の日(未記録なら振込データの作成日)から今日までの日を入力してください。")
	ErrPayoutReason = fault.Define(fault.Invalid, "payout_reason_invalid", "返却の理由は1文字から200文字で入力してください。")
	ErrPayoutState  = fault.Define(fault.Conflict, "payout_state", "この振込は今の状態ではその操作ができません。")
	ErrPayoutTooFew = fault.Define(fault.Refused, "payout_below_fee", "手数料を差し引くと振込額が1円に満たないため、振り込めません。")
)
