package correcting

import (
	"cmp"
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
	"lovesaijo/usecase/auditing"
)

// ErrWhom refuses an adjustment that names no wallet, or two.
var ErrWhom = fault.Define(fault.Invalid, "adjustment_wallet_missing", "調整する相手を財布かメールアドレスのどちらか一つで指定してください。")

// Adjustment asks to give points to a wallet, or to take some of it.
type Adjustment struct {
	Key     idem.Key        // not of a preview
	Wallet  ledger.WalletID // or
	Email   user.Email      // folded
	Fund    fund.Code
	Amount  money.Points // positive: into the wallet; negative: out of it
	Kind    lot.KindCode // of points that go in; where points go out, only these, or all for none
	Expires calendar.Day // of points that go in; zero takes the kind's default
	Reason  string       // people read it in their history
}

// Adjust makes an adjustment once per key or, above the limit, asks for it.
func (c *Correcting) Adjust(ctx context.Context, actor access.Actor, cmd Adjustment) (Result, error) {
	cmd.Reason = strings.TrimSpace(cmd.Reason)
	act := audit.Act{Action: ActAdjust, Target: cmd.Wallet.String(), Reason: cmd.Reason, After: map[string]string{
		"fund": string(cmd.Fund), "kind": string(cmd.Kind), "amount": figure(cmd.Amount),
	}}
	if err := auditing.Allow(ctx, c.office, actor, access.Correct, act); err != nil {
		return Result{}, err
	}
	// Who cannot be found any more may have been adjusted before: the key decides first.
	wallet, unknown := c.whose(ctx, cmd)
	if _, refused := fault.Of(unknown); unknown != nil && !refused {
		return Result{}, unknown
	}
	if unknown == nil {
		act.Target = wallet.String()
	}
	done, err := auditing.Do(ctx, c.office, actor, access.Correct, act, func(ctx context.Context, s Stores, now time.Time, act *audit.Act) (made, error) {
		if err := cmp.Or(cmd.Key.Valid(), validReason(cmd.Reason)); err != nil {
			return made{}, err
		}
		change := cmd.change(actor.User, wallet)
		change.Claim, change.Hash = idem.Claim{Actor: actor.User, Key: cmd.Key}, cmd.hash()
		return c.adjustOrAsk(ctx, s, now, actor, change, unknown, act)
	})
	if err != nil {
		return Result{}, err
	}
	return c.result(ctx, done)
}

// whose finds the wallet that is to be adjusted.
func (c *Correcting) whose(ctx context.Context, cmd Adjustment) (ledger.WalletID, error) {
	if cmd.Wallet.IsZero() == (cmd.Email == "") {
		return ledger.WalletID{}, ErrWhom
	}
	if cmd.Email == "" {
		return cmd.Wallet, nil
	}
	found, err := c.read.Roster.ByEmails(ctx, []user.Email{cmd.Email})
	if err != nil {
		return ledger.WalletID{}, fmt.Errorf("find owner of wallet: %w", err)
	}
	u, known := found[cmd.Email]
	switch {
	case !known:
		return ledger.WalletID{}, user.ErrUnknown.At("email")
	case !u.Role.OwnsWallet():
		return ledger.WalletID{}, ledger.ErrWalletUnknown.At("email")
	}
	return u.Wallet, nil
}

func (cmd Adjustment) change(actor user.ID, wallet ledger.WalletID) ledger.Change {
	return ledger.Change{
		Actor: actor, Wallet: wallet, Fund: cmd.Fund, Amount: cmd.Amount, Kind: cmd.Kind, Expires: cmd.Expires, Memo: cmd.Reason,
	}
}

func (cmd Adjustment) hash() idem.Hash {
	return idem.HashOf("adjustment", cmd.Wallet.String(), string(cmd.Email), string(cmd.Fund), figure(cmd.Amount), string(cmd.Kind),
		strconv.Itoa(int(cmd.Expires)), cmd.Reason)
}

// adjustOrAsk makes the adjustment, or gives up the book on which it was tried and asks for it.
func (c *Correcting) adjustOrAsk(ctx context.Context, s Stores, now time.Time, actor access.Actor, change ledger.Change, unknown error, act *audit.Act) (made, error) {
	book, before, err := openChange(ctx, s, now, change)
	if err != nil {
		return made{}, err
	}
	if result, found, err := book.Replay(change.Claim, change.Hash); found || err != nil {
		act.Outcome = auditing.Replayed
		return made{result, true}, err
	}
	if unknown != nil {
		return made{}, unknown
	}
	receipt, err := adjust(ctx, s, book, change)
	if err != nil {
		return made{}, err
	}
	today, err := adjustedToday(ctx, s, now, change)
	if err != nil {
		return made{}, err
	}
	if today+receipt.Amount <= book.Rules.CorrectAlone {
		sayChange(act, change, before, receipt)
		return made{id: receipt.Entry}, c.write(ctx, s, book)
	}
	wish, err := askAdjustment(change)
	if err != nil {
		return made{}, err
	}
	request, err := c.ask(ctx, s, now, actor, wish, keyed{change.Claim, change.Hash, unissuedOf(change.Fund)}, act)
	return made{id: request.ID}, err
}

