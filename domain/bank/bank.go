// Package bank knows what a bank transfer needs: accounts, the names of banks and branches, the narrow kana of
// account holders, business days' limits, and the credit transfers of one file (clause 8.3エ).
//
// A TransferFile says what is to be paid, in the words of the field; how it is spelled (全銀 総合振込, ISO 20022) is an
// adapter's. What the bank would refuse is found here before the bank does: Check lists every violation.
//
// Account numbers are secret. An Account shows itself masked wherever it is printed or logged; only the vault and
// the writers of files see its number.
package bank

import (
	"fmt"
	"log/slog"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
)

// Code names a bank: four digits of the bank master.
type Code string

// BranchCode names a branch of a bank: three digits.
type BranchCode string

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

// Account is where a transfer goes.
type Account struct {
	Bank   Code
	Branch BranchCode
	Type   AccountType
	Number string // seven digits
	Holder Kana   // exactly as on the passbook, narrow
}

// Masked gives the account as people may see it: the number's last three digits.
func (a Account) Masked() string {
	tail := a.Number
	if len(tail) > 3 {
		tail = "****" + tail[len(tail)-3:]
	}
	return fmt.Sprintf("%s-%s %s %s", a.Bank, a.Branch, a.Type, tail)
}

// String hides the number from whoever prints an account.
func (a Account) String() string { return a.Masked() }

// GoString hides it from %#v as well.
func (a Account) GoString() string { return a.Masked() }

// LogValue is slog.LogValuer's: a log has neither number nor holder.
func (a Account) LogValue() slog.Value { return slog.StringValue(a.Masked()) }

// Originator is who pays: the city, with the code that its bank has issued.
type Originator struct {
	Code       string // 委託者コード, ten digits
	Name       Kana
	Account    Account // its Holder is not used
	BankName   Kana    // may be empty
	BranchName Kana    // may be empty
}

// NewCode tells the bank whether it has paid this account before (新規コード).
type NewCode uint8

// The new codes.
const (
	Known   NewCode = 0 // その他
	First   NewCode = 1 // 第1回振込分
	Changed NewCode = 2 // 変更分: the account was corrected
)

// CreditTransfer is one payment of a file.
type CreditTransfer struct {
	Payee      Account
	BankName   Kana // may be empty
	BranchName Kana // may be empty
	Amount     money.Yen
	New        NewCode
	Reference  Kana // EDI情報, at most 20 bytes, unique in the file
}

// TransferFile is what one file asks the bank to pay on one day.
type TransferFile struct {
	Originator Originator
	Date       calendar.Day // 振込指定日
	Transfers  []CreditTransfer
}

// Total sums the file's amounts.
func (f TransferFile) Total() money.Yen {
	var sum money.Yen
	for _, t := range f.Transfers {
		sum += t.Amount
	}
	return sum
}

// Profile is what the paying bank wants its files to be like. DefaultProfile is the strictest reading, which every
// bank takes; each field was seen to differ between banks (../standards, 要銀行確認).
type Profile struct {
	Wo              bool   // ｦ is taken in names
	NameSymbols     string // taken in names of parties, beside letters, digits, kana and space
	ReferenceSymbol string // taken in the EDI field
	CRLF            bool   // each record ends in CR LF, the last one as well; else nothing stands between records
	ClearingBlank   bool   // 手形交換所番号 is left blank instead of 0000
	TransferClass   string // 振込指定区分: "7", "8", "0" or " "
	EDI             bool   // the reference goes into the EDI field, marked Y
	BankNames       bool   // names of banks and branches are filled in
	RecordsMax      int    // of one file
	DaysAheadMax    int    // the transfer day is at most so many days from today
	BusinessDaysMin int    // and at least so many business days of the bank
}

// DefaultProfile is in force until the bank's wishes are known.
func DefaultProfile() Profile {
	return Profile{
		NameSymbols: "()-.", ReferenceSymbol: `\｢｣()-/.`, CRLF: true, TransferClass: "7", EDI: true, BankNames: true,
		RecordsMax: 9_999, DaysAheadMax: 31, BusinessDaysMin: 1,
	}
}

// Severity says whether a violation keeps a file from being exported.
type Severity uint8

// The severities.
const (
	Blocking Severity = iota + 1
	Warning
)

// Violation is one thing in a file that the bank would refuse, or that somebody should look at.
type Violation struct {
	Severity Severity
	Record   int    // from 1; zero for the file as a whole
	Byte     int    // within the record, from 0; -1 for the record as a whole
	Field    string // the field's Japanese name in the format
	Code     string // stable, for programs
	Message  string // Japanese
}
