package memory

import (
	"context"
	"slices"
	"time"

	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// Ledger is ledger.Ledger on a session.
type Ledger struct{ session *Session }

// Ledger gives the session's ledger.
func (s *Session) Ledger() *Ledger { return &Ledger{s} }

var _ ledger.Ledger = (*Ledger)(nil)

// Open is ledger.Ledger's. The unit has the whole store for itself, so there is nothing to lock.
func (l *Ledger) Open(ctx context.Context, now time.Time, want ledger.Want) (*ledger.Book, error) {
	book, err := l.Peek(ctx, now, want)
	if err == nil {
		l.session.open[book] = true
	}
	return book, err
}

// Peek is ledger.Ledger's.
func (l *Ledger) Peek(ctx context.Context, now time.Time, want ledger.Want) (*ledger.Book, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	t := &l.session.tables
	ids := slices.Clone(want.Wallets)
	var codes []user.Code
	for _, token := range unique(want.Codes) {
		if code, found := t.codes.get(token); found {
			codes = append(codes, code)
			ids = append(ids, code.Wallet)
		}
	}
	var wallets []*ledger.Wallet
	for _, id := range unique(ids) {
		if w, found := t.wallets.get(id); found {
			w.Lots = slices.Clone(w.Lots)
			wallets = append(wallets, &w)
		}
	}
	pots := make(map[ledger.Pot]money.Points, len(want.Pots))
	for _, pot := range want.Pots {
		if t.funds.has(pot.Fund) {
			pots[pot], _ = t.pots.get(pot)
		}
	}
	var records []idem.Record
	for _, claim := range unique(want.Claims) {
		if record, found := t.keys.get(claim); found {
			records = append(records, record)
		}
	}
	book := ledger.NewBook(now, t.newestRules().Rules, wallets, pots, codes, records)
	t.reward(book, want)
	return book, nil
}

func unique[T comparable](values []T) []T {
	seen := make(map[T]bool, len(values))
	return slices.DeleteFunc(slices.Clone(values), func(v T) bool {
		if seen[v] {
			return true
		}
		seen[v] = true
		return false
	})
}

// Wallets is ledger.Wallets on a session.
type Wallets struct{ session *Session }

// Wallets gives the session's wallets.
func (s *Session) Wallets() *Wallets { return &Wallets{s} }

var _ ledger.Wallets = (*Wallets)(nil)

// Open is ledger.Wallets'.
func (w *Wallets) Open(_ context.Context, id ledger.WalletID, owner user.ID, role user.Role, category string, _ time.Time) error {
	t := &w.session.tables
	switch {
	case t.wallets.has(id):
		return w.session.fail(violation("wallets_pkey", "wallet %s is open", id))
	case t.owners.has(owner):
		return w.session.fail(violation("wallets_owner_key", "user %s has a wallet", owner))
	case !role.OwnsWallet():
		return w.session.fail(violation("wallets_role_known", "a %s has no wallet", role))
	}
	t.wallets.put(id, ledger.Wallet{ID: id, Owner: owner, Role: role, Category: category})
	t.owners.put(owner, id)
	return nil
}

// Close is ledger.Wallets'.
func (w *Wallets) Close(_ context.Context, id ledger.WalletID) error { return w.set(id, true) }

// Reopen is ledger.Wallets'.
func (w *Wallets) Reopen(_ context.Context, id ledger.WalletID) error { return w.set(id, false) }

func (w *Wallets) set(id ledger.WalletID, closed bool) error {
	wallet, found := w.session.wallets.get(id)
	if !found {
		return ledger.ErrWalletUnknown
	}
	wallet.Closed = closed
	w.session.wallets.put(id, wallet)
	return nil
}

// openLots gives the lots of a wallet that hold something, by identifier.
func openLots(lots []lot.Lot) []lot.Lot {
	open := slices.DeleteFunc(slices.Clone(lots), func(l lot.Lot) bool { return l.Remaining == 0 })
	slices.SortFunc(open, func(a, b lot.Lot) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return open
}
