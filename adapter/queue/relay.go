package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lovesaijo/domain/event"
)

// Bounds of the relay.
const (
	parcelsMax = 50                    // held in memory at once, thrice: a set of 256 payments makes a parcel of 200 kB
	idlePause  = 50 * time.Millisecond // while the outbox is empty: news reach people within the same second
	faultPause = time.Second
	renewAfter = time.Minute // what was sent so long ago and is not settled may have been lost with a queue
	renewEvery = 15 * time.Second
)

// Relay moves parcels from the outbox to the queues and tells those who watch. Any number may run at once.
type Relay struct {
	outbox event.Sender
	client *Client
	live   *Live
	log    *slog.Logger
	loose  []event.ID // published, and nobody's to work on
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// NewRelay makes a relay.
func NewRelay(outbox event.Sender, client *Client, live *Live, log *slog.Logger) *Relay {
	return &Relay{outbox: outbox, client: client, live: live, log: log}
}

// Start begins to relay in the background.
func (r *Relay) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	r.done.Go(func() { r.run(ctx) })
}

// Stop ends after the parcels in hand.
func (r *Relay) Stop() {
	r.cancel()
	r.done.Wait()
}

func (r *Relay) run(ctx context.Context) {
	var renewed time.Time
	for ctx.Err() == nil {
		sent, err := r.round(ctx, &renewed)
		pause := idlePause
		switch {
		case err != nil && ctx.Err() == nil:
			r.log.ErrorContext(ctx, "relay stumbled", "error", err)
			pause = faultPause
		case sent == parcelsMax:
			continue
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// round sends once and, every now and then, makes due what was sent long ago and never settled: a queue that lost
// its memory does not know of it. Where it is only waiting there, its task is found by its identifier and stays one.
func (r *Relay) round(ctx context.Context, renewed *time.Time) (int, error) {
	if now := time.Now(); now.Sub(*renewed) >= renewEvery {
		if err := r.outbox.Renew(ctx, now.Add(-renewAfter)); err != nil {
			return 0, err
		}
		*renewed = now
	}
	sent, err := r.outbox.Relay(ctx, parcelsMax, r.send)
	if err == nil && len(r.loose) > 0 {
		err = r.outbox.Settle(ctx, r.loose...)
		r.loose = r.loose[:0]
	}
	return sent, err
}

func (r *Relay) send(ctx context.Context, parcels []event.Parcel) error {
	for _, parcel := range parcels {
		if err := r.client.Enqueue(ctx, parcel); err != nil {
			return err
		}
		if !r.client.Carries(parcel.Topic) {
			r.loose = append(r.loose, parcel.ID)
		}
	}
	// Those who watch come second: news that are lost are read again at the next look, tasks are not.
	if err := r.live.Publish(ctx, parcels); err != nil {
		return fmt.Errorf("publish %d parcels: %w", len(parcels), err)
	}
	return nil
}
