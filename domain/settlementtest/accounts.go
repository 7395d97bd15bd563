package settlementtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
)

var accountContracts = []contract{
	{"an account reads back as entered and as decided", accountsReadBack},
	{"a merchant has one active account at most, and one that is proposed", accountsAreSingle},
	{"accounts are listed newest first, a page at a time, and narrowed", accountsAreListed},
}

var settingsContracts = []contract{
	{"the defaults are in force until something is decided", defaultsAreInForce},
	{"settings read back as decided, with every version kept", settingsReadBack},
	{"only the newest settings can be amended", staleSettings},
}

// account makes an account of a merchant.
func (w *town) account(merchant user.User, state settlement.AccountState) settlement.MerchantAccount {
	a := settlement.MerchantAccount{
		ID: ident.New[settlement.MerchantAccount](time.Now()), Merchant: merchant.Wallet, Sealed: []byte{1, 0, 254}, Bank: "0174", Branch: "540",
		Masked: "0174-540 普通 ****567", State: state, ProposedBy: merchant.ID, ProposedAt: Now, Version: 1,
	}
	if state != settlement.Proposed {
		a.DecidedBy, a.DecidedAt = w.mayor.ID, Now.Add(time.Hour)
	}
	return a
}

func (w *town) addAccount(a settlement.MerchantAccount) error {
	return w.Unit.Do(w.t.Context(), func(ctx context.Context, s Stores) error { return s.Claims.AddAccount(ctx, a) })
}

func (w *town) saveAccounts(accounts ...settlement.MerchantAccount) error {
	return w.Unit.Do(w.t.Context(), func(ctx context.Context, s Stores) error {
		for _, a := range accounts {
			if err := s.Claims.SaveAccount(ctx, a); err != nil {
				return err
			}
		}
		return nil
	})
}

func accountsReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	a := w.account(w.shop, settlement.Proposed)
	require.NoError(t, w.addAccount(a))
	got, err := w.Reader.Account(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, a, got)
	a.State, a.DecidedBy, a.DecidedAt, a.Reason = settlement.Declined, w.mayor.ID, Now.Add(time.Hour), "名義が違います"
	require.NoError(t, w.saveAccounts(a))
	require.ErrorIs(t, w.saveAccounts(a), settlement.ErrClaimChanged)
	a.Version = 2
	got, err = w.Reader.Account(t.Context(), a.ID)
	require.NoError(t, err)
	require.Equal(t, a, got)
	_, err = w.Reader.Account(t.Context(), ident.New[settlement.MerchantAccount](Now))
	require.ErrorIs(t, err, settlement.ErrAccountUnknown)
}

func accountsAreSingle(t *testing.T, b Bench) {
	w := found(t, b)
	active, proposed := w.account(w.shop, settlement.Active), w.account(w.shop, settlement.Proposed)
	require.NoError(t, w.addAccount(active))
	require.NoError(t, w.addAccount(proposed))
	require.NoError(t, w.addAccount(w.account(w.stall, settlement.Proposed)))
	require.ErrorContains(t, w.addAccount(w.account(w.shop, settlement.Active)), "bank_accounts_one_active")
	require.ErrorContains(t, w.addAccount(w.account(w.shop, settlement.Proposed)), "bank_accounts_one_proposed")
	own := proposed
	own.State, own.DecidedBy, own.DecidedAt = settlement.Declined, own.ProposedBy, Now
	require.ErrorContains(t, w.saveAccounts(own), "bank_accounts_two_people")

	active.State, proposed.State = settlement.Replaced, settlement.Active
	proposed.DecidedBy, proposed.DecidedAt = w.aide.ID, Now
	require.NoError(t, w.saveAccounts(active, proposed))
	w.do(func(ctx context.Context, s Stores) error {
		accounts, err := s.Claims.LockAccounts(ctx, w.shop.Wallet)
		require.NoError(t, err)
		require.Len(t, accounts, 2)
		require.True(t, slices.IsSortedFunc(accounts, func(a, b settlement.MerchantAccount) int { return slices.Compare(b.ID[:], a.ID[:]) }), "newest first")
		found, err := s.Claims.ActiveAccounts(ctx, []ledger.WalletID{w.shop.Wallet, w.stall.Wallet})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, proposed.ID, found[w.shop.Wallet].ID)
		return nil
	})
}

