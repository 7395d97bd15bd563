package settlementtest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

// The kinds of the suite: given points, bought ones, and those of cashback.
var (
	gift = lot.Kind{Code: "gift", Name: "給付", Rank: 1, Transferable: true, Earns: true, Retired: calendar.Never}
	cash = lot.Kind{Code: "cash", Name: "チャージ", Rank: 2, Transferable: true, Earns: true, ClearedAtMerchant: true, Retired: calendar.Never}
	back = lot.Kind{Code: "back", Name: "還元", Rank: 0, Transferable: true, ClearedAtMerchant: true, Retired: calendar.Never}
)

// town is a fund of a million points, and a few people with empty wallets. The shop returns a tenth at once.
type town struct {
	Bench
	t           *testing.T
	hana, taro  user.User // residents
	shop, stall user.User // merchants
	mayor, aide user.User // administrators
}

// found founds a town in empty stores.
func found(t *testing.T, b Bench) *town {
	t.Helper()
	w := &town{
		Bench: b, t: t, hana: usertest.Resident(), taro: usertest.Resident(), shop: usertest.Merchant(), stall: usertest.Merchant(),
		mayor: usertest.Administrator(), aide: usertest.Administrator(),
	}
	w.do(func(ctx context.Context, s Stores) error {
		if err := s.Directory.Add(ctx, w.mayor, w.aide); err != nil {
			return err
		}
		for _, code := range []fund.Code{"city", "health"} {
			if err := s.Treasury.Add(ctx, fund.Fund{Code: code, Name: "原資", OpenedAt: Now.AddDate(-1, 0, 0)}); err != nil {
				return err
			}
		}
		for _, k := range []lot.Kind{gift, cash, back} {
			if err := s.Rulebook.SaveKind(ctx, k, Now); err != nil {
				return err
			}
		}
		rules, err := s.Rulebook.Current(ctx)
		if err != nil {
			return err
		}
		rules.ChargeKind, rules.ChargeFund = cash.Code, "city"
		_, err = s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, By: w.mayor.ID, At: Now, Reason: "開始"})
		return err
	})
	w.settles(w.hana, w.taro, w.shop, w.stall)
	w.do(func(ctx context.Context, s Stores) error {
		return s.Programmes.Add(ctx, cashback.Programme{
			ID: cashback.NewOfferID(Now), Merchant: w.shop.Wallet, Name: "いつもの還元", CreatedBy: w.shop.ID, CreatedAt: Now, Version: 1,
			Terms: cashback.Terms{Rate: 1_000, Rounding: cashback.Down, Kind: back.Code}, Span: cashback.Span{From: today, Until: calendar.Never},
		})
	})
	for _, code := range []lot.FundCode{"city", "health"} {
		w.must(func() error { return w.deposit(code, 1_000_000, Now.AddDate(0, 0, -1)) })
	}
	return w
}

// settles enters people and opens their wallets.
func (w *town) settles(people ...user.User) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) error {
		if err := s.Directory.Add(ctx, people...); err != nil {
			return err
		}
		for _, u := range people {
			if err := s.Wallets.Open(ctx, u.Wallet, u.ID, u.Role, u.Profile.Category, Now); err != nil {
				return err
			}
		}
		return nil
	})
}

// do runs a unit that must succeed.
func (w *town) do(work func(context.Context, Stores) error) {
	w.t.Helper()
	require.NoError(w.t, w.Unit.Do(w.t.Context(), work))
}

func (w *town) must(act func() error) {
	w.t.Helper()
	require.NoError(w.t, act())
}

// act opens a book, lets act decide on it and appends it, unless act refuses.
func act[R any](w *town, at time.Time, want ledger.Want, act func(*ledger.Book) (R, error)) (R, error) {
	return usecase.Do(w.t.Context(), w.Unit, func(ctx context.Context, s Stores) (R, error) {
		var none R
		book, err := s.Ledger.Open(ctx, at, want)
		if err != nil {
			return none, err
		}
		result, err := act(book)
		if err != nil || len(book.Written().Entries) == 0 {
			return result, err
		}
		return result, s.Ledger.Append(ctx, book)
	})
}

