// Package user knows the people of the platform: residents, merchants with their clerks, and administrators, and
// the codes (QR) by which they meet.
//
// A user is one identifier for life. The e-mail address is the key that people know (clause 3.1.1): it is
// compared in folded form and is unique among the users that are not deleted (clause 3.1.2). Deletion is
// logical: the row stays for the history, the address becomes free again.
//
// Every user has exactly one live standing code (clause 3.1.6). The codes of residents and merchants lead to
// their wallets; those of clerks and administrators only tell who they are. Beside it there are codes of one
// use: with an amount, shown by a merchant, and presented by a resident who pays.
//
// What a user carries is personal. Printed or logged as a whole, a User shows its identifier and a Profile
// nothing at all.
package user

import (
	"fmt"
	"io"
	"log/slog"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
)

// WalletID identifies a wallet. It is declared here because a user and a code name one; access.WalletID and
// ledger.WalletID are the same type.
type WalletID = ident.ID[walletKind]

type walletKind struct{}

// NewWalletID makes the identifier of a wallet that is to be opened.
func NewWalletID(now time.Time) WalletID { return ident.New[walletKind](now) }

// User is one person, shop or office.
type User struct {
	ID        ID
	Role      Role
	Email     Email
	Profile   Profile
	Employer  ID       // the merchant a clerk works for; zero for all others
	Wallet    WalletID // the wallet they act on: their own, a clerk's merchant's; zero for administrators
	CreatedAt time.Time
	DeletedAt time.Time // zero while the user is live
}

// The refusals about users.
var (
	ErrUnknown    = fault.Define(fault.NotFound, "user_unknown", "該当するユーザーが見つかりません。")
	ErrEmailTaken = fault.Define(fault.Conflict, "email_taken", "このメールアドレスはすでに登録されています。")
	ErrInvalid    = fault.Define(fault.Invalid, "user_invalid", "登録内容に誤りがあります。各項目をご確認ください。")
	ErrRole       = fault.Define(fault.Invalid, "role_unknown", "ユーザーの種類を選んでください。")
	ErrEmployer   = fault.Define(fault.Invalid, "employer_invalid", "店員には勤務先の事業者を、それ以外の方には勤務先なしを指定してください。")
)

// Live tells whether the user is not deleted.
func (u User) Live() bool { return u.DeletedAt.IsZero() }

// OwnsWallet tells whether users of role r have a wallet of their own.
func (r Role) OwnsWallet() bool { return r == Resident || r == Merchant }

// Valid checks what was entered for the user, all of it at once: the ErrInvalid it returns names each field at
// fault. A birth day may not lie behind today.
func (u User) Valid(today calendar.Day) error {
	var fields []fault.Field
	report := func(path string, f *fault.Fault) {
		fields = append(fields, fault.Field{Path: path, Code: f.Code, Message: f.Message})
	}
	if u.Role < Resident || u.Role > Administrator {
		report("role", ErrRole)
	}
	if u.Email.valid() != nil {
		report("email", ErrEmail)
	}
	u.Profile.check(u.Role, today, report)
	if (u.Role == Clerk) == u.Employer.IsZero() {
		report("employer", ErrEmployer)
	}
	if len(fields) == 0 {
		return nil
	}
	refusal := *ErrInvalid
	refusal.Fields = fields
	return &refusal
}

// LogValue lets a log show the identifier only.
func (u User) LogValue() slog.Value { return slog.StringValue(u.ID.String()) }

// Format prints the identifier only, whatever the verb.
func (u User) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "user "+u.ID.String()) }
