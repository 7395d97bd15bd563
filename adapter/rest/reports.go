package rest

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/danielgtaylor/huma/v2"
	"github.com/samber/lo"

	"lovesaijo/domain/access"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
	"lovesaijo/usecase/reporting"
)

// dayView is the daily statement of the funds.
type dayView struct {
	On       string     `json:"on" format:"date"`
	Settled  bool       `json:"settled" doc:"No entry of the day can still be on its way: the statement will always be the same"`
	Balanced bool       `json:"balanced" doc:"In every fund, what backs the points equals the points, before and after"`
	Funds    []spanView `json:"funds" doc:"By code"`
}

// spanView is what one fund had, what moved, and what it has then.
type spanView struct {
	Fund        string       `json:"fund"`
	Name        string       `json:"name"`
	Opening     positionView `json:"opening"`
	Deposits    money.Points `json:"deposits"`
	Withdrawals money.Points `json:"withdrawals"`
	Granted     money.Points `json:"granted"`
	Charged     money.Points `json:"charged"`
	PaidOut     money.Points `json:"paid_out" doc:"To merchants, by transfer or out of their till, less what came back"`
	Corrections money.Points `json:"corrections" doc:"What corrections and adjustments changed of points in wallets"`
	Lapsed      money.Points `json:"lapsed"`
	Closing     positionView `json:"closing"`
	Moves       []moveView   `json:"moves" doc:"Everything that moved, by act: opening and all changes together give closing"`
}

type moveView struct {
	Act    string       `json:"act" enum:"deposit,withdrawal,remittance,reserve,grant,charge,payment,cashback,transfer,expiry,claim,payout,offset,correction,adjustment,recovery"`
	Amount money.Points `json:"amount"`
	Change positionView `json:"change"`
}

type reportOnRequest struct {
	On string `query:"on" format:"date" doc:"A day that is over; yesterday without it"`
}

type dayAnswer struct {
	Body dayView
}

type yearRequest struct {
	Year int `path:"year" minimum:"1" maximum:"9999" doc:"The year in whose April the fiscal year begins"`
}

type yearAnswer struct {
	Body yearView
}

type yearView struct {
	Year           int              `json:"year"`
	From           string           `json:"from" format:"date"`
	Until          string           `json:"until" format:"date" doc:"31 March, or today"`
	Over           bool             `json:"over"`
	Rows           []yearRowView    `json:"rows" doc:"By fund, kind and holder"`
	Months         []monthView      `json:"months"`
	Funds          []spanView       `json:"funds"`
	Contradictions []differenceView `json:"contradictions" doc:"Figures that do not add up, or do not begin as the year before ended; none while the books are right"`
}

type monthView struct {
	Month string        `json:"month" doc:"YYYY-MM"`
	Rows  []yearRowView `json:"rows"`
}

// yearRowView is a row of signed changes: opening and all that follow together give closing.
type yearRowView struct {
	Fund        string       `json:"fund"`
	FundName    string       `json:"fund_name"`
	Kind        string       `json:"kind"`
	KindName    string       `json:"kind_name"`
	Holder      string       `json:"holder" enum:"resident,merchant"`
	Opening     money.Points `json:"opening"`
	Granted     money.Points `json:"granted"`
	Charged     money.Points `json:"charged"`
	Adjusted    money.Points `json:"adjusted"`
	Paid        money.Points `json:"paid"`
	Returned    money.Points `json:"returned" doc:"As cashback"`
	Transferred money.Points `json:"transferred"`
	Corrected   money.Points `json:"corrected"`
	Recovered   money.Points `json:"recovered"`
	Lapsed      money.Points `json:"lapsed" doc:"With the end of their last day, swept or not"`
	Claimed     money.Points `json:"claimed"`
	Closing     money.Points `json:"closing" doc:"What goes into the next year"`
	Awaiting    money.Points `json:"awaiting_sweep" doc:"Lapsed and still in wallets, beside closing"`
}

type differenceView struct {
	What string `json:"what"`
	Was  int64  `json:"was"`
	Is   int64  `json:"is"`
}

// actWords are what acts are called in files and on pages.
var actWords = map[report.Act]string{
	report.Deposit: "入金", report.Withdrawal: "出金", report.Remittance: "店頭現金の納入", report.Reserve: "引当（キャンペーンなどへの取り置き）",
	report.Grant: "給付", report.Charge: "チャージ", report.Payment: "支払い", report.Cashback: "還元", report.Transfer: "送付", report.Expiry: "失効",
	report.Claim: "事業者の換金請求", report.Payout: "事業者への振込", report.Offset: "店頭現金との相殺", report.Correction: "補正", report.Adjustment: "調整",
	report.Recovery: "未収金の回収",
}

