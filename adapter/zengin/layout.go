package zengin

import (
	"fmt"
	"slices"
	"strings"

	"lovesaijo/domain/bank"
)

const recordBytes = 120

// The kinds of records, by their first byte.
const (
	kindHeader  = "1"
	kindData    = "2"
	kindTrailer = "8"
	kindEnd     = "9"
)

// The names of fields that only this format has.
const (
	fieldKind     = "データ区分"
	fieldBusiness = "種別コード"
	fieldCodeSet  = "コード区分"
	fieldClearing = "手形交換所番号"
	fieldEDI      = "識別表示"
	fieldFiller   = "ダミー"
)

// filling is how a field is filled.
type filling uint8

const (
	blank  filling = iota // ダミー
	fixed                 // one of few values, of the field's length
	number                // N: digits, on the right, zeros before them
	text                  // C: on the left, blanks behind
)

// part is one field of a record.
type part struct {
	field   string
	filling filling
	at      int // its first byte
	length  int
	class   bank.Class // of text
}

func (p part) of(record []byte) []byte { return record[p.at : p.at+p.length] }

// layout is where the fields of a kind of record stand.
type layout []part

var header = layout{
	{fieldKind, fixed, 0, 1, 0},
	{fieldBusiness, fixed, 1, 2, 0},
	{fieldCodeSet, fixed, 3, 1, 0},
	{bank.FieldOriginatorCode, number, 4, 10, 0},
	{bank.FieldOriginatorName, text, 14, 40, bank.NameOfOriginator},
	{bank.FieldDate, number, 54, 4, 0},
	{bank.FieldOriginatorBank, number, 58, 4, 0},
	{bank.FieldOriginatorBankName, text, 62, 15, bank.NameOfBank},
	{bank.FieldOriginatorBranch, number, 77, 3, 0},
	{bank.FieldOriginatorBranchName, text, 80, 15, bank.NameOfBank},
	{bank.FieldOriginatorType, number, 95, 1, 0},
	{bank.FieldOriginatorNumber, number, 96, 7, 0},
	{fieldFiller, blank, 103, 17, 0},
}

// data is a data record whose customer codes 1 and 2 are one number; in dataWithEDI they are one text.
var (
	data        = dataWith(number, 0)
	dataWithEDI = dataWith(text, bank.ReferenceText)
)

func dataWith(filling filling, class bank.Class) layout {
	return layout{
		{fieldKind, fixed, 0, 1, 0},
		{bank.FieldBank, number, 1, 4, 0},
		{bank.FieldBankName, text, 5, 15, bank.NameOfBank},
		{bank.FieldBranch, number, 20, 3, 0},
		{bank.FieldBranchName, text, 23, 15, bank.NameOfBank},
		{fieldClearing, fixed, 38, 4, 0},
		{bank.FieldType, number, 42, 1, 0},
		{bank.FieldNumber, number, 43, 7, 0},
		{bank.FieldHolder, text, 50, 30, bank.NameOfHolder},
		{bank.FieldAmount, number, 80, 10, 0},
		{bank.FieldNew, number, 90, 1, 0},
		{bank.FieldReference, filling, 91, 20, class},
		{bank.FieldTransferClass, fixed, 111, 1, 0},
		{fieldEDI, fixed, 112, 1, 0},
		{fieldFiller, blank, 113, 7, 0},
	}
}

var trailer = layout{
	{fieldKind, fixed, 0, 1, 0},
	{bank.FieldCount, number, 1, 6, 0},
	{bank.FieldTotal, number, 7, 12, 0},
	{fieldFiller, blank, 19, 101, 0},
}

var end = layout{
	{fieldKind, fixed, 0, 1, 0},
	{fieldFiller, blank, 1, 119, 0},
}

// ediAt is the byte that tells how the customer codes of a data record are read.
var ediAt = data.part(fieldEDI).at

// part finds a field by its name, which the layout has.
func (l layout) part(field string) part {
	return l[slices.IndexFunc(l, func(p part) bool { return p.field == field })]
}

// spell appends a record with the values of its fields; a field without one is filled as if it were empty. It returns an
// error rather than write a record that is not what was asked for.
func (l layout) spell(to []byte, values map[string]string) ([]byte, error) {
	for _, p := range l {
		value, err := Encode(bank.Kana(values[p.field]))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.field, err)
		}
		rest := p.length - len(value)
		if rest < 0 || p.filling == fixed && rest > 0 {
			return nil, fmt.Errorf("%s: %d bytes in a field of %d", p.field, len(value), p.length)
		}
		switch p.filling {
		case number:
			to = append(append(to, strings.Repeat("0", rest)...), value...)
		default:
			to = append(append(to, value...), strings.Repeat(" ", rest)...)
		}
	}
	return to, nil
}
