package ledger_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The people of these tests. A wallet and its owner share their last byte.
var (
	hana  = ledger.WalletID{15: 1} // resident
	taro  = ledger.WalletID{15: 2} // resident
	shop  = ledger.WalletID{15: 3} // merchant
	stall = ledger.WalletID{15: 4} // merchant
	batch = ledger.BatchID{15: 9}

	noon  = time.Date(2026, 11, 23, 12, 0, 0, 0, calendar.JST)
	today = calendar.On(2026, 11, 23)
)

func owner(wallet ledger.WalletID) user.ID { return user.ID(wallet) }

// scene is what a book is made of; the zero changes of newScene are valid for every act.
type scene struct {
	now     time.Time
	rules   ledger.Rules
	wallets []ledger.Wallet
	pots    map[ledger.Pot]money.Points
	codes   []user.Code
	records []idem.Record
}

func newScene() *scene {
	rules := ledger.DefaultRules()
	rules.Kinds = map[lot.KindCode]lot.Kind{
		"health": {Code: "health", Rank: 1, Retired: calendar.Never, Validity: lot.Validity{Months: 3}},
		"city":   {Code: "city", Rank: 2, Retired: calendar.Never, Transferable: true, Validity: lot.Validity{YearEnds: 1}},
		"charge": {Code: "charge", Rank: 3, Retired: calendar.Never, Transferable: true, ClearedAtMerchant: true, Validity: lot.Validity{Months: 6}},
		"old":    {Code: "old", Rank: 4, Retired: today},
	}
	rules.ChargeKind, rules.ChargeFund = "charge", "city"
	return &scene{
		now: noon, rules: rules,
		wallets: []ledger.Wallet{
			{ID: hana, Owner: owner(hana), Role: user.Resident},
			{ID: taro, Owner: owner(taro), Role: user.Resident},
			{ID: shop, Owner: owner(shop), Role: user.Merchant},
			{ID: stall, Owner: owner(stall), Role: user.Merchant},
		},
		pots: map[ledger.Pot]money.Points{
			pot(ledger.Bank, [16]byte{}): -100_000, pot(ledger.Till, shop): 0,
			pot(ledger.Unissued, [16]byte{}): 40_000, pot(ledger.Reserved, batch): 10_000,
		},
	}
}

func pot(kind ledger.PotKind, owner [16]byte) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: kind, Owner: owner}, Fund: "city"}
}

func key(kind lot.KindCode, expires calendar.Day, hops int32) lot.Key {
	return lot.Key{Kind: kind, Fund: "city", Expires: expires, Hops: hops}
}

func (s *scene) wallet(id ledger.WalletID) *ledger.Wallet {
	return &s.wallets[slices.IndexFunc(s.wallets, func(w ledger.Wallet) bool { return w.ID == id })]
}

// has puts points into a wallet before the story begins.
func (s *scene) has(id ledger.WalletID, k lot.Key, amount money.Points) lot.ID {
	w := s.wallet(id)
	l := lot.Lot{ID: lot.ID{0: id[15], 15: byte(len(w.Lots) + 1)}, Key: k, Remaining: amount, Since: noon.Add(-time.Hour)}
	w.Lots = append(w.Lots, l)
	w.Balance += amount
	return l.ID
}

// shows adds a code to the scene.
func (s *scene) shows(code user.Code) user.Token {
	code.Token = user.NewToken(code.Purpose)
	code.Owner, code.IssuedAt = user.ID(code.Wallet), noon.Add(-time.Minute)
	if code.Purpose.OneTime() && code.ExpiresAt.IsZero() {
		code.ExpiresAt = noon.Add(time.Minute)
	}
	s.codes = append(s.codes, code)
	return code.Token
}

// open makes a book of the scene. Two books of one scene are alike and share nothing.
func (s *scene) open() *ledger.Book {
	wallets := make([]*ledger.Wallet, len(s.wallets))
	for i := range s.wallets {
		w := s.wallets[i]
		w.Lots = slices.Clone(w.Lots)
		wallets[i] = &w
	}
	return ledger.NewBook(s.now, s.rules, wallets, maps.Clone(s.pots), slices.Clone(s.codes), slices.Clone(s.records))
}

func pays(from, to ledger.WalletID, amount money.Points) ledger.Order {
	return ledger.Order{Actor: owner(from), Own: from, Payer: ledger.Party{Wallet: from}, Payee: ledger.Party{Wallet: to}, Amount: amount}
}

func paysCode(from ledger.WalletID, code user.Token, amount money.Points) ledger.Order {
	o := pays(from, ledger.WalletID{}, amount)
	o.Payee = ledger.Party{Code: code}
	return o
}

func collects(to ledger.WalletID, code user.Token, amount money.Points) ledger.Order {
	return ledger.Order{Actor: owner(to), Own: to, Payer: ledger.Party{Code: code}, Payee: ledger.Party{Wallet: to}, Amount: amount}
}

func charges(at, resident ledger.WalletID, amount money.Points, key idem.Key) ledger.Cash {
	return ledger.Cash{
		Claim: idem.Claim{Actor: owner(at), Key: key}, Hash: idem.Hash{0: byte(amount)}, Actor: owner(at), Merchant: at,
		Resident: ledger.Party{Wallet: resident}, Amount: amount,
	}
}

// lots gives what a wallet of the book holds, by key.
func lots(t *testing.T, b *ledger.Book, id ledger.WalletID) map[lot.Key]money.Points {
	t.Helper()
	w, err := b.Wallet(id)
	require.NoError(t, err)
	held := map[lot.Key]money.Points{}
	for _, l := range w.Lots {
		if l.Remaining > 0 {
			require.NotContains(t, held, l.Key, "two lots of one key")
			held[l.Key] = l.Remaining
		}
	}
	return held
}

func balance(t *testing.T, b *ledger.Book, id ledger.WalletID) money.Points {
	t.Helper()
	w, err := b.Wallet(id)
	require.NoError(t, err)
	return w.Balance
}

// refused requires that act is refused for the reason and leaves its book exactly as one on which it was not tried.
func refused(t *testing.T, s *scene, reason *fault.Fault, act func(*ledger.Book) error) *fault.Fault {
	t.Helper()
	b := s.open()
	err := act(b)
	require.ErrorIs(t, err, reason)
	require.Equal(t, s.open(), b, "a refused act leaves the book as it was")
	f, _ := fault.Of(err)
	return f
}

func refusedPayment(t *testing.T, s *scene, reason *fault.Fault, o ledger.Order) *fault.Fault {
	t.Helper()
	return refused(t, s, reason, func(b *ledger.Book) error {
		receipt, err := b.Pay(o)
		require.Empty(t, receipt)
		return err
	})
}
