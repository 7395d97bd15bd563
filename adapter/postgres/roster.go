package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/uptrace/bun"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Roster is user.Roster.
type Roster struct{ db *DB }

// Roster gives the users as they were committed.
func (db *DB) Roster() *Roster { return &Roster{db} }

var _ user.Roster = (*Roster)(nil)

const (
	readUsersByID    = `SELECT ` + userColumns + ` FROM users WHERE id = ANY($1::uuid[]) AND deleted_at IS NULL`
	readUsersByEmail = `SELECT ` + userColumns + ` FROM users WHERE email = ANY($1::text[]) AND deleted_at IS NULL`
)

// ByID is user.Roster's.
func (r *Roster) ByID(ctx context.Context, id user.ID) (user.User, error) {
	return queryOne(ctx, r.db, scanUser, user.ErrUnknown, readUserByID, [16]byte(id))
}

// ByIDs is user.Roster's.
func (r *Roster) ByIDs(ctx context.Context, ids []user.ID) (map[user.ID]user.User, error) {
	return queryUsers(ctx, r.db, func(u user.User) user.ID { return u.ID }, readUsersByID, uuids(ids))
}

// ByEmails is user.Roster's.
func (r *Roster) ByEmails(ctx context.Context, emails []user.Email) (map[user.Email]user.User, error) {
	if len(emails) > user.EmailsMax {
		return nil, fmt.Errorf("look up %d addresses: at most %d at once", len(emails), user.EmailsMax)
	}
	return queryUsers(ctx, r.db, func(u user.User) user.Email { return u.Email }, readUsersByEmail, texts(emails))
}

func queryUsers[K comparable](ctx context.Context, db *DB, key func(user.User) K, sql string, args ...any) (map[K]user.User, error) {
	rows, err := db.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	users, err := pgx.CollectRows(rows, scanUser)
	if err != nil {
		return nil, fmt.Errorf("read users: %w", err)
	}
	byKey := make(map[K]user.User, len(users))
	for _, u := range users {
		byKey[key(u)] = u
	}
	return byKey, nil
}

// Search is user.Roster's. The cursor is the last user's identifier.
func (r *Roster) Search(ctx context.Context, filter user.Filter, after string, limit int) (page.Of[user.User], error) {
	if limit < 1 || limit > page.LimitMax {
		return page.Of[user.User]{}, page.ErrLimit
	}
	var last user.ID
	if after != "" {
		parsed, err := ident.Parse[user.User](after)
		if err != nil || parsed.String() != after {
			return page.Of[user.User]{}, page.ErrCursor
		}
		last = parsed
	}
	query, err := r.chosen(filter, last, limit+1)
	if err != nil {
		return page.Of[user.User]{}, err
	}
	users, err := list(ctx, r.db, query.ColumnExpr(userColumns), scanUser)
	if err != nil {
		return page.Of[user.User]{}, fmt.Errorf("search users: %w", err)
	}
	return page.Cut(users, limit, func(u user.User) string { return u.ID.String() }), nil
}

// Matching is user.Roster's.
func (r *Roster) Matching(ctx context.Context, filter user.Filter, after user.ID, limit int) ([]user.Recipient, error) {
	if limit < 1 || limit > user.RecipientsMax {
		return nil, page.ErrLimit
	}
	query, err := r.chosen(filter, after, limit)
	if err != nil {
		return nil, err
	}
	query.ColumnExpr("id, wallet_id").Where("role IN ('resident', 'merchant')")
	recipients, err := list(ctx, r.db, query, func(row pgx.CollectableRow) (to user.Recipient, err error) {
		err = row.Scan((*[16]byte)(&to.User), (*[16]byte)(&to.Wallet))
		return to, err
	})
	if err != nil {
		return nil, fmt.Errorf("match users: %w", err)
	}
	return recipients, nil
}

// chosen begins a query for the first users that the filter chooses behind the one named, in the order of
// registration. It says in SQL what user.Filter.Matches says.
func (r *Roster) chosen(filter user.Filter, after user.ID, limit int) (*bun.SelectQuery, error) {
	if err := filter.Valid(); err != nil {
		return nil, err
	}
	q := r.db.bun.NewSelect().Table("users").Where("deleted_at IS NULL").Where("id > ?", after.String()).Order("id").Limit(int64(limit))
	if filter.Role != 0 {
		q.Where("role = ?", filter.Role.String())
	}
	if token, ok := filter.Token(); ok {
		q.Where("id = (SELECT owner_id FROM codes WHERE token = ? AND revoked_at IS NULL AND used_by IS NULL)", string(token))
	} else if key := user.SearchKey(filter.Text); key != "" {
		q.Where("strpos(search, ?) > 0", key)
	}
	if filter.ByBirth {
		q.Where("coalesce(birth - 'epoch'::date, ?) BETWEEN ? AND ?", int64(calendar.Never), int64(filter.BornFrom), int64(filter.BornUntil))
	}
	if filter.PostalCode != "" {
		q.Where("postal_code LIKE ?", filter.PostalCode+"%") // Valid lets only digits through
	}
	return q, nil
}

// list runs a query that bun has built.
func list[T any](ctx context.Context, db *DB, query *bun.SelectQuery, scan pgx.RowToFunc[T]) ([]T, error) {
	text, err := query.AppendQuery(db.bun.QueryGen(), nil)
	if err != nil {
		return nil, fmt.Errorf("build query: %w", err)
	}
	rows, err := db.lists.Query(ctx, string(text))
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, scan)
}
