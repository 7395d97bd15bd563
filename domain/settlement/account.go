package settlement

import (
	"slices"
	"time"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
)

// AccountState says whether an account may be paid to.
type AccountState uint8

// The states of a merchant's account.
const (
	Proposed AccountState = iota + 1 // entered, and not looked at by a second person
	Active
	Replaced
	Declined
)

var accountStateNames = [...]string{Proposed: "proposed", Active: "active", Replaced: "replaced", Declined: "declined"}

// String gives the state's name in the API and the database.
func (s AccountState) String() string {
	if s < Proposed || s > Declined {
		return "unknown"
	}
	return accountStateNames[s]
}

// ParseAccountState reads a state's name; ok is false for an unknown one.
func ParseAccountState(name string) (state AccountState, ok bool) {
	i := slices.Index(accountStateNames[:], name)
	return AccountState(max(i, 0)), i >= int(Proposed)
}

// MerchantAccount is a bank account of a merchant. The account itself is sealed; what people see is masked. It is
// never changed: another account is another row.
type MerchantAccount struct {
	ID         AccountID
	Merchant   ledger.WalletID
	Sealed     []byte // bank.Account, by the vault
	Bank       bank.Code
	Branch     bank.BranchCode
	Masked     string
	State      AccountState
	ProposedBy user.ID
	ProposedAt time.Time
	DecidedBy  user.ID
	DecidedAt  time.Time
	Reason     string // why it was declined
	Version    int64
}

// Activate lets the account be paid to. Somebody other than who entered it has to look at it.
func (a *MerchantAccount) Activate(by user.ID, at time.Time) error {
	return a.decide(Active, by, at, "")
}

// Decline turns the account down.
func (a *MerchantAccount) Decline(by user.ID, at time.Time, reason string) error {
	return a.decide(Declined, by, at, reason)
}

func (a *MerchantAccount) decide(state AccountState, by user.ID, at time.Time, reason string) error {
	switch {
	case a.State != Proposed:
		return ErrAccountState
	case a.ProposedBy == by:
		return ErrAccountSamePerson
	}
	a.State, a.DecidedBy, a.DecidedAt, a.Reason = state, by, at, reason
	return nil
}

// The refusals about accounts.
var (
	ErrAccountUnknown    = fault.Define(fault.NotFound, "bank_account_unknown", "その口座は見つかりません。")
	ErrAccountState      = fault.Define(fault.Conflict, "bank_account_state", "この口座は今の状態ではその操作ができません。")
	ErrAccountSamePerson = fault.Define(fault.Refused, "bank_account_same_person", "口座を登録した人とは別の人が確認してください。")
)

// Vault seals what must not be readable in the database (annex 1, clause 3.3).
type Vault interface {
	// Seal encrypts and authenticates plain text for a purpose, under the newest key.
	Seal(purpose string, plain []byte) ([]byte, error)
	// Unseal gives it back. It refuses what was changed, and what was sealed for another purpose.
	Unseal(purpose string, sealed []byte) ([]byte, error)
}
