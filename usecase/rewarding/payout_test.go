package rewarding_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/rewarding"
)

func TestACampaignPaysEachPersonOnceWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana, taro := s.Resident(t), s.Resident(t)
	s.Give(t, hana, citytest.Gift, 50_000)
	s.Give(t, taro, citytest.Gift, 50_000)
	opened := s.open(t)
	s.pay(t, hana, s.shop, 10_000)
	s.pay(t, hana, s.shop, 30_000)
	s.pay(t, taro, s.shop, 5_000)
	require.NoError(t, s.payout.Run(t.Context()))
	require.Equal(t, cashback.Open, s.read(t, opened.ID).State, "its last day is not over")

	s.Advance(7 * 24 * time.Hour)
	require.NoError(t, s.payout.Run(t.Context()))
	paying := s.read(t, opened.ID)
	require.Equal(t, cashback.Paying, paying.State)
	require.Equal(t, s.Clock(), paying.EndedAt)
	require.False(t, paying.EndedEarly)
	p := s.Position(t, citytest.Fund)
	require.EqualValues(t, 3_500, p.Reserved, "the rest of the budget is the fund's again")
	require.EqualValues(t, citytest.FundCash-100_000-3_500, p.Unissued)

	batch := s.payOut(t, opened.ID)
	require.Equal(t, fund.Batch{
		ID: ledger.BatchID(opened.ID), Fund: citytest.Fund, Kind: bonus.Code, Expires: calendar.On(2027, 5, 30), Memo: "キャンペーン「秋の還元祭」の還元",
		State: fund.Ended, Rows: 2, Total: 3_500, Done: 2, Granted: 3_500, CreatedBy: s.Official.User, CreatedAt: s.Clock(), EndedAt: s.Clock(),
	}, batch)
	require.EqualValues(t, 13_000, s.Balance(t, hana))
	require.EqualValues(t, 45_500, s.Balance(t, taro))
	require.Zero(t, s.Position(t, citytest.Fund).Reserved)
	require.Equal(t, cashback.Paid, s.read(t, opened.ID).State)

	require.Equal(t, batch, s.payOut(t, opened.ID), "whoever comes again finds nothing to do")
	require.NoError(t, s.payout.Advance(t.Context(), opened.ID))
	require.EqualValues(t, 13_000, s.Balance(t, hana))
}

func TestABudgetThatIsUsedUpEndsTheCampaignAndIsPaidAtOnce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana, taro := s.Resident(t), s.Resident(t)
	s.Give(t, hana, citytest.Gift, 50_000)
	s.Give(t, taro, citytest.Gift, 50_000)
	opened := s.open(t, func(c *rewarding.CampaignCommand) { c.Budget, c.Terms.PersonMax = 2_500, 2_500 })
	s.pay(t, hana, s.shop, 20_000)
	last := s.pay(t, taro, s.shop, 20_000)
	require.Equal(t, cashback.Award{Offer: opened.ID, Campaign: true, Base: 20_000, Earned: 2_000, Amount: 500, Cut: cashback.ByBudget}, last.Awards[0])
	require.Empty(t, s.pay(t, taro, s.shop, 1_000).Awards)
	require.True(t, s.read(t, opened.ID).EndedEarly)
	s.payOut(t, opened.ID)
	require.Equal(t, cashback.Paid, s.read(t, opened.ID).State)
	require.EqualValues(t, 32_000, s.Balance(t, hana))
	require.EqualValues(t, 29_500, s.Balance(t, taro))
}

func TestACampaignThatIsEndedByHandPaysWhatItPromised(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 50_000)
	opened := s.open(t)
	s.pay(t, hana, s.shop, 10_000)
	ended, err := s.campaigns.End(t.Context(), s.Official, opened.ID, "不正が見つかったため")
	require.NoError(t, err)
	require.Equal(t, cashback.Ended, ended.State)
	require.False(t, ended.EndedEarly, "its budget is not used up")
	_, err = s.campaigns.End(t.Context(), s.Official, opened.ID, "")
	require.ErrorIs(t, err, cashback.ErrCampaignState)
	require.Empty(t, s.pay(t, hana, s.shop, 10_000).Awards)
	s.payOut(t, opened.ID)
	require.EqualValues(t, 31_000, s.Balance(t, hana))
}

func TestACampaignThatPromisedNothingIsPaidAtOnce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	opened := s.open(t)
	s.Advance(7 * 24 * time.Hour)
	require.NoError(t, s.payout.Run(t.Context()))
	require.Equal(t, cashback.Paid, s.read(t, opened.ID).State)
	require.Equal(t, citytest.FundCash, s.Position(t, citytest.Fund).Unissued)
	_, err := s.Batches.Batch(t.Context(), ledger.BatchID(opened.ID))
	require.ErrorIs(t, err, fund.ErrBatchUnknown)
}

