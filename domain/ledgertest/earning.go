package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

var earningContracts = []contract{
	{"what a payment earns reads back whole", earningsReadBack},
	{"offers are those in force when a book is opened, also where another process changed them", offersAreCurrent},
	{"offers of a unit that failed are never seen", failedOffersAreNeverSeen},
	{"a campaign holds at the shops of its category, however often they were paid", campaignHoldsByCategory},
	{"what a person has had is counted over payments, apart for each offer and person", sharesAreCounted},
	{"a campaign ends in the payment that uses its budget up", budgetEndsTheCampaign},
	{"payments of one book share a budget and a person's cap", oneBookSharesTheBudget},
	{"a payment that is turned back has earned nothing", turnedBackPaymentsEarnNothing},
	{"a peeked book promises what the payment then gives", peekedBooksEarn},
}

// returns gives terms of so many percent, which come back as points of the kind for cashback.
func returns(percent int32) cashback.Terms {
	return cashback.Terms{Rate: percent * 100, Rounding: cashback.Down, Kind: back.Code}
}

// has begins a programme of a shop.
func (w *town) has(shop user.User, terms cashback.Terms) cashback.Programme {
	w.t.Helper()
	programme := cashback.Programme{
		ID: cashback.NewOfferID(Now), Merchant: shop.Wallet, Name: "いつもの還元", Terms: terms,
		Span: cashback.Span{From: today, Until: calendar.Never}, CreatedBy: shop.ID, CreatedAt: Now, Version: 1,
	}
	w.do(func(ctx context.Context, s Stores) error { return s.Programmes.Add(ctx, programme) })
	return programme
}

// opens opens a campaign of the city with its budget reserved.
func (w *town) opens(terms cashback.Terms, budget money.Points, changes ...func(*cashback.Campaign)) cashback.Campaign {
	w.t.Helper()
	campaign := cashback.Campaign{
		ID: cashback.NewOfferID(Now), Name: "年末還元", Terms: terms, Span: cashback.Span{From: today, Until: today + 30}, Fund: "city",
		Budget: budget, State: cashback.Open, CreatedBy: w.mayor.ID, CreatedAt: Now, OpenedBy: w.mayor.ID, OpenedAt: Now, Version: 1,
	}
	for _, change := range changes {
		change(&campaign)
	}
	w.move(ledger.Reserve, ledger.CashMove{Batch: ledger.BatchID(campaign.ID), Amount: budget}, Now)
	w.do(func(ctx context.Context, s Stores) error { return s.Campaigns.Add(ctx, campaign) })
	return campaign
}

// campaign reads a campaign as it is now.
func (w *town) campaign(id cashback.OfferID) (campaign cashback.Campaign) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) (err error) {
		campaign, err = s.Campaigns.Lock(ctx, id)
		campaign.EndedAt, campaign.OpenedAt, campaign.CreatedAt = campaign.EndedAt.UTC(), campaign.OpenedAt.UTC(), campaign.CreatedAt.UTC()
		return err
	})
	return campaign
}

// promised sums what a campaign has promised, over all people.
func (w *town) promised(id cashback.OfferID) (sum money.Points) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) error {
		shares, err := s.Campaigns.Shares(ctx, id)
		sum = 0
		for _, share := range shares {
			sum += share.Amount
		}
		return err
	})
	return sum
}

func (w *town) awards(payment ledger.EntryID) []ledger.Awarded {
	w.t.Helper()
	awards, err := w.Statements.Awards(w.t.Context(), payment)
	require.NoError(w.t, err)
	return awards
}

func earningsReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	programme, campaign := w.has(w.shop, returns(5)), w.opens(returns(10), 10_000)
	book, err := act(w, hour(1), wants(pays(w.hana, w.shop, 1_000)), func(b *ledger.Book) (*ledger.Book, error) {
		receipt, err := b.Pay(pays(w.hana, w.shop, 1_000))
		require.Equal(t, []money.Points{50, 50, 950}, []money.Points{receipt.Cashback, receipt.Balance, receipt.PayeeBalance})
		return b, err
	})
	require.NoError(t, err)
	written := book.Written()
	require.Equal(t, []ledger.Awarded{
		{Award: cashback.Award{Offer: programme.ID, Base: 1_000, Earned: 50, Amount: 50}, Entry: written.Entries[0].ID, Payment: written.Entries[0].ID, Wallet: w.hana.Wallet, Shop: w.shop.Wallet},
		{Award: cashback.Award{Offer: campaign.ID, Campaign: true, Base: 1_000, Earned: 100, Amount: 100}, Entry: written.Entries[0].ID, Payment: written.Entries[0].ID, Wallet: w.hana.Wallet, Shop: w.shop.Wallet},
	}, w.awards(written.Entries[0].ID))
	require.Equal(t, []any{money.Points(100), cashback.Open, false, int64(1)}, func() []any {
		c := w.campaign(campaign.ID)
		return []any{c.Accrued, c.State, c.EndedEarly, c.Version}
	}(), "a promise is no edit")

	entry, err := w.Statements.Entry(t.Context(), written.Entries[0].ID)
	require.NoError(t, err)
	require.Len(t, entry.Postings, 2)
	require.Equal(t, []money.Points{1_000, 50}, []money.Points{entry.Amount(), entry.Cashback()})
	for i, u := range []user.User{w.hana, w.shop} {
		line, err := w.Statements.LineOf(t.Context(), u.Wallet, entry.ID)
		require.NoError(t, err)
		want := written.Lines[i]
		want.At, line.At = want.At.UTC(), line.At.UTC()
		require.Equal(t, want, line)
		require.Equal(t, money.Points(50), line.Cashback)
		require.Equal(t, line, w.history(ledger.HistoryQuery{Wallet: u.Wallet, Limit: 5})[0])
		require.Equal(t, line, w.history(ledger.HistoryQuery{Wallet: u.Wallet, From: hour(1), Limit: 5})[0], "also where a history is narrowed")
	}
	lots := w.wallet(w.hana).Lots
	require.Len(t, lots, 1)
	require.Equal(t, lot.Key{Kind: back.Code, Fund: "city", Expires: today + 30}, lots[0].Key)
	require.Equal(t, money.Points(950), w.balance(w.shop))
	require.EqualValues(t, 10_000, w.fund().Reserved, "a promise moves nothing")
}

// wants names what the ledger must open for orders.
func wants(orders ...ledger.Order) (want ledger.Want) {
	for _, o := range orders {
		o.Wants(&want)
	}
	return want
}

func offersAreCurrent(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 10_000, today, Now)
	pay := func(at int) []money.Points {
		var cashbacks []money.Points
		for side := range 2 {
			receipt := w.side(side).pay(pays(w.hana, w.shop, 100), hour(at))
			require.Len(t, w.awards(receipt.Entry), len(receipt.Awards))
			cashbacks = append(cashbacks, receipt.Cashback)
		}
		return cashbacks
	}
	require.Equal(t, []money.Points{0, 0}, pay(1))
	programme := w.has(w.shop, returns(7))
	require.Equal(t, []money.Points{7, 7}, pay(2))
	programme.Span.Until = today
	w.side(1).do(func(ctx context.Context, s Stores) error { return s.Programmes.Save(ctx, programme) })
	require.Equal(t, []money.Points{7, 7}, pay(3))
	require.Equal(t, []money.Points{0, 0}, func() []money.Points {
		w.grant(w.hana, 1_000, calendar.Never, hour(4))
		return pay(24)
	}(), "its last day is over")
	w.do(func(ctx context.Context, s Stores) error {
		if err := s.Programmes.Withdraw(ctx, programme.ID); err != nil {
			return err
		}
		book, err := s.Ledger.Open(ctx, hour(5), wants(pays(w.hana, w.shop, 100)))
		require.NoError(t, err)
		receipt, err := book.Pay(pays(w.hana, w.shop, 100))
		require.Zero(t, receipt.Cashback, "a unit sees what it decided itself")
		return err
	})
	require.Equal(t, []money.Points{0, 0}, pay(6))
}

