package ledgertest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

var raceContracts = []contract{
	{"the last points spent from many sides go once", lastPointsGoOnce},
	{"one key from many sides is one payment", oneKeyIsOnePayment},
	{"one key of somebody without a wallet is one deposit", oneKeyIsOneDeposit},
	{"a presented code is collected once", presentedCodeIsCollectedOnce},
	{"a code over an amount is paid once, by whoever is first", amountCodeIsPaidOnce},
	{"payments in both directions do not wait for each other in a circle", oppositePaymentsFinish},
	{"charges at one till add up", chargesAddUp},
	{"the fund's last point is granted once", lastPointIsGrantedOnce},
	{"what one till holds is remitted once", tillIsRemittedOnce},
	{"lots of one key that arrive at once are one lot", likePointsMeet},
	{"a month's limit holds however many transfers go at once", monthlyLimitHolds},
	{"each of many amendments of the rules has its own version", amendmentsHaveVersions},
}

// race lets all sides act at once. Before that each has opened a book, so that an adapter has made its connections, knows
// the offers, and the sides truly meet.
func (w *town) race(act func(side int) error) []error {
	w.t.Helper()
	for range 2 {
		for _, err := range together(sidesMax, func(side int) error {
			want := ledger.Want{
				Wallets: []ledger.WalletID{w.mayor.Wallet}, Codes: []user.Token{"none"}, Pots: []ledger.Pot{pot(ledger.Reserved, [16]byte{0: byte(side)})},
				Claims:   []idem.Claim{{Actor: w.mayor.ID, Key: "warming-up"}},
				Payments: []ledger.Parties{{Payer: ledger.Party{Wallet: w.hana.Wallet}, Payee: ledger.Party{Wallet: w.shop.Wallet}}},
			}
			return w.side(side).Unit.Do(w.t.Context(), func(ctx context.Context, s Stores) error {
				_, err := s.Ledger.Open(ctx, Now, want)
				return err
			})
		}) {
			require.NoError(w.t, err)
		}
	}
	return together(sidesMax, act)
}

// wins counts the sides that succeeded; every other one must have been refused for one of the reasons.
func wins(t *testing.T, errs []error, reasons ...error) int {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		require.True(t, slices.ContainsFunc(reasons, func(reason error) bool { return errors.Is(err, reason) }), "%+v", err)
	}
	return won
}

func lastPointsGoOnce(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 100, calendar.Never, Now)
	errs := w.race(func(side int) error {
		to := w.shop
		if side%2 == 0 {
			to = w.stall
		}
		_, err := w.tryPay(pays(w.hana, to, 100), Now)
		return err
	})
	require.Equal(t, 1, wins(t, errs, lot.ErrInsufficient))
	require.Zero(t, w.balance(w.hana))
	require.Equal(t, money.Points(100), w.balance(w.shop)+w.balance(w.stall))
}

func oneKeyIsOnePayment(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 10_000, calendar.Never, Now)
	receipts := make([]ledger.Receipt, sidesMax)
	order := keyed(pays(w.hana, w.shop, 100), "pressed-often")
	for _, err := range w.race(func(side int) (err error) {
		receipts[side], err = w.tryPay(order, Now)
		return err
	}) {
		require.NoError(t, err)
	}
	requireOneOriginal(t, receipts)
	require.Equal(t, money.Points(9_900), w.balance(w.hana))
}

func requireOneOriginal(t *testing.T, receipts []ledger.Receipt) {
	t.Helper()
	originals := 0
	for _, r := range receipts {
		require.Equal(t, receipts[0].Entry, r.Entry)
		if !r.Replayed {
			originals++
		}
	}
	require.Equal(t, 1, originals)
}

