package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

// people are the stores of this file's units.
type people struct {
	Directory   *postgres.Directory
	Codes       *postgres.Codes
	Credentials *postgres.Credentials
	Wallets     *postgres.Wallets
	Ledger      *postgres.Ledger
}

func peopleOf(db *postgres.DB) usecase.Unit[people] {
	return postgres.NewUnit(db, func(s *postgres.Session) people {
		return people{s.Directory(), s.Codes(), s.Credentials(), s.Wallets(), s.Ledger()}
	})
}

func userBench(db *postgres.DB) usertest.Open {
	unit := postgres.NewUnit(db, func(s *postgres.Session) usertest.Stores {
		return usertest.Stores{Directory: s.Directory(), Codes: s.Codes()}
	})
	return func(*testing.T) usertest.Bench {
		return usertest.Bench{Unit: unit, Roster: db.Roster(), Codes: db.CodeReader()}
	}
}

func TestPostgresFulfilsTheContractOfTheDirectory(t *testing.T) {
	t.Parallel()
	usertest.Directory(t, userBench(open(t)))
}

func TestPostgresFulfilsTheContractOfTheRoster(t *testing.T) {
	t.Parallel()
	usertest.Roster(t, userBench(open(t)))
}

func TestPostgresFulfilsTheContractOfTheCodes(t *testing.T) {
	t.Parallel()
	usertest.Codes(t, userBench(open(t)))
}

func TestPostgresFulfilsTheContractOfTheCredentials(t *testing.T) {
	t.Parallel()
	unit := postgres.NewUnit(open(t), func(s *postgres.Session) accesstest.Stores {
		return accesstest.Stores{Directory: s.Directory(), Credentials: s.Credentials()}
	})
	accesstest.Credentials(t, func(*testing.T) usecase.Unit[accesstest.Stores] { return unit })
}

// race runs second while the unit of first has done its work and has not ended, and lets first end, in error or
// not, once second waits for it.
func race(t *testing.T, url string, first, second func(context.Context, people) error, failure error) (error, error) {
	t.Helper()
	one, other := peopleOf(openAt(t, url)), peopleOf(openAt(t, url))
	watcher, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = watcher.Close(context.Background()) })
	ended := make(chan error, 1)
	err = one.Do(t.Context(), func(ctx context.Context, s people) error {
		if err := first(ctx, s); err != nil {
			return err
		}
		go func() { ended <- other.Do(context.WithoutCancel(ctx), second) }()
		require.Eventually(t, func() bool {
			var waiting bool
			err := watcher.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')`).Scan(&waiting)
			return err == nil && waiting
		}, 8*time.Second, 5*time.Millisecond, "the second unit has to wait for the first")
		return failure
	})
	return err, <-ended
}

func enter(users ...user.User) func(context.Context, people) error {
	return func(ctx context.Context, s people) error { return s.Directory.Add(ctx, users...) }
}

func TestOfTwoRegistrationsOfOneAddressAtOnceTheSecondIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	one := usertest.Resident()
	other := usertest.Merchant(func(u *user.User) { u.Email = one.Email })
	first, second := race(t, url, enter(one), enter(usertest.Resident(), other), nil)
	require.NoError(t, first)
	require.ErrorIs(t, second, user.ErrEmailTaken)
	found, err := openAt(t, url).Roster().ByEmails(t.Context(), []user.Email{one.Email})
	require.NoError(t, err)
	require.Equal(t, one.ID, found[one.Email].ID)
}

func TestARegistrationThatFailsLeavesTheAddressToTheOneThatWaited(t *testing.T) {
	t.Parallel()
	one := usertest.Resident()
	other := usertest.Resident(func(u *user.User) { u.Email = one.Email })
	first, second := race(t, pgtest.Open(t), enter(one), enter(other), errTurnedBack)
	require.ErrorIs(t, first, errTurnedBack)
	require.NoError(t, second)
}

