// Package correcting puts right what was booked wrongly (clause 4.6.1): it undoes entries, wholly or in part, adjusts
// wallets by an amount where no entry can be undone for it, and keeps account of what could not be taken back. Nothing
// is changed: each correction is a further entry that names the one it undoes.
//
// A preview shows every consequence before it is one. What goes beyond Rules.CorrectAlone is not done at once: it is
// asked for, and done as it was asked for when a second administrator approves it (package approving). Of an entry,
// what was undone before counts as well, and of a wallet, what it was adjusted by on the same day, so that nobody gets
// by the limit in slices.
//
// Points that a party has spent cannot be taken back: the correction is refused with what is missing in which wallet
// and fund, or, by who may, the rest is booked as owed until it is recovered in cash or in points.
package correcting

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/approving"
	"lovesaijo/usecase/auditing"
)

// The acts that stand in the trail. The first two can be asked for.
const (
	ActCorrect = "correction.make"
	ActAdjust  = "adjustment.make"
	ActRecover = "receivable.recover"
)

// The refusals of this package.
var (
	ErrReason        = fault.Define(fault.Invalid, "correction_reason_invalid", "理由を1から100文字で入力してください。")
	ErrCampaignGrant = fault.Define(fault.Refused, "correction_of_campaign_payout",
		"キャンペーンの還元として渡したポイントは、直接取り消せません。もとになった支払いを取り消してください。")
)

