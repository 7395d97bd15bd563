package rest

import (
	"context"
	"net/http"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/granting"
)

// TermsFields are what every point of a grant is.
type TermsFields struct {
	Fund      string `json:"fund" maxLength:"20"`
	Kind      string `json:"kind" maxLength:"20"`
	ExpiresOn string `json:"expires_on,omitempty" format:"date" doc:"Without it as the kind has it"`
	Memo      string `json:"memo,omitempty" maxLength:"100"`
}

type grantBody struct {
	UserID string       `json:"user_id,omitempty" maxLength:"36" doc:"The recipient, or"`
	Email  string       `json:"email,omitempty" maxLength:"254"`
	Amount money.Points `json:"amount" minimum:"1" maximum:"10000000000"`
	TermsFields
}

type grantRequest struct {
	Keyed
	Body grantBody
}

type grantPreviewRequest struct {
	Body grantBody
}

type grantAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     grantView
}

type grantView struct {
	EntryID   string       `json:"entry_id" format:"uuid"`
	At        string       `json:"at" format:"date-time"`
	WalletID  string       `json:"wallet_id" format:"uuid"`
	Kind      string       `json:"kind"`
	Fund      string       `json:"fund"`
	ExpiresOn *string      `json:"expires_on" format:"date" nullable:"true"`
	Amount    money.Points `json:"amount"`
	Balance   money.Points `json:"balance" doc:"Of the wallet afterwards"`
}

type estimateAnswer struct {
	Body estimateView
}

// estimateView is what a grant would do to its fund.
type estimateView struct {
	Recipients int          `json:"recipients"`
	Total      money.Points `json:"total"`
	Before     money.Points `json:"before" doc:"Unissued in the fund now"`
	After      money.Points `json:"after" doc:"Unissued once it is granted; zero where the fund falls short"`
	Shortfall  money.Points `json:"shortfall"`
	ExpiresOn  *string      `json:"expires_on" format:"date" nullable:"true"`
}

func (c *contract) grants() {
	const tag = "grants"
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/grants", id: "grant", summary: "ポイントを給付する", tag: tag, needs: may(access.Grant), repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *grantRequest) (*grantAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		cmd.Key = key
		result, err := c.Granting.Do(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		answer := &grantAnswer{Body: grantView{
			EntryID: result.Entry.String(), At: instant(result.At), WalletID: result.Wallet.String(), Kind: string(result.Points.Kind),
			Fund: string(result.Points.Fund), ExpiresOn: lastDay(result.Points.Expires), Amount: result.Amount, Balance: result.Balance,
		}}
		answer.Status, answer.Replayed = replayed(result.Replayed)
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/grants/preview", id: "preview-grant", summary: "給付の結果を前もって見る", tag: tag, needs: may(access.Grant),
		status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *grantPreviewRequest) (*estimateAnswer, error) {
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		estimate, err := c.Granting.Preview(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		return &estimateAnswer{viewEstimate(estimate)}, nil
	})
}

func (b grantBody) command() (granting.Command, error) {
	terms, err := b.terms()
	cmd := granting.Command{Email: user.FoldEmail(b.Email), Amount: b.Amount, Terms: terms}
	if err == nil && b.UserID != "" {
		err = parse(&cmd.User, b.UserID, user.ErrUnknown.At("user_id"))
	}
	return cmd, err
}

func (f TermsFields) terms() (granting.Terms, error) {
	expires, err := dayGiven(f.ExpiresOn, lot.ErrExpiryPast.At("expires")) // zero takes the kind's default
	return granting.Terms{Fund: fund.Code(f.Fund), Kind: lot.KindCode(f.Kind), Expires: expires, Memo: f.Memo}, err
}

func viewEstimate(e granting.Estimate) estimateView {
	return estimateView{
		Recipients: e.Recipients, Total: e.Total, Before: e.Before, After: e.After, Shortfall: e.Shortfall, ExpiresOn: lastDay(e.Expires),
	}
}
