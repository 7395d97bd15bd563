package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/settlementtest"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

// paidCity is a city on a database that settles.
type paidCity struct {
	*citytest.City
	periods  *settling.Periods
	claims   *settling.Claims
	accounts *settling.Accounts
	files    *settling.Files
	payouts  *settling.Payouts
	hana     user.User
	shops    []user.User
}

type testMaster struct{ master *bank.Master }

func (m testMaster) Master(context.Context) (*bank.Master, error) { return m.master, nil }

// openPaidCity opens a city with shops that have received points, in the month before.
func openPaidCity(t *testing.T, shops int) *paidCity {
	t.Helper()
	db, err := postgres.Open(t.Context(), pgtest.Open(t), postgres.Options{Vault: settlementtest.Vault{}})
	require.NoError(t, err)
	t.Cleanup(db.Close)
	city := openCity(t, db)
	unit := citytest.Narrow(city, func(s citytest.Stores) settling.Stores {
		return settling.Stores{Ledger: s.Ledger, Periods: s.Periods, Claims: s.Claims, Decisions: s.Decisions, Trail: s.Trail, Outbox: s.Outbox}
	})
	banks, vault := testMaster{banktest.Master(t)}, settlementtest.Vault{}
	c := &paidCity{
		City: city, periods: settling.NewPeriods(unit, db, db.Horizon(), city.Clock), claims: settling.NewClaims(unit, db, db, db, city.Clock),
		accounts: settling.NewAccounts(unit, db, vault, banks, city.Clock),
		files:    settling.NewFiles(unit, db, vault, banks, settling.Formats{settlement.FormatZengin: settling.Accounting{}}, city.Clock),
		payouts:  settling.NewPayouts(unit, db, city.Clock), hana: city.Resident(t),
	}
	decisions := settling.NewDecisions(unit, db, banks, city.Clock)
	settings, err := decisions.Settings(t.Context(), city.Official)
	require.NoError(t, err)
	settings.Originator = bank.Originator{
		Code: "9990000001", Name: "ｻｲｼﾞﾖｳｼ", Account: bank.Account{Bank: "9999", Branch: "001", Type: bank.Ordinary, Number: "1234567"},
	}
	_, err = decisions.Amend(t.Context(), city.Official, settings, "開始")
	require.NoError(t, err)
	c.Give(t, c.hana, citytest.Gift, 100_000)
	for range shops {
		shop := c.Merchant(t)
		c.shops = append(c.shops, shop)
		c.pays(t, shop, 1_000)
	}
	return c
}

func (c *paidCity) pays(t testing.TB, shop user.User, amount money.Points) {
	t.Helper()
	order := ledger.Order{Actor: c.hana.ID, Own: c.hana.Wallet, Payer: ledger.Party{Wallet: c.hana.Wallet}, Payee: ledger.Party{Wallet: shop.Wallet}, Amount: amount}
	var want ledger.Want
	order.Wants(&want)
	c.Act(t, want, func(b *ledger.Book) error {
		_, err := b.Pay(order)
		return err
	})
}

// november enters the month of the city's story and lets it go by.
func (c *paidCity) november(t testing.TB) settlement.Period {
	t.Helper()
	period, err := c.periods.Enter(t.Context(), c.Official, settling.PeriodCommand{})
	require.NoError(t, err)
	c.Advance(period.Until.End().Add(time.Hour).Sub(c.Clock()))
	return period
}

// claimed brings every shop as far as a claim, with an account.
func (c *paidCity) claimed(t testing.TB) []settlement.ClaimID {
	t.Helper()
	_, err := c.periods.Close(t.Context(), c.Official, c.november(t).ID, "")
	require.NoError(t, err)
	ids := make([]settlement.ClaimID, len(c.shops))
	for i, shop := range c.shops {
		c.account(t, shop, 1+i)
		made, err := c.claims.Claim(t.Context(), citytest.Actor(shop), settling.ClaimCommand{Key: c.Key()})
		require.NoError(t, err)
		ids[i] = made.ID
	}
	return ids
}

func (c *paidCity) account(t testing.TB, shop user.User, number int) settlement.AccountID {
	t.Helper()
	account := c.propose(t, shop, number)
	_, err := c.accounts.Approve(t.Context(), c.Official, account)
	require.NoError(t, err)
	return account
}

