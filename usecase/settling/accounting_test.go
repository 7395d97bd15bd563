package settling_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

func transfers(holders ...bank.Kana) bank.TransferFile {
	file := bank.TransferFile{Date: calendar.On(2026, 12, 7)}
	for i, holder := range holders {
		file.Transfers = append(file.Transfers, bank.CreditTransfer{
			Payee:    bank.Account{Bank: "9999", Branch: "002", Type: bank.Ordinary, Number: "0076543", Holder: holder},
			BankName: "ﾃｽﾄ", BranchName: "ﾆｼ", Amount: money.Yen(100 + i), New: bank.First,
		})
	}
	return file
}

func TestAccountingFilesReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	file := transfers("ｶ)ｻｲｼﾞﾖｳ", "-ﾊｲﾌﾝ", "A.B. C")
	content, err := settling.Accounting{}.Write(file, bank.DefaultProfile(), citytest.Noon)
	require.NoError(t, err)
	require.Contains(t, string(content), ",'-ﾊｲﾌﾝ,", "no spreadsheet computes it")
	read, found := settling.Accounting{}.Read(content, bank.DefaultProfile(), 0)
	require.Empty(t, found)
	require.Equal(t, file, read)
	_, err = settling.Accounting{}.Write(transfers("西条"), bank.DefaultProfile(), citytest.Noon)
	require.ErrorIs(t, err, bank.ErrFileRefused)
}

func TestAccountingFilesThatWereChangedAreTold(t *testing.T) {
	t.Parallel()
	const head = "番号,振込指定日,金融機関コード,金融機関名,支店コード,支店名,預金種目,口座番号,口座名義,振込金額,新規コード,参照番号\r\n"
	for name, c := range map[string]struct{ content, code string }{
		"another head":     {"a,b\r\n", "accounting_header_malformed"},
		"nothing":          {"", "accounting_header_malformed"},
		"a missing column": {head + "1,2026-12-07,9999\r\n", "accounting_line_malformed"},
		"a number":         {head + "2,2026-12-07,9999,ﾃｽﾄ,002,ﾆｼ,1,0076543,ｶ,100,1,\r\n", "accounting_number_wrong"},
		"two days":         {head + "1,2026-12-07,9999,ﾃｽﾄ,002,ﾆｼ,1,0076543,ｶ,100,1,\r\n2,2026-12-08,9999,ﾃｽﾄ,002,ﾆｼ,1,0076544,ｶ,100,1,\r\n", "accounting_day_differs"},
		"an odd amount":    {head + "1,2026-12-07,9999,ﾃｽﾄ,002,ﾆｼ,1,0076543,ｶ,+100,1,\r\n", "bank_transfer_amount_out_of_range"},
		"an odd type":      {head + "1,2026-12-07,9999,ﾃｽﾄ,002,ﾆｼ,257,0076543,ｶ,100,1,\r\n", "bank_account_type_invalid"},
	} {
		_, found := settling.Accounting{}.Read([]byte(c.content), bank.DefaultProfile(), 0)
		var codes []string
		for _, v := range found {
			require.True(t, v.IsBlocking())
			codes = append(codes, v.Code)
		}
		require.Contains(t, codes, c.code, name)
	}
}

func FuzzAccountingFiles(f *testing.F) {
	content, err := settling.Accounting{}.Write(transfers("ｶ)ｻｲｼﾞﾖｳ", "-ﾊｲﾌﾝ"), bank.DefaultProfile(), citytest.Noon)
	require.NoError(f, err)
	f.Add(content)
	f.Add([]byte("\"\r\n"))
	f.Fuzz(func(t *testing.T, content []byte) {
		file, found := settling.Accounting{}.Read(content, bank.DefaultProfile(), 0)
		if len(found) > 0 {
			return
		}
		again, err := settling.Accounting{}.Write(file, bank.DefaultProfile(), citytest.Noon)
		require.NoError(t, err)
		same, found := settling.Accounting{}.Read(again, bank.DefaultProfile(), 0)
		require.Empty(t, found)
		require.Equal(t, file, same)
	})
}