// Stores are what correcting needs of a unit of work.
type Stores struct {
	Ledger   ledger.Ledger
	Treasury fund.Treasury
	Requests approval.Requests
	Outbox   event.Outbox
	Trail    audit.Trail
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// Approvals is approving.Holding's.
func (s Stores) Approvals() approval.Requests { return s.Requests }

// Readers are what correcting reads outside of units.
type Readers struct {
	Statements ledger.Statements
	Offers     cashback.Reader
	Periods    settlement.Reader
	Requests   approval.Reader
	Roster     user.Roster
}

// Correcting makes corrections.
type Correcting struct {
	office auditing.Office[Stores]
	read   Readers
}

// New makes the activity.
func New(unit usecase.Unit[Stores], readers Readers, clock usecase.Clock) *Correcting {
	return &Correcting{auditing.Office[Stores]{Unit: unit, Clock: clock}, readers}
}

// Executors are what approving does for requests that this package makes.
func (c *Correcting) Executors() map[string]approving.Executor {
	return map[string]approving.Executor{
		ActCorrect: approving.Executing(c.office, access.Correct, c.prepareCorrection),
		ActAdjust:  approving.Executing(c.office, access.Correct, c.prepareAdjustment),
	}
}

// Command asks to undo an entry.
type Command struct {
	Key        idem.Key // not of a preview
	Entry      ledger.EntryID
	Amount     money.Points // zero for all that is left
	Receivable bool         // book as owed what cannot be taken back
	Reason     string       // people read it in their history
}

// Result is what a command led to: an entry, or a request that waits for a second person.
type Result struct {
	Replayed bool
	Request  approval.Request // as it is by now; its zero value where the act was done at once
	Entry    ledger.EntryID   // zero while the request waits
	Type     ledger.EntryType
	At       time.Time    // of the entry, or of the request that has led to none
	Amount   money.Points // undone, adjusted or recovered, or asked to be
}

// Waits tells whether somebody else must decide first.
func (r Result) Waits() bool { return r.Request.State == approval.Waiting }

// Correct undoes an entry once per key or, above the limit, asks for it.
func (c *Correcting) Correct(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	cmd.Reason = strings.TrimSpace(cmd.Reason)
	act := audit.Act{Action: ActCorrect, Target: cmd.Entry.String(), Reason: cmd.Reason, After: map[string]string{
		"amount": figure(cmd.Amount), "receivable": strconv.FormatBool(cmd.Receivable),
	}}
	if cmd.Receivable {
		if err := auditing.Allow(ctx, c.office, actor, access.BookReceivable, act); err != nil {
			return Result{}, err
		}
	}
	original, wrong := c.original(ctx, cmd.Entry)
	if _, refused := fault.Of(wrong); wrong != nil && !refused {
		return Result{}, wrong
	}
	done, err := auditing.Do(ctx, c.office, actor, access.Correct, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (made, error) {
		if err := cmp.Or(cmd.Key.Valid(), validReason(cmd.Reason), wrong); err != nil {
			return made{}, err
		}
		correction := cmd.correction(actor.User, original)
		correction.Claim, correction.Hash = idem.Claim{Actor: actor.User, Key: cmd.Key}, cmd.hash()
		return c.correctOrAsk(ctx, s, now, actor, correction, act)
	})
	if err != nil {
		return Result{}, err
	}
	return c.result(ctx, done)
}

// original reads the entry that is to be undone. What a campaign has paid out belongs to payments, which are undone in
// its stead.
func (c *Correcting) original(ctx context.Context, id ledger.EntryID) (ledger.Entry, error) {
	entry, err := c.read.Statements.Entry(ctx, id)
	if err != nil || entry.Type != ledger.Grant || entry.Batch.IsZero() {
		return entry, err
	}
	switch _, err := c.read.Offers.Campaign(ctx, cashback.OfferID(entry.Batch)); {
	case errors.Is(err, cashback.ErrCampaignUnknown):
		return entry, nil
	case err != nil:
		return entry, err
	}
	return entry, ErrCampaignGrant
}

func (cmd Command) correction(actor user.ID, original ledger.Entry) ledger.Correction {
	return ledger.Correction{Actor: actor, Original: original, Amount: cmd.Amount, Receivable: cmd.Receivable, Memo: cmd.Reason}
}

func (cmd Command) hash() idem.Hash {
	return idem.HashOf("correction", cmd.Entry.String(), figure(cmd.Amount), strconv.FormatBool(cmd.Receivable), cmd.Reason)
}

// made is what a command led to, now or before: an entry or a request.
type made struct {
	id       [16]byte
	replayed bool
}

// correctOrAsk makes the correction. Where that turns out to need a second person, the book on which it was tried is
// given up, and another one keeps the key for the request.
func (c *Correcting) correctOrAsk(ctx context.Context, s Stores, now time.Time, actor access.Actor, correction ledger.Correction, act *audit.Act) (made, error) {
	book, effect, err := c.correct(ctx, s, now, correction)
	if err != nil {
		return made{}, err
	}
	if effect.Replayed {
		act.Outcome = auditing.Replayed
		return made{id: effect.Entry, replayed: true}, nil
	}
	say(act, correction, effect)
	if !needsSecond(book.Rules, correction, effect) {
		return made{id: effect.Entry}, c.write(ctx, s, book)
	}
	delete(act.After, "entry") // nothing is booked yet
	wish, err := askCorrection(correction, effect)
	if err != nil {
		return made{}, err
	}
	request, err := c.ask(ctx, s, now, actor, wish, keyed{correction.Claim, correction.Hash, correction.Wants().Pots}, act)
	return made{id: request.ID}, err
}

// correct opens a book and decides on it. The funds of the campaigns that the entry earned from are not known before
// its past has been looked at; they never change.
func (c *Correcting) correct(ctx context.Context, s Stores, now time.Time, correction ledger.Correction) (*ledger.Book, ledger.Effect, error) {
	correction, err := withFunds(ctx, s.Ledger, now, correction)
	if err != nil {
		return nil, ledger.Effect{}, err
	}
	book, err := s.Ledger.Open(ctx, now, correction.Wants())
	if err != nil {
		return nil, ledger.Effect{}, fmt.Errorf("open book of entry %s: %w", correction.Original.ID, err)
	}
	effect, err := book.Correct(correction)
	return book, effect, err
}

func withFunds(ctx context.Context, of ledger.Ledger, now time.Time, correction ledger.Correction) (ledger.Correction, error) {
	book, err := of.Peek(ctx, now, ledger.Want{Past: []ledger.EntryID{correction.Original.ID}})
	if err != nil {
		return correction, fmt.Errorf("peek at past of entry %s: %w", correction.Original.ID, err)
	}
	past, _ := book.Past(correction.Original.ID)
	seen := map[lot.FundCode]bool{"": true} // programmes have no fund
	for _, promised := range past.Offers {
		if !seen[promised.Fund] {
			seen[promised.Fund] = true
			correction.Funds = append(correction.Funds, promised.Fund)
		}
	}
	return correction, nil
}

// needsSecond tells whether an effect, with what was undone of the entry before, goes beyond what one administrator
// may do alone.
func needsSecond(rules ledger.Rules, correction ledger.Correction, effect ledger.Effect) bool {
	return correction.Original.Amount()-effect.Left > rules.CorrectAlone
}

func (c *Correcting) write(ctx context.Context, s Stores, book *ledger.Book) error {
	if err := s.Ledger.Append(ctx, book); err != nil {
		return fmt.Errorf("append %d entries: %w", len(book.Written().Entries), err)
	}
	return s.Outbox.Append(ctx, book.Now, book.Events()...)
}

// keyed is a key that is to be kept for a request, with the pots whose locks guard it.
type keyed struct {
	claim idem.Claim
	hash  idem.Hash
	pots  []ledger.Pot
}

// ask enters a request under a key.
func (c *Correcting) ask(ctx context.Context, s Stores, now time.Time, actor access.Actor, wish approving.Wish, key keyed, act *audit.Act) (approval.Request, error) {
	request, err := approving.Ask(ctx, s.Requests, actor, now, wish, act)
	if err != nil {
		return approval.Request{}, err
	}
	book, err := s.Ledger.Open(ctx, now, ledger.Want{Pots: key.pots, Claims: []idem.Claim{key.claim}})
	if err != nil {
		return approval.Request{}, fmt.Errorf("open book of request %s: %w", request.ID, err)
	}
	book.Keep(key.claim, key.hash, request.ID)
	if err := s.Ledger.Append(ctx, book); err != nil {
		return approval.Request{}, fmt.Errorf("append key of request %s: %w", request.ID, err)
	}
	return request, nil
}

// result reads what a command led to. A key leads to an entry or to a request, which has led to an entry by now or not.
func (c *Correcting) result(ctx context.Context, of made) (Result, error) {
	result := Result{Replayed: of.replayed, Entry: of.id}
	entry, err := c.read.Statements.Entry(ctx, of.id)
	if errors.Is(err, ledger.ErrEntryUnknown) {
		if result.Request, err = c.read.Requests.Request(ctx, of.id); err != nil {
			return Result{}, fmt.Errorf("read request %s: %w", approval.ID(of.id), err)
		}
		result.Entry = result.Request.Result
		if result.Entry.IsZero() {
			result.At = result.Request.RequestedAt
			result.Amount, err = askedFor(result.Request)
			return result, err
		}
		entry, err = c.read.Statements.Entry(ctx, result.Entry)
	}
	if err != nil {
		return Result{}, fmt.Errorf("read entry %s: %w", result.Entry, err)
	}
	result.Type, result.At, result.Amount = entry.Type, entry.At, entry.Amount()
	if entry.Corrects.IsZero() {
		return result, nil
	}
	undone, err := c.read.Statements.Corrections(ctx, entry.ID)
	if err != nil {
		return Result{}, fmt.Errorf("read correction %s: %w", entry.ID, err)
	}
	for _, u := range undone {
		if u.Entry == entry.ID {
			result.Amount = u.Amount
		}
	}
	return result, nil
}

// validReason refuses an act without a reason, which has been trimmed. It becomes the memo of the entry.
func validReason(reason string) error {
	if n := utf8.RuneCountInString(reason); n < 1 || n > ledger.MemoRunesMax {
		return ErrReason.At("reason")
	}
	return nil
}

// say puts into words what the trail keeps of a correction.
func say(act *audit.Act, correction ledger.Correction, effect ledger.Effect) {
	act.Before = map[string]string{"type": correction.Original.Type.String(), "left": figure(effect.Left + effect.Amount)}
	act.After["entry"], act.After["type"] = effect.Entry.String(), effect.Type.String()
	act.After["amount"], act.After["left"], act.After["lapsed"] = figure(effect.Amount), figure(effect.Left), figure(effect.Lapsed)
	for _, lack := range effect.Owed {
		act.After["owed."+lack.Wallet.String()+"."+string(lack.Fund)] = figure(lack.Missing)
	}
}

func figure(amount money.Points) string { return strconv.FormatInt(int64(amount), 10) }
