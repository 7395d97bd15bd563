package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/proof"
)

// Seals is proof.Seals. One process keeps one of it, since it remembers what it waits for.
type Seals struct {
	db      *DB
	mutex   sync.Mutex
	mark    mark
	settled int64
}

// mark is a place in the journal, and the transaction before which all must end for it to be certain.
type mark struct {
	seq int64
	xid uint64 // every transaction that had an id at that moment has a smaller one
	set bool
}

// Seals gives the seals beside the journal.
func (db *DB) Seals() *Seals { return &Seals{db: db} }

var _ proof.Seals = (*Seals)(nil)

// settleWait bounds how long Settled waits for units that are under way; most take a few milliseconds.
const settleWait = time.Second

// The statements of the sealer. A number of the journal is given after its unit has a transaction id, since locking
// comes first. The mark takes the newest visible number and then a transaction id of its own; whoever could still add
// a smaller number has a smaller id. When all of those have ended, the journal is certain up to the mark. Neither
// the entries' own transaction ids nor the snapshot's upper bound would do: a unit still under way may be younger
// than the one that committed a larger number.
const (
	sealColumns    = `SELECT no, first_seq, last_seq, entries, previous, hash, signature, sealed_at FROM seals`
	readLastSeal   = sealColumns + ` ORDER BY no DESC LIMIT 1`
	readSealsAfter = sealColumns + ` WHERE no > $1 ORDER BY no LIMIT $2`
	insertSeal     = `INSERT INTO seals (no, first_seq, last_seq, entries, previous, hash, signature, sealed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	readMark       = `SELECT coalesce((SELECT seq FROM entries ORDER BY seq DESC LIMIT 1), 0), pg_current_xact_id()::text::bigint`
	readOldest     = `SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint`
)

// Last is proof.Seals'.
func (s *Seals) Last(ctx context.Context) (proof.Seal, bool, error) {
	rows, err := s.db.pool.Query(ctx, readLastSeal)
	if err != nil {
		return proof.Seal{}, false, err
	}
	seal, err := pgx.CollectOneRow(rows, scanSeal)
	if errors.Is(err, pgx.ErrNoRows) {
		return proof.Seal{}, false, nil
	}
	return seal, err == nil, err
}

// After is proof.Seals'.
func (s *Seals) After(ctx context.Context, no int64, limit int) ([]proof.Seal, error) {
	rows, err := s.db.pool.Query(ctx, readSealsAfter, no, limit)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scanSeal)
}

// Settled is proof.Seals'. A mark outlives the call, so that units which never leave a quiet moment do not keep it
// from being reached.
func (s *Seals) Settled(ctx context.Context) (int64, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if !s.mark.set {
		if err := s.db.pool.QueryRow(ctx, readMark).Scan(&s.mark.seq, &s.mark.xid); err != nil {
			return 0, fmt.Errorf("mark journal: %w", err)
		}
		s.mark.set = true
	}
	for deadline := time.Now().Add(settleWait); ; {
		var oldest uint64
		if err := s.db.pool.QueryRow(ctx, readOldest).Scan(&oldest); err != nil {
			return 0, fmt.Errorf("oldest transaction: %w", err)
		}
		if oldest >= s.mark.xid {
			s.settled, s.mark = s.mark.seq, mark{}
			return s.settled, nil
		}
		if time.Now().After(deadline) {
			return s.settled, nil
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Entries is proof.Seals'.
func (s *Seals) Entries(ctx context.Context, after, until int64, limit int) ([]ledger.Entry, error) {
	conn, err := s.db.pool.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer conn.Release()
	var c chunk
	if err := newJournal(conn.Conn()).read(ctx, &c, after, until, limit); err != nil {
		return nil, err
	}
	return c.entries, nil
}

// Append is proof.Seals'.
func (s *Seals) Append(ctx context.Context, seal proof.Seal) error {
	_, err := s.db.pool.Exec(ctx, insertSeal, seal.No, seal.First, seal.Last, seal.Entries, seal.Previous[:], seal.Hash[:], seal.Signature, seal.SealedAt)
	if violates(err, "seals_pkey") {
		return proof.ErrSealTaken
	}
	return err
}

func scanSeal(row pgx.CollectableRow) (proof.Seal, error) {
	var s proof.Seal
	var previous, hash []byte
	if err := row.Scan(&s.No, &s.First, &s.Last, &s.Entries, &previous, &hash, &s.Signature, &s.SealedAt); err != nil {
		return s, err
	}
	// A hash of another length was forged; as the zero hash it will not be found right.
	if len(previous) == len(s.Previous) && len(hash) == len(s.Hash) {
		s.Previous, s.Hash = proof.Hash(previous), proof.Hash(slices.Clone(hash))
	}
	s.SealedAt = s.SealedAt.UTC()
	return s, nil
}
