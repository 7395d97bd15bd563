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

var _ event.Sender = (*DB)(nil)

// flushLater lets a transaction commit without waiting for the disk. Only what the outbox brings again may do so: a
// crash loses the end of the log, so a parcel's removal is never kept without the work that came before it. It spares
// payments, which do wait for the disk, a queue of flushes that are worth nothing to anybody.
const flushLater = `SET LOCAL synchronous_commit TO off`

// Relay is event.Sender's.
func (db *DB) Relay(ctx context.Context, limit int, send func(context.Context, []event.Parcel) error) (int, error) {
	var parcels []event.Parcel
	var sent []int64
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, flushLater); err != nil {
			return err
		}
		rows, err := tx.Query(ctx, `SELECT seq, id, topic, at, payload FROM outbox WHERE sent_at IS NULL ORDER BY seq LIMIT $1 FOR UPDATE SKIP LOCKED`, limit)
		if err != nil {
			return err
		}
		parcels, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p event.Parcel, err error) {
			var seq int64
			err = row.Scan(&seq, (*[16]byte)(&p.ID), (*string)(&p.Topic), &p.At, &p.Payload)
			sent = append(sent, seq)
			return p, err
		})
		if err != nil || len(parcels) == 0 {
			return err
		}
		if err := send(ctx, parcels); err != nil {
			return fmt.Errorf("send %d parcels: %w", len(parcels), err)
		}
		_, err = tx.Exec(ctx, `UPDATE outbox SET sent_at = now() WHERE seq = ANY($1)`, sent)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("relay outbox: %w", err)
	}
	return len(parcels), nil
}

// Renew is event.Sender's.
func (db *DB) Renew(ctx context.Context, before time.Time) error {
	if _, err := db.pool.Exec(ctx, `UPDATE outbox SET sent_at = NULL WHERE sent_at < $1`, before); err != nil {
		return fmt.Errorf("renew parcels: %w", err)
	}
	return nil
}

// Settle is event.Sender's.
func (db *DB) Settle(ctx context.Context, parcels ...event.ID) error {
	err := pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		var batch pgx.Batch
		batch.Queue(flushLater)
		batch.Queue(`DELETE FROM outbox WHERE id = ANY($1::uuid[])`, uuids(parcels))
		return tx.SendBatch(ctx, &batch).Close()
	})
	if err != nil {
		return fmt.Errorf("settle %d parcels: %w", len(parcels), err)
	}
	return nil
}
