package calendar

import (
	"slices"
	"time"

	"lovesaijo/domain/fault"
)

// holiday is one day of the table and the place of its name.
type holiday struct {
	day  Day
	name uint8
}

// ErrUncovered tells that a count of working days has left the years whose holidays are known.
var ErrUncovered = fault.Define(fault.Refused, "calendar_uncovered", "祝日が登録されていない年の日付です。もっと近い日付を指定してください。")

// Covered tells whether the holidays around the day are known. Of other days nothing is known, so the bank and the
// city count as closed then, and counting into them is refused with ErrUncovered.
func Covered(day Day) bool { return CoveredFrom <= day && day <= CoveredUntil }

// Weekday gives the day of the week.
func (d Day) Weekday() time.Weekday {
	const first = int32(time.Thursday) // 1970-01-01
	return time.Weekday(((int32(d)%7 + first) + 7) % 7)
}

// Weekend tells whether the day is a Saturday or a Sunday.
func (d Day) Weekend() bool {
	weekday := d.Weekday()
	return weekday == time.Saturday || weekday == time.Sunday
}

// Closures is what administrators decided about holidays after this release was made, when a law has added or moved
// some. Its zero value changes nothing: the functions of the package that bear the names of its methods are those.
type Closures struct {
	Added  []Day // the bank and the city are closed on these days as well
	Lifted []Day // these are no holidays any more; weekends and the turn of the year stay closed
}

// Holiday gives the name of the holiday that falls on the day (国民の祝日に関する法律), with substitute holidays and those
// between two holidays. It knows none outside of the covered years.
func Holiday(day Day) (name string, ok bool) {
	at, found := slices.BinarySearchFunc(holidays[:], day, func(h holiday, day Day) int { return int(h.day - day) })
	if !found {
		return "", false
	}
	return holidayNames[holidays[at].name], true
}

// Holiday tells whether the day is a holiday under these closures. One that was added has no name.
func (c Closures) Holiday(day Day) (name string, ok bool) {
	if slices.Contains(c.Added, day) {
		return "", true
	}
	if slices.Contains(c.Lifted, day) {
		return "", false
	}
	return Holiday(day)
}

// BankOpen tells whether banks do business on the day: they are closed on Saturdays, Sundays, holidays and from 31
// December to 3 January (銀行法15条, 同施行令5条).
func BankOpen(day Day) bool { return Closures{}.BankOpen(day) }

// BankOpen is the package's, under these closures.
func (c Closures) BankOpen(day Day) bool { return c.open(day, 31) }

// CityOpen tells whether the city hall is open on the day: it is closed on Saturdays, Sundays, holidays and from 29
// December to 3 January (clause 9.6.2).
func CityOpen(day Day) bool { return Closures{}.CityOpen(day) }

// CityOpen is the package's, under these closures.
func (c Closures) CityOpen(day Day) bool { return c.open(day, 29) }

// open tells whether the day is covered and neither weekend nor holiday nor of the turn of the year, which begins on
// the given day of December.
func (c Closures) open(day Day, yearEnd int) bool {
	if !Covered(day) || day.Weekend() {
		return false
	}
	_, month, dayOfMonth := day.date()
	if month == time.December && dayOfMonth >= yearEnd || month == time.January && dayOfMonth <= 3 {
		return false
	}
	_, holiday := c.Holiday(day)
	return !holiday
}

// AddBankDays gives the n-th day after day on which banks do business; before it where n is negative. Zero gives the
// day itself if they do, else the next one on which they do. It returns ErrUncovered where the count leaves the
// covered years.
func AddBankDays(day Day, n int) (Day, error) { return Closures{}.AddBankDays(day, n) }

// AddBankDays is the package's, under these closures.
func (c Closures) AddBankDays(day Day, n int) (Day, error) { return add(day, n, c.BankOpen) }

// AddCityDays gives the n-th day after day on which the city hall is open, as AddBankDays does for banks.
func (c Closures) AddCityDays(day Day, n int) (Day, error) { return add(day, n, c.CityOpen) }

// NextBankDay gives the first day after day on which banks do business.
func NextBankDay(day Day) (Day, error) { return Closures{}.AddBankDays(day, 1) }

// NextBankDay is the package's, under these closures.
func (c Closures) NextBankDay(day Day) (Day, error) { return c.AddBankDays(day, 1) }

// PreviousBankDay gives the last day before day on which banks do business.
func PreviousBankDay(day Day) (Day, error) { return Closures{}.AddBankDays(day, -1) }

// PreviousBankDay is the package's, under these closures.
func (c Closures) PreviousBankDay(day Day) (Day, error) { return c.AddBankDays(day, -1) }

func add(day Day, n int, open func(Day) bool) (Day, error) {
	step := Day(1)
	switch {
	case n < 0:
		step = -1
	case n == 0:
		day, n = day-1, 1
	}
	for n != 0 {
		if day += step; !Covered(day) {
			return 0, ErrUncovered
		}
		if open(day) {
			n -= int(step)
		}
	}
	return day, nil
}
