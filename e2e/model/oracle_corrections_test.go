package model_test

import (
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// part is how much of a posting is undone.
type part struct {
	ledger.Posting
	qty money.Points
}

// split gives the postings of a payment itself and those by which it returned cashback; of another entry all are its
// own.
func split(e ledger.Entry) (forward, returned []ledger.Posting) {
	for i, p := range e.Postings {
		if e.Type == ledger.Payment && p.Source == e.Postings[0].Destination {
			return e.Postings[:i], e.Postings[i:]
		}
	}
	return e.Postings, nil
}

func whole(postings []ledger.Posting) (parts []part) {
	for _, p := range postings {
		parts = append(parts, part{p, p.Amount})
	}
	return parts
}

// lastOf gives the last amount points of postings, behind the last before ones.
func lastOf(postings []ledger.Posting, before, amount money.Points) (parts []part) {
	from, until := sumOf(postings)-before-amount, sumOf(postings)-before
	var at money.Points
	for _, p := range postings {
		if qty := min(at+p.Amount, until) - max(at, from); qty > 0 {
			parts = append(parts, part{p, qty})
		}
		at += p.Amount
	}
	return parts
}

// correct holds a correction to the entry that it undoes.
func (o *oracle) correct(rt *rapid.T, e ledger.Entry, rules ledger.Rules, told story) {
	original := o.entries[e.Corrects]
	require.Contains(rt, correctable, original.Type)
	forward, returned := split(original)
	amount, before := told.undoing.Amount, o.undone[original.ID]
	require.Positive(rt, amount)
	left := sumOf(forward) - before - amount
	require.GreaterOrEqual(rt, left, money.Points(0), "no more is undone than there was")
	require.Equal(rt, left == 0, e.Type == ledger.Reversal, "what leaves nothing is the reversal")
	o.undone[original.ID] = before + amount
	parts := lastOf(forward, before, amount)
	atOnce, outOfWallet := o.takeBack(rt, e, parts, left, rules, told.awards)

	flow := o.flow(rt, e, original)
	switch original.Type {
	case ledger.Payment:
		netted := atOnce - flow.toPayee
		require.Equal(rt, amount, flow.toPayer+netted, "what does not come back was spent as cashback")
		require.Equal(rt, outOfWallet, flow.toCity, "what a campaign has paid goes back to its fund")
		o.asTheyWere(rt, flow.keysToPayer, parts)
		o.asTheyWere(rt, flow.keysToPayee, whole(returned))
	case ledger.Transfer:
		require.Equal(rt, amount, flow.toPayer)
		o.asTheyWere(rt, flow.keysToPayer, parts)
		payer := ledger.WalletID(original.Postings[0].Source.Owner)
		o.sent[payer][monthOf(original)] -= amount
	default: // a reserve that was granted from may be gone: its points go back to the city
		require.Equal(rt, amount, flow.toPayer+flow.toCity, "all goes back where it came from")
	}
	require.Equal(rt, told.undoing.Receivable, flow.owed)
}

// flow is what a correction moved, seen from the original: to who paid, to who was paid, and to the city's unissued
// points.
type flow struct {
	toPayer, toPayee, toCity, owed money.Points
	keysToPayer, keysToPayee       map[lot.Key]money.Points
}

func (o *oracle) flow(rt *rapid.T, e, original ledger.Entry) flow {
	f := flow{keysToPayer: map[lot.Key]money.Points{}, keysToPayee: map[lot.Key]money.Points{}}
	payer, payee := original.Postings[0].Source, original.Postings[0].Destination
	for _, p := range e.Postings {
		switch {
		case p.Destination == payer:
			f.toPayer += p.Amount
			f.keysToPayer[p.Points] += p.Amount
		case p.Destination == payee:
			require.Equal(rt, ledger.Payment, original.Type)
			f.toPayee += p.Amount
			f.keysToPayee[p.Points] += p.Amount
		default:
			require.Equal(rt, ledger.Unissued, p.Destination.Kind)
			f.toCity += p.Amount
		}
		if p.Source.Kind == ledger.Receivable {
			require.NotEqual(rt, ledger.Charge, original.Type, "cash that a till has handed back is nobody's to owe")
			f.owed += p.Amount
			continue
		}
		require.Contains(rt, []ledger.Account{payer, payee}, p.Source, "only the parties give")
	}
	return f
}

// asTheyWere holds points that came back to the lots that they were.
func (o *oracle) asTheyWere(rt *rapid.T, came map[lot.Key]money.Points, parts []part) {
	were := map[lot.Key]money.Points{}
	for _, p := range parts {
		were[o.lots[p.SourceLot].key] += p.qty
	}
	for key, amount := range came {
		require.LessOrEqual(rt, amount, were[key], "points come back with the kind, fund, expiry and hops that they had")
	}
}

// correctable are the types that a correction may undo.
var correctable = []ledger.EntryType{
	ledger.Deposit, ledger.Withdrawal, ledger.Remittance, ledger.Grant, ledger.Charge, ledger.Payment, ledger.Transfer,
}

// leaveClaim and arriveClaim hold what goes into the claimed pot, and what comes back from it, to what can be claimed.
func (o *oracle) leaveClaim(rt *rapid.T, e ledger.Entry, from holding) {
	require.Positive(rt, from.key.Hops, "only points that have circulated are claimed")
	require.GreaterOrEqual(rt, from.key.Expires, calendar.DayOf(e.At))
}

func (o *oracle) arriveClaim(rt *rapid.T, e ledger.Entry, at int) {
	claim := o.entries[e.Corrects]
	require.Equal(rt, ledger.Claim, claim.Type)
	require.Len(rt, e.Postings, len(claim.Postings))
	require.Equal(rt, claim.Postings[at].Points, e.Postings[at].Points, "claimed points come back as they were")
	require.Equal(rt, claim.Postings[at].Amount, e.Postings[at].Amount)
}
