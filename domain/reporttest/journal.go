package reporttest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
)

var journalContracts = []contract{
	{"an empty day has every fund that was there, with nothing in it", emptyDay},
	{"a day's statement has what was there, what moved and what is there then", statementOfADay},
	{"the half-year report keeps bought, premium and free points apart", halfYear},
	{"the half-year after begins as the one before ended", nextHalfYear},
	{"a fiscal year lets points lapse with their last day, and the next one begins as it ended", fiscalYears},
	{"months follow one another", monthsFollow},
	{"a running year tells what has happened so far", runningYear},
	{"a number bounds a report for ever, and what came late is counted", markBounds},
	{"movements add up to what pots say is in wallets, at any moment", movementsAddUp},
}

var (
	baseDay = calendar.On(2027, time.March, 31)
	newYear = calendar.On(2027, time.April, 1)
)

func emptyDay(t *testing.T, city *citytest.City) {
	w := found(t, city)
	for _, s := range w.spans(at(2027, time.May, 1, 0), report.Mark{Before: at(2027, time.May, 2, 0)}) {
		require.Empty(t, s.Moves)
		require.Equal(t, s.Opening, s.Closing)
		require.True(t, s.Balanced())
	}
	for _, s := range w.spans(at(2020, time.May, 1, 0), report.Mark{Before: at(2020, time.May, 2, 0)}) {
		require.Equal(t, ledger.FundPosition{Fund: s.Fund}, s.Closing)
	}
	require.Empty(t, w.movements(report.UnusedCuts(baseDay), report.Mark{Before: baseDay.End()}))
	require.Empty(t, w.unused(baseDay, 0).Rows)
}

func statementOfADay(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	on := calendar.On(2027, time.January, 10)
	day := report.NewDay(on, nil, nil)
	day.Funds = w.spans(on.Start(), report.Mark{Before: on.End()})
	require.Len(t, day.Funds, 2)
	require.True(t, day.Balanced())
	s := day.Funds[0]
	require.Equal(t, ledger.FundPosition{
		Fund: citytest.Fund, Bank: 1_000_000, Tills: 5_000, Unissued: 988_000, Wallets: 17_000,
	}, s.Opening)
	require.Equal(t, ledger.FundPosition{
		Fund: citytest.Fund, Bank: 1_018_530, Tills: 3_600, Receivables: 50, Unissued: 1_003_150, Reserved: 5_000, Wallets: 12_930, Claimed: 1_100,
	}, s.Closing)
	amounts := map[report.Act]money.Points{}
	sum := s.Opening
	for _, m := range s.Moves {
		amounts[m.Act] = m.Amount()
		require.EqualValues(t, m.Change.Assets(), m.Change.Points(), m.Act)
		sum = plus(sum, m.Change)
	}
	require.Equal(t, s.Closing, sum)
	require.Equal(t, map[report.Act]money.Points{
		report.Deposit: 30_000, report.Withdrawal: 10_000, report.Remittance: 1_000, report.Reserve: 5_000, report.Grant: 80, report.Expiry: 200,
		report.Claim: 4_000, report.Payout: 2_500, report.Offset: 400, report.Correction: 0, report.Adjustment: 50, report.Recovery: 30,
	}, amounts)
	require.Equal(t, ledger.FundPosition{Fund: citytest.Fund, Receivables: 80, Unissued: 80}, s.Change(report.Correction))
	require.Equal(t, money.Points(400), s.Amount(report.Offset))
	require.Zero(t, s.Amount(report.Charge))

	then, err := w.Statements.Position(t.Context(), on.End())
	require.NoError(t, err)
	require.Equal(t, then.Funds[0], s.Closing, "the trial balance says the same")
}

func plus(a, b ledger.FundPosition) ledger.FundPosition {
	a.Bank += b.Bank
	a.Tills += b.Tills
	a.Receivables += b.Receivables
	a.Unissued += b.Unissued
	a.Reserved += b.Reserved
	a.Wallets += b.Wallets
	a.Claimed += b.Claimed
	return a
}

