package memory_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

var noon = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

var errTurnedBack = errors.New("turned back")

type session = *memory.Session

func sessions(store *memory.Store) *memory.Unit[session] {
	return memory.NewUnit(store, func(s session) session { return s })
}

func enter(u user.User) func(context.Context, session) error {
	return func(ctx context.Context, s session) error { return s.Directory().Add(ctx, u) }
}

func TestUnitThatFailsOrPanicsChangesNothing(t *testing.T) {
	t.Parallel()
	store := memory.New()
	unit, u := sessions(store), usertest.Resident()
	require.ErrorIs(t, unit.Do(t.Context(), func(ctx context.Context, s session) error {
		require.NoError(t, s.Directory().Add(ctx, u))
		return errTurnedBack
	}), errTurnedBack)
	require.Panics(t, func() {
		_ = unit.Do(t.Context(), func(ctx context.Context, s session) error {
			require.NoError(t, s.Directory().Add(ctx, u))
			panic("at the disco")
		})
	})
	_, err := store.Roster().ByID(t.Context(), u.ID)
	require.ErrorIs(t, err, user.ErrUnknown)
	require.NoError(t, unit.Do(t.Context(), enter(u)), "the store is free for the next unit")
}

func TestUnitWhoseContextEndedChangesNothing(t *testing.T) {
	t.Parallel()
	store := memory.New()
	unit, u := sessions(store), usertest.Resident()
	ctx, cancel := context.WithCancel(t.Context())
	require.ErrorIs(t, unit.Do(ctx, func(ctx context.Context, s session) error {
		require.NoError(t, s.Directory().Add(ctx, u))
		cancel()
		return nil
	}), context.Canceled)
	require.ErrorIs(t, unit.Do(ctx, enter(u)), context.Canceled)
	_, err := store.Roster().ByID(t.Context(), u.ID)
	require.ErrorIs(t, err, user.ErrUnknown)
}

func TestUnitThatWaitsForItsTurnGivesUpWithItsContext(t *testing.T) {
	t.Parallel()
	unit := sessions(memory.New())
	require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, _ session) error {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		waiting := make(chan error)
		go func() { waiting <- unit.Do(ctx, enter(usertest.Resident())) }()
		require.ErrorIs(t, <-waiting, context.Canceled)
		return nil
	}))
}

func TestUnitSeesItsOwnWritesAndOthersSeeThemOnceCommitted(t *testing.T) {
	t.Parallel()
	store := memory.New()
	u := usertest.Resident()
	require.NoError(t, sessions(store).Do(t.Context(), func(ctx context.Context, s session) error {
		require.NoError(t, s.Directory().Add(ctx, u))
		_, err := s.Directory().ByEmail(ctx, u.Email)
		require.NoError(t, err)
		_, err = store.Roster().ByID(ctx, u.ID)
		require.ErrorIs(t, err, user.ErrUnknown, "a reading neither sees nor waits for a unit on its way")
		return nil
	}))
	_, err := store.Roster().ByID(t.Context(), u.ID)
	require.NoError(t, err)
}

func TestUnitsOfOneStoreRunOneAfterTheOther(t *testing.T) {
	t.Parallel()
	store := memory.New()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			_ = sessions(store).Do(t.Context(), func(ctx context.Context, s session) error {
				rules, err := s.Rulebook().Current(ctx)
				if err != nil {
					return err
				}
				_, err = s.Rulebook().Amend(ctx, ledger.RulesVersion{Rules: rules, At: noon})
				return err
			})
		})
	}
	all.Wait()
	rules, err := store.Rules().Rules(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 20, rules.Version)
}

func TestUnitCannotCommitAfterARefusedWriteEvenIfItsWorkGoesOn(t *testing.T) {
	t.Parallel()
	store := memory.New()
	unit, first := sessions(store), usertest.Resident()
	require.NoError(t, unit.Do(t.Context(), enter(first)))
	other := usertest.Resident()
	err := unit.Do(t.Context(), func(ctx context.Context, s session) error {
		_ = s.Directory().Add(ctx, usertest.Resident(func(u *user.User) { u.Email = first.Email }))
		return s.Directory().Add(ctx, other)
	})
	require.ErrorIs(t, err, user.ErrEmailTaken)
	_, err = store.Roster().ByID(t.Context(), other.ID)
	require.ErrorIs(t, err, user.ErrUnknown)
}

