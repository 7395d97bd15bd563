package calendar_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
)

func day(t *testing.T, text string) calendar.Day {
	t.Helper()
	d, err := calendar.ParseDay(text)
	require.NoError(t, err)
	return d
}

func TestHolidaysAreKnownByName(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1970-01-01": "元日", "2026-01-01": "元日", "2026-05-06": "こどもの日 振替休日", "2026-09-21": "敬老の日", "2026-09-22": "休日",
		"2026-09-23": "秋分の日", "2026-11-23": "勤労感謝の日", "2019-05-01": "休日（祝日扱い）", "2021-07-23": "スポーツの日",
		"2020-07-23": "海の日", "2050-11-23": "勤労感謝の日",
	} {
		name, ok := calendar.Holiday(day(t, text))
		require.True(t, ok, text)
		require.Equal(t, want, name, text)
	}
	for _, text := range []string{"2026-05-07", "2026-12-31", "2021-07-19", "2021-10-11", "2019-12-23", "1969-12-31", "2051-01-01"} {
		_, ok := calendar.Holiday(day(t, text))
		require.False(t, ok, text)
	}
}

func TestHolidaysThatTheLawPutsOnMondaysAreMondaysAndNoneIsMissed(t *testing.T) {
	t.Parallel()
	perYear := map[int]int{}
	for d := calendar.CoveredFrom; d <= calendar.CoveredUntil; d++ {
		name, ok := calendar.Holiday(d)
		if !ok {
			continue
		}
		year := d.Start().Year()
		perYear[year]++
		if name == "敬老の日" && year >= 2003 {
			require.Equal(t, time.Monday, d.Weekday(), d.String())
		}
		if d.Weekday() == time.Sunday && year >= 1974 {
			substitute := ""
			for next := d + 1; !strings.HasSuffix(substitute, "振替休日"); next++ {
				substitute, ok = calendar.Holiday(next)
				require.True(t, ok, "%s is a holiday on a Sunday without a substitute", d)
			}
		}
	}
	require.Len(t, perYear, 81)
	for year, count := range perYear {
		require.GreaterOrEqual(t, count, 12, "year %d", year)
		require.LessOrEqual(t, count, 22, "year %d", year)
	}
}

func TestBanksAndCityHallKeepTheirOwnTurnOfTheYear(t *testing.T) {
	t.Parallel()
	for text, open := range map[string]struct{ bank, city bool }{
		"2026-12-28": {true, true}, "2026-12-29": {true, false}, "2026-12-30": {true, false}, "2026-12-31": {false, false},
		"2027-01-01": {false, false}, "2027-01-02": {false, false}, "2027-01-03": {false, false}, "2027-01-04": {true, true},
		"2028-01-03": {false, false}, // a Monday
		"2026-11-21": {false, false}, "2026-11-22": {false, false}, "2026-11-23": {false, false}, "2026-11-24": {true, true},
		"2026-05-06": {false, false}, "2026-09-22": {false, false}, "2026-08-13": {true, true}, "2027-12-29": {true, false},
	} {
		require.Equal(t, open.bank, calendar.BankOpen(day(t, text)), text)
		require.Equal(t, open.city, calendar.CityOpen(day(t, text)), text)
	}
}

func TestBankDaysAreCountedOverGoldenWeek(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-04-28", 1, "2026-04-30"},
		{"2026-04-28", 2, "2026-05-01"},
		{"2026-04-28", 3, "2026-05-07"},
		{"2026-05-01", 1, "2026-05-07"},
		{"2026-05-02", 0, "2026-05-07"},
		{"2026-05-01", 0, "2026-05-01"},
		{"2026-05-07", -1, "2026-05-01"},
		{"2026-05-07", -3, "2026-04-28"},
		{"2026-05-04", -1, "2026-05-01"},
		{"2026-04-30", 5, "2026-05-12"},
		{"2026-12-30", 1, "2027-01-04"},
		{"2027-01-04", -1, "2026-12-30"},
		{"2026-11-30", 5, "2026-12-07"},
	} {
		got, err := calendar.AddBankDays(day(t, c.from), c.n)
		require.NoError(t, err)
		require.Equal(t, c.want, got.String(), "%s and %d", c.from, c.n)
	}
	next, err := calendar.NextBankDay(day(t, "2026-09-18"))
	require.NoError(t, err)
	require.Equal(t, "2026-09-24", next.String())
	before, err := calendar.PreviousBankDay(next)
	require.NoError(t, err)
	require.Equal(t, "2026-09-18", before.String())
}