func halfYear(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	u := w.unused(baseDay, 0)
	require.Equal(t, calendar.On(2026, time.October, 1), u.From)
	require.Equal(t, []report.UnusedRow{
		{Fund: citytest.Fund, Class: report.Bought, Kind: "charge", Issued: 5_000, Used: 900, Corrected: 900, Unused: 5_000},
		{Fund: citytest.Fund, Class: report.Premium, Kind: "premium", Issued: 2_000, Used: 500, Unused: 1_500, Ending: 1_500},
		{Fund: citytest.Fund, Class: report.Free, Kind: "gift", Issued: 10_080, Used: 4_180, Corrected: 150, Unused: 6_050, Merchants: 380},
		{Fund: citytest.Fund, Class: report.Free, Kind: "health", Issued: 300, Unused: 300, Ending: 300},
		{Fund: citytest.Fund, Class: report.Free, Kind: "return", Returned: 200, Lapsed: 200},
	}, u.Rows)
	require.Equal(t, []report.UnusedFund{
		{Fund: citytest.Fund, Name: "原資", Wallets: 13_230, Claimed: 1_100}, {Fund: citytest.OtherFund, Name: "原資"},
	}, u.Funds)
	require.True(t, u.Balanced())
	require.EqualValues(t, 12_850, u.All().Unused)
	require.EqualValues(t, 1_100, u.Claimed())
	require.EqualValues(t, 6_350, u.OfClass(report.Free).Unused)
}

func nextHalfYear(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	before, after := w.unused(baseDay, 0), w.unused(calendar.On(2027, time.September, 30), 0)
	require.Equal(t, newYear, after.From)
	require.True(t, after.Balanced())
	ended := map[string]money.Points{}
	for _, r := range before.Rows {
		if r.Unused != 0 {
			ended[r.Class.String()+string(r.Kind)] = r.Unused
		}
	}
	began := map[string]money.Points{}
	for _, r := range after.Rows {
		began[r.Class.String()+string(r.Kind)] = r.Opening
	}
	require.Equal(t, ended, began)
	require.EqualValues(t, 1_500, after.OfClass(report.Premium).Lapsed, "what ended with the base day lapses in the half-year after it")
	gift := after.Total(func(r report.UnusedRow) bool { return r.Kind == "gift" })
	require.EqualValues(t, 6_050+777, gift.Unused+gift.Lapsed)
	require.EqualValues(t, 5_900+150, gift.Lapsed, "good until May and July: lapsed on the base day whether swept or not")
	require.EqualValues(t, 5_900+150, gift.Awaiting)
}

func fiscalYears(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	y := w.year(2026, newYear)
	require.True(t, y.Over)
	require.Equal(t, baseDay, y.Until)
	require.Empty(t, y.Contradictions())
	row := func(kind string, holder user.Role, c report.Changes) report.YearRow {
		return report.YearRow{Fund: citytest.Fund, Kind: lot.KindCode(kind), Holder: holder, Changes: c}
	}
	require.Equal(t, []report.YearRow{
		row("charge", user.Resident, report.Changes{Charged: 5_000, Paid: -900, Corrected: 900, Closing: 5_000}),
		row("charge", user.Merchant, report.Changes{Paid: 900, Corrected: -900}),
		row("gift", user.Resident, report.Changes{Granted: 10_080, Adjusted: 50, Paid: -4_180, Corrected: 100, Closing: 6_050}),
		row("gift", user.Merchant, report.Changes{Paid: 4_180, Returned: -200, Corrected: -100, Claimed: -3_500, Closing: 380}),
		row("health", user.Resident, report.Changes{Granted: 300, Lapsed: -300, Awaiting: 300}),
		row("premium", user.Resident, report.Changes{Granted: 2_000, Paid: -500, Lapsed: -1_500, Awaiting: 1_500}),
		row("premium", user.Merchant, report.Changes{Paid: 500, Claimed: -500}),
		row("return", user.Resident, report.Changes{Returned: 200, Lapsed: -200}),
	}, y.Rows)

	next := w.year(2027, newYear)
	require.Empty(t, next.Follows(y))
	require.Empty(t, next.Contradictions())
	require.Equal(t, []report.YearRow{
		row("charge", user.Resident, report.Changes{Opening: 5_000, Closing: 5_000}),
		row("gift", user.Resident, report.Changes{Opening: 6_050, Granted: 777, Closing: 6_827}),
		row("gift", user.Merchant, report.Changes{Opening: 380, Closing: 380}),
	}, next.Rows, "what was swept on 1 April had lapsed the day before")
	require.NotEmpty(t, w.year(2026, newYear).Follows(w.year(2027, newYear)))
}

