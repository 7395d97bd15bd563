package zedi

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
)

// The refusals of messages. They are met as violations.
var (
	errMessage  = fault.Define(fault.Invalid, "zedi_message_malformed", "ZEDI形式(pain.001.001.03)のXMLとして読み取れません。")
	errCount    = fault.Define(fault.Invalid, "zedi_count_differs", "合計件数が明細の件数と違います。")
	errSum      = fault.Define(fault.Invalid, "zedi_sum_differs", "合計金額が明細の合計と違います。")
	errDay      = fault.Define(fault.Invalid, "zedi_day_malformed", "振込指定日を読み取れません。")
	errCurrency = fault.Define(fault.Invalid, "zedi_currency_other", "円以外の通貨は使えません。")
)

// Read reads any bytes as a message, and lists every violation: what cannot be read at all, counts and sums, and of the
// file's Form. A header before the message is passed over. Record 1 is the originator, 2 the first credit transfer.
func Read(content []byte, p bank.Profile) (bank.TransferFile, []bank.Violation) {
	r := reading{}
	message, err := find(content)
	if err != nil {
		r.note(0, "", errMessage)
		return r.file, r.found
	}
	r.payment(message.Initiation.Payment)
	r.found = append(r.found, r.file.Form(p)...)
	return r.file, r.found
}

// errNoMessage tells that there is XML, and no message in it.
var errNoMessage = errors.New("no message")

// find gives the message among the roots of a file.
func find(content []byte) (document, error) {
	from := xml.NewDecoder(bytes.NewReader(content))
	for {
		token, err := from.Token()
		switch {
		case errors.Is(err, io.EOF):
			return document{}, errNoMessage
		case err != nil:
			return document{}, fmt.Errorf("read message: %w", err)
		}
		root, begins := token.(xml.StartElement)
		switch {
		case !begins:
		case root.Name.Local == "Document":
			var message document
			if err := from.DecodeElement(&message, &root); err != nil {
				return document{}, fmt.Errorf("read message: %w", err)
			}
			return message, nil
		default:
			if err := from.Skip(); err != nil {
				return document{}, fmt.Errorf("pass over header: %w", err)
			}
		}
	}
}

// reading is a message as far as it was read.
type reading struct {
	file  bank.TransferFile
	found []bank.Violation
}

func (r *reading) note(record int, field string, f *fault.Fault) {
	r.found = append(r.found, bank.Violation{Severity: bank.Blocking, Record: record, Byte: -1, Field: field, Code: string(f.Code), Message: f.Message})
}

func (r *reading) payment(p payment) {
	r.file.Originator = bank.Originator{
		Code: firstID(p.Debtor), Name: bank.Kana(p.UltimateDebtor.Name), Account: payeeOf(p.DebtorAccount, p.DebtorAgent, ""),
		BankName: bank.Kana(p.DebtorAgent.Institution.Name), BranchName: bank.Kana(p.DebtorAgent.Branch.Name),
	}
	var err error
	if r.file.Date, err = calendar.ParseDay(p.Date); err != nil {
		r.note(1, bank.FieldDate, errDay)
	}
	for i, t := range p.CreditTransfers {
		if t.Amount.Instructed.Currency != yen {
			r.note(i+2, bank.FieldAmount, errCurrency)
		}
		transfer := bank.CreditTransfer{
			Payee: payeeOf(t.CreditorAccount, t.CreditorAgent, t.Creditor.Name), BankName: bank.Kana(t.CreditorAgent.Institution.Name),
			BranchName: bank.Kana(t.CreditorAgent.Branch.Name), Amount: money.Yen(t.Amount.Instructed.Yen), New: bank.NewCode(digit(t.Purpose.Value)),
		}
		if t.ID.EndToEnd != unreferenced {
			transfer.Reference = bank.Kana(t.ID.EndToEnd)
		}
		r.file.Transfers = append(r.file.Transfers, transfer)
	}
	if p.Transfers != len(r.file.Transfers) {
		r.note(0, bank.FieldCount, errCount)
	}
	if money.Yen(p.Sum) != r.file.Total() {
		r.note(0, bank.FieldTotal, errSum)
	}
}

func firstID(p party) string {
	if p.ID == nil || len(p.ID.Others) == 0 {
		return ""
	}
	return p.ID.Others[0].ID
}

func payeeOf(a account, of agent, holder string) bank.Account {
	return bank.Account{
		Bank: bank.Code(of.Institution.Member), Branch: bank.BranchCode(of.Branch.ID), Type: bank.AccountType(digit(a.Type.Value)),
		Number: a.ID, Holder: bank.Kana(holder),
	}
}

// digit gives a code of one digit, or what no code is.
func digit(text string) uint8 {
	n, err := strconv.ParseUint(text, 10, 8)
	if err != nil || len(text) != 1 {
		return 0xff
	}
	return uint8(n)
}
