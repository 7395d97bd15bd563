package fundtest

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Batch makes a batch of good rows over 100 points each and, as its last, a row that was refused at once.
func Batch(code fund.Code, good int) (fund.Batch, []fund.Row) {
	b := fund.Batch{
		ID: ledger.BatchID(ident.New[fund.Batch](time.Now())), Fund: code, Kind: kind.Code, Expires: calendar.On(2027, 3, 31), Memo: "子育て応援",
		State: fund.Running, Rows: good + 1, Done: 1, Refused: 1, CreatedBy: ident.New[user.User](Now), CreatedAt: Now,
	}
	rows := make([]fund.Row, good+1)
	for i := range good {
		rows[i] = fund.Row{No: i + 1, Wallet: user.WalletID(ident.New[fund.Row](Now)), Amount: 100, Source: fmt.Sprintf("r%d@example.jp,100", i), State: fund.Waiting}
		b.Total += 100
	}
	rows[good] = fund.Row{No: good + 1, Source: "だれか,100", State: fund.Refused, Fault: user.ErrEmail.Code}
	return b, rows
}

// Batches holds an adapter to the contracts of fund.Batches and fund.BatchReader.
func Batches(t *testing.T, open Open) {
	t.Run("a batch reads back as entered", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		want, rows := addBatch(t, b, 3)
		same(t, want, read(t, b, want.ID))
		locked, waiting := lockWaiting(t, b, want.ID, 10)
		same(t, want, locked)
		require.Equal(t, rows[:3], waiting)
		refused, err := b.Batches.Refusals(t.Context(), want.ID, 0, 10)
		require.NoError(t, err)
		require.Equal(t, rows[3:], refused)
		running, err := b.Batches.RunningBatches(t.Context())
		require.NoError(t, err)
		require.Contains(t, running, want.ID)
	})

	t.Run("an unknown batch is not found", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		stranger, _ := Batch("nobody", 1)
		_, err := b.Batches.Batch(t.Context(), stranger.ID)
		require.ErrorIs(t, err, fund.ErrBatchUnknown)
		_, err = usecase.Do(t.Context(), b.Unit, func(ctx context.Context, s Stores) (fund.Batch, error) {
			return s.Batches.Lock(ctx, stranger.ID)
		})
		require.ErrorIs(t, err, fund.ErrBatchUnknown)
		refused, err := b.Batches.Refusals(t.Context(), stranger.ID, 0, 10)
		require.NoError(t, err)
		require.Empty(t, refused)
	})

	t.Run("settled rows wait no more and refused ones are listed", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		batch, _ := addBatch(t, b, 4)
		_, waiting := lockWaiting(t, b, batch.ID, 2)
		require.Equal(t, []int{1, 2}, numbers(waiting))
		entry := ident.New[ledger.Entry](Now)
		batch.Grant(&waiting[0], entry)
		batch.Refuse(&waiting[1], ledger.ErrWalletClosed)
		settle(t, b, batch, waiting)

		same(t, batch, read(t, b, batch.ID))
		_, rest := lockWaiting(t, b, batch.ID, 10)
		require.Equal(t, []int{3, 4}, numbers(rest))
		refused, err := b.Batches.Refusals(t.Context(), batch.ID, 0, 10)
		require.NoError(t, err)
		require.Equal(t, []int{2, 5}, numbers(refused))
		require.Equal(t, ledger.ErrWalletClosed.Code, refused[0].Fault)
		behind, err := b.Batches.Refusals(t.Context(), batch.ID, 2, 1)
		require.NoError(t, err)
		require.Equal(t, []int{5}, numbers(behind))
	})

	t.Run("an ended batch runs no more", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		batch, _ := addBatch(t, b, 1)
		batch.End(Now.Add(time.Minute))
		settle(t, b, batch, nil)
		same(t, batch, read(t, b, batch.ID))
		running, err := b.Batches.RunningBatches(t.Context())
		require.NoError(t, err)
		require.NotContains(t, running, batch.ID)
	})

	t.Run("batches are listed newest first, a page at a time", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		var mine []ledger.BatchID
		for i := range 3 {
			batch, _ := addBatch(t, b, 1, func(b *fund.Batch) { b.CreatedAt = Now.Add(time.Duration(i) * time.Second) })
			mine = append(mine, batch.ID)
		}
		slices.Reverse(mine)
		var listed []ledger.BatchID
		for after := ""; ; {
			found, err := b.Batches.Batches(t.Context(), after, 2)
			require.NoError(t, err)
			require.LessOrEqual(t, len(found.Rows), 2)
			for _, batch := range found.Rows {
				if slices.Contains(mine, batch.ID) {
					listed = append(listed, batch.ID)
				}
			}
			if after = found.Next; after == "" {
				break
			}
		}
		require.Equal(t, mine, listed)
		_, err := b.Batches.Batches(t.Context(), "nonsense", 2)
		require.ErrorIs(t, err, page.ErrCursor)
	})

	t.Run("whoever locks a batch has it alone", func(t *testing.T) {
		t.Parallel()
		b := open(t)
		batch, _ := addBatch(t, b, 40)
		var all sync.WaitGroup
		errs := make([]error, 4)
		for i := range errs {
			all.Go(func() {
				for range 10 {
					errs[i] = b.Unit.Do(t.Context(), func(ctx context.Context, s Stores) error {
						locked, err := s.Batches.Lock(ctx, batch.ID)
						if err != nil {
							return err
						}
						rows, err := s.Batches.Waiting(ctx, batch.ID, 1)
						if err != nil || len(rows) == 0 {
							return err
						}
						locked.Grant(&rows[0], ident.New[ledger.Entry](Now))
						return s.Batches.Settle(ctx, locked, rows)
					})
				}
			})
		}
		all.Wait()
		for _, err := range errs {
			require.NoError(t, err)
		}
		done := read(t, b, batch.ID)
		require.Equal(t, done.Rows, done.Done)
		require.Equal(t, done.Total, done.Granted)
	})
}

