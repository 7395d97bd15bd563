// Package fund knows the funds (原資) as the city keeps them, and the bulk grants that draw on them.
//
// A fund is a name for money set aside to back points (clause 4.1.1). What it has and where it is are in the ledger:
// its bank, tills, unissued and reserved points are pots, and Treasury keeps only what administrators wrote
// about it. A closed fund takes no deposit and gives no grant; the points that it backs stay good, and what is
// left in it can be withdrawn.
//
// A batch is a bulk grant (clause 4.2.1): rows with a wallet and an amount each, whose sum is reserved from the
// fund as the batch is made, so that no other grant can promise the same money (clause 4.2.4). It runs in
// chunks, each in a unit of its own:
//
//	waiting ── granted, with its entry        the batch:  running ── ended, when no row waits and the rest of
//	   └────── refused, with its fault                               the reserve has gone back to the fund
//
// Whoever runs a batch holds its lock for a chunk, so any number may run it at once and each row is granted once.
package fund

import (
	"context"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/lot"
)

// Code names a fund, for example "premium-2026".
type Code = lot.FundCode

// Fund is what administrators wrote about a fund.
type Fund struct {
	Code     Code
	Name     string // Japanese, on every screen
	Note     string
	OpenedAt time.Time
	ClosedAt time.Time // zero while the fund is open
	Version  int64     // moves on with every change, from 1
}

// Bounds of what is written about a fund.
const (
	NameRunesMax = 60
	NoteRunesMax = 1_000
)

// The refusals about funds. A code that names no fund is ledger.ErrFundUnknown.
var (
	ErrTaken   = fault.Define(fault.Conflict, "fund_code_taken", "この原資コードはすでに使われています。")
	ErrChanged = fault.Define(fault.Conflict, "fund_changed", "ほかの人が先に変更しました。画面を読み直してください。")
	ErrClosed  = fault.Define(fault.Refused, "fund_closed", "この原資は受付を終了しています。")
	ErrInUse   = fault.Define(fault.Refused, "fund_in_use", "この原資はまだ使われているため終了できません。")
	ErrCode    = fault.Define(fault.Invalid, "fund_code_invalid", "原資コードは半角の小文字、数字、ハイフンで2から20文字です。")
	ErrName    = fault.Define(fault.Invalid, "fund_name_invalid", "原資の名前は1から60文字で入力してください。")
	ErrNote    = fault.Define(fault.Invalid, "fund_note_invalid", "備考は1000文字以内で入力してください。")
)

// Valid refuses a fund that cannot be.
func (f Fund) Valid() error {
	switch {
	case !lot.WellFormedCode(string(f.Code)):
		return ErrCode.At("code")
	case f.Name == "" || utf8.RuneCountInString(f.Name) > NameRunesMax:
		return ErrName.At("name")
	case utf8.RuneCountInString(f.Note) > NoteRunesMax:
		return ErrNote.At("note")
	}
	return nil
}

// Open returns ErrClosed once the fund is closed.
func (f Fund) Open() error {
	if !f.ClosedAt.IsZero() {
		return ErrClosed
	}
	return nil
}

// Treasury keeps the funds inside a unit of work. To judge whether a fund is open, lock one of its pots first and
// get the fund then: what Get tells stays true until the unit ends, since a fund is closed under those locks.
type Treasury interface {
	// Add enters a fund as version 1. It returns ErrTaken where the code names a fund already.
	Add(ctx context.Context, fund Fund) error
	// Get returns ledger.ErrFundUnknown where the code names no fund.
	Get(ctx context.Context, code Code) (Fund, error)
	// Save writes name, note and closing of a fund whose version is fund.Version, and moves that on. It returns
	// ErrChanged where the version has moved on since, and ledger.ErrFundUnknown where there is no such fund.
	Save(ctx context.Context, fund Fund) error
}

// Reader reads the funds outside of units.
type Reader interface {
	// Funds lists all funds, by code.
	Funds(ctx context.Context) ([]Fund, error)
	// Fund returns ledger.ErrFundUnknown where the code names no fund.
	Fund(ctx context.Context, code Code) (Fund, error)
}
