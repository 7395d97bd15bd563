// Package metrics shows operators how the process is doing: figures for Prometheus and profiles for pprof, on a
// listener of its own that people never reach. Figures carry no identifiers.
package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Figure is one number that is read when somebody asks. A counter only grows.
type Figure struct {
	Name, Help string
	Counter    bool
	Read       func() float64
}

// Server serves figures and profiles.
type Server struct {
	http    *http.Server
	address string
	log     *slog.Logger
}

// New makes a server for address.
func New(address string, figures []Figure, log *slog.Logger) *Server {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	for _, f := range figures {
		if f.Counter {
			registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: f.Name, Help: f.Help}, f.Read))
		} else {
			registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: f.Name, Help: f.Help}, f.Read))
		}
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return &Server{&http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}, address, log}
}

// Start begins to serve in the background.
func (s *Server) Start(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.address)
	if err != nil {
		return fmt.Errorf("LOVESAIJO_METRICS_LISTEN: %w", err)
	}
	s.log.Info("serving metrics", "address", listener.Addr().String())
	go func() {
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("stopped serving metrics", "error", err)
		}
	}()
	return nil
}

// Stop ends serving.
func (s *Server) Stop(ctx context.Context) error { return s.http.Shutdown(ctx) }
