package loadgen

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	accrualsMax   = 10_000_000
	accrualPoints = 10 // on average, of one accrual
)

// CampaignOptions are a campaign that has ended and is to be paid.
type CampaignOptions struct {
	AdminEmail, AdminPassword string

	// Fund and Kind are their codes. The fund is given the cash for the budget.
	Fund, Kind string

	// Accruals is how many payments earned of the campaign; 0 means 1,000,000. People is among how many residents they
	// are; 0 means 10,000.
	Accruals, People int

	// Accrue writes that many accruals of the campaign, as payments would have, and tells their sum. Nil writes them
	// into the database of the Options.
	Accrue func(ctx context.Context, campaign string, accruals, people int) (points int64, err error)
}

// Campaign is what the payout of a campaign came to.
type Campaign struct {
	ID         string  `json:"id"`
	Accruals   int     `json:"accruals"`
	People     int     `json:"people"`
	Promised   int64   `json:"promised"`
	JobSeconds float64 `json:"job_seconds"` // summing, releasing, granting, by the server's own time stamps
	CPU        Cost    `json:"cpu_seconds"`
}

// Payout measures the payout of one campaign: an administrator opens and ends it, with synthetic accruals in between,
// and waits until everybody has theirs. The wait for the timetable, which looks every minute, is no part of the job.
func Payout(ctx context.Context, o Options, c CampaignOptions, out io.Writer) (Report, error) {
	fill(&c.Accruals, 1_000_000)
	fill(&c.People, 10_000)
	fill(&c.AdminPassword, o.Password)
	fill(&o.Password, c.AdminPassword)
	o.Floor = nil
	if c.Accrue == nil {
		database := o.DatabaseURL
		c.Accrue = func(ctx context.Context, campaign string, accruals, people int) (int64, error) {
			return accrue(ctx, database, campaign, accruals, people)
		}
	}
	o, err := o.settled(1)
	if err != nil {
		return Report{}, err
	}
	if c.People < 1 || c.Accruals < c.People || c.Accruals > accrualsMax {
		return Report{}, fmt.Errorf("campaign of %d accruals among %d people: give one for each of them at least, and %d at most", c.Accruals, c.People, accrualsMax)
	}
	s, err := o.enter(ctx, "Payout of a campaign", out)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	err = s.payOut(ctx, c)
	return s.report, err
}

func (s *session) payOut(ctx context.Context, c CampaignOptions) error {
	token, err := s.desk.signIn(ctx, c.AdminEmail, c.AdminPassword, "administrator")
	if err != nil {
		return err
	}
	id, err := s.desk.openCampaign(ctx, token, c)
	if err != nil {
		return err
	}
	began := time.Now()
	promised, err := c.Accrue(ctx, id, c.Accruals, c.People)
	if err != nil {
		return err
	}
	s.say("%s synthetic accruals of campaign %s in %s", grouped(int64(c.Accruals)), id, time.Since(began).Round(time.Millisecond))
	var ended struct {
		State string `json:"state"`
	}
	before := s.watch.all()
	if err := s.desk.send(ctx, http.MethodPost, campaignPath(id)+"/end", token, "", struct{}{}, http.StatusOK, &ended); err != nil {
		return err
	}
	payout, err := s.desk.awaitPayout(ctx, token, id)
	if err != nil {
		return err
	}
	s.watch.lookAtMemory()
	s.report.Memory = s.watch.memory
	s.report.Campaign = &Campaign{
		ID: id, Accruals: c.Accruals, People: payout.Rows, Promised: promised,
		JobSeconds: seconds(payout.EndedAt.Sub(payout.CreatedAt)), CPU: s.watch.all().since(before),
	}
	s.say("paid after %.2f s", s.report.Campaign.JobSeconds)
	if payout.Granted != promised || payout.Refused != 0 || payout.Rows != c.People {
		return fmt.Errorf("campaign %s: %d points went to %d people and %d were refused, expected %d to %d and none",
			id, payout.Granted, payout.Rows, payout.Refused, promised, c.People)
	}
	return nil
}

func campaignPath(id string) string { return "/v1/admin/campaigns/" + url.PathEscape(id) }

