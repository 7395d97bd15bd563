package rewarding_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/rewarding"
)

func TestAMerchantEntersItsProgrammeAndPaymentsEarnAtOnce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana := s.Resident(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	made, err := s.programmes.Enter(t.Context(), citytest.Actor(s.shop), fivePercent())
	require.NoError(t, err)
	require.Equal(t, cashback.Span{From: s.Today(), Until: calendar.Never}, made.Span)
	require.Equal(t, s.shop.Wallet, made.Merchant)
	require.Empty(t, made.Warnings)

	receipt := s.pay(t, hana, s.shop, 1_000)
	require.EqualValues(t, 50, receipt.Cashback)
	require.EqualValues(t, 9_050, s.Balance(t, hana))
	require.EqualValues(t, 950, s.Balance(t, s.shop))
	require.EqualValues(t, 10_000, s.Position(t, citytest.Fund).Wallets, "nothing is newly issued")
	require.Equal(t, []string{"programme.enter done"}, s.Outcomes(t))
}

func TestAMerchantHasOneProgrammeAtATime(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop := citytest.Actor(s.shop)
	summer := func(c *rewarding.ProgrammeCommand) {
		c.Span = cashback.Span{From: s.Today() + 10, Until: s.Today() + 20}
	}
	_, err := s.programmes.Enter(t.Context(), shop, fivePercent(summer))
	require.NoError(t, err)
	for _, span := range []cashback.Span{
		{From: s.Today()}, {From: s.Today(), Until: s.Today() + 10}, {From: s.Today() + 20}, {From: s.Today() + 12, Until: s.Today() + 13},
	} {
		cmd := fivePercent(func(c *rewarding.ProgrammeCommand) { c.Span = span })
		_, err := s.programmes.Enter(t.Context(), shop, cmd)
		require.ErrorIs(t, err, cashback.ErrProgrammeOverlaps)
		forecast, err := s.programmes.Preview(t.Context(), shop, cmd)
		require.NoError(t, err)
		require.Len(t, forecast.Overlaps, 1)
	}
	for _, span := range []cashback.Span{{From: s.Today(), Until: s.Today() + 9}, {From: s.Today() + 21}} {
		_, err := s.programmes.Enter(t.Context(), shop, fivePercent(func(c *rewarding.ProgrammeCommand) { c.Span = span }))
		require.NoError(t, err)
	}
	other := s.Merchant(t)
	_, err = s.programmes.Enter(t.Context(), s.Official, fivePercent(summer, func(c *rewarding.ProgrammeCommand) { c.Merchant = other.Wallet }))
	require.NoError(t, err, "another shop has its own")
}

func TestAProgrammeThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	retired := lot.Kind{Code: "old", Name: "旧", Retired: s.Today()}
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		return st.Rulebook.SaveKind(ctx, retired, s.Clock())
	})
	for name, c := range map[string]struct {
		change func(*rewarding.ProgrammeCommand)
		want   error
	}{
		"rate 0":                  {func(c *rewarding.ProgrammeCommand) { c.Terms.Rate = 0 }, cashback.ErrRate},
		"a negative rate":         {func(c *rewarding.ProgrammeCommand) { c.Terms.Rate = -1 }, cashback.ErrRate},
		"more than all of it":     {func(c *rewarding.ProgrammeCommand) { c.Terms.Rate = 10_001 }, cashback.ErrRate},
		"a cap below one point":   {func(c *rewarding.ProgrammeCommand) { c.Terms.PaymentMax = -1 }, cashback.ErrCap},
		"no name":                 {func(c *rewarding.ProgrammeCommand) { c.Name = "" }, cashback.ErrName},
		"a blank name":            {func(c *rewarding.ProgrammeCommand) { c.Name = " 　" }, cashback.ErrName},
		"an unknown kind":         {func(c *rewarding.ProgrammeCommand) { c.Terms.Kind = "gold" }, lot.ErrKindUnknown},
		"an unknown earning kind": {func(c *rewarding.ProgrammeCommand) { c.Terms.Earning = []lot.KindCode{"gold"} }, lot.ErrKindUnknown},
		"a retired kind":          {func(c *rewarding.ProgrammeCommand) { c.Terms.Kind = retired.Code }, lot.ErrKindRetired},
		"a past beginning":        {func(c *rewarding.ProgrammeCommand) { c.Span.From = s.Today() - 1 }, cashback.ErrPast},
		"an end before it begins": {func(c *rewarding.ProgrammeCommand) { c.Span = cashback.Span{From: s.Today() + 2, Until: s.Today() + 1} }, cashback.ErrPeriod},
		"points that are dead":    {func(c *rewarding.ProgrammeCommand) { c.Terms.Validity.Until = s.Today() - 1 }, lot.ErrExpiryPast},
		"no rounding":             {func(c *rewarding.ProgrammeCommand) { c.Terms.Rounding = 0 }, cashback.ErrRounding},
	} {
		_, err := s.programmes.Enter(t.Context(), citytest.Actor(s.shop), fivePercent(c.change))
		require.ErrorIs(t, err, c.want, name)
		_, err = s.programmes.Preview(t.Context(), citytest.Actor(s.shop), fivePercent(c.change))
		require.ErrorIs(t, err, c.want, name)
	}
}

