package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

// PayoutFilter narrows a list of payouts.
type PayoutFilter struct {
	State string `query:"state" maxLength:"60" doc:"States, separated by commas"`
	Claim string `query:"claim" maxLength:"36"`
}

type ownPayoutsRequest struct {
	PayoutFilter
	Paged
}

type payoutsRequest struct {
	PayoutFilter
	Wallet string `query:"wallet" maxLength:"36" doc:"Of one merchant"`
	File   string `query:"file" maxLength:"36"`
	Paged
}

// PayoutFields are a transfer as its merchant sees it.
type PayoutFields struct {
	ID         string       `json:"id" format:"uuid"`
	ClaimID    string       `json:"claim_id" format:"uuid"`
	Attempt    int          `json:"attempt" doc:"1 for the first; the account was put right before each further one"`
	Account    string       `json:"account" doc:"Masked"`
	Amount     money.Points `json:"amount"`
	Fee        money.Yen    `json:"fee"`
	Bearer     string       `json:"bearer" enum:"city,merchant" doc:"Who bears the fee"`
	Transfer   money.Yen    `json:"transfer" doc:"What the bank pays: the amount less a fee that the merchant bears"`
	Reference  string       `json:"reference" example:"LSP202611 S000123" doc:"It comes with the transfer where the merchant's bank passes it on"`
	State      string       `json:"state" enum:"exported,paid,returned,voided"`
	PaidOn     *string      `json:"paid_on" format:"date" nullable:"true"`
	ReturnedOn *string      `json:"returned_on" format:"date" nullable:"true"`
	Reason     string       `json:"reason" doc:"Why it came back"`
}

type payoutView struct {
	PayoutFields
	Merchant      partyView `json:"merchant"`
	FileID        string    `json:"file_id" format:"uuid"`
	Record        int       `json:"record" doc:"Its place among the file's transfers, from 1"`
	NewCode       int       `json:"new_code" enum:"0,1,2" doc:"新規コード: 1 first, 2 changed, 0 other"`
	EntryID       string    `json:"entry_id,omitempty" format:"uuid" doc:"That booked the payment"`
	ReturnEntryID string    `json:"return_entry_id,omitempty" format:"uuid" doc:"That booked its return"`
}

type ownPayoutsAnswer struct {
	Body struct {
		Payouts []PayoutFields `json:"payouts" doc:"Newest first"`
		Next    string         `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type payoutsAnswer struct {
	Body struct {
		Payouts []payoutView `json:"payouts" doc:"Newest first"`
		Next    string       `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type payRequest struct {
	Keyed
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		On string `json:"on,omitempty" format:"date" doc:"The day; without it the one that the file names"`
	}
}

type returnRequest struct {
	Keyed
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		On     string `json:"on,omitempty" format:"date" doc:"The day; without it today, or that of a payment that was recorded ahead"`
		Reason string `json:"reason" minLength:"1" maxLength:"200" doc:"As the bank says it; the merchant reads it"`
	}
}

type payoutAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     payoutView
}

