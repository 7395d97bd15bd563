package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
)

// Periods is settlement.Periods on a session.
type Periods struct{ session *Session }

// Periods gives the session's periods.
func (s *Session) Periods() *Periods { return &Periods{s} }

var _ settlement.Periods = (*Periods)(nil)

// statementKey names a statement.
type statementKey struct {
	period   settlement.PeriodID
	merchant ledger.WalletID
}

// Lock is settlement.Periods'. The unit has the whole store for itself.
func (p *Periods) Lock(context.Context) ([]settlement.Period, error) {
	return p.session.periodsByDay(), nil
}

// Add is settlement.Periods'.
func (p *Periods) Add(_ context.Context, period settlement.Period) error {
	switch {
	case p.session.periods.has(period.ID):
		return p.session.fail(violation("periods_pkey", "period %s is there", period.ID))
	case period.From > period.Until:
		return p.session.fail(violation("periods_span", "%s to %s", period.From, period.Until))
	case slices.ContainsFunc(p.session.periodsByDay(), func(other settlement.Period) bool { return other.From == period.From }):
		return p.session.fail(violation("periods_from_key", "two periods begin on %s", period.From))
	case period.Closed == period.ClosedAt.IsZero():
		return p.session.fail(violation("periods_closed_by_somebody", "period %s", period.ID))
	}
	p.session.periods.put(period.ID, period)
	return nil
}

// Close is settlement.Periods'.
func (p *Periods) Close(_ context.Context, period settlement.Period, statements []settlement.Statement) error {
	was, known := p.session.periods.get(period.ID)
	if !known || was.Closed {
		return settlement.ErrPeriodClosed
	}
	for _, s := range statements {
		key := statementKey{period.ID, s.Merchant}
		switch {
		case p.session.statements.has(key):
			return p.session.fail(violation("statements_pkey", "wallet %s has two", s.Merchant))
		case s.Due != s.Sum():
			return p.session.fail(violation("statements_add_up", "wallet %s: %d is not %d", s.Merchant, s.Due, s.Sum()))
		}
		s.Period = period.ID
		p.session.statements.put(key, s)
	}
	was.Name, was.FirstSeq, was.LastSeq = period.Name, period.FirstSeq, period.LastSeq
	was.Closed, was.ClosedBy, was.ClosedAt = true, period.ClosedBy, period.ClosedAt
	p.session.periods.put(period.ID, was)
	return nil
}

// Tally is settlement.Periods'.
func (p *Periods) Tally(_ context.Context, period settlement.PeriodID, first, last int64) ([]settlement.Statement, error) {
	return p.session.tally(period, first, last), nil
}

// LastBefore is settlement.Periods'.
func (p *Periods) LastBefore(_ context.Context, moment time.Time, settled int64) (last int64, err error) {
	for _, e := range p.session.entries.all() {
		if e.At.Before(moment) {
			last = max(last, e.Seq)
		}
	}
	if last > settled {
		return 0, settlement.ErrPeriodUnsettled
	}
	return last, nil
}

// periodsByDay gives every period, by its first day.
func (t *tables) periodsByDay() []settlement.Period {
	var periods []settlement.Period
	for _, p := range t.periods.all() {
		periods = append(periods, p)
	}
	slices.SortFunc(periods, func(a, b settlement.Period) int { return cmp.Compare(a.From, b.From) })
	return periods
}

// tally sums what settlement.Periods promises.
func (t *tables) tally(period settlement.PeriodID, first, last int64) []settlement.Statement {
	sums := map[ledger.WalletID]*settlement.Statement{}
	of := func(merchant ledger.WalletID) *settlement.Statement {
		if sums[merchant] == nil {
			sums[merchant] = &settlement.Statement{Period: period, Merchant: merchant}
		}
		return sums[merchant]
	}
	for id, w := range t.wallets.all() {
		if w.Role != user.Merchant {
			continue
		}
		lines, _ := t.lines.get(id)
		for _, line := range lines {
			if e, _ := t.entries.get(line.Entry); e.Seq > first && e.Seq <= last {
				addLine(of(id), line)
			}
		}
	}
	t.addDebts(first, last, of)
	for merchant, due := range t.dueBefore(period) {
		of(merchant).CarriedOver = due
	}
	var statements []settlement.Statement
	for _, s := range sums {
		s.Due = s.Sum()
		statements = append(statements, *s)
	}
	slices.SortFunc(statements, func(a, b settlement.Statement) int { return slices.Compare(a.Merchant[:], b.Merchant[:]) })
	return statements
}

// addLine counts a line of a merchant's wallet in the one figure that it belongs to.
func addLine(s *settlement.Statement, line ledger.Line) {
	if s.FirstLine == 0 || line.No < s.FirstLine {
		s.FirstLine = line.No
	}
	s.LastLine = max(s.LastLine, line.No)
	switch line.Type {
	case ledger.Payment:
		if line.Delta+line.Cashback <= 0 {
			s.Spent -= line.Delta
			return
		}
		s.Payments++
		s.Received += line.Delta + line.Cashback
		s.Returned += line.Cashback
	case ledger.Reversal, ledger.Partial, ledger.Adjustment, ledger.Recovery:
		s.Corrected += line.Delta
	case ledger.Expiry:
		s.Lapsed -= line.Delta
	case ledger.Claim, ledger.ClaimReturn:
		s.Claimed -= line.Delta
	default:
		s.Granted += line.Delta
	}
}

// addDebts counts what was booked as owed by merchants, and what was paid of it.
func (t *tables) addDebts(first, last int64, of func(ledger.WalletID) *settlement.Statement) {
	for _, e := range t.entries.all() {
		if e.Seq <= first || e.Seq > last {
			continue
		}
		for _, p := range e.Postings {
			if t.merchantOwes(p.Source) {
				of(ledger.WalletID(p.Source.Owner)).Owed += p.Amount
			}
			if t.merchantOwes(p.Destination) {
				of(ledger.WalletID(p.Destination.Owner)).Owed -= p.Amount
			}
		}
	}
}

func (t *tables) merchantOwes(account ledger.Account) bool {
	w, _ := t.wallets.get(ledger.WalletID(account.Owner))
	return account.Kind == ledger.Receivable && w.Role == user.Merchant
}

// dueBefore gives what was due, where something was, at the end of the last closed period before the one named.
func (t *tables) dueBefore(period settlement.PeriodID) map[ledger.WalletID]money.Points {
	this, known := t.periods.get(period)
	var before settlement.Period
	for _, p := range t.periodsByDay() {
		if p.Closed && (!known || p.From < this.From) {
			before = p
		}
	}
	due := map[ledger.WalletID]money.Points{}
	for key, s := range t.statements.all() {
		if key.period == before.ID && s.Due != 0 {
			due[key.merchant] = s.Due
		}
	}
	return due
}
