package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

var bookContracts = []contract{
	{"every field of entries, lines and lots reads back as written", everyFieldReadsBack},
	{"a wallet reads back as opened and as acts left it", walletReadsBack},
	{"what does not exist is absent", strangersAreAbsent},
	{"a pot that was never used is there with nothing in it", unusedPotsAreThere},
	{"a peeked book shows what an opened one shows", peekShowsTheSame},
	{"wallets named by their codes are opened", codesOpenWallets},
	{"a kept key is replayed, and refused for another body", keysReadBack},
	{"many acts in one book are written in their order", manyActsInOneBook},
	{"a closed wallet receives nothing until it is reopened", closingAndReopening},
}

// everyAct puts one act of each type into one book.
func everyAct(w *town, at time.Time) (*ledger.Book, error) {
	batch := ledger.BatchID(ident.New[ledger.Entry](at))
	want := ledger.Want{
		Wallets: []ledger.WalletID{w.hana.Wallet, w.taro.Wallet, w.shop.Wallet},
		Pots:    []ledger.Pot{bank, unissued, pot(ledger.Reserved, batch), pot(ledger.Till, w.shop.Wallet)},
	}
	move := ledger.CashMove{Actor: w.mayor.ID, Fund: "city", Merchant: w.shop.Wallet, Batch: batch, Amount: 100, Memo: "市の都合"}
	award := ledger.Award{Actor: w.mayor.ID, Wallet: w.hana.Wallet, Fund: "city", Batch: batch, Amount: 60, Kind: gift.Code, Expires: calendar.DayOf(at), Memo: "給付"}
	toShop, toTaro := pays(w.hana, w.shop, 500), pays(w.hana, w.taro, 70)
	toShop.Memo = "昼食 ☕ 'quoted' \\ %"
	return act(w, at, want, func(b *ledger.Book) (*ledger.Book, error) {
		for _, step := range []func() error{
			func() error { _, err := b.Deposit(move); return err },
			func() error { _, err := b.Withdraw(move); return err },
			func() error { _, err := b.Reserve(move); return err },
			func() error { _, err := b.Grant(award); return err },
			func() error { m := move; m.Amount = 40; _, err := b.Release(m); return err },
			func() error {
				_, err := b.Charge(ledger.Cash{
					Claim: idem.Claim{Actor: w.shop.ID, Key: "every-act"}, Actor: w.shop.ID, Merchant: w.shop.Wallet,
					Resident: ledger.Party{Wallet: w.hana.Wallet}, Amount: 900, Memo: "現金",
				})
				return err
			},
			func() error { _, err := b.Remit(move); return err },
			func() error { _, err := b.Pay(toShop); return err },
			func() error { _, err := b.Pay(toTaro); return err },
		} {
			if err := step(); err != nil {
				return nil, err
			}
		}
		return b, nil
	})
}

func everyFieldReadsBack(t *testing.T, b Bench) {
	w := found(t, b)
	at := Now.Add(123456 * time.Microsecond)
	written, err := everyAct(w, at)
	require.NoError(t, err)
	w.grant(w.taro, 5, calendar.DayOf(at), at)
	lapse, err := lapse(w, w.taro, at.AddDate(0, 0, 1))
	require.NoError(t, err)

	seq := int64(0)
	entries := append(written.Written().Entries, lapse.Written().Entries...)
	for _, want := range entries {
		got, err := w.Statements.Entry(t.Context(), want.ID)
		require.NoError(t, err)
		require.Greater(t, got.Seq, seq, "the journal has the order of the acts")
		seq, got.Seq = got.Seq, 0
		require.Equal(t, sameZone(want), sameZone(got))
	}
	require.Len(t, entries, 10, "one of each type")
	for _, want := range append(written.Written().Lines, lapse.Written().Lines...) {
		got, err := w.Statements.LineOf(t.Context(), want.Wallet, want.Entry)
		require.NoError(t, err)
		want.At, got.At = want.At.UTC(), got.At.UTC()
		require.Equal(t, want, got)
	}
	for _, u := range []user.User{w.hana, w.taro, w.shop} {
		w.wallet(u)
	}
	require.Equal(t, ledger.FundPosition{
		Fund: "city", Bank: 1_000_100, Tills: 800, Unissued: 999_940, Wallets: 960,
	}, w.fund())
}

