package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/event"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
)

var unitContracts = []contract{
	{"one that fails writes nothing", failedUnitWritesNothing},
	{"one whose context ends writes nothing", cancelledUnitWritesNothing},
	{"it sees its own writes, and readings do not until it commits", readingsSeeWhatIsCommitted},
	{"its events go out once it has committed, one message per topic", eventsFollowTheCommit},
	{"its events are kept until they are sent", parcelsAreKeptUntilSent},
	{"its events stay in the outbox until they are settled", parcelsStayUntilTheyAreSettled},
}

// noted is an event of the suite's own.
type noted struct{ Text string }

// EventTopic is event.Event's.
func (noted) EventTopic() event.Topic { return "noted" }

func failedUnitWritesNothing(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 500, calendar.Never, Now)
	code := usertest.PresentedCode(w.hana)
	order := keyed(ledger.Order{
		Actor: w.shop.ID, Own: w.shop.Wallet, Payer: ledger.Party{Code: w.shows(code)}, Payee: ledger.Party{Wallet: w.shop.Wallet}, Amount: 200,
	}, "turned-back")
	before, position, rules := w.wallet(w.hana), w.fund(), w.rules()
	w.sent()
	var entry ledger.EntryID
	newcomer := usertest.Resident()
	err := w.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
		want := ledger.Want{Pots: []ledger.Pot{unissued, bank}}
		order.Wants(&want)
		book, err := s.Ledger.Open(ctx, Now, want)
		require.NoError(t, err)
		receipt, err := book.Pay(order)
		require.NoError(t, err)
		entry = receipt.Entry
		_, err = book.Deposit(ledger.CashMove{Fund: "city", Amount: 77})
		require.NoError(t, err)
		require.NoError(t, s.Ledger.Append(ctx, book))
		require.NoError(t, s.Outbox.Append(ctx, Now, book.Events()...))
		require.NoError(t, s.Directory.Add(ctx, newcomer))
		require.NoError(t, s.Wallets.Open(ctx, newcomer.Wallet, newcomer.ID, newcomer.Role, newcomer.Profile.Category, Now))
		require.NoError(t, s.Wallets.Close(ctx, w.shop.Wallet))
		require.NoError(t, s.Rulebook.SaveKind(ctx, gift, Now))
		return errTurnedBack
	})
	require.ErrorIs(t, err, errTurnedBack)

	require.Equal(t, before, w.wallet(w.hana))
	require.Equal(t, ledger.Wallet{ID: w.shop.Wallet, Owner: w.shop.ID, Role: user.Merchant, Category: w.shop.Profile.Category}, w.wallet(w.shop))
	require.Equal(t, position, w.fund())
	require.Equal(t, rules, w.rules())
	require.Empty(t, w.sent())
	_, err = w.Statements.Entry(t.Context(), entry)
	require.ErrorIs(t, err, ledger.ErrEntryUnknown)
	_, err = w.Statements.Wallet(t.Context(), newcomer.Wallet)
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
	require.False(t, w.pay(order, Now).Replayed, "neither key nor code is used up")
}

func cancelledUnitWritesNothing(t *testing.T, b Bench) {
	w := found(t, b)
	before := w.fund()
	ctx, cancel := context.WithCancel(t.Context())
	err := w.Unit.Do(ctx, func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Open(ctx, Now, ledger.Want{Pots: []ledger.Pot{bank, unissued}})
		require.NoError(t, err)
		_, err = book.Deposit(ledger.CashMove{Fund: "city", Amount: 77})
		require.NoError(t, err)
		require.NoError(t, s.Ledger.Append(ctx, book))
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, w.Unit.Do(ctx, func(context.Context, Stores) error { return nil }), context.Canceled)
	require.Equal(t, before, w.fund())
	w.deposit(1, Now)
}

func readingsSeeWhatIsCommitted(t *testing.T, b Bench) {
	w := found(t, b)
	w.do(func(ctx context.Context, s Stores) error {
		want := ledger.Want{
			Wallets: []ledger.WalletID{w.hana.Wallet, w.shop.Wallet}, Pots: []ledger.Pot{unissued},
			Claims: []idem.Claim{{Actor: w.hana.ID, Key: "own-write"}},
		}
		book, err := s.Ledger.Open(ctx, Now, want)
		require.NoError(t, err)
		_, err = book.Grant(ledger.Award{Wallet: w.hana.Wallet, Fund: "city", Kind: gift.Code, Amount: 90})
		require.NoError(t, err)
		_, err = book.Pay(keyed(pays(w.hana, w.shop, 40), "own-write"))
		require.NoError(t, err)
		require.NoError(t, s.Ledger.Append(ctx, book))

		own, err := s.Ledger.Open(ctx, Now, want)
		require.NoError(t, err)
		mine, err := own.Wallet(w.hana.Wallet)
		require.NoError(t, err)
		require.Equal(t, money.Points(50), mine.Balance)
		require.Equal(t, money.Points(999_910), own.Balance(unissued))
		_, kept, err := own.Replay(want.Claims[0], keyed(pays(w.hana, w.shop, 40), "own-write").Hash)
		require.NoError(t, err)
		require.True(t, kept)

		require.Zero(t, w.balance(w.hana), "a reading waits for nobody and sees what was committed")
		require.Equal(t, money.Points(1_000_000), w.fund().Unissued)
		return nil
	})
	require.Equal(t, money.Points(50), w.balance(w.hana))
}

