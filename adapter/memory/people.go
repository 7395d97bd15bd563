package memory

import (
	"context"
	"slices"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/user"
)

// Directory is user.Directory on a session.
type Directory struct{ session *Session }

// Directory gives the session's users.
func (s *Session) Directory() *Directory { return &Directory{s} }

// Codes is user.Codes on a session.
type Codes struct{ session *Session }

// Codes gives the session's codes.
func (s *Session) Codes() *Codes { return &Codes{s} }

// Credentials is access.Credentials on a session.
type Credentials struct{ session *Session }

// Credentials gives the session's credentials.
func (s *Session) Credentials() *Credentials { return &Credentials{s} }

var (
	_ user.Directory     = (*Directory)(nil)
	_ user.Codes         = (*Codes)(nil)
	_ access.Credentials = (*Credentials)(nil)
)

// Add is user.Directory's.
func (d *Directory) Add(_ context.Context, users ...user.User) error {
	for _, u := range users {
		switch {
		case d.session.users.has(u.ID):
			return d.session.fail(violation("users_pkey", "user %s is there", u.ID))
		case u.Live() && d.session.emails.has(u.Email):
			return d.session.fail(user.ErrEmailTaken)
		case (u.Role == user.Administrator) != u.Wallet.IsZero():
			return d.session.fail(violation("users_wallet_by_role", "user %s", u.ID))
		}
		d.session.users.put(u.ID, u)
		if u.Live() {
			d.session.emails.put(u.Email, u.ID)
		}
	}
	return nil
}

// ByID is user.Directory's.
func (d *Directory) ByID(_ context.Context, id user.ID) (user.User, error) {
	return d.session.userByID(id)
}

// ByEmail is user.Directory's.
func (d *Directory) ByEmail(_ context.Context, email user.Email) (user.User, error) {
	return d.session.userByEmail(email)
}

func (t *tables) userByID(id user.ID) (user.User, error) {
	if u, found := t.users.get(id); found && u.Live() {
		return u, nil
	}
	return user.User{}, user.ErrUnknown
}

func (t *tables) userByEmail(email user.Email) (user.User, error) {
	id, found := t.emails.get(email)
	if !found {
		return user.User{}, user.ErrUnknown
	}
	return t.userByID(id)
}

// Add is user.Codes'.
func (c *Codes) Add(_ context.Context, codes ...user.Code) error {
	for _, code := range codes {
		if err := c.add(code); err != nil {
			return c.session.fail(err)
		}
	}
	return nil
}

func (c *Codes) add(code user.Code) error {
	t := &c.session.tables
	newest, printed := t.newestStanding(code.Owner)
	switch {
	case t.codes.has(code.Token):
		return violation("codes_pkey", "code %s is there", code.Token)
	case !t.users.has(code.Owner):
		return violation("codes_owner_fkey", "user %s", code.Owner)
	case (code.Purpose == user.Amount) != (code.Amount > 0):
		return violation("codes_amount_of_amount_codes", "code %s", code.Token)
	case code.Purpose.OneTime() && !code.ExpiresAt.After(code.IssuedAt):
		return violation("codes_one_time_expires", "code %s", code.Token)
	case code.Purpose.OneTime() && code.Wallet.IsZero():
		return violation("codes_one_time_has_wallet", "code %s", code.Token)
	case (code.Purpose == user.Standing) != (code.PrintVersion > 0):
		return violation("codes_print_version_of_standing", "code %s", code.Token)
	case code.Purpose == user.Standing && printed && newest.RevokedAt.IsZero() && code.RevokedAt.IsZero():
		return user.ErrCodeStanding
	case code.Purpose == user.Standing && printed && newest.PrintVersion >= code.PrintVersion:
		return violation("codes_print_version", "version %d of %s", code.PrintVersion, code.Owner)
	}
	t.codes.put(code.Token, code)
	if code.Purpose == user.Standing {
		t.standing.put(code.Owner, code.Token)
	}
	return nil
}

// newestStanding gives the standing code of an owner that was printed last, be it revoked or not.
func (t *tables) newestStanding(owner user.ID) (code user.Code, printed bool) {
	token, printed := t.standing.get(owner)
	if !printed {
		return user.Code{}, false
	}
	return t.codes.get(token)
}

// Rotate is user.Codes'.
func (c *Codes) Rotate(ctx context.Context, next user.Code) (user.Code, error) {
	next.PrintVersion = 1
	if last, printed := c.session.newestStanding(next.Owner); printed {
		next.PrintVersion, next.AmountMax = last.PrintVersion+1, last.AmountMax
		if _, err := c.Revoke(ctx, last.Token, next.IssuedAt); err != nil {
			return user.Code{}, err
		}
	}
	return next, c.Add(ctx, next)
}

// Revoke is user.Codes'.
func (c *Codes) Revoke(_ context.Context, token user.Token, at time.Time) (user.Code, error) {
	code, err := c.session.codeByToken(token)
	if err == nil && code.RevokedAt.IsZero() {
		code.RevokedAt = at
		c.session.codes.put(token, code)
	}
	return code, err
}

// Clear is user.Codes'.
func (c *Codes) Clear(_ context.Context, before time.Time, limit int) (int, error) {
	var stale []user.Code
	for _, code := range c.session.codes.all() {
		if code.Purpose.OneTime() && code.UsedBy == [16]byte{} && code.ExpiresAt.Before(before) {
			stale = append(stale, code)
		}
	}
	slices.SortFunc(stale, func(a, b user.Code) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	stale = stale[:min(len(stale), limit)]
	for _, code := range stale {
		c.session.codes.drop(code.Token)
	}
	return len(stale), nil
}

// ByToken is user.Codes'.
func (c *Codes) ByToken(_ context.Context, token user.Token) (user.Code, error) {
	return c.session.codeByToken(token)
}

func (t *tables) codeByToken(token user.Token) (user.Code, error) {
	if code, found := t.codes.get(token); found {
		return code, nil
	}
	return user.Code{}, user.ErrCodeUnknown
}

// Set is access.Credentials'.
func (c *Credentials) Set(_ context.Context, credentials ...access.Credential) error {
	for _, credential := range credentials {
		if !c.session.users.has(credential.User) {
			return c.session.fail(violation("credentials_user_id_fkey", "user %s", credential.User))
		}
		c.session.credentials.put(credential.User, credential)
	}
	return nil
}

// Of is access.Credentials'.
func (c *Credentials) Of(_ context.Context, id user.ID) (access.Credential, error) {
	if credential, found := c.session.credentials.get(id); found {
		return credential, nil
	}
	return access.Credential{}, access.ErrNoCredential
}
