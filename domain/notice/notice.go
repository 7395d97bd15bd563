// Package notice tells people what happened to their points and their account (clause 4.3.6).
//
// What is told belongs to a topic; it goes out by channels, of which the inbox in the app is one that everybody
// has. A user may switch each topic off for each channel, except security: what a thief would switch off first
// stays on.
//
// Events are delivered at least once. A notice has the identifier of the event that caused it, and an inbox holds
// one of each, so what is delivered twice is read once.
package notice

import (
	"context"
	"time"

	"lovesaijo/domain/event"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Topic is what a notice is about.
type Topic string

// The topics.
const (
	Payment    Topic = "payment"  // to or at a merchant
	Transfer   Topic = "transfer" // among residents
	Charge     Topic = "charge"
	Grant      Topic = "grant"
	Expiry     Topic = "expiry"
	Correction Topic = "correction" // of an act that was wrong, by an administrator
	Security   Topic = "security"
)

// Topics lists them in the order of screens.
var Topics = []Topic{Payment, Transfer, Charge, Grant, Expiry, Correction, Security}

// Channel is how a notice reaches a person.
type Channel string

// The channels. The inbox is in the app; push and mail are sent.
const (
	InApp Channel = "inbox"
	Push  Channel = "push"
	Mail  Channel = "mail"
)

// Channels lists them in the order of screens.
var Channels = []Channel{InApp, Push, Mail}

// Notice is one message to one person.
type Notice struct {
	User   user.ID
	ID     event.ID // of the event that caused it
	At     time.Time
	Topic  Topic
	Title  string // Japanese
	Body   string
	Entry  ledger.EntryID // the entry it is about; zero for none
	ReadAt time.Time      // zero while unread
}

// ErrUnknown refuses a notice that is not in the user's inbox.
var ErrUnknown = fault.Define(fault.NotFound, "notice_unknown", "そのお知らせは見つかりません。")

// Inbox keeps notices and preferences inside a unit of work.
type Inbox interface {
	// Put puts notices into their users' inboxes. One that is there already stays as it is.
	Put(ctx context.Context, notices []Notice) error
	// MarkRead notes that the user read a notice at an instant. One that was read before stays as it is. It
	// returns ErrUnknown where the user has no such notice.
	MarkRead(ctx context.Context, reader user.ID, id event.ID, at time.Time) error
	// Preferences gives what each of the users decided. Who decided nothing is absent.
	Preferences(ctx context.Context, users []user.ID) (map[user.ID]Preferences, error)
	// Prefer replaces all that a user decided.
	Prefer(ctx context.Context, who user.ID, preferences Preferences) error
}

// Reader reads notices outside of units.
type Reader interface {
	// Notices lists a user's notices, newest first, in the order of their identifiers.
	Notices(ctx context.Context, reader user.ID, after string, limit int) (page.Of[Notice], error)
	// Unread counts a user's unread notices, up to UnreadMax.
	Unread(ctx context.Context, reader user.ID) (int, error)
	// PreferencesOf gives what a user decided; empty for one who decided nothing.
	PreferencesOf(ctx context.Context, who user.ID) (Preferences, error)
}

// UnreadMax bounds the count of unread notices: beyond it, a screen says "99+".
const UnreadMax = 100
