package zengin

import (
	"bytes"
	"cmp"
	"slices"
	"strconv"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
)

// violationsMax bounds what is told about one file, so that a large file of nothing but errors costs no memory.
const violationsMax = 10_000

// Read reads any bytes as a transfer file to a bank with profile p, and lists every violation: of the encoding, of line
// ends, of records, their order and their fields, of counts and sums, and of the file's Form. The transfer day is the one
// with its month and day that is nearest to near. What could not be read is left out of the file.
//
// Records count from 1 as they stand there; an empty line counts as one. A file without blocking violations can be
// written, and one without any is written as the same bytes.
func Read(file []byte, p bank.Profile, near calendar.Day) (bank.TransferFile, []bank.Violation) {
	r := reader{profile: p, near: near, known: map[place]bool{}, amountsRead: true}
	jis, wrong := plain(file)
	for _, f := range wrong {
		severity := bank.Blocking
		if f == errEndMark {
			severity = bank.Warning
		}
		r.note(severity, -1, "", f)
	}
	if len(jis) == 0 {
		if !slices.Contains(wrong, errEBCDIC) {
			r.note(bank.Blocking, -1, "", errEmpty)
		}
		return r.file, r.found
	}
	lines := split(jis)
	r.lineEnds(lines, bytes.ContainsAny(jis, lineEnd))
	for i, l := range lines {
		r.at, r.record = i+1, l.record
		r.line(l)
	}
	r.whole()
	r.form()
	slices.SortStableFunc(r.found, func(a, b bank.Violation) int {
		return cmp.Or(cmp.Compare(a.Record, b.Record), cmp.Compare(a.Byte, b.Byte))
	})
	return r.file, r.found
}

// place is where something was noted. With an empty code, the field could not be read at all.
type place struct {
	record int
	field  string
	code   string
}

// sums is what one trailer says.
type sums struct {
	record       int
	count, total string // empty where they could not be read
}

type reader struct {
	profile bank.Profile
	near    calendar.Day

	at     int    // the record at hand, from 1
	record []byte // and its bytes, 120 at the most
	last   string // the kind of the record before

	file        bank.TransferFile
	headerAt    int
	transfersAt []int // the record of each transfer
	amountsRead bool
	trailers    []sums
	ended       bool

	found []bank.Violation
	known map[place]bool
}

func (r *reader) note(severity bank.Severity, at int, field string, f *fault.Fault, more ...string) {
	r.known[place{r.at, field, string(f.Code)}] = true
	message := f.Message
	for _, m := range more {
		message += m
	}
	r.add(bank.Violation{Severity: severity, Record: r.at, Byte: at, Field: field, Code: string(f.Code), Message: message})
}

func (r *reader) add(v bank.Violation) {
	if len(r.found) == violationsMax {
		v = bank.Violation{Severity: bank.Blocking, Byte: -1, Code: string(errTooMany.Code), Message: errTooMany.Message}
	}
	if len(r.found) <= violationsMax {
		r.found = append(r.found, v)
	}
}

func (r *reader) unread(field string)          { r.known[place{record: r.at, field: field}] = true }
func (r *reader) block(p part, f *fault.Fault) { r.note(bank.Blocking, p.at, p.field, f) }
func (r *reader) warn(p part, f *fault.Fault)  { r.note(bank.Warning, p.at, p.field, f) }

// lineEnds compares the whole file with the profile. Single line ends are judged with their records.
func (r *reader) lineEnds(lines []line, broken bool) {
	switch {
	case broken && !r.profile.CRLF && slices.ContainsFunc(lines, func(l line) bool { return l.ending == crlf }):
		r.note(bank.Warning, -1, "", errLinesUnwanted)
	case !broken && r.profile.CRLF:
		r.note(bank.Warning, -1, "", errLinesWanted)
	}
	for i, l := range lines {
		r.at = i + 1
		switch {
		case l.ending == otherEnd:
			r.note(bank.Blocking, len(l.record), "", errLineEnd)
		case l.ending == nothing && broken:
			r.note(bank.Blocking, len(l.record), "", errNoLineEnd)
		}
	}
	r.at = 0
}

// follows tells behind which kinds of records a kind may stand; nothing stands before the header.
var follows = map[string][]string{
	kindHeader: {""}, kindData: {kindHeader, kindData}, kindTrailer: {kindHeader, kindData}, kindEnd: {kindTrailer},
}

func (r *reader) line(l line) {
	if len(l.record) == 0 {
		r.note(bank.Blocking, -1, "", errLineEmpty)
		return
	}
	if length := len(l.record); length != recordBytes {
		r.note(bank.Blocking, min(length, recordBytes), "", errLength, "("+strconv.Itoa(length)+"バイト)")
		r.record = l.record[:min(length, recordBytes)]
	}
	kind := string(r.record[:1])
	before, known := follows[kind]
	if !known {
		r.block(data.part(fieldKind), errKind)
		return
	}
	if !slices.Contains(before, r.last) {
		r.block(data.part(fieldKind), errOrder)
	}
	r.last = kind
	switch kind {
	case kindHeader:
		r.header()
	case kindData:
		r.transfer()
	case kindTrailer:
		values := r.values(trailer)
		r.trailers = append(r.trailers, sums{r.at, values[bank.FieldCount], values[bank.FieldTotal]})
	case kindEnd:
		r.values(end)
		r.ended = true
	}
}

// whole judges what only the end of the file shows.
func (r *reader) whole() {
	r.at = 0
	if r.headerAt == 0 {
		r.note(bank.Blocking, -1, "", errNoHeader)
	}
	if len(r.trailers) == 0 {
		r.note(bank.Blocking, -1, "", errNoTrailer)
	}
	if !r.ended {
		r.note(bank.Blocking, -1, "", errNoEnd)
	}
	for _, s := range r.trailers {
		r.at = s.record
		if s.count != "" && !isSum(s.count, int64(len(r.transfersAt))) {
			r.block(trailer.part(bank.FieldCount), errCount)
		}
		if s.total != "" && r.amountsRead && !isSum(s.total, int64(r.file.Total())) {
			r.block(trailer.part(bank.FieldTotal), errTotal)
		}
	}
}

func isSum(digits string, sum int64) bool {
	figure, err := strconv.ParseInt(digits, 10, 64)
	return err == nil && figure == sum
}

// form adds what the file's Form knows, with the bytes of the fields, unless it was noted already or follows from what
// could not be read.
func (r *reader) form() {
	for _, v := range r.file.Form(r.profile) {
		l := data
		switch {
		case v.Record == 1:
			if r.headerAt == 0 {
				continue
			}
			v.Record, l = r.headerAt, header
		case v.Record > 1:
			v.Record = r.transfersAt[v.Record-2]
		}
		if r.known[place{record: v.Record, field: v.Field}] || r.known[place{v.Record, v.Field, v.Code}] {
			continue
		}
		if v.Record > 0 && v.Field != "" {
			v.Byte = l.part(v.Field).at
		}
		r.add(v)
	}
}
