package settling

import (
	"context"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
)

// booking books payouts inside a unit whose file, payouts and claims are locked.
type booking struct {
	Stores
	now    time.Time
	actor  access.Actor
	key    idem.Key
	hash   idem.Hash
	result [16]byte

	replayed bool
	paid     int
	amount   money.Points
}

// pay books those of the payouts that are on their way, and keeps the key where it is asked to.
func (b *booking) pay(ctx context.Context, file settlement.File, payouts []settlement.Payout, on calendar.Day, keep bool) error {
	var waiting []*settlement.Payout
	for i := range payouts {
		if payouts[i].State == settlement.PayoutExported {
			waiting = append(waiting, &payouts[i])
		}
	}
	claims, err := b.Claims.LockClaims(ctx, lo.Map(waiting, func(p *settlement.Payout, _ int) settlement.ClaimID { return p.Claim }))
	if err != nil {
		return fmt.Errorf("lock claims of %d payouts: %w", len(waiting), err)
	}
	byID := lo.KeyBy(claims, func(c settlement.Claim) settlement.ClaimID { return c.ID })
	orders := make([]ledger.Settlement, len(waiting))
	var pots []ledger.Pot
	for i, p := range waiting {
		claim := byID[p.Claim]
		orders[i] = orderOf(b.actor, claim, p, "換金の振込 "+claim.NoText())
		pots = append(pots, orders[i].SettlementPots(ledger.Payout)...)
	}
	book, before, err := b.open(ctx, lo.Uniq(pots))
	if before || err != nil {
		return err
	}
	if err := file.AtBank(); err != nil {
		return err
	}
	if on, err = file.PaidOn(on, calendar.DayOf(b.now)); err != nil {
		return err
	}
	if err := enough(book, orders); err != nil {
		return err
	}
	for i, p := range waiting {
		if err := b.payOne(book, p, byID, orders[i], on); err != nil {
			return fmt.Errorf("payout %s: %w", p.ID, err)
		}
	}
	if keep {
		book.Keep(idem.Claim{Actor: b.actor.User, Key: b.key}, b.hash, b.result)
	}
	return b.write(ctx, book, lo.Map(waiting, func(p *settlement.Payout, _ int) settlement.Payout { return *p }),
		lo.Map(waiting, func(p *settlement.Payout, _ int) settlement.Claim { return byID[p.Claim] }))
}

func orderOf(actor access.Actor, claim settlement.Claim, p *settlement.Payout, memo string) ledger.Settlement {
	return ledger.Settlement{Actor: actor.User, ID: ledger.BatchID(claim.ID), Merchant: p.Merchant, Parts: claim.Rest(), Memo: memo}
}

// open opens the book and finds out whether the key was used before.
func (b *booking) open(ctx context.Context, pots []ledger.Pot) (*ledger.Book, bool, error) {
	key := idem.Claim{Actor: b.actor.User, Key: b.key}
	book, err := b.Ledger.Open(ctx, b.now, ledger.Want{Pots: pots, Claims: []idem.Claim{key}})
	if err != nil {
		return nil, false, fmt.Errorf("open book of payouts: %w", err)
	}
	_, before, err := book.Replay(key, b.hash)
	b.replayed = before && err == nil
	return book, before, err
}

// enough refuses to pay more than the bank has, with the figures of all that is to be paid.
func enough(book *ledger.Book, orders []ledger.Settlement) error {
	need := map[lot.FundCode]money.Points{}
	for _, o := range orders {
		for _, part := range o.Parts {
			need[part.Fund] += part.Amount
		}
	}
	for fund, amount := range need {
		has := book.Balance(ledger.Pot{Account: ledger.Account{Kind: ledger.Bank}, Fund: fund})
		if has < amount {
			return ledger.ErrCashShort.With("balance", int64(has)).With("shortfall", int64(amount-has)).At("funds." + string(fund))
		}
	}
	return nil
}

