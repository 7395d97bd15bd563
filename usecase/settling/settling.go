// Package settling turns what merchants received into bank transfers (clauses 4.4.1–4.4.3 and 8.3エ). What the nouns are
// and which way they go stands in domain/settlement; here is who does what, and what has to be true for it.
//
// An administrator, or the timetable, closes a period: every merchant gets a statement, and where something is due a
// draft of a claim. The merchant claims it, wholly or less; one administrator confirms and another approves; the
// approved claims are exported as a file for the bank; and what the bank has paid or sent back is recorded. A
// merchant's bank account is entered by one person and looked at by another before anything is paid to it.
//
// Every act is one unit, or, where a file has thousands of payouts, one unit for each chunk of them that can be asked
// for again: so a process that is killed anywhere leaves nothing half done, and of two people who do the same at once
// one wins and the other is told. Units lock in one order: periods; exports, files, accounts, payouts, claims; wallets,
// pots.
package settling

import (
	"fmt"
	"strconv"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
)

// The acts that stand in the trail.
const (
	ActEnterPeriod    = "period.enter"
	ActClosePeriod    = "period.close"
	ActClaim          = "claim.make"
	ActWithdrawClaim  = "claim.withdraw"
	ActConfirmClaim   = "claim.confirm"
	ActApproveClaim   = "claim.approve"
	ActRefuseClaim    = "claim.refuse"
	ActProposeAccount = "bank_account.propose"
	ActApproveAccount = "bank_account.approve"
	ActDeclineAccount = "bank_account.decline"
	ActAmendSettings  = "settlement_settings.amend"
	ActExport         = "bank_file.export"
	ActReexport       = "bank_file.reexport"
	ActDownload       = "bank_file.download"
	ActSend           = "bank_file.send"
	ActPayFile        = "bank_file.pay"
	ActPay            = "payout.pay"
	ActReturn         = "payout.return"
)

// ErrReason refuses to turn somebody down, or to amend the settings, without a word.
var ErrReason = fault.Define(fault.Invalid, "settlement_reason_missing", "理由を入力してください。")

// Stores are what settling needs of a unit of work.
type Stores struct {
	Ledger    ledger.Ledger
	Periods   settlement.Periods
	Claims    settlement.Claims
	Decisions settlement.Decisions
	Trail     audit.Trail
	Outbox    event.Outbox
}

// AuditTrail is auditing.Stores'.
func (s Stores) AuditTrail() audit.Trail { return s.Trail }

// sees tells whose settlement the actor may see: a merchant's own, and everybody's with the wider permission.
func sees(actor access.Actor, merchant ledger.WalletID) bool {
	return access.May(actor.Role, access.SeeSettlement) || !merchant.IsZero() && merchant == actor.Wallet
}

// allowed refuses who may see no settlement at all.
func allowed(actor access.Actor) error {
	if access.May(actor.Role, access.SeeSettlement) {
		return access.Allow(actor, access.SeeSettlement)
	}
	return access.Allow(actor, access.SeeOwnSettlement)
}

func validLimit(limit int) error {
	if limit < 1 || limit > page.LimitMax {
		return page.ErrLimit
	}
	return nil
}

// one gives the only claim that was locked.
func one(claims []settlement.Claim, err error) (settlement.Claim, error) {
	switch {
	case err != nil:
		return settlement.Claim{}, fmt.Errorf("lock claim: %w", err)
	case len(claims) == 0:
		return settlement.Claim{}, settlement.ErrClaimUnknown
	}
	return claims[0], nil
}

// decimal says an amount for the trail.
func decimal[N ~int | ~int64](n N) string { return strconv.FormatInt(int64(n), 10) }

// claimedPots names the claimed pots of a merchant for the funds of parts.
func claimedPots(merchant ledger.WalletID, parts []ledger.Backed) []ledger.Pot {
	pots := make([]ledger.Pot, len(parts))
	for i, part := range parts {
		pots[i] = ledger.Pot{Account: ledger.Account{Kind: ledger.Claimed, Owner: merchant}, Fund: part.Fund}
	}
	return pots
}

// sum adds up parts.
func sum(parts []ledger.Backed) money.Points {
	var total money.Points
	for _, p := range parts {
		total += p.Amount
	}
	return total
}
