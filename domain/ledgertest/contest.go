package ledgertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

// The sides of these races are in two processes.
var contestContracts = []contract{
	{"a campaign promises its budget to the point and ends once, however many pay at once", budgetIsKept},
	{"a campaign whose budget is used up without a rest ends as well", budgetIsKeptExactly},
	{"a campaign that somebody ends while many pay promises nothing from then on", endedCampaignsPromiseNothing},
	{"a person gets no more than their cap of a programme and a campaign", personCapsAreKept},
	{"two campaigns that many payments meet in do not wait for each other in a circle", campaignsDoNotLockUp},
	{"a programme that begins while many pay is whole or not there", programmesBeginWhole},
	{"an entry is reversed once", entriesAreReversedOnce},
	{"an entry between pots is reversed once", depositsAreReversedOnce},
	{"corrections in part undo no more than the entry", partsAddUp},
	{"points are taken back or spent, never both", takenBackOrSpent},
	{"a shop's last points are claimed or taken back, never both", claimedOrTakenBack},
	{"a claim is given back once", claimsAreGivenBackOnce},
	{"promises that are taken back while others are made leave the budget exact", promisesAndCorrections},
}

// crowd gives residents with points, one for each side.
func (w *town) crowd(amount money.Points) []user.User {
	w.t.Helper()
	people := make([]user.User, sidesMax)
	for i := range people {
		people[i] = usertest.Resident()
	}
	w.settles(people...)
	for _, u := range people {
		w.grant(u, amount, calendar.Never, Now)
	}
	return people
}

func budgetIsKept(t *testing.T, b Bench)        { keepBudget(t, b, 2_950, 1) }
func budgetIsKeptExactly(t *testing.T, b Bench) { keepBudget(t, b, 1_000, 0) }

