package postgres

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/samber/lo"
	"github.com/uptrace/bun"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
)

var _ ledger.Statements = (*DB)(nil)

const (
	// The lots come by a join so that balance and lots are of one moment: one statement, one snapshot.
	readWalletLots = `SELECT w.id, w.owner_id, w.role, w.category, w.closed, w.balance, w.lines, w.sent_month, w.sent,
		l.id, l.kind, l.fund, l.expires_on - 'epoch'::date, l.hops, l.paid, l.remaining, l.since
		FROM wallets w LEFT JOIN lots l ON l.wallet_id = w.id AND l.open WHERE w.id = $1 ORDER BY l.id`
	lineColumns   = `wallet_id, no, entry_id, type, at, delta, cashback, balance, counterpart_kind, counterpart_owner, memo`
	readHistory   = `SELECT ` + lineColumns + ` FROM lines WHERE wallet_id = $1 AND no < $2 ORDER BY no DESC LIMIT $3`
	readLine      = `SELECT ` + lineColumns + ` FROM lines WHERE wallet_id = $1 AND entry_id = $2`
	readEntry     = `SELECT id, seq, type, at, actor_id, batch_id, corrects_id, memo FROM entries WHERE id = $1`
	postingColumn = `fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on - 'epoch'::date, hops, paid, amount`
	readPostings  = `SELECT ` + postingColumn + ` FROM postings WHERE entry_id = $1 ORDER BY no`
	// Each lot gives its own newest postings: a shop's may have a million, and all of them would be sorted.
	readSources = `SELECT p.entry_id, e.type, p.at, p.fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on - 'epoch'::date, hops, paid, amount
		FROM (SELECT DISTINCT unnest($1::uuid[]) AS lot) wanted
		CROSS JOIN LATERAL (SELECT * FROM postings WHERE destination_lot = wanted.lot ORDER BY at DESC, entry_id DESC, no LIMIT $2) p
		JOIN entries e ON e.id = p.entry_id ORDER BY p.at DESC, p.entry_id DESC, p.no LIMIT $2`
	readLotsByID = `SELECT id, kind, fund, expires_on - 'epoch'::date, hops, paid, remaining, since FROM lots WHERE id = ANY($1)`
	readHolder   = `SELECT wallet_id FROM lots WHERE id = $1`
	readLapsed   = `SELECT DISTINCT wallet_id FROM lots WHERE open AND expires_on < $1 AND wallet_id > $2 ORDER BY wallet_id LIMIT $3`
	readNow      = `SELECT fund, kind, sum(balance)::bigint FROM (
		SELECT fund, kind, balance FROM pots UNION ALL SELECT fund, 5, remaining FROM lots WHERE open
		UNION ALL SELECT code, 3, 0 FROM funds) everything GROUP BY fund, kind ORDER BY fund, kind`
	readThen = `SELECT fund, kind, sum(amount)::bigint FROM (
		SELECT fund, source_kind AS kind, -amount AS amount FROM postings WHERE at < $1 AND (source_kind <> 5 OR destination_kind <> 5)
		UNION ALL
		SELECT fund, destination_kind, amount FROM postings WHERE at < $1 AND (source_kind <> 5 OR destination_kind <> 5)
		UNION ALL SELECT code, 3, 0 FROM funds WHERE created_at < $1) everything GROUP BY fund, kind ORDER BY fund, kind`
	// A till has held cash since the last remittance, if that left some, and otherwise since it was empty last: charges
	// come in, and go out where they are undone. What it held before each of these is what it holds now less all later ones.
	readTills = `SELECT p.owner, w.owner_id, p.fund, -p.balance, coalesce(h.since, r.at) AS since
		FROM pots p JOIN wallets w ON w.id = p.owner
		CROSS JOIN LATERAL (SELECT max(at) AS at FROM postings WHERE fund = p.fund AND destination_kind = 2 AND destination_owner = p.owner AND source_kind <> 5) r
		CROSS JOIN LATERAL (SELECT max(at) FILTER (WHERE held = 0) AS since FROM (
			SELECT at, -p.balance - sum(change) OVER (ORDER BY at DESC ROWS UNBOUNDED PRECEDING) AS held FROM (
				SELECT at, amount AS change FROM postings
				WHERE fund = p.fund AND source_kind = 2 AND source_owner = p.owner AND at > coalesce(r.at, '-infinity')
				UNION ALL
				SELECT at, -amount FROM postings
				WHERE fund = p.fund AND destination_kind = 2 AND destination_owner = p.owner AND source_kind = 5 AND at > coalesce(r.at, '-infinity')) changes) helds) h
		WHERE p.kind = 2 AND p.balance < 0 ORDER BY since, p.owner, p.fund`
)