func accountsAreListed(t *testing.T, b Bench) {
	w := found(t, b)
	var all []settlement.MerchantAccount
	for n, state := range []settlement.AccountState{settlement.Declined, settlement.Replaced, settlement.Active, settlement.Proposed, settlement.Active} {
		a := w.account([]user.User{w.shop, w.stall}[n/4], state)
		require.NoError(t, w.addAccount(a))
		all = append(all, a)
	}
	slices.SortFunc(all, func(a, b settlement.MerchantAccount) int { return slices.Compare(b.ID[:], a.ID[:]) })
	for _, query := range []settlement.AccountQuery{
		{}, {Merchant: w.shop.Wallet}, {State: settlement.Active}, {State: settlement.Active, Merchant: w.stall.Wallet},
	} {
		want := slices.DeleteFunc(slices.Clone(all), func(a settlement.MerchantAccount) bool {
			return !query.Merchant.IsZero() && a.Merchant != query.Merchant || query.State != 0 && a.State != query.State
		})
		require.Equal(t, want, pages(t, func(after string) (page.Of[settlement.MerchantAccount], error) {
			query.After, query.Limit = after, 2
			return w.Reader.Accounts(t.Context(), query)
		}))
	}
	_, err := w.Reader.Accounts(t.Context(), settlement.AccountQuery{After: "nonsense", Limit: 2})
	require.ErrorIs(t, err, page.ErrCursor)
}

// decided are settings of which nothing is as by default.
func decided() settlement.Settings {
	s := settlement.DefaultSettings()
	s.Cycle, s.AutoClose, s.Bearer, s.OffsetTills, s.BankDays = settlement.HalfMonthly, false, settlement.MerchantBears, true, 3
	s.Fees = []settlement.Fee{{SameBank: true, From: 0, Fee: 0}, {From: 30_000, Fee: 660}}
	s.ExtraHolidays = []calendar.Day{today + 30, today + 31}
	s.Profile = bank.Profile{
		Wo: true, NameSymbols: "()-", ReferenceSymbol: `\/`, CRLF: false, ClearingBlank: true, TransferClass: " ", EDI: false, BankNames: false,
		RecordsMax: 500, DaysAheadMax: 14, BusinessDaysMin: 2,
	}
	s.Originator = bank.Originator{
		Code: "0123456789", Name: "ｻｲｼﾞﾖｳｼ", BankName: "ｲﾖ", BranchName: "ｻｲｼﾞﾖｳ",
		Account: bank.Account{Bank: "0174", Branch: "540", Type: bank.Ordinary, Number: "1234567", Holder: "ｻｲｼﾞﾖｳｼ"},
	}
	return s
}

func (w *town) amend(s settlement.Settings, reason string) error {
	return w.Unit.Do(w.t.Context(), func(ctx context.Context, st Stores) error { return st.Decisions.Amend(ctx, s, w.mayor.ID, Now, reason) })
}

// inForce reads the settings inside and outside of a unit.
func (w *town) inForce() (settings settlement.Settings) {
	w.t.Helper()
	w.do(func(ctx context.Context, s Stores) (err error) {
		settings, err = s.Decisions.Settings(ctx)
		return err
	})
	read, err := w.Reader.Settings(w.t.Context())
	require.NoError(w.t, err)
	require.Equal(w.t, settings, read)
	return settings
}

func defaultsAreInForce(t *testing.T, b Bench) {
	w := found(t, b)
	require.Equal(t, settlement.DefaultSettings(), w.inForce())
	versions, err := w.Reader.SettingsVersions(t.Context())
	require.NoError(t, err)
	require.Empty(t, versions)
}

func settingsReadBack(t *testing.T, b Bench) {
	w := found(t, b)
	first := decided()
	require.NoError(t, w.amend(first, "銀行と合意"))
	first.Version = 1
	require.Equal(t, first, w.inForce())
	second := settlement.DefaultSettings()
	second.Version = 1
	require.NoError(t, w.amend(second, "元に戻す"))
	second.Version = 2
	require.Equal(t, second, w.inForce())
	versions, err := w.Reader.SettingsVersions(t.Context())
	require.NoError(t, err)
	require.Equal(t, []settlement.SettingsVersion{
		{Settings: second, By: w.mayor.ID, At: Now, Reason: "元に戻す"}, {Settings: first, By: w.mayor.ID, At: Now, Reason: "銀行と合意"},
	}, versions)
}

func staleSettings(t *testing.T, b Bench) {
	w := found(t, b)
	require.NoError(t, w.amend(decided(), "一"))
	require.ErrorIs(t, w.amend(decided(), "二"), settlement.ErrSettingsChanged)
	ahead := decided()
	ahead.Version = 2
	require.ErrorIs(t, w.amend(ahead, "三"), settlement.ErrSettingsChanged)
	require.EqualValues(t, 1, w.inForce().Version)
}
