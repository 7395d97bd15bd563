package granting_test

import (
	"context"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/citytest"
	"lovesaijo/usecase/granting"
)

func (s scene) retire(t *testing.T, kind lot.Kind) {
	t.Helper()
	kind.Retired = s.Today()
	s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Rulebook.SaveKind(ctx, kind, s.Clock()) })
}

func (s scene) closeFund(t *testing.T, code fund.Code) {
	t.Helper()
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		f, err := st.Treasury.Get(ctx, code)
		if err != nil {
			return err
		}
		f.ClosedAt = s.Clock()
		return st.Treasury.Save(ctx, f)
	})
}

func (s scene) closeWallet(t *testing.T, of user.User) {
	t.Helper()
	s.Do(t, func(ctx context.Context, st citytest.Stores) error { return st.Wallets.Close(ctx, of.Wallet) })
}

// list names people, each with an amount.
func list(people []user.User, amount int) []granting.ListRow {
	rows := make([]granting.ListRow, len(people))
	for i, u := range people {
		rows[i] = granting.ListRow{Email: string(u.Email), Amount: strconv.Itoa(amount)}
	}
	return rows
}

func (s scene) batch(rows []granting.ListRow) granting.BatchCommand {
	return granting.BatchCommand{Key: s.Key(), List: rows, Terms: gift("子育て応援")}
}

// run runs a batch and reads it back.
func (s scene) run(t *testing.T, id ledger.BatchID) fund.Batch {
	t.Helper()
	require.NoError(t, s.bulk.Run(t.Context(), id))
	batch, err := s.bulk.Batch(t.Context(), s.Official, id)
	require.NoError(t, err)
	return batch
}

func TestABatchReservesItsSumAndIsThenGranted(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 1_200)
	made, err := s.bulk.Create(t.Context(), s.Official, s.batch(list(people, 500)))
	require.NoError(t, err)
	require.Equal(t, fund.Batch{
		ID: made.ID, Fund: citytest.Fund, Kind: "gift", Expires: calendar.On(2027, 5, 23), Memo: "子育て応援", State: fund.Running,
		Rows: 1_200, Total: 600_000, CreatedBy: s.Official.User, CreatedAt: citytest.Noon,
	}, made.Batch)
	require.Empty(t, made.RefusedRows)
	p := s.Position(t, citytest.Fund)
	require.EqualValues(t, 600_000, p.Reserved)
	require.EqualValues(t, 400_000, p.Unissued)
	opened := s.Messages()
	require.Equal(t, fund.BatchOpened{Batch: made.ID}, opened[len(opened)-1].Events[0])

	done := s.run(t, made.ID)
	require.Equal(t, fund.BatchProgress{Batch: made.ID, Done: 1_200, Rows: 1_200, Granted: 600_000, Ended: true}, done.Progress())
	require.Equal(t, citytest.Noon, done.EndedAt)
	p = s.Position(t, citytest.Fund)
	require.Zero(t, p.Reserved)
	require.EqualValues(t, 600_000, p.Wallets)
	for _, u := range people {
		require.EqualValues(t, 500, s.Balance(t, u))
	}
	require.Equal(t, []int{500, 1_000, 1_200}, s.progress(made.ID))

	require.Equal(t, done, s.run(t, made.ID), "an ended batch stays as it is")
	require.EqualValues(t, 600_000, s.Position(t, citytest.Fund).Wallets)
}

// progress lists how many rows were done each time it was told.
func (s scene) progress(id ledger.BatchID) (done []int) {
	for _, message := range s.Messages() {
		for _, e := range message.Events {
			if p, ok := e.(fund.BatchProgress); ok && p.Batch == id {
				done = append(done, p.Done)
			}
		}
	}
	return done
}

