// Package cashbacktest holds the contract of the ports of domain/cashback as tests: programmes and campaigns read back
// as they were written, nobody overwrites what somebody else changed, and what payments earned is summed to the point.
//
// An adapter calls Cashback with a function that opens its stores. The offers are one set for a whole store, so each
// test wants stores of its own, and empty ones. Every test runs in parallel with the others.
package cashbacktest

import (
	"context"
	"errors"
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
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit. Those of the ledger are there because payments earn.
type Stores struct {
	Programmes cashback.Programmes
	Campaigns  cashback.Campaigns
	Ledger     ledger.Ledger
	Wallets    ledger.Wallets
	Treasury   fund.Treasury
	Rulebook   ledger.Rulebook
}

// Bench is what the suite needs of an adapter: its unit of work and its read ports on the same data.
type Bench struct {
	Unit       usecase.Unit[Stores]
	Offers     cashback.Reader
	Statements ledger.Statements
}

// Open opens empty stores for one test.
type Open func(t *testing.T) Bench

// Now is the instant at which the suite's stories begin: noon in Japan.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

var today = calendar.DayOf(Now)

// city is the fund of the suite, gift the kind that people pay with, bonus the kind that comes back.
const (
	city  = fund.Code("city")
	gift  = lot.KindCode("gift")
	bonus = lot.KindCode("bonus")
)

// errTurnedBack makes a unit end without effect.
var errTurnedBack = errors.New("turned back")

// Cashback holds an adapter to the contracts of cashback.Programmes, Campaigns and Reader, and to that of
// ledger.Statements about awards.
func Cashback(t *testing.T, open Open) {
	for _, topic := range []struct {
		name  string
		tests []contract
	}{
		{"programmes", programmeContracts},
		{"campaigns", campaignContracts},
		{"what was earned", earningContracts},
		{"the past", purchaseContracts},
	} {
		for _, c := range topic.tests {
			t.Run(topic.name+": "+c.says, func(t *testing.T) {
				t.Parallel()
				c.test(t, settle(t, open(t)))
			})
		}
	}
}

// contract is one promise and the test that holds an adapter to it.
type contract struct {
	says string
	test func(t *testing.T, p place)
}

// place is a bench with a fund, two kinds, a restaurant, a bookshop and two residents, each with 10,000 points.
type place struct {
	Bench
	restaurant, bookshop cashback.Shop
	hana, taro           user.WalletID
}

func settle(t *testing.T, b Bench) place {
	t.Helper()
	p := place{
		Bench:      b,
		restaurant: cashback.Shop{Wallet: user.NewWalletID(Now), Category: "飲食店"},
		bookshop:   cashback.Shop{Wallet: user.NewWalletID(Now), Category: "書店"},
		hana:       user.NewWalletID(Now), taro: user.NewWalletID(Now),
	}
	p.do(t, func(ctx context.Context, s Stores) error {
		if err := s.Treasury.Add(ctx, fund.Fund{Code: city, Name: "原資", OpenedAt: Now, Version: 1}); err != nil {
			return err
		}
		for _, kind := range []lot.Kind{
			{Code: gift, Name: "給付", Rank: 1, Earns: true, ClearedAtMerchant: true, Transferable: true, Retired: calendar.Never},
			{Code: bonus, Name: "還元", Rank: 2, Validity: lot.Validity{Months: 6}, ClearedAtMerchant: true, Retired: calendar.Never},
		} {
			if err := s.Rulebook.SaveKind(ctx, kind, Now); err != nil {
				return err
			}
		}
		for _, shop := range []cashback.Shop{p.restaurant, p.bookshop} {
			if err := s.Wallets.Open(ctx, shop.Wallet, ident.New[user.User](Now), user.Merchant, shop.Category, Now); err != nil {
				return err
			}
		}
		for _, resident := range []user.WalletID{p.hana, p.taro} {
			if err := s.Wallets.Open(ctx, resident, ident.New[user.User](Now), user.Resident, "", Now); err != nil {
				return err
			}
		}
		return nil
	})
	pots := ledger.CashMove{Fund: city}.TreasuryPots(ledger.Deposit)
	p.act(t, Now, ledger.Want{Wallets: []ledger.WalletID{p.hana, p.taro}, Pots: pots}, func(b *ledger.Book) error {
		if _, err := b.Deposit(ledger.CashMove{Fund: city, Amount: 1_000_000}); err != nil {
			return err
		}
		for _, wallet := range []ledger.WalletID{p.hana, p.taro} {
			if _, err := b.Grant(ledger.Award{Wallet: wallet, Fund: city, Amount: 10_000, Kind: gift}); err != nil {
				return err
			}
		}
		return nil
	})
	return p
}

func (p place) do(t *testing.T, work func(context.Context, Stores) error) {
	t.Helper()
	require.NoError(t, p.Unit.Do(t.Context(), work))
}

// act does something on a book at an instant.
func (p place) act(t *testing.T, at time.Time, want ledger.Want, act func(*ledger.Book) error) {
	t.Helper()
	p.do(t, func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, at, want)
		if err != nil {
			return err
		}
		if err := act(book); err != nil {
			return err
		}
		return s.Ledger.Append(ctx, book)
	})
}

