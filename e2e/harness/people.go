package harness

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Password is everybody's, but for the first administrator, whose one is made up by the platform.
const Password = "correct horse battery"

// Person is somebody with a sign-in.
type Person struct {
	Email    string
	Password string
	Name     string
	Role     string
	ID       string
	WalletID string
	Code     string // token of the standing code; empty for administrators
	Token    string // of access
	Refresh  string

	server *Server
}

// Session is what a sign-in gives.
type Session struct {
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int    `json:"expires_in"`
	User         struct {
		ID       string `json:"id"`
		Role     string `json:"role"`
		Name     string `json:"name"`
		WalletID string `json:"wallet_id"`
	} `json:"user"`
}

// appoint makes the first administrator as an operator does, by the command line, and signs in.
func (c *City) appoint(ctx context.Context) (*Person, error) {
	p := &Person{Email: "office@" + strings.ToLower(c.Name) + ".example.jp", Name: "市役所 太郎", server: c.front}
	said, err := c.Command(ctx, "admin", "create", "--email", p.Email, "--name", p.Name)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(said) {
		if password, found := strings.CutPrefix(strings.TrimSpace(line), "password: "); found {
			p.Password = strings.TrimSpace(password)
		}
	}
	if p.Password == "" {
		return nil, errors.New("admin create printed no password")
	}
	return p, p.signIn(ctx)
}

func (p *Person) signIn(ctx context.Context) error {
	answer, err := Send(ctx, Request{
		Method: http.MethodPost, URL: p.server.URL, Path: "/v1/sessions",
		Body: map[string]string{"email": p.Email, "password": p.Password},
	})
	if err != nil {
		return err
	}
	var session Session
	if answer.Status != http.StatusCreated {
		return fmt.Errorf("sign-in of %s: status %d: %s", p.Email, answer.Status, answer.Body)
	}
	if err := answer.Into(&session); err != nil {
		return fmt.Errorf("sign-in of %s: %w", p.Email, err)
	}
	p.Token, p.Refresh = session.AccessToken, session.RefreshToken
	p.ID, p.Role, p.WalletID = session.User.ID, session.User.Role, session.User.WalletID
	return nil
}

// SignIn signs in anew, as on one more device, and leaves the person's other sign-ins alone.
func (p *Person) SignIn(t testing.TB) *Person {
	t.Helper()
	again := *p
	require.NoError(t, again.signIn(t.Context()))
	return &again
}

// At is the person as a client of another serving process.
func (p *Person) At(server *Server) *Person {
	elsewhere := *p
	elsewhere.server = server
	return &elsewhere
}

// Nobody calls without a sign-in.
func (c *City) Nobody() *Person { return &Person{server: c.front} }

// Registration is what an administrator enters.
type Registration struct {
	Role      string  `json:"role"`
	Email     string  `json:"email"`
	Password  string  `json:"password"`
	Profile   Profile `json:"profile"`
	Employer  string  `json:"employer,omitempty"`
	CodeLimit int64   `json:"code_limit,omitempty"`
}

// Profile is what people tell about themselves.
type Profile struct {
	Name       string `json:"name"`
	Kana       string `json:"kana"`
	Birth      string `json:"birth,omitempty"`
	PostalCode string `json:"postal_code,omitempty"`
	Address    string `json:"address,omitempty"`
	Phone      string `json:"phone,omitempty"`
	Category   string `json:"category,omitempty"`
}

// What every shop of the harness tells about itself.
const (
	ShopAddress  = "愛媛県西条市大町2番地"
	ShopCategory = "食料品"
)

// serial keeps addresses apart within a test process.
var serial atomic.Int64

// Address makes an e-mail address that nobody has.
func Address(name string) string { return fmt.Sprintf("%s-%d@example.jp", name, serial.Add(1)) }

// Resident registers a resident and signs in.
func (c *City) Resident(t testing.TB, name string) *Person {
	t.Helper()
	return c.Register(t, Registration{Role: "resident", Profile: Profile{
		Name: name, Kana: "サイジョウ ハナコ", Birth: "1980-04-01", PostalCode: "7930000", Address: "愛媛県西条市明屋敷1番地", Phone: "0897555555",
	}})
}

// Merchant registers a shop and signs in.
func (c *City) Merchant(t testing.TB, name string) *Person {
	t.Helper()
	return c.LimitedMerchant(t, name, 0)
}

// LimitedMerchant registers a shop whose standing code takes at most limit at a time; zero for no limit.
func (c *City) LimitedMerchant(t testing.TB, name string, limit int64) *Person {
	t.Helper()
	return c.Register(t, Registration{Role: "merchant", CodeLimit: limit, Profile: Profile{
		Name: name, Kana: "ウチヌキショウテン", PostalCode: "7930030", Address: ShopAddress, Phone: "0897566666", Category: ShopCategory,
	}})
}

// Clerk registers somebody who works for a shop and signs in.
func (c *City) Clerk(t testing.TB, name string, employer *Person) *Person {
	t.Helper()
	return c.Register(t, Registration{Role: "clerk", Employer: employer.ID, Profile: Profile{Name: name, Kana: "テンイン"}})
}

// Register enters somebody and signs in as them. Address and password are made up where they are left out.
func (c *City) Register(t testing.TB, r Registration) *Person {
	t.Helper()
	if r.Email == "" {
		r.Email = Address(r.Role)
	}
	if r.Password == "" {
		r.Password = Password
	}
	Post[struct{}](t, c.Office, "/v1/admin/users", r)
	p := &Person{Email: r.Email, Password: r.Password, Name: r.Profile.Name, server: c.front}
	require.NoError(t, p.signIn(t.Context()))
	if p.Role != "administrator" {
		p.Code = Get[struct {
			Token string `json:"token"`
		}](t, p, "/v1/codes/standing").Token
	}
	return p
}
