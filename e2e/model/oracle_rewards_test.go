package model_test

import (
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// offer is a programme or a campaign as the oracle knows it.
type offer struct {
	cashback.Terms
	id       cashback.OfferID
	campaign bool
	merchant ledger.WalletID // of a programme
	places   []user.WalletID // of a campaign
	span     cashback.Span
	fund     lot.FundCode
	budget   money.Points
	accrued  money.Points
	state    cashback.CampaignState
	early    bool
	endedAt  time.Time
	had      map[ledger.WalletID]money.Points      // by people, less what was taken back before it was paid
	shares   map[ledger.WalletID]ledger.ShareState // once the campaign pays
}

// given is what one offer has given for one payment, less what corrections took of it.
type given struct{ base, earned, amount money.Points }

// programmeOf gives the programme that a shop has on day.
func (o *oracle) programmeOf(shop ledger.WalletID, day calendar.Day) *offer {
	for _, p := range o.offers {
		if !p.campaign && p.merchant == shop && p.span.Has(day) {
			return p
		}
	}
	return nil
}

// campaignsAt gives the campaigns under which a payment at a shop falls, in the order in which they were opened.
func (o *oracle) campaignsAt(shop ledger.WalletID, day calendar.Day) (found []*offer) {
	for _, c := range o.offers {
		if c.campaign && c.state == cashback.Open && c.span.Has(day) && slices.Contains(c.places, shop) {
			found = append(found, c)
		}
	}
	return found
}

// base sums what of some postings earns under an offer.
func (o *oracle) base(of *offer, parts []part, rules ledger.Rules) (sum money.Points) {
	for _, p := range parts {
		code := o.lots[p.SourceLot].key.Kind
		if rules.Kinds[code].Earns && (len(of.Earning) == 0 || of.Earning[0] == code) {
			sum += p.qty
		}
	}
	return sum
}

// gives computes what an offer gives for a base before caps, and under the cap of one payment.
func (of *offer) gives(base money.Points) (earned, capped money.Points) {
	over := int64(0)
	switch of.Rounding {
	case cashback.Nearest:
		over = 5_000
	case cashback.Up:
		over = 9_999
	}
	earned = money.Points((int64(base)*int64(of.Rate) + over) / 10_000)
	if capped = earned; of.PaymentMax > 0 {
		capped = min(capped, of.PaymentMax)
	}
	return earned, capped
}

// reward computes what a payment must have earned, holds the entry and its awards to it, and remembers it.
func (o *oracle) reward(rt *rapid.T, e ledger.Entry, rules ledger.Rules, awards []ledger.Awarded) {
	payer, shop := ledger.WalletID(e.Postings[0].Source.Owner), ledger.WalletID(e.Postings[0].Destination.Owner)
	forward, returned := split(e)
	var atOnce money.Points
	got := map[cashback.OfferID]given{}
	for _, a := range awards {
		require.Equal(rt, []any{e.ID, e.ID, payer, shop}, []any{a.Entry, a.Payment, a.Wallet, a.Shop})
		got[a.Offer] = given{a.Base, a.Earned, a.Amount}
	}
	require.Len(rt, got, len(awards), "an offer gives once")
	want := map[cashback.OfferID]given{}
	if o.town.owner(payer).Role == user.Resident {
		today := calendar.DayOf(e.At)
		offers := o.campaignsAt(shop, today)
		if p := o.programmeOf(shop, today); p != nil {
			offers = append([]*offer{p}, offers...)
		}
		for _, of := range offers {
			g := given{base: o.base(of, whole(forward), rules)}
			if g.earned, g.amount = of.gives(g.base); g.earned == 0 {
				continue
			}
			if of.PersonMax > 0 {
				g.amount = min(g.amount, max(of.PersonMax-of.had[payer], 0))
			}
			switch {
			case of.campaign:
				g.amount = min(g.amount, of.budget-of.accrued)
				of.accrue(g.amount, e)
			case rules.Kinds[of.Kind].Retired <= today:
				g.amount = 0
			default:
				atOnce = g.amount
				o.returned(rt, returned, of, today)
			}
			of.had[payer] += g.amount
			want[of.id] = g
			require.LessOrEqual(rt, of.accrued, of.budget, "no campaign promises more than its budget")
		}
	}
	require.Equal(rt, want, got, "offers give what their terms and caps say")
	require.Equal(rt, atOnce, sumOf(returned), "a shop returns what its programme gives")
	o.given[e.ID] = want
}

// accrue promises an amount; a campaign whose budget is used up ends.
func (of *offer) accrue(amount money.Points, e ledger.Entry) {
	of.accrued += amount
	if of.state == cashback.Open && of.accrued == of.budget {
		of.state, of.early, of.endedAt = cashback.Ended, true, e.At
	}
}

// returned holds the points that a shop gives back to what they must be: new ones of the offer's kind.
func (o *oracle) returned(rt *rapid.T, postings []ledger.Posting, of *offer, today calendar.Day) {
	for _, p := range postings {
		require.Equal(rt, lot.Key{Kind: of.Kind, Fund: p.Fund, Expires: p.Points.Expires}, p.Points, "returned points are new ones")
		require.GreaterOrEqual(rt, p.Points.Expires, today)
	}
}

// takeBack computes what a correction must take of the awards of a payment, and holds the correction's own awards to it.
func (o *oracle) takeBack(rt *rapid.T, e ledger.Entry, parts []part, left money.Points, rules ledger.Rules, awards []ledger.Awarded) (atOnce, outOfWallet money.Points) {
	got, want := map[cashback.OfferID]given{}, map[cashback.OfferID]given{}
	for _, a := range awards {
		require.Equal(rt, []any{e.ID, e.Corrects}, []any{a.Entry, a.Payment})
		got[a.Offer] = given{a.Base, a.Earned, a.Amount}
	}
	for _, of := range o.offers {
		had, earned := o.given[e.Corrects][of.id]
		if !earned {
			continue
		}
		less := given{-had.base, -had.earned, -had.amount}
		if left > 0 {
			base := min(o.base(of, parts, rules), had.base)
			restEarned, rest := of.gives(had.base - base)
			less = given{-base, restEarned - had.earned, min(rest, had.amount) - had.amount}
		}
		if less.base == 0 && less.amount == 0 {
			continue
		}
		want[of.id] = less
		net := given{had.base + less.base, had.earned + less.earned, had.amount + less.amount}
		require.GreaterOrEqual(rt, min(net.base, net.amount), money.Points(0), "no more is taken back than was given")
		o.given[e.Corrects][of.id] = net
		payer := ledger.WalletID(o.entries[e.Corrects].Postings[0].Source.Owner)
		switch share := of.shares[payer]; {
		case !of.campaign:
			atOnce -= less.amount
			of.had[payer] += less.amount
		case share == ledger.SharePaid:
			outOfWallet -= less.amount
		case share == ledger.ShareUnpaid:
			of.accrued += less.amount
			of.had[payer] += less.amount
		case share == ledger.ShareWaiting:
			require.Zero(rt, less.amount, "nothing is taken back while it is being paid")
		}
	}
	require.Equal(rt, want, got, "a correction takes back what the smaller payment would not have earned")
	return atOnce, outOfWallet
}
