package granting_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/granting"
)

type scene struct {
	*citytest.City
	granting *granting.Granting
	bulk     *granting.Bulk
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) granting.Stores {
		return granting.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Batches: s.Batches, Campaigns: s.Campaigns, Trail: s.Trail, Outbox: s.Outbox}
	})
	return scene{
		city, granting.New(unit, city.Roster, city.Statements, city.Clock),
		granting.NewBulk(unit, city.Roster, city.Rules, city.Batches, city.Clock),
	}
}

func gift(memo string) granting.Terms {
	return granting.Terms{Fund: citytest.Fund, Kind: citytest.Gift.Code, Memo: memo}
}

func (s scene) grant(to user.User, amount money.Points) granting.Command {
	return granting.Command{Key: s.Key(), User: to.ID, Amount: amount, Terms: gift("敬老祝")}
}

func TestAGrantHasTargetAmountKindAndExpiry(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	got, err := s.granting.Do(t.Context(), s.Official, s.grant(resident, 5_000))
	require.NoError(t, err)
	halfYear := calendar.On(2027, 5, 23)
	require.Equal(t, granting.Result{
		Entry: got.Entry, At: citytest.Noon, Wallet: resident.Wallet, Points: lot.Key{Kind: "gift", Fund: citytest.Fund, Expires: halfYear},
		Amount: 5_000, Balance: 5_000,
	}, got)

	byEmail := s.grant(resident, 1_000)
	byEmail.User, byEmail.Email, byEmail.Expires = user.ID{}, resident.Email, calendar.On(2026, 12, 31)
	got, err = s.granting.Do(t.Context(), s.Official, byEmail)
	require.NoError(t, err)
	require.Equal(t, calendar.On(2026, 12, 31), got.Points.Expires)
	require.EqualValues(t, 6_000, got.Balance)
	require.EqualValues(t, citytest.FundCash-6_000, s.Position(t, citytest.Fund).Unissued)
	require.Len(t, s.Messages(), 2)
	require.Equal(t, []string{"points.grant done", "points.grant done"}, s.Outcomes(t))
}

func TestAGrantIsMadeOncePerKey(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	cmd := s.grant(s.Resident(t), 5_000)
	first, err := s.granting.Do(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	s.Advance(48 * time.Hour)
	again, err := s.granting.Do(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, first, again)
	cmd.Memo = "別の給付"
	_, err = s.granting.Do(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	require.EqualValues(t, 5_000, s.Position(t, citytest.Fund).Wallets)
}

func TestAGrantBeyondTheFundSaysByHowMuch(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	_, err := s.granting.Do(t.Context(), s.Official, s.grant(resident, citytest.FundCash+1))
	require.ErrorIs(t, err, ledger.ErrFundShort)
	why, _ := fault.Of(err)
	require.Equal(t, map[string]int64{"balance": int64(citytest.FundCash), "shortfall": 1}, why.Figures)
	_, err = s.granting.Do(t.Context(), s.Official, s.grant(resident, citytest.FundCash))
	require.NoError(t, err)
	require.Zero(t, s.Position(t, citytest.Fund).Unissued)
}

func TestGrantsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident, shop := s.Resident(t), s.Merchant(t)
	for name, bad := range map[string]struct {
		change func(*granting.Command)
		want   error
	}{
		"to nobody":           {func(c *granting.Command) { c.User = user.ID{} }, granting.ErrRecipient},
		"to two":              {func(c *granting.Command) { c.Email = resident.Email }, granting.ErrRecipient},
		"to a stranger":       {func(c *granting.Command) { c.User[0] ^= 1 }, user.ErrUnknown},
		"to a clerk":          {func(c *granting.Command) { c.User = s.Clerk(t, shop).ID }, fund.ErrRowNoWallet},
		"to an official":      {func(c *granting.Command) { c.User = s.Official.User }, fund.ErrRowNoWallet},
		"of nothing":          {func(c *granting.Command) { c.Amount = 0 }, money.ErrAmount},
		"of an unknown kind":  {func(c *granting.Command) { c.Kind = "gold" }, lot.ErrKindUnknown},
		"from an unknown one": {func(c *granting.Command) { c.Fund = "nowhere" }, ledger.ErrFundUnknown},
		"from an empty fund":  {func(c *granting.Command) { c.Fund = citytest.OtherFund }, ledger.ErrFundShort},
		"lapsed already":      {func(c *granting.Command) { c.Expires = s.Today() - 1 }, lot.ErrExpiryPast},
		"without a key":       {func(c *granting.Command) { c.Key = "" }, idem.ErrKeyMissing},
		"with a long story":   {func(c *granting.Command) { c.Memo = string(make([]rune, 101)) }, ledger.ErrMemo},
	} {
		cmd := s.grant(resident, 100)
		bad.change(&cmd)
		_, err := s.granting.Do(t.Context(), s.Official, cmd)
		require.ErrorIs(t, err, bad.want, name)
	}
	_, err := s.granting.Do(t.Context(), citytest.Actor(resident), s.grant(resident, 100))
	require.ErrorIs(t, err, access.ErrNotAllowed)
	require.Zero(t, s.Balance(t, resident))
}

func TestAClosedFundAndARetiredKindGrantNothing(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	s.retire(t, citytest.Gift)
	_, err := s.granting.Do(t.Context(), s.Official, s.grant(resident, 100))
	require.ErrorIs(t, err, lot.ErrKindRetired)
	s.closeFund(t, citytest.Fund)
	cmd := s.grant(resident, 100)
	cmd.Kind = citytest.Health.Code
	_, err = s.granting.Do(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, fund.ErrClosed)
	_, err = s.granting.Preview(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, fund.ErrClosed)
}

func TestAPreviewedGrantShowsTheFundBeforeAndAfter(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	got, err := s.granting.Preview(t.Context(), s.Official, s.grant(resident, 1_000))
	require.NoError(t, err)
	require.Equal(t, granting.Estimate{
		Recipients: 1, Total: 1_000, Before: 1_000_000, After: 999_000, Expires: calendar.On(2027, 5, 23),
	}, got)
	got, err = s.granting.Preview(t.Context(), s.Official, s.grant(resident, 1_000_007))
	require.NoError(t, err)
	require.EqualValues(t, 7, got.Shortfall)
	require.Zero(t, got.After)
	require.Zero(t, s.Balance(t, resident))

	s.closeWallet(t, resident)
	_, err = s.granting.Preview(t.Context(), s.Official, s.grant(resident, 1_000))
	require.ErrorIs(t, err, ledger.ErrWalletClosed)
	_, err = s.granting.Preview(t.Context(), citytest.Actor(resident), s.grant(resident, 1_000))
	require.ErrorIs(t, err, access.ErrNotAllowed)
}
