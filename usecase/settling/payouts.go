package settling

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Payouts records what became of transfers.
type Payouts struct {
	office auditing.Office[Stores]
	reader settlement.Reader
}

// NewPayouts makes the activity.
func NewPayouts(unit usecase.Unit[Stores], reader settlement.Reader, clock usecase.Clock) *Payouts {
	return &Payouts{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader}
}

// Sent is a payout with the masked account that it goes to.
type Sent struct {
	settlement.Payout
	Masked string
}

// List shows payouts, newest first: merchants see their own.
func (p *Payouts) List(ctx context.Context, actor access.Actor, query settlement.PayoutQuery) (page.Of[Sent], error) {
	if err := allowed(actor); err != nil {
		return page.Of[Sent]{}, err
	}
	if err := validLimit(query.Limit); err != nil {
		return page.Of[Sent]{}, err
	}
	if !access.May(actor.Role, access.SeeSettlement) {
		query.Merchant = actor.Wallet
	}
	found, err := p.reader.Payouts(ctx, query)
	if err != nil {
		return page.Of[Sent]{}, err
	}
	sent := page.Of[Sent]{Rows: make([]Sent, len(found.Rows)), Next: found.Next}
	masked := map[settlement.AccountID]string{}
	for i, payout := range found.Rows {
		if _, known := masked[payout.Account]; !known {
			account, err := p.reader.Account(ctx, payout.Account)
			if err != nil {
				return page.Of[Sent]{}, fmt.Errorf("account %s: %w", payout.Account, err)
			}
			masked[payout.Account] = account.Masked
		}
		sent.Rows[i] = Sent{payout, masked[payout.Account]}
	}
	return sent, nil
}

// PayCommand notes that the bank has paid: one payout, or all of a file.
type PayCommand struct {
	Key idem.Key
	On  calendar.Day // zero takes the day that the file names
}

// PayoutResult is a payout as an act left it.
type PayoutResult struct {
	Sent
	Replayed bool // done by an earlier request with the same key
}

func (p *Payouts) result(ctx context.Context, id settlement.PayoutID, replayed bool, err error) (PayoutResult, error) {
	if err != nil {
		return PayoutResult{}, err
	}
	payout, err := p.reader.Payout(ctx, id)
	if err != nil {
		return PayoutResult{}, fmt.Errorf("read payout %s: %w", id, err)
	}
	account, err := p.reader.Account(ctx, payout.Account)
	if err != nil {
		return PayoutResult{}, fmt.Errorf("account %s: %w", payout.Account, err)
	}
	return PayoutResult{Sent{payout, account.Masked}, replayed}, nil
}

// Pay notes that the bank has paid one payout: points in the claimed pots and cash in the bank fall, once per key.
func (p *Payouts) Pay(ctx context.Context, actor access.Actor, id settlement.PayoutID, cmd PayCommand) (PayoutResult, error) {
	act := audit.Act{Action: ActPay, Target: id.String()}
	if err := auditing.Allow(ctx, p.office, actor, access.Settle, act); err != nil {
		return PayoutResult{}, err
	}
	known, wrong := p.reader.Payout(ctx, id) // which file it is in never changes
	replayed, err := auditing.Do(ctx, p.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (bool, error) {
		switch {
		case wrong != nil:
			return false, wrong
		case cmd.Key.Valid() != nil:
			return false, cmd.Key.Valid()
		}
		file, err := s.Claims.LockFile(ctx, known.File)
		if err != nil {
			return false, fmt.Errorf("lock file of payout %s: %w", id, err)
		}
		payouts, err := s.Claims.LockPayouts(ctx, []settlement.PayoutID{id})
		if err != nil {
			return false, fmt.Errorf("lock payout %s: %w", id, err)
		}
		book := booking{Stores: s, now: now, actor: actor, key: cmd.Key, hash: idem.HashOf("pay", id.String(), cmd.On.String()), result: id}
		if err := book.pay(ctx, file, payouts, cmd.On, true); err != nil {
			return false, err
		}
		if book.replayed {
			act.Outcome = auditing.Replayed
			return true, nil
		}
		if book.paid == 0 {
			return false, settlement.ErrPayoutState
		}
		act.After = map[string]string{"amount": decimal(payouts[0].Amount), "entry": payouts[0].Entry.String(), "paid_on": payouts[0].PaidOn.String()}
		return false, nil
	})
	return p.result(ctx, id, replayed, err)
}

// payChunk is how many payouts of a file one unit pays.
const payChunk = 500

// FilePaid is what came of paying a file.
type FilePaid struct {
	settlement.File
	Replayed bool
	Paid     int // payouts that this request has paid; those that were paid or sent back before are not among them
	Amount   money.Points
}

