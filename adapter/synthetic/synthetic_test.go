package synthetic_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/synthetic"
)

func TestTheSameSeedGivesTheSamePeopleHoweverManyAreAskedFor(t *testing.T) {
	t.Parallel()
	few, many := synthetic.New(7), synthetic.New(7)

	require.Equal(t, many.Residents(500)[:50], few.Residents(50))
	require.Equal(t, many.Shops(500)[:50], few.Shops(50))
	require.Equal(t, many.Resident(499), few.Residents(500)[499])
	require.Equal(t, many.Shop(499), few.Shops(500)[499])
	for i := range uint64(50) {
		require.Equal(t, many.Purchase(i), few.Purchase(i))
	}
}

func TestAnotherSeedGivesOtherPeople(t *testing.T) {
	t.Parallel()
	one, other := synthetic.New(1), synthetic.New(2)

	var samePeople, sameShops int
	ones, others := one.Residents(200), other.Residents(200)
	shops, otherShops := one.Shops(200), other.Shops(200)
	for i := range ones {
		require.NotEqual(t, ones[i], others[i])
		if ones[i].FamilyName+ones[i].GivenName == others[i].FamilyName+others[i].GivenName {
			samePeople++
		}
		if shops[i].Name == otherShops[i].Name {
			sameShops++
		}
	}
	require.Less(t, samePeople, 5)
	require.Less(t, sameShops, 10)
}

// Screenshots, golden files and manuals show these people, so a change of this package or of Go must not replace them unnoticed.
func TestTheFirstPeopleOfSeedOneNeverChange(t *testing.T) {
	t.Parallel()
	g := synthetic.New(1)

	require.Equal(t, synthetic.Person{
		Email: "resident000001@example.jp", FamilyName: "菅", GivenName: "由美子", FamilyKana: "カン", GivenKana: "ユミコ",
		PostalCode: "7930021", Address: "愛媛県西条市神拝乙9505番地23", Phone: "09000002465",
		Birth: synthetic.Date{Year: 1979, Month: 3, Day: 4},
	}, g.Resident(0))
	require.Equal(t, synthetic.Shop{
		Email: "shop0001@example.jp", Name: "みかんパン工房", Kana: "ミカンパンコウボウ", Category: "パン",
		PostalCode: "7930041", Address: "愛媛県西条市神拝甲9504番地11", Phone: "0897002465",
		OwnerName: "菅 文子", OwnerKana: "カン フミコ",
	}, g.Shop(0))
	require.Equal(t, []int64{340, 3090, 980}, []int64{g.Purchase(0), g.Purchase(1), g.Purchase(2)})
}

func TestNoneOrFewerAreNobody(t *testing.T) {
	t.Parallel()
	g := synthetic.New(1)

	require.Empty(t, g.Residents(0))
	require.Empty(t, g.Residents(-1))
	require.Empty(t, g.Shops(-1))
}
