package ledger

import (
	"context"
	"time"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Rules are what administrators decided about the moving of points. A set of rules is never changed: amending
// them makes the next version, and every unit of work sees the version that is current when it has its locks.
type Rules struct {
	Version      int64
	Precedence   lot.Precedence            // clause 4.3.5
	Kinds        map[lot.KindCode]lot.Kind // all kinds, retired ones as well
	Transfers    TransferLimits
	PaymentMax   money.Points // largest single payment
	ChargeKind   lot.KindCode
	ChargeFund   lot.FundCode
	ChargeMax    money.Points // largest single charge
	TillCashMax  money.Points // most cash that one till may hold before it is brought to the bank
	TillDaysMax  int          // cash in a till longer than this is overdue
	SoonDays     int          // lots that lapse within so many days are shown as lapsing soon
	BatchRowsMax int          // recipients of one bulk grant
	CorrectAlone money.Points // largest correction that one administrator makes alone; above it a second one approves
}

// TransferLimits bound what residents pass to one another (design §10; see standards §5 on transfers).
type TransferLimits struct {
	Allowed     bool
	PerTimeMax  money.Points
	PerMonthMax money.Points
}

// DefaultRules are in force until administrators decide otherwise.
func DefaultRules() Rules {
	return Rules{
		Precedence:  lot.DefaultPrecedence,
		Kinds:       map[lot.KindCode]lot.Kind{},
		Transfers:   TransferLimits{Allowed: true, PerTimeMax: 30_000, PerMonthMax: 100_000},
		PaymentMax:  1_000_000,
		ChargeMax:   100_000,
		TillCashMax: 1_000_000,
		TillDaysMax: 7, SoonDays: 30, BatchRowsMax: 100_000, CorrectAlone: 10_000,
	}
}

// ErrRules refuses rules that contradict themselves.
var ErrRules = fault.Define(fault.Invalid, "rules_invalid", "設定の値が正しくありません。")

// Valid refuses rules that contradict themselves.
func (r Rules) Valid() error {
	if err := r.Precedence.Valid(); err != nil {
		return err
	}
	if r.ChargeKind != "" {
		if _, known := r.Kinds[r.ChargeKind]; !known {
			return lot.ErrKindUnknown.At("charge_kind")
		}
	}
	for path, amount := range map[string]money.Points{
		"transfers.per_time_max": r.Transfers.PerTimeMax, "transfers.per_month_max": r.Transfers.PerMonthMax,
		"payment_max": r.PaymentMax, "charge_max": r.ChargeMax, "till_cash_max": r.TillCashMax, "correct_alone": r.CorrectAlone,
	} {
		if amount < 1 || amount > money.AmountMax {
			return ErrRules.At(path)
		}
	}
	if r.TillDaysMax < 1 || r.TillDaysMax > 365 || r.SoonDays < 1 || r.SoonDays > 365 || r.BatchRowsMax < 1 || r.BatchRowsMax > 1_000_000 {
		return ErrRules
	}
	return nil
}

// RulesVersion is one version with its story.
type RulesVersion struct {
	Rules  Rules
	By     user.ID
	At     time.Time
	Reason string
}

// Rulebook keeps the rules inside a unit of work.
type Rulebook interface {
	// Current locks the rulebook and gives the newest rules.
	Current(ctx context.Context) (Rules, error)
	// Amend writes rules as the next version, kinds apart, and returns its number. Kinds are kept by SaveKind.
	Amend(ctx context.Context, version RulesVersion) (int64, error)
	// SaveKind adds or replaces a kind and moves the version on.
	SaveKind(ctx context.Context, kind lot.Kind, at time.Time) error
}

// RulesReader reads rules outside of units.
type RulesReader interface {
	Rules(ctx context.Context) (Rules, error)
	// Versions lists all versions of the rules, newest first.
	Versions(ctx context.Context) ([]RulesVersion, error)
}
