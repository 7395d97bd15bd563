package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

func TestAProgrammeReturnsPointsOutOfWhatTheShopHasJustReceived(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	programme := a.runs(returns(10))
	a.has(hana, key("city", today+30, 0), 1_000)
	there := a.has(shop, key("city", today+30, 1), 70)
	e, receipt := a.pays(hana, shop, 505)

	require.Equal(t, []cashback.Award{{Offer: programme, Base: 505, Earned: 50, Amount: 50}}, receipt.Awards)
	require.Equal(t, []money.Points{505, 50, 545, 525}, []money.Points{receipt.Amount, receipt.Cashback, receipt.Balance, receipt.PayeeBalance})
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 495, key(back, today+10, 0): 50}, a.holds(hana), "new points: free, without a hop, good for ten days")
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 1): 525}, a.holds(shop))
	require.Len(t, e.Postings, 2)
	returned := e.Returned()[0]
	require.Equal(t, []any{there, ledger.WalletAccount(shop), ledger.WalletAccount(hana), money.Points(50)},
		[]any{returned.SourceLot, returned.Source, returned.Destination, returned.Amount})
	for i, delta := range []money.Points{-455, 455} {
		require.Equal(t, []money.Points{delta, 50}, []money.Points{a.lines[i].Delta, a.lines[i].Cashback})
	}
	require.Equal(t, []ledger.Awarded{{Award: receipt.Awards[0], Entry: e.ID, Payment: e.ID, Wallet: hana, Shop: shop}}, a.awards)
}

func TestAPartOfAPointIsRoundedAsTheTermsSay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		rate     int32
		rounding cashback.Rounding
		amount   money.Points
		want     money.Points
	}{
		{500, cashback.Down, 119, 5},
		{500, cashback.Nearest, 109, 5},
		{500, cashback.Nearest, 110, 6},
		{500, cashback.Up, 101, 6},
		{1, cashback.Down, 9_999, 0},
		{1, cashback.Down, 10_000, 1},
		{1, cashback.Up, 1, 1},
		{10_000, cashback.Down, 7, 7},
		{3_333, cashback.Nearest, 3, 1},
	} {
		a := newAnnals(t)
		terms := returns(1)
		terms.Rate, terms.Rounding = c.rate, c.rounding
		a.runs(terms)
		a.has(hana, key("city", today+30, 0), 20_000)
		_, receipt := a.pays(hana, shop, c.amount)
		require.Equal(t, c.want, receipt.Cashback, c)
		if c.want == 0 {
			require.Empty(t, receipt.Awards, "what earns nothing is no award")
		}
	}
}

func TestAProgrammeMayReturnTheWholePayment(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(100))
	a.has(hana, key("city", today+30, 0), 300)
	_, receipt := a.pays(hana, shop, 300)
	require.Equal(t, []money.Points{300, 300, 0}, []money.Points{receipt.Cashback, receipt.Balance, receipt.PayeeBalance})
	require.Equal(t, map[lot.Key]money.Points{key(back, today+10, 0): 300}, a.holds(hana))
	require.Len(t, a.lines, 2, "a line tells of it, though the balance stayed")
	require.Zero(t, a.lines[0].Delta)
}

func TestCashbackIsOfTheFundsThatWerePaidWith(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(60))
	a.has(hana, key("health", today+30, 0), 50)
	a.has(hana, of(second, key("city", today+30, 0)), 50)
	e, receipt := a.pays(hana, shop, 100)
	require.Equal(t, money.Points(60), receipt.Cashback)
	require.Equal(t, []money.Points{50, 10}, []money.Points{e.Returned()[0].Amount, e.Returned()[1].Amount}, "out of the lots in the order in which they came")
	require.Equal(t, map[lot.Key]money.Points{key(back, today+10, 0): 50, of(second, key(back, today+10, 0)): 10}, a.holds(hana))
	require.Equal(t, map[lot.Key]money.Points{of(second, key("city", today+30, 1)): 40}, a.holds(shop))
}

func TestOnlyKindsThatEarnAreCounted(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	terms := returns(10)
	terms.Earning = []lot.KindCode{"city", back}
	a.runs(terms)
	a.has(hana, key("health", today+30, 0), 100)
	a.has(hana, key("city", today+30, 0), 200)
	a.has(hana, key(back, today+30, 0), 400)
	_, receipt := a.pays(hana, shop, 700)
	require.Equal(t, []cashback.Award{{Offer: receipt.Awards[0].Offer, Base: 200, Earned: 20, Amount: 20}}, receipt.Awards,
		"health is not in the list, and cashback does not earn though it is")
	a.has(taro, key("health", today+30, 0), 100)
	_, receipt = a.pays(taro, shop, 100)
	require.Empty(t, receipt.Awards)
}

