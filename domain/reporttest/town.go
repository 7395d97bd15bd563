package reporttest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/citytest"
)

// The kinds that the suite adds to the city's.
var (
	premium  = lot.Kind{Code: "premium", Name: "プレミアム", Rank: 4, Validity: lot.Validity{YearEnds: 1}, Premium: true, Transferable: true, Retired: calendar.Never}
	returned = lot.Kind{Code: "return", Name: "還元", Rank: 5, Validity: lot.Validity{Days: 30}, Retired: calendar.Never}
)

// town is a city with a few people, in which things happen at moments that a test chooses.
type town struct {
	*citytest.City
	t                       *testing.T
	hana, taro, jiro, fumio user.User
	shop, stall             user.User
}

func found(t *testing.T, city *citytest.City) *town {
	t.Helper()
	w := &town{City: city, t: t}
	for _, person := range []*user.User{&w.hana, &w.taro, &w.jiro, &w.fumio} {
		*person = city.Resident(t)
	}
	w.shop, w.stall = city.Merchant(t), city.Merchant(t)
	earning := citytest.Gift
	earning.Earns = true
	city.Do(t, func(ctx context.Context, s citytest.Stores) error {
		for _, kind := range []lot.Kind{premium, returned, earning} {
			if err := s.Rulebook.SaveKind(ctx, kind, citytest.Noon); err != nil {
				return err
			}
		}
		return nil
	})
	return w
}

// at gives an instant in Japan.
func at(year int, month time.Month, day, hour int) time.Time {
	return time.Date(year, month, day, hour, 0, 0, 0, calendar.JST)
}

// act does something on a book of the given moment, and gives the entry that it led to.
func (w *town) act(moment time.Time, want ledger.Want, act func(*ledger.Book) error) ledger.EntryID {
	w.t.Helper()
	id, err := usecase.Do(w.t.Context(), w.Unit, func(ctx context.Context, s citytest.Stores) (ledger.EntryID, error) {
		book, err := s.Ledger.Open(ctx, moment.UTC(), want)
		if err != nil {
			return ledger.EntryID{}, err
		}
		if err := act(book); err != nil {
			return ledger.EntryID{}, err
		}
		entries := book.Written().Entries
		return entries[len(entries)-1].ID, s.Ledger.Append(ctx, book)
	})
	require.NoError(w.t, err)
	return id
}

func pot(kind ledger.PotKind, owner [16]byte) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: kind, Owner: owner}, Fund: citytest.Fund}
}

var unissued = pot(ledger.Unissued, [16]byte{})

func (w *town) move(moment time.Time, entryType ledger.EntryType, m ledger.CashMove) ledger.EntryID {
	w.t.Helper()
	m.Fund = citytest.Fund
	return w.act(moment, ledger.Want{Pots: m.TreasuryPots(entryType)}, func(b *ledger.Book) error {
		acts := map[ledger.EntryType]func(ledger.CashMove) (ledger.EntryID, error){
			ledger.Deposit: b.Deposit, ledger.Withdrawal: b.Withdraw, ledger.Remittance: b.Remit, ledger.Reserve: b.Reserve, ledger.Release: b.Release,
		}
		_, err := acts[entryType](m)
		return err
	})
}

func (w *town) grant(moment time.Time, to user.User, kind lot.Kind, amount money.Points) ledger.EntryID {
	w.t.Helper()
	return w.act(moment, ledger.Want{Wallets: []ledger.WalletID{to.Wallet}, Pots: []ledger.Pot{unissued}}, func(b *ledger.Book) error {
		_, err := b.Grant(ledger.Award{Wallet: to.Wallet, Fund: citytest.Fund, Amount: amount, Kind: kind.Code})
		return err
	})
}

func (w *town) charge(moment time.Time, merchant, resident user.User, amount money.Points) ledger.EntryID {
	w.t.Helper()
	claim := idem.Claim{Actor: merchant.ID, Key: w.Key()}
	want := ledger.Want{
		Wallets: []ledger.WalletID{merchant.Wallet, resident.Wallet}, Pots: []ledger.Pot{pot(ledger.Till, merchant.Wallet)}, Claims: []idem.Claim{claim},
	}
	return w.act(moment, want, func(b *ledger.Book) error {
		_, err := b.Charge(ledger.Cash{Claim: claim, Actor: merchant.ID, Merchant: merchant.Wallet, Resident: ledger.Party{Wallet: resident.Wallet}, Amount: amount})
		return err
	})
}

