// Package signingin lets people in and out: with e-mail and password, by continuing a session, and out of it.
//
// Whoever may not come in learns nothing else: an unknown address, a wrong password and a deleted user give the
// same refusal after the same work, which is one computation of the password hash. That computation is slow on
// purpose; a Turnstile keeps it to a few at a time, so that a flood of sign-ins takes neither the processors nor
// the memory from payments. It happens outside any unit of work, so that no connection waits for it.
//
// Every sign-in, failure and sign-out is a row of the audit trail (annex 1, clause 2.1). Attempts that the
// turnstile turned away were not judged and leave none. Lockout, second factors and last-login times join here.
package signingin

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are what signing in needs of a unit of work.
type Stores struct {
	Directory   user.Directory
	Credentials access.Credentials
	Trail       audit.Trail
}

// The acts that stand in the trail.
const (
	ActStart    = "session.start"
	ActContinue = "session.continue"
	ActEnd      = "session.end"
	ActEndAll   = "session.end_all"
)

// ErrSignIn refuses a sign-in without saying why.
var ErrSignIn = fault.Define(fault.Unauthenticated, "sign_in_failed", "メールアドレスまたはパスワードが正しくありません。")

// Pass is what a person has after signing in.
type Pass struct {
	Access       string
	AccessUntil  time.Time
	Refresh      access.RefreshToken
	SessionUntil time.Time
	User         user.ID
	Role         user.Role
	Session      access.SessionID
}

// Door is where people come in and go out.
type Door struct {
	unit     usecase.Unit[Stores]
	sessions access.Sessions
	signer   access.Signer
	hasher   access.Hasher
	clock    usecase.Clock
	decoy    string
}

// New makes a door. The hasher should be behind a Turnstile.
func New(ctx context.Context, unit usecase.Unit[Stores], sessions access.Sessions, signer access.Signer, hasher access.Hasher, clock usecase.Clock) (*Door, error) {
	decoy, err := hasher.Hash(ctx, "the password of nobody")
	if err != nil {
		return nil, fmt.Errorf("hash decoy: %w", err)
	}
	return &Door{unit: unit, sessions: sessions, signer: signer, hasher: hasher, clock: clock, decoy: decoy}, nil
}

// Origin is where a request comes from, for the trail.
type Origin struct {
	Address string
	Request string
}

// SignIn begins a session of whoever has this address and this password, or returns ErrSignIn.
func (d *Door) SignIn(ctx context.Context, email string, password access.Password, origin Origin) (Pass, error) {
	if len(password) > access.PasswordBytesMax {
		return Pass{}, access.ErrPassword.At("password")
	}
	address, err := user.ParseEmail(email)
	if err != nil {
		address = "" // is nobody's, and is looked up like any other
	}
	found, hash, err := d.lookUp(ctx, address)
	if err != nil {
		return Pass{}, err
	}
	right, err := d.hasher.Verify(ctx, password, hash)
	if err != nil {
		return Pass{}, fmt.Errorf("verify password of %s: %w", found, err)
	}
	now := d.clock()
	actor := access.Actor{User: found.ID, Role: found.Role, Wallet: found.Wallet, Address: origin.Address, Request: origin.Request}
	if !right || found.ID.IsZero() {
		if err := d.record(ctx, actor, ActStart, now, ErrSignIn); err != nil {
			return Pass{}, err
		}
		return Pass{}, ErrSignIn
	}
	session := access.Session{
		ID: ident.New[access.Session](now), User: found.ID, StartedAt: now, ExpiresAt: now.Add(access.LifeOf(found.Role)),
	}
	actor.Session = session.ID
	refresh, err := d.sessions.Start(ctx, session)
	if err != nil {
		return Pass{}, fmt.Errorf("start session %s: %w", session.ID, err)
	}
	if err := d.record(ctx, actor, ActStart, now, nil); err != nil {
		return Pass{}, errors.Join(err, d.sessions.End(ctx, session.ID, now)) // nobody is in without a row that says so
	}
	return d.pass(found, session, refresh, now)
}

// lookUp gives the user of an address with their password's hash, or nobody with the decoy's.
func (d *Door) lookUp(ctx context.Context, email user.Email) (found user.User, hash string, err error) {
	err = d.unit.Do(ctx, func(ctx context.Context, s Stores) error {
		found, hash = user.User{}, d.decoy
		u, err := s.Directory.ByEmail(ctx, email)
		if errors.Is(err, user.ErrUnknown) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("user by address: %w", err)
		}
		credential, err := s.Credentials.Of(ctx, u.ID)
		if errors.Is(err, access.ErrNoCredential) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("credential of %s: %w", u, err)
		}
		found, hash = u, credential.Hash
		return nil
	})
	return found, hash, err
}

