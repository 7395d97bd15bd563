package crypt

import (
	"context"
	"fmt"

	"github.com/alexedwards/argon2id"

	"lovesaijo/domain/access"
)

// Argon2id hashes passwords with 19 MiB and two passes, the second of the choices that OWASP recommends. One hash
// takes some 40 ms; put a turnstile before it.
type Argon2id struct{}

// Passwords longer than the domain allows never come here, so the cost does not depend on who asks.
var argon2idParams = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// Hash gives the PHC form of a fresh hash.
func (Argon2id) Hash(_ context.Context, password access.Password) (string, error) {
	params := argon2idParams
	hash, err := argon2id.CreateHash(string(password), &params)
	if err != nil {
		return "", fmt.Errorf("argon2id: %w", err)
	}
	return hash, nil
}

// Verify compares in constant time. The error never holds the hash.
func (Argon2id) Verify(_ context.Context, password access.Password, hash string) (bool, error) {
	right, err := argon2id.ComparePasswordAndHash(string(password), hash)
	if err != nil {
		return false, fmt.Errorf("argon2id: %w", err)
	}
	return right, nil
}

var _ access.Hasher = Argon2id{}
