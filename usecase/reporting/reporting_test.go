package reporting_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/report"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/reporting"
)

var (
	baseDay = calendar.On(2027, time.March, 31)
	founded = calendar.DayOf(citytest.Noon)
)

// horizon tells how far the journal is certain.
type horizon struct{ settled int64 }

func (h *horizon) Settled(context.Context) (int64, error) { return h.settled, nil }

type scene struct {
	*citytest.City
	reporting *reporting.Reporting
	freezing  *reporting.Freezing
	horizon   *horizon
	hana      user.User
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	s := scene{City: city, horizon: &horizon{1_000}, hana: city.Resident(t)}
	s.reporting = reporting.New(city.Journal, city.Shelf, city.Funds, city.Rules, city.Clock)
	unit := citytest.Narrow(city, func(s citytest.Stores) reporting.Stores {
		return reporting.Stores{Archive: s.Archive, Trail: s.Trail}
	})
	s.freezing = reporting.NewFreezing(s.reporting, unit, s.horizon, city.Clock)
	return s
}

// until lets time go by until a while after the beginning of a day.
func (s scene) until(day calendar.Day, after time.Duration) {
	s.Advance(day.Start().Add(after).Sub(s.Clock()))
}

func TestEverybodyMayReadTheStatementOfADayThatIsOver(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 700)
	for _, day := range []calendar.Day{founded, founded + 1} {
		_, _, err := s.reporting.Day(t.Context(), day)
		require.ErrorIs(t, err, report.ErrDayAhead, "not today, and not the future")
	}
	before, settled, err := s.reporting.Day(t.Context(), founded-1)
	require.NoError(t, err)
	require.True(t, settled)
	require.Empty(t, before.Funds, "there was no fund")

	s.until(founded+1, time.Minute)
	day, settled, err := s.reporting.Day(t.Context(), founded)
	require.NoError(t, err)
	require.False(t, settled, "an entry may be on its way")
	require.Len(t, day.Funds, 2)
	require.Equal(t, money.Points(1_000_000), day.Funds[0].Amount(report.Deposit))
	require.Equal(t, money.Points(700), day.Funds[0].Closing.Wallets)
	require.True(t, day.Balanced())
	s.until(founded+1, report.Settling)
	_, settled, err = s.reporting.Day(t.Context(), founded)
	require.NoError(t, err)
	require.True(t, settled)
}

func TestAFiscalYearHoldsItsBeginningAgainstTheEndOfTheOneBefore(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 700)
	s.until(calendar.On(2027, time.April, 2), time.Hour)
	for _, year := range []int{2026, 2027, 2000} {
		y, err := s.reporting.FiscalYear(t.Context(), s.Official, year)
		require.NoError(t, err)
		require.Empty(t, y.Contradictions)
		require.Equal(t, year != 2027, y.Over)
		require.Equal(t, year != 2000, len(y.Rows) > 0)
		require.Contains(t, y.Kinds, citytest.Gift.Code)
	}
	for _, year := range []int{2028, 1999, -1} {
		_, err := s.reporting.FiscalYear(t.Context(), s.Official, year)
		require.ErrorIs(t, err, report.ErrYear)
	}
	_, err := s.reporting.FiscalYear(t.Context(), citytest.Actor(s.hana), 2026)
	require.ErrorIs(t, err, access.ErrNotAllowed)
}

