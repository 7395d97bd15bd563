package loadgen

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"

	"lovesaijo/domain/idem"
)

// platform answers as the real server does, as far as a load asks, and remembers what it was asked. The zero value has
// people without end; the fields that spoil an answer are set before it is opened.
type platform struct {
	breakPayment func(nth int, c *fiber.Ctx) bool // reports that it has answered itself
	noHistory    bool
	lossEvery    int // every so many payments are acknowledged and not credited
	refusedRows  bool
	stray        string // the user as whom everybody's token is known

	mu        sync.Mutex
	signIns   []string
	me        int
	keys      map[string]bool
	payers    map[string]bool
	payments  int
	points    map[string]int64 // by merchant
	amounts   map[int64]bool
	complaint string // the first thing that a client did wrong
	batch     *fakeBatch
	paths     map[string]int
}

type fakeBatch struct {
	rows, polls int
	total       int64
	key         string
}

const testPassword = "ひみつ-password"

// mint makes the tokens of a fake that knows a user by the token's end.
func mint(email string) (string, error) { return "minted:" + email, nil }

func (p *platform) open(t *testing.T) string {
	t.Helper()
	p.keys, p.payers, p.points, p.amounts, p.paths = map[string]bool{}, map[string]bool{}, map[string]int64{}, map[int64]bool{}, map[string]int{}
	app := newApp()
	app.Use(func(c *fiber.Ctx) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.paths[c.Path()]++
		return c.Next()
	})
	app.Post("/v1/sessions", p.signIn)
	app.Get("/v1/me", p.user(func(c *fiber.Ctx, email string) error {
		p.me++
		if p.stray != "" {
			email = p.stray
		}
		return c.JSON(fiber.Map{"id": "user-" + email, "role": roleOf(email), "wallet_id": "wallet-" + email})
	}))
	app.Get("/v1/wallet", p.user(func(c *fiber.Ctx, email string) error {
		if roleOf(email) == "merchant" {
			return c.JSON(fiber.Map{"id": email, "balance": p.points[email], "lots": []fiber.Map{{"remaining": p.points[email]}}})
		}
		return c.JSON(fiber.Map{"id": email, "balance": 60, "lots": []fiber.Map{{"remaining": 10}, {"remaining": 20}, {"remaining": 30}}})
	}))
	app.Get("/v1/wallet/history", p.user(func(c *fiber.Ctx, _ string) error {
		lines := []fiber.Map{{"no": 3, "delta": -5, "balance": 25}, {"no": 2, "delta": 10, "balance": 30}, {"no": 1, "delta": 20, "balance": 20}}
		if p.noHistory {
			lines = nil
		}
		return c.JSON(fiber.Map{"lines": lines, "next": ""})
	}))
	app.Get("/v1/codes/standing", p.user(func(c *fiber.Ctx, email string) error {
		return c.JSON(fiber.Map{"token": "1S-" + email, "url": "http://127.0.0.1/q/1S-" + email})
	}))
	app.Post("/v1/payments", p.user(p.pay))
	app.Post("/v1/admin/batches", p.user(p.takeBatch))
	app.Get("/v1/admin/batches/:id", p.user(p.showBatch))
	return listen(t, app)
}

func roleOf(email string) string {
	switch {
	case strings.HasPrefix(email, "resident"):
		return "resident"
	case strings.HasPrefix(email, "shop"):
		return "merchant"
	default:
		return "administrator"
	}
}

func (p *platform) complain(format string, values ...any) {
	if p.complaint == "" {
		p.complaint = fmt.Sprintf(format, values...)
	}
}

func (p *platform) signIn(c *fiber.Ctx) error {
	var asked struct {
		Email    string `json:"email"`
		Password string `json:"password"`
	}
	if err := c.BodyParser(&asked); err != nil {
		return err
	}
	if asked.Password != testPassword {
		return c.Status(401).JSON(fiber.Map{"code": "credentials_wrong"})
	}
	p.signIns = append(p.signIns, asked.Email)
	user := fiber.Map{"id": "user-" + asked.Email, "role": roleOf(asked.Email), "name": "西条 花子"}
	return c.Status(201).JSON(fiber.Map{"access_token": "signed:" + asked.Email, "refresh_token": "r", "expires_in": 600, "user": user})
}

