package paying_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/paying"
)

// scene is a city with a shop, and a teller whose units can be made to wait or to fail.
type scene struct {
	*citytest.City
	shop   user.User
	teller *paying.Teller
	pay    *paying.Pay
}

func setScene(t *testing.T, around func(usecase.Unit[paying.Stores]) usecase.Unit[paying.Stores]) scene {
	t.Helper()
	city := citytest.OnMemory(t)
	unit := around(citytest.Narrow(city, func(s citytest.Stores) paying.Stores { return paying.Stores{Ledger: s.Ledger, Outbox: s.Outbox} }))
	teller := paying.NewTeller(unit, city.Clock)
	return scene{city, city.Merchant(t), teller, paying.NewPay(teller, city.Statements, city.Offers)}
}

func (s scene) spend(ctx context.Context, payer user.User, cmd paying.Command) (paying.Result, error) {
	cmd.PayeeWallet = s.shop.Wallet
	return s.pay.Do(ctx, citytest.Actor(payer), cmd)
}

// gate is a unit that begins only when it is opened.
type gate struct {
	usecase.Unit[paying.Stores]
	open <-chan struct{}
}

func (g gate) Do(ctx context.Context, work func(context.Context, paying.Stores) error) error {
	<-g.open
	return g.Unit.Do(ctx, work)
}

func TestAPaymentWhosePayerWentAwayIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	s := setScene(t, func(unit usecase.Unit[paying.Stores]) usecase.Unit[paying.Stores] { return gate{unit, open} })
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 1_000)
	cmd := paying.Command{Key: s.Key(), Amount: 300}

	gone, leave := context.WithCancel(t.Context())
	leave()
	_, err := s.spend(gone, hana, cmd)
	require.ErrorIs(t, err, context.Canceled)
	s.teller.Open(1)
	t.Cleanup(s.teller.Close)
	close(open)
	again, err := s.spend(t.Context(), hana, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, money.Points(700), again.Balance)
	require.Equal(t, money.Points(300), s.Balance(t, s.shop))
	require.Equal(t, []paying.Part{{Lot: again.Slices[0].Lot, Key: again.Slices[0].Key, Amount: 300}}, again.Slices)
}

func TestOrdersThatWaitTogetherArePostedTogether(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	s := setScene(t, func(unit usecase.Unit[paying.Stores]) usecase.Unit[paying.Stores] { return gate{unit, open} })
	people := s.Residents(t, 20)
	errs := make([]error, len(people))
	var all sync.WaitGroup
	for i, u := range people {
		s.Give(t, u, citytest.Gift, 100)
		cmd := paying.Command{Key: s.Key(), Amount: 100}
		all.Go(func() { _, errs[i] = s.spend(t.Context(), u, cmd) })
	}
	require.Eventually(t, func() bool { return s.teller.Load().Waiting == len(people) }, 10*time.Second, time.Millisecond)
	s.teller.Open(1)
	close(open)
	all.Wait()
	s.teller.Close()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, money.Points(2_000), s.Balance(t, s.shop))
	require.Equal(t, paying.Load{Sets: 1, Orders: 20}, s.teller.Load())
}

var errDisk = errors.New("the disk is full")

// spoilt is a unit that fails as a whole, at its commit, when there is an order of a certain memo in it.
type spoilt struct{ usecase.Unit[paying.Stores] }

func (u spoilt) Do(ctx context.Context, work func(context.Context, paying.Stores) error) error {
	return u.Unit.Do(ctx, func(ctx context.Context, s paying.Stores) error {
		s.Ledger = spoiltLedger{s.Ledger}
		return work(ctx, s)
	})
}

type spoiltLedger struct{ ledger.Ledger }

func (l spoiltLedger) Append(ctx context.Context, book *ledger.Book) error {
	for _, e := range book.Written().Entries {
		if e.Memo == "spoilt" {
			return errDisk
		}
	}
	return l.Ledger.Append(ctx, book)
}

func TestAnOrderThatCannotBePostedStopsNoOther(t *testing.T) {
	t.Parallel()
	open := make(chan struct{})
	s := setScene(t, func(unit usecase.Unit[paying.Stores]) usecase.Unit[paying.Stores] { return gate{spoilt{unit}, open} })
	people := s.Residents(t, 30)
	results, errs := make([]paying.Result, len(people)), make([]error, len(people))
	var all sync.WaitGroup
	for i, u := range people {
		cmd := paying.Command{Key: s.Key(), Amount: 100, Memo: fmt.Sprint(i)}
		switch i {
		case 11:
			cmd.Memo = "spoilt"
			s.Give(t, u, citytest.Gift, 100)
		case 12: // has nothing
		default:
			s.Give(t, u, citytest.Gift, 100)
		}
		all.Go(func() { results[i], errs[i] = s.spend(t.Context(), u, cmd) })
	}
	require.Eventually(t, func() bool { return s.teller.Load().Waiting == len(people) }, 10*time.Second, time.Millisecond)
	s.teller.Open(1)
	close(open)
	all.Wait()
	s.teller.Close()
	for i, err := range errs {
		switch i {
		case 11:
			require.ErrorIs(t, err, errDisk)
			_, told := fault.Of(err)
			require.False(t, told, "an accident is no refusal")
			require.Equal(t, money.Points(100), s.Balance(t, people[i]))
		case 12:
			require.ErrorIs(t, err, lot.ErrInsufficient)
		default:
			require.NoError(t, err)
			require.False(t, results[i].Replayed, "an attempt that was given up posted nothing")
			require.Zero(t, s.Balance(t, people[i]))
		}
	}
	require.Equal(t, money.Points(2_800), s.Balance(t, s.shop))
}

