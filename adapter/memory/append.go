package memory

import (
	"context"
	"errors"
	"slices"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// errBook tells of a book that this unit did not open, or has appended already.
var errBook = errors.New("book is not open in this unit")

// Append is ledger.Ledger's.
func (l *Ledger) Append(ctx context.Context, book *ledger.Book) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := l.session
	if !s.open[book] {
		return s.fail(errBook)
	}
	delete(s.open, book)
	w := book.Written()
	for _, write := range []func() error{
		func() error { return s.appendKeys(w) },
		func() error { return s.appendEntries(w.Entries) },
		func() error { return s.appendLines(w.Lines) },
		func() error { return s.appendWallets(book) },
		func() error { return s.appendPots(book) },
		func() error { return s.appendAwards(w.Awards, book.Now) },
		func() error { return s.appendCampaigns(book) },
		func() error { return s.appendShares(book) },
		func() error { return s.appendCorrections(w.Corrections) },
		func() error { return s.useCodes(w.Used) },
	} {
		if err := write(); err != nil {
			return s.fail(err)
		}
	}
	return nil
}

func (s *Session) appendKeys(w ledger.Written) error {
	for _, r := range w.Records {
		if s.keys.has(r.Claim) {
			return violation("idempotency_keys_pkey", "key %q was kept before", r.Key)
		}
		s.keys.put(r.Claim, r)
	}
	return nil
}

func (s *Session) appendEntries(entries []ledger.Entry) error {
	for _, e := range entries {
		switch {
		case s.entries.has(e.ID):
			return violation("entries_pkey", "entry %s is there", e.ID)
		case e.Type < ledger.Deposit || e.Type > ledger.Recovery:
			return violation("entries_type_known", "%d", e.Type)
		case undoes(e.Type) == e.Corrects.IsZero():
			return violation("entries_corrects_by_type", "%s", e.Type)
		case e.Type != ledger.Partial && s.reversed(e.Corrects):
			return violation("entries_reversed_once", "entry %s", e.Corrects)
		}
		e.Postings = slices.Clone(e.Postings)
		for _, p := range e.Postings {
			if err := s.appendPosting(e, p); err != nil {
				return err
			}
		}
		s.journal.add(e.ID)
		e.Seq = int64(s.journal.len())
		s.entries.put(e.ID, e)
	}
	return nil
}

func undoes(t ledger.EntryType) bool {
	return t == ledger.Reversal || t == ledger.Partial || t == ledger.ClaimReturn
}

// reversed tells whether what was left of an entry has been undone.
func (s *Session) reversed(original ledger.EntryID) bool {
	if original.IsZero() {
		return false
	}
	undone, _ := s.corrections.get(original)
	return slices.ContainsFunc(undone, func(u ledger.Undoing) bool {
		e, _ := s.entries.get(u.Entry)
		return e.Type != ledger.Partial
	})
}

func (s *Session) appendPosting(e ledger.Entry, p ledger.Posting) error {
	fromWallet, toWallet := p.Source.Kind == ledger.InWallet, p.Destination.Kind == ledger.InWallet
	switch {
	case p.Amount <= 0:
		return violation("postings_amount_positive", "%d", p.Amount)
	case p.Source == p.Destination:
		return violation("postings_two_sides", "%s to itself", p.Source.Kind)
	case fromWallet == p.SourceLot.IsZero(), toWallet == p.DestinationLot.IsZero(), (fromWallet || toWallet) == (p.Points == lot.Key{}):
		return violation("postings_lots_only_in_wallets", "%s to %s", p.Source.Kind, p.Destination.Kind)
	}
	if toWallet {
		came, _ := s.into.get(p.DestinationLot)
		s.into.put(p.DestinationLot, append(came, ledger.Source{Entry: e.ID, Type: e.Type, At: e.At, Posting: p}))
	}
	s.watchTill(e, p)
	return nil
}

