package zengin_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/japanese"

	"lovesaijo/adapter/zengin"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

// put overwrites bytes of one of the sample's records, counted from 1.
func put(record, at int, text string) []byte {
	lines := records()
	r := lines[record-1]
	lines[record-1] = r[:at] + text + r[at+len(text):]
	return joined(lines...)
}

func joined(lines ...string) []byte { return []byte(strings.Join(lines, "\r\n") + "\r\n") }

func TestEveryFieldThatIsWrongIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		file []byte
		want []string
	}{
		"another business":       {put(1, 1, "11"), []string{"1:1 zengin_business"}},
		"EBCDIC announced":       {put(1, 3, "1"), []string{"1:3 zengin_code_set"}},
		"a letter in the code":   {put(1, 4, "99900O0001"), []string{"1:9 zengin_not_digits"}},
		"no originator code":     {put(1, 4, "0000000000"), []string{"1:4 bank_originator_code_malformed"}},
		"no originator":          {put(1, 14, strings.Repeat(" ", 40)), []string{"1:14 bank_kana_empty"}},
		"a day that is none":     {put(1, 54, "0230"), []string{"1:54 bank_transfer_day_malformed"}},
		"month and day turned":   {put(1, 54, "3004"), []string{"1:54 bank_transfer_day_malformed"}},
		"a leap day":             {put(1, 54, "0229"), []string{"1:54 bank_transfer_day_malformed"}},
		"blanks for a bank":      {put(1, 58, "    "), []string{"1:58 zengin_not_digits"}},
		"savings pay nothing":    {put(1, 95, "4"), []string{"1:95 bank_account_type_invalid"}},
		"six digits and a blank": {put(1, 96, " 123456"), []string{"1:96 zengin_not_digits"}},
		"no account":             {put(1, 96, "0000000"), []string{"1:96 bank_account_number_malformed"}},
		"stray bytes, header":    {put(1, 119, "X"), []string{"1:119 zengin_filler"}},

		"lower case":              {put(2, 52, "az"), []string{"2:52 bank_kana_lower_case", "2:53 bank_kana_lower_case"}},
		"small kana":              {put(2, 52, "\xae\xaf"), []string{"2:52 bank_kana_small", "2:53 bank_kana_small"}},
		"a long mark":             {put(2, 54, "\xb0"), []string{"2:54 bank_kana_long_mark", "2:55 bank_kana_mark"}},
		"a middle dot":            {put(2, 52, "\xa5"), []string{"2:52 bank_kana_middle_dot"}},
		"wo":                      {put(2, 52, "\xa6"), []string{"2:52 bank_kana_wo"}},
		"a kanji in Shift_JIS":    {put(2, 52, "\x90\xbc"), []string{"2:52 bank_kana_kanji"}},
		"two kanji and a blank":   {put(2, 50, " \x90\xbc\xe0\x9f"), []string{"2:50 bank_kana_space", "2:51 bank_kana_kanji", "2:53 bank_kana_kanji", "2:54 bank_kana_kanji", "2:55 bank_kana_mark"}},
		"a mark without its kana": {put(2, 50, "\xde"), []string{"2:50 bank_kana_mark"}},
		"a control byte":          {put(2, 52, "\x00"), []string{"2:52 bank_kana_control"}},
		"a sign that is not":      {put(2, 52, "&"), []string{"2:52 bank_kana_symbol"}},
		"a blank before the name": {put(2, 50, " "), []string{"2:50 bank_kana_space"}},
		"a blank before EDI":      {put(2, 91, " "), []string{"2:91 bank_kana_space"}},
		"a comma for EDI":         {put(2, 92, ","), []string{"2:92 bank_kana_comma"}},
		"a bracket in a branch":   {put(2, 23, "("), []string{"2:23 bank_kana_symbol"}},
		"no payee":                {put(2, 50, strings.Repeat(" ", 30)), []string{"2:50 bank_kana_empty"}},
		"clearing left blank":     {put(2, 38, "    "), []string{"2:38 zengin_clearing (warning)"}},
		"clearing filled in":      {put(2, 38, "0100"), []string{"2:38 zengin_clearing (warning)"}},
		"a type that is none":     {put(2, 42, "3"), []string{"2:42 bank_account_type_invalid"}},
		"an account of zeros":     {put(2, 43, "0000000"), []string{"2:43 bank_account_number_malformed"}},
		"a sum that is no number": {put(2, 80, "    128450"), []string{"2:80 zengin_not_digits"}},
		"nothing to pay":          {put(2, 80, "0000000000"), []string{"2:80 bank_transfer_amount_out_of_range", "3:7 zengin_total_differs"}},
		"a new code of three":     {put(2, 90, "3"), []string{"2:90 bank_transfer_new_code_invalid"}},
		"another class":           {put(2, 111, "8"), []string{"2:111 zengin_transfer_class_differs (warning)"}},
		"a class that is none":    {put(2, 111, "5"), []string{"2:111 zengin_transfer_class"}},
		"EDI without its mark":    {put(2, 112, " "), []string{"2:91 zengin_not_digits"}},
		"a mark that is none":     {put(2, 112, "N"), []string{"2:91 zengin_not_digits", "2:112 zengin_edi_mark"}},
		"Y and nothing in it":     {put(2, 91, strings.Repeat(" ", 20)), []string{"2:91 zengin_edi_differs (warning)"}},
		"codes for EDI":           {put(2, 91, "00000000010000000002"+"7 "), []string{"2:91 zengin_edi_differs (warning)"}},
		"stray bytes, data":       {put(2, 115, "A\xb1"), []string{"2:115 zengin_filler"}},

		"one too many counted": {put(3, 1, "000002"), []string{"3:1 zengin_count_differs"}},
		"a yen too much":       {put(3, 7, "000000128451"), []string{"3:7 zengin_total_differs"}},
		"both wrong":           {put(3, 1, "999999999999999999"), []string{"3:1 zengin_count_differs", "3:7 zengin_total_differs"}},
		"a count with blanks":  {put(3, 1, "     1"), []string{"3:1 zengin_not_digits"}},
		"stray bytes, trailer": {put(3, 19, "0"), []string{"3:19 zengin_filler"}},
		"stray bytes, end":     {put(4, 1, "9"), []string{"4:1 zengin_filler"}},

		"everything at once": {
			joined(
				"1111O90000001"+strings.Repeat(" ", 41)+"9999"+"    "+strings.Repeat("\x88\x9f", 7)+" "+"0 1"+"a"+strings.Repeat(" ", 14)+"4"+"0000000"+strings.Repeat(".", 17),
				"2"+strings.Repeat("?", 111)+"Y"+"       ",
			),
			[]string{
				"0:-1 zengin_trailer_missing", "0:-1 zengin_end_missing",
				"1:1 zengin_business", "1:3 zengin_code_set", "1:4 zengin_not_digits", "1:14 bank_kana_empty",
				"1:54 bank_transfer_day_malformed", "1:58 zengin_not_digits",
			},
		},
	} {
		_, violations := zengin.Read(c.file, bank.DefaultProfile(), near)
		if name == "everything at once" {
			require.Equal(t, c.want, told(violations)[:len(c.want)], name)
			require.Greater(t, len(violations), 100, name)
			continue
		}
		require.Equal(t, c.want, told(violations), name)
		for _, v := range violations {
			require.NotEmpty(t, v.Message)
			require.NotContains(t, v.Message, "76543")
		}
	}
}

