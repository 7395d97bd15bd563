package bank

import (
	"slices"
	"strings"
)

// LegalForm is a word of a company's or office's name that transfer files abbreviate.
type LegalForm struct {
	Word         string // as it is written, or its kana
	Abbreviation Kana
}

// legalForms are the words with their kana, as banks publish them (法人略語, 営業所略語; 要銀行確認).
var legalForms = []struct {
	abbreviation Kana
	words        []string
}{
	{"ｶ", []string{"株式会社", "(株)", "㈱", "ｶﾌﾞｼｷｶﾞｲｼﾔ", "ｶﾌﾞｼｷｶｲｼﾔ"}},
	{"ﾕ", []string{"有限会社", "(有)", "㈲", "ﾕｳｹﾞﾝｶﾞｲｼﾔ", "ﾕｳｹﾞﾝｶｲｼﾔ"}},
	{"ﾒ", []string{"合名会社", "(名)", "㈴", "ｺﾞｳﾒｲｶﾞｲｼﾔ", "ｺﾞｳﾒｲｶｲｼﾔ"}},
	{"ｼ", []string{"合資会社", "(資)", "㈾", "ｺﾞｳｼｶﾞｲｼﾔ", "ｺﾞｳｼｶｲｼﾔ"}},
	{"ﾄﾞ", []string{"合同会社", "(同)", "ｺﾞｳﾄﾞｳｶﾞｲｼﾔ", "ｺﾞｳﾄﾞｳｶｲｼﾔ"}},
	{"ｲ", []string{
		"医療法人", "医療法人社団", "医療法人財団", "社会医療法人",
		"ｲﾘﾖｳﾎｳｼﾞﾝ", "ｲﾘﾖｳﾎｳｼﾞﾝｼﾔﾀﾞﾝ", "ｲﾘﾖｳﾎｳｼﾞﾝｻﾞｲﾀﾞﾝ", "ｼﾔｶｲｲﾘﾖｳﾎｳｼﾞﾝ",
	}},
	{"ｻﾞｲ", []string{
		"財団法人", "一般財団法人", "公益財団法人", "(財)", "㈶", "ｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ", "ｲﾂﾊﾟﾝｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ", "ｺｳｴｷｻﾞｲﾀﾞﾝﾎｳｼﾞﾝ",
	}},
	{"ｼﾔ", []string{
		"社団法人", "一般社団法人", "公益社団法人", "(社)", "㈳", "ｼﾔﾀﾞﾝﾎｳｼﾞﾝ", "ｲﾂﾊﾟﾝｼﾔﾀﾞﾝﾎｳｼﾞﾝ", "ｺｳｴｷｼﾔﾀﾞﾝﾎｳｼﾞﾝ",
	}},
	{"ｼﾕｳ", []string{"宗教法人", "ｼﾕｳｷﾖｳﾎｳｼﾞﾝ"}},
	{"ｶﾞｸ", []string{"学校法人", "(学)", "㈻", "ｶﾞﾂｺｳﾎｳｼﾞﾝ"}},
	{"ﾌｸ", []string{"社会福祉法人", "ｼﾔｶｲﾌｸｼﾎｳｼﾞﾝ"}},
	{"ｿ", []string{"相互会社", "ｿｳｺﾞｶﾞｲｼﾔ", "ｿｳｺﾞｶｲｼﾔ"}},
	{"ﾄｸﾋ", []string{"特定非営利活動法人", "NPO法人", "ﾄｸﾃｲﾋｴｲﾘｶﾂﾄﾞｳﾎｳｼﾞﾝ", "NPOﾎｳｼﾞﾝ"}},
	{"ﾄﾞｸ", []string{"独立行政法人", "ﾄﾞｸﾘﾂｷﾞﾖｳｾｲﾎｳｼﾞﾝ"}},
	{"ﾁﾄﾞｸ", []string{"地方独立行政法人", "ﾁﾎｳﾄﾞｸﾘﾂｷﾞﾖｳｾｲﾎｳｼﾞﾝ"}},
	{"ﾍﾞﾝ", []string{"弁護士法人", "ﾍﾞﾝｺﾞｼﾎｳｼﾞﾝ"}},
	{"ｷﾞﾖ", []string{"行政書士法人", "ｷﾞﾖｳｾｲｼﾖｼﾎｳｼﾞﾝ"}},
	{"ｼﾎｳ", []string{"司法書士法人", "ｼﾎｳｼﾖｼﾎｳｼﾞﾝ"}},
	{"ｾﾞｲ", []string{"税理士法人", "ｾﾞｲﾘｼﾎｳｼﾞﾝ"}},
	{"ﾛｳﾑ", []string{"社会保険労務士法人", "ｼﾔｶｲﾎｹﾝﾛｳﾑｼﾎｳｼﾞﾝ"}},
	{"ﾀﾞｲ", []string{"国立大学法人", "公立大学法人", "ｺｸﾘﾂﾀﾞｲｶﾞｸﾎｳｼﾞﾝ", "ｺｳﾘﾂﾀﾞｲｶﾞｸﾎｳｼﾞﾝ"}},
	{"ｶﾝﾘ", []string{"管理組合法人", "ｶﾝﾘｸﾐｱｲﾎｳｼﾞﾝ"}},
	{"ﾉｳ", []string{"農事組合法人", "ﾉｳｼﾞｸﾐｱｲﾎｳｼﾞﾝ"}},
	{"ﾎｺﾞ", []string{"更生保護法人", "ｺｳｾｲﾎｺﾞﾎｳｼﾞﾝ"}},
	{"ｴｲ", []string{"営業所", "ｴｲｷﾞﾖｳｼﾖ"}},
	{"ｼﾕﾂ", []string{"出張所", "ｼﾕﾂﾁﾖｳｼﾞﾖ"}},
}

