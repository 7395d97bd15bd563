package proof

import (
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
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

	ledger.Claim:        {{ledger.InWallet, ledger.Claimed}},
	ledger.ClaimReturn:  {{ledger.Claimed, ledger.InWallet}},
	ledger.Payout:       {{ledger.Claimed, ledger.Bank}},
	ledger.PayoutReturn: {{ledger.Bank, ledger.Claimed}},
	ledger.Offset:       {{ledger.Claimed, ledger.Till}},
	ledger.Reversal:     undone,
	ledger.Partial:      undone,
	ledger.Adjustment:   {{ledger.Unissued, ledger.InWallet}, {ledger.InWallet, ledger.Unissued}},
	ledger.Recovery:     {{ledger.Bank, ledger.Receivable}, {ledger.InWallet, ledger.Receivable}},
}

// undone are the ways back. Which of them a correction may go is its original's to say; only corrections make debts.
var undone = []route{
	{ledger.Unissued, ledger.Bank},
	{ledger.Bank, ledger.Unissued},
	{ledger.Till, ledger.Bank},
	{ledger.InWallet, ledger.Unissued},
	{ledger.InWallet, ledger.Till},
	{ledger.InWallet, ledger.InWallet},
	{ledger.Receivable, ledger.InWallet},
	{ledger.Receivable, ledger.Unissued},
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

// checkParties checks that a payment or transfer is between two wallets, and that only a payment returns something.
func (p *Proof) checkParties(e *ledger.Entry) {
	if e.Type != ledger.Payment && e.Type != ledger.Transfer {
		return
	}
	payer, payee := e.Postings[0].Source, e.Postings[0].Destination
	for n := 1; n < len(e.Postings); n++ {
		q := &e.Postings[n]
		switch {
		case n < p.forward && (q.Source != payer || q.Destination != payee):
			p.postingFinding(PostingRoute, e, n, "is not between the wallets of the first posting")
		case n >= p.forward && (q.Source != payee || q.Destination != payer):
			p.postingFinding(PostingReturned, e, n, "does not go back from payee to payer")
		}
	}
}

// checkReturned checks cashback that a payment returned at once (clause 4.5.3): new points of the same fund, without a
// hop and free, out of what the payment has just brought into the lot.
func (p *Proof) checkReturned(e *ledger.Entry, n int, was lot.Key) {
	q := &e.Postings[n]
	if q.Points.Hops != 0 || q.Points.Paid || q.Points.Fund != was.Fund || q.Points.Expires < p.today {
		p.postingFinding(PostingReturned, e, n, "returns %s of lot %s as %s", describe(was), q.SourceLot, describe(q.Points))
	}
	var received money.Points
	for i := range e.Postings[:p.forward] {
		if e.Postings[i].DestinationLot == q.SourceLot {
			received += e.Postings[i].Amount
		}
	}
	for i := p.forward; i <= n; i++ {
		if e.Postings[i].SourceLot == q.SourceLot {
			received -= e.Postings[i].Amount
		}
	}
	if received < 0 {
		p.postingFinding(PostingReturned, e, n, "returns %d more of lot %s than the payment brought into it", -received, q.SourceLot)
	}
}

// restores tells whether points that an entry of the type puts into a wallet are what they once were. What that is, the
// entry that it undoes knows.
func restores(t ledger.EntryType) bool {
	return t == ledger.Reversal || t == ledger.Partial || t == ledger.ClaimReturn
}

// checkPoints checks what the posting says about its points against the lot they came from (clauses 4.3.5, 4.5.3):
// new points have no hops; passed points keep kind, fund and paid mark, gain one hop, and keep or lose their expiry;
// retired points are what the lot was. A correction may take points that lapsed and have not been swept yet.
func (p *Proof) checkPoints(e *ledger.Entry, n int, source int32) {
	q := &e.Postings[n]
	to := q.Destination.Kind == ledger.InWallet
	if q.Source.Kind != ledger.InWallet {
		if to && !restores(e.Type) && (q.Points.Hops != 0 || q.Points.Paid != (e.Type == ledger.Charge)) {
			p.postingFinding(PostingOriginal, e, n, "makes new points as %s", describe(q.Points))
		}
		return
	}
	if source < 0 {
		return // the lot is unknown, which is a finding already
	}
	was := p.keyList[p.lotStates[source].key]
	if live := (lot.Lot{Key: was}).LiveOn(p.today); live == (e.Type == ledger.Expiry) && (live || !restores(e.Type)) {
		p.postingFinding(PostingLapse, e, n, "moves lot %s, good until %s, on %s", q.SourceLot, was.Expires, p.today)
	}
	if was.Fund != q.Fund {
		p.postingFinding(PostingFund, e, n, "moves lot %s of fund %s in fund %s", q.SourceLot, was.Fund, q.Fund)
	}
	switch {
	case n >= p.forward:
		p.checkReturned(e, n, was)
		return
	case to && restores(e.Type):
		return
	}
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
}