func TestCapsCutInTheirOrderAndTheLastOneIsNamed(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	terms := returns(10)
	terms.PaymentMax, terms.PersonMax = 30, 50
	programme, campaign := a.runs(terms), a.opens(terms, 55)
	a.has(hana, key("city", today+30, 0), 1_000)
	a.has(taro, key("city", today+30, 0), 1_000)
	for _, c := range []struct {
		payer             ledger.WalletID
		amount            money.Points
		once, promised    money.Points
		onceCut, laterCut cashback.Cut
	}{
		{hana, 200, 20, 20, cashback.Uncut, cashback.Uncut},
		{hana, 400, 30, 30, cashback.ByPayment, cashback.ByPayment},
		{taro, 200, 20, 5, cashback.Uncut, cashback.ByBudget},
		{hana, 100, 0, -1, cashback.ByPerson, ""},
	} {
		_, receipt := a.pays(c.payer, shop, c.amount)
		require.Equal(t, []any{programme, c.once, c.onceCut, c.amount / 10}, []any{receipt.Awards[0].Offer, receipt.Awards[0].Amount, receipt.Awards[0].Cut, receipt.Awards[0].Earned})
		if c.promised < 0 {
			require.Len(t, receipt.Awards, 1, "the campaign is over")
			continue
		}
		require.Equal(t, []any{campaign, c.promised, c.laterCut}, []any{receipt.Awards[1].Offer, receipt.Awards[1].Amount, receipt.Awards[1].Cut})
	}
	require.Equal(t, []money.Points{50, 20, 50, 5}, []money.Points{
		a.shares[ledger.PersonShare{Offer: programme, Wallet: hana}], a.shares[ledger.PersonShare{Offer: programme, Wallet: taro}],
		a.shares[ledger.PersonShare{Offer: campaign, Wallet: hana}], a.shares[ledger.PersonShare{Offer: campaign, Wallet: taro}],
	})
}

func TestACampaignPromisesAndMovesNothing(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	campaign := a.opens(returns(20), 1_000)
	a.has(hana, key("city", today+30, 0), 500)
	e, receipt := a.pays(hana, stall, 500)
	require.Equal(t, []cashback.Award{{Offer: campaign, Campaign: true, Base: 500, Earned: 100, Amount: 100}}, receipt.Awards)
	require.Len(t, e.Postings, 1)
	require.Zero(t, receipt.Cashback)
	require.Equal(t, money.Points(100), a.campaigns[campaign].Accrued)
}

func TestACampaignEndsWithThePointThatUsesItsBudgetUp(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	campaign := a.opens(returns(10), 20)
	a.has(hana, key("city", today+30, 0), 1_000)
	a.pays(hana, stall, 100)
	require.Equal(t, cashback.Open, a.campaigns[campaign].State)
	_, receipt := a.pays(hana, stall, 100)
	require.Equal(t, cashback.Uncut, receipt.Awards[0].Cut, "it is used up exactly")
	ended := a.campaigns[campaign]
	require.Equal(t, []any{cashback.Ended, true, noon, money.Points(20)}, []any{ended.State, ended.EndedEarly, ended.EndedAt, ended.Accrued})
	_, receipt = a.pays(hana, stall, 100)
	require.Empty(t, receipt.Awards, "though the offers still have it")
}

func TestWhereProgrammeAndCampaignsMeetEachGivesItsOwn(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	programme := a.runs(returns(5))
	first, second := a.opens(returns(10), 1_000), a.opens(returns(20), 1_000)
	a.opens(returns(30), 1_000, func(c *cashback.Campaign) { c.Merchants = []ledger.WalletID{stall} })
	a.opens(returns(30), 1_000, func(c *cashback.Campaign) { c.Weekdays = []time.Weekday{time.Sunday} })
	a.opens(returns(30), 1_000, func(c *cashback.Campaign) { c.Hours = cashback.Hours{From: 13 * 60, Until: 24 * 60} })
	a.opens(returns(30), 1_000, func(c *cashback.Campaign) { c.Categories = []string{"書店"} })
	a.has(hana, key("city", today+30, 0), 1_000)
	_, receipt := a.pays(hana, shop, 1_000)
	var got []any
	for _, w := range receipt.Awards {
		got = append(got, w.Offer, w.Amount)
	}
	require.Equal(t, []any{programme, money.Points(50), first, money.Points(100), second, money.Points(200)}, got)
}

func TestOnlyWhatAResidentPaysAtAShopEarns(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	a.runs(returns(10))
	campaign := a.opens(returns(10), 1_000)
	a.has(stall, key("city", today+30, 1), 500)
	a.has(hana, key("city", today+30, 0), 500)
	for _, to := range [][2]ledger.WalletID{{stall, shop}, {hana, taro}} {
		_, receipt := a.pays(to[0], to[1], 500)
		require.Empty(t, receipt.Awards)
	}
	require.Zero(t, a.campaigns[campaign].Accrued)
}

