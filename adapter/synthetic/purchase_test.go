package synthetic_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/synthetic"
)

func TestPurchasesLookLikeTheSlipsOfATill(t *testing.T) {
	t.Parallel()
	const total = 20_000
	g := synthetic.New(8)
	amounts := make([]int64, total)
	var round, large int
	for i := range amounts {
		amounts[i] = g.Purchase(uint64(i))
		if amounts[i]%10 == 0 {
			round++
		}
		if amounts[i] > 5_000 {
			large++
		}
	}
	slices.Sort(amounts)

	require.GreaterOrEqual(t, amounts[0], int64(80))
	require.LessOrEqual(t, amounts[total-1], int64(12_000))
	require.InDelta(t, 900, amounts[total/2], 60)
	require.InDelta(t, 0.64, float64(round)/total, 0.03)
	require.InDelta(t, 0.03, float64(large)/total, 0.02)
}
