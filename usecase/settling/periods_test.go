package settling_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

func (s *scene) listed(t testing.TB) []settlement.Period {
	t.Helper()
	found, err := s.periods.List(t.Context(), s.Official, "", page.LimitMax)
	require.NoError(t, err)
	return found.Rows
}

func TestAPeriodIsClosedOnceItIsOverAndInOrder(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	november, err := s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{})
	require.NoError(t, err)
	require.Equal(t, "2026年11月", november.Name)
	_, err = s.periods.Close(t.Context(), s.Official, november.ID, "")
	require.ErrorIs(t, err, settlement.ErrPeriodRuns)
	december, err := s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{})
	require.NoError(t, err)
	_, err = s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{})
	require.ErrorIs(t, err, settlement.ErrPeriodAhead)
	s.until(t, "2027-01-01")
	_, err = s.periods.Close(t.Context(), s.Official, december.ID, "")
	require.ErrorIs(t, err, settlement.ErrPeriodEarlier)
	_, err = s.periods.Close(t.Context(), s.Official, november.ID, "")
	require.NoError(t, err)
	_, err = s.periods.Close(t.Context(), s.second, november.ID, "")
	require.ErrorIs(t, err, settlement.ErrPeriodClosed)
	_, err = s.periods.Close(t.Context(), s.Official, settlement.PeriodID{1}, "")
	require.ErrorIs(t, err, settlement.ErrPeriodUnknown)
	_, err = s.periods.Close(t.Context(), citytest.Actor(s.shop), december.ID, "")
	require.ErrorIs(t, err, access.ErrNotAllowed)
}

func TestPeriodsWithDaysOfTheirOwnLeaveNoGap(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(settings *settlement.Settings) { settings.Cycle = settlement.Custom })
	_, err := s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{})
	require.ErrorIs(t, err, settlement.ErrPeriodSpan)
	from := s.Today()
	first, err := s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{From: from, Until: from + 6, Name: "第1週"})
	require.NoError(t, err)
	require.Equal(t, "第1週", first.Name)
	_, err = s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{From: from + 6, Until: from + 9})
	require.ErrorIs(t, err, settlement.ErrPeriodOverlaps)
	_, err = s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{From: from + 8, Until: from + 9})
	require.ErrorIs(t, err, settlement.ErrPeriodGap)
	_, err = s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{From: from + 7, Until: from + 6})
	require.ErrorIs(t, err, settlement.ErrPeriodSpan)
	_, err = s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{From: from + 7})
	require.ErrorIs(t, err, settlement.ErrPeriodSpan)
	require.NoError(t, s.periods.Keep(t.Context()), "nothing is entered without an administrator")
	require.Len(t, s.listed(t), 1)
}

func TestTheTimetableEntersPeriodsAndClosesThoseThatAreOver(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	require.NoError(t, s.periods.Keep(t.Context()))
	require.Len(t, s.listed(t), 1)
	s.until(t, "2027-02-10") // the workers were away
	require.NoError(t, s.periods.Keep(t.Context()))
	periods := s.listed(t)
	require.Len(t, periods, 4)
	require.False(t, periods[0].Closed)
	for _, p := range periods[1:] {
		require.True(t, p.Closed, p.Name)
		require.True(t, p.ClosedBy.IsZero())
	}
	require.Len(t, s.acts(t, settling.ActClosePeriod), 3)
	drafts, err := s.claims.List(t.Context(), citytest.Actor(s.shop), settlement.ClaimQuery{Limit: 10})
	require.NoError(t, err)
	states := map[settlement.ClaimState]int{}
	for _, c := range drafts.Rows {
		states[c.State]++
	}
	require.Equal(t, map[settlement.ClaimState]int{settlement.Superseded: 2, settlement.Drafted: 1}, states)
	require.NoError(t, s.periods.Keep(t.Context()))
	require.Len(t, s.listed(t), 4)
}

func TestPeriodsWaitForPeopleWhereTheSettingsSaySo(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(settings *settlement.Settings) {
		settings.AutoClose, settings.Cycle = false, settlement.HalfMonthly
	})
	require.NoError(t, s.periods.Keep(t.Context()))
	s.until(t, "2026-12-20")
	require.NoError(t, s.periods.Keep(t.Context()))
	var names []string
	for _, p := range s.listed(t) {
		require.False(t, p.Closed)
		names = append(names, p.Name)
	}
	require.Equal(t, []string{"2026年12月後半", "2026年12月前半", "2026年11月後半", "2026年11月前半"}, names)
}

func TestOfTimetablesAndPeopleWhoCloseAtOnceOneDoes(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	require.NoError(t, s.periods.Keep(t.Context()))
	november := s.listed(t)[0]
	s.until(t, "2026-12-01")
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			if i%2 == 0 {
				errs[i] = s.periods.Keep(t.Context())
				return
			}
			_, errs[i] = s.periods.Close(t.Context(), s.Official, november.ID, "")
		})
	}
	all.Wait()
	for i, err := range errs {
		if i%2 == 1 && err != nil {
			require.ErrorIs(t, err, settlement.ErrPeriodClosed)
		} else {
			require.NoError(t, err)
		}
	}
	require.Len(t, s.listed(t), 2)
	found, err := s.Settlement.Claims(t.Context(), settlement.ClaimQuery{Limit: 10})
	require.NoError(t, err)
	require.Len(t, found.Rows, 1)
}

