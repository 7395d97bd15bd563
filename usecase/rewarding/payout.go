package rewarding

import (
	"context"
	"errors"
	"fmt"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase"
)

// Payout ends campaigns whose time is over and pays what they promised (clause 4.5.3). It is for workers, who act in
// the name of whoever opened the campaign. Each step is one unit that finds the campaign as the one before left it, so
// a worker may be lost between any two, and workers side by side do each step once.
type Payout struct {
	unit    usecase.Unit[Stores]
	offers  cashback.Reader
	batches fund.BatchReader
	clock   usecase.Clock
}

// NewPayout makes the activity.
func NewPayout(unit usecase.Unit[Stores], offers cashback.Reader, batches fund.BatchReader, clock usecase.Clock) *Payout {
	return &Payout{unit, offers, batches, clock}
}

// Run takes every campaign that is due as far as it can go.
func (p *Payout) Run(ctx context.Context) error {
	due, err := p.offers.Due(ctx, calendar.DayOf(p.clock()))
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range due {
		failed = append(failed, p.Advance(ctx, id))
	}
	return errors.Join(failed...)
}

// Advance takes one campaign as far as it can go: it ends one whose time is over, makes the payout of one that has
// ended, and notes that one is paid when everybody has theirs. Where there is nothing to do it does nothing.
func (p *Payout) Advance(ctx context.Context, id cashback.OfferID) error {
	for _, step := range []func(context.Context, cashback.OfferID) error{p.end, p.pay, p.Finish} {
		if err := step(ctx, id); err != nil {
			return fmt.Errorf("campaign %s: %w", id, err)
		}
	}
	return nil
}

// end ends an open campaign whose last day is over.
func (p *Payout) end(ctx context.Context, id cashback.OfferID) error {
	return p.unit.Do(ctx, func(ctx context.Context, s Stores) error {
		campaign, err := s.Campaigns.Lock(ctx, id)
		now := p.clock()
		if err != nil || !campaign.Over(calendar.DayOf(now)) {
			return err
		}
		if campaign, err = campaign.End(now); err != nil {
			return err
		}
		return s.Campaigns.Save(ctx, campaign)
	})
}

// pay makes the bulk grant that pays what an ended campaign promised, a row for each person, and gives back what was
// not promised of its reserve. Nothing else makes a batch of the campaign's identifier.
func (p *Payout) pay(ctx context.Context, id cashback.OfferID) error {
	seen, err := p.offers.Campaign(ctx, id)
	if err != nil || seen.State != cashback.Ended {
		return err
	}
	return p.unit.Do(ctx, func(ctx context.Context, s Stores) error {
		began := p.clock()
		// They are summed before anything is locked: many take seconds, and others want the fund's points meanwhile.
		shares, err := s.Campaigns.Shares(ctx, id)
		if err != nil {
			return err
		}
		move := ledger.CashMove{
			Actor: seen.OpenedBy, Fund: seen.Fund, Batch: ledger.BatchID(id), Memo: "キャンペーン「" + seen.Name + "」の予算の残り",
		}
		book, err := s.Ledger.Open(ctx, p.clock(), ledger.Want{Pots: move.TreasuryPots(ledger.Release)})
		if err != nil {
			return fmt.Errorf("open book of payout: %w", err)
		}
		campaign, err := s.Campaigns.Lock(ctx, id)
		if err != nil || campaign.State != cashback.Ended {
			return err
		}
		if sum(shares) != campaign.Accrued { // a correction took of them in between; now none can
			if shares, err = s.Campaigns.Shares(ctx, id); err != nil {
				return err
			}
		}
		batch, rows, err := payoutOf(book, campaign, shares)
		if err != nil {
			return err
		}
		batch.CreatedAt = began // so that its time is that of the whole work
		reserve := ledger.Pot{Account: ledger.Account{Kind: ledger.Reserved, Owner: ledger.BatchID(id)}, Fund: campaign.Fund}
		if move.Amount = book.Balance(reserve) - batch.Total; move.Amount > 0 {
			if _, err := book.Release(move); err != nil {
				return fmt.Errorf("release rest of %d: %w", move.Amount, err)
			}
		}
		if err := s.Ledger.Append(ctx, book); err != nil {
			return fmt.Errorf("append release: %w", err)
		}
		campaign.State = cashback.Paid
		if len(rows) > 0 {
			campaign.State = cashback.Paying
			if err := s.Batches.Add(ctx, batch, rows); err != nil {
				return fmt.Errorf("add batch of %d rows: %w", len(rows), err)
			}
			if err := s.Outbox.Append(ctx, book.Now, fund.BatchOpened{Batch: batch.ID}); err != nil {
				return err
			}
		}
		return s.Campaigns.Save(ctx, campaign)
	})
}

// errPromises tells that the sum of what a campaign promised is not what its payments accrued, or not in its reserve.
// To pay on would be to guess, so it stays as it is until somebody has looked.
var errPromises = errors.New("promises differ from what was accrued")

// payoutOf makes the bulk grant of what a campaign owes to whom. A kind that makes no points any more holds the payout up: what was
// promised stays reserved until an administrator has opened the kind again.
func payoutOf(book *ledger.Book, c cashback.Campaign, shares []cashback.Share) (fund.Batch, []fund.Row, error) {
	rows := make([]fund.Row, len(shares))
	for i, share := range shares {
		rows[i] = fund.Row{No: i + 1, Wallet: share.Wallet, Amount: share.Amount, Source: share.Wallet.String(), State: fund.Waiting}
	}
	total := sum(shares)
	if total != c.Accrued || total > c.Budget {
		return fund.Batch{}, nil, fmt.Errorf("%w: %d to people, %d accrued of %d", errPromises, total, c.Accrued, c.Budget)
	}
	kind, today := book.Rules.Kinds[c.Terms.Kind], calendar.DayOf(book.Now)
	if err := kind.OpenOn(today); err != nil && total > 0 {
		return fund.Batch{}, nil, fmt.Errorf("pay in points of kind %s: %w", c.Terms.Kind, err)
	}
	return fund.Batch{
		ID: ledger.BatchID(c.ID), Fund: c.Fund, Kind: c.Terms.Kind, Expires: c.Expiry(kind, today), Memo: "キャンペーン「" + c.Name + "」の還元",
		State: fund.Running, Rows: len(rows), Total: total, CreatedBy: c.OpenedBy,
	}, rows, nil
}

func sum(shares []cashback.Share) (total money.Points) {
	for _, share := range shares {
		total += share.Amount
	}
	return total
}

// Finish notes that a campaign is paid once its bulk grant has ended. It does nothing for what is no campaign, so that
// it can be asked behind every batch.
func (p *Payout) Finish(ctx context.Context, id cashback.OfferID) error {
	seen, err := p.offers.Campaign(ctx, id)
	if errors.Is(err, cashback.ErrCampaignUnknown) {
		return nil
	}
	if err != nil || seen.State != cashback.Paying {
		return err
	}
	batch, err := p.batches.Batch(ctx, ledger.BatchID(id))
	if err != nil || batch.State != fund.Ended {
		return err
	}
	return p.unit.Do(ctx, func(ctx context.Context, s Stores) error {
		campaign, err := s.Campaigns.Lock(ctx, id)
		if err != nil || campaign.State != cashback.Paying {
			return err
		}
		campaign.State = cashback.Paid
		return s.Campaigns.Save(ctx, campaign)
	})
}
