package bank

import (
	"strconv"
	"strings"
	"unicode"

	"lovesaijo/domain/fault"
)

// The refusals of text for transfer files. Their messages name no character, because names are nobody else's affair.
var (
	ErrKanaEmpty       = fault.Define(fault.Invalid, "bank_kana_empty", "カナを入力してください。")
	ErrKanaTooLong     = fault.Define(fault.Invalid, "bank_kana_too_long", "文字数が多すぎます。濁点と半濁点も1文字に数えます。")
	ErrKanaSpace       = fault.Define(fault.Invalid, "bank_kana_space", "前後に空白を入れないでください。")
	ErrKanaKanji       = fault.Define(fault.Invalid, "bank_kana_kanji", "漢字は使えません。通帳に記載のカナで入力してください。")
	ErrKanaWide        = fault.Define(fault.Invalid, "bank_kana_wide", "半角にできない文字は使えません。")
	ErrKanaSmall       = fault.Define(fault.Invalid, "bank_kana_small", "小さいカナは使えません。大きいカナにしてください。")
	ErrKanaLongMark    = fault.Define(fault.Invalid, "bank_kana_long_mark", "長音記号は使えません。ハイフンにしてください。")
	ErrKanaMiddleDot   = fault.Define(fault.Invalid, "bank_kana_middle_dot", "中点は使えません。空白にしてください。")
	ErrKanaWo          = fault.Define(fault.Invalid, "bank_kana_wo", "ヲは使えません。")
	ErrKanaLowerCase   = fault.Define(fault.Invalid, "bank_kana_lower_case", "英字の小文字は使えません。大文字にしてください。")
	ErrKanaComma       = fault.Define(fault.Invalid, "bank_kana_comma", "コンマは使えません。")
	ErrKanaSymbol      = fault.Define(fault.Invalid, "bank_kana_symbol", "この記号は使えません。")
	ErrKanaControl     = fault.Define(fault.Invalid, "bank_kana_control", "制御文字や見えない文字は使えません。")
	ErrKanaMark        = fault.Define(fault.Invalid, "bank_kana_mark", "濁点と半濁点は、それが付くカナの直後にだけ使えます。")
	ErrKanaUnconfirmed = fault.Define(fault.Refused, "bank_kana_unconfirmed", "入力した名義と違う文字になります。変換の結果を確認してください。")
)

// Flaw is one thing in a text that its field does not take.
type Flaw struct {
	Position int // the character's, from 1; zero for the text as a whole
	Fault    *fault.Fault
}

// Message says in Japanese what is wrong and where.
func (f Flaw) Message() string {
	if f.Position == 0 {
		return f.Fault.Message
	}
	return strconv.Itoa(f.Position) + "文字目: " + f.Fault.Message
}

// Flaws lists everything that keeps text out of a field of class c: nothing in it, too much, blanks around it,
// characters that a bank with profile p does not take, marks without their kana.
func (p Profile) Flaws(c Class, text Kana) []Flaw {
	if text == "" {
		return []Flaw{{Fault: ErrKanaEmpty}}
	}
	var flaws []Flaw
	if text.Len() > c.LengthMax() {
		flaws = append(flaws, Flaw{Fault: ErrKanaTooLong})
	}
	if strings.Trim(string(text), " ") != string(text) {
		flaws = append(flaws, Flaw{Fault: ErrKanaSpace})
	}
	before, position := rune(0), 0
	for _, r := range string(text) {
		position++
		if f := p.Judge(c, before, r); f != nil {
			flaws = append(flaws, Flaw{Position: position, Fault: f})
		}
		before = r
	}
	return flaws
}

// Judge tells why r cannot stand in a field of class c behind the character before, which is zero at the beginning.
// It gives nil where it can.
func (p Profile) Judge(c Class, before, r rune) *fault.Fault {
	if isMark(r) && !carries(before, r) {
		return ErrKanaMark
	}
	if p.takes(c, r) {
		return nil
	}
	switch {
	case r >= 'ｧ' && r <= 'ｯ':
		return ErrKanaSmall
	case r == 'ｰ':
		return ErrKanaLongMark
	case r == '･':
		return ErrKanaMiddleDot
	case r == 'ｦ':
		return ErrKanaWo
	case r >= 'a' && r <= 'z':
		return ErrKanaLowerCase
	case r == ',':
		return ErrKanaComma
	case unicode.Is(unicode.Han, r):
		return ErrKanaKanji
	case unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Variation_Selector, r):
		return ErrKanaControl
	case unicode.IsLetter(r):
		return ErrKanaWide
	}
	return ErrKanaSymbol
}