func lapse(w *town, u user.User, at time.Time) (*ledger.Book, error) {
	want := ledger.Want{Wallets: []ledger.WalletID{u.Wallet}, Pots: []ledger.Pot{unissued}}
	return act(w, at, want, func(b *ledger.Book) (*ledger.Book, error) {
		_, err := b.Lapse(u.Wallet, "失効")
		return b, err
	})
}

func sameZone(e ledger.Entry) ledger.Entry {
	e.At = e.At.UTC()
	return e
}

func walletReadsBack(t *testing.T, b Bench) {
	w := found(t, b)
	require.Equal(t, ledger.Wallet{ID: w.shop.Wallet, Owner: w.shop.ID, Role: user.Merchant, Category: usertest.Merchant().Profile.Category}, w.wallet(w.shop))
	w.charge(w.shop, w.hana, 1_000, Now)
	w.grant(w.hana, 50, calendar.Never, Now.Add(time.Hour))
	w.pay(pays(w.hana, w.taro, 70), Now.Add(2*time.Hour))

	got := w.wallet(w.hana)
	require.Len(t, got.Lots, 1)
	require.False(t, got.Lots[0].ID.IsZero())
	got.Lots[0].ID, got.Lots[0].Since = lot.ID{}, got.Lots[0].Since.UTC()
	require.Equal(t, ledger.Wallet{
		ID: w.hana.Wallet, Owner: w.hana.ID, Role: user.Resident, Balance: 980, Lines: 3, SentMonth: 2026*12 + 10, Sent: 70,
		Lots: []lot.Lot{{
			Key:       lot.Key{Kind: cash.Code, Fund: "city", Expires: calendar.On(2027, 5, 23), Paid: true},
			Remaining: 980, Since: Now,
		}},
	}, got)
}

func strangersAreAbsent(t *testing.T, b Bench) {
	w := found(t, b)
	stranger := usertest.Resident()
	nowhere := ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: "nowhere"}
	token := user.NewToken(user.Standing)
	_, err := act(w, Now, ledger.Want{
		Wallets: []ledger.WalletID{stranger.Wallet, w.hana.Wallet, w.hana.Wallet, {}}, Codes: []user.Token{token, token},
		Pots: []ledger.Pot{nowhere, unissued, unissued}, Claims: []idem.Claim{{Actor: w.hana.ID, Key: "never-kept"}},
	}, func(b *ledger.Book) (any, error) {
		_, err := b.Wallet(stranger.Wallet)
		require.ErrorIs(t, err, ledger.ErrWalletUnknown)
		_, err = b.Wallet(w.hana.Wallet)
		require.NoError(t, err)
		_, known := b.Code(token)
		require.False(t, known)
		_, err = b.Deposit(ledger.CashMove{Fund: "nowhere", Amount: 1})
		require.ErrorIs(t, err, ledger.ErrFundUnknown)
		_, found, err := b.Replay(idem.Claim{Actor: w.hana.ID, Key: "never-kept"}, idem.Hash{})
		require.NoError(t, err)
		require.False(t, found)
		return nil, nil
	})
	require.NoError(t, err)

	_, err = w.Statements.Wallet(t.Context(), stranger.Wallet)
	require.ErrorIs(t, err, ledger.ErrWalletUnknown)
	_, err = w.Statements.Entry(t.Context(), ident.New[ledger.Entry](Now))
	require.ErrorIs(t, err, ledger.ErrEntryUnknown)
	deposit := w.deposit(1, Now)
	_, err = w.Statements.LineOf(t.Context(), w.hana.Wallet, deposit)
	require.ErrorIs(t, err, ledger.ErrEntryUnknown, "an entry that did nothing to the wallet")
	for _, work := range []func(context.Context, Stores) error{
		func(ctx context.Context, s Stores) error { return s.Wallets.Close(ctx, stranger.Wallet) },
		func(ctx context.Context, s Stores) error { return s.Wallets.Reopen(ctx, stranger.Wallet) },
	} {
		require.ErrorIs(t, w.Unit.Do(t.Context(), work), ledger.ErrWalletUnknown)
	}
}

