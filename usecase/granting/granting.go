// Package granting gives points to people: to one, or to many at once from a list or a search (clauses 4.2.1 and
// 4.2.2). No grant goes beyond what its fund has unissued; the refusal says by how much it falls short (clause
// 4.2.4).
//
// A bulk grant is made in one unit, which stores its rows and reserves their whole sum, or is refused as a whole. Bad
// rows do not hold up good ones: they are stored as refused and handed back with their reason. A worker then runs
// the batch in chunks; see Bulk.Run.
package granting

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// The acts that stand in the trail.
const (
	ActGrant       = "points.grant"
	ActBatch       = "points.grant_in_bulk"
	ActCancelBatch = "points.cancel_bulk_grant"
)

// ErrRecipient refuses a command that names no recipient, or two.
var ErrRecipient = fault.Define(fault.Invalid, "recipient_missing", "給付する相手をユーザーかメールアドレスのどちらか一つで指定してください。")

// Stores are what granting needs of a unit of work.
type Stores struct {
	Ledger    ledger.Ledger
	Treasury  fund.Treasury
	Batches   fund.Batches
	Campaigns cashback.Campaigns // whose payouts are batches
	Trail     audit.Trail
	Outbox    event.Outbox
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Terms are what every point of a grant is: its fund, kind and last day.
type Terms struct {
	Fund    fund.Code
	Kind    lot.KindCode
	Expires calendar.Day // zero takes the kind's default
	Memo    string
}

// Command asks for a grant to one user.
type Command struct {
	Key    idem.Key   // not of a preview
	User   user.ID    // or
	Email  user.Email // folded
	Amount money.Points
	Terms
}

// Result is what was granted.
type Result struct {
	Entry    ledger.EntryID
	Replayed bool // granted by an earlier request with the same key
	At       time.Time
	Wallet   ledger.WalletID
	Points   lot.Key // kind, fund and expiry of the points
	Amount   money.Points
	Balance  money.Points // of the wallet afterwards
}

// Granting grants to one user.
type Granting struct {
	office     auditing.Office[Stores]
	roster     user.Roster
	statements ledger.Statements
}

// New makes the activity.
func New(unit usecase.Unit[Stores], roster user.Roster, statements ledger.Statements, clock usecase.Clock) *Granting {
	return &Granting{auditing.Office[Stores]{Unit: unit, Clock: clock}, roster, statements}
}

// Do grants once per key. A replay gives the result of the first time.
func (g *Granting) Do(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	act := audit.Act{Action: ActGrant, Target: cmd.User.String(), After: map[string]string{
		"fund": string(cmd.Fund), "kind": string(cmd.Kind), "amount": strconv.FormatInt(int64(cmd.Amount), 10), "memo": cmd.Memo,
	}}
	if err := auditing.Allow(ctx, g.office, actor, access.Grant, act); err != nil {
		return Result{}, err
	}
	// Who cannot be found any more may have been granted to before: the key decides first.
	recipient, unknown := g.recipient(ctx, cmd)
	if _, refused := fault.Of(unknown); unknown != nil && !refused {
		return Result{}, unknown
	}
	if unknown == nil {
		act.Target = recipient.ID.String()
	}
	entry, err := auditing.Do(ctx, g.office, actor, access.Grant, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (made, error) {
		entry, err := cmd.post(ctx, s, now, actor, recipient, unknown)
		if err != nil {
			return made{}, err
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
	return g.result(ctx, entry)
}

// made is the entry that a command led to, now or before.
type made struct {
	id       ledger.EntryID
	replayed bool
}

func (cmd Command) post(ctx context.Context, s Stores, now time.Time, actor access.Actor, recipient user.User, unknown error) (made, error) {
	if err := cmd.Key.Valid(); err != nil {
		return made{}, err
	}
	claim, hash := idem.Claim{Actor: actor.User, Key: cmd.Key}, cmd.hash()
	want := cmd.wants(recipient)
	want.Claims = []idem.Claim{claim}
	book, err := s.Ledger.Open(ctx, now, want)
	if err != nil {
		return made{}, fmt.Errorf("open book of grant: %w", err)
	}
	if result, before, err := book.Replay(claim, hash); before || err != nil {
		return made{result, true}, err
	}
	if unknown != nil {
		return made{}, unknown
	}
	if err := cmd.ready(ctx, s.Treasury); err != nil {
		return made{}, err
	}
	receipt, err := book.Grant(cmd.award(actor, recipient))
	if err != nil {
		return made{}, err
	}
	book.Keep(claim, hash, receipt.Entry)
	if err := s.Ledger.Append(ctx, book); err != nil {
		return made{}, fmt.Errorf("append grant %s: %w", receipt.Entry, err)
	}
	return made{id: receipt.Entry}, s.Outbox.Append(ctx, now, book.Events()...)
}

// result reads what an entry granted.
func (g *Granting) result(ctx context.Context, of made) (Result, error) {
	entry, err := g.statements.Entry(ctx, of.id)
	if err != nil {
		return Result{}, fmt.Errorf("read entry %s: %w", of.id, err)
	}
	p := entry.Postings[0]
	line, err := g.statements.LineOf(ctx, p.Destination.Owner, of.id)
	if err != nil {
		return Result{}, fmt.Errorf("read line of entry %s: %w", of.id, err)
	}
	return Result{
		Entry: of.id, Replayed: of.replayed, At: entry.At, Wallet: p.Destination.Owner, Points: p.Points, Amount: p.Amount, Balance: line.Balance,
	}, nil
}

// Estimate is what a grant would do to its fund.
type Estimate struct {
	Recipients int
	Total      money.Points
	Before     money.Points // unissued in the fund
	After      money.Points // unissued once it is granted; zero where the fund falls short
	Shortfall  money.Points
	Expires    calendar.Day
}

// Preview shows what a grant would do, without doing it. A fund that falls short is told as such, not refused.
func (g *Granting) Preview(ctx context.Context, actor access.Actor, cmd Command) (Estimate, error) {
	if err := access.Allow(actor, access.Grant); err != nil {
		return Estimate{}, err
	}
	recipient, err := g.recipient(ctx, cmd)
	if err != nil {
		return Estimate{}, err
	}
	return usecase.Do(ctx, g.office.Unit, func(ctx context.Context, s Stores) (Estimate, error) {
		book, err := s.Ledger.Peek(ctx, g.office.Clock(), cmd.wants(recipient))
		if err != nil {
			return Estimate{}, fmt.Errorf("peek at book of grant: %w", err)
		}
		estimate, err := cmd.estimate(ctx, s.Treasury, book, 1, cmd.Amount)
		if err != nil {
			return Estimate{}, err
		}
		if _, err := book.Grant(cmd.award(actor, recipient)); err != nil && !errors.Is(err, ledger.ErrFundShort) {
			return Estimate{}, err
		}
		return estimate, nil
	})
}

// recipient finds who is granted to. Administrators and clerks have no wallet of their own.
func (g *Granting) recipient(ctx context.Context, cmd Command) (user.User, error) {
	if cmd.User.IsZero() == (cmd.Email == "") {
		return user.User{}, ErrRecipient
	}
	var u user.User
	var err error
	if cmd.Email == "" {
		u, err = g.roster.ByID(ctx, cmd.User)
	} else {
		u, err = byEmail(ctx, g.roster, cmd.Email)
	}
	if err != nil {
		return user.User{}, err
	}
	if !u.Role.OwnsWallet() {
		return user.User{}, fund.ErrRowNoWallet
	}
	return u, nil
}

func byEmail(ctx context.Context, roster user.Roster, email user.Email) (user.User, error) {
	found, err := roster.ByEmails(ctx, []user.Email{email})
	if err != nil {
		return user.User{}, fmt.Errorf("find recipient: %w", err)
	}
	u, known := found[email]
	if !known {
		return user.User{}, user.ErrUnknown.At("email")
	}
	return u, nil
}

func (cmd Command) wants(recipient user.User) ledger.Want {
	return ledger.Want{Wallets: []ledger.WalletID{recipient.Wallet}, Pots: []ledger.Pot{unissuedOf(cmd.Fund)}}
}

func (cmd Command) award(actor access.Actor, to user.User) ledger.Award {
	return ledger.Award{
		Actor: actor.User, Wallet: to.Wallet, Fund: cmd.Fund, Amount: cmd.Amount, Kind: cmd.Kind, Expires: cmd.Expires, Memo: cmd.Memo,
	}
}

func (cmd Command) hash() idem.Hash {
	return idem.HashOf("grant", cmd.User.String(), string(cmd.Email), strconv.FormatInt(int64(cmd.Amount), 10),
		string(cmd.Fund), string(cmd.Kind), strconv.Itoa(int(cmd.Expires)), cmd.Memo)
}

// ready refuses what cannot be granted on these terms whoever it is for. The fund's unissued pot must be locked.
func (t Terms) ready(ctx context.Context, treasury fund.Treasury) error {
	if err := ledger.ValidMemo(t.Memo); err != nil {
		return err
	}
	of, err := treasury.Get(ctx, t.Fund)
	if err != nil {
		return err
	}
	return of.Open()
}

// lastDay gives the last day of points that are granted today.
func (t Terms) lastDay(book *ledger.Book) (calendar.Day, error) {
	today := calendar.DayOf(book.Now)
	kind, known := book.Rules.Kinds[t.Kind]
	if !known {
		return 0, lot.ErrKindUnknown.At("kind")
	}
	if err := kind.OpenOn(today); err != nil {
		return 0, err
	}
	return kind.Expiry(today, t.Expires)
}

func (t Terms) estimate(ctx context.Context, treasury fund.Treasury, book *ledger.Book, recipients int, total money.Points) (Estimate, error) {
	if err := t.ready(ctx, treasury); err != nil {
		return Estimate{}, err
	}
	if err := total.Valid(); err != nil {
		return Estimate{}, err
	}
	expires, err := t.lastDay(book)
	if err != nil {
		return Estimate{}, err
	}
	before := book.Balance(unissuedOf(t.Fund))
	return Estimate{
		Recipients: recipients, Total: total, Before: before, After: max(before-total, 0), Shortfall: max(total-before, 0), Expires: expires,
	}, nil
}
