package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
)

type kindsAnswer struct {
	Body struct {
		Kinds []kindView `json:"kinds" doc:"By rank, retired ones as well"`
	}
}

type kindAnswer struct {
	Body kindView
}

type kindView struct {
	Code string `json:"code"`
	KindFields
}

// KindFields are what administrators decide about a kind (clause 4.2.2).
type KindFields struct {
	Name              string       `json:"name" maxLength:"40"`
	Rank              int32        `json:"rank" minimum:"-1000000" maximum:"1000000" doc:"Lower goes first"`
	Validity          validityView `json:"validity" doc:"At most one of its parts; none where points do not lapse"`
	ClearedAtMerchant bool         `json:"cleared_at_merchant" doc:"A shop's receipt takes the expiry away"`
	Transferable      bool         `json:"transferable" doc:"Residents may pass these points to one another"`
	Earns             *bool        `json:"earns,omitempty" default:"true" doc:"Paying with these points earns cashback"`
	Premium           bool         `json:"premium" required:"false" doc:"Given on top of a charge; the report on unused points shows them apart"`
	RetiredFrom       *string      `json:"retired_from" required:"false" format:"date" nullable:"true" doc:"From this day on no new points of the kind are made"`
}

type validityView struct {
	Months   int32  `json:"months,omitempty" minimum:"0" maximum:"120" doc:"The same day so many months later"`
	Days     int32  `json:"days,omitempty" minimum:"0" maximum:"3660" doc:"So many days later"`
	Until    string `json:"until,omitempty" format:"date" doc:"This very day"`
	YearEnds int32  `json:"year_ends,omitempty" minimum:"0" maximum:"10" doc:"31 March of the fiscal year; 1 is the running year"`
}

type saveKindRequest struct {
	Code string `path:"code" maxLength:"20"`
	Body struct {
		KindFields
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

func (c *contract) kinds() {
	const tag = "rules"
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/kinds", id: "list-kinds", summary: "ポイント種別の一覧を見る", tag: tag, needs: may(access.ManageKinds),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*kindsAnswer, error) {
		kinds, err := c.Ruling.Kinds(ctx, actor)
		if err != nil {
			return nil, err
		}
		answer := &kindsAnswer{}
		answer.Body.Kinds = lo.Map(kinds, func(k lot.Kind, _ int) kindView { return viewKind(k) })
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPut, path: "/v1/admin/kinds/{code}", id: "save-kind", summary: "ポイント種別を登録・変更する", tag: tag, needs: may(access.ManageKinds),
	}, func(ctx context.Context, actor access.Actor, in *saveKindRequest) (*kindAnswer, error) {
		kind, err := in.Body.kind(lot.KindCode(in.Code))
		if err != nil {
			return nil, err
		}
		saved, err := c.Ruling.SaveKind(ctx, actor, kind, in.Body.Reason)
		if err != nil {
			return nil, err
		}
		return &kindAnswer{viewKind(saved)}, nil
	})
}

func viewKind(k lot.Kind) kindView {
	return kindView{Code: string(k.Code), KindFields: KindFields{
		Name: k.Name, Rank: k.Rank, ClearedAtMerchant: k.ClearedAtMerchant, Transferable: k.Transferable, RetiredFrom: lastDay(k.Retired),
		Earns: &k.Earns, Premium: k.Premium, Validity: viewValidity(k.Validity),
	}}
}

func viewValidity(validity lot.Validity) validityView {
	v := validityView{Months: validity.Months, Days: validity.Days, YearEnds: validity.YearEnds}
	if validity.Until != 0 {
		v.Until = validity.Until.String()
	}
	return v
}

func (v validityView) validity() (lot.Validity, error) {
	until, err := dayGiven(v.Until, lot.ErrKindValidity.At("validity"))
	return lot.Validity{Months: v.Months, Days: v.Days, Until: until, YearEnds: v.YearEnds}, err
}

func (f KindFields) kind(code lot.KindCode) (lot.Kind, error) {
	validity, err := f.Validity.validity()
	if err != nil {
		return lot.Kind{}, err
	}
	retired, err := dayGiven(lo.FromPtr(f.RetiredFrom), calendar.ErrDay.At("retired_from"))
	if err != nil {
		return lot.Kind{}, err
	}
	if retired == 0 {
		retired = calendar.Never
	}
	return lot.Kind{
		Code: code, Name: f.Name, Rank: f.Rank, ClearedAtMerchant: f.ClearedAtMerchant, Transferable: f.Transferable, Retired: retired,
		Earns: lo.FromPtrOr(f.Earns, true), Premium: f.Premium, Validity: validity,
	}, nil
}