// failedOffersAreNeverSeen would catch an adapter that remembers offers by their version: a unit that fails has seen a
// version which the next one gives to other offers.
func failedOffersAreNeverSeen(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 10_000, today, Now)
	programme := cashback.Programme{
		ID: cashback.NewOfferID(Now), Merchant: w.shop.Wallet, Name: "幻", Terms: returns(50), Span: cashback.Span{From: today, Until: calendar.Never},
		CreatedBy: w.shop.ID, CreatedAt: Now, Version: 1,
	}
	err := w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		require.NoError(t, s.Programmes.Add(ctx, programme))
		book, err := s.Ledger.Open(ctx, Now, wants(pays(w.hana, w.shop, 100)))
		require.NoError(t, err)
		receipt, err := book.Pay(pays(w.hana, w.shop, 100))
		require.NoError(t, err)
		require.Equal(t, money.Points(50), receipt.Cashback)
		return errTurnedBack
	})
	require.ErrorIs(t, err, errTurnedBack)
	require.Zero(t, w.side(1).pay(pays(w.hana, w.shop, 100), Now).Cashback)
	w.side(1).has(w.shop, returns(3))
	require.Equal(t, money.Points(3), w.pay(pays(w.hana, w.shop, 100), Now).Cashback)
}

func campaignHoldsByCategory(t *testing.T, b Bench) {
	w := found(t, b)
	bakery := usertest.Merchant(func(u *user.User) { u.Profile.Category = "パン" })
	w.settles(bakery)
	w.grant(w.hana, 1_000, today, Now)
	campaign := w.opens(returns(10), 1_000, func(c *cashback.Campaign) { c.Categories = []string{"パン", "菓子"} })
	for range 2 {
		require.Empty(t, w.pay(pays(w.hana, w.shop, 100), Now).Awards)
		require.Len(t, w.pay(pays(w.hana, bakery, 100), Now).Awards, 1)
	}
	require.Equal(t, money.Points(20), w.campaign(campaign.ID).Accrued)
}

func sharesAreCounted(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	w.grant(w.taro, 1_000, today, Now)
	capped := returns(10)
	capped.PersonMax = 25
	w.has(w.shop, capped)
	w.has(w.stall, capped)
	campaign := w.opens(capped, 1_000)
	earned := func(payer, shop user.User) (amounts []money.Points, cuts []cashback.Cut) {
		for _, a := range w.pay(pays(payer, shop, 100), Now).Awards {
			amounts, cuts = append(amounts, a.Amount), append(cuts, a.Cut)
		}
		return amounts, cuts
	}
	for _, step := range []struct {
		payer, shop user.User
		amounts     []money.Points
		cuts        []cashback.Cut
	}{
		{w.hana, w.shop, []money.Points{10, 10}, []cashback.Cut{"", ""}},
		{w.hana, w.stall, []money.Points{10, 10}, []cashback.Cut{"", ""}},
		{w.hana, w.shop, []money.Points{10, 5}, []cashback.Cut{"", cashback.ByPerson}},
		{w.taro, w.shop, []money.Points{10, 10}, []cashback.Cut{"", ""}},
		{w.hana, w.shop, []money.Points{5, 0}, []cashback.Cut{cashback.ByPerson, cashback.ByPerson}},
		{w.hana, w.shop, []money.Points{0, 0}, []cashback.Cut{cashback.ByPerson, cashback.ByPerson}},
	} {
		amounts, cuts := earned(step.payer, step.shop)
		require.Equal(t, step.amounts, amounts)
		require.Equal(t, step.cuts, cuts)
	}
	require.Equal(t, money.Points(35), w.campaign(campaign.ID).Accrued)
	require.Equal(t, money.Points(35), w.promised(campaign.ID))
}

