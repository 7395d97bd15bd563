package correcting

import (
	"context"
	"errors"
	"fmt"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Preview is everything that a correction would do.
type Preview struct {
	Original     ledger.Entry
	Undone       money.Points  // of the original, before
	Effect       ledger.Effect // with what is missing, where it would be refused
	Moves        []Move
	Cashback     Cashback
	Awards       []TakenBack
	Statements   []Settled
	Limit        money.Points // what one administrator does alone
	SecondPerson bool
	Waiting      []approval.Request // that ask for corrections of the same entry
	Kinds        map[lot.KindCode]lot.Kind
}

// Refused tells whether the correction would be refused for what is missing.
func (p Preview) Refused() bool { return len(p.Effect.Shortages) > 0 }

// Part says what a move undoes.
type Part string

// The parts of a correction.
const (
	OfEntry    Part = "entry"    // the act itself
	OfCashback Part = "cashback" // what the payment returned at once
	OfCampaign Part = "campaign" // what a campaign has paid out for it
)

// Move is one posting of the correction. Where its destination is a wallet, that is a lot that comes back.
type Move struct {
	ledger.Posting
	Part   Part
	Lapsed bool // its last day is over: it comes back, and lapses
}

// Cashback is what the payment returned at once and the correction takes back.
type Cashback struct {
	Returned money.Points // at once, as far as corrections have not taken it back
	Taken    money.Points // out of the person's wallet
	Netted   money.Points // spent by the person, so that so much less of the payment comes back
}

// TakenBack is what one offer takes back.
type TakenBack struct {
	Offer    cashback.OfferID
	Campaign bool
	Name     string
	Amount   money.Points
	How      How
}

// How says how an award is taken back.
type How string

// The ways.
const (
	AtOnce       How = "cashback"  // of a merchant's programme: with the payment
	Unpromised   How = "accrual"   // of a campaign that has not paid: nothing moves, its budget has room again
	OutOfWallet  How = "payout"    // of a campaign that has paid: out of the person's wallet, back to the fund
	WasNeverPaid How = "never_got" // of a campaign that could not pay the person
)

// Settled is the closed period to which the original belongs for a merchant. Its statement stays as it is: the correction
// counts in the period that is open.
type Settled struct {
	Merchant ledger.WalletID
	Period   settlement.Period
}

// Preview shows what a correction would do, without doing it. What is missing is told as such, not refused.
func (c *Correcting) Preview(ctx context.Context, actor access.Actor, cmd Command) (Preview, error) {
	if err := access.Allow(actor, access.Correct); err != nil {
		return Preview{}, err
	}
	if cmd.Receivable {
		if err := access.Allow(actor, access.BookReceivable); err != nil {
			return Preview{}, err
		}
	}
	original, err := c.original(ctx, cmd.Entry)
	if err != nil {
		return Preview{}, err
	}
	preview, err := usecase.Do(ctx, c.office.Unit, func(ctx context.Context, s Stores) (Preview, error) {
		return c.foresee(ctx, s, cmd.correction(actor.User, original))
	})
	if err != nil {
		return Preview{}, err
	}
	return c.complete(ctx, preview)
}

// foresee tries the correction on a book that is only looked at.
func (c *Correcting) foresee(ctx context.Context, s Stores, correction ledger.Correction) (Preview, error) {
	now, original := c.office.Clock(), correction.Original
	correction, err := withFunds(ctx, s.Ledger, now, correction)
	if err != nil {
		return Preview{}, err
	}
	book, err := s.Ledger.Peek(ctx, now, correction.Wants())
	if err != nil {
		return Preview{}, fmt.Errorf("peek at book of entry %s: %w", original.ID, err)
	}
	past, _ := book.Past(original.ID) // as it is before
	effect, err := book.Correct(correction)
	if err != nil && !errors.Is(err, ledger.ErrTakeBackShort) {
		return Preview{}, err
	}
	preview := Preview{
		Original: original, Undone: past.Undone, Effect: effect, Limit: book.Rules.CorrectAlone, SecondPerson: needsSecond(book.Rules, correction, effect),
		Kinds: book.Rules.Kinds,
	}
	preview.say(past, calendar.DayOf(now))
	for _, id := range parties(original) {
		if w, err := book.Wallet(id); err == nil && w.Role == user.Merchant {
			preview.Statements = append(preview.Statements, Settled{Merchant: id})
		}
	}
	return preview, nil
}

// say puts the postings and awards of the effect into the words of a preview.
func (p *Preview) say(past ledger.Past, today calendar.Day) {
	for _, posting := range p.Effect.Postings {
		move := Move{Posting: posting, Part: p.partOf(posting)}
		move.Lapsed = posting.Destination.Kind == ledger.InWallet && posting.Points.Expires < today
		p.Moves = append(p.Moves, move)
	}
	for _, award := range p.Effect.Awards {
		taken := TakenBack{Offer: award.Offer, Campaign: award.Campaign, Amount: -award.Amount, How: AtOnce}
		if award.Campaign {
			taken.How = ways[past.Offers[award.Offer].Share]
		}
		p.Awards = append(p.Awards, taken)
	}
	if p.Original.Type == ledger.Payment {
		p.Cashback = p.cashback(past)
	}
}

// ways says how an award of a campaign is taken back.
var ways = map[ledger.ShareState]How{
	ledger.ShareUnpaid: Unpromised, ledger.SharePaid: OutOfWallet, ledger.ShareRefused: WasNeverPaid,
}

// cashback sums what becomes of what the payment returned at once. What does not come back of the payment, and is not
// missing, was netted.
func (p *Preview) cashback(past ledger.Past) Cashback {
	sums, payer, shop := Cashback{Netted: p.Effect.Amount}, p.Original.Postings[0].Source, p.Original.Postings[0].Destination
	for _, award := range past.Awards {
		if !award.Campaign {
			sums.Returned += award.Amount
		}
	}
	for _, move := range p.Moves {
		switch {
		case move.Part == OfCashback && move.Source == payer:
			sums.Taken += move.Amount
		case move.Destination == payer:
			sums.Netted -= move.Amount
		}
	}
	for _, lack := range p.Effect.Shortages {
		if lack.Wallet == ledger.WalletID(shop.Owner) {
			sums.Netted -= lack.Missing
		}
	}
	return sums
}

// partOf tells what a posting of the correction undoes: cashback goes the way that the payment went.
func (p *Preview) partOf(posting ledger.Posting) Part {
	switch {
	case p.Original.Type != ledger.Payment:
	case posting.Destination == p.Original.Postings[0].Destination:
		return OfCashback
	case posting.Destination.Kind == ledger.Unissued:
		return OfCampaign
	}
	return OfEntry
}

// parties lists the wallets that an entry touched, each once.
func parties(entry ledger.Entry) (wallets []ledger.WalletID) {
	seen := map[ledger.WalletID]bool{}
	for _, p := range entry.Postings {
		for _, account := range []ledger.Account{p.Source, p.Destination} {
			if id := ledger.WalletID(account.Owner); account.Kind == ledger.InWallet && !seen[id] {
				seen[id] = true
				wallets = append(wallets, id)
			}
		}
	}
	return wallets
}

// complete adds what is read outside of units: names of offers, closed periods, and who has asked already.
func (c *Correcting) complete(ctx context.Context, preview Preview) (Preview, error) {
	if err := c.name(ctx, preview.Awards); err != nil {
		return Preview{}, err
	}
	if err := c.settled(ctx, &preview); err != nil {
		return Preview{}, err
	}
	waiting, err := c.read.Requests.Requests(ctx, approval.Query{
		State: approval.Waiting, Action: ActCorrect, Subject: preview.Original.ID.String(), Limit: page.LimitMax,
	})
	if err != nil {
		return Preview{}, fmt.Errorf("read requests about entry %s: %w", preview.Original.ID, err)
	}
	preview.Waiting = waiting.Rows
	return preview, nil
}

// name gives offers their names.
func (c *Correcting) name(ctx context.Context, awards []TakenBack) error {
	offers := make([]cashback.OfferID, len(awards))
	for i, award := range awards {
		offers[i] = award.Offer
	}
	if len(offers) == 0 {
		return nil
	}
	labels, err := c.read.Offers.Labels(ctx, offers)
	if err != nil {
		return fmt.Errorf("read names of %d offers: %w", len(offers), err)
	}
	for i := range awards {
		awards[i].Name = labels[awards[i].Offer].Name
	}
	return nil
}

// settled finds the closed period that the original belongs to; there is none while that is open.
func (c *Correcting) settled(ctx context.Context, preview *Preview) error {
	if len(preview.Statements) == 0 {
		return nil
	}
	period, closed, err := c.read.Periods.PeriodOf(ctx, preview.Original.ID)
	if err != nil {
		return fmt.Errorf("read period of entry %s: %w", preview.Original.ID, err)
	}
	if !closed {
		preview.Statements = nil
	}
	for i := range preview.Statements {
		preview.Statements[i].Period = period
	}
	return nil
}