func TestAReportIsFrozenOnceItsDayIsOverAndThenNeverChanges(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 700)
	s.until(baseDay+1, report.Settling-time.Second)
	_, _, err := s.freezing.Freeze(t.Context(), s.Official, baseDay)
	require.ErrorIs(t, err, report.ErrDayRuns)
	s.until(baseDay+1, report.Settling)
	provisional, err := s.reporting.Unused(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.Nil(t, provisional.Frozen)

	frozen, fresh, err := s.freezing.Freeze(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.True(t, fresh)
	require.Equal(t, provisional.Unused, frozen.Unused)
	require.EqualValues(t, 700, frozen.All().Unused)
	require.True(t, frozen.Balanced())
	require.Equal(t, s.Official.User, frozen.Frozen.MadeBy)
	require.EqualValues(t, 1_000, frozen.Frozen.LastSeq)

	renamed := citytest.Gift
	renamed.Name, renamed.Premium = "別の名前", true
	s.Do(t, func(ctx context.Context, stores citytest.Stores) error {
		return stores.Rulebook.SaveKind(ctx, renamed, s.Clock())
	})
	s.Advance(24 * time.Hour)
	again, fresh, err := s.freezing.Freeze(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.False(t, fresh)
	require.Equal(t, frozen, again)
	read, err := s.reporting.Unused(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.Equal(t, frozen, read)
	require.Equal(t, reporting.Named{Name: "給付"}, read.Kinds["gift"], "as it was called then")
	recount, err := s.reporting.Recount(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.Equal(t, reporting.Recount{Equal: true, Intact: true}, recount)
	require.ElementsMatch(t, []string{
		reporting.ActFreeze + " report_day_still_runs", reporting.ActFreeze + " done", reporting.ActFreeze + " replayed",
	}, s.Outcomes(t))
}

func TestAFrozenReportIsCanonical(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 9_007)
	s.until(baseDay+1, time.Hour)
	frozen, _, err := s.freezing.Freeze(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.Equal(t, `{"day":"2027-03-31","from":"2026-10-01","funds":[{"claimed":0,"fund":"city","name":"原資","wallets":9007},`+
		`{"claimed":0,"fund":"other","name":"原資","wallets":0}],"kind":"unused_balance",`+
		`"kinds":[{"code":"charge","name":"チャージ","premium":false},{"code":"gift","name":"給付","premium":false},{"code":"health","name":"健康","premium":false}],`+
		`"last_seq":1000,"rows":[{"awaiting":0,"class":"free","corrected":0,"ending":0,"fund":"city","issued":9007,"kind":"gift","lapsed":0,`+
		`"merchants":0,"opening":0,"returned":0,"unused":9007,"used":0}],"version":1}`, string(frozen.Frozen.Content))
	require.True(t, frozen.Frozen.Intact())
}

func TestAReportIsNotFrozenBeforeTheJournalIsCertain(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 700)
	s.until(baseDay+1, time.Hour)
	s.horizon.settled = 1
	_, _, err := s.freezing.Freeze(t.Context(), s.Official, baseDay)
	require.ErrorIs(t, err, report.ErrUnsettled)
	require.ErrorIs(t, s.freezing.FreezeDue(t.Context()), report.ErrUnsettled)
	s.horizon.settled = 0
	require.ErrorIs(t, s.freezing.FreezeDue(t.Context()), report.ErrUnsettled)
}

func TestWhatCameLateIsCountedAndWhatWasForgedIsFound(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 700)
	s.until(baseDay+1, time.Hour)
	s.horizon.settled = 2
	frozen, _, err := s.freezing.Freeze(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	s.Do(t, func(ctx context.Context, stores citytest.Stores) error {
		pot := ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: citytest.Fund}
		book, err := stores.Ledger.Open(ctx, baseDay.Start(), ledger.Want{Wallets: []ledger.WalletID{s.hana.Wallet}, Pots: []ledger.Pot{pot}})
		if err != nil {
			return err
		}
		_, err = book.Grant(ledger.Award{Wallet: s.hana.Wallet, Fund: citytest.Fund, Amount: 5, Kind: citytest.Gift.Code})
		return errors.Join(err, stores.Ledger.Append(ctx, book))
	})
	late, err := s.reporting.Recount(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.Equal(t, reporting.Recount{Equal: true, Intact: true, Late: 1}, late)

	forged := reporting.New(s.Journal, forger{s.Shelf}, s.Funds, s.Rules, s.Clock)
	found, err := forged.Recount(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.False(t, found.Equal)
	require.False(t, found.Intact)
	require.Equal(t, []report.Difference{{What: "city.free.gift.unused", Was: 70, Is: 700}}, found.Differences)
	require.EqualValues(t, 700, frozen.All().Unused)
}

// forger shows frozen reports with one figure changed.
type forger struct{ report.Shelf }

func (f forger) Frozen(ctx context.Context, kind report.Kind, day calendar.Day) (report.Frozen, error) {
	frozen, err := f.Shelf.Frozen(ctx, kind, day)
	frozen.Content = []byte(strings.Replace(string(frozen.Content), `"unused":700`, `"unused":70`, 1))
	return frozen, err
}

func TestOnlyAdministratorsFreezeAndOnlyBaseDays(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.until(calendar.On(2027, time.October, 1), time.Hour)
	_, _, err := s.freezing.Freeze(t.Context(), citytest.Actor(s.hana), baseDay)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	for day, refusal := range map[calendar.Day]error{
		baseDay - 1: report.ErrBaseDay, calendar.On(2026, time.September, 30): report.ErrUnknown, calendar.On(2028, time.March, 31): report.ErrDayRuns,
	} {
		_, _, err := s.freezing.Freeze(t.Context(), s.Official, day)
		require.ErrorIs(t, err, refusal)
		_, err = s.reporting.Unused(t.Context(), s.Official, day)
		require.ErrorIs(t, err, refusal)
	}
	for _, act := range []func() error{
		func() error { _, err := s.reporting.Halves(t.Context(), citytest.Actor(s.hana)); return err },
		func() error { _, err := s.reporting.Unused(t.Context(), citytest.Actor(s.hana), baseDay); return err },
		func() error { _, err := s.reporting.Recount(t.Context(), citytest.Actor(s.hana), baseDay); return err },
	} {
		require.ErrorIs(t, act(), access.ErrNotAllowed)
	}
	_, err = s.reporting.Recount(t.Context(), s.Official, baseDay)
	require.ErrorIs(t, err, report.ErrUnknown, "only what is frozen can be counted again")
}

func TestTheTimetableFreezesWhatIsDueAndNothingTwice(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.hana, citytest.Gift, 700)
	days := func() (days []string) {
		halves, err := s.reporting.Halves(t.Context(), s.Official)
		require.NoError(t, err)
		for _, half := range halves {
			text := half.Day.String()
			if half.Report != nil {
				text += " frozen"
			}
			days = append(days, text)
		}
		return days
	}
	require.NoError(t, s.freezing.FreezeDue(t.Context()))
	require.Empty(t, days(), "the last base day was before the first fund")

	s.until(calendar.On(2028, time.April, 1), time.Minute)
	require.Equal(t, []string{"2027-09-30", "2027-03-31"}, days(), "31 March is only just over")
	require.NoError(t, s.freezing.FreezeDue(t.Context()))
	require.Equal(t, []string{"2027-09-30 frozen", "2027-03-31 frozen"}, days())
	s.Advance(time.Hour)
	require.Equal(t, []string{"2028-03-31", "2027-09-30 frozen", "2027-03-31 frozen"}, days())
	for range 2 {
		require.NoError(t, s.freezing.FreezeDue(t.Context()))
	}
	acts, err := s.Acts.Acts(t.Context(), audit.Query{Action: reporting.ActFreeze, Limit: page.LimitMax})
	require.NoError(t, err)
	require.Len(t, acts.Rows, 3)
	for _, act := range acts.Rows {
		require.True(t, act.Actor.User.IsZero(), "in nobody's name")
		require.NotEmpty(t, act.After["sha256"])
	}
}

func TestPremiumPointsStandApart(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	premium := lot.Kind{Code: "premium", Name: "プレミアム", Rank: 4, Premium: true, Retired: calendar.Never}
	s.Do(t, func(ctx context.Context, stores citytest.Stores) error {
		return errors.Join(
			stores.Rulebook.SaveKind(ctx, premium, s.Clock()),
			stores.Treasury.Add(ctx, fund.Fund{Code: "late", Name: "後から", OpenedAt: baseDay.End()}),
		)
	})
	s.Give(t, s.hana, premium, 200)
	s.Give(t, s.hana, citytest.Gift, 100)
	s.until(baseDay+1, time.Hour)
	u, err := s.reporting.Unused(t.Context(), s.Official, baseDay)
	require.NoError(t, err)
	require.EqualValues(t, 200, u.OfClass(report.Premium).Unused)
	require.EqualValues(t, 100, u.OfClass(report.Free).Unused)
	require.Zero(t, u.OfClass(report.Bought).Unused)
	require.Len(t, u.Funds, 2, "a fund that was opened later is not in it")
}