func TestRecordsMustStandWholeAndInOrder(t *testing.T) {
	t.Parallel()
	r := records()
	head, pay, sum, last := r[0], r[1], r[2], r[3]
	for name, c := range map[string]struct {
		file []byte
		want []string
	}{
		"nothing":                 {nil, []string{"0:-1 zengin_empty"}},
		"an end of file only":     {[]byte{0x1A}, []string{"0:-1 zengin_end_mark (warning)", "0:-1 zengin_empty"}},
		"an end of file":          {append(bytes.Clone(sample), 0x1A), []string{"0:-1 zengin_end_mark (warning)"}},
		"only a header":           {joined(head), []string{"0:-1 zengin_trailer_missing", "0:-1 zengin_end_missing", "0:-1 bank_file_empty"}},
		"no data":                 {joined(head, "8"+strings.Repeat("0", 18)+strings.Repeat(" ", 101), last), []string{"0:-1 bank_file_empty"}},
		"no header":               {joined(pay, sum, last), []string{"0:-1 zengin_header_missing", "1:0 zengin_record_order"}},
		"no trailer":              {joined(head, pay, last), []string{"0:-1 zengin_trailer_missing", "3:0 zengin_record_order"}},
		"no end":                  {joined(head, pay, sum), []string{"0:-1 zengin_end_missing"}},
		"the end before the sums": {joined(head, pay, last, sum), []string{"3:0 zengin_record_order", "4:0 zengin_record_order"}},
		"a header twice":          {joined(head, head, pay, sum, last), []string{"2:0 zengin_record_order"}},
		"an end twice":            {joined(head, pay, sum, last, last), []string{"5:0 zengin_record_order"}},
		"data behind the sums":    {joined(head, sum, pay, last), []string{"3:0 zengin_record_order", "4:0 zengin_record_order"}},
		"two files in one":        {append(bytes.Clone(sample), sample...), []string{"3:1 zengin_count_differs", "3:7 zengin_total_differs", "5:0 zengin_record_order", "6:-1 bank_transfer_twice (warning)", "6:91 bank_transfer_reference_taken", "7:1 zengin_count_differs", "7:7 zengin_total_differs"}},
		"a record of no kind":     {joined(head, "3"+pay[1:], pay, sum, last), []string{"2:0 zengin_record_kind"}},
		"one byte short":          {joined(head, pay[:119], sum, last), []string{"2:119 zengin_record_length"}},
		"one byte long":           {joined(head, pay+" ", sum, last), []string{"2:120 zengin_record_length"}},
		"cut in the amount":       {joined(head, pay[:85], sum, last), []string{"2:85 zengin_record_length"}},
		"one byte":                {[]byte("1"), []string{"0:-1 zengin_line_ends_wanted (warning)", "0:-1 zengin_trailer_missing", "0:-1 zengin_end_missing", "0:-1 bank_file_empty", "1:1 zengin_record_length"}},
		"cut off at the end":      {sample[:300], []string{"0:-1 zengin_end_missing", "3:56 zengin_line_end_missing", "3:56 zengin_record_length"}},
	} {
		_, violations := zengin.Read(c.file, bank.DefaultProfile(), near)
		require.Equal(t, c.want, told(violations), name)
	}
}

