package usertest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Memory is the plainest keeping of users and codes that fulfils the contract. The suites are held against it,
// and activities are tested upon it without an adapter. A unit holds its one lock from Begin to the end.
type Memory struct {
	mu    sync.Mutex
	users map[user.ID]user.User
	codes map[user.Token]user.Code
}

// NewMemory makes an empty one.
func NewMemory() *Memory {
	return &Memory{users: map[user.ID]user.User{}, codes: map[user.Token]user.Code{}}
}

// Stores gives the ports that work inside a unit.
func (m *Memory) Stores() Stores { return Stores{Directory: directory{m}, Codes: codes{m}} }

// Bench gives the ports and a unit of their own.
func (m *Memory) Bench() Bench {
	return Bench{Unit: memoryUnit{m}, Roster: roster{m}, Codes: reader{m}}
}

// Begin begins a unit, which end commits or turns back.
func (m *Memory) Begin() (end func(commit bool)) {
	m.mu.Lock()
	users, kept := maps.Clone(m.users), maps.Clone(m.codes)
	return func(commit bool) {
		if !commit {
			m.users, m.codes = users, kept
		}
		m.mu.Unlock()
	}
}

type memoryUnit struct{ *Memory }

func (m memoryUnit) Do(ctx context.Context, work func(context.Context, Stores) error) error {
	end := m.Begin()
	committed := false
	defer func() { end(committed) }()
	err := work(ctx, m.Stores())
	committed = err == nil
	return err
}

func (m *Memory) byID(id user.ID) (user.User, error) {
	if u, known := m.users[id]; known && u.Live() {
		return u, nil
	}
	return user.User{}, user.ErrUnknown
}

func (m *Memory) byEmail(email user.Email) (user.User, error) {
	for _, u := range m.users {
		if u.Email == email && u.Live() {
			return u, nil
		}
	}
	return user.User{}, user.ErrUnknown
}

func (m *Memory) byToken(token user.Token) (user.Code, error) {
	if code, known := m.codes[token]; known {
		return code, nil
	}
	return user.Code{}, user.ErrCodeUnknown
}

func (m *Memory) standing(owner user.ID) (user.Code, error) {
	for _, code := range m.codes {
		if code.Owner == owner && code.Purpose == user.Standing && code.RevokedAt.IsZero() {
			return code, nil
		}
	}
	return user.Code{}, user.ErrCodeUnknown
}

