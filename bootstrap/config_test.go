package bootstrap

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func lookup(values map[string]string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		value, set := values[name]
		return value, set
	}
}

func TestTheDefaultsAreAUsableConfiguration(t *testing.T) {
	t.Parallel()
	config, err := LoadConfig(lookup(nil))
	require.NoError(t, err)
	require.Equal(t, "127.0.0.1:8080", config.Listen)
	require.Equal(t, "http://127.0.0.1:8080", config.BaseURL)
	require.Equal(t, 1, config.TellerWindows)
	require.NotEmpty(t, config.SealHeads)
}

func TestEveryWrongVariableIsNamedAndNoValueRepeated(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{
		"LOVESAIJO_DATABASE_URL": "mysql://root:geheim@db/x", "LOVESAIJO_REDIS_URL": "http://r", "LOVESAIJO_LISTEN": "8080",
		"LOVESAIJO_METRICS_LISTEN": "here", "LOVESAIJO_BASE_URL": "ftp://x", "LOVESAIJO_TOKEN_KEY_FILE": "/does/not/exist",
		"LOVESAIJO_SEAL_KEY_FILE": "/does/not/exist", "LOVESAIJO_VAULT_KEY_FILE": "/does/not/exist", "LOVESAIJO_LOG_LEVEL": "loud", "LOVESAIJO_DATABASE_CONNECTIONS": "1",
		"LOVESAIJO_TELLER_WINDOWS": "1.5", "LOVESAIJO_SIGNINS_AT_ONCE": "", "LOVESAIJO_TRUSTED_PROXIES": "proxy.example",
	}
	_, err := LoadConfig(lookup(wrong))
	require.Error(t, err)
	for name := range wrong {
		require.ErrorContains(t, err, name+":")
	}
	require.NotContains(t, err.Error(), "geheim")
}

func TestHelpListsEveryVariable(t *testing.T) {
	t.Parallel()
	help := HelpConfig()
	for _, v := range variables {
		require.Contains(t, help, v.name)
	}
}
