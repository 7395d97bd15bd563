package bank

import "strings"

// narrowForm is what a character becomes in a transfer file.
type narrowForm struct {
	text       string
	alteration Alteration
}

// narrowForms holds every character whose narrow form is not told by arithmetic. ヷ to ヺ have none, and neither has
// anything that a reader could take for two things.
var narrowForms = func() map[rune]narrowForm {
	forms := map[rune]narrowForm{
		'゛': {"ﾞ", 0}, '゜': {"ﾟ", 0}, '\u3099': {"ﾞ", 0}, '\u309A': {"ﾟ", 0},
		'「': {"｢", 0}, '」': {"｣", 0}, '￥': {`\`, 0}, '¥': {`\`, 0},
		'・': {" ", Spaced}, '･': {" ", Spaced},
		'ヲ': {"ｦ", 0}, 'ヰ': {"ｲ", Modernized}, 'ヱ': {"ｴ", Modernized},
	}
	pairs(forms, 0, "アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン",
		"ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉﾊﾋﾌﾍﾎﾏﾐﾑﾒﾓﾔﾕﾖﾗﾘﾙﾚﾛﾜﾝ", "")
	pairs(forms, 0, "ガギグゲゴザジズゼゾダヂヅデドバビブベボヴ", "ｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎｳ", "ﾞ")
	pairs(forms, 0, "パピプペポ", "ﾊﾋﾌﾍﾎ", "ﾟ")
	pairs(forms, Enlarged, "ァィゥェォッャュョヮヵヶ", "ｱｲｳｴｵﾂﾔﾕﾖﾜｶｹ", "")
	pairs(forms, Enlarged, "ｧｨｩｪｫｯｬｭｮ", "ｱｲｳｴｵﾂﾔﾕﾖ", "")
	for _, mark := range "ーｰ‐‑‒–—―−〜" {
		forms[mark] = narrowForm{"-", Hyphened}
	}
	return forms
}()

// pairs enters the characters of from with those of to at the same place, each with the mark behind it.
func pairs(forms map[rune]narrowForm, alteration Alteration, from, to, mark string) {
	bases := strings.Split(to, "")
	for i, r := range strings.Split(from, "") {
		forms[[]rune(r)[0]] = narrowForm{bases[i] + mark, alteration}
	}
}
