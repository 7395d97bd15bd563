package settling

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/page"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// Accounts keeps merchants' bank accounts.
type Accounts struct {
	office auditing.Office[Stores]
	reader settlement.Reader
	vault  settlement.Vault
	banks  bank.Directory
}

// NewAccounts makes the activity.
func NewAccounts(unit usecase.Unit[Stores], reader settlement.Reader, vault settlement.Vault, banks bank.Directory, clock usecase.Clock) *Accounts {
	return &Accounts{auditing.Office[Stores]{Unit: unit, Clock: clock}, reader, vault, banks}
}

// Shown is an account as people may see it: masked, with the names of its bank and branch as the newest master has
// them; empty where it knows them no more. The holder is for the shop itself and for whoever may approve the account,
// who compares it with the passbook; it is empty for others. The number is for nobody.
type Shown struct {
	settlement.MerchantAccount
	BankName, BranchName string
	Holder               bank.Kana
}

// List shows accounts, newest first: merchants see their own.
func (a *Accounts) List(ctx context.Context, actor access.Actor, query settlement.AccountQuery) (page.Of[Shown], error) {
	if err := allowed(actor); err != nil {
		return page.Of[Shown]{}, err
	}
	if err := validLimit(query.Limit); err != nil {
		return page.Of[Shown]{}, err
	}
	if !access.May(actor.Role, access.SeeSettlement) {
		query.Merchant = actor.Wallet
	}
	found, err := a.reader.Accounts(ctx, query)
	if err != nil {
		return page.Of[Shown]{}, err
	}
	shown := page.Of[Shown]{Rows: make([]Shown, len(found.Rows)), Next: found.Next}
	for i, account := range found.Rows {
		if shown.Rows[i], err = a.show(ctx, actor, account); err != nil {
			return page.Of[Shown]{}, err
		}
	}
	return shown, nil
}

func (a *Accounts) show(ctx context.Context, actor access.Actor, account settlement.MerchantAccount) (Shown, error) {
	master, err := a.banks.Master(ctx)
	if err != nil {
		return Shown{}, fmt.Errorf("bank master: %w", err)
	}
	of, branch, _ := master.Find(account.Bank, account.Branch)
	shown := Shown{MerchantAccount: account, BankName: of.Name, BranchName: branch.Name}
	if account.Merchant != actor.Wallet && !access.May(actor.Role, access.Settle) {
		return shown, nil
	}
	plain, err := unsealAccount(a.vault, account)
	if err != nil {
		return Shown{}, err
	}
	shown.Holder = plain.Holder
	return shown, nil
}

// Approve lets an account be paid to, in place of the one before; claims whose transfer came back can be paid again.
func (a *Accounts) Approve(ctx context.Context, actor access.Actor, id settlement.AccountID) (Shown, error) {
	return a.decide(ctx, actor, id, audit.Act{Action: ActApproveAccount}, func(ctx context.Context, s Stores, now time.Time, account *settlement.MerchantAccount, others []settlement.MerchantAccount) error {
		if err := account.Activate(actor.User, now); err != nil {
			return err
		}
		for _, other := range others {
			if other.State != settlement.Active {
				continue
			}
			other.State = settlement.Replaced
			if err := s.Claims.SaveAccount(ctx, other); err != nil {
				return fmt.Errorf("replace account %s: %w", other.ID, err)
			}
		}
		return correct(ctx, s.Claims, account.Merchant)
	})
}

// Decline turns an account down, with the reason for the merchant.
func (a *Accounts) Decline(ctx context.Context, actor access.Actor, id settlement.AccountID, reason string) (Shown, error) {
	reason = strings.TrimSpace(reason)
	act := audit.Act{Action: ActDeclineAccount, Reason: reason}
	return a.decide(ctx, actor, id, act, func(_ context.Context, _ Stores, now time.Time, account *settlement.MerchantAccount, _ []settlement.MerchantAccount) error {
		if reason == "" {
			return ErrReason.At("reason")
		}
		return account.Decline(actor.User, now, reason)
	})
}

type verdict func(ctx context.Context, s Stores, now time.Time, account *settlement.MerchantAccount, others []settlement.MerchantAccount) error

func (a *Accounts) decide(ctx context.Context, actor access.Actor, id settlement.AccountID, act audit.Act, judge verdict) (Shown, error) {
	act.Target = id.String()
	if err := auditing.Allow(ctx, a.office, actor, access.Settle, act); err != nil {
		return Shown{}, err
	}
	known, wrong := a.reader.Account(ctx, id) // whose it is never changes
	decided, err := auditing.Do(ctx, a.office, actor, access.Settle, act, func(ctx context.Context, s Stores, now time.Time, _ *audit.Act) (settlement.MerchantAccount, error) {
		if wrong != nil {
			return settlement.MerchantAccount{}, wrong
		}
		all, err := s.Claims.LockAccounts(ctx, known.Merchant)
		if err != nil {
			return settlement.MerchantAccount{}, fmt.Errorf("lock accounts of merchant %s: %w", known.Merchant, err)
		}
		var account settlement.MerchantAccount
		var others []settlement.MerchantAccount
		for _, one := range all {
			if one.ID == id {
				account = one
			} else {
				others = append(others, one)
			}
		}
		if err := judge(ctx, s, now, &account, others); err != nil {
			return settlement.MerchantAccount{}, err
		}
		if err := s.Claims.SaveAccount(ctx, account); err != nil {
			return settlement.MerchantAccount{}, fmt.Errorf("save account %s: %w", id, err)
		}
		account.Version++
		return account, nil
	})
	if err != nil {
		return Shown{}, err
	}
	return a.show(ctx, actor, decided)
}

// correctedMax bounds the claims of one merchant that came back; there is seldom more than one.
const correctedMax = 1_000

// correct lets a merchant's claims whose transfer came back be paid again, to the account that was put right.
func correct(ctx context.Context, claims settlement.Claims, merchant ledger.WalletID) error {
	returned, err := claims.LockState(ctx, merchant, []settlement.ClaimState{settlement.Returned}, correctedMax)
	if err != nil {
		return fmt.Errorf("lock returned claims of merchant %s: %w", merchant, err)
	}
	for i := range returned {
		if err := returned[i].Become(settlement.Corrected); err != nil {
			return fmt.Errorf("claim %s: %w", returned[i].ID, err)
		}
	}
	return claims.SaveClaims(ctx, returned)
}
