package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/funding"
)

type tillsRequest struct {
	Overdue bool `query:"overdue" doc:"Only those that should have been emptied by now"`
}

type tillsAnswer struct {
	Body struct {
		Tills []shopTillView `json:"tills" doc:"The longest waiting first"`
	}
}

type shopTillView struct {
	Shop    partyView `json:"shop"`
	Fund    string    `json:"fund"`
	Cash    money.Yen `json:"cash"`
	Since   string    `json:"since" format:"date-time"`
	DueOn   string    `json:"due_on" format:"date"`
	Overdue bool      `json:"overdue"`
}

type remittanceRequest struct {
	Keyed
	WalletID string `path:"wallet_id" maxLength:"36"`
	Body     struct {
		Fund   string       `json:"fund" maxLength:"20"`
		Amount money.Points `json:"amount" minimum:"1" maximum:"10000000000" doc:"In yen"`
		Memo   string       `json:"memo,omitempty" maxLength:"100"`
	}
}

type trialRequest struct {
	At string `query:"at" format:"date-time" doc:"As it stood at that instant; now without it"`
}

type trialAnswer struct {
	Body struct {
		At       string         `json:"at" format:"date-time"`
		Funds    []positionView `json:"funds"`
		Cash     money.Yen      `json:"cash"`
		Assets   money.Yen      `json:"assets" doc:"Cash and what is owed"`
		Points   money.Points   `json:"points"`
		Balanced bool           `json:"balanced" doc:"Assets equal points in every fund"`
	}
}

func (c *contract) tills() {
	const tag = "funds"
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/tills", id: "list-tills", summary: "店頭の現金の一覧を見る", tag: tag, needs: may(access.SeeFunds),
	}, func(ctx context.Context, actor access.Actor, in *tillsRequest) (*tillsAnswer, error) {
		tills, err := c.Accounts.Tills(ctx, actor, in.Overdue)
		if err != nil {
			return nil, err
		}
		accounts := lo.Map(tills, func(t funding.Till, _ int) ledger.Account {
			return ledger.Account{Kind: ledger.Till, Owner: t.Merchant}
		})
		names, err := c.nameParties(ctx, actor, accounts...)
		if err != nil {
			return nil, err
		}
		answer := &tillsAnswer{}
		answer.Body.Tills = lo.Map(tills, func(t funding.Till, i int) shopTillView {
			return shopTillView{
				Shop: names.view(accounts[i], false), Fund: string(t.Fund), Cash: t.Cash, Since: instant(t.Since), DueOn: t.Due.String(),
				Overdue: t.Overdue,
			}
		})
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/tills/{wallet_id}/remittances", id: "record-remittance", summary: "店舗からの現金の引き渡しを記録する",
		tag: tag, needs: may(access.RecordRemittance), repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *remittanceRequest) (*cashAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd := funding.Command{Key: key, Fund: fund.Code(in.Body.Fund), Amount: in.Body.Amount, Memo: in.Body.Memo}
		if err := parse(&cmd.Merchant, in.WalletID, ledger.ErrWalletUnknown); err != nil {
			return nil, err
		}
		return viewCash(c.Funding.Remit(ctx, actor, cmd))
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/position", id: "get-position", summary: "試算表を見る", tag: tag, needs: may(access.SeeFunds),
	}, func(ctx context.Context, actor access.Actor, in *trialRequest) (*trialAnswer, error) {
		at, err := instantAt(in.At)
		if err != nil {
			return nil, err
		}
		position, err := c.Accounts.Position(ctx, actor, at)
		if err != nil {
			return nil, err
		}
		if position.At.IsZero() {
			position.At = c.Now()
		}
		answer := &trialAnswer{}
		answer.Body.At, answer.Body.Balanced, answer.Body.Funds = instant(position.At), true, []positionView{}
		for _, f := range position.Funds {
			answer.Body.Funds = append(answer.Body.Funds, viewPosition(f))
			answer.Body.Cash += f.Cash()
			answer.Body.Assets += f.Assets()
			answer.Body.Points += f.Points()
			answer.Body.Balanced = answer.Body.Balanced && int64(f.Assets()) == int64(f.Points())
		}
		return answer, nil
	})
}
