package postgres

import (
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
)

// The statements about entries that are to be corrected: $1 are the entries. They come behind all locks; that of a
// campaign keeps its payout from beginning, and that of a wallet what is paid to it from changing.
const (
	readPastCampaigns = `SELECT ` + campaignColumns + ` FROM campaigns
		WHERE id = ANY($2::uuid[]) OR id IN (SELECT offer_id FROM awards WHERE payment_id = ANY($1::uuid[]) AND campaign) ORDER BY id`
	lockPastCampaigns = readPastCampaigns + ` FOR NO KEY UPDATE`
	readUndone        = `SELECT id, coalesce((SELECT sum(amount) FROM corrections WHERE original_id = e.id), 0)::bigint FROM entries e WHERE id = ANY($1::uuid[])`
	readPastAwards    = `SELECT payment_id, offer_id, campaign, sum(base)::bigint, sum(earned)::bigint, sum(amount)::bigint, max(cut)
		FROM awards WHERE payment_id = ANY($1::uuid[]) GROUP BY payment_id, offer_id, campaign ORDER BY payment_id, campaign, offer_id`
	readPastTerms  = `SELECT id, terms FROM programmes WHERE id IN (SELECT offer_id FROM awards WHERE payment_id = ANY($1::uuid[]) AND NOT campaign)`
	readPastShares = `SELECT offer_id, wallet_id, amount FROM shares
		WHERE (wallet_id, offer_id) IN (SELECT wallet_id, offer_id FROM awards WHERE payment_id = ANY($1::uuid[]))`
	// A campaign is paid as the batch of its own identifier.
	readPaid = `SELECT a.payment_id, a.offer_id, coalesce((SELECT r.state FROM batch_rows r WHERE r.batch_id = a.offer_id AND r.wallet_id = a.wallet_id LIMIT 1), 'refused')
		FROM awards a JOIN batches b ON b.id = a.offer_id WHERE a.payment_id = ANY($1::uuid[]) AND a.entry_id = a.payment_id AND a.campaign`
	readPastLots = `SELECT p.entry_id, l.id, l.kind, l.fund, l.expires_on - 'epoch'::date, l.hops, l.paid, l.remaining, l.since
		FROM (SELECT entry_id, source_lot AS lot FROM postings WHERE entry_id = ANY($1::uuid[])
			UNION SELECT entry_id, destination_lot FROM postings WHERE entry_id = ANY($1::uuid[])) p
		JOIN lots l ON l.id = p.lot`
)

// queuePast queues the reading of what has become of entries, with the campaigns that they earned from, and locks
// those together with the eligible ones.
func (l *Ledger) queuePast(book *ledger.Book, entries []ledger.EntryID, eligible []cashback.OfferID, rewards *ledger.Rewards, how opening) {
	ids := uuids(entries)
	past := map[ledger.EntryID]ledger.Past{}
	book.Remembering(past)
	batch := &l.session.writes
	batch.Queue(how.past, ids, uuids(eligible)).Query(func(rows pgx.Rows) error {
		campaigns, err := pgx.CollectRows(rows, scanCampaign)
		for i := range campaigns {
			rewards.Campaigns[campaigns[i].ID] = &campaigns[i]
		}
		return err
	})
	batch.Queue(readUndone, ids).Query(func(rows pgx.Rows) error { return scanUndone(rows, past) })
	batch.Queue(readPastAwards, ids).Query(func(rows pgx.Rows) error { return scanPastAwards(rows, past, rewards) })
	batch.Queue(readPastTerms, ids).Query(func(rows pgx.Rows) error { return scanPastTerms(rows, past) })
	batch.Queue(readPaid, ids).Query(func(rows pgx.Rows) error { return scanPaid(rows, past) })
	batch.Queue(readPastLots, ids).Query(func(rows pgx.Rows) error { return scanPastLots(rows, past) })
	batch.Queue(readPastShares, ids).Query(func(rows pgx.Rows) error { return scanShares(rows, rewards.Shares) })
}

func scanUndone(rows pgx.Rows, past map[ledger.EntryID]ledger.Past) error {
	for rows.Next() {
		var id ledger.EntryID
		p := ledger.Past{Offers: map[cashback.OfferID]ledger.Promised{}, Lots: map[lot.ID]lot.Lot{}}
		if err := rows.Scan((*[16]byte)(&id), (*int64)(&p.Undone)); err != nil {
			return err
		}
		past[id] = p
	}
	return rows.Err()
}

func scanPastAwards(rows pgx.Rows, past map[ledger.EntryID]ledger.Past, rewards *ledger.Rewards) error {
	for rows.Next() {
		var id ledger.EntryID
		var a cashback.Award
		if err := rows.Scan((*[16]byte)(&id), (*[16]byte)(&a.Offer), &a.Campaign, (*int64)(&a.Base), (*int64)(&a.Earned), (*int64)(&a.Amount), (*string)(&a.Cut)); err != nil {
			return err
		}
		p := past[id]
		p.Awards = append(p.Awards, a)
		if campaign, locked := rewards.Campaigns[a.Offer]; locked && a.Campaign {
			p.Offers[a.Offer] = ledger.Promised{Terms: campaign.Terms, Fund: campaign.Fund}
		}
		past[id] = p
	}
	return rows.Err()
}

func scanPastTerms(rows pgx.Rows, past map[ledger.EntryID]ledger.Past) error {
	for rows.Next() {
		var id cashback.OfferID
		var encoded []byte
		if err := rows.Scan((*[16]byte)(&id), &encoded); err != nil {
			return err
		}
		terms, err := decodeTerms(encoded)
		if err != nil {
			return err
		}
		for _, p := range past {
			p.Offers[id] = ledger.Promised{Terms: terms}
		}
	}
	return rows.Err()
}

func scanPaid(rows pgx.Rows, past map[ledger.EntryID]ledger.Past) error {
	for rows.Next() {
		var id ledger.EntryID
		var offer cashback.OfferID
		var state string
		if err := rows.Scan((*[16]byte)(&id), (*[16]byte)(&offer), &state); err != nil {
			return err
		}
		promised := past[id].Offers[offer]
		switch state {
		case fund.Waiting.String():
			promised.Share = ledger.ShareWaiting
		case fund.Granted.String():
			promised.Share = ledger.SharePaid
		default:
			promised.Share = ledger.ShareRefused
		}
		past[id].Offers[offer] = promised
	}
	return rows.Err()
}

func scanPastLots(rows pgx.Rows, past map[ledger.EntryID]ledger.Past) error {
	for rows.Next() {
		var entry ledger.EntryID
		var l lot.Lot
		var since pgtype.Timestamptz
		if err := rows.Scan((*[16]byte)(&entry), (*[16]byte)(&l.ID), (*string)(&l.Kind), (*string)(&l.Fund), (*int32)(&l.Expires), &l.Hops, &l.Paid, (*int64)(&l.Remaining), &since); err != nil {
			return err
		}
		l.Since = since.Time
		past[entry].Lots[l.ID] = l
	}
	return rows.Err()
}