// watchTill counts a till's cash and notes since when it has held it: since it stopped being empty, or since the
// remittance that left something in it.
func (s *Session) watchTill(e ledger.Entry, p ledger.Posting) {
	if p.Source.Kind == ledger.Till {
		pot := ledger.Pot{Account: p.Source, Fund: p.Fund}
		till, _ := s.tills.get(pot)
		if till.cash == 0 {
			till.since = e.At
		}
		till.cash += p.Amount
		s.tills.put(pot, till)
	}
	if p.Destination.Kind == ledger.Till {
		pot := ledger.Pot{Account: p.Destination, Fund: p.Fund}
		till, _ := s.tills.get(pot)
		till.cash -= p.Amount
		if p.Source.Kind != ledger.InWallet { // a charge that is undone makes the rest no younger
			till.since = e.At
		}
		s.tills.put(pot, till)
	}
}

func (s *Session) appendLines(lines []ledger.Line) error {
	for _, line := range lines {
		before, _ := s.lines.get(line.Wallet)
		switch {
		case line.No != int64(len(before))+1:
			return violation("lines_pkey", "line %d of wallet %s after %d lines", line.No, line.Wallet, len(before))
		case line.Delta == 0 && line.Cashback == 0 && !undoes(line.Type):
			return violation("lines_delta_not_zero", "wallet %s", line.Wallet)
		case line.Cashback < 0, line.Cashback > 0 && line.Type != ledger.Payment:
			return violation("lines_cashback_of_payments", "wallet %s", line.Wallet)
		case line.Balance < 0:
			return violation("lines_balance_not_negative", "wallet %s", line.Wallet)
		}
		s.lines.put(line.Wallet, append(before, line))
	}
	return nil
}

func (s *Session) appendWallets(book *ledger.Book) error {
	for w := range book.ChangedWallets {
		var sum money.Points
		keys := map[lot.Key]bool{}
		open := openLots(w.Lots)
		for _, l := range open {
			switch {
			case l.Remaining < 0:
				return violation("lots_remaining_not_negative", "lot %s", l.ID)
			case l.Hops < 0:
				return violation("lots_hops_not_negative", "lot %s", l.ID)
			case keys[l.Key]:
				return violation("lots_open_key", "wallet %s has two lots of one key", w.ID)
			}
			keys[l.Key] = true
			sum += l.Remaining
		}
		switch {
		case w.Balance < 0:
			return violation("wallets_balance_not_negative", "wallet %s", w.ID)
		case w.Balance != sum:
			return violation("wallets_balance_equals_lots", "wallet %s has %d in lots of %d", w.ID, w.Balance, sum)
		}
		for l, fresh := range w.ChangedLots {
			if fresh && s.lots.has(l.ID) {
				return violation("lots_pkey", "lot %s is there", l.ID)
			}
			s.lots.put(l.ID, ledger.HeldLot{Lot: l, Wallet: w.ID, Owner: w.Owner})
		}
		was, _ := s.wallets.get(w.ID)
		s.wallets.put(w.ID, ledger.Wallet{
			ID: w.ID, Owner: was.Owner, Role: was.Role, Category: was.Category, Closed: was.Closed,
			Balance: w.Balance, Lines: w.Lines, SentMonth: w.SentMonth, Sent: w.Sent, Lots: open,
		})
	}
	return nil
}

func (s *Session) appendPots(book *ledger.Book) error {
	for pot, balance := range book.ChangedPots {
		held := balance
		if pot.Kind.IsAsset() {
			held = -balance
		}
		switch {
		case !s.funds.has(pot.Fund):
			return violation("pots_fund_fkey", "fund %s", pot.Fund)
		case held < 0:
			return violation("pots_never_overdrawn", "%s of fund %s", pot.Kind, pot.Fund)
		}
		s.pots.put(pot, balance)
	}
	return nil
}

func (s *Session) useCodes(used []user.Code) error {
	for _, u := range used {
		code, found := s.codes.get(u.Token)
		switch {
		case !found:
			continue
		case code.Purpose == user.Standing:
			return violation("codes_standing_is_not_used", "code %s", code.Token)
		}
		code.UsedBy = u.UsedBy
		s.codes.put(u.Token, code)
	}
	return nil
}
