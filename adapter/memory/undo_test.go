package memory_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

// life is a small town in which anything may happen, and is undone again.
type life struct {
	*rapid.T
	ctx       context.Context
	store     *memory.Store
	unit      *memory.Unit[session]
	now       time.Time
	residents []user.User
	shops     []user.User
	campaign  cashback.Campaign
	paidOut   bool
	entries   []ledger.EntryID
	undoings  []ledger.Undoing
	keys      int
}

const city, health = fund.Code("city"), fund.Code("health")

func newLife(ctx context.Context, rt *rapid.T) *life {
	store := memory.New()
	l := &life{T: rt, ctx: ctx, store: store, unit: sessions(store), now: noon}
	for range 3 {
		l.residents = append(l.residents, usertest.Resident())
	}
	for range 2 {
		l.shops = append(l.shops, usertest.Merchant())
	}
	today := calendar.DayOf(noon)
	span := cashback.Span{From: today, Until: today + 99}
	terms := func(kind lot.KindCode) cashback.Terms {
		return cashback.Terms{
			Rate: int32(rapid.IntRange(1, 50).Draw(rt, "percent")) * 100, Rounding: cashback.Down, Kind: kind,
			PaymentMax: money.Points(rapid.SampledFrom([]int{0, 20}).Draw(rt, "cap of a payment")),
			PersonMax:  money.Points(rapid.SampledFrom([]int{0, 90}).Draw(rt, "cap of a person")),
		}
	}
	l.campaign = cashback.Campaign{
		ID: cashback.NewOfferID(noon), Name: "応援", Terms: terms("back"), Span: span, Fund: health, Budget: money.Points(rapid.IntRange(1, 400).Draw(rt, "budget")),
		State: cashback.Open, CreatedAt: noon, OpenedAt: noon, Version: 1,
	}
	require.NoError(rt, l.unit.Do(ctx, func(ctx context.Context, s session) error {
		errs := []error{s.Treasury().Add(ctx, fund.Fund{Code: city, Name: "市", OpenedAt: noon}), s.Treasury().Add(ctx, fund.Fund{Code: health, Name: "健康", OpenedAt: noon})}
		for i, kind := range []lot.KindCode{"gift", "cash", "back", "dull"} {
			errs = append(errs, s.Rulebook().SaveKind(ctx, lot.Kind{
				Code: kind, Name: string(kind), Rank: int32(i), Transferable: kind != "dull", ClearedAtMerchant: i%2 == 0, Earns: kind == "gift" || kind == "cash",
				Retired: calendar.Never, Validity: lot.Validity{Months: int32(i)},
			}, noon))
		}
		rules, err := s.Rulebook().Current(ctx)
		rules.ChargeKind, rules.ChargeFund = "cash", city
		_, amended := s.Rulebook().Amend(ctx, ledger.RulesVersion{Rules: rules, At: noon})
		for _, u := range slices.Concat(l.residents, l.shops) {
			errs = append(errs, s.Directory().Add(ctx, u), s.Wallets().Open(ctx, u.Wallet, u.ID, u.Role, u.Profile.Category, noon))
		}
		programme := cashback.Programme{ID: cashback.NewOfferID(noon), Merchant: l.shops[0].Wallet, Name: "還元", Terms: terms("back"), Span: span, CreatedAt: noon, Version: 1}
		return errors.Join(append(errs, err, amended, s.Programmes().Add(ctx, programme), s.Campaigns().Add(ctx, l.campaign))...)
	}))
	for _, code := range []fund.Code{city, health} {
		require.NoError(rt, l.move(ledger.Deposit, ledger.CashMove{Fund: code, Amount: 2_000}))
		for _, u := range l.residents {
			l.grant(u, code, "gift", 150)
		}
	}
	require.NoError(rt, l.move(ledger.Reserve, ledger.CashMove{Fund: health, Batch: ledger.BatchID(l.campaign.ID), Amount: l.campaign.Budget}))
	return l
}

// do does one act, a second after the one before. It returns the refusal, if that is what it came to.
func (l *life) do(want ledger.Want, act func(*ledger.Book) error) error {
	l.now = l.now.Add(time.Second)
	err := l.unit.Do(l.ctx, func(ctx context.Context, s session) error { return l.in(ctx, s, want, act) })
	if _, refused := fault.Of(err); !refused {
		require.NoError(l, err)
	}
	return err
}

