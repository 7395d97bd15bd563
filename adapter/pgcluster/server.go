package pgcluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Server is the address of a PostgreSQL server on which databases may be made and dropped.
type Server struct{ base url.URL }

// At is the server that rawURL names, a URL of the form postgres://user:password@host/database. The
// database in it is the one from which others are made.
func At(rawURL string) (Server, error) {
	base, err := url.Parse(rawURL)
	if err != nil {
		// The parser's own error repeats the URL, and with it the password.
		return Server{}, errors.New("database URL: not a URL, expected postgres://user:password@host:port/database")
	}
	if base.Scheme != "postgres" && base.Scheme != "postgresql" {
		return Server{}, errors.New("database URL: expected the form postgres://user:password@host:port/database")
	}
	return Server{*base}, nil
}

// URL is the address of one database of the server, for pgx and for psql.
func (s Server) URL(database string) string {
	u := s.base
	u.Path, u.RawPath = "/"+database, ""
	return u.String()
}

// CreateDatabase makes a database as a copy of template, or empty when template is "". It fails while
// somebody is connected to the template.
func (s Server) CreateDatabase(ctx context.Context, name, template string) error {
	if template == "" {
		template = "template0"
	}
	return s.exec(ctx, "create database "+name,
		"CREATE DATABASE "+quote(name)+" TEMPLATE "+quote(template))
}

// DropDatabase drops a database if it exists and ends the connections to it.
func (s Server) DropDatabase(ctx context.Context, name string) error {
	return s.exec(ctx, "drop database "+name, "DROP DATABASE IF EXISTS "+quote(name)+" WITH (FORCE)")
}

func (s Server) ensureDatabase(ctx context.Context, name string) error {
	return s.with(ctx, "database "+name, func(conn *pgx.Conn) error {
		var exists bool
		err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
		if err != nil || exists {
			return err
		}
		_, err = conn.Exec(ctx, "CREATE DATABASE "+quote(name)+" TEMPLATE template0")
		return err
	})
}

func (s Server) setPassword(ctx context.Context, role, password string) error {
	return s.exec(ctx, "password of "+role,
		"ALTER ROLE "+quote(role)+" PASSWORD '"+strings.ReplaceAll(password, "'", "''")+"'")
}

func (s Server) exec(ctx context.Context, what, statement string) error {
	return s.with(ctx, what, func(conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, statement)
		return err
	})
}

func (s Server) with(ctx context.Context, what string, do func(*pgx.Conn) error) error {
	conn, err := pgx.Connect(ctx, s.base.String())
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if err := do(conn); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

func tcpURL(port int, password, database string) string {
	u := url.URL{
		Scheme: "postgres", User: url.UserPassword(superuser, password),
		Host: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Path: "/" + database,
		RawQuery: "sslmode=disable",
	}
	return u.String()
}
