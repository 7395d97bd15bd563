package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
)

// The statements that write a book: each takes one array per column. Lots go before their wallets, whose trigger
// compares the two.
const (
	insertKeys = `INSERT INTO idempotency_keys (actor_id, key, hash, result)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::bytea[], $4::uuid[])`
	insertEntries = `INSERT INTO entries (id, type, at, actor_id, batch_id, corrects_id, memo)
		SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::uuid[], $5::uuid[], $6::uuid[], $7::text[])`
	insertPostings = `INSERT INTO postings (entry_id, no, at, fund, source_kind, source_owner, source_lot, destination_kind, destination_owner, destination_lot, kind, expires_on, hops, paid, amount)
		SELECT entry_id, no, at, fund, sk, so, sl, dk, d, dl, kind, 'epoch'::date + days, hops, paid, amount
		FROM unnest($1::uuid[], $2::smallint[], $3::timestamptz[], $4::text[], $5::smallint[], $6::uuid[], $7::uuid[], $8::smallint[], $9::uuid[], $10::uuid[], $11::text[], $12::int[], $13::int[], $14::boolean[], $15::bigint[])
		AS p(entry_id, no, at, fund, sk, so, sl, dk, d, dl, kind, days, hops, paid, amount)`
	insertLines = `INSERT INTO lines (wallet_id, no, entry_id, type, at, delta, cashback, balance, counterpart_kind, counterpart_owner, memo)
		SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::uuid[], $4::smallint[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[], $9::smallint[], $10::uuid[], $11::text[])`
	updateLots = `UPDATE lots SET remaining = c.remaining FROM unnest($1::uuid[], $2::bigint[]) AS c(id, remaining) WHERE lots.id = c.id`
	insertLots = `INSERT INTO lots (id, wallet_id, kind, fund, expires_on, hops, paid, remaining, since)
		SELECT id, wallet_id, kind, fund, 'epoch'::date + days, hops, paid, remaining, since
		FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::int[], $6::int[], $7::boolean[], $8::bigint[], $9::timestamptz[])
		AS l(id, wallet_id, kind, fund, days, hops, paid, remaining, since)`
	updateWallets = `UPDATE wallets SET balance = c.balance, lines = c.lines, sent_month = c.sent_month, sent = c.sent
		FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::int[], $5::bigint[]) AS c(id, balance, lines, sent_month, sent) WHERE wallets.id = c.id`
	updatePots = `UPDATE pots SET balance = c.balance
		FROM unnest($1::smallint[], $2::uuid[], $3::text[], $4::bigint[]) AS c(kind, owner, fund, balance)
		WHERE pots.kind = c.kind AND pots.owner = c.owner AND pots.fund = c.fund`
	useCodes = `UPDATE codes SET used_by = c.entry FROM unnest($1::text[], $2::uuid[]) AS c(token, entry) WHERE codes.token = c.token`
)

// Append is ledger.Ledger's. It only holds the statements back: they travel with the commit.
func (l *Ledger) Append(_ context.Context, book *ledger.Book) error {
	w := book.Written()
	l.appendKeys(w)
	l.appendEntries(w.Entries)
	l.appendLines(w.Lines)
	l.appendWallets(book)
	l.appendPots(book)
	if err := l.appendEarned(book, w); err != nil {
		return err
	}
	if len(w.Used) > 0 {
		tokens, entries := make([]string, len(w.Used)), make([][16]byte, len(w.Used))
		for i, c := range w.Used {
			tokens[i], entries[i] = string(c.Token), c.UsedBy
		}
		l.session.write(useCodes, tokens, entries)
	}
	return nil
}

func (l *Ledger) appendKeys(w ledger.Written) {
	n := len(w.Records)
	if n == 0 {
		return
	}
	actors, keys, hashes, results := make([][16]byte, n), make([]string, n), make([][]byte, n), make([][16]byte, n)
	for i := range w.Records {
		r := &w.Records[i]
		actors[i], keys[i], hashes[i], results[i] = r.Actor, string(r.Key), r.Hash[:], r.Result
	}
	l.session.write(insertKeys, actors, keys, hashes, results)
}

func (l *Ledger) appendEntries(entries []ledger.Entry) {
	n := len(entries)
	if n == 0 {
		return
	}
	ids, types, ats, memos := make([][16]byte, n), make([]int16, n), make([]time.Time, n), make([]string, n)
	actors, batches, corrects := make([]pgtype.UUID, n), make([]pgtype.UUID, n), make([]pgtype.UUID, n)
	var p postingColumns
	for i := range entries {
		e := &entries[i]
		ids[i], types[i], ats[i], memos[i] = e.ID, int16(e.Type), e.At, e.Memo
		actors[i], batches[i], corrects[i] = nullable(e.Actor), nullable(e.Batch), nullable(e.Corrects)
		for no := range e.Postings {
			p.add(e, no)
		}
	}
	l.session.write(insertEntries, ids, types, ats, actors, batches, corrects, memos)
	l.session.write(insertPostings, p.entries, p.nos, p.ats, p.funds, p.sourceKinds, p.sourceOwners, p.sourceLots,
		p.destinationKinds, p.destinationOwners, p.destinationLots, p.kinds, p.days, p.hops, p.paid, p.amounts)
}

