package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"

	"lovesaijo/adapter/crypt"
	"lovesaijo/adapter/postgres"
	"lovesaijo/adapter/queue"
	"lovesaijo/adapter/rest"
	"lovesaijo/adapter/sessions"
	"lovesaijo/domain/access"
	"lovesaijo/usecase"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/expiring"
	"lovesaijo/usecase/funding"
	"lovesaijo/usecase/granting"
	"lovesaijo/usecase/informing"
	"lovesaijo/usecase/paying"
	"lovesaijo/usecase/proving"
	"lovesaijo/usecase/reading"
	"lovesaijo/usecase/registering"
	"lovesaijo/usecase/rewarding"
	"lovesaijo/usecase/ruling"
	"lovesaijo/usecase/signingin"
)

// A process that serves keeps little and throws away much: it collects seldom while there is room, and more often as
// it nears the limit. The environment's GOGC and GOMEMLIMIT come before these.
const (
	collectPercent = 400
	memorySoftMax  = 128 << 20
)

// collectSeldom sets the garbage collector for serving.
func collectSeldom() {
	if _, set := os.LookupEnv("GOGC"); !set {
		debug.SetGCPercent(collectPercent)
	}
	if _, set := os.LookupEnv("GOMEMLIMIT"); !set {
		debug.SetMemoryLimit(memorySoftMax)
	}
}

// signInsWaiting is how many people may wait at the door before more are asked to come back.
const signInsWaiting = 64

// activities are what people do, whatever role the process has.
var activities = fx.Provide(
	newTeller, paying.NewPay, paying.NewPreview, reading.New,
	charging.New, expiring.New, expiring.NewLapsing, funding.New, funding.NewAccounts, granting.New, granting.NewBulk,
	rewarding.NewProgrammes, rewarding.NewCampaigns, rewarding.NewPayout, rewarding.NewWhatIf,
	informing.New, ruling.New, ruling.NewPreviewing, registering.NewDesk, proving.NewSeal, proving.NewVerify,
	newHasher,
)

// newHasher lets only a few passwords be checked at a time, so that sign-ins never starve payments.
func newHasher(config Config) access.Hasher {
	return signingin.NewTurnstile(crypt.Argon2id{}, config.SignInsAtOnce, signInsWaiting)
}

func newTeller(lifecycle fx.Lifecycle, unit usecase.Unit[paying.Stores], clock usecase.Clock, config Config) *paying.Teller {
	teller := paying.NewTeller(unit, clock)
	lifecycle.Append(fx.StartStopHook(func() { teller.Open(config.TellerWindows) }, teller.Close))
	return teller
}

// serving is the role of answering people.
var serving = fx.Options(
	fx.Provide(
		newDoor, newRevocations, newReadiness, newStopping,
		signingin.NewGuard,
		func(redis redis.UniversalClient) access.Sessions { return sessions.New(redis) },
		func(feed *sessions.Feed) access.Revocations { return feed },
		func(db *postgres.DB) rest.Owners { return db.Owners() },
		newApp,
	),
	fx.Invoke(collectSeldom, listen, func(lifecycle fx.Lifecycle, live *queue.Live) {
		lifecycle.Append(fx.StartStopHook(live.Start, live.Stop))
	}),
)

func newDoor(unit usecase.Unit[signingin.Stores], sessions access.Sessions, signer access.Signer, hasher access.Hasher, clock usecase.Clock) (*signingin.Door, error) {
	return signingin.New(context.Background(), unit, sessions, signer, hasher, clock)
}

// newRevocations follows the ends of sessions. The process serves nobody before it has caught up.
func newRevocations(lifecycle fx.Lifecycle, redis redis.UniversalClient, log *slog.Logger) *sessions.Feed {
	feed := sessions.NewFeed(redis, log)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	lifecycle.Append(fx.Hook{
		OnStart: func(start context.Context) error {
			go func() {
				defer close(done)
				feed.Run(ctx)
			}()
			select {
			case <-feed.Ready():
				return nil
			case <-start.Done():
				return errors.New("sessions: Redis does not answer")
			}
		},
		OnStop: func(context.Context) error {
			cancel()
			<-done
			return nil
		},
	})
	return feed
}

// readiness tells whether what the platform stands on answers.
type readiness func(ctx context.Context) error

func newReadiness(db *postgres.DB, redis redis.UniversalClient) readiness {
	return func(ctx context.Context) error {
		if err := db.Ping(ctx); err != nil {
			return fmt.Errorf("database: %w", err)
		}
		if err := redis.Ping(ctx).Err(); err != nil {
			return fmt.Errorf("redis: %w", err)
		}
		return nil
	}
}

// listen serves the application. Stopping ends the streams, and lets the requests in hand end first.
func listen(lifecycle fx.Lifecycle, app *fiber.App, stopping stopping, config Config, log *slog.Logger, shutdown fx.Shutdowner) {
	lifecycle.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", config.Listen)
			if err != nil {
				return fmt.Errorf("LOVESAIJO_LISTEN: %w", err)
			}
			log.Info("serving", "address", listener.Addr().String())
			go func() {
				if err := app.Listener(listener); err != nil {
					log.Error("stopped serving", "error", err)
					_ = shutdown.Shutdown(fx.ExitCode(1)) // fails only where the application is stopping already
				}
			}()
			return nil
		},
		OnStop: func(ctx context.Context) error {
			close(stopping)
			return app.ShutdownWithContext(ctx)
		},
	})
}
