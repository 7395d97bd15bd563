package correcting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/auditing"
)

// Receivables shows who owes how much to which fund, the longest waiting first.
func (c *Correcting) Receivables(ctx context.Context, actor access.Actor) ([]ledger.ReceivableState, error) {
	if err := access.Allow(actor, access.Correct); err != nil {
		return nil, err
	}
	return c.read.Statements.Receivables(ctx)
}

// ErrNotOwed refuses to recover more than is owed.
var ErrNotOwed = fault.Define(fault.Refused, "receivable_exceeded", "返してもらう額が、残っている額を超えています。")

// Recovery books that somebody has paid what they owe.
type Recovery struct {
	Key      idem.Key
	Debtor   ledger.WalletID
	Fund     fund.Code
	Amount   money.Points
	FromBank bool // in cash, into the fund's bank account; else out of the debtor's points
	Memo     string
}

// Recover books a payment of what is owed, once per key. It needs no second person: nobody gets anything.
func (c *Correcting) Recover(ctx context.Context, actor access.Actor, cmd Recovery) (Result, error) {
	act := audit.Act{Action: ActRecover, Target: cmd.Debtor.String(), Reason: cmd.Memo, After: map[string]string{
		"fund": string(cmd.Fund), "amount": figure(cmd.Amount), "from_bank": strconv.FormatBool(cmd.FromBank),
	}}
	done, err := auditing.Do(ctx, c.office, actor, access.BookReceivable, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (made, error) {
		if err := cmp.Or(cmd.Key.Valid(), ledger.ValidMemo(cmd.Memo)); err != nil {
			return made{}, err
		}
		repayment := ledger.Repayment{
			Claim: idem.Claim{Actor: actor.User, Key: cmd.Key}, Hash: cmd.hash(), Actor: actor.User, Debtor: cmd.Debtor, Fund: cmd.Fund,
			Amount: cmd.Amount, FromBank: cmd.FromBank, Memo: cmd.Memo,
		}
		pots := repayment.RepaymentPots()
		book, err := s.Ledger.Open(ctx, now, ledger.Want{
			Wallets: []ledger.WalletID{cmd.Debtor}, Pots: pots, Claims: []idem.Claim{repayment.Claim},
		})
		if err != nil {
			return made{}, fmt.Errorf("open book of debtor %s: %w", cmd.Debtor, err)
		}
		before := book.Balance(pots[0])
		receipt, err := book.Recover(repayment)
		switch {
		case errors.Is(err, ledger.ErrCashShort):
			return made{}, ErrNotOwed.With("owed", int64(before))
		case err != nil:
			return made{}, err
		}
		if receipt.Replayed {
			act.Outcome = auditing.Replayed
			return made{receipt.Entry, true}, nil
		}
		act.Before = map[string]string{"owed": figure(before)}
		act.After["owed"], act.After["entry"] = figure(book.Balance(pots[0])), receipt.Entry.String()
		return made{id: receipt.Entry}, c.write(ctx, s, book)
	})
	if err != nil {
		return Result{}, err
	}
	return c.result(ctx, done)
}

func (cmd Recovery) hash() idem.Hash {
	return idem.HashOf("recovery", cmd.Debtor.String(), string(cmd.Fund), figure(cmd.Amount), strconv.FormatBool(cmd.FromBank), cmd.Memo)
}
