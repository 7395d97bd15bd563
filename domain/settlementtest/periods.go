package settlementtest

import (
	"context"
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

var periodContracts = []contract{
	{"a period reads back as entered, and as closed", periodsReadBack},
	{"what does not exist is not found", unknownPeriods},
	{"a period is closed once, and only with statements that add up", closingIsRefused},
	{"a unit that fails closes nothing", failedClosings},
	{"periods are listed newest first, a page at a time", periodsAreListed},
	{"statements are listed by merchant, and a merchant's newest first", statementsAreListed},
	{"an entry belongs to the period that it was closed in", entriesBelong},
	{"a statement's lines are those of its period", linesOfStatements},
	{"the last entry before a moment is found by number", lastBefore},
	{"the horizon reaches whatever is committed", horizonReaches},
}

// locked lists the periods as a unit locks them.
func (w *town) locked() (periods []settlement.Period) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) (err error) {
		periods, err = s.Periods.Lock(ctx)
		return err
	})
	return periods
}

func periodsReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	require.Empty(t, w.locked())
	later, first := w.period(30, 59), w.period(0, 29)
	require.Equal(t, []settlement.Period{first, later}, w.locked(), "by first day")
	first, _ = w.closes(first, 0, 7)
	require.Equal(t, []settlement.Period{first, later}, w.locked())
	got, err := w.Reader.Period(t.Context(), first.ID)
	require.NoError(t, err)
	require.Equal(t, first, got)
}

func unknownPeriods(t *testing.T, b Bench) {
	w := found(t, b)
	_, err := w.Reader.Period(t.Context(), ident.New[settlement.Period](Now))
	require.ErrorIs(t, err, settlement.ErrPeriodUnknown)
	_, err = w.Reader.Statement(t.Context(), w.period(0, 1).ID, w.shop.Wallet)
	require.ErrorIs(t, err, settlement.ErrStatementUnknown)
	_, _, err = w.Reader.PeriodOf(t.Context(), ident.New[ledger.Entry](Now))
	require.ErrorIs(t, err, ledger.ErrEntryUnknown)
	stranger := settlement.Period{ID: ident.New[settlement.Period](Now), Closed: true, ClosedAt: Now}
	require.ErrorIs(t, w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		return s.Periods.Close(ctx, stranger, nil)
	}), settlement.ErrPeriodClosed)
}

func closingIsRefused(t *testing.T, b Bench) {
	w := found(t, b)
	p := w.period(0, 29)
	p.Closed, p.ClosedAt = true, Now
	tries := func(s settlement.Statement) error {
		return w.Unit.Do(t.Context(), func(ctx context.Context, st Stores) error {
			return st.Periods.Close(ctx, p, []settlement.Statement{s})
		})
	}
	require.ErrorContains(t, tries(settlement.Statement{Merchant: w.shop.Wallet, Received: 10, Due: 11}), "statements_add_up")
	require.NoError(t, tries(settlement.Statement{Merchant: w.shop.Wallet, Received: 10, Due: 10}))
	require.ErrorIs(t, tries(settlement.Statement{Merchant: w.stall.Wallet, Received: 10, Due: 10}), settlement.ErrPeriodClosed)
	_, err := w.Reader.Statement(t.Context(), p.ID, w.stall.Wallet)
	require.ErrorIs(t, err, settlement.ErrStatementUnknown)
}

func failedClosings(t *testing.T, b Bench) {
	w := found(t, b)
	p := w.period(0, 29)
	closing := p
	closing.Closed, closing.ClosedAt, closing.LastSeq = true, Now, 5
	require.ErrorIs(t, w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		if err := s.Periods.Close(ctx, closing, []settlement.Statement{{Merchant: w.shop.Wallet}}); err != nil {
			return err
		}
		return context.Canceled
	}), context.Canceled)
	require.Equal(t, []settlement.Period{p}, w.locked())
	_, err := w.Reader.Statement(t.Context(), p.ID, w.shop.Wallet)
	require.ErrorIs(t, err, settlement.ErrStatementUnknown)
}

func periodsAreListed(t *testing.T, b Bench) {
	w := found(t, b)
	var want []settlement.Period
	for n := range calendar.Day(5) {
		want = append([]settlement.Period{w.period(n*30, n*30+29)}, want...)
	}
	require.Equal(t, want, pages(t, func(after string) (page.Of[settlement.Period], error) { return w.Reader.Periods(t.Context(), after, 2) }))
	_, err := w.Reader.Periods(t.Context(), "nonsense", 2)
	require.ErrorIs(t, err, page.ErrCursor)
}

// pages reads a list to its end, two rows at a time.
func pages[R any](t *testing.T, read func(after string) (page.Of[R], error)) (rows []R) {
	t.Helper()
	for after := ""; ; {
		found, err := read(after)
		require.NoError(t, err)
		require.LessOrEqual(t, len(found.Rows), 2)
		rows = append(rows, found.Rows...)
		if after = found.Next; after == "" {
			return rows
		}
		require.Len(t, found.Rows, 2)
	}
}

