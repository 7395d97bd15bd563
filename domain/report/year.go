package report

import (
	"cmp"
	"slices"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// FiscalYear is how points in wallets went through a fiscal year (年度), from April to March. Of the running year it
// tells what has happened so far.
type FiscalYear struct {
	Year   int
	From   calendar.Day // 1 April
	Until  calendar.Day // 31 March, or the day at hand
	Over   bool
	Rows   []YearRow // of the year, by fund, kind and holder
	Months []Month
	Funds  []Span // of the year, by code
}

// Month is the same of one month.
type Month struct {
	First calendar.Day
	Rows  []YearRow
}

// YearRow is points of one fund and kind with residents or with merchants.
type YearRow struct {
	Fund   lot.FundCode
	Kind   lot.KindCode
	Holder user.Role
	Changes
}

// Changes are what is held at the beginning and what changed it, each with the sign of its effect, so that they add up
// to what is held at the end. Both ends count points that have not lapsed: Closing is what goes into the next year.
type Changes struct {
	Opening   money.Points
	Granted   money.Points
	Charged   money.Points
	Adjusted  money.Points
	Paid      money.Points // by residents to merchants: negative with those, positive with these
	Returned  money.Points // as cashback: the other way
	Sent      money.Points // among residents, and so nothing in sum
	Corrected money.Points
	Recovered money.Points
	Lapsed    money.Points // with the end of their last day
	Claimed   money.Points // by merchants, less what came back to them
	Closing   money.Points
	Awaiting  money.Points // lapsed and not yet swept: in wallets beside Closing
}

// Sum gives what Closing must be.
func (c Changes) Sum() money.Points {
	return c.Opening + c.Granted + c.Charged + c.Adjusted + c.Paid + c.Returned + c.Sent + c.Corrected + c.Recovered + c.Lapsed + c.Claimed
}

// plus adds the changes of another row of the same span.
func (c *Changes) plus(o Changes) {
	c.Opening += o.Opening
	c.Granted += o.Granted
	c.Charged += o.Charged
	c.Adjusted += o.Adjusted
	c.Paid += o.Paid
	c.Returned += o.Returned
	c.Sent += o.Sent
	c.Corrected += o.Corrected
	c.Recovered += o.Recovered
	c.Lapsed += o.Lapsed
	c.Claimed += o.Claimed
	c.Closing += o.Closing
	c.Awaiting += o.Awaiting
}

func (c *Changes) count(act Act, amount money.Points) {
	switch act {
	case Grant:
		c.Granted += amount
	case Charge:
		c.Charged += amount
	case Adjustment:
		c.Adjusted += amount
	case Payment:
		c.Paid += amount
	case Cashback:
		c.Returned += amount
	case Transfer:
		c.Sent += amount
	case Recovery:
		c.Recovered += amount
	case Expiry:
		c.Lapsed += amount
	case Claim:
		c.Claimed += amount
	default:
		c.Corrected += amount
	}
}

// firstYear is the first year that a report can be asked for.
const firstYear = 2000

// YearSpan gives the first and the last day of a fiscal year.
func YearSpan(year int) (from, until calendar.Day) {
	return calendar.On(year, time.April, 1), calendar.On(year+1, time.March, 31)
}

// ValidYear returns ErrYear for a year that has not begun by today, or is too long ago.
func ValidYear(year int, today calendar.Day) error {
	if year < firstYear || year > today.FiscalYear() {
		return ErrYear.At("year")
	}
	return nil
}

// YearCuts gives the cuts of the movements that NewFiscalYear takes: the beginnings of the months that have begun by
// today and, of days, the one after the last that is over.
func YearCuts(year int, today calendar.Day) Cuts {
	var cuts Cuts
	from, end := calendar.On(year, time.April, 1), calendar.On(year+1, time.April, 1)
	for first := from; first < end && first <= today; first = first.AddMonths(1) {
		cuts.Moments = append(cuts.Moments, first.Start())
		cuts.Days = append(cuts.Days, first)
	}
	cuts.Days = append(cuts.Days, min(end, today))
	return cuts
}

type rowKey struct {
	fund   lot.FundCode
	kind   lot.KindCode
	holder user.Role
}

// ofMonths are the changes of one fund, kind and holder in each month.
type ofMonths struct {
	months []Changes // their Lapsed is what was swept, until settle
	dead   []money.Points
	held   []money.Points
}

// NewFiscalYear makes the report of a year out of movements between YearCuts and of the year's spans.
func NewFiscalYear(year int, today calendar.Day, spans []Span, movements []Movement) FiscalYear {
	cuts := YearCuts(year, today)
	n := len(cuts.Moments)
	last := calendar.On(year+1, time.March, 31)
	report := FiscalYear{Year: year, From: cuts.Days[0], Until: min(last, today), Over: today > last, Funds: spans}
	rows := map[rowKey]*ofMonths{}
	for _, m := range movements {
		key := rowKey{m.Fund, m.Kind, m.Holder}
		row, known := rows[key]
		if !known {
			row = &ofMonths{months: make([]Changes, n), dead: make([]money.Points, n+1), held: make([]money.Points, n+1)}
			rows[key] = row
		}
		row.add(m)
	}
	keys := make([]rowKey, 0, len(rows))
	for key, row := range rows {
		row.settle()
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b rowKey) int {
		return cmp.Or(cmp.Compare(a.fund, b.fund), cmp.Compare(a.kind, b.kind), cmp.Compare(a.holder, b.holder))
	})
	for i := range n {
		month := Month{First: cuts.Days[i]}
		for _, key := range keys {
			month.Rows = appendRow(month.Rows, key, rows[key].months[i])
		}
		report.Months = append(report.Months, month)
	}
	for _, key := range keys {
		report.Rows = appendRow(report.Rows, key, rows[key].year())
	}
	return report
}

