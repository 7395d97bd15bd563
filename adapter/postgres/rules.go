package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// rulesCache holds the newest rules that this process has read. Units compare its version with the one they read
// under their locks, so it is never trusted to be current; readers outside of units take it while it is fresh.
type rulesCache struct{ newest atomic.Pointer[readRulesAt] }

type readRulesAt struct {
	ledger.Rules
	at time.Time
}

// rulesFresh is how far behind the rules of another process may be that are only shown.
const rulesFresh = time.Second

func (c *rulesCache) keep(rules ledger.Rules) { c.newest.Store(&readRulesAt{rules, time.Now()}) }

// Rulebook is ledger.Rulebook on a session.
type Rulebook struct{ session *Session }

// Rulebook gives the session's rulebook.
func (s *Session) Rulebook() *Rulebook { return &Rulebook{s} }

var (
	_ ledger.Rulebook    = (*Rulebook)(nil)
	_ ledger.RulesReader = (*DB)(nil)
)

// settings is the part of the rules that stands in one JSON column.
type settings struct {
	TransfersAllowed bool         `json:"transfers_allowed"`
	TransferTimeMax  money.Points `json:"transfer_per_time_max"`
	TransferMonthMax money.Points `json:"transfer_per_month_max"`
	PaymentMax       money.Points `json:"payment_max"`
	ChargeKind       lot.KindCode `json:"charge_kind"`
	ChargeFund       lot.FundCode `json:"charge_fund"`
	ChargeMax        money.Points `json:"charge_max"`
	TillCashMax      money.Points `json:"till_cash_max"` // absent from the oldest rows
	TillDaysMax      int          `json:"till_days_max"`
	SoonDays         int          `json:"soon_days"`
	BatchRowsMax     int          `json:"batch_rows_max"`
	CorrectAlone     money.Points `json:"correct_alone"` // absent from the older rows
}

const (
	readRules = `SELECT version, precedence, settings, decided_by, decided_at, reason FROM rules`
	readKinds = `SELECT code, name, rank, valid_months, valid_days, valid_until - 'epoch'::date, valid_year_ends, cleared_at_merchant, transferable, earns, premium, retired_on - 'epoch'::date FROM kinds`
	// Writers of rules queue here; the table itself takes no updates, so its lock is the one to hold.
	lockRules = `LOCK TABLE rules IN SHARE ROW EXCLUSIVE MODE`
)

// Current is ledger.Rulebook's.
func (r *Rulebook) Current(ctx context.Context) (ledger.Rules, error) {
	r.session.write(lockRules)
	return r.session.loadRules(ctx)
}

// Amend is ledger.Rulebook's.
func (r *Rulebook) Amend(ctx context.Context, version ledger.RulesVersion) (int64, error) {
	current, err := r.Current(ctx)
	if err != nil {
		return 0, err
	}
	next := current.Version + 1
	return next, r.insert(next, version)
}

// SaveKind is ledger.Rulebook's.
func (r *Rulebook) SaveKind(ctx context.Context, kind lot.Kind, at time.Time) error {
	current, err := r.Current(ctx)
	if err != nil {
		return err
	}
	v := kind.Validity
	r.session.write(`INSERT INTO kinds (code, name, rank, valid_months, valid_days, valid_until, valid_year_ends, cleared_at_merchant, transferable, earns, premium, retired_on)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
		ON CONFLICT (code) DO UPDATE SET name = excluded.name, rank = excluded.rank, valid_months = excluded.valid_months, valid_days = excluded.valid_days,
			valid_until = excluded.valid_until, valid_year_ends = excluded.valid_year_ends, cleared_at_merchant = excluded.cleared_at_merchant,
			transferable = excluded.transferable, earns = excluded.earns, premium = excluded.premium, retired_on = excluded.retired_on`,
		string(kind.Code), kind.Name, kind.Rank, v.Months, v.Days, pgtype.Date{Time: date(v.Until).Time, Valid: v.Until != 0}, v.YearEnds,
		kind.ClearedAtMerchant, kind.Transferable, kind.Earns, kind.Premium, date(kind.Retired))
	return r.insert(current.Version+1, ledger.RulesVersion{Rules: current, At: at, Reason: "kind " + string(kind.Code)})
}

func (r *Rulebook) insert(number int64, version ledger.RulesVersion) error {
	rules := version.Rules
	encoded, err := json.Marshal(settings{
		rules.Transfers.Allowed, rules.Transfers.PerTimeMax, rules.Transfers.PerMonthMax, rules.PaymentMax,
		rules.ChargeKind, rules.ChargeFund, rules.ChargeMax, rules.TillCashMax, rules.TillDaysMax, rules.SoonDays, rules.BatchRowsMax,
		rules.CorrectAlone,
	})
	if err != nil {
		return fmt.Errorf("encode rules: %w", err)
	}
	r.session.amended = true
	r.session.write(`INSERT INTO rules (version, precedence, settings, decided_by, decided_at, reason) VALUES ($1, $2, $3, $4, $5, $6)`,
		number, texts(rules.Precedence), encoded, nullable(version.By), version.At, version.Reason)
	return nil
}

