package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Offers is cashback.Reader on a store.
type Offers struct{ store *Store }

// Offers gives the reader of programmes and campaigns.
func (s *Store) Offers() *Offers { return &Offers{s} }

var _ cashback.Reader = (*Offers)(nil)

// Programmes is cashback.Reader's.
func (o *Offers) Programmes(_ context.Context, merchant user.WalletID, after string, limit int) (page.Of[cashback.Programme], error) {
	var found []cashback.Programme
	o.store.read(func(t *tables) {
		for _, p := range t.programmes.all() {
			if merchant.IsZero() || p.Merchant == merchant {
				found = append(found, p)
			}
		}
	})
	return newest(found, after, limit, func(p cashback.Programme) (time.Time, cashback.OfferID) { return p.CreatedAt, p.ID })
}

// newest makes a page of offers, the newest first.
func newest[Row any](rows []Row, after string, limit int, key func(Row) (time.Time, cashback.OfferID)) (page.Of[Row], error) {
	slices.SortFunc(rows, func(a, b Row) int {
		atA, idA := key(a)
		atB, idB := key(b)
		return cmp.Or(atB.Compare(atA), slices.Compare(idB[:], idA[:]))
	})
	if after != "" {
		last, err := ident.Parse[Row](after)
		at := slices.IndexFunc(rows, func(r Row) bool {
			_, id := key(r)
			return [16]byte(id) == [16]byte(last)
		})
		if err != nil || at < 0 {
			return page.Of[Row]{}, page.ErrCursor
		}
		rows = rows[at+1:]
	}
	return cut(rows, limit, func(r Row) string {
		_, id := key(r)
		return id.String()
	})
}

// Programme is cashback.Reader's.
func (o *Offers) Programme(_ context.Context, id cashback.OfferID) (p cashback.Programme, err error) {
	o.store.read(func(t *tables) {
		found := false
		if p, found = t.programmes.get(id); !found {
			err = cashback.ErrProgrammeUnknown
		}
	})
	return p, err
}

// Campaigns is cashback.Reader's.
func (o *Offers) Campaigns(_ context.Context, query cashback.CampaignQuery) (page.Of[cashback.Campaign], error) {
	var found []cashback.Campaign
	o.store.read(func(t *tables) {
		merchant, _ := t.wallets.get(query.Merchant)
		shop := cashback.Shop{Wallet: query.Merchant, Category: merchant.Category}
		for _, c := range t.campaigns.all() {
			switch {
			case !query.Merchant.IsZero() && !c.HoldsAt(shop):
			case len(query.States) > 0 && !slices.Contains(query.States, c.State):
			case query.On != 0 && !c.Span.Has(query.On):
			default:
				found = append(found, c)
			}
		}
	})
	return newest(found, query.After, query.Limit, func(c cashback.Campaign) (time.Time, cashback.OfferID) { return c.CreatedAt, c.ID })
}

// Campaign is cashback.Reader's.
func (o *Offers) Campaign(_ context.Context, id cashback.OfferID) (c cashback.Campaign, err error) {
	o.store.read(func(t *tables) { c, err = t.campaignByID(id) })
	return c, err
}

// Due is cashback.Reader's.
func (o *Offers) Due(_ context.Context, today calendar.Day) ([]cashback.OfferID, error) {
	var due []cashback.OfferID
	o.store.read(func(t *tables) {
		for id, c := range t.campaigns.all() {
			if c.State == cashback.Ended || c.State == cashback.Paying || c.Over(today) {
				due = append(due, id)
			}
		}
	})
	slices.SortFunc(due, func(a, b cashback.OfferID) int { return slices.Compare(a[:], b[:]) })
	return due, nil
}

// Standing is cashback.Reader's.
func (o *Offers) Standing(_ context.Context, id cashback.OfferID) ([]cashback.DayCost, error) {
	sums := map[calendar.Day]cashback.DayCost{}
	o.store.read(func(t *tables) {
		for row := range t.awards.all() {
			if row.Offer != id || !row.Campaign || row.Amount == 0 {
				continue
			}
			day := sums[calendar.DayOf(row.at)]
			day.Day = calendar.DayOf(row.at)
			day.Cost += row.Amount
			if row.Amount > 0 {
				day.Payments++
			}
			sums[day.Day] = day
		}
	})
	var days []cashback.DayCost
	for _, day := range sums {
		days = append(days, day)
	}
	slices.SortFunc(days, func(a, b cashback.DayCost) int { return cmp.Compare(a.Day, b.Day) })
	return days, nil
}