// appendRow leaves out rows with nothing in them.
func appendRow(rows []YearRow, key rowKey, changes Changes) []YearRow {
	if changes == (Changes{}) {
		return rows
	}
	return append(rows, YearRow{Fund: key.fund, Kind: key.kind, Holder: key.holder, Changes: changes})
}

// add counts a movement. From its booking on it is held; from its last day on, if that has passed, it is dead.
func (o *ofMonths) add(m Movement) {
	for i := m.Booked; i < len(o.held); i++ {
		o.held[i] += m.Amount
		if m.Expires <= i {
			o.dead[i] += m.Amount
		}
	}
	if m.Booked > 0 {
		o.months[m.Booked-1].count(m.Act, m.Amount)
	}
}

// settle counts as lapsed what died in each month, in place of what was swept in it.
func (o *ofMonths) settle() {
	for i := range o.months {
		month := &o.months[i]
		month.Opening = o.held[i] - o.dead[i]
		month.Closing = o.held[i+1] - o.dead[i+1]
		month.Awaiting = o.dead[i+1]
		month.Lapsed -= o.dead[i+1] - o.dead[i]
	}
}

// year joins the months.
func (o *ofMonths) year() Changes {
	var year Changes
	for _, month := range o.months {
		year.plus(month)
	}
	last := o.months[len(o.months)-1]
	year.Opening, year.Closing, year.Awaiting = o.months[0].Opening, last.Closing, last.Awaiting
	return year
}

// Total sums rows of one span.
func Total(rows []YearRow, chosen func(YearRow) bool) Changes {
	var total Changes
	for _, r := range rows {
		if chosen(r) {
			total.plus(r.Changes)
		}
	}
	return total
}

// Contradictions names the figures of the report that contradict one another: rows that do not add up, months that do not
// follow one another, and funds whose pots hold something else in wallets than the rows say.
func (y FiscalYear) Contradictions() []Difference {
	var found []Difference
	for _, r := range y.Rows {
		found = append(found, compare(r.name(), []figure{{"closing", r.Sum()}}, []figure{{"closing", r.Closing}})...)
	}
	for i := 1; i < len(y.Months); i++ {
		found = append(found, follows(y.Months[i-1].Rows, y.Months[i].Rows)...)
	}
	for _, s := range y.Funds {
		held := Total(y.Rows, func(r YearRow) bool { return r.Fund == s.Fund })
		found = append(found, compare(string(s.Fund), []figure{{"wallets", s.Closing.Wallets}}, []figure{{"wallets", held.Closing + held.Awaiting}})...)
	}
	return found
}

// Follows names the figures with which a year does not begin as the one before ended.
func (y FiscalYear) Follows(before FiscalYear) []Difference {
	found := follows(before.Rows, y.Rows)
	ended := map[lot.FundCode]ledger.FundPosition{}
	for _, s := range before.Funds {
		ended[s.Fund] = s.Closing
	}
	for _, s := range y.Funds {
		found = append(found, compare(string(s.Fund), positionFigures(ended[s.Fund]), positionFigures(s.Opening))...)
	}
	return found
}

func follows(before, after []YearRow) []Difference {
	closed, opened := map[rowKey]money.Points{}, map[rowKey]money.Points{}
	var keys []YearRow
	for _, r := range before {
		closed[r.key()] = r.Closing
		keys = append(keys, r)
	}
	for _, r := range after {
		opened[r.key()] = r.Opening
		if _, known := closed[r.key()]; !known {
			keys = append(keys, r)
		}
	}
	var found []Difference
	for _, r := range keys {
		found = append(found, compare(r.name(), []figure{{"opening", closed[r.key()]}}, []figure{{"opening", opened[r.key()]}})...)
	}
	return found
}

func (r YearRow) key() rowKey { return rowKey{r.Fund, r.Kind, r.Holder} }

func (r YearRow) name() string {
	return string(r.Fund) + "." + string(r.Kind) + "." + r.Holder.String()
}

// positionFigures names the figures of a fund's position.
func positionFigures(p ledger.FundPosition) []figure {
	return []figure{
		{"bank", money.Points(p.Bank)},
		{"tills", money.Points(p.Tills)},
		{"receivables", money.Points(p.Receivables)},
		{"unissued", p.Unissued},
		{"reserved", p.Reserved},
		{"wallets", p.Wallets},
		{"claimed", p.Claimed},
	}
}
