package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/rewarding"
)

// RewardFields say what payments earn, under a programme or a campaign (clauses 4.5.1, 4.5.2 and 4.5.4).
type RewardFields struct {
	Rate       int32         `json:"rate" minimum:"1" maximum:"10000" doc:"Basis points: 100 is one percent"`
	Rounding   string        `json:"rounding,omitempty" enum:"down,nearest,up" doc:"Of a part of a point; down without it"`
	Kind       string        `json:"kind" maxLength:"20" doc:"Of the points that are returned"`
	Validity   *validityView `json:"validity,omitempty" doc:"Of those points; without it the kind's"`
	Earning    []string      `json:"earning,omitempty" maxItems:"50" doc:"Kinds that earn; without it all that earn at all"`
	PaymentMax money.Points  `json:"payment_max,omitempty" minimum:"1" maximum:"10000000000" doc:"Most that one payment earns; without it there is no cap"`
	PersonMax  money.Points  `json:"person_max,omitempty" minimum:"1" maximum:"10000000000" doc:"Most that one person earns while the offer lasts; without it there is no cap"`
}

// ProgrammeFields are what is entered.
type ProgrammeFields struct {
	Name string `json:"name" minLength:"1" maxLength:"40"`
	RewardFields
	From   string  `json:"from,omitempty" format:"date" doc:"Today without it"`
	Until  *string `json:"until" required:"false" format:"date" nullable:"true" doc:"The last day; null where no end is decided"`
	Reason string  `json:"reason,omitempty" maxLength:"200"`
}

type programmeRequest struct {
	Body ProgrammeFields
}

type adminProgrammeBody struct {
	MerchantID string `json:"merchant_id" maxLength:"36" doc:"The shop's wallet"`
	ProgrammeFields
}

type adminProgrammeRequest struct {
	Body adminProgrammeBody
}

type programmesRequest struct {
	Paged
}

type adminProgrammesRequest struct {
	Paged
	Merchant string `query:"merchant" maxLength:"36" doc:"The shop's wallet"`
}

