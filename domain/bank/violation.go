package bank

import (
	"github.com/samber/lo"

	"lovesaijo/domain/fault"
)

// Severity says whether a violation keeps a file from being exported.
type Severity uint8

// The severities.
const (
	Blocking Severity = iota + 1
	Warning
)

// Violation is one thing in a file that the bank would refuse, or that somebody should look at. Its message holds
// neither names nor numbers of accounts.
//
// Records are counted as in 全銀 files, whatever the file's format: 1 is the header with the originator, 2 the first
// credit transfer.
type Violation struct {
	Severity Severity
	Record   int    // from 1; zero for the file as a whole
	Byte     int    // within the record, from 0; -1 where no byte is at fault, or the file has no bytes yet
	Field    string // the field's Japanese name in the format; empty for the record as a whole
	Code     string // stable, for programs
	Message  string // Japanese
}

// The names of fields, as the format has them.
const (
	FieldOriginatorCode       = "振込依頼人コード"
	FieldOriginatorName       = "振込依頼人名"
	FieldDate                 = "振込指定日"
	FieldOriginatorBank       = "仕向銀行番号"
	FieldOriginatorBankName   = "仕向銀行名"
	FieldOriginatorBranch     = "仕向支店番号"
	FieldOriginatorBranchName = "仕向支店名"
	FieldOriginatorType       = "預金種目(依頼人)"
	FieldOriginatorNumber     = "口座番号(依頼人)"
	FieldBank                 = "被仕向銀行番号"
	FieldBankName             = "被仕向銀行名"
	FieldBranch               = "被仕向支店番号"
	FieldBranchName           = "被仕向支店名"
	FieldType                 = "預金種目"
	FieldNumber               = "口座番号"
	FieldHolder               = "受取人名"
	FieldAmount               = "振込金額"
	FieldNew                  = "新規コード"
	FieldReference            = "EDI情報"
	FieldTransferClass        = "振込指定区分"
	FieldCount                = "合計件数"
	FieldTotal                = "合計金額"
)

// IsBlocking tells whether the file cannot be exported as long as v stands.
func (v Violation) IsBlocking() bool { return v.Severity == Blocking }

// ErrFileRefused refuses a file that has blocking violations.
var ErrFileRefused = fault.Define(fault.Refused, "bank_file_refused", "振込データに誤りがあるため、ファイルを作成できません。")

// RefusedError is a file's refusal with everything that stands against it. Its fault is ErrFileRefused.
type RefusedError struct {
	Violations []Violation // the blocking ones
}

// Error tells operators how much is wrong, and the first of it.
func (e *RefusedError) Error() string {
	return string(ErrFileRefused.Code) + ": " + e.Violations[0].Code
}

// Unwrap gives the fault for the person who asked.
func (e *RefusedError) Unwrap() error {
	return ErrFileRefused.With("violations", int64(len(e.Violations)))
}

// Refuse returns a RefusedError where one of the violations is blocking.
func Refuse(violations []Violation) error {
	blocking := lo.Filter(violations, func(v Violation, _ int) bool { return v.IsBlocking() })
	if len(blocking) == 0 {
		return nil
	}
	return &RefusedError{Violations: blocking}
}