func pot(kind ledger.PotKind, owner [16]byte, fund lot.FundCode) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: kind, Owner: owner}, Fund: fund}
}

func (w *town) deposit(fund lot.FundCode, amount money.Points, at time.Time) error {
	m := ledger.CashMove{Actor: w.mayor.ID, Fund: fund, Amount: amount}
	_, err := act(w, at, ledger.Want{Pots: m.TreasuryPots(ledger.Deposit)}, func(b *ledger.Book) (ledger.EntryID, error) { return b.Deposit(m) })
	return err
}

func (w *town) grant(to user.User, fund lot.FundCode, amount money.Points, expires calendar.Day, at time.Time) (ledger.EntryID, error) {
	want := ledger.Want{Wallets: []ledger.WalletID{to.Wallet}, Pots: []ledger.Pot{pot(ledger.Unissued, [16]byte{}, fund)}}
	receipt, err := act(w, at, want, func(b *ledger.Book) (ledger.Receipt, error) {
		return b.Grant(ledger.Award{Actor: w.mayor.ID, Wallet: to.Wallet, Fund: fund, Kind: gift.Code, Amount: amount, Expires: expires})
	})
	return receipt.Entry, err
}

func (w *town) charge(merchant, resident user.User, amount money.Points, at time.Time) (ledger.EntryID, error) {
	want := ledger.Want{
		Wallets: []ledger.WalletID{merchant.Wallet, resident.Wallet}, Pots: []ledger.Pot{pot(ledger.Till, merchant.Wallet, "city")},
	}
	receipt, err := act(w, at, want, func(b *ledger.Book) (ledger.Receipt, error) {
		return b.Charge(ledger.Cash{
			Claim: idem.Claim{Actor: merchant.ID, Key: idem.Key(usertest.Unique())}, Actor: merchant.ID, Merchant: merchant.Wallet,
			Resident: ledger.Party{Wallet: resident.Wallet}, Amount: amount,
		})
	})
	return receipt.Entry, err
}

func (w *town) pay(from, to user.User, amount money.Points, at time.Time) (ledger.EntryID, error) {
	o := ledger.Order{Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount}
	var want ledger.Want
	o.Wants(&want)
	receipt, err := act(w, at, want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Pay(o) })
	return receipt.Entry, err
}

func (w *town) lapse(u user.User, at time.Time) error {
	want := ledger.Want{Wallets: []ledger.WalletID{u.Wallet}, Pots: []ledger.Pot{pot(ledger.Unissued, [16]byte{}, "city"), pot(ledger.Unissued, [16]byte{}, "health")}}
	_, err := act(w, at, want, func(b *ledger.Book) (any, error) { return b.Lapse(u.Wallet, "失効") })
	return err
}

func (w *town) adjust(u user.User, fund lot.FundCode, amount money.Points, at time.Time) error {
	want := ledger.Want{Wallets: []ledger.WalletID{u.Wallet}, Pots: []ledger.Pot{pot(ledger.Unissued, [16]byte{}, fund)}}
	_, err := act(w, at, want, func(b *ledger.Book) (any, error) {
		return b.Adjust(ledger.Change{Actor: w.mayor.ID, Wallet: u.Wallet, Fund: fund, Amount: amount, Kind: lot.KindCode(map[bool]string{true: "gift"}[amount > 0])})
	})
	return err
}

// claimed is a claim as the ledger made it.
type claimed struct {
	merchant user.User
	entry    ledger.EntryID
	parts    []ledger.Backed
}

func (w *town) claim(merchant user.User, amount money.Points, at time.Time) (claimed, error) {
	want := ledger.Want{Wallets: []ledger.WalletID{merchant.Wallet}}
	for _, fund := range []lot.FundCode{"city", "health"} {
		want.Pots = append(want.Pots, pot(ledger.Claimed, merchant.Wallet, fund))
	}
	return act(w, at, want, func(b *ledger.Book) (claimed, error) {
		entry, parts, err := b.Claim(ledger.Demand{Actor: merchant.ID, ID: ledger.BatchID(ident.New[settlement.Claim](at)), Merchant: merchant.Wallet, Amount: amount})
		return claimed{merchant, entry, parts}, err
	})
}

