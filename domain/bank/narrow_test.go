package bank_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
)

func TestATypedNameBecomesTheKanaOfTransferFiles(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]bank.Kana{
		"サイジョウシ":       "ｻｲｼﾞﾖｳｼ",
		"さいじょうし":       "ｻｲｼﾞﾖｳｼ",
		"ｻｲｼﾞｮｳｼ":      "ｻｲｼﾞﾖｳｼ",
		"サイシ\u3099ョウ":  "ｻｲｼﾞﾖｳ", // decomposed, as some phones send it
		"サイシ゛ョウ":       "ｻｲｼﾞﾖｳ",
		"ハ゜ン":          "ﾊﾟﾝ",
		"カ）サイジョウショウテン": "ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ",
		"ニシコーヒー":       "ﾆｼｺ-ﾋ-",
		"ﾆｼｺｰﾋｰ":       "ﾆｼｺ-ﾋ-",
		"コ〜ヒ‐ヒ‑ヒ–ヒ—ヒ―ヒ−ヒ～ヒ－": "ｺ-ﾋ-ﾋ-ﾋ-ﾋ-ﾋ-ﾋ-ﾋ-ﾋ-",
		"カフェ・ド・サイジョウ":        "ｶﾌｴ ﾄﾞ ｻｲｼﾞﾖｳ",
		"ｶﾌｪ･ﾄﾞ":             "ｶﾌｴ ﾄﾞ",
		"Ｃａｆｅ　ｓａｉｊｏ　１２":      "CAFE SAIJO 12",
		"cafe":               "CAFE",
		"  ニシ\u00A0 　ハナコ\t ": "ﾆｼ ﾊﾅｺ",
		"ヴァイオリンヵヶヮゔゕゖゎ":             "ｳﾞｱｲｵﾘﾝｶｹﾜｳﾞｶｹﾜ",
		"バビブベボパピプペポ":                "ﾊﾞﾋﾞﾌﾞﾍﾞﾎﾞﾊﾟﾋﾟﾌﾟﾍﾟﾎﾟ",
		"ガギグゲゴザジズゼゾ":                "ｶﾞｷﾞｸﾞｹﾞｺﾞｻﾞｼﾞｽﾞｾﾞｿﾞ",
		"ダヂヅデドッャュョァィゥェォ":            "ﾀﾞﾁﾞﾂﾞﾃﾞﾄﾞﾂﾔﾕﾖｱｲｳｴｵ",
		"アイウエオカキクケコサシスセソタチツテト":      "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄ",
		"ナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン": "ﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ",
	} {
		reading, err := bank.Narrow(typed, bank.NameOfHolder, bank.DefaultProfile())
		require.NoError(t, err, typed)
		require.Equal(t, want, reading.Kana, typed)
		require.False(t, reading.NeedsConfirmation(), typed)
		kana, err := reading.Confirm(false)
		require.NoError(t, err)
		require.Equal(t, want, kana)
	}
}

func TestAReadingTellsWhatWasChangedAndWhere(t *testing.T) {
	t.Parallel()
	reading, err := bank.Narrow(" にシャー・ a", bank.NameOfHolder, bank.DefaultProfile())
	require.NoError(t, err)
	require.Equal(t, bank.Kana("ﾆｼﾔ- A"), reading.Kana)
	require.Equal(t, []bank.Edit{
		{Position: 1, Alteration: bank.Tidied},
		{Position: 2, Alteration: bank.Katakana},
		{Position: 4, Alteration: bank.Enlarged},
		{Position: 5, Alteration: bank.Hyphened},
		{Position: 6, Alteration: bank.Spaced},
		{Position: 7, Alteration: bank.Tidied},
		{Position: 8, Alteration: bank.Capital},
	}, reading.Edits)
	require.Equal(t, "C6 BC D4 2D 20 41", reading.Kana.Hex())
	for a := bank.Katakana; a <= bank.Shortened; a++ {
		require.NotEmpty(t, a.String())
	}
	require.Empty(t, bank.Alteration(0).String())
}

func TestAKanjiIsRefusedWithItsPositionAndNeverRead(t *testing.T) {
	t.Parallel()
	reading, err := bank.Narrow("ニシ西条ショウテン店", bank.NameOfHolder, bank.DefaultProfile())
	require.ErrorIs(t, err, bank.ErrKanaKanji)
	refusal, _ := fault.Of(err)
	require.Equal(t, "3文字目: 漢字は使えません。通帳に記載のカナで入力してください。", refusal.Message)
	require.Equal(t, map[string]int64{"position": 3, "flaws": 3}, refusal.Figures)
	require.NotContains(t, refusal.Message, "西")
	positions := make([]int, 0, 3)
	for _, flaw := range reading.Flaws {
		positions = append(positions, flaw.Position)
	}
	require.Equal(t, []int{3, 4, 10}, positions)
	_, err = reading.Confirm(true)
	require.ErrorIs(t, err, bank.ErrKanaKanji)
}

func TestWhatCannotBeNarrowedIsRefused(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]error{
		"":                                bank.ErrKanaEmpty,
		" 　\t":                            bank.ErrKanaEmpty,
		"ア゛":                              bank.ErrKanaMark,
		"゛ア":                              bank.ErrKanaMark,
		"カ゜":                              bank.ErrKanaMark,
		"カ\u3099\u3099":                   bank.ErrKanaMark,
		"ヷ":                               bank.ErrKanaWide,
		"カヽ":                              bank.ErrKanaWide,
		"㈱ニシ":                             bank.ErrKanaSymbol,
		"①":                               bank.ErrKanaSymbol,
		"ニシ,ヒガシ":                          bank.ErrKanaComma,
		"ニシ、ヒガシ":                          bank.ErrKanaSymbol,
		"ニシ\r\nヒガシ":                       bank.ErrKanaControl,
		"\uFEFFニシ":                        bank.ErrKanaControl,
		"ニシ😀":                             bank.ErrKanaSymbol,
		"\xf0\x28":                        bank.ErrKanaSymbol,
		strings.Repeat("ア", 201):          bank.ErrKanaTooLong,
		strings.Repeat("ア", 30) + "漢":     bank.ErrKanaKanji,
		strings.Repeat("\xe3", 199) + "ア": bank.ErrKanaSymbol,
	} {
		_, err := bank.Narrow(typed, bank.NameOfHolder, bank.DefaultProfile())
		require.ErrorIs(t, err, want, "%q", typed)
	}
}