func statementsAreListed(t *testing.T, b Bench) {
	w := found(t, b)
	others := []user.User{usertest.Merchant(), usertest.Merchant(), usertest.Merchant()}
	w.settles(others...)
	var newest []settlement.Statement
	for n := range calendar.Day(5) {
		for _, u := range append(others, w.shop, w.stall) {
			_, err := w.grant(u, "city", 10, calendar.Never, Now)
			require.NoError(t, err)
		}
		first := int64(0)
		if n > 0 {
			first = w.locked()[n-1].LastSeq
		}
		p, statements := w.closes(w.period(n*30, n*30+29), first, w.lastSeq(Now))
		require.Len(t, statements, 5)
		require.Equal(t, statements, pages(t, func(after string) (page.Of[settlement.Statement], error) {
			return w.Reader.Statements(t.Context(), p.ID, after, 2)
		}))
		mine, err := w.Reader.Statement(t.Context(), p.ID, w.stall.Wallet)
		require.NoError(t, err)
		require.Equal(t, money.Points(10*(n+1)), mine.Due)
		newest = append([]settlement.Statement{mine}, newest...)
	}
	require.Equal(t, newest, pages(t, func(after string) (page.Of[settlement.Statement], error) {
		return w.Reader.StatementsOf(t.Context(), w.stall.Wallet, after, 2)
	}))
	_, err := w.Reader.Statements(t.Context(), settlement.PeriodID{}, "nonsense", 2)
	require.ErrorIs(t, err, page.ErrCursor)
	_, err = w.Reader.StatementsOf(t.Context(), w.stall.Wallet, "nonsense", 2)
	require.ErrorIs(t, err, page.ErrCursor)
}

func entriesBelong(t *testing.T, b Bench) {
	w := found(t, b)
	var ids []ledger.EntryID
	for range 4 {
		id, err := w.grant(w.shop, "city", 10, calendar.Never, Now)
		require.NoError(t, err)
		ids = append(ids, id)
	}
	first, _ := w.closes(w.period(0, 29), 0, w.seq(ids[0]))
	second, _ := w.closes(w.period(30, 59), w.seq(ids[0]), w.seq(ids[2]))
	w.period(60, 89)
	for i, want := range []settlement.Period{first, second, second} {
		got, closed, err := w.Reader.PeriodOf(t.Context(), ids[i])
		require.NoError(t, err)
		require.True(t, closed)
		require.Equal(t, want, got)
	}
	_, closed, err := w.Reader.PeriodOf(t.Context(), ids[3])
	require.NoError(t, err)
	require.False(t, closed, "its period is open")
}

func linesOfStatements(t *testing.T, b Bench) {
	w := found(t, b)
	var seqs []int64
	for n := range 7 {
		id, err := w.grant(w.shop, "city", money.Points(n+1), calendar.Never, Now)
		require.NoError(t, err)
		seqs = append(seqs, w.seq(id))
	}
	s := w.tally(seqs[1], seqs[4])[w.shop.Wallet]
	require.Equal(t, []int64{3, 5}, []int64{s.FirstLine, s.LastLine})
	read := func(after int64, limit int) (deltas []money.Points) {
		lines, err := w.Reader.Lines(t.Context(), s, after, limit)
		require.NoError(t, err)
		for _, line := range lines {
			deltas = append(deltas, line.Delta)
		}
		return deltas
	}
	require.Equal(t, []money.Points{3, 4, 5}, read(0, 10))
	require.Equal(t, []money.Points{3, 4}, read(0, 2))
	require.Equal(t, []money.Points{5}, read(4, 2))
	require.Empty(t, read(5, 2))
	s.FirstLine, s.LastLine = 0, 0
	require.Empty(t, read(0, 10), "a statement that only carries over has none")
}

func lastBefore(t *testing.T, b Bench) {
	w := found(t, b)
	var seqs []int64
	for _, minutes := range []time.Duration{10, 20, 15, 30} { // the third was overtaken
		id, err := w.grant(w.hana, "city", 1, calendar.Never, Now.Add(minutes*time.Minute))
		require.NoError(t, err)
		seqs = append(seqs, w.seq(id))
	}
	find := func(moment time.Time, settled int64) (last int64) {
		w.do(func(ctx context.Context, s Stores) (err error) {
			last, err = s.Periods.LastBefore(ctx, moment, settled)
			return err
		})
		return last
	}
	require.Equal(t, seqs[3], find(Now.AddDate(0, 0, 1), seqs[3]))
	require.Equal(t, seqs[3], find(Now.AddDate(0, 0, 1), seqs[3]+100))
	require.Equal(t, seqs[2], find(Now.Add(30*time.Minute), seqs[3]), "the moment itself is later")
	require.Equal(t, seqs[2], find(Now.Add(30*time.Minute), seqs[2]), "what comes behind it need not be certain")
	require.ErrorIs(t, w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		_, err := s.Periods.LastBefore(ctx, Now.Add(30*time.Minute), seqs[1])
		return err
	}), settlement.ErrPeriodUnsettled)
	require.Equal(t, seqs[2], find(Now.Add(16*time.Minute), seqs[3]), "by number, though the second is of a later moment")
	require.Equal(t, seqs[0], find(Now.Add(15*time.Minute), seqs[3]))
	require.Zero(t, find(Now.AddDate(-1, 0, 0), seqs[3]))
}

func horizonReaches(t *testing.T, b Bench) {
	w := found(t, b)
	last := w.lastSeq(Now)
	require.Eventually(t, func() bool {
		settled, err := w.Horizon.Settled(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, settled, last)
		return settled == last
	}, 30*time.Second, time.Millisecond)
}
