package ruling_test

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/auditing"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/ruling"
)

// another is a second administrator.
func another() access.Actor {
	return access.Actor{User: usertest.Administrator().ID, Role: user.Administrator}
}

// ask asks for rules that raise what one may correct alone.
func (s scene) ask(t *testing.T, next ledger.Rules) approval.Request {
	t.Helper()
	asked, err := s.ruling.Amend(t.Context(), s.Official, next, "訂正が滞る")
	require.NoError(t, err)
	require.True(t, asked.Waits())
	return asked.Request
}

// Clause 4.6.1: a limit that one person could lift would be none.
func TestWhatOneMayCorrectAloneIsRaisedByTwo(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	seen := s.rules(t)
	next := seen
	next.CorrectAlone, next.SoonDays, next.Kinds = 50_000, 14, nil
	asked := s.ask(t, next)
	require.Equal(t, seen, s.rules(t), "nothing is in force yet, not even what would need one person only")
	version := strconv.FormatInt(seen.Version, 10)
	require.Equal(t, []string{ruling.ActAmend, version, "一人で取消・調整できる上限を 10,000ポイントから 50,000ポイントに上げる設定の変更", "訂正が滞る"},
		[]string{asked.Action, asked.Subject, asked.Summary, asked.Reason})
	require.JSONEq(t, fmt.Sprintf(`{"version":%s,"precedence":["kind_rank","expiry","free_first","oldest_first"],"transfers_allowed":true,
		"transfer_per_time_max":30000,"transfer_per_month_max":100000,"payment_max":1000000,"charge_kind":"charge","charge_fund":"city",
		"charge_max":100000,"till_cash_max":1000000,"till_days_max":7,"soon_days":14,"batch_rows_max":100000,"correct_alone":50000}`, version), string(asked.Payload))

	_, err := s.approving.Approve(t.Context(), s.Official, asked.ID, "")
	require.ErrorIs(t, err, approval.ErrSamePerson)
	require.Equal(t, seen, s.rules(t))
	s.Advance(time.Hour)
	other := another()
	approved, err := s.approving.Approve(t.Context(), other, asked.ID, "確認済み")
	require.NoError(t, err)
	require.Equal(t, approval.Approved, approved.State)
	want := next
	want.Version, want.Kinds = seen.Version+1, seen.Kinds
	require.Equal(t, want, s.rules(t))
	versions, err := s.ruling.Versions(t.Context(), s.Official)
	require.NoError(t, err)
	require.Equal(t, []any{s.Official.User, s.Clock(), "訂正が滞る"}, []any{versions[0].By, versions[0].At, versions[0].Reason})

	found, err := s.Acts.Acts(t.Context(), audit.Query{Action: ruling.ActAmend, Limit: 10})
	require.NoError(t, err)
	acts := lo.KeyBy(found.Rows, func(a audit.Act) string { return a.Outcome })
	was, is := map[string]string{"correct_alone": "10000", "soon_days": "30"}, map[string]string{"correct_alone": "50000", "soon_days": "14", "approval": asked.ID.String()}
	require.Equal(t, []any{s.Official.User, was, is}, []any{acts[approving.Asked].Actor.User, acts[approving.Asked].Before, acts[approving.Asked].After})
	is["requested_by"] = s.Official.User.String()
	require.Equal(t, []any{other.User, version, was, is}, []any{
		acts[auditing.Done].Actor.User, acts[auditing.Done].Target, acts[auditing.Done].Before, acts[auditing.Done].After,
	})
}

func TestWhatOneMayCorrectAloneIsLoweredByOne(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for _, limit := range []money.Points{9_999, 1} {
		next := s.rules(t)
		next.CorrectAlone = limit
		amended, err := s.ruling.Amend(t.Context(), s.Official, next, "")
		require.NoError(t, err)
		require.False(t, amended.Waits())
		require.Equal(t, amended.Rules, s.rules(t))
		require.Equal(t, limit, amended.Rules.CorrectAlone)
	}
	next := s.rules(t)
	next.CorrectAlone = 2
	s.ask(t, next)
}

func TestRulesThatChangedSinceTheyWereAskedForAreNotAmended(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	next := s.rules(t)
	next.CorrectAlone = 50_000
	first, second := s.ask(t, next), s.ask(t, next)
	_, err := s.approving.Approve(t.Context(), another(), first.ID, "")
	require.NoError(t, err)
	lowered := s.rules(t)
	lowered.CorrectAlone = 100
	_, err = s.ruling.Amend(t.Context(), s.Official, lowered, "")
	require.NoError(t, err)

	_, err = s.approving.Approve(t.Context(), another(), second.ID, "")
	require.ErrorIs(t, err, ruling.ErrRulesChanged)
	require.EqualValues(t, 100, s.rules(t).CorrectAlone)
	still, err := s.approving.Get(t.Context(), s.Official, second.ID)
	require.NoError(t, err)
	require.Equal(t, second, still)
	_, err = s.approving.Refuse(t.Context(), another(), second.ID, "古い設定にもとづく")
	require.NoError(t, err)
}

func TestRulesThatCannotBeAreNotEvenAskedFor(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for name, bad := range map[string]struct {
		change func(*ledger.Rules)
		want   error
	}{
		"too high":          {func(r *ledger.Rules) { r.CorrectAlone = money.AmountMax + 1 }, ledger.ErrRules},
		"of an old version": {func(r *ledger.Rules) { r.Version-- }, ruling.ErrRulesChanged},
		"an unknown kind":   {func(r *ledger.Rules) { r.ChargeKind = "gold" }, lot.ErrKindUnknown},
		"into a mirage":     {func(r *ledger.Rules) { r.ChargeFund = "nowhere" }, ledger.ErrFundUnknown},
	} {
		next := s.rules(t)
		next.CorrectAlone = 50_000
		bad.change(&next)
		_, err := s.ruling.Amend(t.Context(), s.Official, next, "")
		require.ErrorIs(t, err, bad.want, name)
	}
	next := s.rules(t)
	next.CorrectAlone = 50_000
	_, err := s.ruling.Amend(t.Context(), citytest.Actor(s.Merchant(t)), next, "")
	require.ErrorIs(t, err, access.ErrNotAllowed)
	waiting, err := s.approving.List(t.Context(), s.Official, approval.Query{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, waiting.Rows)
}
