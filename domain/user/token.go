package user

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"lovesaijo/domain/fault"
)

// Token is the text of a code: the version, a letter for the purpose, and 128 random bits in Crockford's base 32.
// Its 28 capital letters and digits keep the QR coarse, can be read out over the telephone, and tell nothing.
// Logs and printed text show only its beginning; use string(token) to draw it.
type Token string

// TokenBytes is the length of every token.
const TokenBytes = 28

const tokenVersion = '1'

// purposeLetters stand second in a token, so that a scanner knows the purpose before it asks.
var purposeLetters = [...]byte{Standing: 'S', Amount: 'A', Presented: 'P'}

var crockford = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// ErrToken refuses a text that is not a token.
var ErrToken = fault.Define(fault.Invalid, "code_malformed", "QRコードを読み取れませんでした。もう一度お試しください。")

// NewToken makes a token that nobody can guess.
func NewToken(purpose Purpose) Token {
	var bits [16]byte
	_, _ = rand.Read(bits[:]) // never fails: the runtime ends the program where the system has no randomness
	return Token(string([]byte{tokenVersion, purposeLetters[purpose]}) + crockford.EncodeToString(bits[:]))
}

// ParseToken reads a token in either case, as a person may have typed it: O is read as 0, I and L as 1, hyphens
// and spaces are dropped. It returns ErrToken for anything else.
func ParseToken(text string) (Token, error) {
	if len(text) > 4*TokenBytes {
		return "", ErrToken
	}
	text = strings.Map(func(r rune) rune {
		switch r {
		case 'O':
			return '0'
		case 'I', 'L':
			return '1'
		case '-', ' ':
			return -1
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(text)))
	if len(text) != TokenBytes || text[0] != tokenVersion || Token(text).Purpose() == 0 {
		return "", ErrToken
	}
	bits, err := crockford.DecodeString(text[2:])
	if err != nil || crockford.EncodeToString(bits) != text[2:] { // the last character carries three bits; its others are zero
		return "", ErrToken
	}
	return Token(text), nil
}

// Purpose tells what the token's code is for, and zero for a text that is no token.
func (t Token) Purpose() Purpose {
	if len(t) > 1 {
		for p := Standing; p <= Presented; p++ {
			if purposeLetters[p] == t[1] {
				return p
			}
		}
	}
	return 0
}

// String gives the beginning only.
func (t Token) String() string {
	if len(t) < 6 {
		return "code"
	}
	return string(t[:6]) + "…"
}

// LogValue gives the beginning only.
func (t Token) LogValue() slog.Value { return slog.StringValue(t.String()) }

// Format prints the beginning only, whatever the verb.
func (t Token) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, t.String()) }
