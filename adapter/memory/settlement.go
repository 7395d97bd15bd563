package memory

import (
	"context"
	"slices"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
)

// Settlement is settlement.Reader on a store.
type Settlement struct{ store *Store }

// Settlement gives the reader of settlement.
func (s *Store) Settlement() *Settlement { return &Settlement{s} }

// Decisions is settlement.Decisions on a session.
type Decisions struct{ session *Session }

// Decisions gives the session's settings of settlement.
func (s *Session) Decisions() *Decisions { return &Decisions{s} }

// Horizon is settlement.Horizon on a store: whatever is committed is certain.
type Horizon struct{ store *Store }

// Horizon gives the horizon of the journal.
func (s *Store) Horizon() *Horizon { return &Horizon{s} }

var (
	_ settlement.Reader    = (*Settlement)(nil)
	_ settlement.Decisions = (*Decisions)(nil)
	_ settlement.Horizon   = (*Horizon)(nil)
)

// Settled is settlement.Horizon's.
func (h *Horizon) Settled(context.Context) (settled int64, err error) {
	h.store.read(func(t *tables) { settled = int64(t.journal.len()) })
	return settled, nil
}

// Settings is settlement.Decisions'. The unit has the whole store for itself.
func (d *Decisions) Settings(context.Context) (settlement.Settings, error) {
	return d.session.decided()[0].Settings, nil
}

// Amend is settlement.Decisions'.
func (d *Decisions) Amend(_ context.Context, settings settlement.Settings, by user.ID, at time.Time, reason string) error {
	if settings.Version != d.session.decided()[0].Version {
		return settlement.ErrSettingsChanged
	}
	settings.Version++
	settings.Fees, settings.ExtraHolidays = slices.Clone(settings.Fees), slices.Clone(settings.ExtraHolidays)
	d.session.decisions.add(settlement.SettingsVersion{Settings: settings, By: by, At: at, Reason: reason})
	return nil
}

// decided gives what was decided, newest first, with the defaults at its end.
func (t *tables) decided() []settlement.SettingsVersion {
	versions := []settlement.SettingsVersion{{Settings: settlement.DefaultSettings()}}
	versions = slices.AppendSeq(versions, t.decisions.all())
	slices.Reverse(versions)
	return versions
}

// Settings is settlement.Reader's.
func (r *Settlement) Settings(context.Context) (settings settlement.Settings, err error) {
	r.store.read(func(t *tables) { settings = t.decided()[0].Settings })
	return settings, nil
}

// SettingsVersions is settlement.Reader's.
func (r *Settlement) SettingsVersions(context.Context) (versions []settlement.SettingsVersion, err error) {
	r.store.read(func(t *tables) { versions = t.decided() })
	return versions[:len(versions)-1], nil
}

// Periods is settlement.Reader's.
func (r *Settlement) Periods(_ context.Context, after string, limit int) (page.Of[settlement.Period], error) {
	before, err := beforeDay(after)
	if err != nil {
		return page.Of[settlement.Period]{}, err
	}
	var periods []settlement.Period
	r.store.read(func(t *tables) { periods = t.periodsByDay() })
	periods = slices.DeleteFunc(periods, func(p settlement.Period) bool { return p.From >= before })
	slices.Reverse(periods)
	return cut(periods, limit, func(p settlement.Period) string { return p.From.String() })
}

// beforeDay reads a cursor of a list of days, newest first.
func beforeDay(after string) (calendar.Day, error) {
	if after == "" {
		return calendar.Never, nil
	}
	day, err := calendar.ParseDay(after)
	if err != nil {
		return 0, page.ErrCursor
	}
	return day, nil
}

// Period is settlement.Reader's.
func (r *Settlement) Period(_ context.Context, id settlement.PeriodID) (settlement.Period, error) {
	return one(r.store, func(t *tables) *table[settlement.PeriodID, settlement.Period] { return t.periods }, id, settlement.ErrPeriodUnknown)
}

