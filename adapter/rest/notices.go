package rest

import (
	"context"
	"net/http"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/event"
	"lovesaijo/domain/notice"
	"lovesaijo/usecase/informing"
)

type noticesRequest struct {
	Paged
}

type noticesAnswer struct {
	Body struct {
		Notices []noticeView `json:"notices" doc:"Newest first"`
		Unread  int          `json:"unread" doc:"In the whole inbox, up to 100"`
		Next    string       `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type noticeView struct {
	ID      string  `json:"id" format:"uuid"`
	At      string  `json:"at" format:"date-time"`
	Topic   string  `json:"topic" enum:"payment,transfer,charge,grant,expiry,correction,security"`
	Title   string  `json:"title"`
	Body    string  `json:"body"`
	EntryID string  `json:"entry_id,omitempty" format:"uuid" doc:"The entry it is about"`
	ReadAt  *string `json:"read_at" format:"date-time" nullable:"true"`
}

type noticeRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type preferencesAnswer struct {
	Body preferencesView
}

type preferencesRequest struct {
	Body struct {
		Switches []choiceView `json:"switches" maxItems:"64" doc:"Those not named go back to the standard"`
	}
}

type preferencesView struct {
	Switches []switchView `json:"switches"`
}

type choiceView struct {
	Topic   string `json:"topic" maxLength:"20"`
	Channel string `json:"channel" maxLength:"20"`
	Wanted  bool   `json:"wanted"`
}

type switchView struct {
	Topic   string `json:"topic" enum:"payment,transfer,charge,grant,expiry,correction,security"`
	Channel string `json:"channel" enum:"inbox,push,mail"`
	Wanted  bool   `json:"wanted"`
	Fixed   bool   `json:"fixed" doc:"Cannot be switched off"`
}

func (c *contract) notices() {
	const tag = "notices"
	handle(c, route{
		method: http.MethodGet, path: "/v1/notices", id: "list-notices", summary: "お知らせを見る", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, in *noticesRequest) (*noticesAnswer, error) {
		found, err := c.Informing.List(ctx, actor, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &noticesAnswer{}
		answer.Body.Notices, answer.Body.Unread, answer.Body.Next = lo.Map(found.Rows, viewNotice), found.Unread, found.Next
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/notices/{id}/reading", id: "read-notice", summary: "お知らせを既読にする", tag: tag, needs: signedIn,
		status: http.StatusNoContent,
	}, func(ctx context.Context, actor access.Actor, in *noticeRequest) (*nothing, error) {
		var id event.ID
		if err := parse(&id, in.ID, notice.ErrUnknown); err != nil {
			return nil, err
		}
		return nil, c.Informing.MarkRead(ctx, actor, id)
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/notices/preferences", id: "get-preferences", summary: "お知らせの設定を見る", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*preferencesAnswer, error) {
		switches, err := c.Informing.Switches(ctx, actor)
		return viewSwitches(switches), err
	})
	handle(c, route{
		method: http.MethodPut, path: "/v1/notices/preferences", id: "set-preferences", summary: "お知らせの設定を変える", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, in *preferencesRequest) (*preferencesAnswer, error) {
		preferences := notice.Preferences{}
		for _, s := range in.Body.Switches {
			preferences[notice.Choice{Topic: notice.Topic(s.Topic), Channel: notice.Channel(s.Channel)}] = s.Wanted
		}
		switches, err := c.Informing.Prefer(ctx, actor, preferences)
		return viewSwitches(switches), err
	})
}

func viewNotice(n notice.Notice, _ int) noticeView {
	return noticeView{
		ID: n.ID.String(), At: instant(n.At), Topic: string(n.Topic), Title: n.Title, Body: n.Body, EntryID: identifier(n.Entry),
		ReadAt: instantOr(n.ReadAt),
	}
}

func viewSwitches(switches []informing.Switch) *preferencesAnswer {
	return &preferencesAnswer{preferencesView{lo.Map(switches, func(s informing.Switch, _ int) switchView {
		return switchView{Topic: string(s.Topic), Channel: string(s.Channel), Wanted: s.Wanted, Fixed: s.Fixed}
	})}}
}
