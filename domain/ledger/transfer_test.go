package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

func TestTransferBetweenResidentsKeepsTheExpiry(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("charge", today+30, 0), 100)
	b := s.open()
	r, err := b.Pay(pays(hana, taro, 40))
	require.NoError(t, err)
	require.Equal(t, ledger.Transfer, r.Type)
	require.Equal(t, map[lot.Key]money.Points{key("charge", today+30, 1): 40}, lots(t, b, taro))
}

func TestTransferDrawsOnlyKindsThatMayBePassedOn(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("health", today+1, 0), 1_000)
	s.has(hana, key("city", today+30, 0), 100)
	b := s.open()
	_, err := b.Pay(pays(hana, taro, 100))
	require.NoError(t, err)
	require.Equal(t, map[lot.Key]money.Points{key("health", today+1, 0): 1_000}, lots(t, b, hana))

	f := refusedPayment(t, s, lot.ErrInsufficient, pays(hana, taro, 101))
	require.Equal(t, map[string]int64{"balance": 100, "shortfall": 1}, f.Figures)
}

func TestTransferIsRefusedWhileTransfersAreOff(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.rules.Transfers.Allowed = false
	s.has(hana, key("city", today+30, 0), 100)
	refusedPayment(t, s, ledger.ErrTransfersOff, pays(hana, taro, 1))
	_, err := s.open().Pay(pays(hana, shop, 100))
	require.NoError(t, err, "payments go on")
}

func TestTransferBeyondTheLimitPerTimeIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 100_000)
	f := refusedPayment(t, s, ledger.ErrTransferTime, pays(hana, taro, 30_001))
	require.Equal(t, map[string]int64{"limit": 30_000}, f.Figures)
	_, err := s.open().Pay(pays(hana, taro, 30_000))
	require.NoError(t, err)
}

func TestTransferBeyondTheLimitPerMonthIsRefusedWithWhatWasSent(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.rules.Transfers = ledger.TransferLimits{Allowed: true, PerTimeMax: 600, PerMonthMax: 1_000}
	s.has(hana, key("city", today+30, 0), 5_000)
	b := s.open()
	_, err := b.Pay(pays(hana, taro, 600))
	require.NoError(t, err)
	_, err = b.Pay(pays(hana, taro, 401))
	require.ErrorIs(t, err, ledger.ErrTransferMonth)
	_, err = b.Pay(pays(hana, shop, 600))
	require.NoError(t, err, "payments do not count")
	_, err = b.Pay(pays(hana, taro, 400))
	require.NoError(t, err)
	w, err := b.Wallet(hana)
	require.NoError(t, err)
	require.Equal(t, money.Points(1_000), w.Sent)
	require.Equal(t, int32(2026*12+10), w.SentMonth)

	s.wallet(hana).SentMonth, s.wallet(hana).Sent = 2026*12+10, 1_000
	f := refusedPayment(t, s, ledger.ErrTransferMonth, pays(hana, taro, 1))
	require.Equal(t, map[string]int64{"limit": 1_000, "sent": 1_000}, f.Figures)
}

func TestTransferLimitPerMonthBeginsAnewAtMidnightInJapan(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 5_000)
	s.rules.Transfers.PerMonthMax = 1_000
	s.wallet(hana).SentMonth, s.wallet(hana).Sent = 2026*12+10, 1_000

	december := calendar.On(2026, 12, 1).Start()
	s.now = december.Add(-time.Nanosecond).UTC()
	refusedPayment(t, s, ledger.ErrTransferMonth, pays(hana, taro, 1))

	s.now = december.UTC()
	require.Equal(t, time.November, s.now.Month(), "it is still November in Greenwich")
	b := s.open()
	_, err := b.Pay(pays(hana, taro, 1_000))
	require.NoError(t, err)
	w, err := b.Wallet(hana)
	require.NoError(t, err)
	require.Equal(t, int32(2026*12+11), w.SentMonth)
	require.Equal(t, money.Points(1_000), w.Sent)
}

func TestTransferThatWasOvertakenAtTheEndOfTheMonthCountsInTheNewOne(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 5_000)
	s.rules.Transfers.PerMonthMax = 1_000
	s.wallet(hana).SentMonth, s.wallet(hana).Sent = 2026*12+11, 900
	s.now = calendar.On(2026, 12, 1).Start().Add(-time.Nanosecond).UTC()

	f := refusedPayment(t, s, ledger.ErrTransferMonth, pays(hana, taro, 101))
	require.Equal(t, map[string]int64{"limit": 1_000, "sent": 900}, f.Figures)
	b := s.open()
	_, err := b.Pay(pays(hana, taro, 100))
	require.NoError(t, err)
	w, err := b.Wallet(hana)
	require.NoError(t, err)
	require.Equal(t, int32(2026*12+11), w.SentMonth)
	require.Equal(t, money.Points(1_000), w.Sent)
}

func TestTransferIsNotHeldBackByAClockThatOnceWentWrong(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today+30, 0), 5_000)
	s.wallet(hana).SentMonth, s.wallet(hana).Sent = 2099*12, 100_000
	_, err := s.open().Pay(pays(hana, taro, 100))
	require.NoError(t, err)
}
