package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
)

const (
	fileColumns = `id, no, name, format, date - 'epoch'::date, count, total, sha256, state, replaces, made_by, made_at, taken_by, taken_at,
		sent_by, sent_at, version`
	readFile  = `SELECT ` + fileColumns + `, sealed FROM bank_files WHERE id = $1`
	lockFile  = readFile + ` FOR NO KEY UPDATE`
	listFiles = `SELECT ` + fileColumns + `, NULL::bytea FROM bank_files WHERE id < $1 ORDER BY id DESC LIMIT $2`
	addFile   = `INSERT INTO bank_files (id, no, name, format, date, count, total, sha256, state, replaces, made_by, made_at,
		taken_by, taken_at, sent_by, sent_at, sealed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	saveFile = `UPDATE bank_files SET state = $3, taken_by = $4, taken_at = $5, sent_by = $6, sent_at = $7, version = version + 1
		WHERE id = $1 AND version = $2 RETURNING id`
	nextFileNo = `SELECT coalesce(max(no), 0) + 1 FROM bank_files WHERE date = $1`
	// Whoever exports queues here. Readers and payouts that refer to a file do not wait.
	lockFiles = `LOCK TABLE bank_files IN SHARE ROW EXCLUSIVE MODE`
)

// AddFile is settlement.Claims'.
func (c *Claims) AddFile(_ context.Context, f settlement.File) error {
	c.session.write(addFile, [16]byte(f.ID), f.No, f.Name, f.Format, date(f.Date), f.Count, int64(f.Total), f.SHA256[:], f.State.String(),
		nullable(f.Replaces), [16]byte(f.MadeBy), f.MadeAt, nullable(f.TakenBy), nullableTime(f.TakenAt), nullable(f.SentBy), nullableTime(f.SentAt), f.Sealed)
	return nil
}

// LockFile is settlement.Claims'.
func (c *Claims) LockFile(ctx context.Context, id settlement.FileID) (settlement.File, error) {
	return readOne(ctx, c.session, scanFile, settlement.ErrFileUnknown, lockFile, [16]byte(id))
}

// SaveFile is settlement.Claims'.
func (c *Claims) SaveFile(ctx context.Context, f settlement.File) error {
	err := c.session.changes(ctx, 1, settlement.ErrClaimChanged, saveFile, [16]byte(f.ID), f.Version, f.State.String(),
		nullable(f.TakenBy), nullableTime(f.TakenAt), nullable(f.SentBy), nullableTime(f.SentAt))
	if err != nil {
		return fmt.Errorf("save bank file %s: %w", f.ID, err)
	}
	return nil
}

// NextFileNo is settlement.Claims'.
func (c *Claims) NextFileNo(ctx context.Context, day calendar.Day) (int, error) {
	numbers, err := readMany(ctx, c.session, pgx.RowTo[int], nextFileNo, date(day))
	if err != nil {
		return 0, fmt.Errorf("next bank file of %s: %w", day, err)
	}
	return numbers[0], nil
}

// LockExports is settlement.Claims'.
func (c *Claims) LockExports(context.Context) error {
	c.session.write(lockFiles)
	return nil
}

// Files is settlement.Reader's.
func (db *DB) Files(ctx context.Context, after string, limit int) (page.Of[settlement.File], error) {
	before, err := beforeID[settlement.File](after)
	if err != nil {
		return page.Of[settlement.File]{}, err
	}
	files, err := queryMany(ctx, db, scanFile, listFiles, [16]byte(before), limit+1)
	if err != nil {
		return page.Of[settlement.File]{}, fmt.Errorf("list bank files: %w", err)
	}
	return page.Cut(files, limit, func(f settlement.File) string { return f.ID.String() }), nil
}

// File is settlement.Reader's.
func (db *DB) File(ctx context.Context, id settlement.FileID) (settlement.File, error) {
	return queryOne(ctx, db, scanFile, settlement.ErrFileUnknown, readFile, [16]byte(id))
}

func scanFile(row pgx.CollectableRow) (settlement.File, error) {
	var f settlement.File
	var hash []byte
	var state string
	var replaces, takenBy, sentBy pgtype.UUID
	var takenAt, sentAt pgtype.Timestamptz
	err := row.Scan((*[16]byte)(&f.ID), &f.No, &f.Name, &f.Format, (*int32)(&f.Date), &f.Count, (*int64)(&f.Total), &hash, &state, &replaces,
		(*[16]byte)(&f.MadeBy), &f.MadeAt, &takenBy, &takenAt, &sentBy, &sentAt, &f.Version, &f.Sealed)
	copy(f.SHA256[:], hash)
	f.State, _ = settlement.ParseFileState(state)
	f.TakenBy, f.TakenAt = takenBy.Bytes, instant(takenAt)
	f.Replaces, f.SentBy, f.SentAt, f.MadeAt = replaces.Bytes, sentBy.Bytes, instant(sentAt), f.MadeAt.UTC()
	return f, err
}

// dayOf gives a day that SQL counts from the epoch, or none for null.
func dayOf(days pgtype.Int4) calendar.Day { return calendar.Day(days.Int32) }
