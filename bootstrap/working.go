package bootstrap

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"

	"lovesaijo/adapter/queue"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/expiring"
	"lovesaijo/usecase/granting"
	"lovesaijo/usecase/informing"
	"lovesaijo/usecase/proving"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/reporting"
	"lovesaijo/usecase/rewarding"
	"lovesaijo/usecase/settling"
)

// Bounds of the background work.
const (
	workersAtOnce   = 4
	sealEvery       = 5 * time.Second
	campaignsEvery  = 10 * time.Second // a budget that is used up ends its campaign at any moment
	sweepWalletMax  = 100_000
	clearCodesEvery = time.Hour
	expireEvery     = time.Hour
	sweepEvery      = 10 * time.Minute // looks whether the day has turned or a sweep broke off
)

// working is the role of background work: queues, relay, sealer, sweep. Any number of such processes may run.
var working = fx.Options(
	fx.Provide(routes, newWorkers, queue.NewClient, queue.NewRelay),
	fx.Invoke(
		func(lifecycle fx.Lifecycle, workers *queue.Workers) {
			lifecycle.Append(fx.StartStopHook(workers.Start, workers.Stop))
		},
		func(lifecycle fx.Lifecycle, relay *queue.Relay) {
			lifecycle.Append(fx.StartStopHook(relay.Start, relay.Stop))
		},
		keepTimetable,
	),
)

// watching gives every process the news that people may watch.
var watching = fx.Provide(
	func(redis redis.UniversalClient, log *slog.Logger) *queue.Live {
		return queue.NewLive(redis, log, queue.Watching[ledger.WalletChanged](), queue.Watching[fund.BatchProgress]())
	},
)

// routes says who works on which messages.
func routes(informing *informing.Informing, batches *granting.Bulk, payouts *rewarding.Payout) map[event.Topic]queue.Route {
	return map[event.Topic]queue.Route{
		ledger.TopicWallet: queue.Short[ledger.WalletChanged](informing.Deliver),
		fund.BatchOpened{}.EventTopic(): queue.Long[fund.BatchOpened](func(ctx context.Context, message event.Message) error {
			var failed []error
			for _, e := range message.Events {
				if opened, ok := e.(fund.BatchOpened); ok {
					failed = append(failed, batches.Run(ctx, opened.Batch), payouts.Finish(ctx, cashback.OfferID(opened.Batch)))
				}
			}
			return errors.Join(failed...)
		}),
	}
}

func newWorkers(redis redis.UniversalClient, outbox event.Sender, routes map[event.Topic]queue.Route, log *slog.Logger) *queue.Workers {
	return queue.NewWorkers(redis, outbox, routes, workersAtOnce, log)
}

// keepTimetable seals the journal every few seconds, ends and pays campaigns, takes up batches that a lost queue forgot,
// lapses what has expired once the day in Japan has turned, clears away codes that nobody used, marks requests that
// nobody decided about, enters and closes the periods of settlement, and freezes half-year reports.
func keepTimetable(
	lifecycle fx.Lifecycle, sealer *proving.Seal, sweeper *expiring.Expiring, batches *granting.Bulk, desk *registering.Desk, approvals *approving.Approving,
	freezing *reporting.Freezing, payouts *rewarding.Payout, periods *settling.Periods, log *slog.Logger,
) {
	seal := func(ctx context.Context) error {
		_, err := sealer.Do(ctx)
		return err
	}
	var swept calendar.Day
	sweep := func(ctx context.Context) error {
		today := calendar.DayOf(now())
		if swept == today {
			return nil
		}
		result, err := sweeper.Sweep(ctx, sweepWalletMax)
		if err == nil && !result.More {
			swept = today
		}
		return err
	}
	clearCodes := func(ctx context.Context) error {
		_, err := desk.ClearCodes(ctx, now().Add(-registering.CodesKept), registering.CodesMax)
		return err
	}
	expire := func(ctx context.Context) error {
		_, err := approvals.Expire(ctx)
		return err
	}
	for _, duty := range []struct {
		name  string
		every time.Duration
		do    func(context.Context) error
	}{
		{"seal", sealEvery, seal},
		{"campaigns", campaignsEvery, payouts.Run},
		{"sweep", sweepEvery, sweep},
		{"resume batches", sweepEvery, batches.Resume},
		{"clear codes", clearCodesEvery, clearCodes},
		{"expire approvals", expireEvery, expire},
		{"keep periods", sweepEvery, periods.Keep},
		{"freeze reports", freezeEvery, freezing.FreezeDue},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		done := make(chan struct{})
		lifecycle.Append(fx.StartStopHook(
			func() { go repeat(ctx, log, duty.name, duty.every, duty.do, done) },
			func() { cancel(); <-done },
		))
	}
}

// repeat does a duty at once and then over and over until ctx ends. What fails is logged and tried at the next turn.
func repeat(ctx context.Context, log *slog.Logger, name string, every time.Duration, do func(context.Context) error, done chan struct{}) {
	defer close(done)
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := do(ctx); err != nil && ctx.Err() == nil {
			log.ErrorContext(ctx, "duty failed", "duty", name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}
