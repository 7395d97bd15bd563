package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/report"
	"lovesaijo/domain/user"
)

func TestEveryEntryBelongsToAnActWithAName(t *testing.T) {
	t.Parallel()
	seen := map[report.Act]bool{}
	for entryType := ledger.Deposit; entryType <= ledger.Recovery; entryType++ {
		act := report.ActOf(entryType, false)
		require.NotEqual(t, "unknown", act.String(), entryType)
		seen[act] = true
	}
	seen[report.ActOf(ledger.Payment, true)] = true
	require.Len(t, seen, len(report.Acts()))
	require.Equal(t, report.Transfer, report.ActOf(ledger.Transfer, true), "only payments return cashback")
	require.Equal(t, "unknown", report.Act(0).String())
	require.Equal(t, "unknown", (report.Recovery + 1).String())
}

func TestBaseDaysEndTheHalvesOfAFiscalYear(t *testing.T) {
	t.Parallel()
	march, september := calendar.On(2027, time.March, 31), calendar.On(2026, time.September, 30)
	for day := september - 10; day < march+400; day++ {
		text := day.String()[5:]
		require.Equal(t, text == "03-31" || text == "09-30", report.IsBaseDay(day), day)
		before := report.BaseDayBefore(day)
		require.True(t, report.IsBaseDay(before) && before < day && day-before <= 184, "%s before %s", before, day)
	}
	require.Equal(t, september, report.BaseDayBefore(march))
	require.Equal(t, march, report.BaseDayBefore(march+1))
}

func TestClassesAreThoseOfLotsThenOfKinds(t *testing.T) {
	t.Parallel()
	require.Equal(t, report.Bought, report.ClassOf(true, true))
	require.Equal(t, report.Premium, report.ClassOf(false, true))
	require.Equal(t, report.Free, report.ClassOf(false, false))
	for _, class := range []report.Class{report.Bought, report.Premium, report.Free} {
		read, known := report.ParseClass(class.String())
		require.True(t, known)
		require.Equal(t, class, read)
	}
	_, known := report.ParseClass("")
	require.False(t, known)
	require.Equal(t, "unknown", report.Class(9).String())
}

func TestAYearIsCutWhereMonthsBeginUpToToday(t *testing.T) {
	t.Parallel()
	over := report.YearCuts(2026, calendar.On(2027, time.April, 1))
	require.Len(t, over.Moments, 12)
	require.Equal(t, calendar.On(2026, time.April, 1).Start(), over.Moments[0])
	require.Equal(t, calendar.On(2027, time.April, 1), over.Days[12])
	running := report.YearCuts(2026, calendar.On(2026, time.June, 1))
	require.Len(t, running.Moments, 3)
	require.Equal(t, []calendar.Day{
		calendar.On(2026, time.April, 1), calendar.On(2026, time.May, 1), calendar.On(2026, time.June, 1), calendar.On(2026, time.June, 1),
	}, running.Days, "nothing has lapsed in June yet")
	require.NoError(t, report.ValidYear(2026, calendar.On(2026, time.April, 1)))
	require.ErrorIs(t, report.ValidYear(2026, calendar.On(2026, time.March, 31)), report.ErrYear)
}

func TestAYearNamesWhatContradictsInIt(t *testing.T) {
	t.Parallel()
	today := calendar.On(2027, time.April, 1)
	spans := report.NewSpans([]fund.Fund{{Code: "city"}}, []report.Flow{
		{Fund: "city", Type: ledger.Grant, Source: ledger.Unissued, Destination: ledger.InWallet, Amount: 70},
		{Fund: "nobody's", Type: ledger.Grant, Source: ledger.Unissued, Destination: ledger.InWallet, Amount: 70},
	})
	movement := report.Movement{Fund: "city", Kind: "gift", Holder: user.Resident, Act: report.Grant, Booked: 8, Expires: 13, Amount: 70}
	require.Empty(t, report.NewFiscalYear(2026, today, spans, []report.Movement{movement}).Contradictions())

	movement.Amount = 60
	y := report.NewFiscalYear(2026, today, spans, []report.Movement{movement})
	require.Equal(t, []report.Difference{{What: "city.wallets", Was: 70, Is: 60}}, y.Contradictions())
	y.Rows[0].Closing++
	y.Months[11].Rows[0].Opening--
	require.Equal(t, []report.Difference{
		{What: "city.gift.resident.closing", Was: 60, Is: 61}, {What: "city.gift.resident.opening", Was: 60, Is: 59}, {What: "city.wallets", Was: 70, Is: 61},
	}, y.Contradictions())
	require.Equal(t, []report.Difference{{What: "city.gift.resident.opening", Was: 0, Is: 61}, {What: "city.unissued", Was: 0, Is: -70}, {What: "city.wallets", Was: 0, Is: 70}},
		report.NewFiscalYear(2027, today, report.NewSpans([]fund.Fund{{Code: "city"}}, []report.Flow{
			{Fund: "city", Earlier: true, Source: ledger.Unissued, Destination: ledger.InWallet, Amount: 70},
		}), []report.Movement{{Fund: "city", Kind: "gift", Holder: user.Resident, Expires: 2, Amount: 61}}).Follows(report.FiscalYear{}))
}

func TestAHalfYearThatLosesAFigureIsUnbalanced(t *testing.T) {
	t.Parallel()
	day := calendar.On(2027, time.March, 31)
	spans := report.NewSpans([]fund.Fund{{Code: "city"}}, []report.Flow{
		{Fund: "city", Type: ledger.Grant, Source: ledger.Unissued, Destination: ledger.InWallet, Amount: 70},
	})
	movement := report.Movement{Fund: "city", Kind: "gift", Holder: user.Resident, Act: report.Grant, Booked: 1, Expires: 4, Amount: 70}
	none := func(lot.KindCode) bool { return false }
	whole := report.NewUnused(day, spans, none, []report.Movement{movement})
	require.True(t, whole.Balanced())
	require.False(t, report.NewUnused(day, spans, none, nil).Balanced())
	require.Equal(t, []report.Difference{{What: "city.free.gift.issued", Was: 70}, {What: "city.free.gift.unused", Was: 70}},
		whole.Compare(report.NewUnused(day, spans, none, nil)))
}

func TestAFrozenReportKnowsItsHashAndHowFarItCounted(t *testing.T) {
	t.Parallel()
	day := calendar.On(2027, time.March, 31)
	frozen := report.Frozen{Day: day, LastSeq: 7, Content: []byte("{}")}.Freeze()
	require.True(t, frozen.Intact())
	require.Equal(t, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", frozen.HashText())
	require.Equal(t, report.Mark{Before: day.End(), Seq: 7}, frozen.Mark())
	frozen.LastSeq = 0
	require.EqualValues(t, -1, frozen.Mark().Seq, "of an empty journal nothing counts, whatever is written later")
	frozen.Content = []byte("{ }")
	require.False(t, frozen.Intact())
}