func monthsFollow(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	y := w.year(2026, newYear)
	require.Len(t, y.Months, 12)
	require.Equal(t, calendar.On(2026, time.April, 1), y.Months[0].First)
	require.Empty(t, y.Months[6].Rows, "October")
	returned := func(month int) report.Changes {
		return report.Total(y.Months[month].Rows, func(r report.YearRow) bool { return r.Kind == "return" })
	}
	require.Equal(t, report.Changes{Returned: 200, Closing: 200}, returned(7), "November")
	require.Equal(t, report.Changes{Opening: 200, Lapsed: -200, Awaiting: 200}, returned(8), "December: its last day was the 24th")
	require.Equal(t, report.Changes{}, returned(9), "January, when it was swept")
	for _, month := range y.Months {
		for _, r := range month.Rows {
			require.Equal(t, r.Closing, r.Sum(), "%s %s", month.First, r.Kind)
		}
	}
}

func runningYear(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	today := calendar.On(2026, time.December, 24)
	y := w.year(2026, today)
	require.False(t, y.Over)
	require.Equal(t, today, y.Until)
	require.Len(t, y.Months, 9)
	returned := func(y report.FiscalYear) report.Changes {
		return report.Total(y.Rows, func(r report.YearRow) bool { return r.Kind == "return" })
	}
	require.Equal(t, report.Changes{Returned: 200, Closing: 200}, returned(y), "good until the end of today")
	require.Equal(t, report.Changes{Returned: 200, Lapsed: -200, Awaiting: 200}, returned(w.year(2026, today+1)))
	first := w.year(2026, calendar.On(2027, time.January, 1))
	require.Len(t, first.Months, 10)
	require.Empty(t, first.Contradictions(), "on the first day of a month as well")
}

func markBounds(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	last, err := w.Statements.Entry(t.Context(), w.grant(at(2027, time.April, 1, 10), w.hana, citytest.Gift, 1))
	require.NoError(t, err)
	frozen := w.unused(baseDay, last.Seq)
	require.Empty(t, frozen.Compare(w.unused(baseDay, 0)))
	mark := report.Mark{Before: baseDay.End(), Seq: last.Seq}
	late, err := w.Journal.Late(t.Context(), mark)
	require.NoError(t, err)
	require.Zero(t, late)

	w.grant(at(2027, time.March, 31, 23), w.hana, citytest.Gift, 5) // written when the report was frozen
	w.claim(at(2027, time.March, 31, 23), w.stall, 380)
	require.Equal(t, frozen, w.unused(baseDay, last.Seq))
	late, err = w.Journal.Late(t.Context(), mark)
	require.NoError(t, err)
	require.EqualValues(t, 2, late)
	require.Equal(t, []report.Difference{
		{What: "city.free.gift.issued", Was: 10_080, Is: 10_085},
		{What: "city.free.gift.unused", Was: 6_050, Is: 6_055},
		{What: "city.free.gift.merchants", Was: 380, Is: 0},
		{What: "city.wallets", Was: 13_230, Is: 12_855},
		{What: "city.claimed", Was: 1_100, Is: 1_480},
	}, frozen.Compare(w.unused(baseDay, 0)))
	none, err := w.Journal.Late(t.Context(), report.Mark{Before: baseDay.End()})
	require.NoError(t, err)
	require.Zero(t, none, "a mark without a number reaches all")
}

func movementsAddUp(t *testing.T, city *citytest.City) {
	w := found(t, city)
	w.live()
	w.Do(t, func(ctx context.Context, s citytest.Stores) error {
		return s.Treasury.Add(ctx, fund.Fund{Code: "third", Name: "三つ目", OpenedAt: at(2027, time.January, 1, 0)})
	})
	for _, moment := range []time.Time{
		at(2026, time.November, 24, 0), at(2026, time.November, 24, 11), at(2026, time.November, 24, 12), at(2026, time.November, 25, 0),
		at(2027, time.January, 10, 12), at(2027, time.January, 10, 15), at(2027, time.January, 11, 0), newYear.Start(), at(2027, time.April, 2, 0),
	} {
		var held money.Points
		for _, m := range w.movements(report.Cuts{}, report.Mark{Before: moment}) {
			require.Zero(t, m.Booked)
			require.Zero(t, m.Expires)
			held += m.Amount
		}
		position, err := w.Statements.Position(t.Context(), moment)
		require.NoError(t, err)
		require.Equal(t, position.Funds[0].Wallets, held, moment)
	}
	var residents money.Points
	for _, m := range w.movements(report.Cuts{}, report.Mark{Before: at(2027, time.April, 2, 0)}) {
		if m.Holder == user.Resident {
			residents += m.Amount
		}
	}
	require.Equal(t, w.Balance(t, w.hana)+w.Balance(t, w.taro)+w.Balance(t, w.jiro)+w.Balance(t, w.fumio), residents)
}
