package prooftest

import (
	"iter"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The people of a Town.
var (
	Hana  = ledger.WalletID{0: 0xa0, 15: 1} // resident
	Taro  = ledger.WalletID{0: 0xb0, 15: 2} // resident
	Shop  = ledger.WalletID{0: 0x10, 15: 3} // merchant
	Stall = ledger.WalletID{0: 0xf0, 15: 4} // merchant
	Batch = ledger.BatchID{0: 0xc0, 15: 9}

	Programme = cashback.OfferID{0: 0xe0, 15: 5} // of Shop
	Campaign  = cashback.OfferID{0: 0xe0, 15: 6} // of the city
	Clerk     = user.ID{0: 0xd0, 15: 8}          // who administers
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, calendar.JST)

// Town is a ledger on paper: two residents, two merchants, the funds "city" and "health".
type Town struct {
	Now     time.Time
	Rules   ledger.Rules
	Wallets []*ledger.Wallet
	Pots    map[ledger.Pot]money.Points
	Entries []ledger.Entry
	Lines   []ledger.Line

	Offers   *cashback.Offers // of which nothing in the story earns, and some in its sequel
	Promises map[cashback.OfferID]*cashback.Campaign
	Awards   []ledger.Awarded
	Undoings []ledger.Undoing
}

// NewTown makes an empty town on the noon of 2026-11-23.
func NewTown() *Town {
	rules := ledger.DefaultRules()
	rules.Version = 1
	rules.Kinds = map[lot.KindCode]lot.Kind{
		"gift":   {Code: "gift", Name: "健康ポイント", Rank: 1, Retired: calendar.Never, Transferable: true, Validity: lot.Validity{Days: 30}},
		"charge": {Code: "charge", Name: "チャージ", Rank: 2, Retired: calendar.Never, Transferable: true, ClearedAtMerchant: true, Validity: lot.Validity{Months: 6}},
		"meal":   {Code: "meal", Name: "食事券", Rank: 0, Retired: calendar.Never, Transferable: true, ClearedAtMerchant: true, Earns: true, Validity: lot.Validity{Months: 6}},
		"return": {Code: "return", Name: "還元", Rank: 3, Retired: calendar.Never, ClearedAtMerchant: true, Validity: lot.Validity{Months: 6}},
	}
	rules.ChargeKind, rules.ChargeFund = "charge", "city"
	t := &Town{Now: noon, Rules: rules, Pots: map[ledger.Pot]money.Points{}}
	t.offer()
	for id, role := range map[ledger.WalletID]user.Role{Hana: user.Resident, Taro: user.Resident, Shop: user.Merchant, Stall: user.Merchant} {
		t.Wallets = append(t.Wallets, &ledger.Wallet{ID: id, Owner: user.ID(id), Role: role})
	}
	for _, fund := range []lot.FundCode{"city", "health"} {
		for _, account := range []ledger.Account{
			{Kind: ledger.Bank},
			{Kind: ledger.Unissued},
			{Kind: ledger.Till, Owner: Shop},
			{Kind: ledger.Till, Owner: Stall},
			{Kind: ledger.Reserved, Owner: Batch},
			{Kind: ledger.Reserved, Owner: Campaign},
			{Kind: ledger.Claimed, Owner: Stall},
			{Kind: ledger.Receivable, Owner: Hana},
			{Kind: ledger.Receivable, Owner: Taro},
			{Kind: ledger.Receivable, Owner: Shop},
			{Kind: ledger.Receivable, Owner: Stall},
		} {
			t.Pots[ledger.Pot{Account: account, Fund: fund}] = 0
		}
	}
	return t
}

// Do puts one act on the town's books.
func (town *Town) Do(t testing.TB, now time.Time, act func(*ledger.Book) error) {
	t.Helper()
	book := ledger.NewBook(now, town.Rules, town.Wallets, town.Pots, nil, nil)
	book.Rewarding(ledger.Rewards{Offers: town.Offers, Campaigns: town.Promises})
	book.Remembering(town.past())
	require.NoError(t, act(book))
	for pot, balance := range book.ChangedPots {
		town.Pots[pot] = balance
	}
	written := book.Written()
	for _, e := range written.Entries {
		e.Seq = int64(len(town.Entries) + 1)
		town.Entries = append(town.Entries, e)
	}
	town.Lines = append(town.Lines, written.Lines...)
	town.Awards = append(town.Awards, written.Awards...)
	town.Undoings = append(town.Undoings, written.Corrections...)
	town.Now = now
}

// Live puts the story on the books.
func (town *Town) Live(t testing.TB) {
	t.Helper()
	for now, act := range Acts() {
		town.Do(t, now, act)
	}
}

// Acts gives the story a minute apart, its last two acts after gifts lapsed.
func Acts() iter.Seq2[time.Time, func(*ledger.Book) error] {
	return func(yield func(time.Time, func(*ledger.Book) error) bool) {
		now := noon
		for i, act := range Story() {
			if now = now.Add(time.Minute); i == 15 {
				now = now.AddDate(0, 0, 60)
			}
			if !yield(now, act) {
				return
			}
		}
	}
}

// Story is a little of everything, each act one entry, all types of entries among them.
func Story() []func(*ledger.Book) error {
	cash := func(fund lot.FundCode, amount money.Points, memo string) ledger.CashMove {
		return ledger.CashMove{Actor: Clerk, Fund: fund, Amount: amount, Memo: memo}
	}
	return []func(*ledger.Book) error{
		entry(func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Deposit(cash("city", 100_000, "令和8年度 予算"))
		}),
		entry(func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Deposit(cash("health", 50_000, "寄附; \"健康\"\n第1回"))
		}),
		entry(func(b *ledger.Book) (ledger.EntryID, error) { return b.Withdraw(cash("city", 20_000, "")) }),
		entry(func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Reserve(ledger.CashMove{Fund: "health", Batch: Batch, Amount: 8_000})
		}),
		award(ledger.Award{Actor: Clerk, Wallet: Hana, Fund: "health", Batch: Batch, Amount: 3_000, Kind: "gift"}),
		award(ledger.Award{Actor: Clerk, Wallet: Taro, Fund: "health", Batch: Batch, Amount: 3_000, Kind: "gift"}),
		entry(func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Release(ledger.CashMove{Fund: "health", Batch: Batch, Amount: 2_000})
		}),
		award(ledger.Award{Actor: Clerk, Wallet: Hana, Fund: "city", Amount: 1_500, Kind: "gift", Memo: "歩こう会"}),
		charge(Shop, Hana, 5_000),
		charge(Stall, Taro, 700),
		Pay(Hana, Shop, 4_800, "朝市 | 野菜"), // three lots
		Pay(Hana, Taro, 1_200, "date:2020-13-45 割り勘"),
		Pay(Taro, Stall, 2_100, "\"昼\" \\ ; =*@ 食"),
		entry(func(b *ledger.Book) (ledger.EntryID, error) {
			return b.Remit(ledger.CashMove{Actor: Clerk, Fund: "city", Merchant: Shop, Amount: 4_000})
		}),
		Pay(Shop, Stall, 4_600, ""), // both gifts whole, since like lots go in no certain order
		func(b *ledger.Book) error { _, err := b.Lapse(Taro, "失効"); return err },
		charge(Shop, Taro, 300),
	}
}