// pay pays; a rate above zero returns so many basis points of it at once.
func (w *town) pay(moment time.Time, from, to user.User, amount money.Points, rate int32) ledger.EntryID {
	w.t.Helper()
	return w.act(moment, ledger.Want{Wallets: []ledger.WalletID{from.Wallet, to.Wallet}}, func(b *ledger.Book) error {
		if rate > 0 {
			programme := cashback.Programme{
				ID: cashback.NewOfferID(moment), Merchant: to.Wallet,
				Terms: cashback.Terms{Rate: rate, Rounding: cashback.Down, Kind: returned.Code},
				Span:  cashback.Span{Until: calendar.Never},
			}
			b.Rewarding(ledger.Rewards{Offers: &cashback.Offers{Programmes: map[ledger.WalletID][]cashback.Programme{to.Wallet: {programme}}}})
		}
		_, err := b.Pay(ledger.Order{Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount})
		return err
	})
}

func (w *town) adjust(moment time.Time, of user.User, kind lot.Kind, amount money.Points) ledger.EntryID {
	w.t.Helper()
	return w.act(moment, ledger.Want{Wallets: []ledger.WalletID{of.Wallet}, Pots: []ledger.Pot{unissued}}, func(b *ledger.Book) error {
		_, err := b.Adjust(ledger.Change{Wallet: of.Wallet, Fund: citytest.Fund, Amount: amount, Kind: kind.Code, Memo: "調整"})
		return err
	})
}

// correct undoes an entry; what is no longer there is booked as owed.
func (w *town) correct(moment time.Time, id ledger.EntryID) ledger.EntryID {
	w.t.Helper()
	original, err := w.Statements.Entry(w.t.Context(), id)
	require.NoError(w.t, err)
	undo := ledger.Correction{Original: original, Receivable: true, Memo: "取消"}
	return w.act(moment, undo.Wants(), func(b *ledger.Book) error {
		_, err := b.Correct(undo)
		return err
	})
}

func (w *town) repay(moment time.Time, debtor user.User, amount money.Points) ledger.EntryID {
	w.t.Helper()
	r := ledger.Repayment{Debtor: debtor.Wallet, Fund: citytest.Fund, Amount: amount, FromBank: true}
	return w.act(moment, ledger.Want{Wallets: []ledger.WalletID{debtor.Wallet}, Pots: r.RepaymentPots()}, func(b *ledger.Book) error {
		_, err := b.Recover(r)
		return err
	})
}

func (w *town) lapse(moment time.Time, of user.User) ledger.EntryID {
	w.t.Helper()
	return w.act(moment, ledger.Want{Wallets: []ledger.WalletID{of.Wallet}, Pots: []ledger.Pot{unissued}}, func(b *ledger.Book) error {
		_, err := b.Lapse(of.Wallet, "期限切れ")
		return err
	})
}

func (w *town) claim(moment time.Time, merchant user.User, amount money.Points) ledger.EntryID {
	w.t.Helper()
	want := ledger.Want{Wallets: []ledger.WalletID{merchant.Wallet}, Pots: []ledger.Pot{pot(ledger.Claimed, merchant.Wallet)}}
	return w.act(moment, want, func(b *ledger.Book) error {
		_, _, err := b.Claim(ledger.Demand{ID: ledger.BatchID{15: 8}, Merchant: merchant.Wallet, Amount: amount})
		return err
	})
}

func (w *town) settle(moment time.Time, entryType ledger.EntryType, merchant user.User, amount money.Points) ledger.EntryID {
	w.t.Helper()
	s := ledger.Settlement{Merchant: merchant.Wallet, Parts: []ledger.Backed{{Fund: citytest.Fund, Amount: amount}}}
	return w.act(moment, ledger.Want{Pots: s.SettlementPots(entryType)}, func(b *ledger.Book) error {
		acts := map[ledger.EntryType]func(ledger.Settlement) (ledger.EntryID, error){
			ledger.Payout: b.PayOut, ledger.PayoutReturn: b.PayBack, ledger.Offset: b.SetOff,
		}
		_, err := acts[entryType](s)
		return err
	})
}

