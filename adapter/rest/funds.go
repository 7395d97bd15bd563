package rest

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/usecase/funding"
)

type fundsAnswer struct {
	Body struct {
		Funds []fundView `json:"funds" doc:"By code"`
	}
}

type fundAnswer struct {
	ETag string `header:"ETag" doc:"The version, to be sent back as If-Match"`
	Body fundView
}

type fundView struct {
	Code     string       `json:"code"`
	Name     string       `json:"name"`
	Note     string       `json:"note"`
	OpenedAt string       `json:"opened_at" format:"date-time"`
	ClosedAt *string      `json:"closed_at" format:"date-time" nullable:"true"`
	Version  int64        `json:"version"`
	Position positionView `json:"position"`
}

// positionView is what a fund has and owes: assets = points, always.
type positionView struct {
	Fund        string       `json:"fund"`
	Bank        money.Yen    `json:"bank"`
	Tills       money.Yen    `json:"tills"`
	Cash        money.Yen    `json:"cash" doc:"bank + tills"`
	Receivables money.Yen    `json:"receivables" doc:"What is owed because a correction could not take it back"`
	Assets      money.Yen    `json:"assets" doc:"bank + tills + receivables"`
	Unissued    money.Points `json:"unissued"`
	Reserved    money.Points `json:"reserved"`
	Wallets     money.Points `json:"wallets"`
	Claimed     money.Points `json:"claimed"`
	Points      money.Points `json:"points" doc:"unissued + reserved + wallets + claimed"`
}

type fundOnRequest struct {
	Code string `path:"code" maxLength:"20"`
	On   string `query:"on" format:"date" doc:"As it stood at the end of that day; now without it"`
}

type openFundRequest struct {
	Body struct {
		Code string `json:"code" maxLength:"20" doc:"Small letters, digits and hyphens"`
		Name string `json:"name" maxLength:"60"`
		Note string `json:"note,omitempty" maxLength:"1000"`
	}
}

type renameFundRequest struct {
	Versioned
	Code string `path:"code" maxLength:"20"`
	Body struct {
		Name string `json:"name" maxLength:"60"`
		Note string `json:"note,omitempty" maxLength:"1000"`
	}
}