func entry(act func(*ledger.Book) (ledger.EntryID, error)) func(*ledger.Book) error {
	return func(b *ledger.Book) error {
		_, err := act(b)
		return err
	}
}

func award(a ledger.Award) func(*ledger.Book) error {
	return func(b *ledger.Book) error {
		_, err := b.Grant(a)
		return err
	}
}

// charge is under a key of its own, so that the journal has idempotency keys.
func charge(merchant, resident ledger.WalletID, amount money.Points) func(*ledger.Book) error {
	return func(b *ledger.Book) error {
		_, err := b.Charge(ledger.Cash{
			Claim: idem.Claim{Actor: Clerk, Key: idem.Key("charge-" + ident.New[ledger.Cash](b.Now).String())},
			Actor: user.ID(merchant), Merchant: merchant, Resident: ledger.Party{Wallet: resident}, Amount: amount,
		})
		return err
	}
}

// Pay is a payment, or a transfer where a resident receives it.
func Pay(from, to ledger.WalletID, amount money.Points, memo string) func(*ledger.Book) error {
	return func(b *ledger.Book) error {
		_, err := b.Pay(ledger.Order{
			Actor: user.ID(from), Own: from, Payer: ledger.Party{Wallet: from}, Payee: ledger.Party{Wallet: to}, Amount: amount, Memo: memo,
		})
		return err
	}
}