// PeriodOf is settlement.Reader's.
func (r *Settlement) PeriodOf(_ context.Context, entry ledger.EntryID) (period settlement.Period, ok bool, err error) {
	r.store.read(func(t *tables) {
		e, known := t.entries.get(entry)
		if !known {
			err = ledger.ErrEntryUnknown
			return
		}
		for _, p := range t.periods.all() {
			if p.Closed && p.FirstSeq < e.Seq && e.Seq <= p.LastSeq {
				period, ok = p, true
			}
		}
	})
	return period, ok, err
}

// Statements is settlement.Reader's.
func (r *Settlement) Statements(_ context.Context, period settlement.PeriodID, after string, limit int) (page.Of[settlement.Statement], error) {
	var last ledger.WalletID
	if after != "" && last.UnmarshalText([]byte(after)) != nil {
		return page.Of[settlement.Statement]{}, page.ErrCursor
	}
	statements := r.statements(func(key statementKey) bool {
		return key.period == period && slices.Compare(key.merchant[:], last[:]) > 0
	})
	slices.SortFunc(statements, func(a, b settlement.Statement) int { return slices.Compare(a.Merchant[:], b.Merchant[:]) })
	return cut(statements, limit, func(s settlement.Statement) string { return s.Merchant.String() })
}

// StatementsOf is settlement.Reader's.
func (r *Settlement) StatementsOf(_ context.Context, merchant ledger.WalletID, after string, limit int) (page.Of[settlement.Statement], error) {
	before, err := beforeDay(after)
	if err != nil {
		return page.Of[settlement.Statement]{}, err
	}
	begins := map[settlement.PeriodID]calendar.Day{}
	r.store.read(func(t *tables) {
		for id, p := range t.periods.all() {
			begins[id] = p.From
		}
	})
	statements := r.statements(func(key statementKey) bool { return key.merchant == merchant && begins[key.period] < before })
	slices.SortFunc(statements, func(a, b settlement.Statement) int { return int(begins[b.Period] - begins[a.Period]) })
	return cut(statements, limit, func(s settlement.Statement) string { return begins[s.Period].String() })
}

func (r *Settlement) statements(holds func(statementKey) bool) (statements []settlement.Statement) {
	r.store.read(func(t *tables) {
		for key, s := range t.statements.all() {
			if holds(key) {
				statements = append(statements, s)
			}
		}
	})
	return statements
}

// Statement is settlement.Reader's.
func (r *Settlement) Statement(_ context.Context, period settlement.PeriodID, merchant ledger.WalletID) (settlement.Statement, error) {
	return one(r.store, func(t *tables) *table[statementKey, settlement.Statement] { return t.statements }, statementKey{period, merchant}, settlement.ErrStatementUnknown)
}

// Recompute is settlement.Reader's.
func (r *Settlement) Recompute(_ context.Context, period settlement.Period) (statements []settlement.Statement, err error) {
	r.store.read(func(t *tables) { statements = t.tally(period.ID, period.FirstSeq, period.LastSeq) })
	return statements, nil
}

// Lines is settlement.Reader's.
func (r *Settlement) Lines(_ context.Context, s settlement.Statement, after int64, limit int) (lines []ledger.Line, err error) {
	r.store.read(func(t *tables) { lines, _ = t.lines.get(s.Merchant) })
	after = max(after, s.FirstLine-1)
	lines = slices.DeleteFunc(slices.Clone(lines), func(l ledger.Line) bool { return l.No <= after || l.No > s.LastLine })
	return lines[:min(len(lines), limit)], nil
}

// Claims is settlement.Reader's.
func (r *Settlement) Claims(_ context.Context, query settlement.ClaimQuery) (page.Of[settlement.Claim], error) {
	return newestByID(r.store, func(t *tables) *table[settlement.ClaimID, settlement.Claim] { return t.claims }, func(c settlement.Claim) bool {
		return (query.Merchant.IsZero() || c.Merchant == query.Merchant) && (query.Period.IsZero() || c.Period == query.Period) &&
			(len(query.States) == 0 || slices.Contains(query.States, c.State))
	}, func(c settlement.Claim) settlement.ClaimID { return c.ID }, query.After, query.Limit)
}

