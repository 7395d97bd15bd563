package print

import (
	"fmt"
	"io"
	"math"
	"time"

	"github.com/samber/lo"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/money"
)

// paper is a document of many pages of A4: a head on the first, one table that runs on, and a foot on each.
type paper struct {
	*sheet
	width, height float64
	title         string
	columns       []column
	rows          []tableRow
	empty         string   // what stands in a table of no rows
	foot          []string // lines above the number of the page
	printed       time.Time
}

// column is one column of a table.
type column struct {
	title  string
	width  float64
	align  alignment
	points float64 // of its text; smaller where that does not fit
	lines  int     // at most, in one row; zero is one
	even   bool    // its texts and those of other such columns are all as small as the longest one must be
}

// The sizes that a text is tried at, as parts of its column's. Words are rather cut than set too small to be read;
// figures are never cut.
var (
	wordSizes   = []float64{1, 0.9, 0.8, 0.74}
	figureSizes = []float64{1, 0.92, 0.84, 0.76, 0.68, 0.6, 0.52, 0.44, 0.36}
)

func (c column) sizes() []float64 {
	if c.align == fromRight {
		return figureSizes
	}
	return wordSizes
}

// tableRow is one row of a table. A strong one is a sum.
type tableRow struct {
	cells  []string
	strong bool
}

// Measures of a paper, in millimetres.
const (
	margin      = 15.0
	bandHeight  = 18.0
	headHeight  = 7.2 // of a table
	lineHeight  = 3.6
	rowPadding  = 2.6
	footHeight  = 12.0
	footLine    = 3.4
	cellPadding = 1.2
)

func newPaper(title string, width, height float64, printed time.Time) (*paper, error) {
	s, err := newSheet(title, width, height, calendar.DayOf(printed))
	if err != nil {
		return nil, err
	}
	return &paper{sheet: s, width: width, height: height, title: title, printed: printed}, nil
}

// laid is a row with its texts broken into lines.
type laid struct {
	tableRow
	lines  [][]string
	points []float64
	height float64
}

func (p *paper) lay(row tableRow) laid {
	l := laid{tableRow: row}
	most := 1
	for i, c := range p.columns {
		text := ""
		if i < len(row.cells) {
			text = row.cells[i]
		}
		sizes := lo.Map(c.sizes(), func(part float64, _ int) float64 { return part * c.points })
		lines, points := p.fit(text, c.width-2*cellPadding, max(c.lines, 1), sizes...)
		l.lines, l.points = append(l.lines, lines), append(l.points, points)
		most = max(most, len(lines))
	}
	l.height = float64(most)*lineHeight + rowPadding
	return l
}

// write draws the pages: head draws what stands above the table on the first one, below the band, and tells where the
// table begins.
func (p *paper) write(w io.Writer, head func(top float64) (bottom float64)) error {
	p.AddPage()
	p.band()
	y := head(bandHeight + 8)
	bottom := p.height - footHeight - float64(len(p.foot))*footLine - 2
	rows := lo.Map(p.rows, func(row tableRow, _ int) laid { return p.lay(row) })
	p.evenOut(rows)
	pages := paginate(rows, bottom-y-headHeight, bottom-bandHeight-6-headHeight)
	next := 0
	for page, count := range pages {
		if page > 0 {
			p.AddPage()
			p.band()
			y = bandHeight + 6
		}
		y = p.tableHead(y)
		for i, row := range rows[next : next+count] {
			p.row(y, row, i%2 == 1)
			y += row.height
		}
		next += count
		if len(rows) == 0 {
			p.text(margin+cellPadding, y+6, 9, grey, fromLeft, p.empty)
		}
		p.footer(page+1, len(pages))
	}
	return p.sheet.write(w)
}

// evenOut gives all texts of even columns the size of the smallest.
func (p *paper) evenOut(rows []laid) {
	each := func(see func(points *float64)) {
		for i, c := range p.columns {
			for _, row := range rows {
				if c.even {
					see(&row.points[i])
				}
			}
		}
	}
	smallest := math.Inf(1)
	each(func(points *float64) { smallest = min(smallest, *points) })
	each(func(points *float64) { *points = smallest })
}

// paginate tells how many rows go on each page. A page takes at least one.
func paginate(rows []laid, first, others float64) []int {
	pages := []int{0}
	room := first
	for _, row := range rows {
		last := len(pages) - 1
		if row.height > room && (pages[last] > 0 || last == 0 && others > first) {
			pages = append(pages, 0)
			last++
			room = others
		}
		pages[last]++
		room -= row.height
	}
	return pages
}

