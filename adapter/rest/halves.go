package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
	"lovesaijo/usecase/reporting"
)

type halvesAnswer struct {
	Body struct {
		Reports []halfView `json:"reports" doc:"Newest first; those that can be frozen and have not been are among them"`
	}
}

// halfView is one line of the list of half-year reports.
type halfView struct {
	Day       string       `json:"day" format:"date"`
	Frozen    *frozenView  `json:"frozen,omitempty" doc:"Absent where it has not been frozen yet"`
	Paid      money.Points `json:"paid"`
	Premium   money.Points `json:"premium"`
	Free      money.Points `json:"free"`
	Unused    money.Points `json:"unused" doc:"paid + premium + free"`
	Merchants money.Points `json:"merchants"`
	Claimed   money.Points `json:"claimed"`
}

type frozenView struct {
	At      string `json:"at" format:"date-time"`
	By      string `json:"by" doc:"Empty for the platform itself"`
	LastSeq int64  `json:"last_seq" doc:"Number of the journal up to which it was counted"`
	SHA256  string `json:"sha256"`
}

type freezeRequest struct {
	Body struct {
		Day string `json:"day" format:"date" doc:"31 March or 30 September"`
	}
}

type frozenAnswer struct {
	Status int
	Body   unusedView
}

type unusedAnswer struct {
	Body unusedView
}

type unusedRequest struct {
	Day string `path:"day" maxLength:"10"`
}

// unusedView is a half-year report.
type unusedView struct {
	Day      string           `json:"day" format:"date"`
	From     string           `json:"from" format:"date"`
	Frozen   *frozenView      `json:"frozen,omitempty" doc:"Absent while the figures are provisional"`
	Balanced bool             `json:"balanced" doc:"The rows add up to what the funds have in wallets"`
	Total    unusedRowView    `json:"total"`
	Classes  []unusedRowView  `json:"classes" doc:"paid, premium, free"`
	Rows     []unusedRowView  `json:"rows" doc:"By fund, class and kind"`
	Funds    []unusedFundView `json:"funds"`
	Kinds    []unusedKindView `json:"kinds" doc:"As they were when the report was made"`
}

type unusedRowView struct {
	Fund      string       `json:"fund,omitempty"`
	Class     string       `json:"class,omitempty" enum:"paid,premium,free"`
	Kind      string       `json:"kind,omitempty"`
	Opening   money.Points `json:"opening" doc:"Unused on the base day before"`
	Issued    money.Points `json:"issued" doc:"Granted and charged"`
	Returned  money.Points `json:"returned" doc:"As cashback"`
	Corrected money.Points `json:"corrected"`
	Used      money.Points `json:"used"`
	Lapsed    money.Points `json:"lapsed"`
	Unused    money.Points `json:"unused" doc:"opening + issued + returned + corrected - used - lapsed: held by residents"`
	Ending    money.Points `json:"ending" doc:"Of unused, what is good for this day and not after it"`
	Merchants money.Points `json:"merchants" doc:"Held by merchants and not yet claimed"`
	Awaiting  money.Points `json:"awaiting_sweep" doc:"Lapsed before this day and still in wallets"`
}

type unusedFundView struct {
	Fund    string       `json:"fund"`
	Name    string       `json:"name"`
	Wallets money.Points `json:"wallets"`
	Claimed money.Points `json:"claimed"`
}

type unusedKindView struct {
	Code    string `json:"code"`
	Name    string `json:"name"`
	Premium bool   `json:"premium"`
}

type recountAnswer struct {
	Body struct {
		Equal       bool             `json:"equal"`
		Intact      bool             `json:"intact" doc:"The content is what was hashed"`
		Late        int64            `json:"late" doc:"Entries of before the end of the day that were written after the report was frozen"`
		Differences []differenceView `json:"differences"`
	}
}

const halvesPath = "/v1/admin/reports/unused-balance"

