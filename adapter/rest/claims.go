package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

// ClaimFields are a claim as its merchant sees it.
type ClaimFields struct {
	ID        string       `json:"id" format:"uuid"`
	No        string       `json:"no" example:"S000123" doc:"For people; it stands in the reference of the transfer"`
	PeriodID  string       `json:"period_id" format:"uuid"`
	Amount    money.Points `json:"amount"`
	State     string       `json:"state" enum:"draft,claimed,confirmed,approved,exported,paid,returned,corrected,withdrawn,refused,superseded"`
	Offset    money.Points `json:"offset" doc:"Of the amount, what the shop keeps as cash of its till"`
	Payable   money.Points `json:"payable" doc:"Of the amount, what is transferred; a fee that the merchant bears is kept from it"`
	ClaimedAt *string      `json:"claimed_at" format:"date-time" nullable:"true"`
	EndedAt   *string      `json:"ended_at" format:"date-time" nullable:"true" doc:"Paid, withdrawn or refused"`
	Reason    string       `json:"reason" doc:"Why it was refused or withdrawn"`
	EntryID   string       `json:"entry_id,omitempty" format:"uuid" doc:"That moved the points; none of a draft"`
	CreatedAt string       `json:"created_at" format:"date-time"`
}

// claimFileView is a claim as the office sees it.
type claimFileView struct {
	ClaimFields
	Merchant    partyView `json:"merchant"`
	ClaimedBy   string    `json:"claimed_by,omitempty" format:"uuid"`
	ConfirmedBy string    `json:"confirmed_by,omitempty" format:"uuid"`
	ConfirmedAt *string   `json:"confirmed_at" format:"date-time" nullable:"true"`
	ApprovedBy  string    `json:"approved_by,omitempty" format:"uuid"`
	ApprovedAt  *string   `json:"approved_at" format:"date-time" nullable:"true"`
}

// errStateName refuses a state that nothing has.
var errStateName = fault.Define(fault.Invalid, "state_unknown", "状態の名前が正しくありません。")

// ClaimFilter narrows a list of claims.
type ClaimFilter struct {
	State  string `query:"state" maxLength:"120" doc:"States, separated by commas"`
	Period string `query:"period" maxLength:"36"`
}

type ownClaimsRequest struct {
	ClaimFilter
	Paged
}

type claimsRequest struct {
	ClaimFilter
	Wallet string `query:"wallet" maxLength:"36" doc:"Of one merchant"`
	Paged
}

