package memory

import (
	"slices"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/user"
)

// moveOffers makes the next version of the offers. Whatever changes what is in force ends with it.
func (s *Session) moveOffers() { s.offers.add(struct{}{}) }

// newestOffers gives the offers as they stand. Ended programmes are among them: the store has no clock.
func (t *tables) newestOffers() *cashback.Offers {
	offers := &cashback.Offers{Version: int64(t.offers.len()), Programmes: map[user.WalletID][]cashback.Programme{}}
	for _, p := range t.programmes.all() {
		offers.Programmes[p.Merchant] = append(offers.Programmes[p.Merchant], p)
	}
	for _, list := range offers.Programmes {
		slices.SortFunc(list, func(a, b cashback.Programme) int { return int(a.Span.From - b.Span.From) })
	}
	for _, c := range t.campaigns.all() {
		if c.State == cashback.Open {
			offers.Campaigns = append(offers.Campaigns, c)
		}
	}
	slices.SortFunc(offers.Campaigns, func(a, b cashback.Campaign) int {
		if order := a.OpenedAt.Compare(b.OpenedAt); order != 0 {
			return order
		}
		return slices.Compare(a.ID[:], b.ID[:])
	})
	return offers
}
