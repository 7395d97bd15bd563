package settlementtest

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/settlement"
)

var raceContracts = []contract{
	{"of many who close a period one does", closingsRace},
	{"of many who approve a claim one does, and the others are told", approvalsRace},
	{"of many who export, each gets a number of its own", exportsRace},
	{"of many who amend the settings one does", amendmentsRace},
	{"of many first accounts or drafts of a merchant one is entered", proposalsRace},
}

// sidesMax is how many act at once.
const sidesMax = 8

// oneWins holds errors to one success, and to refusals of the one kind otherwise.
func oneWins(t *testing.T, errs []error, refusal error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.ErrorIs(t, err, refusal)
	}
	require.Equal(t, 1, won)
}

func closingsRace(t *testing.T, b Bench) {
	w := found(t, b)
	p := w.period(0, 29)
	oneWins(t, together(sidesMax, func(int) error {
		return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			periods, err := s.Periods.Lock(ctx)
			if err != nil {
				return err
			}
			if periods[0].Closed {
				return settlement.ErrPeriodClosed
			}
			closing := p
			closing.Closed, closing.ClosedAt = true, Now
			return s.Periods.Close(ctx, closing, []settlement.Statement{{Merchant: w.shop.Wallet}})
		})
	}), settlement.ErrPeriodClosed)
}

func approvalsRace(t *testing.T, b Bench) {
	w := found(t, b)
	claim := demanded(w.period(0, 29), w.shop, 100)
	w.addClaims(claim)
	oneWins(t, together(sidesMax, func(int) error {
		return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			locked, err := s.Claims.LockClaims(ctx, []settlement.ClaimID{claim.ID})
			if err != nil {
				return err
			}
			if err := locked[0].Confirm(w.mayor.ID, Now); err != nil {
				return err
			}
			return s.Claims.SaveClaims(ctx, locked)
		})
	}), settlement.ErrClaimState)
	require.EqualValues(t, 2, w.readClaim(claim.ID).Version)

	stale := w.readClaim(claim.ID)
	require.NoError(t, stale.Approve(w.aide.ID, Now))
	oneWins(t, together(sidesMax, func(int) error { return w.saveClaims(stale) }), settlement.ErrClaimChanged)
}

func exportsRace(t *testing.T, b Bench) {
	w := found(t, b)
	numbers := make([]int, sidesMax)
	for _, err := range together(sidesMax, func(side int) error {
		return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			if err := s.Claims.LockExports(ctx); err != nil {
				return err
			}
			no, err := s.Claims.NextFileNo(ctx, today+7)
			if err != nil {
				return err
			}
			numbers[side] = no
			return s.Claims.AddFile(ctx, w.bankFile(no))
		})
	}) {
		require.NoError(t, err)
	}
	require.ElementsMatch(t, []int{1, 2, 3, 4, 5, 6, 7, 8}, numbers)
}

func amendmentsRace(t *testing.T, b Bench) {
	w := found(t, b)
	oneWins(t, together(sidesMax, func(side int) error {
		s := settlement.DefaultSettings()
		s.BankDays = side
		return w.amend(s, "競争")
	}), settlement.ErrSettingsChanged)
	require.EqualValues(t, 1, w.inForce().Version)
}

// errTaken is what the sides of a race refuse themselves with.
var errTaken = errors.New("taken")

func proposalsRace(t *testing.T, b Bench) {
	w := found(t, b)
	oneWins(t, together(sidesMax, func(int) error {
		return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			accounts, err := s.Claims.LockAccounts(ctx, w.shop.Wallet)
			if err != nil {
				return err
			}
			if len(accounts) > 0 {
				return errTaken
			}
			return s.Claims.AddAccount(ctx, w.account(w.shop, settlement.Proposed))
		})
	}), errTaken)
	p := w.period(0, 29)
	oneWins(t, together(sidesMax, func(int) error {
		return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			found, err := s.Claims.LockState(ctx, w.shop.Wallet, []settlement.ClaimState{settlement.Drafted}, 10)
			if err != nil {
				return err
			}
			if len(found) > 0 {
				return errTaken
			}
			return s.Claims.AddClaims(ctx, []settlement.Claim{draft(p, w.shop, 1)})
		})
	}), errTaken)
}
