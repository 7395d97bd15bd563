package memory

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
)

// Statements is ledger.Statements on a store.
type Statements struct{ store *Store }

// Statements gives the reader of the ledger.
func (s *Store) Statements() *Statements { return &Statements{s} }

var _ ledger.Statements = (*Statements)(nil)

// Wallet is ledger.Statements'.
func (s *Statements) Wallet(_ context.Context, id ledger.WalletID) (w ledger.Wallet, err error) {
	s.store.read(func(t *tables) {
		found := false
		if w, found = t.wallets.get(id); !found {
			err = ledger.ErrWalletUnknown
		}
	})
	w.Lots = slices.Clone(w.Lots)
	return w, err
}

// History is ledger.Statements'.
func (s *Statements) History(_ context.Context, query ledger.HistoryQuery) (page.Of[ledger.Line], error) {
	var lines []ledger.Line
	s.store.read(func(t *tables) { lines, _ = t.lines.get(query.Wallet) })
	lines = slices.DeleteFunc(slices.Clone(lines), func(l ledger.Line) bool {
		return query.Before != 0 && l.No >= query.Before ||
			query.Direction == ledger.Earned && l.Delta < 0 ||
			query.Direction == ledger.Used && l.Delta > 0 ||
			len(query.Types) > 0 && !slices.Contains(query.Types, l.Type) ||
			!query.From.IsZero() && l.At.Before(query.From) ||
			!query.Until.IsZero() && !l.At.Before(query.Until) ||
			!query.Counterpart.IsZero() && l.Counterpart.Owner != query.Counterpart
	})
	slices.Reverse(lines)
	return cut(lines, query.Limit, func(l ledger.Line) string { return strconv.FormatInt(l.No, 10) })
}

// Entry is ledger.Statements'.
func (s *Statements) Entry(_ context.Context, id ledger.EntryID) (e ledger.Entry, err error) {
	s.store.read(func(t *tables) {
		found := false
		if e, found = t.entries.get(id); !found {
			err = ledger.ErrEntryUnknown
		}
	})
	e.Postings = slices.Clone(e.Postings)
	return e, err
}

// LineOf is ledger.Statements'.
func (s *Statements) LineOf(_ context.Context, wallet ledger.WalletID, entry ledger.EntryID) (ledger.Line, error) {
	var lines []ledger.Line
	s.store.read(func(t *tables) { lines, _ = t.lines.get(wallet) })
	for _, l := range lines {
		if l.Entry == entry {
			return l, nil
		}
	}
	return ledger.Line{}, ledger.ErrEntryUnknown
}

// Sources is ledger.Statements'.
func (s *Statements) Sources(_ context.Context, lots []lot.ID, limit int) ([]ledger.Source, error) {
	var sources []ledger.Source
	s.store.read(func(t *tables) {
		for _, id := range unique(lots) {
			came, _ := t.into.get(id)
			sources = append(sources, came...)
		}
	})
	slices.SortStableFunc(sources, func(a, b ledger.Source) int {
		if order := b.At.Compare(a.At); order != 0 {
			return order
		}
		return slices.Compare(b.Entry[:], a.Entry[:])
	})
	return sources[:min(len(sources), limit)], nil
}

// Lots is ledger.Statements'.
func (s *Statements) Lots(_ context.Context, ids []lot.ID) (map[lot.ID]lot.Lot, error) {
	found := map[lot.ID]lot.Lot{}
	s.store.read(func(t *tables) {
		for _, id := range ids {
			if held, known := t.lots.get(id); known {
				found[id] = held.Lot
			}
		}
	})
	return found, nil
}

// LotHolder is ledger.Statements'.
func (s *Statements) LotHolder(_ context.Context, id lot.ID) (holder ledger.WalletID, err error) {
	s.store.read(func(t *tables) {
		held, known := t.lots.get(id)
		if !known {
			err = ledger.ErrLotUnknown
		}
		holder = held.Wallet
	})
	return holder, err
}

// Lapsing is ledger.Statements'.
func (s *Statements) Lapsing(_ context.Context, query ledger.LapsingQuery) (page.Of[ledger.HeldLot], error) {
	cursor := func(h ledger.HeldLot) string {
		return h.Expires.String() + "_" + h.Wallet.String() + "_" + h.ID.String()
	}
	if query.After != "" && !isHeldCursor(query.After) {
		return page.Of[ledger.HeldLot]{}, page.ErrCursor
	}
	var held []ledger.HeldLot
	s.store.read(func(t *tables) {
		for _, h := range t.lots.all() {
			if h.Remaining > 0 && h.Expires <= query.Until && (query.Wallet.IsZero() || h.Wallet == query.Wallet) && cursor(h) > query.After {
				held = append(held, h)
			}
		}
	})
	slices.SortFunc(held, func(a, b ledger.HeldLot) int { return cmp.Compare(cursor(a), cursor(b)) })
	return cut(held, query.Limit, cursor)
}

