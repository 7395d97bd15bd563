package settling_test

import (
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

func (s *scene) claimable(t testing.TB) settling.Claimable {
	t.Helper()
	shown, err := s.claims.Claimable(t.Context(), citytest.Actor(s.shop))
	require.NoError(t, err)
	return shown
}

// whys sums what is in lots by why it cannot be claimed.
func whys(shown settling.Claimable) map[ledger.Unclaimable]int64 {
	sums := map[ledger.Unclaimable]int64{}
	for _, l := range shown.Lots {
		sums[l.WhyNot] += int64(l.Remaining)
	}
	return sums
}

func TestOnlyWhatHasCirculatedAndIsDueCanBeClaimed(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	shop := citytest.Actor(s.shop)
	s.Give(t, s.shop, citytest.Gift, 300) // has not been passed on
	s.pay(t, s.shop, 1_000)
	shown := s.claimable(t)
	require.Zero(t, shown.Amount, "no period is closed")
	require.Equal(t, map[ledger.Unclaimable]int64{settling.NotYetClosed: 1_000, ledger.NeverPassed: 300}, whys(shown))
	_, err := s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: s.Key()})
	require.ErrorIs(t, err, settlement.ErrClaimNothingDue)

	s.closes(t)
	s.pay(t, s.shop, 50) // of the period that runs
	shown = s.claimable(t)
	require.EqualValues(t, []int64{1_300, 0, 1_050, 1_050}, []int64{int64(shown.Due), int64(shown.Since), int64(shown.Held), int64(shown.Amount)})
	require.Equal(t, map[ledger.Unclaimable]int64{ledger.IsClaimable: 1_050, ledger.NeverPassed: 300}, whys(shown))
	_, err = s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: s.Key(), Amount: 1_301})
	require.ErrorIs(t, err, settlement.ErrClaimOverDue)
	_, err = s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: s.Key(), Amount: 1_051})
	require.ErrorIs(t, err, ledger.ErrClaimShort)
	refusal, _ := fault.Of(err)
	require.EqualValues(t, 1_050, refusal.Figures["claimable"])
	_, err = s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: s.Key(), Amount: -1})
	require.ErrorIs(t, err, money.ErrAmount)
	_, err = s.claims.Claim(t.Context(), shop, settling.ClaimCommand{})
	require.ErrorIs(t, err, idem.ErrKeyMissing)
	require.EqualValues(t, 1_350, s.Balance(t, s.shop), "nothing has moved")

	part, err := s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: s.Key(), Amount: 400})
	require.NoError(t, err)
	require.EqualValues(t, 400, part.Amount)
	shown = s.claimable(t)
	require.True(t, shown.Draft.IsZero())
	require.EqualValues(t, []int64{400, 650}, []int64{int64(shown.Since), int64(shown.Amount)})
	require.EqualValues(t, 650, s.claim(t, s.shop).Amount)
	_, err = s.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: s.Key()})
	require.ErrorIs(t, err, settlement.ErrClaimNothingDue)
}

func TestOnlyTheMerchantClaims(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.closes(t)
	for _, actor := range []access.Actor{s.Official, citytest.Actor(s.hana), citytest.Actor(s.Clerk(t, s.shop))} {
		_, err := s.claims.Claim(t.Context(), actor, settling.ClaimCommand{Key: s.Key()})
		require.ErrorIs(t, err, access.ErrNotAllowed)
	}
	_, err := s.claims.Claimable(t.Context(), s.Official)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	claim := s.claim(t, s.shop)
	_, err = s.claims.One(t.Context(), citytest.Actor(s.cafe), claim.ID)
	require.ErrorIs(t, err, settlement.ErrClaimUnknown)
	_, err = s.claims.Withdraw(t.Context(), citytest.Actor(s.cafe), settling.EndCommand{Key: s.Key(), Claim: claim.ID})
	require.ErrorIs(t, err, settlement.ErrClaimUnknown)
	found, err := s.claims.List(t.Context(), citytest.Actor(s.cafe), settlement.ClaimQuery{Limit: 10, Merchant: s.shop.Wallet})
	require.NoError(t, err)
	require.Empty(t, found.Rows)
	_, err = s.claims.Confirm(t.Context(), citytest.Actor(s.shop), claim.ID)
	require.ErrorIs(t, err, access.ErrNotAllowed)
}

