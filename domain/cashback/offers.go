package cashback

import (
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Offers are the programmes and open campaigns that there are, at one version of them. They are read once per version
// and never changed.
type Offers struct {
	Version    int64
	Programmes map[user.WalletID][]Programme // by merchant, those that have not ended
	Campaigns  []Campaign                    // the open ones, in the order in which they were opened; Accrued is not to be relied on
}

// Programme gives the programme that a merchant has on day.
func (o *Offers) Programme(merchant user.WalletID, day calendar.Day) (*Programme, bool) {
	if o == nil {
		return nil, false
	}
	list := o.Programmes[merchant]
	for i := range list {
		if list[i].Span.Has(day) {
			return &list[i], true
		}
	}
	return nil, false
}

// CampaignsAt calls yield for each open campaign under which a payment at the shop at the instant falls.
func (o *Offers) CampaignsAt(shop Shop, at time.Time) func(yield func(*Campaign) bool) {
	return func(yield func(*Campaign) bool) {
		if o == nil {
			return
		}
		for i := range o.Campaigns {
			if o.Campaigns[i].InForce(shop, at) && !yield(&o.Campaigns[i]) {
				return
			}
		}
	}
}

// Parts are what a payment was made of: how much of each kind.
type Parts []Part

// Part is one kind's share of a payment.
type Part struct {
	Kind   lot.KindCode
	Amount money.Points
}

// Base sums the parts that earn under the terms.
func (t Terms) Base(parts Parts, kinds map[lot.KindCode]lot.Kind) money.Points {
	var base money.Points
	for _, p := range parts {
		if t.Earns(kinds[p.Kind]) {
			base += p.Amount
		}
	}
	return base
}

// Room is what caps leave to one award: what the person has had of the offer, and what the budget has left.
type Room struct {
	Had    money.Points // by the person, while the offer lasts
	Budget money.Points // left of a campaign; a programme has no budget
}

// Decide says what an offer gives for an earning base. Caps cut in the order payment, person, budget; the last one
// that cut is named.
func (t Terms) Decide(offer OfferID, campaign bool, base money.Points, room Room) Award {
	award := Award{Offer: offer, Campaign: campaign, Base: base, Earned: t.Of(base)}
	award.Amount = award.Earned
	if t.PaymentMax > 0 && award.Amount > t.PaymentMax {
		award.Amount, award.Cut = t.PaymentMax, ByPayment
	}
	if left := max(t.PersonMax-room.Had, 0); t.PersonMax > 0 && award.Amount > left {
		award.Amount, award.Cut = left, ByPerson
	}
	if campaign && award.Amount > room.Budget {
		award.Amount, award.Cut = room.Budget, ByBudget
	}
	return award
}
