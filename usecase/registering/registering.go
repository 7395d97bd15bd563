// Package registering brings users and their codes onto the platform.
//
// An administrator registers a user of any role (clause 3.1.4): the user, an initial password, a wallet for
// residents and merchants, and the standing code (clause 3.1.6) come into being in one unit, or none of them.
// People rotate their own standing code, administrators anyone's, and what a till or a phone shows for one
// payment is issued here. Registration by people themselves and from list files (3.1.1, 3.1.5) joins later.
package registering

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Wallets opens wallets inside a unit of work; the ledger's adapters do.
type Wallets interface {
	Open(ctx context.Context, wallet access.WalletID, owner user.ID, role user.Role, category string, at time.Time) error
}

// Stores are what registering needs of a unit of work.
type Stores struct {
	Directory   user.Directory
	Credentials access.Credentials
	Codes       user.Codes
	Wallets     Wallets
	Trail       audit.Trail
}

// The acts that stand in the trail.
const (
	ActRegister   = "user.register"
	ActRotateCode = "code.rotate"
	ActRevokeCode = "code.revoke"
)

// BatchMax bounds what is registered in one unit.
const BatchMax = 500

// ErrBatch refuses a batch that is empty or too large.
var ErrBatch = fault.Define(fault.Invalid, "registration_batch_size", "一度に登録できるのは1人から500人までです。")

// Registration is a user to be.
type Registration struct {
	Role         user.Role
	Email        string
	Profile      user.Profile
	Employer     user.ID         // of a clerk
	Password     access.Password // the initial one; empty where PasswordHash is given
	PasswordHash string          // made by the platform's own Hasher; only for callers inside it, never from a request
	CodeLimit    money.Points    // the most that one payment to the standing code of a merchant may be; zero for no limit
}

// Registered is a user who came into being.
type Registered struct {
	User user.User
	Code user.Code
}

// Desk registers users and issues codes.
type Desk struct {
	unit   usecase.Unit[Stores]
	roster user.Roster
	hasher access.Hasher
	clock  usecase.Clock
}

// NewDesk makes a desk. The hasher should be behind a turnstile.
func NewDesk(unit usecase.Unit[Stores], roster user.Roster, hasher access.Hasher, clock usecase.Clock) *Desk {
	return &Desk{unit: unit, roster: roster, hasher: hasher, clock: clock}
}

// Register brings one user onto the platform.
func (d *Desk) Register(ctx context.Context, actor access.Actor, registration Registration) (Registered, error) {
	all, err := d.register(ctx, actor, []Registration{registration}, func(_ int, field string) string { return field })
	if err != nil {
		return Registered{}, err
	}
	return all[0], nil
}

// RegisterAll brings up to BatchMax users onto the platform, all of them or none. A refusal names every row and
// field at fault, as rows[3].email.
func (d *Desk) RegisterAll(ctx context.Context, actor access.Actor, registrations []Registration) ([]Registered, error) {
	return d.register(ctx, actor, registrations, func(row int, field string) string { return fmt.Sprintf("rows[%d].%s", row, field) })
}

func (d *Desk) register(ctx context.Context, actor access.Actor, registrations []Registration, path func(row int, field string) string) ([]Registered, error) {
	if err := access.Allow(actor, access.RegisterUsers); err != nil {
		return nil, err
	}
	if len(registrations) < 1 || len(registrations) > BatchMax {
		return nil, ErrBatch
	}
	now := d.clock()
	registered := lo.Map(registrations, func(r Registration, _ int) Registered { return r.draft(now) })
	if err := d.check(ctx, registrations, registered, calendar.DayOf(now), path); err != nil {
		return nil, err
	}
	credentials, err := d.credentials(ctx, registrations, registered, now)
	if err != nil {
		return nil, err
	}
	return usecase.Do(ctx, d.unit, func(ctx context.Context, s Stores) ([]Registered, error) {
		for i := range registered {
			if err := employ(ctx, s.Directory, &registered[i].User, path(i, "employer")); err != nil {
				return nil, err
			}
		}
		if err := s.Directory.Add(ctx, lo.Map(registered, func(r Registered, _ int) user.User { return r.User })...); err != nil {
			return nil, fmt.Errorf("enter %d users: %w", len(registered), err)
		}
		if err := s.Credentials.Set(ctx, credentials...); err != nil {
			return nil, fmt.Errorf("enter %d credentials: %w", len(credentials), err)
		}
		for _, r := range registered {
			if r.User.Role.OwnsWallet() {
				if err := s.Wallets.Open(ctx, r.User.Wallet, r.User.ID, r.User.Role, r.User.Profile.Category, now); err != nil {
					return nil, fmt.Errorf("open wallet of %s: %w", r.User, err)
				}
			}
		}
		if err := s.Codes.Add(ctx, lo.Map(registered, func(r Registered, _ int) user.Code { return r.Code })...); err != nil {
			return nil, fmt.Errorf("enter %d codes: %w", len(registered), err)
		}
		for _, r := range registered {
			if err := record(ctx, s.Trail, actor, now, ActRegister, r.User.ID, map[string]string{"role": r.User.Role.String()}); err != nil {
				return nil, err
			}
		}
		return registered, nil
	})
}

