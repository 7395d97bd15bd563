package loadgen

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Settings are what a database server promises to keep, and what its speed depends on most.
type Settings struct {
	Version           string `json:"version"`
	Fsync             string `json:"fsync"`
	SynchronousCommit string `json:"synchronous_commit"`
	FullPageWrites    string `json:"full_page_writes"`
	WALSyncMethod     string `json:"wal_sync_method"`
	SharedBuffers     string `json:"shared_buffers"`
	MaxConnections    string `json:"max_connections"`
	Over              string `json:"over"` // the way there: unix socket or TCP
}

// Durable reports whether an acknowledged transaction survives a loss of power.
func (s Settings) Durable() bool {
	return s.Fsync == "on" && s.SynchronousCommit == "on" && s.FullPageWrites == "on"
}

// database is the server under the platform.
type database struct {
	Settings
	postmaster int // 0 when it runs elsewhere
}

func inspectDatabase(ctx context.Context, url string) (*database, error) {
	config, err := databaseConfig(url)
	if err != nil {
		return nil, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	d := &database{}
	if d.Settings, err = settingsOf(ctx, conn); err != nil {
		return nil, err
	}
	d.postmaster = postmasterOf(int(conn.PgConn().PID()))
	return d, nil
}

func databaseConfig(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, errors.New("database URL: not understood, expected postgres://user:password@host:port/database") // the cause repeats the URL
	}
	return config, nil
}

func settingsOf(ctx context.Context, conn *pgx.Conn) (Settings, error) {
	var s Settings
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit'),
		       current_setting('full_page_writes'), current_setting('wal_sync_method'), current_setting('shared_buffers'),
		       current_setting('max_connections')`).
		Scan(&s.Version, &s.Fsync, &s.SynchronousCommit, &s.FullPageWrites, &s.WALSyncMethod, &s.SharedBuffers, &s.MaxConnections)
	if err != nil {
		return Settings{}, fmt.Errorf("settings of the database: %w", err)
	}
	s.Over = "TCP"
	if strings.HasPrefix(conn.Config().Host, "/") {
		s.Over = "unix socket"
	}
	return s, nil
}

// postmasterOf finds a backend's parent. A server on another machine, or behind a pooler, has a backend of a number
// that here is nobody or somebody else.
func postmasterOf(backend int) int {
	child, err := processOf(backend)
	if err != nil || !strings.HasPrefix(child.name, "postgres") {
		return 0
	}
	parent, err := processOf(child.parent)
	if err != nil || !strings.HasPrefix(parent.name, "postgres") {
		return 0
	}
	return parent.pid
}
