package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

func TestPaymentMovesPointsFromTheResidentToTheMerchant(t *testing.T) {
	t.Parallel()
	s := newScene()
	id := s.has(hana, key("city", today+30, 0), 500)
	b := s.open()
	o := pays(hana, shop, 300)
	o.Memo = "昼食"
	r, err := b.Pay(o)
	require.NoError(t, err)
	require.Equal(t, ledger.Payment, r.Type)
	require.Equal(t, money.Points(300), r.Amount)
	require.Equal(t, []money.Points{200, 300}, []money.Points{r.Balance, r.PayeeBalance})
	require.Equal(t, []ledger.WalletID{hana, shop}, []ledger.WalletID{r.Payer, r.Payee})
	require.Len(t, r.Slices, 1)
	require.Equal(t, id, r.Slices[0].Lot.ID)
	require.Equal(t, money.Points(500), r.Slices[0].Lot.Remaining, "the slice shows the lot as it was before")

	w := b.Written()
	require.Len(t, w.Entries, 1)
	e := w.Entries[0]
	require.Equal(t, []any{r.Entry, ledger.Payment, noon, owner(hana), "昼食"}, []any{e.ID, e.Type, e.At, e.Actor, e.Memo})
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 0): 200}, lots(t, b, hana))
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 1): 300}, lots(t, b, shop))
	require.Empty(t, w.Records, "an order without a key leaves none")
}

func TestPaymentDrawsLotsByThePrecedenceInForce(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("charge", today+1, 0), 100)
	s.has(hana, key("health", today+90, 0), 100)
	b := s.open()
	_, err := b.Pay(pays(hana, shop, 100))
	require.NoError(t, err)
	require.Equal(t, map[lot.Key]money.Points{key("charge", today+1, 0): 100}, lots(t, b, hana), "the lower rank goes first")

	s.rules.Precedence = lot.Precedence{lot.ByExpiry}
	b = s.open()
	_, err = b.Pay(pays(hana, shop, 100))
	require.NoError(t, err)
	require.Equal(t, map[lot.Key]money.Points{key("health", today+90, 0): 100}, lots(t, b, hana), "the sooner expiry goes first")
}

func TestPaymentRaisesTheHopsEachTimePointsChangeHands(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100)
	b := s.open()
	for _, o := range []ledger.Order{pays(hana, taro, 100), pays(taro, shop, 100), pays(shop, stall, 100), pays(stall, shop, 100)} {
		_, err := b.Pay(o)
		require.NoError(t, err)
	}
	require.Equal(t, map[lot.Key]money.Points{key("city", today+30, 4): 100}, lots(t, b, shop))
}

func TestPaymentClearsTheExpiryAtMerchantsOnlyForKindsThatSaySo(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("charge", today+30, 0), 100)
	s.has(hana, key("city", today+30, 0), 100)
	b := s.open()
	_, err := b.Pay(pays(hana, shop, 200))
	require.NoError(t, err)
	require.Equal(t, map[lot.Key]money.Points{
		key("charge", calendar.Never, 1): 100, key("city", today+30, 1): 100,
	}, lots(t, b, shop))
}

func TestPaymentMergesLikePointsAtTheMerchant(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("charge", today+10, 0), 100)
	s.has(hana, key("charge", today+20, 0), 100)
	s.has(taro, key("charge", today+30, 0), 100)
	there := s.has(shop, key("charge", calendar.Never, 1), 50)
	b := s.open()
	for _, o := range []ledger.Order{pays(hana, shop, 200), pays(taro, shop, 100)} {
		_, err := b.Pay(o)
		require.NoError(t, err)
	}
	require.Equal(t, map[lot.Key]money.Points{key("charge", calendar.Never, 1): 350}, lots(t, b, shop))
	w, err := b.Wallet(shop)
	require.NoError(t, err)
	require.Len(t, w.Lots, 1)
	for _, e := range b.Written().Entries {
		for _, p := range e.Postings {
			require.Equal(t, there, p.DestinationLot)
		}
	}
	require.Len(t, b.Written().Lines, 4, "an entry writes one line per wallet, however many lots it draws")
}