func TestLineEndsAreCRLFAfterEveryRecordOrNone(t *testing.T) {
	t.Parallel()
	r := records()
	plain := bank.DefaultProfile()
	plain.CRLF = false
	for name, c := range map[string]struct {
		profile bank.Profile
		file    string
		want    []string
	}{
		"CR LF":                   {bank.DefaultProfile(), string(sample), nil},
		"none":                    {plain, strings.Join(r, ""), nil},
		"none where CR LF is due": {bank.DefaultProfile(), strings.Join(r, ""), []string{"0:-1 zengin_line_ends_wanted (warning)"}},
		"CR LF where none is due": {plain, string(sample), []string{"0:-1 zengin_line_ends_unwanted (warning)"}},
		"LF only":                 {bank.DefaultProfile(), strings.Join(r, "\n") + "\n", []string{"1:120 zengin_line_end", "2:120 zengin_line_end", "3:120 zengin_line_end", "4:120 zengin_line_end"}},
		"CR only":                 {plain, strings.Join(r, "\r") + "\r", []string{"1:120 zengin_line_end", "2:120 zengin_line_end", "3:120 zengin_line_end", "4:120 zengin_line_end"}},
		"none at the end":         {bank.DefaultProfile(), strings.Join(r, "\r\n"), []string{"4:120 zengin_line_end_missing"}},
		"one forgotten":           {bank.DefaultProfile(), r[0] + r[1] + "\r\n" + r[2] + "\r\n" + r[3] + "\r\n", []string{"1:120 zengin_line_end_missing"}},
		"one LF among them":       {bank.DefaultProfile(), r[0] + "\n" + r[1] + "\r\n" + r[2] + "\r\n" + r[3] + "\r\n", []string{"1:120 zengin_line_end"}},
		"an empty line":           {bank.DefaultProfile(), r[0] + "\r\n\r\n" + r[1] + "\r\n" + r[2] + "\r\n" + r[3] + "\r\n", []string{"2:-1 zengin_line_empty"}},
		"empty lines at the end":  {bank.DefaultProfile(), string(sample) + "\r\n\n", []string{"5:-1 zengin_line_empty", "6:-1 zengin_line_empty", "6:0 zengin_line_end"}},
		"a CR too many":           {bank.DefaultProfile(), r[0] + "\r\r\n" + r[1] + "\r\n" + r[2] + "\r\n" + r[3] + "\r\n", []string{"1:120 zengin_line_end", "2:-1 zengin_line_empty"}},
	} {
		file, violations := zengin.Read([]byte(c.file), c.profile, near)
		require.Equal(t, c.want, told(violations), name)
		require.True(t, same(sampleFile(), file), "%s: what was meant is read all the same", name)
	}
}