// matching gives the users that filter chooses behind after, in the order of registration.
func (m *Memory) matching(filter user.Filter, after user.ID) []user.User {
	token, byToken := filter.Token()
	if byToken {
		filter.Text = ""
	}
	found := slices.DeleteFunc(slices.Collect(maps.Values(m.users)), func(u user.User) bool {
		if byToken {
			if code, err := m.byToken(token); err != nil || code.Owner != u.ID || !code.RevokedAt.IsZero() {
				return true
			}
		}
		return !filter.Matches(u) || slices.Compare(u.ID[:], after[:]) <= 0
	})
	slices.SortFunc(found, func(a, b user.User) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return found
}

type directory struct{ *Memory }

func (d directory) Add(_ context.Context, users ...user.User) error {
	for _, u := range users {
		if _, err := d.byEmail(u.Email); err == nil && u.Live() {
			return user.ErrEmailTaken
		}
		d.users[u.ID] = u
	}
	return nil
}

func (d directory) ByID(_ context.Context, id user.ID) (user.User, error) { return d.byID(id) }

func (d directory) ByEmail(_ context.Context, email user.Email) (user.User, error) {
	return d.byEmail(email)
}

type codes struct{ *Memory }

func (c codes) Add(_ context.Context, added ...user.Code) error {
	for _, code := range added {
		if _, err := c.standing(code.Owner); err == nil && code.Purpose == user.Standing {
			return user.ErrCodeStanding
		}
		c.codes[code.Token] = code
	}
	return nil
}

func (c codes) Rotate(ctx context.Context, next user.Code) (user.Code, error) {
	next.PrintVersion = 1
	if all := slices.Collect(maps.Values(c.codes)); len(all) > 0 {
		last := slices.MaxFunc(all, func(a, b user.Code) int {
			return cmp.Compare(versionOf(a, next.Owner), versionOf(b, next.Owner))
		})
		if version := versionOf(last, next.Owner); version > 0 {
			next.PrintVersion, next.AmountMax = version+1, last.AmountMax
		}
	}
	if live, err := c.standing(next.Owner); err == nil {
		live.RevokedAt = next.IssuedAt
		c.codes[live.Token] = live
	}
	return next, c.Add(ctx, next)
}

// versionOf gives the print version of owner's standing code, and zero for any other.
func versionOf(code user.Code, owner user.ID) int {
	if code.Owner != owner || code.Purpose != user.Standing {
		return 0
	}
	return code.PrintVersion
}

func (c codes) Revoke(_ context.Context, token user.Token, at time.Time) (user.Code, error) {
	code, err := c.byToken(token)
	if err == nil && code.RevokedAt.IsZero() {
		code.RevokedAt = at
		c.codes[token] = code
	}
	return code, err
}

func (c codes) ByToken(_ context.Context, token user.Token) (user.Code, error) {
	return c.byToken(token)
}

func (c codes) Clear(_ context.Context, before time.Time, limit int) (int, error) {
	stale := slices.DeleteFunc(slices.Collect(maps.Values(c.codes)), func(code user.Code) bool {
		return !code.Purpose.OneTime() || code.UsedBy != [16]byte{} || !code.ExpiresAt.Before(before)
	})
	slices.SortFunc(stale, func(a, b user.Code) int { return a.ExpiresAt.Compare(b.ExpiresAt) })
	stale = stale[:min(len(stale), limit)]
	for _, code := range stale {
		delete(c.codes, code.Token)
	}
	return len(stale), nil
}

type reader struct{ *Memory }

func (r reader) ByToken(_ context.Context, token user.Token) (user.Code, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byToken(token)
}

func (r reader) Standing(_ context.Context, owner user.ID) (user.Code, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.standing(owner)
}

type roster struct{ *Memory }

func (r roster) ByID(_ context.Context, id user.ID) (user.User, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.byID(id)
}

func (r roster) ByIDs(_ context.Context, ids []user.ID) (map[user.ID]user.User, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[user.ID]user.User{}
	for _, id := range ids {
		if u, err := r.byID(id); err == nil {
			found[id] = u
		}
	}
	return found, nil
}

func (r roster) ByEmails(_ context.Context, emails []user.Email) (map[user.Email]user.User, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	found := map[user.Email]user.User{}
	for _, email := range emails {
		if u, err := r.byEmail(email); err == nil {
			found[email] = u
		}
	}
	return found, nil
}

func (r roster) Search(_ context.Context, filter user.Filter, after string, limit int) (page.Of[user.User], error) {
	if limit < 1 || limit > page.LimitMax {
		return page.Of[user.User]{}, page.ErrLimit
	}
	if err := filter.Valid(); err != nil {
		return page.Of[user.User]{}, err
	}
	var from user.ID
	if after != "" {
		parsed, err := ident.Parse[user.User](after)
		if err != nil {
			return page.Of[user.User]{}, page.ErrCursor
		}
		from = parsed
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	found := r.matching(filter, from)
	return page.Cut(found[:min(len(found), limit+1)], limit, func(u user.User) string { return u.ID.String() }), nil
}

func (r roster) Matching(_ context.Context, filter user.Filter, after user.ID, limit int) ([]user.Recipient, error) {
	if limit < 1 || limit > user.RecipientsMax {
		return nil, page.ErrLimit
	}
	if err := filter.Valid(); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var recipients []user.Recipient
	for _, u := range r.matching(filter, after) {
		if u.Role.OwnsWallet() && len(recipients) < limit {
			recipients = append(recipients, user.Recipient{User: u.ID, Wallet: u.Wallet})
		}
	}
	return recipients, nil
}
