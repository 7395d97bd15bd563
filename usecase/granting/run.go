package granting

import (
	"context"
	"errors"
	"fmt"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// chunkRows is how many rows of a batch one unit grants.
const chunkRows = 500

// Run grants what waits in a batch, gives the rest of its reserve back to the fund, and ends it. It is for workers,
// who act in the name of whoever made the batch. Each chunk of rows is granted, marked and counted in one unit that
// holds the batch's lock, so a run that is killed anywhere is taken up where it stood, and runs side by side take
// turns. An ended batch stays as it is.
func (b *Bulk) Run(ctx context.Context, id ledger.BatchID) error {
	for ended := false; !ended; {
		var err error
		if ended, err = b.chunk(ctx, id); err != nil {
			return fmt.Errorf("run batch %s: %w", id, err)
		}
	}
	return nil
}

// Resume runs every batch that has not ended: those whose worker was lost.
func (b *Bulk) Resume(ctx context.Context) error {
	running, err := b.batches.RunningBatches(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range running {
		failed = append(failed, b.Run(ctx, id))
	}
	return errors.Join(failed...)
}

// chunk runs one chunk and tells whether the batch has ended.
func (b *Bulk) chunk(ctx context.Context, id ledger.BatchID) (bool, error) {
	return usecase.Do(ctx, b.office.Unit, func(ctx context.Context, s Stores) (bool, error) {
		batch, err := s.Batches.Lock(ctx, id)
		if err != nil || batch.State == fund.Ended {
			return true, err
		}
		rows, err := s.Batches.Waiting(ctx, id, chunkRows)
		if err != nil {
			return false, err
		}
		last := len(rows) < chunkRows
		book, err := s.Ledger.Open(ctx, b.office.Clock(), wantsOf(batch, rows, last))
		if err != nil {
			return false, fmt.Errorf("open book of %d rows: %w", len(rows), err)
		}
		expires, err := lastDayOf(ctx, s.Campaigns, book, batch)
		if err != nil {
			return false, err
		}
		if err := grant(book, &batch, expires, rows); err != nil {
			return false, err
		}
		if last {
			if err := end(book, &batch, batch.CreatedBy); err != nil {
				return false, err
			}
		}
		if err := s.Ledger.Append(ctx, book); err != nil {
			return false, fmt.Errorf("append %d entries: %w", len(book.Written().Entries), err)
		}
		if err := s.Batches.Settle(ctx, batch, rows); err != nil {
			return false, fmt.Errorf("settle %d rows: %w", len(rows), err)
		}
		return last, s.Outbox.Append(ctx, book.Now, append(book.Events(), batch.Progress())...)
	})
}

// wantsOf names what a chunk needs of the ledger; the fund's unissued pot only at the end, when the rest goes back.
func wantsOf(batch fund.Batch, rows []fund.Row, last bool) ledger.Want {
	want := ledger.Want{Pots: []ledger.Pot{reserveOf(batch)}}
	if last {
		want.Pots = append(want.Pots, unissuedOf(batch.Fund))
	}
	for _, row := range rows {
		want.Wallets = append(want.Wallets, row.Wallet)
	}
	return want
}

func reserveOf(batch fund.Batch) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: ledger.Reserved, Owner: batch.ID}, Fund: batch.Fund}
}

func unissuedOf(code fund.Code) ledger.Pot {
	return ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: code}
}

// lastDayOf gives the last day of the points of a chunk: the batch's. A chunk that comes so late that no points can be
// made as the batch has it refuses its rows, but for the payout of a campaign: what was promised to people is paid with
// the expiry that the campaign gives on the day, and waits where its kind makes no points any more (clause 4.5.3).
func lastDayOf(ctx context.Context, campaigns cashback.Campaigns, book *ledger.Book, batch fund.Batch) (calendar.Day, error) {
	kind, today := book.Rules.Kinds[batch.Kind], calendar.DayOf(book.Now)
	closed := kind.OpenOn(today)
	if closed == nil && batch.Expires >= today {
		return batch.Expires, nil
	}
	campaign, err := campaigns.Lock(ctx, cashback.OfferID(batch.ID))
	switch {
	case errors.Is(err, cashback.ErrCampaignUnknown):
		return batch.Expires, nil
	case err != nil:
		return 0, err
	case closed != nil:
		return 0, fmt.Errorf("pay in points of kind %s: %w", batch.Kind, closed)
	}
	return campaign.Expiry(kind, today), nil
}

// grant grants each row or, where the books do not allow it, refuses it.
func grant(book *ledger.Book, batch *fund.Batch, expires calendar.Day, rows []fund.Row) error {
	for i := range rows {
		row := &rows[i]
		receipt, err := book.Grant(ledger.Award{
			Actor: batch.CreatedBy, Wallet: row.Wallet, Fund: batch.Fund, Batch: batch.ID, Amount: row.Amount,
			Kind: batch.Kind, Expires: expires, Memo: batch.Memo,
		})
		if err == nil {
			batch.Grant(row, receipt.Entry)
			continue
		}
		why, ok := fault.Of(err)
		if !ok {
			return fmt.Errorf("row %d: %w", row.No, err)
		}
		batch.Refuse(row, why)
	}
	return nil
}

// end gives back, in the name of actor, what refused rows have left of the reserve, and ends the batch.
func end(book *ledger.Book, batch *fund.Batch, actor user.ID) error {
	move := ledger.CashMove{Actor: actor, Fund: batch.Fund, Batch: batch.ID, Memo: batch.Memo}
	if move.Amount = book.Balance(reserveOf(*batch)); move.Amount > 0 {
		if _, err := book.Release(move); err != nil {
			return fmt.Errorf("release rest of %d: %w", move.Amount, err)
		}
	}
	batch.End(book.Now)
	return nil
}