func eventsFollowTheCommit(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 500, calendar.Never, Now)
	w.sent()
	w.pay(pays(w.hana, w.shop, 100), Now)
	require.Equal(t, []event.Topic{ledger.TopicWallet}, w.sent(), "two lines, one message")
	w.do(func(ctx context.Context, s Stores) error {
		if err := s.Outbox.Append(ctx, Now); err != nil {
			return err
		}
		if err := s.Outbox.Append(ctx, Now, noted{"a"}, ledger.WalletChanged{}, noted{"b"}); err != nil {
			return err
		}
		return s.Outbox.Append(ctx, Now, noted{"c"})
	})
	require.Equal(t, []event.Topic{"noted", ledger.TopicWallet, "noted"}, w.sent())
	require.Empty(t, w.sent())
}

func parcelsAreKeptUntilSent(t *testing.T, b Bench) {
	w := found(t, b)
	w.sent()
	for _, text := range []string{"one", "two", "three"} {
		w.do(func(ctx context.Context, s Stores) error { return s.Outbox.Append(ctx, Now, noted{text}) })
	}
	var first event.ID
	_, err := w.Sender.Relay(t.Context(), 2, func(_ context.Context, parcels []event.Parcel) error {
		require.Len(t, parcels, 2)
		require.Equal(t, []any{event.Topic("noted"), Now}, []any{parcels[0].Topic, parcels[0].At.UTC()})
		require.Contains(t, string(parcels[0].Payload), "one")
		first = parcels[0].ID
		return errTurnedBack
	})
	require.ErrorIs(t, err, errTurnedBack)
	gone, err := w.Sender.Relay(t.Context(), 2, func(_ context.Context, parcels []event.Parcel) error {
		require.Equal(t, first, parcels[0].ID, "what was not sent is sent again, under the same identifier")
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, 2, gone)
	require.Equal(t, []event.Topic{"noted"}, w.sent())
	gone, err = w.Sender.Relay(t.Context(), 2, func(context.Context, []event.Parcel) error { return errTurnedBack })
	require.NoError(t, err, "there is nothing to send")
	require.Zero(t, gone)
}

// parcelsStayUntilTheyAreSettled shows that what was sent is due again when it is renewed, unless it was settled.
func parcelsStayUntilTheyAreSettled(t *testing.T, b Bench) {
	w := found(t, b)
	w.sent()
	for _, text := range []string{"one", "two"} {
		w.do(func(ctx context.Context, s Stores) error { return s.Outbox.Append(ctx, Now, noted{text}) })
	}
	var ids []event.ID
	take := func() (texts []string) {
		_, err := w.Sender.Relay(t.Context(), 1_000, func(_ context.Context, parcels []event.Parcel) error {
			ids = ids[:0]
			for _, p := range parcels {
				ids, texts = append(ids, p.ID), append(texts, string(p.Payload))
			}
			return nil
		})
		require.NoError(t, err)
		return texts
	}
	require.Len(t, take(), 2)
	require.NoError(t, w.Sender.Renew(t.Context(), Now.AddDate(-1, 0, 0)))
	require.Empty(t, take(), "what was sent lately is not sent again")
	later := time.Now().Add(time.Hour)
	require.NoError(t, w.Sender.Renew(t.Context(), later))
	require.Len(t, take(), 2)
	require.NoError(t, w.Sender.Settle(t.Context(), ids[0]))
	require.NoError(t, w.Sender.Renew(t.Context(), later))
	left := take()
	require.Len(t, left, 1)
	require.Contains(t, left[0], "two")
	require.NoError(t, w.Sender.Settle(t.Context(), ids...))
	require.NoError(t, w.Sender.Renew(t.Context(), later))
	require.Empty(t, take())
}

// sent takes what is in the outbox and gives its topics, the oldest first.
func (w *town) sent() (topics []event.Topic) {
	w.t.Helper()
	_, err := w.Sender.Relay(w.t.Context(), 1_000, func(_ context.Context, parcels []event.Parcel) error {
		for _, p := range parcels {
			topics = append(topics, p.Topic)
		}
		return nil
	})
	require.NoError(w.t, err)
	return topics
}

func (w *town) rules() ledger.Rules {
	w.t.Helper()
	rules, err := w.Rules.Rules(w.t.Context())
	require.NoError(w.t, err)
	return rules
}
