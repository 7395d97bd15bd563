// Package qr draws codes as QR pictures: PNG for screens and mail, SVG for anything that is printed or enlarged.
//
// A picture holds the address of the code's landing page, https://<base>/q/<token>, and nothing else, so that an
// ordinary camera opens the right site (clause 3.1.6). Error correction is of level M, with the quiet zone of four
// modules that ISO/IEC 18004 asks for.
package qr

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/skip2/go-qrcode"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

// Bounds of a PNG's side in pixels.
const (
	PixelsMin = 128
	PixelsMax = 2048
)

// ErrPixels refuses a picture that is too small to be read or too large to be drawn.
var ErrPixels = fault.Define(fault.Invalid, "qr_size_out_of_range", "画像の大きさは128から2048ピクセルで指定してください。")

// Drawer draws the codes of one site.
type Drawer struct {
	base string
}

// NewDrawer makes a drawer of the codes of the site at base, such as https://lsp.example.jp.
func NewDrawer(base string) (*Drawer, error) {
	site, err := url.Parse(base)
	if err != nil || site.Host == "" || site.Scheme != "https" && site.Scheme != "http" || site.RawQuery != "" || site.Fragment != "" {
		return nil, errors.New("base of codes: not the address of a site")
	}
	return &Drawer{base: strings.TrimRight(base, "/")}, nil
}

// Address gives what a camera reads.
func (d *Drawer) Address(token user.Token) string { return d.base + "/q/" + string(token) }

// PNG draws token on a square of so many pixels.
func (d *Drawer) PNG(token user.Token, pixels int) ([]byte, error) {
	if pixels < PixelsMin || pixels > PixelsMax {
		return nil, ErrPixels
	}
	code, err := d.encode(token)
	if err != nil {
		return nil, err
	}
	picture, err := code.PNG(pixels)
	if err != nil {
		return nil, fmt.Errorf("draw code %s: %w", token, err)
	}
	return picture, nil
}

// SVG draws token without a size of its own; label says to those who do not see it what the picture is.
func (d *Drawer) SVG(token user.Token, label string) ([]byte, error) {
	code, err := d.encode(token)
	if err != nil {
		return nil, err
	}
	var svg, title strings.Builder
	if err := xml.EscapeText(&title, []byte(label)); err != nil {
		return nil, fmt.Errorf("label of code %s: %w", token, err)
	}
	modules := code.Bitmap() // with its quiet zone
	fmt.Fprintf(&svg, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %[1]d %[1]d" shape-rendering="crispEdges" role="img">`, len(modules))
	fmt.Fprintf(&svg, `<title>%s</title><path fill="#fff" d="M0 0h%[2]dv%[2]dH0z"/><path d="`, title.String(), len(modules))
	for y, row := range modules {
		for x := 0; x < len(row); x++ {
			run := x
			for run < len(row) && row[run] {
				run++
			}
			if run > x {
				fmt.Fprintf(&svg, "M%d %dh%dv1h-%dz", x, y, run-x, run-x)
				x = run
			}
		}
	}
	svg.WriteString(`"/></svg>`)
	return []byte(svg.String()), nil
}

func (d *Drawer) encode(token user.Token) (*qrcode.QRCode, error) {
	code, err := qrcode.New(d.Address(token), qrcode.Medium)
	if err != nil {
		return nil, fmt.Errorf("encode code %s: %w", token, err)
	}
	return code, nil
}
