package journey_test

import (
	"bytes"
	"image/png"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

type standing struct {
	Token        string `json:"token"`
	URL          string `json:"url"`
	PrintVersion int    `json:"print_version"`
}

type issued struct {
	Token     string `json:"token"`
	URL       string `json:"url"`
	ExpiresAt string `json:"expires_at"`
}

type meeting struct {
	Purpose   string `json:"purpose"`
	Role      string `json:"role"`
	Name      string `json:"name"`
	Category  string `json:"category"`
	Address   string `json:"address"`
	Amount    *int64 `json:"amount"`
	AmountMax *int64 `json:"amount_max"`
	Usable    bool   `json:"usable"`
	Fault     *struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	} `json:"fault"`
}

func get(t *testing.T, p *harness.Person, path string) harness.Answer {
	t.Helper()
	return p.Call(t, harness.Request{Method: http.MethodGet, Path: path})
}

// scan reads a picture of a code as a camera would.
func scan(t *testing.T, picture []byte) string {
	t.Helper()
	drawn, err := png.Decode(bytes.NewReader(picture))
	require.NoError(t, err)
	bitmap, err := gozxing.NewBinaryBitmapFromImage(drawn)
	require.NoError(t, err)
	read, err := qrcode.NewQRCodeReader().Decode(bitmap, nil)
	require.NoError(t, err)
	return read.GetText()
}

// textOf gives what is printed on a PDF.
func textOf(t *testing.T, pdf []byte) string {
	t.Helper()
	require.True(t, bytes.HasPrefix(pdf, []byte("%PDF-")))
	reader, err := exec.LookPath("pdftotext")
	require.NoError(t, err, "poppler-utils must be installed")
	file := filepath.Join(t.TempDir(), "printed.pdf")
	require.NoError(t, os.WriteFile(file, pdf, 0o600))
	text, err := exec.CommandContext(t.Context(), reader, file, "-").Output()
	require.NoError(t, err)
	return string(text)
}

// Clause 3.1.6.
func TestAnybodyWhoScansACodeLandsOnAPageThatMovesNothing(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop, nobody := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店"), city.Nobody()
	city.Endow(t, hana, 500)

	code := harness.Get[standing](t, shop, "/v1/codes/standing")
	require.Equal(t, city.Front().URL+"/q/"+code.Token, code.URL)
	page := get(t, nobody, "/q/"+code.Token)
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, page.Header.Get("Content-Type"), "text/html")
	for _, told := range []string{"うちぬき商店", harness.ShopCategory, harness.ShopAddress} {
		require.Contains(t, string(page.Body), told)
	}
	require.NotContains(t, strings.ToLower(string(page.Body)), "<script")
	require.NotContains(t, page.Header.Get("Content-Security-Policy"), "unsafe")

	page = get(t, nobody, "/q/"+hana.Code)
	require.Equal(t, http.StatusOK, page.Status)
	require.Contains(t, string(page.Body), "利用者のコード")
	require.NotContains(t, string(page.Body), "藤田", "a resident's code tells no name")

	unknown := strings.Repeat("0", len(hana.Code)-2)
	require.Equal(t, http.StatusNotFound, get(t, nobody, "/q/1S"+unknown).Status)
	require.Equal(t, http.StatusNotFound, get(t, nobody, "/q/no-code").Status)
	require.EqualValues(t, 500, hana.Balance(t))
}

func TestACameraReadsTheCodeThatWasDrawnAndPrinted(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	code := harness.Get[standing](t, shop, "/v1/codes/standing")

	picture := get(t, shop, "/v1/codes/standing.png")
	require.Equal(t, "image/png", picture.Header.Get("Content-Type"))
	require.Equal(t, code.URL, scan(t, picture.Body))
	drawing := get(t, shop, "/v1/codes/standing.svg")
	require.Contains(t, drawing.Header.Get("Content-Type"), "image/svg+xml")
	require.Contains(t, string(drawing.Body), "<svg")
	require.Equal(t, code.URL, scan(t, get(t, city.Office, "/v1/admin/users/"+shop.ID+"/code.png").Body))

	poster := get(t, shop, "/v1/codes/standing.pdf")
	require.Equal(t, "application/pdf", poster.Header.Get("Content-Type"))
	printed := textOf(t, poster.Body)
	require.Contains(t, printed, "うちぬき商店")
	require.Contains(t, printed, "このお店で使えます")

	printed = textOf(t, get(t, hana, "/v1/codes/standing.pdf").Body)
	require.Contains(t, printed, "藤田 花")
	require.Contains(t, printed, "利用者カード")
}

func TestARotatedCodeStopsWorkingAtOnce(t *testing.T) {
	t.Parallel()
	city := saijo(t)
	hana, shop := city.Resident(t, "藤田 花"), city.Merchant(t, "うちぬき商店")
	city.Endow(t, hana, 500)
	old := harness.Get[standing](t, shop, "/v1/codes/standing")
	fresh := harness.Post[standing](t, shop, "/v1/codes/standing/rotation", nil)
	require.NotEqual(t, old.Token, fresh.Token)
	require.Equal(t, old.PrintVersion+1, fresh.PrintVersion)

	pay := harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": old.Token, "amount": 100}}
	hana.Refused(t, http.StatusGone, "code_revoked", pay)
	seen := harness.Get[meeting](t, hana, "/v1/codes/"+old.Token)
	require.False(t, seen.Usable)
	require.Equal(t, "code_revoked", seen.Fault.Code)
	require.Equal(t, http.StatusGone, get(t, city.Nobody(), "/q/"+old.Token).Status)
	require.EqualValues(t, 500, hana.Balance(t))

	shop.Code = fresh.Token
	seen = harness.Get[meeting](t, hana, "/v1/codes/"+fresh.Token)
	require.Equal(t, meeting{
		Purpose: "standing", Role: "merchant", Name: "うちぬき商店", Category: harness.ShopCategory, Address: harness.ShopAddress, Usable: true,
	}, seen)
	require.EqualValues(t, 400, hana.Pay(t, shop, 100).Balance)
	require.Equal(t, fresh.URL, scan(t, get(t, shop, "/v1/codes/standing.png").Body))

	byOffice := harness.Post[standing](t, city.Office, "/v1/admin/users/"+shop.ID+"/code/rotation", nil)
	require.Equal(t, fresh.PrintVersion+1, byOffice.PrintVersion)
	pay = harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": fresh.Token, "amount": 100}}
	hana.Refused(t, http.StatusGone, "code_revoked", pay)

	revoked := city.Office.Call(t, harness.Request{Method: http.MethodDelete, Path: "/v1/admin/users/" + shop.ID + "/code"})
	require.Equal(t, http.StatusNoContent, revoked.Status, "%s", revoked.Body)
	pay = harness.Request{Method: http.MethodPost, Path: "/v1/payments", Key: harness.Key(), Body: map[string]any{"payee_code": byOffice.Token, "amount": 100}}
	hana.Refused(t, http.StatusGone, "code_revoked", pay)
	require.EqualValues(t, 400, hana.Balance(t))
}
