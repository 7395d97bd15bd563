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
	Payment    EntryType = 8  // wallet → merchant's wallet, and what it returns at once the other way
	Transfer   EntryType = 9  // resident's wallet → resident's wallet
	Expiry     EntryType = 10 // wallet → unissued

	Claim        EntryType = 11 // merchant's wallet → claimed
	ClaimReturn  EntryType = 12 // claimed → merchant's wallet: the claim was withdrawn or refused
	Payout       EntryType = 13 // claimed → bank
	PayoutReturn EntryType = 14 // bank → claimed: the transfer came back
	Offset       EntryType = 15 // claimed → till: the merchant keeps the cash of its till instead of a transfer
	Reversal     EntryType = 16 // undoes what is left of an entry
	Partial      EntryType = 17 // undoes a part of an entry
	Adjustment   EntryType = 18 // unissued → wallet, or wallet → unissued, as an administrator states
	Recovery     EntryType = 19 // bank or wallet → receivable: somebody pays what they owe
)

var entryTypeNames = [...]string{
	Deposit: "deposit", Withdrawal: "withdrawal", Remittance: "remittance", Reserve: "reserve", Release: "release",
	Grant: "grant", Charge: "charge", Payment: "payment", Transfer: "transfer", Expiry: "expiry",
	Claim: "claim", ClaimReturn: "claim_return", Payout: "payout", PayoutReturn: "payout_return", Offset: "offset",
	Reversal: "reversal", Partial: "partial_correction", Adjustment: "adjustment", Recovery: "recovery",
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

// The kinds of pots. Bank, Till and Receivable are what backs the points, and carry it as a negative balance.
const (
	Bank       PotKind = 1
	Till       PotKind = 2 // owner: the merchant's wallet
	Unissued   PotKind = 3
	Reserved   PotKind = 4 // owner: the batch or campaign
	InWallet   PotKind = 5 // owner: the wallet; its points are in lots
	Claimed    PotKind = 6 // owner: the merchant's wallet
	Receivable PotKind = 7 // owner: the wallet whose owner owes what a correction could not take back
)

var potKindNames = [...]string{
	Bank: "bank", Till: "till", Unissued: "unissued", Reserved: "reserved", InWallet: "wallet", Claimed: "claimed",
	Receivable: "receivable",
}

// String gives the kind's name in the API and in exports.
func (k PotKind) String() string {
	if int(k) < len(potKindNames) && potKindNames[k] != "" {
		return potKindNames[k]
	}
	return "unknown"
}

// IsAsset tells whether pots of this kind say what backs the points: cash, or what somebody owes.
func (k PotKind) IsAsset() bool { return k == Bank || k == Till || k == Receivable }

// Account is one side of a posting: a pot, its fund standing on the posting.
type Account struct {
	Kind  PotKind
	Owner [16]byte // the wallet, batch or campaign; zero where the fund itself owns the pot
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
	Batch    BatchID // the batch, campaign or claim it belongs to; zero for most
	Corrects EntryID // the entry that it undoes, wholly or in part; zero for most
	Memo     string
	Postings []Posting
}

// Forward gives the postings of the act itself, without the cashback that a payment returned at once.
func (e *Entry) Forward() []Posting { return e.Postings[:e.returned()] }

// Returned gives the postings by which a payment returned cashback at once (clause 4.5.3).
func (e *Entry) Returned() []Posting { return e.Postings[e.returned():] }

// returned gives where the cashback begins: with the first posting out of the wallet that the payment went into.
func (e *Entry) returned() int {
	if e.Type == Payment {
		for i := range e.Postings {
			if e.Postings[i].Source == e.Postings[0].Destination {
				return i
			}
		}
	}
	return len(e.Postings)
}

// Cashback sums what a payment returned at once.
func (e *Entry) Cashback() money.Points { return sum(e.Returned()) }

// Amount sums what the act moved, without cashback.
func (e *Entry) Amount() money.Points { return sum(e.Forward()) }

func sum(postings []Posting) money.Points {
	var total money.Points
	for i := range postings {
		total += postings[i].Amount
	}
	return total
}
