// Package cashback knows what a payment earns: permanent programmes that merchants bear themselves and at once, and
// campaigns of limited time and budget that are paid at their end (clauses 4.5.1–4.5.4).
//
// Both share Terms: which part of a payment earns, how much, and where the cap of a single payment cuts. A Programme
// gives back what the merchant has just received, inside the payment's own entry. A Campaign only accrues: what it
// promises is held in a reserve of its fund until the end, and its budget is never exceeded, however many pay at once.
// Offers are all that is in force; Decide says what of it a payment earns and which cap cut it. It is the only place
// that decides: what-if (Simulate) asks it as the paying path does.
//
// Every award is recorded with its base, so that a correction can say what a smaller payment would have earned.
package cashback

import (
	"cmp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// OfferID identifies a programme or a campaign.
type OfferID = ident.ID[offerKind]

type offerKind struct{}

// NewOfferID makes the identifier of a programme or campaign.
func NewOfferID(now time.Time) OfferID { return ident.New[offerKind](now) }

// RateMax is the whole payment, in basis points.
const RateMax = 10_000

// Rounding says what becomes of a part of a point.
type Rounding uint8

// The roundings.
const (
	Down    Rounding = iota + 1 // the default: a part of a point is nobody's
	Nearest                     // half a point becomes a whole one
	Up
)

var roundingNames = [...]string{Down: "down", Nearest: "nearest", Up: "up"}

// String gives the rounding's name in the API and the database.
func (r Rounding) String() string {
	if r < Down || r > Up {
		return "unknown"
	}
	return roundingNames[r]
}

// ParseRounding reads a rounding's name; the empty one is Down.
func ParseRounding(name string) (Rounding, error) {
	if name == "" {
		return Down, nil
	}
	if i := slices.Index(roundingNames[:], name); i >= int(Down) {
		return Rounding(i), nil
	}
	return 0, ErrRounding.At("rounding")
}

// Terms say what a payment earns.
type Terms struct {
	Rate       int32        // basis points of what earns: 100 is one percent
	Rounding   Rounding     // of a part of a point
	Kind       lot.KindCode // of the points that are returned
	Validity   lot.Validity // of those points; zero takes the kind's
	Earning    []lot.KindCode
	PaymentMax money.Points // most that one payment earns; zero for no cap
	PersonMax  money.Points // most that one person earns while the offer lasts; zero for no cap
}

// The refusals about terms.
var (
	ErrRate     = fault.Define(fault.Invalid, "cashback_rate_invalid", "還元率は0.01%から100%までで入力してください。")
	ErrRounding = fault.Define(fault.Invalid, "cashback_rounding_invalid", "端数の扱いは down、nearest、up のいずれかです。")
	ErrCap      = fault.Define(fault.Invalid, "cashback_cap_invalid", "上限は1ポイント以上で入力してください。")
	ErrPeriod   = fault.Define(fault.Invalid, "cashback_period_invalid", "期間の終わりは始まり以降の日にしてください。")
	ErrPast     = fault.Define(fault.Invalid, "cashback_period_past", "過ぎた日から始めることはできません。")
	ErrName     = fault.Define(fault.Invalid, "cashback_name_invalid", "名前は1から40文字で入力してください。")
)

// Valid refuses terms that cannot be, under the kinds that there are: a cap is at least one point, and negative ones
// say so.
func (t Terms) Valid(kinds map[lot.KindCode]lot.Kind) error {
	kind, known := kinds[t.Kind]
	switch {
	case t.Rate < 1 || t.Rate > RateMax:
		return ErrRate.At("rate")
	case t.Rounding < Down || t.Rounding > Up:
		return ErrRounding.At("rounding")
	case !known:
		return lot.ErrKindUnknown.At("kind")
	case t.PaymentMax < 0 || t.PaymentMax > money.AmountMax:
		return ErrCap.At("payment_max")
	case t.PersonMax < 0 || t.PersonMax > money.AmountMax:
		return ErrCap.At("person_max")
	}
	for _, code := range t.Earning {
		if _, known := kinds[code]; !known {
			return lot.ErrKindUnknown.At("earning")
		}
	}
	kind.Validity = t.Validity
	return kind.Valid()
}

func validName(name string) error {
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > 40 {
		return ErrName.At("name")
	}
	return nil
}

// Earns tells whether points of a kind earn cashback when they are paid with. A kind that does not earn at all, as
// that of cashback itself, earns nowhere.
func (t Terms) Earns(kind lot.Kind) bool {
	return kind.Earns && (len(t.Earning) == 0 || slices.Contains(t.Earning, kind.Code))
}

// Of gives what an earning amount earns before any cap.
func (t Terms) Of(base money.Points) money.Points {
	parts := int64(base) * int64(t.Rate)
	switch t.Rounding {
	case Nearest:
		parts += RateMax / 2
	case Up:
		parts += RateMax - 1
	}
	return money.Points(parts / RateMax)
}

// Expiry gives the last day of points that are returned on day.
func (t Terms) Expiry(kind lot.Kind, day calendar.Day) (calendar.Day, error) {
	if t.Validity != (lot.Validity{}) {
		kind.Validity = t.Validity
	}
	return kind.Expiry(day, 0)
}

// Span is a period of whole days, both of them included.
type Span struct {
	From  calendar.Day
	Until calendar.Day
}

// Valid refuses a period that ends before it begins.
func (s Span) Valid() error {
	if s.Until < s.From {
		return ErrPeriod.At("until")
	}
	return nil
}

// Has tells whether day is in the period.
func (s Span) Has(day calendar.Day) bool { return s.From <= day && day <= s.Until }

// Meets tells whether the two periods have a day in common.
func (s Span) Meets(other Span) bool { return s.From <= other.Until && other.From <= s.Until }

// Cut names the cap that left less than an offer would have given.
type Cut string

// The cuts.
const (
	Uncut     Cut = ""
	ByPayment Cut = "payment_max"
	ByPerson  Cut = "person_max"
	ByBudget  Cut = "budget"
	ByKind    Cut = "kind_retired" // no points of the offer's kind are made any more
)

// Award is what one offer gives for one payment, or, in a correction, what it gives less.
type Award struct {
	Offer    OfferID
	Campaign bool         // accrued, to be paid at the end; else given at once
	Base     money.Points // of the payment, what earned
	Earned   money.Points // before any cap
	Amount   money.Points // zero where a cap left nothing; negative in a correction
	Cut      Cut
}

// WarningCode names something about terms that is allowed and ought to be looked at.
type WarningCode string

// The warnings. The limits are those of the law on premiums (景品表示法: one fifth of the price; 200 yen where the
// price is below 1,000), which does not forbid a rebate; whether an offer is one is the city's to judge.
const (
	WarnRate      WarningCode = "premium_rate"   // more than 20 %
	WarnSmall     WarningCode = "premium_small"  // more than 200 yen on a price below 1,000
	WarnCirculate WarningCode = "cashback_earns" // the returned points earn cashback themselves
	WarnEndless   WarningCode = "cashback_endless"
	WarnLapsed    WarningCode = "cashback_lapses_early" // the returned points lapse on a day within the period
	WarnNothing   WarningCode = "cashback_earns_nothing"
)

// warnings lists what ought to be looked at in terms whose points are returned up to the day until.
func (t Terms) warnings(kinds map[lot.KindCode]lot.Kind, until calendar.Day) []WarningCode {
	var warnings []WarningCode
	if t.Rate > 2_000 {
		warnings = append(warnings, WarnRate)
	}
	if most := t.capped(t.Of(999)); most > 200 {
		warnings = append(warnings, WarnSmall)
	}
	if t.Earns(kinds[t.Kind]) {
		warnings = append(warnings, WarnCirculate)
	}
	validity := cmp.Or(t.Validity, kinds[t.Kind].Validity)
	switch {
	case validity == lot.Validity{}:
		warnings = append(warnings, WarnEndless)
	case validity.Until != 0 && validity.Until < until:
		warnings = append(warnings, WarnLapsed)
	}
	for _, kind := range kinds {
		if t.Earns(kind) {
			return warnings
		}
	}
	return append(warnings, WarnNothing)
}

// payable refuses terms whose points would be dead on arrival when they are returned on day.
func (t Terms) payable(kinds map[lot.KindCode]lot.Kind, day calendar.Day) error {
	if _, err := t.Expiry(kinds[t.Kind], day); err != nil {
		return lot.ErrExpiryPast.At("validity")
	}
	return nil
}

// Message gives the warning in Japanese.
func (w WarningCode) Message() string {
	switch w {
	case WarnRate:
		return "還元率が20%を超えています。景品表示法の上限にあたらないか確認してください。"
	case WarnSmall:
		return "1,000円未満の支払いで200円を超える還元になることがあります。景品表示法の上限にあたらないか確認してください。"
	case WarnCirculate:
		return "還元で渡すポイントの種別が、支払いで再び還元の対象になります。"
	case WarnEndless:
		return "還元で渡すポイントに有効期限がありません。"
	case WarnLapsed:
		return "還元の期間の途中で、渡すポイントの有効期限の日が過ぎます。その日より後は還元されません。"
	case WarnNothing:
		return "還元の対象になるポイント種別がないため、還元は発生しません。"
	}
	return string(w)
}

func (t Terms) capped(amount money.Points) money.Points {
	if t.PaymentMax > 0 {
		return min(amount, t.PaymentMax)
	}
	return amount
}

// Shop is what an offer asks about a merchant.
type Shop struct {
	Wallet   user.WalletID
	Category string
}