func (p *paper) band() {
	p.fill(water)
	p.Rect(0, 0, p.width, bandHeight, "F")
	p.text(margin, 11.6, 15, white, fromLeft, p.title)
	p.text(p.width-margin, 11.2, 9, white, fromRight, "西条市　LOVESAIJO ポイント")
}

func (p *paper) tableHead(y float64) float64 {
	p.fill(mist)
	p.Rect(margin, y, p.tableWidth(), headHeight, "F")
	x := margin
	for _, c := range p.columns {
		titles, points := p.fit(c.title, c.width-2*cellPadding, 1, 8, 7, 6.2, 5.4)
		p.cell(x, y+headHeight/2+points*0.125, c, points, ink, titles[0])
		x += c.width
	}
	p.line(water, 0.3)
	p.Line(margin, y+headHeight, margin+p.tableWidth(), y+headHeight)
	return y + headHeight
}

func (p *paper) tableWidth() (width float64) {
	for _, c := range p.columns {
		width += c.width
	}
	return width
}

func (p *paper) row(y float64, row laid, shaded bool) {
	switch {
	case row.strong:
		p.fill(mist)
		p.Rect(margin, y, p.tableWidth(), row.height, "F")
	case shaded:
		p.fill(colour{246, 249, 249})
		p.Rect(margin, y, p.tableWidth(), row.height, "F")
	}
	x := margin
	for i, c := range p.columns {
		top := y + (row.height-float64(len(row.lines[i]))*lineHeight)/2
		for n, line := range row.lines[i] {
			p.cell(x, top+float64(n)*lineHeight+lineHeight*0.76, c, row.points[i], ink, line)
		}
		x += c.width
	}
	p.line(colour{205, 216, 218}, 0.1)
	for _, edge := range []float64{y, y + row.height} { // the upper one again, since the shade lies over it
		p.Line(margin, edge, margin+p.tableWidth(), edge)
	}
}

func (p *paper) cell(x, y float64, c column, points float64, color colour, text string) {
	switch c.align {
	case fromRight:
		x += c.width - cellPadding
	case centred:
		x += c.width / 2
	default:
		x += cellPadding
	}
	p.text(x, y, points, color, c.align, text)
}

func (p *paper) footer(page, pages int) {
	y := p.height - footHeight - float64(len(p.foot)-1)*footLine
	for _, line := range p.foot {
		p.text(margin, y, 6.5, grey, fromLeft, line)
		y += footLine
	}
	p.text(margin, p.height-7.5, 7.5, grey, fromLeft, "印刷日時　"+inJapanese(calendar.DayOf(p.printed))+p.printed.In(calendar.JST).Format(" 15:04"))
	p.text(p.width-margin, p.height-7.5, 7.5, grey, fromRight, fmt.Sprintf("%d / %d ページ", page, pages))
}

// figureLine is one line of a small table of figures.
type figureLine struct {
	name, note, figure string
	strong             bool
}

// figures draws a table of figures and gives where it ends.
func (p *paper) figures(x, y, width float64, lines []figureLine) float64 {
	for _, l := range lines {
		height, points := 6.4, 9.0
		if l.strong {
			height, points = 9.6, 12.5
			p.fill(mist)
			p.Rect(x, y, width, height, "F")
		}
		base := y + height/2 + points*0.125
		p.text(x+2, base, points, ink, fromLeft, l.name)
		used := p.widthOf(l.name, points) + p.widthOf(l.figure, points) + 10
		if l.note != "" {
			note, size := p.fit(l.note, width-used, 1, 7.2, 6.4, 5.6)
			p.text(x+4+p.widthOf(l.name, points), base, size, grey, fromLeft, note[0])
		}
		p.text(x+width-2, base, points, ink, fromRight, l.figure)
		p.line(colour{205, 216, 218}, 0.1)
		p.Line(x, y+height, x+width, y+height)
		y += height
	}
	return y
}

func (p *paper) widthOf(text string, points float64) float64 {
	p.SetFont(typeface, "", points)
	return p.GetStringWidth(printable(text))
}

// official gives an amount as offices write it: a triangle before what is less than nothing.
func official(amount money.Points) string {
	if amount < 0 {
		return "△" + (-amount).String()
	}
	return amount.String()
}

// minute gives an instant to the minute, as it stands in tables.
func minute(at time.Time) string { return at.In(calendar.JST).Format("2006-01-02 15:04") }
