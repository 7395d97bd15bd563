package bootstrap

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"lovesaijo/adapter/postgres"
	"lovesaijo/usecase"
)

// Bounds of starting and stopping a process.
const (
	startTimeout = 30 * time.Second
	stopTimeout  = 30 * time.Second
)

// errFindings ends a command with 1 without further words: what was found has been printed.
var errFindings = errors.New("findings")

// Main runs the command that the arguments name and returns the exit code.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root := newRoot(os.LookupEnv, os.Stdout)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	switch {
	case err == nil:
		return 0
	case !errors.Is(err, errFindings):
		fmt.Fprintln(os.Stderr, "lovesaijo:", err)
	}
	return 1
}

// program is what every command shares.
type program struct {
	lookup func(string) (string, bool)
	out    io.Writer
	config Config
	log    *slog.Logger
}

func newRoot(lookup func(string) (string, bool), out io.Writer) *cobra.Command {
	p := &program{lookup: lookup, out: out}
	root := &cobra.Command{
		Use:   "lovesaijo",
		Short: "The point currency of a city and the services around it",
		Long:  "LOVESAIJO runs the point currency of a city (1 point = 1 yen).\n\n" + HelpConfig(),

		SilenceUsage: true, SilenceErrors: true,
		PersistentPreRunE: func(*cobra.Command, []string) (err error) {
			p.config, err = LoadConfig(p.lookup)
			p.log = newLog(p.config)
			return err
		},
	}
	root.SetOut(out)
	root.CompletionOptions.DisableDefaultCmd = true
	root.AddCommand(
		p.serve(), p.work(), p.migrate(), p.demo(), p.verify(), p.export(), p.admin(), p.load(), p.openapi(),
	)
	return root
}

func (p *program) serve() *cobra.Command {
	return &cobra.Command{
		Use: "serve", Short: "Answer people: the HTTP interface", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onServers(cmd.Context(), watching, serving, observing)
		},
	}
}

func (p *program) work() *cobra.Command {
	return &cobra.Command{
		Use: "work", Short: "Work in the background: queues, relay, seals, sweep", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.onServers(cmd.Context(), watching, working, observing)
		},
	}
}

// onServers runs a role on the servers that the environment names, after bringing the schema up to date.
func (p *program) onServers(ctx context.Context, role ...fx.Option) error {
	if p.config.DatabaseURL == "" || p.config.RedisURL == "" {
		return errors.New("serve and work need LOVESAIJO_DATABASE_URL and LOVESAIJO_REDIS_URL; demo needs neither")
	}
	if err := postgres.Migrate(ctx, p.config.DatabaseURL); err != nil {
		return err
	}
	return p.runUntilDone(ctx, now, role...)
}

// runUntilDone runs a graph until ctx ends or the graph shuts itself down.
func (p *program) runUntilDone(ctx context.Context, clock usecase.Clock, role ...fx.Option) error {
	app := p.graph(clock, role...)
	return p.while(ctx, app, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return nil
		case signal := <-app.Wait():
			if signal.ExitCode != 0 {
				return fmt.Errorf("stopped by itself with %d", signal.ExitCode)
			}
			return nil
		}
	})
}

// graph puts a process together without starting it.
func (p *program) graph(clock usecase.Clock, role ...fx.Option) *fx.App {
	return fx.New(append([]fx.Option{
		core(p.config, p.log, clock), activities,
		fx.StartTimeout(startTimeout), fx.StopTimeout(stopTimeout),
		fx.WithLogger(func() fxevent.Logger {
			logger := &fxevent.SlogLogger{Logger: p.log}
			logger.UseLogLevel(slog.LevelDebug)
			return logger
		}),
	}, role...)...)
}

// while starts the app, does something, and stops the app whatever came of it.
func (p *program) while(ctx context.Context, app *fx.App, do func(context.Context) error) (err error) {
	if err := app.Err(); err != nil {
		return err
	}
	starting, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := app.Start(starting); err != nil {
		return err
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		err = errors.Join(err, app.Stop(stopping))
	}()
	return do(ctx)
}

func (p *program) migrate() *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if p.config.DatabaseURL == "" {
				return errors.New("migrate needs LOVESAIJO_DATABASE_URL")
			}
			if err := postgres.Migrate(cmd.Context(), p.config.DatabaseURL); err != nil {
				return err
			}
			at, _, err := postgres.SchemaVersion(cmd.Context(), p.config.DatabaseURL)
			if err == nil {
				fmt.Fprintf(p.out, "schema is at step %d\n", at)
			}
			return err
		},
	}
}
