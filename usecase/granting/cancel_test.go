package granting_test

import (
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase/auditing"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/granting"
)

// barred is a ledger that grants so many chunks and then can write no more grants.
type barred struct {
	ledger.Ledger
	chunks *int
}

var errBarred = errors.New("the books of a wallet disagree")

func (b barred) Append(ctx context.Context, book *ledger.Book) error {
	for _, e := range book.Written().Entries {
		if e.Type != ledger.Grant {
			continue
		}
		if *b.chunks--; *b.chunks < 0 {
			return errBarred
		}
		break
	}
	return b.Ledger.Append(ctx, book)
}

func TestABatchThatAlwaysFailsCanBeEndedEarly(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 1_700)
	rows := append(list(people, 100), granting.ListRow{Email: "nobody@example.jp", Amount: "1"})
	cmd := s.batch(rows)
	made, err := s.bulk.Create(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	chunks := 1
	failing := granting.NewBulk(citytest.Narrow(s.City, func(st citytest.Stores) granting.Stores {
		return granting.Stores{Ledger: barred{st.Ledger, &chunks}, Treasury: st.Treasury, Batches: st.Batches, Campaigns: st.Campaigns, Trail: st.Trail, Outbox: st.Outbox}
	}), s.Roster, s.Rules, s.Batches, s.Clock)
	require.ErrorIs(t, failing.Resume(t.Context()), errBarred)
	require.EqualValues(t, 120_000, s.Position(t, citytest.Fund).Reserved)

	ended, err := failing.Cancel(t.Context(), s.Official, made.ID, "台帳の不一致")
	require.NoError(t, err)
	require.Equal(t, fund.BatchProgress{Batch: made.ID, Done: 1_701, Rows: 1_701, Refused: 1_201, Granted: 50_000, Ended: true}, ended.Progress())
	require.Equal(t, s.Clock(), ended.EndedAt)
	read, err := s.bulk.Batch(t.Context(), s.Official, made.ID)
	require.NoError(t, err)
	require.Equal(t, ended, read)
	p := s.Position(t, citytest.Fund)
	require.Zero(t, p.Reserved)
	require.EqualValues(t, 50_000, p.Wallets, "what was granted stays granted")
	require.EqualValues(t, 950_000, p.Unissued)
	refused, err := s.bulk.Refusals(t.Context(), s.Official, made.ID, 0)
	require.NoError(t, err)
	require.Equal(t, fund.ErrBatchCancelled.Code, refused[0].Fault)
	require.Equal(t, 501, refused[0].No)
	require.Equal(t, []int{501, 1_701}, s.progress(made.ID))

	require.NoError(t, s.bulk.Resume(t.Context()))
	require.Equal(t, ended, s.run(t, made.ID), "a worker that comes late finds it ended")
	again, err := s.bulk.Create(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Len(t, again.RefusedRows, 1, "of the rows that were refused at once")
	require.EqualValues(t, 950_000, s.Position(t, citytest.Fund).Unissued)
	require.Contains(t, s.Outcomes(t), granting.ActCancelBatch+" "+auditing.Done)
}

func TestABatchIsCancelledOnceAndByOfficialsOnly(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 2)
	made, err := s.bulk.Create(t.Context(), s.Official, s.batch(list(people, 100)))
	require.NoError(t, err)
	_, err = s.bulk.Cancel(t.Context(), citytest.Actor(people[0]), made.ID, "")
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.bulk.Cancel(t.Context(), s.Official, made.ID, string(make([]rune, auditing.ReasonRunesMax+1)))
	require.ErrorIs(t, err, auditing.ErrReason)
	_, err = s.bulk.Cancel(t.Context(), s.Official, ledger.BatchID{15: 9}, "")
	require.ErrorIs(t, err, fund.ErrBatchUnknown)
	require.EqualValues(t, 200, s.Position(t, citytest.Fund).Reserved)
	_, err = s.bulk.Cancel(t.Context(), s.Official, made.ID, "")
	require.NoError(t, err)
	_, err = s.bulk.Cancel(t.Context(), s.Official, made.ID, "")
	require.ErrorIs(t, err, fund.ErrBatchEnded)
	require.Zero(t, s.Position(t, citytest.Fund).Reserved)
	require.Equal(t, citytest.FundCash, s.Position(t, citytest.Fund).Unissued)
}