var errTurnedBack = fmt.Errorf("turned back")

func TestTwoRotationsAtOnceComeOneAfterTheOther(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		failure error
		version int
	}{
		"the first is committed":   {nil, 3},
		"the first is turned back": {errTurnedBack, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := pgtest.Open(t)
			db := openAt(t, url)
			shop := usertest.Merchant()
			code := usertest.StandingCode(shop)
			code.AmountMax = 30_000
			require.NoError(t, peopleOf(db).Do(t.Context(), func(ctx context.Context, s people) error {
				require.NoError(t, s.Directory.Add(ctx, shop))
				return s.Codes.Add(ctx, code)
			}))
			var versions [2]user.Code
			rotate := func(i int) func(context.Context, people) error {
				next := usertest.StandingCode(shop)
				next.IssuedAt = next.IssuedAt.Add(time.Duration(i+1) * time.Minute)
				return func(ctx context.Context, s people) (err error) {
					versions[i], err = s.Codes.Rotate(ctx, next)
					return err
				}
			}
			first, second := race(t, url, rotate(0), rotate(1), c.failure)
			require.ErrorIs(t, first, c.failure)
			require.NoError(t, second)
			require.Equal(t, 2, versions[0].PrintVersion)
			require.Equal(t, c.version, versions[1].PrintVersion)
			require.EqualValues(t, 30_000, versions[1].AmountMax)
			standing, err := db.CodeReader().Standing(t.Context(), shop.ID)
			require.NoError(t, err)
			require.True(t, versions[1] == standing)
		})
	}
}

func TestAStandingCodeThatIsEnteredDuringARotationIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	u := usertest.Resident()
	require.NoError(t, peopleOf(openAt(t, url)).Do(t.Context(), enter(u)))
	first, second := race(t, url,
		func(ctx context.Context, s people) error {
			_, err := s.Codes.Rotate(ctx, usertest.StandingCode(u))
			return err
		},
		func(ctx context.Context, s people) error { return s.Codes.Add(ctx, usertest.StandingCode(u)) }, nil)
	require.NoError(t, first)
	require.ErrorIs(t, second, user.ErrCodeStanding)
}

func TestAOneTimeCodeIsNotRotatedTo(t *testing.T) {
	t.Parallel()
	db, u := open(t), usertest.Resident()
	err := peopleOf(db).Do(t.Context(), func(ctx context.Context, s people) error {
		require.NoError(t, s.Directory.Add(ctx, u))
		_, err := s.Codes.Rotate(ctx, usertest.PresentedCode(u))
		return err
	})
	require.Error(t, err)
	_, err = db.Roster().ByID(t.Context(), u.ID)
	require.ErrorIs(t, err, user.ErrUnknown)
}

