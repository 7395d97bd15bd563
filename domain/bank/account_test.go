package bank_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
)

func account() bank.Account {
	return bank.Account{Bank: "9999", Branch: "002", Type: bank.Ordinary, Number: "7654321", Holder: "ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ"}
}

func TestAnAccountsNumberIsShownNowhere(t *testing.T) {
	t.Parallel()
	a := account()
	holders := []any{
		a, &a,
		[]bank.Account{a},
		map[string]bank.Account{"payee": a},
		map[bank.Account]int{a: 1},
		struct{ Payee bank.Account }{a},
		bank.CreditTransfer{Payee: a},
		bank.TransferFile{Originator: bank.Originator{Account: a}, Transfers: []bank.CreditTransfer{{Payee: a}}},
		fmt.Errorf("pay %v: %s", a, a),
	}
	for _, held := range holders {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t", "%o", "%U", "%08v", "%-40s", "%!"} {
			require.NotContains(t, fmt.Sprintf(verb, held), "7654321", "%s of %T", verb, held)
		}
		marshalled, err := json.Marshal(held)
		require.NoError(t, err)
		requireHidden(t, string(marshalled))

		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewJSONHandler(&log, nil), slog.NewTextHandler(&log, nil)} {
			slog.New(handler).With("held", held).Info("paid", "account", held, slog.Group("deep", "account", held))
		}
		require.NotContains(t, log.String(), "7654321", "%T", held)
	}
	marked, err := xml.Marshal(bank.CreditTransfer{Payee: a})
	require.NoError(t, err)
	requireHidden(t, string(marked))
	require.Equal(t, "9999-002 普通 ****321", fmt.Sprint(a))
	require.Equal(t, fmt.Sprint(a), a.String())
	require.Equal(t, fmt.Sprint(a), a.GoString())
	require.Equal(t, fmt.Sprint(a), a.LogValue().String())
}

func requireHidden(t *testing.T, text string) {
	t.Helper()
	require.NotContains(t, text, "7654321")
	require.NotContains(t, text, "ｻｲｼﾞﾖｳ")
}

func TestWhatIsNoNumberIsMaskedWhole(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"", "1", "123", "654321", "76543210", "765432x", "７６５４３２１"} {
		require.Equal(t, "*******", bank.MaskNumber(number), number)
	}
	require.Equal(t, "****321", bank.MaskNumber("7654321"))
}

func TestAMaskedAccountIsNotReadBack(t *testing.T) {
	t.Parallel()
	masked, err := json.Marshal(account())
	require.NoError(t, err)
	var back bank.Account
	require.Error(t, json.Unmarshal(masked, &back))
}

