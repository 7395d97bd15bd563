package settlement

import (
	"slices"
	"time"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Bearer says who bears the fee of a transfer.
type Bearer uint8

// The bearers.
const (
	CityBears     Bearer = iota + 1 // 当方負担
	MerchantBears                   // 先方負担: the fee is kept from the transfer
)

var bearerNames = [...]string{CityBears: "city", MerchantBears: "merchant"}

// String gives the bearer's name in the API and the database.
func (b Bearer) String() string {
	if b < CityBears || b > MerchantBears {
		return "unknown"
	}
	return bearerNames[b]
}

// ParseBearer reads a bearer's name; ok is false for an unknown one.
func ParseBearer(name string) (bearer Bearer, ok bool) {
	i := slices.Index(bearerNames[:], name)
	return Bearer(max(i, 0)), i >= int(CityBears)
}

// Fee is one row of the table of fees.
type Fee struct {
	SameBank bool      // the payee's account is at the paying bank
	From     money.Yen // for transfers of this amount and more, up to the next row
	Fee      money.Yen
}

// Cycle says how periods follow one another.
type Cycle uint8

// The cycles.
const (
	Monthly Cycle = iota + 1
	HalfMonthly
	Custom // an administrator enters each
)

var cycleNames = [...]string{Monthly: "monthly", HalfMonthly: "half_monthly", Custom: "custom"}

// String gives the cycle's name in the API and the database.
func (c Cycle) String() string {
	if c < Monthly || c > Custom {
		return "unknown"
	}
	return cycleNames[c]
}

// ParseCycle reads a cycle's name; ok is false for an unknown one.
func ParseCycle(name string) (cycle Cycle, ok bool) {
	i := slices.Index(cycleNames[:], name)
	return Cycle(max(i, 0)), i >= int(Monthly)
}

// halfDays is how many days the first half of a month has.
const halfDays = 15

// Next gives the period that follows after, or the one that has day where there is none before it.
func (c Cycle) Next(after, day calendar.Day) (from, until calendar.Day) {
	from = after + 1
	if after == 0 {
		from = day.MonthStart()
	}
	start := from.MonthStart()
	until = start.AddMonths(1) - 1
	if middle := start + halfDays - 1; c == HalfMonthly && from <= middle {
		until = middle
	}
	return from, until
}

// Settings are what administrators decided about settlement, in numbered versions.
type Settings struct {
	Version       int64
	Cycle         Cycle
	AutoClose     bool            // periods are closed without anybody's doing once their last day is over
	Originator    bank.Originator // zero until the bank has issued its code
	Profile       bank.Profile
	Bearer        Bearer
	Fees          []Fee
	OffsetTills   bool           // cash of a till is set off against its merchant's claim
	BankDays      int            // transfers are made so many bank days after the closing
	ExtraHolidays []calendar.Day // closed days of banks that the calendar does not know
}

// DefaultSettings are in force until administrators decide otherwise (design §10).
func DefaultSettings() Settings {
	return Settings{Cycle: Monthly, AutoClose: true, Profile: bank.DefaultProfile(), Bearer: CityBears, BankDays: 5}
}

// SettingsVersion is one version with its story.
type SettingsVersion struct {
	Settings
	By     user.ID
	At     time.Time
	Reason string
}

// The refusals of settings.
var (
	ErrSettings        = fault.Define(fault.Invalid, "settlement_settings_invalid", "精算の設定の値が正しくありません。")
	ErrOriginator      = fault.Define(fault.Invalid, "settlement_originator_invalid", "振込依頼人の内容に誤りがあります。")
	ErrSettingsChanged = fault.Define(fault.Conflict, "settlement_settings_changed", "ほかの人が先に設定を変更しました。読み直してください。")
	ErrNoOriginator    = fault.Define(fault.Refused, "settlement_originator_missing", "振込依頼人が設定されていません。")
)

// Bounds of the tables of settings.
const (
	feesMax          = 100
	extraHolidaysMax = 100
)

// Valid refuses settings that contradict themselves.
func (s Settings) Valid() error {
	if s.Cycle < Monthly || s.Cycle > Custom {
		return ErrSettings.At("cycle")
	}
	if s.Bearer < CityBears || s.Bearer > MerchantBears {
		return ErrSettings.At("bearer")
	}
	if s.BankDays < 0 || s.BankDays > 60 {
		return ErrSettings.At("bank_days")
	}
	if err := s.Profile.Valid(); err != nil {
		return err
	}
	if err := s.validOriginator(); err != nil {
		return err
	}
	if len(s.Fees) > feesMax || len(s.ExtraHolidays) > extraHolidaysMax {
		return ErrSettings.At("fees")
	}
	for i, fee := range s.Fees {
		if fee.Fee < 0 || fee.From < 0 || slices.ContainsFunc(s.Fees[:i], func(f Fee) bool { return f.SameBank == fee.SameBank && f.From == fee.From }) {
			return ErrSettings.At("fees")
		}
	}
	return nil
}

// HasOriginator tells whether the bank has issued its code, so that files can be made.
func (s Settings) HasOriginator() bool { return s.Originator != bank.Originator{} }

// validOriginator names every field of the originator that no file could say.
func (s Settings) validOriginator() error {
	if !s.HasOriginator() {
		return nil
	}
	var wrong *fault.Fault
	for _, v := range (bank.TransferFile{Originator: s.Originator}).Form(s.Profile) {
		if v.Record != 1 || !v.IsBlocking() {
			continue
		}
		if wrong == nil {
			wrong = ErrOriginator.Saying(ErrOriginator.Message)
		}
		wrong.Fields = append(wrong.Fields, fault.Field{Path: originatorPaths[v.Field], Code: fault.Code(v.Code), Message: v.Message})
	}
	if wrong == nil {
		return nil
	}
	return wrong
}

var originatorPaths = map[string]string{
	bank.FieldOriginatorCode: "originator.code", bank.FieldOriginatorName: "originator.name",
	bank.FieldOriginatorBank: "originator.bank", bank.FieldOriginatorBranch: "originator.branch",
	bank.FieldOriginatorType: "originator.type", bank.FieldOriginatorNumber: "originator.number",
	bank.FieldOriginatorBankName: "originator.bank_name", bank.FieldOriginatorBranchName: "originator.branch_name",
}

// Closures gives the days on which banks are closed beside those that the calendar knows.
func (s Settings) Closures() calendar.Closures { return calendar.Closures{Added: s.ExtraHolidays} }

// FeeFor gives the fee of a transfer: the row with the largest From that is not above the amount.
func (s Settings) FeeFor(to bank.Code, amount money.Points) money.Yen {
	best := Fee{From: -1}
	for _, fee := range s.Fees {
		if fee.SameBank == (to == s.Originator.Account.Bank) && fee.From <= money.Yen(amount) && fee.From > best.From {
			best = fee
		}
	}
	return best.Fee
}
