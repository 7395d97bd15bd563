package settlementtest

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

var tallyContracts = []contract{
	{"every type of entry counts in its figure, and every line exactly once", everyTypeCounts},
	{"a debt counts although the wallet has no line", debtsWithoutLines},
	{"a merchant whom nothing happened to carries its due on, and one with nothing is absent", duesAreCarried},
	{"only numbers within the bounds count", boundsCount},
	{"whatever happens, what is due is what the wallet holds less what is owed", dueIsWorth},
}

// period enters a period of days, beginning and ending so many days from today.
func (w *town) period(from, until calendar.Day) settlement.Period {
	w.t.Helper()
	p := settlement.Period{
		ID: ident.New[settlement.Period](Now), Name: "期間", From: today + from, Until: today + until, CreatedAt: Now,
	}
	w.do(func(ctx context.Context, s Stores) error { return s.Periods.Add(ctx, p) })
	return p
}

// closes closes a period with an entry as its last and gives its statements.
func (w *town) closes(p settlement.Period, first, last int64) (settlement.Period, []settlement.Statement) {
	w.t.Helper()
	p.FirstSeq, p.LastSeq, p.Closed, p.ClosedBy, p.ClosedAt = first, last, true, w.mayor.ID, Now.AddDate(0, 1, 0)
	var statements []settlement.Statement
	w.do(func(ctx context.Context, s Stores) error {
		if _, err := s.Periods.Lock(ctx); err != nil {
			return err
		}
		sums, err := s.Periods.Tally(ctx, p.ID, first, last)
		if err != nil {
			return err
		}
		statements = nil
		for _, sum := range sums {
			statements = append(statements, sum.Sealed())
		}
		return s.Periods.Close(ctx, p, statements)
	})
	return p, statements
}

// tally sums a period that is not in the store.
func (w *town) tally(first, last int64) map[ledger.WalletID]settlement.Statement {
	w.t.Helper()
	byMerchant := map[ledger.WalletID]settlement.Statement{}
	w.do(func(ctx context.Context, s Stores) error {
		sums, err := s.Periods.Tally(ctx, ident.New[settlement.Period](Now), first, last)
		for _, sum := range sums {
			sum.Period = settlement.PeriodID{}
			byMerchant[sum.Merchant] = sum
		}
		return err
	})
	return byMerchant
}

