package synthetic_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/synthetic"
)

func TestShopsAreUniqueByMailAndName(t *testing.T) {
	t.Parallel()
	mails, names := map[string]bool{}, map[string]bool{}

	shops := synthetic.New(3).Shops(20_000)
	for _, s := range shops {
		mails[s.Email] = true
		names[s.Name] = true
	}

	require.Len(t, mails, len(shops))
	require.Len(t, names, len(shops))
}

// There are 5,904 names; the first trade runs out of its own after about 3,400 shops and goes on with branches. The
// specified 300 shops have none.
func TestTheFirstThousandShopsAreNoBranches(t *testing.T) {
	t.Parallel()
	for _, s := range synthetic.New(3).Shops(1_000) {
		require.NotContains(t, s.Name, " ")
	}
}

func TestShopsHoldOnlyFictionalAndWellFormedData(t *testing.T) {
	t.Parallel()
	for _, s := range synthetic.New(4).Shops(20_000) {
		require.Regexp(t, katakana, s.Kana)
		require.Regexp(t, ownerKatakana, s.OwnerKana)
		require.Regexp(t, landline, s.Phone)
		require.Regexp(t, `^\S+ \S+$`, s.OwnerName)
		require.Regexp(t, `[^0-9]9\d{3}番地\d+$`, s.Address)
		require.True(t, strings.HasSuffix(s.Email, "@example.jp"))
		require.True(t, encodable(s.Name+s.Kana+s.Category+s.Address), "%v", s)
	}
}

func TestFiftyShopsCoverMostTradesOfTheTown(t *testing.T) {
	t.Parallel()
	trades := map[string]bool{}
	for _, s := range synthetic.New(1).Shops(60) {
		trades[s.Category] = true
	}
	require.GreaterOrEqual(t, len(trades), 20)
	for _, usual := range []string{"八百屋", "喫茶", "食堂", "うどん", "美容室", "薬局", "パン"} {
		require.Contains(t, trades, usual)
	}
}