func TestABatchTellsEveryRecipient(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 3)
	made, err := s.bulk.Create(t.Context(), s.Official, s.batch(list(people, 500)))
	require.NoError(t, err)
	s.run(t, made.ID)
	told := map[user.ID]bool{}
	for _, message := range s.Messages() {
		for _, e := range message.Events {
			if changed, ok := e.(ledger.WalletChanged); ok {
				require.Equal(t, ledger.Grant, changed.Type)
				told[changed.Owner] = true
			}
		}
	}
	require.Len(t, told, 3)
}

func TestBadRowsAreHandedBackAndGoodOnesGranted(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 3)
	shop := s.Merchant(t)
	cmd := s.batch(append(list(people, 100),
		granting.ListRow{Email: string(people[0].Email), Amount: "200"},
		granting.ListRow{Email: "nobody@example.jp", Amount: "100"},
		granting.ListRow{Email: "だれか", Amount: "100"},
		granting.ListRow{Email: string(people[1].Email), Amount: "12.5"},
		granting.ListRow{Email: string(s.Clerk(t, shop).Email), Amount: "100"},
		granting.ListRow{Source: "ひとつだけ"},
		granting.ListRow{Email: "  " + string(shop.Email) + " ", Amount: " 1，０００ "},
	))
	want := []string{
		"4 row_duplicate", "5 user_unknown", "6 email_malformed", "7 row_amount_malformed", "8 row_without_wallet", "9 row_malformed",
	}

	forecast, err := s.bulk.Preview(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, want, say(forecast.RefusedRows))
	require.Equal(t, 4, forecast.Recipients)
	require.EqualValues(t, 1_300, forecast.Total)
	require.EqualValues(t, citytest.FundCash-1_300, forecast.After)

	made, err := s.bulk.Create(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, want, say(made.RefusedRows))
	require.Equal(t, 10, made.Rows)
	require.EqualValues(t, 1_300, made.Total)
	done := s.run(t, made.ID)
	require.Equal(t, fund.BatchProgress{Batch: made.ID, Done: 10, Rows: 10, Refused: 6, Granted: 1_300, Ended: true}, done.Progress())
	require.EqualValues(t, 100, s.Balance(t, people[0]))
	require.EqualValues(t, 1_000, s.Balance(t, shop))
	require.Zero(t, s.Position(t, citytest.Fund).Reserved)

	rows, err := s.bulk.Refusals(t.Context(), s.Official, made.ID, 0)
	require.NoError(t, err)
	require.Equal(t, want, say(rows))
	require.Equal(t, "nobody@example.jp,100", rows[1].Source)
	require.Equal(t, "ひとつだけ", rows[5].Source)
	for _, row := range rows {
		require.NotEmpty(t, row.Reason())
		require.NotEqual(t, string(row.Fault), row.Reason())
	}
	rest, err := s.bulk.Refusals(t.Context(), s.Official, made.ID, rows[5].No)
	require.NoError(t, err)
	require.Empty(t, rest)
}

func say(rows []fund.Row) []string {
	said := make([]string, len(rows))
	for i, row := range rows {
		said[i] = strconv.Itoa(row.No) + " " + string(row.Fault)
	}
	return said
}

func TestABatchIsRefusedAsAWholeWhenTheFundIsShortByOnePoint(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 2)
	rows := list(people, 500_000)
	rows[1].Amount = "500001"
	_, err := s.bulk.Create(t.Context(), s.Official, s.batch(rows))
	require.ErrorIs(t, err, ledger.ErrFundShort)
	why, _ := fault.Of(err)
	require.EqualValues(t, 1, why.Figures["shortfall"])
	forecast, err := s.bulk.Preview(t.Context(), s.Official, s.batch(rows))
	require.NoError(t, err)
	require.EqualValues(t, 1, forecast.Shortfall)
	require.EqualValues(t, citytest.FundCash, s.Position(t, citytest.Fund).Unissued)
	require.Empty(t, s.Messages())
	none, err := s.bulk.Batches(t.Context(), s.Official, "", 10)
	require.NoError(t, err)
	require.Empty(t, none.Rows)
	require.Equal(t, []string{"points.grant_in_bulk fund_short"}, s.Outcomes(t))
}

