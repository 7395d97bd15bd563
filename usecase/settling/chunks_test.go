package settling_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

// fragile breaks off at one of its units.
type fragile struct {
	usecase.Unit[settling.Stores]
	units, breaks int
}

var errBroken = errors.New("broken off")

func (f *fragile) Do(ctx context.Context, work func(context.Context, settling.Stores) error) error {
	if f.units++; f.units == f.breaks {
		return errBroken
	}
	return f.Unit.Do(ctx, work)
}

func TestPayingALongFileIsTakenUpWhereItBrokeOff(t *testing.T) {
	t.Parallel()
	const shops = 501 // one more than a chunk
	s := setScene(t)
	for i := range shops {
		shop := s.Merchant(t)
		s.pay(t, shop, 100)
		s.account(t, shop, fmt.Sprintf("%07d", i+1))
	}
	s.closes(t)
	drafts, err := s.Settlement.Claims(t.Context(), settlement.ClaimQuery{States: []settlement.ClaimState{settlement.Drafted}, Limit: 1_000})
	require.NoError(t, err)
	require.Len(t, drafts.Rows, shops)
	for _, draft := range drafts.Rows {
		wallet, err := s.City.Statements.Wallet(t.Context(), draft.Merchant)
		require.NoError(t, err)
		shop := s.Official
		shop.User, shop.Wallet, shop.Role = wallet.Owner, draft.Merchant, wallet.Role
		claim, err := s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: s.Key()})
		require.NoError(t, err)
		s.approve(t, claim.ID)
	}
	made := s.export(t)
	require.Equal(t, shops, made.Count)
	s.send(t, made.ID)

	unit := &fragile{Unit: citytest.Narrow(s.City, storesOf), breaks: 2}
	breaking := settling.NewPayouts(unit, s.Settlement, s.Clock)
	cmd := settling.PayCommand{Key: s.Key()}
	_, err = breaking.PayFile(t.Context(), s.Official, made.ID, cmd)
	require.ErrorIs(t, err, errBroken)
	require.EqualValues(t, 100, s.Position(t, citytest.Fund).Claimed)
	for i, want := range []int{1, 0} {
		paid, err := breaking.PayFile(t.Context(), s.Official, made.ID, cmd)
		require.NoError(t, err)
		require.Equal(t, []any{want, i == 1}, []any{paid.Paid, paid.Replayed})
	}
	require.Zero(t, s.Position(t, citytest.Fund).Claimed)
}

// lagging knows the end of the journal only when it is asked again.
type lagging struct {
	settlement.Horizon
	asked, after int
}

func (l *lagging) Settled(ctx context.Context) (int64, error) {
	if l.asked++; l.asked <= l.after {
		return 0, nil
	}
	return l.Horizon.Settled(ctx)
}

func TestAPeriodIsClosedOnceItsEndIsCertain(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 100)
	period, err := s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{})
	require.NoError(t, err)
	s.until(t, "2026-12-01")
	unit := citytest.Narrow(s.City, storesOf)
	never := settling.NewPeriods(unit, s.Settlement, &lagging{s.Horizon, 0, 100}, s.Clock)
	_, err = never.Close(t.Context(), s.Official, period.ID, "")
	require.ErrorIs(t, err, settlement.ErrPeriodUnsettled)
	require.ErrorIs(t, never.Keep(t.Context()), settlement.ErrPeriodUnsettled, "tried again at the next turn")
	soon := settling.NewPeriods(unit, s.Settlement, &lagging{s.Horizon, 0, 2}, s.Clock)
	closing, err := soon.Close(t.Context(), s.Official, period.ID, "")
	require.NoError(t, err)
	require.Equal(t, 1, closing.Statements)
}
