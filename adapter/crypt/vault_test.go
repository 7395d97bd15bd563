package crypt_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/crypt"
)

func vaultKey(t testing.TB) crypt.Key {
	t.Helper()
	keys, err := crypt.VaultKeys("", filepath.Join(t.TempDir(), "vault.key"))
	require.NoError(t, err)
	require.Len(t, keys, 1)
	return keys[0]
}

func vault(t testing.TB, keys ...crypt.Key) *crypt.Vault {
	t.Helper()
	v, err := crypt.NewVault(keys)
	require.NoError(t, err)
	return v
}

func sealed(t testing.TB, v *crypt.Vault, purpose, plain string) []byte {
	t.Helper()
	text, err := v.Seal(purpose, []byte(plain))
	require.NoError(t, err)
	return text
}

func TestTheVaultGivesBackWhatItSealed(t *testing.T) {
	t.Parallel()
	v := vault(t, vaultKey(t))
	for _, plain := range []string{"", "0038-101 1 1234567 ｻｲｼﾞﾖｳｼ", string(bytes.Repeat([]byte{0, 255}, 50_000))} {
		text := sealed(t, v, "account", plain)
		got, err := v.Unseal("account", text)
		require.NoError(t, err)
		require.Equal(t, plain, string(got))
		if plain != "" {
			require.NotContains(t, string(text), plain)
		}
	}
	require.NotEqual(t, sealed(t, v, "account", "1234567"), sealed(t, v, "account", "1234567"), "equal numbers do not look equal")
}

func TestWhatWasSealedForAnotherPurposeDoesNotOpen(t *testing.T) {
	t.Parallel()
	v := vault(t, vaultKey(t))
	_, err := v.Unseal("file", sealed(t, v, "account", "1234567"))
	require.ErrorIs(t, err, crypt.ErrVaultText)
}

func TestNoByteOfASealedTextCanBeChanged(t *testing.T) {
	t.Parallel()
	v := vault(t, vaultKey(t))
	text := sealed(t, v, "account", "1234567")
	for i := range text {
		changed := bytes.Clone(text)
		changed[i] ^= 1
		_, err := v.Unseal("account", changed)
		require.Error(t, err, "byte %d", i)
		_, err = v.Unseal("account", text[:i])
		require.Error(t, err, "cut behind byte %d", i)
	}
	_, err := v.Unseal("account", append(bytes.Clone(text), 0))
	require.ErrorIs(t, err, crypt.ErrVaultText)
}

func TestANewKeySealsWhileOlderOnesStillOpen(t *testing.T) {
	t.Parallel()
	old, fresh := vaultKey(t), vaultKey(t)
	before := sealed(t, vault(t, old), "account", "1234567")
	both := vault(t, fresh, old)
	got, err := both.Unseal("account", before)
	require.NoError(t, err)
	require.Equal(t, "1234567", string(got))
	_, err = vault(t, fresh).Unseal("account", sealed(t, both, "account", "1234567"))
	require.NoError(t, err, "the first key seals")
	_, err = vault(t, fresh).Unseal("account", before)
	require.ErrorIs(t, err, crypt.ErrVaultKey)
	_, err = vault(t, crypt.Key{ID: old.ID, Secret: fresh.Secret}).Unseal("account", before)
	require.ErrorIs(t, err, crypt.ErrVaultText, "a name alone opens nothing")
}

func TestVaultsNeedProperKeys(t *testing.T) {
	t.Parallel()
	key := vaultKey(t)
	for _, keys := range [][]crypt.Key{
		nil, {{ID: "short", Secret: key.Secret[:16]}}, {{ID: "long", Secret: append(bytes.Clone(key.Secret), 0)}}, {{ID: "bad id", Secret: key.Secret}}, {key, key},
	} {
		_, err := crypt.NewVault(keys)
		require.Error(t, err)
	}
}
