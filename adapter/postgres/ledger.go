package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Ledger is ledger.Ledger on a session.
type Ledger struct{ session *Session }

// Ledger gives the session's ledger.
func (s *Session) Ledger() *Ledger { return &Ledger{s} }

var _ ledger.Ledger = (*Ledger)(nil)

// The statements that open a book. $1 is wallets, $2 codes. Each statement has a snapshot of its own, taken after
// the locks of the one before are held.
const (
	wantedWallets = `SELECT unnest($1::uuid[]) UNION SELECT wallet_id FROM codes WHERE token = ANY($2::text[]) AND wallet_id IS NOT NULL`
	readWallets   = `SELECT id, owner_id, role, category, closed, balance, lines, sent_month, sent FROM wallets WHERE id IN (` + wantedWallets + `) ORDER BY id`
	lockWallets   = readWallets + ` FOR NO KEY UPDATE`
	readLots      = `SELECT wallet_id, id, kind, fund, expires_on - 'epoch'::date, hops, paid, remaining, since FROM lots WHERE wallet_id IN (` + wantedWallets + `) AND open ORDER BY id`
	readCodes     = `SELECT token, purpose, owner_id, wallet_id, amount, amount_max, issued_at, expires_at, revoked_at, used_by, print_version FROM codes WHERE token = ANY($1::text[])`
	// Each key is looked up by itself: a join would be planned while the table is small, and read all of it later.
	readKeys = `SELECT c.actor_id, c.key, k.hash, k.result FROM unnest($1::uuid[], $2::text[]) AS c(actor_id, key),
		LATERAL (SELECT hash, result FROM idempotency_keys WHERE actor_id = c.actor_id AND key = c.key LIMIT 1) k`
	readVersions = `SELECT (SELECT coalesce(max(version), 0) FROM rules), (SELECT version FROM offers)`
	touchPots    = `INSERT INTO pots (kind, owner, fund) SELECT p.kind, p.owner, p.fund FROM unnest($1::smallint[], $2::uuid[], $3::text[]) AS p(kind, owner, fund) JOIN funds ON code = p.fund ON CONFLICT DO NOTHING`
	readPots     = `SELECT kind, owner, fund, balance FROM pots WHERE (kind, owner, fund) IN (SELECT * FROM unnest($1::smallint[], $2::uuid[], $3::text[])) ORDER BY kind, owner, fund`
	lockPots     = readPots + ` FOR NO KEY UPDATE`
	peekPots     = `SELECT p.kind, p.owner, p.fund, coalesce(balance, 0) FROM unnest($1::smallint[], $2::uuid[], $3::text[]) AS p(kind, owner, fund) JOIN funds ON code = p.fund LEFT JOIN pots USING (kind, owner, fund)`
)

// opening is how a book is opened: with which statements.
type opening struct{ wallets, pots, eligible, past string }

var (
	locking = opening{lockWallets, lockPots, lockEligible, lockPastCampaigns}
	peeking = opening{readWallets, peekPots, readEligible, readPastCampaigns}
)

// Open is ledger.Ledger's: one round trip, and a second one where a campaign nears its budget, a programme has a cap per
// person, or entries are to be corrected.
func (l *Ledger) Open(ctx context.Context, now time.Time, want ledger.Want) (*ledger.Book, error) {
	return l.open(ctx, now, want, locking)
}

// Peek is ledger.Ledger's. It takes as many round trips as Open.
func (l *Ledger) Peek(ctx context.Context, now time.Time, want ledger.Want) (*ledger.Book, error) {
	return l.open(ctx, now, want, peeking)
}

