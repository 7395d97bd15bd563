package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/proof"
)

// Books is proof.Books: two read-only transactions that share one snapshot, so that the journal and what stands
// are read side by side and are of the same moment.
type Books struct{ db *DB }

// Books gives the readings of everything that is kept.
func (db *DB) Books() *Books { return &Books{db} }

var _ proof.Books = (*Books)(nil)

// The statements of a reading.
const (
	beginReading = `BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY`
	// A reading is long and one side of it may wait for the other. The tables are read whole, once.
	tuneReading    = `SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL work_mem = '64MB'; SET LOCAL jit = off`
	exportSnapshot = `SELECT pg_export_snapshot()`
	readAllLines   = `SELECT wallet_id, no, entry_id, type, at, delta, cashback, balance, counterpart_kind, counterpart_owner, memo FROM lines`
	readLinesOf    = readAllLines + ` WHERE wallet_id = $1 ORDER BY no LIMIT $2`
	readAllWallets = `SELECT id, balance, lines FROM wallets`
	readAllLots    = `SELECT wallet_id, id, kind, fund, expires_on, hops, paid, remaining, since FROM lots`
	readAllPots    = `SELECT kind, owner, fund, balance FROM pots`
	readUndoings   = `SELECT entry_id, original_id, amount, receivable FROM corrections`
	readReturned   = `SELECT wallet_id, sum(amount)::bigint FROM awards WHERE NOT campaign AND entry_id = payment_id GROUP BY wallet_id`
	// What a campaign has paid is promised no more, and its count stays.
	readWrongCampaigns = `SELECT c.id, c.accrued, s.promised FROM campaigns c,
		LATERAL (SELECT coalesce(sum(amount), 0)::bigint AS promised FROM awards WHERE offer_id = c.id AND campaign AND amount <> 0) s
		WHERE CASE WHEN c.state IN ('paying', 'paid') THEN c.accrued < s.promised ELSE c.accrued <> s.promised END`
	readWrongShares = `SELECT s.offer_id, s.wallet_id, s.amount, coalesce(a.had, 0) FROM shares s LEFT JOIN campaigns c ON c.id = s.offer_id
		LEFT JOIN (SELECT offer_id, wallet_id, sum(amount)::bigint AS had FROM awards GROUP BY offer_id, wallet_id) a USING (offer_id, wallet_id)
		WHERE CASE WHEN c.state IN ('paying', 'paid') THEN s.amount < coalesce(a.had, 0) ELSE s.amount <> coalesce(a.had, 0) END`
	readLooseAwards = `SELECT a.entry_id, a.offer_id, a.amount FROM awards a WHERE NOT EXISTS (SELECT FROM entries e
		WHERE e.id = a.entry_id AND (e.type = 8 AND e.id = a.payment_id OR e.type IN (16, 17) AND e.corrects_id = a.payment_id))`
	countKeys     = `SELECT count(*) FROM idempotency_keys`
	readLooseKeys = `SELECT actor_id, key, result FROM idempotency_keys k
		WHERE NOT EXISTS (SELECT FROM entries t WHERE t.id = k.result) AND NOT EXISTS (SELECT FROM batches t WHERE t.id = k.result)
		AND NOT EXISTS (SELECT FROM claims t WHERE t.id = k.result) AND NOT EXISTS (SELECT FROM payouts t WHERE t.id = k.result)
		AND NOT EXISTS (SELECT FROM bank_files t WHERE t.id = k.result) AND NOT EXISTS (SELECT FROM approval_requests t WHERE t.id = k.result)`
	countPostings     = `SELECT count(*) FROM postings`
	readLoosePostings = `SELECT entry_id, no, amount FROM postings p WHERE NOT EXISTS (SELECT FROM entries e WHERE e.id = p.entry_id)`
)

// reading is one snapshot on two connections: main reads the journal, side everything else.
type reading struct {
	main, side *pgxpool.Conn
	journal    *journal
	names      names // of side
}

// Read is proof.Books'.
func (b *Books) Read(ctx context.Context) (proof.Reading, error) {
	r := &reading{names: names{}}
	if err := r.open(ctx, b.db.pool); err != nil {
		r.Close()
		return nil, fmt.Errorf("open reading: %w", err)
	}
	return r, nil
}

