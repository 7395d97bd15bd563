// Package bootstrap puts the platform together: configuration, the choice of adapters, and the roles in which the
// one binary runs. It is the only place, beside main.go, that knows fx and every adapter.
package bootstrap

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Config is what the environment says. Its zero value is not usable; LoadConfig makes one.
type Config struct {
	DatabaseURL         string
	RedisURL            string
	Listen              string
	MetricsListen       string
	BaseURL             string
	DataDir             string
	TokenKeyFile        string
	SealKeyFile         string
	VaultKeyFile        string
	SealHeads           string
	TestBank            bool
	LogLevel            slog.Level
	DatabaseConnections int
	TellerWindows       int
	SignInsAtOnce       int
	TrustedProxies      []string
}

// variable is one line of the configuration: what it is called, means, is by default, and how it is read.
type variable struct {
	name, meaning, otherwise string
	read                     func(*Config, string) error
}

// The variables, in the order in which help lists them.
var variables = []variable{
	{
		"LOVESAIJO_DATABASE_URL", "PostgreSQL 15 or newer, as postgres://user:password@host:5432/name; empty starts a private one", "",
		func(c *Config, text string) error {
			c.DatabaseURL = text
			return urlOf(text, "postgres", "postgresql")
		},
	},
	{
		"LOVESAIJO_REDIS_URL", "Redis, as redis://host:6379/0; empty keeps queues and sessions inside the process", "",
		func(c *Config, text string) error {
			c.RedisURL = text
			return urlOf(text, "redis", "rediss", "unix")
		},
	},
	{
		"LOVESAIJO_LISTEN", "address that serves people", "127.0.0.1:8080",
		func(c *Config, text string) error { c.Listen = text; return address(text) },
	},
	{
		"LOVESAIJO_METRICS_LISTEN", "address that serves metrics and profiles to operators; empty serves none", "",
		func(c *Config, text string) error {
			c.MetricsListen = text
			if text == "" {
				return nil
			}
			return address(text)
		},
	},
	{
		"LOVESAIJO_BASE_URL", "where people reach the platform; printed in codes; empty takes the address that serves people", "",
		func(c *Config, text string) error {
			c.BaseURL = strings.TrimSuffix(text, "/")
			if text == "" {
				c.BaseURL = "http://" + c.Listen
			}
			return urlOf(text, "http", "https")
		},
	},
	{
		"LOVESAIJO_DATA_DIR", "folder of the private database and of keys made at the first start", ".lovesaijo",
		func(c *Config, text string) (err error) { c.DataDir, err = filepath.Abs(text); return err },
	},
	{
		"LOVESAIJO_TOKEN_KEY_FILE", "file with the key that signs access tokens; empty makes one in the data folder", "",
		func(c *Config, text string) error { c.TokenKeyFile = text; return readable(text) },
	},
	{
		"LOVESAIJO_SEAL_KEY_FILE", "file with the key that signs the seals of the journal; empty makes one in the data folder", "",
		func(c *Config, text string) error { c.SealKeyFile = text; return readable(text) },
	},
	{
		"LOVESAIJO_VAULT_KEY_FILE", "file with the keys that account numbers are encrypted with; empty makes one in the data folder; keep a copy apart from the database", "",
		func(c *Config, text string) error { c.VaultKeyFile = text; return readable(text) },
	},
	{
		"LOVESAIJO_SEAL_HEADS", "file to which the heads of the seals are exported; keep it on another disk; empty puts it in the data folder", "",
		func(c *Config, text string) error { c.SealHeads = text; return nil },
	},
	{
		"LOVESAIJO_TEST_BANK", "true adds the bank 9999, which nobody has, to the list of banks: for demonstrations and tests", "false",
		func(c *Config, text string) (err error) { c.TestBank, err = strconv.ParseBool(text); return err },
	},
	{
		"LOVESAIJO_LOG_LEVEL", "debug, info, warn or error", "info",
		func(c *Config, text string) error { return c.LogLevel.UnmarshalText([]byte(text)) },
	},
	{
		"LOVESAIJO_DATABASE_CONNECTIONS", "connections of this process to the database, 4 to 200", "16",
		func(c *Config, text string) (err error) {
			c.DatabaseConnections, err = whole(text, 4, 200)
			return err
		},
	},
	{
		"LOVESAIJO_TELLER_WINDOWS", "sets of payments that this process posts at the same time, 1 to 16", "1",
		func(c *Config, text string) (err error) { c.TellerWindows, err = whole(text, 1, 16); return err },
	},
	{
		"LOVESAIJO_SIGNINS_AT_ONCE", "passwords that this process checks at the same time, 1 to 64", "2",
		func(c *Config, text string) (err error) { c.SignInsAtOnce, err = whole(text, 1, 64); return err },
	},
	{
		"LOVESAIJO_TRUSTED_PROXIES", "addresses or networks, with commas between, of proxies whose X-Real-IP is believed", "",
		func(c *Config, text string) error {
			for proxy := range strings.SplitSeq(text, ",") {
				if proxy = strings.TrimSpace(proxy); proxy == "" {
					continue
				}
				if _, err := netip.ParsePrefix(proxy); err != nil {
					if _, err := netip.ParseAddr(proxy); err != nil {
						return errors.New("must be addresses or networks, for example 10.0.0.1, 10.1.0.0/16")
					}
				}
				c.TrustedProxies = append(c.TrustedProxies, proxy)
			}
			return nil
		},
	},
}

// LoadConfig reads the configuration by lookup, usually os.LookupEnv. Every wrong variable is named in the error.
func LoadConfig(lookup func(string) (string, bool)) (Config, error) {
	var config Config
	var wrong []error
	for _, v := range variables {
		text, set := lookup(v.name)
		if !set {
			text = v.otherwise
		}
		if err := v.read(&config, strings.TrimSpace(text)); err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", v.name, err))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return Config{}, err
	}
	config.TokenKeyFile = orIn(config.TokenKeyFile, config.DataDir, "token.key")
	config.SealKeyFile = orIn(config.SealKeyFile, config.DataDir, "seal.key")
	config.VaultKeyFile = orIn(config.VaultKeyFile, config.DataDir, "vault.key")
	config.SealHeads = orIn(config.SealHeads, config.DataDir, "seal-heads.jsonl")
	return config, nil
}

// HelpConfig lists every variable for --help.
func HelpConfig() string {
	var text strings.Builder
	text.WriteString("Configuration (environment variables):\n")
	for _, v := range variables {
		otherwise := v.otherwise
		if otherwise == "" {
			otherwise = "empty"
		}
		fmt.Fprintf(&text, "  %s\n      %s (default: %s)\n", v.name, v.meaning, otherwise)
	}
	return text.String()
}

func orIn(file, dir, name string) string {
	if file != "" {
		return file
	}
	return filepath.Join(dir, name)
}

// urlOf checks a URL without repeating it: it may hold a password.
func urlOf(text string, schemes ...string) error {
	if text == "" {
		return nil
	}
	parsed, err := url.Parse(text)
	if err != nil {
		return errors.New("is not a URL")
	}
	for _, scheme := range schemes {
		if parsed.Scheme == scheme {
			return nil
		}
	}
	return fmt.Errorf("must begin with %s://", strings.Join(schemes, ":// or "))
}

func address(text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil {
		return errors.New("must be host:port, for example 127.0.0.1:8080")
	}
	_, err = whole(port, 0, 65535)
	return err
}

func whole(text string, least, most int) (int, error) {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("must be a whole number from %d to %d", least, most)
	}
	return n, nil
}

func readable(file string) error {
	if file == "" {
		return nil
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	return f.Close()
}
