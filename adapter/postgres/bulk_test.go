package postgres_test

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/granting"
)

// children is a batch that gives each of the people an amount.
func children(c *citytest.City, people []user.User, amount money.Points) granting.BatchCommand {
	cmd := granting.BatchCommand{Key: c.Key(), Terms: granting.Terms{Fund: citytest.Fund, Kind: citytest.Gift.Code, Memo: "子育て応援"}}
	for _, u := range people {
		cmd.List = append(cmd.List, granting.ListRow{Email: string(u.Email), Amount: strconv.FormatInt(int64(amount), 10)})
	}
	return cmd
}

// requireGranted holds the books to what a batch promised: everyone has the amount once, nothing is left reserved.
func requireGranted(t *testing.T, c *citytest.City, db *postgres.DB, id ledger.BatchID, people []user.User, amount money.Points) {
	t.Helper()
	batch, err := db.Batch(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, fund.Ended, batch.State)
	require.Equal(t, len(people), batch.Done)
	require.Zero(t, batch.Refused)
	require.Equal(t, amount*money.Points(len(people)), batch.Granted)
	for _, u := range people {
		wallet, err := db.Wallet(t.Context(), u.Wallet)
		require.NoError(t, err)
		require.Equal(t, amount, wallet.Balance)
		require.EqualValues(t, 1, wallet.Lines)
	}
	p := c.Position(t, citytest.Fund)
	require.Zero(t, p.Reserved)
	require.Equal(t, batch.Granted, p.Wallets)
}

// faint is a keeper of batches that ends its worker when it has settled some chunks: before the commit of the last.
type faint struct {
	fund.Batches
	left *atomic.Int32
	die  context.CancelFunc
}

func (f faint) Settle(ctx context.Context, batch fund.Batch, rows []fund.Row) error {
	if f.left.Add(-1) == 0 {
		f.die()
	}
	return f.Batches.Settle(ctx, batch, rows)
}

func TestABatchWhoseWorkerDiesIsTakenUpWhereItStood(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	people := c.Residents(t, 1_700)
	bulk := bulkOf(c, grantingStores)
	made, err := bulk.Create(t.Context(), c.Official, children(c, people, 100))
	require.NoError(t, err)

	for chunks := int32(1); chunks <= 2; chunks++ {
		ctx, die := context.WithCancel(t.Context())
		var left atomic.Int32
		left.Store(chunks)
		dying := bulkOf(c, func(s citytest.Stores) granting.Stores {
			picked := grantingStores(s)
			picked.Batches = faint{picked.Batches, &left, die}
			return picked
		})
		require.ErrorIs(t, dying.Run(ctx, made.ID), context.Canceled)
		die()
	}
	batch, err := db.Batch(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, 500, batch.Done, "one chunk was committed; what was in hand when the worker died was not")
	p := c.Position(t, citytest.Fund)
	require.EqualValues(t, 50_000, p.Wallets)
	require.EqualValues(t, 120_000, p.Reserved)

	require.NoError(t, bulk.Resume(t.Context()))
	requireGranted(t, c, db, made.ID, people, 100)
	require.NoError(t, bulk.Run(t.Context(), made.ID), "delivered once more")
	requireGranted(t, c, db, made.ID, people, 100)
}

func TestWorkersSideBySideGrantABatchOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Open(t)
	db := openAt(t, url)
	c := openCity(t, db)
	people := c.Residents(t, 2_500)
	made, err := bulkOf(c, grantingStores).Create(t.Context(), c.Official, children(c, people, 100))
	require.NoError(t, err)
	var all sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		all.Go(func() { errs[i] = bulkOf(c, grantingStores).Run(t.Context(), made.ID) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	requireGranted(t, c, db, made.ID, people, 100)
}

func TestOfManyBatchesThatAskForTheLastPointsOneGetsThem(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	people := c.Residents(t, 2)
	bulk := bulkOf(c, grantingStores)
	errs := make([]error, 12)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { _, errs[i] = bulk.Create(t.Context(), c.Official, children(c, people, citytest.FundCash/2)) })
	}
	all.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
			continue
		}
		require.ErrorIs(t, err, ledger.ErrFundShort)
	}
	require.Equal(t, 1, made)
	p := c.Position(t, citytest.Fund)
	require.Zero(t, p.Unissued)
	require.Equal(t, citytest.FundCash, p.Reserved)
}