// besieged is a unit in which some wallets are locked by somebody else for good. It counts the waits for them.
type besieged struct {
	usecase.Unit[paying.Stores]
	locked map[ledger.WalletID]bool
	waits  *atomic.Int32
}

func (u besieged) Do(ctx context.Context, work func(context.Context, paying.Stores) error) error {
	return u.Unit.Do(ctx, func(ctx context.Context, s paying.Stores) error {
		s.Ledger = besiegedLedger{s.Ledger, u}
		return work(ctx, s)
	})
}

type besiegedLedger struct {
	ledger.Ledger
	by besieged
}

func (l besiegedLedger) Open(ctx context.Context, now time.Time, want ledger.Want) (*ledger.Book, error) {
	peeked, err := l.Peek(ctx, now, want)
	if err != nil {
		return nil, err
	}
	for _, token := range want.Codes {
		if code, known := peeked.Code(token); known {
			want.Wallets = append(want.Wallets, code.Wallet)
		}
	}
	for _, wallet := range want.Wallets {
		if l.by.locked[wallet] {
			l.by.waits.Add(1)
			return nil, fmt.Errorf("open: %w", usecase.ErrLocked)
		}
	}
	return l.Ledger.Open(ctx, now, want)
}

// pressed has everybody pay 100 points at the same time, and gives what each was told.
func (s scene) pressed(t *testing.T, people []user.User, open chan struct{}, cmd func(i int) paying.Command) []error {
	t.Helper()
	errs := make([]error, len(people))
	var all sync.WaitGroup
	for i, u := range people {
		s.Give(t, u, citytest.Gift, 100)
		all.Go(func() { _, errs[i] = s.pay.Do(t.Context(), citytest.Actor(u), cmd(i)) })
	}
	require.Eventually(t, func() bool { return s.teller.Load().Waiting == len(people) }, 10*time.Second, time.Millisecond)
	s.teller.Open(1)
	close(open)
	all.Wait()
	s.teller.Close()
	return errs
}

func TestAPayerWhoseWalletIsLockedElsewhereStopsNoOther(t *testing.T) {
	t.Parallel()
	open, locked, waits := make(chan struct{}), map[ledger.WalletID]bool{}, &atomic.Int32{}
	s := setScene(t, func(unit usecase.Unit[paying.Stores]) usecase.Unit[paying.Stores] {
		return gate{besieged{unit, locked, waits}, open}
	})
	people := s.Residents(t, 40)
	locked[people[17].Wallet] = true
	keys := make([]idem.Key, len(people))
	for i := range keys {
		keys[i] = s.Key()
	}
	errs := s.pressed(t, people, open, func(i int) paying.Command {
		return paying.Command{Key: keys[i], Amount: 100, PayeeWallet: s.shop.Wallet}
	})
	for i, err := range errs {
		if i == 17 {
			require.ErrorIs(t, err, usecase.ErrLocked)
			continue
		}
		require.NoError(t, err)
	}
	require.EqualValues(t, 2, waits.Load(), "the set waited once, and the order by itself once")
	require.Equal(t, money.Points(3_900), s.Balance(t, s.shop))
	require.Equal(t, money.Points(100), s.Balance(t, people[17]))
}

func TestAShopWhoseWalletIsLockedElsewhereIsWaitedForAFewTimesOnly(t *testing.T) {
	t.Parallel()
	open, locked, waits := make(chan struct{}), map[ledger.WalletID]bool{}, &atomic.Int32{}
	s := setScene(t, func(unit usecase.Unit[paying.Stores]) usecase.Unit[paying.Stores] {
		return gate{besieged{unit, locked, waits}, open}
	})
	people, other := s.Residents(t, 20), s.Merchant(t)
	locked[s.shop.Wallet] = true
	commands := make([]paying.Command, len(people))
	for i := range commands {
		switch commands[i] = (paying.Command{Key: s.Key(), Amount: 100}); i % 4 {
		case 0:
			commands[i].PayeeWallet = other.Wallet
		case 1:
			commands[i].PayeeWallet = s.shop.Wallet
		default:
			code := usertest.AmountCode(s.shop) // each of its own, so only the wallet behind them is shared
			code.Amount, code.IssuedAt, code.ExpiresAt = 100, s.Clock(), s.Clock().Add(time.Minute)
			s.Do(t, func(ctx context.Context, stores citytest.Stores) error { return stores.Codes.Add(ctx, code) })
			commands[i].PayeeCode = code.Token
		}
	}
	errs := s.pressed(t, people, open, func(i int) paying.Command { return commands[i] })
	for i, err := range errs {
		if i%4 == 0 {
			require.NoError(t, err)
			continue
		}
		require.ErrorIs(t, err, usecase.ErrLocked)
	}
	require.EqualValues(t, 3, waits.Load(), "the set waited once, and two orders by themselves")
	require.Equal(t, money.Points(500), s.Balance(t, other))
	require.Zero(t, s.Balance(t, s.shop))
}

func TestMoreOrdersThanMayWaitAreTurnedAwayAtOnce(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(unit usecase.Unit[paying.Stores]) usecase.Unit[paying.Stores] { return unit })
	hana := s.Resident(t)
	gone, leave := context.WithCancel(t.Context())
	leave()
	for s.teller.Load().Waiting < 4096 {
		_, err := s.spend(gone, hana, paying.Command{Key: s.Key(), Amount: 1})
		require.ErrorIs(t, err, context.Canceled)
	}
	_, err := s.spend(t.Context(), hana, paying.Command{Key: s.Key(), Amount: 1})
	require.ErrorIs(t, err, paying.ErrBusy)
}