func TestAWholeBatchOfPeopleIsRegisteredInOneUnit(t *testing.T) {
	t.Parallel()
	db := open(t)
	shop := usertest.Merchant()
	users := append([]user.User{usertest.Clerk(shop), shop}, lo.Times(498, func(int) user.User { return usertest.Resident() })...)
	require.NoError(t, peopleOf(db).Do(t.Context(), func(ctx context.Context, s people) error {
		require.NoError(t, s.Directory.Add(ctx, users...))
		require.NoError(t, s.Credentials.Set(ctx, lo.Map(users, func(u user.User, _ int) access.Credential {
			return access.Credential{User: u.ID, Hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$a2V5", SetAt: usertest.Now}
		})...))
		for _, u := range users {
			if u.Role.OwnsWallet() {
				require.NoError(t, s.Wallets.Open(ctx, u.Wallet, u.ID, u.Role, u.Profile.Category, usertest.Now))
			}
		}
		return s.Codes.Add(ctx, lo.Map(users, func(u user.User, _ int) user.Code { return usertest.StandingCode(u) })...)
	}))
	found, err := db.Roster().ByEmails(t.Context(), lo.Map(users, func(u user.User, _ int) user.Email { return u.Email }))
	require.NoError(t, err)
	require.Len(t, found, len(users))
	for _, u := range users {
		require.True(t, u == found[u.Email], "%s", u)
		code, err := db.CodeReader().Standing(t.Context(), u.ID)
		require.NoError(t, err)
		require.Equal(t, u.ID, code.Owner)
	}
	recipients, err := db.Roster().Matching(t.Context(), user.Filter{}, user.ID{}, user.RecipientsMax)
	require.NoError(t, err)
	require.Len(t, recipients, 499)
}

func TestASearchFindsWhatTheFilterMatches(t *testing.T) {
	t.Parallel()
	db := open(t)
	shop := usertest.Merchant()
	users := []user.User{shop, usertest.Clerk(shop), usertest.Administrator()}
	for i, name := range []string{"髙橋 花子", "齋藤 一", `100% \_ '; DROP TABLE users; --`, "?0 ? ?users", "O’Neill"} {
		users = append(users, usertest.Resident(func(u *user.User) {
			u.Profile.Name, u.Profile.Birth = name, calendar.On(1930+20*i, 4, 1)
			u.Profile.PostalCode = fmt.Sprintf("79%d0041", i)
			if i == 4 {
				u.DeletedAt = usertest.Now
			}
		}))
	}
	require.NoError(t, peopleOf(db).Do(t.Context(), enter(users...)))
	filters := []user.Filter{
		{},
		{Text: "高橋"},
		{Text: "斉藤"},
		{Text: "%"},
		{Text: `\`},
		{Text: "'"},
		{Text: "?"},
		{Text: "?0"},
		{Text: "’"},
		{Text: "\x00\xff"},
		{Text: "--"},
		{Text: "\n"},
		{Text: "子\nサ"},
		{Text: "090-0000"},
		{Role: 9},
		{PostalCode: "79"},
		{PostalCode: "7930"},
		{ByBirth: true, BornFrom: calendar.On(1950, 4, 1), BornUntil: calendar.On(1970, 4, 1)},
		{ByBirth: true, BornFrom: calendar.On(1950, 4, 2), BornUntil: calendar.Never},
		{ByBirth: true, BornUntil: calendar.On(1950, 4, 1)},
		{ByBirth: true, BornFrom: -1 << 31, BornUntil: 1<<31 - 1},
		{ByBirth: true, BornFrom: 1},
		{ByBirth: true},
		{Role: user.Resident, Text: "@example.jp", PostalCode: "792", ByBirth: true, BornUntil: calendar.Never},
	}
	for role := user.Resident; role <= user.Administrator; role++ {
		filters = append(filters, user.Filter{Role: role})
	}
	for _, filter := range filters {
		want := lo.FilterMap(users, func(u user.User, _ int) (user.ID, bool) { return u.ID, filter.Matches(u) })
		slices.SortFunc(want, func(a, b user.ID) int { return slices.Compare(a[:], b[:]) })
		found, err := db.Roster().Search(t.Context(), filter, "", page.LimitMax)
		require.NoError(t, err, "%+v", filter)
		require.Equal(t, want, lo.Map(found.Rows, func(u user.User, _ int) user.ID { return u.ID }), "%+v", filter)
	}
}

func TestASearchByACodeThatIsSpentFindsNoOne(t *testing.T) {
	t.Parallel()
	db, u := open(t), usertest.Resident()
	fresh, spent := usertest.PresentedCode(u), usertest.PresentedCode(u)
	spent.UsedBy = ident.New[ledger.Entry](usertest.Now)
	require.NoError(t, peopleOf(db).Do(t.Context(), func(ctx context.Context, s people) error {
		require.NoError(t, s.Directory.Add(ctx, u))
		return s.Codes.Add(ctx, fresh, spent)
	}))
	for token, want := range map[user.Token]int{fresh.Token: 1, spent.Token: 0} {
		found, err := db.Roster().Search(t.Context(), user.Filter{Text: string(token)}, "", 10)
		require.NoError(t, err)
		require.Len(t, found.Rows, want)
	}
	kept, err := db.CodeReader().ByToken(t.Context(), spent.Token)
	require.NoError(t, err)
	require.True(t, spent == kept)
}

func TestTooManyAddressesAreNotLookedUp(t *testing.T) {
	t.Parallel()
	_, err := open(t).Roster().ByEmails(t.Context(), make([]user.Email, user.EmailsMax+1))
	require.Error(t, err)
}

func TestOfSeveralCredentialsOfOneUserTheLastCounts(t *testing.T) {
	t.Parallel()
	unit, u := peopleOf(open(t)), usertest.Resident()
	credential := func(key string) access.Credential {
		return access.Credential{User: u.ID, Hash: "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$" + key, SetAt: usertest.Now}
	}
	err := unit.Do(t.Context(), func(ctx context.Context, s people) error { return s.Credentials.Set(ctx, credential("Zmlyc3Q")) })
	requireConstraint(t, err, "credentials_user_fkey")
	require.NoError(t, unit.Do(t.Context(), func(ctx context.Context, s people) error {
		require.NoError(t, s.Directory.Add(ctx, u))
		return s.Credentials.Set(ctx, credential("Zmlyc3Q"), credential("c2Vjb25k"), credential("bGFzdA"))
	}))
	got, err := usecase.Do(t.Context(), unit, func(ctx context.Context, s people) (access.Credential, error) { return s.Credentials.Of(ctx, u.ID) })
	require.NoError(t, err)
	require.True(t, credential("bGFzdA") == got)
}

func TestAWalletIsOpenedOncePerOwnerAndClosesAndReopens(t *testing.T) {
	t.Parallel()
	unit, u := peopleOf(open(t)), usertest.Merchant()
	openWallet := func(wallet ledger.WalletID, owner user.ID) error {
		return unit.Do(t.Context(), func(ctx context.Context, s people) error {
			return s.Wallets.Open(ctx, wallet, owner, user.Merchant, "飲食", usertest.Now)
		})
	}
	require.NoError(t, openWallet(u.Wallet, u.ID))
	requireConstraint(t, openWallet(u.Wallet, usertest.Resident().ID), "wallets_pkey")
	requireConstraint(t, openWallet(usertest.Resident().Wallet, u.ID), "wallets_owner_key")

	for _, closed := range []bool{true, true, false} {
		wallet, err := usecase.Do(t.Context(), unit, func(ctx context.Context, s people) (*ledger.Wallet, error) {
			change := s.Wallets.Reopen
			if closed {
				change = s.Wallets.Close
			}
			if err := change(ctx, u.Wallet); err != nil {
				return nil, err
			}
			book, err := s.Ledger.Peek(ctx, usertest.Now, ledger.Want{Wallets: []ledger.WalletID{u.Wallet}})
			if err != nil {
				return nil, err
			}
			return book.Wallet(u.Wallet)
		})
		require.NoError(t, err)
		require.Equal(t, closed, wallet.Closed)
		require.Equal(t, u.ID, wallet.Owner)
		require.Equal(t, user.Merchant, wallet.Role)
		require.Zero(t, wallet.Balance)
	}
	for _, change := range []func(*postgres.Wallets, context.Context, ledger.WalletID) error{(*postgres.Wallets).Close, (*postgres.Wallets).Reopen} {
		err := unit.Do(t.Context(), func(ctx context.Context, s people) error { return change(s.Wallets, ctx, usertest.Resident().Wallet) })
		require.ErrorIs(t, err, ledger.ErrWalletUnknown)
	}
}

func requireConstraint(t *testing.T, err error, name string) {
	t.Helper()
	var violation *pgconn.PgError
	require.ErrorAs(t, err, &violation)
	require.Equal(t, name, violation.ConstraintName)
}
