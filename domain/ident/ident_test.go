package ident_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/ident"
)

type thing struct{}

func TestAnIdentifierIsAVersion7UUIDThatReadsBack(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 30, 0, 123_456_789, time.UTC)
	id := ident.New[thing](now)
	text := id.String()
	require.Len(t, text, 36)
	require.Equal(t, byte('7'), text[14])
	require.Contains(t, "89ab", string(text[19]))
	back, err := ident.Parse[thing](text)
	require.NoError(t, err)
	require.Equal(t, id, back)
}

func TestIdentifiersSortByAge(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 9, 30, 0, 0, time.UTC)
	older := ident.New[thing](now)
	sameMillisecond := ident.New[thing](now.Add(300 * time.Microsecond))
	younger := ident.New[thing](now.Add(time.Millisecond))
	require.Less(t, older.String(), sameMillisecond.String())
	require.Less(t, sameMillisecond.String(), younger.String())
}

func TestMalformedIdentifiersAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "x", "0192f3c4-0000-7000-8000-00000000000", "0192f3c4_0000-7000-8000-000000000000", "0192f3c4-0000-7000-8000-00000000000g"} {
		_, err := ident.Parse[thing](text)
		require.ErrorIs(t, err, ident.ErrMalformed, text)
	}
}
