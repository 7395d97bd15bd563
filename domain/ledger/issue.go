package ledger

import (
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The refusals of charges and grants.
var (
	ErrChargeOff    = fault.Define(fault.Refused, "charge_not_configured", "チャージは現在受け付けていません。")
	ErrChargeMax    = fault.Define(fault.Refused, "charge_over_limit", "1回のチャージの上限を超えています。")
	ErrTillFull     = fault.Define(fault.Refused, "till_full", "店頭で預かっている現金が上限に達するため、チャージできません。先に現金を銀行へ納めてください。")
	ErrChargePlace  = fault.Define(fault.Forbidden, "charge_not_a_merchant", "チャージは店舗でのみ受け付けられます。")
	ErrChargeToWhom = fault.Define(fault.Refused, "charge_not_a_resident", "チャージできるのは利用者だけです。")
)

// Cash is a charge: a resident gives cash to a merchant and gets points for it (clause 4.2.3).
type Cash struct {
	Claim    idem.Claim
	Hash     idem.Hash
	Actor    user.ID
	Merchant WalletID
	Resident Party // by the code that the merchant scanned
	Amount   money.Points
	Memo     string
}

// ChargePots names the pots that charges at a merchant move.
func (r Rules) ChargePots(merchant WalletID) []Pot {
	return []Pot{{Account{Till, merchant}, r.ChargeFund}}
}

// Charge puts cash into the merchant's till and points of the charge kind, as bought ones, into the resident's
// wallet. The till's cash rises with the points, so the fund stays backed. Points made of cash that nobody has
// brought to the bank are bounded: a till takes no more than TillCashMax, however many charges it takes.
func (b *Book) Charge(c Cash) (Receipt, error) {
	if result, found, err := b.Replay(c.Claim, c.Hash); found || err != nil {
		return Receipt{Entry: EntryID(result), Replayed: true}, err
	}
	if err := c.Amount.Valid(); err != nil {
		return Receipt{}, err
	}
	kind, known := b.Rules.Kinds[b.Rules.ChargeKind]
	if !known || b.Rules.ChargeFund == "" {
		return Receipt{}, ErrChargeOff
	}
	if c.Amount > b.Rules.ChargeMax {
		return Receipt{}, ErrChargeMax.With("limit", int64(b.Rules.ChargeMax))
	}
	merchant, err := b.Wallet(c.Merchant)
	if err != nil {
		return Receipt{}, err
	}
	switch {
	case merchant.Role != user.Merchant:
		return Receipt{}, ErrChargePlace
	case merchant.Closed: // its clerks may still be signed in, and nobody would ask the shop for the cash
		return Receipt{}, ErrChargeOff
	}
	resident, code, err := b.party(c.Resident)
	if err != nil {
		return Receipt{}, err
	}
	switch {
	case resident.Role != user.Resident:
		return Receipt{}, ErrChargeToWhom
	case resident.Closed:
		return Receipt{}, ErrWalletClosed
	}
	key, err := b.keyFor(kind, b.Rules.ChargeFund, 0)
	if err != nil {
		return Receipt{}, err
	}
	key.Paid = true
	till := b.Rules.ChargePots(c.Merchant)[0]
	if err := b.canTake(till, c.Amount, ErrFundShort); err != nil {
		return Receipt{}, err
	}
	if cash := b.Balance(till); cash+c.Amount > b.Rules.TillCashMax {
		return Receipt{}, ErrTillFull.With("limit", int64(b.Rules.TillCashMax)).With("cash", int64(cash))
	}

	e := b.entry(Charge, c.Actor, c.Memo)
	b.issue(e, till.Account, resident, key, c.Amount)
	b.finish(e)
	b.use(code, e.ID)
	b.Keep(c.Claim, c.Hash, e.ID)
	return Receipt{Entry: e.ID, Type: Charge, Amount: c.Amount, Payer: c.Merchant, Payee: resident.ID, At: b.Now, Balance: resident.Balance, PayeeBalance: resident.Balance}, nil
}

// Award is one grant to one wallet (clauses 4.2.1 and 4.2.2).
type Award struct {
	Actor   user.ID
	Wallet  WalletID
	Fund    lot.FundCode
	Batch   BatchID // zero draws on the unissued points, else on the batch's reserve
	Amount  money.Points
	Kind    lot.KindCode
	Expires calendar.Day // zero takes the kind's default
	Memo    string
}

// source gives the account that the award draws on.
func (a Award) source() Account {
	if a.Batch.IsZero() {
		return Account{Kind: Unissued}
	}
	return Account{Kind: Reserved, Owner: a.Batch}
}

// Grant gives points to a wallet. It is refused beyond what the fund has unissued, or the batch reserved, with
// the shortfall in figures (clause 4.2.4).
func (b *Book) Grant(a Award) (Receipt, error) {
	if err := a.Amount.Valid(); err != nil {
		return Receipt{}, err
	}
	to, err := b.Wallet(a.Wallet)
	if err != nil {
		return Receipt{}, err
	}
	if to.Closed {
		return Receipt{}, ErrWalletClosed
	}
	kind, known := b.Rules.Kinds[a.Kind]
	if !known {
		return Receipt{}, lot.ErrKindUnknown.At("kind")
	}
	key, err := b.keyFor(kind, a.Fund, a.Expires)
	if err != nil {
		return Receipt{}, err
	}
	if err := b.canTake(Pot{a.source(), a.Fund}, a.Amount, ErrFundShort); err != nil {
		return Receipt{}, err
	}
	e := b.entry(Grant, a.Actor, a.Memo)
	e.Batch = a.Batch
	b.issue(e, a.source(), to, key, a.Amount)
	b.finish(e)
	return Receipt{Entry: e.ID, Type: Grant, Amount: a.Amount, Payee: to.ID, At: b.Now, Balance: to.Balance, PayeeBalance: to.Balance}, nil
}

// keyFor gives the key of newly made points.
func (b *Book) keyFor(kind lot.Kind, fund lot.FundCode, chosen calendar.Day) (lot.Key, error) {
	if err := kind.OpenOn(b.today); err != nil {
		return lot.Key{}, err
	}
	expires, err := kind.Expiry(b.today, chosen)
	if err != nil {
		return lot.Key{}, err
	}
	return lot.Key{Kind: kind.Code, Fund: fund, Expires: expires}, nil
}

// Lapse takes every lapsed lot out of a wallet and returns the points to their funds' unissued pots, as one
// entry (design §10). It returns zero when nothing has lapsed. The unissued pots must be in the book.
func (b *Book) Lapse(wallet WalletID, memo string) (money.Points, error) {
	w, err := b.Wallet(wallet)
	if err != nil {
		return 0, err
	}
	unissued := Account{Kind: Unissued}
	var lapsed []lot.Slice
	var sum money.Points
	for _, l := range w.Lots {
		if l.Remaining == 0 || l.LiveOn(b.today) {
			continue
		}
		if _, open := b.pots[Pot{unissued, l.Fund}]; !open {
			return 0, ErrFundUnknown
		}
		lapsed = append(lapsed, lot.Slice{Lot: l, Amount: l.Remaining})
		sum += l.Remaining
	}
	if sum == 0 {
		return 0, nil
	}
	e := b.entry(Expiry, user.ID{}, memo)
	for _, slice := range lapsed {
		b.retire(e, w, slice, unissued)
	}
	b.finish(e)
	return sum, nil
}
