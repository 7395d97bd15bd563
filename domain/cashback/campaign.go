package cashback

import (
	"slices"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// CampaignState says how far a campaign is.
type CampaignState uint8

// The states of a campaign.
const (
	Draft   CampaignState = iota + 1 // can be changed, tried out and thrown away
	Open                             // its budget is reserved; payments of its period accrue
	Ended                            // its time is over or its budget used up; nothing accrues any more
	Paying                           // what accrued is being granted
	Paid                             // everybody has theirs, and the rest of the reserve went back
	Dropped                          // thrown away as a draft
)

var campaignStateNames = [...]string{Draft: "draft", Open: "open", Ended: "ended", Paying: "paying", Paid: "paid", Dropped: "dropped"}

// String gives the state's name in the API and the database.
func (s CampaignState) String() string {
	if s < Draft || s > Dropped {
		return "unknown"
	}
	return campaignStateNames[s]
}

// ParseCampaignState reads a state's name; ok is false for an unknown one.
func ParseCampaignState(name string) (state CampaignState, ok bool) {
	i := slices.Index(campaignStateNames[:], name)
	return CampaignState(max(i, 0)), i >= int(Draft)
}

// Hours are the part of a day in which a campaign runs, in minutes from midnight in Japan: From ≤ m < Until. The zero
// value is the whole day.
type Hours struct {
	From  int32
	Until int32
}

// Campaign is cashback limited in time and budget, paid at its end from a reserve (clauses 4.5.2–4.5.4).
type Campaign struct {
	ID         OfferID
	Merchant   user.WalletID // whose campaign it is; zero for the city's
	Name       string
	Note       string
	Terms      Terms
	Span       Span
	Weekdays   []time.Weekday  // empty for all
	Hours      Hours           // zero for the whole day
	Merchants  []user.WalletID // where it holds; with Categories both empty, at all merchants
	Categories []string
	Fund       lot.FundCode
	Budget     money.Points // reserved as it opens; never exceeded
	State      CampaignState
	Accrued    money.Points // promised so far
	EndedEarly bool         // the budget was used up before the period was over
	CreatedBy  user.ID
	CreatedAt  time.Time
	OpenedBy   user.ID
	OpenedAt   time.Time
	EndedAt    time.Time
	Version    int64
}

// The refusals about campaigns.
var (
	ErrCampaignUnknown  = fault.Define(fault.NotFound, "campaign_unknown", "そのキャンペーンは見つかりません。")
	ErrCampaignState    = fault.Define(fault.Conflict, "campaign_state", "このキャンペーンは今の状態ではその操作ができません。")
	ErrCampaignChanged  = fault.Define(fault.Conflict, "campaign_changed", "ほかの人が先に変更しました。読み直してください。")
	ErrCampaignBudget   = fault.Define(fault.Invalid, "campaign_budget_invalid", "予算は1ポイント以上、100億以下で入力してください。")
	ErrCampaignHours    = fault.Define(fault.Invalid, "campaign_hours_invalid", "時間帯は0:00から24:00の間で、始まりより後に終わるようにしてください。")
	ErrCampaignWeekdays = fault.Define(fault.Invalid, "campaign_weekdays_invalid", "曜日の指定が正しくありません。")
	ErrCampaignCaps     = fault.Define(fault.Invalid, "campaign_caps_invalid", "1回の上限、1人の上限、予算は、この順に大きくなるようにしてください。")
	ErrCampaignPlaces   = fault.Define(fault.Invalid, "campaign_merchants_invalid", "対象の事業者が正しくありません。")
	ErrCampaignNote     = fault.Define(fault.Invalid, "campaign_note_too_long", "説明は500文字以内で入力してください。")
)

// Bounds of what one campaign names.
const (
	placesMax        = 2_000
	categoriesMax    = 50
	categoryRunesMax = 40
)

func twice[T comparable](values []T) bool {
	seen := make(map[T]struct{}, len(values))
	for _, v := range values {
		seen[v] = struct{}{}
	}
	return len(seen) < len(values)
}

func notACategory(name string) bool {
	return name == "" || utf8.RuneCountInString(name) > categoryRunesMax
}

// Valid refuses a campaign that cannot be entered on today.
func (c Campaign) Valid(kinds map[lot.KindCode]lot.Kind, today calendar.Day) error {
	if err := validName(c.Name); err != nil {
		return err
	}
	if utf8.RuneCountInString(c.Note) > 500 {
		return ErrCampaignNote.At("note")
	}
	if err := c.Terms.Valid(kinds); err != nil {
		return err
	}
	if err := c.Span.Valid(); err != nil {
		return err
	}
	if c.Span.Until < today || c.Span.Until == calendar.Never {
		return ErrPast.At("until")
	}
	// It is paid on the day after its last one at the earliest.
	if err := kinds[c.Terms.Kind].OpenOn(c.Span.Until + 1); err != nil {
		return err
	}
	if err := c.Terms.payable(kinds, c.Span.Until+1); err != nil {
		return err
	}
	switch {
	case c.Budget < 1 || c.Budget > money.AmountMax:
		return ErrCampaignBudget.At("budget")
	case c.Terms.PersonMax > c.Budget || c.Terms.PersonMax > 0 && c.Terms.PaymentMax > c.Terms.PersonMax || c.Terms.PaymentMax > c.Budget:
		return ErrCampaignCaps.At("payment_max")
	case c.Hours != Hours{} && (c.Hours.From < 0 || c.Hours.Until > 24*60 || c.Hours.From >= c.Hours.Until):
		return ErrCampaignHours.At("hours")
	case len(c.Merchants) > placesMax || !c.Merchant.IsZero() && (len(c.Categories) > 0 || !slices.Equal(c.Merchants, []user.WalletID{c.Merchant})):
		return ErrCampaignPlaces.At("merchants")
	case twice(c.Merchants) || slices.ContainsFunc(c.Merchants, user.WalletID.IsZero):
		return ErrCampaignPlaces.At("merchants")
	case len(c.Categories) > categoriesMax || twice(c.Categories) || slices.ContainsFunc(c.Categories, notACategory):
		return ErrCampaignPlaces.At("categories")
	}
	for i, d := range c.Weekdays {
		if d < time.Sunday || d > time.Saturday || slices.Contains(c.Weekdays[:i], d) {
			return ErrCampaignWeekdays.At("weekdays")
		}
	}
	return nil
}

// HoldsAt tells whether the campaign holds at a shop.
func (c *Campaign) HoldsAt(shop Shop) bool {
	return len(c.Merchants) == 0 && len(c.Categories) == 0 ||
		slices.Contains(c.Merchants, shop.Wallet) || slices.Contains(c.Categories, shop.Category)
}

// HoldsOn tells whether the campaign's days of the week and hours have the instant; its period is not asked.
func (c *Campaign) HoldsOn(at time.Time) bool {
	at = at.In(calendar.JST)
	minute := int32(at.Hour()*60 + at.Minute())
	return (len(c.Weekdays) == 0 || slices.Contains(c.Weekdays, at.Weekday())) &&
		(c.Hours == Hours{} || c.Hours.From <= minute && minute < c.Hours.Until)
}

// InForce tells whether a payment at a shop at an instant falls under the campaign.
func (c *Campaign) InForce(shop Shop, at time.Time) bool {
	return c.State == Open && c.Span.Has(calendar.DayOf(at)) && c.HoldsOn(at) && c.HoldsAt(shop)
}

// Left gives what of the budget is not promised yet.
func (c *Campaign) Left() money.Points { return c.Budget - c.Accrued }

// Draftable refuses changes of what is no draft any more: what people were told stays.
func (c Campaign) Draftable() error {
	if c.State != Draft {
		return ErrCampaignState
	}
	return nil
}

// End ends an open campaign before its budget is used up. What was promised stays promised.
func (c Campaign) End(at time.Time) (Campaign, error) {
	if c.State != Open {
		return c, ErrCampaignState
	}
	c.State, c.EndedAt = Ended, at
	return c, nil
}

// Over tells whether an open campaign's time is over.
func (c Campaign) Over(today calendar.Day) bool { return c.State == Open && c.Span.Until < today }

// Expiry gives the last day of points that are paid on day. A payout that comes so late that they would have lapsed by
// the terms is the city's delay, not the people's: then they are good for a week.
func (c Campaign) Expiry(kind lot.Kind, day calendar.Day) calendar.Day {
	expires, err := c.Terms.Expiry(kind, day)
	if err != nil {
		return day + lateDays
	}
	return expires
}

const lateDays = 7

// Label gives what receipts say of the campaign.
func (c Campaign) Label() Label {
	return Label{Name: c.Name, Campaign: true, Rate: c.Terms.Rate, Kind: c.Terms.Kind, Until: c.Span.Until}
}

// Warnings lists what ought to be looked at. They never block.
func (c Campaign) Warnings(kinds map[lot.KindCode]lot.Kind) []WarningCode {
	return c.Terms.warnings(kinds, 0) // points that lapse before they are paid are refused
}
