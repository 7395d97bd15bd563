package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

func TestAReversalTakesTheCashbackBack(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	terms := returns(10)
	terms.PersonMax = 100
	programme := a.runs(terms)
	a.has(hana, key("city", today+30, 0), 800)
	before := a.holds(hana)
	e, _ := a.pays(hana, shop, 800)
	effect := a.undoes(e, 0)
	require.Equal(t, before, a.holds(hana))
	require.Empty(t, a.holds(shop))
	require.Equal(t, []ledger.Awarded{{
		Award: cashback.Award{Offer: programme, Base: -800, Earned: -80, Amount: -80}, Entry: effect.Entry, Payment: e.ID, Wallet: hana, Shop: shop,
	}}, effect.Awards)
	require.Equal(t, effect.Awards, a.awards[1:])
	require.Zero(t, a.shares[ledger.PersonShare{Offer: programme, Wallet: hana}], "there is room for it again")
	require.Equal(t, []money.Points{-720, 720}, []money.Points{a.lines[3].Delta, a.lines[2].Delta})
	require.Zero(t, a.lines[2].Cashback)
}

func TestOnlyWhatACapLeftIsTakenBack(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	terms := returns(10)
	terms.PaymentMax = 50
	a.runs(terms)
	campaign := a.opens(terms, 1_000)
	a.has(hana, key("city", today+30, 0), 900)
	a.has(hana, key(back, today+40, 0), 100)
	e, _ := a.pays(hana, shop, 900)
	effect := a.undoes(e, 0)
	require.Equal(t, []money.Points{-90, -50, -90, -50}, []money.Points{effect.Awards[0].Earned, effect.Awards[0].Amount, effect.Awards[1].Earned, effect.Awards[1].Amount})
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 900, key(back, today+40, 0): 100}, a.holds(hana))
	require.Zero(t, a.campaigns[campaign].Accrued)
}

func TestAPartialCorrectionTakesBackWhatASmallerPaymentWouldNotHaveEarned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name       string
		change     func(*cashback.Terms)
		parts      []money.Points
		had, taken []money.Points // after and by each part
	}{
		{"rounded down", func(*cashback.Terms) {}, []money.Points{1, 9, 300}, []money.Points{89, 89, 59}, []money.Points{1, 0, 30}},
		{"rounded up", func(terms *cashback.Terms) { terms.Rounding = cashback.Up }, []money.Points{1, 9, 300}, []money.Points{90, 89, 59}, []money.Points{0, 1, 30}},
		{"cut by a cap", func(terms *cashback.Terms) { terms.PaymentMax = 50 }, []money.Points{300, 200}, []money.Points{50, 40}, []money.Points{0, 10}},
	} {
		a := newAnnals(t)
		terms := returns(10)
		c.change(&terms)
		a.runs(terms)
		a.has(hana, key("city", today+30, 0), 900)
		e, _ := a.pays(hana, shop, 900)
		for i, part := range c.parts {
			effect := a.undoes(e, part)
			var taken money.Points
			for _, w := range effect.Awards {
				taken -= w.Amount
			}
			require.Equal(t, c.taken[i], taken, "%s: %d", c.name, part)
			require.Equal(t, c.had[i], a.holds(hana)[key(back, today+10, 0)], "%s: %d", c.name, part)
		}
		a.undoes(e, 0)
		require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 900}, a.holds(hana), c.name)
	}
}

func TestPartsThatDidNotEarnTakeNoCashback(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	terms := returns(10)
	terms.Earning = []lot.KindCode{"health"}
	a.runs(terms)
	a.has(hana, key("health", today+30, 0), 100)
	a.has(hana, key("city", today+30, 0), 100)
	e, receipt := a.pays(hana, shop, 200)
	require.Equal(t, money.Points(10), receipt.Cashback)
	require.Empty(t, a.undoes(e, 100).Awards, "the city points were drawn last")
	require.Equal(t, money.Points(-5), a.undoes(e, 50).Awards[0].Amount)
}

func TestCashbackThatWasSpentIsKeptFromWhatComesBack(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(10))
	a.has(hana, key("city", today+30, 0), 800)
	e, _ := a.pays(hana, shop, 800)
	a.pays(hana, stall, 50)
	effect := a.undoes(e, 0)
	require.Empty(t, effect.Owed)
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 750}, a.holds(hana), "30 of 80 points were still there, 50 are netted")
	require.Empty(t, a.holds(shop), "it gave 720 and got 30 back")
	require.Equal(t, money.Points(800), a.undoings[0].Amount, "it is undone wholly")
}

func TestOtherGivenPointsOfTheFundStandInForSpentCashback(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(10))
	a.has(hana, key("city", today+30, 0), 800)
	e, _ := a.pays(hana, shop, 800)
	a.pays(hana, stall, 80)
	a.has(hana, key("health", today+30, 0), 100)
	a.undoes(e, 0)
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 800, key("health", today+30, 0): 20}, a.holds(hana))
}

