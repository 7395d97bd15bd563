// Package funding keeps the funds: opens and closes them, books cash that comes in, goes out or is handed in by
// shops, and shows what each fund has and where it is, now and at the end of any day (clauses 4.1.1 and 4.2.3).
//
// What is booked is booked once per idempotency key. A withdrawal is refused beyond what no one holds, since the
// rest of the cash backs points; a remittance beyond what the till has.
package funding

import (
	"context"
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
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// The acts that stand in the trail.
const (
	ActOpen     = "fund.open"
	ActRename   = "fund.rename"
	ActClose    = "fund.close"
	ActDeposit  = "fund.deposit"
	ActWithdraw = "fund.withdraw"
	ActRemit    = "till.remit"
)

// ErrNoTill refuses a remittance of somebody who has no till.
var ErrNoTill = fault.Define(fault.Refused, "till_of_no_merchant", "レジの現金があるのは事業者だけです。")

// Stores are what funding needs of a unit of work.
type Stores struct {
	Ledger   ledger.Ledger
	Treasury fund.Treasury
	Trail    audit.Trail
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Funding changes funds.
type Funding struct {
	office     auditing.Office[Stores]
	statements ledger.Statements
}

// New makes the activity.
func New(unit usecase.Unit[Stores], statements ledger.Statements, clock usecase.Clock) *Funding {
	return &Funding{auditing.Office[Stores]{Unit: unit, Clock: clock}, statements}
}

// Open opens a fund.
func (f *Funding) Open(ctx context.Context, actor access.Actor, code fund.Code, name, note string) (fund.Fund, error) {
	act := audit.Act{Action: ActOpen, Target: string(code), After: map[string]string{"name": name, "note": note}}
	return auditing.Do(ctx, f.office, actor, access.ManageFunds, act, func(ctx context.Context, s Stores, now time.Time, _ *audit.Act) (fund.Fund, error) {
		opened := fund.Fund{Code: code, Name: name, Note: note, OpenedAt: now, Version: 1}
		if err := opened.Valid(); err != nil {
			return fund.Fund{}, err
		}
		return opened, s.Treasury.Add(ctx, opened)
	})
}

// Rename changes what is written about a fund whose version the actor has seen.
func (f *Funding) Rename(ctx context.Context, actor access.Actor, code fund.Code, version int64, name, note string) (fund.Fund, error) {
	act := audit.Act{Action: ActRename, Target: string(code), After: map[string]string{"name": name, "note": note}}
	return auditing.Do(ctx, f.office, actor, access.ManageFunds, act, func(ctx context.Context, s Stores, _ time.Time, act *audit.Act) (fund.Fund, error) {
		was, err := s.Treasury.Get(ctx, code)
		if err != nil {
			return fund.Fund{}, err
		}
		act.Before = map[string]string{"name": was.Name, "note": was.Note}
		is := was
		is.Name, is.Note, is.Version = name, note, version
		if err := is.Valid(); err != nil {
			return fund.Fund{}, err
		}
		return saved(ctx, s.Treasury, is)
	})
}

// Close ends deposits to and grants from a fund whose version the actor has seen. The fund that charges go to is
// not closed: decide on another one first.
func (f *Funding) Close(ctx context.Context, actor access.Actor, code fund.Code, version int64, reason string) (fund.Fund, error) {
	act := audit.Act{Action: ActClose, Target: string(code), Reason: reason}
	return auditing.Do(ctx, f.office, actor, access.ManageFunds, act, func(ctx context.Context, s Stores, now time.Time, _ *audit.Act) (fund.Fund, error) {
		move := ledger.CashMove{Fund: code}
		book, err := s.Ledger.Open(ctx, now, ledger.Want{Pots: move.TreasuryPots(ledger.Withdrawal)})
		if err != nil {
			return fund.Fund{}, fmt.Errorf("open book of fund %s: %w", code, err)
		}
		if book.Rules.ChargeFund == code {
			return fund.Fund{}, fund.ErrInUse
		}
		closed, err := s.Treasury.Get(ctx, code)
		if err != nil {
			return fund.Fund{}, err
		}
		if err := closed.Open(); err != nil {
			return fund.Fund{}, err
		}
		closed.ClosedAt, closed.Version = now, version
		return saved(ctx, s.Treasury, closed)
	})
}

func saved(ctx context.Context, treasury fund.Treasury, changed fund.Fund) (fund.Fund, error) {
	if err := treasury.Save(ctx, changed); err != nil {
		return fund.Fund{}, err
	}
	changed.Version++
	return changed, nil
}

// Command asks to book cash.
type Command struct {
	Key      idem.Key
	Fund     fund.Code
	Merchant ledger.WalletID // whose till, for a remittance
	Amount   money.Points
	Memo     string
}

// Result is what was booked.
type Result struct {
	Entry    ledger.EntryID
	Replayed bool // booked by an earlier request with the same key
	Type     ledger.EntryType
	At       time.Time
	Fund     fund.Code
	Amount   money.Points
	Memo     string
}

// Deposit books cash that came into a fund's bank account.
func (f *Funding) Deposit(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	return f.book(ctx, actor, access.ManageFunds, ActDeposit, ledger.Deposit, cmd)
}

// Withdraw books cash that left a fund's bank account. A closed fund is emptied by withdrawals.
func (f *Funding) Withdraw(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	return f.book(ctx, actor, access.ManageFunds, ActWithdraw, ledger.Withdrawal, cmd)
}

// Remit books cash that a merchant brought from the till to the bank.
func (f *Funding) Remit(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	return f.book(ctx, actor, access.RecordRemittance, ActRemit, ledger.Remittance, cmd)
}

func (f *Funding) book(ctx context.Context, actor access.Actor, permission access.Permission, action string, entryType ledger.EntryType, cmd Command) (Result, error) {
	act := audit.Act{Action: action, Target: string(cmd.Fund), After: map[string]string{
		"amount": strconv.FormatInt(int64(cmd.Amount), 10), "memo": cmd.Memo,
	}}
	if entryType == ledger.Remittance {
		act.Target = cmd.Merchant.String()
		act.After["fund"] = string(cmd.Fund)
	}
	entry, err := auditing.Do(ctx, f.office, actor, permission, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (found, error) {
		entry, err := cmd.post(ctx, s, now, actor, entryType)
		if err != nil {
			return found{}, err
		}
		act.After["entry"] = entry.id.String()
		if entry.replayed {
			act.Outcome = auditing.Replayed
		}
		return entry, nil
	})
	if err != nil {
		return Result{}, err
	}
	booked, err := f.statements.Entry(ctx, entry.id)
	if err != nil {
		return Result{}, fmt.Errorf("read entry %s: %w", entry.id, err)
	}
	p := booked.Postings[0]
	return Result{
		Entry: booked.ID, Replayed: entry.replayed, Type: booked.Type, At: booked.At, Fund: p.Fund, Amount: p.Amount, Memo: booked.Memo,
	}, nil
}

// found is the entry that an act led to, now or before.
type found struct {
	id       ledger.EntryID
	replayed bool
}

func (cmd Command) post(ctx context.Context, s Stores, now time.Time, actor access.Actor, entryType ledger.EntryType) (found, error) {
	if err := cmd.Key.Valid(); err != nil {
		return found{}, err
	}
	if err := ledger.ValidMemo(cmd.Memo); err != nil {
		return found{}, err
	}
	claim, hash := idem.Claim{Actor: actor.User, Key: cmd.Key}, cmd.hash(entryType)
	move := ledger.CashMove{Actor: actor.User, Fund: cmd.Fund, Merchant: cmd.Merchant, Amount: cmd.Amount, Memo: cmd.Memo}
	want := ledger.Want{Pots: move.TreasuryPots(entryType), Claims: []idem.Claim{claim}}
	if entryType == ledger.Remittance {
		want.Wallets = []ledger.WalletID{cmd.Merchant}
	}
	book, err := s.Ledger.Open(ctx, now, want)
	if err != nil {
		return found{}, fmt.Errorf("open book of fund %s: %w", cmd.Fund, err)
	}
	if result, before, err := book.Replay(claim, hash); before || err != nil {
		return found{result, true}, err
	}
	id, err := cmd.decide(ctx, s.Treasury, book, move, entryType)
	if err != nil {
		return found{}, err
	}
	book.Keep(claim, hash, id)
	if err := s.Ledger.Append(ctx, book); err != nil {
		return found{}, fmt.Errorf("append entry %s: %w", id, err)
	}
	return found{id: id}, nil
}

func (cmd Command) decide(ctx context.Context, treasury fund.Treasury, book *ledger.Book, move ledger.CashMove, entryType ledger.EntryType) (ledger.EntryID, error) {
	of, err := treasury.Get(ctx, cmd.Fund)
	if err != nil {
		return ledger.EntryID{}, err
	}
	switch entryType {
	case ledger.Deposit:
		if err := of.Open(); err != nil {
			return ledger.EntryID{}, err
		}
		return book.Deposit(move)
	case ledger.Withdrawal:
		return book.Withdraw(move)
	}
	merchant, err := book.Wallet(cmd.Merchant)
	if err != nil {
		return ledger.EntryID{}, err
	}
	if merchant.Role != user.Merchant {
		return ledger.EntryID{}, ErrNoTill
	}
	return book.Remit(move)
}

func (cmd Command) hash(entryType ledger.EntryType) idem.Hash {
	return idem.HashOf(entryType.String(), string(cmd.Fund), cmd.Merchant.String(), strconv.FormatInt(int64(cmd.Amount), 10), cmd.Memo)
}
