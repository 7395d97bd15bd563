package ledger

import (
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/idem"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

// The refusals of payments.
var (
	ErrOneself         = fault.Define(fault.Invalid, "payment_to_oneself", "自分自身には支払えません。")
	ErrDirection       = fault.Define(fault.Refused, "payment_direction", "この相手には支払えません。")
	ErrPaymentMax      = fault.Define(fault.Refused, "payment_over_limit", "1回の支払いの上限を超えています。")
	ErrTransfersOff    = fault.Define(fault.Refused, "transfers_disabled", "現在、個人間の送付はできません。")
	ErrTransferTime    = fault.Define(fault.Refused, "transfer_over_limit", "1回に送れる上限を超えています。")
	ErrTransferMonth   = fault.Define(fault.Refused, "transfer_over_monthly_limit", "今月送れる上限を超えています。")
	ErrCodeAmount      = fault.Define(fault.Refused, "code_amount_mismatch", "コードの金額と支払額が違います。")
	ErrCodeLimit       = fault.Define(fault.Refused, "code_over_limit", "このコードで一度に支払える上限を超えています。")
	ErrCodeNoWallet    = fault.Define(fault.Refused, "code_without_wallet", "このコードではポイントのやり取りはできません。")
	ErrCodePurpose     = fault.Define(fault.Refused, "code_wrong_purpose", "このコードはこの用途には使えません。")
	ErrPayerNotPresent = fault.Define(fault.Forbidden, "payer_not_present", "支払う人のコードが必要です。")
)

// Party names one side of an order: by wallet, or by a code of it.
type Party struct {
	Wallet WalletID
	Code   user.Token
}

// Order asks for a payment (clause 4.3.1). The payer is either the actor's own wallet, or whoever presents a
// one-time code to the actor, who then is the payee.
type Order struct {
	Claim  idem.Claim
	Hash   idem.Hash
	Actor  user.ID
	Own    WalletID // the wallet the actor acts on
	Payer  Party
	Payee  Party
	Amount money.Points // zero takes the amount of an amount-embedded code
	Memo   string
}

// Wants names what the ledger must open for the order.
func (o Order) Wants(want *Want) {
	want.Wallets = append(want.Wallets, o.Own)
	for _, p := range []Party{o.Payer, o.Payee} {
		if p.Code != "" {
			want.Codes = append(want.Codes, p.Code)
		} else {
			want.Wallets = append(want.Wallets, p.Wallet)
		}
	}
	if o.Claim.Key != "" {
		want.Claims = append(want.Claims, o.Claim)
	}
	want.Payments = append(want.Payments, Parties{o.Payer, o.Payee})
}

// Receipt tells what an act did.
type Receipt struct {
	Entry    EntryID
	Replayed bool // the act was done before under the same key; only Entry is filled in
	Type     EntryType
	Amount   money.Points
	Payer    WalletID
	Payee    WalletID
	At       time.Time
	Balance  money.Points // of the payer afterwards, or of the receiver where a pot paid
	Slices   []lot.Slice  // the lots that went, in the order in which they went
	Awards   []cashback.Award
	Cashback money.Points // returned at once, and counted in both balances

	PayeeBalance money.Points
}

// Pay moves points from the payer to the payee, drawing the payer's lots in the order of precedence. A refused
// order leaves the book as it was. A payee who is a resident makes it a transfer, with its limits. What a resident
// pays at a merchant earns what the offers in force give.
//
// Clauses 4.3.1–4.3.3, 4.3.5 and 4.5.3.
func (b *Book) Pay(o Order) (Receipt, error) {
	if o.Claim.Key != "" {
		if result, found, err := b.Replay(o.Claim, o.Hash); found || err != nil {
			return Receipt{Entry: EntryID(result), Replayed: true}, err
		}
	}
	payer, payerCode, err := b.party(o.Payer)
	if err != nil {
		return Receipt{}, err
	}
	payee, payeeCode, err := b.party(o.Payee)
	if err != nil {
		return Receipt{}, err
	}
	if err := consented(o, payer, payerCode); err != nil {
		return Receipt{}, err
	}
	amount, err := agreed(o.Amount, payeeCode)
	if err != nil {
		return Receipt{}, err
	}
	if payerCode != nil && payerCode.AmountMax > 0 && amount > payerCode.AmountMax {
		return Receipt{}, ErrCodeLimit.With("limit", int64(payerCode.AmountMax))
	}
	if payer.ID == payee.ID {
		return Receipt{}, ErrOneself
	}
	if payee.Closed {
		return Receipt{}, ErrWalletClosed
	}
	entryType, usable, err := b.direction(payer, payee, amount)
	if err != nil {
		return Receipt{}, err
	}
	slices, err := lot.Draw(usable, amount, b.Rules.Precedence, b.Rules.Kinds, b.today)
	if err != nil {
		return Receipt{}, err
	}

	e := b.entry(entryType, o.Actor, o.Memo)
	for _, slice := range slices {
		b.pass(e, payer, payee, slice)
	}
	awards := b.reward(e, payer, payee, slices)
	b.finish(e)
	if entryType == Transfer {
		month, sent := b.sent(payer)
		payer.SentMonth, payer.Sent = month, sent+amount
	}
	b.use(payerCode, e.ID)
	b.use(payeeCode, e.ID)
	if o.Claim.Key != "" {
		b.Keep(o.Claim, o.Hash, e.ID)
	}
	return Receipt{
		Entry: e.ID, Type: entryType, Amount: amount, Payer: payer.ID, Payee: payee.ID,
		At: b.Now, Balance: payer.Balance, Slices: slices, Awards: awards, Cashback: e.Cashback(), PayeeBalance: payee.Balance,
	}, nil
}

// party finds the wallet of one side and, where it was named by a code, the code, which must be usable.
func (b *Book) party(p Party) (*Wallet, *user.Code, error) {
	if p.Code == "" {
		w, err := b.Wallet(p.Wallet)
		return w, nil, err
	}
	code, known := b.codes[p.Code]
	if !known {
		return nil, nil, user.ErrCodeUnknown
	}
	if err := code.Usable(b.Now); err != nil {
		return nil, nil, err
	}
	if code.Wallet.IsZero() {
		return nil, nil, ErrCodeNoWallet
	}
	w, err := b.Wallet(code.Wallet)
	return w, code, err
}

// consented refuses to take points of somebody who neither acts nor presents a one-time code.
func consented(o Order, payer *Wallet, payerCode *user.Code) error {
	switch {
	case payer.ID == o.Own && payerCode == nil:
		return nil
	case payerCode == nil:
		return ErrPayerNotPresent
	case payerCode.Purpose != user.Presented:
		return ErrCodePurpose
	case o.Payee.Code != "" || o.Payee.Wallet != o.Own:
		return ErrPayerNotPresent
	}
	return nil
}

// agreed gives the amount that order and payee's code agree on. The limit of a standing code belongs to the code: it
// protects whoever scans a poster that hangs where anybody may change it. Who is paid by their wallet's identifier
// was chosen by hand in the app, and there Rules.PaymentMax alone is the limit, as between any two wallets.
func agreed(amount money.Points, code *user.Code) (money.Points, error) {
	switch {
	case code == nil:
	case code.Purpose == user.Presented:
		return 0, ErrCodePurpose
	case code.Purpose == user.Amount && amount != 0 && amount != code.Amount:
		return 0, ErrCodeAmount.With("amount", int64(code.Amount))
	case code.Purpose == user.Amount:
		amount = code.Amount
	case code.AmountMax > 0 && amount > code.AmountMax:
		return 0, ErrCodeLimit.With("limit", int64(code.AmountMax))
	}
	return amount, amount.Valid()
}

// direction decides what kind of entry a payment is and which lots it may use.
func (b *Book) direction(payer, payee *Wallet, amount money.Points) (EntryType, []lot.Lot, error) {
	if amount > b.Rules.PaymentMax {
		return 0, nil, ErrPaymentMax.With("limit", int64(b.Rules.PaymentMax))
	}
	switch {
	case payee.Role == user.Merchant:
		return Payment, payer.Lots, nil
	case payer.Role != user.Resident:
		return 0, nil, ErrDirection
	}
	limits := b.Rules.Transfers
	if !limits.Allowed {
		return 0, nil, ErrTransfersOff
	}
	if amount > limits.PerTimeMax {
		return 0, nil, ErrTransferTime.With("limit", int64(limits.PerTimeMax))
	}
	if _, sent := b.sent(payer); sent+amount > limits.PerMonthMax {
		return 0, nil, ErrTransferMonth.With("limit", int64(limits.PerMonthMax)).With("sent", int64(sent))
	}
	transferable := make([]lot.Lot, 0, len(payer.Lots))
	for _, l := range payer.Lots {
		if b.Rules.Kinds[l.Kind].Transferable {
			transferable = append(transferable, l)
		}
	}
	return Transfer, transferable, nil
}

// month numbers the book's month in Japan.
func (b *Book) month() int32 {
	year, month, _ := b.Now.In(calendar.JST).Date()
	return int32(year)*12 + int32(month) - 1
}

// sent gives what the wallet has sent to residents, and in which month. An order that came in the last moment of a
// month and was overtaken counts in the month that has begun: were it to count in its own, the overtaker's points
// would be forgotten.
func (b *Book) sent(w *Wallet) (month int32, sent money.Points) {
	switch month = b.month(); w.SentMonth {
	case month, month + 1:
		return w.SentMonth, w.Sent
	}
	return month, 0
}

// use consumes a one-time code; a standing code stays.
func (b *Book) use(code *user.Code, by EntryID) {
	if code == nil || code.Purpose == user.Standing {
		return
	}
	code.UsedBy = by
	b.written.Used = append(b.written.Used, *code)
}