func TestABatchIsMadeOncePerKeyAndReplaysWhatWasHandedBack(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 3)
	s.closeWallet(t, people[2])
	cmd := s.batch(append(list(people, 100), granting.ListRow{Email: "nobody@example.jp", Amount: "100"}))
	first, err := s.bulk.Create(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	s.run(t, first.ID)
	again, err := s.bulk.Create(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.True(t, again.Replayed)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, first.RefusedRows, again.RefusedRows, "rows refused later were not handed back then")
	cmd.List = cmd.List[:3]
	_, err = s.bulk.Create(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, idem.ErrKeyConflict)
	require.EqualValues(t, 200, s.Position(t, citytest.Fund).Wallets)
}

func TestWhatRefusedRowsLeaveGoesBackToTheFund(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 3)
	made, err := s.bulk.Create(t.Context(), s.Official, s.batch(list(people, 100)))
	require.NoError(t, err)
	s.closeWallet(t, people[1])
	done := s.run(t, made.ID)
	require.Equal(t, 1, done.Refused)
	require.EqualValues(t, 200, done.Granted)
	p := s.Position(t, citytest.Fund)
	require.Zero(t, p.Reserved)
	require.EqualValues(t, citytest.FundCash-200, p.Unissued)
	rows, err := s.bulk.Refusals(t.Context(), s.Official, made.ID, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"2 wallet_closed"}, say(rows))
}

func TestARunningBatchKeepsItsTermsWhateverIsClosedMeanwhile(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 2)
	made, err := s.bulk.Create(t.Context(), s.Official, s.batch(list(people, 100)))
	require.NoError(t, err)
	s.closeFund(t, citytest.Fund)
	require.EqualValues(t, 200, s.run(t, made.ID).Granted, "its sum was reserved while the fund was open")

	s = setScene(t)
	made, err = s.bulk.Create(t.Context(), s.Official, s.batch(list(s.Residents(t, 2), 100)))
	require.NoError(t, err)
	s.retire(t, citytest.Gift)
	done := s.run(t, made.ID)
	require.Equal(t, 2, done.Refused, "no points of a retired kind are made")
	require.EqualValues(t, citytest.FundCash, s.Position(t, citytest.Fund).Unissued)
}

func TestASearchGrantsToEveryoneWhomItFinds(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	s.Residents(t, 5)
	s.Clerk(t, s.Merchant(t))
	cmd := s.batch(nil)
	cmd.Search, cmd.Amount = &user.Filter{Role: user.Resident}, 300
	made, err := s.bulk.Create(t.Context(), s.Official, cmd)
	require.NoError(t, err)
	require.Equal(t, 5, made.Rows)
	require.EqualValues(t, 1_500, s.run(t, made.ID).Granted)

	cmd = s.batch(nil)
	cmd.Search, cmd.Amount = &user.Filter{}, 0
	_, err = s.bulk.Create(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, money.ErrAmount)
	cmd.Search, cmd.Amount = &user.Filter{Text: "どこにもいない"}, 1
	_, err = s.bulk.Create(t.Context(), s.Official, cmd)
	require.ErrorIs(t, err, fund.ErrBatchEmpty)
}

