package memory

import (
	"context"
	"maps"
	"slices"
	"time"

	"lovesaijo/domain/event"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

type noticeKey struct {
	reader user.ID
	id     event.ID
}

// Inbox is notice.Inbox on a session.
type Inbox struct{ session *Session }

// Inbox gives the session's notices.
func (s *Session) Inbox() *Inbox { return &Inbox{s} }

// NoticeReader is notice.Reader on a store.
type NoticeReader struct{ store *Store }

// Notices gives the reader of notices.
func (s *Store) Notices() *NoticeReader { return &NoticeReader{s} }

var (
	_ notice.Inbox  = (*Inbox)(nil)
	_ notice.Reader = (*NoticeReader)(nil)
)

// Put is notice.Inbox's.
func (i *Inbox) Put(_ context.Context, notices []notice.Notice) error {
	for _, n := range notices {
		if key := (noticeKey{n.User, n.ID}); !i.session.notices.has(key) {
			i.session.notices.put(key, n)
		}
	}
	return nil
}

// MarkRead is notice.Inbox's.
func (i *Inbox) MarkRead(_ context.Context, reader user.ID, id event.ID, at time.Time) error {
	key := noticeKey{reader, id}
	n, found := i.session.notices.get(key)
	if !found {
		return notice.ErrUnknown
	}
	if n.ReadAt.IsZero() {
		n.ReadAt = at
		i.session.notices.put(key, n)
	}
	return nil
}

// Preferences is notice.Inbox's.
func (i *Inbox) Preferences(_ context.Context, users []user.ID) (map[user.ID]notice.Preferences, error) {
	decided := map[user.ID]notice.Preferences{}
	for _, id := range users {
		if p, _ := i.session.preferences.get(id); len(p) > 0 {
			decided[id] = maps.Clone(p)
		}
	}
	return decided, nil
}

// Prefer is notice.Inbox's.
func (i *Inbox) Prefer(_ context.Context, who user.ID, preferences notice.Preferences) error {
	i.session.preferences.put(who, maps.Clone(preferences))
	return nil
}

// Notices is notice.Reader's.
func (r *NoticeReader) Notices(_ context.Context, reader user.ID, after string, limit int) (page.Of[notice.Notice], error) {
	found := r.of(reader)
	if after != "" {
		last := slices.IndexFunc(found, func(n notice.Notice) bool { return n.ID.String() == after })
		if last < 0 {
			return page.Of[notice.Notice]{}, page.ErrCursor
		}
		found = found[last+1:]
	}
	return cut(found, limit, func(n notice.Notice) string { return n.ID.String() })
}

// Unread is notice.Reader's.
func (r *NoticeReader) Unread(_ context.Context, reader user.ID) (int, error) {
	count := 0
	for _, n := range r.of(reader) {
		if n.ReadAt.IsZero() {
			count++
		}
	}
	return min(count, notice.UnreadMax), nil
}

// PreferencesOf is notice.Reader's.
func (r *NoticeReader) PreferencesOf(_ context.Context, who user.ID) (decided notice.Preferences, err error) {
	r.store.read(func(t *tables) {
		p, _ := t.preferences.get(who)
		decided = maps.Clone(p)
	})
	return decided, nil
}

// of gives a reader's notices, newest first.
func (r *NoticeReader) of(reader user.ID) (found []notice.Notice) {
	r.store.read(func(t *tables) {
		for key, n := range t.notices.all() {
			if key.reader == reader {
				found = append(found, n)
			}
		}
	})
	slices.SortFunc(found, func(a, b notice.Notice) int {
		if order := b.At.Compare(a.At); order != 0 {
			return order
		}
		return slices.Compare(b.ID[:], a.ID[:])
	})
	return found
}
