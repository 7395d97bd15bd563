// Package charging takes cash for points at a shop (clause 4.2.3): the merchant or a clerk scans the resident's
// code and enters the amount; the till's cash and the resident's points rise together in one entry. What the shop
// owes from then on is seen in usecase/funding.
package charging

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/event"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// attemptsMax bounds how often a charge starts over because the rules have just been amended.
const attemptsMax = 3

// errAmended tells that the fund of charges is another one than a moment ago, so its pots are not in the book.
var errAmended = errors.New("fund of charges amended meanwhile")

// Stores are what a charge needs of a unit of work.
type Stores struct {
	Ledger ledger.Ledger
	Outbox event.Outbox
}

// Command asks for a charge.
type Command struct {
	Key          idem.Key // not of a preview
	ResidentCode user.Token
	Amount       money.Points
	Memo         string
}

// Result is what was charged. The resident's balance is not the shop's to see.
type Result struct {
	Entry    ledger.EntryID // zero in a preview
	Replayed bool           // charged by an earlier request with the same key
	At       time.Time
	Amount   money.Points
	Resident ledger.WalletID
	Points   lot.Key // kind, fund and expiry of the points
}

// Charging books charges.
type Charging struct {
	unit       usecase.Unit[Stores]
	rules      ledger.RulesReader
	statements ledger.Statements
	clock      usecase.Clock
}

// New makes the activity.
func New(unit usecase.Unit[Stores], rules ledger.RulesReader, statements ledger.Statements, clock usecase.Clock) *Charging {
	return &Charging{unit, rules, statements, clock}
}

// Do books a charge once per key. A replay gives the result of the first time.
func (c *Charging) Do(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	if err := cmd.allowed(actor); err != nil {
		return Result{}, err
	}
	if err := cmd.Key.Valid(); err != nil {
		return Result{}, err
	}
	result, err := c.underRules(ctx, func(rules ledger.Rules) (Result, error) { return c.post(ctx, cmd.cash(actor), rules) })
	if err != nil || !result.Replayed {
		return result, err
	}
	entry, err := c.statements.Entry(ctx, result.Entry)
	if err != nil {
		return Result{}, fmt.Errorf("read entry %s: %w", result.Entry, err)
	}
	first := resultOf(entry)
	first.Replayed = true
	return first, nil
}

// underRules does work under the rules in force, and again when they were amended meanwhile.
func (c *Charging) underRules(ctx context.Context, work func(ledger.Rules) (Result, error)) (Result, error) {
	for attempt := 1; ; attempt++ {
		rules, err := c.rules.Rules(ctx)
		if err != nil {
			return Result{}, fmt.Errorf("read rules: %w", err)
		}
		result, err := work(rules)
		if attempt == attemptsMax || !errors.Is(err, errAmended) {
			return result, err
		}
	}
}

func (c *Charging) post(ctx context.Context, cash ledger.Cash, rules ledger.Rules) (Result, error) {
	return usecase.Do(ctx, c.unit, func(ctx context.Context, s Stores) (Result, error) {
		book, err := s.Ledger.Open(ctx, c.clock(), wants(rules, cash))
		if err != nil {
			return Result{}, fmt.Errorf("open book of charge: %w", err)
		}
		receipt, err := charge(book, rules, cash)
		if err != nil || receipt.Replayed {
			return Result{Entry: receipt.Entry, Replayed: receipt.Replayed}, err
		}
		if err := s.Ledger.Append(ctx, book); err != nil {
			return Result{}, fmt.Errorf("append charge %s: %w", receipt.Entry, err)
		}
		return resultOf(book.Written().Entries[0]), s.Outbox.Append(ctx, book.Now, book.Events()...)
	})
}

// Preview shows what a charge would give, without booking it.
func (c *Charging) Preview(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	if err := cmd.allowed(actor); err != nil {
		return Result{}, err
	}
	cmd.Key = ""
	return c.underRules(ctx, func(rules ledger.Rules) (Result, error) { return c.plan(ctx, cmd.cash(actor), rules) })
}

func (c *Charging) plan(ctx context.Context, cash ledger.Cash, rules ledger.Rules) (Result, error) {
	return usecase.Do(ctx, c.unit, func(ctx context.Context, s Stores) (Result, error) {
		book, err := s.Ledger.Peek(ctx, c.clock(), wants(rules, cash))
		if err != nil {
			return Result{}, fmt.Errorf("peek at book of charge: %w", err)
		}
		if _, err := charge(book, rules, cash); err != nil {
			return Result{}, err
		}
		result := resultOf(book.Written().Entries[0])
		result.Entry = ledger.EntryID{}
		return result, nil
	})
}

func (cmd Command) allowed(actor access.Actor) error {
	if err := access.Allow(actor, access.Charge); err != nil {
		return err
	}
	if err := ledger.ValidMemo(cmd.Memo); err != nil {
		return err
	}
	return cmd.Amount.Valid()
}

func (cmd Command) cash(actor access.Actor) ledger.Cash {
	return ledger.Cash{
		Claim: idem.Claim{Actor: actor.User, Key: cmd.Key}, Actor: actor.User, Merchant: actor.Wallet,
		Hash:     idem.HashOf("charge", string(cmd.ResidentCode), strconv.FormatInt(int64(cmd.Amount), 10), cmd.Memo),
		Resident: ledger.Party{Code: cmd.ResidentCode}, Amount: cmd.Amount, Memo: cmd.Memo,
	}
}

// wants names what the charge needs. Before charges are configured there is no pot to open; the book says so.
func wants(rules ledger.Rules, cash ledger.Cash) ledger.Want {
	want := ledger.Want{Wallets: []ledger.WalletID{cash.Merchant}, Codes: []user.Token{cash.Resident.Code}}
	if rules.ChargeFund != "" {
		want.Pots = rules.ChargePots(cash.Merchant)
	}
	if cash.Claim.Key != "" {
		want.Claims = []idem.Claim{cash.Claim}
	}
	return want
}

func charge(book *ledger.Book, rules ledger.Rules, cash ledger.Cash) (ledger.Receipt, error) {
	receipt, err := book.Charge(cash)
	if err != nil && book.Rules.ChargeFund != rules.ChargeFund {
		return ledger.Receipt{}, errAmended
	}
	return receipt, err
}

func resultOf(entry ledger.Entry) Result {
	p := entry.Postings[0]
	return Result{Entry: entry.ID, At: entry.At, Amount: p.Amount, Resident: p.Destination.Owner, Points: p.Points}
}
