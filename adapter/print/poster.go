package print

import (
	"fmt"
	"io"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/user"
)

// Poster is what a shop hangs beside its till.
type Poster struct {
	Shop         string
	Category     string
	Token        user.Token // of the shop's standing code
	PrintVersion int
	IssuedOn     calendar.Day
}

// A4 in millimetres.
const (
	a4Width  = 210.0
	a4Height = 297.0
)

// Poster writes the poster as one page of A4.
func (p *Printer) Poster(w io.Writer, poster Poster) error {
	s, err := newSheet("LOVESAIJO ポイント　"+printable(poster.Shop), a4Width, a4Height, poster.IssuedOn)
	if err != nil {
		return err
	}
	const middle = a4Width / 2
	s.AddPage()

	s.fill(water)
	s.Rect(0, 0, a4Width, 50, "F")
	s.text(middle, 25, 34, white, centred, "LOVESAIJO ポイント")
	s.text(middle, 40, 19, white, centred, "このお店で使えます")

	lines, points := s.fit(poster.Shop, 174, 2, 36, 32, 28, 24, 20, 17)
	y := 72.0
	if len(lines) == 2 {
		y = 66
	}
	for _, line := range lines {
		s.text(middle, y, points, ink, centred, line)
		y += points * 0.45
	}
	s.text(middle, 85, 13, grey, centred, poster.Category)

	const side, top = 116.0, 93.0
	s.line(water, 0.7)
	s.fill(white)
	s.RoundedRect(middle-side/2-3, top-3, side+6, side+6, 6, "1234", "FD")
	if err := s.code(middle-side/2, top, side, p.address(poster.Token)); err != nil {
		return fmt.Errorf("poster of %s: %w", poster.Token, err)
	}
	s.text(middle, top+side+10.5, 9.5, grey, centred, "読み取れないときの番号　"+spelled(poster.Token))

	s.fill(mist)
	s.Rect(0, 227, a4Width, 46, "F")
	for i, step := range [][2]string{
		{"アプリで「支払う」を", "押す"}, {"この QR コードを", "読み取る"}, {"金額を入れて支払い、", "画面をお店の人に見せる"},
	} {
		x := 43 + float64(i)*62
		s.fill(water)
		s.Circle(x, 240, 6, "F")
		s.text(x, 242.2, 17, white, centred, fmt.Sprint(i+1))
		s.text(x, 256, 13.5, ink, centred, step[0])
		s.text(x, 263.5, 13.5, ink, centred, step[1])
	}

	s.text(middle, 282, 11, ink, centred, "支払う前に、画面のお店の名前がこのお店であることをお確かめください。")
	s.text(middle, 289.5, 8.5, grey, centred, "西条市　"+printNumber(poster.PrintVersion, poster.IssuedOn))
	return s.write(w)
}