// payouts registers transfers and what became of them.
func (c *contract) payouts() {
	const path = "/v1/admin/payouts"
	handle(c, route{
		method: http.MethodGet, path: "/v1/payouts", id: "list-own-payouts", summary: "振込の一覧を見る", tag: settlementTag, needs: may(access.SeeOwnSettlement),
	}, func(ctx context.Context, actor access.Actor, in *ownPayoutsRequest) (*ownPayoutsAnswer, error) {
		query, err := in.query(in.Paged)
		if err != nil {
			return nil, err
		}
		found, err := c.Settling.Payouts.List(ctx, actor, query)
		if err != nil {
			return nil, err
		}
		answer := &ownPayoutsAnswer{}
		answer.Body.Payouts, answer.Body.Next = lo.Map(found.Rows, func(p settling.Sent, _ int) PayoutFields { return viewPayout(p) }), found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: path, id: "list-payouts", summary: "全事業者の振込を見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, c.listPayouts)
	handle(c, route{
		method: http.MethodPost, path: path + "/{id}/payment", id: "pay-payout", summary: "振り込まれたことを記録する", tag: settlementTag, needs: may(access.Settle),
		repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *payRequest) (*payoutAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd := settling.PayCommand{Key: key}
		if cmd.On, err = dayGiven(in.Body.On, settlement.ErrPayoutDay.At("on")); err != nil {
			return nil, err
		}
		return c.recorded(ctx, actor, in.ID, func(id settlement.PayoutID) (settling.PayoutResult, error) {
			return c.Settling.Payouts.Pay(ctx, actor, id, cmd)
		})
	})
	handle(c, route{
		method: http.MethodPost, path: path + "/{id}/return", id: "return-payout", summary: "振込が戻ってきたことを記録する", tag: settlementTag, needs: may(access.Settle),
		repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *returnRequest) (*payoutAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd := settling.ReturnCommand{Key: key, Reason: in.Body.Reason}
		if cmd.On, err = dayGiven(in.Body.On, settlement.ErrPayoutDay.At("on")); err != nil {
			return nil, err
		}
		return c.recorded(ctx, actor, in.ID, func(id settlement.PayoutID) (settling.PayoutResult, error) {
			return c.Settling.Payouts.Return(ctx, actor, id, cmd)
		})
	})
}

func (c *contract) listPayouts(ctx context.Context, actor access.Actor, in *payoutsRequest) (*payoutsAnswer, error) {
	query, err := in.query(in.Paged)
	if err != nil {
		return nil, err
	}
	if in.Wallet != "" {
		if err := parse(&query.Merchant, in.Wallet, ledger.ErrWalletUnknown.At("wallet")); err != nil {
			return nil, err
		}
	}
	if in.File != "" {
		if err := parse(&query.File, in.File, settlement.ErrFileUnknown.At("file")); err != nil {
			return nil, err
		}
	}
	found, err := c.Settling.Payouts.List(ctx, actor, query)
	if err != nil {
		return nil, err
	}
	shown, err := c.viewPayouts(ctx, actor, found.Rows)
	if err != nil {
		return nil, err
	}
	answer := &payoutsAnswer{}
	answer.Body.Payouts, answer.Body.Next = shown, found.Next
	return answer, nil
}

// recorded shows what became of a payout.
func (c *contract) recorded(
	ctx context.Context, actor access.Actor, text string, act func(settlement.PayoutID) (settling.PayoutResult, error),
) (*payoutAnswer, error) {
	var id settlement.PayoutID
	if err := parse(&id, text, settlement.ErrPayoutUnknown); err != nil {
		return nil, err
	}
	result, err := act(id)
	if err != nil {
		return nil, err
	}
	shown, err := c.viewPayouts(ctx, actor, []settling.Sent{result.Sent})
	if err != nil {
		return nil, err
	}
	answer := &payoutAnswer{Body: shown[0]}
	answer.Status, answer.Replayed = replayed(result.Replayed)
	return answer, nil
}

func (f PayoutFilter) query(paged Paged) (settlement.PayoutQuery, error) {
	query := settlement.PayoutQuery{After: paged.After, Limit: paged.Limit}
	if f.State != "" {
		for name := range strings.SplitSeq(f.State, ",") {
			state, known := settlement.ParsePayoutState(name)
			if !known {
				return query, errStateName.At("state")
			}
			query.States = append(query.States, state)
		}
	}
	if f.Claim == "" {
		return query, nil
	}
	return query, parse(&query.Claim, f.Claim, settlement.ErrClaimUnknown.At("claim"))
}

func (c *contract) viewPayouts(ctx context.Context, actor access.Actor, payouts []settling.Sent) ([]payoutView, error) {
	shops, err := c.shopsOf(ctx, actor, lo.Map(payouts, func(p settling.Sent, _ int) ledger.WalletID { return p.Merchant }))
	if err != nil {
		return nil, err
	}
	return lo.Map(payouts, func(p settling.Sent, _ int) payoutView {
		return payoutView{
			PayoutFields: viewPayout(p), Merchant: shops(p.Merchant), FileID: p.File.String(), Record: p.Record, NewCode: int(p.New),
			EntryID: identifier(p.Entry), ReturnEntryID: identifier(p.ReturnEntry),
		}
	}), nil
}

func viewPayout(p settling.Sent) PayoutFields {
	v := PayoutFields{
		ID: p.ID.String(), ClaimID: p.Claim.String(), Attempt: p.Attempt, Account: p.Masked, Amount: p.Amount, Fee: p.Fee, Bearer: p.Bearer.String(),
		Transfer: p.Transfer, Reference: string(p.Reference), State: p.State.String(), Reason: p.Reason,
	}
	if p.PaidOn != 0 {
		v.PaidOn = lo.ToPtr(p.PaidOn.String())
	}
	if p.ReturnedOn != 0 {
		v.ReturnedOn = lo.ToPtr(p.ReturnedOn.String())
	}
	return v
}
