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
)

// Relay moves parcels from the outbox to the queues and tells those who watch. Any number may run at once.
type Relay struct {
	outbox event.Sender
	client *Client
	live   *Live
	log    *slog.Logger
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
	for ctx.Err() == nil {
		sent, err := r.outbox.Relay(ctx, parcelsMax, r.send)
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

func (r *Relay) send(ctx context.Context, parcels []event.Parcel) error {
	for _, parcel := range parcels {
		if err := r.client.Enqueue(ctx, parcel); err != nil {
			return err
		}
	}
	// Those who watch come second: news that are lost are read again at the next look, tasks are not.
	if err := r.live.Publish(ctx, parcels); err != nil {
		return fmt.Errorf("publish %d parcels: %w", len(parcels), err)
	}
	return nil
}