// draft makes the user and the code that a registration asks for.
func (r Registration) draft(now time.Time) Registered {
	u := user.User{
		ID: ident.New[user.User](now), Role: r.Role, Email: user.FoldEmail(r.Email), Profile: r.Profile.Tidy(),
		Employer: r.Employer, CreatedAt: now,
	}
	if r.Role.OwnsWallet() {
		u.Wallet = user.NewWalletID(now)
	}
	code := user.Code{
		Token: user.NewToken(user.Standing), Purpose: user.Standing, Owner: u.ID, Wallet: u.Wallet, AmountMax: r.CodeLimit,
		IssuedAt: now, PrintVersion: 1,
	}
	return Registered{User: u, Code: code}
}

// check finds all that is wrong with the rows before anything is computed or written. That an address is free is
// looked up here to name the row; the unique index decides it.
func (d *Desk) check(ctx context.Context, registrations []Registration, drafts []Registered, today calendar.Day, path func(int, string) string) error {
	taken, err := d.roster.ByEmails(ctx, lo.FilterMap(drafts, func(r Registered, _ int) (user.Email, bool) {
		email, err := user.ParseEmail(string(r.User.Email))
		return email, err == nil
	}))
	if err != nil {
		return fmt.Errorf("look up %d addresses: %w", len(drafts), err)
	}
	refusal := *user.ErrInvalid
	report := func(row int, field string, f *fault.Fault) {
		refusal.Fields = append(refusal.Fields, fault.Field{Path: path(row, field), Code: f.Code, Message: f.Message})
	}
	seen := map[user.Email]bool{}
	for i, r := range registrations {
		if f, bad := fault.Of(drafts[i].User.Valid(today)); bad {
			for _, field := range f.Fields {
				refusal.Fields = append(refusal.Fields, fault.Field{Path: path(i, field.Path), Code: field.Code, Message: field.Message})
			}
		}
		email := drafts[i].User.Email
		if _, isTaken := taken[email]; isTaken || seen[email] {
			report(i, "email", user.ErrEmailTaken)
		}
		seen[email] = true
		if r.PasswordHash == "" && r.Password.Valid() != nil {
			report(i, "password", access.ErrPassword)
		}
		if r.CodeLimit < 0 || r.CodeLimit > money.AmountMax || r.CodeLimit > 0 && r.Role != user.Merchant {
			report(i, "codeLimit", money.ErrAmount)
		}
	}
	if len(refusal.Fields) == 0 {
		return nil
	}
	if lo.EveryBy(refusal.Fields, func(f fault.Field) bool { return f.Code == user.ErrEmailTaken.Code }) {
		conflict := *user.ErrEmailTaken
		conflict.Fields = refusal.Fields
		return &conflict
	}
	return &refusal
}

// credentials hashes the passwords, outside the unit since that is slow.
func (d *Desk) credentials(ctx context.Context, registrations []Registration, drafts []Registered, now time.Time) ([]access.Credential, error) {
	credentials := make([]access.Credential, len(drafts))
	for i, r := range registrations {
		hash := r.PasswordHash
		if hash == "" {
			made, err := d.hasher.Hash(ctx, r.Password)
			if err != nil {
				return nil, fmt.Errorf("hash password of row %d: %w", i, err)
			}
			hash = made
		}
		credentials[i] = access.Credential{User: drafts[i].User.ID, Hash: hash, SetAt: now}
	}
	return credentials, nil
}

// employ gives a clerk the wallet of the merchant they work for.
func employ(ctx context.Context, directory user.Directory, u *user.User, path string) error {
	if u.Role != user.Clerk {
		return nil
	}
	merchant, err := directory.ByID(ctx, u.Employer)
	if _, refused := fault.Of(err); refused || err == nil && merchant.Role != user.Merchant {
		return user.ErrEmployer.At(path)
	}
	if err != nil {
		return fmt.Errorf("employer %s: %w", u.Employer, err)
	}
	u.Wallet = merchant.Wallet
	return nil
}

// record notes an act in the unit's trail. auditing.Do does not fit here: one unit registers up to BatchMax users,
// each with an act of its own, and what people do with their own codes needs another permission than for others'.
func record(ctx context.Context, trail audit.Trail, actor access.Actor, now time.Time, action string, target user.ID, after map[string]string) error {
	act := audit.Act{
		ID: ident.New[audit.Act](now), At: now, Actor: actor, Action: action, Target: target.String(), After: after, Outcome: auditing.Done,
	}
	if err := trail.Record(ctx, act); err != nil {
		return fmt.Errorf("record %s of %s: %w", action, target, err)
	}
	return nil
}

// LogValue keeps the registration out of logs.
func (Registration) LogValue() slog.Value { return slog.StringValue("[registration]") }

// Format keeps the registration out of printed text, whatever the verb.
func (Registration) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[registration]") }
