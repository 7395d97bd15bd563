package zengin

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
)

// values reads the fields of the record at hand: digits of numbers, texts without the blanks behind them. A field that
// is not whole, or has no digits where it must, is missing.
func (r *reader) values(l layout) map[string]string {
	values := make(map[string]string, len(l))
	for _, p := range l {
		if p.at+p.length > len(r.record) {
			r.unread(p.field)
			continue
		}
		raw := p.of(r.record)
		switch p.filling {
		case blank:
			if rest := bytes.TrimLeft(raw, " "); len(rest) > 0 {
				r.note(bank.Blocking, p.at+len(raw)-len(rest), p.field, errFiller)
			}
		case fixed:
			values[p.field] = string(raw)
		case number:
			if at := bytes.IndexFunc(raw, func(c rune) bool { return c < '0' || c > '9' }); at >= 0 {
				r.note(bank.Blocking, p.at+at, p.field, errDigits)
				r.unread(p.field)
				continue
			}
			values[p.field] = string(raw)
		case text:
			values[p.field] = string(r.text(p, bytes.TrimRight(raw, " ")))
		}
	}
	return values
}

// text reads a text and notes each byte that cannot stand there. A byte without a character is left out.
func (r *reader) text(p part, raw []byte) bank.Kana {
	if len(raw) > 0 && raw[0] == ' ' {
		r.block(p, bank.ErrKanaSpace)
	}
	var kana strings.Builder
	before := rune(0)
	for i, code := range raw {
		character, known := bank.Character(code)
		f := bank.ErrKanaKanji
		if known {
			f = r.profile.Judge(p.class, before, character)
			kana.WriteRune(character)
		} else {
			r.unread(p.field)
		}
		if f != nil {
			r.note(bank.Blocking, p.at+i, p.field, f)
		}
		before = character
	}
	return bank.Kana(kana.String())
}

func (r *reader) header() {
	v := r.values(header)
	r.must(v, header.part(fieldBusiness), errBusiness, business)
	r.must(v, header.part(fieldCodeSet), errCodeSet, codeSet)
	if r.headerAt > 0 {
		return
	}
	r.headerAt = r.at
	r.file.Originator = bank.Originator{
		Code: v[bank.FieldOriginatorCode], Name: bank.Kana(v[bank.FieldOriginatorName]),
		BankName: bank.Kana(v[bank.FieldOriginatorBankName]), BranchName: bank.Kana(v[bank.FieldOriginatorBranchName]),
		Account: bank.Account{
			Bank: bank.Code(v[bank.FieldOriginatorBank]), Branch: bank.BranchCode(v[bank.FieldOriginatorBranch]),
			Type: bank.AccountType(digit(v[bank.FieldOriginatorType])), Number: v[bank.FieldOriginatorNumber],
		},
	}
	r.names(v, header, bank.FieldOriginatorBankName, bank.FieldOriginatorBranchName)
	if monthDay, read := v[bank.FieldDate]; read {
		day, found := nearest(monthDay, r.near)
		if !found {
			r.block(header.part(bank.FieldDate), bank.ErrTransferDay)
		}
		r.file.Date = day
	}
}

func (r *reader) transfer() {
	l := data
	hasEDI := len(r.record) > ediAt && r.record[ediAt] == withEDI[0]
	if hasEDI {
		l = dataWithEDI
	}
	v := r.values(l)
	r.must(v, l.part(fieldEDI), errEDI, withEDI, withoutEDI)
	r.must(v, l.part(bank.FieldTransferClass), errClass, "7", "8", "0", " ")
	r.should(v, l.part(bank.FieldTransferClass), errClassDiffers, r.profile.TransferClass)
	if r.profile.ClearingBlank {
		r.should(v, l.part(fieldClearing), errClearing, noClearing)
	} else {
		r.should(v, l.part(fieldClearing), errClearing, clearing)
	}
	r.names(v, l, bank.FieldBankName, bank.FieldBranchName)

	amount, read := v[bank.FieldAmount]
	r.amountsRead = r.amountsRead && read
	yen, _ := strconv.ParseInt(amount, 10, 64) // ten digits, or none
	r.transfersAt = append(r.transfersAt, r.at)
	r.file.Transfers = append(r.file.Transfers, bank.CreditTransfer{
		Payee: bank.Account{
			Bank: bank.Code(v[bank.FieldBank]), Branch: bank.BranchCode(v[bank.FieldBranch]),
			Type: bank.AccountType(digit(v[bank.FieldType])), Number: v[bank.FieldNumber], Holder: bank.Kana(v[bank.FieldHolder]),
		},
		BankName: bank.Kana(v[bank.FieldBankName]), BranchName: bank.Kana(v[bank.FieldBranchName]),
		Amount: money.Yen(yen), New: bank.NewCode(digit(v[bank.FieldNew])), Reference: r.reference(v, l, hasEDI),
	})
}

// reference reads the EDI field, or the customer codes as one number. It warns where they are not used as Write would:
// the bank takes no EDI information, or takes it and has codes instead, or an empty one is marked Y.
func (r *reader) reference(v map[string]string, l layout, hasEDI bool) bank.Kana {
	reference, read := v[bank.FieldReference]
	if !hasEDI {
		reference = strings.TrimLeft(reference, "0")
	}
	if used := reference != ""; read && hasEDI != (used && r.profile.EDI) {
		r.warn(l.part(bank.FieldReference), errEDIDiffers)
	}
	return bank.Kana(reference)
}

// names warns of names that the profile leaves blank.
func (r *reader) names(v map[string]string, l layout, fields ...string) {
	for _, field := range fields {
		if !r.profile.BankNames && v[field] != "" {
			r.warn(l.part(field), errNamesUnwanted)
		}
	}
}

// must blocks a field that was read and is none of its values; should warns of it, unless it is blocked already.
func (r *reader) must(v map[string]string, p part, f *fault.Fault, values ...string) {
	if value, read := v[p.field]; read && !slices.Contains(values, value) {
		r.block(p, f)
		r.unread(p.field)
	}
}

func (r *reader) should(v map[string]string, p part, f *fault.Fault, values ...string) {
	if value, read := v[p.field]; read && !slices.Contains(values, value) && !r.known[place{record: r.at, field: p.field}] {
		r.warn(p, f)
	}
}

// digit reads a single digit; a field that could not be read is 0, which its Form reports unless it is known.
func digit(text string) uint8 {
	if len(text) != 1 {
		return 0
	}
	return text[0] - '0'
}

// nearest gives the day with month and day as MMDD that is nearest to near. It reports false for 0230 and the like, and
// for 29 February where no leap year is next to near.
func nearest(monthDay string, near calendar.Day) (calendar.Day, bool) {
	year := near.Start().Year()
	best, found := calendar.Day(0), false
	for _, y := range []int{year - 1, year, year + 1} {
		day, err := calendar.ParseDay(strconv.Itoa(y) + "-" + monthDay[:2] + "-" + monthDay[2:])
		if err == nil && (!found || distance(day, near) < distance(best, near)) {
			best, found = day, true
		}
	}
	return best, found
}

func distance(a, b calendar.Day) calendar.Day { return max(a-b, b-a) }
