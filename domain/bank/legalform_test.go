package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
)

func TestALegalFormIsAbbreviatedByWhereItStands(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bank.Kana{
		"株式会社サイジョウ":              "ｶ)ｻｲｼﾞﾖｳ",
		"株式会社　サイジョウ":             "ｶ)ｻｲｼﾞﾖｳ",
		"㈱サイジョウ":                 "ｶ)ｻｲｼﾞﾖｳ",
		"（株）サイジョウ":               "ｶ)ｻｲｼﾞﾖｳ",
		"カブシキガイシャサイジョウ":          "ｶ)ｻｲｼﾞﾖｳ",
		"カブシキカイシャサイジョウ":          "ｶ)ｻｲｼﾞﾖｳ",
		"かぶしきがいしゃさいじょう":          "ｶ)ｻｲｼﾞﾖｳ",
		"サイジョウ株式会社":              "ｻｲｼﾞﾖｳ(ｶ",
		"サイジョウ 株式会社":             "ｻｲｼﾞﾖｳ(ｶ",
		"サイジョウ株式会社ニシテン":          "ｻｲｼﾞﾖｳ(ｶ)ﾆｼﾃﾝ",
		"サイジョウ有限会社":              "ｻｲｼﾞﾖｳ(ﾕ",
		"合名会社ニシ":                 "ﾒ)ﾆｼ",
		"合資会社ニシ":                 "ｼ)ﾆｼ",
		"合同会社ニシ":                 "ﾄﾞ)ﾆｼ",
		"医療法人ニシ":                 "ｲ)ﾆｼ",
		"医療法人社団ニシ":               "ｲ)ﾆｼ",
		"財団法人ニシ":                 "ｻﾞｲ)ﾆｼ",
		"一般社団法人ニシ":               "ｼﾔ)ﾆｼ",
		"宗教法人ニシ":                 "ｼﾕｳ)ﾆｼ",
		"学校法人ニシ":                 "ｶﾞｸ)ﾆｼ",
		"社会福祉法人ニシ":               "ﾌｸ)ﾆｼ",
		"ニシ相互会社":                 "ﾆｼ(ｿ",
		"NPO法人ニシ":                "ﾄｸﾋ)ﾆｼ",
		"特定非営利活動法人ニシ":            "ﾄｸﾋ)ﾆｼ",
		"独立行政法人ニシ":               "ﾄﾞｸ)ﾆｼ",
		"地方独立行政法人ニシ":             "ﾁﾄﾞｸ)ﾆｼ",
		"弁護士法人ニシ":                "ﾍﾞﾝ)ﾆｼ",
		"行政書士法人ニシ":               "ｷﾞﾖ)ﾆｼ",
		"司法書士法人ニシ":               "ｼﾎｳ)ﾆｼ",
		"税理士法人ニシ":                "ｾﾞｲ)ﾆｼ",
		"国立大学法人ニシ":               "ﾀﾞｲ)ﾆｼ",
		"農事組合法人ニシ":               "ﾉｳ)ﾆｼ",
		"更生保護法人ニシ":               "ﾎｺﾞ)ﾆｼ",
		"株式会社ニシ営業所":              "ｶ)ﾆｼ(ｴｲ",
		"カブシキガイシャニシ シュッチョウジョ":    "ｶ)ﾆｼ(ｼﾕﾂ",
		"ニシエイギョウショヒガシ":           "ﾆｼ(ｴｲ)ﾋｶﾞｼ",
		"シャカイフクシホウジンニシ":          "ﾌｸ)ﾆｼ",
		"トクテイヒエイリカツドウホウジン ニシ":    "ﾄｸﾋ)ﾆｼ",
		"一般財団法人サイジョウ株式会社ニシ出張所　ア": "ｻﾞｲ)ｻｲｼﾞﾖｳ(ｶ)ﾆｼ(ｼﾕﾂ)ｱ",
		"株式会社ヲカ":                 "ｶ)ｵｶ",
		"ＮＰＯ法人ニシ":                "ﾄｸﾋ)ﾆｼ",
		"社会保険労務士法人ニシ":            "ﾛｳﾑ)ﾆｼ",
		"管理組合法人ニシ":               "ｶﾝﾘ)ﾆｼ",
		"公立大学法人ニシ":               "ﾀﾞｲ)ﾆｼ",
		"社会医療法人ニシ":               "ｲ)ﾆｼ",
		"シャダンホウジンニシコウエキザイダンホウジン": "ｼﾔ)ﾆｼ(ｻﾞｲ",
	} {
		suggestion, found := bank.Suggest(typed, bank.NameOfHolder, bank.DefaultProfile())
		require.True(t, found, typed)
		require.Empty(t, suggestion.Reading.Flaws, typed)
		require.Equal(t, want, suggestion.Reading.Kana, typed)
		require.NotEmpty(t, suggestion.Forms)
	}
}

func TestASuggestionReplacesTheFormOnlyAndReadsNoKanji(t *testing.T) {
	t.Parallel()
	suggestion, found := bank.Suggest("株式会社西条", bank.NameOfHolder, bank.DefaultProfile())
	require.True(t, found)
	require.Equal(t, []bank.LegalForm{{Word: "株式会社", Abbreviation: "ｶ"}}, suggestion.Forms)
	require.Len(t, suggestion.Reading.Flaws, 2)
	require.ErrorIs(t, suggestion.Reading.Flaws[0].Fault, bank.ErrKanaKanji)
	_, err := suggestion.Reading.Confirm(true)
	require.ErrorIs(t, err, bank.ErrKanaKanji)
}

func TestNoFormIsSuggestedWhereThereIsNone(t *testing.T) {
	t.Parallel()
	for _, typed := range []string{"", " ", "サイジョウ", "カ)サイジョウ", "株式会社", " (株) ", "西条", "株式サイジョウ"} {
		_, found := bank.Suggest(typed, bank.NameOfHolder, bank.DefaultProfile())
		require.False(t, found, typed)
	}
}

func TestNarrowNeverAbbreviatesByItself(t *testing.T) {
	t.Parallel()
	reading, err := bank.Narrow("カブシキガイシャサイジョウ", bank.NameOfHolder, bank.DefaultProfile())
	require.NoError(t, err)
	require.Equal(t, bank.Kana("ｶﾌﾞｼｷｶﾞｲｼﾔｻｲｼﾞﾖｳ"), reading.Kana)
}
