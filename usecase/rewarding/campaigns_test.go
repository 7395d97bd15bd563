package rewarding_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/rewarding"
)

func TestADraftIsChangedByVersionsAndThrownAway(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	drafted := s.draft(t)
	require.Equal(t, cashback.Draft, drafted.State)
	require.Zero(t, s.Position(t, citytest.Fund).Reserved, "a draft reserves nothing")
	cmd := s.festival(func(c *rewarding.CampaignCommand) { c.Name, c.Budget = "冬の還元祭", 200_000 })
	changed, err := s.campaigns.Change(t.Context(), s.Official, drafted.ID, drafted.Version, cmd)
	require.NoError(t, err)
	require.EqualValues(t, 2, changed.Version)
	require.Equal(t, changed.Campaign, s.read(t, drafted.ID))
	_, err = s.campaigns.Change(t.Context(), s.Official, drafted.ID, drafted.Version, cmd)
	require.ErrorIs(t, err, cashback.ErrCampaignChanged)
	require.NoError(t, s.campaigns.Drop(t.Context(), s.Official, drafted.ID, ""))
	require.Equal(t, cashback.Dropped, s.read(t, drafted.ID).State)
	_, err = s.campaigns.Change(t.Context(), s.Official, drafted.ID, 3, cmd)
	require.ErrorIs(t, err, cashback.ErrCampaignState)
	require.ErrorIs(t, s.campaigns.Drop(t.Context(), s.Official, drafted.ID, ""), cashback.ErrCampaignState)
	_, err = s.campaigns.Open(t.Context(), s.Official, rewarding.OpenCommand{Key: s.Key(), Campaign: drafted.ID})
	require.ErrorIs(t, err, cashback.ErrCampaignState)
}

func TestACampaignThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	soon := lot.Kind{Code: "soon", Name: "終了", Retired: s.Today() + 7}
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		if err := st.Treasury.Add(ctx, fund.Fund{Code: "closed", Name: "閉", OpenedAt: s.Clock(), ClosedAt: s.Clock(), Version: 1}); err != nil {
			return err
		}
		return st.Rulebook.SaveKind(ctx, soon, s.Clock())
	})
	for name, c := range map[string]struct {
		change func(*rewarding.CampaignCommand)
		want   error
	}{
		"a blank name":            {func(c *rewarding.CampaignCommand) { c.Name = " 　" }, cashback.ErrName},
		"rate 0":                  {func(c *rewarding.CampaignCommand) { c.Terms.Rate = 0 }, cashback.ErrRate},
		"more than all of it":     {func(c *rewarding.CampaignCommand) { c.Terms.Rate = 10_001 }, cashback.ErrRate},
		"a cap below one point":   {func(c *rewarding.CampaignCommand) { c.Terms.PersonMax = -1 }, cashback.ErrCap},
		"caps out of order":       {func(c *rewarding.CampaignCommand) { c.Terms.PersonMax = 1_999 }, cashback.ErrCampaignCaps},
		"a cap over the budget":   {func(c *rewarding.CampaignCommand) { c.Budget = 4_999 }, cashback.ErrCampaignCaps},
		"no budget":               {func(c *rewarding.CampaignCommand) { c.Budget = 0 }, cashback.ErrCampaignBudget},
		"a negative budget":       {func(c *rewarding.CampaignCommand) { c.Budget = -1 }, cashback.ErrCampaignBudget},
		"a past period":           {func(c *rewarding.CampaignCommand) { c.Span = cashback.Span{From: s.Today() - 9, Until: s.Today() - 1} }, cashback.ErrPast},
		"no end":                  {func(c *rewarding.CampaignCommand) { c.Span.Until = calendar.Never }, cashback.ErrPast},
		"an end before its start": {func(c *rewarding.CampaignCommand) { c.Span.Until = c.Span.From - 1 }, cashback.ErrPeriod},
		"an unknown kind":         {func(c *rewarding.CampaignCommand) { c.Terms.Kind = "gold" }, lot.ErrKindUnknown},
		"a kind that ends before": {func(c *rewarding.CampaignCommand) { c.Terms.Kind = soon.Code }, lot.ErrKindRetired},
		"points dead when paid":   {func(c *rewarding.CampaignCommand) { c.Terms.Validity.Until = c.Span.Until }, lot.ErrExpiryPast},
		"an unknown fund":         {func(c *rewarding.CampaignCommand) { c.Fund = "gold" }, ledger.ErrFundUnknown},
		"a closed fund":           {func(c *rewarding.CampaignCommand) { c.Fund = "closed" }, fund.ErrClosed},
		"a resident for a shop":   {func(c *rewarding.CampaignCommand) { c.Merchants = []user.WalletID{resident.Wallet} }, cashback.ErrCampaignPlaces},
		"an unknown shop":         {func(c *rewarding.CampaignCommand) { c.Merchant = user.NewWalletID(s.Clock()) }, cashback.ErrCampaignPlaces},
		"a shop twice":            {func(c *rewarding.CampaignCommand) { c.Merchants = []user.WalletID{s.shop.Wallet, s.shop.Wallet} }, cashback.ErrCampaignPlaces},
		"a shop's at others":      {func(c *rewarding.CampaignCommand) { c.Merchant, c.Categories = s.shop.Wallet, []string{"飲食店"} }, cashback.ErrCampaignPlaces},
		"an empty category":       {func(c *rewarding.CampaignCommand) { c.Categories = []string{""} }, cashback.ErrCampaignPlaces},
		"hours that end first":    {func(c *rewarding.CampaignCommand) { c.Hours = cashback.Hours{From: 60, Until: 60} }, cashback.ErrCampaignHours},
		"hours of tomorrow":       {func(c *rewarding.CampaignCommand) { c.Hours = cashback.Hours{From: 0, Until: 24*60 + 1} }, cashback.ErrCampaignHours},
		"a day twice":             {func(c *rewarding.CampaignCommand) { c.Weekdays = []time.Weekday{1, 1} }, cashback.ErrCampaignWeekdays},
		"an eighth day":           {func(c *rewarding.CampaignCommand) { c.Weekdays = []time.Weekday{7} }, cashback.ErrCampaignWeekdays},
		"a long note":             {func(c *rewarding.CampaignCommand) { c.Note = strings.Repeat("あ", 501) }, cashback.ErrCampaignNote},
	} {
		_, err := s.campaigns.Draft(t.Context(), s.Official, s.festival(c.change))
		require.ErrorIs(t, err, c.want, name)
		_, err = s.campaigns.Preview(t.Context(), s.Official, s.festival(c.change))
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestACampaignOpensOnceAndReservesItsBudget(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	drafted := s.draft(t)
	cmd := rewarding.OpenCommand{Key: s.Key(), Campaign: drafted.ID, Version: drafted.Version}
	opened, err := s.campaigns.Open(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, cashback.Open, opened.State)
	require.Equal(t, s.Official.User, opened.OpenedBy)
	require.Equal(t, opened.Campaign, s.read(t, drafted.ID))
	p := s.Position(t, citytest.Fund)
	require.EqualValues(t, 100_000, p.Reserved)
	require.EqualValues(t, citytest.FundCash-100_000, p.Unissued)

	again, err := s.campaigns.Open(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, opened.Campaign, again.Campaign)
	cmd.Key = s.Key()
	_, err = s.campaigns.Open(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, cashback.ErrCampaignChanged)
	cmd.Version = 0
	_, err = s.campaigns.Open(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, cashback.ErrCampaignState)
	cmd.Key = ""
	_, err = s.campaigns.Open(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, idem.ErrKeyMissing)
	require.EqualValues(t, 100_000, s.Position(t, citytest.Fund).Reserved)
	_, err = s.campaigns.Change(t.Context(), s.Official, drafted.ID, opened.Version, s.festival())
	require.ErrorIs(t, err, cashback.ErrCampaignState, "what people were told stays")
}

func TestACampaignOverItsFundIsRefusedByThePoint(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	over := func(c *rewarding.CampaignCommand) { c.Budget = citytest.FundCash + 1 }
	forecast, err := s.campaigns.Preview(t.Context(), s.Official, s.festival(over))
	require.NoError(t, err)
	require.EqualValues(t, citytest.FundCash, forecast.Unissued)
	require.EqualValues(t, 1, forecast.Shortfall)
	_, err = s.campaigns.Open(t.Context(), s.Official, rewarding.OpenCommand{Key: s.Key(), Campaign: s.draft(t, over).ID})
	require.ErrorIs(t, err, ledger.ErrFundShort)
	refusal, _ := fault.Of(err)
	require.EqualValues(t, 1, refusal.Figures["shortfall"])
	require.Zero(t, s.Position(t, citytest.Fund).Reserved)
	s.open(t, func(c *rewarding.CampaignCommand) { c.Budget = citytest.FundCash })
	require.Zero(t, s.Position(t, citytest.Fund).Unissued)
	require.Contains(t, s.Outcomes(t), "campaign.open fund_short")
}

func TestADraftWhoseTimeIsOverOpensNoMore(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	drafted := s.draft(t)
	s.Advance(7 * 24 * time.Hour)
	_, err := s.campaigns.Open(t.Context(), s.Official, rewarding.OpenCommand{Key: s.Key(), Campaign: drafted.ID})
	require.ErrorIs(t, err, cashback.ErrPast)
}

func TestACampaignOfAMerchantHoldsThereAlone(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana, other := s.Resident(t), s.Merchant(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	opened := s.open(t, func(c *rewarding.CampaignCommand) { c.Merchant = s.shop.Wallet })
	require.Equal(t, []user.WalletID{s.shop.Wallet}, opened.Merchants)
	require.Len(t, s.pay(t, hana, s.shop, 1_000).Awards, 1)
	require.Empty(t, s.pay(t, hana, other, 1_000).Awards)
}

func TestACampaignAndAProgrammeMeetInOnePayment(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 50_000)
	_, err := s.programmes.Enter(t.Context(), citytest.Actor(s.shop), fivePercent())
	require.NoError(t, err)
	opened := s.open(t)
	receipt := s.pay(t, hana, s.shop, 30_000)
	require.EqualValues(t, 1_500, receipt.Cashback)
	require.Equal(t, cashback.Award{Offer: opened.ID, Campaign: true, Base: 30_000, Earned: 3_000, Amount: 2_000, Cut: cashback.ByPayment}, receipt.Awards[1])
	require.EqualValues(t, 2_000, s.read(t, opened.ID).Accrued)
	require.EqualValues(t, 100_000, s.Position(t, citytest.Fund).Reserved, "what accrues moves nothing")
}

func TestPeopleSeeTheCampaignsThatMatterToThem(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana, taro, other := s.Resident(t), s.Resident(t), s.Merchant(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	everywhere := s.open(t)
	here := s.open(t, func(c *rewarding.CampaignCommand) { c.Merchant = s.shop.Wallet })
	s.draft(t)
	s.pay(t, hana, s.shop, 1_000)
	s.pay(t, hana, other, 500)
	promised := func(who user.User) map[cashback.OfferID]int64 {
		found, err := s.campaigns.Current(t.Context(), citytest.Actor(who), "", 10)
		require.NoError(t, err)
		shown := map[cashback.OfferID]int64{}
		for _, c := range found.Rows {
			shown[c.ID] = int64(c.Promised)
		}
		return shown
	}
	require.Equal(t, map[cashback.OfferID]int64{everywhere.ID: 150, here.ID: 100}, promised(hana))
	require.Equal(t, map[cashback.OfferID]int64{everywhere.ID: 0, here.ID: 0}, promised(taro))
	require.Equal(t, map[cashback.OfferID]int64{everywhere.ID: 0, here.ID: 0}, promised(s.shop))
	require.Equal(t, map[cashback.OfferID]int64{everywhere.ID: 0}, promised(other))
	_, err := s.campaigns.End(t.Context(), s.Official, everywhere.ID, "")
	require.NoError(t, err)
	require.Equal(t, map[cashback.OfferID]int64{here.ID: 100}, promised(hana), "the other one is over")
	require.Equal(t, map[cashback.OfferID]int64{here.ID: 0}, promised(s.shop))
}

func TestOnlyAdministratorsManageCampaigns(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	opened := s.open(t)
	for _, stranger := range []access.Actor{citytest.Actor(s.shop), citytest.Actor(s.Resident(t)), citytest.Actor(s.Clerk(t, s.shop))} {
		_, err := s.campaigns.Draft(t.Context(), stranger, s.festival())
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.campaigns.Change(t.Context(), stranger, opened.ID, 1, s.festival())
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.campaigns.Open(t.Context(), stranger, rewarding.OpenCommand{Key: s.Key(), Campaign: opened.ID})
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.campaigns.End(t.Context(), stranger, opened.ID, "")
		require.ErrorIs(t, err, access.ErrNotAllowed)
		require.ErrorIs(t, s.campaigns.Drop(t.Context(), stranger, opened.ID, ""), access.ErrNotAllowed)
		_, err = s.campaigns.Standing(t.Context(), stranger, opened.ID)
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.campaigns.List(t.Context(), stranger, cashback.CampaignQuery{Limit: 10})
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.whatIf.Do(t.Context(), stranger, rewarding.WhatIfCommand{Campaign: opened.ID})
		require.ErrorIs(t, err, access.ErrNotAllowed)
	}
}
