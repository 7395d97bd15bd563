package settlement

import (
	"encoding/hex"
	"slices"
	"time"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// FileState says what became of a bank file.
type FileState uint8

// The states of a file.
const (
	FileMade   FileState = iota + 1 // can be taken to the bank
	FileSent                        // somebody said that the bank has it
	FileVoided                      // exported again: must not be taken to the bank
)

var fileStateNames = [...]string{FileMade: "made", FileSent: "sent", FileVoided: "voided"}

// String gives the state's name in the API and the database.
func (s FileState) String() string {
	if s < FileMade || s > FileVoided {
		return "unknown"
	}
	return fileStateNames[s]
}

// ParseFileState reads a state's name; ok is false for an unknown one.
func ParseFileState(name string) (state FileState, ok bool) {
	i := slices.Index(fileStateNames[:], name)
	return FileState(max(i, 0)), i >= int(FileMade)
}

// The formats of bank files.
const (
	FormatZengin = "zengin" // 全銀 総合振込, 120 bytes a record
	FormatZEDI   = "zedi"   // ISO 20022 pain.001 by the ZEDI profile, 要銀行確認
	FormatCSV    = "csv"    // for the city's own accounting
)

// File is one bank file. Its content holds account numbers, so it is kept sealed; its hash stays readable.
type File struct {
	ID       FileID
	No       int // of the day, in its name
	Name     string
	Format   string
	Date     calendar.Day // the day on which the bank is to pay
	Count    int
	Total    money.Yen
	SHA256   [32]byte
	Sealed   []byte // the content
	State    FileState
	Replaces FileID // the file that this one voided
	MadeBy   user.ID
	MadeAt   time.Time
	TakenBy  user.ID // who was the first to get the content, and could have taken it to the bank
	TakenAt  time.Time
	SentBy   user.ID
	SentAt   time.Time
	Version  int64
}

// The refusals about files.
var (
	ErrFileUnknown = fault.Define(fault.NotFound, "bank_file_unknown", "その振込データは見つかりません。")
	ErrFileState   = fault.Define(fault.Conflict, "bank_file_state", "この振込データは今の状態ではその操作ができません。")
	ErrFileNotSent = fault.Define(fault.Conflict, "bank_file_not_sent", "この振込データは銀行に渡した記録がありません。先に「送付済み」にしてください。")
	ErrFileTaken   = fault.Define(fault.Conflict, "bank_file_taken",
		"この振込データはすでにダウンロードされています。銀行に渡していないことを確かめ、「銀行に渡していない」を指定して作り直してください。渡した場合は、渡したことを記録してください。")
	ErrFileEmpty  = fault.Define(fault.Refused, "bank_file_without_claims", "振り込む請求がありません。")
	ErrFileFormat = fault.Define(fault.Invalid, "bank_file_format", "振込データの形式は zengin、zedi、csv のいずれかです。")
)

// Format spells transfer files.
type Format interface {
	Name() string
	Extension() string // of file names, without a dot
	// Write spells a file. It refuses, and never mangles, what the format cannot say.
	Write(file bank.TransferFile, profile bank.Profile, now time.Time) ([]byte, error)
	// Read reads any bytes as the bank would and lists every violation. A format without years takes the day that is
	// nearest to near.
	Read(content []byte, profile bank.Profile, near calendar.Day) (bank.TransferFile, []bank.Violation)
}

// Take notes who was the first to get the content. It returns ErrFileState for a file that was voided, or of whose
// payouts, all of which are given, one came back: nobody is to take it to the bank any more, since another file pays
// the same claim (clause 8.3エ).
func (f *File) Take(by user.ID, at time.Time, payouts []Payout) error {
	if f.State == FileVoided || slices.ContainsFunc(payouts, func(p Payout) bool { return p.State != PayoutExported && p.State != PayoutPaid }) {
		return ErrFileState
	}
	if f.TakenAt.IsZero() {
		f.TakenBy, f.TakenAt = by, at
	}
	return nil
}

// Void keeps a file from being taken to the bank, since another one takes its place. It returns ErrFileState for one
// that somebody has said to be there already. Where somebody has the content it may be there without having been said:
// that it is not must be stated, else Void returns ErrFileTaken.
func (f *File) Void(notSent bool) error {
	if f.State != FileMade {
		return ErrFileState
	}
	if !f.TakenAt.IsZero() && !notSent {
		return ErrFileTaken
	}
	f.State = FileVoided
	return nil
}

// Send notes that the bank has the file. It returns ErrFileState unless all of its payouts, which are given, still wait
// for that.
func (f *File) Send(by user.ID, at time.Time, payouts []Payout) error {
	if f.State != FileMade || slices.ContainsFunc(payouts, func(p Payout) bool { return p.State != PayoutExported }) {
		return ErrFileState
	}
	f.State, f.SentBy, f.SentAt = FileSent, by, at
	return nil
}

// AtBank makes sure that the bank has the file: before that nothing can have become of its transfers, and a claim that
// was taken for returned would be paid by this file and by the next one (clause 8.3エ).
func (f *File) AtBank() error {
	switch f.State {
	case FileSent:
		return nil
	case FileMade:
		return ErrFileNotSent
	default:
		return ErrFileState
	}
}

// PaidOn gives the day of a payment by the file: not before the day that it names, and not after today. Who books ahead
// of that day books for it. The zero day takes the one that the file names.
func (f *File) PaidOn(day, today calendar.Day) (calendar.Day, error) {
	if day == 0 {
		return f.Date, nil
	}
	if day < f.Date || day > max(today, f.Date) {
		return 0, ErrPayoutDay.At("on")
	}
	return day, nil
}

// ReturnedOn gives the day on which a payout of the file came back: not before it was paid or, where that was not
// noted, the file was made, and not after today or a payment that was booked ahead. The zero day takes the last of
// these.
func (f *File) ReturnedOn(day, today calendar.Day, p Payout) (calendar.Day, error) {
	first := calendar.DayOf(f.MadeAt)
	if p.PaidOn != 0 {
		first = p.PaidOn
	}
	last := max(today, first)
	if day == 0 {
		return last, nil
	}
	if day < first || day > last {
		return 0, ErrPayoutDay.At("on")
	}
	return day, nil
}

// HashText gives the file's hash as people compare it.
func (f *File) HashText() string { return hex.EncodeToString(f.SHA256[:]) }
