package settlement

import (
	"context"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Periods keeps periods and their statements inside a unit of work.
type Periods interface {
	// Lock keeps all periods from other units and lists them by first day.
	Lock(ctx context.Context) ([]Period, error)
	Add(ctx context.Context, period Period) error
	// Close writes a closed period with its statements. The periods must be locked.
	Close(ctx context.Context, period Period, statements []Statement) error
	// Tally sums each merchant's lines and receivables of the entries numbered after first up to last, with the numbers
	// of its first and last line among them and the merchant's Due of the closed period before as CarriedOver. Merchants
	// without any of these are absent; the sums are not sealed. They come by merchant.
	Tally(ctx context.Context, period PeriodID, first, last int64) ([]Statement, error)
	// LastBefore gives the largest number of an entry of a moment before the given one. It returns ErrPeriodUnsettled
	// where that is above settled: a period that was closed there would leave out what belongs to it.
	LastBefore(ctx context.Context, moment time.Time, settled int64) (int64, error)
}

// Horizon tells how far the journal is certain: no entry with that number or a smaller one will appear any more.
type Horizon interface {
	Settled(ctx context.Context) (int64, error)
}

// Claims keeps claims, payouts, files and accounts inside a unit of work. Whatever is saved must have the stored
// version, and moves it on; else ErrClaimChanged.
type Claims interface {
	// AddClaims enters claims. Their numbers are given by the store, in the order of the claims.
	AddClaims(ctx context.Context, claims []Claim) error
	// LockClaims gives claims, by identifier, and keeps them from all other units. Unknown ones are absent.
	LockClaims(ctx context.Context, ids []ClaimID) ([]Claim, error)
	// LockState gives the claims in any of the states, at most limit, by identifier, and keeps them from other units:
	// of one merchant or, for the zero wallet, of all.
	LockState(ctx context.Context, merchant ledger.WalletID, states []ClaimState, limit int) ([]Claim, error)
	SaveClaims(ctx context.Context, claims []Claim) error
	// ClaimedSince sums what each merchant has claimed, less what came back, by entries numbered after seq, and by claims
	// of this very unit. Who claimed nothing may be absent.
	ClaimedSince(ctx context.Context, merchants []ledger.WalletID, seq int64) (map[ledger.WalletID]money.Points, error)

	AddPayouts(ctx context.Context, payouts []Payout) error
	// PayoutsOf gives a file's payouts behind a record, at most limit, by record, locked.
	PayoutsOf(ctx context.Context, file FileID, after, limit int) ([]Payout, error)
	// LockPayouts gives payouts, locked. Unknown ones are absent.
	LockPayouts(ctx context.Context, ids []PayoutID) ([]Payout, error)
	// Attempts counts, for each claim, the payouts that came back.
	Attempts(ctx context.Context, claims []ClaimID) (map[ClaimID]int, error)
	// Reached tells which accounts have had a payout that was not voided.
	Reached(ctx context.Context, accounts []AccountID) (map[AccountID]bool, error)
	SavePayouts(ctx context.Context, payouts []Payout) error

	AddFile(ctx context.Context, file File) error
	// LockFile gives a file. It returns ErrFileUnknown.
	LockFile(ctx context.Context, id FileID) (File, error)
	SaveFile(ctx context.Context, file File) error
	// NextFileNo gives the number of the next file of a day, from 1. The caller holds a lock that keeps two exports apart.
	NextFileNo(ctx context.Context, day calendar.Day) (int, error)
	// LockExports keeps all other exports out until the unit ends.
	LockExports(ctx context.Context) error

	AddAccount(ctx context.Context, account MerchantAccount) error
	// LockAccounts gives a merchant's accounts, newest first, and keeps them from other units.
	LockAccounts(ctx context.Context, merchant ledger.WalletID) ([]MerchantAccount, error)
	SaveAccount(ctx context.Context, account MerchantAccount) error
	// ActiveAccounts gives the active account of each merchant that has one.
	ActiveAccounts(ctx context.Context, merchants []ledger.WalletID) (map[ledger.WalletID]MerchantAccount, error)
}

// Decisions keeps the settings inside a unit of work.
type Decisions interface {
	// Settings locks and gives the newest settings.
	Settings(ctx context.Context) (Settings, error)
	// Amend writes settings as the version after theirs. It returns ErrSettingsChanged where theirs is not the
	// newest.
	Amend(ctx context.Context, settings Settings, by user.ID, at time.Time, reason string) error
}

// Reader reads settlement outside of units.
type Reader interface {
	Settings(ctx context.Context) (Settings, error)
	// SettingsVersions lists what was decided about settlement, newest first; the oldest of very many are left out.
	SettingsVersions(ctx context.Context) ([]SettingsVersion, error)
	// Periods lists periods, newest first.
	Periods(ctx context.Context, after string, limit int) (page.Of[Period], error)
	// Period returns ErrPeriodUnknown.
	Period(ctx context.Context, id PeriodID) (Period, error)
	// PeriodOf gives the closed period that an entry belongs to; ok is false while that is open. It returns
	// ledger.ErrEntryUnknown.
	PeriodOf(ctx context.Context, entry ledger.EntryID) (period Period, ok bool, err error)
	// Statements lists a period's statements by merchant.
	Statements(ctx context.Context, period PeriodID, after string, limit int) (page.Of[Statement], error)
	// StatementsOf lists a merchant's statements, newest first.
	StatementsOf(ctx context.Context, merchant ledger.WalletID, after string, limit int) (page.Of[Statement], error)
	// Statement returns ErrStatementUnknown.
	Statement(ctx context.Context, period PeriodID, merchant ledger.WalletID) (Statement, error)
	// Recompute gives what Periods.Tally gives, from the journal as it is now, for the verification of statements.
	Recompute(ctx context.Context, period Period) ([]Statement, error)
	// Lines gives a statement's lines by number, after the given one.
	Lines(ctx context.Context, statement Statement, after int64, limit int) ([]ledger.Line, error)

	Claims(ctx context.Context, query ClaimQuery) (page.Of[Claim], error)
	// Claim returns ErrClaimUnknown.
	Claim(ctx context.Context, id ClaimID) (Claim, error)
	Payouts(ctx context.Context, query PayoutQuery) (page.Of[Payout], error)
	Payout(ctx context.Context, id PayoutID) (Payout, error)
	// Files lists files without their content, newest first.
	Files(ctx context.Context, after string, limit int) (page.Of[File], error)
	// File returns ErrFileUnknown.
	File(ctx context.Context, id FileID) (File, error)
	// Accounts lists accounts, newest first, of a merchant or, for the zero wallet, all in the given state.
	Accounts(ctx context.Context, query AccountQuery) (page.Of[MerchantAccount], error)
	// Account returns ErrAccountUnknown.
	Account(ctx context.Context, id AccountID) (MerchantAccount, error)
}

// ClaimQuery narrows a list of claims, newest first. Zero fields do not narrow.
type ClaimQuery struct {
	Merchant ledger.WalletID
	Period   PeriodID
	States   []ClaimState
	After    string
	Limit    int
}

// PayoutQuery narrows a list of payouts, newest first. Zero fields do not narrow.
type PayoutQuery struct {
	Merchant ledger.WalletID
	Claim    ClaimID
	File     FileID
	States   []PayoutState
	After    string
	Limit    int
}

// AccountQuery narrows a list of accounts. Zero fields do not narrow.
type AccountQuery struct {
	Merchant ledger.WalletID
	State    AccountState
	After    string
	Limit    int
}
