// Package print makes what is read on paper, as PDF: the poster of a merchant's code and the card of a user's code
// (clause 3.1.6), a person's history as a passbook (4.3.4), a merchant's statement (4.4.3) and the half-year report (+9).
//
// A poster is A4. A card has the size ID-1 of ISO/IEC 7810 (85.6 × 54 mm), alone on its page or ten to a sheet of
// A4 with lines to cut along. The QR is drawn as vectors with its quiet zone and holds nothing but the address of the
// code's landing page. The number of the print tells an old poster from the valid one. The typeface is BIZ UDPGothic,
// made to be read by everyone; only the characters in use are embedded. Tables run on over pages, each with its headings
// and number; figures are set smaller where they are long, and never cut. The same input gives the same file.
package print

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"sync"

	"codeberg.org/go-pdf/fpdf"
	"github.com/skip2/go-qrcode"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/user"
)

// Printer prints the codes of one site.
type Printer struct {
	base string
}

// New makes a printer for the site at base, such as https://lsp.example.jp.
func New(base string) (*Printer, error) {
	site, err := url.Parse(base)
	if err != nil || site.Host == "" || site.Scheme != "https" && site.Scheme != "http" || site.RawQuery != "" || site.Fragment != "" {
		return nil, errors.New("base of printed codes: not the address of a site")
	}
	return &Printer{base: strings.TrimRight(base, "/")}, nil
}

//go:embed font/BIZUDPGothic-Regular.ttf.gz
var fontPacked []byte

// fontBytes unpacks the typeface when it is first needed.
var fontBytes = sync.OnceValues(func() ([]byte, error) {
	packed, err := gzip.NewReader(bytes.NewReader(fontPacked))
	if err != nil {
		return nil, fmt.Errorf("typeface: %w", err)
	}
	unpacked, err := io.ReadAll(packed)
	if err != nil {
		return nil, fmt.Errorf("typeface: %w", err)
	}
	return unpacked, nil
})

const typeface = "biz"

// colour is red, green, blue.
type colour [3]int

// Four calm colours; ink and water keep a contrast above 7 on white, grey above 4.5.
var (
	water = colour{21, 84, 97}
	mist  = colour{232, 241, 242}
	ink   = colour{28, 43, 46}
	grey  = colour{91, 107, 110}
	white = colour{255, 255, 255}
)

// sheet is a PDF in the making, in millimetres.
type sheet struct {
	*fpdf.Fpdf
}

// newSheet begins a document of pages of one size.
func newSheet(title string, width, height float64, day calendar.Day) (*sheet, error) {
	font, err := fontBytes()
	if err != nil {
		return nil, err
	}
	orientation := "P"
	if width > height {
		orientation = "L" // the library turns the size that it is given
		width, height = height, width
	}
	pdf := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", OrientationStr: orientation, Size: fpdf.SizeType{Wd: width, Ht: height}})
	pdf.SetMargins(0, 0, 0)
	pdf.SetAutoPageBreak(false, 0)
	pdf.SetCellMargin(0)
	pdf.SetTitle(title, true)
	pdf.SetAuthor("西条市", true)
	pdf.SetLang("ja-JP")
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(day.Start())
	pdf.SetModificationDate(day.Start())
	pdf.AddUTF8FontFromBytes(typeface, "", font)
	return &sheet{pdf}, nil
}

// write ends the document.
func (s *sheet) write(w io.Writer) error {
	if err := s.Output(w); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}

func (s *sheet) fill(c colour) { s.SetFillColor(c[0], c[1], c[2]) }
func (s *sheet) ink(c colour)  { s.SetTextColor(c[0], c[1], c[2]) }
func (s *sheet) line(c colour, width float64) {
	s.SetDrawColor(c[0], c[1], c[2])
	s.SetLineWidth(width)
}

// alignment of a text about its x.
type alignment uint8

const (
	fromLeft alignment = iota
	centred
	fromRight
)

