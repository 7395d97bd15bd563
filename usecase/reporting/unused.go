package reporting

import (
	"context"
	"fmt"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/report"
)

// Unused is a half-year report. Until it is frozen its figures are provisional.
type Unused struct {
	report.Unused
	Kinds  map[lot.KindCode]Named
	Frozen *report.Frozen // nil while it is provisional
}

// Named is what a report remembers of a kind, which may be renamed later.
type Named struct {
	Name    string
	Premium bool
}

// Half is one line of the list of half-year reports.
type Half struct {
	Day    calendar.Day
	Report *Unused // nil where it can be frozen and has not been
}

// Halves lists the half-year reports that are frozen and those that could be, newest first.
func (r *Reporting) Halves(ctx context.Context, actor access.Actor) ([]Half, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return nil, err
	}
	shelved, err := r.shelf.Shelved(ctx, report.UnusedBalance)
	if err != nil {
		return nil, err
	}
	days, err := r.due(ctx)
	if err != nil {
		return nil, err
	}
	frozen := make(map[calendar.Day]*Unused, len(shelved))
	for i := range shelved {
		u, err := thaw(shelved[i])
		if err != nil {
			return nil, err
		}
		frozen[shelved[i].Day] = &u
	}
	halves := make([]Half, len(days))
	for i, day := range days {
		halves[i] = Half{day, frozen[day]}
	}
	return halves, nil
}

// due lists the base days whose reports can be frozen, newest first: those that are over, back to the first one that
// had a fund.
func (r *Reporting) due(ctx context.Context) ([]calendar.Day, error) {
	now := r.clock()
	funds, err := r.fundsBefore(ctx, now)
	if err != nil || len(funds) == 0 {
		return nil, err
	}
	first := calendar.DayOf(now)
	for _, f := range funds {
		first = min(first, calendar.DayOf(f.OpenedAt))
	}
	var days []calendar.Day
	for day := report.BaseDayBefore(calendar.DayOf(now)); day >= first && len(days) < report.ShelvedMax; day = report.BaseDayBefore(day) {
		if over(day, now) {
			days = append(days, day)
		}
	}
	return days, nil
}

// Unused shows the half-year report of a base day: as it was frozen, or else as it would be.
func (r *Reporting) Unused(ctx context.Context, actor access.Actor, day calendar.Day) (Unused, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return Unused{}, err
	}
	frozen, found, err := r.frozen(ctx, day)
	switch {
	case err != nil:
		return Unused{}, err
	case found:
		return thaw(frozen)
	}
	if err := r.ripe(ctx, day); err != nil {
		return Unused{}, err
	}
	kinds, err := r.kinds(ctx)
	if err != nil {
		return Unused{}, err
	}
	counted, err := r.count(ctx, day, report.Mark{Before: day.End()}, kinds)
	return Unused{Unused: counted, Kinds: kinds}, err
}

// ripe refuses days that have no report, or none yet.
func (r *Reporting) ripe(ctx context.Context, day calendar.Day) error {
	if !report.IsBaseDay(day) {
		return report.ErrBaseDay.At("day")
	}
	if !over(day, r.clock()) {
		return report.ErrDayRuns.At("day")
	}
	funds, err := r.fundsBefore(ctx, day.End())
	if err == nil && len(funds) == 0 {
		return report.ErrUnknown
	}
	return err
}

func (r *Reporting) frozen(ctx context.Context, day calendar.Day) (report.Frozen, bool, error) {
	frozen, err := r.shelf.Frozen(ctx, report.UnusedBalance, day)
	if isUnknown(err) {
		return report.Frozen{}, false, nil
	}
	return frozen, err == nil, err
}

// kinds gives what a report remembers of the kinds as they are now.
func (r *Reporting) kinds(ctx context.Context) (map[lot.KindCode]Named, error) {
	rules, err := r.rules.Rules(ctx)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	kinds := make(map[lot.KindCode]Named, len(rules.Kinds))
	for code, kind := range rules.Kinds {
		kinds[code] = Named{kind.Name, kind.Premium}
	}
	return kinds, nil
}

// count makes the report of a base day up to a mark.
func (r *Reporting) count(ctx context.Context, day calendar.Day, until report.Mark, kinds map[lot.KindCode]Named) (report.Unused, error) {
	spans, err := r.spans(ctx, day.Start(), until)
	if err != nil {
		return report.Unused{}, fmt.Errorf("half-year report of %s: %w", day, err)
	}
	movements, err := r.journal.Movements(ctx, report.UnusedCuts(day), until)
	if err != nil {
		return report.Unused{}, fmt.Errorf("half-year report of %s: %w", day, err)
	}
	premium := func(kind lot.KindCode) bool { return kinds[kind].Premium }
	return report.NewUnused(day, spans, premium, movements), nil
}

// Recount is what counting a frozen report again came to.
type Recount struct {
	Equal       bool
	Intact      bool  // the content is what was hashed
	Late        int64 // entries of before the day's end that were written after the report was frozen
	Differences []report.Difference
}

// Recount counts a frozen report again, from the journal as it is now, up to the number that it was frozen with.
func (r *Reporting) Recount(ctx context.Context, actor access.Actor, day calendar.Day) (Recount, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return Recount{}, err
	}
	frozen, err := r.shelf.Frozen(ctx, report.UnusedBalance, day)
	if err != nil {
		return Recount{}, err
	}
	was, err := thaw(frozen)
	if err != nil {
		return Recount{}, err
	}
	is, err := r.count(ctx, day, frozen.Mark(), was.Kinds)
	if err != nil {
		return Recount{}, err
	}
	again := Recount{Intact: frozen.Intact(), Differences: was.Compare(is)}
	if again.Late, err = r.journal.Late(ctx, frozen.Mark()); err != nil {
		return Recount{}, err
	}
	again.Equal = again.Intact && len(again.Differences) == 0
	return again, nil
}