func TestAdministratorsAddAndLiftHolidays(t *testing.T) {
	t.Parallel()
	added, lifted := day(t, "2026-06-10"), day(t, "2026-07-20")
	c := calendar.Closures{Added: []calendar.Day{added}, Lifted: []calendar.Day{lifted, day(t, "2027-01-01"), day(t, "2026-05-03")}}
	require.True(t, calendar.BankOpen(added))
	require.False(t, c.BankOpen(added))
	require.False(t, c.CityOpen(added))
	require.False(t, calendar.BankOpen(lifted))
	require.True(t, c.BankOpen(lifted))
	require.True(t, c.CityOpen(lifted))
	require.False(t, c.BankOpen(day(t, "2027-01-01")), "the turn of the year stays")
	require.False(t, c.BankOpen(day(t, "2026-05-03")), "a Sunday stays")
	name, ok := c.Holiday(added)
	require.True(t, ok)
	require.Empty(t, name)
	_, ok = c.Holiday(lifted)
	require.False(t, ok)
	next, err := c.NextBankDay(day(t, "2026-06-09"))
	require.NoError(t, err)
	require.Equal(t, "2026-06-11", next.String())
	before, err := c.PreviousBankDay(day(t, "2026-07-21"))
	require.NoError(t, err)
	require.Equal(t, lifted, before)
	city, err := c.AddCityDays(day(t, "2026-12-28"), 1)
	require.NoError(t, err)
	require.Equal(t, "2027-01-04", city.String())
}

func TestBeyondTheKnownYearsNothingIsOpenAndNothingIsCounted(t *testing.T) {
	t.Parallel()
	require.Equal(t, "1970-01-01", calendar.CoveredFrom.String())
	require.Equal(t, "2050-12-31", calendar.CoveredUntil.String())
	monday := day(t, "2051-01-09")
	require.Equal(t, time.Monday, monday.Weekday())
	require.False(t, calendar.Covered(monday))
	require.False(t, calendar.BankOpen(monday))
	require.False(t, calendar.CityOpen(monday))
	for _, c := range []struct {
		from calendar.Day
		n    int
	}{
		{calendar.CoveredUntil, 1},
		{calendar.CoveredFrom, -1},
		{monday, 0},
		{monday, -1},
		{monday, 1},
		{calendar.Never, 1},
		{calendar.Never, -1},
		{day(t, "2026-05-01"), math.MaxInt},
		{day(t, "2026-05-01"), math.MinInt},
	} {
		_, err := calendar.AddBankDays(c.from, c.n)
		require.ErrorIs(t, err, calendar.ErrUncovered, "%s and %d", c.from, c.n)
	}
	last, err := calendar.AddBankDays(calendar.CoveredUntil, -1)
	require.NoError(t, err)
	require.Equal(t, "2050-12-30", last.String())
}

func TestWeekdaysFollowOneAnotherBeforeAndAfter1970(t *testing.T) {
	t.Parallel()
	require.Equal(t, time.Monday, day(t, "2026-11-23").Weekday())
	for d := calendar.On(1960, 1, 1); d < calendar.On(1980, 1, 1); d++ {
		require.Equal(t, d.Start().Weekday(), d.Weekday(), d.String())
	}
	require.True(t, day(t, "2026-11-21").Weekend())
	require.False(t, day(t, "2026-11-23").Weekend())
}
