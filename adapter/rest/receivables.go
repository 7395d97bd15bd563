package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/correcting"
)

type receivablesAnswer struct {
	Body struct {
		Receivables []receivableView `json:"receivables" doc:"The longest waiting first"`
	}
}

type receivableView struct {
	Debtor partyView `json:"debtor"`
	Fund   string    `json:"fund"`
	Amount money.Yen `json:"amount"`
	Since  string    `json:"since" format:"date-time" doc:"Since when something has been owed"`
}

type recoveryRequest struct {
	Keyed
	Wallet string `path:"wallet" maxLength:"36"`
	Body   struct {
		Fund   string       `json:"fund" maxLength:"20"`
		Amount money.Points `json:"amount" minimum:"1" maximum:"10000000000"`
		From   string       `json:"from" enum:"bank,points" doc:"bank: in cash, into the fund's account; points: out of the debtor's own"`
		Memo   string       `json:"memo,omitempty" maxLength:"100"`
	}
}

func (c *contract) receivables() {
	const tag = "corrections"
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/receivables", id: "list-receivables", summary: "未収金の一覧を見る", tag: tag, needs: may(access.Correct),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*receivablesAnswer, error) {
		owed, err := c.Correcting.Receivables(ctx, actor)
		if err != nil {
			return nil, err
		}
		debtors := lo.Map(owed, func(r ledger.ReceivableState, _ int) ledger.Account { return ledger.WalletAccount(r.Debtor) })
		names, err := c.nameParties(ctx, actor, debtors...)
		if err != nil {
			return nil, err
		}
		answer := &receivablesAnswer{}
		answer.Body.Receivables = lo.Map(owed, func(r ledger.ReceivableState, i int) receivableView {
			return receivableView{Debtor: names.view(debtors[i], false), Fund: string(r.Fund), Amount: r.Amount, Since: instant(r.Since)}
		})
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/receivables/{wallet}/recoveries", id: "recover", summary: "未収金の回収を記録する", tag: tag,
		needs: may(access.BookReceivable), repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *recoveryRequest) (*correctionAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		cmd := correcting.Recovery{
			Key: key, Fund: fund.Code(in.Body.Fund), Amount: in.Body.Amount, FromBank: in.Body.From == "bank", Memo: in.Body.Memo,
		}
		if err := parse(&cmd.Debtor, in.Wallet, ledger.ErrWalletUnknown); err != nil {
			return nil, err
		}
		return viewCorrection(c.Correcting.Recover(ctx, actor, cmd))
	})
}
