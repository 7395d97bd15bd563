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
	if had, counted := b.rewards.Shares[key]; counted {
		b.rewards.Shares[key] = had + amount
	}
}

// accrue promises an amount of a campaign, or takes a promise back. A campaign whose budget is used up ends, and does
// not begin again when a correction gives some of it back.
func (b *Book) accrue(campaign *cashback.Campaign, payer *Wallet, amount money.Points) {
	campaign.Accrued += amount
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