// Claim is settlement.Reader's.
func (r *Settlement) Claim(_ context.Context, id settlement.ClaimID) (settlement.Claim, error) {
	return one(r.store, func(t *tables) *table[settlement.ClaimID, settlement.Claim] { return t.claims }, id, settlement.ErrClaimUnknown)
}

// Payouts is settlement.Reader's.
func (r *Settlement) Payouts(_ context.Context, query settlement.PayoutQuery) (page.Of[settlement.Payout], error) {
	return newestByID(r.store, func(t *tables) *table[settlement.PayoutID, settlement.Payout] { return t.payouts }, func(p settlement.Payout) bool {
		return (query.Merchant.IsZero() || p.Merchant == query.Merchant) && (query.Claim.IsZero() || p.Claim == query.Claim) &&
			(query.File.IsZero() || p.File == query.File) && (len(query.States) == 0 || slices.Contains(query.States, p.State))
	}, payoutID, query.After, query.Limit)
}

// Payout is settlement.Reader's.
func (r *Settlement) Payout(_ context.Context, id settlement.PayoutID) (settlement.Payout, error) {
	return one(r.store, func(t *tables) *table[settlement.PayoutID, settlement.Payout] { return t.payouts }, id, settlement.ErrPayoutUnknown)
}

// Files is settlement.Reader's.
func (r *Settlement) Files(_ context.Context, after string, limit int) (page.Of[settlement.File], error) {
	files, err := newestByID(r.store, func(t *tables) *table[settlement.FileID, settlement.File] { return t.files },
		func(settlement.File) bool { return true }, func(f settlement.File) settlement.FileID { return f.ID }, after, limit)
	for i := range files.Rows {
		files.Rows[i].Sealed = nil
	}
	return files, err
}

// File is settlement.Reader's.
func (r *Settlement) File(_ context.Context, id settlement.FileID) (f settlement.File, err error) {
	r.store.read(func(t *tables) { f, err = t.fileByID(id) })
	return f, err
}

func (t *tables) fileByID(id settlement.FileID) (settlement.File, error) {
	if f, found := t.files.get(id); found {
		return f, nil
	}
	return settlement.File{}, settlement.ErrFileUnknown
}

// Accounts is settlement.Reader's.
func (r *Settlement) Accounts(_ context.Context, query settlement.AccountQuery) (page.Of[settlement.MerchantAccount], error) {
	return newestByID(r.store, func(t *tables) *table[settlement.AccountID, settlement.MerchantAccount] { return t.accounts }, func(a settlement.MerchantAccount) bool {
		return (query.Merchant.IsZero() || a.Merchant == query.Merchant) && (query.State == 0 || a.State == query.State)
	}, accountID, query.After, query.Limit)
}

// Account is settlement.Reader's.
func (r *Settlement) Account(_ context.Context, id settlement.AccountID) (settlement.MerchantAccount, error) {
	return one(r.store, func(t *tables) *table[settlement.AccountID, settlement.MerchantAccount] { return t.accounts }, id, settlement.ErrAccountUnknown)
}

// one gives the committed row of a key, or none.
func one[K comparable, V any](store *Store, of func(*tables) *table[K, V], key K, none error) (row V, err error) {
	store.read(func(t *tables) {
		found := false
		if row, found = of(t).get(key); !found {
			err = none
		}
	})
	return row, err
}

// newestByID gives a page of the committed rows that a condition holds for, newest first: identifiers are given in the
// order of their making.
func newestByID[K, V any](store *Store, of func(*tables) *table[ident.ID[K], V], holds func(V) bool, id func(V) ident.ID[K], after string, limit int) (page.Of[V], error) {
	var last ident.ID[K]
	if after != "" && last.UnmarshalText([]byte(after)) != nil {
		return page.Of[V]{}, page.ErrCursor
	}
	var rows []V
	store.read(func(t *tables) {
		rows = chosen(of(t), func(row V) bool {
			its := id(row)
			return holds(row) && (after == "" || slices.Compare(its[:], last[:]) < 0)
		}, id)
	})
	slices.Reverse(rows)
	return cut(rows, limit, func(row V) string { return id(row).String() })
}
