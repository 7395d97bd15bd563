package bootstrap

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/fx"

	"lovesaijo/adapter/crypt"
	"lovesaijo/adapter/postgres"
	"lovesaijo/adapter/sealfile"
	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// now is the platform's clock: microseconds, as the database keeps them, so that an answer given at once and one
// read back later say the same.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// newLog makes the log of a process: one JSON object a line, on standard error.
func newLog(config Config) *slog.Logger {
	return slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: config.LogLevel}))
}

// core is what every role stands on: the database, Redis, keys and clock.
func core(config Config, log *slog.Logger, clock usecase.Clock) fx.Option {
	return fx.Options(
		fx.Supply(config, log, clock),
		fx.Provide(
			openDatabase, openRedis, newSigner, newSealer, newVault,
			func(db *postgres.DB) ledger.Statements { return db },
			func(db *postgres.DB) ledger.RulesReader { return db },
			func(db *postgres.DB) audit.Reader { return db },
			func(db *postgres.DB) event.Sender { return db },
			func(db *postgres.DB) user.Roster { return db.Roster() },
			func(db *postgres.DB) user.CodeReader { return db.CodeReader() },
			func(db *postgres.DB) fund.Reader { return db },
			func(db *postgres.DB) fund.BatchReader { return db },
			func(db *postgres.DB) notice.Reader { return db },
			func(db *postgres.DB) cashback.Reader { return db },
			func(db *postgres.DB) settlement.Reader { return db },
			func(db *postgres.DB) proof.Books { return db.Books() },
			func(db *postgres.DB) proof.Seals { return db.Seals() },
			func(config Config) (proof.Heads, error) { return sealfile.New(config.SealHeads), nil },
			func(db *postgres.DB, embedded bank.Embedded) bank.Directory { return db.Banks(embedded) },
			func(config Config) bank.Embedded { return embeddedBanks(config.TestBank) },
			func(signer *crypt.TokenSigner) access.Signer { return signer },
			func(sealer *crypt.Sealer) access.Seal { return sealer },
			func(vault *crypt.Vault) settlement.Vault { return vault },
		),
		units, bankLists, corrections, reports, settlements,
	)
}

func openDatabase(lifecycle fx.Lifecycle, config Config, vault settlement.Vault) (*postgres.DB, error) {
	options := postgres.Options{Connections: config.DatabaseConnections, Vault: vault}
	db, err := postgres.Open(context.Background(), config.DatabaseURL, options)
	if err != nil {
		return nil, err
	}
	lifecycle.Append(fx.StopHook(db.Close))
	return db, nil
}

func openRedis(lifecycle fx.Lifecycle, config Config) (redis.UniversalClient, error) {
	options, err := redis.ParseURL(config.RedisURL)
	if err != nil {
		return nil, fmt.Errorf("LOVESAIJO_REDIS_URL: %w", err)
	}
	client := redis.NewClient(options)
	lifecycle.Append(fx.StopHook(client.Close))
	return client, nil
}

func newSigner(config Config) (*crypt.TokenSigner, error) {
	keys, err := crypt.AccessKeys("", config.TokenKeyFile)
	if err != nil {
		return nil, err
	}
	return crypt.NewTokenSigner(keys)
}

func newSealer(config Config) (*crypt.Sealer, error) {
	seed, err := crypt.SealSeed("", config.SealKeyFile)
	if err != nil {
		return nil, err
	}
	return crypt.NewSealer(seed), nil
}

func newVault(config Config) (*crypt.Vault, error) {
	keys, err := crypt.VaultKeys("", config.VaultKeyFile)
	if err != nil {
		return nil, err
	}
	return crypt.NewVault(keys)
}
