package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
)

func TestBanksAreFoundByCodeNameAndKanaTheBestFirst(t *testing.T) {
	t.Parallel()
	m := master(t,
		listing("0005", "三菱ＵＦＪ", "ﾐﾂﾋﾞｼﾕ-ｴﾌｼﾞｴｲ", "001", "本店", "ﾎﾝﾃﾝ"),
		listing("0168", "大伊予", "ｵｵｲﾖ", "001", "本店", "ﾎﾝﾃﾝ"),
		listing("0174", "伊予", "ｲﾖ", "001", "本店", "ﾎﾝﾃﾝ"),
		listing("0175", "伊予中央", "ｲﾖﾁﾕｳｵｳ", "001", "本店", "ﾎﾝﾃﾝ"),
		listing("1860", "愛媛信金", "ｴﾋﾒｼﾝｷﾝ", "001", "本店", "ﾎﾝﾃﾝ"),
	)
	for text, want := range map[string][]bank.Code{
		"伊予":     {"0174", "0175", "0168"},
		"伊予銀行":   {"0174", "0175", "0168"},
		"いよ":     {"0174", "0175", "0168"},
		"イヨギンコウ": {"0174", "0175", "0168"},
		"ｲﾖﾁｭｳ":  {"0175"},
		"017":    {"0174", "0175"},
		"０１７４":   {"0174"},
		"ufj":    {"0005"},
		"ＵＦＪ 銀行": {"0005"},
		"愛媛信用金庫": {"1860"},
		"銀行":     {},
		"":       {"0005", "0168", "0174", "0175", "1860"},
		"%":      {},
	} {
		found, more := m.Search(text, 10)
		codes := []bank.Code{}
		for _, b := range found {
			codes = append(codes, b.Code)
		}
		require.Equal(t, want, codes, text)
		require.False(t, more)
	}
	found, more := m.Search("伊予", 2)
	require.Len(t, found, 2)
	require.True(t, more)
}

func TestBranchesAreFoundWithinTheirBank(t *testing.T) {
	t.Parallel()
	m := master(t, few()...)
	found, more := m.SearchBranches("0174", "西条支店", 10)
	require.Equal(t, []bank.Branch{{Code: "255", Name: "西条", Kana: "ｻｲｼﾞﾖｳ"}}, found)
	require.False(t, more)
	found, _ = m.SearchBranches("0174", "にゅうがわ", 10)
	require.Len(t, found, 1)
	found, _ = m.SearchBranches("0174", "25", 10)
	require.Len(t, found, 2)
	found, _ = m.SearchBranches("9999", "", 10)
	require.Empty(t, found)
}