type closeFundRequest struct {
	Versioned
	Code string `path:"code" maxLength:"20"`
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"200"`
	}
}

type cashRequest struct {
	Keyed
	Code string `path:"code" maxLength:"20"`
	Body struct {
		Amount money.Points `json:"amount" minimum:"1" maximum:"10000000000" doc:"In yen"`
		Memo   string       `json:"memo,omitempty" maxLength:"100"`
	}
}

type cashAnswer struct {
	Status   int
	Replayed string `header:"Idempotency-Replayed" doc:"true where an earlier request with the same key had done it"`
	Body     cashView
}

type cashView struct {
	EntryID string       `json:"entry_id" format:"uuid"`
	Type    string       `json:"type" enum:"deposit,withdrawal,remittance"`
	At      string       `json:"at" format:"date-time"`
	Fund    string       `json:"fund"`
	Amount  money.Points `json:"amount"`
	Memo    string       `json:"memo"`
}

func (c *contract) funds() {
	const tag = "funds"
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/funds", id: "list-funds", summary: "原資の一覧と残高を見る", tag: tag, needs: may(access.SeeFunds),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*fundsAnswer, error) {
		accounts, err := c.Accounts.List(ctx, actor)
		if err != nil {
			return nil, err
		}
		answer := &fundsAnswer{}
		answer.Body.Funds = lo.Map(accounts, func(a funding.Account, _ int) fundView { return viewFund(a.Fund, a.Position) })
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/funds", id: "open-fund", summary: "原資を登録する", tag: tag, needs: may(access.ManageFunds),
	}, func(ctx context.Context, actor access.Actor, in *openFundRequest) (*fundAnswer, error) {
		opened, err := c.Funding.Open(ctx, actor, fund.Code(in.Body.Code), in.Body.Name, in.Body.Note)
		if err != nil {
			return nil, err
		}
		return &fundAnswer{ETag: etag(opened.Version), Body: viewFund(opened, ledger.FundPosition{Fund: opened.Code})}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/funds/{code}", id: "get-fund", summary: "原資の残高を日付で見る", tag: tag, needs: may(access.SeeFunds),
	}, func(ctx context.Context, actor access.Actor, in *fundOnRequest) (*fundAnswer, error) {
		day, err := dayGiven(in.On, calendar.ErrDay.At("on"))
		if err != nil {
			return nil, err
		}
		account, err := c.Accounts.On(ctx, actor, fund.Code(in.Code), day)
		if err != nil {
			return nil, err
		}
		return &fundAnswer{ETag: etag(account.Fund.Version), Body: viewFund(account.Fund, account.Position)}, nil
	})
	handle(c, route{
		method: http.MethodPut, path: "/v1/admin/funds/{code}", id: "rename-fund", summary: "原資の名前と備考を変える", tag: tag, needs: may(access.ManageFunds),
	}, func(ctx context.Context, actor access.Actor, in *renameFundRequest) (*fundAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		renamed, err := c.Funding.Rename(ctx, actor, fund.Code(in.Code), version, in.Body.Name, in.Body.Note)
		return c.changedFund(ctx, actor, renamed, err)
	})
	handle(c, route{
		method: http.MethodPost, path: "/v1/admin/funds/{code}/closing", id: "close-fund", summary: "原資の受付を終える", tag: tag, needs: may(access.ManageFunds),
	}, func(ctx context.Context, actor access.Actor, in *closeFundRequest) (*fundAnswer, error) {
		version, err := in.version()
		if err != nil {
			return nil, err
		}
		closed, err := c.Funding.Close(ctx, actor, fund.Code(in.Code), version, in.Body.Reason)
		return c.changedFund(ctx, actor, closed, err)
	})
	c.cash("/v1/admin/funds/{code}/deposits", "deposit", "原資に入金する", (*funding.Funding).Deposit)
	c.cash("/v1/admin/funds/{code}/withdrawals", "withdraw", "原資から出金する", (*funding.Funding).Withdraw)
}

// cash registers the booking of cash that comes into a fund or leaves it.
func (c *contract) cash(path, id, summary string, book func(*funding.Funding, context.Context, access.Actor, funding.Command) (funding.Result, error)) {
	handle(c, route{
		method: http.MethodPost, path: path, id: id, summary: summary, tag: "funds", needs: may(access.ManageFunds), repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *cashRequest) (*cashAnswer, error) {
		key, err := in.key()
		if err != nil {
			return nil, err
		}
		result, err := book(c.Funding, ctx, actor, funding.Command{
			Key: key, Fund: fund.Code(in.Code), Amount: in.Body.Amount, Memo: in.Body.Memo,
		})
		return viewCash(result, err)
	})
}

func viewCash(r funding.Result, err error) (*cashAnswer, error) {
	if err != nil {
		return nil, err
	}
	answer := &cashAnswer{Body: cashView{
		EntryID: r.Entry.String(), Type: r.Type.String(), At: instant(r.At), Fund: string(r.Fund), Amount: r.Amount, Memo: r.Memo,
	}}
	answer.Status, answer.Replayed = replayed(r.Replayed)
	return answer, nil
}

// changedFund shows a fund that was just changed with what it has.
func (c *contract) changedFund(ctx context.Context, actor access.Actor, changed fund.Fund, err error) (*fundAnswer, error) {
	if err != nil {
		return nil, err
	}
	account, err := c.Accounts.On(ctx, actor, changed.Code, 0)
	if err != nil {
		return nil, err
	}
	return &fundAnswer{ETag: etag(changed.Version), Body: viewFund(changed, account.Position)}, nil
}

func viewFund(f fund.Fund, position ledger.FundPosition) fundView {
	return fundView{
		Code: string(f.Code), Name: f.Name, Note: f.Note, OpenedAt: instant(f.OpenedAt), ClosedAt: instantOr(f.ClosedAt),
		Version: f.Version, Position: viewPosition(position),
	}
}

func viewPosition(p ledger.FundPosition) positionView {
	return positionView{
		Fund: string(p.Fund), Bank: p.Bank, Tills: p.Tills, Cash: p.Cash(), Receivables: p.Receivables, Assets: p.Assets(),
		Unissued: p.Unissued, Reserved: p.Reserved, Wallets: p.Wallets, Claimed: p.Claimed, Points: p.Points(),
	}
}

// Versioned is part of every request that changes what somebody else may be changing at the same time.
type Versioned struct {
	IfMatch string `header:"If-Match" doc:"The ETag of what was read" example:"\"3\""`
}

// version gives the version that the client has seen. Without one nothing is changed.
func (v Versioned) version() (int64, error) {
	if v.IfMatch == "" {
		return 0, &problemPrecondition
	}
	text := strings.Trim(strings.TrimPrefix(v.IfMatch, "W/"), `"`)
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, &problemPrecondition
	}
	return version, nil
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// instantAt reads a time that may be left out.
func instantAt(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, &problemInvalid
	}
	return at, nil
}
