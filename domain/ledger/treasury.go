package ledger

import (
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// CashMove is a movement of a fund's cash, or of its points between unissued and reserved.
type CashMove struct {
	Actor    user.ID
	Fund     lot.FundCode
	Merchant WalletID // whose till, for a remittance
	Batch    BatchID  // whose reserve, for Reserve and Release
	Amount   money.Points
	Memo     string
}

// Deposit records that cash was put into the fund's bank account (clause 4.1.1).
func (b *Book) Deposit(m CashMove) (EntryID, error) {
	return b.between(Deposit, m, Account{Kind: Bank}, Account{Kind: Unissued})
}

// Withdraw records that cash left the fund's bank account. It is refused beyond the unissued points, since the
// rest backs points that people hold, and beyond the cash in the bank.
func (b *Book) Withdraw(m CashMove) (EntryID, error) {
	return b.between(Withdrawal, m, Account{Kind: Unissued}, Account{Kind: Bank})
}

// Remit records that a merchant brought cash of its till to the bank (clause 4.2.3).
func (b *Book) Remit(m CashMove) (EntryID, error) {
	return b.between(Remittance, m, Account{Kind: Bank}, Account{Kind: Till, Owner: m.Merchant})
}

// Reserve sets unissued points aside for a batch, so that no other grant can promise them (clause 4.2.4).
func (b *Book) Reserve(m CashMove) (EntryID, error) {
	return b.between(Reserve, m, Account{Kind: Unissued}, Account{Kind: Reserved, Owner: m.Batch})
}

// Release gives back what a batch did not use.
func (b *Book) Release(m CashMove) (EntryID, error) {
	return b.between(Release, m, Account{Kind: Reserved, Owner: m.Batch}, Account{Kind: Unissued})
}

// TreasuryPots names the pots that the move of a type needs.
func (m CashMove) TreasuryPots(entryType EntryType) []Pot {
	account := func(kind PotKind, owner [16]byte) Pot { return Pot{Account{kind, owner}, m.Fund} }
	switch entryType {
	case Remittance:
		return []Pot{account(Bank, [16]byte{}), account(Till, m.Merchant)}
	case Reserve, Release:
		return []Pot{account(Unissued, [16]byte{}), account(Reserved, m.Batch)}
	default:
		return []Pot{account(Bank, [16]byte{}), account(Unissued, [16]byte{})}
	}
}

func (b *Book) between(entryType EntryType, m CashMove, source, destination Account) (EntryID, error) {
	if err := m.Amount.Valid(); err != nil {
		return EntryID{}, err
	}
	if err := b.canTake(Pot{source, m.Fund}, m.Amount, ErrFundShort); err != nil {
		return EntryID{}, err
	}
	if err := b.canGive(Pot{destination, m.Fund}, m.Amount); err != nil {
		return EntryID{}, err
	}
	e := b.entry(entryType, m.Actor, m.Memo)
	e.Batch = m.Batch
	b.move(e, m.Fund, source, destination, m.Amount)
	b.finish(e)
	return e.ID, nil
}
