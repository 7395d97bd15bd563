// Package reporting shows the city's books to people: the daily statement of the funds to everybody, the half-year
// report and the fiscal year to administrators (+9, +11, clause 4.1.1). It freezes half-year reports once their day is
// over, and counts them again from the journal whenever somebody doubts them.
package reporting

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/report"
	"lovesaijo/usecase"
)

// Stores are what freezing needs of a unit of work.
type Stores struct {
	Archive report.Archive
	Trail   audit.Trail
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Reporting reads reports.
type Reporting struct {
	journal report.Journal
	shelf   report.Shelf
	funds   fund.Reader
	rules   ledger.RulesReader
	clock   usecase.Clock
}

// New makes the activity.
func New(journal report.Journal, shelf report.Shelf, funds fund.Reader, rules ledger.RulesReader, clock usecase.Clock) *Reporting {
	return &Reporting{journal, shelf, funds, rules, clock}
}

// Day makes the daily statement of the funds of a day that is over. settled tells that no entry of that day can still
// be on its way, so that the statement will always be the same. Everybody may read it: it names no person.
func (r *Reporting) Day(ctx context.Context, day calendar.Day) (statement report.Day, settled bool, err error) {
	now := r.clock()
	if day >= calendar.DayOf(now) {
		return report.Day{}, false, report.ErrDayAhead.At("on")
	}
	funds, err := r.fundsBefore(ctx, day.End())
	if err != nil {
		return report.Day{}, false, err
	}
	var flows []report.Flow
	if len(funds) > 0 {
		if flows, err = r.journal.Flows(ctx, day.Start(), report.Mark{Before: day.End()}); err != nil {
			return report.Day{}, false, fmt.Errorf("statement of %s: %w", day, err)
		}
	}
	return report.NewDay(day, funds, flows), over(day, now), nil
}

// over tells whether no entry of the day can still be on its way.
func over(day calendar.Day, now time.Time) bool { return !now.Before(day.End().Add(report.Settling)) }

// fundsBefore lists the funds that were open before a moment.
func (r *Reporting) fundsBefore(ctx context.Context, moment time.Time) ([]fund.Fund, error) {
	funds, err := r.funds.Funds(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(funds, func(f fund.Fund) bool { return !f.OpenedAt.Before(moment) }), nil
}

// Year is a fiscal year with the names of its kinds and what contradicts in it, which is nothing while the books are
// right.
type Year struct {
	report.FiscalYear
	Kinds          map[lot.KindCode]lot.Kind
	Contradictions []report.Difference
}

// FiscalYear reports on a fiscal year, and holds its beginning against the end of the one before.
func (r *Reporting) FiscalYear(ctx context.Context, actor access.Actor, year int) (Year, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return Year{}, err
	}
	today := calendar.DayOf(r.clock())
	if err := report.ValidYear(year, today); err != nil {
		return Year{}, err
	}
	rules, err := r.rules.Rules(ctx)
	if err != nil {
		return Year{}, fmt.Errorf("read rules: %w", err)
	}
	asked, err := r.fiscalYear(ctx, year, today)
	if err != nil {
		return Year{}, err
	}
	before, err := r.fiscalYear(ctx, year-1, today)
	if err != nil {
		return Year{}, err
	}
	return Year{asked, rules.Kinds, append(asked.Contradictions(), asked.Follows(before)...)}, nil
}

func (r *Reporting) fiscalYear(ctx context.Context, year int, today calendar.Day) (report.FiscalYear, error) {
	from, last := report.YearSpan(year)
	until := report.Mark{Before: min(last, today).End()}
	spans, err := r.spans(ctx, from.Start(), until)
	if err != nil {
		return report.FiscalYear{}, fmt.Errorf("fiscal year %d: %w", year, err)
	}
	if len(spans) == 0 {
		return report.NewFiscalYear(year, today, nil, nil), nil
	}
	movements, err := r.journal.Movements(ctx, report.YearCuts(year, today), until)
	if err != nil {
		return report.FiscalYear{}, fmt.Errorf("fiscal year %d: %w", year, err)
	}
	return report.NewFiscalYear(year, today, spans, movements), nil
}

// spans gives the spans of the funds that were there before the mark; where there was none, nothing is read.
func (r *Reporting) spans(ctx context.Context, from time.Time, until report.Mark) ([]report.Span, error) {
	funds, err := r.fundsBefore(ctx, until.Before)
	if err != nil || len(funds) == 0 {
		return nil, err
	}
	flows, err := r.journal.Flows(ctx, from, until)
	return report.NewSpans(funds, flows), err
}
