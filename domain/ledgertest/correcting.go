package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

var correctingContracts = []contract{
	{"a correction reads back whole, with what it undid", correctionsReadBack},
	{"what is left of an entry counts all corrections so far", pastCountsCorrections},
	{"awards are net of what corrections took back, and so are shares and budgets", awardsAreNet},
	{"what became of a person's share of a campaign is known", sharesStatesAreKnown},
	{"points come back as the lots that they were, though those were emptied", emptiedLotsComeBack},
	{"what is owed stands in the position, now and then, until it is paid", debtsStandInThePosition},
	{"a correction that is turned back or only peeked at leaves nothing", turnedBackCorrectionsLeaveNothing},
	{"adjustments read back", adjustmentsReadBack},
	{"adjustments of a wallet are summed by the day", adjustmentsAreSummed},
	{"whoever waited for a wallet sees what it was adjusted by meanwhile", adjustmentsAreSeen},
	{"an entry that does not exist has no past", strangersHaveNoPast},
}

// tryCorrect undoes an entry; the changes are to the command.
func (w *town) tryCorrect(id ledger.EntryID, at time.Time, changes ...func(*ledger.Correction)) (ledger.Effect, error) {
	original, err := w.Statements.Entry(w.t.Context(), id)
	if err != nil {
		return ledger.Effect{}, err
	}
	c := ledger.Correction{Actor: w.mayor.ID, Original: original, Funds: []lot.FundCode{"city"}, Memo: "押し間違い"}
	for _, change := range changes {
		change(&c)
	}
	return act(w, at, c.Wants(), func(b *ledger.Book) (ledger.Effect, error) { return b.Correct(c) })
}

func (w *town) correct(id ledger.EntryID, at time.Time, changes ...func(*ledger.Correction)) ledger.Effect {
	w.t.Helper()
	effect, err := w.tryCorrect(id, at, changes...)
	require.NoError(w.t, err)
	return effect
}

func only(amount money.Points) func(*ledger.Correction) {
	return func(c *ledger.Correction) { c.Amount = amount }
}

func owing(c *ledger.Correction) { c.Receivable = true }

// past reads what has become of an entry, and what is known of cashback with it.
func (w *town) past(id ledger.EntryID) (past ledger.Past, rewards ledger.Rewards) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, Now, ledger.Want{Past: []ledger.EntryID{id}})
		require.NoError(w.t, err)
		known := false
		past, known = book.Past(id)
		require.True(w.t, known)
		rewards = book.Rewards()
		return nil
	})
	return past, rewards
}

func correctionsReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	w.has(w.shop, returns(10))
	paid := w.pay(pays(w.hana, w.shop, 1_000), hour(1))
	partial := w.correct(paid.Entry, hour(2), only(400))
	rest := w.correct(paid.Entry, hour(3), func(c *ledger.Correction) {
		c.Claim, c.Hash = idem.Claim{Actor: w.mayor.ID, Key: "undo-the-rest"}, idem.Hash{7}
	})
	require.Equal(t, []money.Points{400, 600, 600, 0}, []money.Points{partial.Amount, partial.Left, rest.Amount, rest.Left})

	for i, effect := range []ledger.Effect{partial, rest} {
		entry, err := w.Statements.Entry(t.Context(), effect.Entry)
		require.NoError(t, err)
		require.Equal(t, []any{[]ledger.EntryType{ledger.Partial, ledger.Reversal}[i], paid.Entry, w.mayor.ID, "押し間違い", hour(i + 2)},
			[]any{entry.Type, entry.Corrects, entry.Actor, entry.Memo, entry.At.UTC()})
		require.Equal(t, effect.Postings, entry.Postings)
		line, err := w.Statements.LineOf(t.Context(), w.hana.Wallet, effect.Entry)
		require.NoError(t, err)
		require.Equal(t, []any{entry.Type, []money.Points{360, 540}[i], money.Points(0)}, []any{line.Type, line.Delta, line.Cashback})
	}
	corrections, err := w.Statements.Corrections(t.Context(), paid.Entry)
	require.NoError(t, err)
	require.Len(t, corrections, 2)
	require.Equal(t, ledger.Undoing{Entry: partial.Entry, Original: paid.Entry, Amount: 400}, corrections[0].Undoing)
	require.Equal(t, ledger.Undoing{Entry: rest.Entry, Original: paid.Entry, Amount: 600}, corrections[1].Undoing)
	replayed := w.correct(paid.Entry, hour(4), func(c *ledger.Correction) {
		c.Claim, c.Hash = idem.Claim{Actor: w.mayor.ID, Key: "undo-the-rest"}, idem.Hash{7}
	})
	require.Equal(t, ledger.Effect{Entry: rest.Entry, Replayed: true}, replayed)
	require.Equal(t, []money.Points{1_000, 0}, []money.Points{w.balance(w.hana), w.balance(w.shop)})
	w.fund()
}

