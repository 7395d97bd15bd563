package print

import (
	"io"
	"slices"

	"lovesaijo/domain/money"
	"lovesaijo/domain/settlement"
	"lovesaijo/usecase/settling"
)

// Statement writes a merchant's statement of a period: its figures, the lines behind them, and the hash by which the
// paper can be held against the books (clause 4.4.3).
func (p *Printer) Statement(w io.Writer, sheet settling.Sheet) error {
	d, err := newPaper("精算明細書", a4Width, a4Height, sheet.MadeAt)
	if err != nil {
		return err
	}
	statement, period := sheet.Statement.Statement, sheet.Statement.Of
	d.columns = []column{
		{title: "番号", width: 13, align: fromRight, points: 8},
		{title: "日時", width: 28.5, points: 7.6},
		{title: "種類", width: 20.5, points: 8, lines: 2},
		{title: "相手・メモ", width: 41, points: 7.6, lines: 4},
		{title: "受取・支払", width: 20, align: fromRight, points: 8},
		{title: "還元", width: 17, align: fromRight, points: 8},
		{title: "増減", width: 20, align: fromRight, points: 8},
		{title: "残高", width: 20, align: fromRight, points: 8},
	}
	d.empty = "この期間の取引はありません。"
	for _, l := range sheet.Lines {
		d.rows = append(d.rows, tableRow{cells: []string{
			money.Points(l.No).String(), minute(l.At), l.What, joined(l.With, l.Memo), official(l.Delta + l.Cashback), returnedOr(l.Cashback),
			official(l.Delta), official(l.Balance),
		}})
	}
	d.foot = []string{
		"△は減ったことを表します。この明細は締めた後に変わりません。取引が後から取り消されたときは、次の期間の補正に載ります。",
		"照合用ハッシュ値（SHA-256）　" + statement.HashText(),
	}
	return d.write(w, func(y float64) float64 {
		name, points := d.fit(sheet.Shop.Name, a4Width-2*margin-14, 2, 15, 13, 11, 9)
		for i, line := range name {
			if i == len(name)-1 {
				line += "　御中"
			}
			d.text(margin, y, points, ink, fromLeft, line)
			y += points * 0.45
		}
		if sheet.Shop.Address != "" {
			address, points := d.fit(sheet.Shop.Address, a4Width-2*margin, 1, 8.5, 7.5, 6.5)
			d.text(margin, y, points, grey, fromLeft, address[0])
			y += 5.5
		}
		named, size := d.fit(period.Name+"　"+between(period.From, period.Until), a4Width-2*margin, 1, 10.5, 9.5, 8.5, 7.5)
		d.text(margin, y+2, size, ink, fromLeft, named[0])
		d.text(margin, y+7, 7.5, grey, fromLeft, "締めた日時　"+minute(period.ClosedAt)+"　　仕訳番号　"+
			money.Points(period.FirstSeq+1).String()+"から"+money.Points(period.LastSeq).String()+"まで")
		y = d.figures(margin, y+10, a4Width-2*margin, statementFigures(statement))
		d.text(margin, y+8, 10, ink, fromLeft, "内訳")
		if sheet.LinesLeft > 0 {
			d.text(margin+12, y+8, 8, grey, fromLeft, "このほかに"+money.Points(sheet.LinesLeft).String()+"件あります。すべての取引はCSVファイルで受け取れます。")
		}
		return y + 11
	})
}

// statementFigures are the lines that add up to what is due. Merchants are seldom granted anything.
func statementFigures(statement settlement.Statement) []figureLine {
	figures := []figureLine{
		{name: "前の期間からの繰越", figure: official(statement.CarriedOver)},
		{name: "受け取ったポイント", note: "支払い " + money.Points(statement.Payments).String() + "件", figure: official(statement.Received)},
		{name: "還元したポイント", note: "受け取ったポイントの中から、お客さまに戻した分", figure: lessThanNothing(statement.Returned)},
		{name: "支払ったポイント", note: "ほかの事業者への支払い", figure: lessThanNothing(statement.Spent)},
		{name: "補正", note: "取消・一部取消・調整", figure: official(statement.Corrected)},
		{name: "失効したポイント", figure: lessThanNothing(statement.Lapsed)},
		{name: "期間中に請求したポイント", note: "取り下げた請求を差し引き後", figure: official(-statement.Claimed)},
		{name: "市への未払い", note: "補正で取り戻せなかった分。納めた分を差し引き後", figure: official(-statement.Owed)},
		{name: dueName(statement.Due), figure: official(statement.Due) + " ポイント", strong: true},
	}
	if statement.Granted != 0 {
		figures = slices.Insert(figures, 3, figureLine{name: "給付されたポイント", figure: official(statement.Granted)})
	}
	return figures
}

func dueName(due money.Points) string {
	if due < 0 {
		return "次の期間へ繰り越す不足"
	}
	return "今回請求できる額"
}

// lessThanNothing gives an amount that is taken away, as one below zero.
func lessThanNothing(amount money.Points) string { return official(-amount) }

// returnedOr leaves the place of cashback empty where there was none.
func returnedOr(cashback money.Points) string {
	if cashback == 0 {
		return ""
	}
	return lessThanNothing(cashback)
}

func joined(parts ...string) string {
	text := ""
	for _, part := range parts {
		switch {
		case part == "":
		case text == "":
			text = part
		default:
			text += "　" + part
		}
	}
	return text
}
