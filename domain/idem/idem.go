// Package idem makes an act that moves points happen once, however often it is asked for.
//
// The client makes a key before it first sends and keeps it until it has an answer. The key, the hash of what
// was asked and the outcome's identifier are written in the transaction that moves the points, and kept for
// ever. A second request with the same key and the same body is answered with the stored outcome; with another
// body it is refused. A refused act leaves no key behind: it changed nothing and may be tried again.
package idem

import (
	"crypto/sha256"
	"encoding/binary"

	"lovesaijo/domain/fault"
)

// Key is the client's name for one act, unique per actor.
type Key string

// KeyBytesMax bounds a key.
const KeyBytesMax = 64

// Hash is the SHA-256 of an act's canonical form.
type Hash [32]byte

// HashOf hashes an act whose canonical form is the given parts: the name of the act first, then everything that the
// client asked for. Each part goes in behind its length, so no two lists of parts look alike.
func HashOf(parts ...string) Hash {
	form := make([]byte, 0, 256)
	for _, part := range parts {
		form = binary.BigEndian.AppendUint64(form, uint64(len(part)))
		form = append(form, part...)
	}
	return sha256.Sum256(form)
}

// Claim is one key under one actor.
type Claim struct {
	Actor [16]byte // the acting user
	Key   Key
}

// Record is a claim that was kept, with what it led to.
type Record struct {
	Claim
	Hash   Hash
	Result [16]byte // the identifier of the entry, batch or other thing that the act made
}

// The refusals of this package.
var (
	ErrKeyMissing  = fault.Define(fault.Invalid, "idempotency_key_missing", "Idempotency-Key ヘッダーが必要です。")
	ErrKeyInvalid  = fault.Define(fault.Invalid, "idempotency_key_invalid", "Idempotency-Key は8から64文字の英数字と - _ で指定してください。")
	ErrKeyConflict = fault.Define(fault.Conflict, "idempotency_key_reused", "同じ Idempotency-Key が別の内容で使われています。")
)

// Valid refuses a missing or malformed key.
func (k Key) Valid() error {
	if k == "" {
		return ErrKeyMissing
	}
	if len(k) < 8 || len(k) > KeyBytesMax {
		return ErrKeyInvalid
	}
	for _, c := range []byte(k) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' {
			return ErrKeyInvalid
		}
	}
	return nil
}