func oneKeyIsOneDeposit(t *testing.T, b Bench) {
	w := found(t, b)
	claim := idem.Claim{Actor: w.mayor.ID, Key: "deposit-once"}
	receipts := make([]ledger.Receipt, sidesMax)
	for _, err := range w.race(func(side int) (err error) {
		want := ledger.Want{Pots: []ledger.Pot{bank, unissued}, Claims: []idem.Claim{claim}}
		receipts[side], err = act(w, Now, want, func(b *ledger.Book) (ledger.Receipt, error) {
			result, kept, err := b.Replay(claim, idem.Hash{1})
			if kept || err != nil {
				return ledger.Receipt{Entry: result, Replayed: true}, err
			}
			id, err := b.Deposit(ledger.CashMove{Fund: "city", Amount: 500})
			if err == nil {
				b.Keep(claim, idem.Hash{1}, id)
			}
			return ledger.Receipt{Entry: id}, err
		})
		return err
	}) {
		require.NoError(t, err)
	}
	requireOneOriginal(t, receipts)
	require.Equal(t, money.Points(1_000_500), w.fund().Unissued)
}

func presentedCodeIsCollectedOnce(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 10_000, calendar.Never, Now)
	token := w.shows(usertest.PresentedCode(w.hana))
	errs := w.race(func(side int) error {
		collector := w.shop
		if side%2 == 0 {
			collector = w.stall
		}
		_, err := w.tryPay(ledger.Order{
			Actor: collector.ID, Own: collector.Wallet, Payer: ledger.Party{Code: token}, Payee: ledger.Party{Wallet: collector.Wallet}, Amount: 300,
		}, Now)
		return err
	})
	require.Equal(t, 1, wins(t, errs, user.ErrCodeUsed))
	require.Equal(t, money.Points(9_700), w.balance(w.hana))
}

func amountCodeIsPaidOnce(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 10_000, calendar.Never, Now)
	w.grant(w.taro, 10_000, calendar.Never, Now)
	code := usertest.AmountCode(w.shop)
	token := w.shows(code)
	errs := w.race(func(side int) error {
		payer := w.hana
		if side%2 == 0 {
			payer = w.taro
		}
		order := pays(payer, w.shop, 0)
		order.Payee = ledger.Party{Code: token}
		_, err := w.tryPay(order, Now)
		return err
	})
	require.Equal(t, 1, wins(t, errs, user.ErrCodeUsed))
	require.Equal(t, code.Amount, w.balance(w.shop))
	require.Equal(t, 20_000-code.Amount, w.balance(w.hana)+w.balance(w.taro))
}

func oppositePaymentsFinish(t *testing.T, b Bench) {
	w := found(t, b)
	parties := []user.User{w.shop, w.stall, w.hana}
	for _, u := range parties {
		w.grant(u, 10_000, calendar.Never, Now)
	}
	for _, err := range w.race(func(side int) error {
		for round := range 5 {
			from, to := w.shop, w.stall
			switch (side + round) % 3 {
			case 1:
				from, to = to, from
			case 2:
				from = w.hana
			}
			if _, err := w.tryPay(pays(from, to, 1), Now); err != nil {
				return fmt.Errorf("side %d round %d: %w", side, round, err)
			}
		}
		return nil
	}) {
		require.NoError(t, err)
	}
	var sum money.Points
	for _, u := range parties {
		sum += w.balance(u)
	}
	require.Equal(t, money.Points(30_000), sum)
	w.fund()
}

func chargesAddUp(t *testing.T, b Bench) {
	w := found(t, b)
	residents := make([]user.User, sidesMax)
	for i := range residents {
		residents[i] = usertest.Resident()
	}
	w.settles(residents...)
	for _, err := range w.race(func(side int) error {
		_, err := w.tryCharge(w.shop, residents[side], 1_000, idem.Key(fmt.Sprintf("charge-%02d", side)), Now)
		return err
	}) {
		require.NoError(t, err)
	}
	require.Equal(t, []ledger.TillState{{Merchant: w.shop.Wallet, Owner: w.shop.ID, Fund: "city", Cash: 20_000, Since: Now}}, w.tills())
	position := w.fund()
	require.Equal(t, []int64{20_000, 20_000}, []int64{int64(position.Tills), int64(position.Wallets)})
	for _, u := range residents {
		require.Equal(t, money.Points(1_000), w.balance(u))
	}
}

