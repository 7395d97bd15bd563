package fault_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fault"
)

var errShort = fault.Define(fault.Refused, "test_short", "足りません。")

func TestAFaultIsFoundByItsCodeHoweverItWasCompletedAndWrapped(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("grant to wallet: %w", errShort.With("shortfall", 1).At("amount").Saying("1ポイント足りません。"))
	require.ErrorIs(t, err, errShort)
	found, ok := fault.Of(err)
	require.True(t, ok)
	require.Equal(t, map[string]int64{"shortfall": 1}, found.Figures)
	require.Equal(t, []fault.Field{{Path: "amount", Code: "test_short", Message: "足りません。"}}, found.Fields)
	require.Equal(t, "1ポイント足りません。", found.Message)
}

func TestCompletingAFaultLeavesTheTemplateAsItIs(t *testing.T) {
	t.Parallel()
	one := errShort.With("balance", 1)
	two := one.With("balance", 2).At("a").At("b")
	require.Nil(t, errShort.Figures)
	require.Equal(t, int64(1), one.Figures["balance"])
	require.Equal(t, int64(2), two.Figures["balance"])
	require.Empty(t, one.Fields)
	require.Len(t, two.Fields, 2)
}

func TestACodeIsDefinedOnce(t *testing.T) {
	t.Parallel()
	require.Panics(t, func() { fault.Define(fault.Invalid, "test_short", "別の意味") })
}

func TestAnAccidentIsNoFault(t *testing.T) {
	t.Parallel()
	_, ok := fault.Of(fmt.Errorf("disk full"))
	require.False(t, ok)
}
