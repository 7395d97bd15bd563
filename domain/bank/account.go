package bank

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"unicode/utf8"

	"github.com/samber/lo"

	"lovesaijo/domain/fault"
)

// AccountType is the kind of an account, by its number in transfer files.
type AccountType uint8

// The types of accounts.
const (
	Ordinary AccountType = 1 // 普通
	Current  AccountType = 2 // 当座
	Savings  AccountType = 4 // 貯蓄
	Other    AccountType = 9 // その他
)

// String gives the type's Japanese name, as it stands on passbooks.
func (t AccountType) String() string {
	switch t {
	case Ordinary:
		return "普通"
	case Current:
		return "当座"
	case Savings:
		return "貯蓄"
	case Other:
		return "その他"
	}
	return "不明"
}

// CanReceive tells whether transfers go to accounts of this type.
func (t AccountType) CanReceive() bool {
	return t == Ordinary || t == Current || t == Savings || t == Other
}

// CanPay tells whether transfers are paid from accounts of this type; savings accounts are not.
func (t AccountType) CanPay() bool { return t != Savings && t.CanReceive() }

// Account is where a transfer goes. It is masked in whatever is printed, logged or marshalled, and in what holds it,
// but for one thing: package fmt prints an unexported field without asking it. A struct that keeps an Account in one
// needs a Format of its own.
type Account struct {
	Bank   Code
	Branch BranchCode
	Type   AccountType
	Number string // seven digits
	Holder Kana   // exactly as on the passbook, narrow
}

// The refusals of single fields of an account.
var (
	ErrAccount       = fault.Define(fault.Invalid, "bank_account_invalid", "口座の内容に誤りがあります。")
	ErrBankCode      = fault.Define(fault.Invalid, "bank_code_malformed", "金融機関コードは数字4桁で入力してください。")
	ErrBranchCode    = fault.Define(fault.Invalid, "bank_branch_code_malformed", "支店コードは数字3桁で入力してください。")
	ErrAccountType   = fault.Define(fault.Invalid, "bank_account_type_invalid", "この種目の口座は使えません。")
	ErrAccountNumber = fault.Define(fault.Invalid, "bank_account_number_malformed", "口座番号は数字7桁です。7桁に満たないときは、先頭に0を付けて入力してください。")
)

const (
	bankDigits    = 4
	branchDigits  = 3
	accountDigits = 7
)

// Valid refuses an account that no transfer can go to. Each field at fault is named; that the bank and its branch
// exist is for the master to say.
func (a Account) Valid(p Profile) error {
	var wrong []fault.Field
	report := func(path string, f *fault.Fault) {
		wrong = append(wrong, fault.Field{Path: path, Code: f.Code, Message: f.Message})
	}
	if !isNumber(string(a.Bank), bankDigits) {
		report("bank", ErrBankCode)
	}
	if !isNumber(string(a.Branch), branchDigits) {
		report("branch", ErrBranchCode)
	}
	if !a.Type.CanReceive() {
		report("type", ErrAccountType)
	}
	if !isAccountNumber(a.Number) {
		report("number", ErrAccountNumber)
	}
	for _, flaw := range p.Flaws(NameOfHolder, a.Holder) {
		report("holder", flaw.Fault.Saying(flaw.Message()))
	}
	if len(wrong) == 0 {
		return nil
	}
	refusal := ErrAccount.Saying(ErrAccount.Message)
	refusal.Fields = wrong
	return refusal
}

// ParseCode reads a bank's code as somebody typed it, full-width digits as well. It returns ErrBankCode.
func ParseCode(text string) (Code, error) {
	digits := typedDigits(text)
	if !isNumber(digits, bankDigits) {
		return "", ErrBankCode
	}
	return Code(digits), nil
}

// ParseBranch reads a branch's code as somebody typed it. It returns ErrBranchCode.
func ParseBranch(text string) (BranchCode, error) {
	digits := typedDigits(text)
	if !isNumber(digits, branchDigits) {
		return "", ErrBranchCode
	}
	return BranchCode(digits), nil
}

// ParseType reads the type of a payee's account, as its number or its name. It returns ErrAccountType.
func ParseType(text string) (AccountType, error) {
	digit, name := typedDigits(text), strings.TrimSuffix(strings.TrimSpace(text), "預金")
	for _, t := range []AccountType{Ordinary, Current, Savings, Other} {
		if name == t.String() || digit == string('0'+rune(t)) {
			return t, nil
		}
	}
	return 0, ErrAccountType
}

// ParseNumber reads an account's number as somebody typed it. A shorter one is refused and not filled up: whether
// zeros are missing in front or a digit was forgotten, only the passbook tells. It returns ErrAccountNumber.
func ParseNumber(text string) (string, error) {
	digits := typedDigits(text)
	if !isAccountNumber(digits) {
		return "", ErrAccountNumber
	}
	return digits, nil
}

// Masked gives the account as people may see it: the number's last three digits, and no holder.
func (a Account) Masked() string {
	return fmt.Sprintf("%s-%s %s %s", a.Bank, a.Branch, a.Type, MaskNumber(a.Number))
}

// MaskNumber hides all but the last three digits of an account's number, and the whole of what is none.
func MaskNumber(number string) string {
	if !isNumber(number, accountDigits) {
		return strings.Repeat("*", accountDigits)
	}
	return "****" + number[accountDigits-3:]
}

// String hides the number from whoever prints an account.
func (a Account) String() string { return a.Masked() }

// GoString hides it from %#v as well.
func (a Account) GoString() string { return a.Masked() }

// Format hides it from every other verb; %d would show the fields one by one.
func (a Account) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, a.Masked()) }

// LogValue is slog.LogValuer's: a log has neither number nor holder.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.Masked()) }

// MarshalText hides it from JSON, XML and whatever else turns structs into text. Nothing reads it back: what has to
// keep an account or send it names the fields it means.
func (a Account) MarshalText() ([]byte, error) { return []byte(a.Masked()), nil }

func isNumber(text string, digits int) bool { return len(text) == digits && isDigits(text) }

func isAccountNumber(text string) bool {
	return isNumber(text, accountDigits) && strings.Trim(text, "0") != ""
}

// isDigits tells whether text has ASCII digits only.
func isDigits(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < '0' || r > '9' })
}

// typedDigits takes the blanks around a number away and makes its digits narrow.
func typedDigits(text string) string {
	return strings.Map(func(r rune) rune {
		return lo.Ternary(r >= '０' && r <= '９', r-'０'+'0', r)
	}, strings.TrimSpace(lo.Ternary(utf8.ValidString(text), text, "?")))
}
