package access

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

// Password is what a person typed. It is never logged or printed.
type Password string

// Bounds of a password: NIST SP 800-63B-4 asks for 15 characters where it is the only factor, and OWASP ASVS 6.2.1
// for 8 at the least; what a city's residents can be asked for lies between. Nothing is demanded of its make-up.
const (
	PasswordRunesMin = 10
	PasswordBytesMax = 256
)

// The refusals of passwords.
var (
	ErrPassword = fault.Define(fault.Invalid, "password_length", "パスワードは10文字以上で入力してください。")
	ErrBusy     = fault.Define(fault.Throttled, "sign_in_busy", "ただいま混み合っています。しばらくしてからもう一度お試しください。")
)

// Valid returns ErrPassword unless p may be somebody's new password.
func (p Password) Valid() error {
	if len(p) > PasswordBytesMax || !utf8.ValidString(string(p)) || utf8.RuneCountInString(string(p)) < PasswordRunesMin {
		return ErrPassword.At("password")
	}
	return nil
}

// LogValue keeps the password out of logs.
func (Password) LogValue() slog.Value { return slog.StringValue("[password]") }

// Format keeps the password out of printed text, whatever the verb.
func (Password) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[password]") }

// Credential is how a user proves to be themselves.
type Credential struct {
	User  user.ID
	Hash  string // in the PHC form that Hasher makes
	SetAt time.Time
}

// ErrNoCredential tells that a user has no password.
var ErrNoCredential = fault.Define(fault.NotFound, "credential_missing", "パスワードが設定されていません。")

// Credentials keeps password hashes, inside a unit of work.
type Credentials interface {
	// Set enters credentials, each in place of the one its user had.
	Set(ctx context.Context, credentials ...Credential) error
	// Of returns ErrNoCredential where the user has no password.
	Of(ctx context.Context, id user.ID) (Credential, error)
}

// Hasher turns passwords into what may be stored. It is slow on purpose, so its callers take turns: when too
// many wait, both methods return ErrBusy at once.
type Hasher interface {
	Hash(ctx context.Context, password Password) (string, error)
	// Verify tells whether hash is one of password. It is an error when hash is none at all.
	Verify(ctx context.Context, password Password, hash string) (bool, error)
}
