package zengin

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
	"unicode/utf8"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
)

const (
	endMark = 0x1A
	// wide stands for a character that has no byte: the first byte of a kanji in Shift_JIS is read in the same way.
	wide = 0x80
)

// plain gives the bytes in JIS X 0201 whatever the file was saved in, and what is wrong with that. A file in EBCDIC gives
// none, for then nothing in it can be told.
func plain(file []byte) (jis []byte, wrong []*fault.Fault) {
	switch {
	case bytes.HasPrefix(file, []byte{0xFF, 0xFE}):
		return fromUTF16(file[2:], binary.LittleEndian), []*fault.Fault{errUTF16}
	case bytes.HasPrefix(file, []byte{0xFE, 0xFF}):
		return fromUTF16(file[2:], binary.BigEndian), []*fault.Fault{errUTF16}
	case bytes.HasPrefix(file, []byte{0xF1, 0xF2, 0xF1}): // "121" in EBCDIC
		return nil, []*fault.Fault{errEBCDIC}
	}
	if unmarked, marked := bytes.CutPrefix(file, []byte{0xEF, 0xBB, 0xBF}); marked {
		file, wrong = unmarked, append(wrong, errBOM)
	}
	if isUTF8(file) {
		wrong = append(wrong, errUTF8)
		file = fromRunes(bytes.Runes(file))
	}
	if unmarked, marked := bytes.CutSuffix(file, []byte{endMark}); marked {
		file, wrong = unmarked, append(wrong, errEndMark)
	}
	return file, wrong
}

// isUTF8 tells whether a file is in UTF-8 beyond doubt: two kana bytes can look like one character of it, but every
// Japanese character begins with a byte that JIS X 0201 does not have.
func isUTF8(file []byte) bool {
	return bytes.ContainsFunc(file, func(r rune) bool { return r > 0x7FF && r != utf8.RuneError }) && utf8.Valid(file)
}

func fromUTF16(file []byte, order binary.ByteOrder) []byte {
	units := make([]uint16, len(file)/2)
	for i := range units {
		units[i] = order.Uint16(file[2*i:])
	}
	return fromRunes(utf16.Decode(units))
}

func fromRunes(runes []rune) []byte {
	jis := make([]byte, len(runes))
	for i, r := range runes {
		code, known := bank.Byte(r)
		if !known {
			code = wide
		}
		jis[i] = code
	}
	return jis
}

// ending is what stands behind a record.
type ending uint8

const (
	nothing ending = iota
	crlf
	otherEnd // CR or LF alone
)

// line is one record as it was found.
type line struct {
	record []byte
	ending ending
}

// split finds the records: by their line ends where the file has any, else every 120 bytes. Where a line has the length
// of several records, only their line ends were forgotten.
func split(file []byte) []line {
	var lines []line
	unbroken := !bytes.ContainsAny(file, lineEnd)
	for len(file) > 0 {
		record, rest, ending := cutLine(file)
		for len(record) > recordBytes && (unbroken || len(record)%recordBytes == 0) {
			lines = append(lines, line{record: record[:recordBytes]})
			record = record[recordBytes:]
		}
		lines = append(lines, line{record, ending})
		file = rest
	}
	return lines
}

func cutLine(file []byte) (record, rest []byte, found ending) {
	at := bytes.IndexAny(file, "\r\n")
	switch {
	case at < 0:
		return file, nil, nothing
	case bytes.HasPrefix(file[at:], []byte(lineEnd)):
		return file[:at], file[at+len(lineEnd):], crlf
	}
	return file[:at], file[at+1:], otherEnd
}
