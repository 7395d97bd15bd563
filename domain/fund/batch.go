package fund

import (
	"context"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// BatchState says how far a batch is.
type BatchState uint8

// The states of a batch.
const (
	Running BatchState = iota + 1
	Ended
)

// String gives the state's name in the API and the database.
func (s BatchState) String() string {
	switch s {
	case Running:
		return "running"
	case Ended:
		return "ended"
	}
	return "unknown"
}

// Batch is one bulk grant.
type Batch struct {
	ID        ledger.BatchID
	Fund      Code
	Kind      lot.KindCode
	Expires   calendar.Day // the last day of every point of the batch, decided as it is made
	Memo      string
	State     BatchState
	Rows      int          // handed in, good and bad
	Total     money.Points // what the good rows ask for; reserved as the batch is made
	Done      int          // rows that wait no more
	Refused   int          // of those, the ones that were not granted
	Granted   money.Points
	CreatedBy user.ID
	CreatedAt time.Time
	EndedAt   time.Time // zero while it runs
}

// RowState says what became of a row.
type RowState uint8

// The states of a row.
const (
	Waiting RowState = iota + 1
	Granted
	Refused
)

// String gives the state's name in the API and the database.
func (s RowState) String() string {
	switch s {
	case Waiting:
		return "waiting"
	case Granted:
		return "granted"
	case Refused:
		return "refused"
	}
	return "unknown"
}

// Row is one recipient of a batch.
type Row struct {
	No     int             // its place in what was handed in, from 1
	Wallet ledger.WalletID // zero where the row led to none
	Amount money.Points    // zero where the row had none
	Source string          // the row as it was handed in, so that a refused one can be handed back
	State  RowState
	Fault  fault.Code     // why it was refused
	Entry  ledger.EntryID // that granted it
}

// Reason gives why the row was refused, in Japanese; empty where it was not.
func (r Row) Reason() string {
	if why, known := fault.Lookup(r.Fault); known {
		return why.Message
	}
	return string(r.Fault)
}

// The refusals about batches and their rows.
var (
	ErrBatchUnknown  = fault.Define(fault.NotFound, "batch_unknown", "その一括給付は見つかりません。")
	ErrBatchEnded    = fault.Define(fault.Conflict, "batch_ended", "この一括給付はすでに終わっています。")
	ErrBatchPromised = fault.Define(fault.Refused, "batch_promised", "キャンペーンの還元は利用者に約束したものなので、取りやめられません。")
	ErrBatchEmpty    = fault.Define(fault.Invalid, "batch_empty", "給付できる相手がありません。")
	ErrBatchTooLong  = fault.Define(fault.Invalid, "batch_too_long", "一度に給付できる件数を超えています。")
	// ErrBatchCancelled is why rows were refused whose batch was ended early.
	ErrBatchCancelled = fault.Define(fault.Refused, "batch_cancelled", "一括給付が途中で取りやめになったため、給付していません。")

	ErrRowAmount   = fault.Define(fault.Invalid, "row_amount_malformed", "金額が正しくありません。1以上の整数で入力してください。")
	ErrRowTwice    = fault.Define(fault.Invalid, "row_duplicate", "同じ相手が上の行にもあります。")
	ErrRowForm     = fault.Define(fault.Invalid, "row_malformed", "行の形が正しくありません。メールアドレスと金額を並べてください。")
	ErrRowNoWallet = fault.Define(fault.Invalid, "row_without_wallet", "この相手はポイントを受け取れません。")
)

// Batches keeps batches inside a unit of work.
type Batches interface {
	// Add enters a batch with all of its rows.
	Add(ctx context.Context, batch Batch, rows []Row) error
	// Lock gives a batch and keeps it from all other units until this one ends. It returns ErrBatchUnknown.
	Lock(ctx context.Context, id ledger.BatchID) (Batch, error)
	// Waiting gives the first rows that wait, at most limit, by number. The batch must be locked.
	Waiting(ctx context.Context, id ledger.BatchID, limit int) ([]Row, error)
	// Settle writes the batch's progress and state, and what became of the given rows. The batch must be locked.
	Settle(ctx context.Context, batch Batch, rows []Row) error
}

// BatchReader reads batches outside of units.
type BatchReader interface {
	// Batch returns ErrBatchUnknown where there is none of that identifier.
	Batch(ctx context.Context, id ledger.BatchID) (Batch, error)
	// Batches lists batches, newest first.
	Batches(ctx context.Context, after string, limit int) (page.Of[Batch], error)
	// RunningBatches lists batches that have not ended, oldest first, so that a worker can take up what another
	// one left.
	RunningBatches(ctx context.Context) ([]ledger.BatchID, error)
	// Refusals lists refused rows by number, at most limit, after the given number.
	Refusals(ctx context.Context, id ledger.BatchID, after, limit int) ([]Row, error)
}

// The topics of batches.
const (
	TopicBatchOpened   event.Topic = "batch.opened"
	TopicBatchProgress event.Topic = "batch.progress"
)

// BatchOpened asks a worker to run a batch.
type BatchOpened struct {
	Batch ledger.BatchID
}

// EventTopic is event.Event's.
func (BatchOpened) EventTopic() event.Topic { return TopicBatchOpened }

// BatchProgress tells whoever watches how far a batch is.
type BatchProgress struct {
	Batch   ledger.BatchID
	Done    int
	Rows    int
	Refused int
	Granted money.Points
	Ended   bool
}

// EventTopic is event.Event's.
func (BatchProgress) EventTopic() event.Topic { return TopicBatchProgress }

// Subject is event.Watched's.
func (e BatchProgress) Subject() string { return BatchSubject(e.Batch) }

// BatchSubject names a batch to those who watch it.
func BatchSubject(id ledger.BatchID) string { return "batch:" + id.String() }

// Progress tells how far the batch is.
func (b Batch) Progress() BatchProgress {
	return BatchProgress{Batch: b.ID, Done: b.Done, Rows: b.Rows, Refused: b.Refused, Granted: b.Granted, Ended: b.State == Ended}
}

// Grant counts a row of the batch as granted by entry.
func (b *Batch) Grant(row *Row, entry ledger.EntryID) {
	row.State, row.Entry = Granted, entry
	b.Done++
	b.Granted += row.Amount
}

// Refuse counts a row of the batch as refused.
func (b *Batch) Refuse(row *Row, why *fault.Fault) {
	row.State, row.Fault = Refused, why.Code
	b.Done++
	b.Refused++
}

// End ends the batch.
func (b *Batch) End(at time.Time) { b.State, b.EndedAt = Ended, at }
