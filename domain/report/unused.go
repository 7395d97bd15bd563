package report

import (
	"cmp"
	"slices"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Class says how points came to people, as the half-year report keeps them apart.
type Class uint8

// The classes.
const (
	Bought  Class = iota + 1 // 有償: somebody paid cash for them
	Premium                  // given on top of a charge
	Free                     // everything else
)

var classNames = [...]string{Bought: "paid", Premium: "premium", Free: "free"}

// String gives the class's name in the API and in frozen reports.
func (c Class) String() string {
	if c < Bought || c > Free {
		return "unknown"
	}
	return classNames[c]
}

// ParseClass reads a class's name; ok is false for an unknown one.
func ParseClass(name string) (class Class, ok bool) {
	i := slices.Index(classNames[:], name)
	return Class(max(i, 0)), i >= int(Bought)
}

// ClassOf gives the class of points. Whether cash was paid for them is a property of the lot, not of the kind.
func ClassOf(paid, premium bool) Class {
	switch {
	case paid:
		return Bought
	case premium:
		return Premium
	}
	return Free
}

// Unused is the half-year report.
type Unused struct {
	Day   calendar.Day // the base day
	From  calendar.Day // the first day of the half-year that it ends
	Rows  []UnusedRow  // by fund, class and kind
	Funds []UnusedFund // by code
}

// UnusedRow is points of one fund, class and kind. Opening + Issued + Returned + Corrected − Used − Lapsed = Unused. What
// lapses with the base day itself is unused on it and lapses in the half-year after.
type UnusedRow struct {
	Fund      lot.FundCode
	Class     Class
	Kind      lot.KindCode
	Opening   money.Points // unused on the base day before
	Issued    money.Points // granted and charged
	Returned  money.Points // as cashback of merchants
	Corrected money.Points // corrections, adjustments and recoveries; negative where taken away
	Used      money.Points // paid at merchants
	Lapsed    money.Points
	Unused    money.Points // held by residents at the end of the base day
	Ending    money.Points // of that, good for the base day and not after it
	Merchants money.Points // held by merchants, who received them: used, and not yet claimed
	Awaiting  money.Points // lapsed before the base day and not yet swept, in any wallet
}

// UnusedFund is what pots say of one fund at the same mark.
type UnusedFund struct {
	Fund    lot.FundCode
	Name    string
	Wallets money.Points // what the rows must add up to
	Claimed money.Points // by merchants, and not yet paid
}

// IsBaseDay tells whether the half-year report is made for a day.
func IsBaseDay(day calendar.Day) bool {
	year := day.FiscalYear()
	return day == calendar.On(year, 9, 30) || day == calendar.On(year+1, 3, 31)
}

// BaseDayBefore gives the last base day before a day.
func BaseDayBefore(day calendar.Day) calendar.Day {
	year := day.FiscalYear()
	if middle := calendar.On(year, 9, 30); middle < day {
		return middle
	}
	return calendar.On(year, 3, 31)
}

// UnusedCuts gives the cuts of the movements that NewUnused takes.
func UnusedCuts(day calendar.Day) Cuts {
	before := BaseDayBefore(day)
	return Cuts{
		Moments: []time.Time{(before + 1).Start()},
		Days:    []calendar.Day{before, before + 1, day, day + 1},
	}
}

// The places of last days between UnusedCuts.
const (
	deadBefore   = iota // lapsed before the base day before
	endingBefore        // with it
	deadSince           // lapsed since, and before the base day
	endingNow           // with the base day
)

// NewUnused makes the report of a base day out of movements between UnusedCuts and of flows, both up to its end.
// premium tells which kinds are premium.
func NewUnused(day calendar.Day, spans []Span, premium func(lot.KindCode) bool, movements []Movement) Unused {
	u := Unused{Day: day, From: BaseDayBefore(day) + 1}
	rows := map[[3]string]*UnusedRow{}
	for _, m := range movements {
		class := ClassOf(m.Paid, premium(m.Kind))
		key := [3]string{string(m.Fund), class.String(), string(m.Kind)}
		row, known := rows[key]
		if !known {
			row = &UnusedRow{Fund: m.Fund, Class: class, Kind: m.Kind}
			rows[key] = row
		}
		row.add(m)
	}
	for _, row := range rows {
		row.Unused = row.Opening + row.Issued + row.Returned + row.Corrected - row.Used - row.Lapsed
		if *row != (UnusedRow{Fund: row.Fund, Class: row.Class, Kind: row.Kind}) {
			u.Rows = append(u.Rows, *row)
		}
	}
	slices.SortFunc(u.Rows, func(a, b UnusedRow) int {
		return cmp.Or(cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.Class, b.Class), cmp.Compare(a.Kind, b.Kind))
	})
	for _, s := range spans {
		u.Funds = append(u.Funds, UnusedFund{Fund: s.Fund, Name: s.Name, Wallets: s.Closing.Wallets, Claimed: s.Closing.Claimed})
	}
	return u
}

