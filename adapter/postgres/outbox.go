package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
)

// Outbox is event.Outbox on a session: one row per topic, however many events.
type Outbox struct{ session *Session }

// Outbox gives the session's outbox.
func (s *Session) Outbox() *Outbox { return &Outbox{s} }

var _ event.Outbox = (*Outbox)(nil)

// Append is event.Outbox's.
func (o *Outbox) Append(_ context.Context, at time.Time, events ...event.Event) error {
	var order []event.Topic
	byTopic := map[event.Topic][]event.Event{}
	for _, e := range events {
		topic := e.EventTopic()
		if byTopic[topic] == nil {
			order = append(order, topic)
		}
		byTopic[topic] = append(byTopic[topic], e)
	}
	for _, topic := range order {
		payload, err := json.Marshal(byTopic[topic])
		if err != nil {
			return fmt.Errorf("encode %d events of %s: %w", len(byTopic[topic]), topic, err)
		}
		id := ident.New[event.Event](at)
		o.session.write(`INSERT INTO outbox (id, topic, at, payload) VALUES ($1, $2, $3, $4)`, [16]byte(id), string(topic), at, payload)
	}
	return nil
}

// Parcel is one row of the outbox on its way: Payload is the JSON of a list of events of Topic.
type Parcel struct {
	Seq     int64
	ID      event.ID
	Topic   event.Topic
	At      time.Time
	Payload []byte
}

// Relay hands the oldest rows of the outbox, at most limit, to send, and removes them once send has returned nil.
// Rows that another relay has in hand are passed over. It returns how many rows went. A crash between the two
// sends them again: delivery is at least once.
func (db *DB) Relay(ctx context.Context, limit int, send func(context.Context, []Parcel) error) (int, error) {
	var parcels []Parcel
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, `SELECT seq, id, topic, at, payload FROM outbox ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED`, limit)
		if err != nil {
			return err
		}
		parcels, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p Parcel, err error) {
			err = row.Scan(&p.Seq, (*[16]byte)(&p.ID), (*string)(&p.Topic), &p.At, &p.Payload)
			return p, err
		})
		if err != nil || len(parcels) == 0 {
			return err
		}
		if err := send(ctx, parcels); err != nil {
			return fmt.Errorf("send %d parcels: %w", len(parcels), err)
		}
		sent := make([]int64, len(parcels))
		for i, p := range parcels {
			sent[i] = p.Seq
		}
		_, err = tx.Exec(ctx, `DELETE FROM outbox WHERE seq = ANY($1)`, sent)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("relay outbox: %w", err)
	}
	return len(parcels), nil
}
