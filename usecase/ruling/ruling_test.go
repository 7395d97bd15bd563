package ruling_test

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/ruling"
)

type scene struct {
	*citytest.City
	ruling    *ruling.Ruling
	preview   *ruling.Previewing
	approving *approving.Approving
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) ruling.Stores {
		return ruling.Stores{Rulebook: s.Rulebook, Ledger: s.Ledger, Treasury: s.Treasury, Requests: s.Requests, Trail: s.Trail}
	})
	decisions := citytest.Narrow(city, func(s citytest.Stores) approving.Stores {
		return approving.Stores{Requests: s.Requests, Trail: s.Trail}
	})
	r := ruling.New(unit, city.Rules, city.Offers, city.Clock)
	return scene{
		city, r, ruling.NewPreviewing(city.Rules, city.Statements, city.Clock), approving.New(decisions, city.Approvals, r.Executors(), city.Clock),
	}
}

func (s scene) rules(t *testing.T) ledger.Rules {
	t.Helper()
	rules, err := s.ruling.Rules(t.Context(), s.Official)
	require.NoError(t, err)
	return rules
}

func TestRulesAreAmendedByWhoeverSawTheCurrentVersion(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	seen := s.rules(t)
	next := seen
	next.Transfers.Allowed, next.Precedence = false, lot.Precedence{lot.ByExpiry}
	next.Kinds = nil
	amended, err := s.ruling.Amend(t.Context(), s.Official, next, "試行の終了")
	require.NoError(t, err)
	require.False(t, amended.Waits())
	require.Equal(t, seen.Version+1, amended.Rules.Version)
	require.Equal(t, amended.Rules, s.rules(t))
	require.Equal(t, seen.Kinds, amended.Rules.Kinds)

	_, err = s.ruling.Amend(t.Context(), s.Official, next, "遅れた変更")
	require.ErrorIs(t, err, ruling.ErrRulesChanged)
	versions, err := s.ruling.Versions(t.Context(), s.Official)
	require.NoError(t, err)
	require.Equal(t, amended.Rules.Version, versions[0].Rules.Version)
	require.Equal(t, s.Official.User, versions[0].By)
	require.Equal(t, "試行の終了", versions[0].Reason)

	acts, err := s.Acts.Acts(t.Context(), audit.Query{Action: ruling.ActAmend, Limit: 10})
	require.NoError(t, err)
	require.Len(t, acts.Rows, 2)
	for _, act := range acts.Rows {
		if act.Outcome == "done" {
			require.Equal(t, map[string]string{"transfers": "true", "precedence": "kind_rank,expiry,free_first,oldest_first"}, act.Before)
			require.Equal(t, map[string]string{"transfers": "false", "precedence": "expiry"}, act.After)
		}
	}
}

func TestOfManyAmendmentsOfOneVersionOneIsMade(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	seen := s.rules(t)
	errs := make([]error, 8)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			next := seen
			next.SoonDays = 10 + i
			_, errs[i] = s.ruling.Amend(t.Context(), s.Official, next, "")
		})
	}
	all.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		require.ErrorIs(t, err, ruling.ErrRulesChanged)
	}
	require.Equal(t, 1, made)
}

func TestRulesThatContradictThemselvesAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for name, bad := range map[string]struct {
		change func(*ledger.Rules)
		want   error
	}{
		"no criteria":           {func(r *ledger.Rules) { r.Precedence = nil }, lot.ErrPrecedence},
		"a criterion twice":     {func(r *ledger.Rules) { r.Precedence = lot.Precedence{lot.ByAge, lot.ByAge} }, lot.ErrPrecedence},
		"no largest payment":    {func(r *ledger.Rules) { r.PaymentMax = 0 }, ledger.ErrRules},
		"an unknown kind":       {func(r *ledger.Rules) { r.ChargeKind = "gold" }, lot.ErrKindUnknown},
		"charges without kind":  {func(r *ledger.Rules) { r.ChargeKind = "" }, lot.ErrKindUnknown},
		"charges into nothing":  {func(r *ledger.Rules) { r.ChargeFund = "" }, ledger.ErrFundUnknown},
		"charges into a mirage": {func(r *ledger.Rules) { r.ChargeFund = "nowhere" }, ledger.ErrFundUnknown},
	} {
		next := s.rules(t)
		bad.change(&next)
		_, err := s.ruling.Amend(t.Context(), s.Official, next, "")
		require.ErrorIs(t, err, bad.want, name)
	}
	next := s.rules(t)
	next.ChargeKind, next.ChargeFund = "", ""
	_, err := s.ruling.Amend(t.Context(), s.Official, next, "チャージを止める")
	require.NoError(t, err)
}

