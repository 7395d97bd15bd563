package print

import (
	"io"
	"strings"
	"time"

	"lovesaijo/domain/lot"
	"lovesaijo/domain/money"
	"lovesaijo/domain/report"
	"lovesaijo/usecase/reporting"
)

// classWords are what the classes are called in Japanese.
var classWords = map[report.Class]string{report.Bought: "有償", report.Premium: "プレミアム", report.Free: "無償"}

// Unused writes the half-year report of unused points (+9). One that is not frozen says so on every page.
func (p *Printer) Unused(w io.Writer, u reporting.Unused, printed time.Time) error {
	title := "基準日未使用残高報告書"
	if u.Frozen == nil {
		title += "（確定前・参考）"
	}
	d, err := newPaper(title, a4Height, a4Width, printed)
	if err != nil {
		return err
	}
	d.columns = []column{{title: "原資", width: 34, points: 8, lines: 3}, {title: "区分", width: 17, points: 8}, {title: "種別", width: 30, points: 8, lines: 2}}
	for _, name := range []string{"前基準日", "発行", "還元", "補正", "使用", "失効", "未使用残高", "うち当日限り", "事業者の保有"} {
		d.columns = append(d.columns, column{title: name, width: 20.6, align: fromRight, points: 8, even: true})
	}
	d.empty = "この基準日に報告するポイントはありません。"
	funds := map[lot.FundCode]string{}
	for _, f := range u.Funds {
		funds[f.Fund] = f.Name
	}
	for _, r := range u.Rows {
		d.rows = append(d.rows, tableRow{cells: append([]string{funds[r.Fund], classWords[r.Class], kindName(u, r.Kind)}, rowFigures(r)...)})
	}
	for _, class := range []report.Class{report.Bought, report.Premium, report.Free} {
		d.rows = append(d.rows, tableRow{cells: append([]string{"", classWords[class], "小計"}, rowFigures(u.OfClass(class))...), strong: true})
	}
	d.rows = append(d.rows, tableRow{cells: append([]string{"", "", "合計"}, rowFigures(u.All())...), strong: true})
	if len(u.Rows) == 0 {
		d.rows = nil
	}
	d.foot = []string{"△は減ったことを表します。前基準日＋発行＋還元＋補正−使用−失効＝未使用残高。「うち当日限り」は基準日が有効期限の分です。1ポイント＝1円。"}
	if u.Frozen != nil {
		d.foot = append(d.foot, "確定　"+minute(u.Frozen.MadeAt)+"　　仕訳番号　"+money.Points(u.Frozen.LastSeq).String()+"まで　　照合用ハッシュ値（SHA-256）　"+u.Frozen.HashText())
	}
	return d.write(w, func(y float64) float64 { return d.unusedHead(y, u) })
}

func (p *paper) unusedHead(y float64, u reporting.Unused) float64 {
	p.text(margin, y, 12, ink, fromLeft, "基準日　"+inJapanese(u.Day))
	p.text(margin, y+6, 9, grey, fromLeft, "対象期間　"+between(u.From, u.Day))
	all := u.All()
	const width = 128.0
	left := p.figures(margin, y+9.5, width, []figureLine{
		{name: "有償", note: "利用者が現金で買った分（チャージ）", figure: official(u.OfClass(report.Bought).Unused)},
		{name: "プレミアム", note: "チャージに上乗せした分", figure: official(u.OfClass(report.Premium).Unused)},
		{name: "無償", note: "そのほかに給付・還元した分", figure: official(u.OfClass(report.Free).Unused)},
		{name: "未使用残高の合計", figure: official(all.Unused) + " ポイント", strong: true},
	})
	right := p.figures(p.width-margin-width, y+9.5, width, []figureLine{
		{name: "事業者が持っている分", note: "受け取ってまだ請求していない", figure: official(all.Merchants)},
		{name: "事業者が請求中の分", note: "まだ支払われていない", figure: official(u.Claimed())},
		{name: "失効の処理を待つ分", note: "期限が過ぎて財布に残っている", figure: official(all.Awaiting)},
	})
	return max(left, right) + 6
}

func kindName(u reporting.Unused, code lot.KindCode) string {
	if kind, known := u.Kinds[code]; known && strings.TrimSpace(kind.Name) != "" {
		return kind.Name
	}
	return string(code)
}

func rowFigures(r report.UnusedRow) []string {
	return []string{
		official(r.Opening), official(r.Issued), official(r.Returned), official(r.Corrected), official(-r.Used), official(-r.Lapsed),
		official(r.Unused), official(r.Ending), official(r.Merchants),
	}
}
