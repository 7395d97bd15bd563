package memory

import (
	"context"
	"slices"

	"lovesaijo/domain/ident"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
)

// Roster is user.Roster on a store.
type Roster struct{ store *Store }

// Roster gives the reader of users.
func (s *Store) Roster() *Roster { return &Roster{s} }

// CodeReader is user.CodeReader on a store.
type CodeReader struct{ store *Store }

// Codes gives the reader of codes.
func (s *Store) Codes() *CodeReader { return &CodeReader{s} }

var (
	_ user.Roster     = (*Roster)(nil)
	_ user.CodeReader = (*CodeReader)(nil)
)

// ByID is user.Roster's.
func (r *Roster) ByID(_ context.Context, id user.ID) (u user.User, err error) {
	r.store.read(func(t *tables) { u, err = t.userByID(id) })
	return u, err
}

// ByIDs is user.Roster's.
func (r *Roster) ByIDs(_ context.Context, ids []user.ID) (map[user.ID]user.User, error) {
	found := map[user.ID]user.User{}
	r.store.read(func(t *tables) {
		for _, id := range ids {
			if u, err := t.userByID(id); err == nil {
				found[id] = u
			}
		}
	})
	return found, nil
}

// ByEmails is user.Roster's.
func (r *Roster) ByEmails(_ context.Context, emails []user.Email) (map[user.Email]user.User, error) {
	if len(emails) > user.EmailsMax {
		return nil, page.ErrLimit
	}
	found := map[user.Email]user.User{}
	r.store.read(func(t *tables) {
		for _, email := range emails {
			if u, err := t.userByEmail(email); err == nil {
				found[email] = u
			}
		}
	})
	return found, nil
}

// Search is user.Roster's.
func (r *Roster) Search(_ context.Context, filter user.Filter, after string, limit int) (page.Of[user.User], error) {
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
	return cut(r.matching(filter, from), limit, func(u user.User) string { return u.ID.String() })
}

// Matching is user.Roster's.
func (r *Roster) Matching(_ context.Context, filter user.Filter, after user.ID, limit int) ([]user.Recipient, error) {
	if limit < 1 || limit > user.RecipientsMax {
		return nil, page.ErrLimit
	}
	if err := filter.Valid(); err != nil {
		return nil, err
	}
	var recipients []user.Recipient
	for _, u := range r.matching(filter, after) {
		if u.Role.OwnsWallet() && len(recipients) < limit {
			recipients = append(recipients, user.Recipient{User: u.ID, Wallet: u.Wallet})
		}
	}
	return recipients, nil
}

// matching gives the users that the filter chooses behind after, in the order of registration.
func (r *Roster) matching(filter user.Filter, after user.ID) []user.User {
	var found []user.User
	r.store.read(func(t *tables) {
		token, byToken := filter.Token()
		var owner user.ID
		if byToken {
			code, err := t.codeByToken(token)
			if err != nil || !code.RevokedAt.IsZero() {
				return
			}
			owner, filter.Text = code.Owner, ""
		}
		for id, u := range t.users.all() {
			if slices.Compare(id[:], after[:]) > 0 && (!byToken || id == owner) && filter.Matches(u) {
				found = append(found, u)
			}
		}
	})
	slices.SortFunc(found, func(a, b user.User) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return found
}

// ByToken is user.CodeReader's.
func (r *CodeReader) ByToken(_ context.Context, token user.Token) (code user.Code, err error) {
	r.store.read(func(t *tables) { code, err = t.codeByToken(token) })
	return code, err
}

// Standing is user.CodeReader's.
func (r *CodeReader) Standing(_ context.Context, owner user.ID) (code user.Code, err error) {
	r.store.read(func(t *tables) {
		newest, printed := t.newestStanding(owner)
		if !printed || !newest.RevokedAt.IsZero() {
			err = user.ErrCodeUnknown
			return
		}
		code = newest
	})
	return code, err
}