func TestAProgrammeHoldsOnItsDaysOnly(t *testing.T) {
	t.Parallel()
	for day, want := range map[calendar.Day]money.Points{-1: 0, 0: 10, 30: 10, 31: 0} {
		a := newAnnals(t)
		a.runs(returns(10))
		a.has(hana, key("city", calendar.Never, 0), 100)
		a.later(time.Duration(day) * 24 * time.Hour)
		_, receipt := a.pays(hana, shop, 100)
		require.Equal(t, want, receipt.Cashback, day)
	}
}

func TestPointsOfAKindThatIsRetiredOrDeadOnArrivalAreNotReturned(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*cashback.Terms){
		"retired":         func(terms *cashback.Terms) { terms.Kind = "old" },
		"dead on arrival": func(terms *cashback.Terms) { terms.Validity = lot.Validity{Until: today - 1} },
	} {
		a := newAnnals(t)
		terms := returns(10)
		terms.PersonMax = 100
		change(&terms)
		programme := a.runs(terms)
		a.has(hana, key("city", today+30, 0), 500)
		_, receipt := a.pays(hana, shop, 500)
		require.Equal(t, []cashback.Award{{Offer: programme, Base: 500, Earned: 50, Cut: cashback.ByKind}}, receipt.Awards, name)
		require.Equal(t, []money.Points{0, 500}, []money.Points{receipt.Cashback, receipt.PayeeBalance}, name)
		require.Zero(t, a.shares[ledger.PersonShare{Offer: programme, Wallet: hana}], name)
	}
}

func TestTheValidityOfTheTermsGoesBeforeThatOfTheKind(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	terms := returns(10)
	terms.Validity = lot.Validity{Days: 3}
	a.runs(terms)
	a.has(hana, key("city", today+30, 0), 500)
	a.pays(hana, shop, 500)
	require.Equal(t, map[lot.Key]money.Points{key(back, today+3, 0): 50}, a.holds(hana))
}

func TestABookWithoutOffersEarnsNothing(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 500)
	receipt, err := s.open().Pay(pays(hana, shop, 500))
	require.NoError(t, err)
	require.Empty(t, receipt.Awards)
}

func TestABookSaysWhatItsPaymentsMayFallUnder(t *testing.T) {
	t.Parallel()
	a := newAnnals(t)
	capped := returns(10)
	capped.PersonMax = 1
	free, counted := a.opens(returns(1), 1_000), a.opens(capped, 1_000)
	a.opens(capped, 1_000, func(c *cashback.Campaign) { c.Span.Until = today - 1 })
	a.opens(capped, 1_000, func(c *cashback.Campaign) { c.Merchants = []ledger.WalletID{hana} })
	programme := a.runs(capped)
	poster := a.shows(user.Code{Purpose: user.Standing, Wallet: shop})
	between := func(payer ledger.WalletID, payee ledger.Party) ledger.Parties {
		return ledger.Parties{Payer: ledger.Party{Wallet: payer}, Payee: payee}
	}
	toShop, toStall := ledger.Party{Code: poster}, ledger.Party{Wallet: stall}
	for name, c := range map[string]struct {
		payments  []ledger.Parties
		campaigns []cashback.OfferID
		shares    []ledger.PersonShare
	}{
		"at the shop with a programme, twice": {
			[]ledger.Parties{between(hana, toShop), between(hana, toShop)},
			[]cashback.OfferID{free, counted},
			[]ledger.PersonShare{{Offer: programme, Wallet: hana}, {Offer: counted, Wallet: hana}},
		},
		"at both shops": {
			[]ledger.Parties{between(hana, toStall), between(taro, toShop)},
			[]cashback.OfferID{free, counted},
			[]ledger.PersonShare{{Offer: counted, Wallet: hana}, {Offer: programme, Wallet: taro}, {Offer: counted, Wallet: taro}},
		},
		"between residents, or shops": {[]ledger.Parties{between(hana, ledger.Party{Wallet: taro}), between(stall, toShop)}, nil, nil},
		"with strangers":              {[]ledger.Parties{between(ledger.WalletID{9}, toShop), between(hana, ledger.Party{Code: "none"})}, nil, nil},
	} {
		campaigns, shares := a.book().Eligible(&a.offers, c.payments)
		require.Equal(t, c.campaigns, campaigns, name)
		require.Equal(t, c.shares, shares, name)
		campaigns, shares = a.book().Eligible(&cashback.Offers{}, c.payments)
		require.Empty(t, campaigns)
		require.Empty(t, shares)
	}
}
