package report

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

// Kind names a sort of reports that are frozen.
type Kind string

// UnusedBalance is the half-year report of what people hold.
const UnusedBalance Kind = "unused_balance"

// Frozen is a report as it was counted. It is never changed.
type Frozen struct {
	Kind    Kind
	Day     calendar.Day
	LastSeq int64  // number of the journal up to which it was counted
	Content []byte // byte for byte as it was hashed
	SHA256  [32]byte
	MadeBy  user.ID // zero for the platform itself
	MadeAt  time.Time
}

// Freeze gives the report with its hash.
func (f Frozen) Freeze() Frozen {
	f.SHA256 = sha256.Sum256(f.Content)
	return f
}

// Mark is how far it was counted. A report of an empty journal reaches no entry, whatever is written later.
func (f Frozen) Mark() Mark {
	mark := Mark{Before: f.Day.End(), Seq: f.LastSeq}
	if mark.Seq == 0 {
		mark.Seq = -1
	}
	return mark
}

// Intact tells whether the content is what was hashed.
func (f Frozen) Intact() bool { return sha256.Sum256(f.Content) == f.SHA256 }

// HashText gives the hash as people compare it.
func (f Frozen) HashText() string { return hex.EncodeToString(f.SHA256[:]) }

// The refusals about reports.
var (
	ErrUnknown   = fault.Define(fault.NotFound, "report_unknown", "その報告書はありません。")
	ErrDayRuns   = fault.Define(fault.Refused, "report_day_still_runs", "その日はまだ終わっていないか、終わったばかりです。翌日の0時10分以降にお試しください。")
	ErrDayAhead  = fault.Define(fault.Invalid, "report_day_ahead", "昨日までの日付を指定してください。")
	ErrBaseDay   = fault.Define(fault.Invalid, "report_not_a_base_day", "基準日は3月31日か9月30日です。")
	ErrYear      = fault.Define(fault.Invalid, "report_year_out_of_range", "年度は2000年度から今年度までを指定してください。")
	ErrUnsettled = fault.Define(fault.Unavailable, "report_unsettled", "まだ書き込み中の取引があります。少し待ってからもう一度お試しください。")
)

// Archive keeps frozen reports inside a unit of work.
type Archive interface {
	// Keep writes a report unless one of its kind and day is there. Of two that keep the same at once, one does.
	Keep(ctx context.Context, frozen Frozen) (kept bool, err error)
}

// Shelf reads frozen reports outside of units.
type Shelf interface {
	// Frozen returns ErrUnknown.
	Frozen(ctx context.Context, kind Kind, day calendar.Day) (Frozen, error)
	// Shelved lists the reports of a kind, newest day first, at most ShelvedMax.
	Shelved(ctx context.Context, kind Kind) ([]Frozen, error)
}

// ShelvedMax bounds a list of frozen reports; there are two a year.
const ShelvedMax = 200
