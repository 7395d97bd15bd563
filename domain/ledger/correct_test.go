package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

func TestAReversalRestoresTheLotsWithTheirKindsExpiryAndHops(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("charge", today+30, 0), 100)
	a.has(hana, key("city", today+9, 2), 200)
	before := a.holds(hana)
	e, _ := a.pays(hana, shop, 300)
	require.Equal(t, map[lot.Key]money.Points{key("charge", calendar.Never, 1): 100, key("city", today+9, 3): 200}, a.holds(shop))
	effect := a.undoes(e, 0)
	require.Equal(t, []any{ledger.Reversal, money.Points(300), money.Points(0), a.now}, []any{effect.Type, effect.Amount, effect.Left, effect.At})
	require.Equal(t, before, a.holds(hana))
	require.Empty(t, a.holds(shop))

	correction := a.entries[len(a.entries)-1]
	require.Equal(t, []any{effect.Entry, ledger.Reversal, e.ID, "誤り", user.ID{15: 77}},
		[]any{correction.ID, correction.Type, correction.Corrects, correction.Memo, correction.Actor})
	require.Equal(t, []ledger.Undoing{{Entry: effect.Entry, Original: e.ID, Amount: 300}}, a.undoings)
	require.Equal(t, []money.Points{300, -300}, []money.Points{a.lines[3].Delta, a.lines[2].Delta}, "a line in each history")
}

func TestAPartThatIsUndoneIsWhatWasDrawnLast(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("health", today+30, 0), 100)
	a.has(hana, key("city", today+30, 0), 100)
	e, _ := a.pays(hana, shop, 200)
	require.Equal(t, ledger.Partial, a.undoes(e, 30).Type)
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 30}, a.holds(hana))
	effect := a.undoes(e, 90)
	require.Equal(t, money.Points(80), effect.Left)
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 100, key("health", today+30, 0): 20}, a.holds(hana), "as if it had been a payment of 80")
	_, err := a.tryUndo(e, 81)
	require.ErrorIs(t, err, ledger.ErrTooMuch)
	refusal, _ := fault.Of(err)
	require.Equal(t, map[string]int64{"left": 80}, refusal.Figures)
	require.Equal(t, ledger.Reversal, a.undoes(e, 80).Type, "the last part leaves nothing")
	_, err = a.tryUndo(e, 0)
	require.ErrorIs(t, err, ledger.ErrCorrected)
	_, err = a.tryUndo(e, -1)
	require.ErrorIs(t, err, ledger.ErrCorrected)
}

func TestACorrectionOfANegativeAmountIsRefused(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", today+30, 0), 100)
	e, _ := a.pays(hana, shop, 100)
	_, err := a.tryUndo(e, -1)
	require.ErrorIs(t, err, money.ErrAmount)
}

func TestTwoCorrectionsOfOneBookCountEachOther(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(10))
	a.has(hana, key("city", today+30, 0), 1_000)
	e, _ := a.pays(hana, shop, 1_000)
	require.NoError(t, a.act(func(b *ledger.Book) error {
		first, err := b.Correct(ledger.Correction{Original: e, Amount: 600})
		require.NoError(t, err)
		require.Equal(t, money.Points(-60), first.Awards[0].Amount)
		second, err := b.Correct(ledger.Correction{Original: e})
		require.NoError(t, err)
		require.Equal(t, []money.Points{400, -40}, []money.Points{second.Amount, second.Awards[0].Amount})
		_, err = b.Correct(ledger.Correction{Original: e})
		require.ErrorIs(t, err, ledger.ErrCorrected)
		return nil
	}))
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 1_000}, a.holds(hana))
}

func TestPointsThatLapsedMeanwhileComeBackLapsed(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("charge", today+5, 0), 100)
	e, _ := a.pays(hana, shop, 100)
	a.later(6 * 24 * time.Hour)
	effect := a.undoes(e, 0)
	require.Equal(t, money.Points(100), effect.Lapsed)
	require.Equal(t, map[lot.Key]money.Points{key("charge", today+5, 0): 100}, a.holds(hana))
}