type programmeEndRequest struct {
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Until  string `json:"until,omitempty" format:"date" doc:"The last day; today without it"`
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type programmesAnswer struct {
	Body struct {
		Programmes []programmeView `json:"programmes" doc:"Newest first, ended ones as well"`
		Next       string          `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type programmeAnswer struct {
	Body programmeView
}

type programmeEnteredAnswer struct {
	Body struct {
		Programme programmeView `json:"programme"`
		Warnings  []warningView `json:"warnings" doc:"What ought to be looked at; it blocks nothing"`
	}
}

type programmePreviewAnswer struct {
	Body struct {
		Warnings []warningView   `json:"warnings" doc:"What ought to be looked at; it blocks nothing"`
		Overlaps []programmeView `json:"overlaps" doc:"The shop's other programmes for which it would be refused"`
		Examples []exampleView   `json:"examples" doc:"What payments with points that earn would earn"`
	}
}

// programmeView is permanent cashback of one shop.
type programmeView struct {
	ID       string    `json:"id" format:"uuid"`
	Merchant partyView `json:"merchant"`
	Name     string    `json:"name"`
	RewardFields
	From      string  `json:"from" format:"date"`
	Until     *string `json:"until" format:"date" nullable:"true" doc:"The last day; null where no end is decided"`
	State     string  `json:"state" enum:"coming,in_force,ended,withdrawn"`
	CreatedAt string  `json:"created_at" format:"date-time"`
}

// warningView is something that is allowed and ought to be looked at.
type warningView struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// exampleView is what a payment would earn.
type exampleView struct {
	Amount money.Points `json:"amount"`
	Earned money.Points `json:"earned"`
	Cut    string       `json:"cut,omitempty" doc:"The cap that left less than was earned"`
}

func (c *contract) programmes() {
	const tag = "cashback"
	own, any := may(access.OwnCashback), may(access.ManageCashback)
	handle(c, route{
		method: http.MethodGet, path: "/v1/programmes", id: "list-own-programmes", summary: "自店の還元設定を見る", tag: tag, needs: own,
	}, func(ctx context.Context, actor access.Actor, in *programmesRequest) (*programmesAnswer, error) {
		return c.listProgrammes(ctx, actor, "", in.Paged)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/programmes", id: "enter-own-programme", summary: "自店の還元を始める", tag: tag, needs: own,
	}, func(ctx context.Context, actor access.Actor, in *programmeRequest) (*programmeEnteredAnswer, error) {
		return c.enterProgramme(ctx, actor, "", in.Body)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/programmes/preview", id: "preview-own-programme", summary: "自店の還元を前もって確かめる", tag: tag, needs: own,
		status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *programmeRequest) (*programmePreviewAnswer, error) {
		return c.previewProgramme(ctx, actor, "", in.Body)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/programmes/{id}/end", id: "end-own-programme", summary: "自店の還元を終える", tag: tag, needs: own,
		status: http.StatusOK,
	}, c.endProgramme)
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/programmes", id: "list-programmes", summary: "事業者の還元設定を見る", tag: tag, needs: any,
	}, func(ctx context.Context, actor access.Actor, in *adminProgrammesRequest) (*programmesAnswer, error) {
		return c.listProgrammes(ctx, actor, in.Merchant, in.Paged)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/programmes", id: "enter-programme", summary: "事業者の還元を始める", tag: tag, needs: any,
	}, func(ctx context.Context, actor access.Actor, in *adminProgrammeRequest) (*programmeEnteredAnswer, error) {
		return c.enterProgramme(ctx, actor, in.Body.MerchantID, in.Body.ProgrammeFields)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/programmes/preview", id: "preview-programme", summary: "事業者の還元を前もって確かめる", tag: tag, needs: any,
		status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *adminProgrammeRequest) (*programmePreviewAnswer, error) {
		return c.previewProgramme(ctx, actor, in.Body.MerchantID, in.Body.ProgrammeFields)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/programmes/{id}/end", id: "end-programme", summary: "事業者の還元を終える", tag: tag, needs: any,
		status: http.StatusOK,
	}, c.endProgramme)
}

func (c *contract) listProgrammes(ctx context.Context, actor access.Actor, merchant string, in Paged) (*programmesAnswer, error) {
	var shop user.WalletID
	if merchant != "" {
		if err := parse(&shop, merchant, ledger.ErrWalletUnknown.At("merchant")); err != nil {
			return nil, err
		}
	}
	found, err := c.Programmes.List(ctx, actor, shop, in.After, in.Limit)
	if err != nil {
		return nil, err
	}
	answer := &programmesAnswer{}
	answer.Body.Next = found.Next
	answer.Body.Programmes, err = c.viewProgrammes(ctx, actor, found.Rows...)
	return answer, err
}

func (c *contract) enterProgramme(ctx context.Context, actor access.Actor, merchant string, body ProgrammeFields) (*programmeEnteredAnswer, error) {
	cmd, err := body.command(merchant)
	if err != nil {
		return nil, err
	}
	made, err := c.Programmes.Enter(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	views, err := c.viewProgrammes(ctx, actor, made.Programme)
	if err != nil {
		return nil, err
	}
	answer := &programmeEnteredAnswer{}
	answer.Body.Programme, answer.Body.Warnings = views[0], viewWarnings(made.Warnings)
	return answer, nil
}

func (c *contract) previewProgramme(ctx context.Context, actor access.Actor, merchant string, body ProgrammeFields) (*programmePreviewAnswer, error) {
	cmd, err := body.command(merchant)
	if err != nil {
		return nil, err
	}
	forecast, err := c.Programmes.Preview(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	answer := &programmePreviewAnswer{}
	answer.Body.Warnings, answer.Body.Examples = viewWarnings(forecast.Warnings), viewExamples(forecast.Examples)
	answer.Body.Overlaps, err = c.viewProgrammes(ctx, actor, forecast.Overlaps...)
	return answer, err
}

func (c *contract) endProgramme(ctx context.Context, actor access.Actor, in *programmeEndRequest) (*programmeAnswer, error) {
	var id cashback.OfferID
	if err := parse(&id, in.ID, cashback.ErrProgrammeUnknown); err != nil {
		return nil, err
	}
	until, err := dayGiven(in.Body.Until, cashback.ErrPeriod.At("until"))
	if err != nil {
		return nil, err
	}
	ended, err := c.Programmes.End(ctx, actor, id, until, in.Body.Reason)
	if err != nil {
		return nil, err
	}
	views, err := c.viewProgrammes(ctx, actor, ended.Programme)
	if err != nil {
		return nil, err
	}
	if ended.Withdrawn {
		views[0].State = "withdrawn"
	}
	return &programmeAnswer{views[0]}, nil
}

// command says the body in the activity's words.
func (b ProgrammeFields) command(merchant string) (cmd rewarding.ProgrammeCommand, err error) {
	cmd = rewarding.ProgrammeCommand{Name: b.Name, Reason: b.Reason}
	if merchant != "" {
		if err = parse(&cmd.Merchant, merchant, ledger.ErrWalletUnknown.At("merchant_id")); err != nil {
			return cmd, err
		}
	}
	if cmd.Terms, err = b.terms(); err != nil {
		return cmd, err
	}
	cmd.Span, err = spanOf(b.From, lo.FromPtr(b.Until))
	return cmd, err
}

// spanOf reads a period; what is left out is zero.
func spanOf(from, until string) (span cashback.Span, err error) {
	if span.From, err = dayGiven(from, cashback.ErrPast.At("from")); err != nil {
		return span, err
	}
	span.Until, err = dayGiven(until, cashback.ErrPast.At("until"))
	return span, err
}

func (f RewardFields) terms() (cashback.Terms, error) {
	rounding, err := cashback.ParseRounding(f.Rounding)
	if err != nil {
		return cashback.Terms{}, err
	}
	terms := cashback.Terms{
		Rate: f.Rate, Rounding: rounding, Kind: lot.KindCode(f.Kind), PaymentMax: f.PaymentMax, PersonMax: f.PersonMax,
		Earning: lo.Map(f.Earning, func(code string, _ int) lot.KindCode { return lot.KindCode(code) }),
	}
	if f.Validity != nil {
		terms.Validity, err = f.Validity.validity()
	}
	return terms, err
}

func viewReward(t cashback.Terms) RewardFields {
	f := RewardFields{
		Rate: t.Rate, Rounding: t.Rounding.String(), Kind: string(t.Kind), PaymentMax: t.PaymentMax, PersonMax: t.PersonMax,
		Earning: lo.Map(t.Earning, func(code lot.KindCode, _ int) string { return string(code) }),
	}
	if t.Validity != (lot.Validity{}) {
		f.Validity = lo.ToPtr(viewValidity(t.Validity))
	}
	return f
}

func (c *contract) viewProgrammes(ctx context.Context, actor access.Actor, programmes ...cashback.Programme) ([]programmeView, error) {
	names, err := c.nameParties(ctx, actor, lo.Map(programmes, func(p cashback.Programme, _ int) ledger.Account {
		return ledger.WalletAccount(p.Merchant)
	})...)
	if err != nil {
		return nil, err
	}
	today := calendar.DayOf(c.Now())
	return lo.Map(programmes, func(p cashback.Programme, _ int) programmeView {
		v := programmeView{
			ID: p.ID.String(), Merchant: names.view(ledger.WalletAccount(p.Merchant), false), Name: p.Name, RewardFields: viewReward(p.Terms),
			From: p.Span.From.String(), Until: lastDay(p.Span.Until), State: "in_force", CreatedAt: instant(p.CreatedAt),
		}
		switch {
		case !p.Begun(today):
			v.State = "coming"
		case p.Over(today):
			v.State = "ended"
		}
		return v
	}), nil
}

func viewWarnings(warnings []cashback.WarningCode) []warningView {
	return lo.Map(warnings, func(w cashback.WarningCode, _ int) warningView { return warningView{string(w), w.Message()} })
}

func viewExamples(examples []rewarding.Example) []exampleView {
	return lo.Map(examples, func(e rewarding.Example, _ int) exampleView { return exampleView{e.Amount, e.Earned, string(e.Cut)} })
}
