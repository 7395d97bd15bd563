// Package chaos_test kills what the platform consists of, one after the other and all at once, while people pay, and
// then holds the books against what the people were told.
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
