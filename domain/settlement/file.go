package settlement

import (
	"slices"
	"time"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// FileState says what became of a bank file.
type FileState uint8

// The states of a file.
const (
	FileMade   FileState = iota + 1 // can be taken to the bank
	FileSent                        // somebody said that the bank has it
	FileVoided                      // exported again: must not be taken to the bank
)

var fileStateNames = [...]string{FileMade: "made", FileSent: "sent", FileVoided: "voided"}

// String gives the state's name in the API and the database.
func (s FileState) String() string {
	if s < FileMade || s > FileVoided {
		return "unknown"
	}
	return fileStateNames[s]
}

// ParseFileState reads a state's name; ok is false for an unknown one.
func ParseFileState(name string) (state FileState, ok bool) {
	i := slices.Index(fileStateNames[:], name)
	return FileState(max(i, 0)), i >= int(FileMade)
}

// The formats of bank files.
const (
	FormatZengin = "zengin" // 全銀 総合振込, 120 bytes a record
	FormatZEDI   = "zedi"   // ISO 20022 pain.001 by the ZEDI profile, 要銀行確認
	FormatCSV    = "csv"    // for the city's own accounting
)

// File is one bank file. Its content holds account numbers, so it is kept sealed; its hash stays readable.
type File struct {
	ID       FileID
	No       int // of the day, in its name
	Name     string
	Format   string
	Date     calendar.Day // the day on which the bank is to pay
	Count    int
	Total    money.Yen
	SHA256   [32]byte
	Sealed   []byte // the content
	State    FileState
	Replaces FileID // the file that this one voided
	MadeBy   user.ID
	MadeAt   time.Time
	SentBy   user.ID
	SentAt   time.Time
	Version  int64
}

// The refusals about files.
var (
	ErrFileUnknown  = fault.Define(fault.NotFound, "bank_file_unknown", "その振込データは見つかりません。")
	ErrFileState    = fault.Define(fault.Conflict, "bank_file_state", "この振込データは今の状態ではその操作ができません。")
	ErrFileEmpty    = fault.Define(fault.Refused, "bank_file_without_claims", "振り込む請求がありません。")
	ErrFileBad      = fault.Define(fault.Refused, "bank_file_invalid", "振込データに誤りがあるため、作成できません。")
	ErrFileFormat   = fault.Define(fault.Invalid, "bank_file_format", "振込データの形式は zengin、zedi、csv のいずれかです。")
	ErrSettings     = fault.Define(fault.Invalid, "settlement_settings_invalid", "精算の設定の値が正しくありません。")
	ErrNoOriginator = fault.Define(fault.Refused, "settlement_originator_missing", "振込依頼人が設定されていません。")
)

// Format spells transfer files.
type Format interface {
	Name() string
	// Write spells a file. It refuses, and never mangles, what the format cannot say.
	Write(file bank.TransferFile, profile bank.Profile, now time.Time) ([]byte, error)
	// Check reads a file as the bank would and lists every violation.
	Check(content []byte) []bank.Violation
}

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

// Next gives the period that follows after, or the one that has day where there is none before it.
func (c Cycle) Next(after, day calendar.Day) (from, until calendar.Day) {
	from = after + 1
	if after == 0 {
		from = day.MonthStart()
	}
	start := from.MonthStart()
	until = start.AddMonths(1) - 1
	if middle := start + 14; c == HalfMonthly && from <= middle {
		until = middle
	}
	return from, until
}

// Settings are what administrators decided about settlement, in numbered versions.
type Settings struct {
	Version       int64
	Cycle         Cycle
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
	return Settings{Cycle: Monthly, Profile: bank.DefaultProfile(), Bearer: CityBears, BankDays: 5}
}

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
	if s.Profile.RecordsMax < 1 || s.Profile.RecordsMax > 999_999 || s.Profile.DaysAheadMax < 1 || s.Profile.BusinessDaysMin < 0 {
		return ErrSettings.At("profile")
	}
	for i, fee := range s.Fees {
		if fee.Fee < 0 || fee.From < 0 || slices.ContainsFunc(s.Fees[:i], func(f Fee) bool { return f.SameBank == fee.SameBank && f.From == fee.From }) {
			return ErrSettings.At("fees")
		}
	}
	return nil
}

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
