package ledger_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// annals is a scene in which one act follows another, each on a book of its own.
type annals struct {
	*testing.T
	*scene
	entries   []ledger.Entry
	lines     []ledger.Line
	awards    []ledger.Awarded
	undoings  []ledger.Undoing
	offers    cashback.Offers
	campaigns map[cashback.OfferID]cashback.Campaign
	shares    map[ledger.PersonShare]money.Points
	became    map[cashback.OfferID]ledger.ShareState // of everybody's share
}

// back is the kind of cashback: it does not earn, lapses in ten days, and goes last.
const back = lot.KindCode("back")

// second is the fund beside "city".
const second = lot.FundCode("second")

func newAnnals(t *testing.T) *annals {
	t.Helper()
	a := &annals{
		T: t, scene: newScene(), campaigns: map[cashback.OfferID]cashback.Campaign{}, shares: map[ledger.PersonShare]money.Points{},
		became: map[cashback.OfferID]ledger.ShareState{},
	}
	for code, kind := range a.rules.Kinds {
		kind.Earns = code != "old"
		a.rules.Kinds[code] = kind
	}
	a.rules.Kinds[back] = lot.Kind{Code: back, Rank: 9, Retired: calendar.Never, Validity: lot.Validity{Days: 10}}
	for _, fund := range []lot.FundCode{"city", second} {
		for _, account := range []ledger.Account{
			{Kind: ledger.Bank},
			{Kind: ledger.Unissued},
			{Kind: ledger.Till, Owner: shop},
			{Kind: ledger.Claimed, Owner: shop},
			{Kind: ledger.Receivable, Owner: hana},
			{Kind: ledger.Receivable, Owner: taro},
			{Kind: ledger.Receivable, Owner: shop},
		} {
			p := ledger.Pot{Account: account, Fund: fund}
			a.pots[p] += 0
		}
	}
	a.offers.Programmes = map[ledger.WalletID][]cashback.Programme{}
	return a
}

// returns gives terms of so many percent.
func returns(percent int32) cashback.Terms {
	return cashback.Terms{Rate: percent * 100, Rounding: cashback.Down, Kind: back}
}

// runs begins the programme of the shop.
func (a *annals) runs(terms cashback.Terms) cashback.OfferID {
	id := cashback.OfferID{0: 1, 15: byte(len(a.offers.Programmes[shop]) + 1)}
	a.offers.Programmes[shop] = append(a.offers.Programmes[shop], cashback.Programme{
		ID: id, Merchant: shop, Terms: terms, Span: cashback.Span{From: today, Until: today + 30},
	})
	a.counts(id, terms)
	return id
}

// opens opens a campaign of the city.
func (a *annals) opens(terms cashback.Terms, budget money.Points, changes ...func(*cashback.Campaign)) cashback.OfferID {
	c := cashback.Campaign{
		ID: cashback.OfferID{0: 2, 15: byte(len(a.offers.Campaigns) + 1)}, Terms: terms, Span: cashback.Span{From: today, Until: today + 30},
		Fund: "city", Budget: budget, State: cashback.Open,
	}
	for _, change := range changes {
		change(&c)
	}
	a.offers.Campaigns = append(a.offers.Campaigns, c)
	a.campaigns[c.ID] = c
	a.counts(c.ID, terms)
	return c.ID
}

func (a *annals) counts(offer cashback.OfferID, terms cashback.Terms) {
	if terms.PersonMax > 0 {
		for _, w := range []ledger.WalletID{hana, taro} {
			a.shares[ledger.PersonShare{Offer: offer, Wallet: w}] = 0
		}
	}
}

// book opens the books as they are.
func (a *annals) book() *ledger.Book {
	b := a.open()
	campaigns := map[cashback.OfferID]*cashback.Campaign{}
	for id, c := range a.campaigns {
		campaigns[id] = &c
	}
	b.Rewarding(ledger.Rewards{Offers: &a.offers, Campaigns: campaigns, Shares: maps.Clone(a.shares)})
	b.Remembering(a.past())
	return b
}

