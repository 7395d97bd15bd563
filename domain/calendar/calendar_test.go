package calendar_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
)

func TestADayTurnsAtMidnightInJapan(t *testing.T) {
	t.Parallel()
	before := time.Date(2026, 3, 31, 14, 59, 59, 0, time.UTC)
	require.Equal(t, "2026-03-31", calendar.DayOf(before).String())
	require.Equal(t, "2026-04-01", calendar.DayOf(before.Add(time.Second)).String())
	require.Equal(t, before.Add(time.Second).UTC(), calendar.On(2026, 3, 31).End().UTC())
}

func TestAddingMonthsStopsAtTheMonthsLastDay(t *testing.T) {
	t.Parallel()
	require.Equal(t, "2027-02-28", calendar.On(2026, 8, 31).AddMonths(6).String())
	require.Equal(t, "2028-02-29", calendar.On(2026, 8, 30).AddMonths(18).String())
	require.Equal(t, "2027-01-15", calendar.On(2026, 11, 15).AddMonths(2).String())
}

func TestTheFiscalYearBeginsInApril(t *testing.T) {
	t.Parallel()
	require.Equal(t, 2025, calendar.On(2026, 3, 31).FiscalYear())
	require.Equal(t, 2026, calendar.On(2026, 4, 1).FiscalYear())
}

func TestNeverIsTheLastDay(t *testing.T) {
	t.Parallel()
	require.Equal(t, "9999-12-31", calendar.Never.String())
	_, err := calendar.ParseDay("2026-02-30")
	require.ErrorIs(t, err, calendar.ErrDay)
}
