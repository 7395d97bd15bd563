package rest

import (
	"context"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/rewarding"
)

// PastFields are the period whose payments are replayed.
type PastFields struct {
	From  string `json:"from" format:"date" doc:"First day whose payments are replayed"`
	Until string `json:"until" format:"date" doc:"Last day, today at the latest; at most 400 days"`
}

type tryCampaignRequest struct {
	ID   string `path:"id" maxLength:"36"`
	Body PastFields
}

type tryDraftRequest struct {
	Body struct {
		PastFields
		Draft CampaignFields `json:"draft"`
	}
}

type whatIfAnswer struct {
	Body whatIfView
}

// whatIfView is what a campaign would have cost, and to whom it would have gone (+3).
type whatIfView struct {
	Payments    int64          `json:"payments" doc:"That would have earned something"`
	People      int64          `json:"people" doc:"Who would have"`
	Cost        money.Points   `json:"cost"`
	Wanted      money.Points   `json:"wanted" doc:"What it would have cost had the budget been large enough"`
	ExhaustedAt *string        `json:"exhausted_at" format:"date-time" nullable:"true" doc:"When the budget would have run out; null where it lasts"`
	Cut         cutsView       `json:"cut" doc:"How many payments each cap would have cut"`
	Median      money.Points   `json:"median" doc:"Of what a person gets"`
	Most        money.Points   `json:"most" doc:"That one person gets"`
	Tenths      []money.Points `json:"tenths" doc:"The cost by tenths of the people, those who get least first"`
	Days        []dayCostView  `json:"days"`
	Shops       []shopCostView `json:"shops" doc:"The largest cost first, at most 50"`
}

type cutsView struct {
	Payment int64 `json:"payment_max"`
	Person  int64 `json:"person_max"`
	Budget  int64 `json:"budget"`
}

// shopCostView is what payments at one shop would have cost.
type shopCostView struct {
	Shop     partyView    `json:"shop"`
	Payments int64        `json:"payments"`
	Base     money.Points `json:"base" doc:"Of those payments, what earned"`
	Cost     money.Points `json:"cost"`
}

func (c *contract) tryCampaign(ctx context.Context, actor access.Actor, in *tryCampaignRequest) (*whatIfAnswer, error) {
	id, err := campaignID(in.ID)
	if err != nil {
		return nil, err
	}
	return c.whatIf(ctx, actor, rewarding.WhatIfCommand{Campaign: id}, in.Body)
}

func (c *contract) tryDraft(ctx context.Context, actor access.Actor, in *tryDraftRequest) (*whatIfAnswer, error) {
	draft, err := in.Body.Draft.command()
	if err != nil {
		return nil, err
	}
	return c.whatIf(ctx, actor, rewarding.WhatIfCommand{Draft: draft}, in.Body.PastFields)
}

func (c *contract) whatIf(ctx context.Context, actor access.Actor, cmd rewarding.WhatIfCommand, past PastFields) (*whatIfAnswer, error) {
	var err error
	if cmd.Past, err = spanOf(past.From, past.Until); err != nil {
		return nil, err
	}
	outcome, err := c.WhatIf.Do(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	names, err := c.nameParties(ctx, actor, lo.Map(outcome.Shops, func(s cashback.ShopCost, _ int) ledger.Account { return ledger.WalletAccount(s.Wallet) })...)
	if err != nil {
		return nil, err
	}
	return &whatIfAnswer{whatIfView{
		Payments: outcome.Payments, People: outcome.People, Cost: outcome.Cost, Wanted: outcome.Wanted, ExhaustedAt: instantOr(outcome.Exhausted),
		Cut:    cutsView{outcome.Cut[cashback.ByPayment], outcome.Cut[cashback.ByPerson], outcome.Cut[cashback.ByBudget]},
		Median: outcome.Median, Most: outcome.Most, Tenths: outcome.People10[:], Days: viewDayCosts(outcome.Days),
		Shops: lo.Map(outcome.Shops, func(s cashback.ShopCost, _ int) shopCostView {
			return shopCostView{names.view(ledger.WalletAccount(s.Wallet), false), s.Payments, s.Base, s.Cost}
		}),
	}}, nil
}
