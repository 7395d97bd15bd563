package bank

import (
	"strings"
	"unicode/utf8"
)

// Kana is text as transfer files have it: narrow katakana with its marks as characters of their own, capital
// letters, digits and a few symbols. Its length in a file is its number of characters.
type Kana string

// Len gives the bytes that k takes in a file.
func (k Kana) Len() int { return utf8.RuneCountInString(string(k)) }

// Cut gives what of k fits into so many bytes. It never parts a kana from its mark, and leaves no blank at the end.
func (k Kana) Cut(bytesMax int) Kana {
	runes := []rune(string(k))
	if len(runes) <= bytesMax {
		return k
	}
	end := max(bytesMax, 0)
	for end > 0 && isMark(runes[end]) {
		end--
	}
	return Kana(strings.TrimRight(string(runes[:end]), " "))
}

// Hex shows k's bytes in a file, two digits each with blanks between; a character that has no byte is "--".
func (k Kana) Hex() string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i, r := range string(k) {
		if i > 0 {
			b.WriteByte(' ')
		}
		if code, known := Byte(r); known {
			b.WriteByte(digits[code>>4])
			b.WriteByte(digits[code&15])
		} else {
			b.WriteString("--")
		}
	}
	return b.String()
}

// The characters of JIS X 0201 beyond ASCII, from ｡ to ﾟ, stand in both sets in the same order.
const (
	narrowFirst, narrowLast = '｡', 'ﾟ'
	byteFirst, byteLast     = 0xA1, 0xDF
)

// Byte gives a character's byte in JIS X 0201, the single-byte half of Shift_JIS. A backslash stands for the yen sign,
// which has its byte.
func Byte(r rune) (code byte, known bool) {
	switch {
	case r >= 0 && r < utf8.RuneSelf:
		return byte(r), true
	case r >= narrowFirst && r <= narrowLast:
		return byte(r-narrowFirst) + byteFirst, true
	}
	return 0, false
}

// Character gives the character of a byte in JIS X 0201. It knows none for the bytes that begin a kanji in Shift_JIS.
func Character(code byte) (r rune, known bool) {
	switch {
	case code < utf8.RuneSelf:
		return rune(code), true
	case code >= byteFirst && code <= byteLast:
		return rune(code-byteFirst) + narrowFirst, true
	}
	return utf8.RuneError, false
}

// Class is a kind of text field in transfer files.
type Class uint8

// The classes.
const (
	NameOfBank       Class = iota + 1 // of a bank or branch
	NameOfOriginator                  // 振込依頼人名
	NameOfHolder                      // 受取人名, 口座名義
	ReferenceText                     // EDI情報
)

// LengthMax gives the bytes that a field of the class has.
func (c Class) LengthMax() int {
	switch c {
	case NameOfBank:
		return 15
	case NameOfOriginator:
		return 40
	case NameOfHolder:
		return 30
	case ReferenceText:
		return 20
	}
	return 0
}

// takes tells whether a bank with profile p takes r in a field of class c, wherever it stands.
func (p Profile) takes(c Class, r rune) bool {
	switch {
	case r == ' ', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r >= 'ｱ' && r <= 'ﾟ':
		return true
	case r == 'ｦ':
		return c == ReferenceText || p.Wo && c != NameOfBank
	case c == NameOfBank:
		return r == '-'
	case c == ReferenceText:
		return r != ',' && strings.ContainsRune(symbolsEver, r) && strings.ContainsRune(p.ReferenceSymbol, r)
	}
	return strings.ContainsRune(symbolsEver, r) && strings.ContainsRune(p.NameSymbols, r)
}

func isMark(r rune) bool { return r == 'ﾞ' || r == 'ﾟ' }

// carries tells whether base can have the mark behind it.
func carries(base, mark rune) bool {
	if base >= 'ﾊ' && base <= 'ﾎ' {
		return true
	}
	return mark == 'ﾞ' && (base == 'ｳ' || base >= 'ｶ' && base <= 'ﾄ')
}
