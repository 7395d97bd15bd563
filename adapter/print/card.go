package print

import (
	"fmt"
	"io"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

// Card is what a user carries who has no telephone at hand.
type Card struct {
	Name         string
	Kana         string
	Token        user.Token // of the user's standing code
	PrintVersion int
	IssuedOn     calendar.Day
}

// ID-1 in millimetres, and how such cards lie on a sheet of A4.
const (
	cardWidth  = 85.6
	cardHeight = 54.0
	columns    = 2
	rows       = 5
)

// CardsMax bounds one file of sheets.
const CardsMax = 500

// ErrCards refuses a file of no cards or of too many.
var ErrCards = fault.Define(fault.Invalid, "cards_out_of_range", "一度に印刷できるカードは1枚から500枚までです。")

// Card writes one card on a page of its own size, for a printer of cards.
func (p *Printer) Card(w io.Writer, card Card) error {
	s, err := newSheet("LOVESAIJO ポイント カード", cardWidth, cardHeight, card.IssuedOn)
	if err != nil {
		return err
	}
	s.AddPage()
	if err := p.draw(s, 0, 0, card); err != nil {
		return err
	}
	return s.write(w)
}

// CardSheets writes cards on sheets of A4, ten on each, with lines to cut along.
func (p *Printer) CardSheets(w io.Writer, cards []Card) error {
	if len(cards) < 1 || len(cards) > CardsMax {
		return ErrCards
	}
	s, err := newSheet("LOVESAIJO ポイント カード", a4Width, a4Height, cards[0].IssuedOn)
	if err != nil {
		return err
	}
	const left, top = (a4Width - columns*cardWidth) / 2, (a4Height - rows*cardHeight) / 2
	for i, card := range cards {
		place := i % (columns * rows)
		if place == 0 {
			s.AddPage()
		}
		if err := p.draw(s, left+float64(place%columns)*cardWidth, top+float64(place/columns)*cardHeight, card); err != nil {
			return err
		}
		if place == columns*rows-1 || i == len(cards)-1 {
			cutLines(s, left, top)
		}
	}
	return s.write(w)
}

// cutLines are hairlines between the cards that run on into the margin.
func cutLines(s *sheet, left, top float64) {
	const beyond = 6.0
	s.line(grey, 0.1)
	for column := range columns + 1 {
		x := left + float64(column)*cardWidth
		s.Line(x, top-beyond, x, top+rows*cardHeight+beyond)
	}
	for row := range rows + 1 {
		y := top + float64(row)*cardHeight
		s.Line(left-beyond, y, left+columns*cardWidth+beyond, y)
	}
}

// draw draws the card whose upper left corner is at x, y.
func (p *Printer) draw(s *sheet, x, y float64, card Card) error {
	const band, side = 13.0, 34.0
	s.fill(water)
	s.Rect(x, y, cardWidth, band, "F")
	s.text(x+5, y+8.6, 14, white, fromLeft, "LOVESAIJO ポイント")
	s.text(x+cardWidth-5, y+8.4, 9, white, fromRight, "利用者カード")

	if err := s.code(x+cardWidth-side-2.6, y+band+2.2, side, p.address(card.Token)); err != nil {
		return fmt.Errorf("card of %s: %w", card.Token, err)
	}

	const width = cardWidth - side - 2.6 - 5 - 1
	kana, kanaPoints := s.fit(card.Kana, width, 1, 6.5, 5.5, 5)
	s.text(x+5, y+band+6.5, kanaPoints, grey, fromLeft, kana[0])
	name, points := s.fit(card.Name, width, 2, 15, 13, 11, 9, 8)
	lineY := y + band + 13
	for _, line := range name {
		s.text(x+5, lineY, points, ink, fromLeft, line)
		lineY += points * 0.45
	}
	groups := spelled(card.Token)
	const half = 4*5 - 1
	s.text(x+5, y+36.5, 7.2, ink, fromLeft, groups[:half])
	s.text(x+5, y+39.9, 7.2, ink, fromLeft, groups[half+1:])
	s.text(x+5, y+46.2, 5.6, grey, fromLeft, "拾われた方は、西条市役所へお届けください。")
	s.text(x+5, y+49.6, 5.6, grey, fromLeft, "西条市　"+printNumber(card.PrintVersion, card.IssuedOn))
	return nil
}
