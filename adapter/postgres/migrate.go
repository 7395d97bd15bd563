package postgres

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"lovesaijo/migrations"
)

// Migrate brings the schema of the database at url up to the newest step, one step at a time, and checks the
// assertions that stand around each. Several processes may do this at once: one migrates, the others wait.
func Migrate(ctx context.Context, url string) error {
	return withProvider(ctx, url, func(db *sql.DB, provider *goose.Provider) error {
		for {
			version, err := provider.GetDBVersion(ctx)
			if err != nil {
				return fmt.Errorf("read schema version: %w", err)
			}
			next := nextStep(provider, version)
			if next == nil {
				return nil
			}
			if err := assertSchema(ctx, db, next.Path, "before"); err != nil {
				return err
			}
			if _, err := provider.UpByOne(ctx); err != nil && !errors.Is(err, goose.ErrNoNextVersion) {
				return fmt.Errorf("step %s: %w", next.Path, err)
			}
			if err := assertSchema(ctx, db, next.Path, "after"); err != nil {
				return err
			}
		}
	})
}

// SchemaVersion tells which step the database is at and which is the newest.
func SchemaVersion(ctx context.Context, url string) (at, newest int64, err error) {
	err = withProvider(ctx, url, func(_ *sql.DB, provider *goose.Provider) error {
		at, newest, err = provider.GetVersions(ctx)
		return err
	})
	return at, newest, err
}

func withProvider(ctx context.Context, url string, use func(*sql.DB, *goose.Provider) error) error {
	db, err := sql.Open("pgx/v5", url)
	if err != nil {
		return fmt.Errorf("database url: %w", err)
	}
	defer db.Close()
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return fmt.Errorf("migration lock: %w", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, migrations.Steps, goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return use(db, provider)
}

func nextStep(provider *goose.Provider, version int64) *goose.Source {
	for _, source := range provider.ListSources() {
		if source.Version > version {
			return source
		}
	}
	return nil
}

// assertSchema checks the books, once there are any, and what is asked beside this step alone.
func assertSchema(ctx context.Context, db *sql.DB, step, side string) error {
	number, _, _ := strings.Cut(path.Base(step), "_")
	queries := []string{number + "_" + side}
	if side == "after" || number != "00001" {
		queries = append(queries, "books")
	}
	for _, query := range queries {
		if err := assertNothingWrong(ctx, db, query, side+" "+step); err != nil {
			return err
		}
	}
	return nil
}

// assertNothingWrong runs a query, where there is one of that name; each row it gives is something wrong.
func assertNothingWrong(ctx context.Context, db *sql.DB, name, where string) error {
	query, err := migrations.Assertions.ReadFile("assert/" + name + ".sql")
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := db.QueryContext(ctx, string(query))
	if err != nil {
		return fmt.Errorf("assertion %s: %w", where, err)
	}
	defer rows.Close()
	var wrong []string
	for rows.Next() && len(wrong) < 20 {
		var text string
		if err := rows.Scan(&text); err != nil {
			return fmt.Errorf("assertion %s: %w", where, err)
		}
		wrong = append(wrong, text)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("assertion %s: %w", where, err)
	}
	if len(wrong) > 0 {
		return fmt.Errorf("assertion %s: %s", where, strings.Join(wrong, "; "))
	}
	return nil
}

// stdlib registers the driver that goose works on.
var _ = stdlib.GetDefaultDriver