func (c *contract) reports() {
	const tag = "reports"
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/reports/funds", id: "get-funds-report", summary: "原資の日計表を見る", tag: tag, needs: may(access.SeeFunds),
	}, func(ctx context.Context, _ access.Actor, in *reportOnRequest) (*dayAnswer, error) {
		kept, err := c.publicDay(ctx, in.On)
		if err != nil {
			return nil, err
		}
		return &dayAnswer{kept.view}, nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/reports/funds.csv", id: "download-funds-report", summary: "原資の日計表をCSVで受け取る", tag: tag,
		needs: may(access.SeeFunds), answers: fileAnswer(csvMIME),
	}, func(ctx context.Context, _ access.Actor, in *reportOnRequest) (*pictureAnswer, error) {
		kept, err := c.publicDay(ctx, in.On)
		if err != nil {
			return nil, err
		}
		return csvAnswer("funds-"+kept.view.On+".csv", kept.csv), nil
	})
	c.halves(tag)
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/reports/fiscal-year/{year}.csv", id: "download-fiscal-year", summary: "年度繰越表をCSVで受け取る", tag: tag,
		needs: may(access.SeeFunds), answers: fileAnswer(csvMIME), patient: true,
	}, func(ctx context.Context, actor access.Actor, in *yearRequest) (*huma.StreamResponse, error) {
		year, err := c.Reporting.FiscalYear(ctx, actor, in.Year)
		if err != nil {
			return nil, err
		}
		view := viewYear(year)
		return c.file(fmt.Sprintf("fiscal-year-%d.csv", in.Year), func(_ context.Context, to sheet) error { return writeYear(to, view) }), nil
	})
	handle(c, route{
		method: http.MethodGet, path: "/v1/admin/reports/fiscal-year/{year}", id: "get-fiscal-year", summary: "年度繰越表を見る", tag: tag,
		needs: may(access.SeeFunds), patient: true,
	}, func(ctx context.Context, actor access.Actor, in *yearRequest) (*yearAnswer, error) {
		year, err := c.Reporting.FiscalYear(ctx, actor, in.Year)
		if err != nil {
			return nil, err
		}
		return &yearAnswer{viewYear(year)}, nil
	})
}

func viewDay(day report.Day, settled bool) dayView {
	return dayView{On: day.On.String(), Settled: settled, Balanced: day.Balanced(), Funds: viewSpans(day.Funds)}
}

func viewSpans(spans []report.Span) []spanView {
	return lo.Map(spans, func(s report.Span, _ int) spanView {
		return spanView{
			Fund: string(s.Fund), Name: s.Name, Opening: viewPosition(s.Opening), Closing: viewPosition(s.Closing),
			Deposits: s.Amount(report.Deposit), Withdrawals: s.Amount(report.Withdrawal), Granted: s.Amount(report.Grant), Charged: s.Amount(report.Charge),
			PaidOut: s.Amount(report.Payout) + s.Amount(report.Offset), Corrections: s.Amount(report.Correction) + s.Amount(report.Adjustment),
			Lapsed: s.Amount(report.Expiry),
			Moves: lo.Map(s.Moves, func(m report.Move, _ int) moveView {
				return moveView{Act: m.Act.String(), Amount: m.Amount(), Change: viewPosition(m.Change)}
			}),
		}
	})
}

func viewDifferences(differences []report.Difference) []differenceView {
	return lo.Map(differences, func(d report.Difference, _ int) differenceView { return differenceView(d) })
}

func viewYear(y reporting.Year) yearView {
	funds := map[lot.FundCode]string{}
	for _, s := range y.Funds {
		funds[s.Fund] = s.Name
	}
	rows := func(rows []report.YearRow) []yearRowView {
		return lo.Map(rows, func(r report.YearRow, _ int) yearRowView {
			return yearRowView{
				Fund: string(r.Fund), FundName: funds[r.Fund], Kind: string(r.Kind), KindName: y.Kinds[r.Kind].Name, Holder: r.Holder.String(),
				Opening: r.Opening, Granted: r.Granted, Charged: r.Charged, Adjusted: r.Adjusted, Paid: r.Paid, Returned: r.Returned,
				Transferred: r.Sent, Corrected: r.Corrected, Recovered: r.Recovered, Lapsed: r.Lapsed, Claimed: r.Claimed, Closing: r.Closing,
				Awaiting: r.Awaiting,
			}
		})
	}
	return yearView{
		Year: y.Year, From: y.From.String(), Until: y.Until.String(), Over: y.Over, Rows: rows(y.Rows), Funds: viewSpans(y.Funds),
		Months: lo.Map(y.Months, func(m report.Month, _ int) monthView {
			return monthView{Month: m.First.String()[:len("2026-04")], Rows: rows(m.Rows)}
		}),
		Contradictions: viewDifferences(y.Contradictions),
	}
}

// holderWords are what holders are called in files.
var holderWords = map[string]string{"resident": "利用者", "merchant": "事業者"}

func writeYear(to sheet, y yearView) error {
	heads := []any{
		"期間", "原資コード", "原資", "種別コード", "種別", "保有者", "期首", "給付", "チャージ", "調整", "支払", "還元", "送付", "補正", "未収金の回収",
		"失効", "換金請求", "期末", "失効処理待ち",
	}
	if err := to.write(heads...); err != nil {
		return err
	}
	write := func(span string, rows []yearRowView) error {
		for _, r := range rows {
			err := to.write(
				span, r.Fund, r.FundName, r.Kind, r.KindName, holderWords[r.Holder], int64(r.Opening), int64(r.Granted), int64(r.Charged), int64(r.Adjusted),
				int64(r.Paid), int64(r.Returned), int64(r.Transferred), int64(r.Corrected), int64(r.Recovered), int64(r.Lapsed), int64(r.Claimed),
				int64(r.Closing), int64(r.Awaiting),
			)
			if err != nil {
				return err
			}
		}
		return nil
	}
	if err := write(fmt.Sprintf("%d年度", y.Year), y.Rows); err != nil {
		return err
	}
	for _, month := range y.Months {
		if err := write(month.Month, month.Rows); err != nil {
			return err
		}
	}
	return nil
}

// kindNames gives the names of a report's kinds by code, in order.
func kindNames(kinds map[lot.KindCode]reporting.Named) []unusedKindView {
	return lo.Map(slices.Sorted(maps.Keys(kinds)), func(code lot.KindCode, _ int) unusedKindView {
		return unusedKindView{Code: string(code), Name: kinds[code].Name, Premium: kinds[code].Premium}
	})
}

// reportDay reads the day of the path.
func reportDay(text string) (calendar.Day, error) {
	day, err := calendar.ParseDay(text)
	if err != nil {
		return 0, report.ErrUnknown
	}
	return day, nil
}
