package rest

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/reading"
)

type walletAnswer struct {
	Body walletView
}

type walletView struct {
	ID          string       `json:"id" format:"uuid"`
	Balance     money.Points `json:"balance"`
	Usable      money.Points `json:"usable" doc:"The balance without points that have lapsed"`
	Lots        []lotView    `json:"lots" doc:"In the order of their last day"`
	LapsingSoon lapsingView  `json:"lapsing_soon"`
}

type lapsingView struct {
	Until  string       `json:"until" format:"date"`
	Amount money.Points `json:"amount"`
	Lots   int          `json:"lots" doc:"How many lots"`
}

type lapsingRequest struct {
	Paged
	Until string `query:"until" format:"date" doc:"The last day to look at; without it, as the rules have it"`
}

type lapsingAnswer struct {
	Body struct {
		Until string    `json:"until" format:"date"`
		Lines []lotView `json:"lines" doc:"The soonest first"`
		Next  string    `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

func (c *contract) wallet() {
	const tag = "wallet"
	handle(c, route{
		method: http.MethodGet, path: "/v1/wallet", id: "get-wallet", summary: "残高とポイントの内訳を見る", tag: tag, needs: may(access.SeeOwnHistory),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*walletAnswer, error) {
		return c.viewWallet(ctx, actor, actor.Wallet)
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/wallet/lapsing", id: "get-lapsing", summary: "まもなく期限が切れるポイントを見る", tag: tag,
		needs: may(access.SeeOwnHistory),
	}, func(ctx context.Context, actor access.Actor, in *lapsingRequest) (*lapsingAnswer, error) {
		until, err := dayGiven(in.Until, calendar.ErrDay.At("until"))
		if err != nil {
			return nil, err
		}
		soon, err := c.Lapsing.Own(ctx, actor, ledger.LapsingQuery{Until: until, After: in.After, Limit: in.Limit})
		if err != nil {
			return nil, err
		}
		rules, err := c.Rules.Rules(ctx)
		if err != nil {
			return nil, err
		}
		answer := &lapsingAnswer{}
		answer.Body.Until, answer.Body.Next = soon.Until.String(), soon.Next
		answer.Body.Lines = lo.Map(soon.Rows, func(l ledger.HeldLot, _ int) lotView { return viewLot(l.Lot, rules.Kinds) })
		return answer, nil
	})
}

func (c *contract) viewWallet(ctx context.Context, actor access.Actor, wallet ledger.WalletID) (*walletAnswer, error) {
	balance, err := c.Reading.Balance(ctx, actor, wallet)
	if err != nil {
		return nil, err
	}
	open := lo.Filter(balance.Wallet.Lots, func(l lot.Lot, _ int) bool { return l.Remaining > 0 })
	return &walletAnswer{walletView{
		ID: balance.Wallet.ID.String(), Balance: balance.Wallet.Balance, Usable: balance.Usable,
		Lots: viewLots(open, balance.Kinds), LapsingSoon: c.viewLapsing(balance),
	}}, nil
}

func (c *contract) viewLapsing(balance reading.Balance) lapsingView {
	return lapsingView{Until: balance.Soon.String(), Amount: balance.Lapsing, Lots: len(c.soon(balance))}
}

// soon gives the lots that the balance counts as lapsing.
func (c *contract) soon(balance reading.Balance) []lot.Lot {
	today := calendar.DayOf(c.Now())
	return lo.Filter(balance.Wallet.Lots, func(l lot.Lot, _ int) bool {
		return l.Remaining > 0 && l.LiveOn(today) && l.Expires <= balance.Soon
	})
}

func viewLots(lots []lot.Lot, kinds map[lot.KindCode]lot.Kind) []lotView {
	sorted := slices.SortedFunc(slices.Values(lots), func(a, b lot.Lot) int {
		if order := cmp.Compare(a.Expires, b.Expires); order != 0 {
			return order
		}
		return a.Since.Compare(b.Since)
	})
	return lo.Map(sorted, func(l lot.Lot, _ int) lotView { return viewLot(l, kinds) })
}
