// Package expiring takes lapsed points out of wallets and gives them back to their funds (design §10), and shows what
// lapses soon. A lapsed lot is unusable from the first minute of the day after its last; the sweep only tidies up
// behind that, so it may run late, twice, or side by side with another one.
package expiring

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// ActSweep stands in the trail when an administrator asks for a sweep.
const ActSweep = "points.sweep"

// Bounds of a sweep.
const (
	chunkWallets = 200     // of one unit
	WalletsMax   = 100_000 // of one sweep; what is left is the next one's
)

// memo stands in the history of the wallets.
const memo = "有効期限切れ"

// Stores are what a sweep needs of a unit of work.
type Stores struct {
	Ledger ledger.Ledger
	Outbox event.Outbox
	Trail  audit.Trail
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Sweep is what one sweep did.
type Sweep struct {
	Wallets int
	Points  money.Points
	More    bool // there are lapsed lots left
}

// Expiring lapses what has expired.
type Expiring struct {
	office     auditing.Office[Stores]
	statements ledger.Statements
	funds      fund.Reader
}

// New makes the activity.
func New(unit usecase.Unit[Stores], statements ledger.Statements, funds fund.Reader, clock usecase.Clock) *Expiring {
	return &Expiring{auditing.Office[Stores]{Unit: unit, Clock: clock}, statements, funds}
}

// Order sweeps because an administrator asks for it now.
func (e *Expiring) Order(ctx context.Context, actor access.Actor) (Sweep, error) {
	_, err := auditing.Do(ctx, e.office, actor, access.RunSweep, audit.Act{Action: ActSweep}, func(context.Context, Stores, time.Time, *audit.Act) (struct{}, error) {
		return struct{}{}, nil
	})
	if err != nil {
		return Sweep{}, err
	}
	return e.Sweep(ctx, WalletsMax)
}

// Sweep lapses the lots whose last day is over, in at most limit wallets. Every chunk of wallets is a unit of its
// own: where a sweep breaks off, the next one goes on. Wallets that cannot be lapsed stop no other; the error names
// each of them, and More stays true.
func (e *Expiring) Sweep(ctx context.Context, limit int) (Sweep, error) {
	now := e.office.Clock()
	var done Sweep
	var failed []error
	var after ledger.WalletID
	for seen := 0; seen < limit; {
		want := min(chunkWallets, limit-seen)
		wallets, err := e.statements.LapsedWallets(ctx, calendar.DayOf(now), after, want)
		if err != nil {
			return done, errors.Join(append(failed, fmt.Errorf("list lapsed wallets: %w", err))...)
		}
		failed = append(failed, e.lapseAll(ctx, wallets, now, &done)...)
		if ctx.Err() != nil {
			return done, errors.Join(failed...)
		}
		if len(wallets) < want {
			break
		}
		seen, after = seen+len(wallets), wallets[len(wallets)-1]
	}
	rest, err := e.statements.LapsedWallets(ctx, calendar.DayOf(now), ledger.WalletID{}, 1)
	done.More = len(rest) > 0
	return done, errors.Join(append(failed, err)...)
}

// lapseAll lapses a chunk of wallets in one unit or, where that fails, each in its own. It gives what went wrong with
// those that could not be lapsed even so.
func (e *Expiring) lapseAll(ctx context.Context, wallets []ledger.WalletID, now time.Time, done *Sweep) (failed []error) {
	if len(wallets) == 0 {
		return nil
	}
	points, err := e.lapse(ctx, wallets, now)
	switch {
	case err == nil:
		done.Wallets += len(wallets)
		done.Points += points
	case len(wallets) == 1 || ctx.Err() != nil:
		failed = append(failed, fmt.Errorf("lapse lots of %d wallets from %s: %w", len(wallets), wallets[0], err))
	default:
		for i := range wallets {
			failed = append(failed, e.lapseAll(ctx, wallets[i:i+1], now, done)...)
		}
	}
	return failed
}

// lapse empties the lapsed lots of some wallets. Which funds their points go back to is known only once the wallets
// are locked, so the unissued pots of all funds are, for the moment that this takes.
func (e *Expiring) lapse(ctx context.Context, wallets []ledger.WalletID, now time.Time) (money.Points, error) {
	funds, err := e.funds.Funds(ctx)
	if err != nil {
		return 0, fmt.Errorf("list funds: %w", err)
	}
	want := ledger.Want{Wallets: wallets}
	for _, f := range funds {
		want.Pots = append(want.Pots, ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: f.Code})
	}
	return usecase.Do(ctx, e.office.Unit, func(ctx context.Context, s Stores) (money.Points, error) {
		book, err := s.Ledger.Open(ctx, now, want)
		if err != nil {
			return 0, fmt.Errorf("open book: %w", err)
		}
		var sum money.Points
		for _, wallet := range wallets {
			lapsed, err := book.Lapse(wallet, memo)
			if err != nil {
				return 0, fmt.Errorf("wallet %s: %w", wallet, err)
			}
			sum += lapsed
		}
		if sum == 0 {
			return 0, nil // another sweep was here first
		}
		if err := s.Ledger.Append(ctx, book); err != nil {
			return 0, fmt.Errorf("append %d entries: %w", len(book.Written().Entries), err)
		}
		return sum, s.Outbox.Append(ctx, book.Now, book.Events()...)
	})
}

// Lapsing lists what lapses soon.
type Lapsing struct {
	statements ledger.Statements
	rules      ledger.RulesReader
	clock      usecase.Clock
}

// NewLapsing makes the activity.
func NewLapsing(statements ledger.Statements, rules ledger.RulesReader, clock usecase.Clock) *Lapsing {
	return &Lapsing{statements, rules, clock}
}

// Soon is a page of lots that lapse on Until or before, the soonest first. Lots that have lapsed already and await
// the sweep are among them.
type Soon struct {
	Until calendar.Day
	page.Of[ledger.HeldLot]
}

// Own lists what lapses soon in the actor's wallet.
func (l *Lapsing) Own(ctx context.Context, actor access.Actor, query ledger.LapsingQuery) (Soon, error) {
	if err := access.Allow(actor, access.SeeOwnHistory); err != nil {
		return Soon{}, err
	}
	query.Wallet = actor.Wallet
	return l.list(ctx, query)
}

// All lists what lapses soon in all wallets, or in the one that the query names.
func (l *Lapsing) All(ctx context.Context, actor access.Actor, query ledger.LapsingQuery) (Soon, error) {
	if err := access.Allow(actor, access.SeeAnyHistory); err != nil {
		return Soon{}, err
	}
	return l.list(ctx, query)
}

func (l *Lapsing) list(ctx context.Context, query ledger.LapsingQuery) (Soon, error) {
	if query.Limit < 1 || query.Limit > page.LimitMax {
		return Soon{}, page.ErrLimit
	}
	if query.Until == 0 {
		rules, err := l.rules.Rules(ctx)
		if err != nil {
			return Soon{}, fmt.Errorf("read rules: %w", err)
		}
		query.Until = calendar.DayOf(l.clock()) + calendar.Day(rules.SoonDays)
	}
	found, err := l.statements.Lapsing(ctx, query)
	if err != nil {
		return Soon{}, fmt.Errorf("list lots that lapse until %s: %w", query.Until, err)
	}
	return Soon{query.Until, found}, nil
}
