// Package calendar holds civil days as Saijo lives them: in Japan Standard Time, which knows no summer time.
//
// Instants are time.Time and stored in UTC; days are Day and never have a zone. A point that expires on a day
// is good until the end of that day in Japan.
package calendar

import (
	"time"

	"lovesaijo/domain/fault"
)

// JST is the zone of every civil day of the platform.
var JST = time.FixedZone("JST", 9*60*60)

// Day is a civil day, counted in days from 1970-01-01. Its zero value is that day and is used for no other.
type Day int32

// Never is the day of things that do not end. It sorts behind every real day.
const Never Day = 2932896 // 9999-12-31

// ErrDay refuses a text that is not a day.
var ErrDay = fault.Define(fault.Invalid, "day_malformed", "日付は 2026-04-01 の形で入力してください。")

// On gives the day of year, month and day of month; out of range values roll over as in time.Date.
func On(year int, month time.Month, day int) Day {
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// DayOf gives the day on which the instant falls in Japan.
func DayOf(instant time.Time) Day {
	year, month, day := instant.In(JST).Date()
	return On(year, month, day)
}

// ParseDay reads YYYY-MM-DD. It returns ErrDay for anything else.
func ParseDay(text string) (Day, error) {
	at, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, ErrDay
	}
	return Day(at.Unix() / 86400), nil
}

// Start gives the first instant of the day in Japan.
func (d Day) Start() time.Time {
	year, month, day := d.date()
	return time.Date(year, month, day, 0, 0, 0, 0, JST)
}

// End gives the first instant after the day in Japan.
func (d Day) End() time.Time { return (d + 1).Start() }

// AddMonths gives the same day n months later, or that month's last day where it is shorter.
func (d Day) AddMonths(n int) Day {
	year, month, day := d.date()
	first := On(year, month+time.Month(n), 1)
	last := On(year, month+time.Month(n)+1, 0)
	return min(first+Day(day-1), last)
}

// MonthStart gives the first day of d's month.
func (d Day) MonthStart() Day {
	year, month, _ := d.date()
	return On(year, month, 1)
}

// FiscalYear gives the year in whose April d's fiscal year (年度) began.
func (d Day) FiscalYear() int {
	year, month, _ := d.date()
	if month < time.April {
		return year - 1
	}
	return year
}

// String gives YYYY-MM-DD.
func (d Day) String() string {
	return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly)
}

// MarshalText gives YYYY-MM-DD.
func (d Day) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Day) UnmarshalText(text []byte) error {
	parsed, err := ParseDay(string(text))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}

func (d Day) date() (int, time.Month, int) {
	return time.Unix(int64(d)*86400, 0).UTC().Date()
}
