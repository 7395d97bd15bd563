package bank_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
)

// thursday is a day on which banks are open.
var thursday = calendar.On(2026, 4, 30)

func transferFile(transfers ...func(*bank.CreditTransfer)) bank.TransferFile {
	file := bank.TransferFile{
		Originator: bank.Originator{
			Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", BankName: "ﾃｽﾄ", BranchName: "ﾎﾝﾃﾝ",
			Account: bank.Account{Bank: "9999", Branch: "001", Type: bank.Ordinary, Number: "1234567"},
		},
		Date: thursday,
	}
	for i, change := range append([]func(*bank.CreditTransfer){func(*bank.CreditTransfer) {}}, transfers...) {
		t := bank.CreditTransfer{
			Payee:    bank.Account{Bank: "9999", Branch: "002", Type: bank.Ordinary, Number: fmt.Sprintf("%07d", 76543+i), Holder: "ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ"},
			BankName: "ﾃｽﾄ", BranchName: "ﾆｼ", Amount: 128_450, Reference: bank.Kana(fmt.Sprintf("LSP202604 S%06d", 123+i)),
		}
		change(&t)
		file.Transfers = append(file.Transfers, t)
	}
	return file
}

// found shortens violations to what tests compare.
func found(violations []bank.Violation) []string {
	var lines []string
	for _, v := range violations {
		line := fmt.Sprintf("%d %s %s", v.Record, v.Field, v.Code)
		if !v.IsBlocking() {
			line += " (warning)"
		}
		lines = append(lines, strings.Join(strings.Fields(line), " "))
	}
	return lines
}

func TestAFileThatABankTakesHasNoViolations(t *testing.T) {
	t.Parallel()
	file := transferFile(func(t *bank.CreditTransfer) { t.Amount, t.New, t.Reference, t.BankName = 1, bank.Changed, "", "" })
	require.Empty(t, file.Form(bank.DefaultProfile()))
	require.Equal(t, money.Yen(128_451), file.Total())
}

