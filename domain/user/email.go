package user

import (
	"log/slog"
	"strings"

	"lovesaijo/domain/fault"
)

// Email is an e-mail address in folded form: trimmed and lower case. Two addresses are the same person's when
// their folded forms are equal. Use string(email) to write to it; a log shows nothing of it.
type Email string

// EmailBytesMax bounds an address (RFC 5321, 4.5.3.1.3).
const EmailBytesMax = 254

// ErrEmail refuses a text that is not an address.
var ErrEmail = fault.Define(fault.Invalid, "email_malformed", "メールアドレスの形が正しくありません。半角で入力してください。")

// FoldEmail trims and lowers text without judging it.
func FoldEmail(text string) Email { return Email(strings.ToLower(strings.TrimSpace(text))) }

// ParseEmail folds text and returns ErrEmail unless it has the form of an address.
func ParseEmail(text string) (Email, error) {
	email := FoldEmail(text)
	if err := email.valid(); err != nil {
		return "", err
	}
	return email, nil
}

// valid is laxer than RFC 5321 about dots: addresses such as "hana..ko.@docomo.ne.jp" were given out in Japan
// for years and are in use.
func (e Email) valid() error {
	local, host, found := strings.Cut(string(e), "@")
	if !found || local == "" || len(local) > 64 || len(e) > EmailBytesMax || e != FoldEmail(string(e)) {
		return ErrEmail
	}
	for _, c := range []byte(local) {
		if c <= ' ' || c > '~' || strings.IndexByte(`"(),:;<>[\]`, c) >= 0 {
			return ErrEmail
		}
	}
	labels := strings.Split(host, ".")
	if len(labels) < 2 {
		return ErrEmail
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return ErrEmail
		}
		for _, c := range []byte(label) {
			if (c < '0' || c > '9') && (c < 'a' || c > 'z') && c != '-' {
				return ErrEmail
			}
		}
	}
	return nil
}

// LogValue keeps the address out of logs.
func (e Email) LogValue() slog.Value { return slog.StringValue("[email]") }
