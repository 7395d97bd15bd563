package settling

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/auditing"
)

// AccountCommand names an account as somebody has typed it: by the codes of bank and branch, or as the passbook of
// ゆうちょ銀行 has it.
type AccountCommand struct {
	Merchant  ledger.WalletID // an administrator names whose it is; merchants enter their own
	Bank      string
	Branch    string
	Type      string // as on the passbook, by its digit, or ordinary, current, savings, other
	Number    string
	Yucho     *bank.Yucho
	Holder    string // as on the passbook
	Confirmed bool   // the changes that make another name of the holder were looked at
	Reason    string
}

// Format hides what was typed from whoever prints it.
func (AccountCommand) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, "[account]") }

// LogValue keeps it out of logs.
func (AccountCommand) LogValue() slog.Value { return slog.StringValue("[account]") }

// AccountForecast is what would be made of a typed account: the bytes of its holder in a transfer file, ゆうちょ銀行's
// numbers in other banks' terms, and everything that stands against it.
type AccountForecast struct {
	Account              bank.Account
	BankName, BranchName string
	Holder               bank.Reading
	Suggestion           *bank.Suggestion // with legal forms abbreviated; nil where there are none
	Faults               []fault.Field
}

// Preview shows what would be made of a typed account.
func (a *Accounts) Preview(ctx context.Context, actor access.Actor, cmd AccountCommand) (AccountForecast, error) {
	if err := mayPropose(actor); err != nil {
		return AccountForecast{}, err
	}
	return a.read(ctx, cmd)
}

// mayPropose lets merchants enter their own accounts, and administrators those of any.
func mayPropose(actor access.Actor) error {
	if access.May(actor.Role, access.Settle) {
		return access.Allow(actor, access.Settle)
	}
	return access.Allow(actor, access.ClaimPoints)
}

// read judges every field by itself, so that a form can show all that is wrong at once.
func (a *Accounts) read(ctx context.Context, cmd AccountCommand) (AccountForecast, error) {
	settings, err := a.reader.Settings(ctx)
	if err != nil {
		return AccountForecast{}, fmt.Errorf("read settings of settlement: %w", err)
	}
	master, err := a.banks.Master(ctx)
	if err != nil {
		return AccountForecast{}, fmt.Errorf("bank master: %w", err)
	}
	var f AccountForecast
	f.number(cmd)
	f.Holder, _ = bank.Narrow(cmd.Holder, bank.NameOfHolder, settings.Profile) // the reading has what is wrong
	for _, flaw := range f.Holder.Flaws {
		f.note("holder", flaw.Fault.Saying(flaw.Message()))
	}
	if suggestion, found := bank.Suggest(cmd.Holder, bank.NameOfHolder, settings.Profile); found {
		f.Suggestion = &suggestion
	}
	f.Account.Holder = f.Holder.Kana
	f.place(master)
	return f, nil
}

// typeNames are the types of accounts as programs say them.
var typeNames = map[string]string{
	"ordinary": bank.Ordinary.String(), "current": bank.Current.String(), "savings": bank.Savings.String(), "other": bank.Other.String(),
}

// number reads bank, branch, type and number.
func (f *AccountForecast) number(cmd AccountCommand) {
	if cmd.Yucho != nil {
		account, err := cmd.Yucho.Account()
		if why, wrong := fault.Of(err); wrong {
			f.note("yucho", why)
		}
		f.Account = account
		return
	}
	read := func(path string, err error) {
		if why, wrong := fault.Of(err); wrong {
			f.note(path, why)
		}
	}
	var err error
	f.Account.Bank, err = bank.ParseCode(cmd.Bank)
	read("bank", err)
	f.Account.Branch, err = bank.ParseBranch(cmd.Branch)
	read("branch", err)
	f.Account.Type, err = bank.ParseType(lo.ValueOr(typeNames, cmd.Type, cmd.Type))
	read("type", err)
	f.Account.Number, err = bank.ParseNumber(cmd.Number)
	read("number", err)
}

