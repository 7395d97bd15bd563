package settlementtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

var claimContracts = []contract{
	{"a claim reads back as entered and as saved, numbered in order", claimsReadBack},
	{"only the stored version can be saved, all or nothing", staleClaims},
	{"claims are locked by identifier, by state and by merchant", claimsAreChosen},
	{"claims that cannot be are refused", impossibleClaims},
	{"claims are listed newest first, a page at a time, and narrowed", claimsAreListed},
	{"what was claimed since a closing is summed, also of the unit itself", claimedSince},
}

// draft makes a draft of a merchant.
func draft(p settlement.Period, merchant user.User, amount money.Points) settlement.Claim {
	return settlement.Claim{
		ID: ident.New[settlement.Claim](time.Now()), Period: p.ID, Merchant: merchant.Wallet, Amount: amount, State: settlement.Drafted, CreatedAt: Now, Version: 1,
	}
}

// demanded makes a claim whose points have moved.
func demanded(p settlement.Period, merchant user.User, amount money.Points) settlement.Claim {
	c := draft(p, merchant, amount)
	c.State, c.Entry = settlement.Claimed, ident.New[ledger.Entry](Now)
	c.Parts = []ledger.Backed{{Fund: "city", Amount: amount}}
	c.ClaimedBy, c.ClaimedAt = merchant.ID, Now
	return c
}

func (w *town) addClaims(claims ...settlement.Claim) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) error { return s.Claims.AddClaims(ctx, claims) })
}

func (w *town) saveClaims(claims ...settlement.Claim) error {
	return w.Unit.Do(w.t.Context(), func(ctx context.Context, s Stores) error { return s.Claims.SaveClaims(ctx, claims) })
}

func (w *town) readClaim(id settlement.ClaimID) settlement.Claim {
	w.t.Helper()
	c, err := w.Reader.Claim(w.t.Context(), id)
	require.NoError(w.t, err)
	return c
}

func claimsReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	p := w.period(0, 29)
	drafted, asked := draft(p, w.shop, 100), demanded(p, w.stall, 250)
	w.addClaims(drafted, asked)
	for i, want := range []*settlement.Claim{&drafted, &asked} {
		got := w.readClaim(want.ID)
		require.EqualValues(t, i+1, got.No)
		want.No = got.No
		require.Equal(t, *want, got)
	}

	asked.Amount, asked.Reason = 240, "一部"
	asked.Parts = []ledger.Backed{{Fund: "city", Amount: 200}, {Fund: "health", Amount: 40}}
	asked.Offset = []ledger.Backed{{Fund: "city", Amount: 5}}
	require.NoError(t, asked.Confirm(w.mayor.ID, Now.Add(time.Minute)))
	require.NoError(t, asked.Approve(w.aide.ID, Now.Add(time.Hour)))
	asked.EndedAt = Now.Add(2 * time.Hour)
	require.NoError(t, w.saveClaims(asked))
	asked.Version = 2
	require.Equal(t, asked, w.readClaim(asked.ID))
	require.Equal(t, []ledger.Backed{{Fund: "city", Amount: 195}, {Fund: "health", Amount: 40}}, asked.Rest())

	_, err := w.Reader.Claim(t.Context(), ident.New[settlement.Claim](Now))
	require.ErrorIs(t, err, settlement.ErrClaimUnknown)
	w.do(func(ctx context.Context, s Stores) error {
		require.NoError(t, s.Claims.AddClaims(ctx, nil))
		return s.Claims.SaveClaims(ctx, nil)
	})
}

