package zengin_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/adapter/zengin"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
)

func TestEveryFileThatCanBeWrittenIsReadBack(t *testing.T) {
	t.Parallel()
	all := profiles()
	names := slices.Sorted(maps.Keys(all))
	rapid.Check(t, func(t *rapid.T) {
		p := all[rapid.SampledFrom(names).Draw(t, "profile")]
		file := anyFile(t, p)
		written, err := zengin.Write(file, p)
		require.NoError(t, err)
		read, violations := zengin.Read(written, p, near)
		for _, v := range violations {
			require.Equal(t, string(bank.ErrTransferTwice.Code), v.Code)
		}
		require.True(t, same(file, read))
		again, err := zengin.Write(read, p)
		require.NoError(t, err)
		require.Equal(t, written, again)
	})
}

// anyFile draws a file that a bank with profile p takes.
func anyFile(t *rapid.T, p bank.Profile) bank.TransferFile {
	file := bank.TransferFile{
		Originator: bank.Originator{
			Code: fmt.Sprintf("%010d", rapid.Int64Range(1, 9_999_999_999).Draw(t, "code")), Name: anyKana(t, bank.NameOfOriginator, p),
			Account: anyAccount(t, bank.Ordinary, bank.Current, bank.Other),
		},
		Date: near + calendar.Day(rapid.IntRange(-150, 150).Draw(t, "day")),
	}
	if p.BankNames {
		file.Originator.BankName, file.Originator.BranchName = maybe(t, p), maybe(t, p)
	}
	for i := range rapid.IntRange(1, 8).Draw(t, "transfers") {
		transfer := bank.CreditTransfer{
			Payee:  anyAccount(t, bank.Ordinary, bank.Current, bank.Savings, bank.Other),
			Amount: money.Yen(rapid.Int64Range(1, int64(bank.AmountMax)).Draw(t, "amount")),
			New:    rapid.SampledFrom([]bank.NewCode{bank.Known, bank.First, bank.Changed}).Draw(t, "new"),
		}
		transfer.Payee.Holder = anyKana(t, bank.NameOfHolder, p)
		if p.BankNames {
			transfer.BankName, transfer.BranchName = maybe(t, p), maybe(t, p)
		}
		switch {
		case rapid.Bool().Draw(t, "unnamed"):
		case p.EDI:
			transfer.Reference = bank.Kana(fmt.Sprint(i)) + anyKana(t, bank.ReferenceText, p).Cut(19)
		default:
			transfer.Reference = bank.Kana(fmt.Sprintf("%d%d", i+1, rapid.Int64Range(0, 1<<60).Draw(t, "number")))
		}
		file.Transfers = append(file.Transfers, transfer)
	}
	return file
}

func anyAccount(t *rapid.T, types ...bank.AccountType) bank.Account {
	return bank.Account{
		Bank:   bank.Code(fmt.Sprintf("%04d", rapid.IntRange(0, 9999).Draw(t, "bank"))),
		Branch: bank.BranchCode(fmt.Sprintf("%03d", rapid.IntRange(0, 999).Draw(t, "branch"))),
		Type:   rapid.SampledFrom(types).Draw(t, "type"),
		Number: fmt.Sprintf("%07d", rapid.IntRange(1, 9_999_999).Draw(t, "number")),
	}
}

func maybe(t *rapid.T, p bank.Profile) bank.Kana {
	if rapid.Bool().Draw(t, "without") {
		return ""
	}
	return anyKana(t, bank.NameOfBank, p)
}

// anyKana draws a text of class c with every character that p takes there, marks included.
func anyKana(t *rapid.T, c bank.Class, p bank.Profile) bank.Kana {
	var parts []string
	for b := range 256 {
		r, known := bank.Character(byte(b))
		if known && p.Judge(c, 'ｱ', r) == nil {
			parts = append(parts, string(r))
		}
	}
	for _, base := range "ｳｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾊﾋﾌﾍﾎ" {
		parts = append(parts, string(base)+"ﾞ")
	}
	for _, base := range "ﾊﾋﾌﾍﾎ" {
		parts = append(parts, string(base)+"ﾟ")
	}
	drawn := strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 1, c.LengthMax()).Draw(t, "kana"), "")
	kana := bank.Kana(strings.Trim(drawn, " ")).Cut(c.LengthMax())
	if kana == "" {
		return "ｱ"
	}
	return kana
}

func FuzzRead(f *testing.F) {
	for _, seed := range seeds() {
		for which := range uint8(4) {
			f.Add(seed, which)
		}
	}
	f.Fuzz(func(t *testing.T, file []byte, which uint8) {
		all := profiles()
		p := all[slices.Sorted(maps.Keys(all))[int(which)%len(all)]]
		requireSound(t, file, p)
	})
}