// halves registers the half-year reports (+9).
func (c *contract) halves(tag string) {
	handle(c, route{
		method: http.MethodGet, path: halvesPath, id: "list-unused-balances", summary: "基準日未使用残高報告書の一覧を見る", tag: tag, needs: may(access.SeeFunds),
	}, func(ctx context.Context, actor access.Actor, _ *nothing) (*halvesAnswer, error) {
		halves, err := c.Reporting.Halves(ctx, actor)
		if err != nil {
			return nil, err
		}
		answer := &halvesAnswer{}
		answer.Body.Reports = lo.Map(halves, func(h reporting.Half, _ int) halfView { return viewHalf(h) })
		return answer, nil
	})
	handle(c, route{
		method: http.MethodPost, path: halvesPath, id: "freeze-unused-balance", summary: "基準日未使用残高報告書を確定する", tag: tag,
		needs: may(access.ManageFunds), patient: true, repeats: true,
	}, func(ctx context.Context, actor access.Actor, in *freezeRequest) (*frozenAnswer, error) {
		day, err := calendar.ParseDay(in.Body.Day)
		if err != nil {
			return nil, calendar.ErrDay.At("day")
		}
		frozen, fresh, err := c.Freezing.Freeze(ctx, actor, day)
		if err != nil {
			return nil, err
		}
		answer := &frozenAnswer{Body: viewUnused(frozen)}
		answer.Status, _ = replayed(!fresh)
		return answer, nil
	})
	unused := func(ctx context.Context, actor access.Actor, in *unusedRequest) (reporting.Unused, error) {
		day, err := reportDay(in.Day)
		if err != nil {
			return reporting.Unused{}, err
		}
		return c.Reporting.Unused(ctx, actor, day)
	}
	handle(c, route{
		method: http.MethodGet, path: halvesPath + "/{day}.csv", id: "download-unused-balance", summary: "基準日未使用残高報告書をCSVで受け取る", tag: tag,
		needs: may(access.SeeFunds), answers: fileAnswer(csvMIME), patient: true,
	}, func(ctx context.Context, actor access.Actor, in *unusedRequest) (*huma.StreamResponse, error) {
		u, err := unused(ctx, actor, in)
		if err != nil {
			return nil, err
		}
		return c.file("unused-balance-"+u.Day.String()+".csv", func(_ context.Context, to sheet) error { return writeUnused(to, u) }), nil
	})
	handle(c, route{
		method: http.MethodGet, path: halvesPath + "/{day}.pdf", id: "print-unused-balance", summary: "基準日未使用残高報告書をPDFで受け取る", tag: tag,
		needs: may(access.SeeFunds), answers: fileAnswer(pdfMIME), patient: true,
	}, func(ctx context.Context, actor access.Actor, in *unusedRequest) (*pictureAnswer, error) {
		u, err := unused(ctx, actor, in)
		if err != nil {
			return nil, err
		}
		return c.printed(ctx, "unused-balance-"+u.Day.String()+".pdf", func() ([]byte, error) { return c.Print.Unused(u, c.Now()) })
	})
	handle(c, route{
		method: http.MethodGet, path: halvesPath + "/{day}/recount", id: "recount-unused-balance", summary: "確定した報告書を仕訳帳から数え直して比べる", tag: tag,
		needs: may(access.SeeFunds), patient: true,
	}, func(ctx context.Context, actor access.Actor, in *unusedRequest) (*recountAnswer, error) {
		day, err := reportDay(in.Day)
		if err != nil {
			return nil, err
		}
		again, err := c.Reporting.Recount(ctx, actor, day)
		if err != nil {
			return nil, err
		}
		answer := &recountAnswer{}
		answer.Body.Equal, answer.Body.Intact, answer.Body.Late = again.Equal, again.Intact, again.Late
		answer.Body.Differences = viewDifferences(again.Differences)
		return answer, nil
	})
	handle(c, route{
		method: http.MethodGet, path: halvesPath + "/{day}", id: "get-unused-balance", summary: "基準日未使用残高報告書を見る", tag: tag,
		needs: may(access.SeeFunds), patient: true,
	}, func(ctx context.Context, actor access.Actor, in *unusedRequest) (*unusedAnswer, error) {
		u, err := unused(ctx, actor, in)
		if err != nil {
			return nil, err
		}
		return &unusedAnswer{viewUnused(u)}, nil
	})
}

