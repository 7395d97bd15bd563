package cashback

import (
	"cmp"
	"slices"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Purchase is a past payment, as a campaign would have seen it.
type Purchase struct {
	At    time.Time
	Payer user.WalletID
	Shop  Shop
	Parts Parts
}

// Simulation replays past payments against a draft campaign (+3). Its period is not asked: the payments that are fed
// are the period. Days of the week, hours, merchants, kinds and caps are those of the draft.
type Simulation struct {
	campaign  Campaign
	kinds     map[lot.KindCode]lot.Kind
	people    map[user.WalletID]*tally
	shops     map[user.WalletID]*tally
	days      map[calendar.Day]*tally
	accrued   money.Points
	payments  int64
	cut       map[Cut]int64
	exhausted time.Time
	wanted    money.Points
}

type tally struct {
	payments int64
	base     money.Points
	amount   money.Points
	wanted   money.Points // had the budget been large enough
}

// Simulate begins a replay against campaign.
func Simulate(campaign Campaign, kinds map[lot.KindCode]lot.Kind) *Simulation {
	return &Simulation{
		campaign: campaign, kinds: kinds, people: map[user.WalletID]*tally{}, shops: map[user.WalletID]*tally{},
		days: map[calendar.Day]*tally{}, cut: map[Cut]int64{},
	}
}

// Pay feeds the next payment, in the order of the journal.
func (s *Simulation) Pay(p Purchase) {
	if !s.campaign.HoldsOn(p.At) || !s.campaign.HoldsAt(p.Shop) {
		return
	}
	base := s.campaign.Terms.Base(p.Parts, s.kinds)
	if base == 0 {
		return
	}
	person := of(s.people, p.Payer)
	unbound := s.campaign.Terms.Decide(s.campaign.ID, false, base, Room{Had: person.wanted})
	person.wanted += unbound.Amount
	s.wanted += unbound.Amount
	award := s.campaign.Terms.Decide(s.campaign.ID, true, base, Room{Had: person.amount, Budget: s.campaign.Budget - s.accrued})
	if award.Cut != Uncut {
		s.cut[award.Cut]++
	}
	if award.Amount == 0 {
		return
	}
	s.payments++
	s.accrued += award.Amount
	for _, t := range []*tally{person, of(s.shops, p.Shop.Wallet), of(s.days, calendar.DayOf(p.At))} {
		t.payments++
		t.base += base
		t.amount += award.Amount
	}
	if s.accrued == s.campaign.Budget && s.exhausted.IsZero() {
		s.exhausted = p.At
	}
}

func of[K comparable](tallies map[K]*tally, key K) *tally {
	t, known := tallies[key]
	if !known {
		t = &tally{}
		tallies[key] = t
	}
	return t
}

// Outcome is what a campaign would have cost and to whom it would have gone.
type Outcome struct {
	Payments  int64        // that would have earned something
	People    int64        // who would have
	Cost      money.Points // what would have been paid
	Wanted    money.Points // what would have been paid had the budget been large enough
	Exhausted time.Time    // when the budget would have run out; zero where it lasts
	Cut       map[Cut]int64
	People10  [10]money.Points // the cost by tenths of the people, those who get least first
	Median    money.Points     // of what a person gets
	Most      money.Points     // that one person gets
	Days      []DayCost        // in order
	Shops     []ShopCost       // the largest cost first, at most shopsShown
}

// DayCost is what a day costs.
type DayCost struct {
	Day      calendar.Day
	Payments int64
	Cost     money.Points
}

// ShopCost is what payments at one shop cost.
type ShopCost struct {
	Wallet   user.WalletID
	Payments int64
	Base     money.Points
	Cost     money.Points
}

const shopsShown = 50

// Outcome sums up what was fed.
func (s *Simulation) Outcome() Outcome {
	o := Outcome{Payments: s.payments, Cost: s.accrued, Wanted: s.wanted, Exhausted: s.exhausted, Cut: s.cut}
	var shares []money.Points
	for _, t := range s.people {
		if t.amount > 0 {
			shares = append(shares, t.amount)
		}
	}
	slices.Sort(shares)
	o.People = int64(len(shares))
	for i, share := range shares {
		o.People10[i*10/len(shares)] += share
	}
	if n := len(shares); n > 0 {
		o.Median, o.Most = shares[n/2], shares[n-1]
	}
	for day, t := range s.days {
		o.Days = append(o.Days, DayCost{day, t.payments, t.amount})
	}
	slices.SortFunc(o.Days, func(a, b DayCost) int { return cmp.Compare(a.Day, b.Day) })
	for wallet, t := range s.shops {
		o.Shops = append(o.Shops, ShopCost{wallet, t.payments, t.base, t.amount})
	}
	slices.SortFunc(o.Shops, func(a, b ShopCost) int {
		return cmp.Or(cmp.Compare(b.Cost, a.Cost), slices.Compare(a.Wallet[:], b.Wallet[:]))
	})
	o.Shops = o.Shops[:min(len(o.Shops), shopsShown)]
	return o
}
