// Package bank knows what a bank transfer needs: accounts, the names of banks and branches, the narrow kana of
// account holders, business days' limits, and the credit transfers of one file (clause 8.3エ).
//
// A TransferFile says what is to be paid, in the words of the field; how it is spelled (全銀 総合振込, ISO 20022) is an
// adapter's. What the bank would refuse is found here before the bank does: Form lists what cannot be spelled at all,
// Check adds what the bank master and the calendar know. Banks differ in small things, so everything that was seen to
// differ is in a Profile; the default is the strictest.
//
// Names of holders are kept as on the passbook. Narrow turns what somebody typed into the kana of transfer files and
// says what it changed; it never guesses the reading of a kanji, and what may lose something needs a yes.
//
// Account numbers are secret. An Account shows itself masked wherever it is printed, logged or marshalled; only the
// vault and the writers of files see its number.
package bank

import (
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
)

// Code names a bank: four digits of the bank master.
type Code string

// BranchCode names a branch of a bank: three digits.
type BranchCode string

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
	Reference  Kana // EDI情報 or, where the bank takes none, the number of the customer codes; unique in the file
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