func budgetEndsTheCampaign(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	campaign := w.opens(returns(50), 100)
	require.Equal(t, money.Points(70), w.pay(pays(w.hana, w.shop, 140), hour(1)).Awards[0].Amount)
	last := w.side(1).pay(pays(w.hana, w.shop, 140), hour(2))
	require.Equal(t, cashback.Award{Offer: campaign.ID, Campaign: true, Base: 140, Earned: 70, Amount: 30, Cut: cashback.ByBudget}, last.Awards[0])
	ended := campaign
	ended.Accrued, ended.State, ended.EndedEarly, ended.EndedAt, ended.Version = 100, cashback.Ended, true, hour(2), 2
	require.Equal(t, ended, w.campaign(campaign.ID), "whoever edits it must notice")
	for side := range 2 {
		require.Empty(t, w.side(side).pay(pays(w.hana, w.shop, 140), hour(3)).Awards)
	}
	require.Equal(t, ended, w.campaign(campaign.ID))
	w.do(func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, hour(4), wants(pays(w.hana, w.shop, 1)))
		require.NoError(t, err)
		require.Empty(t, book.Rewards().Offers.Campaigns, "payments need not look at it any more")
		return nil
	})
}

func oneBookSharesTheBudget(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	w.grant(w.taro, 1_000, today, Now)
	capped := returns(10)
	capped.PersonMax = 15
	campaign := w.opens(capped, 28)
	orders := []ledger.Order{pays(w.hana, w.shop, 100), pays(w.hana, w.stall, 100), pays(w.taro, w.shop, 100), pays(w.taro, w.stall, 100), pays(w.taro, w.shop, 1)}
	amounts, err := act(w, Now, wants(orders...), func(b *ledger.Book) (amounts []money.Points, err error) {
		for _, o := range orders {
			receipt, err := b.Pay(o)
			if err != nil {
				return nil, err
			}
			for _, a := range receipt.Awards {
				amounts = append(amounts, a.Amount)
			}
		}
		return amounts, nil
	})
	require.NoError(t, err)
	require.Equal(t, []money.Points{10, 5, 10, 3}, amounts)
	require.Equal(t, money.Points(28), w.promised(campaign.ID))
	require.Equal(t, cashback.Ended, w.campaign(campaign.ID).State)
}

func turnedBackPaymentsEarnNothing(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	capped := returns(10)
	capped.PersonMax = 100
	w.has(w.shop, capped)
	campaign := w.opens(capped, 100)
	var entry ledger.EntryID
	err := w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, Now, wants(pays(w.hana, w.shop, 1_000)))
		require.NoError(t, err)
		receipt, err := book.Pay(pays(w.hana, w.shop, 1_000))
		require.NoError(t, err)
		entry = receipt.Entry
		require.NoError(t, s.Ledger.Append(ctx, book))
		return errTurnedBack
	})
	require.ErrorIs(t, err, errTurnedBack)
	require.Empty(t, w.awards(entry))
	require.Equal(t, campaign, w.campaign(campaign.ID))
	receipt := w.pay(pays(w.hana, w.shop, 1_000), Now)
	require.Equal(t, money.Points(100), receipt.Cashback, "neither share nor budget is used up")
	require.Equal(t, money.Points(100), receipt.Awards[1].Amount)
}

func peekedBooksEarn(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	w.has(w.shop, returns(10))
	campaign := w.opens(returns(10), 55)
	var seen ledger.Receipt
	w.do(func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Peek(ctx, Now, wants(pays(w.hana, w.shop, 600)))
		require.NoError(t, err)
		seen, err = book.Pay(pays(w.hana, w.shop, 600))
		return err
	})
	require.Equal(t, campaign, w.campaign(campaign.ID), "nothing is written")
	receipt := w.pay(pays(w.hana, w.shop, 600), Now.Add(time.Second))
	require.Equal(t, seen.Awards, receipt.Awards)
	require.Equal(t, cashback.ByBudget, receipt.Awards[1].Cut)
	require.Equal(t, []money.Points{60, 460}, []money.Points{seen.Cashback, seen.Balance})
}