// text writes one line whose base line is at y, in points of size.
func (s *sheet) text(x, y, points float64, c colour, align alignment, text string) {
	text = printable(text)
	s.SetFont(typeface, "", points)
	s.ink(c)
	switch align {
	case centred:
		x -= s.GetStringWidth(text) / 2
	case fromRight:
		x -= s.GetStringWidth(text)
	}
	s.Text(x, y, text)
}

// fit breaks text into as many lines as it may have and chooses the largest size, of the given ones, at which every
// line is within width; what does not fit at the smallest size is cut off with an ellipsis.
func (s *sheet) fit(text string, width float64, linesMax int, sizes ...float64) (lines []string, points float64) {
	text = printable(text)
	for _, points = range sizes {
		s.SetFont(typeface, "", points)
		if lines = s.wrap(text, width); len(lines) <= linesMax {
			return lines, points
		}
	}
	lines = lines[:linesMax]
	last := []rune(lines[linesMax-1])
	for len(last) > 0 && s.GetStringWidth(string(last)+"…") > width {
		last = last[:len(last)-1]
	}
	lines[linesMax-1] = string(last) + "…"
	return lines, points
}

// wrap breaks text where a line is full; Japanese may be broken between any two characters.
func (s *sheet) wrap(text string, width float64) []string {
	var lines []string
	line := ""
	for _, r := range text {
		if line != "" && s.GetStringWidth(line+string(r)) > width {
			lines = append(lines, line)
			line = ""
		}
		line += string(r)
	}
	return append(lines, line)
}

// quietModules is the empty border that ISO/IEC 18004 asks for.
const quietModules = 4

// code draws the QR of address on a white square of the given side, its quiet zone within.
func (s *sheet) code(x, y, side float64, address string) error {
	qr, err := qrcode.New(address, qrcode.High)
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	qr.DisableBorder = true
	modules := qr.Bitmap()
	module := side / float64(len(modules)+2*quietModules)
	s.fill(white)
	s.Rect(x, y, side, side, "F")
	// One path for all, so that no viewer shows seams between the modules.
	s.fill(colour{0, 0, 0})
	for row, dark := range modules {
		for from := 0; from < len(dark); from++ {
			to := from
			for to < len(dark) && dark[to] {
				to++
			}
			if to == from {
				continue
			}
			left, right := x+float64(from+quietModules)*module, x+float64(to+quietModules)*module
			top := y + float64(row+quietModules)*module
			s.MoveTo(left, top)
			s.LineTo(right, top)
			s.LineTo(right, top+module)
			s.LineTo(left, top+module)
			s.ClosePath()
			from = to
		}
	}
	s.DrawPath("F")
	return nil
}

func (p *Printer) address(token user.Token) string { return p.base + "/q/" + string(token) }

// spelled gives the token in groups of four, for those who must read it out or type it.
func spelled(token user.Token) string {
	var groups []string
	for rest := string(token); rest != ""; {
		n := min(4, len(rest))
		groups = append(groups, rest[:n])
		rest = rest[n:]
	}
	return strings.Join(groups, " ")
}

// printNumber tells which print this is and of which day.
func printNumber(version int, day calendar.Day) string {
	return fmt.Sprintf("第%d版　%s発行", version, inJapanese(day))
}

func inJapanese(day calendar.Day) string {
	at := day.Start().In(calendar.JST)
	year, month, dayOfMonth := at.Date()
	return fmt.Sprintf("%d年%d月%d日", year, int(month), dayOfMonth)
}

// printable replaces characters beyond the plane that the library can set: 𠮷, the one that is frequent in names,
// by its common form, as registers do that lack it; others by 〓, the printers' mark for a missing character.
// Controls become spaces.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 0xFE00 && r <= 0xFE0F, r >= 0xE0100 && r <= 0xE01EF:
			return -1 // selectors of a character's variant
		case r == '𠮷':
			return '吉'
		case r > 0xFFFF:
			return '〓'
		case r < ' ', r == 0x7F:
			return ' '
		}
		return r
	}, text)
}
