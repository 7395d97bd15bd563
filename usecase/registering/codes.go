package registering

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// RotateCode gives owner a new standing code in place of the old one, which stops working at once: their own, or
// anyone's for an administrator. To everyone else another's identifier is unknown (clause 3.1.3).
func (d *Desk) RotateCode(ctx context.Context, actor access.Actor, owner user.ID) (user.Code, error) {
	if err := overCodesOf(actor, owner, user.ErrUnknown); err != nil {
		return user.Code{}, err
	}
	now := d.clock()
	return usecase.Do(ctx, d.unit, func(ctx context.Context, s Stores) (user.Code, error) {
		u, err := s.Directory.ByID(ctx, owner)
		if err != nil {
			return user.Code{}, fmt.Errorf("owner %s: %w", owner, err)
		}
		next := user.Code{Token: user.NewToken(user.Standing), Purpose: user.Standing, Owner: u.ID, IssuedAt: now}
		if u.Role.OwnsWallet() {
			next.Wallet = u.Wallet
		}
		code, err := s.Codes.Rotate(ctx, next)
		if err != nil {
			return user.Code{}, fmt.Errorf("rotate code of %s: %w", u, err)
		}
		version := map[string]string{"printVersion": strconv.Itoa(code.PrintVersion)}
		return code, record(ctx, s.Trail, actor, now, ActRotateCode, u.ID, version)
	})
}

// RevokeCode makes a code unusable: one's own, or anyone's for an administrator. To everyone else it is unknown.
func (d *Desk) RevokeCode(ctx context.Context, actor access.Actor, token user.Token) (user.Code, error) {
	if err := access.Allow(actor, access.ManageOwnCodes); err != nil {
		return user.Code{}, err
	}
	now := d.clock()
	return usecase.Do(ctx, d.unit, func(ctx context.Context, s Stores) (user.Code, error) {
		code, err := s.Codes.ByToken(ctx, token)
		if err != nil {
			return user.Code{}, fmt.Errorf("code %s: %w", token, err)
		}
		if err := overCodesOf(actor, code.Owner, user.ErrCodeUnknown); err != nil {
			return user.Code{}, err
		}
		code, err = s.Codes.Revoke(ctx, token, now)
		if err != nil {
			return user.Code{}, fmt.Errorf("revoke code %s: %w", token, err)
		}
		return code, record(ctx, s.Trail, actor, now, ActRevokeCode, code.Owner, map[string]string{"purpose": code.Purpose.String()})
	})
}

// Bounds of the clearing of codes.
const (
	CodesKept  = 30 * 24 * time.Hour // after they expired; complaints about a payment come within days
	CodesMax   = 100_000             // of one clearing; what is left is the next one's
	chunkCodes = 1_000               // of one unit
)

// ClearCodes removes at most limit codes of one use that nobody used and that expired before the given instant, and
// tells how many. It is for the timetable, so it has no actor. Every chunk is a unit of its own: where a clearing
// breaks off, the next one goes on. Codes that can still be used are never among them.
func (d *Desk) ClearCodes(ctx context.Context, before time.Time, limit int) (cleared int, err error) {
	if now := d.clock(); before.After(now) {
		before = now
	}
	for cleared < limit {
		want := min(chunkCodes, limit-cleared)
		chunk, err := usecase.Do(ctx, d.unit, func(ctx context.Context, s Stores) (int, error) { return s.Codes.Clear(ctx, before, want) })
		if err != nil {
			return cleared, err
		}
		if cleared += chunk; chunk < want {
			break
		}
	}
	return cleared, nil
}

// overCodesOf allows an actor their own codes and an administrator anyone's; to others it returns unknown.
func overCodesOf(actor access.Actor, owner user.ID, unknown error) error {
	if actor.User == owner {
		return access.Allow(actor, access.ManageOwnCodes)
	}
	if err := access.Allow(actor, access.ManageCodes); actor.User.IsZero() {
		return err
	} else if err != nil {
		return unknown
	}
	return nil
}

// IssueAmountCode makes a code that asks for amount once, into the wallet of the merchant or of the clerk's
// merchant. It lives for life, at most user.AmountLife; zero asks for all of that.
func (d *Desk) IssueAmountCode(ctx context.Context, actor access.Actor, amount money.Points, life time.Duration) (user.Code, error) {
	if err := access.Allow(actor, access.MakeAmountCode); err != nil {
		return user.Code{}, err
	}
	if err := amount.Valid(); err != nil {
		return user.Code{}, err
	}
	return d.issue(ctx, actor, user.Code{Purpose: user.Amount, Amount: amount}, life, user.AmountLife)
}

// IssuePresentedCode makes a code by which a merchant may take one payment from the resident who shows it, of at most
// the given amount; zero sets no limit but the city's. It lives for life, at most user.PresentedLife; zero asks for
// all of that.
func (d *Desk) IssuePresentedCode(ctx context.Context, actor access.Actor, most money.Points, life time.Duration) (user.Code, error) {
	if err := access.Allow(actor, access.PresentCode); err != nil {
		return user.Code{}, err
	}
	if most != 0 {
		if err := most.Valid(); err != nil {
			return user.Code{}, err
		}
	}
	return d.issue(ctx, actor, user.Code{Purpose: user.Presented, AmountMax: most}, life, user.PresentedLife)
}

func (d *Desk) issue(ctx context.Context, actor access.Actor, code user.Code, life, lifeMax time.Duration) (user.Code, error) {
	if life == 0 {
		life = lifeMax
	}
	if life < time.Second || life > lifeMax {
		return user.Code{}, user.ErrCodeLife
	}
	now := d.clock()
	code.Token, code.IssuedAt, code.ExpiresAt = user.NewToken(code.Purpose), now, now.Add(life)
	return usecase.Do(ctx, d.unit, func(ctx context.Context, s Stores) (user.Code, error) {
		u, err := s.Directory.ByID(ctx, actor.User)
		if err != nil {
			return user.Code{}, fmt.Errorf("issuer %s: %w", actor.User, err)
		}
		code.Owner, code.Wallet = u.ID, u.Wallet
		if u.Role == user.Clerk {
			code.Owner = u.Employer
		}
		if err := s.Codes.Add(ctx, code); err != nil {
			return user.Code{}, fmt.Errorf("enter %s code of %s: %w", code.Purpose, u, err)
		}
		return code, nil
	})
}