func everyTypeCounts(t *testing.T, b Bench) {
	w := found(t, b)
	at := func(minutes int) time.Time { return Now.Add(time.Duration(minutes) * time.Minute) }
	ok := func(err error) {
		t.Helper()
		require.NoError(t, err)
	}
	made := func(id ledger.EntryID, err error) ledger.EntryID {
		t.Helper()
		require.NoError(t, err)
		return id
	}
	made(w.grant(w.hana, "city", 10_000, calendar.Never, at(1)))
	made(w.charge(w.shop, w.taro, 2_000, at(2)))
	made(w.pay(w.hana, w.taro, 100, at(3)))
	meal := made(w.pay(w.hana, w.shop, 1_000, at(4))) // returns 100
	tea := made(w.pay(w.taro, w.stall, 500, at(5)))
	made(w.pay(w.shop, w.stall, 300, at(6)))
	made(w.grant(w.shop, "health", 50, today, at(7)))
	ok(w.adjust(w.shop, "city", 70, at(8)))
	ok(w.adjust(w.shop, "city", -20, at(9)))
	first, err := w.claim(w.shop, 200, at(10))
	ok(err)
	ok(w.unclaim(first, at(11)))
	_, err = w.claim(w.shop, 150, at(12))
	ok(err)
	ok(w.settle(ledger.Payout, w.shop, "city", 100, at(13)))
	ok(w.settle(ledger.PayoutReturn, w.shop, "city", 100, at(14)))
	ok(w.settle(ledger.Offset, w.shop, "city", 50, at(15)))
	ok(w.correct(tea, 0, false, at(16)))
	ok(w.correct(meal, 400, false, at(17))) // takes 40 of the cashback back
	cake := made(w.pay(w.hana, w.stall, 250, at(18)))
	made(w.pay(w.stall, w.shop, 550, at(19))) // all that the stall has
	ok(w.correct(cake, 0, true, at(20)))      // which it then owes
	ok(w.recover(w.stall, "city", 60, true, at(21)))
	made(w.grant(w.stall, "city", 90, calendar.Never, at(22)))
	ok(w.recover(w.stall, "city", 30, false, at(23)))
	ok(w.lapse(w.shop, Now.AddDate(0, 0, 1)))
	last := w.lastSeq(Now.AddDate(0, 0, 1))

	sums := w.tally(0, last)
	require.Len(t, sums, 2, "residents have none")
	require.Equal(t, settlement.Statement{
		Merchant: w.shop.Wallet, FirstLine: 1, LastLine: 11, Payments: 2, Received: 1_550, Returned: 100, Granted: 50, Spent: 300,
		Corrected: 70 - 20 - 360, Lapsed: 50, Claimed: 150, Due: 690,
	}, sums[w.shop.Wallet])
	require.Equal(t, settlement.Statement{
		Merchant: w.stall.Wallet, FirstLine: 1, LastLine: 7, Payments: 3, Received: 1_050, Granted: 90, Spent: 550, Corrected: -500 - 30,
		Owed: 250 - 60 - 30, Due: 60 - 160,
	}, sums[w.stall.Wallet])
	for _, u := range []user.User{w.shop, w.stall} {
		require.Equal(t, w.worth(u), sums[u.Wallet].Due)
		wallet, err := w.Statements.Wallet(t.Context(), u.Wallet)
		require.NoError(t, err)
		require.Equal(t, wallet.Lines, sums[u.Wallet].LastLine, "every line is counted")
		require.Equal(t, wallet.Balance, sums[u.Wallet].Net()-sums[u.Wallet].Claimed, "and none twice")
	}
}

func debtsWithoutLines(t *testing.T, b Bench) {
	w := found(t, b)
	_, err := w.grant(w.hana, "city", 1_000, calendar.Never, Now)
	require.NoError(t, err)
	cake, err := w.pay(w.hana, w.stall, 250, Now)
	require.NoError(t, err)
	_, err = w.pay(w.stall, w.shop, 250, Now)
	require.NoError(t, err)
	before := w.lastSeq(Now)
	require.NoError(t, w.correct(cake, 0, true, Now))
	last := w.lastSeq(Now)
	require.Equal(t, map[ledger.WalletID]settlement.Statement{
		w.stall.Wallet: {Merchant: w.stall.Wallet, Owed: 250, Due: -250},
	}, w.tally(before, last))

	require.NoError(t, w.recover(w.stall, "city", 250, true, Now))
	require.Equal(t, map[ledger.WalletID]settlement.Statement{
		w.stall.Wallet: {Merchant: w.stall.Wallet, Owed: -250, Due: 250},
	}, w.tally(last, w.lastSeq(Now)))
}

func duesAreCarried(t *testing.T, b Bench) {
	w := found(t, b)
	idle := w.period(-30, -1)
	_, statements := w.closes(idle, 0, 0)
	require.Empty(t, statements, "nobody has anything")

	_, err := w.grant(w.hana, "city", 1_000, calendar.Never, Now)
	require.NoError(t, err)
	_, err = w.pay(w.hana, w.stall, 250, Now)
	require.NoError(t, err)
	last := w.lastSeq(Now)
	first, statements := w.closes(w.period(0, 29), 0, last)
	require.Len(t, statements, 1)
	require.Equal(t, money.Points(250), statements[0].Due)

	second, statements := w.closes(w.period(30, 59), last, last)
	require.Equal(t, []settlement.Statement{settlement.Statement{Period: second.ID, Merchant: w.stall.Wallet, CarriedOver: 250, Due: 250}.Sealed()}, statements)

	_, err = w.claim(w.stall, 250, Now)
	require.NoError(t, err)
	paid := w.lastSeq(Now)
	third, statements := w.closes(w.period(60, 89), last, paid)
	require.Equal(t, []settlement.Statement{
		settlement.Statement{Period: third.ID, Merchant: w.stall.Wallet, FirstLine: 2, LastLine: 2, CarriedOver: 250, Claimed: 250}.Sealed(),
	}, statements)
	_, statements = w.closes(w.period(90, 119), paid, paid)
	require.Empty(t, statements, "its due is nothing")

	for _, p := range []settlement.Period{first, second, third} {
		again, err := w.Reader.Recompute(t.Context(), p)
		require.NoError(t, err)
		stored, err := w.Reader.Statement(t.Context(), p.ID, w.stall.Wallet)
		require.NoError(t, err)
		require.Equal(t, []settlement.Statement{stored}, []settlement.Statement{again[0].Sealed()}, "a closed period can be recomputed, also behind later ones")
	}
}

