package ledgertest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

var ancestryContracts = []contract{
	{"points are followed back to where they were made", pointsAreFollowedBack},
	{"sources come newest first, no more than asked for", sourcesAreBounded},
	{"an emptied lot is still known, with its holder", emptiedLotsAreKnown},
}

func (w *town) sources(limit int, lots ...lot.ID) []ledger.Source {
	w.t.Helper()
	sources, err := w.Statements.Sources(w.t.Context(), lots, limit)
	require.NoError(w.t, err)
	for i := range sources {
		sources[i].At = sources[i].At.UTC()
	}
	return sources
}

func pointsAreFollowedBack(t *testing.T, b Bench) {
	w := found(t, b)
	made := w.grant(w.hana, 100, calendar.On(2027, 3, 31), hour(1))
	passed := w.pay(pays(w.hana, w.taro, 60), hour(2))
	spent := w.pay(pays(w.taro, w.shop, 50), hour(3))

	at := w.wallet(w.shop).Lots[0]
	key := lot.Key{Kind: gift.Code, Fund: "city", Expires: calendar.On(2027, 3, 31), Hops: 2}
	require.Equal(t, key, at.Key)
	for _, step := range []struct {
		entry       ledger.EntryID
		entryType   ledger.EntryType
		hour        int
		from        ledger.Account
		amount      money.Points
		hops        int32
		destination ledger.WalletID
	}{
		{spent.Entry, ledger.Payment, 3, ledger.WalletAccount(w.taro.Wallet), 50, 2, w.shop.Wallet},
		{passed.Entry, ledger.Transfer, 2, ledger.WalletAccount(w.hana.Wallet), 60, 1, w.taro.Wallet},
		{made.Entry, ledger.Grant, 1, ledger.Account{Kind: ledger.Unissued}, 100, 0, w.hana.Wallet},
	} {
		sources := w.sources(10, at.ID)
		require.Len(t, sources, 1)
		key.Hops = step.hops
		require.Equal(t, ledger.Source{
			Entry: step.entry, Type: step.entryType, At: hour(step.hour),
			Posting: ledger.Posting{
				Fund: "city", Source: step.from, SourceLot: sources[0].Posting.SourceLot, Destination: ledger.WalletAccount(step.destination),
				DestinationLot: at.ID, Points: key, Amount: step.amount,
			},
		}, sources[0])
		holder, err := w.Statements.LotHolder(t.Context(), at.ID)
		require.NoError(t, err)
		require.Equal(t, step.destination, holder)
		at.ID = sources[0].Posting.SourceLot
	}
	require.True(t, at.ID.IsZero(), "the fund is where it begins")
}

func sourcesAreBounded(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, hour(0))
	w.grant(w.taro, 1_000, calendar.Never, hour(0))
	for i := range 4 {
		w.pay(pays(w.hana, w.shop, 10), hour(2*i+1))
		w.pay(pays(w.taro, w.stall, 10), hour(2*i+2))
	}
	lots := []lot.ID{w.wallet(w.shop).Lots[0].ID, w.wallet(w.stall).Lots[0].ID}
	all := w.sources(100, lots...)
	require.Len(t, all, 8)
	for i, source := range all {
		require.Equal(t, hour(8-i), source.At)
	}
	require.Equal(t, all[:3], w.sources(3, lots...))
	require.Empty(t, w.sources(3, ident.New[lot.Lot](Now)))
	require.Empty(t, w.sources(3))
}

func emptiedLotsAreKnown(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 100, calendar.Never, hour(1))
	emptied := w.wallet(w.hana).Lots[0]
	w.pay(pays(w.hana, w.shop, 100), hour(2))
	require.Empty(t, w.wallet(w.hana).Lots)
	w.grant(w.hana, 30, calendar.Never, hour(3))
	fresh := w.wallet(w.hana).Lots[0]
	require.NotEqual(t, emptied.ID, fresh.ID, "a lot that ran out is not filled again")

	stranger := ident.New[lot.Lot](Now)
	lots, err := w.Statements.Lots(t.Context(), []lot.ID{emptied.ID, fresh.ID, stranger, emptied.ID})
	require.NoError(t, err)
	require.Len(t, lots, 2)
	require.Zero(t, lots[emptied.ID].Remaining)
	require.Equal(t, emptied.Key, lots[emptied.ID].Key)
	require.Equal(t, money.Points(30), lots[fresh.ID].Remaining)
	holder, err := w.Statements.LotHolder(t.Context(), emptied.ID)
	require.NoError(t, err)
	require.Equal(t, w.hana.Wallet, holder)
	_, err = w.Statements.LotHolder(t.Context(), stranger)
	require.ErrorIs(t, err, ledger.ErrLotUnknown)
}
