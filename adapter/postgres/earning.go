package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// The statements about what payments earn. Campaigns are locked behind wallets and pots, in the order of their
// identifiers; the lock of a wallet is that of its shares.
const (
	readEligible = `SELECT id, budget, accrued, state, ended_early, ended_at, version FROM campaigns WHERE id = ANY($1::uuid[]) ORDER BY id`
	lockEligible = readEligible + ` FOR NO KEY UPDATE`
	readHad      = `SELECT s.offer_id, s.wallet_id, s.amount FROM unnest($1::uuid[], $2::uuid[]) AS w(offer_id, wallet_id),
		LATERAL (SELECT * FROM shares WHERE wallet_id = w.wallet_id AND offer_id = w.offer_id LIMIT 1) s`
	insertAwards = `INSERT INTO awards (payment_id, entry_id, offer_id, wallet_id, shop_id, at, campaign, base, earned, amount, cut)
		SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::timestamptz[], $7::boolean[], $8::bigint[], $9::bigint[], $10::bigint[], $11::text[])`
	insertCorrections = `INSERT INTO corrections (entry_id, original_id, amount, receivable)
		SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[])`
	// Whoever edits a campaign that has ended meanwhile must notice.
	updateCampaigns = `UPDATE campaigns SET accrued = c.accrued, state = c.state, ended_early = c.early, ended_at = c.ended_at,
		version = version + CASE WHEN campaigns.state = c.state THEN 0 ELSE 1 END
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::boolean[], $5::timestamptz[]) AS c(id, accrued, state, early, ended_at) WHERE campaigns.id = c.id`
	upsertShares = `INSERT INTO shares (offer_id, wallet_id, amount) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::bigint[])
		ON CONFLICT (wallet_id, offer_id) DO UPDATE SET amount = excluded.amount`
)

// earn gives the book what it must know of cashback and of entries that are to be corrected. Where nothing in force
// has a budget or counts by person, and nothing is to be corrected, it asks the database nothing.
func (l *Ledger) earn(ctx context.Context, book *ledger.Book, want ledger.Want, version int64, how opening) error {
	if len(want.Payments)+len(want.Past) == 0 {
		return nil
	}
	var rewards ledger.Rewards
	var campaigns []cashback.OfferID
	var shares []ledger.PersonShare
	if len(want.Payments) > 0 {
		offers, err := l.session.offersAt(ctx, version, calendar.DayOf(book.Now))
		if err != nil {
			return err
		}
		rewards.Offers = offers
		campaigns, shares = book.Eligible(offers, want.Payments)
	}
	if len(campaigns)+len(shares)+len(want.Past) > 0 {
		rewards.Campaigns = map[cashback.OfferID]*cashback.Campaign{}
		rewards.Shares = make(map[ledger.PersonShare]money.Points, len(shares))
		l.session.begin()
		if len(want.Past) > 0 {
			l.queuePast(book, want.Past, campaigns, &rewards, how)
		} else if len(campaigns) > 0 {
			l.queueEligible(campaigns, &rewards, how)
		}
		l.queueShares(shares, &rewards)
		if err := l.session.flush(ctx); err != nil {
			return fmt.Errorf("read what is earned: %w", err)
		}
	}
	book.Rewarding(rewards)
	return nil
}

// queueEligible queues the locking of campaigns that are among the offers. What never changes of them while they are
// open comes from there.
func (l *Ledger) queueEligible(ids []cashback.OfferID, rewards *ledger.Rewards, how opening) {
	l.session.writes.Queue(how.eligible, uuids(ids)).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var locked cashback.Campaign
			var state string
			var ended pgtype.Timestamptz
			if err := rows.Scan((*[16]byte)(&locked.ID), (*int64)(&locked.Budget), (*int64)(&locked.Accrued), &state, &locked.EndedEarly, &ended, &locked.Version); err != nil {
				return err
			}
			for i := range rewards.Offers.Campaigns {
				if of := &rewards.Offers.Campaigns[i]; of.ID == locked.ID {
					c := *of
					c.Budget, c.Accrued, c.EndedEarly, c.EndedAt, c.Version = locked.Budget, locked.Accrued, locked.EndedEarly, ended.Time, locked.Version
					c.State, _ = cashback.ParseCampaignState(state)
					rewards.Campaigns[c.ID] = &c
				}
			}
		}
		return rows.Err()
	})
}