func addBatch(t *testing.T, b Bench, good int, changes ...func(*fund.Batch)) (fund.Batch, []fund.Row) {
	t.Helper()
	f := add(t, b, Fund())
	batch, rows := Batch(f.Code, good)
	for _, change := range changes {
		change(&batch)
	}
	do(t, b, func(ctx context.Context, s Stores) error {
		if err := s.Rulebook.SaveKind(ctx, kind, Now); err != nil {
			return err
		}
		return s.Batches.Add(ctx, batch, rows)
	})
	return batch, rows
}

func lockWaiting(t *testing.T, b Bench, id ledger.BatchID, limit int) (batch fund.Batch, rows []fund.Row) {
	t.Helper()
	do(t, b, func(ctx context.Context, s Stores) (err error) {
		if batch, err = s.Batches.Lock(ctx, id); err != nil {
			return err
		}
		rows, err = s.Batches.Waiting(ctx, id, limit)
		return err
	})
	return batch, rows
}

func settle(t *testing.T, b Bench, batch fund.Batch, rows []fund.Row) {
	t.Helper()
	do(t, b, func(ctx context.Context, s Stores) error {
		if _, err := s.Batches.Lock(ctx, batch.ID); err != nil {
			return err
		}
		return s.Batches.Settle(ctx, batch, rows)
	})
}

func read(t *testing.T, b Bench, id ledger.BatchID) fund.Batch {
	t.Helper()
	batch, err := b.Batches.Batch(t.Context(), id)
	require.NoError(t, err)
	return batch
}

// same compares two batches; an instant may come back in another zone.
func same(t *testing.T, want, got fund.Batch) {
	t.Helper()
	require.True(t, want.CreatedAt.Equal(got.CreatedAt), "%s, not %s", got.CreatedAt, want.CreatedAt)
	require.True(t, want.EndedAt.Equal(got.EndedAt), "%s, not %s", got.EndedAt, want.EndedAt)
	got.CreatedAt, got.EndedAt = want.CreatedAt, want.EndedAt
	require.Equal(t, want, got)
}

func numbers(rows []fund.Row) []int {
	found := make([]int, len(rows))
	for i, row := range rows {
		found[i] = row.No
	}
	return found
}