func TestWhateverByteOfAGoodFileIsChangedNothingGoesUnnoticed(t *testing.T) {
	t.Parallel()
	const ofEverySort = " 0123789AYZaz()-.\\/,&\x00\n\r\x1a\x7f\x80\x90\xa0\xa1\xa2\xa5\xa6\xa7\xb0\xb1\xb6\xca\xdd\xde\xdf\xe0\xff"
	p := bank.DefaultProfile()
	for at := range sample {
		changed := bytes.Clone(sample)
		for i := range len(ofEverySort) {
			changed[at] = ofEverySort[i]
			requireSound(t, changed, p)
		}
	}
}

func TestWhateverBytesOfAnyGoodFileAreChangedNothingGoesUnnoticed(t *testing.T) {
	t.Parallel()
	all := profiles()
	rapid.Check(t, func(t *rapid.T) {
		p := all[rapid.SampledFrom(slices.Sorted(maps.Keys(all))).Draw(t, "profile")]
		written, err := zengin.Write(anyFile(t, p), p)
		require.NoError(t, err)
		for range rapid.IntRange(1, 4).Draw(t, "changes") {
			at := rapid.IntRange(0, len(written)-1).Draw(t, "at")
			switch rapid.IntRange(0, 2).Draw(t, "how") {
			case 0:
				written[at] = rapid.Byte().Draw(t, "byte")
			case 1:
				written = slices.Delete(written, at, at+1)
			case 2:
				written = slices.Insert(written, at, rapid.Byte().Draw(t, "byte"))
			}
		}
		requireSound(t, written, p)
	})
}

// requireSound holds for all bytes whatever: what is told is well-formed, nobody sees a number, a file without blocking
// violations can be written and says the same then, and one without any is written as it was.
func requireSound(t require.TestingT, file []byte, p bank.Profile) {
	read, violations := zengin.Read(file, p, near)
	for _, v := range violations {
		require.True(t, v.Code != "" && v.Message != "", "%+v", v)
		require.True(t, v.Record >= 0 && v.Record <= len(file)+1, "%+v", v)
		require.True(t, v.Byte >= -1 && v.Byte <= max(120, len(file)), "%+v", v)
		require.True(t, v.Severity == bank.Blocking || v.Severity == bank.Warning, "%+v", v)
	}
	for _, shown := range zengin.Show(file) {
		requireMasked(t, shown)
	}
	if bank.Refuse(violations) != nil {
		return
	}
	written, err := zengin.Write(read, p)
	require.NoError(t, err)
	if len(violations) == 0 {
		require.True(t, bytes.Equal(file, written), "%q became %q", file, written)
	}
	again, violations := zengin.Read(written, p, near)
	require.NoError(t, bank.Refuse(violations))
	if !p.BankNames {
		read = withoutNames(read)
	}
	require.True(t, same(read, again), "%q became %q", file, written)
}

func withoutNames(file bank.TransferFile) bank.TransferFile {
	file.Originator.BankName, file.Originator.BranchName = "", ""
	for i := range file.Transfers {
		file.Transfers[i].BankName, file.Transfers[i].BranchName = "", ""
	}
	return file
}

// requireMasked looks for what can be a whole account number: where the record has one, and anywhere in what is no record.
func requireMasked(t require.TestingT, shown zengin.Shown) {
	if shown.Fields == nil {
		require.False(t, strings.ContainsAny(shown.Text, "0123456789"), shown.Text)
		return
	}
	text := []rune(shown.Text)
	require.True(t, len(text) == 120)
	require.True(t, shown.Kind != "ヘッダー" || string(text[96:100]) == "****", shown.Text)
	require.True(t, shown.Kind != "データ" || string(text[43:47]) == "****", shown.Text)
}

// seeds are good files, and bad ones of every sort.
func seeds() [][]byte {
	r := records()
	utf8, _ := zengin.Decode(sample)
	seeds := [][]byte{
		nil, sample, sample[:300], sample[1:], append(bytes.Clone(sample), 0x1A), append(bytes.Clone(sample), sample...),
		[]byte(strings.Join(r, "")), []byte(strings.Join(r, "\n")), []byte(strings.Join(r, "\r") + "\r"), []byte(strings.Join(r, "\r\n")),
		[]byte(utf8), append([]byte{0xEF, 0xBB, 0xBF}, sample...),
		{0xFF, 0xFE, '1', 0},
		{0xFE, 0xFF, 0, '1'},
		{0xF1, 0xF2, 0xF1},
		joined(r[1], r[0], r[3], r[2]), joined(r[0], r[1]+r[1], r[2], r[3]), bytes.Repeat([]byte("\r\n"), 20),
		put(1, 54, "0229"), put(2, 50, "\xde\xb0\xa5\xafabc"), put(2, 52, "\x90\xbc"), put(2, 91, "A,B"), put(2, 112, " "), put(3, 1, "999999"),
	}
	for _, name := range slices.Sorted(maps.Keys(profiles())) {
		p := profiles()[name]
		file := manyTransfers(2)
		if !p.EDI {
			file.Transfers[0].Reference, file.Transfers[1].Reference = "1", ""
		}
		written, err := zengin.Write(file, p)
		if err != nil {
			panic(err)
		}
		seeds = append(seeds, written)
	}
	return seeds
}
