package bank

import (
	"strings"
	"unicode/utf8"

	"lovesaijo/domain/fault"
)

// Profile is what the paying bank wants its files to be like. DefaultProfile is the strictest reading, which every
// bank takes; each field was seen to differ between banks (要銀行確認).
type Profile struct {
	Wo              bool   // ｦ is taken in names
	NameSymbols     string // taken in names of parties, beside letters, digits, kana and space
	ReferenceSymbol string // taken in the EDI field
	CRLF            bool   // each record ends in CR LF, the last one as well; else nothing stands between records
	ClearingBlank   bool   // 手形交換所番号 is left blank instead of 0000
	TransferClass   string // 振込指定区分: "7", "8", "0" or " "
	EDI             bool   // the reference goes into the EDI field, marked Y; else it is a number in the customer codes
	BankNames       bool   // names of banks and branches are filled in; else they are left blank
	RecordsMax      int    // of one file
	DaysAheadMax    int    // the transfer day is at most so many days from today
	BusinessDaysMin int    // and at least so many business days of the bank
}

// DefaultProfile is in force until the bank's wishes are known.
func DefaultProfile() Profile {
	return Profile{
		NameSymbols: "()-.", ReferenceSymbol: `\｢｣()-/.`, CRLF: true, TransferClass: "7", EDI: true, BankNames: true,
		RecordsMax: 9_999, DaysAheadMax: 31, BusinessDaysMin: 1,
	}
}

// Bounds that no profile can widen: what the fields of a file can hold, and what lets a day be told by month and day.
const (
	RecordsMax      = 999_999
	DaysAheadMax    = 180
	BusinessDaysMax = 30
)

// symbolsEver are the symbols that any bank was seen to take. A comma is never taken in the EDI field, where some
// banks' systems read it as a separator.
const symbolsEver = `()-.\｢｣/,`

// ErrProfile refuses a profile that no bank can mean.
var ErrProfile = fault.Define(fault.Invalid, "bank_profile_invalid", "銀行の設定に誤りがあります。")

// Valid refuses a profile that no bank can mean. Each field at fault is named.
func (p Profile) Valid() error {
	var wrong *fault.Fault
	report := func(path, message string) {
		if wrong == nil {
			wrong = ErrProfile.Saying(ErrProfile.Message)
		}
		wrong.Fields = append(wrong.Fields, fault.Field{Path: path, Code: ErrProfile.Code, Message: message})
	}
	if strings.Trim(p.NameSymbols, symbolsEver) != "" {
		report("nameSymbols", `使える記号は ( ) - . \ ｢ ｣ / , です。`)
	}
	if strings.Trim(p.ReferenceSymbol, symbolsEver) != "" || strings.Contains(p.ReferenceSymbol, ",") {
		report("referenceSymbols", `使える記号は ( ) - . \ ｢ ｣ / です。`)
	}
	if !isTransferClass(p.TransferClass) {
		report("transferClass", "振込指定区分は 7、8、0 または空白です。")
	}
	if p.RecordsMax < 1 || p.RecordsMax > RecordsMax {
		report("recordsMax", "1ファイルの件数の上限は1から999,999です。")
	}
	if p.DaysAheadMax < 1 || p.DaysAheadMax > DaysAheadMax {
		report("daysAheadMax", "振込指定日の上限は1日後から180日後です。")
	}
	if p.BusinessDaysMin < 0 || p.BusinessDaysMin > BusinessDaysMax {
		report("businessDaysMin", "振込指定日までの営業日数は0から30です。")
	}
	if wrong == nil {
		return nil
	}
	return wrong
}

// isTransferClass tells whether text can be a 振込指定区分.
func isTransferClass(text string) bool {
	return utf8.RuneCountInString(text) == 1 && strings.Contains("780 ", text)
}
