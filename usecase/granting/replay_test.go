package granting_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/granting"
)

// emptied is a roster that everybody has left.
type emptied struct{ user.Roster }

func (emptied) ByID(context.Context, user.ID) (user.User, error) {
	return user.User{}, user.ErrUnknown
}

func (emptied) ByEmails(context.Context, []user.Email) (map[user.Email]user.User, error) {
	return nil, nil
}

func TestAGrantThatWasMadeIsReplayedThoughItsRecipientIsGone(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	byID, byEmail := s.grant(resident, 100), s.grant(resident, 200)
	byEmail.User, byEmail.Email = user.ID{}, resident.Email
	later := granting.New(citytest.Narrow(s.City, func(s citytest.Stores) granting.Stores {
		return granting.Stores{Ledger: s.Ledger, Treasury: s.Treasury, Batches: s.Batches, Campaigns: s.Campaigns, Trail: s.Trail, Outbox: s.Outbox}
	}), emptied{s.Roster}, s.Statements, s.Clock)
	for _, cmd := range []granting.Command{byID, byEmail} {
		first, err := s.granting.Do(t.Context(), s.Official, cmd)
		require.NoError(t, err)
		again, err := later.Do(t.Context(), s.Official, cmd)
		require.NoError(t, err, "whoever is told that it failed grants again to somebody's new account")
		first.Replayed = true
		require.Equal(t, first, again)

		cmd.Key = s.Key()
		_, err = later.Do(t.Context(), s.Official, cmd)
		require.ErrorIs(t, err, user.ErrUnknown)
	}
}

func TestABatchThatWasMadeIsReplayedThoughItCouldNotBeMadeAnyMore(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 3)
	listed := s.batch(list(people, 100))
	found := s.batch(nil)
	found.Search, found.Amount = &user.Filter{}, 100
	var made []granting.BatchResult
	for _, cmd := range []granting.BatchCommand{listed, found} {
		first, err := s.bulk.Create(t.Context(), s.Official, cmd)
		require.NoError(t, err)
		made = append(made, first)
	}
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		rules, err := st.Rulebook.Current(ctx)
		if err != nil {
			return err
		}
		rules.BatchRowsMax = 2
		_, err = st.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: s.Clock()})
		return err
	})
	for i, cmd := range []granting.BatchCommand{listed, found} {
		again, err := s.bulk.Create(t.Context(), s.Official, cmd)
		require.NoError(t, err, "whoever is told that it is too long makes two shorter ones")
		require.True(t, again.Replayed)
		require.Equal(t, made[i].ID, again.ID)

		cmd.Key = s.Key()
		_, err = s.bulk.Create(t.Context(), s.Official, cmd)
		require.ErrorIs(t, err, fund.ErrBatchTooLong)
	}
}
