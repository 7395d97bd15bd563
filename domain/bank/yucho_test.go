package bank_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
)

func TestAnAccountOfYuchoIsTurnedIntoTheTermsOfOtherBanks(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		yucho bank.Yucho
		want  bank.Account
	}{
		{bank.Yucho{Symbol: "10530", Number: "12345671"}, bank.Account{Bank: "9900", Branch: "058", Type: bank.Ordinary, Number: "1234567"}},
		{bank.Yucho{Symbol: "17300", Number: "1992761"}, bank.Account{Bank: "9900", Branch: "738", Type: bank.Ordinary, Number: "0199276"}},
		{bank.Yucho{Symbol: "16120", Number: "21"}, bank.Account{Bank: "9900", Branch: "618", Type: bank.Ordinary, Number: "0000002"}},
		{bank.Yucho{Symbol: "１６１２０", Number: " ５１１ "}, bank.Account{Bank: "9900", Branch: "618", Type: bank.Ordinary, Number: "0000051"}},
		{bank.Yucho{Symbol: "16120", Number: "12345671", Savings: true}, bank.Account{Bank: "9900", Branch: "618", Type: bank.Savings, Number: "1234567"}},
		{bank.Yucho{Symbol: "00530", Number: "123456"}, bank.Account{Bank: "9900", Branch: "059", Type: bank.Current, Number: "0123456"}},
		{bank.Yucho{Symbol: "01640", Number: "12"}, bank.Account{Bank: "9900", Branch: "169", Type: bank.Current, Number: "0000012"}},
	} {
		got, err := c.yucho.Account()
		require.NoError(t, err)
		require.True(t, c.want == got, "%s-%s %d", got.Bank, got.Branch, got.Type)
		require.Error(t, got.Valid(bank.DefaultProfile()), "the holder is still to be entered")
	}
}

func TestWhatYuchoCannotHaveIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		yucho bank.Yucho
		want  error
	}{
		{bank.Yucho{}, bank.ErrYuchoSymbol},
		{bank.Yucho{Symbol: "1612", Number: "12345671"}, bank.ErrYuchoSymbol},
		{bank.Yucho{Symbol: "16120-2", Number: "12345671"}, bank.ErrYuchoSymbol},
		{bank.Yucho{Symbol: "16121", Number: "12345671"}, bank.ErrYuchoSymbol},
		{bank.Yucho{Symbol: "26120", Number: "12345671"}, bank.ErrYuchoSymbol},
		{bank.Yucho{Symbol: "1612O", Number: "12345671"}, bank.ErrYuchoSymbol},
		{bank.Yucho{Symbol: "00530", Number: "123456", Savings: true}, bank.ErrYuchoSymbol},
		{bank.Yucho{Symbol: "16120"}, bank.ErrYuchoNumber},
		{bank.Yucho{Symbol: "16120", Number: "12345672"}, bank.ErrYuchoNumber},
		{bank.Yucho{Symbol: "16120", Number: "123456781"}, bank.ErrYuchoNumber},
		{bank.Yucho{Symbol: "16120", Number: "1"}, bank.ErrYuchoNumber},
		{bank.Yucho{Symbol: "16120", Number: "00000001"}, bank.ErrYuchoNumber},
		{bank.Yucho{Symbol: "16120", Number: "1234-5671"}, bank.ErrYuchoNumber},
		{bank.Yucho{Symbol: "00530", Number: "1234567"}, bank.ErrYuchoNumber},
		{bank.Yucho{Symbol: "00530", Number: "000000"}, bank.ErrYuchoNumber},
	} {
		_, err := c.yucho.Account()
		require.ErrorIs(t, err, c.want)
	}
}

func TestANumberOfYuchoIsShownNowhere(t *testing.T) {
	t.Parallel()
	y := bank.Yucho{Symbol: "16120", Number: "12345671"}
	marshalled, err := json.Marshal(struct{ Passbook bank.Yucho }{y})
	require.NoError(t, err)
	for _, shown := range []string{fmt.Sprintf("%v %+v %#v %s %d", y, &y, y, y, y), string(marshalled), y.LogValue().String()} {
		require.NotContains(t, shown, "12345671")
	}
}
