package cashback

import (
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/user"
)

// Programme is permanent cashback of one merchant, who bears it (clauses 4.5.1 and 4.5.2). Its terms never change:
// who wants others ends it and begins the next.
type Programme struct {
	ID        OfferID
	Merchant  user.WalletID
	Name      string
	Terms     Terms
	Span      Span // Until is calendar.Never where no end was decided
	CreatedBy user.ID
	CreatedAt time.Time
	Version   int64
}

// The refusals about programmes.
var (
	ErrProgrammeUnknown  = fault.Define(fault.NotFound, "programme_unknown", "その還元設定は見つかりません。")
	ErrProgrammeOverlaps = fault.Define(fault.Conflict, "programme_overlaps", "同じ期間に別の還元設定があります。")
	ErrProgrammeEnded    = fault.Define(fault.Conflict, "programme_ended", "この還元設定はすでに終わっています。")
	ErrProgrammeMany     = fault.Define(fault.Refused, "programme_too_many", "これから始まるものも含めて、還元設定は50件までです。")
	ErrProgrammeChanged  = fault.Define(fault.Conflict, "programme_changed", "ほかの人が先に変更しました。読み直してください。")
)

// ProgrammesMax bounds the programmes of one merchant that are not over: all of them are at hand with every payment.
const ProgrammesMax = 50

// Valid refuses a programme that cannot be entered on today.
func (p Programme) Valid(kinds map[lot.KindCode]lot.Kind, today calendar.Day) error {
	if err := validName(p.Name); err != nil {
		return err
	}
	if err := p.Terms.Valid(kinds); err != nil {
		return err
	}
	if err := kinds[p.Terms.Kind].OpenOn(today); err != nil {
		return err
	}
	if err := p.Span.Valid(); err != nil {
		return err
	}
	if p.Span.From < today {
		return ErrPast.At("from")
	}
	return p.Terms.payable(kinds, p.Span.From)
}

// Label gives what receipts say of the programme.
func (p Programme) Label() Label {
	return Label{Name: p.Name, Rate: p.Terms.Rate, Kind: p.Terms.Kind, Until: calendar.Never}
}

// Begun tells whether payments may have earned of the programme.
func (p Programme) Begun(today calendar.Day) bool { return p.Span.From <= today }

// Over tells whether nothing earns of the programme any more.
func (p Programme) Over(today calendar.Day) bool { return p.Span.Until < today }

// End gives the programme as it is when its last day is to be until. Today cannot be taken back: people see what they
// will get before they pay. One that has not begun can be withdrawn instead.
func (p Programme) End(until, today calendar.Day) (Programme, error) {
	switch {
	case p.Over(today):
		return p, ErrProgrammeEnded
	case until < today || until < p.Span.From || until > p.Span.Until:
		return p, ErrPeriod.At("until")
	}
	p.Span.Until = until
	return p, nil
}

// Warnings lists what ought to be looked at. They never block.
func (p Programme) Warnings(kinds map[lot.KindCode]lot.Kind) []WarningCode {
	return p.Terms.warnings(kinds, p.Span.Until)
}