func TestAPaymentThatReturnedAllOfItselfAndWasSpentMovesNothing(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(100))
	a.has(hana, key("city", today+30, 0), 100)
	e, _ := a.pays(hana, shop, 100)
	there := a.holds(hana)
	a.pays(hana, stall, 100)
	_, err := a.tryUndo(e, 0, owing)
	require.ErrorIs(t, err, ledger.ErrNothingMoves)
	a.has(hana, key(back, today+10, 0), 100)
	require.Equal(t, there, a.holds(hana))
	a.undoes(e, 0)
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 100}, a.holds(hana))
	last := a.lines[len(a.lines)-1]
	require.Zero(t, last.Delta, "a line tells of it, though the balance stayed")
}

// A part of a payment may come back in one fund, and the cashback that it had earned in another: netting does not cross
// funds.
func TestSpentCashbackOfAnotherFundThanWhatComesBackIsOwed(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(60))
	a.has(hana, key("health", today+30, 0), 50)
	a.has(hana, of(second, key("city", today+30, 0)), 50)
	e, receipt := a.pays(hana, shop, 100)
	require.Equal(t, []money.Points{50, 10}, []money.Points{e.Returned()[0].Amount, e.Returned()[1].Amount})
	require.Equal(t, money.Points(60), receipt.Cashback)
	a.pays(hana, stall, 60)

	effect, err := a.tryUndo(e, 50)
	require.ErrorIs(t, err, ledger.ErrTakeBackShort)
	require.Equal(t, []ledger.Lack{{Wallet: hana, Fund: "city", Needed: 20, Missing: 20}}, effect.Shortages)
	effect = a.undoes(e, 50, owing)
	require.Equal(t, []ledger.Lack{{Wallet: hana, Fund: "city", Needed: 20, Missing: 20}}, effect.Owed)
	require.Equal(t, money.Points(20), a.owes(hana, "city"))
	require.Equal(t, map[lot.Key]money.Points{of(second, key("city", today+30, 0)): 40}, a.holds(hana), "ten were netted in the same fund")
	require.Equal(t, map[lot.Key]money.Points{key("health", today+30, 1): 20}, a.holds(shop), "the shop is made good")
}

func TestAPromiseIsTakenBackBeforeTheCampaignPays(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	terms := returns(10)
	terms.PersonMax = 500
	campaign := a.opens(terms, 100)
	a.has(hana, key("city", today+30, 0), 2_000)
	e, _ := a.pays(hana, stall, 1_000)
	require.Equal(t, cashback.Ended, a.campaigns[campaign].State)
	effect := a.undoes(e, 300)
	require.Equal(t, money.Points(-30), effect.Awards[0].Amount)
	require.Equal(t, []any{money.Points(70), cashback.Ended, true}, []any{a.campaigns[campaign].Accrued, a.campaigns[campaign].State, a.campaigns[campaign].EndedEarly},
		"what is given back does not let it begin again")
	require.Equal(t, money.Points(70), a.shares[ledger.PersonShare{Offer: campaign, Wallet: hana}])
	a.undoes(e, 0)
	require.Zero(t, a.campaigns[campaign].Accrued)
}

func TestWhatACampaignHasPaidIsTakenOutOfTheWallet(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	campaign := a.opens(returns(10), 1_000, func(c *cashback.Campaign) { c.Fund = second })
	a.has(hana, key("city", today+30, 0), 2_000)
	e, _ := a.pays(hana, stall, 1_000)
	a.has(hana, of(second, key(back, today+40, 0)), 100)
	a.has(hana, of(second, key("health", calendar.Never, 1)), 30)

	a.became[campaign] = ledger.ShareWaiting
	_, err := a.tryUndo(e, 0, owing)
	require.ErrorIs(t, err, ledger.ErrCampaignPays)

	a.became[campaign] = ledger.SharePaid
	a.undoes(e, 600)
	require.Equal(t, money.Points(40), a.holds(hana)[of(second, key(back, today+40, 0))])
	require.Equal(t, money.Points(60), a.pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: second}])
	require.Equal(t, money.Points(100), a.campaigns[campaign].Accrued, "what it paid it did promise")
	a.wallet(hana).Balance -= 35
	a.wallet(hana).Lots[1].Remaining -= 35
	effect := a.undoes(e, 0, owing)
	require.Equal(t, []ledger.Lack{{Wallet: hana, Fund: second, Needed: 40, Missing: 5}}, effect.Owed, "other given points of the fund stand in")
	require.Equal(t, money.Points(100), a.pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: second}])
	require.Equal(t, money.Points(5), a.owes(hana, second))
}

func TestAShareThatWasRefusedIsNotTakenBack(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	campaign := a.opens(returns(10), 1_000)
	a.became[campaign] = ledger.ShareRefused
	a.has(hana, key("city", today+30, 0), 1_000)
	e, _ := a.pays(hana, stall, 1_000)
	effect := a.undoes(e, 0)
	require.Equal(t, money.Points(-100), effect.Awards[0].Amount)
	require.Equal(t, money.Points(1_000), a.wallet(hana).Balance)
	require.Equal(t, money.Points(100), a.campaigns[campaign].Accrued)
}

func TestACampaignsFundThatIsNotInTheBookIsRefused(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	campaign := a.opens(returns(10), 1_000, func(c *cashback.Campaign) { c.Fund = "third" })
	a.became[campaign] = ledger.SharePaid
	a.has(hana, key("city", today+30, 0), 1_000)
	e, _ := a.pays(hana, stall, 1_000)
	_, err := a.tryUndo(e, 0)
	require.ErrorIs(t, err, ledger.ErrFundUnknown)
}