func TestPaymentReceivedAfterALotRanOutOpensANewLot(t *testing.T) {
	t.Parallel()
	s := newScene()
	gone := s.has(shop, key("city", today+30, 1), 100)
	s.has(hana, key("city", today+30, 0), 100)
	b := s.open()
	_, err := b.Pay(pays(shop, stall, 100))
	require.NoError(t, err)
	_, err = b.Pay(pays(hana, shop, 100))
	require.NoError(t, err)
	into := b.Written().Entries[1].Postings[0].DestinationLot
	require.NotEqual(t, gone, into, "a lot that ran out stays as it ended, for its ancestry")
	require.Equal(t, money.Points(100), balance(t, b, shop))
}

func TestPaymentKeepsWhatWasBoughtApartFromWhatWasGiven(t *testing.T) {
	t.Parallel()
	s := newScene()
	bought := key("charge", today+30, 0)
	bought.Paid = true
	s.has(hana, key("charge", today+30, 0), 100)
	s.has(hana, bought, 100)
	b := s.open()
	_, err := b.Pay(pays(hana, shop, 150))
	require.NoError(t, err)
	require.Equal(t, map[lot.Key]money.Points{bought: 50}, lots(t, b, hana), "what was given goes first")
	bought.Expires, bought.Hops = calendar.Never, 1
	require.Equal(t, map[lot.Key]money.Points{key("charge", calendar.Never, 1): 100, bought: 50}, lots(t, b, shop))
}

func TestPaymentToOneselfIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100)
	refusedPayment(t, s, ledger.ErrOneself, pays(hana, hana, 50))
}

func TestPaymentOfAnImpossibleAmountIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100)
	for _, amount := range []money.Points{0, -1, money.AmountMax + 1, -1 << 63, 1<<63 - 1} {
		refusedPayment(t, s, money.ErrAmount, pays(hana, shop, amount))
	}
}

func TestPaymentBeyondTheLargestIsRefusedWithTheLimit(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.rules.PaymentMax = 1_000
	s.has(hana, key("city", today+30, 0), 5_000)
	f := refusedPayment(t, s, ledger.ErrPaymentMax, pays(hana, shop, 1_001))
	require.Equal(t, map[string]int64{"limit": 1_000}, f.Figures)
	_, err := s.open().Pay(pays(hana, shop, 1_000))
	require.NoError(t, err)
}

func TestPaymentBeyondTheBalanceIsRefusedWithTheShortfall(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today, 0), 100)
	s.has(hana, key("city", today-1, 0), 1_000)
	f := refusedPayment(t, s, lot.ErrInsufficient, pays(hana, shop, 101))
	require.Equal(t, map[string]int64{"balance": 100, "shortfall": 1}, f.Figures, "lapsed lots do not count")
}

func TestPaymentToOrFromAnUnknownWalletIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100)
	stranger := ledger.WalletID{15: 99}
	refusedPayment(t, s, ledger.ErrWalletUnknown, pays(hana, stranger, 50))
	refusedPayment(t, s, ledger.ErrWalletUnknown, pays(stranger, shop, 50))
	refusedPayment(t, s, ledger.ErrWalletUnknown, pays(hana, ledger.WalletID{}, 50))
}

func TestPaymentToAClosedWalletIsRefusedButFromItGoesThrough(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100)
	s.wallet(shop).Closed = true
	refusedPayment(t, s, ledger.ErrWalletClosed, pays(hana, shop, 50))

	s.wallet(hana).Closed = true
	_, err := s.open().Pay(pays(hana, stall, 50))
	require.NoError(t, err)
}

func TestPaymentOutOfSomebodyElsesWalletIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100)
	o := pays(hana, shop, 50)
	o.Actor, o.Own = owner(taro), taro
	refusedPayment(t, s, ledger.ErrPayerNotPresent, o)
	o.Actor, o.Own = owner(shop), shop
	refusedPayment(t, s, ledger.ErrPayerNotPresent, o)
}

func TestPaymentFromMerchantToResidentIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(shop, key("city", today+30, 1), 100)
	refusedPayment(t, s, ledger.ErrDirection, pays(shop, hana, 50))
}

func TestPaymentsOfOneBookAreRefusedAlone(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100)
	b := s.open()
	_, err := b.Pay(pays(hana, shop, 60))
	require.NoError(t, err)
	_, err = b.Pay(pays(hana, shop, 60))
	require.ErrorIs(t, err, lot.ErrInsufficient)
	_, err = b.Pay(pays(hana, stall, 40))
	require.NoError(t, err)
	require.Len(t, b.Written().Entries, 2)
	require.Equal(t, []money.Points{0, 60, 40}, []money.Points{balance(t, b, hana), balance(t, b, shop), balance(t, b, stall)})
}
