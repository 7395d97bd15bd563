package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/registering"
)

type searchRequest struct {
	Paged
	UserFilter
}

// UserFilter chooses users.
type UserFilter struct {
	Q          string `query:"q" maxLength:"112" doc:"Part of the name, its reading, the e-mail address or the telephone number; or a scanned code"`
	Role       string `query:"role" enum:"resident,merchant,clerk,administrator"`
	BornFrom   string `query:"born_from" format:"date"`
	BornUntil  string `query:"born_until" format:"date"`
	PostalCode string `query:"postal_code" maxLength:"8" doc:"Its beginning"`
}

type usersAnswer struct {
	Body struct {
		Users []userView `json:"users" doc:"In the order of registration"`
		Next  string     `json:"next" doc:"Where the next page starts; empty on the last"`
	}
}

type userAnswer struct {
	Body userView
}

type userView struct {
	ID        string      `json:"id" format:"uuid"`
	Role      string      `json:"role" enum:"resident,merchant,clerk,administrator"`
	Email     string      `json:"email"`
	Profile   profileView `json:"profile"`
	Employer  string      `json:"employer,omitempty" format:"uuid" doc:"The shop a clerk works for"`
	WalletID  string      `json:"wallet_id,omitempty" format:"uuid"`
	CreatedAt string      `json:"created_at" format:"date-time"`
}

type profileView struct {
	Name       string  `json:"name" maxLength:"200"`
	Kana       string  `json:"kana" maxLength:"200" doc:"The reading, in katakana"`
	Birth      *string `json:"birth" required:"false" format:"date" nullable:"true"`
	PostalCode string  `json:"postal_code,omitempty" maxLength:"20"`
	Address    string  `json:"address,omitempty" maxLength:"400"`
	Phone      string  `json:"phone,omitempty" maxLength:"30"`
	Category   string  `json:"category,omitempty" maxLength:"80" doc:"A shop's trade"`
}

type userRequest struct {
	ID string `path:"id" maxLength:"36"`
}

type userPictureRequest struct {
	ID string `path:"id" maxLength:"36"`
	Sized
}

type userHistoryRequest struct {
	ID string `path:"id" maxLength:"36"`
	HistoryFilter
	Paged
}

type userHistoryFileRequest struct {
	ID string `path:"id" maxLength:"36"`
	HistoryFilter
}

type registerRequest struct {
	Body struct {
		Role      string       `json:"role" enum:"resident,merchant,clerk,administrator"`
		Email     string       `json:"email" maxLength:"254"`
		Password  string       `json:"password" maxLength:"256" format:"password" doc:"The initial one"`
		Profile   profileView  `json:"profile"`
		Employer  string       `json:"employer,omitempty" maxLength:"36" doc:"Of a clerk: the shop"`
		CodeLimit money.Points `json:"code_limit,omitempty" minimum:"0" maximum:"10000000000" doc:"Of a shop: the most that one payment to its standing code may be"`
	}
}

type registeredAnswer struct {
	Body struct {
		User userView     `json:"user"`
		Code standingView `json:"code"`
	}
}

func (c *contract) users() {
	const tag = "users"
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/users", id: "search-users", summary: "ユーザーを探す", tag: tag, needs: may(access.SearchUsers),
	}, func(ctx context.Context, actor access.Actor, in *searchRequest) (*usersAnswer, error) {
		filter, err := in.filter()
		if err != nil {
			return nil, err
		}
		found, err := c.Roster.Search(ctx, filter, in.After, in.Limit)
		if err != nil {
			return nil, err
		}
		answer := &usersAnswer{}
		answer.Body.Next = found.Next
		answer.Body.Users = lo.Map(found.Rows, func(u user.User, _ int) userView { return viewUser(u) })
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/users", id: "register-user", summary: "ユーザーを登録する", tag: tag, needs: may(access.RegisterUsers),
	}, c.registerUser)
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/users/{id}", id: "get-user", summary: "ユーザーの登録内容を見る", tag: tag, needs: may(access.SearchUsers),
	}, func(ctx context.Context, actor access.Actor, in *userRequest) (*userAnswer, error) {
		u, err := c.userOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return &userAnswer{viewUser(u)}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/users/{id}/wallet", id: "get-user-wallet", summary: "ユーザーの残高を見る", tag: tag, needs: may(access.SeeAnyHistory),
	}, func(ctx context.Context, actor access.Actor, in *userRequest) (*walletAnswer, error) {
		u, err := c.userOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return c.viewWallet(ctx, actor, u.Wallet)
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/users/{id}/history", id: "list-user-history", summary: "ユーザーの履歴を見る", tag: tag, needs: may(access.SeeAnyHistory),
	}, func(ctx context.Context, actor access.Actor, in *userHistoryRequest) (*historyAnswer, error) {
		u, err := c.userOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return c.listHistory(ctx, actor, u.Wallet, &historyRequest{in.HistoryFilter, in.Paged})
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/users/{id}/history.csv", id: "download-user-history", summary: "ユーザーの履歴をCSVで受け取る",
		tag: tag, needs: may(access.SeeAnyHistory), answers: fileAnswer(csvMIME),
	}, func(ctx context.Context, actor access.Actor, in *userHistoryFileRequest) (*huma.StreamResponse, error) {
		u, err := c.userOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return c.downloadHistory(ctx, actor, u.Wallet, in.HistoryFilter)
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/users/{id}/history.pdf", id: "print-user-history", summary: "ユーザーの履歴をPDFで受け取る",
		tag: tag, needs: may(access.SeeAnyHistory), answers: fileAnswer(pdfMIME),
	}, func(ctx context.Context, actor access.Actor, in *userHistoryFileRequest) (*pictureAnswer, error) {
		u, err := c.userOf(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		return c.printHistory(ctx, actor, u.Wallet, in.HistoryFilter)
	})
	c.userCodes(tag)
}