// isHeldCursor tells whether text is a day and two identifiers, as cursors of Lapsing are. Days of four-digit years
// and identifiers sort as texts just as they do as values.
func isHeldCursor(text string) bool {
	const day, id = len("2006-01-02"), 36
	if len(text) != day+1+id+1+id || text[day] != '_' || text[day+1+id] != '_' {
		return false
	}
	var wallet ledger.WalletID
	var lotID lot.ID
	_, err := calendar.ParseDay(text[:day])
	return err == nil && wallet.UnmarshalText([]byte(text[day+1:day+1+id])) == nil && lotID.UnmarshalText([]byte(text[day+1+id+1:])) == nil
}

// LapsedWallets is ledger.Statements'.
func (s *Statements) LapsedWallets(_ context.Context, day calendar.Day, after ledger.WalletID, limit int) ([]ledger.WalletID, error) {
	var lapsed []ledger.WalletID
	s.store.read(func(t *tables) {
		for id, w := range t.wallets.all() {
			if slices.Compare(id[:], after[:]) > 0 && slices.ContainsFunc(w.Lots, func(l lot.Lot) bool { return !l.LiveOn(day) }) {
				lapsed = append(lapsed, id)
			}
		}
	})
	slices.SortFunc(lapsed, func(a, b ledger.WalletID) int { return slices.Compare(a[:], b[:]) })
	return lapsed[:min(len(lapsed), limit)], nil
}

// Position is ledger.Statements'. The present is read from the balances that stand, the past from the journal.
func (s *Statements) Position(_ context.Context, at time.Time) (ledger.Position, error) {
	position := ledger.Position{At: at}
	s.store.read(func(t *tables) {
		places := map[lot.FundCode]int{}
		for code, f := range t.funds.all() {
			if at.IsZero() || f.OpenedAt.Before(at) {
				position.Funds = append(position.Funds, ledger.FundPosition{Fund: code})
			}
		}
		slices.SortFunc(position.Funds, func(a, b ledger.FundPosition) int { return cmp.Compare(a.Fund, b.Fund) })
		for i, f := range position.Funds {
			places[f.Fund] = i
		}
		add := func(code lot.FundCode, kind ledger.PotKind, amount money.Points) {
			if i, known := places[code]; known {
				position.Funds[i].Add(kind, amount)
			}
		}
		if at.IsZero() {
			t.addBalances(add)
		} else {
			t.addJournal(at, add)
		}
	})
	return position, nil
}

func (t *tables) addBalances(add func(lot.FundCode, ledger.PotKind, money.Points)) {
	for pot, balance := range t.pots.all() {
		add(pot.Fund, pot.Kind, balance)
	}
	for _, w := range t.wallets.all() {
		for _, l := range w.Lots {
			add(l.Fund, ledger.InWallet, l.Remaining)
		}
	}
}

func (t *tables) addJournal(before time.Time, add func(lot.FundCode, ledger.PotKind, money.Points)) {
	for _, e := range t.entries.all() {
		if !e.At.Before(before) {
			continue
		}
		for _, p := range e.Postings {
			add(p.Fund, p.Source.Kind, -p.Amount)
			add(p.Fund, p.Destination.Kind, p.Amount)
		}
	}
}

// Tills is ledger.Statements'.
func (s *Statements) Tills(context.Context) ([]ledger.TillState, error) {
	var tills []ledger.TillState
	s.store.read(func(t *tables) {
		for pot, till := range t.tills.all() {
			if till.cash > 0 {
				merchant, _ := t.wallets.get(ledger.WalletID(pot.Owner))
				tills = append(tills, ledger.TillState{
					Merchant: merchant.ID, Owner: merchant.Owner, Fund: pot.Fund, Cash: money.Yen(till.cash), Since: till.since,
				})
			}
		}
	})
	slices.SortFunc(tills, func(a, b ledger.TillState) int {
		return cmp.Or(a.Since.Compare(b.Since), slices.Compare(a.Merchant[:], b.Merchant[:]), cmp.Compare(a.Fund, b.Fund))
	})
	return tills, nil
}
