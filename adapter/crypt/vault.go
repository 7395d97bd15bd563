package crypt

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"

	"lovesaijo/domain/settlement"
)

// Why the vault does not give back what it is handed.
var (
	ErrVaultKey  = errors.New("vault: sealed with a key that is not among the vault's")
	ErrVaultText = errors.New("vault: not sealed by this key for this purpose, or changed since")
)

// Vault encrypts with AES-256-GCM. Sealed text has the length of the key's identifier in one byte, the identifier, a
// random nonce, and what GCM makes of the rest. Identifier and purpose are authenticated with it, so that a text which
// was moved to another place of the database does not open there.
type Vault struct {
	newest string
	keys   map[string]cipher.AEAD
}

// NewVault makes a vault that seals with the first key and unseals with all of them.
func NewVault(keys []Key) (*Vault, error) {
	if len(keys) == 0 {
		return nil, errors.New("vault keys: none given")
	}
	v := &Vault{newest: keys[0].ID, keys: make(map[string]cipher.AEAD, len(keys))}
	for _, key := range keys {
		if _, twice := v.keys[key.ID]; twice {
			return nil, fmt.Errorf("vault keys: identifier %q given twice", key.ID)
		}
		if len(key.Secret) != keyBytes || !keyID.MatchString(key.ID) {
			return nil, fmt.Errorf("vault key %q: not of %d bytes or not well named", key.ID, keyBytes)
		}
		block, err := aes.NewCipher(key.Secret)
		if err != nil {
			return nil, fmt.Errorf("vault key %q: %w", key.ID, err)
		}
		if v.keys[key.ID], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("vault key %q: %w", key.ID, err)
		}
	}
	return v, nil
}

// Seal is settlement.Vault's.
func (v *Vault) Seal(purpose string, plain []byte) ([]byte, error) {
	head := append([]byte{byte(len(v.newest))}, v.newest...)
	return v.keys[v.newest].Seal(head, nil, plain, associated(v.newest, purpose)), nil
}

// Unseal is settlement.Vault's.
func (v *Vault) Unseal(purpose string, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 || len(sealed) <= int(sealed[0]) {
		return nil, ErrVaultText
	}
	id, rest := string(sealed[1:1+sealed[0]]), sealed[1+sealed[0]:]
	key, known := v.keys[id]
	if !known {
		return nil, ErrVaultKey
	}
	plain, err := key.Open(nil, nil, rest, associated(id, purpose))
	if err != nil {
		return nil, ErrVaultText
	}
	return plain, nil
}

// associated gives what is authenticated beside the text. No identifier holds a line feed, so no two pairs look alike.
func associated(id, purpose string) []byte { return []byte(id + "\n" + purpose) }

var _ settlement.Vault = (*Vault)(nil)