func TestWhatCanMakeAnotherNameNeedsAYes(t *testing.T) {
	t.Parallel()
	for typed, c := range map[string]struct {
		kana bank.Kana
		edit bank.Edit
	}{
		"カヲル":  {"ｶｵﾙ", bank.Edit{Position: 2, Alteration: bank.Woless}},
		"かをる":  {"ｶｵﾙ", bank.Edit{Position: 2, Alteration: bank.Woless}},
		"ｶｦﾙ":  {"ｶｵﾙ", bank.Edit{Position: 2, Alteration: bank.Woless}},
		"ヰセキ":  {"ｲｾｷ", bank.Edit{Position: 1, Alteration: bank.Modernized}},
		"ヱビス":  {"ｴﾋﾞｽ", bank.Edit{Position: 1, Alteration: bank.Modernized}},
		"ゑびす屋": {},
	} {
		reading, err := bank.Narrow(typed, bank.NameOfHolder, bank.DefaultProfile())
		if c.kana == "" {
			require.ErrorIs(t, err, bank.ErrKanaKanji)
			continue
		}
		require.NoError(t, err)
		require.Contains(t, reading.Edits, c.edit, typed)
		require.True(t, reading.NeedsConfirmation())
		_, err = reading.Confirm(false)
		require.ErrorIs(t, err, bank.ErrKanaUnconfirmed)
		kana, err := reading.Confirm(true)
		require.NoError(t, err)
		require.Equal(t, c.kana, kana)
	}
}

func TestABankThatTakesWoKeepsIt(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	p.Wo = true
	reading, err := bank.Narrow("カヲルを", bank.NameOfHolder, p)
	require.NoError(t, err)
	require.Equal(t, bank.Kana("ｶｦﾙｦ"), reading.Kana)
	require.False(t, reading.NeedsConfirmation())

	reading, err = bank.Narrow("カヲル", bank.NameOfBank, p)
	require.NoError(t, err)
	require.Equal(t, bank.Kana("ｶｵﾙ"), reading.Kana)

	reading, err = bank.Narrow("ヲ「￥」", bank.ReferenceText, bank.DefaultProfile())
	require.NoError(t, err)
	require.Equal(t, bank.Kana(`ｦ｢\｣`), reading.Kana)
}

func TestATooLongNameIsCutBeforeAKanaThatWouldLoseItsMark(t *testing.T) {
	t.Parallel()
	for typed, c := range map[string]struct{ kana, rest bank.Kana }{
		strings.Repeat("ア", 29) + "ガイ": {bank.Kana(strings.Repeat("ｱ", 29)), "ｶﾞｲ"},
		strings.Repeat("ア", 28) + "ガイ": {bank.Kana(strings.Repeat("ｱ", 28) + "ｶﾞ"), "ｲ"},
		strings.Repeat("パ", 16):        {bank.Kana(strings.Repeat("ﾊﾟ", 15)), "ﾊﾟ"},
		strings.Repeat("ア", 29) + " イ": {bank.Kana(strings.Repeat("ｱ", 29)), " ｲ"},
	} {
		reading, err := bank.Narrow(typed, bank.NameOfHolder, bank.DefaultProfile())
		require.NoError(t, err)
		require.Equal(t, c.kana, reading.Kana, typed)
		require.Equal(t, c.rest, reading.Rest, typed)
		require.Equal(t, bank.Shortened, reading.Edits[len(reading.Edits)-1].Alteration)
		_, err = reading.Confirm(false)
		require.ErrorIs(t, err, bank.ErrKanaUnconfirmed)
	}
	fits, err := bank.Narrow(strings.Repeat("パ", 15), bank.NameOfHolder, bank.DefaultProfile())
	require.NoError(t, err)
	require.Empty(t, fits.Rest)
	require.False(t, fits.NeedsConfirmation())
}

func TestNarrowingTwiceIsNarrowingOnce(t *testing.T) {
	t.Parallel()
	letters := []rune("アガパァッヰヲンー〜・　 aＺ９（）．あゃを゛゜ｶｬｰ･ﾞ漢,￥「」ヷ①\u3099")
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.OneOf(rapid.StringOfN(rapid.SampledFrom(letters), 0, 60, -1), rapid.String()).Draw(t, "typed")
		class := rapid.SampledFrom([]bank.Class{bank.NameOfBank, bank.NameOfOriginator, bank.NameOfHolder, bank.ReferenceText}).Draw(t, "class")
		p := bank.DefaultProfile()
		p.Wo = rapid.Bool().Draw(t, "wo")
		once, err := bank.Narrow(typed, class, p)
		if err != nil {
			require.NotEmpty(t, once.Flaws)
			_, isFault := fault.Of(err)
			require.True(t, isFault)
			return
		}
		require.Empty(t, p.Flaws(class, once.Kana), "%q", once.Kana)
		twice, err := bank.Narrow(string(once.Kana), class, p)
		require.NoError(t, err)
		require.Equal(t, bank.Reading{Kana: once.Kana}, twice)
	})
}
