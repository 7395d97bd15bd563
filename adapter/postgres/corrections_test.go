package postgres_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/correcting"
)

// courtroom is a city where payments are corrected, by one person or by two.
type courtroom struct {
	*citytest.City
	db         *postgres.DB
	correcting *correcting.Correcting
	approving  *approving.Approving
	hana       user.User
	shop       user.User
	supplier   user.User
}

func openCourtroom(t *testing.T) courtroom {
	db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	city := openCity(t, db)
	c := correcting.New(postgres.NewUnit(db, func(s *postgres.Session) correcting.Stores {
		return correcting.Stores{Ledger: s.Ledger(), Treasury: s.Treasury(), Requests: s.Requests(), Outbox: s.Outbox(), Trail: s.Trail()}
	}), correcting.Readers{Statements: db, Offers: db, Periods: db, Requests: db, Roster: db.Roster()}, city.Clock)
	decisions := postgres.NewUnit(db, func(s *postgres.Session) approving.Stores {
		return approving.Stores{Requests: s.Requests(), Trail: s.Trail()}
	})
	return courtroom{
		city, db, c, approving.New(decisions, db, c.Executors(), city.Clock), city.Resident(t), city.Merchant(t), city.Merchant(t),
	}
}

func (c courtroom) pay(t *testing.T, from, to user.User, amount money.Points) ledger.EntryID {
	t.Helper()
	order := ledger.Order{
		Actor: from.ID, Own: from.Wallet, Payer: ledger.Party{Wallet: from.Wallet}, Payee: ledger.Party{Wallet: to.Wallet}, Amount: amount,
	}
	var want ledger.Want
	order.Wants(&want)
	var entry ledger.EntryID
	c.Act(t, want, func(b *ledger.Book) error {
		receipt, err := b.Pay(order)
		entry = receipt.Entry
		return err
	})
	return entry
}

func (c courtroom) command(entry ledger.EntryID, amount money.Points) correcting.Command {
	return correcting.Command{Key: c.Key(), Entry: entry, Amount: amount, Receivable: true, Reason: "返品"}
}

func (c courtroom) official() access.Actor {
	return access.Actor{User: usertest.Administrator().ID, Role: user.Administrator}
}

func TestNothingIsOwedAndNothingCorrectedInAnEmptyCity(t *testing.T) {
	t.Parallel()
	db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	owed, err := db.Receivables(t.Context())
	require.NoError(t, err)
	require.Empty(t, owed)
	corrections, err := db.Corrections(t.Context(), ledger.EntryID{1})
	require.NoError(t, err)
	require.Empty(t, corrections)
}

// TestADebtIsAsOldAsTheEntrySinceWhichItWasNeverNothing books debts and recovers them in turns.
func TestADebtIsAsOldAsTheEntrySinceWhichItWasNeverNothing(t *testing.T) {
	t.Parallel()
	c := openCourtroom(t)
	c.Give(t, c.hana, citytest.Gift, 1_000)
	entry := c.pay(t, c.hana, c.shop, 1_000)
	c.pay(t, c.shop, c.supplier, 1_000)
	owe := func(amount money.Points) time.Time {
		c.Advance(time.Hour)
		_, err := c.correcting.Correct(t.Context(), c.Official, c.command(entry, amount))
		require.NoError(t, err)
		return c.Clock()
	}
	recover := func(amount money.Points) {
		c.Advance(time.Hour)
		_, err := c.correcting.Recover(t.Context(), c.Official, correcting.Recovery{
			Key: c.Key(), Debtor: c.shop.Wallet, Fund: citytest.Fund, Amount: amount, FromBank: true,
		})
		require.NoError(t, err)
	}
	owes := func(amount money.Yen, since time.Time) {
		t.Helper()
		owed, err := c.correcting.Receivables(t.Context(), c.Official)
		require.NoError(t, err)
		require.Len(t, owed, 1)
		owed[0].Since = owed[0].Since.UTC()
		require.Equal(t, ledger.ReceivableState{Debtor: c.shop.Wallet, Owner: c.shop.ID, Fund: fund.Code(citytest.Fund), Amount: amount, Since: since}, owed[0])
	}
	first := owe(100)
	owes(100, first)
	owe(50)
	owes(150, first)
	recover(120)
	owes(30, first)
	recover(30)
	owed, err := c.correcting.Receivables(t.Context(), c.Official)
	require.NoError(t, err)
	require.Empty(t, owed)
	owes(200, owe(200))

	corrections, err := c.db.Corrections(t.Context(), entry)
	require.NoError(t, err)
	require.Len(t, corrections, 3)
	for i, amount := range []money.Points{100, 50, 200} {
		got := corrections[i]
		require.Equal(t, []any{entry, amount, amount, ledger.Partial, ledger.Payment}, []any{got.Original, got.Amount, got.Receivable, got.Type, got.OriginalType})
	}
	c.Position(t, citytest.Fund)
}