func TestPointsOfTheRecordedLotAreTakenBackThoughTheyLapsed(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", today+5, 0), 100)
	e, _ := a.pays(hana, shop, 100)
	a.later(6 * 24 * time.Hour)
	a.undoes(e, 0)
	require.Empty(t, a.holds(shop), "the sweep had not come yet")
}

func TestWhatAShopHasSpentIsTakenFromItsOtherPointsOfTheFund(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", today+30, 0), 100)
	a.has(shop, of(second, key("charge", calendar.Never, 1)), 500)
	e, _ := a.pays(hana, shop, 100)
	a.pays(shop, stall, 60)
	a.has(shop, key("charge", calendar.Never, 1), 45)
	a.undoes(e, 80)
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 80}, a.holds(hana), "they come back as what they were")
	require.Equal(t, map[lot.Key]money.Points{key("charge", calendar.Never, 1): 5, of(second, key("charge", calendar.Never, 1)): 500}, a.holds(shop))
}

func TestAPayeeWhoHasSpentThePointsMakesTheReversalRefusedWithTheListOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("health", today+30, 0), 100)
	a.has(hana, of(second, key("city", today+30, 0)), 100)
	e, _ := a.pays(hana, shop, 200)
	a.pays(shop, stall, 170)
	effect, err := a.tryUndo(e, 0)
	require.ErrorIs(t, err, ledger.ErrTakeBackShort)
	refusal, _ := fault.Of(err)
	require.Equal(t, map[string]int64{"shortfall": 170}, refusal.Figures)
	require.ElementsMatch(t, []string{"shortages." + shop.String() + ".second", "shortages." + shop.String() + ".city"}, []string{refusal.Fields[0].Path, refusal.Fields[1].Path})
	require.ElementsMatch(t, []ledger.Lack{
		{Wallet: shop, Fund: second, Needed: 100, Missing: 70}, {Wallet: shop, Fund: "city", Needed: 100, Missing: 100},
	}, effect.Shortages, "a preview shows the same")
	require.Len(t, a.entries, 2)
}

func TestWhatIsMissingIsBookedAsOwedWhereThatIsAllowed(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", today+30, 0), 100)
	e, _ := a.pays(hana, shop, 100)
	a.pays(shop, stall, 70)
	effect := a.undoes(e, 0, owing)
	require.Equal(t, []ledger.Lack{{Wallet: shop, Fund: "city", Needed: 100, Missing: 70}}, effect.Owed)
	require.Equal(t, money.Points(70), a.owes(shop, "city"))
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 100}, a.holds(hana), "the person gets all of it back")
	require.Equal(t, money.Points(70), a.undoings[0].Receivable)
}

func TestATransferGivesBackTheRoomOfItsMonth(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", calendar.Never, 0), 1_000)
	e, _ := a.pays(hana, taro, 400)
	a.pays(hana, taro, 100)
	require.Equal(t, money.Points(500), a.wallet(hana).Sent)
	a.undoes(e, 150)
	require.Equal(t, money.Points(350), a.wallet(hana).Sent)
	a.later(30 * 24 * time.Hour)
	a.pays(hana, taro, 50)
	a.undoes(e, 0)
	require.Equal(t, money.Points(50), a.wallet(hana).Sent, "last month's room is gone")
}

func TestOfAResidentBoughtPointsAreNotTakenInPlaceOfGivenOnes(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", today+30, 0), 100)
	bought := key("charge", today+30, 0)
	bought.Paid = true
	a.has(taro, bought, 500)
	e, _ := a.pays(hana, taro, 100)
	a.pays(taro, shop, 100)
	_, err := a.tryUndo(e, 0)
	require.ErrorIs(t, err, ledger.ErrTakeBackShort)
	require.Equal(t, map[lot.Key]money.Points{bought: 500}, a.holds(taro))
}

