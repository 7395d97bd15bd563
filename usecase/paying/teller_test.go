package paying_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
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
	return scene{city, city.Merchant(t), teller, paying.NewPay(teller, city.Statements)}
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
