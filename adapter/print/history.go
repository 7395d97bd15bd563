package print

import (
	"io"
	"strings"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
	"lovesaijo/usecase/reporting"
)

// Passbook writes a person's history as pages of A4, the oldest line first, with the balance after each (clause 4.3.4).
func (p *Printer) Passbook(w io.Writer, book reporting.Passbook) error {
	d, err := newPaper("ポイント利用履歴", a4Width, a4Height, book.Printed)
	if err != nil {
		return err
	}
	d.columns = []column{
		{title: "番号", width: 14, align: fromRight, points: 8},
		{title: "日時", width: 30, points: 8},
		{title: "種類", width: 24, points: 8},
		{title: "相手・メモ", width: 64, points: 8, lines: 4},
		{title: "増減", width: 24, align: fromRight, points: 9},
		{title: "残高", width: 24, align: fromRight, points: 9},
	}
	d.empty = "この条件に当てはまる履歴はありません。"
	var earned, used money.Points
	for _, l := range book.Lines {
		if l.Delta > 0 {
			earned += l.Delta
		} else {
			used -= l.Delta
		}
		d.rows = append(d.rows, tableRow{cells: []string{
			money.Points(l.No).String(), minute(l.At), l.Type, told(l, book.Role), signed(l.Delta), l.Balance.String(),
		}})
	}
	return d.write(w, func(y float64) float64 {
		name, points := d.fit(book.Holder, a4Width-2*margin-12, 2, 15, 13, 11, 9)
		for i, line := range name {
			if i == len(name)-1 {
				line += "　様"
			}
			d.text(margin, y, points, ink, fromLeft, line)
			y += points * 0.45
		}
		d.text(margin, y+1, 9, grey, fromLeft, "期間　"+between(book.From, book.Until))
		y += 6.5
		if len(book.Chosen) > 0 {
			chosen, points := d.fit("条件　"+strings.Join(book.Chosen, "、"), a4Width-2*margin, 1, 9, 8, 7, 6)
			d.text(margin, y+1, points, grey, fromLeft, chosen[0])
			y += 6.5
		}
		d.text(margin, y+1, 9, ink, fromLeft, "件数　"+money.Points(len(book.Lines)).String()+"件　　増えたポイント　"+earned.String()+"　　減ったポイント　"+used.String())
		y += 6
		if book.Cut {
			d.text(margin, y+1, 9, ink, fromLeft, "これより古い履歴は入りきらないため載っていません。期間を指定して受け取ってください。")
			y += 6
		}
		return y + 2
	})
}

// told joins who was on the other side and what was noted.
func told(l reporting.PassbookLine, role user.Role) string {
	parts := make([]string, 0, 3)
	for _, part := range []string{l.With, l.Memo} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if l.Cashback > 0 {
		amount := "支払額 " + (l.Cashback - l.Delta).String()
		if role == user.Merchant {
			amount = "受取額 " + (l.Cashback + l.Delta).String()
		}
		parts = append(parts, "（"+amount+"　還元 "+l.Cashback.String()+"）")
	}
	return strings.Join(parts, "　")
}

// signed gives an amount that always has a sign.
func signed(amount money.Points) string {
	switch {
	case amount > 0:
		return "+" + amount.String()
	case amount < 0:
		return "−" + (-amount).String()
	}
	return "0"
}

// between names a span of days either of whose ends may be open.
func between(from, until calendar.Day) string {
	switch {
	case from == 0 && until == 0:
		return "すべて"
	case from == 0:
		return inJapanese(until) + "まで"
	case until == 0:
		return inJapanese(from) + "から"
	}
	return inJapanese(from) + "から" + inJapanese(until) + "まで"
}
