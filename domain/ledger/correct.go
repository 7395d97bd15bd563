package ledger

import (
	"slices"
	"time"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The refusals of corrections (clause 4.6.1).
var (
	ErrCorrected      = fault.Define(fault.Conflict, "entry_already_reversed", "この取引はすでに取り消されています。")
	ErrNotCorrectable = fault.Define(fault.Refused, "entry_not_correctable", "この種類の取引は、ここでは取り消せません。")
	ErrCorrection     = fault.Define(fault.Refused, "correction_of_correction", "補正そのものは補正できません。調整で直してください。")
	ErrTooMuch        = fault.Define(fault.Refused, "correction_too_much", "取り消せる残りの額を超えています。")
	ErrTakeBackShort  = fault.Define(fault.Refused, "correction_short", "相手がすでにポイントを使っているため、取り戻せません。")
	ErrCampaignPays   = fault.Define(fault.Conflict, "correction_campaign_paying", "キャンペーンの還元を支払っている最中です。終わってからもう一度お試しください。")
	ErrNothingMoves   = fault.Define(fault.Refused, "correction_moves_nothing", "取り消しても動くポイントがありません。")
)

// Correction asks to undo an entry, wholly or in part, by a further one that unwinds its recorded postings.
type Correction struct {
	Claim      idem.Claim
	Hash       idem.Hash
	Actor      user.ID
	Original   Entry
	Funds      []lot.FundCode // of the campaigns that the original earned from
	Amount     money.Points   // zero for all that is left
	Receivable bool           // book as owed what cannot be taken back
	Memo       string         // the reason
}

// Effect is everything that a correction does, or would do.
type Effect struct {
	Entry     EntryID
	Replayed  bool
	Type      EntryType // Reversal or Partial
	At        time.Time
	Amount    money.Points // of the original that is undone
	Left      money.Points // of the original afterwards
	Postings  []Posting
	Lapsed    money.Points // of what comes back, points that have lapsed in the meantime
	Awards    []Awarded    // taken back; their amounts are negative
	Owed      []Lack       // booked as receivable
	Shortages []Lack       // why it is refused
}

// Lack is what a wallet does not have of what should be taken back.
type Lack struct {
	Wallet  WalletID
	Fund    lot.FundCode
	Needed  money.Points
	Missing money.Points
}

// correctable says which entries a correction can undo; the rest is undone where it was done.
func correctable(e *Entry) error {
	switch e.Type {
	case Deposit, Withdrawal, Remittance, Charge, Payment, Transfer:
		return nil
	case Grant:
		return nil // those of campaigns are refused by whoever asks the campaign
	case Reversal, Partial, Adjustment, Recovery:
		return ErrCorrection
	}
	return ErrNotCorrectable
}

// Wants names what the ledger must open for the correction. Campaigns come with the entry's past.
func (c Correction) Wants() Want {
	want := Want{Past: []EntryID{c.Original.ID}, Claims: []idem.Claim{c.Claim}}
	if c.Claim.Key == "" {
		want.Claims = nil
	}
	for _, fund := range c.Funds {
		payer := c.Original.Postings[0].Source
		want.Pots = append(want.Pots, Pot{Account{Kind: Unissued}, fund}, Pot{Account{Receivable, payer.Owner}, fund})
	}
	for _, p := range c.Original.Postings {
		for _, a := range []Account{p.Source, p.Destination} {
			switch a.Kind {
			case InWallet:
				want.Wallets = append(want.Wallets, WalletID(a.Owner))
				want.Pots = append(want.Pots, Pot{Account{Receivable, a.Owner}, p.Fund})
			case Reserved:
				want.Pots = append(want.Pots, Pot{Account{Kind: Unissued}, p.Fund})
			default:
				want.Pots = append(want.Pots, Pot{a, p.Fund})
			}
		}
	}
	return want
}

// Correct undoes what is left of an entry, or a part of it, as one entry: cashback is taken back first, then the
// points go back the way they came, the last ones drawn first, as the lots they were; at last what campaigns promised
// or paid for it. It is refused with the list of what is missing when the points were spent, unless that is to be
// booked as owed. A book on which a correction was refused is spoiled and must not be appended.
func (b *Book) Correct(c Correction) (Effect, error) {
	if c.Claim.Key != "" {
		if result, found, err := b.Replay(c.Claim, c.Hash); found || err != nil {
			return Effect{Entry: EntryID(result), Replayed: true}, err
		}
	}
	if err := correctable(&c.Original); err != nil {
		return Effect{}, err
	}
	past, known := b.past[c.Original.ID]
	if !known {
		return Effect{}, ErrEntryUnknown
	}
	left := c.Original.Amount() - past.Undone
	amount := c.Amount
	switch {
	case left == 0:
		return Effect{}, ErrCorrected
	case amount == 0:
		amount = left
	case amount < 0:
		return Effect{}, money.ErrAmount.At("amount")
	case amount > left:
		return Effect{}, ErrTooMuch.With("left", int64(left))
	}
	u := &unwinding{
		Book: b, c: &c, past: &past, amount: amount, whole: amount == left,
		Effect: Effect{Type: Partial, At: b.Now, Amount: amount, Left: left - amount},
	}
	if u.whole {
		u.Type = Reversal
	}
	u.e = b.entry(u.Type, c.Actor, c.Memo)
	u.e.Corrects = c.Original.ID
	err := u.unwind()
	u.Entry, u.Postings = u.e.ID, u.e.Postings
	return u.Effect, err
}

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