func (r *UnusedRow) add(m Movement) {
	if m.Expires <= deadSince {
		r.Awaiting += m.Amount
	}
	if m.Holder != user.Resident {
		if m.Expires >= endingNow {
			r.Merchants += m.Amount
		}
		return
	}
	if m.Expires == endingNow {
		r.Ending += m.Amount
	}
	// What is held and dead at either end stands for what lapsed and was swept later, or had been before.
	if m.Expires <= deadSince {
		r.Lapsed += m.Amount
	}
	if m.Booked == 0 {
		if m.Expires >= endingBefore {
			r.Opening += m.Amount
		} else {
			r.Lapsed -= m.Amount
		}
		return
	}
	switch m.Act {
	case Grant, Charge:
		r.Issued += m.Amount
	case Payment:
		r.Used -= m.Amount
	case Cashback:
		r.Returned += m.Amount
	case Expiry:
		r.Lapsed -= m.Amount
	default:
		r.Corrected += m.Amount
	}
}

// Total sums the rows that are chosen.
func (u Unused) Total(chosen func(UnusedRow) bool) UnusedRow {
	var total UnusedRow
	for _, r := range u.Rows {
		if !chosen(r) {
			continue
		}
		total.Opening += r.Opening
		total.Issued += r.Issued
		total.Returned += r.Returned
		total.Corrected += r.Corrected
		total.Used += r.Used
		total.Lapsed += r.Lapsed
		total.Unused += r.Unused
		total.Ending += r.Ending
		total.Merchants += r.Merchants
		total.Awaiting += r.Awaiting
	}
	return total
}

// OfClass sums one class.
func (u Unused) OfClass(class Class) UnusedRow {
	total := u.Total(func(r UnusedRow) bool { return r.Class == class })
	total.Class = class
	return total
}

// All sums everything.
func (u Unused) All() UnusedRow { return u.Total(func(UnusedRow) bool { return true }) }

// Claimed sums what merchants have claimed and not been paid.
func (u Unused) Claimed() (sum money.Points) {
	for _, f := range u.Funds {
		sum += f.Claimed
	}
	return sum
}

// Balanced tells whether the rows of every fund add up to what its pots say is in wallets.
func (u Unused) Balanced() bool {
	for _, f := range u.Funds {
		held := u.Total(func(r UnusedRow) bool { return r.Fund == f.Fund })
		if held.Unused+held.Merchants+held.Awaiting != f.Wallets {
			return false
		}
	}
	return true
}

// Compare lists the figures in which a report that was counted again differs.
func (u Unused) Compare(again Unused) []Difference {
	type rowKey struct {
		fund  lot.FundCode
		class Class
		kind  lot.KindCode
	}
	was, is := map[rowKey]UnusedRow{}, map[rowKey]UnusedRow{}
	var keys []rowKey
	for _, side := range []struct {
		rows []UnusedRow
		into map[rowKey]UnusedRow
	}{{u.Rows, was}, {again.Rows, is}} {
		for _, r := range side.rows {
			key := rowKey{r.Fund, r.Class, r.Kind}
			side.into[key] = r
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b rowKey) int {
		return cmp.Or(cmp.Compare(a.fund, b.fund), cmp.Compare(a.class, b.class), cmp.Compare(a.kind, b.kind))
	})
	var found []Difference
	for _, key := range slices.Compact(keys) {
		what := string(key.fund) + "." + key.class.String() + "." + string(key.kind)
		found = append(found, compare(what, was[key].figures(), is[key].figures())...)
	}
	return append(found, u.compareFunds(again)...)
}

func (u Unused) compareFunds(again Unused) []Difference {
	was, is := map[lot.FundCode]UnusedFund{}, map[lot.FundCode]UnusedFund{}
	var codes []lot.FundCode
	for _, f := range u.Funds {
		was[f.Fund] = f
		codes = append(codes, f.Fund)
	}
	for _, f := range again.Funds {
		is[f.Fund] = f
		codes = append(codes, f.Fund)
	}
	slices.Sort(codes)
	var found []Difference
	for _, code := range slices.Compact(codes) {
		found = append(found, compare(string(code),
			[]figure{{"wallets", was[code].Wallets}, {"claimed", was[code].Claimed}},
			[]figure{{"wallets", is[code].Wallets}, {"claimed", is[code].Claimed}})...)
	}
	return found
}

// figure is a named amount of a report.
type figure struct {
	name   string
	amount money.Points
}

func (r UnusedRow) figures() []figure {
	return []figure{
		{"opening", r.Opening},
		{"issued", r.Issued},
		{"returned", r.Returned},
		{"corrected", r.Corrected},
		{"used", r.Used},
		{"lapsed", r.Lapsed},
		{"unused", r.Unused},
		{"ending", r.Ending},
		{"merchants", r.Merchants},
		{"awaiting", r.Awaiting},
	}
}

func compare(what string, was, is []figure) (found []Difference) {
	for i := range was {
		if was[i].amount != is[i].amount {
			found = append(found, Difference{what + "." + was[i].name, int64(was[i].amount), int64(is[i].amount)})
		}
	}
	return found
}
