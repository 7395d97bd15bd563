package settling

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/auditing"
)

// EndCommand asks to give a claim's points back to the merchant.
type EndCommand struct {
	Key    idem.Key
	Claim  settlement.ClaimID
	Reason string
}

// Withdraw takes a claim back that nobody has looked at yet.
func (c *Claims) Withdraw(ctx context.Context, actor access.Actor, cmd EndCommand) (ClaimResult, error) {
	return c.end(ctx, actor, access.ClaimPoints, ActWithdrawClaim, settlement.Withdrawn, cmd)
}

// Refuse turns a claim down, with the reason for the merchant.
func (c *Claims) Refuse(ctx context.Context, actor access.Actor, cmd EndCommand) (ClaimResult, error) {
	return c.end(ctx, actor, access.Settle, ActRefuseClaim, settlement.Refused, cmd)
}

// end gives the points back as the lots they were, once per key.
func (c *Claims) end(
	ctx context.Context, actor access.Actor, permission access.Permission, action string, state settlement.ClaimState, cmd EndCommand,
) (ClaimResult, error) {
	cmd.Reason = strings.TrimSpace(cmd.Reason)
	act := audit.Act{Action: action, Target: cmd.Claim.String(), Reason: cmd.Reason}
	if err := auditing.Allow(ctx, c.office, actor, permission, act); err != nil {
		return ClaimResult{}, err
	}
	var claimed ledger.Entry // stays as it is once the claim has it
	claim, wrong := c.reader.Claim(ctx, cmd.Claim)
	switch {
	case wrong == nil && !sees(actor, claim.Merchant):
		wrong = settlement.ErrClaimUnknown
	case wrong == nil && claim.Entry.IsZero():
		wrong = settlement.ErrClaimState
	case wrong == nil:
		var err error
		if claimed, err = c.books.Entry(ctx, claim.Entry); err != nil {
			return ClaimResult{}, fmt.Errorf("entry of claim %s: %w", cmd.Claim, err)
		}
	}
	of, err := auditing.Do(ctx, c.office, actor, permission, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (acted, error) {
		if wrong != nil {
			return acted{}, wrong
		}
		replayed, err := cmd.end(ctx, s, now, actor, state, claimed)
		if replayed {
			act.Outcome = auditing.Replayed
		}
		return acted{cmd.Claim, replayed}, err
	})
	return c.result(ctx, of, err)
}

func (cmd EndCommand) end(
	ctx context.Context, s Stores, now time.Time, actor access.Actor, state settlement.ClaimState, claimed ledger.Entry,
) (replayed bool, err error) {
	if err := cmd.Key.Valid(); err != nil {
		return false, err
	}
	claim, err := one(s.Claims.LockClaims(ctx, []settlement.ClaimID{cmd.Claim}))
	if err != nil {
		return false, err
	}
	key, hash := idem.Claim{Actor: actor.User, Key: cmd.Key}, idem.HashOf("end claim", state.String(), cmd.Claim.String(), cmd.Reason)
	book, err := s.Ledger.Open(ctx, now, ledger.Want{
		Wallets: []ledger.WalletID{claim.Merchant}, Pots: claimedPots(claim.Merchant, claim.Parts),
		Claims: []idem.Claim{key}, Past: []ledger.EntryID{claim.Entry},
	})
	if err != nil {
		return false, fmt.Errorf("open book of claim %s: %w", cmd.Claim, err)
	}
	if _, before, err := book.Replay(key, hash); before || err != nil {
		return before, err
	}
	if state == settlement.Refused && cmd.Reason == "" {
		return false, ErrReason.At("reason")
	}
	if err := claim.End(state, cmd.Reason, now); err != nil {
		return false, err
	}
	if _, err := book.Unclaim(actor.User, claimed, "換金請求の取り下げ "+claim.NoText()); err != nil {
		return false, err
	}
	book.Keep(key, hash, claim.ID)
	if err := s.Ledger.Append(ctx, book); err != nil {
		return false, fmt.Errorf("append return of claim %s: %w", claim.ID, err)
	}
	if err := s.Claims.SaveClaims(ctx, []settlement.Claim{claim}); err != nil {
		return false, fmt.Errorf("save claim %s: %w", claim.ID, err)
	}
	return false, s.Outbox.Append(ctx, now, book.Events()...)
}

// Confirm is one administrator's look at a claim. It needs an account that can be paid to.
func (c *Claims) Confirm(ctx context.Context, actor access.Actor, id settlement.ClaimID) (settlement.Claim, error) {
	act := audit.Act{Action: ActConfirmClaim, Target: id.String()}
	return auditing.Do(ctx, c.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, _ *audit.Act) (settlement.Claim, error) {
		claim, err := one(s.Claims.LockClaims(ctx, []settlement.ClaimID{id}))
		if err != nil {
			return settlement.Claim{}, err
		}
		if err := claim.Confirm(actor.User, now); err != nil {
			return settlement.Claim{}, err
		}
		accounts, err := s.Claims.ActiveAccounts(ctx, []ledger.WalletID{claim.Merchant})
		if err != nil {
			return settlement.Claim{}, fmt.Errorf("account of merchant %s: %w", claim.Merchant, err)
		}
		if _, has := accounts[claim.Merchant]; !has {
			return settlement.Claim{}, settlement.ErrClaimNoAccount
		}
		return saved(ctx, s.Claims, claim)
	})
}