// rulesAt gives the rules of a version that the session has just read: from memory, or anew.
func (s *Session) rulesAt(ctx context.Context, version int64) (ledger.Rules, error) {
	if cached := s.db.rules.newest.Load(); cached != nil && cached.Version == version {
		return cached.Rules, nil
	}
	rules, err := s.loadRules(ctx)
	if err == nil && rules.Version == version && !s.amended {
		s.db.rules.keep(rules)
	}
	return rules, err
}

func (s *Session) loadRules(ctx context.Context) (ledger.Rules, error) {
	var versions []ledger.RulesVersion
	var kinds []lot.Kind
	s.begin()
	s.writes.Queue(readRules + ` ORDER BY version DESC LIMIT 1`).Query(func(rows pgx.Rows) (err error) {
		versions, err = pgx.CollectRows(rows, scanRules)
		return err
	})
	s.writes.Queue(readKinds).Query(func(rows pgx.Rows) (err error) {
		kinds, err = pgx.CollectRows(rows, scanKind)
		return err
	})
	if err := s.flush(ctx); err != nil {
		return ledger.Rules{}, fmt.Errorf("read rules: %w", err)
	}
	rules := assemble(versions, kinds)[0].Rules
	return rules, nil
}

// Rules is ledger.RulesReader's. What it gives is at most a second old: the rules are shown with every balance.
func (db *DB) Rules(ctx context.Context) (ledger.Rules, error) {
	if cached := db.rules.newest.Load(); cached != nil && time.Since(cached.at) < rulesFresh {
		return cached.Rules, nil
	}
	versions, err := db.readVersions(ctx, ` ORDER BY version DESC LIMIT 1`)
	if err != nil {
		return ledger.Rules{}, err
	}
	db.rules.keep(versions[0].Rules)
	return versions[0].Rules, nil
}

// Versions is ledger.RulesReader's. The kinds are today's in every version.
func (db *DB) Versions(ctx context.Context) ([]ledger.RulesVersion, error) {
	return db.readVersions(ctx, ` ORDER BY version DESC LIMIT 200`)
}

func (db *DB) readVersions(ctx context.Context, which string) ([]ledger.RulesVersion, error) {
	rows, err := db.pool.Query(ctx, readRules+which)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	versions, err := pgx.CollectRows(rows, scanRules)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	if rows, err = db.pool.Query(ctx, readKinds); err != nil {
		return nil, fmt.Errorf("read kinds: %w", err)
	}
	kinds, err := pgx.CollectRows(rows, scanKind)
	if err != nil {
		return nil, fmt.Errorf("read kinds: %w", err)
	}
	return assemble(versions, kinds), nil
}

// assemble gives each version the kinds. Where nothing was decided yet the defaults are in force, as version 0.
func assemble(versions []ledger.RulesVersion, kinds []lot.Kind) []ledger.RulesVersion {
	if len(versions) == 0 {
		versions = []ledger.RulesVersion{{Rules: ledger.DefaultRules()}}
	}
	byCode := make(map[lot.KindCode]lot.Kind, len(kinds))
	for _, k := range kinds {
		byCode[k.Code] = k
	}
	for i := range versions {
		versions[i].Rules.Kinds = byCode
	}
	return versions
}

func scanRules(row pgx.CollectableRow) (ledger.RulesVersion, error) {
	var v ledger.RulesVersion
	var precedence []string
	var encoded []byte
	var by pgtype.UUID
	if err := row.Scan(&v.Rules.Version, &precedence, &encoded, &by, &v.At, &v.Reason); err != nil {
		return v, err
	}
	v.By = by.Bytes
	for _, c := range precedence {
		v.Rules.Precedence = append(v.Rules.Precedence, lot.Criterion(c))
	}
	s := settings{TillCashMax: ledger.DefaultRules().TillCashMax, CorrectAlone: ledger.DefaultRules().CorrectAlone}
	if err := json.Unmarshal(encoded, &s); err != nil {
		return v, fmt.Errorf("decode rules %d: %w", v.Rules.Version, err)
	}
	v.Rules.Transfers = ledger.TransferLimits{Allowed: s.TransfersAllowed, PerTimeMax: s.TransferTimeMax, PerMonthMax: s.TransferMonthMax}
	v.Rules.PaymentMax, v.Rules.ChargeKind, v.Rules.ChargeFund, v.Rules.ChargeMax = s.PaymentMax, s.ChargeKind, s.ChargeFund, s.ChargeMax
	v.Rules.TillCashMax, v.Rules.TillDaysMax, v.Rules.SoonDays, v.Rules.BatchRowsMax = s.TillCashMax, s.TillDaysMax, s.SoonDays, s.BatchRowsMax
	v.Rules.CorrectAlone = s.CorrectAlone
	return v, nil
}

func scanKind(row pgx.CollectableRow) (lot.Kind, error) {
	var k lot.Kind
	var until *int32
	err := row.Scan((*string)(&k.Code), &k.Name, &k.Rank, &k.Validity.Months, &k.Validity.Days, &until, &k.Validity.YearEnds,
		&k.ClearedAtMerchant, &k.Transferable, &k.Earns, &k.Premium, (*int32)(&k.Retired))
	if until != nil {
		k.Validity.Until = calendar.Day(*until)
	}
	return k, err
}
