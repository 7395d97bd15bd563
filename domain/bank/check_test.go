package bank_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

// today is a Thursday, the day before it a holiday (昭和の日).
var today = thursday - 7

// bankOpen closes on week-ends and on 29 April.
func bankOpen(day calendar.Day) bool {
	weekday := (int(day) + 4) % 7
	return weekday != 0 && weekday != 6 && day != calendar.On(2026, 4, 29)
}

func smallMaster(t *testing.T) *bank.Master {
	t.Helper()
	listing := func(code bank.Code, name string, kana bank.Kana, branch bank.BranchCode, branchName string, branchKana bank.Kana) bank.Listing {
		return bank.Listing{Bank: bank.Bank{Code: code, Name: name, Kana: kana}, Branch: bank.Branch{Code: branch, Name: branchName, Kana: branchKana}}
	}
	master, err := bank.NewMaster(today, "試験用", []bank.Listing{
		listing("9999", "試験", "ﾃｽﾄ", "001", "本店", "ﾎﾝﾃﾝ"),
		listing("9999", "試験", "ﾃｽﾄ", "002", "西", "ﾆｼ"),
	})
	require.NoError(t, err)
	return master
}

func TestAFileWithNothingWrongCanBeSent(t *testing.T) {
	t.Parallel()
	require.Empty(t, bank.Check(transferFile(), bank.DefaultProfile(), smallMaster(t), bankOpen, today))
}

func TestBanksAndBranchesMustBeInTheMaster(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*bank.CreditTransfer)
		want   []string
	}{
		"an unknown bank":       {func(t *bank.CreditTransfer) { t.Payee.Bank = "9998" }, []string{"3 被仕向銀行番号 bank_unknown"}},
		"an unknown branch":     {func(t *bank.CreditTransfer) { t.Payee.Branch = "003" }, []string{"3 被仕向支店番号 bank_branch_unknown"}},
		"another bank's name":   {func(t *bank.CreditTransfer) { t.BankName = "ﾖｿ" }, []string{"3 被仕向銀行名 bank_name_differs (warning)"}},
		"another branch's name": {func(t *bank.CreditTransfer) { t.BranchName = "ﾋｶﾞｼ" }, []string{"3 被仕向支店名 bank_name_differs (warning)"}},
		"no names":              {func(t *bank.CreditTransfer) { t.BankName, t.BranchName = "", "" }, nil},
		"a code that is none":   {func(t *bank.CreditTransfer) { t.Payee.Bank, t.Payee.Branch = "", "" }, []string{"3 被仕向銀行番号 bank_code_malformed", "3 被仕向支店番号 bank_branch_code_malformed"}},
		"a branch that is none": {func(t *bank.CreditTransfer) { t.Payee.Branch = "02" }, []string{"3 被仕向支店番号 bank_branch_code_malformed"}},
	} {
		require.Equal(t, c.want, found(bank.Check(transferFile(c.change), bank.DefaultProfile(), smallMaster(t), bankOpen, today)), name)
	}
	file := transferFile()
	file.Originator.Account.Branch = "009"
	file.Originator.BankName = "ﾖｿ"
	require.Equal(t, []string{"1 仕向銀行名 bank_name_differs (warning)", "1 仕向支店番号 bank_branch_unknown"},
		found(bank.Check(file, bank.DefaultProfile(), smallMaster(t), bankOpen, today)))

	unnamed := bank.DefaultProfile()
	unnamed.BankNames = false
	other := transferFile(func(t *bank.CreditTransfer) { t.BankName = "ﾖｿ" })
	require.Empty(t, bank.Check(other, unnamed, smallMaster(t), bankOpen, today))
}

func TestAnOldMasterIsWarnedOfAndAMissingOneBlocks(t *testing.T) {
	t.Parallel()
	late := smallMaster(t)
	late.AsOf = today - 61
	require.Equal(t, []string{"0 bank_master_old (warning)"}, found(bank.Check(transferFile(), bank.DefaultProfile(), late, bankOpen, today)))
	late.AsOf = today - 60
	require.Empty(t, bank.Check(transferFile(), bank.DefaultProfile(), late, bankOpen, today))
	require.Equal(t, []string{"0 bank_master_missing"}, found(bank.Check(transferFile(), bank.DefaultProfile(), nil, bankOpen, today)))
}

func TestTheTransferDayIsABusinessDayWithinBounds(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		day  calendar.Day
		want []string
	}{
		"tomorrow":                   {today + 1, nil},
		"a month ahead":              {calendar.On(2026, 5, 22), nil},
		"a holiday":                  {calendar.On(2026, 4, 29), []string{"1 振込指定日 bank_transfer_day_closed"}},
		"a Saturday":                 {calendar.On(2026, 5, 2), []string{"1 振込指定日 bank_transfer_day_closed"}},
		"yesterday":                  {today - 1, []string{"1 振込指定日 bank_transfer_day_past"}},
		"today":                      {today, []string{"1 振込指定日 bank_transfer_day_too_near"}},
		"more than a month ahead":    {calendar.On(2026, 5, 25), []string{"1 振込指定日 bank_transfer_day_too_far"}},
		"a Sunday of the far future": {calendar.On(9999, 1, 3), []string{"1 振込指定日 bank_transfer_day_too_far", "1 振込指定日 bank_transfer_day_closed"}},
		"no day":                     {0, []string{"1 振込指定日 bank_transfer_day_past"}},
	} {
		file := transferFile()
		file.Date = c.day
		require.Equal(t, c.want, found(bank.Check(file, bank.DefaultProfile(), smallMaster(t), bankOpen, today)), name)
	}
}

func TestTheEarliestDayIsOpenAndFarEnough(t *testing.T) {
	t.Parallel()
	p := bank.DefaultProfile()
	for least, want := range map[int]calendar.Day{
		0: today, 1: today + 1, 2: today + 4, 3: today + 5, 4: today + 7, // a week-end and a holiday are between
	} {
		p.BusinessDaysMin = least
		day, ok := p.Earliest(bankOpen, today)
		require.True(t, ok)
		require.Equal(t, want.String(), day.String())
		file := transferFile()
		file.Date = day
		require.Empty(t, bank.Check(file, p, smallMaster(t), bankOpen, today))
		if least > 0 {
			file.Date = day - 1
			require.NotEmpty(t, bank.Check(file, p, smallMaster(t), bankOpen, today))
		}
	}
	p.BusinessDaysMin, p.DaysAheadMax = 5, 3
	_, ok := p.Earliest(bankOpen, today)
	require.False(t, ok)
	_, ok = p.Earliest(func(calendar.Day) bool { return false }, today)
	require.False(t, ok)
}

func TestEverythingWrongIsListedByRecord(t *testing.T) {
	t.Parallel()
	file := transferFile(func(t *bank.CreditTransfer) { t.Payee.Branch, t.Amount = "003", 0 })
	file.Date = calendar.On(2026, 5, 3)
	file.Transfers[0].Payee.Holder = "ﾆｼ西"
	file.Originator.Name = ""
	require.Equal(t, []string{
		"0 bank_master_old (warning)",
		"1 振込依頼人名 bank_kana_empty",
		"1 振込指定日 bank_transfer_day_closed",
		"2 受取人名 bank_kana_kanji",
		"3 振込金額 bank_transfer_amount_out_of_range",
		"3 被仕向支店番号 bank_branch_unknown",
	}, found(func() []bank.Violation {
		master := smallMaster(t)
		master.AsOf = today - 100
		return bank.Check(file, bank.DefaultProfile(), master, bankOpen, today)
	}()))
}