func TestAWithdrawnClaimGivesTheLotsBackAndCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.closes(t)
	claim := s.claim(t, s.shop)
	shop := citytest.Actor(s.shop)
	end := settling.EndCommand{Key: s.Key(), Claim: claim.ID}
	for i := range 2 {
		back, err := s.claims.Withdraw(t.Context(), shop, end)
		require.NoError(t, err)
		require.Equal(t, i == 1, back.Replayed)
		require.Equal(t, settlement.Withdrawn, back.State)
	}
	require.EqualValues(t, 1_000, s.Balance(t, s.shop))
	_, err := s.claims.Withdraw(t.Context(), shop, settling.EndCommand{Key: s.Key(), Claim: claim.ID})
	require.ErrorIs(t, err, settlement.ErrClaimState)
	again := s.claim(t, s.shop)
	require.EqualValues(t, 1_000, again.Amount)
	s.account(t, s.shop, "0076543")
	_, err = s.claims.Confirm(t.Context(), s.Official, again.ID)
	require.NoError(t, err)
	_, err = s.claims.Withdraw(t.Context(), shop, settling.EndCommand{Key: s.Key(), Claim: again.ID})
	require.ErrorIs(t, err, settlement.ErrClaimState, "somebody has looked at it")
}

func TestARefusedClaimTellsTheMerchantWhy(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.closes(t)
	claim := s.claim(t, s.shop)
	_, err := s.claims.Refuse(t.Context(), s.Official, settling.EndCommand{Key: s.Key(), Claim: claim.ID, Reason: " "})
	require.ErrorIs(t, err, settling.ErrReason)
	_, err = s.claims.Refuse(t.Context(), citytest.Actor(s.shop), settling.EndCommand{Key: s.Key(), Claim: claim.ID, Reason: "x"})
	require.ErrorIs(t, err, access.ErrNotAllowed)
	refused, err := s.claims.Refuse(t.Context(), s.Official, settling.EndCommand{Key: s.Key(), Claim: claim.ID, Reason: "領収書を確認中"})
	require.NoError(t, err)
	require.Equal(t, "領収書を確認中", refused.Reason)
	require.Equal(t, settlement.Refused, refused.State)
	require.EqualValues(t, 1_000, s.Balance(t, s.shop))
	require.Zero(t, s.Position(t, citytest.Fund).Claimed)
	drafted, err := s.claims.Refuse(t.Context(), s.Official, settling.EndCommand{Key: s.Key(), Claim: settlement.ClaimID{1}, Reason: "x"})
	require.ErrorIs(t, err, settlement.ErrClaimUnknown)
	require.Zero(t, drafted)
}

func TestADraftHasNoPointsToGiveBack(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.closes(t)
	draft := s.claimable(t).Draft
	_, err := s.claims.Withdraw(t.Context(), citytest.Actor(s.shop), settling.EndCommand{Key: s.Key(), Claim: draft})
	require.ErrorIs(t, err, settlement.ErrClaimState)
	_, err = s.claims.Confirm(t.Context(), s.Official, draft)
	require.ErrorIs(t, err, settlement.ErrClaimState)
}

func TestTwoPeopleLookAtAClaim(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	claim := s.claim(t, s.shop)
	_, err := s.claims.Approve(t.Context(), s.second, claim.ID)
	require.ErrorIs(t, err, settlement.ErrClaimState)
	_, err = s.claims.Confirm(t.Context(), s.Official, claim.ID)
	require.NoError(t, err)
	_, err = s.claims.Confirm(t.Context(), s.second, claim.ID)
	require.ErrorIs(t, err, settlement.ErrClaimState)
	_, err = s.claims.Approve(t.Context(), s.Official, claim.ID)
	require.ErrorIs(t, err, settlement.ErrClaimSamePerson)
	approved, err := s.claims.Approve(t.Context(), s.second, claim.ID)
	require.NoError(t, err)
	stored, err := s.claims.One(t.Context(), s.Official, claim.ID)
	require.NoError(t, err)
	require.Equal(t, stored, approved)
	require.Equal(t, []any{s.Official.User, s.second.User}, []any{stored.ConfirmedBy, stored.ApprovedBy})
	outcomes := map[string]int{}
	for _, act := range s.acts(t, settling.ActApproveClaim) {
		outcomes[act.Outcome]++
	}
	require.Equal(t, map[string]int{"done": 1, "claim_same_person": 1, "claim_state": 1}, outcomes)
}

