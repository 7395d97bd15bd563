package bank

import (
	"fmt"
	"strings"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
)

// AmountMax is the largest amount of one credit transfer, TotalMax of one file: ten and twelve digits.
const (
	AmountMax money.Yen = 9_999_999_999
	TotalMax  money.Yen = 999_999_999_999
)

const originatorDigits = 10

// The refusals of what no file can say. They are met as violations.
var (
	ErrFileEmpty       = fault.Define(fault.Refused, "bank_file_empty", "振込データが1件もありません。")
	ErrFileTooLong     = fault.Define(fault.Refused, "bank_file_too_long", "1ファイルの件数の上限を超えています。ファイルを分けてください。")
	ErrFileTotal       = fault.Define(fault.Refused, "bank_file_total_too_large", "合計金額が12桁を超えています。ファイルを分けてください。")
	ErrOriginatorCode  = fault.Define(fault.Invalid, "bank_originator_code_malformed", "振込依頼人コードは、銀行から通知された数字10桁です。")
	ErrTransferAmount  = fault.Define(fault.Invalid, "bank_transfer_amount_out_of_range", "振込金額は1円以上、9,999,999,999円以下です。")
	ErrNewCode         = fault.Define(fault.Invalid, "bank_transfer_new_code_invalid", "新規コードは0、1、2のどれかです。")
	ErrReferenceTaken  = fault.Define(fault.Refused, "bank_transfer_reference_taken", "同じ参照番号の振込がほかにもあります。")
	ErrReferenceNumber = fault.Define(fault.Invalid, "bank_transfer_reference_not_a_number", "EDI情報を使わない銀行では、参照番号は0で始まらない20桁以内の数字です。")
	ErrTransferTwice   = fault.Define(fault.Refused, "bank_transfer_twice", "受取人と金額が同じ振込がほかにもあります。二重払いでないか確認してください。")
	ErrTransferDay     = fault.Define(fault.Invalid, "bank_transfer_day_malformed", "振込指定日は実在する月日です。")
)

// Form lists what a bank with profile p would refuse in the file by itself, without knowing any bank or any calendar:
// everything that cannot be spelled, and what contradicts itself. A file without blocking violations can be written.
func (f TransferFile) Form(p Profile) []Violation {
	x := inspection{profile: p, record: 1, references: map[Kana]int{}, payments: map[payment]int{}}
	x.originator(f.Originator)
	for i := range f.Transfers {
		x.record = i + 2
		x.transfer(&f.Transfers[i])
	}
	x.whole(f)
	return x.found
}

// inspection collects the violations of the record at hand.
type inspection struct {
	profile    Profile
	record     int
	references map[Kana]int // the record that has each
	payments   map[payment]int
	found      []Violation
}

// payment is what makes two credit transfers look like one that was asked for twice.
type payment struct {
	bank   Code
	branch BranchCode
	kind   AccountType
	number string
	amount money.Yen
}

func (x *inspection) note(severity Severity, field string, f *fault.Fault, more ...string) {
	x.found = append(x.found, Violation{
		Severity: severity, Record: x.record, Byte: -1, Field: field,
		Code: string(f.Code), Message: f.Message + strings.Join(more, ""),
	})
}

// must notes a blocking violation unless the rule is kept.
func (x *inspection) must(kept bool, field string, f *fault.Fault) {
	if !kept {
		x.note(Blocking, field, f)
	}
}

// text notes every flaw of a text that must be there, or may be missing.
func (x *inspection) text(field string, c Class, text Kana, required bool) {
	if text == "" && !required {
		return
	}
	for _, flaw := range x.profile.Flaws(c, text) {
		x.note(Blocking, field, flaw.Fault.Saying(flaw.Message()))
	}
}

func (x *inspection) originator(o Originator) {
	x.must(isNumber(o.Code, originatorDigits) && strings.Trim(o.Code, "0") != "", FieldOriginatorCode, ErrOriginatorCode)
	x.text(FieldOriginatorName, NameOfOriginator, o.Name, true)
	x.must(isNumber(string(o.Account.Bank), bankDigits), FieldOriginatorBank, ErrBankCode)
	x.must(isNumber(string(o.Account.Branch), branchDigits), FieldOriginatorBranch, ErrBranchCode)
	x.must(o.Account.Type.CanPay(), FieldOriginatorType, ErrAccountType)
	x.must(isAccountNumber(o.Account.Number), FieldOriginatorNumber, ErrAccountNumber)
	if x.profile.BankNames {
		x.text(FieldOriginatorBankName, NameOfBank, o.BankName, false)
		x.text(FieldOriginatorBranchName, NameOfBank, o.BranchName, false)
	}
}

func (x *inspection) transfer(t *CreditTransfer) {
	x.must(isNumber(string(t.Payee.Bank), bankDigits), FieldBank, ErrBankCode)
	x.must(isNumber(string(t.Payee.Branch), branchDigits), FieldBranch, ErrBranchCode)
	x.must(t.Payee.Type.CanReceive(), FieldType, ErrAccountType)
	x.must(isAccountNumber(t.Payee.Number), FieldNumber, ErrAccountNumber)
	x.text(FieldHolder, NameOfHolder, t.Payee.Holder, true)
	x.must(t.Amount >= 1 && t.Amount <= AmountMax, FieldAmount, ErrTransferAmount)
	x.must(t.New <= Changed, FieldNew, ErrNewCode)
	if x.profile.BankNames {
		x.text(FieldBankName, NameOfBank, t.BankName, false)
		x.text(FieldBranchName, NameOfBank, t.BranchName, false)
	}
	x.reference(t.Reference)
	x.twice(t)
}

func (x *inspection) reference(text Kana) {
	if text == "" {
		return
	}
	if x.profile.EDI {
		x.text(FieldReference, ReferenceText, text, false)
	} else {
		isCode := len(text) <= ReferenceText.LengthMax() && isDigits(string(text)) && text[0] != '0'
		x.must(isCode, FieldReference, ErrReferenceNumber)
	}
	if first, taken := x.references[text]; taken {
		x.note(Blocking, FieldReference, ErrReferenceTaken, fmt.Sprintf("(レコード%d)", first))
		return
	}
	x.references[text] = x.record
}

// twice warns only: two claims of one merchant can come to the same amount.
func (x *inspection) twice(t *CreditTransfer) {
	a := t.Payee
	key := payment{a.Bank, a.Branch, a.Type, a.Number, t.Amount}
	if !isAccountNumber(a.Number) || t.Amount < 1 {
		return
	}
	if first, met := x.payments[key]; met {
		x.note(Warning, "", ErrTransferTwice, fmt.Sprintf("(レコード%d)", first))
		return
	}
	x.payments[key] = x.record
}

func (x *inspection) whole(f TransferFile) {
	x.record = 0
	x.must(len(f.Transfers) > 0, "", ErrFileEmpty)
	if most := min(x.profile.RecordsMax, RecordsMax); len(f.Transfers) > most {
		x.note(Blocking, FieldCount, ErrFileTooLong, fmt.Sprintf("(上限%d件)", most))
	}
	var total money.Yen
	for i := range f.Transfers {
		if a := f.Transfers[i].Amount; a >= 1 && a <= AmountMax {
			total += a
		}
	}
	x.must(total <= TotalMax, FieldTotal, ErrFileTotal)
	if err := x.profile.Valid(); err != nil {
		x.note(Blocking, "", ErrProfile)
	}
}
