package zengin_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/zengin"
	"lovesaijo/domain/bank"
)

func TestAFileIsShownFieldByFieldWithItsNumbersMasked(t *testing.T) {
	t.Parallel()
	shown := zengin.Show(sample)
	require.Len(t, shown, 4)
	require.Equal(t, []string{"ヘッダー", "データ", "トレーラー", "エンド"}, []string{shown[0].Kind, shown[1].Kind, shown[2].Kind, shown[3].Kind})
	require.Equal(t, "12109990000001ｻｲｼﾞﾖｳｼ"+strings.Repeat(" ", 33)+"04309999ﾃｽﾄ"+strings.Repeat(" ", 12)+"001ﾎﾝﾃﾝ"+strings.Repeat(" ", 11)+"1****567"+strings.Repeat(" ", 17), shown[0].Text)
	require.Contains(t, shown[1].Fields, zengin.ShownField{Name: bank.FieldNumber, Byte: 43, Length: 7, Text: "****543"})
	require.Contains(t, shown[1].Fields, zengin.ShownField{Name: bank.FieldHolder, Byte: 50, Length: 30, Text: "ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ" + strings.Repeat(" ", 17)})
	require.Contains(t, shown[1].Fields, zengin.ShownField{Name: bank.FieldReference, Byte: 91, Length: 20, Text: "LSP202604 S000123   "})
	require.Equal(t, "000000128450", shown[2].Fields[2].Text)
	for _, s := range shown {
		joined := ""
		for _, f := range s.Fields {
			joined += f.Text
		}
		require.Equal(t, s.Text, joined)
		require.NotContains(t, s.Text, "0076543")
		require.NotContains(t, s.Text, "1234567")
		require.Len(t, []rune(s.Text), 120)
	}
	require.Equal(t, 4, shown[3].Record)
}

func TestWhereANumberMayStandAnywhereEveryDigitIsMasked(t *testing.T) {
	t.Parallel()
	r := records()
	for name, record := range map[string]string{
		"a byte missing in front": r[1][1:],
		"a byte too many":         "2" + r[1],
		"a byte moved":            "2" + r[1][:119],
		"a byte moved within":     r[1][:10] + " " + r[1][10:119],
		"an unknown kind":         "3" + r[1][1:],
		"a letter in the number":  r[1][:49] + "X" + r[1][50:],
		"the number only":         "0076543",
	} {
		shown := zengin.Show([]byte(record + "\r\n"))
		require.Len(t, shown, 1, name)
		require.False(t, strings.ContainsAny(shown[0].Text, "0123456789"), name)
		require.Empty(t, shown[0].Kind)
		require.Empty(t, shown[0].Fields)
	}
	require.Empty(t, zengin.Show(nil))
	require.Equal(t, "�A�*�", zengin.Show([]byte("\x90A\x001\xff"))[0].Text)
}
