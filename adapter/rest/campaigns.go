package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/usecase/rewarding"
)

const campaignsPath = "/v1/admin/campaigns"

type campaignRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type campaignDraftRequest struct {
	Body struct {
		CampaignFields
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type campaignChangeRequest struct {
	Versioned
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		CampaignFields
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type campaignPreviewRequest struct {
	Body CampaignFields
}

type campaignOpenRequest struct {
	Keyed
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Version int64  `json:"version,omitempty" minimum:"1" doc:"Of the draft that was looked at; without it the newest is opened"`
		Reason  string `json:"reason,omitempty" maxLength:"200"`
	}
}

type campaignEndRequest struct {
	ID   string `path:"id" maxLength:"36"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type campaignsRequest struct {
	Paged
	State    string `query:"state" enum:"draft,open,ended,paying,paid,dropped"`
	Merchant string `query:"merchant" maxLength:"36" doc:"The wallet of a shop where they hold"`
	On       string `query:"on" format:"date" doc:"A day of their period"`
}

type campaignsAnswer struct {
	Body struct {
		Campaigns []campaignView `json:"campaigns" doc:"Newest first"`
		Next      string         `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type campaignAnswer struct {
	ETag string `header:"ETag" doc:"The version, to be sent back as If-Match"`
	Body campaignView
}

type campaignDraftedAnswer struct {
	ETag string `header:"ETag" doc:"The version, to be sent back as If-Match"`
	Body struct {
		Campaign campaignView  `json:"campaign"`
		Warnings []warningView `json:"warnings" doc:"What ought to be looked at; it blocks nothing"`
	}
}

type campaignOpenedAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     campaignOpenedView
}

type currentAnswer struct {
	Body struct {
		Campaigns []currentView `json:"campaigns" doc:"Newest first: those that are open; to a shop only where they hold there"`
		Next      string        `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

func (c *contract) campaigns() {
	const tag = "cashback"
	manage := may(access.ManageCashback)
	handle(c, route{
		method: http.MethodGet, path: "/v1/campaigns", id: "list-current-campaigns", summary: "開催中のキャンペーンを見る", tag: tag, needs: may(access.SeeOwnHistory),
	}, func(ctx context.Context, actor access.Actor, in *struct{ Paged }) (*currentAnswer, error) {
		found, err := c.Campaigns.Current(ctx, actor, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &currentAnswer{}
		answer.Body.Campaigns, answer.Body.Next = lo.Map(found.Rows, func(c rewarding.Current, _ int) currentView { return viewCurrent(c) }), found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: campaignsPath, id: "list-campaigns", summary: "キャンペーンの一覧を見る", tag: tag, needs: manage,
	}, c.listCampaigns)
	handle(c, route{
		method: http.MethodPost, path: campaignsPath, id: "draft-campaign", summary: "キャンペーンを下書きする", tag: tag, needs: manage,
	}, func(ctx context.Context, actor access.Actor, in *campaignDraftRequest) (*campaignDraftedAnswer, error) {
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		cmd.Reason = in.Body.Reason
		made, err := c.Campaigns.Draft(ctx, actor, cmd)
		return c.drafted(ctx, actor, made, err)
	})
	handle(c, route{
		method: http.MethodPost, path: campaignsPath + "/preview", id: "preview-campaign", summary: "キャンペーンを前もって確かめる", tag: tag, needs: manage,
		status: http.StatusOK,
	}, c.previewCampaign)
	handle(c, route{
		method: http.MethodPost, path: campaignsPath + "/what-if", id: "try-draft", summary: "下書き前のキャンペーンを過去の支払いで試算する", tag: tag, needs: manage,
		status: http.StatusOK, patient: true,
	}, c.tryDraft)
	handle(c, route{
		method: http.MethodGet, path: campaignsPath + "/{id}", id: "get-campaign", summary: "キャンペーンを見る", tag: tag, needs: manage,
	}, func(ctx context.Context, actor access.Actor, in *campaignRequest) (*campaignAnswer, error) {
		id, err := campaignID(in.ID)
		if err != nil {
			return nil, err
		}
		campaign, err := c.Campaigns.Campaign(ctx, actor, id)
		return c.campaign(ctx, actor, campaign, err)
	})
	handle(c, route{
		method: http.MethodPut, path: campaignsPath + "/{id}", id: "change-campaign", summary: "キャンペーンの下書きを変える", tag: tag, needs: manage,
	}, func(ctx context.Context, actor access.Actor, in *campaignChangeRequest) (*campaignDraftedAnswer, error) {
		id, err := campaignID(in.ID)
		if err != nil {
			return nil, err
		}
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		cmd, err := in.Body.command()
		if err != nil {
			return nil, err
		}
		cmd.Reason = in.Body.Reason
		made, err := c.Campaigns.Change(ctx, actor, id, version, cmd)
		return c.drafted(ctx, actor, made, err)
	})
	handle(c, route{
		method: http.MethodDelete, path: campaignsPath + "/{id}", id: "drop-campaign", summary: "キャンペーンの下書きを捨てる", tag: tag, needs: manage,
	}, func(ctx context.Context, actor access.Actor, in *campaignRequest) (*nothing, error) {
		id, err := campaignID(in.ID)
		if err != nil {
			return nil, err
		}
		return nil, c.Campaigns.Drop(ctx, actor, id, "")
	})
	handle(c, route{
		method: http.MethodPost, path: campaignsPath + "/{id}/opening", id: "open-campaign", summary: "予算を確保してキャンペーンを始める", tag: tag, needs: manage,
		repeats: true,
	}, c.openCampaign)
	handle(c, route{
		method: http.MethodPost, path: campaignsPath + "/{id}/end", id: "end-campaign", summary: "キャンペーンを早めに終える", tag: tag, needs: manage,
		status: http.StatusOK,
	}, func(ctx context.Context, actor access.Actor, in *campaignEndRequest) (*campaignAnswer, error) {
		id, err := campaignID(in.ID)
		if err != nil {
			return nil, err
		}
		ended, err := c.Campaigns.End(ctx, actor, id, in.Body.Reason)
		return c.campaign(ctx, actor, ended, err)
	})
	handle(c, route{
		method: http.MethodGet, path: campaignsPath + "/{id}/standing", id: "get-campaign-standing", summary: "キャンペーンの予算の減り方を見る", tag: tag, needs: manage,
	}, c.campaignStanding)
	handle(c, route{
		method: http.MethodPost, path: campaignsPath + "/{id}/what-if", id: "try-campaign", summary: "キャンペーンを過去の支払いで試算する", tag: tag, needs: manage,
		status: http.StatusOK, patient: true,
	}, c.tryCampaign)
}

func campaignID(text string) (id cashback.OfferID, err error) {
	return id, parse(&id, text, cashback.ErrCampaignUnknown)
}

func (c *contract) listCampaigns(ctx context.Context, actor access.Actor, in *campaignsRequest) (*campaignsAnswer, error) {
	query := cashback.CampaignQuery{After: in.After, Limit: in.Limit}
	if state, known := cashback.ParseCampaignState(in.State); known {
		query.States = []cashback.CampaignState{state}
	}
	var err error
	if query.On, err = dayGiven(in.On, calendar.ErrDay.At("on")); err != nil {
		return nil, err
	}
	if in.Merchant != "" {
		if err := parse(&query.Merchant, in.Merchant, cashback.ErrCampaignPlaces.At("merchant")); err != nil {
			return nil, err
		}
	}
	found, err := c.Campaigns.List(ctx, actor, query)
	if err != nil {
		return nil, err
	}
	answer := &campaignsAnswer{}
	answer.Body.Campaigns, answer.Body.Next = lo.Map(found.Rows, func(c cashback.Campaign, _ int) campaignView { return viewCampaign(c) }), found.Next
	return answer, nil
}

// campaign shows one campaign with the shops that it names.
func (c *contract) campaign(ctx context.Context, actor access.Actor, campaign cashback.Campaign, err error) (*campaignAnswer, error) {
	if err != nil {
		return nil, err
	}
	view, err := c.viewNamed(ctx, actor, campaign)
	return &campaignAnswer{etag(campaign.Version), view}, err
}

func (c *contract) drafted(ctx context.Context, actor access.Actor, made rewarding.CampaignResult, err error) (*campaignDraftedAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &campaignDraftedAnswer{ETag: etag(made.Version)}
	answer.Body.Warnings = viewWarnings(made.Warnings)
	answer.Body.Campaign, err = c.viewNamed(ctx, actor, made.Campaign)
	return answer, err
}

func (c *contract) previewCampaign(ctx context.Context, actor access.Actor, in *campaignPreviewRequest) (*campaignPreviewAnswer, error) {
	cmd, err := in.Body.command()
	if err != nil {
		return nil, err
	}
	forecast, err := c.Campaigns.Preview(ctx, actor, cmd)
	if err != nil {
		return nil, err
	}
	return &campaignPreviewAnswer{campaignPreviewView{
		Warnings: viewWarnings(forecast.Warnings), Examples: viewExamples(forecast.Examples), Unissued: forecast.Unissued, Shortfall: forecast.Shortfall,
	}}, nil
}

func (c *contract) openCampaign(ctx context.Context, actor access.Actor, in *campaignOpenRequest) (*campaignOpenedAnswer, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	id, err := campaignID(in.ID)
	if err != nil {
		return nil, err
	}
	opened, err := c.Campaigns.Open(ctx, actor, rewarding.OpenCommand{Key: key, Campaign: id, Version: in.Body.Version, Reason: in.Body.Reason})
	if err != nil {
		return nil, err
	}
	answer := &campaignOpenedAnswer{Body: campaignOpenedView{
		ID: opened.ID.String(), Fund: string(opened.Fund), Budget: opened.Budget, OpenedBy: opened.OpenedBy.String(), OpenedAt: instant(opened.OpenedAt),
	}}
	answer.Status, answer.Replayed = replayed(opened.Replayed)
	return answer, nil
}

func (c *contract) campaignStanding(ctx context.Context, actor access.Actor, in *campaignRequest) (*campaignStandingAnswer, error) {
	id, err := campaignID(in.ID)
	if err != nil {
		return nil, err
	}
	standing, err := c.Campaigns.Standing(ctx, actor, id)
	if err != nil {
		return nil, err
	}
	return &campaignStandingAnswer{viewCampaignStanding(standing)}, nil
}