func (r *reading) open(ctx context.Context, pool *pgxpool.Pool) (err error) {
	if r.main, err = pool.Acquire(ctx); err != nil {
		return err
	}
	if r.side, err = pool.Acquire(ctx); err != nil {
		return err
	}
	for _, statement := range []string{beginReading, tuneReading} {
		if _, err := r.main.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	var snapshot string
	if err := r.main.QueryRow(ctx, exportSnapshot).Scan(&snapshot); err != nil {
		return err
	}
	for _, statement := range []string{beginReading, "SET TRANSACTION SNAPSHOT '" + snapshot + "'", tuneReading} {
		if _, err := r.side.Exec(ctx, statement, pgx.QueryExecModeSimpleProtocol); err != nil {
			return err
		}
	}
	r.journal = newJournal(r.main.Conn())
	return nil
}

// Close is proof.Reading's.
func (r *reading) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	for _, conn := range []*pgxpool.Conn{r.side, r.main} {
		if conn == nil {
			continue
		}
		if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
			_ = conn.Conn().Close(ctx) // the server then ends the transaction
		}
		conn.Release()
	}
	r.main, r.side = nil, nil
}

// Journal is proof.Reading's.
func (r *reading) Journal(ctx context.Context, yield func([]ledger.Entry) error) error {
	r.journal = newJournal(r.main.Conn())
	return r.journal.each(ctx, yield)
}

// Lines is proof.Reading's.
func (r *reading) Lines(ctx context.Context, yield func(*ledger.Line)) error {
	var line ledger.Line
	return r.each(ctx, func(v [][]byte) {
		r.line(v, &line)
		yield(&line)
	}, readAllLines)
}

// History is proof.Reading's.
func (r *reading) History(ctx context.Context, wallet ledger.WalletID, limit int) ([]ledger.Line, error) {
	var lines []ledger.Line
	err := r.each(ctx, func(v [][]byte) {
		lines = append(lines, ledger.Line{})
		r.line(v, &lines[len(lines)-1])
	}, readLinesOf, [16]byte(wallet), limit)
	return lines, err
}

func (r *reading) line(v [][]byte, line *ledger.Line) {
	*line = ledger.Line{
		Wallet: rawUUID(v[0]), No: rawInt8(v[1]), Entry: rawUUID(v[2]), Type: ledger.EntryType(rawInt2(v[3])), At: rawTime(v[4]),
		Delta: money.Points(rawInt8(v[5])), Cashback: money.Points(rawInt8(v[6])), Balance: money.Points(rawInt8(v[7])),
		Counterpart: ledger.Account{Kind: ledger.PotKind(rawInt2(v[8])), Owner: rawUUID(v[9])}, Memo: r.names.of(v[10]),
	}
}

// Wallets is proof.Reading's.
func (r *reading) Wallets(ctx context.Context, yield func(ledger.WalletID, money.Points, int64)) error {
	return r.each(ctx, func(v [][]byte) { yield(rawUUID(v[0]), money.Points(rawInt8(v[1])), rawInt8(v[2])) }, readAllWallets)
}

// Lots is proof.Reading's.
func (r *reading) Lots(ctx context.Context, yield func(ledger.WalletID, *lot.Lot)) error {
	var l lot.Lot
	return r.each(ctx, func(v [][]byte) {
		l = lot.Lot{
			ID: rawUUID(v[1]),
			Key: lot.Key{
				Kind: lot.KindCode(r.names.of(v[2])), Fund: lot.FundCode(r.names.of(v[3])), Expires: rawDay(v[4]),
				Hops: rawInt4(v[5]), Paid: rawBool(v[6]),
			},
			Remaining: money.Points(rawInt8(v[7])), Since: rawTime(v[8]),
		}
		yield(rawUUID(v[0]), &l)
	}, readAllLots)
}

// Pots is proof.Reading's.
func (r *reading) Pots(ctx context.Context, yield func(ledger.Pot, money.Points)) error {
	return r.each(ctx, func(v [][]byte) {
		yield(ledger.Pot{
			Account: ledger.Account{Kind: ledger.PotKind(rawInt2(v[0])), Owner: rawUUID(v[1])},
			Fund:    lot.FundCode(r.names.of(v[2])),
		}, money.Points(rawInt8(v[3])))
	}, readAllPots)
}

