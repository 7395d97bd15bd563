package qr_test

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"regexp"
	"strconv"
	"testing"

	"github.com/makiuchi-d/gozxing"
	reader "github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/qr"
	"lovesaijo/domain/user"
)

const site = "https://lsp.example.jp"

func drawer(t *testing.T) *qr.Drawer {
	t.Helper()
	d, err := qr.NewDrawer(site + "/")
	require.NoError(t, err)
	return d
}

// read decodes a picture with another library than the one that drew it.
func read(t *testing.T, picture image.Image) string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(picture)
	require.NoError(t, err)
	result, err := reader.NewQRCodeReader().Decode(bitmap, nil)
	require.NoError(t, err)
	return result.GetText()
}

func TestACameraReadsTheAddressFromThePNG(t *testing.T) {
	t.Parallel()
	for purpose := user.Standing; purpose <= user.Presented; purpose++ {
		for _, pixels := range []int{qr.PixelsMin, 512, qr.PixelsMax} {
			token := user.NewToken(purpose)
			bytesOf, err := drawer(t).PNG(token, pixels)
			require.NoError(t, err)
			picture, err := png.Decode(bytes.NewReader(bytesOf))
			require.NoError(t, err)
			require.Equal(t, pixels, picture.Bounds().Dx())
			require.Equal(t, site+"/q/"+string(token), read(t, picture))
		}
	}
}

func TestACameraReadsTheAddressFromTheSVG(t *testing.T) {
	t.Parallel()
	token := user.NewToken(user.Standing)
	svg, err := drawer(t).SVG(token, `うちぬき食堂 <"&'>`)
	require.NoError(t, err)
	require.Equal(t, site+"/q/"+string(token), read(t, rasterise(t, svg)))
	var document struct {
		Title string `xml:"title"`
	}
	require.NoError(t, xml.Unmarshal(svg, &document))
	require.Equal(t, `うちぬき食堂 <"&'>`, document.Title)
}

// rasterise draws the runs of the second path, eight pixels to a module.
func rasterise(t *testing.T, svg []byte) image.Image {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(svg))
	var paths []string
	side := 0
	for {
		token, err := decoder.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		element, ok := token.(xml.StartElement)
		for _, a := range element.Attr {
			switch {
			case ok && element.Name.Local == "path" && a.Name.Local == "d":
				paths = append(paths, a.Value)
			case ok && a.Name.Local == "viewBox":
				side, err = strconv.Atoi(regexp.MustCompile(`\d+$`).FindString(a.Value))
				require.NoError(t, err)
			}
		}
	}
	require.Len(t, paths, 2)
	const scale = 8
	picture := image.NewGray(image.Rect(0, 0, side*scale, side*scale))
	draw.Draw(picture, picture.Bounds(), image.White, image.Point{}, draw.Src)
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(paths[1], -1) {
		require.Equal(t, run[3], run[4])
		x, _ := strconv.Atoi(run[1])
		y, _ := strconv.Atoi(run[2])
		width, _ := strconv.Atoi(run[3])
		draw.Draw(picture, image.Rect(x*scale, y*scale, (x+width)*scale, (y+1)*scale), image.NewUniform(color.Black), image.Point{}, draw.Src)
	}
	return picture
}

func TestAPictureIsNeitherTooSmallNorTooLarge(t *testing.T) {
	t.Parallel()
	for _, pixels := range []int{-1, 0, qr.PixelsMin - 1, qr.PixelsMax + 1} {
		_, err := drawer(t).PNG(user.NewToken(user.Standing), pixels)
		require.ErrorIs(t, err, qr.ErrPixels)
	}
}

func TestCodesNeedTheAddressOfASite(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "lsp.example.jp", "ftp://lsp.example.jp", "https://", "https://lsp.example.jp?x=1", "https://lsp.example.jp/#x"} {
		_, err := qr.NewDrawer(base)
		require.Error(t, err, base)
	}
}
