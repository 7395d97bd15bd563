package reading_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/reading"
)

type scene struct {
	*citytest.City
	reading            *reading.Reading
	payer, shop        user.User
	supplier, stranger user.User
}

func setScene(t *testing.T) scene {
	city := citytest.OnMemory(t)
	return scene{
		City: city, reading: reading.New(city.Statements, city.Rules, city.Offers, city.Clock),
		payer: city.Resident(t), shop: city.Merchant(t), supplier: city.Merchant(t), stranger: city.Resident(t),
	}
}

func (s scene) pay(t *testing.T, from, to user.User, amount money.Points) ledger.EntryID {
	t.Helper()
	var receipt ledger.Receipt
	s.Act(t, ledger.Want{Wallets: []ledger.WalletID{from.Wallet, to.Wallet}}, func(b *ledger.Book) (err error) {
		receipt, err = b.Pay(ledger.Order{
			Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount,
		})
		return err
	})
	return receipt.Entry
}

func TestPeopleSeeTheirOwnWalletAndNobodyElses(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.payer, citytest.Health, 300) // lapses in 30 days: soon
	s.Give(t, s.payer, citytest.Gift, 200)

	own, err := s.reading.Balance(t.Context(), citytest.Actor(s.payer), s.payer.Wallet)
	require.NoError(t, err)
	require.EqualValues(t, 500, own.Usable)
	require.EqualValues(t, 300, own.Lapsing)
	require.Equal(t, "給付", own.Kinds["gift"].Name)

	_, err = s.reading.Balance(t.Context(), citytest.Actor(s.stranger), s.payer.Wallet)
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
	_, err = s.reading.Balance(t.Context(), access.Actor{}, s.payer.Wallet)
	require.ErrorIs(t, err, access.ErrNotSignedIn)
	seen, err := s.reading.Balance(t.Context(), s.Official, s.payer.Wallet)
	require.NoError(t, err)
	require.EqualValues(t, 500, seen.Usable)
}

func TestAHistoryHasABoundAndAnOwner(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.payer, citytest.Gift, 100)
	for _, limit := range []int{0, -1, page.LimitMax + 1} {
		_, err := s.reading.History(t.Context(), citytest.Actor(s.payer), ledger.HistoryQuery{Wallet: s.payer.Wallet, Limit: limit})
		require.ErrorIs(t, err, page.ErrLimit, limit)
	}
	_, err := s.reading.History(t.Context(), citytest.Actor(s.shop), ledger.HistoryQuery{Wallet: s.payer.Wallet, Limit: 10})
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
	lines, err := s.reading.History(t.Context(), citytest.Actor(s.payer), ledger.HistoryQuery{Wallet: s.payer.Wallet, Limit: 10})
	require.NoError(t, err)
	require.Len(t, lines.Rows, 1)
}

func TestAReceiptIsForThoseWhomItTouched(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.payer, citytest.Gift, 100)
	entry := s.pay(t, s.payer, s.shop, 60)
	for _, party := range []user.User{s.payer, s.shop} {
		receipt, err := s.reading.Receipt(t.Context(), citytest.Actor(party), entry)
		require.NoError(t, err)
		require.Equal(t, party.Wallet, receipt.Line.Wallet)
		require.Len(t, receipt.Lots, 2, "the lot that was drawn and the lot that it became")
	}
	_, err := s.reading.Receipt(t.Context(), citytest.Actor(s.stranger), entry)
	require.ErrorIs(t, err, ledger.ErrEntryUnknown)
	seen, err := s.reading.Receipt(t.Context(), s.Official, entry)
	require.NoError(t, err)
	require.Equal(t, ledger.Payment, seen.Entry.Type)
}

func TestAncestryGoesBackToWherePointsWereMade(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.payer, citytest.Gift, 100)
	s.pay(t, s.payer, s.shop, 60)
	s.pay(t, s.shop, s.supplier, 25)
	wallet, err := s.Statements.Wallet(t.Context(), s.supplier.Wallet)
	require.NoError(t, err)

	ancestry, err := s.reading.Ancestry(t.Context(), citytest.Actor(s.supplier), wallet.Lots[0].ID)
	require.NoError(t, err)
	require.EqualValues(t, 2, ancestry.Lot.Hops)
	require.Equal(t, reading.Claimable, ancestry.Claim)
	require.False(t, ancestry.Truncated)
	var story []ledger.EntryType
	for i, source := range ancestry.Sources {
		story = append(story, source.Type)
		require.Equal(t, i+1, source.Depth)
	}
	require.Equal(t, []ledger.EntryType{ledger.Payment, ledger.Payment, ledger.Grant}, story)

	_, err = s.reading.Ancestry(t.Context(), citytest.Actor(s.shop), wallet.Lots[0].ID)
	require.ErrorIs(t, err, ledger.ErrLotUnknown)
	_, err = s.reading.Ancestry(t.Context(), citytest.Actor(s.shop), lot.ID{1})
	require.ErrorIs(t, err, ledger.ErrLotUnknown)
}

func TestALotSaysWhyItCannotBeClaimed(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Give(t, s.payer, citytest.Gift, 100)
	s.Give(t, s.shop, citytest.Gift, 100)
	for holder, want := range map[*user.User]reading.Claim{&s.payer: reading.NotClaimableRole, &s.shop: reading.NotClaimableHops} {
		wallet, err := s.Statements.Wallet(t.Context(), holder.Wallet)
		require.NoError(t, err)
		ancestry, err := s.reading.Ancestry(t.Context(), citytest.Actor(*holder), wallet.Lots[0].ID)
		require.NoError(t, err)
		require.Equal(t, want, ancestry.Claim)
	}
}
