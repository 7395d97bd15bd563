package money_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/money"
)

func TestAnAmountIsAWholeNumberFromOneToTheLargest(t *testing.T) {
	t.Parallel()
	for _, good := range []money.Points{1, 450, money.AmountMax} {
		require.NoError(t, good.Valid())
	}
	for _, bad := range []money.Points{0, -1, money.AmountMax + 1, -1 << 63, 1<<63 - 1} {
		require.ErrorIs(t, bad.Valid(), money.ErrAmount, "%d", int64(bad))
	}
}

func TestPointsAreShownWithGroupedDigits(t *testing.T) {
	t.Parallel()
	for want, p := range map[string]money.Points{"0": 0, "999": 999, "1,000": 1000, "-12,345": -12345, "10,000,000,000": money.AmountMax} {
		require.Equal(t, want, p.String())
	}
}