func viewHalf(h reporting.Half) halfView {
	view := halfView{Day: h.Day.String()}
	if h.Report != nil {
		all := h.Report.All()
		view.Frozen, view.Unused, view.Merchants, view.Claimed = viewFrozen(h.Report.Frozen), all.Unused, all.Merchants, h.Report.Claimed()
		view.Paid, view.Premium = h.Report.OfClass(report.Bought).Unused, h.Report.OfClass(report.Premium).Unused
		view.Free = h.Report.OfClass(report.Free).Unused
	}
	return view
}

func viewFrozen(f *report.Frozen) *frozenView {
	if f == nil {
		return nil
	}
	return &frozenView{At: instant(f.MadeAt), By: identifier(f.MadeBy), LastSeq: f.LastSeq, SHA256: f.HashText()}
}

func viewUnused(u reporting.Unused) unusedView {
	return unusedView{
		Day: u.Day.String(), From: u.From.String(), Frozen: viewFrozen(u.Frozen), Balanced: u.Balanced(), Total: viewUnusedRow(u.All(), 0),
		Classes: lo.Map([]report.Class{report.Bought, report.Premium, report.Free}, func(class report.Class, i int) unusedRowView {
			return viewUnusedRow(u.OfClass(class), i)
		}),
		Rows: lo.Map(u.Rows, viewUnusedRow),
		Funds: lo.Map(u.Funds, func(f report.UnusedFund, _ int) unusedFundView {
			return unusedFundView{Fund: string(f.Fund), Name: f.Name, Wallets: f.Wallets, Claimed: f.Claimed}
		}),
		Kinds: kindNames(u.Kinds),
	}
}

func viewUnusedRow(r report.UnusedRow, _ int) unusedRowView {
	view := unusedRowView{
		Fund: string(r.Fund), Kind: string(r.Kind), Opening: r.Opening, Issued: r.Issued, Returned: r.Returned, Corrected: r.Corrected, Used: r.Used,
		Lapsed: r.Lapsed, Unused: r.Unused, Ending: r.Ending, Merchants: r.Merchants, Awaiting: r.Awaiting,
	}
	if r.Class != 0 {
		view.Class = r.Class.String()
	}
	return view
}

// classWords are what classes are called in files.
var classWords = map[report.Class]string{report.Bought: "有償", report.Premium: "プレミアム", report.Free: "無償"}

func writeUnused(to sheet, u reporting.Unused) error {
	heads := []any{
		"基準日", "原資コード", "原資", "区分", "種別コード", "種別", "前基準日残高", "発行", "還元", "補正", "使用", "失効", "未使用残高", "うち当日限り",
		"事業者の保有", "失効処理待ち",
	}
	if err := to.write(heads...); err != nil {
		return err
	}
	funds := map[lot.FundCode]string{}
	for _, f := range u.Funds {
		funds[f.Fund] = f.Name
	}
	for _, r := range append(u.Rows[:len(u.Rows):len(u.Rows)], u.OfClass(report.Bought), u.OfClass(report.Premium), u.OfClass(report.Free), u.All()) {
		class, kind := classWords[r.Class], u.Kinds[r.Kind].Name
		if r.Fund == "" {
			kind = "小計"
		}
		if r.Class == 0 {
			kind = "合計"
		}
		err := to.write(
			u.Day.String(), string(r.Fund), funds[r.Fund], class, string(r.Kind), kind, int64(r.Opening), int64(r.Issued), int64(r.Returned), int64(r.Corrected),
			int64(r.Used), int64(r.Lapsed), int64(r.Unused), int64(r.Ending), int64(r.Merchants), int64(r.Awaiting),
		)
		if err != nil {
			return err
		}
	}
	for _, f := range u.Funds {
		if err := to.write(u.Day.String(), string(f.Fund), f.Name, "事業者が請求中", "", "", "", "", "", "", "", "", int64(f.Claimed)); err != nil {
			return err
		}
	}
	if u.Frozen == nil {
		return to.write("確定前・参考")
	}
	return to.write("確定", instant(u.Frozen.MadeAt), "仕訳番号", u.Frozen.LastSeq, "SHA-256", u.Frozen.HashText())
}