func TestPointsOfPeopleWhoHaveLeftGoBackToTheFund(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana, taro := s.Resident(t), s.Resident(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	s.Give(t, taro, citytest.Gift, 10_000)
	opened := s.open(t)
	s.pay(t, hana, s.shop, 10_000)
	s.pay(t, taro, s.shop, 5_000)
	s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Wallets.Close(ctx, hana.Wallet) })
	_, err := s.campaigns.End(t.Context(), s.Official, opened.ID, "")
	require.NoError(t, err)
	batch := s.payOut(t, opened.ID)
	require.Equal(t, 1, batch.Refused)
	require.EqualValues(t, 500, batch.Granted)
	require.Zero(t, s.Balance(t, hana))
	p := s.Position(t, citytest.Fund)
	require.Zero(t, p.Reserved)
	require.EqualValues(t, citytest.FundCash-20_000-500, p.Unissued)
	refused, err := s.bulk.Refusals(t.Context(), s.Official, batch.ID, 0)
	require.NoError(t, err)
	require.Equal(t, hana.Wallet.String(), refused[0].Source)
	require.Equal(t, ledger.ErrWalletClosed.Code, refused[0].Fault)
}

func TestWhatACampaignPromisedCannotBeCalledOff(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	opened := s.open(t)
	s.pay(t, hana, s.shop, 10_000)
	_, err := s.campaigns.End(t.Context(), s.Official, opened.ID, "")
	require.NoError(t, err)
	require.NoError(t, s.payout.Run(t.Context()))
	_, err = s.bulk.Cancel(t.Context(), s.Official, ledger.BatchID(opened.ID), "")
	require.ErrorIs(t, err, fund.ErrBatchPromised)
	s.payOut(t, opened.ID)
	require.EqualValues(t, 1_000, s.Balance(t, hana))
}

func TestAKindThatIsClosedHoldsThePayoutUpAndLosesNothing(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	opened := s.open(t)
	s.pay(t, hana, s.shop, 10_000)
	_, err := s.campaigns.End(t.Context(), s.Official, opened.ID, "")
	require.NoError(t, err)
	save := func(kind lot.Kind) {
		s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Rulebook.SaveKind(ctx, kind, s.Clock()) })
	}
	closed := bonus
	closed.Retired = s.Today()
	save(closed)
	require.ErrorIs(t, s.payout.Run(t.Context()), lot.ErrKindRetired)
	require.Equal(t, cashback.Ended, s.read(t, opened.ID).State)
	require.EqualValues(t, 100_000, s.Position(t, citytest.Fund).Reserved)
	save(bonus)
	s.payOut(t, opened.ID)
	require.EqualValues(t, 1_000, s.Balance(t, hana))
}

func TestABudgetIsSeenBurningDownAndBeingPaid(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 50_000)
	opened := s.open(t)
	s.pay(t, hana, s.shop, 10_000)
	s.Advance(24 * time.Hour)
	s.pay(t, hana, s.shop, 5_000)
	s.pay(t, hana, s.shop, 5_000)
	standing := func() rewarding.Standing {
		found, err := s.campaigns.Standing(t.Context(), s.Official, opened.ID)
		require.NoError(t, err)
		return found
	}
	burning := standing()
	require.EqualValues(t, 98_000, burning.Left())
	require.Equal(t, []cashback.DayCost{{Day: s.Today() - 1, Payments: 1, Cost: 1_000}, {Day: s.Today(), Payments: 2, Cost: 1_000}}, burning.Days)
	require.True(t, burning.Payout.ID.IsZero())
	_, err := s.campaigns.End(t.Context(), s.Official, opened.ID, "")
	require.NoError(t, err)
	require.NoError(t, s.payout.Run(t.Context()))
	require.Equal(t, fund.Running, standing().Payout.State)
	require.NoError(t, s.bulk.Resume(t.Context()))
	require.Equal(t, cashback.Paid, standing().State, "before the timetable has written it down")
	require.Equal(t, cashback.Paying, s.read(t, opened.ID).State)
	require.NoError(t, s.payout.Finish(t.Context(), opened.ID))
	require.Equal(t, cashback.Paid, s.read(t, opened.ID).State)
	require.NoError(t, s.payout.Finish(t.Context(), cashback.NewOfferID(s.Clock())), "of a batch that is no campaign's")
}

func TestAPayoutThatBeginsInTimeAndIsPaidLateIsStillPaid(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	opened := s.open(t, func(c *rewarding.CampaignCommand) { c.Terms.Validity.Until = c.Span.Until + 1 })
	s.pay(t, hana, s.shop, 10_000)
	s.Advance(7 * 24 * time.Hour)
	require.NoError(t, s.payout.Run(t.Context()))
	require.Equal(t, cashback.Paying, s.read(t, opened.ID).State)
	s.Advance(24 * time.Hour) // the worker was lost, and the points' last day is over
	batch := s.payOut(t, opened.ID)
	require.Zero(t, batch.Refused)
	require.EqualValues(t, 1_000, s.Balance(t, hana))
	require.Zero(t, s.Position(t, citytest.Fund).Reserved)
}

func TestAKindThatIsClosedInTheMiddleOfAPayoutHoldsItUp(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	opened := s.open(t)
	s.pay(t, hana, s.shop, 10_000)
	_, err := s.campaigns.End(t.Context(), s.Official, opened.ID, "")
	require.NoError(t, err)
	require.NoError(t, s.payout.Run(t.Context()))
	save := func(kind lot.Kind) {
		s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Rulebook.SaveKind(ctx, kind, s.Clock()) })
	}
	closed := bonus
	closed.Retired = s.Today()
	save(closed)
	require.ErrorIs(t, s.bulk.Resume(t.Context()), lot.ErrKindRetired)
	require.EqualValues(t, 1_000, s.Position(t, citytest.Fund).Reserved)
	save(bonus)
	s.payOut(t, opened.ID)
	require.EqualValues(t, 1_000, s.Balance(t, hana))
}
