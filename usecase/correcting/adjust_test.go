package correcting_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/correcting"
)

func (s scene) adjustment(of user.User, amount money.Points) correcting.Adjustment {
	return correcting.Adjustment{
		Key: s.Key(), Wallet: of.Wallet, Fund: citytest.Fund, Amount: amount, Kind: citytest.Gift.Code, Reason: "窓口での訂正",
	}
}

func (s scene) adjust(t *testing.T, cmd correcting.Adjustment) correcting.Result {
	t.Helper()
	result, err := s.correcting.Adjust(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.False(t, result.Waits())
	return result
}

func TestAnAdjustmentGivesAndTakesAsItSays(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	up := s.adjustment(s.hana, 300)
	preview, err := s.correcting.PreviewAdjustment(t.Context(), s.Official, up)
	require.NoError(t, err)
	require.Equal(t, []money.Points{0, 300, 1_000_000, 999_700, 10_000}, []money.Points{preview.Before, preview.After, preview.FundBefore, preview.FundAfter, preview.Limit})
	require.Equal(t, s.Today().AddMonths(6), preview.Expires)
	require.False(t, preview.SecondPerson)
	require.Zero(t, s.Balance(t, s.hana))

	result := s.adjust(t, up)
	require.Equal(t, []any{ledger.Adjustment, money.Points(300)}, []any{result.Type, result.Amount})
	require.EqualValues(t, 300, s.Balance(t, s.hana))
	again := s.adjust(t, up)
	require.True(t, again.Replayed)
	require.Equal(t, result.Entry, again.Entry)

	s.Give(t, s.hana, citytest.Health, 50)
	down := s.adjustment(s.hana, -120)
	preview, err = s.correcting.PreviewAdjustment(t.Context(), s.Official, down)
	require.NoError(t, err)
	require.Len(t, preview.Slices, 1, "only of the kind that was named")
	s.adjust(t, down)
	require.EqualValues(t, 230, s.Balance(t, s.hana))
	all := s.adjustment(s.hana, -230)
	all.Kind = ""
	s.Advance(time.Second)
	s.adjust(t, all)
	require.Zero(t, s.Balance(t, s.hana))
	require.EqualValues(t, citytest.FundCash, s.Position(t, citytest.Fund).Unissued)
	acts := s.acts(t, correcting.ActAdjust)
	require.Equal(t, map[string]string{"balance": "230"}, acts[0].Before)
	require.Equal(t, "0", acts[0].After["balance"])
}

func TestWhatAnAdjustmentGivesToAShopCannotBeClaimed(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.adjust(t, s.adjustment(s.shop, 300))
	wallet, err := s.Statements.Wallet(t.Context(), s.shop.Wallet)
	require.NoError(t, err)
	require.Equal(t, ledger.NeverPassed, ledger.WhyNot(wallet.Lots[0], user.Merchant, true))
}

func TestSomebodyIsAdjustedByTheirEmail(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	cmd := s.adjustment(s.hana, 10)
	cmd.Wallet, cmd.Email = ledger.WalletID{}, s.hana.Email
	s.adjust(t, cmd)
	require.EqualValues(t, 10, s.Balance(t, s.hana))
	require.Equal(t, s.hana.Wallet.String(), s.acts(t, correcting.ActAdjust)[0].Target)
}

func TestAdjustmentsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 100)
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		return st.Treasury.Save(ctx, fund.Fund{Code: citytest.OtherFund, Name: "原資", OpenedAt: citytest.Noon, ClosedAt: s.Clock(), Version: 1})
	})
	for name, bad := range map[string]struct {
		change func(*correcting.Adjustment)
		want   error
	}{
		"of nobody":           {func(c *correcting.Adjustment) { c.Wallet = ledger.WalletID{} }, correcting.ErrWhom},
		"of two":              {func(c *correcting.Adjustment) { c.Email = s.shop.Email }, correcting.ErrWhom},
		"of a stranger":       {func(c *correcting.Adjustment) { c.Wallet, c.Email = ledger.WalletID{}, "nobody@example.jp" }, user.ErrUnknown},
		"of no wallet":        {func(c *correcting.Adjustment) { c.Wallet[0] ^= 1 }, ledger.ErrWalletUnknown},
		"of a clerk":          {func(c *correcting.Adjustment) { c.Wallet, c.Email = ledger.WalletID{}, s.Clerk(t, s.shop).Email }, ledger.ErrWalletUnknown},
		"by nothing":          {func(c *correcting.Adjustment) { c.Amount = 0 }, money.ErrAmount},
		"by too much":         {func(c *correcting.Adjustment) { c.Amount = money.AmountMax + 1 }, money.ErrAmount},
		"beyond the fund":     {func(c *correcting.Adjustment) { c.Amount = citytest.FundCash }, ledger.ErrFundShort},
		"beyond the wallet":   {func(c *correcting.Adjustment) { c.Amount = -101 }, lot.ErrInsufficient},
		"of an unknown kind":  {func(c *correcting.Adjustment) { c.Kind = "gold" }, lot.ErrKindUnknown},
		"of an unknown fund":  {func(c *correcting.Adjustment) { c.Fund = "nowhere" }, ledger.ErrFundUnknown},
		"from a closed fund":  {func(c *correcting.Adjustment) { c.Fund = citytest.OtherFund }, fund.ErrClosed},
		"lapsed already":      {func(c *correcting.Adjustment) { c.Expires = s.Today() - 1 }, lot.ErrExpiryPast},
		"with a blank reason": {func(c *correcting.Adjustment) { c.Reason = " 　" }, correcting.ErrReason},
		"without any reason":  {func(c *correcting.Adjustment) { c.Reason = "" }, correcting.ErrReason},
		"of a wallet, kindly": {func(c *correcting.Adjustment) { c.Amount, c.Kind = -1, citytest.Health.Code }, lot.ErrInsufficient},
	} {
		cmd := s.adjustment(s.hana, 10)
		bad.change(&cmd)
		_, err := s.correcting.Adjust(t.Context(), s.Official, cmd)
		require.ErrorIs(t, err, bad.want, name)
		if strings.TrimSpace(cmd.Reason) != "" {
			_, err = s.correcting.PreviewAdjustment(t.Context(), s.Official, cmd)
			require.ErrorIs(t, err, bad.want, name)
		}
	}
	require.EqualValues(t, 100, s.Balance(t, s.hana))
}

