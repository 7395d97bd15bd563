package rest

import (
	"github.com/samber/lo"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/money"
)

// awardView is what one offer gave for one payment, as receipts, previews and histories show it (clauses 4.5.1–4.5.4).
type awardView struct {
	OfferID   string       `json:"offer_id" format:"uuid"`
	Name      string       `json:"name" doc:"Of the programme or campaign"`
	Campaign  bool         `json:"campaign" doc:"Promised, and paid when the campaign has ended; else given at once"`
	Rate      int32        `json:"rate" doc:"Basis points: 100 is one percent"`
	Kind      string       `json:"kind" doc:"Of the points that are returned"`
	Base      money.Points `json:"base" doc:"Of the payment, what earned"`
	Earned    money.Points `json:"earned" doc:"Before any cap"`
	Amount    money.Points `json:"amount" doc:"Negative in a correction"`
	Cut       string       `json:"cut,omitempty" enum:"payment_max,person_max,budget,kind_retired" doc:"The cap that left less than was earned"`
	PaidAfter *string      `json:"paid_after" format:"date" nullable:"true" doc:"The campaign's last day while it is open; null once it has ended, and for what was given at once"`
	State     string       `json:"state,omitempty" enum:"open,ended,paying,paid" doc:"Of the campaign: ended and paying are about to pay. A payment and its repetitions say open, a receipt how far it is by now"`
}

func viewAwards(awards []cashback.NamedAward) []awardView {
	return lo.Map(awards, func(a cashback.NamedAward, _ int) awardView {
		v := awardView{
			OfferID: a.Offer.String(), Name: a.Label.Name, Campaign: a.Campaign, Rate: a.Label.Rate, Kind: string(a.Label.Kind),
			Base: a.Base, Earned: a.Earned, Amount: a.Amount, Cut: string(a.Cut),
		}
		if a.Campaign {
			v.State = a.State.String()
		}
		if a.State == cashback.Open {
			v.PaidAfter = lastDay(a.Label.Until)
		}
		return v
	})
}
