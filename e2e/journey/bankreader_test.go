package journey_test

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What follows reads a 全銀 総合振込 by the offsets of the published layout alone, and knows nothing of the platform.

const recordBytes = 120

// transferFile is what such a file says.
type transferFile struct {
	originator, name, day        string
	bank, branch, kind, number   string
	transfers                    []transferRecord
	records, count, total, bytes int64
}

type transferRecord struct {
	bank, bankName, branch, branchName string
	kind, number, holder               string
	amount                             int64
	newCode, edi, class, mark          string
}

// jisText decodes the single-byte half of Shift_JIS: ASCII and narrow kana.
func jisText(t *testing.T, raw []byte) string {
	t.Helper()
	var text strings.Builder
	for _, b := range raw {
		switch {
		case b >= 0x20 && b < 0x7f:
			text.WriteByte(b)
		case b >= 0xa1 && b <= 0xdf:
			text.WriteRune(rune(b) - 0xa1 + '｡')
		default:
			require.Failf(t, "no byte of such a file", "%#x in %x", b, raw)
		}
	}
	return text.String()
}

// jisHex gives the bytes of narrow kana and ASCII in hexadecimal.
func jisHex(text string) string {
	var raw []string
	for _, r := range text {
		if r >= '｡' {
			r = r - '｡' + 0xa1
		}
		raw = append(raw, strings.ToUpper(hex.EncodeToString([]byte{byte(r)})))
	}
	return strings.Join(raw, " ")
}

// readTransfers reads a file whose records end in CR LF, and holds its trailer to its records.
func readTransfers(t *testing.T, content []byte) transferFile {
	t.Helper()
	lines := bytes.Split(content, []byte("\r\n"))
	require.Empty(t, lines[len(lines)-1], "the last record ends in CR LF as well")
	lines = lines[:len(lines)-1]
	for i, line := range lines {
		require.Len(t, line, recordBytes, "record %d", i+1)
	}
	require.GreaterOrEqual(t, len(lines), 4)
	head, trailer, end := jisText(t, lines[0]), jisText(t, lines[len(lines)-2]), jisText(t, lines[len(lines)-1])

	h := []rune(head) // one rune a byte
	require.Equal(t, "1210", string(h[:4]), "header of 総合振込 in JIS")
	file := transferFile{
		originator: string(h[4:14]), name: strings.TrimRight(string(h[14:54]), " "), day: string(h[54:58]), bank: string(h[58:62]), branch: string(h[77:80]),
		kind: string(h[95:96]), number: string(h[96:103]), records: int64(len(lines)), bytes: int64(len(content)),
	}
	require.Equal(t, strings.Repeat(" ", 17), string(h[103:]))
	sum := int64(0)
	for _, line := range lines[1 : len(lines)-2] {
		r := []rune(jisText(t, line))
		require.Equal(t, "2", string(r[:1]))
		require.Equal(t, "0000", string(r[38:42]), "手形交換所番号")
		require.Equal(t, strings.Repeat(" ", 7), string(r[113:]))
		amount, err := strconv.ParseInt(string(r[80:90]), 10, 64)
		require.NoError(t, err)
		sum += amount
		file.transfers = append(file.transfers, transferRecord{
			bank: string(r[1:5]), bankName: strings.TrimRight(string(r[5:20]), " "), branch: string(r[20:23]), branchName: strings.TrimRight(string(r[23:38]), " "),
			kind: string(r[42:43]), number: string(r[43:50]), holder: strings.TrimRight(string(r[50:80]), " "), amount: amount,
			newCode: string(r[90:91]), edi: strings.TrimRight(string(r[91:111]), " "), class: string(r[111:112]), mark: string(r[112:113]),
		})
	}
	file.count, file.total = int64(len(file.transfers)), sum
	require.Equal(t, fmt.Sprintf("8%06d%012d", file.count, file.total)+strings.Repeat(" ", 101), trailer)
	require.Equal(t, "9"+strings.Repeat(" ", 119), end)
	return file
}
