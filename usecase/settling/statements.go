package settling

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Statements shows merchants' statements.
type Statements struct {
	reader settlement.Reader
	clock  usecase.Clock
}

// NewStatements makes the activity.
func NewStatements(reader settlement.Reader, clock usecase.Clock) *Statements {
	return &Statements{reader, clock}
}

// PeriodStatement is a statement with its period.
type PeriodStatement struct {
	settlement.Statement
	Of settlement.Period
}

// Own shows the statements of the actor's own shop, newest first.
func (s *Statements) Own(ctx context.Context, actor access.Actor, after string, limit int) (page.Of[PeriodStatement], error) {
	if err := access.Allow(actor, access.SeeOwnSettlement); err != nil {
		return page.Of[PeriodStatement]{}, err
	}
	if err := validLimit(limit); err != nil {
		return page.Of[PeriodStatement]{}, err
	}
	found, err := s.reader.StatementsOf(ctx, actor.Wallet, after, limit)
	if err != nil {
		return page.Of[PeriodStatement]{}, fmt.Errorf("statements of merchant %s: %w", actor.Wallet, err)
	}
	statements := page.Of[PeriodStatement]{Rows: make([]PeriodStatement, len(found.Rows)), Next: found.Next}
	for i, statement := range found.Rows {
		period, err := s.reader.Period(ctx, statement.Period)
		if err != nil {
			return page.Of[PeriodStatement]{}, fmt.Errorf("period %s: %w", statement.Period, err)
		}
		statements.Rows[i] = PeriodStatement{statement, period}
	}
	return statements, nil
}

// OfPeriod shows the statements of all merchants for a period, by merchant.
func (s *Statements) OfPeriod(ctx context.Context, actor access.Actor, id settlement.PeriodID, after string, limit int) (settlement.Period, page.Of[settlement.Statement], error) {
	var none page.Of[settlement.Statement]
	if err := access.Allow(actor, access.SeeSettlement); err != nil {
		return settlement.Period{}, none, err
	}
	if err := validLimit(limit); err != nil {
		return settlement.Period{}, none, err
	}
	period, err := s.reader.Period(ctx, id)
	if err != nil {
		return settlement.Period{}, none, err
	}
	found, err := s.reader.Statements(ctx, id, after, limit)
	if err != nil {
		return settlement.Period{}, none, fmt.Errorf("statements of period %s: %w", id, err)
	}
	return period, found, nil
}

// One shows a merchant's statement of a period. Another merchant's is answered as one that does not exist.
func (s *Statements) One(ctx context.Context, actor access.Actor, id settlement.PeriodID, merchant ledger.WalletID) (PeriodStatement, error) {
	if err := allowed(actor); err != nil {
		return PeriodStatement{}, err
	}
	if !sees(actor, merchant) {
		return PeriodStatement{}, settlement.ErrStatementUnknown
	}
	period, err := s.reader.Period(ctx, id)
	switch {
	case errors.Is(err, settlement.ErrPeriodUnknown):
		return PeriodStatement{}, settlement.ErrStatementUnknown
	case err != nil:
		return PeriodStatement{}, fmt.Errorf("period %s: %w", id, err)
	}
	statement, err := s.reader.Statement(ctx, id, merchant)
	if err != nil {
		return PeriodStatement{}, err
	}
	return PeriodStatement{statement, period}, nil
}

// LinesMax bounds one reading of a statement's lines.
const LinesMax = 1_000

// Lines gives the next lines behind a statement, by number, after the given one; fewer than limit when these are the
// last ones.
func (s *Statements) Lines(ctx context.Context, actor access.Actor, of PeriodStatement, after int64, limit int) ([]ledger.Line, error) {
	switch {
	case allowed(actor) != nil:
		return nil, allowed(actor)
	case !sees(actor, of.Merchant):
		return nil, settlement.ErrStatementUnknown
	case limit < 1 || limit > LinesMax:
		return nil, page.ErrLimit
	}
	lines, err := s.reader.Lines(ctx, of.Statement, after, limit)
	if err != nil {
		return nil, fmt.Errorf("lines of statement of merchant %s for period %s: %w", of.Merchant, of.Period, err)
	}
	return lines, nil
}

// SheetLinesMax bounds the lines of a statement on paper: about a hundred pages. All of them are in the file.
const SheetLinesMax = 4_000

// Sheet is everything that a statement on paper shows. Who makes the paper fills in names and words: Shop, What, With.
type Sheet struct {
	Shop      user.Profile // the merchant's name and address
	Statement PeriodStatement
	Lines     []SheetLine
	LinesLeft int64 // not on the paper, since there are too many
	MadeAt    time.Time
}

// SheetLine is one line behind the statement.
type SheetLine struct {
	ledger.Line
	What string // 支払い, 取消 …
	With string // the other side, as this merchant may know it
}

// Sheet gathers what a merchant's statement shows on paper.
func (s *Statements) Sheet(ctx context.Context, actor access.Actor, id settlement.PeriodID, merchant ledger.WalletID) (Sheet, error) {
	of, err := s.One(ctx, actor, id, merchant)
	if err != nil {
		return Sheet{}, err
	}
	sheet := Sheet{Statement: of, MadeAt: s.clock()}
	for after := int64(0); len(sheet.Lines) < SheetLinesMax; {
		lines, err := s.Lines(ctx, actor, of, after, LinesMax)
		if err != nil {
			return Sheet{}, err
		}
		for _, line := range lines {
			sheet.Lines = append(sheet.Lines, SheetLine{Line: line})
		}
		if len(lines) < LinesMax {
			return sheet, nil
		}
		after = lines[len(lines)-1].No
	}
	sheet.LinesLeft = max(of.LastLine-sheet.Lines[len(sheet.Lines)-1].No, 0)
	return sheet, nil
}