func lastPointIsGrantedOnce(t *testing.T, b Bench) {
	w := found(t, b)
	w.move(ledger.Withdrawal, ledger.CashMove{Amount: 999_999}, Now)
	errs := w.race(func(side int) error {
		to := w.hana
		if side%2 == 0 {
			to = w.taro
		}
		_, err := w.tryGrant(to, 1, calendar.Never, Now)
		return err
	})
	require.Equal(t, 1, wins(t, errs, ledger.ErrFundShort))
	require.Equal(t, money.Points(1), w.balance(w.hana)+w.balance(w.taro))
	require.Zero(t, w.fund().Unissued)
}

func tillIsRemittedOnce(t *testing.T, b Bench) {
	w := found(t, b)
	w.charge(w.shop, w.hana, 700, Now)
	m := ledger.CashMove{Fund: "city", Merchant: w.shop.Wallet, Amount: 700}
	errs := w.race(func(int) error {
		_, err := act(w, Now, ledger.Want{Pots: m.TreasuryPots(ledger.Remittance)}, func(b *ledger.Book) (ledger.EntryID, error) { return b.Remit(m) })
		return err
	})
	require.Equal(t, 1, wins(t, errs, ledger.ErrCashShort))
	require.Empty(t, w.tills())
	require.EqualValues(t, 1_000_700, w.fund().Bank)
}

func likePointsMeet(t *testing.T, b Bench) {
	w := found(t, b)
	payers := make([]user.User, sidesMax)
	for i := range payers {
		payers[i] = usertest.Resident()
	}
	w.settles(payers...)
	for i, u := range payers {
		w.charge(w.stall, u, 100, Now.AddDate(0, 0, i))
	}
	for _, err := range w.race(func(side int) error {
		_, err := w.tryPay(pays(payers[side], w.shop, 100), Now.AddDate(0, 0, sidesMax))
		return err
	}) {
		require.NoError(t, err)
	}
	lots := w.wallet(w.shop).Lots
	require.Len(t, lots, 1, "twenty expiries were cleared, so twenty lots are one")
	require.Equal(t, lot.Key{Kind: cash.Code, Fund: "city", Expires: calendar.Never, Hops: 1, Paid: true}, lots[0].Key)
	require.Equal(t, money.Points(2_000), lots[0].Remaining)
}

func monthlyLimitHolds(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 500_000, calendar.Never, Now)
	errs := w.race(func(int) error {
		_, err := w.tryPay(pays(w.hana, w.taro, 30_000), Now)
		return err
	})
	require.Equal(t, 3, wins(t, errs, ledger.ErrTransferMonth))
	require.Equal(t, money.Points(90_000), w.balance(w.taro))
	require.Equal(t, money.Points(90_000), w.wallet(w.hana).Sent)
}

func amendmentsHaveVersions(t *testing.T, b Bench) {
	w := found(t, b)
	before := w.rules().Version
	numbers := make([]int64, sidesMax)
	for _, err := range w.race(func(side int) (err error) {
		numbers[side], err = usecase.Do(t.Context(), w.Unit, func(ctx context.Context, s Stores) (int64, error) {
			rules, err := s.Rulebook.Current(ctx)
			if err != nil {
				return 0, err
			}
			rules.PaymentMax++
			return s.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: Now})
		})
		return err
	}) {
		require.NoError(t, err)
	}
	seen := map[int64]bool{}
	for _, n := range numbers {
		require.False(t, seen[n])
		seen[n] = true
	}
	after := w.rules()
	require.Equal(t, before+sidesMax, after.Version)
	require.Equal(t, ledger.DefaultRules().PaymentMax+sidesMax, after.PaymentMax, "none overwrote another one's change")
}
