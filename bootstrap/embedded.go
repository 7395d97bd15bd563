package bootstrap

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"

	"lovesaijo/adapter/localredis"
	"lovesaijo/adapter/pgcluster"
)

// embedded is what the process itself runs of what the environment did not name (design §9).
type embedded struct {
	cluster *pgcluster.Cluster
	redis   *localredis.Server
}

// embed starts a private PostgreSQL and a Redis inside the process for what config leaves out, and fills in where
// they are. A volatile cluster is one to throw away.
func embed(ctx context.Context, config *Config, volatile bool, log *slog.Logger) (*embedded, error) {
	e := &embedded{}
	if config.DatabaseURL == "" {
		cluster, err := pgcluster.Start(ctx, pgcluster.Options{
			Dir: filepath.Join(config.DataDir, "pg"), Volatile: volatile, Log: log, Settings: clusterSettings,
		})
		if err != nil {
			return nil, fmt.Errorf("private database: %w", err)
		}
		e.cluster = cluster
		config.DatabaseURL = cluster.URL(pgcluster.Database)
	}
	if config.RedisURL == "" {
		redis, err := localredis.Start()
		if err != nil {
			e.stop(log)
			return nil, err
		}
		e.redis = redis
		config.RedisURL = redis.URL()
	}
	return e, nil
}

// clusterSettings size the private cluster for a city on one small machine.
var clusterSettings = map[string]string{
	"shared_buffers": "128MB", "max_wal_size": "2GB", "checkpoint_timeout": "15min", "wal_compression": "on",
	"random_page_cost": "1.1", "jit": "off",
}

// stop ends what embed started, the database last.
func (e *embedded) stop(log *slog.Logger) {
	if e.redis != nil {
		e.redis.Stop()
	}
	if e.cluster != nil {
		if err := e.cluster.Stop(); err != nil {
			log.Error("stop private database", "error", err)
		}
	}
}
