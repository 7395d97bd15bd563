package zengin

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheFieldsOfEveryRecordFollowOneAnotherTo120Bytes(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]layout{"header": header, "data": data, "data with EDI": dataWithEDI, "trailer": trailer, "end": end} {
		at := 0
		seen := map[string]bool{}
		for _, p := range l {
			require.Equal(t, at, p.at, "%s: %s", name, p.field)
			require.False(t, seen[p.field], "%s: %s", name, p.field)
			require.Equal(t, p.filling == text, p.class != 0, "%s: %s", name, p.field)
			if p.filling == text {
				require.Equal(t, p.class.LengthMax(), p.length, "%s: %s", name, p.field)
			}
			seen[p.field] = true
			at += p.length
		}
		require.Equal(t, recordBytes, at, name)
	}
	require.Equal(t, 112, ediAt)
}

func TestARecordIsNotSpelledOtherwiseThanItWasAsked(t *testing.T) {
	t.Parallel()
	good := map[string]string{fieldKind: kindEnd}
	spelled, err := end.spell(nil, good)
	require.NoError(t, err)
	require.Len(t, spelled, recordBytes)
	for _, bad := range []map[string]string{
		{},
		{fieldKind: "99"},
		{fieldKind: "漢"},
		{fieldKind: kindEnd, fieldFiller: string(make([]byte, 120))},
	} {
		_, err := end.spell(nil, bad)
		require.Error(t, err)
	}
}