func TestOfAdministratorsAtOnceOneWins(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	claim := s.claim(t, s.shop)
	race := func(act func(access.Actor) error) {
		t.Helper()
		errs := make([]error, 6)
		var all sync.WaitGroup
		for i := range errs {
			actor := s.Official
			actor.User = ident.New[user.User](citytest.Noon)
			all.Go(func() { errs[i] = act(actor) })
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, settlement.ErrClaimState) {
				require.ErrorIs(t, err, settlement.ErrClaimChanged)
			}
		}
		require.Equal(t, 1, won)
	}
	race(func(actor access.Actor) error {
		_, err := s.claims.Confirm(t.Context(), actor, claim.ID)
		return err
	})
	race(func(actor access.Actor) error {
		_, err := s.claims.Approve(t.Context(), actor, claim.ID)
		return err
	})
}

func TestAListOfClaimsIsJudgedOneByOne(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.pay(t, s.shop, 1_000)
	s.pay(t, s.cafe, 2_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	good, poor := s.claim(t, s.shop), s.claim(t, s.cafe) // the café has no account
	ids := []settlement.ClaimID{good.ID, poor.ID, {9}}
	verdicts, err := s.claims.ConfirmAll(t.Context(), s.Official, ids)
	require.NoError(t, err)
	require.Nil(t, verdicts[0].Fault)
	require.Equal(t, settlement.Confirmed, verdicts[0].Claim.State)
	require.Equal(t, settlement.ErrClaimNoAccount, verdicts[1].Fault)
	require.Equal(t, settlement.ErrClaimUnknown, verdicts[2].Fault)
	verdicts, err = s.claims.ApproveAll(t.Context(), s.second, ids[:2])
	require.NoError(t, err)
	require.Equal(t, settlement.Approved, verdicts[0].Claim.State)
	require.Equal(t, settlement.ErrClaimState, verdicts[1].Fault)
	for _, bad := range [][]settlement.ClaimID{nil, {good.ID, good.ID}, make([]settlement.ClaimID, 501)} {
		_, err = s.claims.ApproveAll(t.Context(), s.second, bad)
		require.ErrorIs(t, err, settling.ErrVerdicts)
	}
	_, err = s.claims.ApproveAll(t.Context(), citytest.Actor(s.shop), ids)
	require.ErrorIs(t, err, access.ErrNotAllowed)
}

func TestTheCashOfATillIsSetOffAgainstAClaim(t *testing.T) {
	t.Parallel()
	s := setScene(t, func(settings *settlement.Settings) { settings.OffsetTills = true })
	s.charge(t, s.shop, 3_000)
	s.charge(t, s.cafe, 9_000)
	s.pay(t, s.shop, 5_000)
	s.pay(t, s.cafe, 4_000)
	s.closes(t)
	s.account(t, s.shop, "0076543")
	s.account(t, s.cafe, "0076545")
	claim := s.approve(t, s.claim(t, s.shop).ID)
	require.Equal(t, settlement.Approved, claim.State)
	require.EqualValues(t, 2_000, claim.Payable())
	whole := s.approve(t, s.claim(t, s.cafe).ID)
	require.Equal(t, settlement.Paid, whole.State, "the till held it all")
	position := s.Position(t, citytest.Fund)
	require.EqualValues(t, []int64{5_000, 2_000}, []int64{int64(position.Tills), int64(position.Claimed)})
	made := s.export(t)
	require.Equal(t, 1, made.Count)
	require.EqualValues(t, 2_000, made.Total)
	s.send(t, made.ID)
	_, err := s.payouts.PayFile(t.Context(), s.Official, made.ID, settling.PayCommand{Key: s.Key()})
	require.NoError(t, err)
	require.Zero(t, s.Position(t, citytest.Fund).Claimed)
}
