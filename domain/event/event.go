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
