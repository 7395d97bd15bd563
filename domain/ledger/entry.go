package ledger

import (
	"time"

	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// EntryType says what an entry is about. The numbers stand in the journal and never change.
type EntryType uint8

// The types of entries.
const (
	Deposit    EntryType = 1  // bank → unissued
	Withdrawal EntryType = 2  // unissued → bank
	Remittance EntryType = 3  // bank → till, the cash having gone the other way
	Reserve    EntryType = 4  // unissued → reserved
	Release    EntryType = 5  // reserved → unissued
	Grant      EntryType = 6  // unissued or reserved → wallet
	Charge     EntryType = 7  // till → wallet
	Payment    EntryType = 8  // wallet → merchant's wallet
	Transfer   EntryType = 9  // resident's wallet → resident's wallet
	Expiry     EntryType = 10 // wallet → unissued
)

var entryTypeNames = [...]string{
	Deposit: "deposit", Withdrawal: "withdrawal", Remittance: "remittance", Reserve: "reserve", Release: "release",
	Grant: "grant", Charge: "charge", Payment: "payment", Transfer: "transfer", Expiry: "expiry",
}

// String gives the type's name in the API.
func (t EntryType) String() string {
	if int(t) < len(entryTypeNames) && entryTypeNames[t] != "" {
		return entryTypeNames[t]
	}
	return "unknown"
}

// ParseEntryType reads a type's name; ok is false for an unknown one.
func ParseEntryType(name string) (entryType EntryType, ok bool) {
	for t, known := range entryTypeNames {
		if known != "" && known == name {
			return EntryType(t), true
		}
	}
	return 0, false
}

// PotKind says what a pot is. The numbers stand in the journal and never change.
type PotKind uint8

// The kinds of pots. Bank and Till are cash and carry it as a negative balance.
const (
	Bank     PotKind = 1
	Till     PotKind = 2 // owner: the merchant's wallet
	Unissued PotKind = 3
	Reserved PotKind = 4 // owner: the batch
	InWallet PotKind = 5 // owner: the wallet; its points are in lots
	Claimed  PotKind = 6 // owner: the merchant's wallet
)

var potKindNames = [...]string{
	Bank: "bank", Till: "till", Unissued: "unissued", Reserved: "reserved", InWallet: "wallet", Claimed: "claimed",
}

// String gives the kind's name in the API and in exports.
func (k PotKind) String() string {
	if int(k) < len(potKindNames) && potKindNames[k] != "" {
		return potKindNames[k]
	}
	return "unknown"
}

// IsCash tells whether pots of this kind say where the cash is.
func (k PotKind) IsCash() bool { return k == Bank || k == Till }

// Account is one side of a posting: a pot, its fund standing on the posting.
type Account struct {
	Kind  PotKind
	Owner [16]byte // the wallet or batch; zero where the fund itself owns the pot
}

// WalletAccount gives a wallet's account.
func WalletAccount(id WalletID) Account { return Account{Kind: InWallet, Owner: id} }

// Pot names a pot of one fund.
type Pot struct {
	Account
	Fund lot.FundCode
}

// Posting moves an amount of one fund's points from one account to another. A side that is a wallet names the
// lot; Points describes the points as the destination holds them, or, where that is no wallet, as the source did.
type Posting struct {
	Fund           lot.FundCode
	Source         Account
	SourceLot      lot.ID
	Destination    Account
	DestinationLot lot.ID
	Points         lot.Key // zero between pots
	Amount         money.Points
}

// Entry is one act in the journal. It is never changed.
type Entry struct {
	ID       EntryID
	Seq      int64 // its place in the journal, given when it is written; zero before
	Type     EntryType
	At       time.Time
	Actor    user.ID // who acted; zero for the system itself
	Batch    BatchID // the batch it belongs to; zero for most
	Memo     string
	Postings []Posting
}
