package loadgen

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// besidePath names the payments that are made while a period is closed.
const besidePath = "HTTP beside a closing"

// closingLead is how long payments run before the closing begins.
const closingLead = time.Second

// ClosingOptions are a period that is over, whose payments are in the journal already.
type ClosingOptions struct {
	AdminEmail, AdminPassword string

	// From and Until are its first and last day. Payments is how many it has, for the report.
	From, Until string
	Payments    int64
}

// Closing is what closing a period came to.
type Closing struct {
	Payments   int64   `json:"payments"`
	Statements int     `json:"statements"`
	Drafts     int     `json:"drafts"`
	Drafted    int64   `json:"drafted"`
	Seconds    float64 `json:"seconds"` // from the request to its answer
	AtOnce     int     `json:"at_once"`
	Alone      float64 `json:"alone_per_second"`  // payments, before and after
	Beside     float64 `json:"beside_per_second"` // payments, while the period was closed
	Ratio      float64 `json:"ratio"`
	CPU        Cost    `json:"cpu_seconds"`
}

// CloseBeside measures the closing of a period while residents pay: first the payments alone, then beside the closing,
// then alone again.
func CloseBeside(ctx context.Context, o Options, c ClosingOptions, out io.Writer) (Report, error) {
	fill(&c.AdminPassword, o.Password)
	o.Floor, o.Rounds = nil, 1
	o, err := o.settled(64)
	if err != nil {
		return Report{}, err
	}
	if len(o.Connections) != 1 || o.Stretch <= closingLead {
		return Report{}, fmt.Errorf("closing beside payments at %v for %s: give one number of connections and more than %s", o.Connections, o.Stretch, closingLead)
	}
	s, err := o.open(ctx, "Closing of a period", out)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	err = s.closeBeside(ctx, c)
	s.report.summarise()
	return s.report, err
}

func (s *session) closeBeside(ctx context.Context, c ClosingOptions) error {
	token, err := s.desk.signIn(ctx, c.AdminEmail, c.AdminPassword, "administrator")
	if err != nil {
		return err
	}
	var period struct {
		ID string `json:"id"`
	}
	if err := s.desk.send(ctx, http.MethodPost, "/v1/admin/periods", token, "", map[string]any{"from": c.From, "until": c.Until}, http.StatusCreated, &period); err != nil {
		return err
	}
	var points, done atomic.Int64
	payers := func() caller { return counted{s.payer(s.halves()[0], &points), &done} }
	atOnce := s.options.Connections[0]
	if err := s.stretch(ctx, false, plainPath, atOnce, min(s.options.Stretch, warmUpMax), payers); err != nil {
		return err
	}
	if err := s.stretch(ctx, true, plainPath, atOnce, s.options.Stretch, payers); err != nil {
		return err
	}
	closed := make(chan error, 1)
	beside, stop := context.WithCancel(ctx)
	defer stop()
	go func() { closed <- s.closePeriod(beside, token, period.ID, &done, c) }()
	if err := s.stretch(ctx, true, besidePath, atOnce, s.options.Stretch, payers); err != nil {
		stop()
		<-closed
		return err
	}
	if err := <-closed; err != nil {
		return err
	}
	if err := s.stretch(ctx, true, plainPath, atOnce, s.options.Stretch, payers); err != nil {
		return err
	}
	closing := s.report.Closing
	closing.AtOnce = atOnce
	for _, row := range s.report.Rows {
		if row.Path == plainPath {
			closing.Alone = median(row.Rates)
		}
	}
	closing.Ratio = closing.Beside / closing.Alone
	s.say("%.2f of the payments went on", closing.Ratio)
	return nil
}

// closePeriod closes the period once payments are under way, and counts those that are answered meanwhile.
func (s *session) closePeriod(ctx context.Context, token, period string, done *atomic.Int64, c ClosingOptions) error {
	lead := time.NewTimer(closingLead)
	defer lead.Stop()
	select {
	case <-lead.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	var answer struct {
		Statements int   `json:"statements"`
		Drafts     int   `json:"drafts"`
		Drafted    int64 `json:"drafted"`
	}
	before, paid, began := s.watch.all(), done.Load(), time.Now()
	err := s.desk.send(ctx, http.MethodPost, "/v1/admin/periods/"+url.PathEscape(period)+"/closing", token, "", struct{}{}, http.StatusOK, &answer)
	took := time.Since(began)
	if err != nil {
		return err
	}
	s.report.Closing = &Closing{
		Payments: c.Payments, Statements: answer.Statements, Drafts: answer.Drafts, Drafted: answer.Drafted, Seconds: seconds(took),
		Beside: float64(done.Load()-paid) / took.Seconds(), CPU: s.watch.all().since(before),
	}
	s.say("  closed in %s: %d statements, %d drafts", took.Round(time.Millisecond), answer.Statements, answer.Drafts)
	if over := closingLead + took; over > s.options.Stretch {
		return fmt.Errorf("the closing took %s, longer than the %s of payments beside it: give a longer stretch", took.Round(time.Millisecond), s.options.Stretch-closingLead)
	}
	return nil
}

// counted counts the answers that were as expected, while others look on.
type counted struct {
	caller
	done *atomic.Int64
}

func (c counted) judge(answer response) error {
	err := c.caller.judge(answer)
	if err == nil {
		c.done.Add(1)
	}
	return err
}

func (c Closing) table(out *strings.Builder) {
	fmt.Fprintf(out, "| Payments in the period | Statements | Drafts | Closing s | Payments/s alone | beside it, %d at once | Ratio | CPU s: server | PostgreSQL | client |\n"+
		"|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n| %s | %s | %s | %.2f | %s | %s | %.2f | %s | %s | %s |\n",
		c.AtOnce, grouped(c.Payments), grouped(int64(c.Statements)), grouped(int64(c.Drafts)), c.Seconds, grouped(int64(c.Alone+0.5)), grouped(int64(c.Beside+0.5)),
		c.Ratio, inSeconds(c.CPU.Server), inSeconds(c.CPU.Postgres), inSeconds(c.CPU.Client))
}
