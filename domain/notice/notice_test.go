package notice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/event"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/user"
)

func TestWhoDecidedNothingIsToldEverythingInTheAppAndOnlySecurityByMail(t *testing.T) {
	t.Parallel()
	var undecided notice.Preferences
	for _, topic := range notice.Topics {
		require.True(t, undecided.Wants(topic, notice.InApp), topic)
		require.True(t, undecided.Wants(topic, notice.Push), topic)
		require.Equal(t, topic == notice.Security, undecided.Wants(topic, notice.Mail), topic)
	}
}

func TestEachTopicIsSwitchedForItselfOnEachChannel(t *testing.T) {
	t.Parallel()
	decided := notice.Preferences{
		{Topic: notice.Payment, Channel: notice.Push}: false,
		{Topic: notice.Grant, Channel: notice.Mail}:   true,
	}
	require.NoError(t, decided.Valid())
	require.False(t, decided.Wants(notice.Payment, notice.Push))
	require.True(t, decided.Wants(notice.Payment, notice.InApp))
	require.True(t, decided.Wants(notice.Grant, notice.Mail))
	require.False(t, decided.Wants(notice.Payment, notice.Mail))
}

func TestSecurityCannotBeSwitchedOff(t *testing.T) {
	t.Parallel()
	silenced := notice.Preferences{{Topic: notice.Security, Channel: notice.InApp}: false}
	require.ErrorIs(t, silenced.Valid(), notice.ErrSecurity)
	require.True(t, silenced.Wants(notice.Security, notice.InApp), "even if it came to be stored")
	require.NoError(t, notice.Preferences{{Topic: notice.Security, Channel: notice.Mail}: true}.Valid())
}

func TestSwitchesThatThereAreNotAreRefused(t *testing.T) {
	t.Parallel()
	require.ErrorIs(t, notice.Preferences{{Topic: "weather", Channel: notice.InApp}: true}.Valid(), notice.ErrChoice)
	require.ErrorIs(t, notice.Preferences{{Topic: notice.Grant, Channel: "pigeon"}: true}.Valid(), notice.ErrChoice)
}

func TestAChangeOfAWalletIsWordedForItsOwner(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	changed := ledger.WalletChanged{
		ID: ident.New[event.Event](at), Owner: ident.New[user.User](at), Entry: ident.New[ledger.Entry](at), At: at,
		Type: ledger.Payment, Delta: -1_200, Balance: 34_000,
	}
	told, ok := notice.OfWallet(changed)
	require.True(t, ok)
	require.Equal(t, notice.Notice{
		User: changed.Owner, ID: changed.ID, At: at, Topic: notice.Payment, Entry: changed.Entry,
		Title: "支払いました", Body: "1,200ポイントを支払いました。残高は34,000ポイントです。",
	}, told)

	changed.Delta = 1_200
	told, ok = notice.OfWallet(changed)
	require.True(t, ok)
	require.Equal(t, "1,200ポイントの支払いを受け取りました。残高は34,000ポイントです。", told.Body)

	topics := map[ledger.EntryType]notice.Topic{
		ledger.Payment: notice.Payment, ledger.Transfer: notice.Transfer, ledger.Charge: notice.Charge,
		ledger.Grant: notice.Grant, ledger.Expiry: notice.Expiry, ledger.Reversal: notice.Correction, ledger.Partial: notice.Correction,
		ledger.Adjustment: notice.Correction, ledger.Recovery: notice.Correction,
	}
	for entryType, topic := range topics {
		changed.Type = entryType
		told, ok = notice.OfWallet(changed)
		require.True(t, ok, entryType)
		require.Equal(t, topic, told.Topic)
	}
	changed.Type = ledger.Deposit
	_, ok = notice.OfWallet(changed)
	require.False(t, ok)
}

func TestWhoseEntryWasUndoneIsToldUnlessNothingMoved(t *testing.T) {
	t.Parallel()
	changed := ledger.WalletChanged{Type: ledger.Reversal, Delta: -450, Balance: 50}
	told, ok := notice.OfWallet(changed)
	require.True(t, ok)
	require.Equal(t, "取引が取り消されました", told.Title)
	require.Equal(t, "450ポイントが取引の取消で引かれました。残高は50ポイントです。", told.Body)
	changed.Delta = 450
	told, _ = notice.OfWallet(changed)
	require.Equal(t, "450ポイントが取引の取消で戻りました。残高は50ポイントです。", told.Body)
	changed.Delta = 0
	_, ok = notice.OfWallet(changed)
	require.False(t, ok)
}