// past tells what has become of every entry.
func (a *annals) past() map[ledger.EntryID]ledger.Past {
	held := map[lot.ID]lot.Lot{}
	for _, w := range a.wallets {
		for _, l := range w.Lots {
			held[l.ID] = l
		}
	}
	all := map[ledger.EntryID]ledger.Past{}
	for _, e := range a.entries {
		past := ledger.Past{Lots: held, Offers: map[cashback.OfferID]ledger.Promised{}}
		for _, u := range a.undoings {
			if u.Original == e.ID {
				past.Undone += u.Amount
			}
		}
		for _, w := range a.awards {
			if w.Payment != e.ID {
				continue
			}
			i := slices.IndexFunc(past.Awards, func(had cashback.Award) bool { return had.Offer == w.Offer })
			if i < 0 {
				past.Awards = append(past.Awards, w.Award)
				past.Offers[w.Offer] = a.promised(w.Offer)
				continue
			}
			had := &past.Awards[i]
			had.Base, had.Earned, had.Amount = had.Base+w.Base, had.Earned+w.Earned, had.Amount+w.Amount
		}
		all[e.ID] = past
	}
	return all
}

func (a *annals) promised(offer cashback.OfferID) ledger.Promised {
	if c, is := a.campaigns[offer]; is {
		return ledger.Promised{Terms: c.Terms, Fund: c.Fund, Share: a.became[offer]}
	}
	for _, p := range a.offers.Programmes[shop] {
		if p.ID == offer {
			return ledger.Promised{Terms: p.Terms}
		}
	}
	return ledger.Promised{}
}

// act does an act and keeps what it came to, unless it is refused.
func (a *annals) act(act func(*ledger.Book) error) error {
	b := a.book()
	if err := act(b); err != nil {
		return err
	}
	for i := range a.wallets {
		w, err := b.Wallet(a.wallets[i].ID)
		require.NoError(a, err)
		a.wallets[i] = *w
	}
	for pot, balance := range b.ChangedPots {
		a.pots[pot] = balance
	}
	for c := range b.ChangedCampaigns {
		a.campaigns[c.ID] = *c
	}
	for share, amount := range b.ChangedShares {
		a.shares[share] = amount
	}
	w := b.Written()
	a.entries, a.lines, a.awards = append(a.entries, w.Entries...), append(a.lines, w.Lines...), append(a.awards, w.Awards...)
	a.undoings = append(a.undoings, w.Corrections...)
	return nil
}

// does does an act that must be allowed, and gives its entry.
func (a *annals) does(act func(*ledger.Book) error) ledger.Entry {
	a.Helper()
	require.NoError(a, a.act(act))
	return a.entries[len(a.entries)-1]
}

func (a *annals) pays(from, to ledger.WalletID, amount money.Points) (ledger.Entry, ledger.Receipt) {
	a.Helper()
	var receipt ledger.Receipt
	e := a.does(func(b *ledger.Book) (err error) {
		receipt, err = b.Pay(pays(from, to, amount))
		return err
	})
	return e, receipt
}

func (a *annals) tryUndo(e ledger.Entry, amount money.Points, changes ...func(*ledger.Correction)) (effect ledger.Effect, err error) {
	c := ledger.Correction{Actor: user.ID{15: 77}, Original: e, Amount: amount, Memo: "誤り"}
	for _, change := range changes {
		change(&c)
	}
	err = a.act(func(b *ledger.Book) (err error) {
		effect, err = b.Correct(c)
		return err
	})
	return effect, err
}

// undoes undoes an amount of an entry, or all that is left of it for zero.
func (a *annals) undoes(e ledger.Entry, amount money.Points, changes ...func(*ledger.Correction)) ledger.Effect {
	a.Helper()
	effect, err := a.tryUndo(e, amount, changes...)
	require.NoError(a, err)
	return effect
}

func owing(c *ledger.Correction) { c.Receivable = true }

func (a *annals) later(by time.Duration) { a.now = a.now.Add(by) }

// holds gives what a wallet holds, by key.
func (a *annals) holds(id ledger.WalletID) map[lot.Key]money.Points {
	a.Helper()
	return lots(a.T, a.book(), id)
}

// owes gives what the owner of a wallet owes to a fund.
func (a *annals) owes(id ledger.WalletID, fund lot.FundCode) money.Points {
	return -a.pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Receivable, Owner: id}, Fund: fund}]
}

func of(fund lot.FundCode, k lot.Key) lot.Key {
	k.Fund = fund
	return k
}
