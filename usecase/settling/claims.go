package settling

import (
	"context"
	"fmt"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Claims is what merchants claim.
type Claims struct {
	office auditing.Office[Stores]
	reader settlement.Reader
	books  ledger.Statements
	funds  fund.Reader
}

// NewClaims makes the activity.
func NewClaims(unit usecase.Unit[Stores], reader settlement.Reader, books ledger.Statements, funds fund.Reader, clock usecase.Clock) *Claims {
	return &Claims{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader, books, funds}
}

// List shows claims, newest first: merchants see their own.
func (c *Claims) List(ctx context.Context, actor access.Actor, query settlement.ClaimQuery) (page.Of[settlement.Claim], error) {
	if err := allowed(actor); err != nil {
		return page.Of[settlement.Claim]{}, err
	}
	if err := validLimit(query.Limit); err != nil {
		return page.Of[settlement.Claim]{}, err
	}
	if !access.May(actor.Role, access.SeeSettlement) {
		query.Merchant = actor.Wallet
	}
	return c.reader.Claims(ctx, query)
}

// One shows a claim. Another merchant's is answered as one that does not exist.
func (c *Claims) One(ctx context.Context, actor access.Actor, id settlement.ClaimID) (settlement.Claim, error) {
	if err := allowed(actor); err != nil {
		return settlement.Claim{}, err
	}
	claim, err := c.reader.Claim(ctx, id)
	if err == nil && !sees(actor, claim.Merchant) {
		return settlement.Claim{}, settlement.ErrClaimUnknown
	}
	return claim, err
}

// basis is what a merchant's claim is measured by: the latest statement, and the draft that it led to.
type basis struct {
	statement settlement.Statement
	period    settlement.Period // zero while no period was closed
	draft     settlement.Claim  // zero for none
}

// basisOf reads it. A closing in between makes another draft, which is noticed when the draft is locked.
func (c *Claims) basisOf(ctx context.Context, merchant ledger.WalletID) (b basis, err error) {
	drafts, err := c.reader.Claims(ctx, settlement.ClaimQuery{Merchant: merchant, States: []settlement.ClaimState{settlement.Drafted}, Limit: 1})
	if err != nil {
		return basis{}, fmt.Errorf("draft of merchant %s: %w", merchant, err)
	}
	if len(drafts.Rows) > 0 {
		b.draft = drafts.Rows[0]
	}
	latest, err := c.reader.StatementsOf(ctx, merchant, "", 1)
	if err != nil {
		return basis{}, fmt.Errorf("latest statement of merchant %s: %w", merchant, err)
	}
	if len(latest.Rows) == 0 {
		return b, nil
	}
	b.statement = latest.Rows[0]
	if b.period, err = c.reader.Period(ctx, b.statement.Period); err != nil {
		return basis{}, fmt.Errorf("period %s: %w", b.statement.Period, err)
	}
	return b, nil
}

// allows gives what the statement still lets the merchant claim; negative where more was taken away than came.
func (b basis) allows(ctx context.Context, claims settlement.Claims, merchant ledger.WalletID) (left, since money.Points, err error) {
	if b.period.ID.IsZero() {
		return 0, 0, nil
	}
	sums, err := claims.ClaimedSince(ctx, []ledger.WalletID{merchant}, b.period.LastSeq)
	if err != nil {
		return 0, 0, fmt.Errorf("claims since entry %d: %w", b.period.LastSeq, err)
	}
	return b.statement.Due - sums[merchant], sums[merchant], nil
}

// Claimable is what a merchant could claim now, and why it is not more (clause 4.4.2).
type Claimable struct {
	Period settlement.Period // the latest closed one; zero while there is none
	Draft  settlement.ClaimID
	Due    money.Points // by its statement
	Since  money.Points // claimed since
	Held   money.Points // in lots that can be claimed
	Amount money.Points // what a claim of everything would be of
	Lots   []ClaimableLot
	Kinds  map[lot.KindCode]lot.Kind
}

// NotYetClosed is why a lot cannot be claimed now that otherwise could be: the statements that are closed leave nothing
// due, so that it waits for the next one (clause 4.4.2).
const NotYetClosed ledger.Unclaimable = "not_yet_closed"

// ClaimableLot is a lot of the merchant's wallet, with the reason where it cannot be claimed.
type ClaimableLot struct {
	lot.Lot
	WhyNot ledger.Unclaimable
}

// Claimable shows what the actor's shop could claim now.
func (c *Claims) Claimable(ctx context.Context, actor access.Actor) (Claimable, error) {
	if err := access.Allow(actor, access.SeeOwnSettlement); err != nil {
		return Claimable{}, err
	}
	basis, err := c.basisOf(ctx, actor.Wallet)
	if err != nil {
		return Claimable{}, err
	}
	return usecase.Do(ctx, c.office.Unit, func(ctx context.Context, s Stores) (Claimable, error) {
		book, err := s.Ledger.Peek(ctx, c.office.Clock(), ledger.Want{Wallets: []ledger.WalletID{actor.Wallet}})
		if err != nil {
			return Claimable{}, fmt.Errorf("peek at wallet %s: %w", actor.Wallet, err)
		}
		wallet, err := book.Wallet(actor.Wallet)
		if err != nil {
			return Claimable{}, err
		}
		left, since, err := basis.allows(ctx, s.Claims, actor.Wallet)
		if err != nil {
			return Claimable{}, err
		}
		shown := Claimable{
			Period: basis.period, Draft: basis.draft.ID, Due: basis.statement.Due, Since: since, Held: claimableOf(book, wallet), Kinds: book.Rules.Kinds,
		}
		shown.Amount = max(min(left, shown.Held), 0)
		for _, l := range wallet.Lots {
			if l.Remaining > 0 {
				why := book.WhyNotClaimable(wallet, l)
				if why == ledger.IsClaimable && left <= 0 {
					why = NotYetClosed
				}
				shown.Lots = append(shown.Lots, ClaimableLot{l, why})
			}
		}
		return shown, nil
	})
}

// ClaimCommand asks to be paid.
type ClaimCommand struct {
	Key    idem.Key
	Amount money.Points // zero for all that can be claimed
}

// ClaimResult is a claim as an act left it.
type ClaimResult struct {
	settlement.Claim
	Replayed bool // done by an earlier request with the same key
}

// acted is the claim that an act led to, now or before.
type acted struct {
	id       settlement.ClaimID
	replayed bool
}

// result reads what became of an act's claim.
func (c *Claims) result(ctx context.Context, of acted, err error) (ClaimResult, error) {
	if err != nil {
		return ClaimResult{}, err
	}
	claim, err := c.reader.Claim(ctx, of.id)
	if err != nil {
		return ClaimResult{}, fmt.Errorf("read claim %s: %w", of.id, err)
	}
	return ClaimResult{claim, of.replayed}, nil
}

// Claim moves points into the claimed pot, once per key (clause 4.4.1): those of the draft, or some of them, or what a
// statement leaves after an earlier claim. It is refused beyond what is due and beyond what has circulated.
func (c *Claims) Claim(ctx context.Context, actor access.Actor, cmd ClaimCommand) (ClaimResult, error) {
	act := audit.Act{Action: ActClaim, Target: actor.Wallet.String()}
	if err := auditing.Allow(ctx, c.office, actor, access.ClaimPoints, act); err != nil {
		return ClaimResult{}, err
	}
	basis, err := c.basisOf(ctx, actor.Wallet)
	if err != nil {
		return ClaimResult{}, err
	}
	funds, err := c.funds.Funds(ctx)
	if err != nil {
		return ClaimResult{}, fmt.Errorf("list funds: %w", err)
	}
	pots := claimedPots(actor.Wallet, lo.Map(funds, func(f fund.Fund, _ int) ledger.Backed { return ledger.Backed{Fund: f.Code} }))
	of, err := auditing.Do(ctx, c.office, actor, access.ClaimPoints, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (acted, error) {
		claim, replayed, err := cmd.claim(ctx, s, now, actor, basis, pots)
		if err != nil {
			return acted{}, err
		}
		act.Target, act.After = claim.ID.String(), map[string]string{"amount": decimal(claim.Amount), "entry": claim.Entry.String()}
		if replayed {
			act.After, act.Outcome = nil, auditing.Replayed
		}
		return acted{claim.ID, replayed}, nil
	})
	return c.result(ctx, of, err)
}

func (cmd ClaimCommand) claim(
	ctx context.Context, s Stores, now time.Time, actor access.Actor, basis basis, pots []ledger.Pot,
) (claim settlement.Claim, replayed bool, err error) {
	if err := cmd.Key.Valid(); err != nil {
		return claim, false, err
	}
	claim, err = basis.claim(ctx, s.Claims, now, actor.Wallet)
	if err != nil {
		return claim, false, err
	}
	key, hash := idem.Claim{Actor: actor.User, Key: cmd.Key}, idem.HashOf("claim", decimal(cmd.Amount))
	book, err := s.Ledger.Open(ctx, now, ledger.Want{Wallets: []ledger.WalletID{actor.Wallet}, Pots: pots, Claims: []idem.Claim{key}})
	if err != nil {
		return claim, false, fmt.Errorf("open book of claim: %w", err)
	}
	if result, before, err := book.Replay(key, hash); before || err != nil {
		return settlement.Claim{ID: result}, true, err
	}
	if claim.State != settlement.Drafted {
		return claim, false, settlement.ErrClaimChanged
	}
	if claim.Amount, err = cmd.amount(ctx, s.Claims, book, basis, actor.Wallet); err != nil {
		return claim, false, err
	}
	claim.Entry, claim.Parts, err = book.Claim(ledger.Demand{
		Actor: actor.User, ID: ledger.BatchID(claim.ID), Merchant: actor.Wallet, Amount: claim.Amount, Memo: "換金請求 " + basis.period.Name,
	})
	if err != nil {
		return claim, false, err
	}
	if err := claim.Become(settlement.Claimed); err != nil {
		return claim, false, err
	}
	claim.ClaimedBy, claim.ClaimedAt = actor.User, now
	book.Keep(key, hash, claim.ID)
	if err := s.Ledger.Append(ctx, book); err != nil {
		return claim, false, fmt.Errorf("append claim %s: %w", claim.ID, err)
	}
	keep := s.Claims.SaveClaims
	if basis.draft.ID.IsZero() {
		keep = s.Claims.AddClaims
	}
	if err := keep(ctx, []settlement.Claim{claim}); err != nil {
		return claim, false, fmt.Errorf("keep claim %s: %w", claim.ID, err)
	}
	return claim, false, s.Outbox.Append(ctx, now, book.Events()...)
}

// claim gives the draft, locked, or a further claim of the same period.
func (b basis) claim(ctx context.Context, claims settlement.Claims, now time.Time, merchant ledger.WalletID) (settlement.Claim, error) {
	if !b.draft.ID.IsZero() {
		return one(claims.LockClaims(ctx, []settlement.ClaimID{b.draft.ID}))
	}
	return settlement.Claim{
		ID: ident.New[settlement.Claim](now), Period: b.period.ID, Merchant: merchant, State: settlement.Drafted, CreatedAt: now,
	}, nil
}

// amount decides what is claimed. The wallet must be locked, so that no two claims measure by the same rest.
func (cmd ClaimCommand) amount(ctx context.Context, claims settlement.Claims, book *ledger.Book, basis basis, merchant ledger.WalletID) (money.Points, error) {
	left, since, err := basis.allows(ctx, claims, merchant)
	if err != nil {
		return 0, err
	}
	wallet, err := book.Wallet(merchant)
	if err != nil {
		return 0, err
	}
	amount := cmd.Amount
	if amount == 0 {
		amount = min(left, claimableOf(book, wallet))
	}
	switch {
	case left <= 0 || amount <= 0 && cmd.Amount == 0:
		return 0, settlement.ErrClaimNothingDue.With("due", int64(basis.statement.Due)).With("claimed", int64(since))
	case amount > left:
		return 0, settlement.ErrClaimOverDue.With("due", int64(basis.statement.Due)).With("claimed", int64(since)).With("left", int64(left))
	}
	return amount, nil
}
