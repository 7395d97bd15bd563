package funding_test

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
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/funding"
)

type scene struct {
	*citytest.City
	funding  *funding.Funding
	accounts *funding.Accounts
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) funding.Stores {
		return funding.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Trail: s.Trail}
	})
	return scene{city, funding.New(unit, city.Statements, city.Clock), funding.NewAccounts(city.Funds, city.Statements, city.Rules, city.Clock)}
}

func (s scene) cash(amount money.Points) funding.Command {
	return funding.Command{Key: s.Key(), Fund: citytest.Fund, Amount: amount, Memo: "当初予算"}
}

// charge puts cash into a shop's till.
func (s scene) charge(t *testing.T, shop, resident user.User, amount money.Points) {
	t.Helper()
	rules, err := s.Rules.Rules(t.Context())
	require.NoError(t, err)
	want := ledger.Want{Wallets: []ledger.WalletID{shop.Wallet, resident.Wallet}, Pots: rules.ChargePots(shop.Wallet)}
	s.Act(t, want, func(b *ledger.Book) error {
		_, err := b.Charge(ledger.Cash{
			Claim: idem.Claim{Actor: shop.ID, Key: s.Key()}, Merchant: shop.Wallet, Resident: ledger.Party{Wallet: resident.Wallet}, Amount: amount,
		})
		return err
	})
}

func TestAFundIsOpenedRenamedAndClosedUnderItsVersion(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	opened, err := s.funding.Open(t.Context(), s.Official, "premium", "プレミアム", "")
	require.NoError(t, err)
	_, err = s.funding.Open(t.Context(), s.Official, "premium", "二つ目", "")
	require.ErrorIs(t, err, fund.ErrTaken)
	_, err = s.funding.Open(t.Context(), s.Official, "Premium", "大文字", "")
	require.ErrorIs(t, err, fund.ErrCode)

	renamed, err := s.funding.Rename(t.Context(), s.Official, "premium", opened.Version, "プレミアム 2026", "令和8年度")
	require.NoError(t, err)
	_, err = s.funding.Rename(t.Context(), s.Official, "premium", opened.Version, "遅れた変更", "")
	require.ErrorIs(t, err, fund.ErrChanged)
	closed, err := s.funding.Close(t.Context(), s.Official, "premium", renamed.Version, "事業終了")
	require.NoError(t, err)
	require.Equal(t, citytest.Noon, closed.ClosedAt)
	_, err = s.funding.Close(t.Context(), s.Official, "premium", closed.Version, "もう一度")
	require.ErrorIs(t, err, fund.ErrClosed)

	read, err := s.Funds.Fund(t.Context(), "premium")
	require.NoError(t, err)
	require.Equal(t, closed, read)
	require.ElementsMatch(t, []string{
		"fund.open done", "fund.open fund_code_taken", "fund.open fund_code_invalid", "fund.rename done", "fund.rename fund_changed",
		"fund.close done", "fund.close fund_closed",
	}, s.Outcomes(t))
}

func TestTheFundOfChargesStaysOpen(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	_, err := s.funding.Close(t.Context(), s.Official, citytest.Fund, 1, "")
	require.ErrorIs(t, err, fund.ErrInUse)
}

func TestAClosedFundTakesNothingButCanBeEmptied(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	other := s.cash(500)
	other.Fund = citytest.OtherFund
	_, err := s.funding.Deposit(t.Context(), s.Official, other)
	require.NoError(t, err)
	_, err = s.funding.Close(t.Context(), s.Official, citytest.OtherFund, 1, "")
	require.NoError(t, err)
	other.Key = s.Key()
	_, err = s.funding.Deposit(t.Context(), s.Official, other)
	require.ErrorIs(t, err, fund.ErrClosed)
	_, err = s.funding.Withdraw(t.Context(), s.Official, other)
	require.NoError(t, err)
	require.Zero(t, s.Position(t, citytest.OtherFund).Bank)
}

