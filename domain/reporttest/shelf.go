package reporttest

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/report"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/citytest"
)

var shelfContracts = []contract{
	{"what is frozen reads back byte for byte", frozenReadsBack},
	{"a report is kept once, whoever comes second", keptOnce},
	{"of many who freeze at once, one does", oneFreezes},
	{"a unit that ends in an error freezes nothing", turnedBack},
	{"frozen reports are listed by kind, the newest day first", shelved},
}

// errTurnedBack makes a unit end without effect.
var errTurnedBack = errors.New("turned back")

// content has spaces, an order of names and a form of numbers that a store must not put right.
const content = `{"z":1,  "a": [10, 2.50], "name":"原資\u3000<&>", "a":2}`

func frozen(day calendar.Day, text string) report.Frozen {
	return report.Frozen{
		Kind: report.UnusedBalance, Day: day, LastSeq: 41, Content: []byte(text), MadeBy: user.ID{1, 15: 9},
		MadeAt: time.Date(2027, 4, 1, 0, 12, 13, 456_000, time.UTC),
	}.Freeze()
}

func keep(t *testing.T, city *citytest.City, f report.Frozen) bool {
	t.Helper()
	kept, err := usecase.Do(t.Context(), city.Unit, func(ctx context.Context, s citytest.Stores) (bool, error) {
		return s.Archive.Keep(ctx, f)
	})
	require.NoError(t, err)
	return kept
}

func frozenReadsBack(t *testing.T, city *citytest.City) {
	_, err := city.Shelf.Frozen(t.Context(), report.UnusedBalance, baseDay)
	require.ErrorIs(t, err, report.ErrUnknown)
	want := frozen(baseDay, content)
	require.True(t, keep(t, city, want))
	got, err := city.Shelf.Frozen(t.Context(), report.UnusedBalance, baseDay)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.True(t, got.Intact())
	_, err = city.Shelf.Frozen(t.Context(), "another", baseDay)
	require.ErrorIs(t, err, report.ErrUnknown)

	alone := frozen(newYear, `{}`)
	alone.MadeBy = user.ID{}
	require.True(t, keep(t, city, alone))
	got, err = city.Shelf.Frozen(t.Context(), report.UnusedBalance, newYear)
	require.NoError(t, err)
	require.Equal(t, alone, got, "nobody made it but the platform itself")
}

func keptOnce(t *testing.T, city *citytest.City) {
	first := frozen(baseDay, content)
	require.True(t, keep(t, city, first))
	require.False(t, keep(t, city, frozen(baseDay, `{}`)))
	got, err := city.Shelf.Frozen(t.Context(), report.UnusedBalance, baseDay)
	require.NoError(t, err)
	require.Equal(t, first, got)
}

func oneFreezes(t *testing.T, city *citytest.City) {
	kept, errs := make([]bool, 8), make([]error, 8)
	var all sync.WaitGroup
	for i := range kept {
		all.Go(func() {
			kept[i], errs[i] = usecase.Do(t.Context(), city.Unit, func(ctx context.Context, s citytest.Stores) (bool, error) {
				return s.Archive.Keep(ctx, frozen(baseDay, content))
			})
		})
	}
	all.Wait()
	won := 0
	for i := range kept {
		require.NoError(t, errs[i])
		if kept[i] {
			won++
		}
	}
	require.Equal(t, 1, won)
}

func turnedBack(t *testing.T, city *citytest.City) {
	err := city.Unit.Do(t.Context(), func(ctx context.Context, s citytest.Stores) error {
		kept, err := s.Archive.Keep(ctx, frozen(baseDay, content))
		require.NoError(t, err)
		require.True(t, kept)
		return errTurnedBack
	})
	require.ErrorIs(t, err, errTurnedBack)
	_, err = city.Shelf.Frozen(t.Context(), report.UnusedBalance, baseDay)
	require.ErrorIs(t, err, report.ErrUnknown)
}

func shelved(t *testing.T, city *citytest.City) {
	other := frozen(newYear, content)
	other.Kind = "another"
	for _, f := range []report.Frozen{frozen(baseDay, content), frozen(baseDay-182, content), other, frozen(baseDay+183, content)} {
		require.True(t, keep(t, city, f))
	}
	list, err := city.Shelf.Shelved(t.Context(), report.UnusedBalance)
	require.NoError(t, err)
	var days []calendar.Day
	for _, f := range list {
		days = append(days, f.Day)
		require.True(t, f.Intact())
	}
	require.Equal(t, []calendar.Day{baseDay + 183, baseDay, baseDay - 182}, days)
}
