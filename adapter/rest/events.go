package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"lovesaijo/domain/access"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/signingin"
)

// Bounds of event streams.
const (
	streamsMaxPerUser = 8
	heartbeatUsual    = 15 * time.Second
	eventsMIME        = "text/event-stream"
)

var errStreams = fault.Define(fault.Throttled, "streams_too_many", "同時に開いている画面が多すぎます。ほかの画面を閉じてください。")

// streams counts who has how many open in this process.
type streams struct {
	mu   sync.Mutex
	open map[user.ID]int
}

func (s *streams) enter(id user.ID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open == nil {
		s.open = map[user.ID]int{}
	}
	if s.open[id] >= streamsMaxPerUser {
		return errStreams
	}
	s.open[id]++
	return nil
}

func (s *streams) leave(id user.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.open[id]--; s.open[id] == 0 {
		delete(s.open, id)
	}
}

// EventsHead is part of every request for a stream. What was missed is not sent again: whoever connects anew reads
// what they show anew.
type EventsHead struct {
	LastEventID string `header:"Last-Event-ID" maxLength:"100" doc:"Accepted from clients that send it; nothing is sent again"`
}

type walletEventsRequest struct {
	EventsHead
}

type batchEventsRequest struct {
	EventsHead
	ID string `path:"id" maxLength:"36"`
}

// walletEventView is the data of "event: wallet".
type walletEventView struct {
	EntryID  string       `json:"entry_id"`
	Type     string       `json:"type"`
	Delta    money.Points `json:"delta"`
	Balance  money.Points `json:"balance"`
	At       string       `json:"at"`
	Cashback money.Points `json:"cashback,omitempty"`
	Promised money.Points `json:"promised,omitempty"`
}

// batchEventView is the data of "event: batch".
type batchEventView struct {
	ID      string       `json:"id"`
	Done    int          `json:"done"`
	Rows    int          `json:"rows"`
	Refused int          `json:"refused"`
	Granted money.Points `json:"granted"`
	Ended   bool         `json:"ended"`
}

func (c *contract) events() {
	handle(c, route{
		method: http.MethodGet, path: "/v1/events", id: "watch-wallet", summary: "残高の動きをその場で受け取る", tag: "events",
		needs: may(access.SeeOwnHistory), answers: fileAnswer(eventsMIME),
	}, func(ctx context.Context, actor access.Actor, _ *walletEventsRequest) (*huma.StreamResponse, error) {
		return c.stream(ctx, actor, []string{ledger.WalletSubject(actor.Wallet)}, func(_ context.Context, out *eventWriter) error {
			return out.comment("connected")
		})
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/batches/{id}/events", id: "watch-batch", summary: "一括給付の進み具合をその場で受け取る", tag: "events",
		needs: may(access.Grant), answers: fileAnswer(eventsMIME),
	}, func(ctx context.Context, actor access.Actor, in *batchEventsRequest) (*huma.StreamResponse, error) {
		batch, err := c.batchOf(ctx, actor, in.ID)
		if err != nil {
			return nil, err
		}
		return c.stream(ctx, actor, []string{fund.BatchSubject(batch.ID)}, func(ctx context.Context, out *eventWriter) error {
			batch, err := c.Bulk.Batch(ctx, actor, batch.ID) // once watching has begun, so that the end is not missed
			if err != nil {
				return err
			}
			return out.event(batch.Progress())
		})
	})
}

// stream answers with what happens to the subjects, begun with what first writes. It ends when the token does, when
// its session is ended, when nobody reads any more, when the process stops, and after the end of a batch.
func (c *contract) stream(ctx context.Context, actor access.Actor, subjects []string, first func(context.Context, *eventWriter) error) (*huma.StreamResponse, error) {
	token := requestOf(ctx).token
	if err := c.streams.enter(actor.User); err != nil {
		return nil, err
	}
	headers := map[string]string{fiber.HeaderContentType: eventsMIME, "X-Accel-Buffering": "no"}
	return c.streamed(headers, time.Now().Add(access.AccessLife), func(ctx context.Context, w *liveWriter) error {
		defer c.streams.leave(actor.User)
		events, stop := c.Live.Watch(subjects...)
		defer stop()
		out := &eventWriter{w: w}
		if err := first(ctx, out); err != nil {
			return err
		}
		beat := time.NewTicker(c.Heartbeat)
		defer beat.Stop()
		for !out.ended {
			var err error
			select {
			case <-ctx.Done():
				return nil
			case <-c.Stopping:
				return nil
			case happened, open := <-events:
				if !open {
					return nil
				}
				err = out.event(happened)
			case <-beat.C:
				if _, refused := c.Guard.Actor(token, signingin.Origin{}); refused != nil {
					return nil
				}
				err = out.comment("heartbeat")
			}
			if err != nil {
				return err
			}
		}
		return nil
	}), nil
}

// eventWriter words events as the stream's format has them.
type eventWriter struct {
	w     *liveWriter
	ended bool
}

func (e *eventWriter) comment(text string) error {
	_, _ = e.w.WriteString(": " + text + "\n\n") // what fails here fails in Flush
	return e.w.Flush()
}

// event sends one event. Events that nobody here has words for are passed over.
func (e *eventWriter) event(happened event.Watched) error {
	var name, id string
	var view any
	switch h := happened.(type) {
	case ledger.WalletChanged:
		name, id = "wallet", h.ID.String()
		view = walletEventView{EntryID: h.Entry.String(), Type: h.Type.String(), Delta: h.Delta, Balance: h.Balance, At: instant(h.At), Cashback: h.Cashback, Promised: h.Promised}
	case fund.BatchProgress:
		name, e.ended = "batch", h.Ended
		view = batchEventView{ID: h.Batch.String(), Done: h.Done, Rows: h.Rows, Refused: h.Refused, Granted: h.Granted, Ended: h.Ended}
	default:
		return nil
	}
	data, err := json.Marshal(view)
	if err != nil {
		return err
	}
	_, _ = e.w.WriteString("event: " + name + "\n")
	if id != "" {
		_, _ = e.w.WriteString("id: " + id + "\n")
	}
	_, _ = e.w.WriteString("data: " + string(data) + "\n\n")
	return e.w.Flush()
}
