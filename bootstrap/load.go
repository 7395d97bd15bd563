package bootstrap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"lovesaijo/adapter/crypt"
	"lovesaijo/adapter/loadgen"
	"lovesaijo/adapter/localredis"
	"lovesaijo/adapter/pgcluster"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/access"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
	"lovesaijo/e2e/bench"
	"lovesaijo/usecase/proving"
)

// loadFlags are what the measurements can be told.
type loadFlags struct {
	floor       bool
	cashback    bool
	work        bool
	connections []int
	rounds      int
	stretch     time.Duration
	entries     int64
	rows        int
	accruals    int
	transfers   int
	json        bool
}

// The population of a load: the floor's (see e2e/bench).
const (
	loadResidents = 2_000
	loadShops     = 50
	loadGrantees  = 10_000
)

func (p *program) load() *cobra.Command {
	var f loadFlags
	load := &cobra.Command{
		Use: "load", Short: "Measure the platform: real HTTP load with sign-in against separate processes, on loopback only",
		Long: "Starts a private, durable PostgreSQL, fills it through the use cases, starts serve and work as processes of their\n" +
			"own, and measures. Nothing is asserted about time: ratios against the floor in the same run are what counts.",
	}
	load.PersistentFlags().DurationVar(&f.stretch, "stretch", 10*time.Second, "how long each number of connections is kept up")
	load.PersistentFlags().IntVar(&f.rounds, "rounds", 3, "how often the stretches are repeated")
	load.PersistentFlags().BoolVar(&f.json, "json", false, "print the report as JSON")
	load.PersistentFlags().BoolVar(&f.work, "work", true, "run the background worker during the load")
	load.PersistentFlags().IntSliceVar(&f.connections, "connections", nil, "numbers of connections")

	payments := p.measurement("payments", "Payments by standing code", &f, p.loadPayments)
	payments.Flags().BoolVar(&f.floor, "floor", false, "alternate with the floor of e2e/bench on the same server")
	payments.Flags().BoolVar(&f.cashback, "cashback", false, "alternate payments at shops without cashback and at shops with a programme and a campaign")
	grants := p.measurement("grants", "One bulk grant, by the job's own time stamps", &f, p.loadGrants)
	grants.Flags().IntVar(&f.rows, "rows", loadGrantees, "recipients")
	journal := p.measurement("journal", "Reads on a short and on a long journal, and the proof of the long one", &f, p.loadJournal)
	journal.Flags().Int64Var(&f.entries, "entries", 1_000_000, "payments that make the journal long; 5,000,000 take some ten minutes")
	campaign := p.measurement("campaign", "The payout of one campaign, by the job's own time stamps", &f, p.loadCampaign)
	campaign.Flags().IntVar(&f.accruals, "accruals", 1_000_000, "payments that earned of it (written straight into the tables, as synthetic ones)")
	campaign.Flags().IntVar(&f.rows, "people", loadGrantees, "residents among whom they are")
	closing := p.measurement("closing", "Closing a month of 300 merchants while residents go on paying", &f, p.loadClosing)
	closing.Flags().Int64Var(&f.entries, "payments", 1_000_000, "payments of the month; a million take some minutes")
	bankFile := p.measurement("bankfile", "One file for the bank, from approved claims to all of it noted as paid", &f, p.loadBankFile)
	bankFile.Flags().IntVar(&f.transfers, "records", loadTransfers, "merchants to be paid")
	load.AddCommand(payments, grants, campaign, journal, closing, bankFile,
		p.measurement("reads", "Balance and first page of the history", &f, p.loadReads))
	return load
}

func (p *program) measurement(name, short string, f *loadFlags, run func(context.Context, *arena, loadFlags) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := p.enter(cmd.Context(), name, *f)
			if err != nil {
				return err
			}
			defer a.leave()
			return run(cmd.Context(), a, *f)
		},
	}
}

// arena is the place of a measurement: a fresh database with its people, and the platform's processes.
type arena struct {
	*program
	dir       string
	cluster   *pgcluster.Cluster
	redis     *localredis.Server
	url       string
	password  string
	scale     Scale
	mint      func(email string) (string, error)
	server    *exec.Cmd
	processes []*exec.Cmd
}

const adminEmail = "admin@example.jp"