func TestAnAccountNamesEveryFieldAtFault(t *testing.T) {
	t.Parallel()
	require.NoError(t, account().Valid(bank.DefaultProfile()))
	for name, c := range map[string]struct {
		change func(*bank.Account)
		fields []fault.Field
	}{
		"three digits of a bank": {func(a *bank.Account) { a.Bank = "999" }, []fault.Field{{Path: "bank", Code: "bank_code_malformed"}}},
		"full-width digits":      {func(a *bank.Account) { a.Bank = "９９９９" }, []fault.Field{{Path: "bank", Code: "bank_code_malformed"}}},
		"a letter in a branch":   {func(a *bank.Account) { a.Branch = "00A" }, []fault.Field{{Path: "branch", Code: "bank_branch_code_malformed"}}},
		"an unknown type":        {func(a *bank.Account) { a.Type = 3 }, []fault.Field{{Path: "type", Code: "bank_account_type_invalid"}}},
		"six digits":             {func(a *bank.Account) { a.Number = "654321" }, []fault.Field{{Path: "number", Code: "bank_account_number_malformed"}}},
		"eight digits":           {func(a *bank.Account) { a.Number = "87654321" }, []fault.Field{{Path: "number", Code: "bank_account_number_malformed"}}},
		"nothing but zeros":      {func(a *bank.Account) { a.Number = "0000000" }, []fault.Field{{Path: "number", Code: "bank_account_number_malformed"}}},
		"a sign":                 {func(a *bank.Account) { a.Number = "-654321" }, []fault.Field{{Path: "number", Code: "bank_account_number_malformed"}}},
		"no holder":              {func(a *bank.Account) { a.Holder = "" }, []fault.Field{{Path: "holder", Code: "bank_kana_empty"}}},
		"a kanji in the holder":  {func(a *bank.Account) { a.Holder = "ﾆｼ西" }, []fault.Field{{Path: "holder", Code: "bank_kana_kanji"}}},
		"31 bytes of holder": {func(a *bank.Account) {
			a.Holder = "ｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｶﾞｱ"
		}, []fault.Field{{Path: "holder", Code: "bank_kana_too_long"}}},
		"everything at once": {func(a *bank.Account) { *a = bank.Account{Holder: "ｬﾞ"} }, []fault.Field{
			{Path: "bank", Code: "bank_code_malformed"},
			{Path: "branch", Code: "bank_branch_code_malformed"},
			{Path: "type", Code: "bank_account_type_invalid"},
			{Path: "number", Code: "bank_account_number_malformed"},
			{Path: "holder", Code: "bank_kana_small"},
			{Path: "holder", Code: "bank_kana_mark"},
		}},
	} {
		a := account()
		c.change(&a)
		err := a.Valid(bank.DefaultProfile())
		require.ErrorIs(t, err, bank.ErrAccount, name)
		refusal, _ := fault.Of(err)
		for i := range refusal.Fields {
			require.NotEmpty(t, refusal.Fields[i].Message)
			refusal.Fields[i].Message = ""
		}
		require.Equal(t, c.fields, refusal.Fields, name)
	}
	require.Empty(t, bank.ErrAccount.Fields, "the template stays as it is")
}

func TestWhatPeopleTypeIsReadAsCodesAndNumbers(t *testing.T) {
	t.Parallel()
	code, err := bank.ParseCode(" ０１７4 ")
	require.NoError(t, err)
	require.Equal(t, bank.Code("0174"), code)
	branch, err := bank.ParseBranch("２５５")
	require.NoError(t, err)
	require.Equal(t, bank.BranchCode("255"), branch)
	number, err := bank.ParseNumber("　００７６５４３")
	require.NoError(t, err)
	require.Equal(t, "0076543", number)
	for text, want := range map[string]bank.AccountType{
		"普通": bank.Ordinary, "普通預金": bank.Ordinary, "1": bank.Ordinary, "１": bank.Ordinary, " 当座 ": bank.Current,
		"貯蓄預金": bank.Savings, "4": bank.Savings, "その他": bank.Other, "9": bank.Other,
	} {
		got, err := bank.ParseType(text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for _, bad := range []string{"", "174", "01740", "O174", "0 74", "01\xff4", "0174\x00"} {
		_, err := bank.ParseCode(bad)
		require.ErrorIs(t, err, bank.ErrBankCode, "%q", bad)
	}
	for _, bad := range []string{"", "25", "2555", "２５"} {
		_, err := bank.ParseBranch(bad)
		require.ErrorIs(t, err, bank.ErrBranchCode, "%q", bad)
	}
	for _, bad := range []string{"", "654321", "76543210", "0000000", "765-4321", "７６５４３２"} {
		_, err := bank.ParseNumber(bad)
		require.ErrorIs(t, err, bank.ErrAccountNumber, "%q", bad)
	}
	for _, bad := range []string{"", "預金", "定期", "3", "0", "不明", "10"} {
		_, err := bank.ParseType(bad)
		require.ErrorIs(t, err, bank.ErrAccountType, "%q", bad)
	}
}

func TestSavingsReceiveAndDoNotPay(t *testing.T) {
	t.Parallel()
	for kind := range bank.AccountType(12) {
		receives := kind == 1 || kind == 2 || kind == 4 || kind == 9
		require.Equal(t, receives, kind.CanReceive(), "%d", kind)
		require.Equal(t, receives && kind != 4, kind.CanPay(), "%d", kind)
		require.Equal(t, receives, kind.String() != "不明")
	}
}