func (l *Ledger) open(ctx context.Context, now time.Time, want ledger.Want, how opening) (*ledger.Book, error) {
	var (
		wallets []*ledger.Wallet
		codes   []user.Code
		records []idem.Record
		version int64
		offers  int64
		byID    map[ledger.WalletID]*ledger.Wallet
		pots    map[ledger.Pot]money.Points
	)
	ids, tokens := uuids(want.Wallets), texts(want.Codes)
	s := l.session
	s.begin()
	s.writes.Queue(how.wallets, ids, tokens).Query(func(rows pgx.Rows) (err error) {
		wallets, byID, err = scanWallets(rows)
		return err
	})
	s.writes.Queue(readLots, ids, tokens).Query(func(rows pgx.Rows) error { return scanLots(rows, byID) })
	if len(want.Codes) > 0 {
		s.writes.Queue(readCodes, tokens).Query(func(rows pgx.Rows) (err error) {
			codes, err = pgx.CollectRows(rows, scanCode)
			return err
		})
	}
	if len(want.Pots) > 0 {
		kinds, owners, funds := potColumns(want.Pots)
		if how == locking {
			s.writes.Queue(touchPots, kinds, owners, funds)
		}
		s.writes.Queue(how.pots, kinds, owners, funds).Query(func(rows pgx.Rows) (err error) {
			pots, err = scanPots(rows)
			return err
		})
	}
	// Keys come behind every lock: those of people without a wallet are guarded by the pots alone.
	if len(want.Claims) > 0 {
		actors, keys := make([][16]byte, len(want.Claims)), make([]string, len(want.Claims))
		for i, c := range want.Claims {
			actors[i], keys[i] = c.Actor, string(c.Key)
		}
		s.writes.Queue(readKeys, actors, keys).Query(func(rows pgx.Rows) (err error) {
			records, err = pgx.CollectRows(rows, scanRecord)
			return err
		})
	}
	seen := l.foresee(now, want, ids, tokens)
	s.writes.Queue(readVersions).QueryRow(func(row pgx.Row) error { return row.Scan(&version, &offers) })
	if err := s.flush(ctx); err != nil {
		return nil, err
	}
	rules, err := s.rulesAt(ctx, version)
	if err != nil {
		return nil, err
	}
	book := ledger.NewBook(now, rules, wallets, pots, codes, records)
	return book, l.earn(ctx, book, want, offers, how, seen)
}

func scanWallets(rows pgx.Rows) ([]*ledger.Wallet, map[ledger.WalletID]*ledger.Wallet, error) {
	var wallets []*ledger.Wallet
	byID := map[ledger.WalletID]*ledger.Wallet{}
	for rows.Next() {
		var w ledger.Wallet
		if err := rows.Scan((*[16]byte)(&w.ID), (*[16]byte)(&w.Owner), (*uint8)(&w.Role), &w.Category, &w.Closed, (*int64)(&w.Balance), &w.Lines, &w.SentMonth, (*int64)(&w.Sent)); err != nil {
			return nil, nil, err
		}
		wallets = append(wallets, &w)
		byID[w.ID] = &w
	}
	return wallets, byID, rows.Err()
}

func scanLots(rows pgx.Rows, wallets map[ledger.WalletID]*ledger.Wallet) error {
	for rows.Next() {
		var l lot.Lot
		var wallet [16]byte
		if err := rows.Scan(&wallet, (*[16]byte)(&l.ID), (*string)(&l.Kind), (*string)(&l.Fund), (*int32)(&l.Expires), &l.Hops, &l.Paid, (*int64)(&l.Remaining), &l.Since); err != nil {
			return err
		}
		if w, ok := wallets[wallet]; ok {
			w.Lots = append(w.Lots, l)
		}
	}
	return rows.Err()
}

func scanRecord(row pgx.CollectableRow) (idem.Record, error) {
	var r idem.Record
	var hash []byte
	if err := row.Scan(&r.Actor, (*string)(&r.Key), &hash, &r.Result); err != nil {
		return r, err
	}
	copy(r.Hash[:], hash)
	return r, nil
}

func scanPots(rows pgx.Rows) (map[ledger.Pot]money.Points, error) {
	pots := map[ledger.Pot]money.Points{}
	for rows.Next() {
		var pot ledger.Pot
		var balance int64
		if err := rows.Scan((*uint8)(&pot.Kind), &pot.Owner, (*string)(&pot.Fund), &balance); err != nil {
			return nil, err
		}
		pots[pot] = money.Points(balance)
	}
	return pots, rows.Err()
}

func potColumns(pots []ledger.Pot) (kinds []int16, owners [][16]byte, funds []string) {
	for _, p := range pots {
		kinds, owners, funds = append(kinds, int16(p.Kind)), append(owners, p.Owner), append(funds, string(p.Fund))
	}
	return kinds, owners, funds
}

// uuids gives identifiers in the form that pgx encodes without reflection. It is never nil, which SQL would take
// for an unknown set.
func uuids[K any](ids []ident.ID[K]) [][16]byte {
	plain := make([][16]byte, len(ids))
	for i, id := range ids {
		plain[i] = id
	}
	return plain
}

func texts[T ~string](values []T) []string {
	plain := make([]string, len(values))
	for i, v := range values {
		plain[i] = string(v)
	}
	return plain
}

// nullable gives an identifier that SQL sees as null when it is zero.
func nullable(id [16]byte) pgtype.UUID { return pgtype.UUID{Bytes: id, Valid: id != [16]byte{}} }

// nullableTime gives an instant that SQL sees as null when it is zero.
func nullableTime(at time.Time) pgtype.Timestamptz {
	return pgtype.Timestamptz{Time: at, Valid: !at.IsZero()}
}

// date gives a day as pgx writes it.
func date(day calendar.Day) pgtype.Date {
	return pgtype.Date{Time: time.Unix(int64(day)*86400, 0).UTC(), Valid: true}
}
