package ledger

import (
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Change is an adjustment: an administrator states what a wallet is to get or lose (clause 4.6.1). It is for what no
// entry can be undone for.
type Change struct {
	Claim   idem.Claim
	Hash    idem.Hash
	Actor   user.ID
	Wallet  WalletID
	Fund    lot.FundCode
	Amount  money.Points // positive: into the wallet; negative: out of it
	Kind    lot.KindCode // of points that go in; where points go out, only these, or all for none
	Expires calendar.Day // of points that go in; zero takes the kind's default
	Memo    string       // the reason
}

// Adjust moves points between a wallet and its fund's unissued pot. Points that an adjustment brings have not
// circulated, so a merchant cannot claim them.
func (b *Book) Adjust(c Change) (Receipt, error) {
	if c.Claim.Key != "" {
		if result, found, err := b.Replay(c.Claim, c.Hash); found || err != nil {
			return Receipt{Entry: EntryID(result), Replayed: true}, err
		}
	}
	amount := max(c.Amount, -c.Amount)
	if err := amount.Valid(); err != nil {
		return Receipt{}, err
	}
	w, err := b.Wallet(c.Wallet)
	if err != nil {
		return Receipt{}, err
	}
	unissued := Account{Kind: Unissued}
	if _, open := b.pots[Pot{unissued, c.Fund}]; !open {
		return Receipt{}, ErrFundUnknown
	}
	e := b.entry(Adjustment, c.Actor, c.Memo)
	receipt := Receipt{Entry: e.ID, Type: Adjustment, Amount: amount, At: b.Now, Payee: w.ID}
	if c.Amount > 0 {
		err = b.adjustUp(e, w, c)
	} else {
		receipt.Slices, err = b.adjustDown(e, w, c, amount)
	}
	if err != nil {
		return Receipt{}, err
	}
	b.finish(e)
	if c.Claim.Key != "" {
		b.Keep(c.Claim, c.Hash, e.ID)
	}
	receipt.Balance, receipt.PayeeBalance = w.Balance, w.Balance
	return receipt, nil
}

func (b *Book) adjustUp(e *Entry, w *Wallet, c Change) error {
	if w.Closed {
		return ErrWalletClosed
	}
	kind, known := b.Rules.Kinds[c.Kind]
	if !known {
		return lot.ErrKindUnknown.At("kind")
	}
	key, err := b.keyFor(kind, c.Fund, c.Expires)
	if err != nil {
		return err
	}
	unissued := Account{Kind: Unissued}
	if err := b.canTake(Pot{unissued, c.Fund}, c.Amount, ErrFundShort); err != nil {
		return err
	}
	b.issue(e, unissued, w, key, c.Amount)
	return nil
}

func (b *Book) adjustDown(e *Entry, w *Wallet, c Change, amount money.Points) ([]lot.Slice, error) {
	var lots []lot.Lot
	for _, l := range w.Lots {
		if l.Fund == c.Fund && (c.Kind == "" || l.Kind == c.Kind) {
			lots = append(lots, l)
		}
	}
	drawn, err := lot.Draw(lots, amount, b.Rules.Precedence, b.Rules.Kinds, b.today)
	if err != nil {
		return nil, err
	}
	for _, slice := range drawn {
		b.retire(e, w, slice, Account{Kind: Unissued})
	}
	return drawn, nil
}

// Repayment is a payment of what somebody owes.
type Repayment struct {
	Claim    idem.Claim
	Hash     idem.Hash
	Actor    user.ID
	Debtor   WalletID
	Fund     lot.FundCode
	Amount   money.Points
	FromBank bool // in cash, into the fund's bank account; else out of the debtor's points
	Memo     string
}

// RepaymentPots names the pots that the repayment moves.
func (r Repayment) RepaymentPots() []Pot {
	return []Pot{{Account{Receivable, r.Debtor}, r.Fund}, {Account{Kind: Bank}, r.Fund}}
}

// Recover books that somebody paid what they owed, in cash or in points of the same fund.
func (b *Book) Recover(r Repayment) (Receipt, error) {
	if r.Claim.Key != "" {
		if result, found, err := b.Replay(r.Claim, r.Hash); found || err != nil {
			return Receipt{Entry: EntryID(result), Replayed: true}, err
		}
	}
	if err := r.Amount.Valid(); err != nil {
		return Receipt{}, err
	}
	w, err := b.Wallet(r.Debtor)
	if err != nil {
		return Receipt{}, err
	}
	debt := Account{Receivable, r.Debtor}
	if err := b.canGive(Pot{debt, r.Fund}, r.Amount); err != nil {
		return Receipt{}, err
	}
	e := b.entry(Recovery, r.Actor, r.Memo)
	receipt := Receipt{Entry: e.ID, Type: Recovery, Amount: r.Amount, At: b.Now, Payer: w.ID}
	if r.FromBank {
		b.move(e, r.Fund, Account{Kind: Bank}, debt, r.Amount)
	} else {
		var lots []lot.Lot
		for _, l := range w.Lots {
			if l.Fund == r.Fund {
				lots = append(lots, l)
			}
		}
		if receipt.Slices, err = lot.Draw(lots, r.Amount, b.Rules.Precedence, b.Rules.Kinds, b.today); err != nil {
			return Receipt{}, err
		}
		for _, slice := range receipt.Slices {
			b.retire(e, w, slice, debt)
		}
	}
	b.finish(e)
	if r.Claim.Key != "" {
		b.Keep(r.Claim, r.Hash, e.ID)
	}
	receipt.Balance = w.Balance
	return receipt, nil
}
