package registering_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/registering"
)

func TestARotatedCodeTakesThePlaceOfTheOld(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop := s.register(t, usertest.Merchant())
	for version, actor := range []access.Actor{actorOf(shop), s.official} {
		code, err := s.desk.RotateCode(t.Context(), actor, shop.User.ID)
		require.NoError(t, err)
		require.Equal(t, version+2, code.PrintVersion)
		require.Equal(t, shop.User.Wallet, code.Wallet)
		last := s.acts[len(s.acts)-1]
		require.Equal(t, registering.ActRotateCode, last.Action)
		require.Equal(t, actor, last.Actor)
	}
	old, err := s.Codes.ByToken(t.Context(), shop.Code.Token)
	require.NoError(t, err)
	require.ErrorIs(t, old.Usable(usertest.Now), user.ErrCodeRevoked)
}

func TestAnothersCodeIsUnknown(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop := s.register(t, usertest.Merchant())
	clerk := s.register(t, usertest.Clerk(shop.User))
	stranger := s.register(t, usertest.Resident())
	for _, actor := range []access.Actor{actorOf(clerk), actorOf(stranger)} {
		_, err := s.desk.RotateCode(t.Context(), actor, shop.User.ID)
		require.ErrorIs(t, err, user.ErrUnknown)
		_, err = s.desk.RevokeCode(t.Context(), actor, shop.Code.Token)
		require.ErrorIs(t, err, user.ErrCodeUnknown)
	}
	for _, owner := range []user.ID{shop.User.ID, {}} {
		_, err := s.desk.RotateCode(t.Context(), access.Actor{}, owner)
		require.ErrorIs(t, err, access.ErrNotSignedIn)
	}
	standing, err := s.Codes.Standing(t.Context(), shop.User.ID)
	require.NoError(t, err)
	require.Equal(t, shop.Code, standing)
}

func TestARevokedCodeIsOfNoUse(t *testing.T) {
	t.Parallel()
	s := setScene()
	person := s.register(t, usertest.Resident())
	code, err := s.desk.IssuePresentedCode(t.Context(), actorOf(person), 0, 0)
	require.NoError(t, err)
	revoked, err := s.desk.RevokeCode(t.Context(), actorOf(person), code.Token)
	require.NoError(t, err)
	require.ErrorIs(t, revoked.Usable(usertest.Now), user.ErrCodeRevoked)
	revoked, err = s.desk.RevokeCode(t.Context(), s.official, person.Code.Token)
	require.NoError(t, err)
	require.ErrorIs(t, revoked.Usable(usertest.Now), user.ErrCodeRevoked)
	_, err = s.desk.RevokeCode(t.Context(), s.official, user.NewToken(user.Standing))
	require.ErrorIs(t, err, user.ErrCodeUnknown)
}

func TestACodeWithAnAmountPaysTheMerchantWhoeverIssuesIt(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop := s.register(t, usertest.Merchant())
	clerk := s.register(t, usertest.Clerk(shop.User))
	for _, issuer := range []registering.Registered{shop, clerk} {
		code, err := s.desk.IssueAmountCode(t.Context(), actorOf(issuer), 1_280, time.Minute)
		require.NoError(t, err)
		require.Equal(t, shop.User.ID, code.Owner)
		require.Equal(t, shop.User.Wallet, code.Wallet)
		require.EqualValues(t, 1_280, code.Amount)
		require.NoError(t, code.Usable(usertest.Now.Add(59*time.Second)))
		require.ErrorIs(t, code.Usable(usertest.Now.Add(time.Minute)), user.ErrCodeExpired)
		kept, err := s.Codes.ByToken(t.Context(), code.Token)
		require.NoError(t, err)
		require.Equal(t, code, kept)
	}
}

func TestCodesOfOneUseLiveShortly(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop, person := s.register(t, usertest.Merchant()), s.register(t, usertest.Resident())
	amount, err := s.desk.IssueAmountCode(t.Context(), actorOf(shop), 1, 0)
	require.NoError(t, err)
	require.Equal(t, usertest.Now.Add(user.AmountLife), amount.ExpiresAt)
	presented, err := s.desk.IssuePresentedCode(t.Context(), actorOf(person), 0, 0)
	require.NoError(t, err)
	require.Equal(t, usertest.Now.Add(user.PresentedLife), presented.ExpiresAt)
	for _, life := range []time.Duration{-time.Second, time.Millisecond, user.AmountLife + 1} {
		_, err = s.desk.IssueAmountCode(t.Context(), actorOf(shop), 1, life)
		require.ErrorIs(t, err, user.ErrCodeLife)
	}
	_, err = s.desk.IssuePresentedCode(t.Context(), actorOf(person), 0, user.PresentedLife+1)
	require.ErrorIs(t, err, user.ErrCodeLife)
}

func TestCodesAreIssuedToThoseWhoMay(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop, person := s.register(t, usertest.Merchant()), s.register(t, usertest.Resident())
	_, err := s.desk.IssueAmountCode(t.Context(), actorOf(person), 100, 0)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.desk.IssuePresentedCode(t.Context(), actorOf(shop), 0, 0)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	for _, amount := range []money.Points{-1, 0, money.AmountMax + 1} {
		_, err = s.desk.IssueAmountCode(t.Context(), actorOf(shop), amount, 0)
		require.ErrorIs(t, err, money.ErrAmount)
	}
}

func TestOldCodesThatNobodyUsedAreClearedAway(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop, person := s.register(t, usertest.Merchant()), s.register(t, usertest.Resident())
	stale := make([]user.Code, 1_001) // more than one unit clears
	for i := range stale {
		stale[i] = usertest.AmountCode(shop.User)
		stale[i].IssuedAt, stale[i].ExpiresAt = usertest.Now.Add(-time.Hour), usertest.Now.Add(-time.Minute)
	}
	require.NoError(t, s.books.Do(t.Context(), func(ctx context.Context, stores registering.Stores) error { return stores.Codes.Add(ctx, stale...) }))
	live, err := s.desk.IssuePresentedCode(t.Context(), actorOf(person), 0, 0)
	require.NoError(t, err)

	cleared, err := s.desk.ClearCodes(t.Context(), usertest.Now.Add(-registering.CodesKept), registering.CodesMax)
	require.NoError(t, err)
	require.Zero(t, cleared, "they are kept for a while")
	cleared, err = s.desk.ClearCodes(t.Context(), usertest.Now.Add(time.Hour), 1)
	require.NoError(t, err)
	require.Equal(t, 1, cleared)
	cleared, err = s.desk.ClearCodes(t.Context(), usertest.Now.Add(time.Hour), registering.CodesMax)
	require.NoError(t, err)
	require.Equal(t, 1_000, cleared)
	for _, token := range []user.Token{live.Token, shop.Code.Token, person.Code.Token} {
		code, err := s.Codes.ByToken(t.Context(), token)
		require.NoError(t, err)
		require.NoError(t, code.Usable(usertest.Now), "what can be used is never cleared")
	}
}