// queueShares queues the reading of shares. Who has had nothing yet has a share of nothing, so that it is counted.
func (l *Ledger) queueShares(wanted []ledger.PersonShare, rewards *ledger.Rewards) {
	if len(wanted) == 0 {
		return
	}
	offers, wallets := make([][16]byte, len(wanted)), make([][16]byte, len(wanted))
	for i, share := range wanted {
		offers[i], wallets[i] = share.Offer, share.Wallet
		rewards.Shares[share] = 0
	}
	l.session.writes.Queue(readHad, offers, wallets).Query(func(rows pgx.Rows) error { return scanShares(rows, rewards) })
}

func scanShares(rows pgx.Rows, rewards *ledger.Rewards) error {
	for rows.Next() {
		var share ledger.PersonShare
		var amount int64
		if err := rows.Scan((*[16]byte)(&share.Offer), (*[16]byte)(&share.Wallet), &amount); err != nil {
			return err
		}
		rewards.Shares[share] = money.Points(amount)
	}
	return rows.Err()
}

// appendEarned writes what payments earned and what corrections took of it.
func (l *Ledger) appendEarned(book *ledger.Book, w ledger.Written) {
	l.appendAwards(w.Awards, book.Now)
	l.appendCampaigns(book)
	var shares struct {
		offers, wallets [][16]byte
		amounts         []int64
	}
	for share, amount := range book.ChangedShares {
		shares.offers, shares.wallets = append(shares.offers, share.Offer), append(shares.wallets, share.Wallet)
		shares.amounts = append(shares.amounts, int64(amount))
	}
	if len(shares.amounts) > 0 {
		l.session.write(upsertShares, shares.offers, shares.wallets, shares.amounts)
	}
	if n := len(w.Corrections); n > 0 {
		entries, originals, amounts, owed := make([][16]byte, n), make([][16]byte, n), make([]int64, n), make([]int64, n)
		for i, c := range w.Corrections {
			entries[i], originals[i], amounts[i], owed[i] = c.Entry, c.Original, int64(c.Amount), int64(c.Receivable)
		}
		l.session.write(insertCorrections, entries, originals, amounts, owed)
	}
}

func (l *Ledger) appendAwards(awards []ledger.Awarded, at time.Time) {
	n := len(awards)
	if n == 0 {
		return
	}
	payments, entries, offers, wallets, shops := make([][16]byte, n), make([][16]byte, n), make([][16]byte, n), make([][16]byte, n), make([][16]byte, n)
	ats, ofCampaigns, cuts := make([]time.Time, n), make([]bool, n), make([]string, n)
	bases, earned, amounts := make([]int64, n), make([]int64, n), make([]int64, n)
	for i := range awards {
		a := &awards[i]
		payments[i], entries[i], offers[i], wallets[i], shops[i] = a.Payment, a.Entry, a.Offer, a.Wallet, a.Shop
		ats[i], ofCampaigns[i], cuts[i] = at, a.Campaign, string(a.Cut)
		bases[i], earned[i], amounts[i] = int64(a.Base), int64(a.Earned), int64(a.Amount)
	}
	l.session.write(insertAwards, payments, entries, offers, wallets, shops, ats, ofCampaigns, bases, earned, amounts, cuts)
}

// appendCampaigns writes what campaigns have promised. One whose budget is used up is in force no longer.
func (l *Ledger) appendCampaigns(book *ledger.Book) {
	var ids [][16]byte
	var accrued []int64
	var states []string
	var early []bool
	var ended []pgtype.Timestamptz
	over := false
	for c := range book.ChangedCampaigns {
		ids, accrued, states = append(ids, c.ID), append(accrued, int64(c.Accrued)), append(states, c.State.String())
		early, ended = append(early, c.EndedEarly), append(ended, nullableTime(c.EndedAt))
		over = over || c.State == cashback.Ended && c.EndedEarly && c.EndedAt.Equal(book.Now)
	}
	if len(ids) == 0 {
		return
	}
	l.session.write(updateCampaigns, ids, accrued, states, early, ended)
	if over {
		l.session.moveOffers()
	}
}
