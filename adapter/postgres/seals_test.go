package postgres_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
	"lovesaijo/usecase/proving"
)

func TestSealsInPostgreSQLKeepTheContractOfSeals(t *testing.T) {
	t.Parallel()
	prooftest.Seals(t, func(t *testing.T) proof.Seals {
		t.Helper()
		return open(t).Seals()
	})
}

// late is a unit that has drawn its number in the journal and takes its time to commit.
func late(t *testing.T, h *hall) pgx.Tx {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), h.url)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	tx, err := conn.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), `INSERT INTO entries (id, type, at) VALUES (gen_random_uuid(), 1, now())`)
	require.NoError(t, err)
	return tx
}

// round runs the sealer once.
func round(t *testing.T, h *hall) proving.Sealed {
	t.Helper()
	sealed, err := h.seal.Do(t.Context())
	require.NoError(t, err)
	return sealed
}

func TestNothingIsSealedBeforeUnitsWithSmallerNumbersHaveEnded(t *testing.T) {
	t.Parallel()
	for name, finish := range map[string]func(pgx.Tx, context.Context) error{
		"by a commit":   pgx.Tx.Commit,
		"by a rollback": pgx.Tx.Rollback,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t)
			unit := late(t, h)
			h.live(t, 0, 2)
			require.Zero(t, round(t, h).Blocks, "number 1 may still come")

			require.NoError(t, finish(unit, t.Context()))
			sealed := h.sealTo(t, 3)
			require.Equal(t, 1, sealed.Blocks)
			require.Zero(t, h.prove(t).Counts.Unsealed)
		})
	}
}

// A unit that began first may draw its number last. Its transaction is older than the one that is still under way
// with a smaller number, so age tells nothing about who holds which number.
func TestNothingIsSealedBeforeYoungerUnitsWithSmallerNumbersHaveEnded(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	old, err := pgx.Connect(t.Context(), h.url)
	require.NoError(t, err)
	defer func() { _ = old.Close(context.Background()) }()
	older, err := old.Begin(t.Context())
	require.NoError(t, err)
	_, err = older.Exec(t.Context(), `SELECT pg_current_xact_id()`)
	require.NoError(t, err)

	younger := late(t, h)                                                                                       // number 1
	_, err = older.Exec(t.Context(), `INSERT INTO entries (id, type, at) VALUES (gen_random_uuid(), 1, now())`) // number 2
	require.NoError(t, err)
	require.NoError(t, older.Commit(t.Context()))

	require.Zero(t, round(t, h).Blocks)
	require.NoError(t, younger.Commit(t.Context()))
	require.EqualValues(t, 2, h.sealTo(t, 2).Entries)
}

// Units follow one another without a quiet moment, but none of them lasts: the mark is reached all the same.
func TestOverlappingUnitsDoNotKeepTheSealerWaitingForEver(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 2)
	first := late(t, h)
	require.Zero(t, round(t, h).Blocks)
	second := late(t, h)
	require.NoError(t, first.Rollback(t.Context()))
	require.EqualValues(t, 2, h.sealTo(t, 2).Entries)
	require.NoError(t, second.Rollback(t.Context()))
}

func TestTwoSealersAtOnceSealEveryEntryOnce(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 3)
	var sealers sync.WaitGroup
	for range 4 {
		other := proving.NewSeal(h.Seals(), h.shelf, prooftest.NewKey(1), time.Now)
		sealers.Go(func() {
			for range 8 {
				if _, err := other.Do(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for now, act := range prooftest.Acts() {
		require.NoError(t, h.act(t.Context(), now, act))
	}
	sealers.Wait()
	h.sealTo(t, 20)
	verdict := h.prove(t)
	require.True(t, verdict.Clean, verdict)
	require.Zero(t, verdict.Counts.Unsealed)
	require.Equal(t, verdict.Counts.Seals, verdict.Counts.Heads)
}

func TestAHeadThatCouldNotBeExportedIsExportedByTheNextRound(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 5)
	h.shelf.Refuse = errors.New("disk full")
	var err error
	for range 60 { // until units of other tests let the sealer come to a block
		if _, err = h.seal.Do(t.Context()); err != nil {
			break
		}
	}
	require.ErrorIs(t, err, h.shelf.Refuse)
	verdict := h.prove(t)
	require.True(t, verdict.Clean, verdict)
	require.EqualValues(t, 1, verdict.Counts.Seals)
	require.Zero(t, verdict.Counts.Heads)

	h.shelf.Refuse = nil
	require.Equal(t, proving.Sealed{Exported: 1}, round(t, h))
	verdict = h.prove(t)
	require.True(t, verdict.Clean, verdict)
	require.EqualValues(t, 1, verdict.Counts.Heads)
}

func TestSealedEntriesAreReadBackAsTheyWereSealed(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.live(t, 0, 17)
	entries, err := h.Seals().Entries(t.Context(), 3, 9, 4)
	require.NoError(t, err)
	require.Len(t, entries, 4)
	require.EqualValues(t, 4, entries[0].Seq)
	require.EqualValues(t, 7, entries[3].Seq)
	require.Equal(t, ledger.Reserve, entries[0].Type)
	entries, err = h.Seals().Entries(t.Context(), 3, 5, 100)
	require.NoError(t, err)
	require.Len(t, entries, 2)
}
