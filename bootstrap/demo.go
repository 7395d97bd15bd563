package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"go.uber.org/fx"

	"lovesaijo/adapter/pgcluster"
	"lovesaijo/adapter/postgres"
	"lovesaijo/adapter/synthetic"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/proving"
)

// note is what a demonstration remembers of itself: how to sign in to a city that is already there.
type note struct {
	Scale    string `json:"scale"`
	Password string `json:"password"` // of every synthetic user; made at random with the city
}

func (p *program) demo() *cobra.Command {
	var exit bool
	var scale string
	cmd := &cobra.Command{
		Use: "demo", Short: "Run everything in one process, with a synthetic city; needs nothing installed", Args: cobra.NoArgs,
		Long: "Starts a private PostgreSQL and Redis unless the environment names others, makes a synthetic city through the use\n" +
			"cases, proves its books, and serves. With --exit it does all of that on a throw-away database and ends with 0 when\n" +
			"the books are clean, with 1 when they are not.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			if _, known := scales[scale]; !known {
				return fmt.Errorf("--scale %s: must be small, year1 or year3", scale)
			}
			p.config.TestBank = true
			if exit {
				return p.demoOnce(cmd.Context(), scale)
			}
			return p.demoServing(cmd.Context(), scale)
		},
	}
	cmd.Flags().BoolVar(&exit, "exit", false, "make the city on a throw-away database, prove the books, and end")
	cmd.Flags().StringVar(&scale, "scale", "year1", "small, year1 (2,000 residents, 50 shops) or year3 (10,000, 300)")
	return cmd
}

// demoOnce is the tour: everything once, on a database that is thrown away.
func (p *program) demoOnce(ctx context.Context, scale string) error {
	dir, err := os.MkdirTemp("", "lovesaijo-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files := filepath.Join(p.config.DataDir, bankFolder) // they are to be looked at when everything else is gone
	p.config.DatabaseURL, p.config.RedisURL, p.config.DataDir = "", "", dir
	p.config.TokenKeyFile, p.config.SealKeyFile, p.config.SealHeads = filepath.Join(dir, "token.key"), filepath.Join(dir, "seal.key"), filepath.Join(dir, "heads.jsonl")
	p.config.VaultKeyFile = filepath.Join(dir, "vault.key")
	servers, err := embed(ctx, &p.config, true, p.log)
	if err != nil {
		return err
	}
	defer func() {
		servers.stop(p.log)
		if err := pgcluster.Remove(filepath.Join(dir, "pg")); err != nil {
			p.log.Error("remove throw-away database", "error", err)
		}
	}()
	if err := postgres.Migrate(ctx, p.config.DatabaseURL); err != nil {
		return err
	}
	if err := p.makeCity(ctx, scale, randomPassword(), files); err != nil {
		return err
	}
	return p.tour(ctx)
}

// demoServing makes the city once and serves it until it is stopped.
func (p *program) demoServing(ctx context.Context, scale string) error {
	servers, err := embed(ctx, &p.config, false, p.log)
	if err != nil {
		return err
	}
	defer servers.stop(p.log)
	remembered, err := p.city(ctx, servers, scale)
	if err != nil {
		return err
	}
	if err := p.tour(ctx); err != nil {
		return err
	}
	p.welcome(remembered)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if servers.cluster != nil {
		go func() {
			select {
			case <-servers.cluster.Done():
				p.log.Error("the private database has ended")
				cancel()
			case <-ctx.Done():
			}
		}()
	}
	return p.runUntilDone(ctx, now, watching, serving, working, observing)
}

// city gives the note of the city in the database, which it makes where there is none. One that was only begun in
// the private database is made anew.
func (p *program) city(ctx context.Context, servers *embedded, scale string) (note, error) {
	path := filepath.Join(p.config.DataDir, "demo.json")
	var remembered note
	text, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(text, &remembered); err != nil {
			return note{}, fmt.Errorf("%s: %w", path, err)
		}
		return remembered, postgres.Migrate(ctx, p.config.DatabaseURL)
	case !errors.Is(err, fs.ErrNotExist):
		return note{}, err
	}
	if servers.cluster != nil {
		if err := servers.cluster.DropDatabase(ctx, pgcluster.Database); err != nil {
			return note{}, err
		}
		if err := servers.cluster.CreateDatabase(ctx, pgcluster.Database, ""); err != nil {
			return note{}, err
		}
	}
	if err := postgres.Migrate(ctx, p.config.DatabaseURL); err != nil {
		return note{}, err
	}
	remembered = note{Scale: scale, Password: randomPassword()}
	if err := p.makeCity(ctx, scale, remembered.Password, filepath.Join(p.config.DataDir, bankFolder)); err != nil {
		return note{}, err
	}
	if text, err = json.Marshal(remembered); err != nil {
		return note{}, err
	}
	return remembered, os.WriteFile(path, text, 0o600)
}

