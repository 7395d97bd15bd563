package expiring_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/expiring"
)

const day = 24 * time.Hour

type scene struct {
	*citytest.City
	expiring *expiring.Expiring
	lapsing  *expiring.Lapsing
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) expiring.Stores {
		return expiring.Stores{Ledger: s.Ledger, Outbox: s.Outbox, Trail: s.Trail}
	})
	return scene{
		city, expiring.New(unit, city.Statements, city.Funds, city.Clock), expiring.NewLapsing(city.Statements, city.Rules, city.Clock),
	}
}

func TestWhatLapsedGoesBackToItsFundAndNothingElseDoes(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	s.Give(t, resident, citytest.Health, 300)
	s.Give(t, resident, citytest.Gift, 700)

	s.Advance(30 * day)
	swept, err := s.expiring.Sweep(t.Context(), 1_000)
	require.NoError(t, err)
	require.Equal(t, expiring.Sweep{}, swept, "points are good on their last day")

	s.Advance(day)
	swept, err = s.expiring.Sweep(t.Context(), 1_000)
	require.NoError(t, err)
	require.Equal(t, expiring.Sweep{Wallets: 1, Points: 300}, swept)
	require.EqualValues(t, 700, s.Balance(t, resident))
	require.EqualValues(t, 999_300, s.Position(t, citytest.Fund).Unissued)
	messages := s.Messages()
	require.Len(t, messages, 1)
	changed := messages[0].Events[0].(ledger.WalletChanged)
	require.Equal(t, ledger.Expiry, changed.Type)
	require.EqualValues(t, -300, changed.Delta)

	swept, err = s.expiring.Sweep(t.Context(), 1_000)
	require.NoError(t, err)
	require.Equal(t, expiring.Sweep{}, swept, "once is enough")
}

func TestASweepGoesOnWhereTheLimitEndedIt(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for _, resident := range s.Residents(t, 450) {
		s.Give(t, resident, citytest.Health, 10)
	}
	s.Advance(31 * day)
	swept, err := s.expiring.Sweep(t.Context(), 250)
	require.NoError(t, err)
	require.Equal(t, expiring.Sweep{Wallets: 250, Points: 2_500, More: true}, swept)
	swept, err = s.expiring.Sweep(t.Context(), 1_000)
	require.NoError(t, err)
	require.Equal(t, expiring.Sweep{Wallets: 200, Points: 2_000}, swept)
	require.Zero(t, s.Position(t, citytest.Fund).Wallets)
}

// broken is a ledger that can write nothing about one wallet.
type broken struct {
	ledger.Ledger
	wallet ledger.WalletID
}

var errBroken = errors.New("the books of the wallet disagree")

func (b broken) Append(ctx context.Context, book *ledger.Book) error {
	for wallet := range book.ChangedWallets {
		if wallet.ID == b.wallet {
			return errBroken
		}
	}
	return b.Ledger.Append(ctx, book)
}

func TestAWalletThatCannotBeLapsedStopsNoOther(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	residents := s.Residents(t, 250)
	for _, resident := range residents {
		s.Give(t, resident, citytest.Health, 10)
	}
	bad := residents[120]
	unit := citytest.Narrow(s.City, func(s citytest.Stores) expiring.Stores {
		return expiring.Stores{Ledger: broken{s.Ledger, bad.Wallet}, Outbox: s.Outbox, Trail: s.Trail}
	})
	s.Advance(31 * day)
	swept, err := expiring.New(unit, s.Statements, s.Funds, s.Clock).Sweep(t.Context(), 1_000)
	require.ErrorIs(t, err, errBroken)
	require.ErrorContains(t, err, bad.Wallet.String())
	require.Equal(t, expiring.Sweep{Wallets: 249, Points: 2_490, More: true}, swept)
	require.EqualValues(t, 10, s.Position(t, citytest.Fund).Wallets)

	swept, err = s.expiring.Sweep(t.Context(), 1_000)
	require.NoError(t, err)
	require.Equal(t, expiring.Sweep{Wallets: 1, Points: 10}, swept, "once it is mended it lapses too")
}

func TestAnOfficialsSweepStandsInTheTrail(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	s.Give(t, resident, citytest.Health, 300)
	s.Advance(31 * day)
	_, err := s.expiring.Order(t.Context(), citytest.Actor(resident))
	require.ErrorIs(t, err, access.ErrNotAllowed)
	require.EqualValues(t, 300, s.Balance(t, resident))
	swept, err := s.expiring.Order(t.Context(), s.Official)
	require.NoError(t, err)
	require.EqualValues(t, 300, swept.Points)
	require.ElementsMatch(t, []string{"points.sweep not_allowed", "points.sweep done"}, s.Outcomes(t))
}

func TestPeopleSeeWhatLapsesSoonInTheirOwnWallet(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	mine, other := s.Resident(t), s.Resident(t)
	s.Give(t, mine, citytest.Health, 300)
	s.Give(t, mine, citytest.Gift, 700)
	s.Give(t, other, citytest.Health, 100)

	soon, err := s.lapsing.Own(t.Context(), citytest.Actor(mine), ledger.LapsingQuery{Wallet: other.Wallet, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, s.Today()+30, soon.Until)
	require.Len(t, soon.Rows, 1)
	require.EqualValues(t, 300, soon.Rows[0].Remaining)
	require.Equal(t, mine.ID, soon.Rows[0].Owner)

	_, err = s.lapsing.All(t.Context(), citytest.Actor(mine), ledger.LapsingQuery{Limit: 10})
	require.ErrorIs(t, err, access.ErrNotAllowed)
	all, err := s.lapsing.All(t.Context(), s.Official, ledger.LapsingQuery{Until: s.Today() + 365, Limit: 10})
	require.NoError(t, err)
	require.Len(t, all.Rows, 3)
	none, err := s.lapsing.All(t.Context(), s.Official, ledger.LapsingQuery{Until: s.Today() + 29, Limit: 10})
	require.NoError(t, err)
	require.Empty(t, none.Rows)
	_, err = s.lapsing.Own(t.Context(), s.Official, ledger.LapsingQuery{Limit: 10})
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.lapsing.All(t.Context(), s.Official, ledger.LapsingQuery{Limit: page.LimitMax + 1})
	require.ErrorIs(t, err, page.ErrLimit)
}
