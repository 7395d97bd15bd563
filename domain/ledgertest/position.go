package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

var positionContracts = []contract{
	{"it says where every fund's money is, now and at any past instant", positionNowAndThen},
	{"it lists every fund, by code, also one that has nothing", positionListsEveryFund},
	{"tills are listed since they hold cash without a remittance, the longest waiting first", tillsWait},
	{"cash of a till is as old as it was before a charge was undone", undoneChargesLeaveTillsTheirAge},
}

func positionNowAndThen(t *testing.T, b Bench) {
	w := found(t, b)
	batch := ledger.BatchID{15: 7}
	w.grant(w.hana, 5_000, today, hour(1))
	w.move(ledger.Reserve, ledger.CashMove{Batch: batch, Amount: 20_000}, hour(2))
	w.charge(w.shop, w.hana, 3_000, hour(3))
	w.pay(pays(w.hana, w.shop, 4_000), hour(4))
	w.move(ledger.Remittance, ledger.CashMove{Merchant: w.shop.Wallet, Amount: 1_000}, hour(5))
	w.move(ledger.Release, ledger.CashMove{Batch: batch, Amount: 500}, hour(6))
	w.move(ledger.Withdrawal, ledger.CashMove{Amount: 100}, hour(7))
	tomorrow := (today + 1).Start()
	_, err := lapse(w, w.hana, tomorrow)
	require.NoError(t, err)

	for name, c := range map[string]struct {
		at   time.Time
		want ledger.FundPosition
	}{
		"before there was anything": {Now.AddDate(0, -1, 0), ledger.FundPosition{}},
		"after the deposit":         {hour(1), ledger.FundPosition{Bank: 1_000_000, Unissued: 1_000_000}},
		"after the grant":           {hour(2), ledger.FundPosition{Bank: 1_000_000, Unissued: 995_000, Wallets: 5_000}},
		"after the reserve":         {hour(3), ledger.FundPosition{Bank: 1_000_000, Unissued: 975_000, Reserved: 20_000, Wallets: 5_000}},
		"after the charge":          {hour(4), ledger.FundPosition{Bank: 1_000_000, Tills: 3_000, Unissued: 975_000, Reserved: 20_000, Wallets: 8_000}},
		"after the payment":         {hour(5), ledger.FundPosition{Bank: 1_000_000, Tills: 3_000, Unissued: 975_000, Reserved: 20_000, Wallets: 8_000}},
		"after the remittance":      {hour(6), ledger.FundPosition{Bank: 1_001_000, Tills: 2_000, Unissued: 975_000, Reserved: 20_000, Wallets: 8_000}},
		"after the release":         {hour(7), ledger.FundPosition{Bank: 1_001_000, Tills: 2_000, Unissued: 975_500, Reserved: 19_500, Wallets: 8_000}},
		"at the end of the day":     {today.End(), ledger.FundPosition{Bank: 1_000_900, Tills: 2_000, Unissued: 975_400, Reserved: 19_500, Wallets: 8_000}},
		"after the sweep":           {tomorrow.Add(time.Second), ledger.FundPosition{Bank: 1_000_900, Tills: 2_000, Unissued: 976_400, Reserved: 19_500, Wallets: 7_000}},
		"now":                       {time.Time{}, ledger.FundPosition{Bank: 1_000_900, Tills: 2_000, Unissued: 976_400, Reserved: 19_500, Wallets: 7_000}},
	} {
		c.want.Fund = "city"
		require.Equal(t, c.want, w.fundAt(c.at), name)
	}
}

func positionListsEveryFund(t *testing.T, b Bench) {
	w := found(t, b)
	w.do(func(ctx context.Context, s Stores) error {
		for _, f := range []fund.Fund{{Code: "zero", Name: "空", OpenedAt: hour(5)}, {Code: "arts", Name: "文化", OpenedAt: hour(1)}} {
			if err := s.Treasury.Add(ctx, f); err != nil {
				return err
			}
		}
		return nil
	})
	codes := func(at time.Time) (codes []string) {
		position, err := w.Statements.Position(t.Context(), at)
		require.NoError(t, err)
		require.True(t, at.Equal(position.At))
		for _, f := range position.Funds {
			codes = append(codes, string(f.Fund))
		}
		return codes
	}
	require.Equal(t, []string{"arts", "city", "zero"}, codes(time.Time{}))
	require.Equal(t, []string{"arts", "city"}, codes(hour(3)), "a fund is listed from its opening on")
}

func tillsWait(t *testing.T, b Bench) {
	w := found(t, b)
	state := func(u user.User, cash money.Yen, since int) ledger.TillState {
		return ledger.TillState{Merchant: u.Wallet, Owner: u.ID, Fund: "city", Cash: cash, Since: hour(since)}
	}
	remit := func(u user.User, amount money.Points, at int) {
		w.move(ledger.Remittance, ledger.CashMove{Merchant: u.Wallet, Amount: amount}, hour(at))
	}
	require.Empty(t, w.tills())
	w.charge(w.stall, w.hana, 100, hour(1))
	w.charge(w.shop, w.hana, 100, hour(2))
	w.charge(w.stall, w.taro, 100, hour(3))
	require.Equal(t, []ledger.TillState{state(w.stall, 200, 1), state(w.shop, 100, 2)}, w.tills())

	remit(w.stall, 200, 4)
	require.Equal(t, []ledger.TillState{state(w.shop, 100, 2)}, w.tills(), "an empty till does not wait")
	w.charge(w.stall, w.taro, 300, hour(5))
	require.Equal(t, []ledger.TillState{state(w.shop, 100, 2), state(w.stall, 300, 5)}, w.tills())

	remit(w.shop, 40, 6)
	require.Equal(t, []ledger.TillState{state(w.stall, 300, 5), state(w.shop, 60, 6)}, w.tills(), "a part stays, and waits from then on")
	w.charge(w.shop, w.taro, 10, hour(7))
	require.Equal(t, []ledger.TillState{state(w.stall, 300, 5), state(w.shop, 70, 6)}, w.tills(), "more cash does not make what is there younger")
	w.grant(w.hana, 1, calendar.Never, hour(8))
	require.EqualValues(t, 370, w.fund().Tills)
}

func undoneChargesLeaveTillsTheirAge(t *testing.T, b Bench) {
	w := found(t, b)
	since := func() (hours []time.Time) {
		for _, till := range w.tills() {
			hours = append(hours, till.Since)
		}
		return hours
	}
	w.charge(w.shop, w.hana, 100, hour(1))
	mistaken := w.charge(w.shop, w.hana, 200, hour(2))
	w.correct(mistaken.Entry, hour(3))
	require.Equal(t, []time.Time{hour(1)}, since())
	w.correct(w.charge(w.shop, w.hana, 50, hour(4)).Entry, hour(5), only(20))
	require.Equal(t, []time.Time{hour(1)}, since())
	remittance := w.move(ledger.Remittance, ledger.CashMove{Merchant: w.shop.Wallet, Amount: 130}, hour(6))
	require.Empty(t, since())
	last := w.charge(w.shop, w.hana, 10, hour(7))
	w.correct(last.Entry, hour(8))
	require.Empty(t, since())
	w.charge(w.shop, w.hana, 10, hour(9))
	require.Equal(t, []time.Time{hour(9)}, since(), "what had been undone before does not wait")
	w.correct(remittance, hour(10))
	require.Equal(t, []time.Time{hour(9)}, since())
	require.EqualValues(t, 140, w.fund().Tills)
}
