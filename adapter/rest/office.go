package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/audit"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
)

type lapsingAllRequest struct {
	Paged
	Until    string `query:"until" format:"date" doc:"The last day to look at; without it, as the rules have it"`
	WalletID string `query:"wallet_id" maxLength:"36" doc:"Only of this wallet"`
}

type lapsingAllAnswer struct {
	Body struct {
		Until string        `json:"until" format:"date"`
		Lines []heldLotView `json:"lines" doc:"The soonest first"`
		Next  string        `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type heldLotView struct {
	Holder partyView `json:"holder"`
	Lot    lotView   `json:"lot"`
}

type sweepAnswer struct {
	Body struct {
		Wallets int          `json:"wallets"`
		Points  money.Points `json:"points"`
		More    bool         `json:"more" doc:"There are lapsed points left for the next sweep"`
	}
}

type trailRequest struct {
	Paged
	Action string `query:"action" maxLength:"60"`
	Target string `query:"target" maxLength:"60"`
	Actor  string `query:"actor" maxLength:"60"`
	From   string `query:"from" format:"date" doc:"First day"`
	Until  string `query:"until" format:"date" doc:"Last day"`
}

type trailAnswer struct {
	Body struct {
		Acts []actView `json:"acts" doc:"Newest first"`
		Next string    `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type actView struct {
	ID      string            `json:"id" format:"uuid"`
	At      string            `json:"at" format:"date-time"`
	Actor   string            `json:"actor,omitempty" format:"uuid"`
	Role    string            `json:"role"`
	Address string            `json:"address" doc:"Where the request came from"`
	Request string            `json:"request" doc:"Its identifier in the log"`
	Action  string            `json:"action"`
	Target  string            `json:"target"`
	Before  map[string]string `json:"before"`
	After   map[string]string `json:"after"`
	Reason  string            `json:"reason"`
	Outcome string            `json:"outcome" doc:"done, replayed or the code of the refusal"`
}

func (c *contract) office() {
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/lapsing", id: "list-lapsing", summary: "まもなく期限が切れるポイントの一覧を見る", tag: "rules",
		needs: may(access.SeeAnyHistory),
	}, c.listLapsing)
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/sweeps", id: "sweep", summary: "期限切れの処理を今行う", tag: "rules", needs: may(access.RunSweep), patient: true,
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*sweepAnswer, error) {
		sweep, err := c.Expiring.Order(ctx, actor)
		if err != nil {
			return nil, err
		}
		answer := &sweepAnswer{}
		answer.Body.Wallets, answer.Body.Points, answer.Body.More = sweep.Wallets, sweep.Points, sweep.More
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/audit", id: "list-acts", summary: "操作の記録を見る", tag: "audit", needs: may(access.SeeTrail),
	}, func(ctx context.Context, actor access.Actor, in *trailRequest) (*trailAnswer, error) {
		query := audit.Query{Action: in.Action, Target: in.Target, Actor: in.Actor, After: in.After, Limit: in.Limit}
		var err error
		if query.From, query.Until, err = days(in.From, in.Until); err != nil {
			return nil, err
		}
		acts, err := c.Trail.Acts(ctx, query)
		if err != nil {
			return nil, err
		}
		answer := &trailAnswer{}
		answer.Body.Acts, answer.Body.Next = lo.Map(acts.Rows, viewAct), acts.Next
		return answer, nil
	})
}

func (c *contract) listLapsing(ctx context.Context, actor access.Actor, in *lapsingAllRequest) (*lapsingAllAnswer, error) {
	query := ledger.LapsingQuery{After: in.After, Limit: in.Limit}
	var err error
	if query.Until, err = dayGiven(in.Until, calendar.ErrDay.At("until")); err != nil {
		return nil, err
	}
	if in.WalletID != "" {
		if err := parse(&query.Wallet, in.WalletID, ledger.ErrWalletUnknown.At("wallet_id")); err != nil {
			return nil, err
		}
	}
	soon, err := c.Lapsing.All(ctx, actor, query)
	if err != nil {
		return nil, err
	}
	rules, err := c.Rules.Rules(ctx)
	if err != nil {
		return nil, err
	}
	holders := lo.Map(soon.Rows, func(l ledger.HeldLot, _ int) ledger.Account { return ledger.WalletAccount(l.Wallet) })
	names, err := c.nameParties(ctx, actor, holders...)
	if err != nil {
		return nil, err
	}
	answer := &lapsingAllAnswer{}
	answer.Body.Until, answer.Body.Next = soon.Until.String(), soon.Next
	answer.Body.Lines = lo.Map(soon.Rows, func(l ledger.HeldLot, i int) heldLotView {
		return heldLotView{Holder: names.view(holders[i], false), Lot: viewLot(l.Lot, rules.Kinds)}
	})
	return answer, nil
}

func viewAct(act audit.Act, _ int) actView {
	return actView{
		ID: act.ID.String(), At: instant(act.At), Actor: identifier(act.Actor.User), Role: act.Actor.Role.String(), Address: act.Actor.Address,
		Request: act.Actor.Request, Action: act.Action, Target: act.Target, Before: orEmpty(act.Before), After: orEmpty(act.After),
		Reason: act.Reason, Outcome: act.Outcome,
	}
}

// orEmpty gives an empty object where there would be null.
func orEmpty(state map[string]string) map[string]string {
	if state == nil {
		return map[string]string{}
	}
	return state
}
