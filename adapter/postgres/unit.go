package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/uptrace/bun"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase"
)

// attemptsMax bounds how often a unit is tried that loses against others.
const attemptsMax = 4

// Unit runs units of work over the stores S.
type Unit[S any] struct {
	db   *DB
	bind func(*Session) S
}

// NewUnit makes units whose stores bind takes from the session.
func NewUnit[S any](db *DB, bind func(*Session) S) *Unit[S] { return &Unit[S]{db, bind} }

// Do is usecase.Unit's.
func (u *Unit[S]) Do(ctx context.Context, work func(context.Context, S) error) error {
	for attempt := 1; ; attempt++ {
		err := u.once(ctx, work, attempt > 1)
		switch {
		case lockedOut(err):
			return fmt.Errorf("%w: %w", usecase.ErrLocked, err)
		case err == nil || attempt == attemptsMax || !lost(err):
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(rand.Int64N(int64(attempt) * int64(10*time.Millisecond)))):
		}
	}
}

func (u *Unit[S]) once(ctx context.Context, work func(context.Context, S) error, careful bool) error {
	conn, err := u.db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("acquire connection: %w", err)
	}
	defer conn.Release()
	session := &Session{db: u.db, conn: conn.Conn(), careful: careful}
	err = work(ctx, u.bind(session))
	if err == nil {
		err = session.commit(ctx)
	}
	if err != nil {
		session.rollback(ctx)
	}
	return err
}

// errRolledBack tells that a store's error was passed over, and the unit with it.
var errRolledBack = errors.New("transaction was rolled back: an earlier statement had failed")

// contested are the keys that another unit may take between a unit's look and its write.
var contested = []string{"idempotency_keys_pkey", "lots_open_key", "rules_pkey", "entries_reversed_once", "bank_accounts_one_proposed", "bank_accounts_one_active", "claims_one_draft"}

// lost tells that the unit lost against another one and would do better if tried again: serialization failure,
// deadlock, a key that another unit took in between, or a budget of which it had expected to find more.
func lost(err error) bool {
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return errors.Is(err, errBudgetTight)
	}
	switch pg.Code {
	case "40001", "40P01":
		return true
	case "23505":
		return slices.Contains(contested, pg.ConstraintName)
	case "23514":
		return pg.ConstraintName == budgetKept
	}
	return false
}

// lockedOut tells that the unit waited for a lock as long as lockWait allows. To try it again at once would only make
// it wait as long once more.
func lockedOut(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "55P03"
}

// violates tells whether err is a violation of the named constraint.
func violates(err error, constraint string) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.ConstraintName == constraint
}

// Session is one unit's transaction. BEGIN travels with the first read, writes are held back and travel with the
// next read or with COMMIT.
type Session struct {
	db     *DB
	conn   *pgx.Conn
	writes pgx.Batch
	begun  bool
	// amended tells that the unit wrote rules: what it reads of them is not yet everybody's.
	amended bool
	// reoffered tells the same of offers.
	reoffered bool
	// careful tells that the unit has lost once already, and had better lock what it might do without.
	careful bool
	// foreseen are the campaigns that books were opened with and that are not locked, with what they had promised.
	foreseen map[*ledger.Book]map[cashback.OfferID]money.Points
	// late are statements that take locks which many others want: they go last, or before the next look.
	late []lateStatement
}

type lateStatement struct {
	sql  string
	args []any
}

// writeLate holds a statement back until whatever else is written.
func (s *Session) writeLate(sql string, args ...any) {
	s.late = append(s.late, lateStatement{sql, args})
}

// write holds a statement back until the next read or the commit.
func (s *Session) write(sql string, args ...any) *pgx.QueuedQuery {
	s.start()
	return s.writes.Queue(sql, args...)
}

// build holds back a statement made by bun. Its arguments are part of its text, so it is not worth preparing.
func (s *Session) build(query bun.Query) error {
	text, err := query.AppendQuery(s.db.bun.QueryGen(), nil)
	if err != nil {
		return fmt.Errorf("build statement: %w", err)
	}
	s.write(string(text))
	return nil
}

// read sends what is held back, then the statement, and hands its rows to scan.
func (s *Session) read(ctx context.Context, scan func(pgx.Rows) error, sql string, args ...any) error {
	s.begin()
	s.writes.Queue(sql, args...).Query(scan)
	return s.flush(ctx)
}

// begin readies the session for a look at the database, which shows all that the unit has written.
func (s *Session) begin() {
	s.start()
	for _, l := range s.late {
		s.writes.Queue(l.sql, l.args...)
	}
	s.late = nil
}

func (s *Session) start() {
	if !s.begun {
		s.begun = true
		s.writes.Queue("begin")
	}
}

func (s *Session) flush(ctx context.Context) error {
	batch := s.writes
	s.writes = pgx.Batch{}
	return s.conn.SendBatch(ctx, &batch).Close()
}

func (s *Session) commit(ctx context.Context) error {
	if !s.begun {
		return nil
	}
	s.begin()
	// In a transaction that has failed, PostgreSQL answers a commit with ROLLBACK and no error.
	s.writes.Queue("commit").Exec(func(tag pgconn.CommandTag) error {
		if tag.String() != "COMMIT" {
			return errRolledBack
		}
		return nil
	})
	if err := s.flush(ctx); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if s.amended {
		s.db.rules.newest.Store(nil)
	}
	if s.reoffered {
		s.db.offers.newest.Store(nil)
	}
	return nil
}

// rollback gives up what was written. A connection on which that fails is closed, which has the same effect.
func (s *Session) rollback(ctx context.Context) {
	if s.conn.IsClosed() || s.conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if _, err := s.conn.Exec(ctx, "rollback"); err != nil {
		_ = s.conn.Close(ctx)
	}
}
