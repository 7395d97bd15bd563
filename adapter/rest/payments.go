package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/paying"
)

type paymentBody struct {
	PayeeCode   string       `json:"payee_code,omitempty" maxLength:"200" doc:"The scanned code of who is paid"`
	PayeeWallet string       `json:"payee_wallet,omitempty" maxLength:"36" doc:"The wallet that is paid, in place of a code. Limits of codes do not apply; payment_max of the rules does"`
	PayerCode   string       `json:"payer_code,omitempty" maxLength:"200" doc:"A resident's one-time code, scanned by the shop that is paid"`
	Amount      money.Points `json:"amount,omitempty" minimum:"1" maximum:"10000000000" doc:"May be left out where the code carries it"`
	Memo        string       `json:"memo,omitempty" maxLength:"100"`
}

type paymentRequest struct {
	Keyed
	Body paymentBody
}

type paymentPreviewRequest struct {
	Body paymentBody
}

type paymentAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     paymentView
}

type paymentView struct {
	EntryID  string       `json:"entry_id" format:"uuid"`
	Type     string       `json:"type" enum:"payment,transfer"`
	Amount   money.Points `json:"amount"`
	Balance  money.Points `json:"balance" doc:"Of one's own wallet afterwards"`
	At       string       `json:"at" format:"date-time"`
	Payee    payeeView    `json:"payee"`
	Slices   []sliceView  `json:"slices" doc:"The lots that went, in their order; empty for the shop that took the payment"`
	Cashback money.Points `json:"cashback" doc:"Returned at once by the shop; the balance has counted it"`
	Awards   []awardView  `json:"awards" doc:"What the offers in force gave, at once or for later; the shop sees what it returned itself"`
}

type payeeView struct {
	WalletID string `json:"wallet_id" format:"uuid"`
}

type sliceView struct {
	Kind      string       `json:"kind"`
	Fund      string       `json:"fund"`
	ExpiresOn *string      `json:"expires_on" format:"date" nullable:"true"`
	Hops      int32        `json:"hops"`
	Paid      bool         `json:"paid"`
	Amount    money.Points `json:"amount"`
	Why       string       `json:"why,omitempty" doc:"In a preview: the criterion that put these points first"`
}

type paymentPreviewAnswer struct {
	Body paymentPreviewView
}

type paymentPreviewView struct {
	Type         string       `json:"type" enum:"payment,transfer"`
	Amount       money.Points `json:"amount"`
	BalanceAfter money.Points `json:"balance_after"`
	Payee        partyView    `json:"payee"`
	Slices       []sliceView  `json:"slices"`
	Cashback     money.Points `json:"cashback" doc:"Would be returned at once by the shop; balance_after has counted it"`
	Awards       []awardView  `json:"awards" doc:"What the offers in force would give, at once or for later"`
}

func (c *contract) payments() {
	const tag = "payments"
	who := may(access.Pay, access.MakeAmountCode)
	handle(c, route{
		method: http.MethodPost, path: "/v1/payments", id: "pay", summary: "支払う・送る・受け取る", tag: tag, needs: who, repeats: true,
	}, c.pay)
	handle(c, route{
		method: http.MethodPost, path: "/v1/payments/preview", id: "preview-payment", summary: "支払いの結果を前もって見る", tag: tag,
		needs: who, status: http.StatusOK,
	}, c.previewPayment)
}

func (c *contract) pay(ctx context.Context, actor access.Actor, in *paymentRequest) (*paymentAnswer, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	cmd, err := in.Body.command()
	if err != nil {
		return nil, err
	}
	cmd.Key = key
	result, err := c.Pay.Do(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	answer := &paymentAnswer{Status: http.StatusCreated, Body: paymentView{
		EntryID: result.Entry.String(), Type: result.Type.String(), Amount: result.Amount, Balance: result.Balance,
		At: instant(result.At), Payee: payeeView{result.Payee.String()}, Slices: viewParts(result.Slices),
		Cashback: result.Cashback, Awards: viewAwards(result.Awards),
	}}
	answer.Status, answer.Replayed = replayed(result.Replayed)
	return answer, nil
}

func (c *contract) previewPayment(ctx context.Context, actor access.Actor, in *paymentPreviewRequest) (*paymentPreviewAnswer, error) {
	cmd, err := in.Body.command()
	if err != nil {
		return nil, err
	}
	result, err := c.PreviewPayment.Do(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	payee := ledger.WalletAccount(result.Payee)
	names, err := c.nameParties(ctx, actor, payee)
	if err != nil {
		return nil, err
	}
	return &paymentPreviewAnswer{paymentPreviewView{
		Type: result.Type.String(), Amount: result.Amount, BalanceAfter: result.Balance,
		Payee: names.view(payee, false), Slices: viewParts(result.Slices), Cashback: result.Cashback, Awards: viewAwards(result.Awards),
	}}, nil
}

// command says the body in the activity's words.
func (b paymentBody) command() (cmd paying.Command, err error) {
	cmd = paying.Command{Amount: b.Amount, Memo: b.Memo}
	if b.PayeeCode != "" {
		if cmd.PayeeCode, err = tokenOf(b.PayeeCode, "payee_code"); err != nil {
			return cmd, err
		}
	}
	if b.PayerCode != "" {
		if cmd.PayerCode, err = tokenOf(b.PayerCode, "payer_code"); err != nil {
			return cmd, err
		}
	}
	if b.PayeeWallet != "" {
		err = parse(&cmd.PayeeWallet, b.PayeeWallet, ledger.ErrWalletUnknown.At("payee_wallet"))
	}
	return cmd, err
}

// replayed gives status and header of an act that happens once per key.
func replayed(again bool) (status int, header string) {
	if again {
		return http.StatusOK, "true"
	}
	return http.StatusCreated, ""
}

// tokenOf reads a code that was scanned or typed: the token itself, or the address that a QR holds.
func tokenOf(text, field string) (user.Token, error) {
	token, err := user.ParseToken(text[strings.LastIndexByte(text, '/')+1:])
	if err != nil {
		return "", user.ErrToken.At(field)
	}
	return token, nil
}

func viewParts(parts []paying.Part) []sliceView {
	return lo.Map(parts, func(p paying.Part, _ int) sliceView {
		return sliceView{
			Kind: string(p.Key.Kind), Fund: string(p.Key.Fund), ExpiresOn: lastDay(p.Key.Expires), Hops: p.Key.Hops,
			Paid: p.Key.Paid, Amount: p.Amount, Why: string(p.Why),
		}
	})
}