// pay lets a resident pay at a shop, as the teller would.
func (p place) pay(t *testing.T, at time.Time, from, to user.WalletID, amount money.Points) ledger.Receipt {
	t.Helper()
	order := ledger.Order{Own: from, Payer: ledger.Party{Wallet: from}, Payee: ledger.Party{Wallet: to}, Amount: amount}
	var want ledger.Want
	order.Wants(&want)
	var receipt ledger.Receipt
	p.act(t, at, want, func(b *ledger.Book) (err error) {
		receipt, err = b.Pay(order)
		return err
	})
	return receipt
}

// undo takes back an amount of a payment; zero for all that is left.
func (p place) undo(t *testing.T, at time.Time, payment ledger.EntryID, amount money.Points) ledger.Effect {
	t.Helper()
	original, err := p.Statements.Entry(t.Context(), payment)
	require.NoError(t, err)
	awards, err := p.Statements.Awards(t.Context(), payment)
	require.NoError(t, err)
	correction := ledger.Correction{
		Claim: idem.Claim{Actor: ident.New[user.User](at), Key: idem.Key(ident.New[ledger.Entry](at).String())}, Original: original, Amount: amount, Memo: "誤り",
	}
	if len(awards) > 0 {
		correction.Funds = []lot.FundCode{city}
	}
	var effect ledger.Effect
	p.act(t, at, correction.Wants(), func(b *ledger.Book) (err error) {
		effect, err = b.Correct(correction)
		return err
	})
	return effect
}

// Programme makes a valid programme of a shop: five percent from today on.
func Programme(shop user.WalletID, changes ...func(*cashback.Programme)) cashback.Programme {
	programme := cashback.Programme{
		ID: cashback.NewOfferID(time.Now()), Merchant: shop, Name: "いつでも5%還元",
		Terms:     cashback.Terms{Rate: 500, Rounding: cashback.Down, Kind: bonus, Validity: lot.Validity{Days: 90}, Earning: []lot.KindCode{gift}, PaymentMax: 500},
		Span:      cashback.Span{From: today, Until: calendar.Never},
		CreatedBy: ident.New[user.User](Now), CreatedAt: Now, Version: 1,
	}
	for _, change := range changes {
		change(&programme)
	}
	return programme
}

// Campaign makes a valid draft of the city's: ten percent at all shops for a week, from a budget of 1,000.
func Campaign(changes ...func(*cashback.Campaign)) cashback.Campaign {
	campaign := cashback.Campaign{
		ID: cashback.NewOfferID(time.Now()), Name: "秋の還元祭", Note: "市内のお店で",
		Terms: cashback.Terms{Rate: 1_000, Rounding: cashback.Nearest, Kind: bonus, PaymentMax: 400, PersonMax: 600},
		Span:  cashback.Span{From: today, Until: today + 6}, Fund: city, Budget: 1_000, State: cashback.Draft,
		CreatedBy: ident.New[user.User](Now), CreatedAt: Now, Version: 1,
	}
	for _, change := range changes {
		change(&campaign)
	}
	return campaign
}

func opened(c *cashback.Campaign) {
	c.State, c.OpenedBy, c.OpenedAt = cashback.Open, c.CreatedBy, Now
}

func (p place) addProgramme(t *testing.T, programme cashback.Programme) cashback.Programme {
	t.Helper()
	p.do(t, func(ctx context.Context, s Stores) error { return s.Programmes.Add(ctx, programme) })
	return programme
}

func (p place) addCampaign(t *testing.T, campaign cashback.Campaign) cashback.Campaign {
	t.Helper()
	p.do(t, func(ctx context.Context, s Stores) error { return s.Campaigns.Add(ctx, campaign) })
	return campaign
}

// lock reads a campaign inside a unit.
func (p place) lock(t *testing.T, id cashback.OfferID) cashback.Campaign {
	t.Helper()
	campaign, err := usecase.Do(t.Context(), p.Unit, func(ctx context.Context, s Stores) (cashback.Campaign, error) {
		return s.Campaigns.Lock(ctx, id)
	})
	require.NoError(t, err)
	return campaign
}

func (p place) save(t *testing.T, campaign cashback.Campaign) error {
	t.Helper()
	return p.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Campaigns.Save(ctx, campaign) })
}