func TestAChargeGoesBackIntoTheTill(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	e := a.does(func(b *ledger.Book) error { _, err := b.Charge(charges(shop, hana, 300, "charge-0001")); return err })
	a.undoes(e, 100)
	require.Equal(t, money.Points(-200), a.pots[pot(ledger.Till, shop)])
	require.Equal(t, money.Points(200), a.wallet(hana).Balance)
	a.pays(hana, stall, 150)
	_, err := a.tryUndo(e, 0, owing)
	require.ErrorIs(t, err, ledger.ErrTakeBackShort, "cash that a till has handed back is nobody's to owe")
	require.Equal(t, ledger.Partial, a.undoes(e, 50).Type)

	a.does(func(b *ledger.Book) error {
		_, err := b.Remit(ledger.CashMove{Fund: "city", Merchant: shop, Amount: 150})
		return err
	})
	a.has(hana, key("charge", today+30, 0), 500)
	_, err = a.tryUndo(e, 0)
	require.ErrorIs(t, err, ledger.ErrCashShort, "the cash is in the bank already")
}

func TestMovesOfCashAreUndoneWhereTheirPotsAllowIt(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	move := func(act func(*ledger.Book, ledger.CashMove) (ledger.EntryID, error), amount money.Points) ledger.Entry {
		return a.does(func(b *ledger.Book) error {
			_, err := act(b, ledger.CashMove{Fund: "city", Merchant: shop, Amount: amount})
			return err
		})
	}
	balances := func() []money.Points {
		return []money.Points{-a.pots[pot(ledger.Bank, [16]byte{})], -a.pots[pot(ledger.Till, shop)], a.pots[pot(ledger.Unissued, [16]byte{})]}
	}
	deposit := move((*ledger.Book).Deposit, 500)
	withdrawal := move((*ledger.Book).Withdraw, 40_400)
	require.Equal(t, []money.Points{60_100, 0, 100}, balances())
	_, err := a.tryUndo(deposit, 0)
	require.ErrorIs(t, err, ledger.ErrFundShort, "the points are given out")
	a.undoes(deposit, 100)
	a.undoes(withdrawal, 0)
	require.Equal(t, []money.Points{100_400, 0, 40_400}, balances())
	a.undoes(deposit, 0)
	require.Equal(t, []money.Points{100_000, 0, 40_000}, balances())

	a.pots[pot(ledger.Till, shop)] = -700
	remittance := move((*ledger.Book).Remit, 600)
	require.Equal(t, []money.Points{100_600, 100, 40_000}, balances())
	a.undoes(remittance, 0)
	require.Equal(t, []money.Points{100_000, 700, 40_000}, balances())
	require.Empty(t, a.lines)
}

func TestAGrantGoesBackToItsFundAlsoWhereItCameOutOfAReserve(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	e := a.does(func(b *ledger.Book) error {
		_, err := b.Grant(ledger.Award{Wallet: hana, Fund: "city", Batch: batch, Amount: 300, Kind: "city"})
		return err
	})
	unissued := a.pots[pot(ledger.Unissued, [16]byte{})]
	a.pays(hana, shop, 100)
	_, err := a.tryUndo(e, 0)
	require.ErrorIs(t, err, ledger.ErrTakeBackShort)
	effect := a.undoes(e, 0, owing)
	require.Equal(t, []ledger.Lack{{Wallet: hana, Fund: "city", Needed: 300, Missing: 100}}, effect.Owed)
	require.Equal(t, unissued+300, a.pots[pot(ledger.Unissued, [16]byte{})])
	require.Equal(t, money.Points(100), a.owes(hana, "city"))
	require.Equal(t, money.Points(9_700), a.pots[pot(ledger.Reserved, batch)], "the reserve may be gone")
}