func (c *paidCity) propose(t testing.TB, shop user.User, number int) settlement.AccountID {
	t.Helper()
	proposed, err := c.accounts.Propose(t.Context(), citytest.Actor(shop), settling.AccountCommand{
		Bank: "9999", Branch: "002", Type: "普通", Number: fmt.Sprintf("%07d", number), Holder: "サイジヨウ",
	})
	require.NoError(t, err)
	return proposed.ID
}

// official is one more administrator.
func official() access.Actor {
	return access.Actor{User: ident.New[user.User](citytest.Noon), Role: user.Administrator}
}

// approved brings every shop as far as an approved claim.
func (c *paidCity) approved(t testing.TB) []settlement.ClaimID {
	t.Helper()
	ids := c.claimed(t)
	second := official()
	for _, id := range ids {
		_, err := c.claims.Confirm(t.Context(), c.Official, id)
		require.NoError(t, err)
		_, err = c.claims.Approve(t.Context(), second, id)
		require.NoError(t, err)
	}
	return ids
}

// states counts the claims in each state.
func (c *paidCity) states(t testing.TB) map[settlement.ClaimState]int {
	t.Helper()
	found, err := c.claims.List(t.Context(), c.Official, settlement.ClaimQuery{Limit: 100})
	require.NoError(t, err)
	states := map[settlement.ClaimState]int{}
	for _, claim := range found.Rows {
		states[claim.State]++
	}
	return states
}

// contend does acts at once and gives what came of each. Every failure must be one of the refusals that tell the loser.
func contend(t testing.TB, told []error, acts ...func() error) (won int) {
	t.Helper()
	errs := make([]error, len(acts))
	var start, done sync.WaitGroup
	start.Add(1)
	for i, act := range acts {
		done.Go(func() {
			start.Wait()
			errs[i] = act()
		})
	}
	start.Done()
	done.Wait()
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		known := false
		for _, refusal := range told {
			known = known || errors.Is(err, refusal)
		}
		require.True(t, known, "%v", err)
	}
	return won
}

// times gives the same act several times.
func times(n int, act func() error) []func() error {
	acts := make([]func() error, n)
	for i := range acts {
		acts[i] = act
	}
	return acts
}

func TestOfClosingsAtOnceOneHappens(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 3)
	period := c.november(t)
	closeIt := func() error {
		_, err := c.periods.Close(t.Context(), c.Official, period.ID, "")
		return err
	}
	keep := func() error { return c.periods.Keep(t.Context()) }
	won := contend(t, []error{settlement.ErrPeriodClosed, usecase.ErrLocked}, closeIt, keep, closeIt, keep, closeIt, keep)
	require.GreaterOrEqual(t, won, 3, "a timetable has nothing to complain of")
	require.Equal(t, map[settlement.ClaimState]int{settlement.Drafted: 3}, c.states(t))
	periods, err := c.Settlement.Periods(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, periods.Rows, 2, "and December was entered once")
	statements, err := c.Settlement.Statements(t.Context(), period.ID, "", 10)
	require.NoError(t, err)
	require.Len(t, statements.Rows, 3)
}

func TestOfClaimsAtOnceNoneGoesBeyondWhatIsDue(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 1)
	_, err := c.periods.Close(t.Context(), c.Official, c.november(t).ID, "")
	require.NoError(t, err)
	c.pays(t, c.shops[0], 5_000) // more than is due can be drawn from the wallet
	shop := citytest.Actor(c.shops[0])
	won := contend(t, []error{settlement.ErrClaimChanged, settlement.ErrClaimNothingDue, settlement.ErrClaimOverDue}, times(6, func() error {
		_, err := c.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: c.Key(), Amount: 600})
		return err
	})...)
	require.Equal(t, 1, won)
	won = contend(t, []error{settlement.ErrClaimNothingDue, settlement.ErrClaimOverDue}, times(6, func() error {
		_, err := c.claims.Claim(t.Context(), shop, settling.ClaimCommand{Key: c.Key(), Amount: 200})
		return err
	})...)
	require.Equal(t, 2, won)
	require.EqualValues(t, 1_000, c.Position(t, citytest.Fund).Claimed)
	require.EqualValues(t, 5_000, c.Balance(t, c.shops[0]))
}