func staleClaims(t *testing.T, b Bench) {
	w := found(t, b)
	p := w.period(0, 29)
	one, two := demanded(p, w.shop, 100), demanded(p, w.stall, 100)
	w.addClaims(one, two)
	require.NoError(t, one.Confirm(w.mayor.ID, Now))
	require.NoError(t, w.saveClaims(one))
	require.NoError(t, two.Confirm(w.mayor.ID, Now))
	require.ErrorIs(t, w.saveClaims(two, one), settlement.ErrClaimChanged)
	require.Equal(t, settlement.Claimed, w.readClaim(two.ID).State, "nothing of it was saved")
	require.ErrorIs(t, w.saveClaims(demanded(p, w.shop, 1)), settlement.ErrClaimChanged)
	one.Version = 2
	require.NoError(t, w.saveClaims(two, one))
}

func claimsAreChosen(t *testing.T, b Bench) {
	w := found(t, b)
	p := w.period(0, 29)
	claims := []settlement.Claim{demanded(p, w.shop, 1), demanded(p, w.stall, 2), demanded(p, w.shop, 3), draft(p, w.shop, 4)}
	slices.SortFunc(claims, func(a, b settlement.Claim) int { return slices.Compare(a.ID[:], b.ID[:]) })
	w.addClaims(claims...)
	for i := range claims {
		claims[i] = w.readClaim(claims[i].ID)
	}
	of := func(merchant ledger.WalletID, states ...settlement.ClaimState) []settlement.Claim {
		return slices.DeleteFunc(slices.Clone(claims), func(c settlement.Claim) bool {
			return !slices.Contains(states, c.State) || !merchant.IsZero() && c.Merchant != merchant
		})
	}
	w.do(func(ctx context.Context, s Stores) error {
		got, err := s.Claims.LockClaims(ctx, []settlement.ClaimID{claims[2].ID, ident.New[settlement.Claim](Now), claims[0].ID, claims[2].ID})
		require.NoError(t, err)
		require.Equal(t, []settlement.Claim{claims[0], claims[2]}, got)
		got, err = s.Claims.LockClaims(ctx, nil)
		require.NoError(t, err)
		require.Empty(t, got)
		for _, c := range []struct {
			merchant ledger.WalletID
			states   []settlement.ClaimState
		}{
			{states: []settlement.ClaimState{settlement.Claimed}},
			{states: []settlement.ClaimState{settlement.Claimed, settlement.Drafted}},
			{states: []settlement.ClaimState{settlement.Paid}},
			{merchant: w.shop.Wallet, states: []settlement.ClaimState{settlement.Claimed}},
			{merchant: w.stall.Wallet, states: []settlement.ClaimState{settlement.Claimed, settlement.Drafted}},
		} {
			want := of(c.merchant, c.states...)
			got, err := s.Claims.LockState(ctx, c.merchant, c.states, 10)
			require.NoError(t, err)
			require.ElementsMatch(t, want, got)
			if len(want) > 1 {
				got, err = s.Claims.LockState(ctx, c.merchant, c.states, 1)
				require.NoError(t, err)
				require.Equal(t, want[:1], got, "by identifier")
			}
		}
		return nil
	})
}

func impossibleClaims(t *testing.T, b Bench) {
	w := found(t, b)
	p := w.period(0, 29)
	w.addClaims(draft(p, w.shop, 1))
	for constraint, claim := range map[string]settlement.Claim{
		"claims_amount_positive": demanded(p, w.stall, 0),
		"claims_one_draft":       draft(p, w.shop, 1),
		"claims_period_fkey":     demanded(settlement.Period{ID: ident.New[settlement.Period](Now)}, w.stall, 1),
		"claims_moved_points":    func() settlement.Claim { c := draft(p, w.stall, 1); c.State = settlement.Claimed; return c }(),
		"claims_two_people": func() settlement.Claim {
			c := demanded(p, w.stall, 1)
			c.ConfirmedBy, c.ApprovedBy = w.mayor.ID, w.mayor.ID
			return c
		}(),
	} {
		err := w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error { return s.Claims.AddClaims(ctx, []settlement.Claim{claim}) })
		require.ErrorContains(t, err, constraint)
	}
}

