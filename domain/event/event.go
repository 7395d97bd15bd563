// Package event names what others are told once it has happened.
//
// Events are written to the outbox in the transaction that makes them true, so none is lost and none is
// invented. They are delivered at least once; a receiver relies on the identifier of the event, or on a
// natural key of what it writes, to act once.
package event

import (
	"context"
	"time"

	"lovesaijo/domain/ident"
)

// ID identifies one event.
type ID = ident.ID[Event]

// Topic groups events that the same receivers want.
type Topic string

// Event is one thing that happened. Its fields are exported so that an adapter can carry it as it stands.
type Event interface {
	EventTopic() Topic
}

// Message is a set of events of one topic from one unit, as the outbox keeps it.
type Message struct {
	ID     ID
	Topic  Topic
	At     time.Time
	Events []Event
}

// Outbox takes events inside a unit of work.
type Outbox interface {
	// Append keeps events, in order, to be sent after the unit has committed: one message per topic.
	Append(ctx context.Context, at time.Time, events ...Event) error
}

// Parcel is a message on its way from the outbox: Payload is the events as the outbox has encoded them.
type Parcel struct {
	ID      ID
	Topic   Topic
	At      time.Time
	Payload []byte
}

// Sender takes parcels from the outbox. A parcel stays there until it has been worked on, so that whatever carries
// it on its way may be lost.
type Sender interface {
	// Relay hands the oldest parcels that were not sent yet, at most limit, to send, and marks them as sent once send
	// has returned nil. Parcels that another relay has in hand are passed over. It returns how many went. After a
	// crash between the two they are sent again: delivery is at least once.
	Relay(ctx context.Context, limit int, send func(ctx context.Context, parcels []Parcel) error) (int, error)
	// Renew makes parcels that were sent before an instant, and are not settled, due to be sent again.
	Renew(ctx context.Context, before time.Time) error
	Settler
}

// Settler removes parcels from the outbox.
type Settler interface {
	// Settle removes parcels that have been worked on. Unknown ones are none of its business.
	Settle(ctx context.Context, parcels ...ID) error
}

// Watched is an event that people may be watching for as it happens.
type Watched interface {
	Event
	// Subject names what it happened to, for example "wallet:<id>".
	Subject() string
}

// Feed lets somebody watch subjects as things happen to them (clause 4.3.2).
type Feed interface {
	// Watch gives what happens to any of the subjects from now on, until stop is called. A watcher who falls too far
	// behind misses events; what counts stands in the books.
	Watch(subjects ...string) (events <-chan Watched, stop func())
}
