package memory

import (
	"slices"
	"time"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
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

// reward gives a book what it must know of cashback and of entries that are to be corrected.
func (t *tables) reward(book *ledger.Book, want ledger.Want) {
	if len(want.Payments)+len(want.Past) == 0 {
		return
	}
	rewards := ledger.Rewards{Campaigns: map[cashback.OfferID]*cashback.Campaign{}, Shares: map[ledger.PersonShare]money.Points{}}
	if len(want.Payments) > 0 {
		rewards.Offers = t.newestOffers()
		campaigns, shares := book.Eligible(rewards.Offers, want.Payments)
		for _, id := range campaigns {
			t.lockCampaign(id, rewards)
		}
		for _, share := range shares {
			rewards.Shares[share], _ = t.shares.get(share)
		}
	}
	if len(want.Past) > 0 {
		past := make(map[ledger.EntryID]ledger.Past, len(want.Past))
		for _, id := range want.Past {
			if e, found := t.entries.get(id); found {
				past[id] = t.past(e, rewards)
			}
		}
		book.Remembering(past)
	}
	book.Rewarding(rewards)
}

func (t *tables) lockCampaign(id cashback.OfferID, rewards ledger.Rewards) {
	if campaign, found := t.campaigns.get(id); found && rewards.Campaigns[id] == nil {
		rewards.Campaigns[id] = &campaign
	}
}

// past tells what has become of an entry.
func (t *tables) past(e ledger.Entry, rewards ledger.Rewards) ledger.Past {
	past := ledger.Past{Offers: map[cashback.OfferID]ledger.Promised{}, Lots: map[lot.ID]lot.Lot{}}
	undone, _ := t.corrections.get(e.ID)
	for _, u := range undone {
		past.Undone += u.Amount
	}
	for _, p := range e.Postings {
		for _, id := range []lot.ID{p.SourceLot, p.DestinationLot} {
			if held, found := t.lots.get(id); found {
				past.Lots[id] = held.Lot
			}
		}
	}
	earned, _ := t.earned.get(e.ID)
	for _, row := range earned {
		i := slices.IndexFunc(past.Awards, func(a cashback.Award) bool { return a.Offer == row.Offer })
		if i < 0 {
			past.Awards = append(past.Awards, row.Award)
			past.Offers[row.Offer] = t.promised(row, rewards)
			continue
		}
		past.Awards[i].Base += row.Base
		past.Awards[i].Earned += row.Earned
		past.Awards[i].Amount += row.Amount
	}
	slices.SortFunc(past.Awards, func(a, b cashback.Award) int {
		if a.Campaign != b.Campaign {
			return map[bool]int{false: -1, true: 1}[a.Campaign]
		}
		return slices.Compare(a.Offer[:], b.Offer[:])
	})
	return past
}

// promised says what an offer promised to whom the award is of, and what has become of it. A campaign is paid as the
// batch of its own identifier.
func (t *tables) promised(row awardRow, rewards ledger.Rewards) ledger.Promised {
	share := ledger.PersonShare{Offer: row.Offer, Wallet: row.Wallet}
	if had, counted := t.shares.get(share); counted {
		rewards.Shares[share] = had
	}
	if !row.Campaign {
		programme, _ := t.programmes.get(row.Offer)
		return ledger.Promised{Terms: programme.Terms}
	}
	t.lockCampaign(row.Offer, rewards)
	campaign, _ := t.campaigns.get(row.Offer)
	promised := ledger.Promised{Terms: campaign.Terms, Fund: campaign.Fund}
	if !t.batches.has(ledger.BatchID(row.Offer)) {
		return promised
	}
	promised.Share = ledger.ShareRefused
	paid, _ := t.batchRows.get(ledger.BatchID(row.Offer))
	for _, r := range paid {
		if r.Wallet == row.Wallet {
			promised.Share = map[fund.RowState]ledger.ShareState{
				fund.Waiting: ledger.ShareWaiting, fund.Granted: ledger.SharePaid, fund.Refused: ledger.ShareRefused,
			}[r.State]
		}
	}
	return promised
}

func (s *Session) appendAwards(awards []ledger.Awarded, at time.Time) error {
	for _, a := range awards {
		rows, _ := s.earned.get(a.Payment)
		if slices.ContainsFunc(rows, func(r awardRow) bool { return r.Offer == a.Offer && r.Entry == a.Entry }) {
			return violation("awards_pkey", "entry %s earned of offer %s before", a.Entry, a.Offer)
		}
		row := awardRow{a, at}
		s.awards.add(row)
		s.earned.put(a.Payment, append(slices.Clone(rows), row))
	}
	return nil
}

// appendCampaigns writes what campaigns have promised. One whose budget is used up is in force no longer.
func (s *Session) appendCampaigns(book *ledger.Book) error {
	for c := range book.ChangedCampaigns {
		was, _ := s.campaigns.get(c.ID)
		if c.Accrued < 0 || c.Accrued > was.Budget {
			return violation("campaigns_budget_kept", "campaign %s has promised %d of %d", c.ID, c.Accrued, was.Budget)
		}
		if was.State != c.State {
			was.Version++
			s.moveOffers()
		}
		was.Accrued, was.State, was.EndedEarly, was.EndedAt = c.Accrued, c.State, c.EndedEarly, c.EndedAt
		s.campaigns.put(c.ID, was)
	}
	return nil
}

func (s *Session) appendShares(book *ledger.Book) error {
	for share, amount := range book.ChangedShares {
		if amount < 0 {
			return violation("shares_not_negative", "wallet %s of offer %s", share.Wallet, share.Offer)
		}
		s.shares.put(share, amount)
	}
	return nil
}

func (s *Session) appendCorrections(undoings []ledger.Undoing) error {
	for _, u := range undoings {
		if u.Amount <= 0 || u.Receivable < 0 {
			return violation("corrections_amount", "entry %s undoes %d", u.Entry, u.Amount)
		}
		before, _ := s.corrections.get(u.Original)
		s.corrections.put(u.Original, append(slices.Clone(before), u))
	}
	return nil
}
