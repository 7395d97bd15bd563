package postgres

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// foresight is what a book may need to know of campaigns, read with the wallets on the strength of the offers that this
// process remembers, before the book can say what its payments fall under.
//
// Campaigns are not locked here. As long as a campaign has much of its budget left, a set of payments adds what it
// promises with its last statement, which fails where the campaign has ended or would have nothing left: so budget
// and end stay exact, and sets wait for one another only while they commit. A set that failed, or whose campaign is
// nearly used up, locks it before it decides (see queueEligible).
type foresight struct {
	offers    *cashback.Offers
	campaigns map[cashback.OfferID]*cashback.Campaign
	capped    map[cashback.OfferID]bool // whose shares were read, for every wallet of the book
	shares    map[ledger.PersonShare]money.Points
}

// A campaign is locked below this part of its budget, as one of so many, and below so many points: a few payments could
// use the rest up.
const (
	tightBelow = 10
	leftMin    = money.Points(100_000)
)

// budgetKept is the constraint that keeps what campaigns promise within their budgets.
const budgetKept = "campaigns_budget_kept"

// errBudgetTight tells that a campaign has less left than was foreseen. The unit does better with a lock.
var errBudgetTight = errors.New("campaign is used up sooner than was foreseen")

const (
	foreseeShares = `SELECT s.offer_id, s.wallet_id, s.amount FROM (` + wantedWallets + `) AS w(wallet_id), unnest($3::uuid[]) AS o(offer_id),
		LATERAL (SELECT * FROM shares WHERE wallet_id = w.wallet_id AND offer_id = o.offer_id LIMIT 1) s`
	// No amount is minus one, so the constraint refuses it.
	promise = `UPDATE campaigns SET accrued = CASE WHEN state = 'open' AND accrued + $2 < budget THEN accrued + $2 ELSE -1 END WHERE id = $1`
)

// foresee queues the reading of campaigns that payments at this moment may fall under. It gives nil where there is
// nothing to foresee, or nothing is remembered to go by.
func (l *Ledger) foresee(now time.Time, want ledger.Want, wallets [][16]byte, tokens []string) *foresight {
	cached := l.session.db.offers.newest.Load()
	if len(want.Payments) == 0 || cached == nil {
		return nil
	}
	f := &foresight{
		offers: cached.Offers, campaigns: map[cashback.OfferID]*cashback.Campaign{}, capped: map[cashback.OfferID]bool{},
		shares: map[ledger.PersonShare]money.Points{},
	}
	var ids, capped []cashback.OfferID
	today := calendar.DayOf(now)
	for i := range cached.Campaigns {
		c := &cached.Campaigns[i]
		if !c.Span.Has(today) || !c.HoldsOn(now) {
			continue
		}
		ids = append(ids, c.ID)
		if c.Terms.PersonMax > 0 {
			capped = append(capped, c.ID)
			f.capped[c.ID] = true
		}
	}
	if len(ids) == 0 {
		return f
	}
	l.session.writes.Queue(readEligible, uuids(ids)).Query(func(rows pgx.Rows) error { return scanStanding(rows, f.offers, f.campaigns) })
	if len(capped) > 0 {
		l.session.writes.Queue(foreseeShares, wallets, tokens, uuids(capped)).Query(func(rows pgx.Rows) error { return scanShares(rows, f.shares) })
	}
	return f
}

// serves tells whether what was foreseen is of these offers.
func (f *foresight) serves(offers *cashback.Offers) bool { return f != nil && f.offers == offers }

// takeShares moves the shares that were foreseen into shares, and gives those that were not.
func (f *foresight) takeShares(wanted []ledger.PersonShare, shares map[ledger.PersonShare]money.Points) []ledger.PersonShare {
	var missing []ledger.PersonShare
	for _, share := range wanted {
		if f.capped[share.Offer] {
			shares[share] = f.shares[share]
		} else {
			missing = append(missing, share)
		}
	}
	return missing
}

// suffices tells whether campaigns need not be locked: none of those that are open may be used up soon.
func (f *foresight) suffices(campaigns []cashback.OfferID, how opening, careful bool) bool {
	for _, id := range campaigns {
		c := f.campaigns[id]
		if c == nil || how == locking && c.State == cashback.Open && (careful || c.Left()*tightBelow < c.Budget || c.Left() < leftMin) {
			return false
		}
	}
	return true
}

// takeForeseen gives campaigns to a book as they were foreseen, and remembers what they had promised.
func (l *Ledger) takeForeseen(book *ledger.Book, f *foresight, campaigns []cashback.OfferID, into map[cashback.OfferID]*cashback.Campaign, how opening) {
	foreseen := make(map[cashback.OfferID]money.Points, len(campaigns))
	for _, id := range campaigns {
		into[id], foreseen[id] = f.campaigns[id], f.campaigns[id].Accrued
	}
	if how != locking || len(campaigns) == 0 {
		return
	}
	if l.session.foreseen == nil {
		l.session.foreseen = map[*ledger.Book]map[cashback.OfferID]money.Points{}
	}
	l.session.foreseen[book] = foreseen
}

// appendForeseen adds what the book promised to campaigns that it has not locked, in the order of their identifiers. It
// returns errBudgetTight where the book took one to its end, which only a lock can be sure of.
func (l *Ledger) appendForeseen(book *ledger.Book, foreseen map[cashback.OfferID]money.Points) error {
	var changed []*cashback.Campaign
	for c := range book.ChangedCampaigns {
		if c.State != cashback.Open {
			return fmt.Errorf("campaign %s: %w", c.ID, errBudgetTight)
		}
		changed = append(changed, c)
	}
	slices.SortFunc(changed, func(a, b *cashback.Campaign) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, c := range changed {
		l.session.writeLate(promise, [16]byte(c.ID), int64(c.Accrued-foreseen[c.ID]))
	}
	return nil
}