func TestOnlySomeTypesAreUndoneByACorrection(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", today, 0), 500)
	e, _ := a.pays(hana, shop, 300)
	a.undoes(e, 100)
	partial := a.entries[len(a.entries)-1]
	reserve := a.does(func(b *ledger.Book) error {
		_, err := b.Reserve(ledger.CashMove{Fund: "city", Batch: batch, Amount: 10})
		return err
	})
	release := a.does(func(b *ledger.Book) error {
		_, err := b.Release(ledger.CashMove{Fund: "city", Batch: batch, Amount: 10})
		return err
	})
	adjustment := a.does(func(b *ledger.Book) error {
		_, err := b.Adjust(ledger.Change{Wallet: taro, Fund: "city", Amount: 10, Kind: "city"})
		return err
	})
	claim := a.does(func(b *ledger.Book) error {
		_, _, err := b.Claim(ledger.Demand{Merchant: shop, Amount: 10})
		return err
	})
	a.later(24 * time.Hour)
	expiry := a.does(func(b *ledger.Book) error { _, err := b.Lapse(hana, ""); return err })
	for _, c := range []struct {
		entry  ledger.Entry
		reason error
	}{
		{partial, ledger.ErrCorrection},
		{adjustment, ledger.ErrCorrection},
		{reserve, ledger.ErrNotCorrectable},
		{release, ledger.ErrNotCorrectable},
		{claim, ledger.ErrNotCorrectable},
		{expiry, ledger.ErrNotCorrectable},
	} {
		_, err := a.tryUndo(c.entry, 0, owing)
		require.ErrorIs(t, err, c.reason, c.entry.Type)
	}
	unknown := e
	unknown.ID[3]++
	_, err := a.tryUndo(unknown, 0)
	require.ErrorIs(t, err, ledger.ErrEntryUnknown)
}

func TestACorrectionUnderOneKeyIsDoneOnce(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.has(hana, key("city", today+30, 0), 500)
	e, _ := a.pays(hana, shop, 300)
	claim := idem.Claim{Actor: user.ID{15: 77}, Key: "undo-once"}
	keyed := func(hash byte) func(*ledger.Correction) {
		return func(c *ledger.Correction) { c.Claim, c.Hash = claim, idem.Hash{hash} }
	}
	require.NoError(t, a.act(func(b *ledger.Book) error {
		c := ledger.Correction{Original: e, Amount: 100}
		keyed(1)(&c)
		first, err := b.Correct(c)
		require.NoError(t, err)
		again, err := b.Correct(c)
		require.NoError(t, err)
		require.Equal(t, ledger.Effect{Entry: first.Entry, Replayed: true}, again)
		keyed(2)(&c)
		_, err = b.Correct(c)
		require.ErrorIs(t, err, idem.ErrKeyConflict)
		require.Equal(t, []idem.Claim{claim}, c.Wants().Claims)
		return nil
	}))
	require.Len(t, a.entries, 2)
}

func TestACorrectionNamesWhatItMoves(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(10))
	a.has(hana, key("city", today+30, 0), 500)
	e, _ := a.pays(hana, shop, 300)
	want := ledger.Correction{Original: e, Funds: []lot.FundCode{second}}.Wants()
	require.Equal(t, []ledger.EntryID{e.ID}, want.Past)
	require.Subset(t, want.Wallets, []ledger.WalletID{hana, shop})
	require.Subset(t, want.Pots, []ledger.Pot{
		pot(ledger.Receivable, hana), pot(ledger.Receivable, shop),
		{Account: ledger.Account{Kind: ledger.Unissued}, Fund: second},
		{Account: ledger.Account{Kind: ledger.Receivable, Owner: hana}, Fund: second},
	})
	require.Empty(t, want.Claims)
	require.Empty(t, want.Payments)
	grant := ledger.Entry{Type: ledger.Grant, Postings: []ledger.Posting{{
		Fund: "city", Source: ledger.Account{Kind: ledger.Reserved, Owner: batch}, Destination: ledger.WalletAccount(hana),
	}}}
	require.Equal(t, []ledger.Pot{pot(ledger.Unissued, [16]byte{}), pot(ledger.Receivable, hana)}, ledger.Correction{Original: grant}.Wants().Pots)
}
