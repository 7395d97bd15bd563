// Package proof recomputes the books from the journal alone and compares them with what stands (+1, +12).
//
// A Proof is fed every entry in the order of the journal. It checks each entry by itself, and keeps what the entry
// makes of pots, wallets, lots and histories. Afterwards it is shown the stored pots, wallets, lots and lines, and
// names each that differs. A Chain is fed the same entries and checks them against the seals: signed blocks of a
// hash chain whose heads are kept outside the database, so that a changed, removed or truncated journal shows
// even when everything in the database was made to agree with it.
//
// Order. Numbers of the journal are given before commit, so two units that share nothing may commit in another
// order than their numbers say. But a unit locks its wallets and pots before its numbers are given and holds them
// until it has committed; whatever touches the same wallet, lot or pot is therefore numbered in the order in which
// it happened. That is all that balances depend on, so nothing may fall below zero, and the lines of each wallet
// must stand, in the order of the journal.
//
// Corrections are kept while the journal is folded, since there are few. Afterwards the proof is shown the entries that
// they undo, and holds each correction to what its original did: nothing is given back that was not given, nor twice.
//
// What a proof found are findings, not errors: each has a stable code, a subject and a precise text.
package proof

import (
	"hash/maphash"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// Counts tells how much a proof has seen.
type Counts struct {
	Entries, Postings          int64
	Corrections                int64
	Pots, Wallets, Lots, Lines int64 // stored ones that were compared
	LastSeq                    int64 // number of the last entry
}

// Proof recomputes the books. It keeps wallets, lots and pots, and of the entries corrections only. It is not safe for concurrent use.
type Proof struct {
	counts   Counts
	findings *Findings
	print    fingerprint

	wallets   map[ledger.WalletID]int32
	holders   []holder
	lots      map[lot.ID]int32
	lotStates []lotState
	keys      map[lot.Key]int32
	keyList   []lot.Key
	pots      map[ledger.Pot]*potState
	stored    map[lot.FundCode]*ledger.FundPosition

	originals map[ledger.EntryID]*original
	undoings  map[ledger.EntryID]undoing

	watched  map[ledger.WalletID]*[]ledger.Line
	touched  []touch // of the entry at hand
	forward  int     // how many postings of the entry at hand are no cashback
	today    calendar.Day
	todayEnd int64 // unix seconds
}

// holder is a wallet as the journal has it.
type holder struct {
	id      ledger.WalletID
	balance money.Points
	lines   int64
	print   uint64       // sum of the fingerprints of its lines
	earned  money.Points // returned at once by payments
	seen    bool
}

// lotState is a lot as the journal has it. Keys are few and kept once.
type lotState struct {
	holder    int32
	key       int32
	remaining money.Points
	since     int64 // unix microseconds
	seen      bool
}

type potState struct {
	balance money.Points
	seen    bool
}

// touch is what the entry at hand does to one wallet.
type touch struct {
	holder      int32
	delta       money.Points
	counterpart ledger.Account
}

// New makes a proof of an empty journal.
func New() *Proof {
	return &Proof{
		findings: &Findings{},
		print:    fingerprint{seed: maphash.MakeSeed()},
		wallets:  map[ledger.WalletID]int32{},
		lots:     map[lot.ID]int32{},
		keys:     map[lot.Key]int32{},
		pots:     map[ledger.Pot]*potState{},
		stored:   map[lot.FundCode]*ledger.FundPosition{},

		originals: map[ledger.EntryID]*original{},
		undoings:  map[ledger.EntryID]undoing{},
	}
}

// Watch keeps the lines that entries folded from now on write into these wallets, for Recomputed.
func (p *Proof) Watch(wallets []ledger.WalletID) {
	p.watched = make(map[ledger.WalletID]*[]ledger.Line, len(wallets))
	for _, id := range wallets {
		p.watched[id] = new([]ledger.Line)
	}
}

// Recomputed gives the watched lines of a wallet, by number.
func (p *Proof) Recomputed(wallet ledger.WalletID) []ledger.Line {
	if lines, ok := p.watched[wallet]; ok {
		return *lines
	}
	return nil
}

// Counts tells how much the proof has seen.
func (p *Proof) Counts() Counts { return p.counts }

// Findings gives what the proof found.
func (p *Proof) Findings() *Findings { return p.findings }

// Fold takes the next entry of the journal. The entry may be used again afterwards.
func (p *Proof) Fold(e *ledger.Entry) {
	p.counts.Entries++
	p.counts.Postings += int64(len(e.Postings))
	if e.Seq <= p.counts.LastSeq {
		p.entryFinding(EntryOrder, e, "follows no %d", p.counts.LastSeq)
	}
	p.counts.LastSeq = e.Seq
	if len(e.Postings) == 0 {
		p.entryFinding(EntryEmpty, e, "has no posting")
		return
	}
	p.turnDay(e)
	p.keepCorrection(e)
	p.touched, p.forward = p.touched[:0], len(e.Forward())
	p.checkParties(e)
	for n := range e.Postings {
		p.post(e, n)
	}
	var cashback money.Points
	for n := p.forward; n < len(e.Postings); n++ {
		cashback += e.Postings[n].Amount
		p.holders[p.holder(e.Postings[n].Destination.Owner)].earned += e.Postings[n].Amount
	}
	for i := range p.touched {
		p.line(e, &p.touched[i], cashback)
	}
}

// turnDay keeps the day in Japan of the entry at hand; most entries fall on the day of the one before.
func (p *Proof) turnDay(e *ledger.Entry) {
	const daySeconds = 24 * 60 * 60
	if at := e.At.Unix(); at >= p.todayEnd || at < p.todayEnd-daySeconds {
		p.today = calendar.DayOf(e.At)
		p.todayEnd = p.today.End().Unix()
	}
}

// post applies one posting after checking it.
func (p *Proof) post(e *ledger.Entry, n int) {
	q := &e.Postings[n]
	p.checkForm(e, n)
	from, to := q.Source.Kind == ledger.InWallet, q.Destination.Kind == ledger.InWallet
	source := int32(-1)
	if from {
		source = p.takeFromLot(e, n)
		p.touch(q.Source, q.Destination, -q.Amount)
	} else {
		p.shift(e, ledger.Pot{Account: q.Source, Fund: q.Fund}, -q.Amount)
	}
	if to {
		p.giveToLot(e, n)
		p.touch(q.Destination, q.Source, q.Amount)
	} else {
		p.shift(e, ledger.Pot{Account: q.Destination, Fund: q.Fund}, q.Amount)
	}
	p.checkPoints(e, n, source)
}

// takeFromLot takes the posting's amount out of its source lot, and returns the lot's place, -1 where the journal
// knows no such lot.
func (p *Proof) takeFromLot(e *ledger.Entry, n int) int32 {
	q := &e.Postings[n]
	at, known := p.lots[q.SourceLot]
	if !known {
		p.postingFinding(LotUnknown, e, n, "takes %d from lot %s, which never received points", q.Amount, q.SourceLot)
		return -1
	}
	l := &p.lotStates[at]
	if holder := p.holders[l.holder].id; holder != q.Source.Owner {
		p.postingFinding(LotHolder, e, n, "takes from wallet %s the lot %s, which is in wallet %s",
			ledger.WalletID(q.Source.Owner), q.SourceLot, holder)
	}
	l.remaining -= q.Amount
	if l.remaining < 0 {
		p.postingFinding(LotOverdrawn, e, n, "takes %d from lot %s, which has %d", q.Amount, q.SourceLot, l.remaining+q.Amount)
	}
	return at
}

// giveToLot puts the posting's amount into its destination lot, which is new or has the same key already.
func (p *Proof) giveToLot(e *ledger.Entry, n int) {
	q := &e.Postings[n]
	holder, key := p.holder(q.Destination.Owner), p.key(q.Points)
	at, known := p.lots[q.DestinationLot]
	if !known {
		p.lots[q.DestinationLot] = int32(len(p.lotStates))
		p.lotStates = append(p.lotStates, lotState{holder: holder, key: key, remaining: q.Amount, since: e.At.UnixMicro()})
		return
	}
	l := &p.lotStates[at]
	if l.holder != holder {
		p.postingFinding(LotHolder, e, n, "gives to wallet %s the lot %s, which is in wallet %s",
			ledger.WalletID(q.Destination.Owner), q.DestinationLot, p.holders[l.holder].id)
	}
	if l.key != key {
		p.postingFinding(LotKey, e, n, "puts %s into lot %s, which is %s", describe(q.Points), q.DestinationLot, describe(p.keyList[l.key]))
	}
	l.remaining += q.Amount
}

// shift changes a pot. Assets carry their balance with the opposite sign.
func (p *Proof) shift(e *ledger.Entry, pot ledger.Pot, amount money.Points) {
	state, known := p.pots[pot]
	if !known {
		state = &potState{}
		p.pots[pot] = state
	}
	state.balance += amount
	switch {
	case pot.Kind.IsAsset() && state.balance > 0:
		p.entryFinding(PotOverdrawn, e, "leaves %d in %s", -state.balance, describePot(pot))
	case !pot.Kind.IsAsset() && state.balance < 0:
		p.entryFinding(PotOverdrawn, e, "leaves %d in %s", state.balance, describePot(pot))
	}
}

// touch notes what the entry at hand does to a wallet. The first posting that touches it names its counterpart.
func (p *Proof) touch(account, other ledger.Account, delta money.Points) {
	holder := p.holder(account.Owner)
	for i := range p.touched {
		if p.touched[i].holder == holder {
			p.touched[i].delta += delta
			return
		}
	}
	p.touched = append(p.touched, touch{holder: holder, delta: delta, counterpart: other})
}

// line makes the line of history that the entry must have written into a wallet.
func (p *Proof) line(e *ledger.Entry, t *touch, cashback money.Points) {
	h := &p.holders[t.holder]
	h.balance += t.delta
	h.lines++
	if h.balance < 0 {
		p.entryFinding(WalletOverdrawn, e, "leaves %d in wallet %s", h.balance, h.id)
	}
	line := ledger.Line{
		Wallet: h.id, No: h.lines, Entry: e.ID, Type: e.Type, At: e.At,
		Delta: t.delta, Cashback: cashback, Balance: h.balance, Counterpart: t.counterpart, Memo: e.Memo,
	}
	h.print += p.print.of(&line)
	if kept, watched := p.watched[h.id]; watched {
		*kept = append(*kept, line)
	}
}

func (p *Proof) holder(id ledger.WalletID) int32 {
	at, known := p.wallets[id]
	if !known {
		at = int32(len(p.holders))
		p.wallets[id] = at
		p.holders = append(p.holders, holder{id: id})
	}
	return at
}

func (p *Proof) key(key lot.Key) int32 {
	at, known := p.keys[key]
	if !known {
		at = int32(len(p.keyList))
		p.keys[key] = at
		p.keyList = append(p.keyList, key)
	}
	return at
}