type postingColumns struct {
	entries, sourceOwners, destinationOwners [][16]byte
	nos, sourceKinds, destinationKinds       []int16
	ats                                      []time.Time
	funds                                    []string
	sourceLots, destinationLots              []pgtype.UUID
	kinds                                    []pgtype.Text
	days, hops                               []pgtype.Int4
	paid                                     []pgtype.Bool
	amounts                                  []int64
}

func (c *postingColumns) add(e *ledger.Entry, no int) {
	p := &e.Postings[no]
	inWallet := p.Points.Kind != ""
	c.entries, c.nos, c.ats = append(c.entries, e.ID), append(c.nos, int16(no)), append(c.ats, e.At)
	c.funds, c.amounts = append(c.funds, string(p.Fund)), append(c.amounts, int64(p.Amount))
	c.sourceKinds, c.sourceOwners = append(c.sourceKinds, int16(p.Source.Kind)), append(c.sourceOwners, p.Source.Owner)
	c.destinationKinds, c.destinationOwners = append(c.destinationKinds, int16(p.Destination.Kind)), append(c.destinationOwners, p.Destination.Owner)
	c.sourceLots, c.destinationLots = append(c.sourceLots, nullable(p.SourceLot)), append(c.destinationLots, nullable(p.DestinationLot))
	c.kinds = append(c.kinds, pgtype.Text{String: string(p.Points.Kind), Valid: inWallet})
	c.days = append(c.days, pgtype.Int4{Int32: int32(p.Points.Expires), Valid: inWallet})
	c.hops = append(c.hops, pgtype.Int4{Int32: p.Points.Hops, Valid: inWallet})
	c.paid = append(c.paid, pgtype.Bool{Bool: p.Points.Paid, Valid: inWallet})
}

func (l *Ledger) appendLines(lines []ledger.Line) {
	n := len(lines)
	if n == 0 {
		return
	}
	wallets, entries, owners := make([][16]byte, n), make([][16]byte, n), make([][16]byte, n)
	nos, deltas, cashbacks, balances := make([]int64, n), make([]int64, n), make([]int64, n), make([]int64, n)
	types, kinds := make([]int16, n), make([]int16, n)
	ats, memos := make([]time.Time, n), make([]string, n)
	for i := range lines {
		line := &lines[i]
		wallets[i], nos[i], entries[i], types[i], ats[i] = line.Wallet, line.No, line.Entry, int16(line.Type), line.At
		deltas[i], cashbacks[i], balances[i] = int64(line.Delta), int64(line.Cashback), int64(line.Balance)
		kinds[i], owners[i], memos[i] = int16(line.Counterpart.Kind), line.Counterpart.Owner, line.Memo
	}
	l.session.write(insertLines, wallets, nos, entries, types, ats, deltas, cashbacks, balances, kinds, owners, memos)
}

func (l *Ledger) appendWallets(book *ledger.Book) {
	var changed struct {
		ids       [][16]byte
		remaining []int64
	}
	var fresh lotColumns
	var wallets walletColumns
	for w := range book.ChangedWallets {
		wallets.add(w)
		for l, isFresh := range w.ChangedLots {
			if isFresh {
				fresh.add(w.ID, l)
			} else {
				changed.ids, changed.remaining = append(changed.ids, l.ID), append(changed.remaining, int64(l.Remaining))
			}
		}
	}
	if len(changed.ids) > 0 {
		l.session.write(updateLots, changed.ids, changed.remaining)
	}
	if len(fresh.ids) > 0 {
		l.session.write(insertLots, fresh.ids, fresh.wallets, fresh.kinds, fresh.funds, fresh.days, fresh.hops, fresh.paid, fresh.remaining, fresh.since)
	}
	if len(wallets.ids) > 0 {
		l.session.write(updateWallets, wallets.ids, wallets.balances, wallets.lines, wallets.months, wallets.sent)
	}
}

func (l *Ledger) appendPots(book *ledger.Book) {
	var pots []ledger.Pot
	var balances []int64
	for pot, balance := range book.ChangedPots {
		pots, balances = append(pots, pot), append(balances, int64(balance))
	}
	if len(pots) > 0 {
		kinds, owners, funds := potColumns(pots)
		l.session.write(updatePots, kinds, owners, funds, balances)
	}
}

type lotColumns struct {
	ids, wallets [][16]byte
	kinds, funds []string
	days, hops   []int32
	paid         []bool
	remaining    []int64
	since        []time.Time
}

func (c *lotColumns) add(wallet ledger.WalletID, l lot.Lot) {
	c.ids, c.wallets = append(c.ids, l.ID), append(c.wallets, wallet)
	c.kinds, c.funds = append(c.kinds, string(l.Kind)), append(c.funds, string(l.Fund))
	c.days, c.hops, c.paid = append(c.days, int32(l.Expires)), append(c.hops, l.Hops), append(c.paid, l.Paid)
	c.remaining, c.since = append(c.remaining, int64(l.Remaining)), append(c.since, l.Since)
}

type walletColumns struct {
	ids                   [][16]byte
	balances, lines, sent []int64
	months                []int32
}

func (c *walletColumns) add(w *ledger.Wallet) {
	c.ids, c.balances, c.lines = append(c.ids, w.ID), append(c.balances, int64(w.Balance)), append(c.lines, w.Lines)
	c.months, c.sent = append(c.months, w.SentMonth), append(c.sent, int64(w.Sent))
}