func TestADepositIsBookedOncePerKey(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	cmd := s.cash(300_000)
	first, err := s.funding.Deposit(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, funding.Result{
		Entry: first.Entry, Type: ledger.Deposit, At: citytest.Noon, Fund: citytest.Fund, Amount: 300_000, Memo: "当初予算",
	}, first)
	s.Advance(time.Hour)
	again, err := s.funding.Deposit(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, first, again)
	cmd.Amount++
	_, err = s.funding.Deposit(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	cmd.Amount--
	_, err = s.funding.Withdraw(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, idem.ErrKeyConflict, "the act is part of what the key stands for")

	require.EqualValues(t, 1_300_000, s.Position(t, citytest.Fund).Bank)
	require.ElementsMatch(t, []string{
		"fund.deposit done", "fund.deposit replayed", "fund.deposit idempotency_key_reused", "fund.withdraw idempotency_key_reused",
	}, s.Outcomes(t))
}

func TestAWithdrawalLeavesWhatPeopleHold(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.Resident(t), citytest.Gift, 400_000)
	_, err := s.funding.Withdraw(t.Context(), s.Official, s.cash(600_001))
	requireShortfall(t, err, ledger.ErrFundShort, 1)
	_, err = s.funding.Withdraw(t.Context(), s.Official, s.cash(600_000))
	require.NoError(t, err)
	p := s.Position(t, citytest.Fund)
	require.EqualValues(t, 400_000, p.Bank)
	require.Zero(t, p.Unissued)
}

func TestARemittanceBringsTheTillsCashToTheBank(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop := s.Merchant(t)
	s.charge(t, shop, s.Resident(t), 5_000)
	cmd := s.cash(5_001)
	cmd.Merchant = shop.Wallet
	_, err := s.funding.Remit(t.Context(), s.Official, cmd)
	requireShortfall(t, err, ledger.ErrCashShort, 1)
	cmd.Amount = 3_000
	booked, err := s.funding.Remit(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, ledger.Remittance, booked.Type)
	p := s.Position(t, citytest.Fund)
	require.EqualValues(t, 2_000, p.Tills)
	require.EqualValues(t, 1_003_000, p.Bank)
}

func TestOnlyMerchantsHaveATill(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	cmd := s.cash(1)
	cmd.Merchant = s.Resident(t).Wallet
	_, err := s.funding.Remit(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, funding.ErrNoTill)
	cmd.Merchant[0] ^= 1
	_, err = s.funding.Remit(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
}

func TestImpossibleAmountsAndUnknownFundsAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for _, amount := range []money.Points{0, -1, money.AmountMax + 1} {
		_, err := s.funding.Deposit(t.Context(), s.Official, s.cash(amount))
		require.ErrorIs(t, err, money.ErrAmount)
	}
	cmd := s.cash(1)
	cmd.Fund = "nowhere"
	_, err := s.funding.Deposit(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, ledger.ErrFundUnknown)
	cmd = s.cash(1)
	cmd.Key = ""
	_, err = s.funding.Deposit(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, idem.ErrKeyMissing)
	require.EqualValues(t, citytest.FundCash, s.Position(t, citytest.Fund).Bank)
}

func TestOnlyOfficialsTouchFunds(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop := s.Merchant(t)
	for _, actor := range []access.Actor{citytest.Actor(shop), citytest.Actor(s.Clerk(t, shop)), citytest.Actor(s.Resident(t))} {
		_, err := s.funding.Open(t.Context(), actor, "mine", "私の原資", "")
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.funding.Deposit(t.Context(), actor, s.cash(1))
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.funding.Remit(t.Context(), actor, s.cash(1))
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.accounts.List(t.Context(), actor)
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.accounts.On(t.Context(), actor, citytest.Fund, 0)
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.accounts.Tills(t.Context(), actor, false)
		require.ErrorIs(t, err, access.ErrNotAllowed)
		_, err = s.accounts.Position(t.Context(), actor, time.Time{})
		require.ErrorIs(t, err, access.ErrNotAllowed)
	}
	_, err := s.funding.Deposit(t.Context(), access.Actor{}, s.cash(1))
	require.ErrorIs(t, err, access.ErrNotSignedIn)
	require.Len(t, s.Outcomes(t), 9, "every attempt of somebody who is signed in stands in the trail")
}

