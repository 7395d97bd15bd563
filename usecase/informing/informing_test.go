package informing_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/notice"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/informing"
)

type scene struct {
	*citytest.City
	informing *informing.Informing
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	unit := citytest.Narrow(city, func(s citytest.Stores) informing.Stores { return informing.Stores{Inbox: s.Inbox} })
	return scene{city, informing.New(unit, city.Notices, city.Clock)}
}

// paid is the message of one payment: the payer's change and the payee's.
func paid(payer, payee user.User, amount money.Points) event.Message {
	entry := ident.New[ledger.Entry](citytest.Noon)
	change := func(of user.User, delta money.Points) ledger.WalletChanged {
		return ledger.WalletChanged{
			ID: ident.New[event.Event](citytest.Noon), Wallet: of.Wallet, Owner: of.ID, Entry: entry, Type: ledger.Payment, At: citytest.Noon,
			Delta: delta, Balance: 10_000,
		}
	}
	return event.Message{
		ID: ident.New[event.Event](citytest.Noon), Topic: ledger.TopicWallet, At: citytest.Noon,
		Events: []event.Event{change(payer, -amount), change(payee, amount)},
	}
}

func (s scene) inbox(t *testing.T, of user.User) informing.Page {
	t.Helper()
	found, err := s.informing.List(t.Context(), citytest.Actor(of), "", page.LimitMax)
	require.NoError(t, err)
	return found
}

func TestBothSidesAreToldOnceHoweverOftenItIsDelivered(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	payer, shop := s.Resident(t), s.Merchant(t)
	message := paid(payer, shop, 500)
	for range 3 {
		require.NoError(t, s.informing.Deliver(t.Context(), message))
	}
	mine := s.inbox(t, payer)
	require.Len(t, mine.Rows, 1)
	require.Equal(t, 1, mine.Unread)
	require.Equal(t, "500ポイントを支払いました。残高は10,000ポイントです。", mine.Rows[0].Body)
	require.Len(t, s.inbox(t, shop).Rows, 1)
	require.Empty(t, s.inbox(t, s.Resident(t)).Rows)
}

func TestWhoSwitchedATopicOffIsNotToldOfIt(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	payer, shop := s.Resident(t), s.Merchant(t)
	_, err := s.informing.Prefer(t.Context(), citytest.Actor(shop), notice.Preferences{{Topic: notice.Payment, Channel: notice.InApp}: false})
	require.NoError(t, err)
	require.NoError(t, s.informing.Deliver(t.Context(), paid(payer, shop, 500)))
	require.Len(t, s.inbox(t, payer).Rows, 1)
	require.Empty(t, s.inbox(t, shop).Rows)
}

func TestAnotherKindOfEventIsNotSwallowed(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	err := s.informing.Deliver(t.Context(), event.Message{Topic: fund.TopicBatchOpened, Events: []event.Event{fund.BatchOpened{}}})
	require.ErrorContains(t, err, "BatchOpened")
	require.NoError(t, s.informing.Deliver(t.Context(), event.Message{Topic: ledger.TopicWallet}))
}

func TestANoticeIsReadByItsReaderOnly(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	payer, shop := s.Resident(t), s.Merchant(t)
	require.NoError(t, s.informing.Deliver(t.Context(), paid(payer, shop, 500)))
	id := s.inbox(t, payer).Rows[0].ID
	require.ErrorIs(t, s.informing.MarkRead(t.Context(), citytest.Actor(shop), id), notice.ErrUnknown)
	require.NoError(t, s.informing.MarkRead(t.Context(), citytest.Actor(payer), id))
	mine := s.inbox(t, payer)
	require.Zero(t, mine.Unread)
	require.Equal(t, citytest.Noon, mine.Rows[0].ReadAt)
}

func TestEverySwitchIsShownAndSecurityIsFixed(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	actor := citytest.Actor(s.Resident(t))
	switches, err := s.informing.Prefer(t.Context(), actor, notice.Preferences{{Topic: notice.Grant, Channel: notice.Push}: false})
	require.NoError(t, err)
	require.Len(t, switches, len(notice.Topics)*len(notice.Channels))
	for _, sw := range switches {
		require.Equal(t, sw.Topic == notice.Security, sw.Fixed)
		if sw.Choice == (notice.Choice{Topic: notice.Grant, Channel: notice.Push}) {
			require.False(t, sw.Wanted)
		}
	}
	_, err = s.informing.Prefer(t.Context(), actor, notice.Preferences{{Topic: notice.Security, Channel: notice.InApp}: false})
	require.ErrorIs(t, err, notice.ErrSecurity)
	shown, err := s.informing.Switches(t.Context(), actor)
	require.NoError(t, err)
	require.Equal(t, switches, shown, "a refused choice changes nothing")
}

func TestStrangersHaveNoInbox(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	_, err := s.informing.List(t.Context(), access.Actor{}, "", 10)
	require.ErrorIs(t, err, access.ErrNotSignedIn)
	require.ErrorIs(t, s.informing.MarkRead(t.Context(), access.Actor{}, event.ID{}), access.ErrNotSignedIn)
	_, err = s.informing.Switches(t.Context(), access.Actor{})
	require.ErrorIs(t, err, access.ErrNotSignedIn)
	_, err = s.informing.Prefer(t.Context(), access.Actor{}, nil)
	require.ErrorIs(t, err, access.ErrNotSignedIn)
	_, err = s.informing.List(t.Context(), s.Official, "", page.LimitMax+1)
	require.ErrorIs(t, err, page.ErrLimit)
}