// Approve is another administrator's. Where the settings say so, what the merchant's till holds is set off against the
// claim; one that has nothing left to be transferred is paid by that.
func (c *Claims) Approve(ctx context.Context, actor access.Actor, id settlement.ClaimID) (settlement.Claim, error) {
	act := audit.Act{Action: ActApproveClaim, Target: id.String()}
	if err := auditing.Allow(ctx, c.office, actor, access.Settle, act); err != nil {
		return settlement.Claim{}, err
	}
	settings, err := c.reader.Settings(ctx)
	if err != nil {
		return settlement.Claim{}, fmt.Errorf("read settings of settlement: %w", err)
	}
	return auditing.Do(ctx, c.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (settlement.Claim, error) {
		claim, err := one(s.Claims.LockClaims(ctx, []settlement.ClaimID{id}))
		if err != nil {
			return settlement.Claim{}, err
		}
		if err := claim.Approve(actor.User, now); err != nil {
			return settlement.Claim{}, err
		}
		if settings.OffsetTills {
			if err := setOff(ctx, s, now, actor, &claim); err != nil {
				return settlement.Claim{}, err
			}
		}
		act.After = map[string]string{"amount": decimal(claim.Amount), "offset": decimal(sum(claim.Offset))}
		return saved(ctx, s.Claims, claim)
	})
}

func saved(ctx context.Context, claims settlement.Claims, claim settlement.Claim) (settlement.Claim, error) {
	if err := claims.SaveClaims(ctx, []settlement.Claim{claim}); err != nil {
		return settlement.Claim{}, fmt.Errorf("save claim %s: %w", claim.ID, err)
	}
	claim.Version++
	return claim, nil
}

// setOff pays as much of the claim as the merchant's till holds of the same funds (clause 4.2.3).
func setOff(ctx context.Context, s Stores, now time.Time, actor access.Actor, claim *settlement.Claim) error {
	whole := ledger.Settlement{
		Actor: actor.User, ID: ledger.BatchID(claim.ID), Merchant: claim.Merchant, Parts: claim.Parts, Memo: "店頭現金との相殺 " + claim.NoText(),
	}
	book, err := s.Ledger.Open(ctx, now, ledger.Want{Pots: whole.SettlementPots(ledger.Offset)})
	if err != nil {
		return fmt.Errorf("open book of offset of claim %s: %w", claim.ID, err)
	}
	part := whole
	part.Parts = nil
	for _, p := range claim.Parts {
		till := ledger.Pot{Account: ledger.Account{Kind: ledger.Till, Owner: claim.Merchant}, Fund: p.Fund}
		if p.Amount = min(p.Amount, book.Balance(till)); p.Amount > 0 {
			part.Parts = append(part.Parts, p)
		}
	}
	if len(part.Parts) == 0 {
		return nil
	}
	if _, err := book.SetOff(part); err != nil {
		return err
	}
	claim.Offset = part.Parts
	if err := s.Ledger.Append(ctx, book); err != nil {
		return fmt.Errorf("append offset of claim %s: %w", claim.ID, err)
	}
	if claim.Payable() > 0 {
		return nil
	}
	return claim.Pay(now)
}

// VerdictsMax bounds how many claims are judged at once.
const VerdictsMax = 500

// ErrVerdicts refuses a list of claims.
var ErrVerdicts = fault.Define(fault.Invalid, "claims_list_invalid", "請求を1件から500件まで、重複なく指定してください。")

// Verdict is what became of one claim of a list.
type Verdict struct {
	Claim settlement.Claim // as it is now; its identifier only, where it was refused
	Fault *fault.Fault     // why it stays as it was; nil where the act was done
}

// ConfirmAll confirms claims, each judged by itself.
func (c *Claims) ConfirmAll(ctx context.Context, actor access.Actor, ids []settlement.ClaimID) ([]Verdict, error) {
	return c.all(ctx, actor, ActConfirmClaim, ids, c.Confirm)
}

// ApproveAll approves claims, each judged by itself.
func (c *Claims) ApproveAll(ctx context.Context, actor access.Actor, ids []settlement.ClaimID) ([]Verdict, error) {
	return c.all(ctx, actor, ActApproveClaim, ids, c.Approve)
}

type judge func(context.Context, access.Actor, settlement.ClaimID) (settlement.Claim, error)

// all judges one claim after the other. An accident ends it; what was done before stays done, and whoever asks again is
// told so.
func (c *Claims) all(ctx context.Context, actor access.Actor, action string, ids []settlement.ClaimID, judge judge) ([]Verdict, error) {
	if err := auditing.Allow(ctx, c.office, actor, access.Settle, audit.Act{Action: action}); err != nil {
		return nil, err
	}
	seen := map[settlement.ClaimID]bool{}
	for _, id := range ids {
		if seen[id] {
			return nil, ErrVerdicts.At("claims")
		}
		seen[id] = true
	}
	if len(ids) < 1 || len(ids) > VerdictsMax {
		return nil, ErrVerdicts.At("claims")
	}
	verdicts := make([]Verdict, len(ids))
	for i, id := range ids {
		claim, err := judge(ctx, actor, id)
		why, refused := fault.Of(err)
		if err != nil && !refused {
			return nil, fmt.Errorf("claim %s: %w", id, err)
		}
		if refused {
			claim = settlement.Claim{ID: id}
		}
		verdicts[i] = Verdict{claim, why}
	}
	return verdicts, nil
}