func boundsCount(t *testing.T, b Bench) {
	w := found(t, b)
	_, err := w.grant(w.hana, "city", 1_000, calendar.Never, Now)
	require.NoError(t, err)
	var seqs []int64
	for _, amount := range []money.Points{1, 20, 300} {
		id, err := w.pay(w.hana, w.stall, amount, Now)
		require.NoError(t, err)
		seqs = append(seqs, w.seq(id))
	}
	require.Equal(t, money.Points(20), w.tally(seqs[0], seqs[1])[w.stall.Wallet].Received)
	require.EqualValues(t, 2, w.tally(seqs[0], seqs[1])[w.stall.Wallet].FirstLine)
	require.Equal(t, money.Points(321), w.tally(0, seqs[2])[w.stall.Wallet].Received)
	require.Empty(t, w.tally(seqs[2], seqs[2]))
	require.Empty(t, w.tally(seqs[2], seqs[2]+1_000))
}

// dueIsWorth leads random lives with every act there is, closes periods between them, and holds each statement to what
// the ledger says at that moment.
func dueIsWorth(t *testing.T, b Bench) {
	const periods, acts = 10, 50
	w := found(t, b)
	w.settles(usertest.Merchant()) // who does nothing
	life := &life{town: w, random: rand.New(rand.NewPCG(20_261_123, 7)), at: Now, merchants: []user.User{w.shop, w.stall}}
	var first int64
	var closed []settlement.Period
	due := map[ledger.WalletID]money.Points{}
	for n := range periods {
		for range acts {
			life.act()
		}
		last := w.lastSeq(life.at)
		p, statements := w.closes(w.period(calendar.Day(n*30), calendar.Day(n*30+29)), first, last)
		carried := due
		due = map[ledger.WalletID]money.Points{}
		for _, s := range statements {
			require.Equal(t, carried[s.Merchant], s.CarriedOver)
			delete(carried, s.Merchant)
			due[s.Merchant] = s.Due
		}
		for merchant, left := range carried {
			require.Zero(t, left, "wallet %s was forgotten", merchant)
		}
		for _, u := range life.merchants {
			require.Equal(t, w.worth(u), due[u.Wallet], "after %d periods", n+1)
		}
		first, closed = last, append(closed, p)
		life.at = life.at.AddDate(0, 0, life.random.IntN(20))
	}
	for _, p := range closed {
		stored, err := w.Reader.Statements(t.Context(), p.ID, "", 100)
		require.NoError(t, err)
		again, err := w.Reader.Recompute(t.Context(), p)
		require.NoError(t, err)
		for i := range again {
			again[i] = again[i].Sealed()
		}
		require.Equal(t, stored.Rows, again)
	}
	for entryType := ledger.Deposit; entryType <= ledger.Recovery; entryType++ {
		switch entryType {
		case ledger.Withdrawal, ledger.Remittance, ledger.Reserve, ledger.Release: // touch no wallet
		default:
			require.Positive(t, life.did[entryType], "the lives had no %s", entryType)
		}
	}
}

