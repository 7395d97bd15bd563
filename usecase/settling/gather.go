package settling

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/samber/lo"

	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
)

// gather makes a payout of each claim that can be paid, in the order of their numbers.
func (m *maker) gather(ctx context.Context) error {
	claims, err := m.Claims.LockState(ctx, ledger.WalletID{}, []settlement.ClaimState{settlement.Approved, settlement.Corrected}, exportClaims)
	if err != nil {
		return fmt.Errorf("lock claims: %w", err)
	}
	slices.SortFunc(claims, func(a, b settlement.Claim) int { return cmp.Compare(a.No, b.No) })
	ids, merchants := make([]settlement.ClaimID, len(claims)), make([]ledger.WalletID, len(claims))
	for i, c := range claims {
		ids[i], merchants[i] = c.ID, c.Merchant
	}
	accounts, err := m.Claims.ActiveAccounts(ctx, lo.Uniq(merchants))
	if err != nil {
		return fmt.Errorf("accounts of %d merchants: %w", len(merchants), err)
	}
	attempts, err := m.Claims.Attempts(ctx, ids)
	if err != nil {
		return fmt.Errorf("attempts of %d claims: %w", len(ids), err)
	}
	reached, err := m.Claims.Reached(ctx, lo.MapToSlice(accounts, func(_ ledger.WalletID, a settlement.MerchantAccount) settlement.AccountID { return a.ID }))
	if err != nil {
		return fmt.Errorf("payouts to %d accounts: %w", len(accounts), err)
	}
	for _, claim := range claims {
		if len(m.payouts) == min(m.settings.Profile.RecordsMax, bank.RecordsMax) {
			m.out.Remaining++
			continue
		}
		if _, known := m.until[claim.Period]; !known {
			return fmt.Errorf("period %s of claim %s was closed this very moment", claim.Period, claim.ID)
		}
		account, has := accounts[claim.Merchant]
		if !has {
			m.leave(claim, settlement.ErrClaimNoAccount)
			continue
		}
		payee, err := unsealAccount(m.vault, account)
		if err != nil {
			return err
		}
		payout := m.payout(claim, account.ID, payee, attempts[claim.ID])
		switch {
		case attempts[claim.ID] > 0:
			payout.New = bank.Changed
		case !reached[account.ID]:
			payout.New = bank.First
		}
		if why := m.add(claim, payout, payee); why != nil {
			m.leave(claim, why)
			continue
		}
		reached[account.ID] = true
	}
	return nil
}

func (m *maker) leave(claim settlement.Claim, why *fault.Fault) {
	m.out.LeftOut = append(m.out.LeftOut, LeftOut{claim, why})
}

func (m *maker) payout(claim settlement.Claim, account settlement.AccountID, payee bank.Account, before int) settlement.Payout {
	amount := claim.Payable()
	p := settlement.Payout{
		ID: ident.New[settlement.Payout](m.now), Claim: claim.ID, Merchant: claim.Merchant, Attempt: before + 1, Account: account,
		Amount: amount, Fee: m.settings.FeeFor(payee.Bank, amount), Bearer: m.settings.Bearer, Transfer: money.Yen(amount),
		Reference: claim.Reference(m.until[claim.Period], m.settings.Profile), State: settlement.PayoutExported, Version: 1,
	}
	if p.Bearer == settlement.MerchantBears {
		p.Transfer -= p.Fee
	}
	return p
}

// add puts a payout into the file, unless something stands against it.
func (m *maker) add(claim settlement.Claim, p settlement.Payout, payee bank.Account) *fault.Fault {
	of, branch, known := m.master.Find(payee.Bank, payee.Branch)
	switch why, bad := fault.Of(payee.Valid(m.settings.Profile)); {
	case p.Transfer < 1:
		return settlement.ErrPayoutTooFew
	case bad:
		return why
	case of.Code == "":
		return bank.ErrBankUnknown
	case !known:
		return bank.ErrBranchUnknown
	}
	t := bank.CreditTransfer{Payee: payee, Amount: p.Transfer, New: p.New, Reference: p.Reference}
	if m.settings.Profile.BankNames {
		t.BankName, t.BranchName = of.Kana.Cut(bank.NameOfBank.LengthMax()), branch.Kana.Cut(bank.NameOfBank.LengthMax())
	}
	m.file.Transfers = append(m.file.Transfers, t)
	m.claims, m.payouts = append(m.claims, claim), append(m.payouts, p)
	return nil
}
