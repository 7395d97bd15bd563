package postgres

import (
	"context"
	"fmt"

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
)

// earn gives the book what it must know of cashback and of entries that are to be corrected. Where what was foreseen
// will do, it asks the database nothing more.
func (l *Ledger) earn(ctx context.Context, book *ledger.Book, want ledger.Want, version int64, how opening, seen *foresight) error {
	if len(want.Payments)+len(want.Past) == 0 {
		return nil
	}
	rewards := ledger.Rewards{Campaigns: map[cashback.OfferID]*cashback.Campaign{}, Shares: map[ledger.PersonShare]money.Points{}}
	var campaigns []cashback.OfferID
	var shares []ledger.PersonShare
	if len(want.Payments) > 0 {
		offers, err := l.session.offersAt(ctx, version, calendar.DayOf(book.Now))
		if err != nil {
			return err
		}
		rewards.Offers = offers
		campaigns, shares = book.Eligible(offers, want.Payments)
		if seen.serves(offers) {
			shares = seen.takeShares(shares, rewards.Shares)
			if len(want.Past) == 0 && seen.suffices(campaigns, how, l.session.careful) {
				l.takeForeseen(book, seen, campaigns, rewards.Campaigns, how)
				campaigns = nil
			}
		}
	}
	if len(campaigns)+len(shares)+len(want.Past) > 0 {
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
		return scanStanding(rows, rewards.Offers, rewards.Campaigns)
	})
}

// scanStanding reads how far campaigns are.
func scanStanding(rows pgx.Rows, offers *cashback.Offers, campaigns map[cashback.OfferID]*cashback.Campaign) error {
	for rows.Next() {
		var now cashback.Campaign
		var state string
		var ended pgtype.Timestamptz
		if err := rows.Scan((*[16]byte)(&now.ID), (*int64)(&now.Budget), (*int64)(&now.Accrued), &state, &now.EndedEarly, &ended, &now.Version); err != nil {
			return err
		}
		for i := range offers.Campaigns {
			if of := &offers.Campaigns[i]; of.ID == now.ID {
				c := *of
				c.Budget, c.Accrued, c.EndedEarly, c.EndedAt, c.Version = now.Budget, now.Accrued, now.EndedEarly, ended.Time, now.Version
				c.State, _ = cashback.ParseCampaignState(state)
				campaigns[c.ID] = &c
			}
		}
	}
	return rows.Err()
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
	l.session.writes.Queue(readHad, offers, wallets).Query(func(rows pgx.Rows) error { return scanShares(rows, rewards.Shares) })
}

func scanShares(rows pgx.Rows, shares map[ledger.PersonShare]money.Points) error {
	for rows.Next() {
		var share ledger.PersonShare
		var amount int64
		if err := rows.Scan((*[16]byte)(&share.Offer), (*[16]byte)(&share.Wallet), &amount); err != nil {
			return err
		}
		shares[share] = money.Points(amount)
	}
	return rows.Err()
}
