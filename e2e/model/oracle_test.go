package model_test

import (
	"maps"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// oracle knows what must be true, from the entries alone and without the ledger's own code.
type oracle struct {
	town     *town
	balances map[ledger.WalletID]money.Points
	lines    map[ledger.WalletID]int64
	sent     map[ledger.WalletID]map[int32]money.Points // by month
	funds    map[lot.FundCode]*ledger.FundPosition
	reserves map[ledger.Pot]money.Points
	claimed  map[ledger.Pot]money.Points
	owed     map[ledger.Pot]money.Points
	lots     map[lot.ID]holding
	entries  map[ledger.EntryID]ledger.Entry
	undone   map[ledger.EntryID]money.Points
	offers   []*offer                                      // in the order in which they began
	given    map[ledger.EntryID]map[cashback.OfferID]given // by payments, net of corrections
}

// story is what the sides tell of an entry beside its postings.
type story struct {
	awards  []ledger.Awarded
	undoing ledger.Undoing
}

type holding struct {
	key    lot.Key
	wallet ledger.WalletID
	held   money.Points
}

func newOracle(town *town) *oracle {
	o := &oracle{
		town: town, balances: map[ledger.WalletID]money.Points{}, lines: map[ledger.WalletID]int64{},
		sent: map[ledger.WalletID]map[int32]money.Points{}, funds: map[lot.FundCode]*ledger.FundPosition{},
		reserves: map[ledger.Pot]money.Points{}, claimed: map[ledger.Pot]money.Points{}, owed: map[ledger.Pot]money.Points{},
		lots: map[lot.ID]holding{}, entries: map[ledger.EntryID]ledger.Entry{}, undone: map[ledger.EntryID]money.Points{},
		given: map[ledger.EntryID]map[cashback.OfferID]given{},
	}
	for _, code := range town.funds {
		o.funds[code] = &ledger.FundPosition{Fund: code}
	}
	return o
}

// ways says from which kind of pot to which each type of entry moves.
var ways = map[ledger.EntryType][2][]ledger.PotKind{
	ledger.Deposit:    {{ledger.Bank}, {ledger.Unissued}},
	ledger.Withdrawal: {{ledger.Unissued}, {ledger.Bank}},
	ledger.Remittance: {{ledger.Bank}, {ledger.Till}},
	ledger.Reserve:    {{ledger.Unissued}, {ledger.Reserved}},
	ledger.Release:    {{ledger.Reserved}, {ledger.Unissued}},
	ledger.Grant:      {{ledger.Unissued, ledger.Reserved}, {ledger.InWallet}},
	ledger.Charge:     {{ledger.Till}, {ledger.InWallet}},
	ledger.Payment:    {{ledger.InWallet}, {ledger.InWallet}},
	ledger.Transfer:   {{ledger.InWallet}, {ledger.InWallet}},
	ledger.Expiry:     {{ledger.InWallet}, {ledger.Unissued}},

	ledger.Claim:        {{ledger.InWallet}, {ledger.Claimed}},
	ledger.ClaimReturn:  {{ledger.Claimed}, {ledger.InWallet}},
	ledger.Payout:       {{ledger.Claimed}, {ledger.Bank}},
	ledger.PayoutReturn: {{ledger.Bank}, {ledger.Claimed}},
	ledger.Offset:       {{ledger.Claimed}, {ledger.Till}},
	ledger.Reversal:     correcting,
	ledger.Partial:      correcting,
	ledger.Adjustment:   {{ledger.InWallet, ledger.Unissued}, {ledger.InWallet, ledger.Unissued}},
	ledger.Recovery:     {{ledger.InWallet, ledger.Bank}, {ledger.Receivable}},
}

// correcting goes the ways of what can be corrected backwards, or from who owes.
var correcting = [2][]ledger.PotKind{
	{ledger.InWallet, ledger.Unissued, ledger.Bank, ledger.Till, ledger.Receivable},
	{ledger.InWallet, ledger.Unissued, ledger.Bank, ledger.Till},
}

// record takes an entry in, and refuses to believe one that cannot be.
func (o *oracle) record(rt *rapid.T, e ledger.Entry, rules ledger.Rules, told story) {
	o.entries[e.ID] = e
	switch e.Type {
	case ledger.Payment: // before its lots change: what it was made of counts
		o.reward(rt, e, rules, told.awards)
	case ledger.Reversal, ledger.Partial:
		o.correct(rt, e, rules, told)
	}
	touched := map[ledger.WalletID]bool{}
	for i, p := range e.Postings {
		require.Contains(rt, ways[e.Type][0], p.Source.Kind, e.Type)
		require.Contains(rt, ways[e.Type][1], p.Destination.Kind, e.Type)
		o.funds[p.Fund].Add(p.Source.Kind, -p.Amount)
		o.funds[p.Fund].Add(p.Destination.Kind, p.Amount)
		o.leave(rt, e, p, touched)
		o.arrive(rt, e, i, rules, touched)
	}
	for wallet := range touched {
		o.lines[wallet]++
	}
	if e.Type == ledger.Transfer {
		payer := ledger.WalletID(e.Postings[0].Source.Owner)
		if o.sent[payer] == nil {
			o.sent[payer] = map[int32]money.Points{}
		}
		o.sent[payer][monthOf(e)] += sumOf(e.Postings)
	}
}

func monthOf(e ledger.Entry) int32 {
	at := e.At.In(calendar.JST)
	return int32(at.Year())*12 + int32(at.Month()) - 1
}

func (o *oracle) leave(rt *rapid.T, e ledger.Entry, p ledger.Posting, touched map[ledger.WalletID]bool) {
	switch p.Source.Kind {
	case ledger.Reserved:
		pot := ledger.Pot{Account: p.Source, Fund: p.Fund}
		o.reserves[pot] -= p.Amount
		require.GreaterOrEqual(rt, o.reserves[pot], money.Points(0), "a batch spends no more than it reserved")
	case ledger.Claimed:
		pot := ledger.Pot{Account: p.Source, Fund: p.Fund}
		o.claimed[pot] -= p.Amount
		require.GreaterOrEqual(rt, o.claimed[pot], money.Points(0), "no more is paid than was claimed")
	case ledger.Receivable:
		o.owed[ledger.Pot{Account: p.Source, Fund: p.Fund}] += p.Amount
	case ledger.InWallet:
		wallet := ledger.WalletID(p.Source.Owner)
		touched[wallet] = true
		o.balances[wallet] -= p.Amount
		from, known := o.lots[p.SourceLot]
		require.True(rt, known, "points leave a lot that is known")
		require.Equal(rt, wallet, from.wallet)
		require.LessOrEqual(rt, p.Amount, from.held, "no lot gives more than it holds")
		from.held -= p.Amount
		o.lots[p.SourceLot] = from
		lapsed := from.key.Expires < calendar.DayOf(e.At)
		switch e.Type {
		case ledger.Reversal, ledger.Partial: // a lot that has lapsed goes back the way it came
		case ledger.Claim:
			o.leaveClaim(rt, e, from)
		default:
			require.Equal(rt, e.Type == ledger.Expiry, lapsed, "what has lapsed goes back, and nothing else does")
		}
		if p.Destination.Kind != ledger.InWallet {
			require.Equal(rt, from.key, p.Points, "what leaves the wallets is what it was in them")
		}
		if e.Type == ledger.Expiry {
			require.Zero(rt, from.held, "a lot lapses whole")
		}
	}
}

func (o *oracle) arrive(rt *rapid.T, e ledger.Entry, at int, rules ledger.Rules, touched map[ledger.WalletID]bool) {
	p := e.Postings[at]
	pot := ledger.Pot{Account: p.Destination, Fund: p.Fund}
	switch p.Destination.Kind {
	case ledger.Reserved:
		o.reserves[pot] += p.Amount
		return
	case ledger.Claimed:
		o.claimed[pot] += p.Amount
		return
	case ledger.Receivable:
		o.owed[pot] -= p.Amount
		require.GreaterOrEqual(rt, o.owed[pot], money.Points(0), "nobody pays more than they owe")
		return
	case ledger.InWallet:
	default:
		return
	}
	wallet := ledger.WalletID(p.Destination.Owner)
	touched[wallet] = true
	o.balances[wallet] += p.Amount
	require.Equal(rt, p.Fund, p.Points.Fund)
	forward, _ := split(e)
	switch {
	case e.Type == ledger.Reversal, e.Type == ledger.Partial, at >= len(forward): // held to what they must be elsewhere
	case e.Type == ledger.ClaimReturn:
		o.arriveClaim(rt, e, at)
	case p.Source.Kind == ledger.InWallet:
		want, kind, receiver := o.lots[p.SourceLot].key, rules.Kinds[p.Points.Kind], o.town.owner(wallet)
		want.Hops++
		if receiver.Role == user.Merchant && kind.ClearedAtMerchant {
			want.Expires = calendar.Never
		}
		require.Equal(rt, want, p.Points, "points that are passed on count the hop and otherwise stay what they were")
		require.Equal(rt, receiver.Role == user.Merchant, e.Type == ledger.Payment)
		if e.Type == ledger.Transfer {
			require.True(rt, kind.Transferable)
			require.Equal(rt, user.Resident, o.town.owner(ledger.WalletID(p.Source.Owner)).Role)
		}
	default:
		require.Zero(rt, p.Points.Hops, "new points have not changed hands")
		require.Equal(rt, e.Type == ledger.Charge, p.Points.Paid)
		require.GreaterOrEqual(rt, p.Points.Expires, calendar.DayOf(e.At))
		require.Greater(rt, rules.Kinds[p.Points.Kind].Retired, calendar.DayOf(e.At))
	}
	into, known := o.lots[p.DestinationLot]
	if known {
		require.Equal(rt, p.Points, into.key, "a lot is of one key")
		require.Equal(rt, wallet, into.wallet)
		require.Positive(rt, into.held, "a lot that ran out is not filled again")
	}
	o.lots[p.DestinationLot] = holding{p.Points, wallet, into.held + p.Amount}
}

// check holds a view to what the entries say.
func (o *oracle) check(rt *rapid.T, v view) {
	for _, f := range o.funds {
		got := v.Funds[f.Fund]
		require.Equal(rt, *f, got, "pots follow from the entries")
		require.Equal(rt, int64(got.Assets()), int64(got.Points()), "bank + tills + receivables = unissued + reserved + in wallets + claimed")
		for _, pot := range []int64{
			int64(got.Bank), int64(got.Tills), int64(got.Receivables), int64(got.Unissued), int64(got.Reserved), int64(got.Wallets), int64(got.Claimed),
		} {
			require.GreaterOrEqual(rt, pot, int64(0), "no pot is below zero")
		}
	}
	owed := map[ledger.Pot]money.Points{}
	for _, debt := range v.Owed {
		owed[ledger.Pot{Account: ledger.Account{Kind: ledger.Receivable, Owner: debt.Debtor}, Fund: debt.Fund}] = money.Points(debt.Amount)
	}
	maps.DeleteFunc(o.owed, func(_ ledger.Pot, amount money.Points) bool { return amount == 0 })
	require.Equal(rt, o.owed, owed, "who owes follows from the entries")
	for _, of := range o.offers {
		if of.campaign {
			require.Equal(rt, of.standing(), v.Offers[of.id], "how far a campaign is follows from the entries")
		}
	}
	for _, u := range o.town.people {
		o.checkWallet(rt, v.Wallets[u.Wallet], v.Lines[u.Wallet])
	}
}

func (o *oracle) checkWallet(rt *rapid.T, w ledger.Wallet, lines []ledger.Line) {
	require.Equal(rt, o.balances[w.ID], w.Balance, "a balance follows from the entries")
	keys := map[lot.Key]bool{}
	var sum money.Points
	for _, l := range w.Lots {
		require.False(rt, keys[l.Key], "no two open lots of a wallet have one key")
		keys[l.Key] = true
		sum += l.Remaining
		require.Equal(rt, o.lots[l.ID], holding{l.Key, w.ID, l.Remaining}, "a lot follows from the entries")
	}
	require.Equal(rt, w.Balance, sum, "a balance is the sum of its lots")
	require.Equal(rt, o.lines[w.ID], w.Lines, "each entry that touched the wallet wrote one line")
	require.Len(rt, lines, int(w.Lines), "the history has every line")
	balance := w.Balance
	for i, line := range lines {
		require.Equal(rt, w.Lines-int64(i), line.No, "lines are numbered without gaps")
		require.Equal(rt, balance, line.Balance, "lines carry the running balance")
		_, returned := split(o.entries[line.Entry])
		require.Equal(rt, sumOf(returned), line.Cashback, "lines say what was returned at once")
		balance -= line.Delta
	}
	require.Zero(rt, balance)
	require.Equal(rt, o.sent[w.ID][w.SentMonth], w.Sent, "what was sent in a month is what its transfers moved")
}

// allowed holds a payment that went through to what its wallets and the rules were before it.
func (o *oracle) allowed(rt *rapid.T, r ledger.Receipt, before view, rules ledger.Rules, today calendar.Day) {
	payer, payee := before.Wallets[r.Payer], before.Wallets[r.Payee]
	require.NotEqual(rt, payer.ID, payee.ID)
	require.False(rt, payee.Closed)
	require.LessOrEqual(rt, r.Amount, rules.PaymentMax)
	require.LessOrEqual(rt, r.Amount, usable(payer, rules, today, r.Type))
	require.Equal(rt, []money.Points{payer.Balance - r.Amount + r.Cashback, payee.Balance + r.Amount - r.Cashback}, []money.Points{r.Balance, r.PayeeBalance})
	if r.Type == ledger.Transfer {
		require.True(rt, rules.Transfers.Allowed)
		require.LessOrEqual(rt, r.Amount, rules.Transfers.PerTimeMax)
		at := r.At.In(calendar.JST)
		sent := o.sent[payer.ID][int32(at.Year())*12+int32(at.Month())-1] // the entry itself is in it already
		require.LessOrEqual(rt, sent, rules.Transfers.PerMonthMax)
	}
}

// usable sums what a wallet could give to a payment of a type.
func usable(w ledger.Wallet, rules ledger.Rules, today calendar.Day, entryType ledger.EntryType) (sum money.Points) {
	for _, l := range w.Lots {
		if l.Expires >= today && (entryType != ledger.Transfer || rules.Kinds[l.Kind].Transferable) {
			sum += l.Remaining
		}
	}
	return sum
}
