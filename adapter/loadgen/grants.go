package loadgen

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	batchRowsMax = 100_000
	batchPoll    = 100 * time.Millisecond
	batchMax     = 10 * time.Minute
)

// BatchOptions are a bulk grant.
type BatchOptions struct {
	AdminEmail, AdminPassword string

	// Fund and Kind are their codes; ExpiresOn may be empty.
	Fund, Kind, ExpiresOn string

	// Rows is the number of residents, from the first of the e-mail pattern; 0 means 10,000. Amount is what each
	// gets; 0 means 1.
	Rows   int
	Amount int64
}

// Batch is what a bulk grant came to.
type Batch struct {
	ID              string    `json:"id"`
	Rows            int       `json:"rows"`
	Granted         int64     `json:"granted"`
	CreatedAt       time.Time `json:"created_at"`
	EndedAt         time.Time `json:"ended_at"`
	JobSeconds      float64   `json:"job_seconds"`      // from the server's own time stamps
	AcceptedSeconds float64   `json:"accepted_seconds"` // until the request was answered
	CPU             Cost      `json:"cpu_seconds"`
}

// Grants measures one bulk grant: an administrator hands in a list and waits for its end.
func Grants(ctx context.Context, o Options, b BatchOptions, out io.Writer) (Report, error) {
	fill(&b.Rows, 10_000)
	fill(&b.Amount, 1)
	fill(&b.AdminPassword, o.Password)
	fill(&o.Password, b.AdminPassword)
	o.Floor = nil
	o, err := o.settled(1)
	if err != nil {
		return Report{}, err
	}
	if b.Rows < 1 || b.Rows > batchRowsMax || b.Amount < 1 || b.Amount > amountMax {
		return Report{}, fmt.Errorf("batch of %d rows at %d points: give 1 to %d rows and 1 to %d points", b.Rows, b.Amount, batchRowsMax, amountMax)
	}
	s, err := o.enter(ctx, "Bulk grant", out)
	if err != nil {
		return Report{}, err
	}
	defer s.close()
	err = s.grant(ctx, b)
	return s.report, err
}

func (s *session) grant(ctx context.Context, b BatchOptions) error {
	token, err := s.desk.signIn(ctx, b.AdminEmail, b.AdminPassword, "administrator")
	if err != nil {
		return err
	}
	type row struct {
		Email  string `json:"email"`
		Amount int64  `json:"amount"`
	}
	order := struct {
		Fund      string `json:"fund"`
		Kind      string `json:"kind"`
		ExpiresOn string `json:"expires_on,omitempty"`
		Memo      string `json:"memo"`
		List      []row  `json:"list"`
	}{Fund: b.Fund, Kind: b.Kind, ExpiresOn: b.ExpiresOn, Memo: "負荷試験"}
	for i := range b.Rows {
		order.List = append(order.List, row{fmt.Sprintf(s.options.ResidentEmail, i+1), b.Amount})
	}
	var accepted struct {
		ID      string          `json:"id"`
		Rows    int             `json:"rows"`
		Total   int64           `json:"total"`
		Refused json.RawMessage `json:"refused_rows"`
	}
	before, began := s.watch.all(), time.Now()
	if err := s.desk.send(ctx, http.MethodPost, "/v1/admin/batches", token, rand.Text(), order, http.StatusAccepted, &accepted); err != nil {
		return err
	}
	taken := time.Since(began)
	if refused := strings.TrimSpace(string(accepted.Refused)); refused != "" && refused != "null" && refused != "[]" {
		return fmt.Errorf("batch %s: rows were refused: %s", accepted.ID, excerpt(accepted.Refused))
	}
	if accepted.ID == "" || accepted.Rows != b.Rows || accepted.Total != int64(b.Rows)*b.Amount {
		return fmt.Errorf("batch %s: %d rows and %d points were accepted of %d and %d", accepted.ID, accepted.Rows, accepted.Total, b.Rows, int64(b.Rows)*b.Amount)
	}
	s.say("batch %s of %s rows accepted in %s", accepted.ID, grouped(int64(b.Rows)), taken.Round(time.Millisecond))
	ended, err := s.desk.await(ctx, token, accepted.ID)
	if err != nil {
		return err
	}
	cost := s.watch.all().since(before)
	s.watch.lookAtMemory()
	s.report.Memory = s.watch.memory
	s.report.Batch = &Batch{
		ID: accepted.ID, Rows: b.Rows, Granted: ended.Granted, CreatedAt: ended.CreatedAt, EndedAt: *ended.EndedAt,
		JobSeconds: seconds(ended.EndedAt.Sub(ended.CreatedAt)), AcceptedSeconds: seconds(taken), CPU: cost,
	}
	s.say("ended after %.2f s", s.report.Batch.JobSeconds)
	if ended.Granted != int64(b.Rows)*b.Amount || ended.Refused != 0 {
		return fmt.Errorf("batch %s: %d points were granted and %d rows refused, expected %d and none", accepted.ID, ended.Granted, ended.Refused, int64(b.Rows)*b.Amount)
	}
	return nil
}

// progress is how far a batch is. Its points granted and rows refused count up; it has ended when it says when.
type progress struct {
	Granted   int64      `json:"granted"`
	Refused   int        `json:"refused"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at"`
}

func (d office) await(ctx context.Context, token, batch string) (progress, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, batchMax, errors.New("the batch does not end"))
	defer cancel()
	poll := time.NewTicker(batchPoll)
	defer poll.Stop()
	for {
		var p progress
		if err := d.get(ctx, token, "/v1/admin/batches/"+url.PathEscape(batch), &p); err != nil {
			return progress{}, fmt.Errorf("batch %s: %w", batch, err)
		}
		if p.EndedAt != nil && !p.CreatedAt.IsZero() {
			return p, nil
		}
		select {
		case <-poll.C:
		case <-ctx.Done():
			return progress{}, fmt.Errorf("batch %s: %w", batch, context.Cause(ctx))
		}
	}
}

func (b Batch) table(out *strings.Builder) {
	fmt.Fprintf(out, "| Rows | Points | Job s | Accepted s | CPU s: server | PostgreSQL | client |\n|---:|---:|---:|---:|---:|---:|---:|\n| %s | %s | %.2f | %.2f | %s | %s | %s |\n",
		grouped(int64(b.Rows)), grouped(b.Granted), b.JobSeconds, b.AcceptedSeconds,
		inSeconds(b.CPU.Server), inSeconds(b.CPU.Postgres), inSeconds(b.CPU.Client))
}