func pastCountsCorrections(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	paid := w.pay(pays(w.hana, w.shop, 1_000), Now)
	past, _ := w.past(paid.Entry)
	require.Zero(t, past.Undone)
	w.correct(paid.Entry, hour(1), only(300))
	_, err := w.tryCorrect(paid.Entry, hour(2), only(701))
	require.ErrorIs(t, err, ledger.ErrTooMuch)
	w.side(1).correct(paid.Entry, hour(2), only(600))
	past, _ = w.past(paid.Entry)
	require.Equal(t, money.Points(900), past.Undone)
	require.Equal(t, ledger.Reversal, w.correct(paid.Entry, hour(3)).Type)
	for side := range 2 {
		_, err = w.side(side).tryCorrect(paid.Entry, hour(4))
		require.ErrorIs(t, err, ledger.ErrCorrected)
	}
	_, err = act(w, hour(5), ledger.Want{}, func(b *ledger.Book) (ledger.Effect, error) {
		_, known := b.Past(paid.Entry)
		require.False(t, known, "a book knows the past that was wanted")
		return ledger.Effect{}, nil
	})
	require.NoError(t, err)
}

func awardsAreNet(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	capped := returns(10)
	capped.PersonMax = 80
	programme, campaign := w.has(w.shop, capped), w.opens(returns(20), 1_000)
	paid := w.pay(pays(w.hana, w.shop, 1_000), hour(1))
	require.Equal(t, []money.Points{80, 200}, []money.Points{paid.Awards[0].Amount, paid.Awards[1].Amount})
	w.correct(paid.Entry, hour(2), only(500))
	past, rewards := w.past(paid.Entry)
	require.Equal(t, []cashback.Award{
		{Offer: programme.ID, Base: 500, Earned: 50, Amount: 50, Cut: cashback.ByPerson},
		{Offer: campaign.ID, Campaign: true, Base: 500, Earned: 100, Amount: 100},
	}, past.Awards)
	require.Equal(t, map[cashback.OfferID]ledger.Promised{
		programme.ID: {Terms: capped}, campaign.ID: {Terms: campaign.Terms, Fund: "city", Share: ledger.ShareUnpaid},
	}, past.Offers)
	require.Equal(t, map[ledger.PersonShare]money.Points{{Offer: programme.ID, Wallet: w.hana.Wallet}: 50}, rewards.Shares)
	require.Equal(t, money.Points(100), rewards.Campaigns[campaign.ID].Accrued)
	require.Nil(t, rewards.Offers, "it is not asked what a payment would earn")

	w.correct(paid.Entry, hour(3))
	var sums []money.Points
	for _, offer := range []cashback.OfferID{programme.ID, campaign.ID} {
		var sum money.Points
		for _, a := range w.awards(paid.Entry) {
			if a.Offer == offer {
				sum += a.Amount
			}
		}
		sums = append(sums, sum)
	}
	require.Equal(t, []money.Points{0, 0}, sums)
	require.Zero(t, w.campaign(campaign.ID).Accrued)
	require.Zero(t, w.promised(campaign.ID))
	again := w.pay(pays(w.hana, w.shop, 1_000), hour(4))
	require.Equal(t, money.Points(80), again.Cashback, "what was taken back may be had again")
}

