// Package informing tells people what happened to their points (clause 4.3.6). It takes the events of wallets as
// the relay delivers them, words them, and puts them into the inboxes of those who want to be told. Delivery is at
// least once; a notice carries the event's identifier and an inbox holds it once, so a second delivery changes
// nothing.
package informing

import (
	"context"
	"fmt"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/event"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are what informing needs of a unit of work.
type Stores struct {
	Inbox notice.Inbox
}

// Informing tells people, and lets them read and choose.
type Informing struct {
	unit   usecase.Unit[Stores]
	reader notice.Reader
	clock  usecase.Clock
}

// New makes the activity.
func New(unit usecase.Unit[Stores], reader notice.Reader, clock usecase.Clock) *Informing {
	return &Informing{unit, reader, clock}
}

// Deliver puts a notice of each event of the message into its owner's inbox, unless the owner does not want it. The
// whole message costs one reading and one writing, however many events it has.
func (i *Informing) Deliver(ctx context.Context, message event.Message) error {
	var notices []notice.Notice
	for _, e := range message.Events {
		changed, ok := e.(ledger.WalletChanged)
		if !ok {
			return fmt.Errorf("message %s of topic %s: cannot tell anyone of a %T", message.ID, message.Topic, e)
		}
		if told, worth := notice.OfWallet(changed); worth {
			notices = append(notices, told)
		}
	}
	if len(notices) == 0 {
		return nil
	}
	users := lo.Uniq(lo.Map(notices, func(n notice.Notice, _ int) user.ID { return n.User }))
	err := i.unit.Do(ctx, func(ctx context.Context, s Stores) error {
		preferences, err := s.Inbox.Preferences(ctx, users)
		if err != nil {
			return err
		}
		wanted := lo.Filter(notices, func(n notice.Notice, _ int) bool { return preferences[n.User].Wants(n.Topic, notice.InApp) })
		return s.Inbox.Put(ctx, wanted)
	})
	if err != nil {
		return fmt.Errorf("deliver %d notices of message %s: %w", len(notices), message.ID, err)
	}
	return nil
}

// Page is a page of an inbox.
type Page struct {
	page.Of[notice.Notice]
	Unread int // in the whole inbox, up to notice.UnreadMax
}

// List shows the actor's notices, newest first.
func (i *Informing) List(ctx context.Context, actor access.Actor, after string, limit int) (Page, error) {
	if actor.User.IsZero() {
		return Page{}, access.ErrNotSignedIn
	}
	if limit < 1 || limit > page.LimitMax {
		return Page{}, page.ErrLimit
	}
	notices, err := i.reader.Notices(ctx, actor.User, after, limit)
	if err != nil {
		return Page{}, err
	}
	unread, err := i.reader.Unread(ctx, actor.User)
	return Page{notices, unread}, err
}

// MarkRead notes that the actor has read a notice.
func (i *Informing) MarkRead(ctx context.Context, actor access.Actor, id event.ID) error {
	if actor.User.IsZero() {
		return access.ErrNotSignedIn
	}
	now := i.clock()
	return i.unit.Do(ctx, func(ctx context.Context, s Stores) error { return s.Inbox.MarkRead(ctx, actor.User, id, now) })
}

// Switch is one switch of the actor's preferences as a screen shows it.
type Switch struct {
	notice.Choice
	Wanted bool
	Fixed  bool // cannot be switched off
}

// Switches shows all switches, decided or not.
func (i *Informing) Switches(ctx context.Context, actor access.Actor) ([]Switch, error) {
	if actor.User.IsZero() {
		return nil, access.ErrNotSignedIn
	}
	preferences, err := i.reader.PreferencesOf(ctx, actor.User)
	if err != nil {
		return nil, err
	}
	var switches []Switch
	for _, topic := range notice.Topics {
		for _, channel := range notice.Channels {
			switches = append(switches, Switch{
				Choice: notice.Choice{Topic: topic, Channel: channel}, Wanted: preferences.Wants(topic, channel), Fixed: topic == notice.Security,
			})
		}
	}
	return switches, nil
}

// Prefer replaces what the actor decided. Switches that are not named go back to the standard.
func (i *Informing) Prefer(ctx context.Context, actor access.Actor, preferences notice.Preferences) ([]Switch, error) {
	if actor.User.IsZero() {
		return nil, access.ErrNotSignedIn
	}
	if err := preferences.Valid(); err != nil {
		return nil, err
	}
	err := i.unit.Do(ctx, func(ctx context.Context, s Stores) error { return s.Inbox.Prefer(ctx, actor.User, preferences) })
	if err != nil {
		return nil, fmt.Errorf("keep preferences of user %s: %w", actor.User, err)
	}
	return i.Switches(ctx, actor)
}
