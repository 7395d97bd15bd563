package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

// The kinds of the suite.
var (
	gift = lot.Kind{Code: "gift", Name: "給付", Rank: 1, Transferable: true, Earns: true, Retired: calendar.Never, Validity: lot.Validity{Months: 3}}
	cash = lot.Kind{Code: "cash", Name: "チャージ", Rank: 2, Transferable: true, ClearedAtMerchant: true, Earns: true, Retired: calendar.Never, Validity: lot.Validity{Months: 6}}
	back = lot.Kind{Code: "back", Name: "還元", Rank: 9, ClearedAtMerchant: true, Retired: calendar.Never, Validity: lot.Validity{Days: 30}}
)

// town is a fund of a million points, three kinds, and a few people with empty wallets.
type town struct {
	Bench
	t           *testing.T
	hana, taro  user.User // residents
	shop, stall user.User // merchants
	mayor       user.User
}

// found founds a town in empty stores.
func found(t *testing.T, b Bench) *town {
	t.Helper()
	w := &town{
		Bench: b, t: t, hana: usertest.Resident(), taro: usertest.Resident(), shop: usertest.Merchant(), stall: usertest.Merchant(),
		mayor: usertest.Administrator(),
	}
	w.do(func(ctx context.Context, s Stores) error {
		if err := s.Directory.Add(ctx, w.mayor); err != nil {
			return err
		}
		if err := s.Treasury.Add(ctx, fund.Fund{Code: "city", Name: "市", OpenedAt: Now.AddDate(-1, 0, 0)}); err != nil {
			return err
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
	w.deposit(1_000_000, Now.AddDate(0, 0, -1))
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

// side gives the town as one of several sides sees it, who are not all in one process.
func (w *town) side(n int) *town {
	if n%2 == 0 {
		return w
	}
	there := *w
	there.Unit = w.Elsewhere
	return &there
}

// do runs a unit that must succeed.
func (w *town) do(work func(context.Context, Stores) error) {
	w.t.Helper()
	require.NoError(w.t, w.Unit.Do(w.t.Context(), work))
}

// act opens a book, lets act decide on it and appends it, unless act refuses or changes nothing.
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
		if err := s.Ledger.Append(ctx, book); err != nil {
			return none, err
		}
		return result, s.Outbox.Append(ctx, at, book.Events()...)
	})
}

func pot(kind ledger.PotKind, owner [16]byte) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: kind, Owner: owner}, Fund: "city"}
}

var (
	bank     = pot(ledger.Bank, [16]byte{})
	unissued = pot(ledger.Unissued, [16]byte{})
)

func (w *town) tryPay(o ledger.Order, at time.Time) (ledger.Receipt, error) {
	var want ledger.Want
	o.Wants(&want)
	return act(w, at, want, func(b *ledger.Book) (ledger.Receipt, error) { return b.Pay(o) })
}

func (w *town) pay(o ledger.Order, at time.Time) ledger.Receipt {
	w.t.Helper()
	receipt, err := w.tryPay(o, at)
	require.NoError(w.t, err)
	return receipt
}

func pays(from, to user.User, amount money.Points) ledger.Order {
	return ledger.Order{
		Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount,
	}
}

func keyed(o ledger.Order, key idem.Key) ledger.Order {
	o.Claim, o.Hash = idem.Claim{Actor: o.Actor, Key: key}, idem.Hash{0: 1, 31: byte(o.Amount)}
	return o
}

func (w *town) tryGrant(to user.User, amount money.Points, expires calendar.Day, at time.Time) (ledger.Receipt, error) {
	want := ledger.Want{Wallets: []ledger.WalletID{to.Wallet}, Pots: []ledger.Pot{unissued}}
	return act(w, at, want, func(b *ledger.Book) (ledger.Receipt, error) {
		return b.Grant(ledger.Award{Actor: w.mayor.ID, Wallet: to.Wallet, Fund: "city", Kind: gift.Code, Amount: amount, Expires: expires})
	})
}

func (w *town) grant(to user.User, amount money.Points, expires calendar.Day, at time.Time) ledger.Receipt {
	w.t.Helper()
	receipt, err := w.tryGrant(to, amount, expires, at)
	require.NoError(w.t, err)
	return receipt
}

