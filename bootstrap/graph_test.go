package bootstrap

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/fx"

	"lovesaijo/usecase/proving"
)

// TestEveryRoleHasAllThatItNeeds fails when a constructor asks for something that nobody provides, which would
// otherwise show only when the role starts.
func TestEveryRoleHasAllThatItNeeds(t *testing.T) {
	t.Parallel()
	config, err := LoadConfig(lookup(nil))
	require.NoError(t, err)
	for name, role := range map[string][]fx.Option{
		"serve":  {watching, serving, observing},
		"work":   {watching, working, observing},
		"demo":   {watching, serving, working, observing},
		"verify": {fx.Invoke(func(*proving.Verify) {})},
		"seed":   {fx.Invoke(func(seedActs) {}), fx.Provide(newSeedActs)},
	} {
		options := append([]fx.Option{core(config, slog.New(slog.DiscardHandler), now), activities, fx.NopLogger}, role...)
		require.NoError(t, fx.ValidateApp(options...), name)
	}
}
