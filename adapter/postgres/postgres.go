// Package postgres keeps the platform in PostgreSQL 15 or newer.
//
// There are two ways in. Units of work run on a pool of pgx connections whose statements are prepared once and
// whose round trips are pipelined: what a unit reads first travels with its BEGIN, what it writes is held back
// and travels with its COMMIT. Lists and searches, whose conditions differ from call to call, are built by bun
// over a second pool that prepares nothing.
package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"

	"lovesaijo/domain/settlement"
)

// DB is a database with the platform's schema.
type DB struct {
	pool   *pgxpool.Pool // statements cached: units of work and hot reads
	lists  *pgxpool.Pool
	bun    *bun.DB // statements as they come: lists and searches
	rules  rulesCache
	offers offersCache
	labels labelCache
	vault  settlement.Vault
}

// Options bound what a DB takes from the server.
type Options struct {
	Connections int // of the pool for units; zero takes 16
	Lists       int // of the pool for lists; zero takes 4
	// Vault seals what must not be readable in the database. Without it, whatever would have to be sealed is refused.
	Vault settlement.Vault
}

// connectWait bounds the wait for a first connection.
const connectWait = 15 * time.Second

// lockWait bounds the wait for a lock. It is longer than PostgreSQL takes to see a deadlock (1 s), and so much shorter
// than people's patience that a unit which had to wait can still be taken apart (see paying.Teller).
const lockWait = "2s"

// Open connects to the database at url. It waits a short while for a server that is only just starting.
func Open(ctx context.Context, url string, options Options) (*DB, error) {
	pool, err := open(ctx, url, options.Connections, 16, pgx.QueryExecModeCacheStatement)
	if err != nil {
		return nil, err
	}
	lists, err := open(ctx, url, options.Lists, 4, pgx.QueryExecModeExec)
	if err != nil {
		pool.Close()
		return nil, err
	}
	sqldb := stdlib.OpenDBFromPool(lists)
	sqldb.SetMaxIdleConns(0)
	return &DB{pool: pool, lists: lists, bun: bun.NewDB(sqldb, pgdialect.New()), vault: options.Vault}, nil
}

func open(ctx context.Context, url string, connections, otherwise int, mode pgx.QueryExecMode) (*pgxpool.Pool, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	if connections == 0 {
		connections = otherwise
	}
	config.MaxConns = int32(connections)
	config.ConnConfig.DefaultQueryExecMode = mode
	config.ConnConfig.RuntimeParams["application_name"] = "lovesaijo"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	config.ConnConfig.RuntimeParams["lock_timeout"] = lockWait
	config.ConnConfig.RuntimeParams["idle_in_transaction_session_timeout"] = "30s"
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	deadline := time.Now().Add(connectWait)
	for {
		err = pool.Ping(ctx)
		if err == nil {
			return pool, nil
		}
		if time.Now().After(deadline) || ctx.Err() != nil {
			pool.Close()
			return nil, fmt.Errorf("reach database: %w", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// Ping tells whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.pool.Ping(ctx) }

// InUse tells how many connections of the pool for units are in use.
func (db *DB) InUse() int { return int(db.pool.Stat().AcquiredConns()) }

// Close ends all connections.
func (db *DB) Close() {
	_ = db.bun.Close() // closes no connection of its own: they are the pool's
	db.lists.Close()
	db.pool.Close()
}