// payout makes the batch by which a campaign pays, with a row for each of the people.
func (w *town) payout(campaign cashback.Campaign, state fund.RowState, people ...user.User) {
	w.t.Helper()
	batch := fund.Batch{
		ID: ledger.BatchID(campaign.ID), Fund: "city", Kind: back.Code, Expires: today + 60, State: fund.Running, Rows: len(people) + 1, Total: 1_000,
		CreatedBy: w.mayor.ID, CreatedAt: Now,
	}
	var rows []fund.Row
	for i, u := range people {
		rows = append(rows, fund.Row{No: i + 1, Wallet: u.Wallet, Amount: 100, State: fund.Waiting})
	}
	w.do(func(ctx context.Context, s Stores) error { return s.Batches.Add(ctx, batch, rows) })
	w.do(func(ctx context.Context, s Stores) error {
		locked, err := s.Batches.Lock(ctx, batch.ID)
		require.NoError(w.t, err)
		for i := range rows {
			switch state {
			case fund.Granted:
				want := ledger.Want{Wallets: []ledger.WalletID{people[i].Wallet}, Pots: []ledger.Pot{pot(ledger.Reserved, campaign.ID)}}
				book, err := s.Ledger.Open(ctx, hour(5), want)
				require.NoError(w.t, err)
				receipt, err := book.Grant(ledger.Award{Wallet: people[i].Wallet, Fund: "city", Batch: batch.ID, Amount: 100, Kind: back.Code})
				require.NoError(w.t, err)
				require.NoError(w.t, s.Ledger.Append(ctx, book))
				locked.Grant(&rows[i], receipt.Entry)
			case fund.Refused:
				locked.Refuse(&rows[i], ledger.ErrWalletClosed)
			}
		}
		return s.Batches.Settle(ctx, locked, rows)
	})
}

func sharesStatesAreKnown(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 4_000, today, Now)
	for _, c := range []struct {
		name  string
		state fund.RowState
		share ledger.ShareState
		left  money.Points // of what was accrued
		taken money.Points
	}{
		{"before it pays", 0, ledger.ShareUnpaid, 0, 0},
		{"while it pays", fund.Waiting, ledger.ShareWaiting, 100, 0},
		{"when it has paid", fund.Granted, ledger.SharePaid, 100, 100},
		{"where it was refused", fund.Refused, ledger.ShareRefused, 100, 0},
	} {
		shop := w.shop
		campaign := w.opens(returns(10), 1_000, func(c *cashback.Campaign) { c.Merchants = []user.WalletID{shop.Wallet} })
		paid := w.pay(pays(w.hana, shop, 1_000), hour(1))
		w.do(func(ctx context.Context, s Stores) error {
			open, err := s.Campaigns.Lock(ctx, campaign.ID)
			require.NoError(t, err)
			open.State, open.EndedAt = cashback.Ended, hour(2)
			return s.Campaigns.Save(ctx, open)
		})
		if c.state != 0 {
			w.payout(campaign, c.state, w.hana)
		}
		past, rewards := w.past(paid.Entry)
		require.Equal(t, c.share, past.Offers[campaign.ID].Share, c.name)
		require.Equal(t, cashback.Ended, rewards.Campaigns[campaign.ID].State)
		before := w.balance(w.hana)
		effect, err := w.tryCorrect(paid.Entry, hour(6))
		require.Equal(t, c.left, w.campaign(campaign.ID).Accrued, c.name)
		if c.share == ledger.ShareWaiting {
			require.ErrorIs(t, err, ledger.ErrCampaignPays)
			w.grant(w.hana, 1_000, today, hour(6))
			continue
		}
		require.NoError(t, err)
		require.Equal(t, money.Points(-100), effect.Awards[0].Amount)
		require.Equal(t, before+1_000-c.taken, w.balance(w.hana), c.name)
		w.fund()
	}
}

func emptiedLotsComeBack(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 100, today, Now)
	w.charge(w.shop, w.hana, 100, Now)
	before := w.wallet(w.hana)
	paid := w.pay(pays(w.hana, w.stall, 200), hour(1))
	past, _ := w.past(paid.Entry)
	require.Len(t, past.Lots, 4)
	for _, l := range before.Lots {
		require.Equal(t, l.Key, past.Lots[l.ID].Key)
		require.Zero(t, past.Lots[l.ID].Remaining)
	}
	effect := w.correct(paid.Entry, hour(24))
	require.Equal(t, money.Points(100), effect.Lapsed, "the gift has lapsed meanwhile")
	var keys, now []lot.Key
	for _, l := range before.Lots {
		keys = append(keys, l.Key)
	}
	for _, l := range w.wallet(w.hana).Lots {
		now = append(now, l.Key)
	}
	require.ElementsMatch(t, keys, now)
}