func TestOfVerdictsAtOnceOneCounts(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 1)
	claim := c.claimed(t)[0]
	told := []error{settlement.ErrClaimState, settlement.ErrClaimChanged}
	confirm := func() error {
		_, err := c.claims.Confirm(t.Context(), official(), claim)
		return err
	}
	withdraw := func() error {
		_, err := c.claims.Withdraw(t.Context(), citytest.Actor(c.shops[0]), settling.EndCommand{Key: c.Key(), Claim: claim})
		return err
	}
	require.Equal(t, 1, contend(t, told, confirm, withdraw, confirm, withdraw, confirm, withdraw))
	if c.states(t)[settlement.Withdrawn] == 1 {
		require.EqualValues(t, 1_000, c.Balance(t, c.shops[0]))
		return
	}
	require.Zero(t, c.Balance(t, c.shops[0]))
	approve := func() error {
		_, err := c.claims.Approve(t.Context(), official(), claim)
		return err
	}
	refuse := func() error {
		_, err := c.claims.Refuse(t.Context(), official(), settling.EndCommand{Key: c.Key(), Claim: claim, Reason: "確認できません"})
		return err
	}
	require.Equal(t, 1, contend(t, told, approve, refuse, approve, refuse, approve, refuse))
}

func TestOfExportsAtOnceEveryClaimIsInOne(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 4)
	c.approved(t)
	export := func() error {
		_, err := c.files.Export(t.Context(), official(), settling.ExportCommand{Key: c.Key()}, "")
		return err
	}
	require.Equal(t, 1, contend(t, []error{settlement.ErrFileEmpty}, times(5, export)...))
	require.Equal(t, map[settlement.ClaimState]int{settlement.Exported: 4}, c.states(t))
	files, err := c.files.List(t.Context(), c.Official, "", 10)
	require.NoError(t, err)
	require.Len(t, files.Rows, 1)
	require.Equal(t, 4, files.Rows[0].Count)

	again := func() error {
		_, err := c.files.Export(t.Context(), official(), settling.ExportCommand{Key: c.Key(), Former: files.Rows[0].ID}, "")
		return err
	}
	require.Equal(t, 1, contend(t, []error{settlement.ErrFileState}, times(5, again)...))
	require.Equal(t, map[settlement.ClaimState]int{settlement.Exported: 4}, c.states(t))
}

// TestAFileIsDownloadedOrReplacedNotBothAtOnce lets people take a file while others replace it: whoever has got it, it
// was not replaced behind their back.
func TestAFileIsDownloadedOrReplacedNotBothAtOnce(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 2)
	c.approved(t)
	made, err := c.files.Export(t.Context(), c.Official, settling.ExportCommand{Key: c.Key()}, "")
	require.NoError(t, err)
	var taken, replaced atomic.Int32
	take := func() error {
		_, _, err := c.files.Content(t.Context(), official(), made.ID)
		if err == nil {
			taken.Add(1)
		}
		return err
	}
	replace := func() error {
		_, err := c.files.Export(t.Context(), official(), settling.ExportCommand{Key: c.Key(), Former: made.ID}, "")
		if err == nil {
			replaced.Add(1)
		}
		return err
	}
	contend(t, []error{settlement.ErrFileState, settlement.ErrFileTaken}, take, replace, take, replace)
	require.Equal(t, replaced.Load() == 0, taken.Load() > 0, "%d took it, %d replaced it", taken.Load(), replaced.Load())
	file, err := c.files.One(t.Context(), c.Official, made.ID)
	require.NoError(t, err)
	require.Equal(t, taken.Load() > 0, !file.TakenAt.IsZero())
}

