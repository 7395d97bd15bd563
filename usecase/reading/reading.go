// Package reading shows people their points: balance and lots, history, receipts, and where points came from
// (clause 4.3.4, +2). Residents and merchants see their own wallet; administrators see any. What belongs to
// somebody else looks as if it were not there (clause 3.1.3).
package reading

import (
	"context"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Bounds of an ancestry.
const (
	ancestryDepthMax   = 8
	ancestrySourcesMax = 20  // newest sources of one level
	ancestryNodesMax   = 120 // of one answer
)

// Reading reads wallets for those who may.
type Reading struct {
	statements ledger.Statements
	rules      ledger.RulesReader
	offers     cashback.Reader
	clock      usecase.Clock
}

// New makes the activity.
func New(statements ledger.Statements, rules ledger.RulesReader, offers cashback.Reader, clock usecase.Clock) *Reading {
	return &Reading{statements, rules, offers, clock}
}

// Balance is a wallet as its owner sees it.
type Balance struct {
	Wallet  ledger.Wallet
	Usable  money.Points // without lots that lapsed and await the sweep
	Kinds   map[lot.KindCode]lot.Kind
	Soon    calendar.Day // lots whose last day is until then lapse soon
	Lapsing money.Points
}

// Balance shows a wallet and its lots.
func (r *Reading) Balance(ctx context.Context, actor access.Actor, wallet ledger.WalletID) (Balance, error) {
	if err := mayRead(actor, wallet); err != nil {
		return Balance{}, err
	}
	rules, err := r.rules.Rules(ctx)
	if err != nil {
		return Balance{}, err
	}
	w, err := r.statements.Wallet(ctx, wallet)
	if err != nil {
		return Balance{}, err
	}
	today := calendar.DayOf(r.clock())
	balance := Balance{Wallet: w, Usable: w.Usable(today), Kinds: rules.Kinds, Soon: today + calendar.Day(rules.SoonDays)}
	for _, l := range w.Lots {
		if l.LiveOn(today) && !l.LiveOn(balance.Soon+1) {
			balance.Lapsing += l.Remaining
		}
	}
	return balance, nil
}

// History shows a wallet's lines, newest first.
func (r *Reading) History(ctx context.Context, actor access.Actor, query ledger.HistoryQuery) (page.Of[ledger.Line], error) {
	if err := mayRead(actor, query.Wallet); err != nil {
		return page.Of[ledger.Line]{}, err
	}
	if query.Limit < 1 || query.Limit > page.LimitMax {
		return page.Of[ledger.Line]{}, page.ErrLimit
	}
	return r.statements.History(ctx, query)
}

// Receipt is an entry as one side sees it.
type Receipt struct {
	Entry  ledger.Entry
	Line   ledger.Line        // what it did to the reader's wallet; empty for an administrator
	Lots   map[lot.ID]lot.Lot // the lots that the postings name, for their kinds and expiry
	Kinds  map[lot.KindCode]lot.Kind
	Awards []cashback.NamedAward // what a payment earned, or what a correction took of it
	Undone Undone
}

// Receipt shows an entry to those whose wallet it touched, and to administrators.
func (r *Reading) Receipt(ctx context.Context, actor access.Actor, id ledger.EntryID) (Receipt, error) {
	if actor.User.IsZero() {
		return Receipt{}, access.ErrNotSignedIn
	}
	var receipt Receipt
	var err error
	if !access.May(actor.Role, access.SeeAnyHistory) {
		if receipt.Line, err = r.statements.LineOf(ctx, actor.Wallet, id); err != nil {
			return Receipt{}, err
		}
	}
	if receipt.Entry, err = r.statements.Entry(ctx, id); err != nil {
		return Receipt{}, err
	}
	var ids []lot.ID
	for _, p := range receipt.Entry.Postings {
		for _, id := range []lot.ID{p.SourceLot, p.DestinationLot} {
			if !id.IsZero() {
				ids = append(ids, id)
			}
		}
	}
	if receipt.Lots, err = r.statements.Lots(ctx, ids); err != nil {
		return Receipt{}, err
	}
	if receipt.Awards, err = r.awards(ctx, actor, &receipt.Entry); err != nil {
		return Receipt{}, err
	}
	if receipt.Undone, err = r.undone(ctx, receipt.Entry); err != nil {
		return Receipt{}, err
	}
	rules, err := r.rules.Rules(ctx)
	receipt.Kinds = rules.Kinds
	return receipt, err
}

// awards reads what the entry earned, or took back. What campaigns promise is the payer's business; the shop sees
// what it returned itself.
func (r *Reading) awards(ctx context.Context, actor access.Actor, entry *ledger.Entry) ([]cashback.NamedAward, error) {
	payment := entry.ID
	switch entry.Type {
	case ledger.Payment:
	case ledger.Reversal, ledger.Partial:
		payment = entry.Corrects
	default:
		return nil, nil
	}
	all, err := r.statements.Awards(ctx, payment)
	if err != nil {
		return nil, err
	}
	everything := access.May(actor.Role, access.SeeAnyHistory)
	named, err := cashback.Name(ctx, r.offers, lo.FilterMap(all, func(a ledger.Awarded, _ int) (cashback.Award, bool) {
		return a.Award, a.Entry == entry.ID && (everything || !a.Campaign || a.Wallet == actor.Wallet)
	}))
	if err != nil {
		return nil, err
	}
	return named, cashback.Later(ctx, r.offers, named)
}

// Claim says whether a lot can be turned into a bank transfer, and why or why not (clause 4.4.2).
type Claim string

// The answers.
const (
	Claimable        Claim = "received_by_payment" // at a merchant, after at least one hop
	NotClaimableRole Claim = "not_a_merchant"
	NotClaimableHops Claim = "never_passed_on"
)

// Ancestor is one posting by which points came into a lot, and how they came into the lot before.
type Ancestor struct {
	ledger.Source
	Depth int // 1 brought points into the lot itself
}

// Ancestry is where a lot's points came from.
type Ancestry struct {
	Lot       lot.Lot
	Wallet    ledger.WalletID
	Sources   []Ancestor // by depth, newest first
	Truncated bool       // there is more than was read
	Claim     Claim
}

// Ancestry follows a lot's points back to where they were made: a lot that many payments filled shows its newest
// sources. To the person who got it, cashback begins at the shop: what others paid there is not theirs to see.
func (r *Reading) Ancestry(ctx context.Context, actor access.Actor, id lot.ID) (Ancestry, error) {
	if actor.User.IsZero() {
		return Ancestry{}, access.ErrNotSignedIn
	}
	holder, err := r.statements.LotHolder(ctx, id)
	if err != nil {
		return Ancestry{}, err
	}
	if mayRead(actor, holder) != nil {
		return Ancestry{}, ledger.ErrLotUnknown
	}
	lots, err := r.statements.Lots(ctx, []lot.ID{id})
	if err != nil {
		return Ancestry{}, err
	}
	wallet, err := r.statements.Wallet(ctx, holder)
	if err != nil {
		return Ancestry{}, err
	}
	ancestry := Ancestry{Lot: lots[id], Wallet: holder, Claim: claimOf(lots[id], wallet)}
	seen, level := map[lot.ID]bool{id: true}, []lot.ID{id}
	everything := access.May(actor.Role, access.SeeAnyHistory)
	for depth := 1; len(level) > 0; depth++ {
		if depth > ancestryDepthMax || len(ancestry.Sources) >= ancestryNodesMax {
			ancestry.Truncated = true
			break
		}
		sources, err := r.statements.Sources(ctx, level, ancestrySourcesMax+1)
		if err != nil {
			return Ancestry{}, err
		}
		if len(sources) > ancestrySourcesMax {
			sources, ancestry.Truncated = sources[:ancestrySourcesMax], true
		}
		level = level[:0:0]
		for _, source := range sources {
			ancestry.Sources = append(ancestry.Sources, Ancestor{source, depth})
			if before := source.Posting.SourceLot; !before.IsZero() && !seen[before] && (everything || !source.Cashback()) {
				seen[before] = true
				level = append(level, before)
			}
		}
	}
	return ancestry, nil
}

func claimOf(l lot.Lot, wallet ledger.Wallet) Claim {
	switch {
	case wallet.Role != user.Merchant:
		return NotClaimableRole
	case l.Hops < 1:
		return NotClaimableHops
	}
	return Claimable
}

// mayRead lets people read the wallet they act on and administrators any.
func mayRead(actor access.Actor, wallet ledger.WalletID) error {
	if access.Allow(actor, access.SeeAnyHistory) == nil {
		return nil
	}
	if err := access.Allow(actor, access.SeeOwnHistory); err != nil {
		return err
	}
	if actor.Wallet != wallet {
		return ledger.ErrWalletUnknown
	}
	return nil
}
