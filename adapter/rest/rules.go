package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/ruling"
)

type rulesAnswer struct {
	ETag string `header:"ETag" doc:"The version, to be sent back as If-Match"`
	Body rulesView
}

type rulesView struct {
	Version int64 `json:"version"`
	RulesFields
}

// RulesFields are what administrators decide (clause 4.3.5, limits of design §10).
type RulesFields struct {
	Precedence   []string     `json:"precedence" maxItems:"8" doc:"The criteria in their order: kind_rank, expiry, free_first, oldest_first"`
	Transfers    limitsView   `json:"transfers" doc:"Of points among residents"`
	PaymentMax   money.Points `json:"payment_max" minimum:"1" maximum:"10000000000"`
	ChargeKind   string       `json:"charge_kind" maxLength:"20" doc:"Empty where nothing can be charged"`
	ChargeFund   string       `json:"charge_fund" maxLength:"20"`
	ChargeMax    money.Points `json:"charge_max" minimum:"1" maximum:"10000000000"`
	TillCashMax  money.Points `json:"till_cash_max" minimum:"1" maximum:"10000000000" doc:"Most cash that a till may hold; beyond it the shop takes no charges until it has brought cash to the bank"`
	TillDaysMax  int          `json:"till_days_max" minimum:"1" maximum:"365" doc:"Cash in a till longer than this is overdue"`
	SoonDays     int          `json:"soon_days" minimum:"1" maximum:"365" doc:"Points that lapse within so many days lapse soon"`
	BatchRowsMax int          `json:"batch_rows_max" minimum:"1" maximum:"1000000"`
	CorrectAlone money.Points `json:"correct_alone" minimum:"1" maximum:"10000000000" doc:"Largest correction that one administrator makes alone; above it a second one approves"`
}

type limitsView struct {
	Allowed     bool         `json:"allowed"`
	PerTimeMax  money.Points `json:"per_time_max" minimum:"1" maximum:"10000000000"`
	PerMonthMax money.Points `json:"per_month_max" minimum:"1" maximum:"10000000000"`
}

type amendRequest struct {
	Versioned
	Body struct {
		RulesFields
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type amendAnswer struct {
	Status int
	ETag   string `header:"ETag" doc:"The version in force, to be sent back as If-Match"`
	Body   amendedView
}

// amendedView shows the rules in force after an amendment, or while it waits.
type amendedView struct {
	State      string `json:"state" enum:"done,waiting" doc:"waiting: it raises correct_alone, so a second person must approve it first; the rules are the former ones"`
	ApprovalID string `json:"approval_id,omitempty" format:"uuid" doc:"Of the request that asks for it"`
	Version    int64  `json:"version"`
	RulesFields
}

type versionsAnswer struct {
	Body struct {
		Versions []versionView `json:"versions" doc:"Newest first"`
	}
}

type versionView struct {
	Version int64  `json:"version"`
	By      string `json:"by,omitempty" format:"uuid" doc:"The administrator; none for the first version"`
	At      string `json:"at" format:"date-time"`
	Reason  string `json:"reason"`
	RulesFields
}

type rulesPreviewRequest struct {
	Body struct {
		Amount     money.Points     `json:"amount" minimum:"1" maximum:"10000000000" doc:"Of the payment to try"`
		Precedence []string         `json:"precedence,omitempty" maxItems:"8" doc:"The draft; without it the order in force"`
		Ranks      map[string]int32 `json:"ranks,omitempty" doc:"Ranks of kinds that are to change"`
		WalletID   string           `json:"wallet_id,omitempty" maxLength:"36" doc:"A real wallet to try it on, in place of a sample"`
		Lots       []sampleLotView  `json:"lots,omitempty" maxItems:"50" doc:"A sample wallet"`
	}
}

type sampleLotView struct {
	Kind      string       `json:"kind" maxLength:"20"`
	Fund      string       `json:"fund,omitempty" maxLength:"20"`
	ExpiresOn string       `json:"expires_on,omitempty" format:"date"`
	Since     string       `json:"since,omitempty" format:"date-time"`
	Hops      int32        `json:"hops,omitempty" minimum:"0"`
	Paid      bool         `json:"paid,omitempty"`
	Remaining money.Points `json:"remaining" minimum:"1" maximum:"10000000000"`
}

type rulesPreviewAnswer struct {
	Body struct {
		Current   []drawnView  `json:"current" doc:"What would go under the rules in force"`
		Draft     []drawnView  `json:"draft" doc:"What would go under the draft"`
		Shortfall money.Points `json:"shortfall" doc:"What the wallet has too little; then both lists are empty"`
	}
}

// drawnView is what a payment would take from one lot, and why it goes before the next one.
type drawnView struct {
	Lot    lotView      `json:"lot"`
	Amount money.Points `json:"amount"`
	Why    string       `json:"why"`
}

func (c *contract) rules() {
	const tag = "rules"
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/rules", id: "get-rules", summary: "ポイントの決まりを見る", tag: tag, needs: may(access.ManageRules),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*rulesAnswer, error) {
		rules, err := c.Ruling.Rules(ctx, actor)
		return viewRules(rules), err
	})
	handle(c, route{
		method: http.MethodPut, path: "/v1/admin/rules", id: "amend-rules", summary: "ポイントの決まりを変える", tag: tag, needs: may(access.ManageRules),
		waits: true,
	}, func(ctx context.Context, actor access.Actor, in *amendRequest) (*amendAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		next := in.Body.rules()
		next.Version = version
		return viewAmended(c.Ruling.Amend(ctx, actor, next, in.Body.Reason))
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/rules/versions", id: "list-rules-versions", summary: "ポイントの決まりの履歴を見る", tag: tag,
		needs: may(access.ManageRules),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*versionsAnswer, error) {
		versions, err := c.Ruling.Versions(ctx, actor)
		if err != nil {
			return nil, err
		}
		answer := &versionsAnswer{}
		answer.Body.Versions = lo.Map(versions, func(v ledger.RulesVersion, _ int) versionView {
			return versionView{
				Version: v.Rules.Version, By: identifier(v.By), At: instant(v.At), Reason: v.Reason, RulesFields: viewRulesFields(v.Rules),
			}
		})
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/rules/preview", id: "preview-rules", summary: "使われる順番を試す", tag: tag, needs: may(access.ManageRules),
		status: http.StatusOK,
	}, c.previewRules)
}

