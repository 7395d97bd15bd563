package print_test

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/multi/qrcode"
	"github.com/samber/lo"
	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/print"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/user"
)

const site = "https://lsp.example.jp"

var issued = calendar.On(2026, 11, 23)

func printer(t *testing.T) *print.Printer {
	t.Helper()
	p, err := print.New(site + "/")
	require.NoError(t, err)
	return p
}

func poster(shop string) print.Poster {
	return print.Poster{Shop: shop, Category: "飲食店", Token: user.NewToken(user.Standing), PrintVersion: 2, IssuedOn: issued}
}

func card(name, kana string) print.Card {
	return print.Card{Name: name, Kana: kana, Token: user.NewToken(user.Standing), PrintVersion: 1, IssuedOn: issued}
}

// render gives the pages as a printer would show them. PRINT_SAMPLES names a folder in which to keep them for
// looking at. The package poppler-utils brings pdftoppm.
func render(t *testing.T, name string, pdf []byte) []image.Image {
	t.Helper()
	binary, err := exec.LookPath("pdftoppm")
	require.NoError(t, err, "poppler-utils must be installed")
	folder := t.TempDir()
	if keep := os.Getenv("PRINT_SAMPLES"); keep != "" {
		folder = keep
	}
	file := filepath.Join(folder, name+".pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	output, err := exec.CommandContext(t.Context(), binary, "-r", "150", "-png", file, filepath.Join(folder, name)).CombinedOutput()
	require.NoError(t, err, string(output))
	require.Empty(t, string(output), "the file is without fault")
	files, err := filepath.Glob(filepath.Join(folder, name+"-*.png"))
	require.NoError(t, err)
	return lo.Map(files, func(file string, _ int) image.Image {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		page, err := png.Decode(bytes.NewReader(content))
		require.NoError(t, err)
		return page
	})
}

// read decodes all codes on a page.
func read(t *testing.T, page image.Image) []string {
	t.Helper()
	bitmap, err := gozxing.NewBinaryBitmapFromImage(page)
	require.NoError(t, err)
	results, err := qrcode.NewQRCodeMultiReader().DecodeMultiple(bitmap, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_TRY_HARDER: true})
	require.NoError(t, err)
	return lo.Map(results, func(r *gozxing.Result, _ int) string { return r.GetText() })
}

func TestACameraReadsThePoster(t *testing.T) {
	t.Parallel()
	for i, shop := range []string{
		"うちぬき食堂", "西条市観光物産センター　石鎚ふれあいの里　西条駅前総合案内所付属売店",
		"とても長い名前のお店とても長い名前のお店とても長い名前のお店とても長い名前のお店とても長い名前のお店とても長い名前のお店とても長い名前のお店", "Café 𠮷野 髙﨑\n葛󠄀 𩸽",
	} {
		want := poster(shop)
		var pdf bytes.Buffer
		require.NoError(t, printer(t).Poster(&pdf, want))
		pages := render(t, fmt.Sprintf("poster%d", i), pdf.Bytes())
		require.Len(t, pages, 1)
		require.InDelta(t, 1240, pages[0].Bounds().Dx(), 1, "A4")
		require.InDelta(t, 1754, pages[0].Bounds().Dy(), 1, "A4")
		require.Equal(t, []string{site + "/q/" + string(want.Token)}, read(t, pages[0]))
		require.Less(t, pdf.Len(), 200_000, "only what is used of the typeface is inside")
	}
}

func TestACameraReadsTheCard(t *testing.T) {
	t.Parallel()
	for i, want := range []print.Card{
		card("西条 花子", "サイジョウ ハナコ"),
		card("マリア・デ・ラ・クルス・フェルナンデス・ガルシア・ロドリゲス・マルティネス", "マリア・デ・ラ・クルス・フェルナンデス・ガルシア・ロドリゲス・マルティネス"),
	} {
		var pdf bytes.Buffer
		require.NoError(t, printer(t).Card(&pdf, want))
		pages := render(t, fmt.Sprintf("card%d", i), pdf.Bytes())
		require.Len(t, pages, 1)
		require.InDelta(t, 85.6/54, float64(pages[0].Bounds().Dx())/float64(pages[0].Bounds().Dy()), 0.02)
		require.Equal(t, []string{site + "/q/" + string(want.Token)}, read(t, pages[0]))
	}
}

func TestCardsLieTenToASheet(t *testing.T) {
	t.Parallel()
	cards := lo.Times(12, func(i int) print.Card { return card(fmt.Sprintf("西条 花子%d", i), "サイジョウ ハナコ") })
	var pdf bytes.Buffer
	require.NoError(t, printer(t).CardSheets(&pdf, cards))
	pages := render(t, "sheet", pdf.Bytes())
	require.Len(t, pages, 2)
	var codes []string
	for _, page := range pages {
		codes = append(codes, cells(t, page)...)
	}
	require.Equal(t, lo.Map(cards, func(c print.Card, _ int) string { return site + "/q/" + string(c.Token) }), codes)
}

// cells reads the code of each card of a sheet that has one, row by row.
func cells(t *testing.T, page image.Image) (codes []string) {
	t.Helper()
	const perMillimetre = 150 / 25.4
	for place := range 10 {
		x, y := 19.4+float64(place%2)*85.6, 13.5+float64(place/2)*54
		cell := image.Rect(int((x+45)*perMillimetre), int((y+14)*perMillimetre), int((x+85)*perMillimetre), int((y+53)*perMillimetre))
		part := page.(interface {
			SubImage(image.Rectangle) image.Image
		}).SubImage(cell)
		if blank(part) {
			continue
		}
		codes = append(codes, read(t, part)...)
	}
	return codes
}

func blank(picture image.Image) bool {
	bounds := picture.Bounds()
	dark := 0
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if r, _, _, _ := picture.At(x, y).RGBA(); r < 0x4000 {
				dark++
			}
		}
	}
	return dark < 1000
}

func TestTheSameInputGivesTheSameFile(t *testing.T) {
	t.Parallel()
	want := poster("うちぬき食堂")
	var once, twice bytes.Buffer
	require.NoError(t, printer(t).Poster(&once, want))
	require.NoError(t, printer(t).Poster(&twice, want))
	require.Equal(t, once.Bytes(), twice.Bytes())
}

func TestSheetsAreOfSomeCardsAndNotTooMany(t *testing.T) {
	t.Parallel()
	for _, cards := range [][]print.Card{nil, make([]print.Card, print.CardsMax+1)} {
		require.ErrorIs(t, printer(t).CardSheets(&bytes.Buffer{}, cards), print.ErrCards)
	}
}

func TestPrintsNeedTheAddressOfASite(t *testing.T) {
	t.Parallel()
	for _, base := range []string{"", "lsp.example.jp", "ftp://lsp.example.jp", "https://lsp.example.jp?x=1"} {
		_, err := print.New(base)
		require.Error(t, err, base)
	}
}
