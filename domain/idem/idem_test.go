package idem_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/idem"
)

func TestTheHashTellsEveryListOfPartsFromEveryOther(t *testing.T) {
	t.Parallel()
	lists := [][]string{
		nil,
		{""},
		{"", ""},
		{"ab"},
		{"a", "b"},
		{"", "ab"},
		{"ab", ""},
		{"b", "a"},
		{"a\x00b"},
		{"a", "\x00b"},
		{strings.Repeat("長い", 1_000)},
		{strings.Repeat("長い", 1_001)},
	}
	seen := map[idem.Hash][]string{}
	for _, parts := range lists {
		hash := idem.HashOf(parts...)
		other, taken := seen[hash]
		require.False(t, taken, "%q and %q", parts, other)
		require.Equal(t, hash, idem.HashOf(parts...))
		seen[hash] = parts
	}
}

func TestAKeyIsEightToSixtyFourPlainCharacters(t *testing.T) {
	t.Parallel()
	for _, good := range []idem.Key{"12345678", "0198c1f2-5a3b_XYZ", idem.Key(strings.Repeat("k", idem.KeyBytesMax))} {
		require.NoError(t, good.Valid(), good)
	}
	require.ErrorIs(t, idem.Key("").Valid(), idem.ErrKeyMissing)
	for _, bad := range []idem.Key{"1234567", "with space", "キーキーキーキー", "semi;colon", idem.Key(strings.Repeat("k", idem.KeyBytesMax+1))} {
		require.ErrorIs(t, bad.Valid(), idem.ErrKeyInvalid, bad)
	}
}