func (c *contract) previewRules(ctx context.Context, actor access.Actor, in *rulesPreviewRequest) (*rulesPreviewAnswer, error) {
	draft := ruling.Draft{
		Precedence: precedenceOf(in.Body.Precedence), Amount: in.Body.Amount,
		Ranks: lo.MapKeys(in.Body.Ranks, func(_ int32, code string) lot.KindCode { return lot.KindCode(code) }),
	}
	if in.Body.WalletID != "" {
		if err := parse(&draft.Wallet, in.Body.WalletID, ledger.ErrWalletUnknown.At("wallet_id")); err != nil {
			return nil, err
		}
	}
	for _, sample := range in.Body.Lots {
		l, err := sample.lot(c.Now())
		if err != nil {
			return nil, err
		}
		draft.Lots = append(draft.Lots, l)
	}
	compared, err := c.PreviewRules.Compare(ctx, actor, draft)
	if err != nil {
		return nil, err
	}
	rules, err := c.Rules.Rules(ctx)
	if err != nil {
		return nil, err
	}
	answer := &rulesPreviewAnswer{}
	answer.Body.Current, answer.Body.Draft = viewDrawn(compared.Current, rules), viewDrawn(compared.Draft, rules)
	answer.Body.Shortfall = compared.Shortfall
	return answer, nil
}

func (s sampleLotView) lot(now time.Time) (lot.Lot, error) {
	expires, err := dayOr(s.ExpiresOn, calendar.Never)
	if err != nil {
		return lot.Lot{}, err
	}
	since, err := instantAt(s.Since)
	if err != nil {
		return lot.Lot{}, err
	}
	if since.IsZero() {
		since = now
	}
	return lot.Lot{
		Key:       lot.Key{Kind: lot.KindCode(s.Kind), Fund: lot.FundCode(s.Fund), Expires: expires, Hops: s.Hops, Paid: s.Paid},
		Remaining: s.Remaining, Since: since,
	}, nil
}

func viewDrawn(slices []lot.Slice, rules ledger.Rules) []drawnView {
	return lo.Map(slices, func(s lot.Slice, _ int) drawnView {
		return drawnView{Lot: viewLot(s.Lot, rules.Kinds), Amount: s.Amount, Why: string(s.Why)}
	})
}

func viewRules(r ledger.Rules) *rulesAnswer {
	return &rulesAnswer{ETag: etag(r.Version), Body: rulesView{Version: r.Version, RulesFields: viewRulesFields(r)}}
}

// viewAmended shows what came of an amendment: 200 where it was made, 202 where it waits.
func viewAmended(amended ruling.Amended, err error) (*amendAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &amendAnswer{Status: http.StatusOK, ETag: etag(amended.Rules.Version), Body: amendedView{
		State: "done", ApprovalID: identifier(amended.Request.ID), Version: amended.Rules.Version, RulesFields: viewRulesFields(amended.Rules),
	}}
	if amended.Waits() {
		answer.Status, answer.Body.State = http.StatusAccepted, amended.Request.State.String()
	}
	return answer, nil
}

func viewRulesFields(r ledger.Rules) RulesFields {
	return RulesFields{
		Precedence: lo.Map(r.Precedence, func(c lot.Criterion, _ int) string { return string(c) }),
		Transfers:  limitsView{Allowed: r.Transfers.Allowed, PerTimeMax: r.Transfers.PerTimeMax, PerMonthMax: r.Transfers.PerMonthMax},
		PaymentMax: r.PaymentMax, ChargeKind: string(r.ChargeKind), ChargeFund: string(r.ChargeFund), ChargeMax: r.ChargeMax,
		TillCashMax: r.TillCashMax, TillDaysMax: r.TillDaysMax, SoonDays: r.SoonDays, BatchRowsMax: r.BatchRowsMax,
		CorrectAlone: r.CorrectAlone,
	}
}

func (f RulesFields) rules() ledger.Rules {
	return ledger.Rules{
		Precedence: precedenceOf(f.Precedence), PaymentMax: f.PaymentMax,
		Transfers:  ledger.TransferLimits{Allowed: f.Transfers.Allowed, PerTimeMax: f.Transfers.PerTimeMax, PerMonthMax: f.Transfers.PerMonthMax},
		ChargeKind: lot.KindCode(f.ChargeKind), ChargeFund: lot.FundCode(f.ChargeFund), ChargeMax: f.ChargeMax,
		TillCashMax: f.TillCashMax, TillDaysMax: f.TillDaysMax, SoonDays: f.SoonDays, BatchRowsMax: f.BatchRowsMax,
		CorrectAlone: f.CorrectAlone,
	}
}

func precedenceOf(criteria []string) lot.Precedence {
	return lo.Map(criteria, func(c string, _ int) lot.Criterion { return lot.Criterion(c) })
}