// Refresh continues a session with the successor of its refresh token and a fresh access token, which says what
// the user is now. The session of a user who was deleted since ends. While the directory is away no token is spent:
// its owner could not be given the successor, and would be taken for a thief later.
func (d *Door) Refresh(ctx context.Context, token access.RefreshToken, origin Origin) (Pass, error) {
	now := d.clock()
	if _, err := d.userOf(ctx, user.ID{}); !errors.Is(err, user.ErrUnknown) {
		return Pass{}, fmt.Errorf("reach directory: %w", err)
	}
	session, next, err := d.sessions.Rotate(ctx, token, now)
	if errors.Is(err, access.ErrSessionReused) {
		thief := access.Actor{User: session.User, Session: session.ID, Address: origin.Address, Request: origin.Request}
		return Pass{}, errors.Join(access.ErrSessionReused, d.record(ctx, thief, ActContinue, now, access.ErrSessionReused))
	}
	if err != nil {
		return Pass{}, fmt.Errorf("rotate refresh token: %w", err)
	}
	found, err := d.userOf(ctx, session.User)
	if errors.Is(err, user.ErrUnknown) {
		return Pass{}, errors.Join(access.ErrSession, d.sessions.End(ctx, session.ID, now))
	}
	if err != nil {
		return Pass{}, fmt.Errorf("user of session %s: %w", session.ID, err)
	}
	return d.pass(found, session, next, now)
}

func (d *Door) userOf(ctx context.Context, id user.ID) (user.User, error) {
	return usecase.Do(ctx, d.unit, func(ctx context.Context, s Stores) (user.User, error) {
		return s.Directory.ByID(ctx, id)
	})
}

// SignOut ends the actor's session.
func (d *Door) SignOut(ctx context.Context, actor access.Actor) error {
	if actor.User.IsZero() {
		return access.ErrNotSignedIn
	}
	now := d.clock()
	if err := d.sessions.End(ctx, actor.Session, now); err != nil {
		return fmt.Errorf("end session %s: %w", actor.Session, err)
	}
	return d.record(ctx, actor, ActEnd, now, nil)
}

// SignOutEverywhere ends all of the actor's sessions.
func (d *Door) SignOutEverywhere(ctx context.Context, actor access.Actor) error {
	if actor.User.IsZero() {
		return access.ErrNotSignedIn
	}
	now := d.clock()
	if err := d.sessions.EndAll(ctx, actor.User, now); err != nil {
		return fmt.Errorf("end sessions of user %s: %w", actor.User, err)
	}
	return d.record(ctx, actor, ActEndAll, now, nil)
}

func (d *Door) pass(u user.User, session access.Session, refresh access.RefreshToken, now time.Time) (Pass, error) {
	until := now.Add(access.AccessLife)
	if session.ExpiresAt.Before(until) {
		until = session.ExpiresAt
	}
	token, err := d.signer.Issue(access.Claims{
		User: u.ID, Role: u.Role, Wallet: u.Wallet, Session: session.ID, IssuedAt: now, ExpiresAt: until,
	})
	if err != nil {
		return Pass{}, fmt.Errorf("issue access token of session %s: %w", session.ID, err)
	}
	return Pass{
		Access: token, AccessUntil: until, Refresh: refresh, SessionUntil: session.ExpiresAt, User: u.ID, Role: u.Role,
		Session: session.ID,
	}, nil
}

// record writes what happened, or what was refused, to the trail.
func (d *Door) record(ctx context.Context, actor access.Actor, action string, now time.Time, refusal *fault.Fault) error {
	act := audit.Act{ID: ident.New[audit.Act](now), At: now, Actor: actor, Action: action, Outcome: "done"}
	if !actor.Session.IsZero() {
		act.Target = actor.Session.String()
	}
	if refusal != nil {
		act.Outcome = string(refusal.Code)
	}
	err := d.unit.Do(ctx, func(ctx context.Context, s Stores) error { return s.Trail.Record(ctx, act) })
	if err != nil {
		return fmt.Errorf("record %s: %w", action, err)
	}
	return nil
}