// keepBudget lets payments that earn 100 each race for a budget, of which cuts are cut by it.
func keepBudget(t *testing.T, b Bench, budget money.Points, cuts int) {
	w := found(t, b)
	people := w.crowd(10_000)
	campaign := w.opens(returns(10), budget)
	cut := make([]int, sidesMax)
	for _, err := range w.race(func(side int) error {
		for round := range 2 {
			receipt, err := w.side(side).tryPay(pays(people[side], []user.User{w.shop, w.stall}[(side+round)%2], 1_000), hour(round))
			if err != nil {
				return err
			}
			for _, a := range receipt.Awards {
				if a.Cut == cashback.ByBudget {
					cut[side]++
				}
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
	ended := w.campaign(campaign.ID)
	require.Equal(t, []any{budget, cashback.Ended, true, int64(2)}, []any{ended.Accrued, ended.State, ended.EndedEarly, ended.Version})
	require.Equal(t, budget, w.promised(campaign.ID))
	total := 0
	for _, n := range cut {
		total += n
	}
	require.Equal(t, cuts, total, "the budget cuts one payment, and the next one finds no campaign")
}

func endedCampaignsPromiseNothing(t *testing.T, b Bench) {
	w := found(t, b)
	people := w.crowd(10_000)
	campaign := w.opens(returns(10), 500_000)
	var promised money.Points
	for _, err := range w.race(func(side int) error {
		if side > 0 {
			for range 4 {
				if _, err := w.side(side).tryPay(pays(people[side], w.shop, 1_000), Now); err != nil {
					return err
				}
			}
			return nil
		}
		if _, err := w.tryPay(pays(people[side], w.shop, 1_000), Now); err != nil {
			return err
		}
		return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
			open, err := s.Campaigns.Lock(ctx, campaign.ID)
			if err != nil {
				return err
			}
			shares, err := s.Campaigns.Shares(ctx, campaign.ID)
			if err != nil {
				return err
			}
			promised = 0
			for _, share := range shares {
				promised += share.Amount
			}
			require.Equal(t, open.Accrued, promised)
			open.State, open.EndedAt = cashback.Ended, hour(1)
			return s.Campaigns.Save(ctx, open)
		})
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, []money.Points{promised, promised}, []money.Points{w.campaign(campaign.ID).Accrued, w.promised(campaign.ID)}, "who pays it out has counted everything")
}

func personCapsAreKept(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 100_000, calendar.Never, Now)
	capped := returns(10)
	capped.PersonMax = 777
	programme, campaign := w.has(w.shop, capped), w.opens(capped, 100_000)
	had := make([]map[cashback.OfferID]money.Points, sidesMax)
	for _, err := range w.race(func(side int) error {
		had[side] = map[cashback.OfferID]money.Points{}
		receipt, err := w.side(side).tryPay(pays(w.hana, w.shop, 1_000), Now)
		for _, a := range receipt.Awards {
			had[side][a.Offer] += a.Amount
		}
		return err
	}) {
		require.NoError(t, err)
	}
	for _, offer := range []cashback.OfferID{programme.ID, campaign.ID} {
		var sum money.Points
		for _, of := range had {
			sum += of[offer]
		}
		require.Equal(t, money.Points(777), sum)
	}
	require.Equal(t, money.Points(777), w.promised(campaign.ID))
}

func campaignsDoNotLockUp(t *testing.T, b Bench) {
	w := found(t, b)
	people := w.crowd(10_000)
	first, second := w.opens(returns(1), 100_000), w.opens(returns(2), 100_000)
	for _, err := range w.race(func(side int) error {
		for round := range 3 {
			order := pays(people[side], []user.User{w.shop, w.stall}[(side+round)%2], 100)
			if _, err := w.side(side).tryPay(order, Now); err != nil {
				return err
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, []money.Points{60, 120}, []money.Points{w.campaign(first.ID).Accrued, w.campaign(second.ID).Accrued})
}

func programmesBeginWhole(t *testing.T, b Bench) {
	w := found(t, b)
	people := w.crowd(1_000)
	var programme cashback.Programme
	got := make([]money.Points, sidesMax)
	for _, err := range w.race(func(side int) error {
		if side == 0 {
			programme = cashback.Programme{
				ID: cashback.NewOfferID(Now), Merchant: w.shop.Wallet, Name: "開店", Terms: returns(10),
				Span: cashback.Span{From: today, Until: calendar.Never}, CreatedBy: w.shop.ID, CreatedAt: Now, Version: 1,
			}
			return w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Programmes.Add(ctx, programme) })
		}
		receipt, err := w.side(side).tryPay(pays(people[side], w.shop, 1_000), Now)
		got[side] = receipt.Cashback
		return err
	}) {
		require.NoError(t, err)
	}
	var returned money.Points
	for _, amount := range got {
		require.Contains(t, []money.Points{0, 100}, amount)
		returned += amount
	}
	require.Equal(t, (sidesMax-1)*1_000-returned, w.balance(w.shop))
	require.Equal(t, money.Points(100), w.side(1).pay(pays(people[0], w.shop, 1_000), Now).Cashback, "who comes later gets it")
}

func entriesAreReversedOnce(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	w.has(w.shop, returns(10))
	campaign := w.opens(returns(10), 1_000)
	paid := w.pay(pays(w.hana, w.shop, 1_000), Now)
	errs := w.race(func(side int) error {
		_, err := w.side(side).tryCorrect(paid.Entry, hour(1), owing)
		return err
	})
	require.Equal(t, 1, wins(t, errs, ledger.ErrCorrected))
	require.Equal(t, []money.Points{1_000, 0, 0}, []money.Points{w.balance(w.hana), w.balance(w.shop), w.campaign(campaign.ID).Accrued})
	require.Zero(t, w.fund().Receivables)
}

func depositsAreReversedOnce(t *testing.T, b Bench) {
	w := found(t, b)
	deposit := w.deposit(500, Now)
	errs := w.race(func(side int) error {
		_, err := w.side(side).tryCorrect(deposit, hour(1))
		return err
	})
	require.Equal(t, 1, wins(t, errs, ledger.ErrCorrected))
	require.EqualValues(t, 1_000_000, w.fund().Bank)
}

func partsAddUp(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	w.has(w.shop, returns(10))
	paid := w.pay(pays(w.hana, w.shop, 1_000), Now)
	errs := w.race(func(side int) error {
		_, err := w.side(side).tryCorrect(paid.Entry, hour(1), only(150))
		return err
	})
	require.Equal(t, 6, wins(t, errs, ledger.ErrTooMuch))
	require.Equal(t, []money.Points{910, 90}, []money.Points{w.balance(w.hana), w.balance(w.shop)}, "hundred are left of it, and ten of its cashback")
}

func takenBackOrSpent(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	paid := w.pay(pays(w.hana, w.shop, 1_000), Now)
	errs := w.race(func(side int) error {
		var err error
		if side%4 < 2 {
			_, err = w.side(side).tryCorrect(paid.Entry, hour(1))
		} else {
			_, err = w.side(side).tryPay(pays(w.shop, w.stall, 1_000), hour(1))
		}
		return err
	})
	require.Equal(t, 1, wins(t, errs, ledger.ErrCorrected, ledger.ErrTakeBackShort, lot.ErrInsufficient))
	require.Zero(t, w.balance(w.shop))
	require.Equal(t, money.Points(1_000), w.balance(w.hana)+w.balance(w.stall))
	w.fund()
}

func claimedOrTakenBack(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	paid := w.pay(pays(w.hana, w.shop, 1_000), Now)
	errs := w.race(func(side int) error {
		var err error
		if side%4 < 2 {
			_, err = w.side(side).tryCorrect(paid.Entry, hour(1))
		} else {
			_, err = w.side(side).tryClaim(w.shop, 1_000, hour(1))
		}
		return err
	})
	require.Equal(t, 1, wins(t, errs, ledger.ErrCorrected, ledger.ErrTakeBackShort, ledger.ErrClaimShort))
	require.Zero(t, w.balance(w.shop))
	require.Equal(t, money.Points(1_000), w.balance(w.hana)+w.fund().Claimed)
}

func claimsAreGivenBackOnce(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 2_000, calendar.Never, Now)
	w.pay(pays(w.hana, w.shop, 2_000), Now)
	claim, err := w.tryClaim(w.shop, 1_000, hour(1))
	require.NoError(t, err)
	_, err = w.tryClaim(w.shop, 1_000, hour(1))
	require.NoError(t, err)
	errs := w.race(func(side int) error {
		_, err := w.side(side).tryUnclaim(claim, hour(2))
		return err
	})
	require.Equal(t, 1, wins(t, errs, ledger.ErrCorrected))
	require.Equal(t, money.Points(1_000), w.balance(w.shop))
}

func promisesAndCorrections(t *testing.T, b Bench) {
	w := found(t, b)
	people := w.crowd(2_000)
	capped := returns(10)
	capped.PersonMax = 150
	campaign := w.opens(capped, 100_000)
	paid := make([]ledger.EntryID, sidesMax)
	for i, u := range people {
		paid[i] = w.pay(pays(u, w.shop, 1_000), Now).Entry
	}
	for _, err := range w.race(func(side int) error {
		if side%2 == 0 {
			_, err := w.side(side/2).tryPay(pays(people[side], w.stall, 1_000), hour(1))
			return err
		}
		_, err := w.side(side/2).tryCorrect(paid[side], hour(1))
		return err
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, money.Points(sidesMax/2*150), w.campaign(campaign.ID).Accrued)
	require.Equal(t, money.Points(sidesMax/2*150), w.promised(campaign.ID))
}
