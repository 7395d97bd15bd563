package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// claims lets the shop claim an amount.
func (a *annals) claims(amount money.Points) (ledger.Entry, []ledger.Backed) {
	a.Helper()
	var backed []ledger.Backed
	e := a.does(func(b *ledger.Book) (err error) {
		_, backed, err = b.Claim(ledger.Demand{Actor: owner(shop), ID: batch, Merchant: shop, Amount: amount, Memo: "11月分"})
		return err
	})
	return e, backed
}

func TestOnlyPointsThatCirculatedCanBeClaimed(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	circulated := a.has(shop, key("city", today, 1), 100)
	a.has(shop, key("city", today+30, 0), 200)
	a.has(shop, key("city", today-1, 3), 400)
	b := a.book()
	w, err := b.Wallet(shop)
	require.NoError(t, err)
	claimable := b.Claimable(w)
	require.Len(t, claimable, 1)
	require.Equal(t, circulated, claimable[0].ID)
	for _, c := range []struct {
		l    lot.Lot
		role user.Role
		live bool
		want ledger.Unclaimable
	}{
		{lot.Lot{Key: key("city", today, 1)}, user.Merchant, true, ledger.IsClaimable},
		{lot.Lot{Key: key("city", today, 1)}, user.Resident, true, ledger.NotMerchant},
		{lot.Lot{Key: key("city", today, 0)}, user.Merchant, true, ledger.NeverPassed},
		{lot.Lot{Key: key("city", today, 1)}, user.Merchant, false, ledger.LapsedLot},
	} {
		require.Equal(t, c.want, ledger.WhyNot(c.l, c.role, c.live))
	}
	_, _, err = b.Claim(ledger.Demand{Merchant: shop, Amount: 101})
	require.ErrorIs(t, err, ledger.ErrClaimShort)
	refusal, _ := fault.Of(err)
	require.Equal(t, map[string]int64{"claimable": 100, "shortfall": 1}, refusal.Figures)
	_, _, err = b.Claim(ledger.Demand{Merchant: hana, Amount: 1})
	require.ErrorIs(t, err, ledger.ErrClaimRole)
	_, _, err = b.Claim(ledger.Demand{Merchant: shop, Amount: 0})
	require.ErrorIs(t, err, money.ErrAmount)
	_, _, err = b.Claim(ledger.Demand{Merchant: ledger.WalletID{9}, Amount: 1})
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
	require.Empty(t, b.Written().Entries)
}

func TestAClaimTakesLotsByThePrecedenceAndSaysWhichFundsBackIt(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(shop, key("charge", calendar.Never, 1), 100)
	a.has(shop, key("health", today+30, 1), 100)
	a.has(shop, of(second, key("city", today+30, 1)), 100)
	e, backed := a.claims(250)
	require.Equal(t, []any{ledger.Claim, batch, owner(shop), "11月分"}, []any{e.Type, e.Batch, e.Actor, e.Memo})
	require.Equal(t, []ledger.Backed{{Fund: "city", Amount: 150}, {Fund: second, Amount: 100}}, backed)
	require.Equal(t, map[lot.Key]money.Points{key("charge", calendar.Never, 1): 50}, a.holds(shop))
	require.Equal(t, money.Points(150), a.pots[pot(ledger.Claimed, shop)])
	require.Equal(t, money.Points(-250), a.lines[0].Delta)
}

func TestAClaimOfAFundThatIsNotInTheBookIsRefused(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(shop, of("third", key("city", today+30, 1)), 100)
	err := a.act(func(b *ledger.Book) error {
		_, _, err := b.Claim(ledger.Demand{Merchant: shop, Amount: 10})
		require.Empty(t, b.Written().Entries)
		return err
	})
	require.ErrorIs(t, err, ledger.ErrFundUnknown)
}

