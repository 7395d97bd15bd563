package crypt

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Key is a secret with the identifier that tokens name it by. It is never logged or printed.
type Key struct {
	ID     string
	Secret []byte
}

// keyBytes is the length of the secrets made here and the least that is accepted.
const keyBytes = 32

// keyFileBytesMax bounds what is read of a key file.
const keyFileBytesMax = 1 << 16

var keyID = regexp.MustCompile(`^[0-9A-Za-z_-]{1,32}$`)

// AccessKeys gives the keys of access tokens, one a line as "identifier base64", the one that signs first: out of
// value, which comes from the environment, or else out of the file at path, which is made where there is none.
func AccessKeys(value, path string) ([]Key, error) { return namedKeys("access keys", value, path) }

// VaultKeys gives the keys of the vault in the same form, the one that seals first. A line may only be taken away when
// nothing is sealed with its key any more.
func VaultKeys(value, path string) ([]Key, error) { return namedKeys("vault keys", value, path) }

func namedKeys(what, value, path string) ([]Key, error) {
	text, err := secretText(value, path, func() string {
		return rand.Text()[:8] + " " + base64.StdEncoding.EncodeToString(randomBytes(keyBytes)) + "\n"
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	var keys []Key
	for number, line := range strings.Split(strings.TrimSpace(text), "\n") {
		id, encoded, found := strings.Cut(strings.TrimSpace(line), " ")
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if !found || err != nil || !keyID.MatchString(id) || len(secret) < keyBytes {
			return nil, fmt.Errorf("%s: line %d is not an identifier and %d or more bytes in base64", what, number+1, keyBytes)
		}
		keys = append(keys, Key{ID: id, Secret: secret})
	}
	return keys, nil
}

// SealSeed gives the seed of the sealing key in the same way, as 32 bytes in base64.
func SealSeed(value, path string) ([]byte, error) {
	text, err := secretText(value, path, func() string {
		return base64.StdEncoding.EncodeToString(randomBytes(keyBytes)) + "\n"
	})
	if err != nil {
		return nil, fmt.Errorf("seal key: %w", err)
	}
	seed, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(seed) != keyBytes {
		return nil, fmt.Errorf("seal key: not %d bytes in base64", keyBytes)
	}
	return seed, nil
}

// secretText gives value where it is set, and otherwise what the file holds.
func secretText(value, path string, fresh func() string) (string, error) {
	if value != "" {
		return value, nil
	}
	if path == "" {
		return "", errors.New("neither a value nor a file is named")
	}
	text, err := readSecret(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if err := writeSecret(path, fresh()); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", err
	}
	return readSecret(path) // another process may have been first: what is in the file counts
}

// readSecret refuses a file that others may read or write.
func readSecret(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("%s: must be a file that only its owner may read (chmod 600)", path)
	}
	text, err := io.ReadAll(io.LimitReader(file, keyFileBytesMax))
	return string(text), err
}

// writeSecret makes the file whole or not at all, and never over another.
func writeSecret(path, text string) error {
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(folder, ".key-*") // made with 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(text)
	if err = errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	return os.Link(draft.Name(), path)
}

func randomBytes(n int) []byte {
	bytes := make([]byte, n)
	_, _ = rand.Read(bytes) // never fails: the runtime ends the program where the system has no randomness
	return bytes
}

// LogValue shows the identifier only.
func (k Key) LogValue() slog.Value { return slog.StringValue("key " + k.ID) }

// Format prints the identifier only, whatever the verb.
func (k Key) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "key "+k.ID) }
