package memory

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"lovesaijo/domain/audit"
	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
)

// Outbox is event.Outbox on a session.
type Outbox struct{ session *Session }

// Outbox gives the session's outbox.
func (s *Session) Outbox() *Outbox { return &Outbox{s} }

// Trail is audit.Trail on a session.
type Trail struct{ session *Session }

// Trail gives the session's trail.
func (s *Session) Trail() *Trail { return &Trail{s} }

// ActReader is audit.Reader on a store.
type ActReader struct{ store *Store }

// Acts gives the reader of the trail.
func (s *Store) Acts() *ActReader { return &ActReader{s} }

var (
	_ event.Outbox = (*Outbox)(nil)
	_ event.Sender = (*Store)(nil)
	_ audit.Trail  = (*Trail)(nil)
	_ audit.Reader = (*ActReader)(nil)
)

// Append is event.Outbox's.
func (o *Outbox) Append(_ context.Context, at time.Time, events ...event.Event) error {
	var topics []event.Topic
	byTopic := map[event.Topic][]event.Event{}
	for _, e := range events {
		topic := e.EventTopic()
		if byTopic[topic] == nil {
			topics = append(topics, topic)
		}
		byTopic[topic] = append(byTopic[topic], e)
	}
	for _, topic := range topics {
		payload, err := json.Marshal(byTopic[topic])
		if err != nil {
			return o.session.fail(fmt.Errorf("encode %d events of %s: %w", len(byTopic[topic]), topic, err))
		}
		o.session.outbox.add(outboxRow{
			Message: event.Message{ID: ident.New[event.Event](at), Topic: topic, At: at, Events: byTopic[topic]},
			payload: payload,
		})
	}
	return nil
}

type outboxRow struct {
	event.Message
	payload []byte
}

// Messages gives everything that was ever put into the outbox and committed, the oldest first, whether or not it
// has been relayed.
func (s *Store) Messages() (messages []event.Message) {
	s.read(func(t *tables) {
		for row := range t.outbox.all() {
			messages = append(messages, row.Message)
		}
	})
	return messages
}

// Relay is event.Sender's. While one relay has parcels in hand another one finds none.
func (s *Store) Relay(ctx context.Context, limit int, send func(context.Context, []event.Parcel) error) (int, error) {
	if !s.relay.TryLock() {
		return 0, nil
	}
	defer s.relay.Unlock()
	var parcels []event.Parcel
	s.read(func(t *tables) {
		for row := range t.outbox.all() {
			if _, sent := s.sent[row.ID]; sent || len(parcels) == limit {
				continue
			}
			parcels = append(parcels, event.Parcel{ID: row.ID, Topic: row.Topic, At: row.At, Payload: slices.Clone(row.payload)})
		}
	})
	if len(parcels) == 0 {
		return 0, ctx.Err()
	}
	if err := send(ctx, parcels); err != nil {
		return 0, fmt.Errorf("send %d parcels: %w", len(parcels), err)
	}
	for _, p := range parcels {
		s.sent[p.ID] = time.Now()
	}
	return len(parcels), nil
}

// Renew is event.Sender's.
func (s *Store) Renew(_ context.Context, before time.Time) error {
	s.relay.Lock()
	defer s.relay.Unlock()
	maps.DeleteFunc(s.sent, func(_ event.ID, at time.Time) bool { return at != settled && at.Before(before) })
	return nil
}

// settled stands in place of the moment of sending: the parcel is gone from the outbox.
var settled = time.Time{}

// Settle is event.Sender's.
func (s *Store) Settle(_ context.Context, parcels ...event.ID) error {
	s.relay.Lock()
	defer s.relay.Unlock()
	for _, id := range parcels {
		s.sent[id] = settled
	}
	return nil
}

// Record is audit.Trail's.
func (t *Trail) Record(_ context.Context, act audit.Act) error {
	act.Before, act.After = maps.Clone(act.Before), maps.Clone(act.After)
	t.session.acts.add(act)
	return nil
}

// Acts is audit.Reader's.
func (r *ActReader) Acts(_ context.Context, query audit.Query) (page.Of[audit.Act], error) {
	var found []audit.Act
	r.store.read(func(t *tables) { found = slices.Collect(t.acts.all()) })
	slices.SortFunc(found, func(a, b audit.Act) int {
		if order := b.At.Compare(a.At); order != 0 {
			return order
		}
		return slices.Compare(b.ID[:], a.ID[:])
	})
	if query.After != "" {
		last := slices.IndexFunc(found, func(a audit.Act) bool { return a.ID.String() == query.After })
		if last < 0 {
			return page.Of[audit.Act]{}, page.ErrCursor
		}
		found = found[last+1:]
	}
	found = slices.DeleteFunc(found, func(a audit.Act) bool {
		return query.Action != "" && a.Action != query.Action ||
			query.Target != "" && a.Target != query.Target ||
			query.Actor != "" && a.Actor.User.String() != query.Actor ||
			!query.From.IsZero() && a.At.Before(query.From) ||
			!query.Until.IsZero() && !a.At.Before(query.Until)
	})
	for i, a := range found {
		found[i].Before, found[i].After = maps.Clone(a.Before), maps.Clone(a.After)
	}
	return cut(found, query.Limit, func(a audit.Act) string { return a.ID.String() })
}

// cut makes a page of all the rows that are left. A page has at least one row.
func cut[Row any](rows []Row, limit int, cursor func(Row) string) (page.Of[Row], error) {
	if limit < 1 {
		return page.Of[Row]{}, page.ErrLimit
	}
	return page.Cut(rows[:min(len(rows), limit+1)], limit, cursor), nil
}
