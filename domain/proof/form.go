package proof

import (
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
)

// route is one way in which a type of entry may move points.
type route struct{ source, destination ledger.PotKind }

// routes says what each type may do. A new type of entry starts here; an unknown one is a finding.
var routes = [...][]route{
	ledger.Deposit:    {{ledger.Bank, ledger.Unissued}},
	ledger.Withdrawal: {{ledger.Unissued, ledger.Bank}},
	ledger.Remittance: {{ledger.Bank, ledger.Till}},
	ledger.Reserve:    {{ledger.Unissued, ledger.Reserved}},
	ledger.Release:    {{ledger.Reserved, ledger.Unissued}},
	ledger.Grant:      {{ledger.Unissued, ledger.InWallet}, {ledger.Reserved, ledger.InWallet}},
	ledger.Charge:     {{ledger.Till, ledger.InWallet}},
	ledger.Payment:    {{ledger.InWallet, ledger.InWallet}},
	ledger.Transfer:   {{ledger.InWallet, ledger.InWallet}},
	ledger.Expiry:     {{ledger.InWallet, ledger.Unissued}},
}

// checkForm checks what a posting shows by itself.
func (p *Proof) checkForm(e *ledger.Entry, n int) {
	q := &e.Postings[n]
	if q.Amount <= 0 {
		p.postingFinding(PostingAmount, e, n, "moves %d", q.Amount)
	}
	if q.Source == q.Destination {
		p.postingFinding(PostingRoute, e, n, "goes from %s to itself", q.Source.Kind)
	}
	p.checkRoute(e, n)
	from, to := q.Source.Kind == ledger.InWallet, q.Destination.Kind == ledger.InWallet
	switch {
	case from == q.SourceLot.IsZero() || to == q.DestinationLot.IsZero():
		p.postingFinding(PostingForm, e, n, "names a lot outside a wallet, or none inside")
	case (from || to) != (q.Points.Kind != ""):
		p.postingFinding(PostingForm, e, n, "describes points outside wallets, or none inside")
	case !ownedRightly(q.Source) || !ownedRightly(q.Destination):
		p.postingFinding(PostingForm, e, n, "goes from %s to %s, of which one has an owner too many or too few", q.Source.Kind, q.Destination.Kind)
	}
	if (from || to) && q.Points.Fund != q.Fund {
		p.postingFinding(PostingFund, e, n, "moves points of fund %s in fund %s", q.Points.Fund, q.Fund)
	}
}

func (p *Proof) checkRoute(e *ledger.Entry, n int) {
	q := &e.Postings[n]
	if int(e.Type) >= len(routes) || routes[e.Type] == nil {
		p.entryFinding(EntryType, e, "is of type %d, which is unknown", e.Type)
		return
	}
	for _, r := range routes[e.Type] {
		if r.source == q.Source.Kind && r.destination == q.Destination.Kind {
			return
		}
	}
	p.postingFinding(PostingRoute, e, n, "goes from %s to %s, which a %s does not", q.Source.Kind, q.Destination.Kind, e.Type)
}

// ownedRightly tells whether an account names an owner exactly where its kind has one.
func ownedRightly(a ledger.Account) bool {
	return (a.Owner == [16]byte{}) == (a.Kind == ledger.Bank || a.Kind == ledger.Unissued)
}

// checkPoints checks what the posting says about its points against the lot they came from (clauses 4.3.5, 4.5.3):
// new points have no hops; passed points keep kind, fund and paid mark, gain one hop, and keep or lose their expiry;
// retired points are what the lot was.
func (p *Proof) checkPoints(e *ledger.Entry, n int, source int32) {
	q := &e.Postings[n]
	to := q.Destination.Kind == ledger.InWallet
	if q.Source.Kind != ledger.InWallet {
		if to && (q.Points.Hops != 0 || q.Points.Paid != (e.Type == ledger.Charge)) {
			p.postingFinding(PostingOriginal, e, n, "makes new points as %s", describe(q.Points))
		}
		return
	}
	if source < 0 {
		return // the lot is unknown, which is a finding already
	}
	was := p.keyList[p.lotStates[source].key]
	wanted := was
	if to {
		wanted.Hops++
		wanted.Expires = q.Points.Expires
		if q.Points.Expires != was.Expires && q.Points.Expires != calendar.Never {
			p.postingFinding(PostingExpiry, e, n, "passes %s of lot %s as %s", describe(was), q.SourceLot, describe(q.Points))
		}
	}
	if q.Points != wanted {
		p.postingFinding(PostingPassed, e, n, "passes %s of lot %s as %s", describe(was), q.SourceLot, describe(q.Points))
	}
	if live := (lot.Lot{Key: was}).LiveOn(p.today); live == (e.Type == ledger.Expiry) {
		p.postingFinding(PostingLapse, e, n, "moves lot %s, good until %s, on %s", q.SourceLot, was.Expires, p.today)
	}
}
