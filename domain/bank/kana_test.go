package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
)

func TestAKanaIsCutBetweenWholeCharactersOnly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kana, want bank.Kana
		bytes      int
	}{
		{"ﾔﾏﾀﾞ", "ﾔﾏﾀﾞ", 4},
		{"ﾔﾏﾀﾞ", "ﾔﾏ", 3},
		{"ﾊﾟﾊﾟ", "ﾊﾟ", 3},
		{"ﾊﾟﾊﾟ", "", 1},
		{"ｶ) ｻ", "ｶ)", 3},
		{"ABC", "", 0},
		{"ABC", "", -1},
	} {
		require.Equal(t, c.want, c.kana.Cut(c.bytes), "%s to %d", c.kana, c.bytes)
	}
}

func TestEveryByteOfJISX0201HasOneCharacterAndBack(t *testing.T) {
	t.Parallel()
	known := 0
	for b := range 256 {
		r, ok := bank.Character(byte(b))
		if !ok {
			continue
		}
		known++
		back, ok := bank.Byte(r)
		require.True(t, ok)
		require.Equal(t, byte(b), back)
	}
	require.Equal(t, 128+63, known)
	for _, r := range []rune{'あ', 'ア', '漢', '～', -1, '\uFFA0', '\uFF60', '\u0080'} {
		_, ok := bank.Byte(r)
		require.False(t, ok, "%q", r)
	}
	require.Equal(t, "B6 29 C1 DE 20 5C --", bank.Kana(`ｶ)ﾁﾞ \漢`).Hex())
}

func TestEachClassTakesItsOwnCharacters(t *testing.T) {
	t.Parallel()
	strict, lax := bank.DefaultProfile(), bank.DefaultProfile()
	lax.Wo, lax.NameSymbols, lax.ReferenceSymbol = true, `()-.\,/｢｣`, `()`
	for _, c := range []struct {
		profile bank.Profile
		class   bank.Class
		takes   string
	}{
		{strict, bank.NameOfBank, `-`},
		{strict, bank.NameOfOriginator, `()-.`},
		{strict, bank.NameOfHolder, `()-.`},
		{strict, bank.ReferenceText, `\｢｣()-/.ｦ`},
		{lax, bank.NameOfBank, `-`},
		{lax, bank.NameOfHolder, `()-.\,/｢｣ｦ`},
		{lax, bank.ReferenceText, `()ｦ`},
	} {
		everywhere := " 0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ"
		taken := map[rune]bool{}
		for _, r := range everywhere + c.takes {
			taken[r] = true
		}
		for b := range 256 {
			r, known := bank.Character(byte(b))
			if !known || r == 'ﾞ' || r == 'ﾟ' {
				continue
			}
			require.Equal(t, taken[r], c.profile.Judge(c.class, 'ｱ', r) == nil, "class %d, %q", c.class, r)
		}
	}
}

func TestAMarkStandsBehindTheKanaThatCarryIt(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	for b := range 256 {
		base, known := bank.Character(byte(b))
		if !known {
			continue
		}
		voiced := p.Judge(bank.NameOfHolder, base, 'ﾞ')
		half := p.Judge(bank.NameOfHolder, base, 'ﾟ')
		require.Equal(t, containsRune("ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ", base), voiced == nil, "%qﾞ", base)
		require.Equal(t, containsRune("ﾊﾋﾌﾍﾎ", base), half == nil, "%qﾟ", base)
	}
	require.ErrorIs(t, p.Judge(bank.NameOfHolder, 0, 'ﾞ'), bank.ErrKanaMark)
	require.ErrorIs(t, p.Judge(bank.NameOfHolder, 'ﾞ', 'ﾞ'), bank.ErrKanaMark)
}

func TestEveryCharacterThatCannotStandIsToldByWhatItIs(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	for text, want := range map[string]error{
		"ｬ": bank.ErrKanaSmall, "ｯ": bank.ErrKanaSmall, "ｰ": bank.ErrKanaLongMark, "･": bank.ErrKanaMiddleDot,
		"ｦ": bank.ErrKanaWo, "a": bank.ErrKanaLowerCase, "z": bank.ErrKanaLowerCase, ",": bank.ErrKanaComma,
		"西": bank.ErrKanaKanji, "𠮷": bank.ErrKanaKanji, "髙": bank.ErrKanaKanji, "々": bank.ErrKanaKanji,
		"ア": bank.ErrKanaWide, "あ": bank.ErrKanaWide, "é": bank.ErrKanaWide, "Ａ": bank.ErrKanaWide,
		"\x00": bank.ErrKanaControl, "\n": bank.ErrKanaControl, "\u200B": bank.ErrKanaControl, "\uFE00": bank.ErrKanaControl,
		"&": bank.ErrKanaSymbol, "'": bank.ErrKanaSymbol, "｡": bank.ErrKanaSymbol, "\xff": bank.ErrKanaSymbol, `\`: bank.ErrKanaSymbol,
	} {
		flaws := p.Flaws(bank.NameOfHolder, bank.Kana("ｱ"+text))
		require.Len(t, flaws, 1, "%q", text)
		require.ErrorIs(t, flaws[0].Fault, want, "%q", text)
		require.Equal(t, 2, flaws[0].Position)
	}
}

func TestAllFlawsOfATextAreListed(t *testing.T) {
	t.Parallel()
	flaws := bank.DefaultProfile().Flaws(bank.NameOfBank, " ﾞｬabcdefghijklmno")
	codes := make([]fault.Code, 0, len(flaws))
	for _, f := range flaws {
		codes = append(codes, f.Fault.Code)
	}
	require.Equal(t, []fault.Code{"bank_kana_too_long", "bank_kana_space", "bank_kana_mark", "bank_kana_small"}, codes[:4])
	require.Len(t, flaws, 4+15)
	require.Equal(t, "文字数が多すぎます。濁点と半濁点も1文字に数えます。", flaws[0].Message())
	require.Equal(t, "2文字目: 濁点と半濁点は、それが付くカナの直後にだけ使えます。", flaws[2].Message())
	require.ErrorIs(t, bank.DefaultProfile().Flaws(bank.NameOfHolder, "")[0].Fault, bank.ErrKanaEmpty)
}

func TestACutKanaHasNoNewFlaws(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	rapid.Check(t, func(t *rapid.T) {
		kana := bank.Kana(rapid.StringOfN(rapid.SampledFrom([]rune("ｱｶﾊｳﾞﾟ A")), 1, 40, -1).Draw(t, "kana"))
		bytesMax := rapid.IntRange(0, 40).Draw(t, "bytes")
		cut := kana.Cut(bytesMax)
		require.LessOrEqual(t, cut.Len(), bytesMax)
		require.True(t, len(cut) <= len(kana) && kana[:len(cut)] == cut)
		if rest := []rune(string(kana[len(cut):])); len(rest) > 0 && cut != "" {
			require.NotContains(t, "ﾞﾟ", string(rest[0]))
		}
		if cut == "" || len(p.Flaws(bank.NameOfOriginator, kana)) > 0 {
			return
		}
		require.Empty(t, p.Flaws(bank.NameOfOriginator, cut))
	})
}

func containsRune(set string, r rune) bool {
	for _, member := range set {
		if member == r {
			return true
		}
	}
	return false
}
