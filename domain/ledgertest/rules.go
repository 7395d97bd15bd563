package ledgertest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase"
)

var rulesContracts = []contract{
	{"the defaults are in force until something is decided", defaultsAreInForce},
	{"what is decided reads back, and the versions tell the story", rulesReadBack},
	{"kinds read back whole and move the version on", kindsReadBack},
	{"a book has the rules that are current when it is opened", booksHaveCurrentRules},
	{"rules of a unit that failed are never seen", failedRulesAreNeverSeen},
}

func current(t *testing.T, b Bench) ledger.Rules {
	t.Helper()
	rules, err := usecase.Do(t.Context(), b.Unit, func(ctx context.Context, s Stores) (ledger.Rules, error) { return s.Rulebook.Current(ctx) })
	require.NoError(t, err)
	return rules
}

func defaultsAreInForce(t *testing.T, b Bench) {
	want := ledger.DefaultRules()
	require.Equal(t, want, current(t, b))
	read, err := b.Rules.Rules(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, read)
	versions, err := b.Rules.Versions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []ledger.RulesVersion{{Rules: want}}, versions)
	err = b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, Now, ledger.Want{})
		require.NoError(t, err)
		require.Equal(t, want, book.Rules)
		return nil
	})
	require.NoError(t, err)
}

func rulesReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	before := w.rules()
	want := before
	want.Precedence = lot.Precedence{lot.ByFreeFirst, lot.ByAge}
	want.Transfers = ledger.TransferLimits{Allowed: false, PerTimeMax: 1, PerMonthMax: 2}
	want.PaymentMax, want.ChargeMax, want.ChargeKind, want.ChargeFund = 3, 4, gift.Code, "city"
	want.TillDaysMax, want.SoonDays, want.BatchRowsMax, want.TillCashMax = 5, 6, 7, 8
	want.CorrectAlone = 9
	decided := ledger.RulesVersion{Rules: want, By: w.mayor.ID, At: hour(1), Reason: "議会の決定 'r'"}
	decided.Rules.Version = 99 // the number is the rulebook's to give
	number, err := usecase.Do(t.Context(), w.Unit, func(ctx context.Context, s Stores) (int64, error) { return s.Rulebook.Amend(ctx, decided) })
	require.NoError(t, err)
	require.Equal(t, before.Version+1, number)
	want.Version = number
	require.Equal(t, want, w.rules())
	require.Equal(t, want, current(t, b))

	versions, err := w.Rules.Versions(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, number, len(versions))
	for i, v := range versions {
		require.Equal(t, number-int64(i), v.Rules.Version, "newest first")
	}
	require.Equal(t, []any{w.mayor.ID, hour(1), decided.Reason}, []any{versions[0].By, versions[0].At.UTC(), versions[0].Reason})
	require.Equal(t, want, versions[0].Rules)
	require.Equal(t, before.PaymentMax, versions[1].Rules.PaymentMax, "an old version stays as it was")
	require.Equal(t, before.Precedence, versions[1].Rules.Precedence)
}

func kindsReadBack(t *testing.T, b Bench) {
	kinds := []lot.Kind{
		{Code: "by-months", Name: "月", Rank: 3, Validity: lot.Validity{Months: 6}, Retired: calendar.Never, Transferable: true, Earns: true},
		{Code: "by-days", Name: "日", Rank: -1, Validity: lot.Validity{Days: 90}, Retired: calendar.Never, ClearedAtMerchant: true, Premium: true},
		{Code: "until", Name: "まで", Rank: 0, Validity: lot.Validity{Until: calendar.On(2027, 2, 28)}, Retired: calendar.On(2027, 1, 1)},
		{Code: "year-ends", Name: "年度末", Rank: 1 << 30, Validity: lot.Validity{YearEnds: 2}, Retired: calendar.Never},
		{Code: "never", Name: "無期限", Retired: calendar.Never},
	}
	want := map[lot.KindCode]lot.Kind{}
	for i, k := range kinds {
		require.NoError(t, b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Rulebook.SaveKind(ctx, k, Now) }))
		want[k.Code] = k
		rules := current(t, b)
		require.EqualValues(t, i+1, rules.Version)
		require.Equal(t, want, rules.Kinds)
	}
	changed := lot.Kind{Code: "until", Name: "終了", Rank: 9, Transferable: true, ClearedAtMerchant: true, Earns: true, Premium: true, Validity: lot.Validity{Days: 1}, Retired: calendar.On(2026, 11, 1)}
	require.NoError(t, b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Rulebook.SaveKind(ctx, changed, hour(1)) }))
	want[changed.Code] = changed
	read, err := b.Rules.Rules(t.Context())
	require.NoError(t, err)
	require.Equal(t, want, read.Kinds)
	require.Equal(t, ledger.DefaultRules().Precedence, read.Precedence, "the other rules stay")
	require.EqualValues(t, len(kinds)+1, read.Version)
}

func booksHaveCurrentRules(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	order := pays(w.hana, w.shop, 500)
	w.pay(order, Now)
	amend(w, func(r *ledger.Rules) { r.PaymentMax = 499 })
	_, err := w.tryPay(order, Now)
	require.ErrorIs(t, err, ledger.ErrPaymentMax)
	w.do(func(ctx context.Context, s Stores) error {
		rules, err := s.Rulebook.Current(ctx)
		require.NoError(t, err)
		rules.PaymentMax = 500
		_, err = s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: Now})
		require.NoError(t, err)
		book, err := s.Ledger.Open(ctx, Now, ledger.Want{})
		require.NoError(t, err)
		require.Equal(t, money.Points(500), book.Rules.PaymentMax, "a unit sees what it decided itself")
		return nil
	})
	w.pay(order, Now)
}

func amend(w *town, change func(*ledger.Rules)) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) error {
		rules, err := s.Rulebook.Current(ctx)
		if err != nil {
			return err
		}
		change(&rules)
		_, err = s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: Now})
		return err
	})
}

// failedRulesAreNeverSeen would catch an adapter that remembers rules by their version: a unit that fails has seen
// a version which the next one gives to other rules.
func failedRulesAreNeverSeen(t *testing.T, b Bench) {
	w := found(t, b)
	before := w.rules()
	err := w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		rules, err := s.Rulebook.Current(ctx)
		require.NoError(t, err)
		rules.PaymentMax = 1
		_, err = s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: Now})
		require.NoError(t, err)
		book, err := s.Ledger.Open(ctx, Now, ledger.Want{})
		require.NoError(t, err)
		require.Equal(t, money.Points(1), book.Rules.PaymentMax)
		return errTurnedBack
	})
	require.ErrorIs(t, err, errTurnedBack)
	require.Equal(t, before, w.rules())
	amend(w, func(r *ledger.Rules) { r.PaymentMax = 700 })
	w.grant(w.hana, 600, calendar.Never, Now)
	w.pay(pays(w.hana, w.shop, 600), Now)
}