// purse is a store with a fund, a kind and a resident's wallet with two lots.
func purse(t *testing.T) (*memory.Store, ledger.Want, ledger.Pot) {
	t.Helper()
	store, wallet := memory.New(), ident.New[user.User](noon)
	unissued := ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: "city"}
	want := ledger.Want{
		Wallets: []ledger.WalletID{ledger.WalletID(wallet)},
		Pots:    []ledger.Pot{{Account: ledger.Account{Kind: ledger.Bank}, Fund: "city"}, unissued},
	}
	require.NoError(t, sessions(store).Do(t.Context(), func(ctx context.Context, s session) error {
		require.NoError(t, s.Treasury().Add(ctx, fund.Fund{Code: "city", Name: "市", OpenedAt: noon}))
		require.NoError(t, s.Rulebook().SaveKind(ctx, lot.Kind{Code: "gift", Name: "贈", Retired: calendar.Never}, noon))
		require.NoError(t, s.Wallets().Open(ctx, want.Wallets[0], wallet, user.Resident, "", noon))
		book, err := s.Ledger().Open(ctx, noon, want)
		require.NoError(t, err)
		_, err = book.Deposit(ledger.CashMove{Fund: "city", Amount: 1_000})
		require.NoError(t, err)
		require.NoError(t, give(book, want.Wallets[0], calendar.Never))
		require.NoError(t, give(book, want.Wallets[0], calendar.DayOf(noon)))
		return s.Ledger().Append(ctx, book)
	}))
	return store, want, unissued
}

func give(book *ledger.Book, wallet ledger.WalletID, expires calendar.Day) error {
	_, err := book.Grant(ledger.Award{Wallet: wallet, Fund: "city", Kind: "gift", Amount: 100, Expires: expires})
	return err
}

func TestLedgerRefusesABookThatBreaksTheConstraintsOfTheSchema(t *testing.T) {
	t.Parallel()
	for constraint, tamper := range map[string]func(*ledger.Wallet){
		"wallets_balance_equals_lots": func(w *ledger.Wallet) { w.Balance++ },
		"lines_pkey":                  func(w *ledger.Wallet) { w.Lines++ },
		"lots_open_key":               func(w *ledger.Wallet) { w.Lots[0].Key = w.Lots[1].Key },
		"lots_remaining_not_negative": func(w *ledger.Wallet) { w.Lots[0].Remaining = -200 },
		"lots_hops_not_negative":      func(w *ledger.Wallet) { w.Lots[0].Hops = -1 },
		"lines_balance_not_negative":  func(w *ledger.Wallet) { w.Balance = -1_000 },
	} {
		t.Run(constraint, func(t *testing.T) {
			t.Parallel()
			store, want, unissued := purse(t)
			before, err := store.Statements().Wallet(t.Context(), want.Wallets[0])
			require.NoError(t, err)
			err = sessions(store).Do(t.Context(), func(ctx context.Context, s session) error {
				book, err := s.Ledger().Open(ctx, noon, want)
				require.NoError(t, err)
				w, err := book.Wallet(want.Wallets[0])
				require.NoError(t, err)
				tamper(w)
				require.NoError(t, give(book, w.ID, calendar.DayOf(noon)+9))
				require.Equal(t, money.Points(700), book.Balance(unissued))
				return s.Ledger().Append(ctx, book)
			})
			require.ErrorIs(t, err, memory.ErrConstraint)
			require.ErrorContains(t, err, constraint)
			after, err := store.Statements().Wallet(t.Context(), want.Wallets[0])
			require.NoError(t, err)
			require.Equal(t, before, after)
		})
	}
}

