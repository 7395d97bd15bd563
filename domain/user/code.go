package user

import (
	"time"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
)

// Purpose says what a code is for.
type Purpose uint8

// The purposes. Standing codes are printed and live until they are rotated or revoked; the others are used once.
const (
	Standing  Purpose = iota + 1 // every user has one: who they are and, for residents and merchants, where to pay
	Amount                       // a merchant asks for a fixed amount, for at most AmountLife
	Presented                    // a resident lets a merchant take a payment, for at most PresentedLife
)

// How long codes of one use live at most.
const (
	AmountLife    = 5 * time.Minute
	PresentedLife = 120 * time.Second
)

var purposeNames = [...]string{Standing: "standing", Amount: "amount", Presented: "presented"}

// String gives the purpose's name in the API and the database.
func (p Purpose) String() string {
	if p < Standing || p > Presented {
		return "unknown"
	}
	return purposeNames[p]
}

// ParsePurpose reads a purpose's name; ok is false for an unknown one.
func ParsePurpose(name string) (purpose Purpose, ok bool) {
	for p := Standing; p <= Presented; p++ {
		if p.String() == name {
			return p, true
		}
	}
	return 0, false
}

// OneTime tells whether codes of the purpose are consumed by the payment that uses them.
func (p Purpose) OneTime() bool { return p == Amount || p == Presented }

// Code is what a QR shows: an opaque token that stands for a wallet or a person. Nothing about either is in it.
type Code struct {
	Token        Token
	Purpose      Purpose
	Owner        ID
	Wallet       WalletID     // zero where the code only tells who its owner is
	Amount       money.Points // of an Amount code; zero for all others
	AmountMax    money.Points // the most that one payment to a standing code, or out of a presented one, may be; zero for no limit
	IssuedAt     time.Time
	ExpiresAt    time.Time // zero for standing codes
	RevokedAt    time.Time // zero unless revoked
	UsedBy       [16]byte  // identifier of the entry that consumed it; zero while unused
	PrintVersion int       // 1, 2, 3 … of an owner's standing codes, so that an old poster is recognised; zero for others
}

// The refusals of codes.
var (
	ErrCodeUnknown  = fault.Define(fault.NotFound, "code_unknown", "このQRコードは登録されていません。")
	ErrCodeExpired  = fault.Define(fault.Gone, "code_expired", "このQRコードは有効期限が切れています。もう一度表示してください。")
	ErrCodeUsed     = fault.Define(fault.Gone, "code_used", "このQRコードはすでに使われています。")
	ErrCodeRevoked  = fault.Define(fault.Gone, "code_revoked", "このQRコードは無効になっています。新しいQRコードをご利用ください。")
	ErrCodeStanding = fault.Define(fault.Conflict, "code_already_standing", "有効なQRコードがすでにあります。画面を読み直してください。")
	ErrCodeLife     = fault.Define(fault.Invalid, "code_life_out_of_range", "QRコードの有効時間が長すぎるか、短すぎます。")
)

// Usable tells whether the code can be used now. It returns ErrCodeUnknown for the zero code, ErrCodeRevoked,
// ErrCodeUsed or ErrCodeExpired, in this order. A code is good until, and not at, the instant it expires.
func (c Code) Usable(now time.Time) error {
	switch {
	case c.Token == "":
		return ErrCodeUnknown
	case !c.RevokedAt.IsZero():
		return ErrCodeRevoked
	case c.UsedBy != [16]byte{}:
		return ErrCodeUsed
	case !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt):
		return ErrCodeExpired
	}
	return nil
}