// PayFile notes that the bank has paid all of a file that is still on its way. Each chunk of payouts is a unit of its
// own: a request that breaks off is sent again with its key, and takes up where it stood.
func (p *Payouts) PayFile(ctx context.Context, actor access.Actor, id settlement.FileID, cmd PayCommand) (FilePaid, error) {
	act := audit.Act{Action: ActPayFile, Target: id.String()}
	if err := auditing.Allow(ctx, p.office, actor, access.Settle, act); err != nil {
		return FilePaid{}, err
	}
	var total FilePaid
	for after, last := 0, false; !last; {
		chunk, err := auditing.Do(ctx, p.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (paidChunk, error) {
			chunk, err := cmd.chunk(ctx, s, now, actor, id, after)
			if chunk.replayed {
				act.Outcome = auditing.Replayed
			}
			act.After = map[string]string{"from_record": decimal(after + 1), "paid": decimal(chunk.paid), "amount": decimal(chunk.amount)}
			return chunk, err
		})
		if err != nil {
			return FilePaid{}, err
		}
		after, last = chunk.until, chunk.last
		total.Paid, total.Amount = total.Paid+chunk.paid, total.Amount+chunk.amount
		total.Replayed = chunk.replayed
	}
	file, err := p.reader.File(ctx, id)
	if err != nil {
		return FilePaid{}, fmt.Errorf("read file %s: %w", id, err)
	}
	total.File = file
	total.Sealed = nil
	return total, nil
}

// paidChunk is what one unit of paying a file did.
type paidChunk struct {
	paid     int
	amount   money.Points
	until    int // the last record that was looked at
	last     bool
	replayed bool
}

// chunk pays what is on its way among the next records of a file. The last chunk keeps the key.
func (cmd PayCommand) chunk(ctx context.Context, s Stores, now time.Time, actor access.Actor, id settlement.FileID, after int) (paidChunk, error) {
	if err := cmd.Key.Valid(); err != nil {
		return paidChunk{}, err
	}
	file, err := s.Claims.LockFile(ctx, id)
	if err != nil {
		return paidChunk{}, err
	}
	payouts, err := s.Claims.PayoutsOf(ctx, id, after, payChunk)
	if err != nil {
		return paidChunk{}, fmt.Errorf("payouts of file %s behind record %d: %w", id, after, err)
	}
	last := len(payouts) < payChunk
	book := booking{Stores: s, now: now, actor: actor, key: cmd.Key, hash: idem.HashOf("pay file", id.String(), cmd.On.String()), result: id}
	if err := book.pay(ctx, file, payouts, cmd.On, last); err != nil {
		return paidChunk{}, err
	}
	chunk := paidChunk{paid: book.paid, amount: book.amount, until: after + len(payouts), last: last || book.replayed, replayed: book.replayed}
	return chunk, nil
}

// ReturnCommand notes that a transfer came back.
type ReturnCommand struct {
	Key    idem.Key
	On     calendar.Day // zero takes today
	Reason string       // as the bank says it
}

// reasonRunesMax bounds it.
const reasonRunesMax = 200

// Return notes that a transfer came back, before the bank was noted to have paid or after: what was booked is booked
// back, and the claim waits for the account to be put right. Where that has happened already, it can be paid again.
func (p *Payouts) Return(ctx context.Context, actor access.Actor, id settlement.PayoutID, cmd ReturnCommand) (PayoutResult, error) {
	cmd.Reason = strings.TrimSpace(cmd.Reason)
	act := audit.Act{Action: ActReturn, Target: id.String()}
	if err := auditing.Allow(ctx, p.office, actor, access.Settle, act); err != nil {
		return PayoutResult{}, err
	}
	known, wrong := p.reader.Payout(ctx, id) // whose it is, and in which file, never changes
	replayed, err := auditing.Do(ctx, p.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (bool, error) {
		if wrong != nil {
			return false, wrong
		}
		b := booking{
			Stores: s, now: now, actor: actor, key: cmd.Key, hash: idem.HashOf("return", id.String(), cmd.On.String(), cmd.Reason), result: id,
		}
		payout, err := b.giveBack(ctx, cmd, known)
		if err != nil {
			return false, err
		}
		if b.replayed {
			act.Outcome = auditing.Replayed
			return true, nil
		}
		act.After = map[string]string{"amount": decimal(payout.Amount), "returned_on": payout.ReturnedOn.String()}
		if !payout.ReturnEntry.IsZero() {
			act.After["entry"] = payout.ReturnEntry.String()
		}
		return false, nil
	})
	return p.result(ctx, id, replayed, err)
}