func TestAFundShowsWhatItHadAtTheEndOfADay(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	monday := s.Today()
	s.Give(t, s.Resident(t), citytest.Gift, 1_000)
	s.Advance(24 * time.Hour)
	_, err := s.funding.Deposit(t.Context(), s.Official, s.cash(500))
	require.NoError(t, err)

	then, err := s.accounts.On(t.Context(), s.Official, citytest.Fund, monday)
	require.NoError(t, err)
	require.Equal(t, ledger.FundPosition{Fund: citytest.Fund, Bank: 1_000_000, Unissued: 999_000, Wallets: 1_000}, then.Position)
	for _, day := range []calendar.Day{0, monday + 1, monday + 100} {
		now, err := s.accounts.On(t.Context(), s.Official, citytest.Fund, day)
		require.NoError(t, err)
		require.Equal(t, s.Position(t, citytest.Fund), now.Position)
	}
	before, err := s.accounts.On(t.Context(), s.Official, citytest.Fund, monday-1)
	require.NoError(t, err)
	require.Equal(t, ledger.FundPosition{Fund: citytest.Fund}, before.Position)
	_, err = s.accounts.On(t.Context(), s.Official, "nowhere", 0)
	require.ErrorIs(t, err, ledger.ErrFundUnknown)

	all, err := s.accounts.List(t.Context(), s.Official)
	require.NoError(t, err)
	require.Len(t, all, 2)
	require.Equal(t, s.Position(t, citytest.Fund), all[0].Position)
	require.Equal(t, ledger.FundPosition{Fund: citytest.OtherFund}, all[1].Position)
}

func TestATrialBalanceCountsWhatWasBeforeItsInstant(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Advance(time.Hour)
	for at, cash := range map[time.Time]int64{citytest.Noon: 0, citytest.Noon.Add(time.Microsecond): int64(citytest.FundCash)} {
		trial, err := s.accounts.Position(t.Context(), s.Official, at)
		require.NoError(t, err)
		require.True(t, at.Equal(trial.At))
		for _, f := range trial.Funds {
			require.EqualValues(t, f.Points(), f.Assets())
			if f.Fund == citytest.Fund {
				require.EqualValues(t, cash, f.Bank, at)
			}
		}
	}
	ahead, err := s.accounts.Position(t.Context(), s.Official, s.Clock().AddDate(1, 0, 0))
	require.NoError(t, err)
	require.Zero(t, ahead.At, "times to come are not known: now is")
}

func TestATillIsOverdueTheDayAfterItsLast(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	slow, quick, resident := s.Merchant(t), s.Merchant(t), s.Resident(t)
	s.charge(t, slow, resident, 1_000)
	s.Advance(3 * 24 * time.Hour)
	s.charge(t, quick, resident, 2_000)

	s.Advance(4 * 24 * time.Hour)
	overdue, err := s.accounts.Tills(t.Context(), s.Official, true)
	require.NoError(t, err)
	require.Empty(t, overdue, "seven days are the limit")
	s.Advance(24 * time.Hour)
	overdue, err = s.accounts.Tills(t.Context(), s.Official, true)
	require.NoError(t, err)
	require.Len(t, overdue, 1)
	require.Equal(t, slow.Wallet, overdue[0].Merchant)
	require.Equal(t, slow.ID, overdue[0].Owner)
	require.EqualValues(t, 1_000, overdue[0].Cash)
	require.Equal(t, s.Today()-1, overdue[0].Due)
	all, err := s.accounts.Tills(t.Context(), s.Official, false)
	require.NoError(t, err)
	require.Len(t, all, 2)
}

func TestAMerchantAndItsClerksSeeTheirOwnTill(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop, resident := s.Merchant(t), s.Resident(t)
	s.charge(t, shop, resident, 1_000)
	s.charge(t, s.Merchant(t), resident, 2_000)
	for _, actor := range []access.Actor{citytest.Actor(shop), citytest.Actor(s.Clerk(t, shop))} {
		tills, err := s.accounts.Own(t.Context(), actor)
		require.NoError(t, err)
		require.Len(t, tills, 1)
		require.EqualValues(t, 1_000, tills[0].Cash)
		require.False(t, tills[0].Overdue)
	}
	_, err := s.accounts.Own(t.Context(), citytest.Actor(resident))
	require.ErrorIs(t, err, access.ErrNotAllowed)
}

func requireShortfall(t *testing.T, err error, refusal *fault.Fault, shortfall int64) {
	t.Helper()
	require.ErrorIs(t, err, refusal)
	why, ok := fault.Of(err)
	require.True(t, ok)
	require.Equal(t, shortfall, why.Figures["shortfall"])
}
