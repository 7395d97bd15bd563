package loadgen

import (
	"bytes"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"
)

// cashier is a platform that closes a period and makes a file for the bank.
type cashier struct {
	platform
	closing time.Duration // how long a closing takes
	short   int           // records that a file has too few
	closed  atomic.Int64
	sent    bool // the bank has the file
}

func (p *cashier) open(t *testing.T) string {
	t.Helper()
	p.keys, p.payers, p.points, p.amounts, p.paths = map[string]bool{}, map[string]bool{}, map[string]int64{}, map[int64]bool{}, map[string]int{}
	app := newApp()
	app.Post("/v1/admin/periods/p-1/closing", func(c *fiber.Ctx) error { // beside payments, so under no lock
		time.Sleep(p.closing)
		p.closed.Add(1)
		return c.JSON(fiber.Map{"statements": 2, "drafts": 1, "drafted": 60})
	})
	app.Use(func(c *fiber.Ctx) error {
		p.mu.Lock()
		defer p.mu.Unlock()
		return c.Next()
	})
	app.Post("/v1/sessions", p.signIn)
	app.Get("/v1/me", p.user(func(c *fiber.Ctx, email string) error {
		return c.JSON(fiber.Map{"id": "user-" + email, "role": roleOf(email)})
	}))
	app.Get("/v1/wallet", p.user(func(c *fiber.Ctx, email string) error {
		return c.JSON(fiber.Map{"balance": p.points[email], "lots": []fiber.Map{{"remaining": 10}}})
	}))
	app.Get("/v1/codes/standing", p.user(func(c *fiber.Ctx, email string) error { return c.JSON(fiber.Map{"token": "1S-" + email}) }))
	app.Post("/v1/payments", p.user(p.pay))
	app.Post("/v1/admin/periods", p.user(func(c *fiber.Ctx, _ string) error { return c.Status(201).JSON(fiber.Map{"id": "p-1"}) }))
	app.Post("/v1/admin/bank-files", p.user(func(c *fiber.Ctx, _ string) error {
		return c.Status(201).JSON(fiber.Map{"file": fiber.Map{"id": "f-1", "name": "x.txt", "count": 10 - p.short, "total": 12_345}, "left_out": []any{}})
	}))
	app.Get("/v1/admin/bank-files/f-1/check", p.user(func(c *fiber.Ctx, _ string) error { return c.JSON(fiber.Map{"acceptable": true, "count": 10}) }))
	app.Post("/v1/admin/bank-files/f-1/sending", p.user(func(c *fiber.Ctx, _ string) error {
		p.sent = true
		return c.JSON(fiber.Map{"id": "f-1", "state": "sent"})
	}))
	app.Post("/v1/admin/bank-files/f-1/payment", p.user(func(c *fiber.Ctx, _ string) error {
		if !p.sent {
			return c.Status(409).JSON(fiber.Map{"code": "bank_file_not_sent"})
		}
		return c.Status(201).JSON(fiber.Map{"paid": 10})
	}))
	return listen(t, app)
}

func (p *cashier) options(t *testing.T, stretch time.Duration) Options {
	t.Helper()
	return Options{
		Target:      Target{URL: p.open(t), Password: testPassword, Residents: 2, Merchants: 2, Mint: mint, SignIns: 1},
		Connections: []int{2}, Stretch: stretch, AmountMax: 3,
	}
}

func TestAClosingIsTimedBesidePayments(t *testing.T) {
	t.Parallel()
	p := &cashier{closing: 50 * time.Millisecond}
	var markdown bytes.Buffer
	report, err := CloseBeside(t.Context(), p.options(t, closingLead+500*time.Millisecond), ClosingOptions{
		AdminEmail: "admin@example.jp", From: "2026-10-01", Until: "2026-10-31", Payments: 1_000_000,
	}, io.Discard)
	require.NoError(t, err)
	require.EqualValues(t, 1, p.closed.Load())
	require.Equal(t, []int{2, 1, 2}, []int{report.Closing.Statements, report.Closing.Drafts, report.Closing.AtOnce})
	require.GreaterOrEqual(t, report.Closing.Seconds, 0.05)
	require.Positive(t, report.Closing.Ratio)
	require.NoError(t, report.WriteMarkdown(&markdown))
	require.Contains(t, markdown.String(), "| 1,000,000 | 2 | 1 |")
	require.Contains(t, markdown.String(), besidePath)
	require.Empty(t, p.complaint)
}

func TestAClosingThatOutlastsItsPaymentsIsNoMeasurement(t *testing.T) {
	t.Parallel()
	p := &cashier{closing: 300 * time.Millisecond}
	options := p.options(t, closingLead+50*time.Millisecond)
	_, err := CloseBeside(t.Context(), options, ClosingOptions{AdminEmail: "admin@example.jp"}, io.Discard)
	require.ErrorContains(t, err, "give a longer stretch")
	options.Stretch = closingLead
	_, err = CloseBeside(t.Context(), options, ClosingOptions{AdminEmail: "admin@example.jp"}, io.Discard)
	require.ErrorContains(t, err, "more than 1s")
}

func TestABankFileIsTimedStepByStep(t *testing.T) {
	t.Parallel()
	p := &cashier{}
	var markdown bytes.Buffer
	report, err := TransferFile(t.Context(), p.options(t, time.Second), BankFileOptions{AdminEmail: "admin@example.jp", Records: 10}, io.Discard)
	require.NoError(t, err)
	require.NoError(t, report.WriteMarkdown(&markdown))
	require.Contains(t, markdown.String(), "| 10 | 12,345 |")

	short := &cashier{short: 1}
	_, err = TransferFile(t.Context(), short.options(t, time.Second), BankFileOptions{AdminEmail: "admin@example.jp", Records: 10}, io.Discard)
	require.ErrorContains(t, err, "has 9 records, expected 10")
}