func TestOfPaymentsAtOnceEachTransferIsBookedOnce(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 4)
	c.approved(t)
	made, err := c.files.Export(t.Context(), c.Official, settling.ExportCommand{Key: c.Key()}, "")
	require.NoError(t, err)
	bankHad := c.Position(t, citytest.Fund).Bank
	var mu sync.Mutex
	paid := 0
	send := func() error { // whoever is first; a file that was voided is refused again when it is to be paid
		_, err := c.files.Send(t.Context(), official(), made.ID)
		if errors.Is(err, settlement.ErrFileState) {
			return nil
		}
		return err
	}
	payAll := func() error {
		if err := send(); err != nil {
			return err
		}
		result, err := c.payouts.PayFile(t.Context(), official(), made.ID, settling.PayCommand{Key: c.Key()})
		mu.Lock()
		defer mu.Unlock()
		paid += result.Paid
		return err
	}
	payouts, err := c.payouts.List(t.Context(), c.Official, settlement.PayoutQuery{File: made.ID, Limit: 10})
	require.NoError(t, err)
	payOne := func() error {
		if err := send(); err != nil {
			return err
		}
		_, err := c.payouts.Pay(t.Context(), official(), payouts.Rows[0].ID, settling.PayCommand{Key: c.Key()})
		mu.Lock()
		defer mu.Unlock()
		if err == nil {
			paid++
		}
		return err
	}
	again := func() error {
		_, err := c.files.Export(t.Context(), official(), settling.ExportCommand{Key: c.Key(), Former: made.ID}, "")
		if err == nil {
			return errVoided
		}
		return err
	}
	contend(t, []error{settlement.ErrPayoutState, settlement.ErrFileState, errVoided}, payAll, payOne, again, payAll, payOne, payAll)
	states := c.states(t)
	if states[settlement.Exported] > 0 { // the export was first: nothing of the former file is paid
		require.Equal(t, map[settlement.ClaimState]int{settlement.Exported: 4}, states)
		require.Zero(t, paid)
		return
	}
	require.Equal(t, map[settlement.ClaimState]int{settlement.Paid: 4}, states)
	require.Equal(t, 4, paid)
	require.EqualValues(t, 4_000, bankHad-c.Position(t, citytest.Fund).Bank)
}

var errVoided = errors.New("the former file was voided")

func TestAReturnAndACorrectedAccountNeverMissEachOther(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 4)
	c.approved(t)
	made, err := c.files.Export(t.Context(), c.Official, settling.ExportCommand{Key: c.Key()}, "")
	require.NoError(t, err)
	_, err = c.files.Send(t.Context(), c.Official, made.ID)
	require.NoError(t, err)
	payouts, err := c.payouts.List(t.Context(), c.Official, settlement.PayoutQuery{File: made.ID, Limit: 10})
	require.NoError(t, err)
	shops := map[ledger.WalletID]user.User{}
	for _, shop := range c.shops {
		shops[shop.Wallet] = shop
	}
	var acts []func() error
	for i, payout := range payouts.Rows {
		account := c.propose(t, shops[payout.Merchant], 100+i)
		acts = append(acts, func() error {
			_, err := c.payouts.Return(t.Context(), official(), payout.ID, settling.ReturnCommand{Key: c.Key(), Reason: "口座なし"})
			return err
		}, func() error {
			_, err := c.accounts.Approve(t.Context(), official(), account)
			return err
		})
	}
	require.Equal(t, 8, contend(t, nil, acts...))
	require.Equal(t, map[settlement.ClaimState]int{settlement.Corrected: 4}, c.states(t))
	second, err := c.files.Export(t.Context(), c.Official, settling.ExportCommand{Key: c.Key()}, "")
	require.NoError(t, err)
	require.Equal(t, 4, second.Count)
	_, err = c.files.Send(t.Context(), c.Official, second.ID)
	require.NoError(t, err)
	_, err = c.payouts.PayFile(t.Context(), c.Official, second.ID, settling.PayCommand{Key: c.Key()})
	require.NoError(t, err)
	require.Zero(t, c.Position(t, citytest.Fund).Claimed)
}

func TestOfAccountsProposedAndApprovedAtOnceOneIsActive(t *testing.T) {
	t.Parallel()
	c := openPaidCity(t, 1)
	var acts []func() error
	for i := range 5 {
		acts = append(acts, func() error {
			proposed, err := c.accounts.Propose(t.Context(), citytest.Actor(c.shops[0]), settling.AccountCommand{
				Bank: "9999", Branch: "002", Type: "普通", Number: fmt.Sprintf("%07d", i+1), Holder: "サイジヨウ",
			})
			if err != nil {
				return err
			}
			_, err = c.accounts.Approve(t.Context(), official(), proposed.ID)
			return err
		})
	}
	contend(t, []error{settlement.ErrAccountState}, acts...)
	for state, most := range map[settlement.AccountState]int{settlement.Active: 1, settlement.Proposed: 1} {
		found, err := c.accounts.List(t.Context(), c.Official, settlement.AccountQuery{State: state, Limit: 10})
		require.NoError(t, err)
		require.LessOrEqual(t, len(found.Rows), most)
	}
}