func TestWhatCannotBeSpelledIsFoundInItsRecordAndField(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*bank.CreditTransfer)
		want   []string
	}{
		"a kanji":                  {func(t *bank.CreditTransfer) { t.Payee.Holder = "ﾆｼ西" }, []string{"3 受取人名 bank_kana_kanji"}},
		"small kana":               {func(t *bank.CreditTransfer) { t.Payee.Holder = "ﾆｼｼｮｳﾃﾝ" }, []string{"3 受取人名 bank_kana_small"}},
		"a long mark":              {func(t *bank.CreditTransfer) { t.Payee.Holder = "ｺｰﾋｰ" }, []string{"3 受取人名 bank_kana_long_mark", "3 受取人名 bank_kana_long_mark"}},
		"too long a name":          {func(t *bank.CreditTransfer) { t.Payee.Holder = bank.Kana(strings.Repeat("ｱ", 31)) }, []string{"3 受取人名 bank_kana_too_long"}},
		"a name cut before a mark": {func(t *bank.CreditTransfer) { t.Payee.Holder = "ﾞｱ" }, []string{"3 受取人名 bank_kana_mark"}},
		"no name":                  {func(t *bank.CreditTransfer) { t.Payee.Holder = "" }, []string{"3 受取人名 bank_kana_empty"}},
		"a blank at the end":       {func(t *bank.CreditTransfer) { t.Payee.Holder = "ｱ " }, []string{"3 受取人名 bank_kana_space"}},
		"six digits":               {func(t *bank.CreditTransfer) { t.Payee.Number = "076543" }, []string{"3 口座番号 bank_account_number_malformed"}},
		"a bank's three digits":    {func(t *bank.CreditTransfer) { t.Payee.Bank = "174" }, []string{"3 被仕向銀行番号 bank_code_malformed"}},
		"a branch's two digits":    {func(t *bank.CreditTransfer) { t.Payee.Branch = "25" }, []string{"3 被仕向支店番号 bank_branch_code_malformed"}},
		"a type that is none":      {func(t *bank.CreditTransfer) { t.Payee.Type = 3 }, []string{"3 預金種目 bank_account_type_invalid"}},
		"nothing to pay":           {func(t *bank.CreditTransfer) { t.Amount = 0 }, []string{"3 振込金額 bank_transfer_amount_out_of_range"}},
		"less than nothing":        {func(t *bank.CreditTransfer) { t.Amount = -1 }, []string{"3 振込金額 bank_transfer_amount_out_of_range"}},
		"eleven digits":            {func(t *bank.CreditTransfer) { t.Amount = bank.AmountMax + 1 }, []string{"3 振込金額 bank_transfer_amount_out_of_range"}},
		"a new code that is none":  {func(t *bank.CreditTransfer) { t.New = 3 }, []string{"3 新規コード bank_transfer_new_code_invalid"}},
		"a comma for EDI":          {func(t *bank.CreditTransfer) { t.Reference = "A,B" }, []string{"3 EDI情報 bank_kana_comma"}},
		"too long a reference":     {func(t *bank.CreditTransfer) { t.Reference = "LSP202604 S0001234567" }, []string{"3 EDI情報 bank_kana_too_long"}},
		"a wide bank's name":       {func(t *bank.CreditTransfer) { t.BankName = "テスト" }, []string{"3 被仕向銀行名 bank_kana_wide", "3 被仕向銀行名 bank_kana_wide", "3 被仕向銀行名 bank_kana_wide"}},
		"too long a branch's name": {func(t *bank.CreditTransfer) { t.BranchName = "ｱｱｱｱｱｱｱｱｱｱｱｱｱｱｱｱ" }, []string{"3 被仕向支店名 bank_kana_too_long"}},
		"a reference twice":        {func(t *bank.CreditTransfer) { t.Reference = "LSP202604 S000123" }, []string{"3 EDI情報 bank_transfer_reference_taken"}},
		"the same payment twice":   {func(t *bank.CreditTransfer) { t.Payee.Number = "0076543" }, []string{"3 bank_transfer_twice (warning)"}},
		"another sum to the same":  {func(t *bank.CreditTransfer) { t.Payee.Number, t.Amount = "0076543", 1 }, nil},
	} {
		violations := transferFile(c.change).Form(bank.DefaultProfile())
		require.Equal(t, c.want, found(violations), name)
		for _, v := range violations {
			require.Equal(t, -1, v.Byte)
			_, known := fault.Lookup(fault.Code(v.Code))
			require.True(t, known, v.Code)
			require.NotContains(t, v.Message, "0076543")
			require.NotContains(t, v.Message, "西")
		}
	}
	violations := transferFile(func(t *bank.CreditTransfer) { t.Payee.Number, t.Payee.Holder = "0076543", "ﾆｼ西" }).Form(bank.DefaultProfile())
	require.Equal(t, "3文字目: 漢字は使えません。通帳に記載のカナで入力してください。", violations[0].Message)
	require.Equal(t, "受取人と金額が同じ振込がほかにもあります。二重払いでないか確認してください。(レコード2)", violations[1].Message)
}

func TestTheOriginatorIsLookedAtAsTheHeader(t *testing.T) {
	t.Parallel()
	file := transferFile()
	file.Originator = bank.Originator{Name: "ｻｲｼﾞﾖｳｼ西", BankName: "ﾃ.ﾄ", BranchName: "ﾎﾝﾃﾝ ", Account: bank.Account{Type: bank.Savings, Number: "123456"}}
	require.Equal(t, []string{
		"1 振込依頼人コード bank_originator_code_malformed",
		"1 振込依頼人名 bank_kana_kanji",
		"1 仕向銀行番号 bank_code_malformed",
		"1 仕向支店番号 bank_branch_code_malformed",
		"1 預金種目(依頼人) bank_account_type_invalid",
		"1 口座番号(依頼人) bank_account_number_malformed",
		"1 仕向銀行名 bank_kana_symbol",
		"1 仕向支店名 bank_kana_space",
	}, found(file.Form(bank.DefaultProfile())))
	file = transferFile()
	file.Originator.Code = "0000000000"
	require.Equal(t, []string{"1 振込依頼人コード bank_originator_code_malformed"}, found(file.Form(bank.DefaultProfile())))
}

