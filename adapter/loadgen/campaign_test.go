package loadgen

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"
)

// treasurer is a platform that pays one campaign out, and keeps the fifth point when it is told to.
type treasurer struct {
	platform
	keeps    int64
	promised int64
	steps    []string
	polls    int
}

func (p *treasurer) open(t *testing.T) string {
	t.Helper()
	p.keys, p.paths = map[string]bool{}, map[string]int{}
	app := newApp()
	step := func(name string, status int, answer func() fiber.Map) fiber.Handler {
		return p.user(func(c *fiber.Ctx, email string) error {
			if roleOf(email) != "administrator" {
				return c.Status(403).JSON(fiber.Map{"code": "forbidden"})
			}
			p.steps = append(p.steps, name)
			return c.Status(status).JSON(answer())
		})
	}
	app.Post("/v1/sessions", p.signIn)
	app.Get("/v1/me", p.user(func(c *fiber.Ctx, email string) error {
		return c.JSON(fiber.Map{"id": "user-" + email, "role": roleOf(email)})
	}))
	app.Post("/v1/admin/funds/f/deposits", step("deposit", 201, func() fiber.Map { return fiber.Map{"entry_id": "e"} }))
	app.Post("/v1/admin/campaigns", step("draft", 201, func() fiber.Map { return fiber.Map{"campaign": fiber.Map{"id": "c-1"}} }))
	app.Post("/v1/admin/campaigns/c-1/opening", step("open", 201, func() fiber.Map { return fiber.Map{"budget": 20_000} }))
	app.Post("/v1/admin/campaigns/c-1/end", step("end", 200, func() fiber.Map { return fiber.Map{"state": "ended"} }))
	app.Get("/v1/admin/campaigns/c-1/standing", p.user(func(c *fiber.Ctx, _ string) error {
		if p.polls++; p.polls < 3 {
			return c.JSON(fiber.Map{"state": "ended"})
		}
		created := time.Date(2026, time.April, 1, 9, 0, 0, 0, time.UTC)
		return c.JSON(fiber.Map{"state": "paid", "payout": fiber.Map{
			"rows": 100, "refused": 0, "granted": p.promised - p.keeps, "created_at": created, "ended_at": created.Add(1500 * time.Millisecond),
		}})
	}))
	return listen(t, app)
}

func (p *treasurer) run(t *testing.T, out io.Writer) (Report, error) {
	t.Helper()
	o := Options{Target: Target{URL: p.open(t), Password: testPassword}}
	return Payout(t.Context(), o, CampaignOptions{
		AdminEmail: "admin@example.jp", Fund: "f", Kind: "k", Accruals: 1_000, People: 100,
		Accrue: func(_ context.Context, campaign string, accruals, people int) (int64, error) {
			require.Equal(t, []any{"c-1", 1_000, 100}, []any{campaign, accruals, people})
			p.steps = append(p.steps, "accrue")
			return p.promised, nil
		},
	}, out)
}

func TestAPayoutIsTimedByTheServersOwnStamps(t *testing.T) {
	t.Parallel()
	p := &treasurer{promised: 9_871}
	var markdown bytes.Buffer
	report, err := p.run(t, io.Discard)
	require.NoError(t, err)
	require.Equal(t, []string{"deposit", "draft", "open", "accrue", "end"}, p.steps)
	require.InDelta(t, 1.5, report.Campaign.JobSeconds, 1e-9)
	require.NoError(t, report.WriteMarkdown(&markdown))
	require.Contains(t, markdown.String(), "| 1,000 | 100 | 9,871 | 1.50 |")
}

func TestAPayoutThatKeepsAPointIsNoMeasurement(t *testing.T) {
	t.Parallel()
	p := &treasurer{promised: 9_871, keeps: 1}
	_, err := p.run(t, io.Discard)
	require.ErrorContains(t, err, "expected 9871")
	o := Options{Target: Target{URL: p.open(t), Password: testPassword}}
	_, err = Payout(t.Context(), o, CampaignOptions{Accruals: 1, People: 2}, io.Discard)
	require.ErrorContains(t, err, "one for each of them")
	failing := errors.New("no room")
	_, err = Payout(t.Context(), o, CampaignOptions{
		AdminEmail: "admin@example.jp", Fund: "f", Kind: "k", Accruals: 1_000, People: 100,
		Accrue: func(context.Context, string, int, int) (int64, error) { return 0, failing },
	}, io.Discard)
	require.ErrorIs(t, err, failing)
}