func TestWhatIsOwedIsListedAndRecoveredInCashAndInPoints(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	s.pay(t, s.shop, s.supplier, 450)
	s.Advance(time.Hour)
	cmd := s.command(entry)
	cmd.Receivable = true
	preview := s.preview(t, cmd)
	require.False(t, preview.Refused())
	owes := []ledger.Lack{{Wallet: s.shop.Wallet, Fund: lot.FundCode(citytest.Fund), Needed: 500, Missing: 450}}
	require.Equal(t, owes, preview.Effect.Owed)
	require.Equal(t, correcting.Cashback{Returned: 50, Taken: 50}, preview.Cashback)
	s.correct(t, cmd)
	require.EqualValues(t, 500, s.Balance(t, s.hana))
	require.EqualValues(t, 450, s.Position(t, citytest.Fund).Receivables)
	booked := s.Clock()
	list := func() []ledger.ReceivableState {
		owed, err := s.correcting.Receivables(t.Context(), s.Official)
		require.NoError(t, err)
		return owed
	}
	require.Equal(t, []ledger.ReceivableState{{Debtor: s.shop.Wallet, Owner: s.shop.ID, Fund: citytest.Fund, Amount: 450, Since: booked}}, list())

	s.Advance(time.Hour)
	recovery := correcting.Recovery{Key: s.Key(), Debtor: s.shop.Wallet, Fund: citytest.Fund, Amount: 451, FromBank: true, Memo: "窓口で現金"}
	_, err := s.correcting.Recover(t.Context(), s.Official, recovery)
	requireFigure(t, err, correcting.ErrNotOwed, "owed", 450)
	recovery.Amount = 400
	result, err := s.correcting.Recover(t.Context(), s.Official, recovery)
	require.NoError(t, err)
	require.Equal(t, []any{ledger.Recovery, money.Points(400)}, []any{result.Type, result.Amount})
	again, err := s.correcting.Recover(t.Context(), s.Official, recovery)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, result.Entry, again.Entry)
	require.EqualValues(t, citytest.FundCash+400, s.Position(t, citytest.Fund).Bank)
	require.Equal(t, []ledger.ReceivableState{{Debtor: s.shop.Wallet, Owner: s.shop.ID, Fund: citytest.Fund, Amount: 50, Since: booked}}, list())

	recovery = correcting.Recovery{Key: s.Key(), Debtor: s.shop.Wallet, Fund: citytest.Fund, Amount: 50}
	_, err = s.correcting.Recover(t.Context(), s.Official, recovery)
	require.ErrorIs(t, err, lot.ErrInsufficient)
	s.pay(t, s.supplier, s.shop, 60)
	s.Advance(time.Second)
	_, err = s.correcting.Recover(t.Context(), s.Official, recovery)
	require.NoError(t, err)
	require.EqualValues(t, 10, s.Balance(t, s.shop))
	require.Empty(t, list())
	require.Zero(t, s.Position(t, citytest.Fund).Receivables)
	acts := s.acts(t, correcting.ActRecover)
	require.Equal(t, []string{"50", "0"}, []string{acts[0].Before["owed"], acts[0].After["owed"]})
}

