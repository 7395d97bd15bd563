package bootstrap

import (
	"log/slog"

	"go.uber.org/fx"

	"lovesaijo/adapter/metrics"
	"lovesaijo/adapter/postgres"
	"lovesaijo/usecase/paying"
)

// observing lets operators look into a process, where the configuration names an address for it.
var observing = fx.Invoke(func(lifecycle fx.Lifecycle, config Config, teller *paying.Teller, db *postgres.DB, log *slog.Logger) {
	if config.MetricsListen == "" {
		return
	}
	server := metrics.New(config.MetricsListen, []metrics.Figure{
		{Name: "lovesaijo_teller_sets_total", Help: "Sets of payments posted.", Counter: true, Read: func() float64 { return float64(teller.Load().Sets) }},
		{Name: "lovesaijo_teller_orders_total", Help: "Payments in those sets, refused ones as well.", Counter: true, Read: func() float64 { return float64(teller.Load().Orders) }},
		{Name: "lovesaijo_teller_waiting", Help: "Payments that wait.", Read: func() float64 { return float64(teller.Load().Waiting) }},
		{Name: "lovesaijo_database_connections_in_use", Help: "Connections in use, of the pool for units.", Read: func() float64 { return float64(db.InUse()) }},
	}, log)
	lifecycle.Append(fx.StartStopHook(server.Start, server.Stop))
})
