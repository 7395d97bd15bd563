// Package queue carries work to background workers over Redis (asynq) and news to those who watch (pub/sub).
//
// A relay takes parcels out of the outbox and makes each a task whose id is the parcel's: what is sent twice is
// one task while it waits. Handlers rely on natural keys of what they write, since a task may still run twice.
// Redis is never the truth: what it loses, the outbox has, or a timetable brings again.
package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
)

// Bounds of the queues.
const (
	retriesMax  = 50
	taskTimeout = 10 * time.Minute
	pollEvery   = 200 * time.Millisecond // an idle worker looks for tasks this often
	againEvery  = time.Second            // what failed is looked for this often: as often as the first retry needs
	batchesMax  = 2                      // long batches that a process works on at once
)

// The queues. Each has workers of its own, so that no length of batches holds up the notices (clause 4.3.6).
const (
	queueNotices = "notices"
	queueBatches = "batches"
)

// Handler works on a message. A nil result takes it off the queue; an error brings it again, later and later.
type Handler func(ctx context.Context, message event.Message) error

// Route says what happens to the messages of a topic.
type Route struct {
	decode func(payload []byte) ([]event.Event, error)
	handle Handler
	queue  string
}

// Short routes a topic whose messages are quick to work on.
func Short[E event.Event](handle Handler) Route { return Route{decode[E], handle, queueNotices} }

// Long routes a topic whose messages are long work, such as a bulk grant.
func Long[E event.Event](handle Handler) Route { return Route{decode[E], handle, queueBatches} }

func decode[E event.Event](payload []byte) ([]event.Event, error) {
	var typed []E
	if err := json.Unmarshal(payload, &typed); err != nil {
		return nil, fmt.Errorf("decode events: %w", err)
	}
	events := make([]event.Event, len(typed))
	for i, e := range typed {
		events[i] = e
	}
	return events, nil
}

// task is what a task carries.
type task struct {
	At     time.Time       `json:"at"`
	Events json.RawMessage `json:"events"`
}

// Client puts parcels on the queues.
type Client struct {
	asynq  *asynq.Client
	routes map[event.Topic]Route
}

// NewClient makes a client for the topics of routes; parcels of other topics have nobody to work on them.
func NewClient(redis redis.UniversalClient, routes map[event.Topic]Route) *Client {
	return &Client{asynq.NewClientFromRedisClient(redis), routes}
}

// Carries tells whether somebody works on messages of the topic.
func (c *Client) Carries(topic event.Topic) bool {
	_, known := c.routes[topic]
	return known
}

// Enqueue makes a parcel a task, unless it is one already.
func (c *Client) Enqueue(ctx context.Context, parcel event.Parcel) error {
	route, known := c.routes[parcel.Topic]
	if !known {
		return nil
	}
	payload, err := json.Marshal(task{parcel.At, parcel.Payload})
	if err != nil {
		return fmt.Errorf("encode parcel %s: %w", parcel.ID, err)
	}
	_, err = c.asynq.EnqueueContext(ctx, asynq.NewTask(string(parcel.Topic), payload),
		asynq.TaskID(parcel.ID.String()), asynq.Queue(route.queue), asynq.MaxRetry(retriesMax), asynq.Timeout(taskTimeout))
	if err != nil && !errors.Is(err, asynq.ErrTaskIDConflict) && !errors.Is(err, asynq.ErrDuplicateTask) {
		return fmt.Errorf("enqueue parcel %s: %w", parcel.ID, err)
	}
	return nil
}

// Workers work on tasks.
type Workers struct {
	servers []*asynq.Server // one for each queue
	outbox  event.Settler
	routes  map[event.Topic]Route
	log     *slog.Logger
}

// NewWorkers makes as many workers as given for short messages, and a few beside them for long ones.
func NewWorkers(redis redis.UniversalClient, outbox event.Settler, routes map[event.Topic]Route, workers int, log *slog.Logger) *Workers {
	w := &Workers{outbox: outbox, routes: routes, log: log}
	w.servers = []*asynq.Server{w.server(redis, queueNotices, workers), w.server(redis, queueBatches, batchesMax)}
	return w
}

func (w *Workers) server(redis redis.UniversalClient, queue string, workers int) *asynq.Server {
	return asynq.NewServerFromRedisClient(redis, asynq.Config{
		Concurrency: workers, Queues: map[string]int{queue: 1}, TaskCheckInterval: pollEvery, DelayedTaskCheckInterval: againEvery,
		RetryDelayFunc: func(n int, _ error, _ *asynq.Task) time.Duration { return min(time.Second<<min(n, 10), 10*time.Minute) },
		ErrorHandler:   asynq.ErrorHandlerFunc(w.failed), Logger: quiet{w.log}, ShutdownTimeout: 20 * time.Second,
	})
}

// Start begins to work in the background.
func (w *Workers) Start() error {
	mux := asynq.NewServeMux()
	for topic, route := range w.routes {
		mux.HandleFunc(string(topic), func(ctx context.Context, t *asynq.Task) error { return w.run(ctx, topic, route, t) })
	}
	for _, server := range w.servers {
		if err := server.Start(mux); err != nil {
			w.Stop()
			return fmt.Errorf("start workers: %w", err)
		}
	}
	return nil
}

// Stop ends after the tasks in hand; what takes too long goes back on its queue.
func (w *Workers) Stop() {
	var stopping sync.WaitGroup
	for _, server := range w.servers {
		stopping.Go(server.Shutdown) // does nothing to one that was not started
	}
	stopping.Wait()
}

// run works on a task and then settles its parcel. Where that fails the task comes again: handlers act once.
func (w *Workers) run(ctx context.Context, topic event.Topic, route Route, t *asynq.Task) error {
	var carried task
	if err := json.Unmarshal(t.Payload(), &carried); err != nil {
		return fmt.Errorf("decode task: %w: %w", err, asynq.SkipRetry)
	}
	events, err := route.decode(carried.Events)
	if err != nil {
		return fmt.Errorf("%w: %w", err, asynq.SkipRetry)
	}
	id, err := ident.Parse[event.Event](t.ResultWriter().TaskID())
	if err != nil {
		return fmt.Errorf("task id: %w: %w", err, asynq.SkipRetry)
	}
	if err := route.handle(ctx, event.Message{ID: id, Topic: topic, At: carried.At, Events: events}); err != nil {
		return err
	}
	return w.outbox.Settle(ctx, id)
}

func (w *Workers) failed(ctx context.Context, t *asynq.Task, err error) {
	id, _ := asynq.GetTaskID(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	w.log.ErrorContext(ctx, "task failed", "topic", t.Type(), "task", id, "retried", retried, "error", err)
}

// quiet passes asynq's own words on, its chatter as debug.
type quiet struct{ log *slog.Logger }

func (q quiet) Debug(args ...any) { q.log.Debug(fmt.Sprint(args...)) }
func (q quiet) Info(args ...any)  { q.log.Debug(fmt.Sprint(args...)) }
func (q quiet) Warn(args ...any)  { q.log.Warn(fmt.Sprint(args...)) }
func (q quiet) Error(args ...any) { q.log.Error(fmt.Sprint(args...)) }
func (q quiet) Fatal(args ...any) { q.log.Error(fmt.Sprint(args...)) }