func (l *life) in(ctx context.Context, s session, want ledger.Want, act func(*ledger.Book) error) error {
	book, err := s.Ledger().Open(ctx, l.now, want)
	if err != nil {
		return err
	}
	if err := act(book); err != nil {
		return err
	}
	if err := s.Ledger().Append(ctx, book); err != nil {
		return err
	}
	for _, e := range book.Written().Entries {
		l.entries = append(l.entries, e.ID)
	}
	l.undoings = append(l.undoings, book.Written().Corrections...)
	return nil
}

func potOf(kind ledger.PotKind, owner [16]byte, code fund.Code) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: kind, Owner: owner}, Fund: code}
}

func (l *life) move(entryType ledger.EntryType, m ledger.CashMove) error {
	return l.do(ledger.Want{Pots: m.TreasuryPots(entryType)}, func(b *ledger.Book) (err error) {
		switch entryType {
		case ledger.Deposit:
			_, err = b.Deposit(m)
		case ledger.Withdrawal:
			_, err = b.Withdraw(m)
		case ledger.Remittance:
			_, err = b.Remit(m)
		case ledger.Reserve:
			_, err = b.Reserve(m)
		default:
			_, err = b.Release(m)
		}
		return err
	})
}

func (l *life) pay(from, to user.User, amount money.Points) {
	o := ledger.Order{Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount}
	var want ledger.Want
	o.Wants(&want)
	_ = l.do(want, func(b *ledger.Book) error { _, err := b.Pay(o); return err })
}

func (l *life) grant(to user.User, code fund.Code, kind lot.KindCode, amount money.Points) {
	_ = l.do(ledger.Want{Wallets: []ledger.WalletID{to.Wallet}, Pots: []ledger.Pot{potOf(ledger.Unissued, [16]byte{}, code)}}, func(b *ledger.Book) error {
		_, err := b.Grant(ledger.Award{Wallet: to.Wallet, Fund: code, Amount: amount, Kind: kind})
		return err
	})
}

// payOut ends the campaign and grants what it promised, but for those rows that are refused.
func (l *life) payOut() {
	if l.paidOut {
		return
	}
	l.paidOut = true
	batch := fund.Batch{ID: ledger.BatchID(l.campaign.ID), Fund: health, Kind: "back", State: fund.Running, Total: l.campaign.Budget, CreatedAt: l.now}
	var rows []fund.Row
	require.NoError(l, l.unit.Do(l.ctx, func(ctx context.Context, s session) error {
		locked, err := s.Campaigns().Lock(ctx, l.campaign.ID)
		require.NoError(l, err)
		locked.State = cashback.Paying
		shares, err := s.Campaigns().Shares(ctx, l.campaign.ID)
		require.NoError(l, err)
		var promised money.Points
		for i, share := range shares {
			rows = append(rows, fund.Row{No: i + 1, Wallet: share.Wallet, Amount: share.Amount, State: fund.Waiting})
			promised += share.Amount
		}
		require.Equal(l, locked.Accrued, promised)
		batch.Rows = len(rows)
		return errors.Join(s.Campaigns().Save(ctx, locked), s.Batches().Add(ctx, batch, rows))
	}))
	left := l.campaign.Budget
	for i := range rows {
		row := &rows[i]
		want := ledger.Want{Wallets: []ledger.WalletID{row.Wallet}, Pots: []ledger.Pot{potOf(ledger.Reserved, l.campaign.ID, health)}}
		require.NoError(l, l.unit.Do(l.ctx, func(ctx context.Context, s session) error {
			if rapid.IntRange(0, 3).Draw(l.T, "refused") == 0 {
				batch.Refuse(row, ledger.ErrWalletClosed)
			} else {
				require.NoError(l, l.in(ctx, s, want, func(b *ledger.Book) error {
					receipt, err := b.Grant(ledger.Award{Wallet: row.Wallet, Fund: health, Batch: batch.ID, Amount: row.Amount, Kind: "back"})
					batch.Grant(row, receipt.Entry)
					return err
				}))
				left -= row.Amount
			}
			return s.Batches().Settle(ctx, batch, []fund.Row{*row})
		}))
	}
	if left > 0 {
		require.NoError(l, l.move(ledger.Release, ledger.CashMove{Fund: health, Batch: batch.ID, Amount: left}))
	}
}

