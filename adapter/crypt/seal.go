package crypt

import (
	"crypto/ed25519"

	"lovesaijo/domain/access"
)

// Sealer signs with Ed25519. Whoever has the public key can verify without the platform.
type Sealer struct {
	private ed25519.PrivateKey
}

// NewSealer makes a sealer of a seed of ed25519.SeedSize bytes, as SealSeed gives it.
func NewSealer(seed []byte) *Sealer { return &Sealer{private: ed25519.NewKeyFromSeed(seed)} }

// Seal signs message.
func (s *Sealer) Seal(message []byte) []byte { return ed25519.Sign(s.private, message) }

// Verify tells whether signature was made by Seal over message.
func (s *Sealer) Verify(message, signature []byte) bool {
	return ed25519.Verify(s.Public(), message, signature)
}

// Public gives the key that verifies, to be handed out.
func (s *Sealer) Public() ed25519.PublicKey { return s.private.Public().(ed25519.PublicKey) }

var _ access.Seal = (*Sealer)(nil)
