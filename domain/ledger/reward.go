package ledger

import (
	"slices"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// reward lets a payment of a resident at a merchant earn what is in force: the merchant's own programme returns points
// within the entry, campaigns accrue (clauses 4.5.2–4.5.4). It gives every award that a cap did not keep from arising.
func (b *Book) reward(e *Entry, payer, payee *Wallet, drawn []lot.Slice) []cashback.Award {
	if b.rewards.Offers == nil || e.Type != Payment || payer.Role != user.Resident {
		return nil
	}
	var parts cashback.Parts
	var awards []cashback.Award
	if programme, has := b.rewards.Offers.Programme(payee.ID, b.today); has {
		parts = partsOf(drawn)
		award := b.decide(&programme.Terms, programme.ID, nil, payer, parts)
		if award.Amount > 0 {
			b.giveBack(e, payer, payee, &programme.Terms, &award)
		}
		awards = b.awarded(awards, award, e.ID, payer, payee)
	}
	for campaign := range b.rewards.Offers.CampaignsAt(cashback.Shop{Wallet: payee.ID, Category: payee.Category}, b.Now) {
		locked := b.rewards.Campaigns[campaign.ID]
		if locked == nil || locked.State != cashback.Open {
			continue // it ended while the offers were on their way
		}
		if parts == nil {
			parts = partsOf(drawn)
		}
		award := b.decide(&campaign.Terms, campaign.ID, locked, payer, parts)
		b.accrue(locked, payer, award.Amount)
		awards = b.awarded(awards, award, e.ID, payer, payee)
	}
	return awards
}

// Eligible says what payments of the book may fall under of offers: the campaigns in force at the shops, and, of
// everything in force there that has a cap per person, the shares of those who pay. An adapter locks and reads these.
func (b *Book) Eligible(offers *cashback.Offers, payments []Parties) (campaigns []cashback.OfferID, shares []PersonShare) {
	atShops := map[WalletID]shopOffers{}
	promised, counted := map[cashback.OfferID]bool{}, map[PersonShare]bool{}
	for _, p := range payments {
		payer, payee := b.named(p.Payer), b.named(p.Payee)
		if payer == nil || payee == nil || payer.Role != user.Resident || payee.Role != user.Merchant {
			continue
		}
		at, known := atShops[payee.ID]
		if !known {
			at = b.offersAt(offers, payee)
			atShops[payee.ID] = at
		}
		for _, id := range at.campaigns {
			if !promised[id] {
				promised[id] = true
				campaigns = append(campaigns, id)
			}
		}
		for _, id := range at.capped {
			if share := (PersonShare{id, payer.ID}); !counted[share] {
				counted[share] = true
				shares = append(shares, share)
			}
		}
	}
	return campaigns, shares
}

// shopOffers are what is in force at one shop.
type shopOffers struct{ campaigns, capped []cashback.OfferID }

func (b *Book) offersAt(offers *cashback.Offers, shop *Wallet) (at shopOffers) {
	if programme, has := offers.Programme(shop.ID, b.today); has && programme.Terms.PersonMax > 0 {
		at.capped = append(at.capped, programme.ID)
	}
	for campaign := range offers.CampaignsAt(cashback.Shop{Wallet: shop.ID, Category: shop.Category}, b.Now) {
		at.campaigns = append(at.campaigns, campaign.ID)
		if campaign.Terms.PersonMax > 0 {
			at.capped = append(at.capped, campaign.ID)
		}
	}
	return at
}

// named finds the wallet that a side of a payment names, whether or not it may be used; nil where there is none.
func (b *Book) named(p Party) *Wallet {
	if p.Code == "" {
		return b.wallets[p.Wallet]
	}
	if code, known := b.codes[p.Code]; known {
		return b.wallets[code.Wallet]
	}
	return nil
}

func partsOf(drawn []lot.Slice) cashback.Parts {
	parts := make(cashback.Parts, len(drawn))
	for i, s := range drawn {
		parts[i] = cashback.Part{Kind: s.Lot.Kind, Amount: s.Amount}
	}
	return parts
}

func (b *Book) decide(terms *cashback.Terms, offer cashback.OfferID, campaign *cashback.Campaign, payer *Wallet, parts cashback.Parts) cashback.Award {
	room := cashback.Room{Had: b.rewards.Shares[PersonShare{offer, payer.ID}]}
	if campaign != nil {
		room.Budget = campaign.Left()
	}
	award := terms.Decide(offer, campaign != nil, terms.Base(parts, b.Rules.Kinds), room)
	if campaign == nil && award.Amount > 0 && b.Rules.Kinds[terms.Kind].OpenOn(b.today) != nil {
		award.Amount, award.Cut = 0, cashback.ByKind
	}
	return award
}

// awarded writes an award down, also one that a cap left nothing of: people are told which.
func (b *Book) awarded(awards []cashback.Award, award cashback.Award, payment EntryID, payer, payee *Wallet) []cashback.Award {
	if award.Earned == 0 {
		return awards
	}
	if !award.Campaign {
		b.share(award.Offer, payer.ID, award.Amount)
	}
	b.written.Awards = append(b.written.Awards, Awarded{Award: award, Entry: payment, Payment: payment, Wallet: payer.ID, Shop: payee.ID})
	return append(awards, award)
}

// share counts what a person has had of an offer, where somebody asks.
func (b *Book) share(offer cashback.OfferID, wallet WalletID, amount money.Points) {
	key := PersonShare{offer, wallet}
	if had, counted := b.rewards.Shares[key]; counted && amount != 0 {
		b.rewards.Shares[key] = had + amount
		b.rewarded.shares = marked(b.rewarded.shares, key)
	}
}

func marked[K comparable](marks map[K]bool, key K) map[K]bool {
	if marks == nil {
		marks = map[K]bool{}
	}
	marks[key] = true
	return marks
}

// accrue promises an amount of a campaign, or takes a promise back. A campaign whose budget is used up ends, and does
// not begin again when a correction gives some of it back.
func (b *Book) accrue(campaign *cashback.Campaign, payer *Wallet, amount money.Points) {
	if amount == 0 {
		return
	}
	campaign.Accrued += amount
	b.rewarded.campaigns = marked(b.rewarded.campaigns, campaign.ID)
	b.share(campaign.ID, payer.ID, amount)
	if campaign.State == cashback.Open && campaign.Left() == 0 {
		campaign.State, campaign.EndedAt, campaign.EndedEarly = cashback.Ended, b.Now, true
	}
}

// giveBack returns an award out of the lots that the merchant has just received, so that nothing is newly issued and
// every point keeps its backing.
func (b *Book) giveBack(e *Entry, payer, payee *Wallet, terms *cashback.Terms, award *cashback.Award) {
	expires, err := terms.Expiry(b.Rules.Kinds[terms.Kind], b.today)
	if err != nil { // the validity ends on a day that has passed
		award.Amount, award.Cut = 0, cashback.ByKind
		return
	}
	left := award.Amount
	for _, received := range slices.Clone(e.Postings) {
		if left == 0 {
			return
		}
		take := min(left, received.Amount)
		left -= take
		slice := lot.Slice{Lot: *payee.lot(received.DestinationLot), Amount: take}
		b.passAs(e, payee, payer, slice, lot.Key{Kind: terms.Kind, Fund: received.Fund, Expires: expires})
	}
}

// lot finds a lot of the wallet.
func (w *Wallet) lot(id lot.ID) *lot.Lot {
	i := slices.IndexFunc(w.Lots, func(l lot.Lot) bool { return l.ID == id })
	if i < 0 {
		return nil
	}
	return &w.Lots[i]
}
