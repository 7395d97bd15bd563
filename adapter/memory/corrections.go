package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

// Receivables is ledger.Statements'.
func (s *Statements) Receivables(context.Context) ([]ledger.ReceivableState, error) {
	var owed []ledger.ReceivableState
	s.store.read(func(t *tables) {
		since := t.owedSince()
		for pot, balance := range t.pots.all() {
			if pot.Kind == ledger.Receivable && balance < 0 {
				debtor, _ := t.wallets.get(ledger.WalletID(pot.Owner))
				owed = append(owed, ledger.ReceivableState{
					Debtor: debtor.ID, Owner: debtor.Owner, Fund: pot.Fund, Amount: money.Yen(-balance), Since: since[pot],
				})
			}
		}
	})
	slices.SortFunc(owed, func(a, b ledger.ReceivableState) int {
		return cmp.Or(a.Since.Compare(b.Since), slices.Compare(a.Debtor[:], b.Debtor[:]), cmp.Compare(a.Fund, b.Fund))
	})
	return owed, nil
}

// owedSince goes through the journal and gives when each debt that stands arose: with the entry after which it was
// never nothing again.
func (t *tables) owedSince() map[ledger.Pot]time.Time {
	since, owed := map[ledger.Pot]time.Time{}, map[ledger.Pot]money.Points{}
	for id := range t.journal.all() {
		e, _ := t.entries.get(id)
		for _, p := range e.Postings {
			if p.Source.Kind == ledger.Receivable {
				owed[ledger.Pot{Account: p.Source, Fund: p.Fund}] += p.Amount
			}
			if p.Destination.Kind == ledger.Receivable {
				owed[ledger.Pot{Account: p.Destination, Fund: p.Fund}] -= p.Amount
			}
		}
		for pot, amount := range owed {
			if amount == 0 {
				delete(since, pot)
			} else if since[pot].IsZero() {
				since[pot] = e.At
			}
		}
	}
	return since
}

// Corrections is ledger.Statements'.
func (s *Statements) Corrections(_ context.Context, id ledger.EntryID) ([]ledger.Corrected, error) {
	var found []ledger.Corrected
	s.store.read(func(t *tables) {
		e, _ := t.entries.get(id)
		ofIt, _ := t.corrections.get(id)
		ofTheSame, _ := t.corrections.get(e.Corrects)
		itself := slices.DeleteFunc(slices.Clone(ofTheSame), func(u ledger.Undoing) bool { return u.Entry != id })
		for _, u := range slices.Concat(ofIt, itself) {
			correction, _ := t.entries.get(u.Entry)
			original, _ := t.entries.get(u.Original)
			found = append(found, ledger.Corrected{
				Undoing: u, Type: correction.Type, At: correction.At, OriginalType: original.Type, OriginalAt: original.At,
			})
		}
	})
	return found, nil
}
