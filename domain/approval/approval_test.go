package approval_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/approval"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
)

var now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

func request() approval.Request {
	return approval.Request{State: approval.Waiting, RequestedBy: ident.New[user.User](now), RequestedAt: now, ExpiresAt: now.Add(approval.Lifetime)}
}

// Clause 4.6.1 and annex 1: two people, and one decision.
func TestARequestIsDecidedOnceByAnotherPerson(t *testing.T) {
	t.Parallel()
	other := ident.New[user.User](now)
	for name, c := range map[string]struct {
		by      func(approval.Request) user.ID
		state   approval.State
		at      time.Time
		refusal error
	}{
		"another approves":         {func(approval.Request) user.ID { return other }, approval.Approved, now, nil},
		"another refuses":          {func(approval.Request) user.ID { return other }, approval.Refused, now, nil},
		"who asked withdraws":      {func(r approval.Request) user.ID { return r.RequestedBy }, approval.Withdrawn, now, nil},
		"who asked approves":       {func(r approval.Request) user.ID { return r.RequestedBy }, approval.Approved, now, approval.ErrSamePerson},
		"who asked refuses":        {func(r approval.Request) user.ID { return r.RequestedBy }, approval.Refused, now, approval.ErrSamePerson},
		"another withdraws":        {func(approval.Request) user.ID { return other }, approval.Withdrawn, now, approval.ErrNotOwn},
		"in the last moment":       {func(approval.Request) user.ID { return other }, approval.Approved, now.Add(approval.Lifetime - 1), nil},
		"after its time":           {func(approval.Request) user.ID { return other }, approval.Approved, now.Add(approval.Lifetime), approval.ErrExpired},
		"withdrawn after its time": {func(r approval.Request) user.ID { return r.RequestedBy }, approval.Withdrawn, now.Add(approval.Lifetime), approval.ErrExpired},
		"nobody withdraws":         {func(approval.Request) user.ID { return user.ID{} }, approval.Withdrawn, now, approval.ErrNotOwn},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := request()
			before := r
			err := r.Decide(c.by(r), c.state, "確認", c.at)
			if c.refusal != nil {
				require.ErrorIs(t, err, c.refusal)
				require.Equal(t, before, r, "nothing was decided")
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.state, r.State)
			require.Equal(t, []any{c.by(r), c.at, "確認"}, []any{r.DecidedBy, r.DecidedAt, r.Note})
			require.ErrorIs(t, r.Decide(other, approval.Refused, "", c.at), approval.ErrDecided)
		})
	}
}

func TestStatesReadBackByTheirNames(t *testing.T) {
	t.Parallel()
	for state := approval.Waiting; state <= approval.Expired; state++ {
		parsed, ok := approval.ParseState(state.String())
		require.True(t, ok)
		require.Equal(t, state, parsed)
	}
	for _, name := range []string{"", "unknown", "WAITING"} {
		_, ok := approval.ParseState(name)
		require.False(t, ok)
	}
	require.Equal(t, "unknown", approval.State(0).String())
	require.Equal(t, "unknown", approval.State(99).String())
}
