package ledger

import (
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
)

// reward says what the awards of the payment lose: all that is left of them, or what a payment smaller by so much
// would not have earned.
func (u *unwinding) reward(undone []part) []Awarded {
	var taken []Awarded
	for _, had := range u.past.Awards {
		terms := u.past.Offers[had.Offer].Terms
		less := Awarded{Award: cashback.Award{
			Offer: had.Offer, Campaign: had.Campaign, Base: -had.Base, Earned: -had.Earned, Amount: -had.Amount,
		}, Entry: u.e.ID, Payment: u.c.Original.ID}
		if !u.whole {
			var base money.Points
			for _, p := range undone {
				if terms.Earns(u.Rules.Kinds[u.past.Lots[p.SourceLot].Kind]) {
					base += p.qty
				}
			}
			base = min(base, had.Base)
			rest := terms.Decide(had.Offer, false, had.Base-base, cashback.Room{})
			less.Base, less.Earned = -base, rest.Earned-had.Earned
			less.Amount = min(rest.Amount, had.Amount) - had.Amount
		}
		first := u.c.Original.Postings[0]
		less.Wallet, less.Shop = WalletID(first.Source.Owner), WalletID(first.Destination.Owner)
		if less.Base != 0 || less.Amount != 0 {
			taken = append(taken, less)
		}
	}
	u.Awards = taken
	return taken
}

// takeCashback takes back what the payment returned at once. What the person has spent of it is netted: so much less
// comes back to them.
func (u *unwinding) takeCashback(taken []Awarded) error {
	var total, had money.Points
	for _, award := range taken {
		if !award.Campaign {
			total -= award.Amount
			u.share(award.Offer, award.Wallet, award.Amount)
		}
	}
	for _, award := range u.past.Awards {
		if !award.Campaign {
			had += award.Amount
		}
	}
	if total == 0 {
		return nil
	}
	returned := u.c.Original.Returned()
	for _, p := range tail(returned, sum(returned)-had, total) {
		payer, err := u.Wallet(WalletID(p.Destination.Owner))
		if err != nil {
			return err
		}
		payee, err := u.Wallet(WalletID(p.Source.Owner))
		if err != nil {
			return err
		}
		slices, missing := u.collect(payer, p, p.qty)
		for _, slice := range slices {
			u.passAs(u.e, payer, payee, slice, u.past.Lots[p.SourceLot].Key)
		}
		if missing > 0 {
			p.qty = missing
			u.spent = append(u.spent, p)
		}
	}
	return nil
}

// net takes what a person has spent of their cashback out of what would come back to them.
func (u *unwinding) net(fund lot.FundCode, room money.Points) money.Points {
	var netted money.Points
	for i := range u.spent {
		if p := &u.spent[i]; p.Fund == fund {
			take := min(p.qty, room-netted)
			p.qty -= take
			netted += take
		}
	}
	return netted
}

// oweSpent makes good to the merchant what a person has spent of their cashback beyond what came back to them of the
// same fund: a part of a payment may come back in one fund, and the cashback that it had earned in another.
func (u *unwinding) oweSpent() error {
	for _, p := range u.spent {
		if p.qty == 0 {
			continue
		}
		payer, err := u.Wallet(WalletID(p.Destination.Owner))
		if err != nil {
			return err
		}
		payee, err := u.Wallet(WalletID(p.Source.Owner))
		if err != nil {
			return err
		}
		if u.lack(payer, p, p.qty) {
			u.issue(u.e, Account{Receivable, payer.ID}, payee, u.past.Lots[p.SourceLot].Key, p.qty)
		}
	}
	return nil
}

// takeCampaigns takes back what campaigns promised, or, where they have paid, the points.
func (u *unwinding) takeCampaigns(taken []Awarded) error {
	for _, award := range taken {
		if !award.Campaign || award.Amount == 0 {
			continue
		}
		promised := u.past.Offers[award.Offer]
		switch promised.Share {
		case ShareWaiting:
			return ErrCampaignPays
		case ShareUnpaid:
			payer, err := u.Wallet(award.Wallet)
			if err != nil {
				return err
			}
			u.accrue(u.rewards.Campaigns[award.Offer], payer, award.Amount)
		case SharePaid:
			if err := u.takePaid(award, promised); err != nil {
				return err
			}
		}
	}
	return nil
}

// takePaid takes an award that a campaign has paid out of the person's wallet, back to its fund.
func (u *unwinding) takePaid(award Awarded, promised Promised) error {
	w, err := u.Wallet(award.Wallet)
	if err != nil {
		return err
	}
	paid := part{Posting: Posting{Fund: promised.Fund}, qty: -award.Amount}
	for _, l := range w.Lots {
		if l.Fund == promised.Fund && l.Kind == promised.Terms.Kind && l.Hops == 0 && !l.Paid && l.Remaining > 0 {
			paid.DestinationLot = l.ID
			break
		}
	}
	unissued := Account{Kind: Unissued}
	if _, open := u.pots[Pot{unissued, promised.Fund}]; !open {
		return ErrFundUnknown
	}
	drawn, missing := u.collect(w, paid, paid.qty)
	for _, slice := range drawn {
		u.retire(u.e, w, slice, unissued)
	}
	if missing > 0 && u.lack(w, paid, missing) {
		u.move(u.e, promised.Fund, Account{Receivable, w.ID}, unissued, missing)
	}
	return nil
}
