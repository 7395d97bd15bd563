package postgres

import (
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
)

// The statements that write what payments earned.
const (
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

// appendEarned writes what payments earned and what corrections took of it.
func (l *Ledger) appendEarned(book *ledger.Book, w ledger.Written) error {
	l.appendAwards(w.Awards, book.Now)
	if err := l.appendCampaigns(book); err != nil {
		return err
	}
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
	return nil
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
func (l *Ledger) appendCampaigns(book *ledger.Book) error {
	foreseen, isForeseen := l.session.foreseen[book]
	delete(l.session.foreseen, book)
	if isForeseen {
		return l.appendForeseen(book, foreseen)
	}
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
		return nil
	}
	l.session.write(updateCampaigns, ids, accrued, states, early, ended)
	if over {
		l.session.moveOffers()
	}
	return nil
}
