package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
)

// Reports is report.Journal and report.Shelf on a store.
type Reports struct{ store *Store }

// Reports gives the reader of reports.
func (s *Store) Reports() *Reports { return &Reports{s} }

// Archive is report.Archive on a session.
type Archive struct{ session *Session }

// Archive gives the session's archive.
func (s *Session) Archive() *Archive { return &Archive{s} }

var (
	_ report.Journal = (*Reports)(nil)
	_ report.Shelf   = (*Reports)(nil)
	_ report.Archive = (*Archive)(nil)
)

// frozenKey names a frozen report.
type frozenKey struct {
	kind report.Kind
	day  calendar.Day
}

// Movements is report.Journal's.
func (r *Reports) Movements(_ context.Context, cuts report.Cuts, until report.Mark) ([]report.Movement, error) {
	sums := map[report.Movement]money.Points{}
	r.store.read(func(t *tables) {
		t.upTo(until, func(e ledger.Entry) {
			for _, p := range e.Postings {
				m := report.Movement{Fund: p.Fund, Act: report.ActOf(e.Type, p.Points.Hops == 0)}
				m.Booked = place(cuts.Moments, e.At, time.Time.Compare)
				if p.Destination.Kind == ledger.InWallet {
					sums[t.held(m, p.Destination, p.Points, cuts.Days)] += p.Amount
				}
				if p.Source.Kind == ledger.InWallet {
					left, _ := t.lots.get(p.SourceLot)
					sums[t.held(m, p.Source, left.Key, cuts.Days)] -= p.Amount
				}
			}
		})
	})
	movements := make([]report.Movement, 0, len(sums))
	for m, amount := range sums {
		if amount != 0 {
			m.Amount = amount
			movements = append(movements, m)
		}
	}
	slices.SortFunc(movements, func(a, b report.Movement) int {
		return cmp.Or(cmp.Compare(a.Fund, b.Fund), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Act, b.Act), cmp.Compare(a.Booked, b.Booked))
	})
	return movements, nil
}

// held says of a movement whose wallet and what points it is about.
func (t *tables) held(m report.Movement, account ledger.Account, points lot.Key, days []calendar.Day) report.Movement {
	wallet, _ := t.wallets.get(ledger.WalletID(account.Owner))
	m.Holder, m.Kind, m.Paid = wallet.Role, points.Kind, points.Paid
	m.Expires = place(days, points.Expires, cmp.Compare[calendar.Day])
	return m
}

// place counts the cuts that are not behind a value.
func place[V any](cuts []V, value V, compare func(V, V) int) int {
	n := 0
	for n < len(cuts) && compare(cuts[n], value) <= 0 {
		n++
	}
	return n
}

// Flows is report.Journal's.
func (r *Reports) Flows(_ context.Context, from time.Time, until report.Mark) ([]report.Flow, error) {
	var flows []report.Flow
	r.store.read(func(t *tables) {
		t.upTo(until, func(e ledger.Entry) {
			for _, p := range e.Postings {
				if p.Source.Kind == ledger.InWallet && p.Destination.Kind == ledger.InWallet {
					continue
				}
				f := report.Flow{Fund: p.Fund, Type: e.Type, Source: p.Source.Kind, Destination: p.Destination.Kind}
				if e.At.Before(from) {
					f.Type, f.Earlier = 0, true
				}
				i := slices.IndexFunc(flows, func(have report.Flow) bool {
					have.Amount = 0
					return have == f
				})
				if i < 0 {
					i, flows = len(flows), append(flows, f)
				}
				flows[i].Amount += p.Amount
			}
		})
	})
	return flows, nil
}

// Late is report.Journal's.
func (r *Reports) Late(_ context.Context, until report.Mark) (late int64, err error) {
	r.store.read(func(t *tables) {
		for _, e := range t.entries.all() {
			if until.Seq != 0 && e.Seq > until.Seq && e.At.Before(until.Before) {
				late++
			}
		}
	})
	return late, nil
}

// upTo shows every entry that a mark reaches.
func (t *tables) upTo(until report.Mark, see func(ledger.Entry)) {
	for _, e := range t.entries.all() {
		if e.At.Before(until.Before) && (until.Seq == 0 || e.Seq <= until.Seq) {
			see(e)
		}
	}
}

// Frozen is report.Shelf's.
func (r *Reports) Frozen(_ context.Context, kind report.Kind, day calendar.Day) (frozen report.Frozen, err error) {
	r.store.read(func(t *tables) {
		found := false
		if frozen, found = t.reports.get(frozenKey{kind, day}); !found {
			err = report.ErrUnknown
		}
	})
	frozen.Content = slices.Clone(frozen.Content)
	return frozen, err
}

// Shelved is report.Shelf's.
func (r *Reports) Shelved(_ context.Context, kind report.Kind) (shelved []report.Frozen, err error) {
	r.store.read(func(t *tables) {
		for key, frozen := range t.reports.all() {
			if key.kind == kind {
				frozen.Content = slices.Clone(frozen.Content)
				shelved = append(shelved, frozen)
			}
		}
	})
	slices.SortFunc(shelved, func(a, b report.Frozen) int { return cmp.Compare(b.Day, a.Day) })
	return shelved[:min(len(shelved), report.ShelvedMax)], nil
}

// Keep is report.Archive's.
func (a *Archive) Keep(_ context.Context, frozen report.Frozen) (bool, error) {
	key := frozenKey{frozen.Kind, frozen.Day}
	if a.session.reports.has(key) {
		return false, nil
	}
	frozen.Content = slices.Clone(frozen.Content)
	a.session.reports.put(key, frozen)
	return true, nil
}
