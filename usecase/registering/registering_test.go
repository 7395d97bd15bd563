package registering_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase/registering"
)

// books is a unit of work over all that registering writes.
type books struct {
	*accesstest.Memory
	wallets map[access.WalletID]user.ID
	acts    []audit.Act
	broken  error // what the trail answers
}

func (b *books) Do(ctx context.Context, work func(context.Context, registering.Stores) error) error {
	end := b.Begin()
	committed, wallets, acts := false, maps.Clone(b.wallets), slices.Clone(b.acts)
	defer func() {
		if !committed {
			b.wallets, b.acts = wallets, acts
		}
		end(committed)
	}()
	stores := b.Users.Stores()
	err := work(ctx, registering.Stores{
		Directory: stores.Directory, Codes: stores.Codes, Credentials: b.Memory, Wallets: b, Trail: b,
	})
	committed = err == nil
	return err
}

func (b *books) Open(_ context.Context, wallet access.WalletID, owner user.ID, _ user.Role, _ string, _ time.Time) error {
	b.wallets[wallet] = owner
	return nil
}

func (b *books) Record(_ context.Context, act audit.Act) error {
	b.acts = append(b.acts, act)
	return b.broken
}

type plainHasher struct{}

func (plainHasher) Hash(_ context.Context, p access.Password) (string, error) {
	return "hash of " + string(p), nil
}

func (plainHasher) Verify(_ context.Context, p access.Password, hash string) (bool, error) {
	return hash == "hash of "+string(p), nil
}

type scene struct {
	*books
	usertest.Bench
	desk     *registering.Desk
	official access.Actor
}

func setScene() *scene {
	users := usertest.NewMemory()
	s := &scene{
		books: &books{Memory: accesstest.NewMemory(users), wallets: map[access.WalletID]user.ID{}}, Bench: users.Bench(),
		official: access.Actor{User: usertest.Administrator().ID, Role: user.Administrator},
	}
	s.desk = registering.NewDesk(s.books, s.Roster, plainHasher{}, func() time.Time { return usertest.Now })
	return s
}

func registration(u user.User) registering.Registration {
	return registering.Registration{
		Role: u.Role, Email: string(u.Email), Profile: u.Profile, Employer: u.Employer, Password: "correct horse battery",
	}
}

func (s *scene) register(t *testing.T, u user.User) registering.Registered {
	t.Helper()
	registered, err := s.desk.Register(t.Context(), s.official, registration(u))
	require.NoError(t, err)
	return registered
}

func actorOf(r registering.Registered) access.Actor {
	return access.Actor{User: r.User.ID, Role: r.User.Role, Wallet: r.User.Wallet}
}

func TestARegisteredUserHasAPasswordAWalletAndACode(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop := usertest.Merchant()
	limited := registration(shop)
	limited.Email, limited.CodeLimit = " "+string(shop.Email)+" ", 30_000
	got, err := s.desk.Register(t.Context(), s.official, limited)
	require.NoError(t, err)
	require.Equal(t, shop.Email, got.User.Email)
	require.Equal(t, got.User.ID, s.wallets[got.User.Wallet])
	credential, err := s.Of(t.Context(), got.User.ID)
	require.NoError(t, err)
	require.Equal(t, "hash of correct horse battery", credential.Hash)
	code, err := s.Codes.Standing(t.Context(), got.User.ID)
	require.NoError(t, err)
	require.Equal(t, got.Code, code)
	require.Equal(t, got.User.Wallet, code.Wallet)
	require.EqualValues(t, 30_000, code.AmountMax)
	require.NoError(t, code.Usable(usertest.Now))
	require.Len(t, s.acts, 1)
	require.Equal(t, got.User.ID.String(), s.acts[0].Target)
	require.Equal(t, s.official, s.acts[0].Actor)
}

func TestAClerkActsOnTheWalletOfTheMerchant(t *testing.T) {
	t.Parallel()
	s := setScene()
	shop := s.register(t, usertest.Merchant())
	clerk := s.register(t, usertest.Clerk(shop.User))
	require.Equal(t, shop.User.Wallet, clerk.User.Wallet)
	require.Len(t, s.wallets, 1, "a clerk has no wallet")
	require.True(t, clerk.Code.Wallet.IsZero(), "a clerk's code only tells who they are")

	for _, employer := range []user.ID{usertest.Merchant().ID, clerk.User.ID} {
		_, err := s.desk.Register(t.Context(), s.official, registration(usertest.Clerk(user.User{ID: employer})))
		require.ErrorIs(t, err, user.ErrEmployer)
	}
}