// formsByLength are all words, the longest first, so that 一般社団法人 is not taken for 社団法人.
var formsByLength = func() []LegalForm {
	var forms []LegalForm
	for _, form := range legalForms {
		for _, word := range form.words {
			forms = append(forms, LegalForm{Word: word, Abbreviation: form.abbreviation})
		}
	}
	slices.SortStableFunc(forms, func(a, b LegalForm) int { return Kana(b.Word).Len() - Kana(a.Word).Len() })
	return forms
}()

// Suggestion is a name with its legal forms abbreviated, for somebody to take or leave.
type Suggestion struct {
	Forms   []LegalForm
	Reading Reading // its flaws and edits count the characters of the abbreviated name
}

// Suggest abbreviates the legal forms that stand in a name: ｶ)ABC in front, ABC(ｶ at the end, ABC(ｶ)DEF between, without
// blanks around. It reports false where there is none, or nothing beside it. Nothing else is replaced: where the rest
// of the name is not kana, the reading has the flaws that Narrow finds in it.
//
// It only suggests, for the passbook may have the name in another form.
func Suggest(text string, c Class, p Profile) (Suggestion, bool) {
	rest := widthless(text)
	var s Suggestion
	var b strings.Builder
	for rest != "" {
		form, at := nextForm(rest)
		if at < 0 {
			b.WriteString(rest)
			break
		}
		s.Forms = append(s.Forms, form)
		b.WriteString(strings.TrimRight(rest[:at], " "))
		rest = strings.TrimLeft(rest[at+len(form.Word):], " ")
		if b.Len() > 0 {
			b.WriteByte('(')
		}
		b.WriteString(string(form.Abbreviation))
		if rest != "" || b.Len() == len(form.Abbreviation) {
			b.WriteByte(')')
		}
	}
	if len(s.Forms) == 0 {
		return Suggestion{}, false
	}
	if alone := string(s.Forms[0].Abbreviation) + ")"; b.String() == alone {
		return Suggestion{}, false
	}
	s.Reading, _ = Narrow(b.String(), c, p) // the reading has its flaws
	return s, true
}

// nextForm finds the word that begins first in text, the longest of those that begin there.
func nextForm(text string) (LegalForm, int) {
	found, first := LegalForm{}, -1
	for _, form := range formsByLength {
		if at := strings.Index(text, form.Word); at >= 0 && (first < 0 || at < first) {
			found, first = form, at
		}
	}
	return found, first
}

// widthless narrows what can be narrowed and leaves the rest, so that words are found however they were typed.
func widthless(text string) string {
	var b strings.Builder
	for _, r := range strings.TrimSpace(text) {
		narrow, _ := narrowed(r)
		b.WriteString(narrow)
	}
	return strings.Trim(b.String(), " ")
}