func TestABatchAskedForManyTimesAtOnceIsMadeOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	cmd := children(c, c.Residents(t, 3), 100)
	bulk := bulkOf(c, grantingStores)
	results := make([]granting.BatchResult, 8)
	errs := make([]error, len(results))
	var all sync.WaitGroup
	for i := range results {
		all.Go(func() { results[i], errs[i] = bulk.Create(t.Context(), c.Official, cmd) })
	}
	all.Wait()
	fresh := 0
	for i, result := range results {
		require.NoError(t, errs[i])
		require.Equal(t, results[0].ID, result.ID)
		if !result.Replayed {
			fresh++
		}
	}
	require.Equal(t, 1, fresh)
	require.EqualValues(t, 300, c.Position(t, citytest.Fund).Reserved)
}

func TestBadRowsAreKeptAndHandedBackByTheDatabase(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	people := c.Residents(t, 2)
	cmd := children(c, people, 100)
	cmd.List = append(cmd.List,
		granting.ListRow{Email: string(people[0].Email), Amount: "1"},
		granting.ListRow{Email: "nobody@example.jp", Amount: "1"},
		granting.ListRow{Email: "だれか", Amount: "1", Source: "だれか,1\x00\xff"},
	)
	bulk := bulkOf(c, grantingStores)
	made, err := bulk.Create(t.Context(), c.Official, cmd)
	require.NoError(t, err)
	require.NoError(t, bulk.Run(t.Context(), made.ID))
	rows, err := bulk.Refusals(t.Context(), c.Official, made.ID, 0)
	require.NoError(t, err)
	require.Equal(t, made.RefusedRows, rows)
	require.Len(t, rows, 3)
	again, err := bulk.Create(t.Context(), c.Official, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, rows, again.RefusedRows)
}

func TestAShortFundRefusesABatchAsAWholeByOnePoint(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	cmd := children(c, c.Residents(t, 2), citytest.FundCash/2)
	cmd.List[0].Amount = strconv.FormatInt(int64(citytest.FundCash/2)+1, 10)
	_, err := bulkOf(c, grantingStores).Create(t.Context(), c.Official, cmd)
	require.ErrorIs(t, err, ledger.ErrFundShort)
	require.Equal(t, citytest.FundCash, c.Position(t, citytest.Fund).Unissued)
	require.Equal(t, []string{"points.grant_in_bulk fund_short"}, c.Outcomes(t))
}

