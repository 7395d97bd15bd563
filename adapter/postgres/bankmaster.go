package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

// BankMasters is bank.Masters on a session.
type BankMasters struct {
	session  *Session
	embedded bank.Embedded
}

// BankMasters gives the session's bank masters, over the embedded one.
func (s *Session) BankMasters(embedded bank.Embedded) *BankMasters { return &BankMasters{s, embedded} }

// BankDirectory is bank.Directory. It remembers the newest master by its version, which it asks for each time.
type BankDirectory struct {
	db       *DB
	embedded bank.Embedded
	mutex    sync.Mutex
	version  int64
	brought  *bank.Master
}

// Banks gives the directory of banks, over the embedded master. One process keeps one of it.
func (db *DB) Banks(embedded bank.Embedded) *BankDirectory {
	return &BankDirectory{db: db, embedded: embedded}
}

var (
	_ bank.Masters   = (*BankMasters)(nil)
	_ bank.Directory = (*BankDirectory)(nil)
)

const (
	// Whoever replaces the master queues here; the table itself takes no updates, so its lock is the one to hold.
	lockBankMasters = `LOCK TABLE bank_masters IN SHARE ROW EXCLUSIVE MODE`
	addBankMaster   = `INSERT INTO bank_masters (version, as_of, source, sha256, data, replaced_by, replaced_at)
		SELECT coalesce(max(version), 0) + 1, 'epoch'::date + $1::int, $2, $3, $4, $5, $6 FROM bank_masters`
	readBankMaster        = `SELECT version, as_of - 'epoch'::date, source, sha256, data FROM bank_masters ORDER BY version DESC LIMIT 1`
	readBankMasterVersion = `SELECT version FROM bank_masters ORDER BY version DESC LIMIT 1`
)

// bankMasterRow is a master as it is stored.
type bankMasterRow struct {
	version      int64
	asOf         calendar.Day
	source, hash string
	data         []byte
}

// Current is bank.Masters'.
func (m *BankMasters) Current(ctx context.Context) (*bank.Master, error) {
	m.session.write(lockBankMasters)
	var found []bankMasterRow
	err := m.session.read(ctx, func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, scanBankMaster)
		return err
	}, readBankMaster)
	if err != nil {
		return nil, fmt.Errorf("read bank master: %w", err)
	}
	if len(found) == 0 {
		return bank.Newer(m.embedded, nil)
	}
	brought, err := found[0].unpack()
	if err != nil {
		return nil, err
	}
	return bank.Newer(m.embedded, brought)
}

// Replace is bank.Masters'.
func (m *BankMasters) Replace(_ context.Context, master *bank.Master, by [16]byte, at time.Time) error {
	packed, err := master.Pack()
	if err != nil {
		return fmt.Errorf("pack bank master: %w", err)
	}
	m.session.write(lockBankMasters)
	m.session.write(addBankMaster, int32(master.AsOf), master.Source, master.SHA256, packed, by, at)
	return nil
}

// Master is bank.Directory's.
func (d *BankDirectory) Master(ctx context.Context) (*bank.Master, error) {
	var version int64
	err := d.db.pool.QueryRow(ctx, readBankMasterVersion).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return bank.Newer(d.embedded, nil)
	}
	if err != nil {
		return nil, fmt.Errorf("read version of bank master: %w", err)
	}
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if version > d.version {
		if err := d.load(ctx); err != nil {
			return nil, err
		}
	}
	return bank.Newer(d.embedded, d.brought)
}

func (d *BankDirectory) load(ctx context.Context) error {
	rows, err := d.db.pool.Query(ctx, readBankMaster)
	if err != nil {
		return fmt.Errorf("read bank master: %w", err)
	}
	row, err := pgx.CollectExactlyOneRow(rows, scanBankMaster)
	if err != nil {
		return fmt.Errorf("read bank master: %w", err)
	}
	brought, err := row.unpack()
	if err != nil {
		return err
	}
	d.version, d.brought = row.version, brought
	return nil
}

func (r bankMasterRow) unpack() (*bank.Master, error) {
	master, err := bank.Unpack(r.asOf, r.source, r.hash, r.data)
	if err != nil {
		return nil, fmt.Errorf("bank master %d: %w", r.version, err)
	}
	return master, nil
}

func scanBankMaster(row pgx.CollectableRow) (bankMasterRow, error) {
	var r bankMasterRow
	err := row.Scan(&r.version, (*int32)(&r.asOf), &r.source, &r.hash, &r.data)
	return r, err
}
