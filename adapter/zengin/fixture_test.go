package zengin_test

import (
	_ "embed"
	"fmt"
	"strings"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
)

//go:embed testdata/zengin_sample.txt
var sample []byte

const sampleSHA256 = "3ffbbae3ed9a2b8e256751cfb0d7870bff2ab44adb3c12ae671e94110adf7ab0"

var near = calendar.On(2026, 4, 20)

// sampleFile has the figures of the sample.
func sampleFile() bank.TransferFile {
	return bank.TransferFile{
		Originator: bank.Originator{
			Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", BankName: "ﾃｽﾄ", BranchName: "ﾎﾝﾃﾝ",
			Account: bank.Account{Bank: "9999", Branch: "001", Type: bank.Ordinary, Number: "1234567"},
		},
		Date: calendar.On(2026, 4, 30),
		Transfers: []bank.CreditTransfer{{
			Payee:    bank.Account{Bank: "9999", Branch: "002", Type: bank.Ordinary, Number: "0076543", Holder: "ｶ)ｻｲｼﾞﾖｳｼﾖｳﾃﾝ"},
			BankName: "ﾃｽﾄ", BranchName: "ﾆｼ", Amount: 128_450, New: bank.Known, Reference: "LSP202604 S000123",
		}},
	}
}

// manyTransfers is a file of n payees, no two alike.
func manyTransfers(n int) bank.TransferFile {
	file := sampleFile()
	first := file.Transfers[0]
	file.Transfers = make([]bank.CreditTransfer, n)
	for i := range file.Transfers {
		t := first
		t.Payee.Number = fmt.Sprintf("%07d", i+1)
		t.Reference = bank.Kana(fmt.Sprintf("LSP202604 S%06d", i+1))
		file.Transfers[i] = t
	}
	return file
}

// profiles are the ways in which banks were seen to differ.
func profiles() map[string]bank.Profile {
	plain, bare, lax := bank.DefaultProfile(), bank.DefaultProfile(), bank.DefaultProfile()
	plain.CRLF = false
	bare.EDI, bare.BankNames, bare.ClearingBlank, bare.TransferClass = false, false, true, " "
	lax.Wo, lax.NameSymbols, lax.ReferenceSymbol, lax.TransferClass = true, `()-.\,/｢｣`, `()-`, "8"
	return map[string]bank.Profile{"strict": bank.DefaultProfile(), "without line ends": plain, "bare": bare, "lax": lax}
}

// told shortens violations to what tests compare: record, byte, code.
func told(violations []bank.Violation) []string {
	var lines []string
	for _, v := range violations {
		line := fmt.Sprintf("%d:%d %s", v.Record, v.Byte, v.Code)
		if !v.IsBlocking() {
			line += " (warning)"
		}
		lines = append(lines, line)
	}
	return lines
}

// records gives the sample's records without line ends.
func records() []string { return strings.Split(strings.TrimSuffix(string(sample), "\r\n"), "\r\n") }
