package rest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/approval"
	"lovesaijo/usecase/approving"
)

type approvalsRequest struct {
	Paged
	State   string `query:"state" enum:"waiting,approved,refused,withdrawn,expired" doc:"Only in this state"`
	Action  string `query:"action" maxLength:"60"`
	Subject string `query:"subject" maxLength:"60" doc:"Only about this, for example an entry's identifier"`
}

type approvalsAnswer struct {
	Body struct {
		Approvals []ApprovalFields `json:"approvals" doc:"Newest first"`
		Next      string           `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type approvalRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type decisionRequest struct {
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Note string `json:"note,omitempty" maxLength:"200" doc:"A refusal says why"`
	}
}

type approvalAnswer struct {
	Body approvalView
}

// ApprovalFields are what lists show of a request.
type ApprovalFields struct {
	ID          string `json:"id" format:"uuid"`
	Action      string `json:"action" doc:"As in the trail"`
	Subject     string `json:"subject" doc:"What it is about"`
	Summary     string `json:"summary"`
	Reason      string `json:"reason"`
	RequestedBy string `json:"requested_by" format:"uuid"`
	RequestedAt string `json:"requested_at" format:"date-time"`
	ExpiresAt   string `json:"expires_at" format:"date-time"`
	State       string `json:"state" enum:"waiting,approved,refused,withdrawn,expired"`
}

type approvalView struct {
	ApprovalFields
	Payload   json.RawMessage `json:"payload" doc:"The act as it was asked for; what is approved is what is done"`
	DecidedBy string          `json:"decided_by,omitempty" format:"uuid"`
	DecidedAt *string         `json:"decided_at" format:"date-time" nullable:"true"`
	Note      string          `json:"note" doc:"Of whoever decided"`
	Result    string          `json:"result,omitempty" format:"uuid" doc:"What the act led to, for example its entry"`
}

// approvals are decided about by whoever may do what they ask for: the activity knows that for each action.
func (c *contract) approvals() {
	const tag, path = "approvals", "/v1/admin/approvals"
	needs := may(access.Correct)
	handle(c, route{
		method: http.MethodGet, path: path, id: "list-approvals", summary: "承認依頼の一覧を見る", tag: tag, needs: needs,
	}, func(ctx context.Context, actor access.Actor, in *approvalsRequest) (*approvalsAnswer, error) {
		state, _ := approval.ParseState(in.State) // the contract has seen to it
		found, err := c.Approving.List(ctx, actor, approval.Query{State: state, Action: in.Action, Subject: in.Subject, After: in.After, Limit: in.Limit})
		if err != nil {
			return nil, err
		}
		answer := &approvalsAnswer{}
		answer.Body.Approvals = lo.Map(found.Rows, func(r approval.Request, _ int) ApprovalFields { return viewApprovalFields(r) })
		answer.Body.Next = found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: path + "/{id}", id: "get-approval", summary: "承認依頼を見る", tag: tag, needs: needs,
	}, func(ctx context.Context, actor access.Actor, in *approvalRequest) (*approvalAnswer, error) {
		id, err := approvalID(in.ID)
		if err != nil {
			return nil, err
		}
		return viewApproval(c.Approving.Get(ctx, actor, id))
	})
	for _, way := range []struct {
		noun, id, summary string
		decide            func(*approving.Approving, context.Context, access.Actor, approval.ID, string) (approval.Request, error)
	}{
		{"approval", "approve", "承認する", (*approving.Approving).Approve},
		{"refusal", "refuse", "却下する", (*approving.Approving).Refuse},
		{"withdrawal", "withdraw-approval", "承認依頼を取り下げる", (*approving.Approving).Withdraw},
	} {
		handle(c, route{
			method: http.MethodPost, path: path + "/{id}/" + way.noun, id: way.id, summary: way.summary, tag: tag, needs: needs, status: http.StatusOK,
		}, func(ctx context.Context, actor access.Actor, in *decisionRequest) (*approvalAnswer, error) {
			id, err := approvalID(in.ID)
			if err != nil {
				return nil, err
			}
			return viewApproval(way.decide(c.Approving, ctx, actor, id, in.Body.Note))
		})
	}
}

func approvalID(text string) (id approval.ID, err error) {
	err = parse(&id, text, approval.ErrUnknown)
	return id, err
}

func viewApprovalFields(r approval.Request) ApprovalFields {
	return ApprovalFields{
		ID: r.ID.String(), Action: r.Action, Subject: r.Subject, Summary: r.Summary, Reason: r.Reason, RequestedBy: r.RequestedBy.String(),
		RequestedAt: instant(r.RequestedAt), ExpiresAt: instant(r.ExpiresAt), State: r.State.String(),
	}
}

func viewApproval(r approval.Request, err error) (*approvalAnswer, error) {
	if err != nil {
		return nil, err
	}
	return &approvalAnswer{approvalView{
		ApprovalFields: viewApprovalFields(r), Payload: r.Payload, DecidedBy: identifier(r.DecidedBy), DecidedAt: instantOr(r.DecidedAt), Note: r.Note,
		Result: identifier(approval.ID(r.Result)),
	}}, nil
}