// Corrected is proof.Reading's.
func (r *reading) Corrected(ctx context.Context, yield func(*ledger.Entry)) error {
	corrected := &journal{conn: r.side.Conn(), entries: readCorrected, scattered: true, names: r.names, found: &proof.Findings{}}
	var c chunk
	for after := int64(minSeq); ; after = c.entries[len(c.entries)-1].Seq {
		if err := corrected.read(ctx, &c, after, maxSeq, journalChunk); err != nil || len(c.entries) == 0 {
			return err
		}
		for i := range c.entries {
			yield(&c.entries[i])
		}
	}
}

// Undoings is proof.Reading's.
func (r *reading) Undoings(ctx context.Context, yield func(ledger.Undoing)) error {
	return r.each(ctx, func(v [][]byte) {
		yield(ledger.Undoing{Entry: rawUUID(v[0]), Original: rawUUID(v[1]), Amount: money.Points(rawInt8(v[2])), Receivable: money.Points(rawInt8(v[3]))})
	}, readUndoings)
}

// Returned is proof.Reading's.
func (r *reading) Returned(ctx context.Context, yield func(ledger.WalletID, money.Points)) error {
	return r.each(ctx, func(v [][]byte) { yield(rawUUID(v[0]), money.Points(rawInt8(v[1]))) }, readReturned)
}

// Promises is proof.Reading's.
func (r *reading) Promises(ctx context.Context, found *proof.Findings) error {
	err := r.each(ctx, func(v [][]byte) {
		found.Add(proof.PromiseDiffers, "campaign "+cashback.OfferID(rawUUID(v[0])).String(), "counts %d, its awards sum to %d", rawInt8(v[1]), rawInt8(v[2]))
	}, readWrongCampaigns)
	if err != nil {
		return fmt.Errorf("campaigns: %w", err)
	}
	err = r.each(ctx, func(v [][]byte) {
		subject := fmt.Sprintf("share of wallet %s in offer %s", ledger.WalletID(rawUUID(v[1])), cashback.OfferID(rawUUID(v[0])))
		found.Add(proof.PromiseDiffers, subject, "counts %d, its awards sum to %d", rawInt8(v[2]), rawInt8(v[3]))
	}, readWrongShares)
	if err != nil {
		return fmt.Errorf("shares: %w", err)
	}
	return r.each(ctx, func(v [][]byte) {
		subject := fmt.Sprintf("award of offer %s by entry %s", cashback.OfferID(rawUUID(v[1])), ledger.EntryID(rawUUID(v[0])))
		found.Add(proof.AwardNoPayment, subject, "is %d, and the entry is no payment or correction of one", rawInt8(v[2]))
	}, readLooseAwards)
}

// Seals is proof.Reading's.
func (r *reading) Seals(ctx context.Context) ([]proof.Seal, error) {
	rows, err := r.side.Query(ctx, readSealsAfter, int64(0), nil)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanSeal)
}

// Keys is proof.Reading's.
func (r *reading) Keys(ctx context.Context, found *proof.Findings) (keys int64, err error) {
	if err := r.side.QueryRow(ctx, countKeys).Scan(&keys); err != nil {
		return 0, fmt.Errorf("count keys: %w", err)
	}
	err = r.each(ctx, func(v [][]byte) {
		found.Add(proof.KeyWithoutResult, describeKey(rawUUID(v[0]), string(v[1])), "led to %s, which is gone", ledger.EntryID(rawUUID(v[2])))
	}, readLooseKeys)
	if err != nil {
		return 0, fmt.Errorf("keys without result: %w", err)
	}
	return keys, nil
}

// Loose is proof.Reading's. The postings are only searched when there are more than Journal has seen.
func (r *reading) Loose(ctx context.Context, found *proof.Findings) error {
	found.Join(r.journal.found)
	var postings int64
	if err := r.side.QueryRow(ctx, countPostings).Scan(&postings); err != nil {
		return err
	}
	if postings == r.journal.postings {
		return nil
	}
	return r.each(ctx, func(v [][]byte) {
		found.Add(proof.PostingNoEntry, fmt.Sprintf("posting %d of entry %s", rawInt2(v[1]), ledger.EntryID(rawUUID(v[0]))),
			"moves %d, but the journal has no such entry", rawInt8(v[2]))
	}, readLoosePostings)
}

// each hands the raw columns of every row to yield.
func (r *reading) each(ctx context.Context, yield func([][]byte), query string, args ...any) error {
	if r.side == nil {
		return errors.New("reading is closed")
	}
	rows, err := r.side.Query(ctx, query, append([]any{binaryRows}, args...)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		yield(rows.RawValues())
	}
	return rows.Err()
}
