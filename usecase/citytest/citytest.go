// Package citytest is a small city for tests of what people do: an office, residents and merchants with wallets and
// codes, a fund with a million yen, kinds of points, and a clock that stands still until it is told to go on.
//
// A city stands on ports, so it can be built on any adapter that fulfils their contracts; OnMemory builds it on
// the one in memory, which is what tests of use cases want.
package citytest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/page"
	"lovesaijo/domain/report"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

// Stores are all that a unit of any activity may want.
type Stores struct {
	Ledger     ledger.Ledger
	Wallets    ledger.Wallets
	Rulebook   ledger.Rulebook
	Treasury   fund.Treasury
	Batches    fund.Batches
	Directory  user.Directory
	Codes      user.Codes
	Trail      audit.Trail
	Outbox     event.Outbox
	Inbox      notice.Inbox
	Requests   approval.Requests
	Programmes cashback.Programmes
	Campaigns  cashback.Campaigns
	Periods    settlement.Periods
	Claims     settlement.Claims
	Decisions  settlement.Decisions
	Archive    report.Archive
}

// Ports are what a city stands on.
type Ports struct {
	Unit       usecase.Unit[Stores]
	Statements ledger.Statements
	Roster     user.Roster
	Rules      ledger.RulesReader
	Funds      fund.Reader
	Batches    fund.BatchReader
	Notices    notice.Reader
	Acts       audit.Reader
	Approvals  approval.Reader
	Offers     cashback.Reader
	Settlement settlement.Reader
	Horizon    settlement.Horizon
	Journal    report.Journal
	Shelf      report.Shelf
}

// City is a small city.
type City struct {
	Ports
	Official access.Actor
	Messages func() []event.Message // all that was put into the outbox; only in memory
	mu       sync.Mutex
	now      time.Time
	keys     int
}

// What every city has.
const (
	Fund      = fund.Code("city") // with FundCash in the bank, all of it unissued; charges go to it
	FundCash  = money.Points(1_000_000)
	OtherFund = fund.Code("other") // open, with nothing in it
)

// The kinds of points that every city has.
var (
	Health = lot.Kind{Code: "health", Name: "健康", Rank: 1, Validity: lot.Validity{Days: 30}, ClearedAtMerchant: true, Retired: calendar.Never}
	Gift   = lot.Kind{Code: "gift", Name: "給付", Rank: 2, Validity: lot.Validity{Months: 6}, ClearedAtMerchant: true, Transferable: true, Retired: calendar.Never}
	Bought = lot.Kind{Code: "charge", Name: "チャージ", Rank: 3, ClearedAtMerchant: true, Transferable: true, Retired: calendar.Never}
)

// Noon is the instant at which a city's story begins: noon of 2026-11-23 in Japan.
var Noon = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// OnMemory builds a city in memory.
func OnMemory(t testing.TB) *City {
	store := memory.New()
	city := Build(t, Ports{
		Unit: memory.NewUnit(store, func(s *memory.Session) Stores {
			return Stores{
				Ledger: s.Ledger(), Wallets: s.Wallets(), Rulebook: s.Rulebook(), Treasury: s.Treasury(), Batches: s.Batches(),
				Directory: s.Directory(), Codes: s.Codes(), Trail: s.Trail(), Outbox: s.Outbox(), Inbox: s.Inbox(),
				Requests: s.Requests(), Programmes: s.Programmes(), Campaigns: s.Campaigns(), Periods: s.Periods(),
				Claims: s.Claims(), Decisions: s.Decisions(), Archive: s.Archive(),
			}
		}),
		Statements: store.Statements(), Roster: store.Roster(), Rules: store.Rules(), Funds: store.Funds(), Batches: store.Batches(),
		Approvals: store.Approvals(), Offers: store.Offers(), Settlement: store.Settlement(), Horizon: store.Horizon(),
		Notices: store.Notices(), Acts: store.Acts(), Journal: store.Reports(), Shelf: store.Reports(),
	})
	city.Messages = store.Messages
	return city
}

// Build builds a city on empty stores.
func Build(t testing.TB, ports Ports) *City {
	t.Helper()
	c := &City{Ports: ports, now: Noon}
	official := usertest.Administrator()
	c.Official = access.Actor{User: official.ID, Role: user.Administrator}
	c.Do(t, func(ctx context.Context, s Stores) error {
		for _, code := range []fund.Code{Fund, OtherFund} {
			if err := s.Treasury.Add(ctx, fund.Fund{Code: code, Name: "原資", OpenedAt: Noon, Version: 1}); err != nil {
				return err
			}
		}
		for _, kind := range []lot.Kind{Health, Gift, Bought} {
			if err := s.Rulebook.SaveKind(ctx, kind, Noon); err != nil {
				return err
			}
		}
		rules, err := s.Rulebook.Current(ctx)
		if err != nil {
			return err
		}
		rules.ChargeKind, rules.ChargeFund = Bought.Code, Fund
		if _, err := s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: Noon}); err != nil {
			return err
		}
		return s.Directory.Add(ctx, official)
	})
	c.Act(t, ledger.Want{Pots: ledger.CashMove{Fund: Fund}.TreasuryPots(ledger.Deposit)}, func(b *ledger.Book) error {
		_, err := b.Deposit(ledger.CashMove{Actor: official.ID, Fund: Fund, Amount: FundCash})
		return err
	})
	return c
}

