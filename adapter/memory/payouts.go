package memory

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
)

// AddPayouts is settlement.Claims'.
func (c *Claims) AddPayouts(_ context.Context, payouts []settlement.Payout) error {
	for _, p := range payouts {
		switch {
		case c.session.payouts.has(p.ID):
			return c.session.fail(violation("payouts_pkey", "payout %s is there", p.ID))
		case !c.session.claims.has(p.Claim):
			return c.session.fail(violation("payouts_claim_fkey", "claim %s", p.Claim))
		case !c.session.files.has(p.File):
			return c.session.fail(violation("payouts_file_fkey", "file %s", p.File))
		case !c.session.accounts.has(p.Account):
			return c.session.fail(violation("payouts_account_fkey", "account %s", p.Account))
		case int64(p.Transfer) < 1 || int64(p.Transfer) > int64(p.Amount):
			return c.session.fail(violation("payouts_transfer_positive", "%d of %d", p.Transfer, p.Amount))
		}
		p.Version = 1
		if err := c.putPayout(p); err != nil {
			return err
		}
	}
	return nil
}

func (c *Claims) putPayout(p settlement.Payout) error {
	live := func(p settlement.Payout) bool {
		return p.State == settlement.PayoutExported || p.State == settlement.PayoutPaid
	}
	for id, other := range c.session.payouts.all() {
		switch {
		case id == p.ID:
		case other.File == p.File && other.Record == p.Record:
			return c.session.fail(violation("payouts_record_key", "record %d of file %s", p.Record, p.File))
		case other.Claim == p.Claim && live(other) && live(p):
			return c.session.fail(violation("payouts_one_live", "claim %s", p.Claim))
		}
	}
	c.session.payouts.put(p.ID, p)
	return nil
}

// PayoutsOf is settlement.Claims'.
func (c *Claims) PayoutsOf(_ context.Context, file settlement.FileID, after, limit int) ([]settlement.Payout, error) {
	payouts := chosen(c.session.payouts, func(p settlement.Payout) bool { return p.File == file && p.Record > after }, payoutID)
	slices.SortFunc(payouts, func(a, b settlement.Payout) int { return cmp.Compare(a.Record, b.Record) })
	return payouts[:min(len(payouts), limit)], nil
}

// LockPayouts is settlement.Claims'.
func (c *Claims) LockPayouts(_ context.Context, ids []settlement.PayoutID) ([]settlement.Payout, error) {
	return pick(c.session.payouts, ids, payoutID), nil
}

func payoutID(p settlement.Payout) settlement.PayoutID { return p.ID }

// Attempts is settlement.Claims'.
func (c *Claims) Attempts(_ context.Context, claims []settlement.ClaimID) (map[settlement.ClaimID]int, error) {
	attempts := map[settlement.ClaimID]int{}
	for _, p := range c.session.payouts.all() {
		if p.State == settlement.PayoutReturned && slices.Contains(claims, p.Claim) {
			attempts[p.Claim]++
		}
	}
	return attempts, nil
}

// Reached is settlement.Claims'.
func (c *Claims) Reached(_ context.Context, accounts []settlement.AccountID) (map[settlement.AccountID]bool, error) {
	reached := map[settlement.AccountID]bool{}
	for _, p := range c.session.payouts.all() {
		if p.State != settlement.PayoutVoided && slices.Contains(accounts, p.Account) {
			reached[p.Account] = true
		}
	}
	return reached, nil
}

// SavePayouts is settlement.Claims'.
func (c *Claims) SavePayouts(_ context.Context, payouts []settlement.Payout) error {
	for _, p := range payouts {
		was, known := c.session.payouts.get(p.ID)
		if !known || was.Version != p.Version {
			return settlement.ErrClaimChanged
		}
		was.State, was.Entry, was.ReturnEntry, was.PaidOn, was.ReturnedOn, was.Reason = p.State, p.Entry, p.ReturnEntry, p.PaidOn, p.ReturnedOn, p.Reason
		was.Version++
		if err := c.putPayout(was); err != nil {
			return err
		}
	}
	return nil
}