// enter builds the arena.
func (p *program) enter(ctx context.Context, name string, f loadFlags) (_ *arena, err error) {
	a := &arena{program: p, password: randomPassword()}
	defer func() {
		if err != nil {
			a.leave()
		}
	}()
	if a.dir, err = os.MkdirTemp("", "lovesaijo-load-"); err != nil {
		return nil, err
	}
	p.config.TestBank = true
	p.config.DataDir, p.config.TokenKeyFile = a.dir, filepath.Join(a.dir, "token.key")
	p.config.SealKeyFile, p.config.SealHeads = filepath.Join(a.dir, "seal.key"), filepath.Join(a.dir, "heads.jsonl")
	p.config.VaultKeyFile = filepath.Join(a.dir, "vault.key")
	a.cluster, err = pgcluster.Start(ctx, pgcluster.Options{Dir: filepath.Join(a.dir, "pg"), Settings: clusterSettings, Log: p.log})
	if err != nil {
		return nil, err
	}
	if a.redis, err = localredis.Start(); err != nil {
		return nil, err
	}
	p.config.DatabaseURL, p.config.RedisURL = a.cluster.URL(pgcluster.Database), a.redis.URL()
	if err = postgres.Migrate(ctx, p.config.DatabaseURL); err != nil {
		return nil, err
	}
	residents := loadResidents
	if name == "grants" || name == "campaign" {
		residents = max(f.rows, 1)
	}
	shops := map[string]int{"closing": loadClosingShops, "bankfile": max(f.transfers, 1)}[name]
	a.scale = Scale{Residents: residents, Shops: cmp.Or(shops, loadShops)}
	err = p.seeding(ctx, a.scale, a.password, func(ctx context.Context, seed *seeder, hash string) error {
		err := seed.fill(ctx, hash)
		if offered := f.cashback || name == "closing"; err != nil || !offered {
			return err
		}
		return seed.offer(ctx)
	})
	if err != nil {
		return nil, err
	}
	alone := name == "journal" || name == "closing" || name == "bankfile" // a worker would still be busy, or close periods
	return a, a.start(ctx, f.work && !alone)
}

// start runs the platform's processes and waits until they answer.
func (a *arena) start(ctx context.Context, work bool) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		return err
	}
	a.url = "http://" + address
	roles := []string{"serve"}
	if work {
		roles = append(roles, "work")
	}
	for _, role := range roles {
		if err := a.spawn(role, address); err != nil {
			return err
		}
	}
	a.server = a.processes[0]
	if a.mint, err = a.minting(ctx); err != nil {
		return err
	}
	return a.ready(ctx)
}

// ready waits until the server answers.
func (a *arena) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.url+"/readyz", nil)
		if err != nil {
			return err
		}
		response, err := http.DefaultClient.Do(request)
		if err == nil {
			_ = response.Body.Close() // nothing of it is read
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("server at %s does not get ready: %w", a.url, errors.Join(err, ctx.Err()))
		case <-ticker.C:
		}
	}
}

// spawn starts a role of this very program as a process of its own, ended with this one.
func (a *arena) spawn(role, address string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	process := exec.Command(self, role)
	process.Env = append(os.Environ(), "LOVESAIJO_DATABASE_URL="+a.config.DatabaseURL, "LOVESAIJO_REDIS_URL="+a.config.RedisURL,
		"LOVESAIJO_LISTEN="+address, "LOVESAIJO_BASE_URL="+a.url, "LOVESAIJO_DATA_DIR="+a.dir, "LOVESAIJO_TEST_BANK=true", "LOVESAIJO_LOG_LEVEL=warn")
	process.Stderr = os.Stderr
	if err := process.Start(); err != nil {
		return fmt.Errorf("start %s: %w", role, err)
	}
	a.processes = append(a.processes, process)
	return nil
}

// minting makes access tokens by the server's own key: two thousand passwords would take minutes to check.
func (a *arena) minting(ctx context.Context) (func(string) (string, error), error) {
	signer, err := newSigner(a.config)
	if err != nil {
		return nil, err
	}
	db, err := postgres.Open(ctx, a.config.DatabaseURL, postgres.Options{Connections: 4, Lists: 1})
	if err != nil {
		return nil, err
	}
	defer db.Close()
	emails := make([]user.Email, 0, loadResidents)
	for i := 1; i <= loadResidents; i++ {
		emails = append(emails, user.Email(fmt.Sprintf("resident%06d@example.jp", i)))
	}
	users, err := db.Roster().ByEmails(ctx, emails)
	if err != nil {
		return nil, err
	}
	return func(email string) (string, error) {
		u, known := users[user.Email(email)]
		if !known {
			return "", fmt.Errorf("no resident %s", email)
		}
		issued := now().Truncate(time.Second)
		return signer.Issue(access.Claims{
			User: u.ID, Role: u.Role, Wallet: u.Wallet, Session: ident.New[access.Session](issued),
			IssuedAt: issued, ExpiresAt: issued.Add(access.AccessLife),
		})
	}, nil
}

