package ledger

import (
	"context"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Statements reads the ledger outside of units. Nothing here waits for a payment in progress.
type Statements interface {
	// Wallet gives the wallet with its open lots. It returns ErrWalletUnknown.
	Wallet(ctx context.Context, wallet WalletID) (Wallet, error)
	// History reads a wallet's lines, newest first (clause 4.3.4).
	History(ctx context.Context, query HistoryQuery) (page.Of[Line], error)
	// Entry gives an entry with its postings. It returns ErrEntryUnknown.
	Entry(ctx context.Context, entry EntryID) (Entry, error)
	// LineOf gives the line that an entry wrote into a wallet's history. It returns ErrEntryUnknown.
	LineOf(ctx context.Context, wallet WalletID, entry EntryID) (Line, error)
	// Awards lists what a payment earned, and after it what corrections took back; within an entry, what was given at
	// once comes before what was promised, then by offer.
	Awards(ctx context.Context, payment EntryID) ([]Awarded, error)
	// Sources lists the postings that brought points into a lot, newest first, at most limit of them.
	Sources(ctx context.Context, lots []lot.ID, limit int) ([]Source, error)
	// Lots gives lots, emptied ones as well, by identifier; unknown ones are absent.
	Lots(ctx context.Context, lots []lot.ID) (map[lot.ID]lot.Lot, error)
	// LotHolder gives the wallet that a lot is or was in. It returns ErrLotUnknown.
	LotHolder(ctx context.Context, lot lot.ID) (WalletID, error)
	// Lapsing lists wallets' open lots whose last day is until or earlier, by day, then wallet.
	Lapsing(ctx context.Context, query LapsingQuery) (page.Of[HeldLot], error)
	// LapsedWallets lists wallets with open lots whose last day is before day, by identifier, after the given one.
	LapsedWallets(ctx context.Context, day calendar.Day, after WalletID, limit int) ([]WalletID, error)
	// Position sums every pot of every fund at an instant; the zero time means now.
	Position(ctx context.Context, at time.Time) (Position, error)
	// Tills lists the tills that hold cash, the longest waiting first.
	Tills(ctx context.Context) ([]TillState, error)
	// Receivables lists what is owed, the longest waiting first.
	Receivables(ctx context.Context) ([]ReceivableState, error)
	// Corrections lists the corrections of an entry, oldest first. Of a correction it lists the correction itself.
	Corrections(ctx context.Context, entry EntryID) ([]Corrected, error)
}

// The refusals of readings.
var (
	ErrEntryUnknown = fault.Define(fault.NotFound, "entry_unknown", "その取引は見つかりません。")
	ErrLotUnknown   = fault.Define(fault.NotFound, "lot_unknown", "そのポイントは見つかりません。")
)

// Direction narrows a history to what was earned or what was used.
type Direction uint8

// The directions.
const (
	EarnedAndUsed Direction = iota
	Earned
	Used
)

// HistoryQuery narrows a reading of a history. Zero fields do not narrow.
type HistoryQuery struct {
	Wallet      WalletID
	Direction   Direction
	Types       []EntryType
	From        time.Time // inclusive
	Until       time.Time // exclusive
	Counterpart WalletID
	Before      int64 // lines with a smaller number only; zero starts at the newest
	Limit       int
}

// Source is one posting into a lot.
type Source struct {
	Entry   EntryID
	Type    EntryType
	At      time.Time
	Posting Posting
}

// Cashback tells whether the points came back from a shop in a payment's own entry, as new ones: whatever is paid has
// changed hands.
func (s Source) Cashback() bool { return s.Type == Payment && s.Posting.Points.Hops == 0 }

// LapsingQuery narrows a list of what lapses soon. A zero Wallet lists all wallets.
type LapsingQuery struct {
	Wallet WalletID
	Until  calendar.Day
	After  string
	Limit  int
}

// HeldLot is a lot with its holder.
type HeldLot struct {
	lot.Lot
	Wallet WalletID
	Owner  user.ID
}

// Position is what every fund has and owes at one instant.
type Position struct {
	At    time.Time
	Funds []FundPosition // by fund code
}

// FundPosition is one fund's share of a Position. Bank + Tills + Receivables = Unissued + Reserved + Wallets + Claimed.
type FundPosition struct {
	Fund        lot.FundCode
	Bank        money.Yen
	Tills       money.Yen
	Receivables money.Yen
	Unissued    money.Points
	Reserved    money.Points
	Wallets     money.Points
	Claimed     money.Points
}

// Assets sums what backs the points.
func (f FundPosition) Assets() money.Yen { return f.Cash() + f.Receivables }

// Cash sums where the cash is.
func (f FundPosition) Cash() money.Yen { return f.Bank + f.Tills }

// Points sums where the points are.
func (f FundPosition) Points() money.Points { return f.Unissued + f.Reserved + f.Wallets + f.Claimed }

// TillState is the cash of one merchant's till.
type TillState struct {
	Merchant WalletID
	Owner    user.ID
	Fund     lot.FundCode
	Cash     money.Yen
	Since    time.Time // since when it has held cash without a remittance
}

// ReceivableState is what the owner of one wallet owes to one fund (clause 4.6.1).
type ReceivableState struct {
	Debtor WalletID
	Owner  user.ID
	Fund   lot.FundCode
	Amount money.Yen
	Since  time.Time // since when something has been owed
}

// Corrected is one correction with what it undid.
type Corrected struct {
	Undoing
	Type         EntryType // of the correction; ClaimReturn for a claim that came back
	At           time.Time // of the correction
	OriginalType EntryType
	OriginalAt   time.Time
}

// Add counts what pots of a kind hold into the position; assets come with the opposite sign, as pots carry it.
func (f *FundPosition) Add(kind PotKind, balance money.Points) {
	switch kind {
	case Bank:
		f.Bank -= money.Yen(balance)
	case Till:
		f.Tills -= money.Yen(balance)
	case Receivable:
		f.Receivables -= money.Yen(balance)
	case Unissued:
		f.Unissued += balance
	case Reserved:
		f.Reserved += balance
	case InWallet:
		f.Wallets += balance
	case Claimed:
		f.Claimed += balance
	}
}