// Wallet is ledger.Statements'.
func (db *DB) Wallet(ctx context.Context, wallet ledger.WalletID) (ledger.Wallet, error) {
	rows, err := db.pool.Query(ctx, readWalletLots, [16]byte(wallet))
	if err != nil {
		return ledger.Wallet{}, fmt.Errorf("read wallet %s: %w", wallet, err)
	}
	defer rows.Close()
	var w ledger.Wallet
	for rows.Next() {
		var l lot.Lot
		var id pgtype.UUID
		var kind, fund pgtype.Text
		var days, hops pgtype.Int4
		var paid pgtype.Bool
		var remaining pgtype.Int8
		var since pgtype.Timestamptz
		if err := rows.Scan((*[16]byte)(&w.ID), (*[16]byte)(&w.Owner), (*uint8)(&w.Role), &w.Category, &w.Closed, (*int64)(&w.Balance), &w.Lines, &w.SentMonth, (*int64)(&w.Sent),
			&id, &kind, &fund, &days, &hops, &paid, &remaining, &since); err != nil {
			return w, fmt.Errorf("read wallet %s: %w", wallet, err)
		}
		if id.Valid {
			l.ID, l.Key = id.Bytes, keyOf(kind, fund.String, days, hops, paid)
			l.Remaining, l.Since = money.Points(remaining.Int64), since.Time
			w.Lots = append(w.Lots, l)
		}
	}
	if err := rows.Err(); err != nil {
		return w, fmt.Errorf("read wallet %s: %w", wallet, err)
	}
	if w.ID.IsZero() {
		return w, ledger.ErrWalletUnknown
	}
	return w, nil
}

func keyOf(kind pgtype.Text, fund string, days, hops pgtype.Int4, paid pgtype.Bool) lot.Key {
	if !kind.Valid {
		return lot.Key{}
	}
	return lot.Key{Kind: lot.KindCode(kind.String), Fund: lot.FundCode(fund), Expires: calendar.Day(days.Int32), Hops: hops.Int32, Paid: paid.Bool}
}

// History is ledger.Statements'. Without filters it is one prepared statement along the primary key.
func (db *DB) History(ctx context.Context, query ledger.HistoryQuery) (page.Of[ledger.Line], error) {
	before := query.Before
	if before == 0 {
		before = 1<<63 - 1
	}
	lines, err := db.history(ctx, query, before)
	if err != nil {
		return page.Of[ledger.Line]{}, fmt.Errorf("read history of wallet %s: %w", query.Wallet, err)
	}
	return page.Cut(lines, query.Limit, func(l ledger.Line) string { return strconv.FormatInt(l.No, 10) }), nil
}

func (db *DB) history(ctx context.Context, query ledger.HistoryQuery, before int64) ([]ledger.Line, error) {
	if query.Direction == ledger.EarnedAndUsed && len(query.Types) == 0 && query.From.IsZero() && query.Until.IsZero() && query.Counterpart.IsZero() {
		rows, err := db.pool.Query(ctx, readHistory, [16]byte(query.Wallet), before, query.Limit+1)
		if err != nil {
			return nil, err
		}
		return pgx.CollectRows(rows, scanLine)
	}
	q := db.bun.NewSelect().TableExpr("lines").ColumnExpr(lineColumns).
		Where("wallet_id = ?", query.Wallet.String()).Where("no < ?", before).OrderBy("no", bun.OrderDesc).Limit(int64(query.Limit) + 1)
	switch query.Direction {
	case ledger.Earned:
		q.Where("delta > 0")
	case ledger.Used:
		q.Where("delta < 0")
	}
	if len(query.Types) > 0 {
		q.Where("type IN (?)", bun.List(lo.Map(query.Types, func(t ledger.EntryType, _ int) int { return int(t) })))
	}
	if !query.From.IsZero() {
		q.Where("at >= ?", query.From)
	}
	if !query.Until.IsZero() {
		q.Where("at < ?", query.Until)
	}
	if !query.Counterpart.IsZero() {
		q.Where("counterpart_owner = ?", query.Counterpart.String())
	}
	return list(ctx, db, q, scanLine)
}

func scanLine(row pgx.CollectableRow) (ledger.Line, error) {
	var l ledger.Line
	err := row.Scan((*[16]byte)(&l.Wallet), &l.No, (*[16]byte)(&l.Entry), (*uint8)(&l.Type), &l.At, (*int64)(&l.Delta), (*int64)(&l.Cashback), (*int64)(&l.Balance),
		(*uint8)(&l.Counterpart.Kind), &l.Counterpart.Owner, &l.Memo)
	return l, err
}