// life is a random one.
type life struct {
	*town
	random    *rand.Rand
	at        time.Time
	merchants []user.User
	entries   []ledger.EntryID
	claims    []claimed
	did       [ledger.Recovery + 1]int
}

// act does one act. What the ledger refuses has no effect.
func (l *life) act() {
	l.t.Helper()
	l.at = l.at.Add(time.Minute)
	amount := money.Points(1 + l.random.IntN(400))
	fund := []lot.FundCode{"city", "health"}[l.random.IntN(2)]
	resident := []user.User{l.hana, l.taro}[l.random.IntN(2)]
	merchant, other := l.merchants[l.random.IntN(2)], l.merchants[l.random.IntN(2)]
	kept := func(id ledger.EntryID, err error) error {
		if err == nil {
			l.entries = append(l.entries, id)
		}
		return err
	}
	expires := calendar.DayOf(l.at) + calendar.Day(l.random.IntN(20))
	l.does(ledger.Deposit, l.deposit(fund, amount, l.at))
	switch l.random.IntN(18) {
	case 0, 1:
		l.does(ledger.Grant, kept(l.grant(resident, fund, 5*amount, expires, l.at)))
	case 2:
		l.does(ledger.Grant, kept(l.grant(merchant, fund, amount, expires, l.at)))
	case 3:
		l.does(ledger.Charge, kept(l.charge(merchant, resident, 2*amount, l.at)))
	case 4, 5, 6:
		l.does(ledger.Payment, kept(l.pay(resident, merchant, amount, l.at)))
	case 7, 8:
		l.does(ledger.Payment, kept(l.pay(merchant, other, amount, l.at)))
	case 9:
		l.does(ledger.Transfer, kept(l.pay(l.hana, l.taro, amount, l.at)))
	case 10:
		l.does(ledger.Expiry, l.lapse(merchant, l.at))
		l.does(ledger.Expiry, l.lapse(resident, l.at))
	case 11:
		c, err := l.claim(merchant, amount, l.at)
		if err == nil {
			l.claims = append(l.claims, c)
		}
		l.does(ledger.Claim, err)
	case 12:
		l.cashes(merchant, fund, amount)
	case 13, 14:
		if n := len(l.entries); n > 0 {
			l.undoes(l.entries[n-1-l.random.IntN(min(n, 12))])
		}
	case 15:
		l.does(ledger.Adjustment, l.adjust(merchant, fund, amount-200, l.at))
	case 16, 17:
		l.does(ledger.Recovery, l.recover(merchant, fund, amount/20+1, l.random.IntN(2) == 0, l.at))
	}
}

// cashes does one of the acts on claimed points.
func (l *life) cashes(merchant user.User, fund lot.FundCode, amount money.Points) {
	switch n := l.random.IntN(4); {
	case n == 0 && len(l.claims) > 0:
		l.does(ledger.ClaimReturn, l.unclaim(l.claims[l.random.IntN(len(l.claims))], l.at))
	case n == 1:
		l.does(ledger.Offset, l.settle(ledger.Offset, merchant, fund, amount/4+1, l.at))
	default:
		l.does(ledger.Payout, l.settle(ledger.Payout, merchant, fund, amount/4+1, l.at))
		l.does(ledger.PayoutReturn, l.settle(ledger.PayoutReturn, merchant, fund, amount/8+1, l.at))
	}
}

// undoes corrects an entry wholly or in part.
func (l *life) undoes(entry ledger.EntryID) {
	if l.random.IntN(2) == 0 {
		l.does(ledger.Reversal, l.correct(entry, 0, l.random.IntN(3) > 0, l.at))
		return
	}
	l.does(ledger.Partial, l.correct(entry, money.Points(1+l.random.IntN(50)), l.random.IntN(3) > 0, l.at))
}

func (l *life) does(entryType ledger.EntryType, err error) {
	l.t.Helper()
	if err == nil {
		l.did[entryType]++
		return
	}
	_, refused := fault.Of(err)
	require.True(l.t, refused, "%s: %v", entryType, err)
}
