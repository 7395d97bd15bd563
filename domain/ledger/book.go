package ledger

import (
	"slices"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The refusals that every act shares.
var (
	ErrWalletUnknown = fault.Define(fault.NotFound, "wallet_unknown", "相手の財布が見つかりません。")
	ErrWalletClosed  = fault.Define(fault.Refused, "wallet_closed", "この相手はポイントを受け取れません。")
	ErrFundUnknown   = fault.Define(fault.NotFound, "fund_unknown", "その原資はありません。")
	ErrFundShort     = fault.Define(fault.Refused, "fund_short", "原資の残高が足りません。")
	ErrCashShort     = fault.Define(fault.Refused, "cash_short", "現金の残高が足りません。")
)

// Book is the locked part of the ledger on which acts are decided. It is not safe for concurrent use.
type Book struct {
	Now      time.Time
	Rules    Rules
	today    calendar.Day
	wallets  map[WalletID]*Wallet
	pots     map[Pot]*potState
	codes    map[user.Token]*user.Code
	records  map[idem.Claim]idem.Record
	rewards  Rewards
	rewarded rewarded
	past     map[EntryID]Past
	written  Written
}

// rewarded is what of the rewards the acts have changed.
type rewarded struct {
	campaigns map[cashback.OfferID]bool
	shares    map[PersonShare]bool
}

// Rewards is what a book knows of cashback.
type Rewards struct {
	Offers    *cashback.Offers
	Campaigns map[cashback.OfferID]*cashback.Campaign // with what they have accrued, by the acts as well (see Ledger.Open)
	Shares    map[PersonShare]money.Points            // had by people so far, of offers with a cap per person
}

// PersonShare names one person's share of one offer.
type PersonShare struct {
	Offer  cashback.OfferID
	Wallet WalletID
}

// Rewarding gives the book what it is to know of cashback. Without it payments earn nothing.
func (b *Book) Rewarding(rewards Rewards) { b.rewards = rewards }

// Rewards gives it back, with what the acts have made of it.
func (b *Book) Rewards() Rewards { return b.rewards }

// Remembering gives the book what has become of entries that are to be corrected.
func (b *Book) Remembering(past map[EntryID]Past) { b.past = past }

// Past gives it back; known is false for an entry that the book was not asked to remember.
func (b *Book) Past(entry EntryID) (past Past, known bool) {
	past, known = b.past[entry]
	return past, known
}

// Past is what has become of an entry that is to be corrected.
type Past struct {
	Undone money.Points     // by corrections so far
	Awards []cashback.Award // what the entry earned, with what corrections took back subtracted
	Offers map[cashback.OfferID]Promised
	Lots   map[lot.ID]lot.Lot // the lots that its postings name
}

// Promised is what a correction must know of an offer. That the campaign is locked stands in Rewards.
type Promised struct {
	Terms cashback.Terms
	Fund  lot.FundCode // of a campaign
	Share ShareState   // what became of the person's share of a campaign
}

// ShareState says what became of one person's share of a campaign.
type ShareState uint8

// The states of a share.
const (
	ShareUnpaid  ShareState = iota // the campaign has not begun to pay
	ShareWaiting                   // it is being paid just now
	SharePaid
	ShareRefused // it was not to be paid, for example to a closed wallet
)

type potState struct {
	balance money.Points // points the pot holds; negative for cash
	changed bool
}

// Written is what the acts left to be written.
type Written struct {
	Entries     []Entry
	Lines       []Line
	Records     []idem.Record
	Used        []user.Code // one-time codes that were consumed, each with UsedBy set
	Awards      []Awarded
	Corrections []Undoing
}

// Awarded is an award with the entry that earned it, or the correction that took of it.
type Awarded struct {
	cashback.Award
	Entry   EntryID
	Payment EntryID  // that earned it: Entry itself, but for corrections
	Wallet  WalletID // of the person
	Shop    WalletID
}

// Undoing says how much of an entry a correction undid.
type Undoing struct {
	Entry      EntryID // the correction
	Original   EntryID
	Amount     money.Points
	Receivable money.Points // of that, what was booked as owed
}

// NewBook makes a book of what an adapter has read and locked. codes and records may be nil.
func NewBook(now time.Time, rules Rules, wallets []*Wallet, pots map[Pot]money.Points, codes []user.Code, records []idem.Record) *Book {
	b := &Book{
		Now: now, Rules: rules, today: calendar.DayOf(now),
		wallets: make(map[WalletID]*Wallet, len(wallets)),
		pots:    make(map[Pot]*potState, len(pots)),
		codes:   make(map[user.Token]*user.Code, len(codes)),
		records: make(map[idem.Claim]idem.Record, len(records)),
	}
	for _, w := range wallets {
		w.lotStates = make([]lotState, len(w.Lots))
		b.wallets[w.ID] = w
	}
	for pot, balance := range pots {
		b.pots[pot] = &potState{balance: balance}
	}
	for i := range codes {
		b.codes[codes[i].Token] = &codes[i]
	}
	for _, r := range records {
		b.records[r.Claim] = r
	}
	return b
}

// Written gives what the acts left to be written, in the order of the acts.
func (b *Book) Written() Written { return b.written }

// Wallet gives a wallet of the book. It returns ErrWalletUnknown when the ledger does not have it.
func (b *Book) Wallet(id WalletID) (*Wallet, error) {
	w, ok := b.wallets[id]
	if !ok {
		return nil, ErrWalletUnknown
	}
	return w, nil
}

// Code gives a code of the book and whether it exists.
func (b *Book) Code(token user.Token) (user.Code, bool) {
	c, ok := b.codes[token]
	if !ok {
		return user.Code{}, false
	}
	return *c, true
}

// Balance gives what a pot of the book holds, assets as a positive amount.
func (b *Book) Balance(pot Pot) money.Points {
	state, ok := b.pots[pot]
	switch {
	case !ok:
		return 0
	case pot.Kind.IsAsset():
		return -state.balance
	}
	return state.balance
}

// Usable gives what the wallet can spend today.
func (b *Book) Usable(w *Wallet) money.Points { return w.Usable(b.today) }

// Replay finds what an earlier act under the same claim led to. It returns idem.ErrKeyConflict when that act was
// another one.
func (b *Book) Replay(claim idem.Claim, hash idem.Hash) (result [16]byte, found bool, err error) {
	record, found := b.records[claim]
	if found && record.Hash != hash {
		return [16]byte{}, true, idem.ErrKeyConflict
	}
	return record.Result, found, nil
}

// Keep remembers that the act under claim led to result.
func (b *Book) Keep(claim idem.Claim, hash idem.Hash, result [16]byte) {
	record := idem.Record{Claim: claim, Hash: hash, Result: result}
	b.records[claim] = record
	b.written.Records = append(b.written.Records, record)
}

// entry starts an entry of the given type at the book's moment.
func (b *Book) entry(entryType EntryType, actor user.ID, memo string) *Entry {
	return &Entry{ID: ident.New[Entry](b.Now), Type: entryType, At: b.Now, Actor: actor, Memo: memo}
}

// finish puts the entry into the book and writes one line for each wallet it touched.
func (b *Book) finish(e *Entry) {
	for i, p := range e.Postings {
		for _, side := range [...]struct{ account, other Account }{{p.Source, p.Destination}, {p.Destination, p.Source}} {
			if side.account.Kind != InWallet || lined(e.Postings[:i], side.account) {
				continue
			}
			w := b.wallets[WalletID(side.account.Owner)]
			delta := e.delta(side.account)
			w.Lines++
			w.Balance += delta
			w.walletDirty = true
			b.written.Lines = append(b.written.Lines, Line{
				Wallet: w.ID, No: w.Lines, Entry: e.ID, Type: e.Type, At: e.At,
				Delta: delta, Cashback: e.Cashback(), Balance: w.Balance, Counterpart: side.other, Memo: e.Memo,
			})
		}
	}
	b.written.Entries = append(b.written.Entries, *e)
}

func lined(before []Posting, account Account) bool {
	return slices.ContainsFunc(before, func(p Posting) bool { return p.Source == account || p.Destination == account })
}

// delta sums what the entry gives to an account less what it takes.
func (e *Entry) delta(account Account) money.Points {
	var sum money.Points
	for _, p := range e.Postings {
		if p.Destination == account {
			sum += p.Amount
		}
		if p.Source == account {
			sum -= p.Amount
		}
	}
	return sum
}

// canTake refuses to take more from a pot than it has, with the shortfall in figures (clause 4.2.4).
func (b *Book) canTake(pot Pot, amount money.Points, refusal *fault.Fault) error {
	state, ok := b.pots[pot]
	if !ok {
		return ErrFundUnknown
	}
	if pot.Kind.IsAsset() {
		return nil // an asset gives by growing: its balance is the negative of it
	}
	if state.balance < amount {
		return refusal.With("balance", int64(state.balance)).With("shortfall", int64(amount-state.balance))
	}
	return nil
}

// canGive refuses to take more of an asset away than there is.
func (b *Book) canGive(pot Pot, amount money.Points) error {
	state, ok := b.pots[pot]
	if !ok {
		return ErrFundUnknown
	}
	if pot.Kind.IsAsset() && state.balance+amount > 0 {
		return ErrCashShort.With("balance", int64(-state.balance)).With("shortfall", int64(amount+state.balance))
	}
	return nil
}

// move posts an amount between two pots of one fund that canTake and canGive have allowed.
func (b *Book) move(e *Entry, fund lot.FundCode, source, destination Account, amount money.Points) {
	b.shift(Pot{source, fund}, -amount)
	b.shift(Pot{destination, fund}, amount)
	e.Postings = append(e.Postings, Posting{Fund: fund, Source: source, Destination: destination, Amount: amount})
}

func (b *Book) shift(pot Pot, amount money.Points) {
	state := b.pots[pot]
	state.balance += amount
	state.changed = true
}

// issue posts an amount from a pot into a wallet, as points of key.
func (b *Book) issue(e *Entry, source Account, to *Wallet, key lot.Key, amount money.Points) {
	b.shift(Pot{source, key.Fund}, -amount)
	e.Postings = append(e.Postings, Posting{
		Fund: key.Fund, Source: source, Destination: WalletAccount(to.ID), DestinationLot: to.receive(b.Now, key, amount),
		Points: key, Amount: amount,
	})
}

// pass posts a drawn slice from one wallet to another, where it has changed hands once more.
func (b *Book) pass(e *Entry, from, to *Wallet, slice lot.Slice) {
	b.passAs(e, from, to, slice, slice.Lot.Passed(b.Rules.Kinds[slice.Lot.Kind], to.Role == user.Merchant))
}

// passAs posts a drawn slice from one wallet to another, as points of key.
func (b *Book) passAs(e *Entry, from, to *Wallet, slice lot.Slice, key lot.Key) {
	from.give(slice)
	e.Postings = append(e.Postings, Posting{
		Fund: key.Fund, Source: WalletAccount(from.ID), SourceLot: slice.Lot.ID,
		Destination: WalletAccount(to.ID), DestinationLot: to.receive(b.Now, key, slice.Amount),
		Points: key, Amount: slice.Amount,
	})
}

// retire posts a drawn slice out of a wallet into a pot.
func (b *Book) retire(e *Entry, from *Wallet, slice lot.Slice, destination Account) {
	from.give(slice)
	b.shift(Pot{destination, slice.Lot.Fund}, slice.Amount)
	e.Postings = append(e.Postings, Posting{
		Fund: slice.Lot.Fund, Source: WalletAccount(from.ID), SourceLot: slice.Lot.ID, Destination: destination,
		Points: slice.Lot.Key, Amount: slice.Amount,
	})
}

// give takes a slice out of the wallet's lot.
func (w *Wallet) give(slice lot.Slice) {
	i := slices.IndexFunc(w.Lots, func(l lot.Lot) bool { return l.ID == slice.Lot.ID })
	w.Lots[i].Remaining -= slice.Amount
	w.touch(i)
}

// receive puts points of key into the wallet: into the lot that has them already, or into a new one.
func (w *Wallet) receive(now time.Time, key lot.Key, amount money.Points) lot.ID {
	i := slices.IndexFunc(w.Lots, func(l lot.Lot) bool { return l.Key == key && l.Remaining > 0 })
	if i < 0 {
		w.Lots = append(w.Lots, lot.Lot{ID: ident.New[lot.Lot](now), Key: key, Remaining: amount, Since: now})
		w.lotStates = append(w.lotStates, lotFresh)
		return w.Lots[len(w.Lots)-1].ID
	}
	w.Lots[i].Remaining += amount
	w.touch(i)
	return w.Lots[i].ID
}

func (w *Wallet) touch(i int) {
	if w.lotStates[i] == lotAsRead {
		w.lotStates[i] = lotChanged
	}
}

// ChangedWallets calls yield for each wallet that an act touched.
func (b *Book) ChangedWallets(yield func(*Wallet) bool) {
	for _, w := range b.wallets {
		if w.walletDirty && !yield(w) {
			return
		}
	}
}

// ChangedLots calls yield for each lot that an act changed; fresh tells that it is new.
func (w *Wallet) ChangedLots(yield func(l lot.Lot, fresh bool) bool) {
	for i, state := range w.lotStates {
		if state != lotAsRead && !yield(w.Lots[i], state == lotFresh) {
			return
		}
	}
}

// ChangedCampaigns calls yield for each campaign in which an act promised something or took a promise back.
func (b *Book) ChangedCampaigns(yield func(*cashback.Campaign) bool) {
	for id := range b.rewarded.campaigns {
		if !yield(b.rewards.Campaigns[id]) {
			return
		}
	}
}

// ChangedShares calls yield for each share of an offer that an act changed, with all that the person has had.
func (b *Book) ChangedShares(yield func(PersonShare, money.Points) bool) {
	for share := range b.rewarded.shares {
		if !yield(share, b.rewards.Shares[share]) {
			return
		}
	}
}

// ChangedPots calls yield for each pot that an act touched, with its balance; cash is negative.
func (b *Book) ChangedPots(yield func(Pot, money.Points) bool) {
	for pot, state := range b.pots {
		if state.changed && !yield(pot, state.balance) {
			return
		}
	}
}
