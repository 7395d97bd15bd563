// Package chaos_test kills what the platform consists of and then holds the books against what people were told: one
// part after the other and all at once while people pay, and the worker or the server at each step of what moves much
// at a time: payouts of campaigns, closings, exports, payments, returns and second attempts. Where it matters nothing
// is left to luck: gates in the database (see gate) stop the work at a step, so that the kill comes there. Kills at
// moments that nobody chose come on top.
//
// It also lets many administrators do the same at once, at two servers: one wins, and the others are told.
package chaos_test

import (
	"context"
	"os"
	"testing"

	"lovesaijo/e2e/harness"
)

var world *harness.World

func TestMain(m *testing.M) {
	os.Exit(harness.Main(m, func(w *harness.World) { world = w }, func(context.Context) error { return nil }))
}
