package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/signingin"
)

type signInRequest struct {
	Body struct {
		Email    string `json:"email" maxLength:"254" doc:"In any case; half-width"`
		Password string `json:"password" maxLength:"256" format:"password"`
	}
}

type refreshRequest struct {
	Body struct {
		RefreshToken string `json:"refresh_token" maxLength:"512"`
	}
}

type sessionAnswer struct {
	Body sessionView
}

type sessionView struct {
	AccessToken      string      `json:"access_token" doc:"Sent as bearer token with every request"`
	RefreshToken     string      `json:"refresh_token" doc:"Good for one exchange"`
	ExpiresIn        int64       `json:"expires_in" doc:"Seconds the access token is good for"`
	SessionExpiresAt string      `json:"session_expires_at" format:"date-time" doc:"When to sign in anew"`
	User             accountView `json:"user"`
}

type accountView struct {
	ID       string `json:"id" format:"uuid"`
	Role     string `json:"role" enum:"resident,merchant,clerk,administrator"`
	Name     string `json:"name"`
	WalletID string `json:"wallet_id,omitempty" format:"uuid" doc:"The wallet acted on: one's own, for clerks the shop's"`
}

type meAnswer struct {
	Body meView
}

type meView struct {
	ID          string   `json:"id" format:"uuid"`
	Role        string   `json:"role" enum:"resident,merchant,clerk,administrator"`
	Name        string   `json:"name"`
	WalletID    string   `json:"wallet_id,omitempty" format:"uuid"`
	Kana        string   `json:"kana"`
	Email       string   `json:"email"`
	Category    string   `json:"category,omitempty" doc:"A shop's trade"`
	Employer    string   `json:"employer,omitempty" format:"uuid" doc:"The shop a clerk works for"`
	Permissions []string `json:"permissions" doc:"What the role may do"`
}

// nothing is the request or the answer of operations that have none.
type nothing struct{}

func (c *contract) sessions() {
	const tag = "sessions"
	handle(c, route{
		method: http.MethodPost, path: "/v1/sessions", id: "sign-in", summary: "ログインする", tag: tag, needs: open,
	}, func(ctx context.Context, actor access.Actor, in *signInRequest) (*sessionAnswer, error) {
		pass, err := c.Door.SignIn(ctx, in.Body.Email, access.Password(in.Body.Password), originOf(actor))
		if err != nil {
			return nil, err
		}
		return c.viewPass(ctx, pass)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/sessions/refresh", id: "refresh-session", summary: "ログインを更新する", tag: tag, needs: open,
	}, func(ctx context.Context, actor access.Actor, in *refreshRequest) (*sessionAnswer, error) {
		pass, err := c.Door.Refresh(ctx, access.RefreshToken(in.Body.RefreshToken), originOf(actor))
		if err != nil {
			return nil, err
		}
		return c.viewPass(ctx, pass)
	})
	handle(c, route{
		method: http.MethodDelete, path: "/v1/sessions/current", id: "sign-out", summary: "ログアウトする", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*nothing, error) {
		return nil, c.Door.SignOut(ctx, actor)
	})
	handle(c, route{
		method: http.MethodDelete, path: "/v1/sessions", id: "sign-out-everywhere", summary: "すべての端末からログアウトする", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*nothing, error) {
		return nil, c.Door.SignOutEverywhere(ctx, actor)
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/me", id: "get-me", summary: "自分の登録内容を見る", tag: tag, needs: signedIn,
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*meAnswer, error) {
		u, err := c.Roster.ByID(ctx, actor.User)
		if err != nil {
			return nil, err
		}
		may := lo.Filter(access.Permissions(), func(p access.Permission, _ int) bool { return access.May(u.Role, p) })
		return &meAnswer{meView{
			ID: u.ID.String(), Role: u.Role.String(), Name: u.Profile.Name, WalletID: identifier(u.Wallet), Kana: u.Profile.Kana, Email: string(u.Email), Category: u.Profile.Category,
			Employer:    identifier(u.Employer),
			Permissions: lo.Map(may, func(p access.Permission, _ int) string { return p.String() }),
		}}, nil
	})
}

func (c *contract) viewPass(ctx context.Context, pass signingin.Pass) (*sessionAnswer, error) {
	u, err := c.Roster.ByID(ctx, pass.User)
	if err != nil {
		return nil, err
	}
	return &sessionAnswer{sessionView{
		AccessToken: pass.Access, RefreshToken: string(pass.Refresh), User: viewAccount(u),
		ExpiresIn:        int64(pass.AccessUntil.Sub(c.Now()).Round(time.Second) / time.Second),
		SessionExpiresAt: instant(pass.SessionUntil),
	}}, nil
}

func viewAccount(u user.User) accountView {
	return accountView{ID: u.ID.String(), Role: u.Role.String(), Name: u.Profile.Name, WalletID: identifier(u.Wallet)}
}

func originOf(actor access.Actor) signingin.Origin {
	return signingin.Origin{Address: actor.Address, Request: actor.Request}
}