func TestAKindIsSavedAndRetired(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	kind := lot.Kind{Code: "summer", Name: "夏まつり", Rank: 0, Validity: lot.Validity{Until: s.Today() + 10}}
	saved, err := s.ruling.SaveKind(t.Context(), s.Official, kind, "夏の事業")
	require.NoError(t, err)
	require.Equal(t, calendar.Never, saved.Retired)
	kinds, err := s.ruling.Kinds(t.Context(), s.Official)
	require.NoError(t, err)
	require.Equal(t, []lot.Kind{saved, citytest.Health, citytest.Gift, citytest.Bought}, kinds)

	saved.Retired = s.Today()
	_, err = s.ruling.SaveKind(t.Context(), s.Official, saved, "終了")
	require.NoError(t, err)
	require.Equal(t, s.Today(), s.rules(t).Kinds["summer"].Retired)
}

func TestKindsThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for _, bad := range []struct {
		kind lot.Kind
		want error
	}{
		{lot.Kind{Code: "S", Name: "x"}, lot.ErrKindCode},
		{lot.Kind{Code: "summer"}, lot.ErrKindName},
		{lot.Kind{Code: "summer", Name: "夏", Validity: lot.Validity{Days: 1, Months: 1}}, lot.ErrKindValidity},
		{lot.Kind{Code: "summer", Name: "夏", Validity: lot.Validity{Until: s.Today() - 1}}, lot.ErrExpiryPast},
	} {
		_, err := s.ruling.SaveKind(t.Context(), s.Official, bad.kind, "")
		require.ErrorIs(t, err, bad.want)
	}
	bought := citytest.Bought
	bought.Retired = s.Today() + 100
	_, err := s.ruling.SaveKind(t.Context(), s.Official, bought, "")
	require.ErrorIs(t, err, ruling.ErrKindInUse)
}

func TestChargesDoNotGoToWhatIsClosed(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	gift := citytest.Gift
	gift.Retired = s.Today() + 1
	_, err := s.ruling.SaveKind(t.Context(), s.Official, gift, "")
	require.NoError(t, err)
	next := s.rules(t)
	next.ChargeKind = gift.Code
	_, err = s.ruling.Amend(t.Context(), s.Official, next, "")
	require.ErrorIs(t, err, lot.ErrKindRetired)

	next.ChargeKind, next.ChargeFund = citytest.Bought.Code, citytest.OtherFund
	closed, err := s.Funds.Fund(t.Context(), citytest.OtherFund)
	require.NoError(t, err)
	closed.ClosedAt = citytest.Noon
	s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Treasury.Save(ctx, closed) })
	_, err = s.ruling.Amend(t.Context(), s.Official, next, "")
	require.ErrorIs(t, err, fund.ErrClosed)
}

func TestOnlyOfficialsRule(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := citytest.Actor(s.Resident(t))
	_, err := s.ruling.Amend(t.Context(), resident, s.rules(t), "")
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.ruling.SaveKind(t.Context(), resident, citytest.Gift, "")
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.ruling.Rules(t.Context(), resident)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.ruling.Versions(t.Context(), resident)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.ruling.Kinds(t.Context(), resident)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.preview.Compare(t.Context(), resident, ruling.Draft{Amount: 1})
	require.ErrorIs(t, err, access.ErrNotAllowed)
}