func TestABankWithoutEDITakesANumberAsReference(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	p.EDI = false
	for reference, good := range map[bank.Kana]bool{
		"": true, "1": true, "20260400000000000123": true, "0123": false, "LSP1": false, "202604000000000001234": false, "1 2": false, "１": false,
	} {
		file := transferFile(func(t *bank.CreditTransfer) { t.Reference = reference })
		file.Transfers[0].Reference = ""
		if good {
			require.Empty(t, file.Form(p), reference)
		} else {
			require.Equal(t, []string{"3 EDI情報 bank_transfer_reference_not_a_number"}, found(file.Form(p)), reference)
		}
	}
}

func TestNamesThatAreNotWrittenAreNotLookedAt(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	p.BankNames = false
	file := transferFile(func(t *bank.CreditTransfer) { t.BankName, t.BranchName = "テスト", "西" })
	file.Originator.BankName, file.Originator.BranchName = "テスト", "西"
	require.Empty(t, file.Form(p))
}

func TestAFileHoldsNoMoreThanItsFieldsCan(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	empty := transferFile()
	empty.Transfers = nil
	require.Equal(t, []string{"0 bank_file_empty"}, found(empty.Form(p)))

	p.RecordsMax = 1
	violations := transferFile(func(*bank.CreditTransfer) {}).Form(p)
	require.Equal(t, []string{"0 合計件数 bank_file_too_long"}, found(violations))
	require.Contains(t, violations[0].Message, "(上限1件)")

	p.RecordsMax = 1000
	heavy := transferFile()
	heavy.Transfers[0].Amount = 99
	for i := range 100 {
		t := heavy.Transfers[0]
		t.Payee.Number, t.Reference, t.Amount = fmt.Sprintf("%07d", i+1), bank.Kana(fmt.Sprint(i)), bank.AmountMax
		heavy.Transfers = append(heavy.Transfers, t)
	}
	require.Equal(t, bank.TotalMax, heavy.Total())
	require.Empty(t, heavy.Form(p))
	heavy.Transfers[0].Amount = 100
	require.Equal(t, []string{"0 合計金額 bank_file_total_too_large"}, found(heavy.Form(p)))
	for i := range heavy.Transfers {
		heavy.Transfers[i].Amount = 1<<63 - 1
	}
	require.NotContains(t, found(heavy.Form(p)), "0 合計金額 bank_file_total_too_large", "amounts that are none are not added up")

	p.TransferClass = "x"
	require.Contains(t, found(transferFile().Form(p)), "0 bank_profile_invalid")
}

func TestAFileIsRefusedForWhatBlocksIt(t *testing.T) {
	t.Parallel()
	require.NoError(t, bank.Refuse(nil))
	warned := transferFile(func(t *bank.CreditTransfer) { t.Payee.Number = "0076543" }).Form(bank.DefaultProfile())
	require.NotEmpty(t, warned)
	require.NoError(t, bank.Refuse(warned))

	blocked := transferFile(func(t *bank.CreditTransfer) { t.Payee.Number, t.Reference = "0076543", "漢" }).Form(bank.DefaultProfile())
	require.Len(t, blocked, 2)
	err := bank.Refuse(blocked)
	require.ErrorIs(t, err, bank.ErrFileRefused)
	var refused *bank.RefusedError
	require.True(t, errors.As(err, &refused))
	require.Equal(t, []string{"3 EDI情報 bank_kana_kanji"}, found(refused.Violations))
	require.Equal(t, "bank_file_refused: bank_kana_kanji", err.Error())
	refusal, _ := fault.Of(err)
	require.Equal(t, int64(1), refusal.Figures["violations"])
}
