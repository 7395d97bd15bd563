package settling_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/settling"
)

func TestSettingsAreAmendedByVersionAndKeepTheNumberThatNobodySees(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	was, err := s.decisions.Settings(t.Context(), s.Official)
	require.NoError(t, err)
	require.EqualValues(t, 1, was.Version)
	next := was
	next.BankDays, next.Originator.Account.Number = 3, ""
	is, err := s.decisions.Amend(t.Context(), s.second, next, "短縮")
	require.NoError(t, err)
	require.Equal(t, "1234567", is.Originator.Account.Number)
	stored, err := s.decisions.Settings(t.Context(), s.Official)
	require.NoError(t, err)
	require.Equal(t, is, stored)
	_, err = s.decisions.Amend(t.Context(), s.Official, next, "遅い")
	require.ErrorIs(t, err, settlement.ErrSettingsChanged)
	versions, err := s.decisions.Versions(t.Context(), s.Official)
	require.NoError(t, err)
	require.Equal(t, []any{"短縮", s.second.User, "開始", s.Official.User}, []any{versions[0].Reason, versions[0].By, versions[1].Reason, versions[1].By})

	next = is
	next.Originator.Account.Number = "7654321"
	_, err = s.decisions.Amend(t.Context(), s.Official, next, "口座の変更")
	require.NoError(t, err)
	acts := fmt.Sprint(s.acts(t, settling.ActAmendSettings))
	require.Contains(t, acts, "originator_number:changed")
	require.NotContains(t, acts, "7654321")
	require.NotContains(t, acts, "1234567")
}

func TestSettingsThatNoBankCanMeanAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	was, err := s.decisions.Settings(t.Context(), s.Official)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		change func(*settlement.Settings)
		want   error
	}{
		"a bank that nobody knows":   {func(s *settlement.Settings) { s.Originator.Account.Bank = "9998" }, bank.ErrBankUnknown},
		"a branch that nobody knows": {func(s *settlement.Settings) { s.Originator.Account.Branch = "777" }, bank.ErrBranchUnknown},
		"six digits":                 {func(s *settlement.Settings) { s.Originator.Account.Number = "123456" }, settlement.ErrOriginator},
		"no cycle":                   {func(s *settlement.Settings) { s.Cycle = 0 }, settlement.ErrSettings},
		"a class that no bank has":   {func(s *settlement.Settings) { s.Profile.TransferClass = "9" }, bank.ErrProfile},
	} {
		next := was
		c.change(&next)
		_, err := s.decisions.Amend(t.Context(), s.Official, next, "変更")
		require.ErrorIs(t, err, c.want, name)
	}
	_, err = s.decisions.Amend(t.Context(), s.Official, was, " 　")
	require.ErrorIs(t, err, settling.ErrReason)
	_, err = s.decisions.Amend(t.Context(), citytest.Actor(s.shop), was, "変更")
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.decisions.Settings(t.Context(), citytest.Actor(s.shop))
	require.ErrorIs(t, err, access.ErrNotAllowed)
}
