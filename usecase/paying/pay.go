// Package paying moves points from one owner to another: payments at shops, transfers between residents, and
// payments among merchants (clauses 4.3.1–4.3.3). It is the hot path of the platform; see the Teller.
package paying

import (
	"context"
	"strconv"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// ErrPayee refuses a command that names no one, or more than one, to be paid.
var ErrPayee = fault.Define(fault.Invalid, "payee_missing", "支払先をコードか財布の番号のどちらか一つで指定してください。")

// Command asks for a payment. The payee is named by code or by wallet; or, where a resident presents a one-time
// code to the acting merchant or clerk, the payer is named by that code and the payee is the merchant.
type Command struct {
	Key         idem.Key // not of a preview
	PayeeCode   user.Token
	PayeeWallet ledger.WalletID
	PayerCode   user.Token
	Amount      money.Points // zero takes the amount of a code that carries one
	Memo        string
}

// Result tells what a payment did.
type Result struct {
	Entry    ledger.EntryID
	Replayed bool // posted by an earlier request with the same key
	Type     ledger.EntryType
	At       time.Time
	Amount   money.Points
	Payer    ledger.WalletID
	Payee    ledger.WalletID
	Balance  money.Points // of the actor's wallet afterwards
	Slices   []Part
	Cashback money.Points // returned at once by the shop, and counted in Balance
	Awards   []cashback.NamedAward
}

// Part is what a payment took from one lot.
type Part struct {
	Lot    lot.ID
	Key    lot.Key // as the payer held it
	Amount money.Points
	Why    lot.Criterion // only in a preview: why this lot goes before the next one
}

// Pay posts payments.
type Pay struct {
	teller     *Teller
	statements ledger.Statements
	offers     cashback.Reader
}

// NewPay makes the activity.
func NewPay(teller *Teller, statements ledger.Statements, offers cashback.Reader) *Pay {
	return &Pay{teller, statements, offers}
}

// Do posts a payment once per key. A replay gives the result of the first time.
func (p *Pay) Do(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	if err := cmd.Key.Valid(); err != nil {
		return Result{}, err
	}
	order, err := cmd.order(actor)
	if err != nil {
		return Result{}, err
	}
	order.Claim = idem.Claim{Actor: actor.User, Key: cmd.Key}
	order.Hash = cmd.hash()
	receipt, err := p.teller.Submit(ctx, order)
	if err != nil {
		return Result{}, err
	}
	if receipt.Replayed {
		return p.replay(ctx, actor, receipt.Entry)
	}
	result := resultOf(receipt, actor)
	result.Awards, err = cashback.Name(ctx, p.offers, told(receipt.Awards, receipt.Payer, actor))
	return result, err
}

// order authorises the command and says it in the ledger's words.
func (cmd Command) order(actor access.Actor) (ledger.Order, error) {
	permission := access.Pay
	if cmd.PayerCode != "" {
		permission = access.MakeAmountCode
	}
	if err := access.Allow(actor, permission); err != nil {
		return ledger.Order{}, err
	}
	if err := ledger.ValidMemo(cmd.Memo); err != nil {
		return ledger.Order{}, err
	}
	named := 0
	for _, is := range []bool{cmd.PayeeCode != "", !cmd.PayeeWallet.IsZero(), cmd.PayerCode != ""} {
		if is {
			named++
		}
	}
	if named != 1 {
		return ledger.Order{}, ErrPayee
	}
	if cmd.Amount != 0 || cmd.PayeeCode == "" {
		if err := cmd.Amount.Valid(); err != nil {
			return ledger.Order{}, err
		}
	}
	order := ledger.Order{
		Actor: actor.User, Own: actor.Wallet, Amount: cmd.Amount, Memo: cmd.Memo,
		Payer: ledger.Party{Wallet: actor.Wallet}, Payee: ledger.Party{Code: cmd.PayeeCode, Wallet: cmd.PayeeWallet},
	}
	if cmd.PayerCode != "" {
		order.Payer, order.Payee = ledger.Party{Code: cmd.PayerCode}, ledger.Party{Wallet: actor.Wallet}
	}
	return order, nil
}

func (cmd Command) hash() idem.Hash {
	return idem.HashOf("payment", string(cmd.PayeeCode), cmd.PayeeWallet.String(), string(cmd.PayerCode),
		strconv.FormatInt(int64(cmd.Amount), 10), cmd.Memo)
}

// resultOf shows the receipt to the actor. The payer's balance is nobody else's to see.
func resultOf(receipt ledger.Receipt, actor access.Actor) Result {
	result := Result{
		Entry: receipt.Entry, Type: receipt.Type, At: receipt.At, Amount: receipt.Amount, Payer: receipt.Payer, Payee: receipt.Payee,
		Balance: receipt.Balance, Cashback: receipt.Cashback,
	}
	if receipt.Payer != actor.Wallet {
		result.Balance = receipt.PayeeBalance
		return result
	}
	result.Slices = make([]Part, len(receipt.Slices))
	for i, s := range receipt.Slices {
		result.Slices[i] = Part{Lot: s.Lot.ID, Key: s.Lot.Key, Amount: s.Amount}
	}
	return result
}

// told gives the awards that the actor is told of: what campaigns promised is between them and the payer.
func told(awards []cashback.Award, payer ledger.WalletID, actor access.Actor) []cashback.Award {
	if payer == actor.Wallet {
		return awards
	}
	return lo.Filter(awards, func(a cashback.Award, _ int) bool { return !a.Campaign })
}

// replay reads the result of a payment that was posted before.
func (p *Pay) replay(ctx context.Context, actor access.Actor, id ledger.EntryID) (Result, error) {
	entry, err := p.statements.Entry(ctx, id)
	if err != nil {
		return Result{}, err
	}
	line, err := p.statements.LineOf(ctx, actor.Wallet, id)
	if err != nil {
		return Result{}, err
	}
	forward := entry.Forward()
	result := Result{
		Entry: id, Replayed: true, Type: entry.Type, At: entry.At, Amount: entry.Amount(), Balance: line.Balance, Cashback: entry.Cashback(),
		Payer: forward[0].Source.Owner, Payee: forward[0].Destination.Owner,
	}
	if result.Awards, err = p.earned(ctx, actor, &result); err != nil || result.Payer != actor.Wallet {
		return result, err
	}
	lots, err := p.statements.Lots(ctx, lo.Map(forward, func(posting ledger.Posting, _ int) lot.ID { return posting.SourceLot }))
	if err != nil {
		return Result{}, err
	}
	for _, posting := range forward {
		result.Slices = append(result.Slices, Part{Lot: posting.SourceLot, Key: lots[posting.SourceLot].Key, Amount: posting.Amount})
	}
	return result, nil
}

// earned reads what a payment earned, without what corrections have taken back since.
func (p *Pay) earned(ctx context.Context, actor access.Actor, result *Result) ([]cashback.NamedAward, error) {
	if result.Type != ledger.Payment {
		return nil, nil
	}
	awards, err := p.statements.Awards(ctx, result.Entry)
	if err != nil {
		return nil, err
	}
	given := lo.FilterMap(awards, func(a ledger.Awarded, _ int) (cashback.Award, bool) { return a.Award, a.Entry == result.Entry })
	return cashback.Name(ctx, p.offers, told(given, result.Payer, actor))
}

// Preview shows what a payment would do, without doing it or waiting for anyone (+2).
type Preview struct {
	unit   usecase.Unit[Stores]
	offers cashback.Reader
	clock  usecase.Clock
}

// NewPreview makes the activity.
func NewPreview(unit usecase.Unit[Stores], offers cashback.Reader, clock usecase.Clock) *Preview {
	return &Preview{unit, offers, clock}
}

// Do plans the payment on a book that is only read, and forgets it. The result has no entry; its parts say why.
func (p *Preview) Do(ctx context.Context, actor access.Actor, cmd Command) (Result, error) {
	order, err := cmd.order(actor)
	if err != nil {
		return Result{}, err
	}
	var awards []cashback.Award
	result, err := usecase.Do(ctx, p.unit, func(ctx context.Context, s Stores) (Result, error) {
		var want ledger.Want
		order.Wants(&want)
		book, err := s.Ledger.Peek(ctx, p.clock(), want)
		if err != nil {
			return Result{}, err
		}
		receipt, err := book.Pay(order)
		if err != nil {
			return Result{}, err
		}
		result := resultOf(receipt, actor)
		result.Entry = ledger.EntryID{}
		for i := range result.Slices {
			result.Slices[i].Why = receipt.Slices[i].Why
		}
		awards = told(receipt.Awards, receipt.Payer, actor)
		return result, nil
	})
	if err != nil {
		return Result{}, err
	}
	result.Awards, err = cashback.Name(ctx, p.offers, awards)
	return result, err
}