// userCodes registers what administrators do with anyone's standing code.
func (c *contract) userCodes(tag string) {
	pictures(c, "/v1/admin/users/{id}/code", "user-code", tag, may(access.ManageCodes), func(_ access.Actor, in *userPictureRequest) (user.ID, error) {
		var id user.ID
		return id, parse(&id, in.ID, user.ErrUnknown)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/users/{id}/code/rotation", id: "rotate-user-code", summary: "ユーザーのQRコードを新しくする", tag: tag,
		needs: may(access.ManageCodes),
	}, func(ctx context.Context, actor access.Actor, in *userRequest) (*standingAnswer, error) {
		var id user.ID
		if err := parse(&id, in.ID, user.ErrUnknown); err != nil {
			return nil, err
		}
		code, err := c.Desk.RotateCode(ctx, actor, id)
		if err != nil {
			return nil, err
		}
		return c.viewStanding(code), nil
	})
	handle(c, route{
		method: http.MethodDelete, path: "/v1/admin/users/{id}/code", id: "revoke-user-code", summary: "ユーザーのQRコードを止める", tag: tag,
		needs: may(access.ManageCodes), status: http.StatusNoContent,
	}, func(ctx context.Context, actor access.Actor, in *userRequest) (*nothing, error) {
		var id user.ID
		if err := parse(&id, in.ID, user.ErrUnknown); err != nil {
			return nil, err
		}
		code, err := c.Codes.Standing(ctx, id)
		if err != nil {
			return nil, err
		}
		_, err = c.Desk.RevokeCode(ctx, actor, code.Token)
		return nil, err
	})
}

func (c *contract) registerUser(ctx context.Context, actor access.Actor, in *registerRequest) (*registeredAnswer, error) {
	role, _ := user.ParseRole(in.Body.Role)
	profile, err := in.Body.Profile.profile()
	if err != nil {
		return nil, err
	}
	registration := registering.Registration{
		Role: role, Email: in.Body.Email, Profile: profile, Password: access.Password(in.Body.Password), CodeLimit: in.Body.CodeLimit,
	}
	if in.Body.Employer != "" {
		if err := parse(&registration.Employer, in.Body.Employer, user.ErrEmployer.At("employer")); err != nil {
			return nil, err
		}
	}
	registered, err := c.Desk.Register(ctx, actor, registration)
	if err != nil {
		return nil, err
	}
	answer := &registeredAnswer{}
	answer.Body.User, answer.Body.Code = viewUser(registered.User), c.viewStanding(registered.Code).Body
	return answer, nil
}

// userOf finds the user of a path.
func (c *contract) userOf(ctx context.Context, text string) (user.User, error) {
	var id user.ID
	if err := parse(&id, text, user.ErrUnknown); err != nil {
		return user.User{}, err
	}
	return c.Roster.ByID(ctx, id)
}

// birthsBegin is before everybody's birth, where an age band has no beginning.
var birthsBegin = calendar.On(1, 1, 1)

func (f UserFilter) filter() (user.Filter, error) {
	role, _ := user.ParseRole(f.Role)
	filter := user.Filter{Role: role, Text: f.Q[strings.LastIndexByte(f.Q, '/')+1:], PostalCode: strings.ReplaceAll(f.PostalCode, "-", "")}
	var err error
	if f.BornUntil == "" && f.BornFrom == "" {
		return filter, nil
	}
	filter.ByBirth = true
	if filter.BornFrom, err = dayOr(f.BornFrom, birthsBegin); err != nil {
		return filter, err
	}
	filter.BornUntil, err = dayOr(f.BornUntil, calendar.Never-1)
	return filter, err
}

func viewUser(u user.User) userView {
	p := u.Profile
	return userView{
		ID: u.ID.String(), Role: u.Role.String(), Email: string(u.Email), Employer: identifier(u.Employer), WalletID: identifier(u.Wallet),
		CreatedAt: instant(u.CreatedAt), Profile: profileView{
			Name: p.Name, Kana: p.Kana, Birth: lastDay(p.Birth), PostalCode: p.PostalCode, Address: p.Address, Phone: p.Phone, Category: p.Category,
		},
	}
}

func (v profileView) profile() (user.Profile, error) {
	birth, err := dayOr(lo.FromPtr(v.Birth), calendar.Never)
	return user.Profile{
		Name: v.Name, Kana: v.Kana, Birth: birth, PostalCode: v.PostalCode, Address: v.Address, Phone: v.Phone, Category: v.Category,
	}, err
}