func claimsAreListed(t *testing.T, b Bench) {
	w := found(t, b)
	first, second := w.period(0, 29), w.period(30, 59)
	var all []settlement.Claim
	for n := range 5 {
		c := demanded([]settlement.Period{first, second}[n%2], []user.User{w.shop, w.stall}[n/3], money.Points(n+1))
		if n == 4 {
			c.State, c.EndedAt = settlement.Withdrawn, Now
		}
		w.addClaims(c)
		all = append([]settlement.Claim{w.readClaim(c.ID)}, all...)
	}
	slices.SortFunc(all, func(a, b settlement.Claim) int { return slices.Compare(b.ID[:], a.ID[:]) })
	for _, query := range []settlement.ClaimQuery{
		{},
		{Merchant: w.shop.Wallet},
		{Period: second.ID},
		{States: []settlement.ClaimState{settlement.Withdrawn}},
		{States: []settlement.ClaimState{settlement.Claimed, settlement.Withdrawn}, Merchant: w.stall.Wallet, Period: first.ID},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(c settlement.Claim) bool {
			return !query.Merchant.IsZero() && c.Merchant != query.Merchant || !query.Period.IsZero() && c.Period != query.Period ||
				len(query.States) > 0 && !slices.Contains(query.States, c.State)
		})
		require.NotEmpty(t, want)
		require.Equal(t, want, pages(t, func(after string) (page.Of[settlement.Claim], error) {
			query.After, query.Limit = after, 2
			return w.Reader.Claims(t.Context(), query)
		}))
	}
	_, err := w.Reader.Claims(t.Context(), settlement.ClaimQuery{After: "nonsense", Limit: 2})
	require.ErrorIs(t, err, page.ErrCursor)
}

func claimedSince(t *testing.T, b Bench) {
	w := found(t, b)
	idle := usertest.Merchant()
	w.settles(idle)
	_, err := w.grant(w.hana, "city", 5_000, calendar.Never, Now)
	require.NoError(t, err)
	for _, u := range []user.User{w.shop, w.stall} {
		_, err = w.pay(w.hana, u, 1_000, Now)
		require.NoError(t, err)
	}
	before, err := w.claim(w.stall, 100, Now)
	require.NoError(t, err)
	closing := w.lastSeq(Now)
	_, err = w.claim(w.stall, 30, Now)
	require.NoError(t, err)
	gone, err := w.claim(w.shop, 70, Now)
	require.NoError(t, err)
	require.NoError(t, w.unclaim(before, Now))
	since := func(ctx context.Context, s Stores) map[ledger.WalletID]money.Points {
		claimed, err := s.Claims.ClaimedSince(ctx, []ledger.WalletID{w.shop.Wallet, w.stall.Wallet, idle.Wallet}, closing)
		require.NoError(t, err)
		return claimed
	}
	want := ledger.Want{Wallets: []ledger.WalletID{w.shop.Wallet}, Pots: []ledger.Pot{pot(ledger.Claimed, w.shop.Wallet, "city")}}
	w.do(func(ctx context.Context, s Stores) error {
		claimed := since(ctx, s)
		require.Equal(t, []money.Points{70, -70, 0}, []money.Points{claimed[w.shop.Wallet], claimed[w.stall.Wallet], claimed[idle.Wallet]})
		book, err := s.Ledger.Open(ctx, Now, want)
		require.NoError(t, err)
		_, _, err = book.Claim(ledger.Demand{Actor: w.shop.ID, ID: ledger.BatchID(gone.entry), Merchant: w.shop.Wallet, Amount: 5})
		require.NoError(t, err)
		require.NoError(t, s.Ledger.Append(ctx, book))
		require.Equal(t, money.Points(75), since(ctx, s)[w.shop.Wallet], "the unit's own claim counts")
		return nil
	})
	w.do(func(ctx context.Context, s Stores) error {
		nobody, err := s.Claims.ClaimedSince(ctx, nil, 0)
		require.Empty(t, nobody)
		return err
	})
}
