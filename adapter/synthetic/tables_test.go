package synthetic

import (
	"regexp"
	"strings"
	"testing"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"
)

func TestThePostalCodesAreThoseOfSaijo(t *testing.T) {
	t.Parallel()
	require.Len(t, towns, 135)
	require.Len(t, lo.UniqBy(towns, func(t town) string { return t.postalCode }), 135)
	for _, of := range towns {
		require.Regexp(t, `^(79105|793|7991[13])\d+$`, of.postalCode)
		require.Len(t, of.postalCode, 7)
		require.Equal(t, of.name == "", of.weight == 0, of.postalCode)
	}
}

func TestEveryAddressLiesInTheTownOfItsPostalCode(t *testing.T) {
	t.Parallel()
	names := lo.SliceToMap(towns, func(t town) (string, string) { return t.postalCode, t.name })
	g := New(9)

	lived := map[string]bool{}
	for _, p := range g.Residents(20_000) {
		require.Contains(t, names, p.PostalCode)
		require.NotEmpty(t, names[p.PostalCode])
		require.True(t, strings.HasPrefix(p.Address, "愛媛県西条市"+names[p.PostalCode]), "%v", p)
		lived[p.PostalCode] = true
	}
	require.Len(t, lived, 134)
	for _, s := range g.Shops(2_000) {
		require.NotEmpty(t, names[s.PostalCode])
		require.True(t, strings.HasPrefix(s.Address, "愛媛県西条市"+names[s.PostalCode]), "%v", s)
		require.Equal(t, strings.HasPrefix(s.PostalCode, "793"), strings.HasPrefix(s.Phone, "0897"), "%v", s)
	}
}

func TestTheTablesOfNamesAreLargeAndReadInKatakana(t *testing.T) {
	t.Parallel()
	katakana := regexp.MustCompile(`^[ァ-ヴー]+$`)
	givens := append(append(append([]word{}, givensOld...), givensMiddle...), givensYoung...)
	families := lo.Map(surnames, func(s surname, _ int) word { return s.word })

	require.GreaterOrEqual(t, len(families), 100)
	require.GreaterOrEqual(t, len(givens), 120)
	for _, table := range [][]word{families, givens, stems, quarters} {
		require.Len(t, lo.UniqBy(table, func(w word) string { return w.name }), len(table))
		for _, w := range table {
			require.Regexp(t, katakana, w.kana, w.name)
		}
	}
	for _, s := range surnames {
		require.Positive(t, s.weight, s.name)
	}
}

func TestNoShopIsCalledByASurname(t *testing.T) {
	t.Parallel()
	families := lo.Map(surnames, func(s surname, _ int) string { return s.name })
	for _, stem := range stems {
		require.NotContains(t, families, stem.name)
	}
}

func TestEveryStyleNamesItsStemOnceAndBelongsToOneTrade(t *testing.T) {
	t.Parallel()
	var seen []string
	for _, of := range trades {
		require.Positive(t, of.weight, of.category)
		for _, s := range of.styles {
			require.Equal(t, 1, strings.Count(s.name, "%"), s.name)
			require.Equal(t, 1, strings.Count(s.kana, "%"), s.name)
			seen = append(seen, s.name)
		}
	}
	require.Len(t, lo.Uniq(seen), len(seen))
}

// Shop names are unique without limit because no two styles and stems make the same name and no two numbers
// make the same branch.
func TestNamesAndBranchesNeverCoincide(t *testing.T) {
	t.Parallel()
	g := New(1)
	names := lo.Map(lo.Flatten(lo.Map(g.trades, func(d deck, _ int) []word { return d })), func(w word, _ int) string { return w.name })
	require.Len(t, lo.Uniq(names), len(names))

	branches := map[string]bool{}
	for n := range uint64(10_000) {
		branches[quarter(n).name] = true
	}
	require.Len(t, branches, 10_000)
	require.Empty(t, quarter(0).name)
	require.Equal(t, "東東", quarter(9).name)
}
