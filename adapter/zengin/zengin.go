// Package zengin spells transfer files as banks read them: 全銀協規定形式, 総合振込 (種別コード 21), clause 8.3エ.
//
// A file is one header, its data records, a trailer and an end, each of exactly 120 bytes in JIS X 0201. Where they stand
// is in layout.go, once, for writing, reading and showing.
//
// Write refuses what does not fit and never mangles it. Read takes any bytes whatever and lists every violation with
// its record and byte: that is how a file from elsewhere, or one of our own before it is sent, is validated. A file in
// which Read finds nothing is written again byte for byte. Show prepares a file for people's eyes, its account
// numbers masked.
//
// The bank's wishes come as a bank.Profile. A date has no year in this format, so Read asks for a day near it.
package zengin

import (
	"fmt"
	"strconv"

	"lovesaijo/domain/bank"
)

const (
	business   = "21" // 総合振込
	codeSet    = "0"  // JIS
	clearing   = "0000"
	noClearing = "    "
	withEDI    = "Y"
	withoutEDI = " "
	lineEnd    = "\r\n"
)

// Write spells the file as a bank with profile p reads it. It returns a bank.RefusedError with all that is wrong where
// the file has blocking violations of its Form.
func Write(file bank.TransferFile, p bank.Profile) ([]byte, error) {
	if err := bank.Refuse(file.Form(p)); err != nil {
		return nil, fmt.Errorf("zengin file for %s: %w", file.Date, err)
	}
	w := writer{profile: p, text: make([]byte, 0, (len(file.Transfers)+3)*(recordBytes+len(lineEnd)))}
	w.record(header, headerOf(file, p))
	for i := range file.Transfers {
		w.transfer(&file.Transfers[i])
	}
	w.record(trailer, map[string]string{
		fieldKind: kindTrailer, bank.FieldCount: strconv.Itoa(len(file.Transfers)), bank.FieldTotal: strconv.FormatInt(int64(file.Total()), 10),
	})
	w.record(end, map[string]string{fieldKind: kindEnd})
	if w.err != nil {
		return nil, fmt.Errorf("zengin file for %s: %w", file.Date, w.err)
	}
	return w.text, nil
}

func headerOf(file bank.TransferFile, p bank.Profile) map[string]string {
	o := file.Originator
	values := map[string]string{
		fieldKind: kindHeader, fieldBusiness: business, fieldCodeSet: codeSet,
		bank.FieldOriginatorCode:   o.Code,
		bank.FieldOriginatorName:   string(o.Name),
		bank.FieldDate:             file.Date.Start().Format("0102"),
		bank.FieldOriginatorBank:   string(o.Account.Bank),
		bank.FieldOriginatorBranch: string(o.Account.Branch),
		bank.FieldOriginatorType:   strconv.Itoa(int(o.Account.Type)),
		bank.FieldOriginatorNumber: o.Account.Number,
	}
	if p.BankNames {
		values[bank.FieldOriginatorBankName], values[bank.FieldOriginatorBranchName] = string(o.BankName), string(o.BranchName)
	}
	return values
}

// writer appends records. After an error it appends nothing that is ever given out.
type writer struct {
	profile bank.Profile
	text    []byte
	err     error
}

func (w *writer) record(l layout, values map[string]string) {
	if w.err != nil {
		return
	}
	w.text, w.err = l.spell(w.text, values)
	if w.profile.CRLF {
		w.text = append(w.text, lineEnd...)
	}
}

func (w *writer) transfer(t *bank.CreditTransfer) {
	values := map[string]string{
		fieldKind:               kindData,
		bank.FieldBank:          string(t.Payee.Bank),
		bank.FieldBranch:        string(t.Payee.Branch),
		fieldClearing:           clearing,
		bank.FieldType:          strconv.Itoa(int(t.Payee.Type)),
		bank.FieldNumber:        t.Payee.Number,
		bank.FieldHolder:        string(t.Payee.Holder),
		bank.FieldAmount:        strconv.FormatInt(int64(t.Amount), 10),
		bank.FieldNew:           strconv.Itoa(int(t.New)),
		bank.FieldReference:     string(t.Reference),
		bank.FieldTransferClass: w.profile.TransferClass,
		fieldEDI:                withoutEDI,
	}
	if w.profile.BankNames {
		values[bank.FieldBankName], values[bank.FieldBranchName] = string(t.BankName), string(t.BranchName)
	}
	if w.profile.ClearingBlank {
		values[fieldClearing] = noClearing
	}
	l := data
	if w.profile.EDI && t.Reference != "" {
		l, values[fieldEDI] = dataWithEDI, withEDI
	}
	w.record(l, values)
}