func unusedPotsAreThere(t *testing.T, b Bench) {
	w := found(t, b)
	till := pot(ledger.Till, w.stall.Wallet)
	_, err := act(w, Now, ledger.Want{Pots: []ledger.Pot{till, bank}}, func(b *ledger.Book) (any, error) {
		require.Zero(t, b.Balance(till))
		_, err := b.Remit(ledger.CashMove{Fund: "city", Merchant: w.stall.Wallet, Amount: 1})
		require.ErrorIs(t, err, ledger.ErrCashShort, "it is there, and empty")
		return nil, nil
	})
	require.NoError(t, err)
	require.Empty(t, w.tills())
}

func peekShowsTheSame(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 300, calendar.Never, Now)
	code := w.shows(usertest.StandingCode(w.shop))
	order := keyed(pays(w.hana, w.shop, 200), "peeked-at")
	order.Payee = ledger.Party{Code: code}
	want := ledger.Want{Pots: []ledger.Pot{unissued, pot(ledger.Till, w.shop.Wallet)}}
	order.Wants(&want)
	w.do(func(ctx context.Context, s Stores) error {
		book, err := s.Ledger.Peek(ctx, Now, want)
		require.NoError(t, err)
		receipt, err := book.Pay(order)
		require.NoError(t, err)
		require.Equal(t, money.Points(100), receipt.Balance)
		require.Equal(t, money.Points(999_700), book.Balance(unissued))
		_, err = book.Charge(ledger.Cash{
			Claim: idem.Claim{Key: "peeked-charge"}, Merchant: w.shop.Wallet, Resident: ledger.Party{Wallet: w.hana.Wallet}, Amount: 10,
		})
		require.NoError(t, err, "a till that was never used can be peeked at")
		return nil
	})
	require.Equal(t, money.Points(300), w.balance(w.hana), "nothing is written")
	require.Zero(t, w.balance(w.shop))
	w.pay(order, Now)
}

func codesOpenWallets(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	limited := usertest.StandingCode(w.shop)
	limited.AmountMax = 400
	order := pays(w.hana, w.shop, 401)
	order.Payee = ledger.Party{Code: w.shows(limited)}
	_, err := w.tryPay(order, Now)
	require.ErrorIs(t, err, ledger.ErrCodeLimit)
	order.Amount = 400
	w.pay(order, Now)

	asked := usertest.AmountCode(w.stall)
	order.Payee, order.Amount = ledger.Party{Code: w.shows(asked)}, 0
	receipt := w.pay(order, Now)
	require.Equal(t, asked.Amount, receipt.Amount)
	used, err := w.Codes.ByToken(t.Context(), asked.Token)
	require.NoError(t, err)
	require.Equal(t, [16]byte(receipt.Entry), used.UsedBy)
	_, err = w.tryPay(order, Now)
	require.ErrorIs(t, err, user.ErrCodeUsed)
	require.Equal(t, []money.Points{100, 400, 500}, []money.Points{w.balance(w.hana), w.balance(w.shop), w.balance(w.stall)})

	official := usertest.StandingCode(w.mayor)
	order.Payee, order.Amount = ledger.Party{Code: w.shows(official)}, 1
	_, err = w.tryPay(order, Now)
	require.ErrorIs(t, err, ledger.ErrCodeNoWallet)
	expired := usertest.PresentedCode(w.hana)
	collect := ledger.Order{Actor: w.shop.ID, Own: w.shop.Wallet, Payer: ledger.Party{Code: w.shows(expired)}, Payee: ledger.Party{Wallet: w.shop.Wallet}, Amount: 1}
	_, err = w.tryPay(collect, expired.ExpiresAt)
	require.ErrorIs(t, err, user.ErrCodeExpired)
	w.pay(collect, expired.ExpiresAt.Add(-time.Second))
}

func keysReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 1_000, calendar.Never, Now)
	order := keyed(pays(w.hana, w.shop, 100), "Key_of-Hana-64")
	first := w.pay(order, Now)
	again := w.pay(order, Now.Add(time.Hour))
	require.Equal(t, ledger.Receipt{Entry: first.Entry, Replayed: true}, again)
	other := order
	other.Hash[31]++
	_, err := w.tryPay(other, Now)
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	theirs := keyed(pays(w.shop, w.stall, 100), order.Claim.Key)
	require.False(t, w.pay(theirs, Now).Replayed, "keys are apart by actor")
	require.Equal(t, money.Points(900), w.balance(w.hana))

	refused := keyed(pays(w.hana, w.shop, 901), "refused-first")
	_, err = w.tryPay(refused, Now)
	require.ErrorIs(t, err, lot.ErrInsufficient)
	refused.Amount, refused.Hash = 900, idem.Hash{9}
	require.False(t, w.pay(refused, Now).Replayed, "a refused act leaves no key behind")
}

func manyActsInOneBook(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 100, calendar.Never, Now)
	want := ledger.Want{Wallets: []ledger.WalletID{w.stall.Wallet, w.hana.Wallet, w.shop.Wallet}}
	receipts, err := act(w, Now, want, func(b *ledger.Book) ([]ledger.Receipt, error) {
		var receipts []ledger.Receipt
		for _, o := range []ledger.Order{pays(w.hana, w.shop, 100), pays(w.shop, w.stall, 100), pays(w.stall, w.shop, 100), pays(w.shop, w.stall, 40)} {
			receipt, err := b.Pay(o)
			if err != nil {
				return nil, err
			}
			receipts = append(receipts, receipt)
		}
		return receipts, nil
	})
	require.NoError(t, err)
	require.Equal(t, []money.Points{0, 60, 40}, []money.Points{w.balance(w.hana), w.balance(w.shop), w.balance(w.stall)})
	lines := w.history(ledger.HistoryQuery{Wallet: w.shop.Wallet, Limit: 10})
	require.Len(t, lines, 4)
	for i, line := range lines {
		require.Equal(t, receipts[3-i].Entry, line.Entry)
	}
	hops := w.wallet(w.stall).Lots[0].Hops
	require.EqualValues(t, 4, hops, "a lot that came and went within the book is written too")
}

func closingAndReopening(t *testing.T, b Bench) {
	w := found(t, b)
	w.grant(w.hana, 100, calendar.Never, Now)
	w.do(func(ctx context.Context, s Stores) error { return s.Wallets.Close(ctx, w.shop.Wallet) })
	require.True(t, w.wallet(w.shop).Closed)
	_, err := w.tryPay(pays(w.hana, w.shop, 10), Now)
	require.ErrorIs(t, err, ledger.ErrWalletClosed)
	w.do(func(ctx context.Context, s Stores) error { return s.Wallets.Reopen(ctx, w.shop.Wallet) })
	w.pay(pays(w.hana, w.shop, 10), Now)
	_, err = usecase.Do(t.Context(), w.Unit, func(ctx context.Context, s Stores) (any, error) {
		return nil, s.Wallets.Open(ctx, w.shop.Wallet, usertest.Merchant().ID, user.Merchant, usertest.Merchant().Profile.Category, Now)
	})
	require.Error(t, err, "a wallet is opened once")
}