func TestAFileInAnotherEncodingIsToldAndReadWhereItCanBe(t *testing.T) {
	t.Parallel()
	text, err := zengin.Decode(sample)
	require.NoError(t, err)
	units := utf16.Encode([]rune(string(text)))
	little, big := []byte{0xFF, 0xFE}, []byte{0xFE, 0xFF}
	for _, u := range units {
		little, big = append(little, byte(u), byte(u>>8)), append(big, byte(u>>8), byte(u))
	}
	for name, c := range map[string]struct {
		file []byte
		want []string
		read bool
	}{
		"UTF-8":              {[]byte(text), []string{"0:-1 zengin_utf8"}, true},
		"UTF-8 with BOM":     {append([]byte{0xEF, 0xBB, 0xBF}, text...), []string{"0:-1 zengin_bom", "0:-1 zengin_utf8"}, true},
		"JIS with BOM":       {append([]byte{0xEF, 0xBB, 0xBF}, sample...), []string{"0:-1 zengin_bom"}, true},
		"UTF-16LE":           {little, []string{"0:-1 zengin_utf16"}, true},
		"UTF-16BE":           {big, []string{"0:-1 zengin_utf16"}, true},
		"EBCDIC":             {append([]byte{0xF1, 0xF2, 0xF1, 0xF0}, bytes.Repeat([]byte{0x40}, 476)...), []string{"0:-1 zengin_ebcdic"}, false},
		"a BOM only":         {[]byte{0xEF, 0xBB, 0xBF}, []string{"0:-1 zengin_bom", "0:-1 zengin_empty"}, false},
		"wide kana in UTF-8": {[]byte(strings.Replace(string(text), "ﾆｼ", "ニシ", 1)), []string{"0:-1 zengin_utf8", "2:23 bank_kana_kanji", "2:24 bank_kana_kanji"}, false},
	} {
		file, violations := zengin.Read(c.file, bank.DefaultProfile(), near)
		require.Equal(t, c.want, told(violations), name)
		require.Equal(t, c.read, same(sampleFile(), file), name)
	}

	// ﾂｱ is C2 B1, which is ± in UTF-8 as well: a file that could be both is taken for JIS.
	short := sampleFile()
	short.Originator.Name, short.Originator.BankName, short.Originator.BranchName = "ﾂｱ", "", ""
	short.Transfers[0].Payee.Holder, short.Transfers[0].BankName, short.Transfers[0].BranchName = "ﾂｱ", "", ""
	written, err := zengin.Write(short, bank.DefaultProfile())
	require.NoError(t, err)
	file, violations := zengin.Read(written, bank.DefaultProfile(), near)
	require.Empty(t, violations)
	require.True(t, same(short, file))
}