// Promised is cashback.Reader's.
func (o *Offers) Promised(_ context.Context, wallet user.WalletID, campaigns []cashback.OfferID) (map[cashback.OfferID]money.Points, error) {
	promised := map[cashback.OfferID]money.Points{}
	o.store.read(func(t *tables) {
		for row := range t.awards.all() {
			if row.Campaign && row.Wallet == wallet && slices.Contains(campaigns, row.Offer) {
				promised[row.Offer] += row.Amount
			}
		}
	})
	for id, amount := range promised {
		if amount <= 0 {
			delete(promised, id)
		}
	}
	return promised, nil
}

// Labels is cashback.Reader's.
func (o *Offers) Labels(_ context.Context, offers []cashback.OfferID) (map[cashback.OfferID]cashback.Label, error) {
	labels := map[cashback.OfferID]cashback.Label{}
	o.store.read(func(t *tables) {
		for _, id := range offers {
			if p, found := t.programmes.get(id); found {
				labels[id] = p.Label()
			}
			if c, found := t.campaigns.get(id); found && c.State != cashback.Draft && c.State != cashback.Dropped {
				labels[id] = c.Label()
			}
		}
	})
	return labels, nil
}

// Offers is cashback.Reader's.
func (o *Offers) Offers(context.Context) (offers *cashback.Offers, err error) {
	o.store.read(func(t *tables) { offers = t.newestOffers() })
	return offers, nil
}

// Purchases is cashback.Reader's.
func (o *Offers) Purchases(_ context.Context, from, until time.Time, yield func(cashback.Purchase) bool) error {
	var purchases []cashback.Purchase
	o.store.read(func(t *tables) {
		for id := range t.journal.all() {
			e, _ := t.entries.get(id)
			if e.Type == ledger.Payment && !e.At.Before(from) && e.At.Before(until) {
				if p, counts := t.purchase(&e); counts {
					purchases = append(purchases, p)
				}
			}
		}
	})
	for _, p := range purchases {
		if !yield(p) {
			return nil
		}
	}
	return nil
}

// purchase gives what is left of a resident's payment, the last postings having been undone first.
func (t *tables) purchase(e *ledger.Entry) (p cashback.Purchase, counts bool) {
	forward := e.Forward()
	payer, _ := t.wallets.get(forward[0].Source.Owner)
	shop, _ := t.wallets.get(forward[0].Destination.Owner)
	if payer.Role != user.Resident {
		return p, false
	}
	left := e.Amount()
	undone, _ := t.corrections.get(e.ID)
	for _, u := range undone {
		left -= u.Amount
	}
	p = cashback.Purchase{At: e.At, Payer: payer.ID, Shop: cashback.Shop{Wallet: shop.ID, Category: shop.Category}}
	for _, posting := range forward {
		if part := min(left, posting.Amount); part > 0 {
			p.Parts = append(p.Parts, cashback.Part{Kind: posting.Points.Kind, Amount: part})
			left -= part
		}
	}
	return p, len(p.Parts) > 0
}

// Awards is ledger.Statements'.
func (s *Statements) Awards(_ context.Context, payment ledger.EntryID) ([]ledger.Awarded, error) {
	var rows []awardRow
	s.store.read(func(t *tables) { rows, _ = t.earned.get(payment) })
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b awardRow) int {
		return cmp.Or(trueLast(a.Entry != payment, b.Entry != payment), a.at.Compare(b.at), slices.Compare(a.Entry[:], b.Entry[:]),
			trueLast(a.Campaign, b.Campaign), slices.Compare(a.Offer[:], b.Offer[:]))
	})
	awards := make([]ledger.Awarded, len(rows))
	for i := range rows {
		awards[i] = rows[i].Awarded
	}
	return awards, nil
}

func trueLast(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