func TestAnAdministratorHasACodeButNoWallet(t *testing.T) {
	t.Parallel()
	s := setScene()
	official := s.register(t, usertest.Administrator())
	require.True(t, official.User.Wallet.IsZero())
	require.Empty(t, s.wallets)
	require.NoError(t, official.Code.Usable(usertest.Now))
}

func TestOnlyAdministratorsRegister(t *testing.T) {
	t.Parallel()
	s := setScene()
	for role, want := range map[user.Role]error{
		user.Resident: access.ErrNotAllowed, user.Merchant: access.ErrNotAllowed, user.Clerk: access.ErrNotAllowed,
	} {
		actor := access.Actor{User: s.official.User, Role: role}
		_, err := s.desk.Register(t.Context(), actor, registration(usertest.Resident()))
		require.ErrorIs(t, err, want)
	}
	_, err := s.desk.RegisterAll(t.Context(), access.Actor{}, []registering.Registration{registration(usertest.Resident())})
	require.ErrorIs(t, err, access.ErrNotSignedIn)
}

func TestEveryRowAndFieldAtFaultIsNamedAndNothingIsEntered(t *testing.T) {
	t.Parallel()
	s := setScene()
	known := s.register(t, usertest.Resident())
	good, twin := registration(usertest.Resident()), registration(usertest.Resident())
	twin.Email = good.Email
	weak := registration(usertest.Resident(func(u *user.User) { u.Profile.Phone = "12" }))
	weak.Password, weak.CodeLimit = "short", 10
	taken := registration(usertest.Resident(func(u *user.User) { u.Email = known.User.Email }))
	_, err := s.desk.RegisterAll(t.Context(), s.official, []registering.Registration{good, twin, weak, taken})
	require.ErrorIs(t, err, user.ErrInvalid)
	f, _ := fault.Of(err)
	require.Equal(t, []string{
		"rows[1].email", "rows[2].profile.phone", "rows[2].password", "rows[2].codeLimit", "rows[3].email",
	}, lo.Map(f.Fields, func(field fault.Field, _ int) string { return field.Path }))
	require.Len(t, s.wallets, 1)

	_, err = s.desk.Register(t.Context(), s.official, taken)
	require.ErrorIs(t, err, user.ErrEmailTaken)
	f, _ = fault.Of(err)
	require.Equal(t, fault.Conflict, f.Kind)
	require.Equal(t, "email", f.Fields[0].Path)
}

func TestABatchIsEnteredWithHashesMadeBefore(t *testing.T) {
	t.Parallel()
	s := setScene()
	rows := lo.Times(registering.BatchMax, func(int) registering.Registration {
		r := registration(usertest.Resident())
		r.Password, r.PasswordHash = "", "a hash made before"
		return r
	})
	registered, err := s.desk.RegisterAll(t.Context(), s.official, rows)
	require.NoError(t, err)
	require.Len(t, registered, registering.BatchMax)
	require.Len(t, s.wallets, registering.BatchMax)
	require.Len(t, s.acts, registering.BatchMax)
	credential, err := s.Of(t.Context(), registered[499].User.ID)
	require.NoError(t, err)
	require.Equal(t, "a hash made before", credential.Hash)
	for _, wrong := range [][]registering.Registration{nil, append(rows, rows[0])} {
		_, err = s.desk.RegisterAll(t.Context(), s.official, wrong)
		require.ErrorIs(t, err, registering.ErrBatch)
	}
}

func TestARegistrationThatCannotBeRecordedDoesNotHappen(t *testing.T) {
	t.Parallel()
	s := setScene()
	s.broken = errors.New("disk full")
	u := usertest.Resident()
	_, err := s.desk.Register(t.Context(), s.official, registration(u))
	require.ErrorIs(t, err, s.broken)
	found, err := s.Roster.ByEmails(t.Context(), []user.Email{u.Email})
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, s.wallets)
}

func TestARegistrationIsNotPrinted(t *testing.T) {
	t.Parallel()
	r := registration(usertest.Resident(func(u *user.User) { u.Profile.Birth = calendar.On(1950, 1, 1) }))
	require.Equal(t, "[registration]", fmt.Sprintf("%+v", r))
}