// LineOf is ledger.Statements'.
func (db *DB) LineOf(ctx context.Context, wallet ledger.WalletID, entry ledger.EntryID) (ledger.Line, error) {
	rows, err := db.pool.Query(ctx, readLine, [16]byte(wallet), [16]byte(entry))
	if err != nil {
		return ledger.Line{}, fmt.Errorf("read line of entry %s: %w", entry, err)
	}
	line, err := pgx.CollectExactlyOneRow(rows, scanLine)
	if errors.Is(err, pgx.ErrNoRows) {
		return line, ledger.ErrEntryUnknown
	}
	return line, err
}

// Entry is ledger.Statements'.
func (db *DB) Entry(ctx context.Context, id ledger.EntryID) (ledger.Entry, error) {
	var e ledger.Entry
	var actor, batch, corrects pgtype.UUID
	err := db.pool.QueryRow(ctx, readEntry, [16]byte(id)).Scan((*[16]byte)(&e.ID), &e.Seq, (*uint8)(&e.Type), &e.At, &actor, &batch, &corrects, &e.Memo)
	if errors.Is(err, pgx.ErrNoRows) {
		return e, ledger.ErrEntryUnknown
	}
	if err != nil {
		return e, fmt.Errorf("read entry %s: %w", id, err)
	}
	e.Actor, e.Batch, e.Corrects = actor.Bytes, batch.Bytes, corrects.Bytes
	rows, err := db.pool.Query(ctx, readPostings, [16]byte(id))
	if err != nil {
		return e, fmt.Errorf("read postings of entry %s: %w", id, err)
	}
	e.Postings, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p ledger.Posting, err error) {
		var s postingScan
		err = row.Scan(s.into(&p)...)
		s.finish(&p)
		return p, err
	})
	return e, err
}

// postingScan holds the nullable columns of a posting while a row is read.
type postingScan struct {
	sourceLot, destinationLot pgtype.UUID
	kind                      pgtype.Text
	days, hops                pgtype.Int4
	paid                      pgtype.Bool
}

func (s *postingScan) into(p *ledger.Posting) []any {
	return []any{
		(*string)(&p.Fund), (*uint8)(&p.Source.Kind), &p.Source.Owner, &s.sourceLot, (*uint8)(&p.Destination.Kind), &p.Destination.Owner,
		&s.destinationLot, &s.kind, &s.days, &s.hops, &s.paid, (*int64)(&p.Amount),
	}
}

func (s *postingScan) finish(p *ledger.Posting) {
	p.SourceLot, p.DestinationLot = s.sourceLot.Bytes, s.destinationLot.Bytes
	p.Points = keyOf(s.kind, string(p.Fund), s.days, s.hops, s.paid)
}