// happen does one thing of all that may happen.
func (l *life) happen() {
	someone := rapid.SampledFrom(l.residents)
	shop := rapid.SampledFrom(l.shops).Draw(l.T, "shop")
	code := rapid.SampledFrom([]fund.Code{city, health}).Draw(l.T, "fund")
	amount := money.Points(rapid.IntRange(1, 300).Draw(l.T, "amount"))
	switch rapid.IntRange(0, 15).Draw(l.T, "what") {
	case 0:
		_ = l.move(ledger.Deposit, ledger.CashMove{Fund: code, Amount: amount})
	case 1:
		_ = l.move(ledger.Withdrawal, ledger.CashMove{Fund: code, Amount: amount})
	case 2, 3:
		l.grant(rapid.SampledFrom(slices.Concat(l.residents, l.shops)).Draw(l.T, "to"), code, rapid.SampledFrom([]lot.KindCode{"gift", "dull"}).Draw(l.T, "kind"), amount)
	case 4:
		to := someone.Draw(l.T, "to")
		l.keys++
		claim := idem.Claim{Actor: shop.ID, Key: idem.Key("charge-" + strconv.Itoa(l.keys))}
		want := ledger.Want{Wallets: []ledger.WalletID{shop.Wallet, to.Wallet}, Pots: []ledger.Pot{potOf(ledger.Till, shop.Wallet, city)}, Claims: []idem.Claim{claim}}
		_ = l.do(want, func(b *ledger.Book) error {
			_, err := b.Charge(ledger.Cash{Claim: claim, Merchant: shop.Wallet, Resident: ledger.Party{Wallet: to.Wallet}, Amount: amount})
			return err
		})
	case 5:
		_ = l.move(ledger.Remittance, ledger.CashMove{Fund: city, Merchant: shop.Wallet, Amount: amount})
	case 6:
		l.pay(someone.Draw(l.T, "from"), someone.Draw(l.T, "to"), amount)
	case 7:
		l.pay(shop, rapid.SampledFrom(l.shops).Draw(l.T, "supplier"), amount)
	case 8, 9, 10:
		latest := l.entries[max(len(l.entries)-rapid.SampledFrom([]int{2, 6, 99}).Draw(l.T, "how late"), 0):]
		part := money.Points(rapid.SampledFrom([]int{1, 7, 40, 150}).Draw(l.T, "part"))
		_ = l.undo(rapid.SampledFrom(latest).Draw(l.T, "entry"), part, rapid.Bool().Draw(l.T, "owed"))
	case 11:
		if rapid.IntRange(0, 5).Draw(l.T, "over") == 0 {
			l.payOut()
		}
	default:
		l.pay(someone.Draw(l.T, "from"), shop, amount)
	}
	l.balanced()
}

// undo undoes an amount of an entry, or all that is left of it for zero.
func (l *life) undo(id ledger.EntryID, amount money.Points, owed bool) error {
	original, err := l.store.Statements().Entry(l.ctx, id)
	require.NoError(l, err)
	if original.Type == ledger.Grant && !original.Batch.IsZero() {
		return ledger.ErrNotCorrectable // the payments are what is corrected; whoever asks the campaign sees to it
	}
	c := ledger.Correction{Original: original, Funds: []lot.FundCode{health}, Amount: amount, Receivable: owed}
	return l.do(c.Wants(), func(b *ledger.Book) error { _, err := b.Correct(c); return err })
}

// balanced holds every fund to the equation of the books.
func (l *life) balanced() {
	position, err := l.store.Statements().Position(l.ctx, time.Time{})
	require.NoError(l, err)
	for _, f := range position.Funds {
		require.Equal(l, int64(f.Assets()), int64(f.Points()), f.Fund)
	}
}

