package ledger

import (
	"time"

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
