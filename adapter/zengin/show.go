package zengin

import (
	"bytes"
	"strings"
	"unicode"

	"lovesaijo/domain/bank"
)

// Shown is a record as people may see it.
type Shown struct {
	Record int    // from 1
	Kind   string // Japanese; empty for what is no record
	Text   string // its characters, one for each byte
	Fields []ShownField
}

// ShownField is one field of a record.
type ShownField struct {
	Name   string
	Byte   int // within the record, from 0
	Length int
	Text   string
}

// Show prepares any bytes for a preview: record by record and field by field, a character for each byte, account numbers
// masked to their last three digits. Where a record is not as it should be, a number may stand anywhere in it, so that
// all of its digits are masked.
func Show(file []byte) []Shown {
	jis, _ := plain(file)
	lines := split(jis)
	shown := make([]Shown, 0, len(lines))
	for i, l := range lines {
		shown = append(shown, show(i+1, l.record))
	}
	return shown
}

func show(no int, record []byte) Shown {
	s := Shown{Record: no}
	l := layoutOf(record)
	if l == nil {
		s.Text = strings.Map(maskDigit, visible(record))
		return s
	}
	s.Kind = kindNames[string(record[:1])]
	for _, p := range l {
		text := visible(p.of(record))
		if p.field == bank.FieldNumber || p.field == bank.FieldOriginatorNumber {
			text = bank.MaskNumber(text)
		}
		s.Text += text
		s.Fields = append(s.Fields, ShownField{Name: p.field, Byte: p.at, Length: p.length, Text: text})
	}
	return s
}

var kindNames = map[string]string{kindHeader: "ヘッダー", kindData: "データ", kindTrailer: "トレーラー", kindEnd: "エンド"}

// layoutOf gives the layout of a record that has its length and digits in all of its numbers, and nil for any other.
func layoutOf(record []byte) layout {
	if len(record) != recordBytes {
		return nil
	}
	l := map[string]layout{kindHeader: header, kindData: data, kindTrailer: trailer, kindEnd: end}[string(record[:1])]
	if string(record[:1]) == kindData && record[ediAt] == withEDI[0] {
		l = dataWithEDI
	}
	for _, p := range l {
		if p.filling == number && bytes.ContainsFunc(p.of(record), func(r rune) bool { return r < '0' || r > '9' }) {
			return nil
		}
	}
	return l
}

func maskDigit(r rune) rune {
	if unicode.IsDigit(r) {
		return '*'
	}
	return r
}

// visible gives one character for each byte; what has none, or could not be seen, is �.
func visible(raw []byte) string {
	var b strings.Builder
	for _, code := range raw {
		r, known := bank.Character(code)
		if !known || unicode.IsControl(r) {
			r = unicode.ReplacementChar
		}
		b.WriteRune(r)
	}
	return b.String()
}