// openChange opens the book of a change, with what the wallet has before it.
func openChange(ctx context.Context, s Stores, now time.Time, change ledger.Change) (*ledger.Book, money.Points, error) {
	book, err := s.Ledger.Open(ctx, now, wantsOf(change))
	if err != nil {
		return nil, 0, fmt.Errorf("open book of wallet %s: %w", change.Wallet, err)
	}
	return book, balanceIn(book, change.Wallet), nil
}

func wantsOf(change ledger.Change) ledger.Want {
	want := ledger.Want{Wallets: []ledger.WalletID{change.Wallet}, Pots: unissuedOf(change.Fund)}
	if change.Claim.Key != "" {
		want.Claims = []idem.Claim{change.Claim}
	}
	return want
}

func unissuedOf(code fund.Code) []ledger.Pot {
	return []ledger.Pot{{Account: ledger.Account{Kind: ledger.Unissued}, Fund: code}}
}

func balanceIn(book *ledger.Book, wallet ledger.WalletID) money.Points {
	w, err := book.Wallet(wallet)
	if err != nil {
		return 0
	}
	return w.Balance
}

// adjust decides on a book. A closed fund takes points back but gives none, as with grants.
func adjust(ctx context.Context, s Stores, book *ledger.Book, change ledger.Change) (ledger.Receipt, error) {
	if change.Amount > 0 {
		of, err := s.Treasury.Get(ctx, change.Fund)
		if err != nil {
			return ledger.Receipt{}, err
		}
		if err := of.Open(); err != nil {
			return ledger.Receipt{}, err
		}
	}
	return book.Adjust(change)
}

// adjustedToday sums what the wallet was adjusted by on this day, whoever did it and in whichever direction: it counts
// towards what one administrator may do alone, so that nobody gets by the limit in slices. Behind the wallet's lock the
// sum stays as it is.
func adjustedToday(ctx context.Context, s Stores, now time.Time, change ledger.Change) (money.Points, error) {
	sum, err := s.Ledger.Adjusted(ctx, change.Wallet, calendar.DayOf(now))
	if err != nil {
		return 0, fmt.Errorf("adjustments of wallet %s: %w", change.Wallet, err)
	}
	return sum, nil
}

func sayChange(act *audit.Act, change ledger.Change, before money.Points, receipt ledger.Receipt) {
	act.Before = map[string]string{"balance": figure(before)}
	act.After["entry"], act.After["balance"] = receipt.Entry.String(), figure(receipt.Balance)
	act.After["fund"], act.After["kind"], act.After["amount"] = string(change.Fund), string(change.Kind), figure(change.Amount)
}

// AdjustmentPreview is what an adjustment would do.
type AdjustmentPreview struct {
	Wallet       ledger.WalletID
	Before       money.Points // in the wallet
	After        money.Points
	FundBefore   money.Points // unissued in the fund
	FundAfter    money.Points
	Expires      calendar.Day // of points that go in
	Slices       []lot.Slice  // that go out
	Today        money.Points // what the wallet was adjusted by today already, which counts towards the limit
	Limit        money.Points // what one administrator does alone
	SecondPerson bool
	Kinds        map[lot.KindCode]lot.Kind
}

// PreviewAdjustment shows what an adjustment would do, without doing it.
func (c *Correcting) PreviewAdjustment(ctx context.Context, actor access.Actor, cmd Adjustment) (AdjustmentPreview, error) {
	if err := access.Allow(actor, access.Correct); err != nil {
		return AdjustmentPreview{}, err
	}
	wallet, err := c.whose(ctx, cmd)
	if err != nil {
		return AdjustmentPreview{}, err
	}
	change := cmd.change(actor.User, wallet)
	return usecase.Do(ctx, c.office.Unit, func(ctx context.Context, s Stores) (AdjustmentPreview, error) {
		now := c.office.Clock()
		book, err := s.Ledger.Peek(ctx, now, wantsOf(change))
		if err != nil {
			return AdjustmentPreview{}, fmt.Errorf("peek at wallet %s: %w", wallet, err)
		}
		unissued := unissuedOf(cmd.Fund)[0]
		preview := AdjustmentPreview{
			Wallet: wallet, Before: balanceIn(book, wallet), FundBefore: book.Balance(unissued), Limit: book.Rules.CorrectAlone, Kinds: book.Rules.Kinds,
		}
		receipt, err := adjust(ctx, s, book, change)
		if err != nil {
			return AdjustmentPreview{}, err
		}
		preview.After, preview.FundAfter, preview.Slices = receipt.Balance, book.Balance(unissued), receipt.Slices
		if preview.Today, err = adjustedToday(ctx, s, now, change); err != nil {
			return AdjustmentPreview{}, err
		}
		preview.SecondPerson = preview.Today+receipt.Amount > book.Rules.CorrectAlone
		if entries := book.Written().Entries; cmd.Amount > 0 {
			preview.Expires = entries[0].Postings[0].Points.Expires
		}
		return preview, nil
	})
}