func TestSweepsSideBySideLapseEverythingOnce(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	people := c.Residents(t, 450)
	bulk := bulkOf(c, grantingStores)
	cmd := children(c, people, 100)
	cmd.Kind = citytest.Health.Code
	made, err := bulk.Create(t.Context(), c.Official, cmd)
	require.NoError(t, err)
	require.NoError(t, bulk.Run(t.Context(), made.ID))
	c.Advance(31 * 24 * time.Hour)

	var all sync.WaitGroup
	var lapsed atomic.Int64
	errs := make([]error, 3)
	for i := range errs {
		all.Go(func() {
			swept, err := expiringOf(c).Sweep(t.Context(), 10_000)
			lapsed.Add(int64(swept.Points))
			errs[i] = err
		})
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.EqualValues(t, 45_000, lapsed.Load())
	require.Equal(t, citytest.FundCash, c.Position(t, citytest.Fund).Unissued)
}

func TestABatchThatIsCancelledWhileWorkersRunItIsGrantedUpToThereAndNoFurther(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	people := c.Residents(t, 2_500)
	bulk := bulkOf(c, grantingStores)
	made, err := bulk.Create(t.Context(), c.Official, children(c, people, 100))
	require.NoError(t, err)

	// The cancellation comes while a worker holds the batch with its second chunk, and other workers wait for it too.
	var all sync.WaitGroup
	var cancelled fund.Batch
	errs := make([]error, 4)
	var chunks atomic.Int32
	running := bulkOf(c, func(s citytest.Stores) granting.Stores {
		picked := grantingStores(s)
		picked.Batches = interrupted{picked.Batches, func() {
			if chunks.Add(1) == 2 {
				all.Go(func() { cancelled, errs[0] = bulk.Cancel(t.Context(), c.Official, made.ID, "対象の誤り") })
			}
		}}
		return picked
	})
	for i := range errs[1:] {
		all.Go(func() { errs[i+1] = running.Run(t.Context(), made.ID) })
	}
	all.Wait()
	if errors.Is(errs[0], fund.ErrBatchEnded) { // the workers were faster
		requireGranted(t, c, db, made.ID, people, 100)
		return
	}
	for _, err := range errs {
		require.NoError(t, err)
	}
	batch, err := db.Batch(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, fund.Ended, batch.State)
	require.Equal(t, cancelled.Progress(), batch.Progress(), "nobody granted anything behind it")
	require.Equal(t, len(people), batch.Done)
	require.Equal(t, money.Points(len(people)-batch.Refused)*100, batch.Granted)
	p := c.Position(t, citytest.Fund)
	require.Zero(t, p.Reserved)
	require.Equal(t, batch.Granted, p.Wallets)
	require.Equal(t, citytest.FundCash-batch.Granted, p.Unissued)
	waiting, err := bulk.Refusals(t.Context(), c.Official, made.ID, 0)
	require.NoError(t, err)
	for _, row := range waiting {
		require.Equal(t, fund.ErrBatchCancelled.Code, row.Fault)
	}
}

// interrupted is a keeper of batches that tells when a chunk is in hand.
type interrupted struct {
	fund.Batches
	tell func()
}

func (i interrupted) Waiting(ctx context.Context, id ledger.BatchID, limit int) ([]fund.Row, error) {
	i.tell()
	return i.Batches.Waiting(ctx, id, limit)
}

// BenchmarkBatch makes and runs a bulk grant to 10,000 wallets.
func BenchmarkBatch(b *testing.B) {
	db, err := postgres.Open(b.Context(), pgtest.Open(b), postgres.Options{})
	require.NoError(b, err)
	defer db.Close()
	c := openCity(b, db)
	people := c.Residents(b, 10_000)
	bulk := bulkOf(c, grantingStores)
	for b.Loop() {
		made, err := bulk.Create(b.Context(), c.Official, children(c, people, 1))
		require.NoError(b, err)
		started := time.Now()
		require.NoError(b, bulk.Run(b.Context(), made.ID))
		b.ReportMetric(time.Since(started).Seconds(), "s/run")
	}
}

func TestPreviewsFindPotsThatWereNeverUsed(t *testing.T) {
	t.Parallel()
	db := open(t)
	c := openCity(t, db)
	shop, resident := c.Merchant(t), c.Resident(t)
	charges := charging.New(citytest.Narrow(c, func(s citytest.Stores) charging.Stores {
		return charging.Stores{Ledger: s.Ledger, Outbox: s.Outbox}
	}), c.Rules, c.Statements, c.Clock)
	charge, err := charges.Preview(t.Context(), citytest.Actor(shop), charging.Command{ResidentCode: c.Code(t, resident), Amount: 1_000})
	require.NoError(t, err)
	require.Equal(t, resident.Wallet, charge.Resident)

	cmd := children(c, []user.User{resident}, 100)
	cmd.Fund = citytest.OtherFund
	forecast, err := bulkOf(c, grantingStores).Preview(t.Context(), c.Official, cmd)
	require.NoError(t, err)
	require.EqualValues(t, 100, forecast.Shortfall)
}