// bankFolder is where a demonstration puts its bank files, inside the data folder.
const bankFolder = "bank-files"

// makeCity makes a synthetic city of the given scale, and puts its bank files into a folder.
func (p *program) makeCity(ctx context.Context, scale, password, files string) error {
	s := scales[scale]
	fmt.Fprintf(p.out, "Making a synthetic city (%s): %d residents, %d shops, history from %s on\n", scale, s.Residents, s.Shops, calendar.DayOf(now()).AddMonths(-s.Months))
	return p.seeding(ctx, s, password, func(ctx context.Context, seed *seeder, hash string) error {
		seed.folder = files
		return seed.run(ctx, adminEmail, hash)
	})
}

// seeding gives do a seeder on a clock of its own.
func (p *program) seeding(ctx context.Context, scale Scale, password string, do func(context.Context, *seeder, string) error) error {
	hash, err := hashed(ctx, password)
	if err != nil {
		return err
	}
	seed := &seeder{
		clock: &pastClock{}, scale: scale, people: synthetic.New(seedSource), dice: rand.New(rand.NewPCG(seedSource, 1)),
		out: p.out, tills: map[ledger.WalletID]money.Points{},
	}
	app := p.graph(seed.clock.now, fx.Provide(newSeedActs, newCircleActs), fx.Populate(&seed.seedActs, &seed.circleActs))
	return p.while(ctx, app, func(ctx context.Context) error {
		return do(ctx, seed, hash)
	})
}

// tour prints the way of the points, seals and proves the books and prints the trial balance.
func (p *program) tour(ctx context.Context) error {
	if err := p.tell(ctx); err != nil {
		return err
	}
	var seal *proving.Seal
	var statements ledger.Statements
	app := p.graph(now, fx.Populate(&seal, &statements))
	err := p.while(ctx, app, func(ctx context.Context) error {
		if _, err := seal.Do(ctx); err != nil {
			return err
		}
		position, err := statements.Position(ctx, time.Time{})
		if err != nil {
			return err
		}
		return p.trialBalance(position)
	})
	if err != nil {
		return err
	}
	return p.proveBooks(ctx, false)
}

// trialBalance prints where the cash is and where the points are; a sum that is not zero is a finding.
func (p *program) trialBalance(position ledger.Position) error {
	var text strings.Builder
	text.WriteString("\nTrial balance (LSP, 1 pt = 1 yen)\n")
	row := func(name string, figures ...string) {
		fmt.Fprintf(&text, "  %-10s", name)
		for _, f := range figures {
			fmt.Fprintf(&text, "%15s", f)
		}
		text.WriteString("\n")
	}
	row("fund", "bank", "tills", "receivables", "= unissued", "+ reserved", "+ wallets", "+ claimed", "difference")
	difference := money.Points(0)
	for _, f := range position.Funds {
		off := money.Points(f.Assets()) - f.Points()
		difference += max(off, -off)
		row(string(f.Fund), money.Points(f.Bank).String(), money.Points(f.Tills).String(), money.Points(f.Receivables).String(), f.Unissued.String(), f.Reserved.String(),
			f.Wallets.String(), f.Claimed.String(), off.String())
	}
	fmt.Fprintln(p.out, text.String())
	if difference != 0 {
		return errFindings
	}
	return nil
}

// welcome tells where to look and how to sign in.
func (p *program) welcome(n note) {
	email := func(role user.Role) string {
		return map[user.Role]string{
			user.Administrator: adminEmail, user.Resident: "resident000001@example.jp", user.Merchant: "shop0001@example.jp", user.Clerk: "clerk0001@example.jp",
		}[role]
	}
	fmt.Fprintf(p.out, "\nLOVESAIJO is serving at %s\n\n", p.config.BaseURL)
	for _, role := range []user.Role{user.Administrator, user.Resident, user.Merchant, user.Clerk} {
		fmt.Fprintf(p.out, "  %-14s %s\n", role, email(role))
	}
	fmt.Fprintf(p.out, "  password       %s   (everybody's; made for this demonstration only)\n\n", n.Password)
	fmt.Fprintf(p.out, "Sign in:  curl -s %s/v1/sessions -H 'content-type: application/json' -d '{\"email\":\"resident000001@example.jp\",\"password\":\"%s\"}'\n", p.config.BaseURL, n.Password)
	fmt.Fprintf(p.out, "There are no screens yet but %s/funds and what a scanned code opens: the tour by curl is in README.md. The city stays in %s;\n", p.config.BaseURL, p.config.DataDir)
	fmt.Fprintf(p.out, "remove that folder for a new one. Ctrl-C ends.\n\n")
}