func TestBatchesThatCannotBeAreRefused(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	people := s.Residents(t, 3)
	s.Do(t, func(ctx context.Context, st citytest.Stores) error {
		rules, err := st.Rulebook.Current(ctx)
		if err != nil {
			return err
		}
		rules.BatchRowsMax = 2
		_, err = st.Rulebook.Amend(ctx, ledger.RulesVersion{Rules: rules, At: s.Clock()})
		return err
	})
	for name, bad := range map[string]struct {
		change func(*granting.BatchCommand)
		want   error
	}{
		"to nobody":          {func(c *granting.BatchCommand) { c.List = nil }, granting.ErrRecipients},
		"to list and search": {func(c *granting.BatchCommand) { c.Search = &user.Filter{} }, granting.ErrRecipients},
		"to too many":        {func(c *granting.BatchCommand) { c.List = list(people, 1) }, fund.ErrBatchTooLong},
		"to too many found":  {func(c *granting.BatchCommand) { c.List, c.Search, c.Amount = nil, &user.Filter{}, 1 }, fund.ErrBatchTooLong},
		"of an unknown kind": {func(c *granting.BatchCommand) { c.Kind = "gold" }, lot.ErrKindUnknown},
		"from nowhere":       {func(c *granting.BatchCommand) { c.Fund = "nowhere" }, ledger.ErrFundUnknown},
		"lapsed already":     {func(c *granting.BatchCommand) { c.Expires = s.Today() - 1 }, lot.ErrExpiryPast},
		"without a key":      {func(c *granting.BatchCommand) { c.Key = "short" }, idem.ErrKeyInvalid},
		"all rows bad":       {func(c *granting.BatchCommand) { c.List = []granting.ListRow{{Email: "x", Amount: "1"}} }, fund.ErrBatchEmpty},
		"too much for one":   {func(c *granting.BatchCommand) { c.List = list(people[:2], int(money.AmountMax)) }, money.ErrAmount},
	} {
		cmd := s.batch(list(people[:2], 1))
		bad.change(&cmd)
		_, err := s.bulk.Create(t.Context(), s.Official, cmd)
		require.ErrorIs(t, err, bad.want, name)
	}
	empty := s.batch([]granting.ListRow{{Email: "x", Amount: "1"}, {Email: "nobody@example.jp", Amount: "1"}})
	_, err := s.bulk.Create(t.Context(), s.Official, empty)
	why, _ := fault.Of(err)
	require.Equal(t, []fault.Field{
		{Path: "rows[1]", Code: user.ErrEmail.Code, Message: user.ErrEmail.Message},
		{Path: "rows[2]", Code: user.ErrUnknown.Code, Message: user.ErrUnknown.Message},
	}, why.Fields)
	require.EqualValues(t, citytest.FundCash, s.Position(t, citytest.Fund).Unissued)
}

func TestOnlyOfficialsSeeAndMakeBatches(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	resident := s.Resident(t)
	actor := citytest.Actor(resident)
	cmd := s.batch(list([]user.User{resident}, 1))
	_, err := s.bulk.Create(t.Context(), actor, cmd)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.bulk.Preview(t.Context(), actor, cmd)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.bulk.Batch(t.Context(), actor, ledger.BatchID{})
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.bulk.Batches(t.Context(), actor, "", 10)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.bulk.Refusals(t.Context(), actor, ledger.BatchID{}, 0)
	require.ErrorIs(t, err, access.ErrNotAllowed)
	_, err = s.bulk.Refusals(t.Context(), s.Official, ledger.BatchID{}, 0)
	require.ErrorIs(t, err, fund.ErrBatchUnknown)
	require.ErrorIs(t, s.bulk.Run(t.Context(), ledger.BatchID{}), fund.ErrBatchUnknown)
}

func TestBatchesThatALostWorkerLeftAreResumed(t *testing.T) {
	t.Parallel()
	s := setScene(t)
	var made []granting.BatchResult
	for range 2 {
		batch, err := s.bulk.Create(t.Context(), s.Official, s.batch(list(s.Residents(t, 2), 100)))
		require.NoError(t, err)
		made = append(made, batch)
	}
	require.NoError(t, s.bulk.Resume(t.Context()))
	for _, batch := range made {
		done, err := s.bulk.Batch(t.Context(), s.Official, batch.ID)
		require.NoError(t, err)
		require.Equal(t, fund.Ended, done.State)
	}
	require.EqualValues(t, 400, s.Position(t, citytest.Fund).Wallets)
}
