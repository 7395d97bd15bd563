package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

func TestDefaultRulesAreValidAndChargeNothing(t *testing.T) {
	t.Parallel()
	rules := ledger.DefaultRules()
	require.NoError(t, rules.Valid())
	s := newScene()
	s.rules = rules
	refused(t, s, ledger.ErrChargeOff, func(b *ledger.Book) error { _, err := b.Charge(charges(shop, hana, 1, "charge-1")); return err })
}

func TestRulesThatContradictThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reason *fault.Fault
		change func(*ledger.Rules)
	}{
		"no precedence":            {lot.ErrPrecedence, func(r *ledger.Rules) { r.Precedence = nil }},
		"unknown criterion":        {lot.ErrPrecedence, func(r *ledger.Rules) { r.Precedence = lot.Precedence{"whim"} }},
		"unknown charge kind":      {lot.ErrKindUnknown, func(r *ledger.Rules) { r.ChargeKind = "none" }},
		"no limit per time":        {ledger.ErrRules, func(r *ledger.Rules) { r.Transfers.PerTimeMax = 0 }},
		"no limit per month":       {ledger.ErrRules, func(r *ledger.Rules) { r.Transfers.PerMonthMax = -1 }},
		"too large a payment":      {ledger.ErrRules, func(r *ledger.Rules) { r.PaymentMax = money.AmountMax + 1 }},
		"no charge":                {ledger.ErrRules, func(r *ledger.Rules) { r.ChargeMax = 0 }},
		"a till without room":      {ledger.ErrRules, func(r *ledger.Rules) { r.TillCashMax = 0 }},
		"too large a till":         {ledger.ErrRules, func(r *ledger.Rules) { r.TillCashMax = money.AmountMax + 1 }},
		"overdue at once":          {ledger.ErrRules, func(r *ledger.Rules) { r.TillDaysMax = 0 }},
		"soon is more than a year": {ledger.ErrRules, func(r *ledger.Rules) { r.SoonDays = 366 }},
		"a batch without rows":     {ledger.ErrRules, func(r *ledger.Rules) { r.BatchRowsMax = 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rules := newScene().rules
			require.NoError(t, rules.Valid())
			c.change(&rules)
			require.ErrorIs(t, rules.Valid(), c.reason)
		})
	}
}