func (w *town) tryCharge(merchant, resident user.User, amount money.Points, key idem.Key, at time.Time) (ledger.Receipt, error) {
	want := ledger.Want{
		Wallets: []ledger.WalletID{merchant.Wallet, resident.Wallet}, Pots: []ledger.Pot{pot(ledger.Till, merchant.Wallet)},
		Claims: []idem.Claim{{Actor: merchant.ID, Key: key}},
	}
	return act(w, at, want, func(b *ledger.Book) (ledger.Receipt, error) {
		return b.Charge(ledger.Cash{
			Claim: want.Claims[0], Hash: idem.Hash{1: 2}, Actor: merchant.ID, Merchant: merchant.Wallet,
			Resident: ledger.Party{Wallet: resident.Wallet}, Amount: amount,
		})
	})
}

func (w *town) charge(merchant, resident user.User, amount money.Points, at time.Time) ledger.Receipt {
	w.t.Helper()
	receipt, err := w.tryCharge(merchant, resident, amount, idem.Key(usertest.Unique()), at)
	require.NoError(w.t, err)
	return receipt
}

// move does one of the moves between pots.
func (w *town) move(entryType ledger.EntryType, m ledger.CashMove, at time.Time) ledger.EntryID {
	w.t.Helper()
	m.Actor, m.Fund = w.mayor.ID, "city"
	id, err := act(w, at, ledger.Want{Pots: m.TreasuryPots(entryType)}, func(b *ledger.Book) (ledger.EntryID, error) {
		switch entryType {
		case ledger.Deposit:
			return b.Deposit(m)
		case ledger.Withdrawal:
			return b.Withdraw(m)
		case ledger.Remittance:
			return b.Remit(m)
		case ledger.Reserve:
			return b.Reserve(m)
		}
		return b.Release(m)
	})
	require.NoError(w.t, err)
	return id
}

func (w *town) deposit(amount money.Points, at time.Time) ledger.EntryID {
	w.t.Helper()
	return w.move(ledger.Deposit, ledger.CashMove{Amount: amount}, at)
}

// shows enters a code of the owner and gives its token.
func (w *town) shows(code user.Code) user.Token {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) error { return s.Codes.Add(ctx, code) })
	return code.Token
}

// wallet reads a wallet and holds it to what every wallet is: its lots sum to its balance, no key is open twice, and
// its lines are numbered without gaps and carry the running balance up to it.
func (w *town) wallet(u user.User) ledger.Wallet {
	w.t.Helper()
	wallet, err := w.Statements.Wallet(w.t.Context(), u.Wallet)
	require.NoError(w.t, err)
	var sum money.Points
	keys := map[lot.Key]bool{}
	for _, l := range wallet.Lots {
		require.Positive(w.t, l.Remaining)
		require.False(w.t, keys[l.Key], "two open lots of one key")
		keys[l.Key] = true
		sum += l.Remaining
	}
	require.Equal(w.t, sum, wallet.Balance)
	lines := w.history(ledger.HistoryQuery{Wallet: u.Wallet, Limit: 7})
	require.Len(w.t, lines, int(wallet.Lines))
	balance := wallet.Balance
	for i, line := range lines {
		require.Equal(w.t, wallet.Lines-int64(i), line.No)
		require.Equal(w.t, balance, line.Balance)
		balance -= line.Delta
	}
	require.Zero(w.t, balance)
	return wallet
}

func (w *town) balance(u user.User) money.Points {
	w.t.Helper()
	return w.wallet(u).Balance
}

// fund reads where the city's money is now and holds it to the equation of the books.
func (w *town) fund() ledger.FundPosition {
	w.t.Helper()
	return w.fundAt(time.Time{})
}

func (w *town) fundAt(at time.Time) ledger.FundPosition {
	w.t.Helper()
	position, err := w.Statements.Position(w.t.Context(), at)
	require.NoError(w.t, err)
	require.Len(w.t, position.Funds, 1)
	f := position.Funds[0]
	require.Equal(w.t, int64(f.Assets()), int64(f.Points()), "bank + tills + receivables = unissued + reserved + in wallets + claimed")
	return f
}

func (w *town) tills() []ledger.TillState {
	w.t.Helper()
	tills, err := w.Statements.Tills(w.t.Context())
	require.NoError(w.t, err)
	for i := range tills {
		tills[i].Since = tills[i].Since.UTC()
	}
	return tills
}
