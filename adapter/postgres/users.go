package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/user"
)

// Directory is user.Directory on a session.
type Directory struct{ session *Session }

// Directory gives the session's directory.
func (s *Session) Directory() *Directory { return &Directory{s} }

var _ user.Directory = (*Directory)(nil)

// userColumns are what scanUser reads.
const userColumns = `id, role, email, name, kana, birth - 'epoch'::date, postal_code, address, phone, category, employer_id, wallet_id, created_at, deleted_at`

const (
	// Rows go in by address, so that two units with addresses in common wait for each other and do not lock up.
	insertUsers = `INSERT INTO users (id, role, email, name, kana, birth, postal_code, address, phone, category, employer_id, wallet_id, created_at, deleted_at, search)
		SELECT id, role, email, name, kana, 'epoch'::date + birth, postal_code, address, phone, category, employer_id, wallet_id, created_at, deleted_at, search
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::timestamptz[], $14::timestamptz[], $15::text[])
		AS u(id, role, email, name, kana, birth, postal_code, address, phone, category, employer_id, wallet_id, created_at, deleted_at, search)
		ORDER BY email`
	readUserByID    = `SELECT ` + userColumns + ` FROM users WHERE id = $1 AND deleted_at IS NULL`
	readUserByEmail = `SELECT ` + userColumns + ` FROM users WHERE email = $1 AND deleted_at IS NULL`
)

// Add is user.Directory's: one statement, sent at once, since an address that is taken has to be refused here.
func (d *Directory) Add(ctx context.Context, users ...user.User) error {
	if len(users) == 0 {
		return nil
	}
	var c userColumnsIn
	for i := range users {
		c.add(&users[i])
	}
	d.session.write(insertUsers, c.ids, c.roles, c.emails, c.names, c.kanas, c.births, c.postalCodes, c.addresses, c.phones, c.categories,
		c.employers, c.wallets, c.created, c.deleted, c.search)
	err := d.session.flush(ctx)
	if violates(err, "users_live_email_key") {
		return user.ErrEmailTaken
	}
	return err
}

// ByID is user.Directory's.
func (d *Directory) ByID(ctx context.Context, id user.ID) (user.User, error) {
	return readOne(ctx, d.session, scanUser, user.ErrUnknown, readUserByID, [16]byte(id))
}

// ByEmail is user.Directory's.
func (d *Directory) ByEmail(ctx context.Context, email user.Email) (user.User, error) {
	return readOne(ctx, d.session, scanUser, user.ErrUnknown, readUserByEmail, string(email))
}

type userColumnsIn struct {
	ids                                        [][16]byte
	roles, emails, names, kanas                []string
	births                                     []pgtype.Int4
	postalCodes, addresses, phones, categories []string
	employers, wallets                         []pgtype.UUID
	created                                    []time.Time
	deleted                                    []pgtype.Timestamptz
	search                                     []string
}

func (c *userColumnsIn) add(u *user.User) {
	p := &u.Profile
	c.ids, c.roles, c.emails = append(c.ids, u.ID), append(c.roles, u.Role.String()), append(c.emails, string(u.Email))
	c.names, c.kanas = append(c.names, p.Name), append(c.kanas, p.Kana)
	c.births = append(c.births, pgtype.Int4{Int32: int32(p.Birth), Valid: p.Birth != calendar.Never})
	c.postalCodes, c.addresses = append(c.postalCodes, p.PostalCode), append(c.addresses, p.Address)
	c.phones, c.categories = append(c.phones, p.Phone), append(c.categories, p.Category)
	c.employers, c.wallets = append(c.employers, nullable(u.Employer)), append(c.wallets, nullable(u.Wallet))
	c.created, c.deleted = append(c.created, u.CreatedAt), append(c.deleted, nullableTime(u.DeletedAt))
	c.search = append(c.search, user.SearchText(*u))
}

func scanUser(row pgx.CollectableRow) (user.User, error) {
	var u user.User
	var role string
	var birth pgtype.Int4
	var employer, wallet pgtype.UUID
	var deleted pgtype.Timestamptz
	p := &u.Profile
	err := row.Scan((*[16]byte)(&u.ID), &role, (*string)(&u.Email), &p.Name, &p.Kana, &birth, &p.PostalCode, &p.Address, &p.Phone, &p.Category,
		&employer, &wallet, &u.CreatedAt, &deleted)
	if err != nil {
		return user.User{}, fmt.Errorf("scan user: %w", err)
	}
	var known bool
	if u.Role, known = user.ParseRole(role); !known {
		return user.User{}, fmt.Errorf("user %s has unknown role %q", u.ID, role)
	}
	p.Birth = calendar.Never
	if birth.Valid {
		p.Birth = calendar.Day(birth.Int32)
	}
	u.Employer, u.Wallet, u.CreatedAt, u.DeletedAt = employer.Bytes, wallet.Bytes, u.CreatedAt.UTC(), instant(deleted)
	return u, nil
}

// readOne reads the one row that sql gives inside the session's unit, or returns none.
func readOne[T any](ctx context.Context, s *Session, scan pgx.RowToFunc[T], none error, sql string, args ...any) (T, error) {
	var one T
	err := s.read(ctx, func(rows pgx.Rows) (err error) {
		one, err = pgx.CollectExactlyOneRow(rows, scan)
		return err
	}, sql, args...)
	return one, orNone(err, none)
}

// queryOne reads the one row that sql gives outside of units, or returns none.
func queryOne[T any](ctx context.Context, db *DB, scan pgx.RowToFunc[T], none error, sql string, args ...any) (T, error) {
	var one T
	rows, err := db.pool.Query(ctx, sql, args...)
	if err == nil {
		one, err = pgx.CollectExactlyOneRow(rows, scan)
	}
	return one, orNone(err, none)
}

func orNone(err, none error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return none
	}
	return err
}

// instant gives the moment, or none for null.
func instant(at pgtype.Timestamptz) time.Time {
	if !at.Valid {
		return time.Time{}
	}
	return at.Time.UTC()
}
