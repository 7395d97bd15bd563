package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/charging"
	"lovesaijo/usecase/funding"
)

type chargeBody struct {
	ResidentCode string       `json:"resident_code" maxLength:"200" doc:"The resident's code, scanned by the shop"`
	Amount       money.Points `json:"amount" minimum:"1" maximum:"10000000000" doc:"The cash taken, in yen"`
	Memo         string       `json:"memo,omitempty" maxLength:"100"`
}

type chargeRequest struct {
	Keyed
	Body chargeBody
}

type chargePreviewRequest struct {
	Body chargeBody
}

type chargeAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     chargeView
}

type chargePreviewAnswer struct {
	Body chargeView
}

// chargeView is what was charged. The resident's balance is not the shop's to see.
type chargeView struct {
	EntryID   string       `json:"entry_id,omitempty" format:"uuid" doc:"None in a preview"`
	At        string       `json:"at" format:"date-time"`
	Amount    money.Points `json:"amount"`
	Resident  payeeView    `json:"resident"`
	Kind      string       `json:"kind"`
	Fund      string       `json:"fund"`
	ExpiresOn *string      `json:"expires_on" format:"date" nullable:"true"`
}

type tillAnswer struct {
	Body tillView
}

type tillView struct {
	Cash    money.Yen      `json:"cash" doc:"Taken and not handed in yet, in yen"`
	Since   *string        `json:"since" format:"date-time" nullable:"true" doc:"Since when there has been cash"`
	DueOn   *string        `json:"due_on" format:"date" nullable:"true" doc:"The last day to hand it in"`
	Overdue bool           `json:"overdue"`
	Funds   []tillFundView `json:"funds" doc:"By fund"`
}

type tillFundView struct {
	Fund    string    `json:"fund"`
	Cash    money.Yen `json:"cash"`
	Since   string    `json:"since" format:"date-time"`
	DueOn   string    `json:"due_on" format:"date"`
	Overdue bool      `json:"overdue"`
}

func (c *contract) charges() {
	const tag = "charges"
	handle(c, route{
		method: http.MethodPost, path: "/v1/charges", id: "charge", summary: "現金を受け取りチャージする", tag: tag, needs: may(access.Charge), repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *chargeRequest) (*chargeAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		cmd.Key = key
		result, err := c.Charging.Do(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		answer := &chargeAnswer{Body: viewCharge(result)}
		answer.Status, answer.Replayed = replayed(result.Replayed)
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/charges/preview", id: "preview-charge", summary: "チャージの結果を前もって見る", tag: tag,
		needs: may(access.Charge), status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *chargePreviewRequest) (*chargePreviewAnswer, error) {
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		result, err := c.Charging.Preview(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		return &chargePreviewAnswer{viewCharge(result)}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/till", id: "get-till", summary: "店頭の現金を見る", tag: tag, needs: may(access.SeeTill),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*tillAnswer, error) {
		tills, err := c.Accounts.Own(ctx, actor)
		if err != nil {
			return nil, err
		}
		return &tillAnswer{viewTill(tills)}, nil
	})
}

func (b chargeBody) command() (charging.Command, error) {
	token, err := tokenOf(b.ResidentCode, "resident_code")
	return charging.Command{ResidentCode: token, Amount: b.Amount, Memo: b.Memo}, err
}

func viewCharge(r charging.Result) chargeView {
	return chargeView{
		EntryID: identifier(r.Entry), At: instant(r.At), Amount: r.Amount, Resident: payeeView{r.Resident.String()},
		Kind: string(r.Points.Kind), Fund: string(r.Points.Fund), ExpiresOn: lastDay(r.Points.Expires),
	}
}

// viewTill sums a shop's tills. The tills come longest waiting first, so the first one says since when.
func viewTill(tills []funding.Till) tillView {
	v := tillView{Funds: lo.Map(tills, func(t funding.Till, _ int) tillFundView { return viewTillOf(t.Fund, t) })}
	for i, t := range tills {
		if i == 0 {
			v.Since, v.DueOn = instantOr(t.Since), lastDay(t.Due)
		}
		v.Cash += t.Cash
		v.Overdue = v.Overdue || t.Overdue
	}
	return v
}

func viewTillOf(fund lot.FundCode, t funding.Till) tillFundView {
	return tillFundView{Fund: string(fund), Cash: t.Cash, Since: instant(t.Since), DueOn: t.Due.String(), Overdue: t.Overdue}
}
