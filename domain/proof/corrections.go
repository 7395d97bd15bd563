package proof

import (
	"slices"

	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// original is an entry that corrections undo, as far as the proof has seen it.
type original struct {
	corrections []ledger.Entry // in the order of the journal
	seen        bool
}

// undoing is what is kept of a correction beside the journal.
type undoing struct {
	ledger.Undoing
	taken bool // by a correction of the journal
}

// keepCorrection keeps an entry that undoes another one until that one is shown.
func (p *Proof) keepCorrection(e *ledger.Entry) {
	if e.Corrects.IsZero() {
		if restores(e.Type) {
			p.entryFinding(CorrectionOriginal, e, "is a %s of nothing", e.Type)
		}
		return
	}
	if !restores(e.Type) {
		p.entryFinding(CorrectionOriginal, e, "is a %s, which undoes nothing, and names entry %s", e.Type, e.Corrects)
		return
	}
	p.counts.Corrections++
	of, known := p.originals[e.Corrects]
	if !known {
		of = &original{}
		p.originals[e.Corrects] = of
	}
	kept := *e
	kept.Postings = slices.Clone(e.Postings)
	of.corrections = append(of.corrections, kept)
}

// CompareUndoing takes what is kept of a correction beside the journal. All of them are shown before the entries that
// corrections undo.
func (p *Proof) CompareUndoing(u ledger.Undoing) { p.undoings[u.Entry] = undoing{Undoing: u} }

// CompareCorrected holds the corrections of an entry to what it did, once the journal is folded.
func (p *Proof) CompareCorrected(e *ledger.Entry) {
	of, known := p.originals[e.ID]
	if !known || of.seen || len(e.Postings) == 0 {
		return // an entry without postings is a finding already
	}
	of.seen = true
	back := p.wayBack(e)
	left := e.Amount()
	over := false
	for i := range of.corrections {
		c := &of.corrections[i]
		switch {
		case c.Seq <= e.Seq:
			p.entryFinding(CorrectionOriginal, c, "undoes entry %s (no %d), which came later", e.ID, e.Seq)
		case !undoable(c.Type, e.Type):
			p.entryFinding(CorrectionOriginal, c, "is a %s of a %s", c.Type, e.Type)
			continue
		case over:
			p.entryFinding(CorrectionTwice, c, "undoes entry %s (no %d) again", e.ID, e.Seq)
		}
		moved := back.take(p, c)
		amount := p.undid(c, e, moved)
		if left -= amount; left < 0 {
			p.entryFinding(CorrectionTooMuch, c, "undoes %d of entry %s (no %d), of which %d were left", amount, e.ID, e.Seq, left+amount)
		}
		if over = over || c.Type != ledger.Partial; over && left > 0 {
			p.entryFinding(CorrectionDiffers, c, "undoes all of entry %s (no %d), and leaves %d", e.ID, e.Seq, left)
		}
	}
}

// undoable tells which types of entries a correction of a type undoes.
func undoable(correction, original ledger.EntryType) bool {
	if correction == ledger.ClaimReturn {
		return original == ledger.Claim
	}
	switch original {
	case ledger.Deposit, ledger.Withdrawal, ledger.Remittance, ledger.Grant, ledger.Charge, ledger.Payment, ledger.Transfer:
		return true
	}
	return false
}

// undid gives how much of its original a correction says it undid. Of a payment that may be more than came back, by the
// cashback that the person had spent.
func (p *Proof) undid(c, e *ledger.Entry, moved money.Points) money.Points {
	u, known := p.undoings[c.ID]
	if !known {
		p.entryFinding(CorrectionMissing, c, "does not say how much of entry %s it undid", e.ID)
		return moved
	}
	u.taken = true
	p.undoings[c.ID] = u
	var owed money.Points
	for i := range c.Postings {
		if c.Postings[i].Source.Kind == ledger.Receivable {
			owed += c.Postings[i].Amount
		}
	}
	switch {
	case u.Original != e.ID:
		p.entryFinding(CorrectionDiffers, c, "undoes entry %s, beside the journal entry %s", e.ID, u.Original)
	case u.Receivable != owed:
		p.entryFinding(CorrectionDiffers, c, "books %d as receivable, beside the journal %d", owed, u.Receivable)
	case u.Amount < moved || e.Type != ledger.Payment && u.Amount != moved:
		p.entryFinding(CorrectionDiffers, c, "gives back %d of entry %s, beside the journal %d", moved, e.ID, u.Amount)
	}
	return u.Amount
}

// concludeCorrections names corrections whose original was not shown, and what is kept of corrections that the journal
// does not have.
func (p *Proof) concludeCorrections() {
	for id, of := range p.originals {
		if of.seen {
			continue
		}
		for i := range of.corrections {
			c := &of.corrections[i]
			p.entryFinding(CorrectionOriginal, c, "undoes entry %s, which is gone", id)
			if u, known := p.undoings[c.ID]; known {
				u.taken = true
				p.undoings[c.ID] = u
			}
		}
	}
	for id, u := range p.undoings {
		if !u.taken {
			p.findings.Add(CorrectionExtra, "correction "+id.String(), "is said to have undone %d of entry %s, and undoes nothing", int64(u.Amount), u.Original)
		}
	}
}

// way is a stretch by which points went, or cash.
type way struct {
	fund                lot.FundCode
	source, destination ledger.Account
}

// wayBack is what the corrections of one entry may still move: against the ways of its postings, no more than went them,
// and into wallets as points that came from there.
type wayBack struct {
	of       *ledger.Entry
	forward  map[way]*stretch // by the way back
	returned map[way]*stretch
}

type stretch struct {
	left money.Points
	keys []lot.Key // of the lots that the points came out of
}

func (p *Proof) wayBack(e *ledger.Entry) *wayBack {
	back := &wayBack{of: e, forward: map[way]*stretch{}, returned: map[way]*stretch{}}
	note := func(stretches map[way]*stretch, q *ledger.Posting) {
		home := q.Source
		if home.Kind == ledger.Reserved {
			home = ledger.Account{Kind: ledger.Unissued} // the reserve may be gone
		}
		w := way{q.Fund, q.Destination, home}
		if stretches[w] == nil {
			stretches[w] = &stretch{}
		}
		stretches[w].left += q.Amount
		if at, known := p.lots[q.SourceLot]; known && q.Source.Kind == ledger.InWallet {
			stretches[w].keys = append(stretches[w].keys, p.keyList[p.lotStates[at].key])
		}
	}
	for i := range e.Forward() {
		note(back.forward, &e.Postings[i])
	}
	returned := e.Returned()
	for i := range returned {
		note(back.returned, &returned[i])
	}
	return back
}

// take lets a correction go back, and gives how much of the original act, its cashback apart, it undid.
func (w *wayBack) take(p *Proof, c *ledger.Entry) (moved money.Points) {
	for n := range c.Postings {
		q := &c.Postings[n]
		stretch, forward := w.find(q)
		switch {
		case stretch == nil && w.paidByCampaign(q):
			continue
		case stretch == nil:
			p.postingFinding(CorrectionStrange, c, n, "goes from %s to %s, which entry %s does not lead back to", q.Source.Kind, q.Destination.Kind, w.of.ID)
			continue
		case forward:
			moved += q.Amount
		}
		if stretch.left -= q.Amount; stretch.left < 0 {
			p.postingFinding(CorrectionTooMuch, c, n, "gives back %d more than entry %s moved this way", -stretch.left, w.of.ID)
		}
		if q.Destination.Kind == ledger.InWallet && !slices.Contains(stretch.keys, q.Points) {
			p.postingFinding(CorrectionStrange, c, n, "gives back %s, which entry %s did not take", describe(q.Points), w.of.ID)
		}
	}
	return moved
}

// find gives the stretch that a posting of a correction goes back. A debt stands for whoever owes.
func (w *wayBack) find(q *ledger.Posting) (found *stretch, forward bool) {
	key := way{q.Fund, q.Source, q.Destination}
	if q.Source.Kind == ledger.Receivable {
		key.source = ledger.WalletAccount(q.Source.Owner)
	}
	if found := w.forward[key]; found != nil {
		return found, true
	}
	return w.returned[key], false
}

// paidByCampaign tells whether the posting takes back what a campaign had paid for a payment.
func (w *wayBack) paidByCampaign(q *ledger.Posting) bool {
	payer := w.of.Postings[0].Source
	return w.of.Type == ledger.Payment && q.Destination == ledger.Account{Kind: ledger.Unissued} &&
		(q.Source == payer || q.Source == ledger.Account{Kind: ledger.Receivable, Owner: payer.Owner})
}
