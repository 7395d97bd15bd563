package postgres

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Inbox is notice.Inbox on a session.
type Inbox struct{ session *Session }

// Inbox gives the session's inbox.
func (s *Session) Inbox() *Inbox { return &Inbox{s} }

var (
	_ notice.Inbox  = (*Inbox)(nil)
	_ notice.Reader = (*DB)(nil)
)

const (
	putNotices = `INSERT INTO notices (user_id, id, at, topic, title, body, entry_id)
		SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[], $6::text[], $7::uuid[]) ON CONFLICT DO NOTHING`
	readNotice      = `UPDATE notices SET read_at = coalesce(read_at, $3) WHERE user_id = $1 AND id = $2 RETURNING id`
	listNotices     = `SELECT user_id, id, at, topic, title, body, entry_id, read_at FROM notices WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
	countUnread     = `SELECT count(*) FROM (SELECT FROM notices WHERE user_id = $1 AND read_at IS NULL LIMIT $2) unread`
	readPreferences = `SELECT user_id, topic, channel, wanted FROM notice_preferences WHERE user_id = ANY($1::uuid[])`
	dropPreferences = `DELETE FROM notice_preferences WHERE user_id = $1`
	addPreferences  = `INSERT INTO notice_preferences (user_id, topic, channel, wanted)
		SELECT $1, * FROM unnest($2::text[], $3::text[], $4::boolean[])
		ON CONFLICT (user_id, topic, channel) DO UPDATE SET wanted = excluded.wanted`
)

// Put is notice.Inbox's. The notices go in the order of their key, so that two deliveries of the same ones never
// wait for each other in a circle.
func (i *Inbox) Put(_ context.Context, notices []notice.Notice) error {
	i.session.write(flushLater) // a lost notice is delivered again
	ordered := slices.SortedFunc(slices.Values(notices), func(a, b notice.Notice) int {
		if order := bytes.Compare(a.User[:], b.User[:]); order != 0 {
			return order
		}
		return bytes.Compare(a.ID[:], b.ID[:])
	})
	n := len(ordered)
	if n == 0 {
		return nil
	}
	users, ids, ats, entries := make([][16]byte, n), make([][16]byte, n), make([]time.Time, n), make([]pgtype.UUID, n)
	topics, titles, bodies := make([]string, n), make([]string, n), make([]string, n)
	for at := range ordered {
		told := &ordered[at]
		users[at], ids[at], ats[at], entries[at] = told.User, told.ID, told.At, nullable(told.Entry)
		topics[at], titles[at], bodies[at] = string(told.Topic), told.Title, told.Body
	}
	i.session.write(putNotices, users, ids, ats, topics, titles, bodies, entries)
	return nil
}

// MarkRead is notice.Inbox's.
func (i *Inbox) MarkRead(ctx context.Context, reader user.ID, id event.ID, at time.Time) error {
	known := false
	err := i.session.read(ctx, func(rows pgx.Rows) error {
		known = rows.Next()
		return rows.Err()
	}, readNotice, [16]byte(reader), [16]byte(id), at)
	switch {
	case err != nil:
		return fmt.Errorf("mark notice %s: %w", id, err)
	case !known:
		return notice.ErrUnknown
	}
	return nil
}

// Preferences is notice.Inbox's.
func (i *Inbox) Preferences(ctx context.Context, users []user.ID) (map[user.ID]notice.Preferences, error) {
	var found map[user.ID]notice.Preferences
	err := i.session.read(ctx, func(rows pgx.Rows) (err error) {
		found, err = scanPreferences(rows)
		return err
	}, readPreferences, uuids(users))
	if err != nil {
		return nil, fmt.Errorf("read preferences of %d users: %w", len(users), err)
	}
	return found, nil
}

// Prefer is notice.Inbox's.
func (i *Inbox) Prefer(_ context.Context, who user.ID, preferences notice.Preferences) error {
	var topics, channels []string
	var wanted []bool
	for choice, is := range preferences {
		topics, channels, wanted = append(topics, string(choice.Topic)), append(channels, string(choice.Channel)), append(wanted, is)
	}
	i.session.write(dropPreferences, [16]byte(who))
	if len(topics) > 0 {
		i.session.write(addPreferences, [16]byte(who), topics, channels, wanted)
	}
	return nil
}

// latest is behind every identifier. Identifiers of events sort by age, so the primary key has a person's notices in
// the order in which they are listed.
var latest = event.ID(bytes.Repeat([]byte{0xff}, 16))

// Notices is notice.Reader's.
func (db *DB) Notices(ctx context.Context, reader user.ID, after string, limit int) (page.Of[notice.Notice], error) {
	before := latest
	if after != "" {
		last, err := ident.Parse[event.Event](after)
		if err != nil {
			return page.Of[notice.Notice]{}, page.ErrCursor
		}
		before = last
	}
	rows, err := db.pool.Query(ctx, listNotices, [16]byte(reader), [16]byte(before), limit+1)
	if err != nil {
		return page.Of[notice.Notice]{}, fmt.Errorf("list notices of user %s: %w", reader, err)
	}
	notices, err := pgx.CollectRows(rows, scanNotice)
	if err != nil {
		return page.Of[notice.Notice]{}, fmt.Errorf("list notices of user %s: %w", reader, err)
	}
	return page.Cut(notices, limit, func(n notice.Notice) string { return n.ID.String() }), nil
}

// Unread is notice.Reader's.
func (db *DB) Unread(ctx context.Context, reader user.ID) (int, error) {
	count := 0
	if err := db.pool.QueryRow(ctx, countUnread, [16]byte(reader), notice.UnreadMax).Scan(&count); err != nil {
		return 0, fmt.Errorf("count unread notices of user %s: %w", reader, err)
	}
	return count, nil
}

// PreferencesOf is notice.Reader's.
func (db *DB) PreferencesOf(ctx context.Context, who user.ID) (notice.Preferences, error) {
	rows, err := db.pool.Query(ctx, readPreferences, uuids([]user.ID{who}))
	if err != nil {
		return nil, fmt.Errorf("read preferences of user %s: %w", who, err)
	}
	defer rows.Close()
	found, err := scanPreferences(rows)
	if err != nil {
		return nil, fmt.Errorf("read preferences of user %s: %w", who, err)
	}
	return found[who], nil
}

func scanNotice(row pgx.CollectableRow) (notice.Notice, error) {
	var n notice.Notice
	var entry pgtype.UUID
	var read pgtype.Timestamptz
	err := row.Scan((*[16]byte)(&n.User), (*[16]byte)(&n.ID), &n.At, (*string)(&n.Topic), &n.Title, &n.Body, &entry, &read)
	n.Entry, n.ReadAt = entry.Bytes, read.Time
	return n, err
}

func scanPreferences(rows pgx.Rows) (map[user.ID]notice.Preferences, error) {
	found := map[user.ID]notice.Preferences{}
	for rows.Next() {
		var who user.ID
		var choice notice.Choice
		var wanted bool
		if err := rows.Scan((*[16]byte)(&who), (*string)(&choice.Topic), (*string)(&choice.Channel), &wanted); err != nil {
			return nil, err
		}
		if found[who] == nil {
			found[who] = notice.Preferences{}
		}
		found[who][choice] = wanted
	}
	return found, rows.Err()
}
