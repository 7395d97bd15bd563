package ledger

import (
	"lovesaijo/domain/fault"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The refusals of claims.
var (
	ErrClaimRole  = fault.Define(fault.Forbidden, "claim_not_a_merchant", "換金を請求できるのは事業者だけです。")
	ErrClaimShort = fault.Define(fault.Refused, "claim_over_claimable", "請求できるポイントが足りません。")
)

// Unclaimable says why a lot cannot be claimed; empty when it can.
type Unclaimable string

// The reasons (clause 4.4.2).
const (
	NotMerchant  Unclaimable = "not_a_merchant"
	NeverPassed  Unclaimable = "never_passed_on" // granted, adjusted or returned as cashback: it has not circulated
	LapsedLot    Unclaimable = "lapsed"
	IsClaimable  Unclaimable = ""
	hopsToCircle             = 1
)

// WhyNot tells whether points of a lot in the wallet of a role can be turned into a transfer to a bank: they must have
// reached a merchant by a payment.
func WhyNot(l lot.Lot, role user.Role, live bool) Unclaimable {
	switch {
	case role != user.Merchant:
		return NotMerchant
	case l.Hops < hopsToCircle:
		return NeverPassed
	case !live:
		return LapsedLot
	}
	return IsClaimable
}

// WhyNotClaimable tells why a lot of the wallet cannot be claimed today.
func (b *Book) WhyNotClaimable(w *Wallet, l lot.Lot) Unclaimable {
	return WhyNot(l, w.Role, l.LiveOn(b.today))
}

// Claimable lists the lots of the wallet that can be claimed today.
func (b *Book) Claimable(w *Wallet) []lot.Lot {
	var claimable []lot.Lot
	for _, l := range w.Lots {
		if l.Remaining > 0 && b.WhyNotClaimable(w, l) == IsClaimable {
			claimable = append(claimable, l)
		}
	}
	return claimable
}

// Demand is a merchant's wish to be paid for points.
type Demand struct {
	Actor    user.ID
	ID       BatchID // of the claim
	Merchant WalletID
	Amount   money.Points
	Memo     string
}

// Backed is an amount of one fund.
type Backed struct {
	Fund   lot.FundCode
	Amount money.Points
}

// Claim moves circulated points out of a merchant's wallet into the claimed pots of their funds, at once (clauses
// 4.4.1 and 4.4.2). The claimed pots of every fund must be in the book.
func (b *Book) Claim(d Demand) (EntryID, []Backed, error) {
	if err := d.Amount.Valid(); err != nil {
		return EntryID{}, nil, err
	}
	w, err := b.Wallet(d.Merchant)
	if err != nil {
		return EntryID{}, nil, err
	}
	if w.Role != user.Merchant {
		return EntryID{}, nil, ErrClaimRole
	}
	drawn, err := lot.Draw(b.Claimable(w), d.Amount, b.Rules.Precedence, b.Rules.Kinds, b.today)
	if err != nil {
		refusal, _ := fault.Of(err)
		return EntryID{}, nil, ErrClaimShort.With("claimable", refusal.Figures["balance"]).With("shortfall", refusal.Figures["shortfall"])
	}
	claimed := Account{Kind: Claimed, Owner: d.Merchant}
	for _, slice := range drawn {
		if _, open := b.pots[Pot{claimed, slice.Lot.Fund}]; !open {
			return EntryID{}, nil, ErrFundUnknown
		}
	}
	e := b.entry(Claim, d.Actor, d.Memo)
	e.Batch = d.ID
	for _, slice := range drawn {
		b.retire(e, w, slice, claimed)
	}
	b.finish(e)
	return e.ID, backing(e.Postings), nil
}

// backing sums postings by fund, in the order in which the funds come.
func backing(postings []Posting) []Backed {
	var sums []Backed
next:
	for _, p := range postings {
		for i := range sums {
			if sums[i].Fund == p.Fund {
				sums[i].Amount += p.Amount
				continue next
			}
		}
		sums = append(sums, Backed{p.Fund, p.Amount})
	}
	return sums
}

// Unclaim gives claimed points back to the merchant as the lots they were, since the claim was withdrawn or refused.
// claim is the entry that claimed them, with its past in the book.
func (b *Book) Unclaim(actor user.ID, claim Entry, memo string) (EntryID, error) {
	past, known := b.past[claim.ID]
	if !known || claim.Type != Claim {
		return EntryID{}, ErrEntryUnknown
	}
	if past.Undone > 0 {
		return EntryID{}, ErrCorrected
	}
	w, err := b.Wallet(WalletID(claim.Postings[0].Source.Owner))
	if err != nil {
		return EntryID{}, err
	}
	for _, sum := range backing(claim.Postings) {
		if err := b.canTake(Pot{claim.Postings[0].Destination, sum.Fund}, sum.Amount, ErrFundShort); err != nil {
			return EntryID{}, err
		}
	}
	e := b.entry(ClaimReturn, actor, memo)
	e.Batch, e.Corrects = claim.Batch, claim.ID
	for _, p := range claim.Postings {
		b.issue(e, p.Destination, w, past.Lots[p.SourceLot].Key, p.Amount)
	}
	b.finish(e)
	past.undo(claim.Amount(), nil)
	b.past[claim.ID] = past
	b.written.Corrections = append(b.written.Corrections, Undoing{Entry: e.ID, Original: claim.ID, Amount: claim.Amount()})
	return e.ID, nil
}

// Settlement moves claimed points of one merchant against cash, one posting for each fund.
type Settlement struct {
	Actor    user.ID
	ID       BatchID // of the claim
	Merchant WalletID
	Parts    []Backed
	Memo     string
}

// SettlementPots names the pots that the settlement of a type moves.
func (s Settlement) SettlementPots(entryType EntryType) []Pot {
	pots := make([]Pot, 0, 2*len(s.Parts))
	cash := Account{Kind: Bank}
	if entryType == Offset {
		cash = Account{Kind: Till, Owner: s.Merchant}
	}
	for _, part := range s.Parts {
		pots = append(pots, Pot{Account{Claimed, s.Merchant}, part.Fund}, Pot{cash, part.Fund})
	}
	return pots
}

// PayOut records that the bank has paid a merchant for claimed points: both the claimed points and the cash in the
// bank fall.
func (b *Book) PayOut(s Settlement) (EntryID, error) {
	return b.settle(Payout, s, Account{Claimed, s.Merchant}, Account{Kind: Bank})
}

// PayBack records that a transfer came back from the bank: the points are claimed again.
func (b *Book) PayBack(s Settlement) (EntryID, error) {
	return b.settle(PayoutReturn, s, Account{Kind: Bank}, Account{Claimed, s.Merchant})
}

// SetOff pays a merchant for claimed points with the cash that its own till holds.
func (b *Book) SetOff(s Settlement) (EntryID, error) {
	return b.settle(Offset, s, Account{Claimed, s.Merchant}, Account{Till, s.Merchant})
}

func (b *Book) settle(entryType EntryType, s Settlement, source, destination Account) (EntryID, error) {
	for _, part := range s.Parts {
		if err := part.Amount.Valid(); err != nil {
			return EntryID{}, err
		}
		if err := b.canTake(Pot{source, part.Fund}, part.Amount, ErrFundShort); err != nil {
			return EntryID{}, err
		}
		if err := b.canGive(Pot{destination, part.Fund}, part.Amount); err != nil {
			return EntryID{}, err
		}
	}
	e := b.entry(entryType, s.Actor, s.Memo)
	e.Batch = s.ID
	for _, part := range s.Parts {
		b.move(e, part.Fund, source, destination, part.Amount)
	}
	b.finish(e)
	return e.ID, nil
}
