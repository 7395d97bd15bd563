package funding

import (
	"context"
	"fmt"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/usecase"
)

// Accounts shows the funds and where their money is.
type Accounts struct {
	funds      fund.Reader
	statements ledger.Statements
	rules      ledger.RulesReader
	clock      usecase.Clock
}

// NewAccounts makes the activity.
func NewAccounts(funds fund.Reader, statements ledger.Statements, rules ledger.RulesReader, clock usecase.Clock) *Accounts {
	return &Accounts{funds, statements, rules, clock}
}

// Account is a fund with what it has.
type Account struct {
	Fund     fund.Fund
	Position ledger.FundPosition
}

// List shows all funds as they stand now.
func (a *Accounts) List(ctx context.Context, actor access.Actor) ([]Account, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return nil, err
	}
	funds, err := a.funds.Funds(ctx)
	if err != nil {
		return nil, err
	}
	position, err := a.statements.Position(ctx, time.Time{})
	if err != nil {
		return nil, err
	}
	accounts := make([]Account, len(funds))
	for i, f := range funds {
		accounts[i] = accountOf(f, position)
	}
	return accounts, nil
}

// On shows a fund as it stood at the end of a day; the zero day, today and days to come mean now (clause 4.1.1).
// Before the fund was opened it had nothing.
func (a *Accounts) On(ctx context.Context, actor access.Actor, code fund.Code, day calendar.Day) (Account, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return Account{}, err
	}
	f, err := a.funds.Fund(ctx, code)
	if err != nil {
		return Account{}, err
	}
	var at time.Time
	if day != 0 && day < calendar.DayOf(a.clock()) {
		at = day.End()
	}
	position, err := a.statements.Position(ctx, at)
	if err != nil {
		return Account{}, err
	}
	return accountOf(f, position), nil
}

// Position is the trial balance at an instant: everything before it. The zero time and times to come mean now.
func (a *Accounts) Position(ctx context.Context, actor access.Actor, at time.Time) (ledger.Position, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return ledger.Position{}, err
	}
	if at.After(a.clock()) {
		at = time.Time{}
	}
	return a.statements.Position(ctx, at)
}

func accountOf(f fund.Fund, position ledger.Position) Account {
	account := Account{Fund: f, Position: ledger.FundPosition{Fund: f.Code}}
	for _, p := range position.Funds {
		if p.Fund == f.Code {
			account.Position = p
		}
	}
	return account
}

// Till is a merchant's till with cash in it.
type Till struct {
	ledger.TillState
	Due     calendar.Day // the last day to hand it in
	Overdue bool
}

// Tills shows the tills that hold cash, the longest waiting first; or only those that should have been emptied
// by now (clause 4.2.3).
func (a *Accounts) Tills(ctx context.Context, actor access.Actor, onlyOverdue bool) ([]Till, error) {
	if err := access.Allow(actor, access.SeeFunds); err != nil {
		return nil, err
	}
	return a.tills(ctx, func(t Till) bool { return t.Overdue || !onlyOverdue })
}

// Own shows the tills of the merchant that the actor is, or works for: one for each fund with cash in it.
func (a *Accounts) Own(ctx context.Context, actor access.Actor) ([]Till, error) {
	if err := access.Allow(actor, access.SeeTill); err != nil {
		return nil, err
	}
	return a.tills(ctx, func(t Till) bool { return t.Merchant == actor.Wallet })
}

func (a *Accounts) tills(ctx context.Context, shown func(Till) bool) ([]Till, error) {
	rules, err := a.rules.Rules(ctx)
	if err != nil {
		return nil, fmt.Errorf("read rules: %w", err)
	}
	states, err := a.statements.Tills(ctx)
	if err != nil {
		return nil, fmt.Errorf("read tills: %w", err)
	}
	today := calendar.DayOf(a.clock())
	var tills []Till
	for _, state := range states {
		till := Till{TillState: state, Due: calendar.DayOf(state.Since) + calendar.Day(rules.TillDaysMax)}
		till.Overdue = till.Due < today
		if shown(till) {
			tills = append(tills, till)
		}
	}
	return tills, nil
}
