package bank

import (
	"fmt"
	"slices"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// The refusals that need the bank master or the calendar. They are met as violations.
var (
	ErrBankUnknown    = fault.Define(fault.Invalid, "bank_unknown", "この金融機関コードは登録されていません。")
	ErrBranchUnknown  = fault.Define(fault.Invalid, "bank_branch_unknown", "この支店コードは登録されていません。統廃合された支店かもしれません。")
	ErrNameDiffers    = fault.Define(fault.Invalid, "bank_name_differs", "金融機関名または支店名が登録されている名前と違います。")
	ErrMasterMissing  = fault.Define(fault.Unavailable, "bank_master_missing", "金融機関の一覧がないため、確認できません。")
	ErrMasterOld      = fault.Define(fault.Refused, "bank_master_old", "金融機関の一覧が60日より古くなっています。新しい一覧を取り込んでください。")
	ErrTransferClosed = fault.Define(fault.Invalid, "bank_transfer_day_closed", "振込指定日が銀行の休業日です。")
	ErrTransferPast   = fault.Define(fault.Invalid, "bank_transfer_day_past", "振込指定日が過去の日付です。")
	ErrTransferSoon   = fault.Define(fault.Invalid, "bank_transfer_day_too_near", "振込指定日までの営業日数が足りません。")
	ErrTransferFar    = fault.Define(fault.Invalid, "bank_transfer_day_too_far", "振込指定日が先すぎます。")
)

// Check lists everything that the bank would refuse in the file, and what somebody should look at: its Form, banks and
// branches that master does not know or names otherwise, and a transfer day that is none of the bank's business days
// (as isOpen tells), or not within the profile's bounds from today. An empty answer means that the file can be sent.
func Check(file TransferFile, p Profile, master *Master, isOpen func(calendar.Day) bool, today calendar.Day) []Violation {
	x := inspection{profile: p}
	x.day(file.Date, isOpen, today)
	x.directory(&file, master, today)
	found := append(file.Form(p), x.found...)
	slices.SortStableFunc(found, func(a, b Violation) int { return a.Record - b.Record })
	return found
}

// Earliest gives the first day that the file may name: the bank is open on it, and it is far enough from today.
// It reports false where none is within the profile's bounds.
func (p Profile) Earliest(isOpen func(calendar.Day) bool, today calendar.Day) (calendar.Day, bool) {
	for day := today; day <= today+calendar.Day(p.DaysAheadMax); day++ {
		if isOpen(day) && p.businessDays(isOpen, today, day) >= p.BusinessDaysMin {
			return day, true
		}
	}
	return 0, false
}

// businessDays counts the days on which the bank is open, after today up to and including day.
func (p Profile) businessDays(isOpen func(calendar.Day) bool, today, day calendar.Day) int {
	open := 0
	for d := today + 1; d <= day; d++ {
		if isOpen(d) {
			open++
		}
	}
	return open
}

func (x *inspection) day(day calendar.Day, isOpen func(calendar.Day) bool, today calendar.Day) {
	x.record = 1
	switch {
	case day < today:
		x.note(Blocking, FieldDate, ErrTransferPast)
	case day > today+calendar.Day(x.profile.DaysAheadMax):
		x.note(Blocking, FieldDate, ErrTransferFar, fmt.Sprintf("(%d日後まで)", x.profile.DaysAheadMax))
	case x.profile.businessDays(isOpen, today, day) < x.profile.BusinessDaysMin:
		x.note(Blocking, FieldDate, ErrTransferSoon, fmt.Sprintf("(%d営業日以上)", x.profile.BusinessDaysMin))
	}
	x.must(isOpen(day), FieldDate, ErrTransferClosed)
}

func (x *inspection) directory(file *TransferFile, master *Master, today calendar.Day) {
	x.record = 0
	if master == nil {
		x.note(Blocking, "", ErrMasterMissing)
		return
	}
	if master.Stale(today) {
		x.note(Warning, "", ErrMasterOld)
	}
	x.record = 1
	o := &file.Originator
	x.place(master, o.Account, o.BankName, o.BranchName,
		[4]string{FieldOriginatorBank, FieldOriginatorBranch, FieldOriginatorBankName, FieldOriginatorBranchName})
	for i := range file.Transfers {
		x.record = i + 2
		t := &file.Transfers[i]
		x.place(master, t.Payee, t.BankName, t.BranchName, [4]string{FieldBank, FieldBranch, FieldBankName, FieldBranchName})
	}
}

// place looks an account's bank and branch up. Codes that are none were noted by Form; names are looked at where the
// profile fills them in, and only warned of, since banks go by the codes.
func (x *inspection) place(master *Master, a Account, bankName, branchName Kana, fields [4]string) {
	if !isNumber(string(a.Bank), bankDigits) {
		return
	}
	bank, branch, known := master.Find(a.Bank, a.Branch)
	if bank.Code == "" {
		x.note(Blocking, fields[0], ErrBankUnknown)
		return
	}
	x.name(bankName, bank.Kana, fields[2])
	if !isNumber(string(a.Branch), branchDigits) {
		return
	}
	if !known {
		x.note(Blocking, fields[1], ErrBranchUnknown)
		return
	}
	x.name(branchName, branch.Kana, fields[3])
}

func (x *inspection) name(given, listed Kana, field string) {
	if x.profile.BankNames && given != "" && given != listed.Cut(NameOfBank.LengthMax()) {
		x.note(Warning, field, ErrNameDiffers)
	}
}
