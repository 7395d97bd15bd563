package charging_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/citytest"
)

type scene struct {
	*citytest.City
	charging *charging.Charging
	shop     user.User
	resident user.User
	code     user.Token
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) charging.Stores { return charging.Stores{Ledger: s.Ledger, Outbox: s.Outbox} })
	s := scene{City: city, charging: charging.New(unit, city.Rules, city.Statements, city.Clock), shop: city.Merchant(t), resident: city.Resident(t)}
	s.code = s.Code(t, s.resident)
	return s
}

func (s scene) cash(amount money.Points) charging.Command {
	return charging.Command{Key: s.Key(), ResidentCode: s.code, Amount: amount, Memo: "窓口"}
}

// amend changes the rules in force.
func (s scene) amend(t *testing.T, change func(*ledger.Rules)) {
	t.Helper()
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		rules, err := st.Rulebook.Current(ctx)
		if err != nil {
			return err
		}
		change(&rules)
		_, err = st.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: s.Clock()})
		return err
	})
}

func TestAChargeRaisesTheTillAndTheWalletTogether(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	for _, actor := range []access.Actor{citytest.Actor(s.shop), citytest.Actor(s.Clerk(t, s.shop))} {
		got, err := s.charging.Do(t.Context(), actor, s.cash(3_000))
		require.NoError(t, err)
		require.Equal(t, charging.Result{
			Entry: got.Entry, At: citytest.Noon, Amount: 3_000, Resident: s.resident.Wallet,
			Points: lot.Key{Kind: "charge", Fund: citytest.Fund, Expires: calendar.Never, Paid: true},
		}, got)
	}
	require.EqualValues(t, 6_000, s.Balance(t, s.resident))
	p := s.Position(t, citytest.Fund)
	require.EqualValues(t, 6_000, p.Tills)
	require.EqualValues(t, 6_000, p.Wallets)
	messages := s.Messages()
	require.Len(t, messages, 2)
	require.Equal(t, ledger.TopicWallet, messages[0].Topic)
	require.Equal(t, s.resident.ID, messages[0].Events[0].(ledger.WalletChanged).Owner)
}

func TestAChargeIsBookedOncePerKey(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	cmd := s.cash(3_000)
	first, err := s.charging.Do(t.Context(), citytest.Actor(s.shop), cmd)
	require.NoError(t, err)
	s.Advance(time.Hour)
	again, err := s.charging.Do(t.Context(), citytest.Actor(s.shop), cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	again.Replayed = false
	require.Equal(t, first, again)
	cmd.Amount = 3_001
	_, err = s.charging.Do(t.Context(), citytest.Actor(s.shop), cmd)
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	require.EqualValues(t, 3_000, s.Balance(t, s.resident))
}

func TestAPreviewedChargeMovesNothing(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	got, err := s.charging.Preview(t.Context(), citytest.Actor(s.shop), s.cash(3_000))
	require.NoError(t, err)
	require.True(t, got.Entry.IsZero())
	require.EqualValues(t, 3_000, got.Amount)
	require.Equal(t, s.resident.Wallet, got.Resident)
	require.Zero(t, s.Balance(t, s.resident))
	require.Empty(t, s.Messages())
	_, err = s.charging.Preview(t.Context(), citytest.Actor(s.shop), s.cash(100_001))
	require.ErrorIs(t, err, ledger.ErrChargeMax)
}

func TestChargesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop := citytest.Actor(s.shop)
	for name, bad := range map[string]struct {
		actor  access.Actor
		change func(*charging.Command)
		want   error
	}{
		"by a resident":         {citytest.Actor(s.resident), func(*charging.Command) {}, access.ErrNotAllowed},
		"by nobody":             {access.Actor{}, func(*charging.Command) {}, access.ErrNotSignedIn},
		"without a key":         {shop, func(c *charging.Command) { c.Key = "" }, idem.ErrKeyMissing},
		"of nothing":            {shop, func(c *charging.Command) { c.Amount = 0 }, money.ErrAmount},
		"of less than nothing":  {shop, func(c *charging.Command) { c.Amount = -1 }, money.ErrAmount},
		"over the limit":        {shop, func(c *charging.Command) { c.Amount = 100_001 }, ledger.ErrChargeMax},
		"by an unknown code":    {shop, func(c *charging.Command) { c.ResidentCode = user.NewToken(user.Standing) }, user.ErrCodeUnknown},
		"to another shop":       {shop, func(c *charging.Command) { c.ResidentCode = s.Code(t, s.Merchant(t)) }, ledger.ErrChargeToWhom},
		"with too long a story": {shop, func(c *charging.Command) { c.Memo = string(make([]rune, 101)) }, ledger.ErrMemo},
	} {
		cmd := s.cash(1_000)
		bad.change(&cmd)
		_, err := s.charging.Do(t.Context(), bad.actor, cmd)
		require.ErrorIs(t, err, bad.want, name)
	}
	require.Zero(t, s.Position(t, citytest.Fund).Tills)
}

func TestChargesGoWhereTheRulesSay(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.amend(t, func(r *ledger.Rules) { r.ChargeFund = citytest.OtherFund })
	_, err := s.charging.Do(t.Context(), citytest.Actor(s.shop), s.cash(1_000))
	require.NoError(t, err)
	require.EqualValues(t, 1_000, s.Position(t, citytest.OtherFund).Tills)
	s.amend(t, func(r *ledger.Rules) { r.ChargeKind, r.ChargeFund = "", "" })
	_, err = s.charging.Do(t.Context(), citytest.Actor(s.shop), s.cash(1_000))
	require.ErrorIs(t, err, ledger.ErrChargeOff)
}

// late is a reader of rules that tells the old ones a first time after they were amended.
type late struct {
	ledger.RulesReader
	old *ledger.Rules
}

func (l *late) Rules(ctx context.Context) (ledger.Rules, error) {
	if old := l.old; old != nil {
		l.old = nil
		return *old, nil
	}
	return l.RulesReader.Rules(ctx)
}

func TestAChargeStartsOverWhenTheFundOfChargesWasJustAmended(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	old, err := s.Rules.Rules(t.Context())
	require.NoError(t, err)
	s.amend(t, func(r *ledger.Rules) { r.ChargeFund = citytest.OtherFund })
	unit := citytest.Narrow(s.City, func(st citytest.Stores) charging.Stores { return charging.Stores{Ledger: st.Ledger, Outbox: st.Outbox} })
	charges := charging.New(unit, &late{s.Rules, &old}, s.Statements, s.Clock)
	got, err := charges.Do(t.Context(), citytest.Actor(s.shop), s.cash(1_000))
	require.NoError(t, err)
	require.Equal(t, citytest.OtherFund, got.Points.Fund)
}
