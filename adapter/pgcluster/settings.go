package pgcluster

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// preset suits a demonstration on two cores and stays within PostgreSQL 15.
var preset = map[string]string{
	"cluster_name":         "lovesaijo",
	"checkpoint_timeout":   "15min",
	"effective_cache_size": "512MB",
	"jit":                  "off", // the statements here are short; compiling them costs more than it gains
	"log_checkpoints":      "off",
	"log_timezone":         "UTC",
	"max_connections":      "100",
	"max_wal_size":         "2GB",
	"random_page_cost":     "1.1",
	"shared_buffers":       "128MB",
	"timezone":             "UTC",
	"work_mem":             "8MB",
}

var durable = map[string]string{"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}

var volatile = map[string]string{
	"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off",
	"wal_level": "minimal", "max_wal_senders": "0",
}

// reserved settings decide where the server listens and who may enter; Start owns them.
var reserved = []string{
	"config_file", "data_directory", "external_pid_file", "hba_file", "ident_file", "listen_addresses",
	"logging_collector", "port", "unix_socket_directories", "unix_socket_group", "unix_socket_permissions",
}

var settingName = regexp.MustCompile(`^[a-z_][a-z0-9_.]*$`)

func (o Options) settings() (map[string]string, error) {
	if o.Port < 0 || o.Port > 65535 {
		return nil, fmt.Errorf("database port %d: give 1 to 65535, or 0 for the socket only", o.Port)
	}
	all := maps.Clone(preset)
	if o.Volatile {
		maps.Copy(all, volatile)
	} else {
		maps.Copy(all, durable)
	}
	for given, value := range o.Settings {
		// The server takes Hba-File for hba_file, so names are compared the way it reads them.
		name := strings.ReplaceAll(strings.ToLower(given), "-", "_")
		if !settingName.MatchString(name) {
			return nil, fmt.Errorf("database setting %q: not the name of a setting", given)
		}
		if slices.Contains(reserved, name) {
			return nil, fmt.Errorf("database setting %s: it belongs to the embedded server and cannot be set", given)
		}
		all[name] = value
	}

	all["port"] = strconv.Itoa(socketPort)
	all["listen_addresses"] = ""
	if o.Port != 0 {
		all["port"] = strconv.Itoa(o.Port)
		all["listen_addresses"] = "127.0.0.1"
	}
	all["unix_socket_permissions"] = "0700"
	all["logging_collector"] = "off"
	return all, nil
}

// arguments are the settings as the server's command line takes them, in a steady order.
func arguments(settings map[string]string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		args = append(args, "-c", name+"="+settings[name])
	}
	return args
}
