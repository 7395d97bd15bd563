package settlement

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// ClaimState says how far a claim is.
type ClaimState uint8

// The states of a claim.
const (
	Drafted    ClaimState = iota + 1 // prepared at the closing; nothing has moved
	Claimed                          // the points are in the claimed pot
	Confirmed                        // an administrator has looked at it
	Approved                         // another administrator has, too: it can be paid
	Exported                         // on a bank file
	Paid                             // the bank has paid, or a till was set off against all of it
	Returned                         // the transfer came back
	Corrected                        // the account was put right: it can be paid again
	Withdrawn                        // by the merchant; the points went back
	Refused                          // by an administrator; the points went back
	Superseded                       // a draft that was not claimed before the next closing
)

var claimStateNames = [...]string{
	Drafted: "draft", Claimed: "claimed", Confirmed: "confirmed", Approved: "approved", Exported: "exported", Paid: "paid",
	Returned: "returned", Corrected: "corrected", Withdrawn: "withdrawn", Refused: "refused", Superseded: "superseded",
}

// String gives the state's name in the API and the database.
func (s ClaimState) String() string {
	if s < Drafted || s > Superseded {
		return "unknown"
	}
	return claimStateNames[s]
}

// ParseClaimState reads a state's name; ok is false for an unknown one.
func ParseClaimState(name string) (state ClaimState, ok bool) {
	i := slices.Index(claimStateNames[:], name)
	return ClaimState(max(i, 0)), i >= int(Drafted)
}

// next says which states may follow each.
var next = map[ClaimState][]ClaimState{
	Drafted:   {Claimed, Superseded},
	Claimed:   {Confirmed, Withdrawn, Refused},
	Confirmed: {Approved, Refused},
	Approved:  {Exported, Paid}, // paid at once where a till was set off against all of it
	Exported:  {Paid, Returned, Approved, Corrected},
	Paid:      {Returned},
	Returned:  {Corrected},
	Corrected: {Exported},
}

// Claim is a merchant's demand to be paid for points (clause 4.4.1).
type Claim struct {
	ID          ClaimID
	No          int64 // 1, 2, 3 …, for people and for the reference of its transfers; given by the store
	Period      PeriodID
	Merchant    ledger.WalletID
	Amount      money.Points
	State       ClaimState
	Entry       ledger.EntryID  // that moved the points to the claimed pot
	Parts       []ledger.Backed // of the amount, by fund
	Offset      []ledger.Backed // of the parts, what a till was set off against
	ClaimedBy   user.ID
	ClaimedAt   time.Time
	ConfirmedBy user.ID
	ConfirmedAt time.Time
	ApprovedBy  user.ID
	ApprovedAt  time.Time
	EndedAt     time.Time
	Reason      string // why it was refused or withdrawn
	CreatedAt   time.Time
	Version     int64
}

// The refusals about claims.
var (
	ErrClaimUnknown    = fault.Define(fault.NotFound, "claim_unknown", "その換金請求は見つかりません。")
	ErrClaimState      = fault.Define(fault.Conflict, "claim_state", "この換金請求は今の状態ではその操作ができません。")
	ErrClaimChanged    = fault.Define(fault.Conflict, "claim_changed", "ほかの人が先に処理しました。読み直してください。")
	ErrClaimOverDue    = fault.Define(fault.Refused, "claim_over_due", "精算明細で請求できる額を超えています。")
	ErrClaimSamePerson = fault.Define(fault.Refused, "claim_same_person", "確認した人とは別の人が承認してください。")
	ErrClaimNoAccount  = fault.Define(fault.Refused, "claim_without_account", "振込先の口座が登録されていません。")
	ErrClaimNothingDue = fault.Define(fault.Refused, "claim_nothing_due", "請求できるポイントがありません。")
)

// Become moves the claim on. It returns ErrClaimState where its state does not allow it.
func (c *Claim) Become(state ClaimState) error {
	if !slices.Contains(next[c.State], state) {
		return ErrClaimState
	}
	c.State = state
	return nil
}

// Confirm is one administrator's look at the claim.
func (c *Claim) Confirm(by user.ID, at time.Time) error {
	if err := c.Become(Confirmed); err != nil {
		return err
	}
	c.ConfirmedBy, c.ConfirmedAt = by, at
	return nil
}

// Approve is another administrator's. It returns ErrClaimSamePerson for the one who confirmed.
func (c *Claim) Approve(by user.ID, at time.Time) error {
	if c.State == Confirmed && c.ConfirmedBy == by {
		return ErrClaimSamePerson
	}
	if err := c.Become(Approved); err != nil {
		return err
	}
	c.ApprovedBy, c.ApprovedAt = by, at
	return nil
}

// End withdraws or refuses the claim, with the reason for people.
func (c *Claim) End(state ClaimState, reason string, at time.Time) error {
	if err := c.Become(state); err != nil {
		return err
	}
	c.EndedAt, c.Reason = at, reason
	return nil
}

// Pay ends the claim as paid.
func (c *Claim) Pay(at time.Time) error {
	if err := c.Become(Paid); err != nil {
		return err
	}
	c.EndedAt = at
	return nil
}

// Return opens the claim again: its transfer came back.
func (c *Claim) Return() error {
	if err := c.Become(Returned); err != nil {
		return err
	}
	c.EndedAt = time.Time{}
	return nil
}

// NoText is the claim's number as people read it, with as many zeros as keep a list in order.
func (c *Claim) NoText() string { return fmt.Sprintf("S%06d", c.No) }

// Reference gives what names the claim's transfers at the bank: LSP202611 S000123 for a claim of a period that ends in
// November 2026, or, where the bank takes no EDI field, a number. It is the same for every attempt.
func (c *Claim) Reference(until calendar.Day, p bank.Profile) bank.Kana {
	month := strings.ReplaceAll(until.String()[:len("2026-11")], "-", "")
	if !p.EDI {
		return bank.Kana(fmt.Sprintf("%s%06d", month, c.No))
	}
	return bank.Kana("LSP" + month + " " + c.NoText())
}

// Payable sums what is to be transferred: the amount less what tills were set off against.
func (c *Claim) Payable() money.Points { return c.Amount - total(c.Offset) }

// Rest gives the parts of the amount that are to be transferred.
func (c *Claim) Rest() []ledger.Backed {
	rest := slices.Clone(c.Parts)
	for _, off := range c.Offset {
		for i := range rest {
			if rest[i].Fund == off.Fund {
				rest[i].Amount -= off.Amount
			}
		}
	}
	return slices.DeleteFunc(rest, func(b ledger.Backed) bool { return b.Amount == 0 })
}

func total(parts []ledger.Backed) money.Points {
	var sum money.Points
	for _, p := range parts {
		sum += p.Amount
	}
	return sum
}
