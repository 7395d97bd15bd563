package rest

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"unicode"

	"github.com/gofiber/fiber/v2"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/user"
)

//go:embed landing.html
var landingHTML string

//go:embed landing.css
var landingCSS string

var landingPage = template.Must(template.New("landing").Parse(landingHTML))

// landingPolicy allows the page its one style sheet and nothing else: no script, no picture, no form.
var landingPolicy = func() string {
	sum := sha256.Sum256([]byte(landingCSS))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// landingView is what the page says.
type landingView struct {
	Style    template.CSS
	Shop     bool
	Card     bool // printed, and so perhaps found somewhere
	Name     string
	Category string
	Address  string
	Trouble  string // why the code cannot be used
}

// A heading ends with a part in which no line is broken, so that no letter stands alone: with its last word, where
// that has a length between these, else with as many letters as the smaller one.
const (
	keptRunes    = 4
	keptRunesMax = 8 // as many as find room on the narrowest telephone
)

// Head and Tail are the name in two parts: no line is broken within the second.
func (v landingView) Head() string { return string([]rune(v.Name)[:v.tail()]) }

// Tail is the rest of the name behind Head.
func (v landingView) Tail() string { return string([]rune(v.Name)[v.tail():]) }

func (v landingView) tail() int {
	name := []rune(v.Name)
	for n := keptRunes; n <= keptRunesMax && n < len(name); n++ {
		if unicode.IsSpace(name[len(name)-n-1]) {
			return len(name) - n
		}
	}
	return max(len(name)-keptRunes, 0)
}

// landing answers whoever scans a code with something else than the app (clause 3.1.6). It tells whose code it is:
// a shop by name, anybody else not at all. Whoever found a card learns where to bring it. It moves nothing and changes
// nothing, however often it is opened.
func (s *server) landing(c *fiber.Ctx) error {
	view := landingView{Style: template.CSS(landingCSS), Name: anonymous + "のコード"}
	status := fiber.StatusOK
	code, owner, err := s.behind(c)
	switch f, refused := fault.Of(err); {
	case refused:
		p := ofFault(f, "path")
		status, view.Trouble = p.Status, p.Title
		if f.Kind == fault.Invalid {
			status = fiber.StatusNotFound
		}
	case err != nil:
		return err
	case owner.Role == user.Merchant:
		view.Shop, view.Name, view.Category, view.Address = true, owner.Profile.Name, owner.Profile.Category, owner.Profile.Address
	case owner.Role != user.Resident:
		view.Name = "LOVESAIJO 関係者のコード"
	}
	view.Card = !view.Shop && code.Purpose == user.Standing
	if reason, bad := fault.Of(code.Usable(s.Now())); bad && err == nil {
		p := ofFault(reason, "path")
		status, view.Trouble = p.Status, p.Title
	}
	var page bytes.Buffer
	if err := landingPage.Execute(&page, view); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentSecurityPolicy, landingPolicy)
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	c.Set(fiber.HeaderContentLanguage, "ja")
	c.Set("X-Robots-Tag", "noindex")
	return c.Status(status).Send(page.Bytes())
}

// behind finds the code of the path and its owner.
func (s *server) behind(c *fiber.Ctx) (user.Code, user.User, error) {
	token, err := user.ParseToken(param(c, "token"))
	if err != nil {
		return user.Code{}, user.User{}, err
	}
	code, err := s.Codes.ByToken(c.UserContext(), token)
	if err != nil {
		return user.Code{}, user.User{}, err
	}
	owner, err := s.Roster.ByID(c.UserContext(), code.Owner)
	return code, owner, err
}