// TestOfManyWhoApproveAtOnceOneDoesTheAct lets administrators decide about the same request at the same moment, each
// in a transaction of their own.
func TestOfManyWhoApproveAtOnceOneDoesTheAct(t *testing.T) {
	t.Parallel()
	c := openCourtroom(t)
	c.Give(t, c.hana, citytest.Gift, 20_000)
	for range 5 {
		entry := c.pay(t, c.hana, c.shop, 10_001)
		asked, err := c.correcting.Correct(t.Context(), c.Official, c.command(entry, 0))
		require.NoError(t, err)
		require.True(t, asked.Waits())
		errs := make([]error, 4)
		var all sync.WaitGroup
		for i := range errs {
			all.Go(func() {
				var err error
				if i%2 == 0 {
					_, err = c.approving.Approve(t.Context(), c.official(), asked.Request.ID, "")
				} else {
					_, err = c.approving.Refuse(t.Context(), c.official(), asked.Request.ID, "却下")
				}
				errs[i] = err
			})
		}
		all.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
				continue
			}
			require.ErrorIs(t, err, approval.ErrDecided)
		}
		require.Equal(t, 1, won)
		corrections, err := c.db.Corrections(t.Context(), entry)
		require.NoError(t, err)
		decided, err := c.db.Request(t.Context(), asked.Request.ID)
		require.NoError(t, err)
		if decided.State == approval.Approved {
			require.Len(t, corrections, 1)
			continue
		}
		require.Empty(t, corrections)
		c.alone(t, entry)
	}
}

// alone undoes an entry by two people, so that the next round has points to pay with.
func (c courtroom) alone(t *testing.T, entry ledger.EntryID) {
	t.Helper()
	asked, err := c.correcting.Correct(t.Context(), c.Official, c.command(entry, 0))
	require.NoError(t, err)
	_, err = c.approving.Approve(t.Context(), c.official(), asked.Request.ID, "")
	require.NoError(t, err)
}

// TestOfManyWhoCorrectAtOnceNobodyUndoesMoreThanThereWas lets administrators undo one payment at the same moment: under
// keys of their own, and two under the same one.
func TestOfManyWhoCorrectAtOnceNobodyUndoesMoreThanThereWas(t *testing.T) {
	t.Parallel()
	c := openCourtroom(t)
	c.Give(t, c.hana, citytest.Gift, 1_000)
	before := c.Position(t, citytest.Fund)
	entry := c.pay(t, c.hana, c.shop, 1_000)
	twice := c.command(entry, 300)
	commands := []correcting.Command{twice, twice, c.command(entry, 300), c.command(entry, 300), c.command(entry, 300), c.command(entry, 300)}
	results, errs := make([]correcting.Result, len(commands)), make([]error, len(commands))
	var all sync.WaitGroup
	for i, cmd := range commands {
		all.Go(func() { results[i], errs[i] = c.correcting.Correct(t.Context(), c.Official, cmd) })
	}
	all.Wait()
	entries := map[ledger.EntryID]bool{}
	for i, err := range errs {
		if errors.Is(err, ledger.ErrTooMuch) {
			continue
		}
		require.NoError(t, err)
		entries[results[i].Entry] = true
	}
	require.Len(t, entries, 3, "three times 300 of 1,000, whoever came first")
	require.Equal(t, results[0].Entry, results[1].Entry, "one key, one entry")
	require.EqualValues(t, 900, c.Balance(t, c.hana))
	_, err := c.correcting.Correct(t.Context(), c.Official, c.command(entry, 0))
	require.NoError(t, err)
	require.EqualValues(t, 1_000, c.Balance(t, c.hana))
	require.Equal(t, before, c.Position(t, citytest.Fund))
}

// TestOfManyAdjustmentsAtOnceNoMoreAreMadeThanOneMayMakeAlone lets administrators adjust one wallet in slices at the
// same moment, each in a transaction of their own.
func TestOfManyAdjustmentsAtOnceNoMoreAreMadeThanOneMayMakeAlone(t *testing.T) {
	t.Parallel()
	c := openCourtroom(t)
	results, errs := make([]correcting.Result, 8), make([]error, 8)
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() {
			results[i], errs[i] = c.correcting.Adjust(t.Context(), c.official(), correcting.Adjustment{
				Key: c.Key(), Wallet: c.hana.Wallet, Fund: citytest.Fund, Amount: 3_000, Kind: citytest.Gift.Code, Reason: "分割",
			})
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 5, lo.CountBy(results, correcting.Result.Waits))
	require.EqualValues(t, 9_000, c.Balance(t, c.hana), "three times 3,000 of the 10,000 of a day")
	c.Position(t, citytest.Fund)
}