type ownClaimsAnswer struct {
	Body struct {
		Claims []ClaimFields `json:"claims" doc:"Newest first"`
		Next   string        `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type claimsAnswer struct {
	Body struct {
		Claims []claimFileView `json:"claims" doc:"Newest first"`
		Next   string          `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type claimableAnswer struct {
	Body claimableView
}

// claimableView is what a merchant could claim now, and why it is not more (clause 4.4.2).
type claimableView struct {
	Period  *periodView        `json:"period,omitempty" doc:"The latest closed one; absent while there is none"`
	DraftID string             `json:"draft_id,omitempty" format:"uuid"`
	Due     money.Points       `json:"due" doc:"By its statement"`
	Claimed money.Points       `json:"claimed" doc:"Since its closing"`
	Held    money.Points       `json:"held" doc:"In lots that can be claimed"`
	Amount  money.Points       `json:"amount" doc:"What a claim of everything would be of"`
	Lots    []claimableLotView `json:"lots"`
}

type claimableLotView struct {
	Lot    lotView `json:"lot"`
	WhyNot string  `json:"why_not" enum:",never_passed_on,lapsed,not_a_merchant,not_yet_closed" doc:"Why it cannot be claimed; empty where it can. not_yet_closed: nothing more is due by the closed statements, so it waits for the next"`
}

type claimRequest struct {
	Keyed
	Body struct {
		Amount money.Points `json:"amount,omitempty" minimum:"1" maximum:"10000000000" doc:"Without it all that can be claimed"`
	}
}

type claimOneRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type endClaimRequest struct {
	Keyed
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type ownClaimAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     ClaimFields
}

type claimAnswer struct {
	Body claimFileView
}

type endedClaimAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     claimFileView
}

type verdictsRequest struct {
	Body struct {
		Claims []string `json:"claims" minItems:"1" maxItems:"500"`
	}
}

type verdictsAnswer struct {
	Body struct {
		Done     int           `json:"done"`
		Verdicts []verdictView `json:"verdicts" doc:"One for each claim, in the order of the request"`
	}
}

type verdictView struct {
	ID      string `json:"id" format:"uuid"`
	Done    bool   `json:"done"`
	State   string `json:"state,omitempty" doc:"The claim's, where it was done"`
	Code    string `json:"code,omitempty" doc:"Why it was not"`
	Message string `json:"message,omitempty"`
}

func (c *contract) claims() {
	handle(c, route{
		method: http.MethodGet, path: "/v1/claims", id: "list-own-claims", summary: "換金請求の一覧を見る", tag: settlementTag, needs: may(access.SeeOwnSettlement),
	}, func(ctx context.Context, actor access.Actor, in *ownClaimsRequest) (*ownClaimsAnswer, error) {
		query, err := in.query(in.Paged)
		if err != nil {
			return nil, err
		}
		found, err := c.Settling.Claims.List(ctx, actor, query)
		if err != nil {
			return nil, err
		}
		answer := &ownClaimsAnswer{}
		answer.Body.Claims, answer.Body.Next = lo.Map(found.Rows, func(claim settlement.Claim, _ int) ClaimFields { return viewClaim(claim) }), found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/claims/claimable", id: "get-claimable", summary: "請求できる額と、請求できないポイントの理由を見る", tag: settlementTag,
		needs: may(access.SeeOwnSettlement),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*claimableAnswer, error) {
		shown, err := c.Settling.Claims.Claimable(ctx, actor)
		if err != nil {
			return nil, err
		}
		return &claimableAnswer{viewClaimable(shown)}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/claims/{id}", id: "get-own-claim", summary: "換金請求を見る", tag: settlementTag, needs: may(access.SeeOwnSettlement),
	}, func(ctx context.Context, actor access.Actor, in *claimOneRequest) (*struct{ Body ClaimFields }, error) {
		claim, err := c.claimOf(ctx, actor, in.ID)
		if err != nil {
			return nil, err
		}
		return &struct{ Body ClaimFields }{viewClaim(claim)}, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/claims", id: "claim", summary: "換金を請求する", tag: settlementTag, needs: may(access.ClaimPoints), repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *claimRequest) (*ownClaimAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		return viewOwnClaim(c.Settling.Claims.Claim(ctx, actor, settling.ClaimCommand{Key: key, Amount: in.Body.Amount}))
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/claims/{id}/withdrawal", id: "withdraw-claim", summary: "換金請求を取り下げる", tag: settlementTag,
		needs: may(access.ClaimPoints), repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *endClaimRequest) (*ownClaimAnswer, error) {
		cmd, err := in.command()
		if err != nil {
			return nil, err
		}
		return viewOwnClaim(c.Settling.Claims.Withdraw(ctx, actor, cmd))
	})
	c.officeClaims()
}

// officeClaims registers what administrators do about claims.
func (c *contract) officeClaims() {
	const path = "/v1/admin/claims"
	handle(c, route{
		method: http.MethodGet, path: path, id: "list-claims", summary: "全事業者の換金請求を見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, c.listClaims)
	handle(c, route{
		method: http.MethodGet, path: path + "/{id}", id: "get-claim", summary: "換金請求を見る", tag: settlementTag, needs: may(access.SeeSettlement),
	}, func(ctx context.Context, actor access.Actor, in *claimOneRequest) (*claimAnswer, error) {
		return c.viewFile(ctx, actor, func() (settlement.Claim, error) { return c.claimOf(ctx, actor, in.ID) })
	})
	judge := func(name, id, summary string, act func(*settling.Claims, context.Context, access.Actor, settlement.ClaimID) (settlement.Claim, error)) {
		handle(c, route{
			method: http.MethodPost, path: path + "/{id}/" + name, id: id, summary: summary, tag: settlementTag, needs: may(access.Settle), status: http.StatusOK,
		}, func(ctx context.Context, actor access.Actor, in *claimOneRequest) (*claimAnswer, error) {
			return c.viewFile(ctx, actor, func() (claim settlement.Claim, err error) {
				var which settlement.ClaimID
				if err := parse(&which, in.ID, settlement.ErrClaimUnknown); err != nil {
					return claim, err
				}
				return act(c.Settling.Claims, ctx, actor, which)
			})
		})
	}
	judge("confirmation", "confirm-claim", "換金請求を確認する", (*settling.Claims).Confirm)
	judge("approval", "approve-claim", "換金請求を承認する（確認した人とは別の人）", (*settling.Claims).Approve)
	judgeAll := func(name, id, summary string, act func(*settling.Claims, context.Context, access.Actor, []settlement.ClaimID) ([]settling.Verdict, error)) {
		handle(c, route{
			method: http.MethodPost, path: path + "/" + name, id: id, summary: summary, tag: settlementTag, needs: may(access.Settle), status: http.StatusOK,
			patient: true,
		}, func(ctx context.Context, actor access.Actor, in *verdictsRequest) (*verdictsAnswer, error) {
			ids := make([]settlement.ClaimID, len(in.Body.Claims))
			for i, text := range in.Body.Claims {
				if err := parse(&ids[i], text, settlement.ErrClaimUnknown.At("claims")); err != nil {
					return nil, err
				}
			}
			return viewVerdicts(act(c.Settling.Claims, ctx, actor, ids))
		})
	}
	judgeAll("confirmations", "confirm-claims", "換金請求をまとめて確認する", (*settling.Claims).ConfirmAll)
	judgeAll("approvals", "approve-claims", "換金請求をまとめて承認する", (*settling.Claims).ApproveAll)
	handle(c, route{
		method: http.MethodPost, path: path + "/{id}/refusal", id: "refuse-claim", summary: "換金請求を差し戻す", tag: settlementTag, needs: may(access.Settle),
		repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *endClaimRequest) (*endedClaimAnswer, error) {
		cmd, err := in.command()
		if err != nil {
			return nil, err
		}
		result, err := c.Settling.Claims.Refuse(ctx, actor, cmd)
		if err != nil {
			return nil, err
		}
		shown, err := c.viewFile(ctx, actor, func() (settlement.Claim, error) { return result.Claim, nil })
		if err != nil {
			return nil, err
		}
		answer := &endedClaimAnswer{Body: shown.Body}
		answer.Status, answer.Replayed = replayed(result.Replayed)
		return answer, nil
	})
}

func (c *contract) listClaims(ctx context.Context, actor access.Actor, in *claimsRequest) (*claimsAnswer, error) {
	query, err := in.query(in.Paged)
	if err != nil {
		return nil, err
	}
	if in.Wallet != "" {
		if err := parse(&query.Merchant, in.Wallet, ledger.ErrWalletUnknown.At("wallet")); err != nil {
			return nil, err
		}
	}
	found, err := c.Settling.Claims.List(ctx, actor, query)
	if err != nil {
		return nil, err
	}
	shops, err := c.shopsOf(ctx, actor, lo.Map(found.Rows, func(claim settlement.Claim, _ int) ledger.WalletID { return claim.Merchant }))
	if err != nil {
		return nil, err
	}
	answer := &claimsAnswer{}
	answer.Body.Next = found.Next
	answer.Body.Claims = lo.Map(found.Rows, func(claim settlement.Claim, _ int) claimFileView { return viewClaimFile(claim, shops) })
	return answer, nil
}

func (c *contract) claimOf(ctx context.Context, actor access.Actor, text string) (settlement.Claim, error) {
	var id settlement.ClaimID
	if err := parse(&id, text, settlement.ErrClaimUnknown); err != nil {
		return settlement.Claim{}, err
	}
	return c.Settling.Claims.One(ctx, actor, id)
}

// viewFile shows a claim to the office.
func (c *contract) viewFile(ctx context.Context, actor access.Actor, of func() (settlement.Claim, error)) (*claimAnswer, error) {
	claim, err := of()
	if err != nil {
		return nil, err
	}
	shops, err := c.shopsOf(ctx, actor, []ledger.WalletID{claim.Merchant})
	if err != nil {
		return nil, err
	}
	return &claimAnswer{viewClaimFile(claim, shops)}, nil
}

func (f ClaimFilter) query(paged Paged) (settlement.ClaimQuery, error) {
	query := settlement.ClaimQuery{After: paged.After, Limit: paged.Limit}
	if f.State != "" {
		for name := range strings.SplitSeq(f.State, ",") {
			state, known := settlement.ParseClaimState(name)
			if !known {
				return query, errStateName.At("state")
			}
			query.States = append(query.States, state)
		}
	}
	if f.Period == "" {
		return query, nil
	}
	return query, parse(&query.Period, f.Period, settlement.ErrPeriodUnknown.At("period"))
}

func (r endClaimRequest) command() (settling.EndCommand, error) {
	key, err := r.key()
	if err != nil {
		return settling.EndCommand{}, err
	}
	cmd := settling.EndCommand{Key: key, Reason: r.Body.Reason}
	return cmd, parse(&cmd.Claim, r.ID, settlement.ErrClaimUnknown)
}

func viewOwnClaim(result settling.ClaimResult, err error) (*ownClaimAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &ownClaimAnswer{Body: viewClaim(result.Claim)}
	answer.Status, answer.Replayed = replayed(result.Replayed)
	return answer, nil
}

func viewClaim(c settlement.Claim) ClaimFields {
	return ClaimFields{
		ID: c.ID.String(), No: c.NoText(), PeriodID: c.Period.String(), Amount: c.Amount, State: c.State.String(), Offset: c.Amount - c.Payable(),
		Payable: c.Payable(), ClaimedAt: instantOr(c.ClaimedAt), EndedAt: instantOr(c.EndedAt), Reason: c.Reason, EntryID: identifier(c.Entry),
		CreatedAt: instant(c.CreatedAt),
	}
}

func viewClaimFile(c settlement.Claim, shops func(ledger.WalletID) partyView) claimFileView {
	return claimFileView{
		ClaimFields: viewClaim(c), Merchant: shops(c.Merchant), ClaimedBy: identifier(c.ClaimedBy), ConfirmedBy: identifier(c.ConfirmedBy),
		ConfirmedAt: instantOr(c.ConfirmedAt), ApprovedBy: identifier(c.ApprovedBy), ApprovedAt: instantOr(c.ApprovedAt),
	}
}

func viewClaimable(s settling.Claimable) claimableView {
	v := claimableView{DraftID: identifier(s.Draft), Due: s.Due, Claimed: s.Since, Held: s.Held, Amount: s.Amount}
	if !s.Period.ID.IsZero() {
		v.Period = lo.ToPtr(viewPeriod(s.Period))
	}
	v.Lots = lo.Map(s.Lots, func(l settling.ClaimableLot, _ int) claimableLotView {
		return claimableLotView{viewLot(l.Lot, s.Kinds), string(l.WhyNot)}
	})
	return v
}

func viewVerdicts(verdicts []settling.Verdict, err error) (*verdictsAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &verdictsAnswer{}
	for _, v := range verdicts {
		shown := verdictView{ID: v.Claim.ID.String(), Done: v.Fault == nil}
		if v.Fault == nil {
			shown.State = v.Claim.State.String()
			answer.Body.Done++
		} else {
			shown.Code, shown.Message = string(v.Fault.Code), v.Fault.Message
		}
		answer.Body.Verdicts = append(answer.Body.Verdicts, shown)
	}
	return answer, nil
}
