package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// allActs puts every act into one book, refused ones among them.
func allActs(t *testing.T) (*scene, *ledger.Book) {
	t.Helper()
	s := newScene()
	s.wallet(hana).Lines = 7
	s.has(hana, key("city", today-1, 0), 60)
	s.has(hana, key("city", today+5, 0), 40)
	s.has(hana, key("charge", today+5, 0), 300)
	code := s.shows(user.Code{Purpose: user.Presented, Wallet: hana})
	b := s.open()
	for _, act := range treasuryActs {
		_, err := act(b, cash(1))
		if err != nil {
			require.ErrorIs(t, err, ledger.ErrCashShort, "the till is empty where the remittance comes first")
		}
	}
	ofBatch := grants(taro, 100)
	ofBatch.Batch = batch
	for _, act := range []func() error{
		func() error { _, err := b.Charge(charges(shop, hana, 1_000, "charge-1")); return err },
		func() error { _, err := b.Remit(cash(400)); return err },
		func() error { _, err := b.Grant(grants(hana, 500)); return err },
		func() error { _, err := b.Grant(ofBatch); return err },
		func() error { _, err := b.Pay(pays(hana, shop, 700)); return err },
		func() error { _, err := b.Pay(pays(hana, taro, 90)); return err },
		func() error { _, err := b.Pay(pays(shop, stall, 333)); return err },
		func() error { _, err := b.Pay(collects(stall, code, 5)); return err },
		func() error { _, err := b.Lapse(hana, ""); return err },
	} {
		require.NoError(t, act())
		_, err := b.Pay(pays(hana, shop, 900_000))
		require.ErrorIs(t, err, lot.ErrInsufficient)
	}
	return s, b
}

func TestEntriesOfAnyActSumToZeroAndExplainEveryPotAndWallet(t *testing.T) {
	t.Parallel()
	s, b := allActs(t)
	held := map[ledger.Pot]money.Points{}
	for p, amount := range s.pots {
		held[p] = amount
	}
	for _, w := range s.wallets {
		held[ledger.Pot{Account: ledger.WalletAccount(w.ID), Fund: "city"}] = w.Balance
	}
	before := sum(held)
	ids := map[ledger.EntryID]bool{}
	for _, e := range b.Written().Entries {
		require.False(t, ids[e.ID])
		ids[e.ID] = true
		require.NotEmpty(t, e.Postings)
		for _, p := range e.Postings {
			require.Positive(t, p.Amount)
			require.NotEqual(t, p.Source, p.Destination)
			require.Equal(t, p.Source.Kind == ledger.InWallet, !p.SourceLot.IsZero())
			require.Equal(t, p.Destination.Kind == ledger.InWallet, !p.DestinationLot.IsZero())
			require.Equal(t, p.Source.Kind == ledger.InWallet || p.Destination.Kind == ledger.InWallet, p.Points != lot.Key{})
			held[ledger.Pot{Account: p.Source, Fund: p.Fund}] -= p.Amount
			held[ledger.Pot{Account: p.Destination, Fund: p.Fund}] += p.Amount
		}
		require.Equal(t, before, sum(held), "%s sums to zero", e.Type)
	}
	for p := range s.pots {
		amount := held[p]
		if p.Kind.IsAsset() {
			amount = -amount
		}
		require.Equal(t, amount, b.Balance(p), p.Kind)
	}
	for _, w := range s.wallets {
		require.Equal(t, held[ledger.Pot{Account: ledger.WalletAccount(w.ID), Fund: "city"}], balance(t, b, w.ID))
		var inLots money.Points
		for _, amount := range lots(t, b, w.ID) {
			inLots += amount
		}
		require.Equal(t, inLots, balance(t, b, w.ID), "a balance is the sum of its lots")
	}
}

func sum(held map[ledger.Pot]money.Points) money.Points {
	var total money.Points
	for _, amount := range held {
		total += amount
	}
	return total
}

func TestLinesAreNumberedWithoutGapsAndCarryTheRunningBalance(t *testing.T) {
	t.Parallel()
	s, b := allActs(t)
	touched := map[ledger.WalletID]int{}
	for _, e := range b.Written().Entries {
		seen := map[ledger.Account]bool{}
		for _, p := range e.Postings {
			seen[p.Source], seen[p.Destination] = true, true
		}
		for account := range seen {
			if account.Kind == ledger.InWallet {
				touched[ledger.WalletID(account.Owner)]++
			}
		}
	}
	for _, w := range s.wallets {
		no, running := w.Lines, w.Balance
		for _, line := range b.Written().Lines {
			if line.Wallet != w.ID {
				continue
			}
			no, running = no+1, running+line.Delta
			require.Equal(t, no, line.No)
			require.Equal(t, running, line.Balance)
			require.NotZero(t, line.Delta)
			require.NotEqual(t, ledger.WalletAccount(w.ID), line.Counterpart)
			require.Equal(t, noon, line.At)
		}
		require.Equal(t, int64(touched[w.ID]), no-w.Lines, "every entry that touched the wallet wrote one line")
		now, err := b.Wallet(w.ID)
		require.NoError(t, err)
		require.Equal(t, no, now.Lines)
		require.Equal(t, running, now.Balance)
	}
}

func TestBookTellsWhatChangedAndNothingElse(t *testing.T) {
	t.Parallel()
	s := newScene()
	spent := s.has(hana, key("city", today+1, 0), 10)
	kept := s.has(hana, key("city", today+2, 0), 10)
	b := s.open()
	_, err := b.Pay(pays(hana, shop, 10))
	require.NoError(t, err)
	_, err = b.Deposit(cash(5))
	require.NoError(t, err)

	changed := map[ledger.WalletID]map[lot.ID]bool{}
	for w := range b.ChangedWallets {
		changed[w.ID] = map[lot.ID]bool{}
		for l, fresh := range w.ChangedLots {
			changed[w.ID][l.ID] = fresh
			require.NotEqual(t, kept, l.ID)
		}
	}
	into := b.Written().Entries[0].Postings[0].DestinationLot
	require.Equal(t, map[ledger.WalletID]map[lot.ID]bool{hana: {spent: false}, shop: {into: true}}, changed)
	pots := map[ledger.Pot]money.Points{}
	for p, amount := range b.ChangedPots {
		pots[p] = amount
	}
	require.Equal(t, map[ledger.Pot]money.Points{bank: -100_005, unissued: 40_005}, pots)
}

func TestBookShowsWhatIsUsableToday(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.has(hana, key("city", today-1, 0), 60)
	s.has(hana, key("city", today, 0), 40)
	b := s.open()
	w, err := b.Wallet(hana)
	require.NoError(t, err)
	require.Equal(t, money.Points(40), b.Usable(w))
	require.Equal(t, money.Points(100), w.Balance)
	require.Zero(t, b.Balance(pot(ledger.Claimed, shop)), "a pot that is not open holds nothing")
	_, known := b.Code("none")
	require.False(t, known)
}

func TestOrderNamesWhatMustBeOpened(t *testing.T) {
	t.Parallel()
	var want ledger.Want
	o := keyed(pays(hana, shop, 1), "want-key", 1)
	o.Wants(&want)
	collects(stall, "token", 1).Wants(&want)
	require.Equal(t, ledger.Want{
		Wallets: []ledger.WalletID{hana, hana, shop, stall, stall}, Codes: []user.Token{"token"}, Claims: []idem.Claim{o.Claim},
		Payments: []ledger.Parties{{Payer: o.Payer, Payee: o.Payee}, {Payer: ledger.Party{Code: "token"}, Payee: ledger.Party{Wallet: stall}}},
	}, want)
}