func TestWhatOughtToBeLookedAtIsToldAndBlocksNothing(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	generous := fivePercent(func(c *rewarding.ProgrammeCommand) {
		c.Terms.Rate, c.Terms.Kind, c.Terms.PaymentMax = 5_000, citytest.Gift.Code, 3_000
	})
	forecast, err := s.programmes.Preview(t.Context(), citytest.Actor(s.shop), generous)
	require.NoError(t, err)
	want := []cashback.WarningCode{cashback.WarnRate, cashback.WarnSmall, cashback.WarnCirculate}
	require.Equal(t, want, forecast.Warnings)
	require.Equal(t, rewarding.Example{Amount: 980, Earned: 490}, forecast.Examples[1])
	require.Equal(t, rewarding.Example{Amount: 10_000, Earned: 3_000, Cut: cashback.ByPayment}, forecast.Examples[4])
	listed, err := s.programmes.List(t.Context(), citytest.Actor(s.shop), user.WalletID{}, "", 10)
	require.NoError(t, err)
	require.Empty(t, listed.Rows, "a preview enters nothing")
	made, err := s.programmes.Enter(t.Context(), citytest.Actor(s.shop), generous)
	require.NoError(t, err)
	require.Equal(t, want, made.Warnings)
}

func TestEachDecidesAboutTheirOwnAndAdministratorsAboutAnyones(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	other, clerk, resident := s.Merchant(t), s.Clerk(t, s.shop), s.Resident(t)
	ours, err := s.programmes.Enter(t.Context(), citytest.Actor(s.shop), fivePercent())
	require.NoError(t, err)
	for _, stranger := range []user.User{clerk, resident} {
		_, err := s.programmes.Enter(t.Context(), citytest.Actor(stranger), fivePercent())
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.programmes.List(t.Context(), citytest.Actor(stranger), user.WalletID{}, "", 10)
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.programmes.End(t.Context(), citytest.Actor(stranger), ours.ID, 0, "")
		require.ErrorIs(t, err, access.ErrNotAllowed)
	}
	foreign := fivePercent(func(c *rewarding.ProgrammeCommand) { c.Merchant = s.shop.Wallet })
	_, err = s.programmes.Enter(t.Context(), citytest.Actor(other), foreign)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.programmes.End(t.Context(), citytest.Actor(other), ours.ID, 0, "")
	require.ErrorIs(t, err, cashback.ErrProgrammeUnknown, "another shop's is as if it were not there")
	_, err = s.programmes.Enter(t.Context(), s.Official, fivePercent(func(c *rewarding.ProgrammeCommand) { c.Merchant = resident.Wallet }))
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
	all, err := s.programmes.List(t.Context(), s.Official, user.WalletID{}, "", 10)
	require.NoError(t, err)
	require.Equal(t, []cashback.Programme{ours.Programme}, all.Rows)
	ended, err := s.programmes.End(t.Context(), s.Official, ours.ID, 0, "苦情のため")
	require.NoError(t, err)
	require.Equal(t, s.Today(), ended.Span.Until)
}

func TestAProgrammeEndsWithADayAndOneThatHasNotBegunIsWithdrawn(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop, hana := citytest.Actor(s.shop), s.Resident(t)
	s.Give(t, hana, citytest.Gift, 10_000)
	now, err := s.programmes.Enter(t.Context(), shop, fivePercent(func(c *rewarding.ProgrammeCommand) { c.Span.Until = s.Today() + 5 }))
	require.NoError(t, err)
	later, err := s.programmes.Enter(t.Context(), shop, fivePercent(func(c *rewarding.ProgrammeCommand) { c.Span.From = s.Today() + 10 }))
	require.NoError(t, err)

	for _, until := range []calendar.Day{s.Today() - 1, s.Today() + 6} {
		_, err := s.programmes.End(t.Context(), shop, now.ID, until, "")
		require.ErrorIs(t, err, cashback.ErrPeriod)
	}
	ended, err := s.programmes.End(t.Context(), shop, now.ID, s.Today(), "")
	require.NoError(t, err)
	require.False(t, ended.Withdrawn)
	require.EqualValues(t, 2, ended.Version)
	require.EqualValues(t, 50, s.pay(t, hana, s.shop, 1_000).Cashback, "today it is still in force")
	gone, err := s.programmes.End(t.Context(), shop, later.ID, 0, "")
	require.NoError(t, err)
	require.True(t, gone.Withdrawn)
	_, err = s.programmes.Programme(t.Context(), shop, later.ID)
	require.ErrorIs(t, err, cashback.ErrProgrammeUnknown)

	s.Advance(24 * time.Hour)
	require.Zero(t, s.pay(t, hana, s.shop, 1_000).Cashback)
	_, err = s.programmes.End(t.Context(), shop, now.ID, 0, "")
	require.ErrorIs(t, err, cashback.ErrProgrammeEnded)
	_, err = s.programmes.Enter(t.Context(), shop, fivePercent())
	require.NoError(t, err)
}

func TestAMerchantHasSoManyProgrammesBeforeItAndNoMore(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	on := func(day calendar.Day) error {
		_, err := s.programmes.Enter(t.Context(), citytest.Actor(s.shop), fivePercent(func(c *rewarding.ProgrammeCommand) {
			c.Span = cashback.Span{From: day, Until: day}
		}))
		return err
	}
	for i := range cashback.ProgrammesMax {
		require.NoError(t, on(s.Today()+calendar.Day(i)))
	}
	last := s.Today() + cashback.ProgrammesMax
	require.ErrorIs(t, on(last), cashback.ErrProgrammeMany)
	s.Advance(24 * time.Hour)
	require.NoError(t, on(last), "one is over")
}
