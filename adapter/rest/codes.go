package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

type codeRequest struct {
	Token string `path:"token" maxLength:"112" doc:"As scanned or typed"`
}

type codeMeetingAnswer struct {
	Body codeMeetingView
}

// codeMeetingView tells whom a code leads to.
type codeMeetingView struct {
	Purpose   string        `json:"purpose" enum:"standing,amount,presented"`
	Role      string        `json:"role" enum:"resident,merchant,clerk,administrator"`
	Name      string        `json:"name"`
	Category  string        `json:"category,omitempty" doc:"A shop's trade"`
	Address   string        `json:"address,omitempty" doc:"A shop's"`
	Amount    *money.Points `json:"amount,omitempty" doc:"What the code asks for"`
	AmountMax *money.Points `json:"amount_max,omitempty" doc:"The most that one payment by this code may be. It protects the printed code; payments by payee_wallet are bound by the rules alone"`
	ExpiresAt *string       `json:"expires_at,omitempty" format:"date-time"`
	Usable    bool          `json:"usable"`
	Fault     *reasonView   `json:"fault,omitempty" doc:"Why the code cannot be used"`
}

// reasonView is a refusal that is told in advance.
type reasonView struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type standingAnswer struct {
	Body standingView
}

type standingView struct {
	Token        string `json:"token"`
	URL          string `json:"url" format:"uri" doc:"What the QR holds"`
	PrintVersion int    `json:"print_version" doc:"Tells an old poster from the present one"`
	IssuedAt     string `json:"issued_at" format:"date-time"`
}

type issueCodeRequest struct {
	Body struct {
		Purpose    string       `json:"purpose" enum:"amount,presented" doc:"amount: a shop asks for a sum; presented: a resident lets a shop take a payment"`
		Amount     money.Points `json:"amount,omitempty" minimum:"1" maximum:"10000000000" doc:"amount: the sum that is asked for; presented: the most that the shop may take, no limit where it is left out"`
		TTLSeconds int64        `json:"ttl_seconds,omitempty" minimum:"1" maximum:"300" doc:"At most 300 for amount and 120 for presented, which is also what leaving it out gives"`
	}
}

type issuedCodeAnswer struct {
	Body issuedCodeView
}

type issuedCodeView struct {
	Token     string `json:"token"`
	URL       string `json:"url" format:"uri"`
	ExpiresAt string `json:"expires_at" format:"date-time"`
}

func (c *contract) codes() {
	const tag = "codes"
	handle(c, route{
		method: http.MethodGet, path: "/v1/codes/standing", id: "get-standing-code", summary: "自分のQRコードを見る", tag: tag,
		needs: may(access.ManageOwnCodes),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*standingAnswer, error) {
		code, err := c.Codes.Standing(ctx, actor.User)
		if err != nil {
			return nil, err
		}
		return c.viewStanding(code), nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/codes/standing/rotation", id: "rotate-standing-code", summary: "自分のQRコードを新しくする", tag: tag,
		needs: may(access.ManageOwnCodes),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*standingAnswer, error) {
		code, err := c.Desk.RotateCode(ctx, actor, actor.User)
		if err != nil {
			return nil, err
		}
		return c.viewStanding(code), nil
	})
	pictures(c, "/v1/codes/standing", "standing-code", tag, may(access.ManageOwnCodes), func(actor access.Actor, _ *struct{ Sized }) (user.ID, error) {
		return actor.User, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/codes", id: "issue-code", summary: "1回限りのQRコードを作る", tag: tag,
		needs: may(access.MakeAmountCode, access.PresentCode),
	}, c.issueCode)
	handle(c, route{
		method: http.MethodGet, path: "/v1/codes/{token}", id: "get-code", summary: "QRコードの相手を確かめる", tag: tag, needs: signedIn,
	}, c.meet)
}

func (c *contract) viewStanding(code user.Code) *standingAnswer {
	return &standingAnswer{standingView{
		Token: string(code.Token), URL: c.addressOf(code), PrintVersion: code.PrintVersion, IssuedAt: instant(code.IssuedAt),
	}}
}

// addressOf gives what the QR of a code holds.
func (s *server) addressOf(code user.Code) string { return s.PublicURL + "/q/" + string(code.Token) }

func (c *contract) issueCode(ctx context.Context, actor access.Actor, in *issueCodeRequest) (*issuedCodeAnswer, error) {
	life := time.Duration(in.Body.TTLSeconds) * time.Second
	var code user.Code
	var err error
	if in.Body.Purpose == user.Amount.String() {
		code, err = c.Desk.IssueAmountCode(ctx, actor, in.Body.Amount, life)
	} else {
		code, err = c.Desk.IssuePresentedCode(ctx, actor, in.Body.Amount, life)
	}
	if err != nil {
		return nil, err
	}
	return &issuedCodeAnswer{issuedCodeView{Token: string(code.Token), URL: c.addressOf(code), ExpiresAt: instant(code.ExpiresAt)}}, nil
}

// meet tells who is behind a code before anything is paid. A code that cannot be used is shown with the reason, so
// that the screen can say it next to the name.
func (c *contract) meet(ctx context.Context, actor access.Actor, in *codeRequest) (*codeMeetingAnswer, error) {
	token, err := user.ParseToken(in.Token)
	if err != nil {
		return nil, err
	}
	code, err := c.Codes.ByToken(ctx, token)
	if err != nil {
		return nil, err
	}
	owner, err := c.Roster.ByID(ctx, code.Owner)
	if err != nil {
		return nil, err
	}
	v := codeMeetingView{
		Purpose: code.Purpose.String(), Role: owner.Role.String(), Name: parties{reader: actor}.nameOf(ownerOf(owner), false),
		ExpiresAt: instantOr(code.ExpiresAt), Usable: true,
	}
	if owner.Role == user.Merchant {
		v.Category, v.Address = owner.Profile.Category, owner.Profile.Address
	}
	if code.Amount > 0 {
		v.Amount = lo.ToPtr(code.Amount)
	}
	if code.AmountMax > 0 {
		v.AmountMax = lo.ToPtr(code.AmountMax)
	}
	if reason, bad := fault.Of(usableCode(code, c.Now())); bad {
		v.Usable, v.Fault = false, &reasonView{Code: string(reason.Code), Message: reason.Message}
	}
	return &codeMeetingAnswer{v}, nil
}

func usableCode(code user.Code, now time.Time) error {
	if err := code.Usable(now); err != nil {
		return err
	}
	if code.Wallet.IsZero() {
		return ledger.ErrCodeNoWallet
	}
	return nil
}