// live lets a winter pass in which every act happens at least once, over the end of the fiscal year 2026.
func (w *town) live() {
	w.t.Helper()
	november := func(hour int) time.Time { return at(2026, time.November, 24, hour) }
	w.grant(november(9), w.hana, citytest.Gift, 10_000)
	w.grant(november(9), w.jiro, premium, 2_000)
	w.charge(november(10), w.shop, w.taro, 5_000)
	w.pay(november(11), w.hana, w.shop, 4_000, 500) // returns 200, good until 24 December
	w.pay(november(12), w.shop, w.stall, 300, 0)
	w.pay(november(13), w.jiro, w.shop, 500, 0)
	w.pay(november(14), w.hana, w.taro, 100, 0)
	wrong := w.pay(november(15), w.taro, w.stall, 1_000, 0)

	january := func(hour int) time.Time { return at(2027, time.January, 10, hour) }
	w.lapse(january(1), w.hana)
	w.move(january(9), ledger.Deposit, ledger.CashMove{Amount: 30_000})
	w.move(january(9), ledger.Withdrawal, ledger.CashMove{Amount: 10_000})
	w.move(january(10), ledger.Remittance, ledger.CashMove{Merchant: w.shop.Wallet, Amount: 1_000})
	w.move(january(10), ledger.Reserve, ledger.CashMove{Batch: ledger.BatchID{15: 7}, Amount: 7_000})
	w.move(january(10), ledger.Release, ledger.CashMove{Batch: ledger.BatchID{15: 7}, Amount: 2_000})
	w.claim(january(11), w.shop, 4_000)
	w.settle(january(12), ledger.Payout, w.shop, 3_000)
	w.settle(january(13), ledger.PayoutReturn, w.shop, 500)
	w.settle(january(13), ledger.Offset, w.shop, 400)
	w.correct(january(14), wrong)
	w.adjust(january(15), w.taro, citytest.Gift, 50)
	spent := w.grant(january(16), w.fumio, citytest.Gift, 80)
	w.pay(january(17), w.fumio, w.stall, 80, 0)
	w.correct(january(18), spent)
	w.repay(january(19), w.fumio, 30)

	w.grant(at(2027, time.March, 1, 9), w.hana, citytest.Health, 300) // good until 31 March
	w.lapse(at(2027, time.April, 1, 1), w.jiro)
	w.lapse(at(2027, time.April, 1, 1), w.hana)
	w.grant(at(2027, time.April, 1, 9), w.hana, citytest.Gift, 777)
}

// spans gives the spans from a moment up to a mark.
func (w *town) spans(from time.Time, until report.Mark) []report.Span {
	w.t.Helper()
	funds, err := w.Funds.Funds(w.t.Context())
	require.NoError(w.t, err)
	flows, err := w.Journal.Flows(w.t.Context(), from, until)
	require.NoError(w.t, err)
	return report.NewSpans(funds, flows)
}

func (w *town) movements(cuts report.Cuts, until report.Mark) []report.Movement {
	w.t.Helper()
	movements, err := w.Journal.Movements(w.t.Context(), cuts, until)
	require.NoError(w.t, err)
	return movements
}

func (w *town) unused(day calendar.Day, seq int64) report.Unused {
	w.t.Helper()
	until := report.Mark{Before: day.End(), Seq: seq}
	isPremium := func(kind lot.KindCode) bool { return kind == premium.Code }
	return report.NewUnused(day, w.spans(day.Start(), until), isPremium, w.movements(report.UnusedCuts(day), until))
}

func (w *town) year(year int, today calendar.Day) report.FiscalYear {
	w.t.Helper()
	from, last := report.YearSpan(year)
	until := report.Mark{Before: min(last, today).End()}
	return report.NewFiscalYear(year, today, w.spans(from.Start(), until), w.movements(report.YearCuts(year, today), until))
}
