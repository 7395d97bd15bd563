package settling

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
)

// Accounting is the format in which the city's own accounting takes transfers (財務会計システム), for a city that pays
// through it instead of handing files to its bank: CSV in UTF-8 with a header, one line for each transfer.
type Accounting struct{}

var _ settlement.Format = Accounting{}

// accountingColumns are the names of the columns, in their order.
var accountingColumns = []string{
	"番号", "振込指定日", "金融機関コード", "金融機関名", "支店コード", "支店名", "預金種目", "口座番号", "口座名義", "振込金額", "新規コード", "参照番号",
}

const byteOrderMark = "\ufeff"

// The refusals of files in this format. They are met as violations.
var (
	errAccountingHeader = fault.Define(fault.Invalid, "accounting_header_malformed", "1行目の見出しが会計用CSVのものではありません。")
	errAccountingLine   = fault.Define(fault.Invalid, "accounting_line_malformed", "行を読み取れません。列の数、引用符、文字コードを確認してください。")
	errAccountingDay    = fault.Define(fault.Invalid, "accounting_day_differs", "振込指定日が読み取れないか、ほかの行と違います。")
	errAccountingNo     = fault.Define(fault.Invalid, "accounting_number_wrong", "番号が1からの連番になっていません。")
)

// Name is settlement.Format's.
func (Accounting) Name() string { return settlement.FormatCSV }

// Extension is settlement.Format's.
func (Accounting) Extension() string { return "csv" }

// Write is settlement.Format's.
func (Accounting) Write(file bank.TransferFile, profile bank.Profile, _ time.Time) ([]byte, error) {
	if err := bank.Refuse(transfersOnly(file.Form(profile))); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.WriteString(byteOrderMark)
	to := csv.NewWriter(&b)
	to.UseCRLF = true
	rows := make([][]string, 0, len(file.Transfers)+1)
	rows = append(rows, accountingColumns)
	for i, t := range file.Transfers {
		rows = append(rows, []string{
			strconv.Itoa(i + 1), file.Date.String(), string(t.Payee.Bank), string(t.BankName), string(t.Payee.Branch), string(t.BranchName),
			strconv.Itoa(int(t.Payee.Type)), t.Payee.Number, inert(string(t.Payee.Holder)), decimal(t.Amount), strconv.Itoa(int(t.New)), inert(string(t.Reference)),
		})
	}
	if err := to.WriteAll(rows); err != nil {
		return nil, fmt.Errorf("write %d lines: %w", len(rows), err)
	}
	return b.Bytes(), nil
}

// inert keeps a spreadsheet from computing a name that begins with a hyphen; live takes that back.
func inert(cell string) string {
	if strings.HasPrefix(cell, "-") {
		return "'" + cell
	}
	return cell
}

func live(cell string) string {
	if rest, quoted := strings.CutPrefix(cell, "'"); quoted && strings.HasPrefix(rest, "-") {
		return rest
	}
	return cell
}

// transfersOnly leaves out what is said of the originator, whom this format does not name.
func transfersOnly(found []bank.Violation) []bank.Violation {
	var kept []bank.Violation
	for _, v := range found {
		if v.Record != 1 {
			kept = append(kept, v)
		}
	}
	return kept
}

// Read is settlement.Format's. Records count as lines: the header is the first.
func (Accounting) Read(content []byte, profile bank.Profile, _ calendar.Day) (bank.TransferFile, []bank.Violation) {
	r := accountingReading{}
	if !utf8.Valid(content) {
		r.note(0, "", errAccountingLine)
		return r.file, r.found
	}
	from := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(content, []byte(byteOrderMark))))
	from.FieldsPerRecord = -1
	rows, err := from.ReadAll()
	if err != nil {
		r.note(0, "", errAccountingLine)
		return r.file, r.found
	}
	if len(rows) == 0 || strings.Join(rows[0], ",") != strings.Join(accountingColumns, ",") {
		r.note(1, "", errAccountingHeader)
		return r.file, r.found
	}
	for i, row := range rows[1:] {
		r.line(i+2, row)
	}
	r.found = merge(r.found, transfersOnly(r.file.Form(profile)))
	return r.file, r.found
}

// accountingReading is a file as far as it was read.
type accountingReading struct {
	file  bank.TransferFile
	found []bank.Violation
}

func (r *accountingReading) note(record int, field string, f *fault.Fault) {
	r.found = append(r.found, bank.Violation{Severity: bank.Blocking, Record: record, Byte: -1, Field: field, Code: string(f.Code), Message: f.Message})
}

func (r *accountingReading) line(record int, row []string) {
	if len(row) != len(accountingColumns) {
		r.note(record, "", errAccountingLine)
		r.file.Transfers = append(r.file.Transfers, bank.CreditTransfer{})
		return
	}
	if row[0] != strconv.Itoa(record-1) {
		r.note(record, accountingColumns[0], errAccountingNo)
	}
	day, err := calendar.ParseDay(row[1])
	if r.file.Date == 0 {
		r.file.Date = day
	}
	if err != nil || day != r.file.Date {
		r.note(record, bank.FieldDate, errAccountingDay)
	}
	r.file.Transfers = append(r.file.Transfers, bank.CreditTransfer{
		Payee: bank.Account{
			Bank: bank.Code(row[2]), Branch: bank.BranchCode(row[4]), Type: bank.AccountType(digitOf(row[6])), Number: row[7],
			Holder: bank.Kana(live(row[8])),
		},
		BankName: bank.Kana(row[3]), BranchName: bank.Kana(row[5]), Amount: amountOf(row[9]),
		New: bank.NewCode(digitOf(row[10])), Reference: bank.Kana(live(row[11])),
	})
}

// digitOf gives a digit, or what no code has.
func digitOf(text string) uint8 {
	if len(text) != 1 || text[0] < '0' || text[0] > '9' {
		return 0xff
	}
	return text[0] - '0'
}

// amountOf gives an amount as it is written here, or one that is none.
func amountOf(text string) money.Yen {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(n, 10) != text {
		return -1
	}
	return money.Yen(n)
}
