package rewarding_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/cashback"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/rewarding"
)

func TestADraftIsTriedOnPaymentsOfThePast(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	hana, taro, other := s.Resident(t), s.Resident(t), s.Merchant(t)
	s.Give(t, hana, citytest.Gift, 100_000)
	s.Give(t, taro, citytest.Gift, 100_000)
	s.pay(t, hana, s.shop, 10_000)
	s.Advance(24 * time.Hour)
	s.pay(t, hana, other, 15_000)
	s.pay(t, taro, s.shop, 3_000)
	exhausting := s.Clock()
	s.Advance(24 * time.Hour)
	s.pay(t, taro, s.shop, 3_000)
	s.Advance(24 * time.Hour)

	tight := func(c *rewarding.CampaignCommand) { c.Budget, c.Terms.PersonMax = 10_000, 2_200 }
	past := cashback.Span{From: s.Today() - 3, Until: s.Today()}
	unsaved, err := s.whatIf.Do(t.Context(), s.Official, rewarding.WhatIfCommand{Draft: s.festival(tight), Past: past})
	require.NoError(t, err)
	require.EqualValues(t, 4, unsaved.Payments)
	require.EqualValues(t, 2, unsaved.People)
	require.EqualValues(t, 2_800, unsaved.Cost)
	require.True(t, unsaved.Exhausted.IsZero())

	tight = func(c *rewarding.CampaignCommand) { c.Budget, c.Terms.PersonMax = 2_500, 2_200 }
	drafted := s.draft(t, tight)
	saved, err := s.whatIf.Do(t.Context(), s.Official, rewarding.WhatIfCommand{Campaign: drafted.ID, Past: past})
	require.NoError(t, err)
	require.EqualValues(t, 2_500, saved.Cost)
	require.EqualValues(t, 2_800, saved.Wanted)
	require.Equal(t, exhausting, saved.Exhausted)
	require.Zero(t, s.read(t, drafted.ID).Accrued, "nothing happened")

	empty, err := s.whatIf.Do(t.Context(), s.Official, rewarding.WhatIfCommand{Campaign: drafted.ID, Past: cashback.Span{From: s.Today(), Until: s.Today()}})
	require.NoError(t, err)
	require.Zero(t, empty.Cost)
}

func TestWhatIfLooksBackNoFurtherThanFourHundredDays(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for _, past := range []cashback.Span{
		{From: s.Today() - 400, Until: s.Today()}, {From: s.Today(), Until: s.Today() + 1}, {From: s.Today(), Until: s.Today() - 1},
	} {
		_, err := s.whatIf.Do(t.Context(), s.Official, rewarding.WhatIfCommand{Draft: s.festival(), Past: past})
		require.ErrorIs(t, err, rewarding.ErrWhatIfPeriod)
	}
	_, err := s.whatIf.Do(t.Context(), s.Official, rewarding.WhatIfCommand{Draft: s.festival(), Past: cashback.Span{From: s.Today() - 399, Until: s.Today()}})
	require.NoError(t, err)
	_, err = s.whatIf.Do(t.Context(), s.Official, rewarding.WhatIfCommand{Campaign: cashback.NewOfferID(s.Clock()), Past: cashback.Span{From: s.Today(), Until: s.Today()}})
	require.ErrorIs(t, err, cashback.ErrCampaignUnknown)
	wrong := s.festival(func(c *rewarding.CampaignCommand) { c.Terms.Rate = 0 })
	_, err = s.whatIf.Do(t.Context(), s.Official, rewarding.WhatIfCommand{Draft: wrong, Past: cashback.Span{From: s.Today(), Until: s.Today()}})
	require.ErrorIs(t, err, cashback.ErrRate)
}