// undoable lists in some order what is to be undone.
func (l *life) undoable() []ledger.EntryID {
	var ids []ledger.EntryID
	for _, id := range l.entries {
		e, err := l.store.Statements().Entry(l.ctx, id)
		require.NoError(l, err)
		switch e.Type {
		case ledger.Deposit, ledger.Withdrawal, ledger.Remittance, ledger.Charge, ledger.Payment, ledger.Transfer:
			ids = append(ids, id)
		case ledger.Grant:
			if e.Batch.IsZero() {
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return rapid.Permutation(ids).Draw(l.T, "order")
}

// undoAll undoes everything. What is refused for now is tried again when more has been undone.
func (l *life) undoAll() {
	rest := l.undoable()
	for released := l.paidOut; len(rest) > 0; {
		before := len(rest)
		var why error
		rest = slices.DeleteFunc(rest, func(id ledger.EntryID) bool {
			err := l.undo(id, 0, true)
			l.balanced()
			switch {
			case err == nil || errors.Is(err, ledger.ErrCorrected):
				return true
			case errors.Is(err, ledger.ErrFundShort), errors.Is(err, ledger.ErrCashShort), errors.Is(err, ledger.ErrTakeBackShort):
				why = err
				return false
			}
			require.NoError(l, err)
			return false
		})
		if len(rest) == before {
			require.False(l, released, "%d entries cannot be undone: %v", len(rest), why)
			released = true
			require.NoError(l, l.move(ledger.Release, ledger.CashMove{Fund: health, Batch: ledger.BatchID(l.campaign.ID), Amount: l.campaign.Budget}))
		}
	}
}

// settleDebts lets everybody pay what they owe with what they have.
func (l *life) settleDebts() {
	owed, err := l.store.Statements().Receivables(l.ctx)
	require.NoError(l, err)
	for _, debt := range owed {
		r := ledger.Repayment{Debtor: debt.Debtor, Fund: debt.Fund, Amount: money.Points(debt.Amount)}
		require.NoError(l, l.do(ledger.Want{Wallets: []ledger.WalletID{debt.Debtor}, Pots: r.RepaymentPots()}, func(b *ledger.Book) error {
			_, err := b.Recover(r)
			return err
		}))
	}
}

// nobodyHas holds what people have had of offers to nothing; what a campaign paid stays counted.
func (l *life) nobodyHas() {
	require.NoError(l, l.unit.Do(l.ctx, func(ctx context.Context, s session) error {
		book, err := s.Ledger().Open(ctx, l.now, ledger.Want{Past: l.entries})
		require.NoError(l, err)
		for share, had := range book.Rewards().Shares {
			if share.Offer != l.campaign.ID || !l.paidOut {
				require.Zero(l, had)
			}
		}
		return nil
	}))
}

// proven folds the journal and holds corrections to their originals.
func (l *life) proven() {
	p := proof.New()
	for _, u := range l.undoings {
		p.CompareUndoing(u)
	}
	var entries []ledger.Entry
	for _, id := range l.entries {
		e, err := l.store.Statements().Entry(l.ctx, id)
		require.NoError(l, err)
		entries = append(entries, e)
		p.Fold(&e)
	}
	for i := range entries {
		p.CompareCorrected(&entries[i])
	}
	require.Empty(l, p.Findings().Kept())
}

// Whatever happened, undoing all of it in any order, and paying what is owed after that, leaves nothing anywhere.
func TestUndoingEverythingInAnyOrderBringsEveryBalanceBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l := newLife(t.Context(), rt)
		for range rapid.IntRange(1, 40).Draw(rt, "acts") {
			l.happen()
		}
		l.undoAll()
		l.settleDebts()
		l.proven()

		position, err := l.store.Statements().Position(l.ctx, time.Time{})
		require.NoError(rt, err)
		if !l.paidOut {
			for i := range position.Funds { // where the release was not needed
				position.Funds[i].Bank -= money.Yen(position.Funds[i].Reserved)
				position.Funds[i].Reserved = 0
			}
		}
		require.Equal(rt, []ledger.FundPosition{{Fund: city}, {Fund: health}}, position.Funds)
		for _, u := range slices.Concat(l.residents, l.shops) {
			w, err := l.store.Statements().Wallet(l.ctx, u.Wallet)
			require.NoError(rt, err)
			require.Equal(rt, []money.Points{0, 0}, []money.Points{w.Balance, w.Sent})
			require.Empty(rt, w.Lots)
		}
		tills, err := l.store.Statements().Tills(l.ctx)
		require.NoError(rt, err)
		require.Empty(rt, tills)
		l.nobodyHas()
		require.NoError(rt, l.unit.Do(l.ctx, func(ctx context.Context, s session) error {
			shares, err := s.Campaigns().Shares(ctx, l.campaign.ID)
			require.Empty(rt, shares)
			campaign, known := s.Campaigns().Lock(ctx, l.campaign.ID)
			require.NoError(rt, known)
			if !l.paidOut {
				require.Zero(rt, campaign.Accrued)
			}
			return err
		}))
	})
}
