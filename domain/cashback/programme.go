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
	ErrProgrammeChanged  = fault.Define(fault.Conflict, "programme_changed", "ほかの人が先に変更しました。読み直してください。")
)

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
	return nil
}

// End gives the programme as it is when its last day is to be until. What was promised until today stays.
func (p Programme) End(until, today calendar.Day) (Programme, error) {
	switch {
	case p.Span.Until < today:
		return p, ErrProgrammeEnded
	case until < today || until > p.Span.Until:
		return p, ErrPeriod.At("until")
	}
	p.Span.Until = until
	return p, nil
}
