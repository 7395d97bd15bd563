package zengin_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/zengin"
	"lovesaijo/domain/bank"
)

func TestTheSampleComesOutByteForByteFromItsFigures(t *testing.T) {
	t.Parallel()
	written, err := zengin.Write(sampleFile(), bank.DefaultProfile())
	require.NoError(t, err)
	require.Equal(t, string(sample), string(written))
	sum := sha256.Sum256(written)
	require.Equal(t, sampleSHA256, hex.EncodeToString(sum[:]))
	require.Len(t, written, 488)
}

func TestTheSampleIsReadAsItsFigures(t *testing.T) {
	t.Parallel()
	file, violations := zengin.Read(sample, bank.DefaultProfile(), near)
	require.Empty(t, violations)
	require.True(t, same(sampleFile(), file))
}

// same compares whole files, account numbers included; a failed require.Equal would print them masked.
func same(a, b bank.TransferFile) bool {
	if a.Originator != b.Originator || a.Date != b.Date || len(a.Transfers) != len(b.Transfers) {
		return false
	}
	for i := range a.Transfers {
		if a.Transfers[i] != b.Transfers[i] {
			return false
		}
	}
	return true
}

func TestAProfileDecidesWhatIsFilledIn(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	p.CRLF, p.BankNames, p.ClearingBlank, p.TransferClass, p.EDI = false, false, true, " ", false
	file := sampleFile()
	file.Transfers[0].Reference = "202604000123"
	file.Transfers[0].New = bank.Changed
	written, err := zengin.Write(file, p)
	require.NoError(t, err)
	require.Len(t, written, 480)
	record := string(written[120:240])
	require.Equal(t, strings.Repeat(" ", 15), string(written[62:77]))
	require.Equal(t, "29999"+strings.Repeat(" ", 15)+"002"+strings.Repeat(" ", 15)+"    "+"10076543", record[:50])
	require.Equal(t, "0000128450"+"2"+"00000000202604000123"+"  "+"       ", record[80:])

	file.Transfers[0].Reference = ""
	written, err = zengin.Write(file, bank.DefaultProfile())
	require.NoError(t, err)
	require.Equal(t, "2"+strings.Repeat("0", 20)+"7 ", string(written[122+90:122+113]), "no reference, no Y")
}

func TestWhatDoesNotFitIsRefusedAndNeverMangled(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*bank.TransferFile){
		"a kanji":            func(f *bank.TransferFile) { f.Transfers[0].Payee.Holder = "西条" },
		"small kana":         func(f *bank.TransferFile) { f.Transfers[0].Payee.Holder = "ｼｮｳﾃﾝ" },
		"31 bytes":           func(f *bank.TransferFile) { f.Transfers[0].Payee.Holder = bank.Kana(strings.Repeat("ｱ", 31)) },
		"a mark at first":    func(f *bank.TransferFile) { f.Transfers[0].Payee.Holder = "ﾞｱ" },
		"six digits":         func(f *bank.TransferFile) { f.Transfers[0].Payee.Number = "076543" },
		"a wide digit":       func(f *bank.TransferFile) { f.Transfers[0].Payee.Number = "007654３" },
		"nothing to pay":     func(f *bank.TransferFile) { f.Transfers[0].Amount = 0 },
		"eleven digits":      func(f *bank.TransferFile) { f.Transfers[0].Amount = 10_000_000_000 },
		"a comma for EDI":    func(f *bank.TransferFile) { f.Transfers[0].Reference = "A,B" },
		"no transfers":       func(f *bank.TransferFile) { f.Transfers = nil },
		"too many":           func(f *bank.TransferFile) { *f = manyTransfers(10_000) },
		"a reference twice":  func(f *bank.TransferFile) { f.Transfers = append(f.Transfers, f.Transfers[0]) },
		"no originator code": func(f *bank.TransferFile) { f.Originator.Code = "" },
		"a letter in a code": func(f *bank.TransferFile) { f.Originator.Account.Branch = "0A1" },
		"a type of two":      func(f *bank.TransferFile) { f.Transfers[0].Payee.Type = 11 },
	} {
		file := sampleFile()
		change(&file)
		written, err := zengin.Write(file, bank.DefaultProfile())
		require.ErrorIs(t, err, bank.ErrFileRefused, name)
		require.Nil(t, written)
		var refused *bank.RefusedError
		require.True(t, errors.As(err, &refused))
		require.NotEmpty(t, refused.Violations)
		require.NotContains(t, err.Error(), "76543")
	}
}

func TestEveryRecordHasTheLengthThatBanksCountOn(t *testing.T) {
	t.Parallel()
	written, err := zengin.Write(manyTransfers(9_999), bank.DefaultProfile())
	require.NoError(t, err)
	lines := strings.SplitAfter(string(written), "\r\n")
	require.Len(t, lines, 9_999+3+1)
	for _, line := range lines[:len(lines)-1] {
		require.Len(t, line, 122)
	}
	require.Empty(t, lines[len(lines)-1])
	require.Equal(t, "8009999001284371550"+strings.Repeat(" ", 101)+"\r\n", lines[10_000])
}

func TestTextIsSpelledInOneByteEach(t *testing.T) {
	t.Parallel()
	spelled, err := zengin.Encode(`ｦｱﾝﾞﾟ｢｣ A9\-`)
	require.NoError(t, err)
	require.Equal(t, "\xa6\xb1\xdd\xde\xdf\xa2\xa3 A9\x5c-", string(spelled))
	back, err := zengin.Decode(spelled)
	require.NoError(t, err)
	require.Equal(t, bank.Kana(`ｦｱﾝﾞﾟ｢｣ A9\-`), back)
	for _, wide := range []bank.Kana{"ア", "漢", "ｱ\uFFFD", "é", "￥"} {
		_, err := zengin.Encode(wide)
		require.Error(t, err, wide)
	}
	_, err = zengin.Encode("ｱｲ漢")
	require.EqualError(t, err, "character 3 has no byte in JIS X 0201")
	for _, raw := range []string{"\x80", "\x9f", "\xa0", "\xe0", "\xff", "\x88\x9f"} {
		_, err := zengin.Decode([]byte(raw))
		require.Error(t, err, "%x", raw)
	}
	_, err = zengin.Decode([]byte("\xb1\xe0"))
	require.EqualError(t, err, "byte 1 is none of JIS X 0201")
}