func debtsStandInThePosition(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	paid := w.pay(pays(w.hana, w.shop, 1_000), hour(1))
	w.pay(pays(w.shop, w.stall, 700), hour(2))
	_, err := w.tryCorrect(paid.Entry, hour(3))
	require.ErrorIs(t, err, ledger.ErrTakeBackShort)
	effect := w.correct(paid.Entry, hour(3), owing)
	require.Equal(t, []ledger.Lack{{Wallet: w.shop.Wallet, Fund: "city", Needed: 1_000, Missing: 700}}, effect.Owed)
	corrections, err := w.Statements.Corrections(t.Context(), paid.Entry)
	require.NoError(t, err)
	require.Equal(t, money.Points(700), corrections[0].Receivable)
	require.EqualValues(t, 700, w.fund().Receivables)

	recover := func(amount money.Points, fromBank bool, at int) {
		r := ledger.Repayment{Actor: w.mayor.ID, Debtor: w.shop.Wallet, Fund: "city", Amount: amount, FromBank: fromBank}
		_, err := act(w, hour(at), ledger.Want{Wallets: []ledger.WalletID{w.shop.Wallet}, Pots: r.RepaymentPots()}, func(b *ledger.Book) (ledger.Receipt, error) {
			return b.Recover(r)
		})
		require.NoError(t, err)
	}
	recover(300, true, 4)
	w.pay(pays(w.hana, w.shop, 400), hour(5))
	recover(400, false, 6)
	for at, want := range map[int]ledger.FundPosition{
		3: {Bank: 1_000_000, Unissued: 999_000, Wallets: 1_000},
		4: {Bank: 1_000_000, Receivables: 700, Unissued: 999_000, Wallets: 1_700},
		6: {Bank: 1_000_300, Receivables: 400, Unissued: 999_000, Wallets: 1_700},
		7: {Bank: 1_000_300, Unissued: 999_000, Wallets: 1_300},
	} {
		want.Fund = "city"
		require.Equal(t, want, w.fundAt(hour(at)), at)
	}
	require.Equal(t, w.fundAt(hour(7)), w.fund())
	receivables, err := w.Statements.Receivables(t.Context())
	require.NoError(t, err)
	require.Empty(t, receivables)
}

func turnedBackCorrectionsLeaveNothing(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, today, Now)
	capped := returns(10)
	capped.PersonMax = 1_000
	w.has(w.shop, capped)
	campaign := w.opens(capped, 1_000)
	paid := w.pay(pays(w.hana, w.shop, 1_000), Now)
	before, wallet := w.campaign(campaign.ID), w.wallet(w.hana)
	original, err := w.Statements.Entry(t.Context(), paid.Entry)
	require.NoError(t, err)
	c := ledger.Correction{Actor: w.mayor.ID, Original: original, Funds: []lot.FundCode{"city"}}
	_, err = usecase.Do(t.Context(), w.Unit, func(ctx context.Context, s Stores) (any, error) {
		peeked, err := s.Ledger.Peek(ctx, hour(1), c.Wants())
		require.NoError(t, err)
		_, err = peeked.Correct(c)
		require.NoError(t, err)
		book, err := s.Ledger.Open(ctx, hour(1), c.Wants())
		require.NoError(t, err)
		_, err = book.Correct(c)
		require.NoError(t, err)
		require.NoError(t, s.Ledger.Append(ctx, book))
		return nil, errTurnedBack
	})
	require.ErrorIs(t, err, errTurnedBack)
	require.Equal(t, before, w.campaign(campaign.ID))
	require.Equal(t, wallet, w.wallet(w.hana))
	past, rewards := w.past(paid.Entry)
	require.Zero(t, past.Undone)
	require.Equal(t, money.Points(100), past.Awards[0].Amount)
	for _, had := range rewards.Shares {
		require.Equal(t, money.Points(100), had)
	}
	w.correct(paid.Entry, hour(2))
}

func adjustmentsReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	for _, amount := range []money.Points{500, -200} {
		receipt := w.adjust(w.hana, amount, Now)
		line, err := w.Statements.LineOf(t.Context(), w.hana.Wallet, receipt.Entry)
		require.NoError(t, err)
		require.Equal(t, []any{ledger.Adjustment, amount, "調整"}, []any{line.Type, line.Delta, line.Memo})
	}
	require.Equal(t, money.Points(300), w.balance(w.hana))
	require.Equal(t, money.Points(999_700), w.fund().Unissued)
}

func strangersHaveNoPast(t *testing.T, b Bench) {
	w := found(t, b)
	deposit := w.deposit(1, Now)
	w.do(func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, Now, ledger.Want{Past: []ledger.EntryID{deposit, {15: 1}}})
		require.NoError(t, err)
		_, known := book.Past(ledger.EntryID{15: 1})
		require.False(t, known)
		_, known = book.Past(deposit)
		require.True(t, known)
		_, err = book.Correct(ledger.Correction{Original: ledger.Entry{ID: ledger.EntryID{15: 1}, Type: ledger.Deposit}})
		require.ErrorIs(t, err, ledger.ErrEntryUnknown)
		return nil
	})
}