func TestACorrectionOfAClosedPeriodFallsIntoTheOpenOne(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 500)
	entry := s.pay(t, s.hana, s.shop, 500)
	period := settlement.Period{
		ID: ident.New[settlement.Period](s.Clock()), Name: "2026年11月", From: s.Today(), Until: s.Today(), CreatedAt: s.Clock(),
	}
	require.Empty(t, s.preview(t, s.command(entry)).Statements)
	var statement settlement.Statement
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		if err := st.Periods.Add(ctx, period); err != nil {
			return err
		}
		booked, err := s.Statements.Entry(ctx, entry)
		if err != nil {
			return err
		}
		period.Closed, period.ClosedBy, period.ClosedAt, period.LastSeq = true, s.Official.User, s.Clock(), booked.Seq
		sums, err := st.Periods.Tally(ctx, period.ID, 0, period.LastSeq)
		if err != nil {
			return err
		}
		for i := range sums {
			if sums[i].Due = sums[i].Sum(); sums[i].Merchant == s.shop.Wallet {
				statement = sums[i].Sealed()
			}
			sums[i] = sums[i].Sealed()
		}
		return st.Periods.Close(ctx, period, sums)
	})
	require.EqualValues(t, 450, statement.Due)

	s.Advance(24 * time.Hour)
	preview := s.preview(t, s.command(entry))
	require.Len(t, preview.Statements, 1)
	require.Equal(t, []any{s.shop.Wallet, period.ID, "2026年11月"}, []any{preview.Statements[0].Merchant, preview.Statements[0].Period.ID, preview.Statements[0].Period.Name})
	correction := s.correct(t, s.command(entry))
	_, closed, err := s.Settlement.PeriodOf(t.Context(), correction.Entry)
	require.NoError(t, err)
	require.False(t, closed, "it counts in the period that is open")
	still, err := s.Settlement.Statement(t.Context(), period.ID, s.shop.Wallet)
	require.NoError(t, err)
	require.Equal(t, statement, still)
	again, err := s.Settlement.Recompute(t.Context(), period)
	require.NoError(t, err)
	require.NotEmpty(t, again)
	for _, sum := range again {
		if sum.Merchant == s.shop.Wallet {
			require.EqualValues(t, 450, sum.Sum())
		}
	}
}