// Clock tells the city's time.
func (c *City) Clock() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance lets time go by.
func (c *City) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}

// Today is the city's day.
func (c *City) Today() calendar.Day { return calendar.DayOf(c.Clock()) }

// Key gives an idempotency key that was not given before.
func (c *City) Key() idem.Key {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys++
	return idem.Key(fmt.Sprintf("key-%08d", c.keys))
}

// Do runs work in one unit, which must succeed.
func (c *City) Do(t testing.TB, work func(context.Context, Stores) error) {
	t.Helper()
	require.NoError(t, c.Unit.Do(t.Context(), work))
}

// Act moves points on a book, as the activity that would do it elsewhere.
func (c *City) Act(t testing.TB, want ledger.Want, act func(*ledger.Book) error) {
	t.Helper()
	c.Do(t, func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, c.Clock(), want)
		if err != nil {
			return err
		}
		if err := act(book); err != nil {
			return err
		}
		return s.Ledger.Append(ctx, book)
	})
}

// Give grants points of the city's fund to a wallet.
func (c *City) Give(t testing.TB, to user.User, kind lot.Kind, amount money.Points) {
	t.Helper()
	pot := ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: Fund}
	c.Act(t, ledger.Want{Wallets: []ledger.WalletID{to.Wallet}, Pots: []ledger.Pot{pot}}, func(b *ledger.Book) error {
		_, err := b.Grant(ledger.Award{Wallet: to.Wallet, Fund: Fund, Amount: amount, Kind: kind.Code})
		return err
	})
}

// Resident lets somebody move in, with an empty wallet.
func (c *City) Resident(t testing.TB) user.User { return c.settle(t, usertest.Resident())[0] }

// Residents lets many move in.
func (c *City) Residents(t testing.TB, n int) []user.User {
	people := make([]user.User, n)
	for i := range people {
		people[i] = usertest.Resident()
	}
	return c.settle(t, people...)
}

// Merchant lets a shop open, with an empty wallet.
func (c *City) Merchant(t testing.TB) user.User { return c.settle(t, usertest.Merchant())[0] }

// Clerk lets a shop take on a clerk.
func (c *City) Clerk(t testing.TB, merchant user.User) user.User {
	return c.settle(t, usertest.Clerk(merchant))[0]
}

func (c *City) settle(t testing.TB, people ...user.User) []user.User {
	t.Helper()
	c.Do(t, func(ctx context.Context, s Stores) error {
		if err := s.Directory.Add(ctx, people...); err != nil {
			return err
		}
		for _, u := range people {
			if !u.Role.OwnsWallet() {
				continue
			}
			if err := s.Wallets.Open(ctx, u.Wallet, u.ID, u.Role, u.Profile.Category, c.Clock()); err != nil {
				return err
			}
		}
		return nil
	})
	return people
}

// Code gives somebody a standing code.
func (c *City) Code(t testing.TB, of user.User) user.Token {
	t.Helper()
	code := usertest.StandingCode(of)
	c.Do(t, func(ctx context.Context, s Stores) error { return s.Codes.Add(ctx, code) })
	return code.Token
}

// Actor is somebody who is signed in.
func Actor(u user.User) access.Actor {
	return access.Actor{User: u.ID, Role: u.Role, Wallet: u.Wallet}
}

// Balance gives what is in somebody's wallet.
func (c *City) Balance(t testing.TB, of user.User) money.Points {
	t.Helper()
	wallet, err := c.Statements.Wallet(t.Context(), of.Wallet)
	require.NoError(t, err)
	return wallet.Balance
}

// Position gives a fund's position, and holds it to the equation that every fund keeps at each moment.
func (c *City) Position(t testing.TB, code fund.Code) ledger.FundPosition {
	t.Helper()
	position, err := c.Statements.Position(t.Context(), time.Time{})
	require.NoError(t, err)
	for _, p := range position.Funds {
		require.EqualValues(t, p.Points(), p.Assets(), "fund %s", p.Fund)
		if p.Fund == code {
			return p
		}
	}
	return ledger.FundPosition{Fund: code}
}

// Outcomes lists action and outcome of every act in the trail, in no order that means anything.
func (c *City) Outcomes(t testing.TB) []string {
	t.Helper()
	acts, err := c.Acts.Acts(t.Context(), audit.Query{Limit: page.LimitMax})
	require.NoError(t, err)
	outcomes := make([]string, len(acts.Rows))
	for i, act := range acts.Rows {
		outcomes[i] = act.Action + " " + act.Outcome
	}
	return outcomes
}

// Narrow gives units of the stores that one activity names.
func Narrow[S any](c *City, pick func(Stores) S) usecase.Unit[S] { return narrow[S]{c.Unit, pick} }

type narrow[S any] struct {
	wide usecase.Unit[Stores]
	pick func(Stores) S
}

func (n narrow[S]) Do(ctx context.Context, work func(context.Context, S) error) error {
	return n.wide.Do(ctx, func(ctx context.Context, s Stores) error { return work(ctx, n.pick(s)) })
}