func TestAStatementShowsWhatIsBehindIt(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.pay(t, s.shop, 500)
	s.spend(t, s.shop, s.cafe, 200)
	closing := s.closes(t)
	shop := citytest.Actor(s.shop)
	own, err := s.statements.Own(t.Context(), shop, "", 10)
	require.NoError(t, err)
	require.Len(t, own.Rows, 1)
	of := own.Rows[0]
	require.Equal(t, closing.Period, of.Of)
	require.EqualValues(t, []int64{1_500, 200, 1_300, 2}, []int64{int64(of.Received), int64(of.Spent), int64(of.Due), of.Payments})
	require.Equal(t, of.Sealed().Hash, of.Hash)
	lines, err := s.statements.Lines(t.Context(), shop, of, 0, 2)
	require.NoError(t, err)
	require.Len(t, lines, 2)
	lines, err = s.statements.Lines(t.Context(), shop, of, lines[1].No, 2)
	require.NoError(t, err)
	require.Len(t, lines, 1)
	sheet, err := s.statements.Sheet(t.Context(), shop, of.Period, s.shop.Wallet)
	require.NoError(t, err)
	require.Len(t, sheet.Lines, 3)
	require.Zero(t, sheet.LinesLeft)

	_, err = s.statements.One(t.Context(), shop, of.Period, s.cafe.Wallet)
	require.ErrorIs(t, err, settlement.ErrStatementUnknown, "another shop's is nobody's business")
	_, err = s.statements.One(t.Context(), shop, settlement.PeriodID{1}, s.shop.Wallet)
	require.ErrorIs(t, err, settlement.ErrStatementUnknown)
	_, err = s.statements.Sheet(t.Context(), citytest.Actor(s.hana), of.Period, s.shop.Wallet)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, _, err = s.statements.OfPeriod(t.Context(), shop, of.Period, "", 10)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	period, all, err := s.statements.OfPeriod(t.Context(), s.Official, of.Period, "", 10)
	require.NoError(t, err)
	require.Equal(t, closing.Period, period)
	require.Len(t, all.Rows, 2)
	_, err = s.statements.Lines(t.Context(), shop, of, 0, settling.LinesMax+1)
	require.ErrorIs(t, err, page.ErrLimit)
	other := of
	other.Merchant = s.cafe.Wallet
	_, err = s.statements.Lines(t.Context(), shop, other, 0, 2)
	require.ErrorIs(t, err, settlement.ErrStatementUnknown)
}

func TestWhatAMerchantOwesIsCarriedOver(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	payment := s.pay(t, s.shop, 1_000)
	s.closes(t)
	s.claim(t, s.shop) // so nothing is left to take back
	s.reverse(t, payment)
	closing := s.closes(t)
	of, err := s.statements.One(t.Context(), s.Official, closing.Period.ID, s.shop.Wallet)
	require.NoError(t, err)
	require.EqualValues(t, []int64{1_000, 1_000, 1_000, -1_000}, []int64{int64(of.CarriedOver), int64(of.Claimed), int64(of.Owed), int64(of.Due)})
	require.Zero(t, closing.Drafts)

	s.pay(t, s.shop, 1_600)
	closing = s.closes(t)
	of, err = s.statements.One(t.Context(), s.Official, closing.Period.ID, s.shop.Wallet)
	require.NoError(t, err)
	require.EqualValues(t, []int64{-1_000, 1_600, 600}, []int64{int64(of.CarriedOver), int64(of.Received), int64(of.Due)})
	require.EqualValues(t, 600, closing.Drafted)
	_, err = s.claims.Claim(t.Context(), citytest.Actor(s.shop), settling.ClaimCommand{Key: s.Key(), Amount: 601})
	require.ErrorIs(t, err, settlement.ErrClaimOverDue)
	require.EqualValues(t, 600, s.claim(t, s.shop).Amount)
}

func TestWhatIsPostedAfterTheDayBelongsToTheNextPeriod(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	november, err := s.periods.Enter(t.Context(), s.Official, settling.PeriodCommand{})
	require.NoError(t, err)
	s.Advance(november.Until.End().Sub(s.Clock()) - time.Microsecond)
	s.pay(t, s.shop, 10)
	s.Advance(time.Microsecond)
	require.Equal(t, calendar.On(2026, 12, 1), s.Today())
	s.pay(t, s.shop, 1)
	closing, err := s.periods.Close(t.Context(), s.Official, november.ID, "")
	require.NoError(t, err)
	of, err := s.statements.One(t.Context(), s.Official, closing.Period.ID, s.shop.Wallet)
	require.NoError(t, err)
	require.EqualValues(t, 1_010, of.Due)
}
