package harness

import (
	"context"
	"sync"

	"lovesaijo/adapter/pgcluster"
)

// Postgres is the world's database server: real, private and durable.
type Postgres struct {
	dir string

	mu      sync.Mutex
	cluster *pgcluster.Cluster
}

// postgresSettings leave room for the connections of several cities.
var postgresSettings = map[string]string{"max_connections": "300", "shared_buffers": "64MB"}

// Start starts the server, or starts it again on the folder of the one that was killed.
func (p *Postgres) Start(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	cluster, err := pgcluster.Start(ctx, pgcluster.Options{Dir: p.dir, Settings: postgresSettings})
	if err != nil {
		return err
	}
	p.cluster = cluster
	return nil
}

// Kill ends the server with kill -9.
func (p *Postgres) Kill() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cluster.Kill()
}

// URL is the address of a database. It stays the same over kills and starts.
func (p *Postgres) URL(database string) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cluster.URL(database)
}

func (p *Postgres) create(ctx context.Context, database string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cluster.CreateDatabase(ctx, database, "")
}

func (p *Postgres) copy(ctx context.Context, from, to string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cluster.CreateDatabase(ctx, to, from)
}

func (p *Postgres) remove() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cluster != nil {
		if err := p.cluster.Stop(); err != nil {
			return err
		}
	}
	return pgcluster.Remove(p.dir)
}