// openCampaign gives the fund the cash for the budget, and opens a campaign of today.
func (d office) openCampaign(ctx context.Context, token string, c CampaignOptions) (id string, err error) {
	budget := 2 * accrualPoints * int64(c.Accruals)
	var deposited struct {
		EntryID string `json:"entry_id"`
	}
	deposit := map[string]any{"amount": budget, "memo": "負荷試験"}
	if err := d.send(ctx, http.MethodPost, "/v1/admin/funds/"+url.PathEscape(c.Fund)+"/deposits", token, rand.Text(), deposit, http.StatusCreated, &deposited); err != nil {
		return "", err
	}
	today := time.Now().In(time.FixedZone("JST", 9*60*60)).Format(time.DateOnly)
	draft := map[string]any{
		"name": "負荷試験", "note": "合成データ", "rate": 1_000, "kind": c.Kind, "from": today, "until": today, "fund": c.Fund, "budget": budget,
		"categories": []string{"負荷試験のみ"}, // no shop of the population
	}
	var drafted struct {
		Campaign struct {
			ID string `json:"id"`
		} `json:"campaign"`
	}
	if err := d.send(ctx, http.MethodPost, "/v1/admin/campaigns", token, "", draft, http.StatusCreated, &drafted); err != nil {
		return "", err
	}
	var opened struct {
		Budget int64 `json:"budget"`
	}
	id = drafted.Campaign.ID
	if err := d.send(ctx, http.MethodPost, campaignPath(id)+"/opening", token, rand.Text(), struct{}{}, http.StatusCreated, &opened); err != nil {
		return "", err
	}
	if opened.Budget != budget {
		return "", fmt.Errorf("campaign %s: %d points were reserved, expected %d", id, opened.Budget, budget)
	}
	return id, nil
}

// payout is how far the payout of a campaign is.
type payout struct {
	progress
	Rows int `json:"rows"`
}

func (d office) awaitPayout(ctx context.Context, token, id string) (payout, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, batchMax, errors.New("the payout does not end"))
	defer cancel()
	poll := time.NewTicker(batchPoll)
	defer poll.Stop()
	for {
		var standing struct {
			State  string  `json:"state"`
			Payout *payout `json:"payout"`
		}
		if err := d.get(ctx, token, campaignPath(id)+"/standing", &standing); err != nil {
			return payout{}, fmt.Errorf("campaign %s: %w", id, err)
		}
		if standing.State == "paid" && standing.Payout != nil && standing.Payout.EndedAt != nil {
			return *standing.Payout, nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return payout{}, fmt.Errorf("campaign %s: %w", id, context.Cause(ctx))
		}
	}
}

// accrue writes accruals straight into the tables: to pay a million times would take minutes and measure something
// else. There are no payments behind them, so the books of this database are good for nothing but this measurement.
func accrue(ctx context.Context, databaseURL, campaign string, accruals, people int) (points int64, err error) {
	config, err := databaseConfig(databaseURL)
	if err != nil {
		return 0, err
	}
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return 0, fmt.Errorf("database: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, insertAccruals, campaign, accruals, people).Scan(&points); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `UPDATE campaigns SET accrued = $2 WHERE id = $1`, campaign, points)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("write %d accruals: %w", accruals, err)
	}
	return points, nil
}

const insertAccruals = `WITH people AS (SELECT row_number() OVER (ORDER BY id) - 1 AS no, id FROM wallets WHERE role = 1 ORDER BY id LIMIT $3),
	shop AS (SELECT id FROM wallets WHERE role = 2 ORDER BY id LIMIT 1),
	written AS (
		INSERT INTO awards (payment_id, entry_id, offer_id, wallet_id, shop_id, at, campaign, base, earned, amount)
		SELECT accrual.id, accrual.id, $1::uuid, people.id, shop.id, now(), true, 10 * accrual.points, accrual.points, accrual.points
		FROM (SELECT n, gen_random_uuid() AS id, 1 + n % 19 AS points FROM generate_series(0, $2::int - 1) n) accrual
		JOIN people ON people.no = accrual.n % $3, shop
		RETURNING amount)
	SELECT sum(amount)::bigint FROM written`

func (c Campaign) table(out *strings.Builder) {
	fmt.Fprintf(out, "| Accruals (synthetic) | People | Points | Job s | CPU s: server | PostgreSQL | client |\n|---:|---:|---:|---:|---:|---:|---:|\n| %s | %s | %s | %.2f | %s | %s | %s |\n",
		grouped(int64(c.Accruals)), grouped(int64(c.People)), grouped(c.Promised), c.JobSeconds,
		inSeconds(c.CPU.Server), inSeconds(c.CPU.Postgres), inSeconds(c.CPU.Client))
}