func (b *booking) payOne(book *ledger.Book, p *settlement.Payout, claims map[settlement.ClaimID]settlement.Claim, order ledger.Settlement, on calendar.Day) error {
	claim := claims[p.Claim]
	if err := claim.Pay(b.now); err != nil {
		return err
	}
	claims[p.Claim] = claim
	entry, err := book.PayOut(order)
	if err != nil {
		return err
	}
	b.paid, b.amount = b.paid+1, b.amount+p.Amount
	return p.Pay(entry, on)
}

func (b *booking) write(ctx context.Context, book *ledger.Book, payouts []settlement.Payout, claims []settlement.Claim) error {
	if err := b.Ledger.Append(ctx, book); err != nil {
		return fmt.Errorf("append %d payouts: %w", len(payouts), err)
	}
	if err := b.Claims.SavePayouts(ctx, payouts); err != nil {
		return fmt.Errorf("save %d payouts: %w", len(payouts), err)
	}
	if err := b.Claims.SaveClaims(ctx, claims); err != nil {
		return fmt.Errorf("save %d claims: %w", len(claims), err)
	}
	return nil
}

func (b *booking) giveBack(ctx context.Context, cmd ReturnCommand, known settlement.Payout) (settlement.Payout, error) {
	if err := cmd.Key.Valid(); err != nil {
		return settlement.Payout{}, err
	}
	file, err := b.Claims.LockFile(ctx, known.File)
	if err != nil {
		return settlement.Payout{}, fmt.Errorf("lock file of payout %s: %w", known.ID, err)
	}
	accounts, err := b.Claims.LockAccounts(ctx, known.Merchant)
	if err != nil {
		return settlement.Payout{}, fmt.Errorf("lock accounts of merchant %s: %w", known.Merchant, err)
	}
	payouts, err := b.Claims.LockPayouts(ctx, []settlement.PayoutID{known.ID})
	if err != nil || len(payouts) == 0 {
		return settlement.Payout{}, fmt.Errorf("lock payout %s: %w", known.ID, lo.CoalesceOrEmpty(err, error(settlement.ErrPayoutUnknown)))
	}
	payout := payouts[0]
	claim, err := one(b.Claims.LockClaims(ctx, []settlement.ClaimID{payout.Claim}))
	if err != nil {
		return settlement.Payout{}, err
	}
	order := orderOf(b.actor, claim, &payout, "換金の振込の返却 "+claim.NoText())
	var pots []ledger.Pot
	if payout.State == settlement.PayoutPaid {
		pots = order.SettlementPots(ledger.PayoutReturn)
	}
	book, before, err := b.open(ctx, pots)
	if before || err != nil {
		return payout, err
	}
	if err := b.returns(book, cmd, file, &payout, &claim, order); err != nil {
		return settlement.Payout{}, err
	}
	if putRight(accounts, payout.Account) {
		if err := claim.Become(settlement.Corrected); err != nil {
			return settlement.Payout{}, err
		}
	}
	book.Keep(idem.Claim{Actor: b.actor.User, Key: b.key}, b.hash, b.result)
	return payout, b.write(ctx, book, []settlement.Payout{payout}, []settlement.Claim{claim})
}

func (b *booking) returns(
	book *ledger.Book, cmd ReturnCommand, file settlement.File, payout *settlement.Payout, claim *settlement.Claim, order ledger.Settlement,
) error {
	if err := file.AtBank(); err != nil {
		return err
	}
	if length := utf8.RuneCountInString(cmd.Reason); length < 1 || length > reasonRunesMax {
		return settlement.ErrPayoutReason.At("reason")
	}
	on, err := file.ReturnedOn(cmd.On, calendar.DayOf(b.now), *payout)
	if err != nil {
		return err
	}
	var entry ledger.EntryID
	if payout.State == settlement.PayoutPaid {
		if entry, err = book.PayBack(order); err != nil {
			return err
		}
	}
	if err := payout.Return(entry, on, cmd.Reason); err != nil {
		return err
	}
	return claim.Return()
}

// putRight tells whether another account has become active than the one that the transfer came back from.
func putRight(accounts []settlement.MerchantAccount, from settlement.AccountID) bool {
	return lo.ContainsBy(accounts, func(a settlement.MerchantAccount) bool { return a.State == settlement.Active && a.ID != from })
}