func (w *town) unclaim(c claimed, at time.Time) error {
	original, err := w.Statements.Entry(w.t.Context(), c.entry)
	if err != nil {
		return err
	}
	want := ledger.Want{Wallets: []ledger.WalletID{c.merchant.Wallet}, Past: []ledger.EntryID{c.entry}}
	for _, part := range c.parts {
		want.Pots = append(want.Pots, pot(ledger.Claimed, c.merchant.Wallet, part.Fund))
	}
	_, err = act(w, at, want, func(b *ledger.Book) (any, error) { return b.Unclaim(w.mayor.ID, original, "取り下げ") })
	return err
}

// settle moves claimed points against cash: Payout, PayoutReturn or Offset.
func (w *town) settle(entryType ledger.EntryType, merchant user.User, fund lot.FundCode, amount money.Points, at time.Time) error {
	s := ledger.Settlement{Actor: w.mayor.ID, Merchant: merchant.Wallet, Parts: []ledger.Backed{{Fund: fund, Amount: amount}}}
	_, err := act(w, at, ledger.Want{Pots: s.SettlementPots(entryType)}, func(b *ledger.Book) (ledger.EntryID, error) {
		switch entryType {
		case ledger.Payout:
			return b.PayOut(s)
		case ledger.PayoutReturn:
			return b.PayBack(s)
		}
		return b.SetOff(s)
	})
	return err
}

func (w *town) correct(entry ledger.EntryID, amount money.Points, receivable bool, at time.Time) error {
	original, err := w.Statements.Entry(w.t.Context(), entry)
	if err != nil {
		return err
	}
	c := ledger.Correction{Actor: w.mayor.ID, Original: original, Amount: amount, Receivable: receivable, Memo: "補正"}
	_, err = act(w, at, c.Wants(), func(b *ledger.Book) (any, error) { return b.Correct(c) })
	return err
}

func (w *town) recover(debtor user.User, fund lot.FundCode, amount money.Points, fromBank bool, at time.Time) error {
	r := ledger.Repayment{Actor: w.mayor.ID, Debtor: debtor.Wallet, Fund: fund, Amount: amount, FromBank: fromBank}
	want := ledger.Want{Wallets: []ledger.WalletID{debtor.Wallet}, Pots: r.RepaymentPots()}
	_, err := act(w, at, want, func(b *ledger.Book) (any, error) { return b.Recover(r) })
	return err
}

// worth gives what a merchant's wallet holds less what it owes, as the ledger has it now.
func (w *town) worth(merchant user.User) (worth money.Points) {
	w.t.Helper()
	debts := []ledger.Pot{pot(ledger.Receivable, merchant.Wallet, "city"), pot(ledger.Receivable, merchant.Wallet, "health")}
	w.do(func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Peek(ctx, Now, ledger.Want{Wallets: []ledger.WalletID{merchant.Wallet}, Pots: debts})
		if err != nil {
			return err
		}
		wallet, err := book.Wallet(merchant.Wallet)
		if err != nil {
			return err
		}
		worth = wallet.Balance - book.Balance(debts[0]) - book.Balance(debts[1])
		return nil
	})
	return worth
}

// seq gives the number of an entry.
func (w *town) seq(id ledger.EntryID) int64 {
	w.t.Helper()
	e, err := w.Statements.Entry(w.t.Context(), id)
	require.NoError(w.t, err)
	return e.Seq
}

// lastSeq gives the number of the newest entry, by making one more.
func (w *town) lastSeq(at time.Time) int64 {
	w.t.Helper()
	id, err := w.grant(w.taro, "city", 1, calendar.Never, at)
	require.NoError(w.t, err)
	return w.seq(id)
}