// Sources is ledger.Statements'.
func (db *DB) Sources(ctx context.Context, lots []lot.ID, limit int) ([]ledger.Source, error) {
	rows, err := db.pool.Query(ctx, readSources, uuids(lots), limit)
	if err != nil {
		return nil, fmt.Errorf("read sources of %d lots: %w", len(lots), err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (source ledger.Source, err error) {
		var s postingScan
		err = row.Scan(append([]any{(*[16]byte)(&source.Entry), (*uint8)(&source.Type), &source.At}, s.into(&source.Posting)...)...)
		s.finish(&source.Posting)
		return source, err
	})
}

// Lots is ledger.Statements'.
func (db *DB) Lots(ctx context.Context, ids []lot.ID) (map[lot.ID]lot.Lot, error) {
	rows, err := db.pool.Query(ctx, readLotsByID, uuids(ids))
	if err != nil {
		return nil, fmt.Errorf("read %d lots: %w", len(ids), err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (l lot.Lot, err error) {
		err = row.Scan((*[16]byte)(&l.ID), (*string)(&l.Kind), (*string)(&l.Fund), (*int32)(&l.Expires), &l.Hops, &l.Paid, (*int64)(&l.Remaining), &l.Since)
		return l, err
	})
	return lo.KeyBy(found, func(l lot.Lot) lot.ID { return l.ID }), err
}

// LotHolder is ledger.Statements'.
func (db *DB) LotHolder(ctx context.Context, id lot.ID) (ledger.WalletID, error) {
	var wallet ledger.WalletID
	err := db.pool.QueryRow(ctx, readHolder, [16]byte(id)).Scan((*[16]byte)(&wallet))
	if errors.Is(err, pgx.ErrNoRows) {
		return wallet, ledger.ErrLotUnknown
	}
	return wallet, err
}

// Lapsing is ledger.Statements'.
func (db *DB) Lapsing(ctx context.Context, query ledger.LapsingQuery) (page.Of[ledger.HeldLot], error) {
	q := db.bun.NewSelect().TableExpr("lots AS l").Join("JOIN wallets AS w ON w.id = l.wallet_id").
		ColumnExpr("l.wallet_id, w.owner_id, l.id, l.kind, l.fund, l.expires_on - 'epoch'::date, l.hops, l.paid, l.remaining, l.since").
		Where("l.open").Where("l.expires_on <= ?", query.Until.String()).
		OrderBy("l.expires_on", bun.OrderAsc).OrderBy("l.wallet_id", bun.OrderAsc).OrderBy("l.id", bun.OrderAsc).Limit(int64(query.Limit) + 1)
	if !query.Wallet.IsZero() {
		q.Where("l.wallet_id = ?", query.Wallet.String())
	}
	if query.After != "" {
		day, wallet, id, err := parseHeld(query.After)
		if err != nil {
			return page.Of[ledger.HeldLot]{}, err
		}
		q.Where("(l.expires_on, l.wallet_id, l.id) > (?, ?, ?)", day, wallet, id)
	}
	held, err := list(ctx, db, q, func(row pgx.CollectableRow) (h ledger.HeldLot, err error) {
		err = row.Scan((*[16]byte)(&h.Wallet), (*[16]byte)(&h.Owner), (*[16]byte)(&h.ID), (*string)(&h.Kind), (*string)(&h.Fund), (*int32)(&h.Expires), &h.Hops, &h.Paid, (*int64)(&h.Remaining), &h.Since)
		return h, err
	})
	if err != nil {
		return page.Of[ledger.HeldLot]{}, fmt.Errorf("read lapsing lots: %w", err)
	}
	return page.Cut(held, query.Limit, func(h ledger.HeldLot) string {
		return strings.Join([]string{h.Expires.String(), h.Wallet.String(), h.ID.String()}, "_")
	}), nil
}

func parseHeld(cursor string) (day, wallet, id string, err error) {
	parts := strings.Split(cursor, "_")
	if len(parts) != 3 {
		return "", "", "", page.ErrCursor
	}
	_, dayErr := calendar.ParseDay(parts[0])
	_, walletErr := ident.Parse[lot.Lot](parts[1])
	_, idErr := ident.Parse[lot.Lot](parts[2])
	if errors.Join(dayErr, walletErr, idErr) != nil {
		return "", "", "", page.ErrCursor
	}
	return parts[0], parts[1], parts[2], nil
}

// LapsedWallets is ledger.Statements'.
func (db *DB) LapsedWallets(ctx context.Context, day calendar.Day, after ledger.WalletID, limit int) ([]ledger.WalletID, error) {
	rows, err := db.pool.Query(ctx, readLapsed, date(day), [16]byte(after), limit)
	if err != nil {
		return nil, fmt.Errorf("read lapsed wallets: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (id ledger.WalletID, err error) {
		err = row.Scan((*[16]byte)(&id))
		return id, err
	})
}

// Position is ledger.Statements'. The present is read from the balances that stand, the past from the journal.
func (db *DB) Position(ctx context.Context, at time.Time) (ledger.Position, error) {
	sql, args := readNow, []any{}
	if !at.IsZero() {
		sql, args = readThen, []any{at}
	}
	rows, err := db.pool.Query(ctx, sql, args...)
	if err != nil {
		return ledger.Position{}, fmt.Errorf("read position: %w", err)
	}
	defer rows.Close()
	position := ledger.Position{At: at}
	for rows.Next() {
		var fund lot.FundCode
		var kind ledger.PotKind
		var sum int64
		if err := rows.Scan((*string)(&fund), (*uint8)(&kind), &sum); err != nil {
			return position, fmt.Errorf("read position: %w", err)
		}
		if n := len(position.Funds); n == 0 || position.Funds[n-1].Fund != fund {
			position.Funds = append(position.Funds, ledger.FundPosition{Fund: fund})
		}
		position.Funds[len(position.Funds)-1].Add(kind, money.Points(sum))
	}
	return position, rows.Err()
}

// Tills is ledger.Statements'.
func (db *DB) Tills(ctx context.Context) ([]ledger.TillState, error) {
	rows, err := db.pool.Query(ctx, readTills)
	if err != nil {
		return nil, fmt.Errorf("read tills: %w", err)
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (t ledger.TillState, err error) {
		err = row.Scan((*[16]byte)(&t.Merchant), (*[16]byte)(&t.Owner), (*string)(&t.Fund), (*int64)(&t.Cash), &t.Since)
		return t, err
	})
}
