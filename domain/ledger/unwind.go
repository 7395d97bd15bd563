package ledger

import (
	"slices"

	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// unwinding is a correction in the making.
type unwinding struct {
	*Book
	Effect
	c      *Correction
	past   *Past
	e      *Entry
	amount money.Points
	whole  bool
	spent  []part // cashback that is no longer there, and so is kept from what comes back
}

func (u *unwinding) unwind() error {
	original := &u.c.Original
	undone := tail(original.Forward(), u.past.Undone, u.amount)
	taken := u.reward(undone)
	if err := u.takeCashback(taken); err != nil {
		return err
	}
	for _, part := range undone {
		if err := u.back(part); err != nil {
			return err
		}
	}
	if err := u.oweSpent(); err != nil {
		return err
	}
	if err := u.takeCampaigns(taken); err != nil {
		return err
	}
	if len(u.Shortages) > 0 {
		return short(u.Shortages)
	}
	if len(u.e.Postings) == 0 {
		return ErrNothingMoves
	}
	u.finish(u.e)
	u.unsend()
	var owed money.Points
	for _, lack := range u.Owed {
		owed += lack.Missing
	}
	u.written.Awards = append(u.written.Awards, u.Awards...)
	u.written.Corrections = append(u.written.Corrections, Undoing{Entry: u.e.ID, Original: original.ID, Amount: u.amount, Receivable: owed})
	u.past.undo(u.amount, u.Awards)
	u.Book.past[original.ID] = *u.past
	if u.c.Claim.Key != "" {
		u.Keep(u.c.Claim, u.c.Hash, u.e.ID)
	}
	return nil
}

// undo counts a correction into the past of its original.
func (p *Past) undo(amount money.Points, taken []Awarded) {
	p.Undone += amount
	p.Awards = slices.Clone(p.Awards)
	for _, less := range taken {
		for i := range p.Awards {
			if had := &p.Awards[i]; had.Offer == less.Offer {
				had.Base, had.Earned, had.Amount = had.Base+less.Base, had.Earned+less.Earned, had.Amount+less.Amount
			}
		}
	}
}

// short refuses with one figure for all and a field for each lack.
func short(lacks []Lack) error {
	refusal := ErrTakeBackShort
	var missing money.Points
	for _, lack := range lacks {
		missing += lack.Missing
		refusal = refusal.At("shortages." + lack.Wallet.String() + "." + string(lack.Fund))
	}
	return refusal.With("shortfall", int64(missing))
}

// part is how much of a posting is undone.
type part struct {
	Posting
	qty money.Points
}

// tail gives what to undo of postings, the last ones first, behind what was undone before: so much less would have
// been drawn in the first place.
func tail(postings []Posting, before, amount money.Points) []part {
	var parts []part
	for i := len(postings) - 1; i >= 0 && amount > 0; i-- {
		room := postings[i].Amount
		skip := min(before, room)
		before -= skip
		if take := min(amount, room-skip); take > 0 {
			amount -= take
			parts = append(parts, part{postings[i], take})
		}
	}
	return parts
}

// back sends a part of a posting back to where it came from.
func (u *unwinding) back(p part) error {
	source, destination := p.Source, p.Destination
	if source.Kind == Reserved {
		source = Account{Kind: Unissued} // the reserve may be gone
	}
	if source.Kind == InWallet && destination.Kind == InWallet {
		p.qty -= u.net(p.Fund, p.qty)
	}
	switch {
	case p.qty == 0:
		return nil
	case destination.Kind == InWallet:
		return u.backFromWallet(p, source)
	}
	if err := u.canTake(Pot{destination, p.Fund}, p.qty, ErrFundShort); err != nil {
		return err
	}
	if err := u.canGive(Pot{source, p.Fund}, p.qty); err != nil {
		return err
	}
	u.move(u.e, p.Fund, destination, source, p.qty)
	return nil
}

func (u *unwinding) backFromWallet(p part, source Account) error {
	holder, err := u.Wallet(WalletID(p.Destination.Owner))
	if err != nil {
		return err
	}
	if source.Kind != InWallet {
		if err := u.canGive(Pot{source, p.Fund}, p.qty); err != nil {
			return err
		}
	}
	slices, missing := u.collect(holder, p, p.qty)
	for _, slice := range slices {
		if err := u.restore(p, source, slice); err != nil {
			return err
		}
	}
	if missing == 0 {
		return nil
	}
	if !u.lack(holder, p, missing) {
		return nil
	}
	debt := Account{Receivable, holder.ID}
	if source.Kind != InWallet {
		u.move(u.e, p.Fund, debt, source, missing)
		return nil
	}
	to, err := u.Wallet(WalletID(source.Owner))
	if err != nil {
		return err
	}
	key := u.past.Lots[p.SourceLot].Key
	u.noteLapsed(key, missing)
	u.issue(u.e, debt, to, key, missing)
	return nil
}

func (u *unwinding) restore(p part, source Account, slice lot.Slice) error {
	holder, err := u.Wallet(WalletID(p.Destination.Owner))
	if err != nil {
		return err
	}
	if source.Kind != InWallet {
		u.retire(u.e, holder, slice, source)
		return nil
	}
	to, err := u.Wallet(WalletID(source.Owner))
	if err != nil {
		return err
	}
	key := u.past.Lots[p.SourceLot].Key
	u.noteLapsed(key, slice.Amount)
	u.passAs(u.e, holder, to, slice, key)
	return nil
}

func (u *unwinding) noteLapsed(key lot.Key, amount money.Points) {
	if key.Expires < u.today {
		u.Lapsed += amount
	}
}

// lack notes that a wallet has not what should be taken back, and tells whether it is to be booked as owed. Cash that
// a till has handed back is nobody's to owe.
func (u *unwinding) lack(w *Wallet, p part, missing money.Points) bool {
	lack := Lack{Wallet: w.ID, Fund: p.Fund, Needed: p.qty, Missing: missing}
	if !u.c.Receivable || p.Source.Kind == Till {
		u.Shortages = append(u.Shortages, lack)
		return false
	}
	u.Owed = append(u.Owed, lack)
	return true
}

// collect finds points to take out of a wallet: the lot that the posting went into, then others of the same fund in
// the order of precedence. Of a resident, points bought with cash are not taken in place of given ones.
func (u *unwinding) collect(w *Wallet, p part, amount money.Points) (drawn []lot.Slice, missing money.Points) {
	if recorded := w.lot(p.DestinationLot); recorded != nil && recorded.Remaining > 0 {
		take := min(amount, recorded.Remaining)
		drawn = append(drawn, lot.Slice{Lot: *recorded, Amount: take})
		amount -= take
	}
	if amount == 0 {
		return drawn, 0
	}
	var others []lot.Lot
	var usable money.Points
	for _, l := range w.Lots {
		if l.Fund == p.Fund && l.ID != p.DestinationLot && l.Remaining > 0 && l.LiveOn(u.today) && (w.Role == user.Merchant || p.Points.Paid || !l.Paid) {
			others = append(others, l)
			usable += l.Remaining
		}
	}
	take := min(amount, usable)
	if take == 0 {
		return drawn, amount
	}
	more, err := lot.Draw(others, take, u.Rules.Precedence, u.Rules.Kinds, u.today)
	if err != nil {
		return drawn, amount // impossible: take is what they hold
	}
	return slices.Concat(drawn, more), amount - take
}

// unsend gives a resident back the room of the month's transfers.
func (u *unwinding) unsend() {
	if u.c.Original.Type != Transfer {
		return
	}
	payer, err := u.Wallet(WalletID(u.c.Original.Postings[0].Source.Owner))
	if err != nil {
		return
	}
	at := Book{Now: u.c.Original.At}
	if payer.SentMonth == at.month() {
		payer.Sent = max(payer.Sent-u.amount, 0)
	}
}