// user refuses requests without a token of either kind.
func (p *platform) user(handle func(c *fiber.Ctx, email string) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		token, bearer := strings.CutPrefix(c.Get(fiber.HeaderAuthorization), "Bearer ")
		kind, email, ok := strings.Cut(token, ":")
		if !bearer || !ok || !slices.Contains([]string{"minted", "signed"}, kind) {
			return c.Status(401).JSON(fiber.Map{"code": "access_token_invalid"})
		}
		return handle(c, email)
	}
}

func (p *platform) pay(c *fiber.Ctx, email string) error {
	p.payments++
	if p.breakPayment != nil && p.breakPayment(p.payments, c) {
		return nil
	}
	var asked struct {
		PayeeCode string `json:"payee_code"`
		Amount    int64  `json:"amount"`
	}
	if err := c.BodyParser(&asked); err != nil {
		return err
	}
	key := c.Get("Idempotency-Key")
	merchant, ok := strings.CutPrefix(asked.PayeeCode, "1S-")
	switch {
	case !ok || roleOf(merchant) != "merchant" || roleOf(email) != "resident":
		p.complain("%s pays %s", email, asked.PayeeCode)
	case idem.Key(key).Valid() != nil || p.keys[key]:
		p.complain("key %s is not fresh or not valid", key)
	case c.Get(fiber.HeaderContentType) != fiber.MIMEApplicationJSON:
		p.complain("content type %s", c.Get(fiber.HeaderContentType))
	}
	p.keys[key], p.payers[email], p.amounts[asked.Amount] = true, true, true
	if p.lossEvery == 0 || p.payments%p.lossEvery != 0 {
		p.points[merchant] += asked.Amount
	}
	first := asked.Amount / 2
	return c.Status(201).JSON(fiber.Map{
		"entry_id": "e" + strconv.Itoa(p.payments), "type": "payment", "amount": asked.Amount,
		"slices": []fiber.Map{{"amount": first}, {"amount": asked.Amount - first}},
	})
}

func (p *platform) takeBatch(c *fiber.Ctx, email string) error {
	if roleOf(email) != "administrator" {
		return c.Status(403).JSON(fiber.Map{"code": "forbidden"})
	}
	var asked struct {
		Fund, Kind, Memo string
		List             []struct {
			Email  string `json:"email"`
			Amount int64  `json:"amount"`
		} `json:"list"`
	}
	if err := c.BodyParser(&asked); err != nil {
		return err
	}
	p.batch = &fakeBatch{rows: len(asked.List), key: c.Get("Idempotency-Key")}
	for i, row := range asked.List {
		if row.Email != fmt.Sprintf("resident%06d@example.jp", i+1) {
			p.complain("row %d is %s", i, row.Email)
		}
		p.batch.total += row.Amount
	}
	refused := []fiber.Map{}
	if p.refusedRows {
		refused = append(refused, fiber.Map{"row": 1, "reason": "user_unknown"})
	}
	return c.Status(202).JSON(fiber.Map{"id": "batch-1", "rows": p.batch.rows, "total": p.batch.total, "refused_rows": refused})
}

func (p *platform) showBatch(c *fiber.Ctx, _ string) error {
	p.batch.polls++
	created := time.Date(2026, time.April, 1, 9, 0, 0, 0, time.FixedZone("JST", 9*60*60))
	answer := fiber.Map{"id": c.Params("id"), "state": "running", "created_at": created, "ended_at": nil, "granted": 0, "refused": 0}
	if p.batch.polls == 3 {
		answer["state"], answer["ended_at"], answer["granted"] = "ended", created.Add(2500*time.Millisecond), p.batch.total
	}
	return c.JSON(answer)
}