func TestLedgerTakesABookOnceAndOnlyFromTheUnitThatOpenedIt(t *testing.T) {
	t.Parallel()
	store, want, _ := purse(t)
	unit := sessions(store)
	appends := func(open func(context.Context, session) (*ledger.Book, error), times int) error {
		return unit.Do(t.Context(), func(ctx context.Context, s session) error {
			book, err := open(ctx, s)
			require.NoError(t, err)
			require.NoError(t, give(book, want.Wallets[0], calendar.Never))
			for range times {
				if err := s.Ledger().Append(ctx, book); err != nil {
					return err
				}
			}
			return nil
		})
	}
	var kept *ledger.Book
	open := func(ctx context.Context, s session) (book *ledger.Book, err error) {
		kept, err = s.Ledger().Open(ctx, noon, want)
		return kept, err
	}
	require.ErrorContains(t, appends(open, 2), "not open")
	require.ErrorContains(t, appends(func(context.Context, session) (*ledger.Book, error) { return kept, nil }, 1), "not open")
	require.ErrorContains(t, appends(func(ctx context.Context, s session) (*ledger.Book, error) {
		return s.Ledger().Peek(ctx, noon, want)
	}, 1), "not open")
	require.NoError(t, appends(open, 1))
}

func TestWalletsAreOnePerOwnerAndOnlyForThoseWhoHaveOne(t *testing.T) {
	t.Parallel()
	store, want, _ := purse(t)
	owner, err := store.Statements().Wallet(t.Context(), want.Wallets[0])
	require.NoError(t, err)
	for constraint, open := range map[string]func(context.Context, session) error{
		"wallets_pkey": func(ctx context.Context, s session) error {
			return s.Wallets().Open(ctx, owner.ID, ident.New[user.User](noon), user.Resident, "", noon)
		},
		"wallets_owner_key": func(ctx context.Context, s session) error {
			return s.Wallets().Open(ctx, ledger.WalletID(ident.New[user.User](noon)), owner.Owner, user.Resident, "", noon)
		},
		"wallets_role_known": func(ctx context.Context, s session) error {
			return s.Wallets().Open(ctx, ledger.WalletID(ident.New[user.User](noon)), ident.New[user.User](noon), user.Clerk, "", noon)
		},
	} {
		err := sessions(store).Do(t.Context(), open)
		require.ErrorIs(t, err, memory.ErrConstraint)
		require.ErrorContains(t, err, constraint)
	}
}

func TestTrailIsReadNewestFirstAndNarrowed(t *testing.T) {
	t.Parallel()
	store := memory.New()
	clerk := access.Actor{User: ident.New[user.User](noon), Role: user.Administrator}
	var recorded []audit.ID
	for i, action := range []string{"fund.deposit", "fund.withdraw", "fund.deposit", "fund.deposit"} {
		act := audit.Act{ID: ident.New[audit.Act](noon), At: noon.Add(time.Duration(i) * time.Hour), Actor: clerk, Action: action, Target: "city", After: map[string]string{"amount": "1"}}
		recorded = append(recorded, act.ID)
		require.NoError(t, sessions(store).Do(t.Context(), func(ctx context.Context, s session) error { return s.Trail().Record(ctx, act) }))
	}
	read := func(query audit.Query) ([]audit.ID, string) {
		found, err := store.Acts().Acts(t.Context(), query)
		require.NoError(t, err)
		var ids []audit.ID
		for _, act := range found.Rows {
			ids = append(ids, act.ID)
		}
		return ids, found.Next
	}
	first, next := read(audit.Query{Action: "fund.deposit", Limit: 2})
	require.Equal(t, []audit.ID{recorded[3], recorded[2]}, first)
	rest, end := read(audit.Query{Action: "fund.deposit", After: next, Limit: 2})
	require.Equal(t, []audit.ID{recorded[0]}, rest)
	require.Empty(t, end)
	within, _ := read(audit.Query{Actor: clerk.User.String(), Target: "city", From: noon.Add(time.Hour), Until: noon.Add(2 * time.Hour), Limit: 9})
	require.Equal(t, []audit.ID{recorded[1]}, within)
	_, err := store.Acts().Acts(t.Context(), audit.Query{After: "nonsense", Limit: 1})
	require.ErrorIs(t, err, page.ErrCursor)
	_, err = store.Acts().Acts(t.Context(), audit.Query{})
	require.ErrorIs(t, err, page.ErrLimit)
}

var _ usecase.Unit[session] = (*memory.Unit[session])(nil)