// place looks bank and branch up, where their codes could be read.
func (f *AccountForecast) place(master *bank.Master) {
	if f.Account.Bank == "" {
		return
	}
	of, branch, known := master.Find(f.Account.Bank, f.Account.Branch)
	f.BankName, f.BranchName = of.Name, branch.Name
	switch {
	case of.Code == "":
		f.note("bank", bank.ErrBankUnknown)
	case !known && f.Account.Branch != "":
		f.note("branch", bank.ErrBranchUnknown)
	}
}

func (f *AccountForecast) note(path string, why *fault.Fault) {
	f.Faults = append(f.Faults, fault.Field{Path: path, Code: why.Code, Message: why.Message})
}

// ready gives the account where nothing stands against it.
func (f *AccountForecast) ready(confirmed bool) (bank.Account, error) {
	if len(f.Faults) == 0 && f.Holder.NeedsConfirmation() && !confirmed {
		return bank.Account{}, bank.ErrKanaUnconfirmed.At("holder")
	}
	if len(f.Faults) > 0 {
		refusal := bank.ErrAccount.Saying(bank.ErrAccount.Message)
		refusal.Fields = f.Faults
		return bank.Account{}, refusal
	}
	return f.Account, nil
}

// Propose enters an account for a second person to look at. It takes the place of one that still waits.
func (a *Accounts) Propose(ctx context.Context, actor access.Actor, cmd AccountCommand) (Shown, error) {
	permission := access.ClaimPoints
	if access.May(actor.Role, access.Settle) {
		permission = access.Settle
	} else {
		cmd.Merchant = actor.Wallet
	}
	act := audit.Act{Action: ActProposeAccount, Target: cmd.Merchant.String(), Reason: cmd.Reason}
	if err := auditing.Allow(ctx, a.office, actor, permission, act); err != nil {
		return Shown{}, err
	}
	forecast, err := a.read(ctx, cmd)
	if err != nil {
		return Shown{}, err
	}
	plain, wrong := forecast.ready(cmd.Confirmed)
	proposed, err := auditing.Do(ctx, a.office, actor, permission, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (settlement.MerchantAccount, error) {
		if wrong != nil {
			return settlement.MerchantAccount{}, wrong
		}
		if err := isMerchant(ctx, s.Ledger, now, cmd.Merchant); err != nil {
			return settlement.MerchantAccount{}, err
		}
		account := settlement.MerchantAccount{
			ID: ident.New[settlement.MerchantAccount](now), Merchant: cmd.Merchant, Bank: plain.Bank, Branch: plain.Branch,
			Masked: plain.Masked(), State: settlement.Proposed, ProposedBy: actor.User, ProposedAt: now, Version: 1,
		}
		if account.Sealed, err = sealAccount(a.vault, account.ID, plain); err != nil {
			return settlement.MerchantAccount{}, err
		}
		act.After = map[string]string{"account": account.ID.String(), "bank": string(plain.Bank), "branch": string(plain.Branch)}
		return account, propose(ctx, s.Claims, account)
	})
	if err != nil {
		return Shown{}, err
	}
	return a.show(ctx, actor, proposed)
}

// isMerchant refuses wallets that nobody is paid for.
func isMerchant(ctx context.Context, books ledger.Ledger, now time.Time, id ledger.WalletID) error {
	book, err := books.Peek(ctx, now, ledger.Want{Wallets: []ledger.WalletID{id}})
	if err != nil {
		return fmt.Errorf("peek at wallet %s: %w", id, err)
	}
	wallet, err := book.Wallet(id)
	if err != nil {
		return err
	}
	if wallet.Role != user.Merchant {
		return ledger.ErrClaimRole
	}
	return nil
}

func propose(ctx context.Context, claims settlement.Claims, account settlement.MerchantAccount) error {
	before, err := claims.LockAccounts(ctx, account.Merchant)
	if err != nil {
		return fmt.Errorf("lock accounts of merchant %s: %w", account.Merchant, err)
	}
	for _, other := range before {
		if other.State != settlement.Proposed {
			continue
		}
		other.State = settlement.Replaced
		if err := claims.SaveAccount(ctx, other); err != nil {
			return fmt.Errorf("replace account %s: %w", other.ID, err)
		}
	}
	return claims.AddAccount(ctx, account)
}