func TestADraftIsTriedOnASampleBesideTheRulesInForce(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	today := s.Today()
	draft := ruling.Draft{
		Precedence: lot.Precedence{lot.ByExpiry, lot.ByRank},
		Lots: []lot.Lot{
			{Key: lot.Key{Kind: "health", Expires: today + 60}, Remaining: 300},
			{Key: lot.Key{Kind: "gift", Expires: today + 10}, Remaining: 200},
			{Key: lot.Key{Kind: "charge", Expires: calendar.Never, Paid: true}, Remaining: 500},
			{Key: lot.Key{Kind: "gift", Expires: today - 1}, Remaining: 900},
		},
		Amount: 400,
	}
	got, err := s.preview.Compare(t.Context(), s.Official, draft)
	require.NoError(t, err)
	require.Equal(t, []string{"health 300 kind_rank", "gift 100 kind_rank"}, sayAll(got.Current))
	require.Equal(t, []string{"gift 200 expiry", "health 200 expiry"}, sayAll(got.Draft))
	require.Zero(t, got.Shortfall)

	draft.Precedence, draft.Ranks = nil, map[lot.KindCode]int32{"charge": 0}
	got, err = s.preview.Compare(t.Context(), s.Official, draft)
	require.NoError(t, err)
	require.Equal(t, []string{"charge 400 kind_rank"}, sayAll(got.Draft))

	draft.Amount = 1_001
	got, err = s.preview.Compare(t.Context(), s.Official, draft)
	require.NoError(t, err)
	require.Equal(t, ruling.Comparison{Shortfall: 1}, got)
}

func TestADraftIsTriedOnARealWallet(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	s.Give(t, resident, citytest.Gift, 500)
	s.Give(t, resident, citytest.Health, 500)
	got, err := s.preview.Compare(t.Context(), s.Official, ruling.Draft{
		Wallet: resident.Wallet, Ranks: map[lot.KindCode]int32{"health": 9}, Amount: 100,
	})
	require.NoError(t, err)
	require.Equal(t, []string{"health 100 kind_rank"}, sayAll(got.Current))
	require.Equal(t, []string{"gift 100 kind_rank"}, sayAll(got.Draft))
	require.EqualValues(t, 1_000, s.Balance(t, resident), "nothing moved")
}

func TestAKindThatACampaignHasYetToPayInIsNotRetired(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	retired := citytest.Gift
	retired.Retired = s.Today() + 30
	campaign := cashback.Campaign{
		ID: cashback.NewOfferID(s.Clock()), Name: "秋の還元祭", Terms: cashback.Terms{Rate: 100, Rounding: cashback.Down, Kind: citytest.Gift.Code},
		Span: cashback.Span{From: s.Today(), Until: s.Today() + 6}, Fund: citytest.Fund, Budget: 1_000, State: cashback.Ended, CreatedAt: s.Clock(), Version: 1,
	}
	s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Campaigns.Add(ctx, campaign) })
	_, err := s.ruling.SaveKind(t.Context(), s.Official, retired, "")
	require.ErrorIs(t, err, ruling.ErrKindPromised)
	health := citytest.Health
	health.Retired = s.Today() + 30
	_, err = s.ruling.SaveKind(t.Context(), s.Official, health, "")
	require.NoError(t, err, "another kind may go")
	campaign.State = cashback.Paid
	s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Campaigns.Save(ctx, campaign) })
	_, err = s.ruling.SaveKind(t.Context(), s.Official, retired, "")
	require.NoError(t, err)
}

func TestDraftsThatSayTooLittleOrTooMuchAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	good := []lot.Lot{{Key: lot.Key{Kind: "gift", Expires: calendar.Never}, Remaining: 1}}
	for _, bad := range []struct {
		draft ruling.Draft
		want  error
	}{
		{ruling.Draft{Amount: 1}, ruling.ErrSample},
		{ruling.Draft{Amount: 1, Lots: make([]lot.Lot, ruling.SampleLotsMax+1)}, ruling.ErrSample},
		{ruling.Draft{Amount: 1, Lots: good, Wallet: s.Resident(t).Wallet}, ruling.ErrSample},
		{ruling.Draft{Amount: 1, Lots: good, Precedence: lot.Precedence{"colour"}}, lot.ErrPrecedence},
		{ruling.Draft{Amount: 1, Lots: good, Ranks: map[lot.KindCode]int32{"gold": 1}}, lot.ErrKindUnknown},
		{ruling.Draft{Amount: 1, Lots: []lot.Lot{{Key: lot.Key{Kind: "gold"}, Remaining: 1}}}, lot.ErrKindUnknown},
		{ruling.Draft{Amount: 1, Wallet: ledger.WalletID{1}}, ledger.ErrWalletUnknown},
	} {
		_, err := s.preview.Compare(t.Context(), s.Official, bad.draft)
		require.ErrorIs(t, err, bad.want)
	}
}

func sayAll(slices []lot.Slice) []string {
	said := make([]string, len(slices))
	for i, s := range slices {
		said[i] = string(s.Lot.Kind) + " " + s.Amount.String() + " " + string(s.Why)
	}
	return said
}
