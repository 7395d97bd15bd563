package lot

import (
	"regexp"
	"unicode/utf8"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// KindCode names a kind, for example "charge" or "health".
type KindCode string

// Kind is a class of points with its rules (clause 4.2.2, 4.3.5).
type Kind struct {
	Code              KindCode
	Name              string // Japanese, on every screen
	Rank              int32  // lower goes first
	Validity          Validity
	ClearedAtMerchant bool         // a merchant's receipt takes the expiry away
	Transferable      bool         // residents may pass these points to one another
	Earns             bool         // paying with these points earns cashback; usually not with cashback itself
	Premium           bool         // given on top of a charge: reported apart from what else is given (half-year report)
	Retired           calendar.Day // from this day on no new points of the kind are made; Never while it is open
}

// Validity is a kind's default expiry, counted from the day points are made. At most one part is set; none
// means that the points do not lapse.
type Validity struct {
	Months   int32        // the same day so many months later
	Days     int32        // so many days later
	Until    calendar.Day // this very day
	YearEnds int32        // the last day (31 March) of the fiscal year; 1 is the running year, 2 the next
}

// The refusals of this file.
var (
	ErrKindUnknown  = fault.Define(fault.Invalid, "kind_unknown", "そのポイント種別はありません。")
	ErrKindRetired  = fault.Define(fault.Refused, "kind_retired", "このポイント種別は受付を終了しています。")
	ErrKindCode     = fault.Define(fault.Invalid, "kind_code_invalid", "種別コードは半角の小文字、数字、ハイフンで2から20文字です。")
	ErrKindName     = fault.Define(fault.Invalid, "kind_name_invalid", "種別の名前は1から40文字で入力してください。")
	ErrKindValidity = fault.Define(fault.Invalid, "kind_validity_invalid", "有効期限の決め方は一つだけ、正しい範囲で選んでください。")
	ErrExpiryPast   = fault.Define(fault.Invalid, "expiry_in_the_past", "有効期限が過去の日付です。")
)

var codeForm = regexp.MustCompile(`^[a-z][a-z0-9-]{1,19}$`)

// WellFormedCode tells whether text can name a kind or a fund.
func WellFormedCode(text string) bool { return codeForm.MatchString(text) }

// Valid refuses a kind that cannot be.
func (k Kind) Valid() error {
	if !WellFormedCode(string(k.Code)) {
		return ErrKindCode.At("code")
	}
	if k.Name == "" || utf8.RuneCountInString(k.Name) > 40 {
		return ErrKindName.At("name")
	}
	v, set := k.Validity, 0
	for _, part := range []bool{v.Months != 0, v.Days != 0, v.Until != 0, v.YearEnds != 0} {
		if part {
			set++
		}
	}
	if set > 1 || v.Months < 0 || v.Months > 120 || v.Days < 0 || v.Days > 3660 || v.YearEnds < 0 || v.YearEnds > 10 || v.Until < 0 {
		return ErrKindValidity.At("validity")
	}
	return nil
}

// OpenOn refuses the making of points of k on day once the kind is retired.
func (k Kind) OpenOn(day calendar.Day) error {
	if k.Retired <= day {
		return ErrKindRetired.At("kind")
	}
	return nil
}

// Expiry gives the last day of points that are made on day. chosen overrides the kind's default unless it is
// zero. It returns ErrExpiryPast for points that would be dead on arrival.
func (k Kind) Expiry(day, chosen calendar.Day) (calendar.Day, error) {
	last := calendar.Never
	switch v := k.Validity; {
	case chosen != 0:
		last = chosen
	case v.Months != 0:
		last = day.AddMonths(int(v.Months))
	case v.Days != 0:
		last = day + calendar.Day(v.Days)
	case v.Until != 0:
		last = v.Until
	case v.YearEnds != 0:
		last = calendar.On(day.FiscalYear()+int(v.YearEnds), 3, 31)
	}
	if last < day {
		return 0, ErrExpiryPast.At("expires_on")
	}
	return min(last, calendar.Never), nil
}