// AddFile is settlement.Claims'.
func (c *Claims) AddFile(_ context.Context, f settlement.File) error {
	for _, other := range c.session.files.all() {
		switch {
		case other.ID == f.ID:
			return c.session.fail(violation("bank_files_pkey", "file %s is there", f.ID))
		case other.Date == f.Date && other.No == f.No:
			return c.session.fail(violation("bank_files_no_key", "file %d of %s", f.No, f.Date))
		case !f.Replaces.IsZero() && other.Replaces == f.Replaces:
			return c.session.fail(violation("bank_files_replaced_once", "file %s", f.Replaces))
		}
	}
	if !f.Replaces.IsZero() && !c.session.files.has(f.Replaces) {
		return c.session.fail(violation("bank_files_replaces_fkey", "file %s", f.Replaces))
	}
	f.Version, f.Sealed = 1, bytes.Clone(f.Sealed)
	c.session.files.put(f.ID, f)
	return nil
}

// LockFile is settlement.Claims'.
func (c *Claims) LockFile(_ context.Context, id settlement.FileID) (settlement.File, error) {
	return c.session.fileByID(id)
}

// SaveFile is settlement.Claims'.
func (c *Claims) SaveFile(_ context.Context, f settlement.File) error {
	was, known := c.session.files.get(f.ID)
	if !known || was.Version != f.Version {
		return settlement.ErrClaimChanged
	}
	was.State, was.TakenBy, was.TakenAt, was.SentBy, was.SentAt = f.State, f.TakenBy, f.TakenAt, f.SentBy, f.SentAt
	was.Version++
	c.session.files.put(f.ID, was)
	return nil
}

// NextFileNo is settlement.Claims'.
func (c *Claims) NextFileNo(_ context.Context, day calendar.Day) (int, error) {
	last := 0
	for _, f := range c.session.files.all() {
		if f.Date == day {
			last = max(last, f.No)
		}
	}
	return last + 1, nil
}

// LockExports is settlement.Claims'. The unit has the whole store for itself.
func (c *Claims) LockExports(context.Context) error { return nil }

// AddAccount is settlement.Claims'.
func (c *Claims) AddAccount(_ context.Context, a settlement.MerchantAccount) error {
	if c.session.accounts.has(a.ID) {
		return c.session.fail(violation("bank_accounts_pkey", "account %s is there", a.ID))
	}
	a.Version, a.Sealed = 1, bytes.Clone(a.Sealed)
	return c.putAccount(a)
}

func (c *Claims) putAccount(a settlement.MerchantAccount) error {
	if !a.DecidedBy.IsZero() && a.DecidedBy == a.ProposedBy {
		return c.session.fail(violation("bank_accounts_two_people", "account %s", a.ID))
	}
	for id, other := range c.session.accounts.all() {
		if id == a.ID || other.Merchant != a.Merchant || other.State != a.State {
			continue
		}
		switch a.State {
		case settlement.Active:
			return c.session.fail(violation("bank_accounts_one_active", "wallet %s", a.Merchant))
		case settlement.Proposed:
			return c.session.fail(violation("bank_accounts_one_proposed", "wallet %s", a.Merchant))
		}
	}
	c.session.accounts.put(a.ID, a)
	return nil
}

// LockAccounts is settlement.Claims'.
func (c *Claims) LockAccounts(_ context.Context, merchant ledger.WalletID) ([]settlement.MerchantAccount, error) {
	accounts := chosen(c.session.accounts, func(a settlement.MerchantAccount) bool { return a.Merchant == merchant }, accountID)
	slices.Reverse(accounts)
	return accounts, nil
}

func accountID(a settlement.MerchantAccount) settlement.AccountID { return a.ID }

// SaveAccount is settlement.Claims'.
func (c *Claims) SaveAccount(_ context.Context, a settlement.MerchantAccount) error {
	was, known := c.session.accounts.get(a.ID)
	if !known || was.Version != a.Version {
		return settlement.ErrClaimChanged
	}
	was.State, was.DecidedBy, was.DecidedAt, was.Reason = a.State, a.DecidedBy, a.DecidedAt, a.Reason
	was.Version++
	return c.putAccount(was)
}

// ActiveAccounts is settlement.Claims'.
func (c *Claims) ActiveAccounts(_ context.Context, merchants []ledger.WalletID) (map[ledger.WalletID]settlement.MerchantAccount, error) {
	active := map[ledger.WalletID]settlement.MerchantAccount{}
	for _, a := range c.session.accounts.all() {
		if a.State == settlement.Active && slices.Contains(merchants, a.Merchant) {
			active[a.Merchant] = a
		}
	}
	return active, nil
}