// leave ends every process and removes the arena's folder.
func (a *arena) leave() {
	for _, process := range a.processes {
		_ = process.Process.Signal(syscall.SIGTERM) // it may have ended already
		_ = process.Wait()                          // its own log says why it ended
	}
	if a.redis != nil {
		a.redis.Stop()
	}
	if a.cluster != nil {
		if err := a.cluster.Stop(); err != nil {
			a.log.Error("stop database", "error", err)
		}
		if err := pgcluster.Remove(filepath.Join(a.dir, "pg")); err != nil {
			a.log.Error("remove database", "error", err)
		}
	}
	_ = os.RemoveAll(a.dir) // a folder left in the place for temporary files does no harm
}

func (a *arena) options(f loadFlags) loadgen.Options {
	return loadgen.Options{
		Target:      loadgen.Target{URL: a.url, Password: a.password, Residents: loadResidents, Merchants: loadShops, Mint: a.mint},
		Connections: f.connections, Rounds: f.rounds, Stretch: f.stretch, ServerPID: a.server.Process.Pid, DatabaseURL: a.config.DatabaseURL,
	}
}

func (p *program) loadPayments(ctx context.Context, a *arena, f loadFlags) error {
	options := a.options(f)
	if f.cashback {
		options.Returning = loadReturning
	}
	if f.floor {
		options.Floor = &loadgen.Floor{Schema: bench.Schema, Script: bench.Script}
	}
	return p.report(f)(loadgen.Payments(ctx, options, os.Stderr))
}

func (p *program) loadReads(ctx context.Context, a *arena, f loadFlags) error {
	return p.report(f)(loadgen.Reads(ctx, a.options(f), os.Stderr))
}

func (p *program) loadGrants(ctx context.Context, a *arena, f loadFlags) error {
	return p.report(f)(loadgen.Grants(ctx, a.options(f), loadgen.BatchOptions{
		AdminEmail: adminEmail, AdminPassword: a.password, Fund: string(fundCity), Kind: string(kindEvent), Rows: f.rows,
	}, os.Stderr))
}

func (p *program) loadCampaign(ctx context.Context, a *arena, f loadFlags) error {
	return p.report(f)(loadgen.Payout(ctx, a.options(f), loadgen.CampaignOptions{
		AdminEmail: adminEmail, AdminPassword: a.password, Fund: string(fundCity), Kind: string(kindCashback), Accruals: f.accruals, People: f.rows,
	}, os.Stderr))
}

// report prints what was measured, before an error too.
func (p *program) report(f loadFlags) func(loadgen.Report, error) error {
	return func(report loadgen.Report, err error) error {
		write := report.WriteMarkdown
		if f.json {
			write = report.WriteJSON
		}
		return errors.Join(err, write(p.out))
	}
}

// journalShort is how many payments a short journal has: enough for everybody's first page to be full.
const journalShort = 80_000

// loadJournal reads, makes the journal long by payments, reads again and proves the books: in one run, so that a
// machine that slows down does so for both. No worker runs: it would still be busy with the payments.
func (p *program) loadJournal(ctx context.Context, a *arena, f loadFlags) error {
	for i, payments := range []int64{journalShort, f.entries} {
		started := time.Now()
		err := p.seeding(ctx, a.scale, a.password, func(ctx context.Context, seed *seeder, _ string) error {
			return seed.refill(ctx, i, payments, now())
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(p.out, "\n%d payments more in %.0f s\n\n", payments, time.Since(started).Seconds())
		if err := p.loadReads(ctx, a, f); err != nil {
			return err
		}
	}
	return p.loadVerify(ctx, f)
}

// loadVerify seals and proves the books and tells the speed.
func (p *program) loadVerify(ctx context.Context, f loadFlags) error {
	var seal *proving.Seal
	var verify *proving.Verify
	return p.while(ctx, p.graph(now, fx.Populate(&seal, &verify)), func(ctx context.Context) error {
		if _, err := seal.Do(ctx); err != nil {
			return err
		}
		for range f.rounds {
			started := time.Now()
			verdict, err := verify.Do(ctx)
			if err != nil {
				return err
			}
			took := time.Since(started).Seconds()
			fmt.Fprintf(p.out, "%s: %d entries, %d postings, %d lines in %.1f s: %.0f entries/s\n", verdict.Headline(),
				verdict.Counts.Entries, verdict.Counts.Postings, verdict.Counts.Lines, took, float64(verdict.Counts.Entries)/took)
			if !verdict.Clean {
				return errFindings
			}
		}
		return nil
	})
}

// hashed hashes a password by the platform's own means.
func hashed(ctx context.Context, password string) (string, error) {
	return crypt.Argon2id{}.Hash(ctx, access.Password(password))
}