func TestTheTransferDayIsTheNearestOneWithItsMonthAndDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		monthDay string
		near     calendar.Day
		want     string
	}{
		{"0430", calendar.On(2026, 4, 20), "2026-04-30"},
		{"0105", calendar.On(2026, 12, 28), "2027-01-05"},
		{"1228", calendar.On(2027, 1, 5), "2026-12-28"},
		{"0229", calendar.On(2027, 12, 28), "2028-02-29"},
		{"0229", calendar.On(2025, 1, 10), "2024-02-29"},
	} {
		file, violations := zengin.Read(put(1, 54, c.monthDay), bank.DefaultProfile(), c.near)
		require.Empty(t, violations)
		require.Equal(t, c.want, file.Date.String())
	}
	_, violations := zengin.Read(sample, bank.DefaultProfile(), calendar.Never)
	require.Empty(t, violations)
}

func TestAFileOfAnotherProfileIsTold(t *testing.T) {
	t.Parallel()
	bare := profiles()["bare"]
	_, violations := zengin.Read(sample, bare, near)
	require.Equal(t, []string{
		"1:62 zengin_names_unwanted (warning)", "1:80 zengin_names_unwanted (warning)",
		"2:5 zengin_names_unwanted (warning)", "2:23 zengin_names_unwanted (warning)",
		"2:38 zengin_clearing (warning)", "2:91 zengin_edi_differs (warning)", "2:91 bank_transfer_reference_not_a_number",
		"2:111 zengin_transfer_class_differs (warning)",
	}, told(violations))

	file := sampleFile()
	file.Transfers[0].Reference = "42"
	written, err := zengin.Write(file, bare)
	require.NoError(t, err)
	read, violations := zengin.Read(written, bank.DefaultProfile(), near)
	require.Equal(t, []string{"2:38 zengin_clearing (warning)", "2:91 zengin_edi_differs (warning)", "2:111 zengin_transfer_class_differs (warning)"}, told(violations))
	require.Equal(t, bank.Kana("42"), read.Transfers[0].Reference)
}

func TestAFileOfErrorsIsToldUpToALimit(t *testing.T) {
	t.Parallel()
	for _, file := range [][]byte{bytes.Repeat([]byte{'\n'}, 1<<16), bytes.Repeat([]byte("2\xff"), 1<<17), bytes.Repeat([]byte("1\xff"), 1<<17)} {
		_, violations := zengin.Read(file, bank.DefaultProfile(), near)
		require.Len(t, violations, 10_001)
		require.Contains(t, told(violations), "0:-1 zengin_violations_too_many")
	}
}

func TestALargeFileIsReadWithEveryViolationInItsRecord(t *testing.T) {
	t.Parallel()
	written, err := zengin.Write(manyTransfers(9_999), bank.DefaultProfile())
	require.NoError(t, err)
	read, violations := zengin.Read(written, bank.DefaultProfile(), near)
	require.Empty(t, violations)
	require.True(t, same(manyTransfers(9_999), read))
	for _, record := range []int{2, 5_000, 10_000} {
		broken := bytes.Clone(written)
		broken[(record-1)*122+43] = 'X'
		_, violations := zengin.Read(broken, bank.DefaultProfile(), near)
		require.Equal(t, []string{fmt.Sprintf("%d:43 zengin_not_digits", record)}, told(violations))
	}
}

func TestAnotherReaderOfShiftJISReadsTheSameText(t *testing.T) {
	t.Parallel()
	every := make([]byte, 0, 256)
	for b := range 256 {
		if _, known := bank.Character(byte(b)); known {
			every = append(every, byte(b))
		}
	}
	for _, spelled := range [][]byte{sample, every} {
		text, err := japanese.ShiftJIS.NewDecoder().Bytes(spelled)
		require.NoError(t, err)
		ours, err := zengin.Decode(spelled)
		require.NoError(t, err)
		require.Equal(t, string(text), string(ours))
		back, err := zengin.Encode(ours)
		require.NoError(t, err)
		require.Equal(t, spelled, back)
	}
}
