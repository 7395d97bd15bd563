package granting

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase/auditing"
)

// Cancel ends a batch early: the rows that still wait are refused with fund.ErrBatchCancelled, and what is left of the
// reserve goes back to the fund, so that a batch which cannot be run does not keep it for ever (clause 4.2.4). What was
// granted stays granted. It takes turns with the workers that run the batch; whichever holds the batch's lock next
// finds it ended. It returns fund.ErrBatchEnded where it had ended before. What a campaign pays out was promised to
// those who paid at its shops, and cannot be called off: fund.ErrBatchPromised.
func (b *Bulk) Cancel(ctx context.Context, actor access.Actor, id ledger.BatchID, reason string) (fund.Batch, error) {
	act := audit.Act{Action: ActCancelBatch, Target: id.String(), Reason: reason}
	return auditing.Do(ctx, b.office, actor, access.Grant, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (fund.Batch, error) {
		batch, err := s.Batches.Lock(ctx, id)
		if err != nil {
			return fund.Batch{}, err
		}
		if batch.State == fund.Ended {
			return fund.Batch{}, fund.ErrBatchEnded
		}
		if err := promised(ctx, s.Campaigns, id); err != nil {
			return fund.Batch{}, err
		}
		act.Before = sayProgress(batch)
		if err := refuseWaiting(ctx, s.Batches, &batch); err != nil {
			return fund.Batch{}, err
		}
		// The fund's pots are locked last: others want them, and there may be many rows.
		book, err := s.Ledger.Open(ctx, now, ledger.Want{Pots: []ledger.Pot{reserveOf(batch), unissuedOf(batch.Fund)}})
		if err != nil {
			return fund.Batch{}, fmt.Errorf("open book of batch %s: %w", id, err)
		}
		if err := end(book, &batch, actor.User); err != nil {
			return fund.Batch{}, err
		}
		if err := s.Ledger.Append(ctx, book); err != nil {
			return fund.Batch{}, fmt.Errorf("append release of batch %s: %w", id, err)
		}
		if err := s.Batches.Settle(ctx, batch, nil); err != nil {
			return fund.Batch{}, fmt.Errorf("settle batch %s: %w", id, err)
		}
		act.After = sayProgress(batch)
		return batch, s.Outbox.Append(ctx, book.Now, append(book.Events(), batch.Progress())...)
	})
}

// promised refuses the batch of a campaign. The campaign has ended when its batch is there, so nobody waits for its lock.
func promised(ctx context.Context, campaigns cashback.Campaigns, id ledger.BatchID) error {
	_, err := campaigns.Lock(ctx, cashback.OfferID(id))
	switch {
	case err == nil:
		return fund.ErrBatchPromised
	case errors.Is(err, cashback.ErrCampaignUnknown):
		return nil
	}
	return err
}

// refuseWaiting refuses all rows that wait.
func refuseWaiting(ctx context.Context, batches fund.Batches, batch *fund.Batch) error {
	for {
		rows, err := batches.Waiting(ctx, batch.ID, chunkRows)
		if err != nil {
			return fmt.Errorf("waiting rows of batch %s: %w", batch.ID, err)
		}
		for i := range rows {
			batch.Refuse(&rows[i], fund.ErrBatchCancelled)
		}
		if err := batches.Settle(ctx, *batch, rows); err != nil {
			return fmt.Errorf("settle %d rows: %w", len(rows), err)
		}
		if len(rows) < chunkRows {
			return nil
		}
	}
}

func sayProgress(b fund.Batch) map[string]string {
	return map[string]string{
		"state": b.State.String(), "done": strconv.Itoa(b.Done), "refused": strconv.Itoa(b.Refused), "granted": strconv.FormatInt(int64(b.Granted), 10),
	}
}