func TestAClaimThatIsGivenBackRestoresItsLotsOnce(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(shop, key("health", today+1, 1), 100)
	a.has(shop, of(second, key("city", today+30, 4)), 100)
	before := a.holds(shop)
	e, _ := a.claims(150)
	unclaim := func(b *ledger.Book) error { _, err := b.Unclaim(user.ID{15: 77}, e, "取下げ"); return err }
	a.later(72 * time.Hour)
	back := a.does(unclaim)
	require.Equal(t, []any{ledger.ClaimReturn, e.ID, batch, "取下げ"}, []any{back.Type, back.Corrects, back.Batch, back.Memo})
	require.Equal(t, before, a.holds(shop), "also what has lapsed meanwhile")
	require.Zero(t, a.pots[pot(ledger.Claimed, shop)])
	require.Equal(t, []ledger.Undoing{{Entry: back.ID, Original: e.ID, Amount: 150}}, a.undoings)
	require.ErrorIs(t, a.act(unclaim), ledger.ErrCorrected)
	require.ErrorIs(t, a.act(func(b *ledger.Book) error { _, err := b.Unclaim(user.ID{}, back, ""); return err }), ledger.ErrEntryUnknown)

	a.later(-72 * time.Hour)
	again, _ := a.claims(10)
	require.ErrorIs(t, a.act(func(b *ledger.Book) error {
		_, err := b.Unclaim(user.ID{}, again, "")
		require.NoError(t, err)
		_, err = b.Unclaim(user.ID{}, again, "")
		return err
	}), ledger.ErrCorrected, "one book counts what it did")
}

func TestAClaimThatWasPaidIsNotGivenBack(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(shop, key("city", today+30, 1), 100)
	e, backed := a.claims(100)
	a.does(func(b *ledger.Book) error {
		_, err := b.PayOut(ledger.Settlement{ID: batch, Merchant: shop, Parts: backed})
		return err
	})
	require.ErrorIs(t, a.act(func(b *ledger.Book) error { _, err := b.Unclaim(user.ID{}, e, ""); return err }), ledger.ErrFundShort)
}

func TestSettlementsMoveClaimedPointsAgainstCash(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(shop, key("city", today+30, 1), 500)
	a.claims(500)
	a.pots[pot(ledger.Till, shop)] = -80
	settle := func(act func(*ledger.Book, ledger.Settlement) (ledger.EntryID, error), amount money.Points) error {
		return a.act(func(b *ledger.Book) error {
			_, err := act(b, ledger.Settlement{Actor: user.ID{15: 77}, ID: batch, Merchant: shop, Parts: []ledger.Backed{{Fund: "city", Amount: amount}}, Memo: "振込"})
			return err
		})
	}
	stand := func(bank, till, claimed money.Points) {
		t.Helper()
		require.Equal(t, []money.Points{-bank, -till, claimed}, []money.Points{a.pots[pot(ledger.Bank, [16]byte{})], a.pots[pot(ledger.Till, shop)], a.pots[pot(ledger.Claimed, shop)]})
	}
	require.NoError(t, settle((*ledger.Book).PayOut, 300))
	stand(99_700, 80, 200)
	require.ErrorIs(t, settle((*ledger.Book).PayOut, 201), ledger.ErrFundShort)
	require.NoError(t, settle((*ledger.Book).PayBack, 300))
	stand(100_000, 80, 500)
	require.ErrorIs(t, settle((*ledger.Book).SetOff, 81), ledger.ErrCashShort)
	require.NoError(t, settle((*ledger.Book).SetOff, 80))
	stand(100_000, 0, 420)
	require.ErrorIs(t, settle((*ledger.Book).SetOff, 0), money.ErrAmount)
	a.pots[pot(ledger.Bank, [16]byte{})] = -100
	require.ErrorIs(t, settle((*ledger.Book).PayOut, 101), ledger.ErrCashShort, "the bank account has less")
	for i, entryType := range []ledger.EntryType{ledger.Payout, ledger.PayoutReturn, ledger.Offset} {
		e := a.entries[1+i]
		require.Equal(t, []any{entryType, batch, "振込", user.ID{15: 77}}, []any{e.Type, e.Batch, e.Memo, e.Actor})
	}
	require.Len(t, a.lines, 1, "settlements write no line")
}

func TestASettlementNamesItsPots(t *testing.T) {
	t.Parallel()
	s := ledger.Settlement{Merchant: shop, Parts: []ledger.Backed{{Fund: "city", Amount: 1}}}
	require.Equal(t, []ledger.Pot{pot(ledger.Claimed, shop), pot(ledger.Bank, [16]byte{})}, s.SettlementPots(ledger.Payout))
	require.Equal(t, []ledger.Pot{pot(ledger.Claimed, shop), pot(ledger.Till, shop)}, s.SettlementPots(ledger.Offset))
}
