// Package noticetest holds the contract of the ports of domain/notice as tests.
//
// An adapter calls the suite with a function that opens its stores. The suite makes its own people, with identifiers
// that nobody else has, and looks only at those; so the stores may be shared between tests and need not be
// empty. Every test runs in parallel with the others.
package noticetest

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit.
type Stores struct {
	Inbox notice.Inbox
}

// Bench is what the suite needs of an adapter: its unit of work and its read port on the same data.
type Bench struct {
	Unit   usecase.Unit[Stores]
	Reader notice.Reader
}

// Open opens an adapter for one test.
type Open func(t *testing.T) Bench

// Now is the instant at which the suite's stories begin.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// Notice makes a notice to a person, so many seconds after Now.
func Notice(to user.ID, second int) notice.Notice {
	at := Now.Add(time.Duration(second) * time.Second)
	return notice.Notice{
		User: to, ID: ident.New[event.Event](at), At: at, Topic: notice.Payment, Title: "支払いました",
		Body: "500ポイントを支払いました。", Entry: ident.New[ledger.Entry](at),
	}
}

// Somebody gives the identifier of a person nobody else has.
func Somebody() user.ID { return ident.New[user.User](Now) }

// Inbox holds an adapter to the contracts of notice.Inbox and notice.Reader.
func Inbox(t *testing.T, open Open) {
	t.Run("a notice reads back as it was put", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		one, other := Notice(Somebody(), 0), Notice(Somebody(), 0)
		other.Entry = ledger.EntryID{}
		put(t, b, one, other)
		equal(t, []notice.Notice{one}, list(t, b, one.User))
		equal(t, []notice.Notice{other}, list(t, b, other.User))
		require.Empty(t, list(t, b, Somebody()))
	})

	t.Run("what is put twice is there once and stays read", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		n := Notice(Somebody(), 0)
		put(t, b, n, n)
		require.NoError(t, markRead(t, b, n.User, n.ID, Now.Add(time.Minute)))
		again := n
		again.Title = "二度目"
		put(t, b, again, Notice(n.User, 1))
		got := list(t, b, n.User)
		require.Len(t, got, 2)
		require.Equal(t, n.Title, got[1].Title)
		require.True(t, got[1].ReadAt.Equal(Now.Add(time.Minute)))
	})

	t.Run("many at once put the same notices once", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		who := Somebody()
		notices := make([]notice.Notice, 20)
		for i := range notices {
			notices[i] = Notice(who, i)
		}
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				errs[i] = b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Inbox.Put(ctx, notices) })
			})
		}
		all.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		require.Len(t, list(t, b, who), len(notices))
	})

	t.Run("notices are listed newest first, a page at a time", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		who := Somebody()
		want := []notice.Notice{Notice(who, 4), Notice(who, 3), Notice(who, 2), Notice(who, 1), Notice(who, 0)}
		put(t, b, want[2], want[0], want[4], want[1], want[3])
		var got []notice.Notice
		for after := ""; ; {
			found, err := b.Reader.Notices(t.Context(), who, after, 2)
			require.NoError(t, err)
			require.LessOrEqual(t, len(found.Rows), 2)
			got = append(got, found.Rows...)
			if after = found.Next; after == "" {
				break
			}
		}
		equal(t, want, got)
		_, err := b.Reader.Notices(t.Context(), who, "nonsense", 2)
		require.ErrorIs(t, err, page.ErrCursor)
	})

	t.Run("a notice is read once, by its own reader", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		n := Notice(Somebody(), 0)
		put(t, b, n, Notice(n.User, 1))
		require.Equal(t, 2, unread(t, b, n.User))
		require.ErrorIs(t, markRead(t, b, Somebody(), n.ID, Now), notice.ErrUnknown)
		require.ErrorIs(t, markRead(t, b, n.User, ident.New[event.Event](Now), Now), notice.ErrUnknown)
		require.NoError(t, markRead(t, b, n.User, n.ID, Now.Add(time.Minute)))
		require.NoError(t, markRead(t, b, n.User, n.ID, Now.Add(time.Hour)))
		require.True(t, list(t, b, n.User)[1].ReadAt.Equal(Now.Add(time.Minute)))
		require.Equal(t, 1, unread(t, b, n.User))
	})

	t.Run("the count of unread notices is bounded", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		who := Somebody()
		notices := make([]notice.Notice, notice.UnreadMax+5)
		for i := range notices {
			notices[i] = Notice(who, i)
		}
		put(t, b, notices...)
		require.Equal(t, notice.UnreadMax, unread(t, b, who))
	})

	t.Run("preferences read back and are replaced as a whole", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		who, quiet := Somebody(), Somebody()
		require.Empty(t, preferences(t, b, who))
		first := notice.Preferences{{Topic: notice.Payment, Channel: notice.InApp}: false, {Topic: notice.Grant, Channel: notice.Mail}: true}
		prefer(t, b, who, first)
		require.Equal(t, first, preferences(t, b, who))
		second := notice.Preferences{{Topic: notice.Expiry, Channel: notice.Push}: false}
		prefer(t, b, who, second)
		require.Equal(t, second, preferences(t, b, who))
		many, err := usecase.Do(t.Context(), b.Unit, func(ctx context.Context, s Stores) (map[user.ID]notice.Preferences, error) {
			return s.Inbox.Preferences(ctx, []user.ID{who, quiet})
		})
		require.NoError(t, err)
		require.Equal(t, map[user.ID]notice.Preferences{who: second}, many)
		prefer(t, b, who, nil)
		require.Empty(t, preferences(t, b, who))
	})
}

func put(t *testing.T, b Bench, notices ...notice.Notice) {
	t.Helper()
	require.NoError(t, b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Inbox.Put(ctx, notices) }))
}

func markRead(t *testing.T, b Bench, who user.ID, id event.ID, at time.Time) error {
	return b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Inbox.MarkRead(ctx, who, id, at) })
}

func list(t *testing.T, b Bench, who user.ID) []notice.Notice {
	t.Helper()
	found, err := b.Reader.Notices(t.Context(), who, "", page.LimitMax)
	require.NoError(t, err)
	return found.Rows
}

func unread(t *testing.T, b Bench, who user.ID) int {
	t.Helper()
	count, err := b.Reader.Unread(t.Context(), who)
	require.NoError(t, err)
	return count
}

func preferences(t *testing.T, b Bench, who user.ID) notice.Preferences {
	t.Helper()
	found, err := b.Reader.PreferencesOf(t.Context(), who)
	require.NoError(t, err)
	return found
}

func prefer(t *testing.T, b Bench, who user.ID, p notice.Preferences) {
	t.Helper()
	require.NoError(t, b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Inbox.Prefer(ctx, who, p) }))
}

// equal compares notices; an instant may come back in another zone.
func equal(t *testing.T, want, got []notice.Notice) {
	t.Helper()
	require.Len(t, got, len(want))
	for i := range want {
		require.True(t, want[i].At.Equal(got[i].At), "%s, not %s", got[i].At, want[i].At)
		got[i].At = want[i].At
	}
	require.Equal(t, want, got)
}
