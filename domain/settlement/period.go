package settlement

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

// Period is a span of the journal for which merchants are paid.
type Period struct {
	ID        PeriodID
	Name      string // 2026年11月
	From      calendar.Day
	Until     calendar.Day // its last day; what is posted later than it but before the closing number counts as well
	FirstSeq  int64        // the number behind which it begins
	LastSeq   int64        // the number with which it ends; zero while it is open
	Closed    bool
	ClosedBy  user.ID
	ClosedAt  time.Time
	CreatedAt time.Time
}

// Over tells whether the period's last day is over.
func (p Period) Over(now time.Time) bool { return !now.Before(p.Until.End()) }

// PeriodDaysMax bounds a period.
const PeriodDaysMax = 366

// NameRunesMax bounds the name of a period.
const NameRunesMax = 40

// Follow refuses a period that does not begin on the day after the last of the others, which come by first day.
func (p Period) Follow(others []Period) error {
	if p.Until < p.From || p.Until-p.From >= PeriodDaysMax {
		return ErrPeriodSpan.At("until")
	}
	if length := utf8.RuneCountInString(p.Name); length < 1 || length > NameRunesMax || strings.ContainsFunc(p.Name, unicode.IsControl) {
		return ErrPeriodName.At("name")
	}
	if len(others) == 0 {
		return nil
	}
	switch last := others[len(others)-1].Until; {
	case p.From <= last:
		return ErrPeriodOverlaps.At("from")
	case p.From > last+1:
		return ErrPeriodGap.At("from")
	}
	return nil
}

// PeriodName gives the usual name of a period: 2026年11月, 2026年11月前半, 2026年11月5日〜12月4日.
func PeriodName(from, until calendar.Day) string {
	first, last := from.Start(), until.Start()
	month := first.Format("2006年1月")
	start := from.MonthStart()
	end := start.AddMonths(1) - 1
	switch {
	case from == start && until == end:
		return month
	case from == start && until == start+halfDays-1:
		return month + "前半"
	case from == start+halfDays && until == end:
		return month + "後半"
	case from == until:
		return first.Format("2006年1月2日")
	case first.Year() != last.Year():
		return first.Format("2006年1月2日") + "〜" + last.Format("2006年1月2日")
	}
	return first.Format("2006年1月2日") + "〜" + last.Format("1月2日")
}

// Closable finds a period that can be closed now among all periods, which come by first day, and the number behind
// which it begins: that with which the one before it ended.
func Closable(periods []Period, id PeriodID, now time.Time) (Period, error) {
	var first int64
	for _, p := range periods {
		switch {
		case p.ID != id && !p.Closed:
			return Period{}, earlierOrUnknown(periods, id)
		case p.ID != id:
			first = p.LastSeq
			continue
		case p.Closed:
			return Period{}, ErrPeriodClosed
		case !p.Over(now):
			return Period{}, ErrPeriodRuns
		}
		p.FirstSeq = first
		return p, nil
	}
	return Period{}, ErrPeriodUnknown
}

func earlierOrUnknown(periods []Period, id PeriodID) error {
	if slices.ContainsFunc(periods, func(p Period) bool { return p.ID == id }) {
		return ErrPeriodEarlier
	}
	return ErrPeriodUnknown
}

// The refusals about periods.
var (
	ErrPeriodUnknown   = fault.Define(fault.NotFound, "period_unknown", "その精算期間は見つかりません。")
	ErrPeriodOverlaps  = fault.Define(fault.Conflict, "period_overlaps", "ほかの精算期間と日付が重なっています。")
	ErrPeriodGap       = fault.Define(fault.Conflict, "period_gap", "精算期間は前の期間の次の日から始めてください。")
	ErrPeriodClosed    = fault.Define(fault.Conflict, "period_already_closed", "この精算期間はすでに締められています。")
	ErrPeriodRuns      = fault.Define(fault.Conflict, "period_still_runs", "精算期間の最後の日が終わるまで締められません。")
	ErrPeriodEarlier   = fault.Define(fault.Conflict, "period_earlier_open", "前の精算期間がまだ締められていません。")
	ErrPeriodUnsettled = fault.Define(fault.Unavailable, "period_unsettled", "期間内の取引にまだ処理中のものがあります。少し待ってからもう一度締めてください。")
	ErrPeriodAhead     = fault.Define(fault.Conflict, "period_too_early", "まだ始まっていない精算期間があります。始まってから次を登録してください。")
	ErrPeriodSpan      = fault.Define(fault.Invalid, "period_span_invalid", "精算期間は1日から366日までで、終わりは始まり以降の日にしてください。")
	ErrPeriodName      = fault.Define(fault.Invalid, "period_name_invalid", "名前は1から40文字で入力してください。")
)
