package rest

import (
	"context"
	"fmt"
	"net/http"

	"lovesaijo/domain/access"
	"lovesaijo/domain/user"
)

// pictureAnswer is a picture or a document.
type pictureAnswer struct {
	ContentType string `header:"Content-Type" hidden:"true"`
	Disposition string `header:"Content-Disposition" hidden:"true"`
	Body        []byte
}

// Sized is part of every request for a picture.
type Sized struct {
	Size int `query:"size" minimum:"128" maximum:"2048" default:"512" doc:"Width in pixels; for PNG only"`
}

func (s Sized) pixels() int { return s.Size }

// pictures registers an owner's standing code as PNG, SVG and PDF below path (clause 3.1.6). The PDF is a poster for
// a shop and a card for everybody else. ownerOf tells whose code is asked for.
func pictures[I any, P interface {
	*I
	pixels() int
}](c *contract, path, id, tag string, needs needs, ownerOf func(actor access.Actor, in P) (user.ID, error)) {
	formats := []struct {
		suffix, mime, summary string
		draw                  func(owner user.User, code user.Code, size int) ([]byte, error)
	}{
		{"png", "image/png", "QRコードの画像（PNG）", func(_ user.User, code user.Code, size int) ([]byte, error) {
			return c.Draw.PNG(code.Token, size)
		}},
		{"svg", "image/svg+xml", "QRコードの画像（SVG）", func(_ user.User, code user.Code, _ int) ([]byte, error) {
			return c.Draw.SVG(code.Token, "LOVESAIJO ポイントのQRコード")
		}},
		{"pdf", "application/pdf", "QRコードの印刷用ポスター・カード（PDF）", func(owner user.User, code user.Code, _ int) ([]byte, error) {
			if owner.Role == user.Merchant {
				return c.Draw.Poster(owner, code)
			}
			return c.Draw.Card(owner, code)
		}},
	}
	for _, f := range formats {
		handle(c, route{
			method: http.MethodGet, path: path + "." + f.suffix, id: "get-" + id + "-" + f.suffix, summary: f.summary, tag: tag, needs: needs,
			answers: fileAnswer(f.mime),
		}, func(ctx context.Context, actor access.Actor, in *I) (*pictureAnswer, error) {
			asked := P(in)
			id, err := ownerOf(actor, asked)
			if err != nil {
				return nil, err
			}
			owner, err := c.Roster.ByID(ctx, id)
			if err != nil {
				return nil, err
			}
			code, err := c.Codes.Standing(ctx, id)
			if err != nil {
				return nil, err
			}
			drawn, err := f.draw(owner, code, asked.pixels())
			if err != nil {
				return nil, fmt.Errorf("draw code of %s as %s: %w", owner.ID, f.suffix, err)
			}
			return &pictureAnswer{
				ContentType: f.mime, Body: drawn,
				Disposition: fmt.Sprintf(`inline; filename="lovesaijo-%d.%s"`, code.PrintVersion, f.suffix),
			}, nil
		})
	}
}
