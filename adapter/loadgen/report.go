package loadgen

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// floorPath names the rows of the floor.
const floorPath = "floor"

// Report is what a load came to. Durations are in milliseconds, sizes in bytes.
type Report struct {
	Title          string           `json:"title"`
	At             time.Time        `json:"at"`
	Machine        Machine          `json:"machine"`
	Database       *Settings        `json:"database,omitempty"`
	People         *People          `json:"people,omitempty"`
	Rounds         int              `json:"rounds"`
	StretchSeconds float64          `json:"stretch_seconds"`
	Rows           []*Row           `json:"rows,omitempty"`
	FloorBest      float64          `json:"floor_best,omitempty"` // per second, at the floor's best number of clients
	Memory         Memory           `json:"memory"`
	Points         *Arrival         `json:"points,omitempty"`
	Batch          *Batch           `json:"batch,omitempty"`
	Campaign       *Campaign        `json:"campaign,omitempty"`
	Closing        *Closing         `json:"closing,omitempty"`
	BankFile       *BankFile        `json:"bank_file,omitempty"`
	Unexpected     map[string]int64 `json:"unexpected,omitempty"`
}

// Arrival compares the points of the payments that the server acknowledged with those that the merchants got.
type Arrival struct {
	Acknowledged int64 `json:"acknowledged"`
	Arrived      int64 `json:"arrived"`
}

// Row is one path at one number of requests under way, over all rounds: the median rate, and the latencies of all
// requests together.
type Row struct {
	Path      string    `json:"path"`
	AtOnce    int       `json:"at_once"`
	Requests  int64     `json:"requests"`
	Seconds   float64   `json:"seconds"`
	Rates     []float64 `json:"rates"` // one for each round, per second
	PerSecond float64   `json:"per_second"`
	Ratio     float64   `json:"ratio,omitempty"` // to the floor's best
	P50       float64   `json:"p50_ms"`
	P95       float64   `json:"p95_ms"`
	P99       float64   `json:"p99_ms"`
	Mean      float64   `json:"mean_ms"`
	Most      float64   `json:"max_ms"`
	CPU       Cost      `json:"cpu_seconds"`

	latencies histogram
}

// take adds a stretch to its row.
func (r *Report) take(path string, atOnce int, t *tally, cost Cost) {
	i := slices.IndexFunc(r.Rows, func(row *Row) bool { return row.Path == path && row.AtOnce == atOnce })
	if i < 0 {
		i = len(r.Rows)
		r.Rows = append(r.Rows, &Row{Path: path, AtOnce: atOnce, CPU: cost})
	} else {
		r.Rows[i].CPU = r.Rows[i].CPU.and(cost)
	}
	row := r.Rows[i]
	row.Requests += t.done
	row.Seconds += seconds(t.took)
	row.Rates = append(row.Rates, t.perSecond())
	row.latencies.add(t.latencies)
}

// failed keeps a stretch's faults and returns them as an error.
func (r *Report) failed(path string, atOnce int, t *tally) error {
	if len(t.faults) == 0 {
		if t.done == 0 {
			return fmt.Errorf("%s at %d: nothing was answered", path, atOnce)
		}
		return nil
	}
	if r.Unexpected == nil {
		r.Unexpected = map[string]int64{}
	}
	var seen []string
	for what, n := range t.faults {
		r.Unexpected[what] += n
		seen = append(seen, fmt.Sprintf("%d × %s", n, what))
	}
	slices.Sort(seen)
	return fmt.Errorf("%s at %d: %w: %s", path, atOnce, ErrUnexpected, strings.Join(seen, "; "))
}

// ErrUnexpected says that the server gave an answer that the load did not expect, so that its figures are worth nothing.
var ErrUnexpected = errors.New("unexpected answers")

// summarise works out the figures of the rows, with the floor's first.
func (r *Report) summarise() {
	r.FloorBest = 0
	for _, row := range r.Rows {
		row.PerSecond = median(row.Rates)
		row.P50, row.P95, row.P99 = inMS(row.latencies.quantile(0.50)), inMS(row.latencies.quantile(0.95)), inMS(row.latencies.quantile(0.99))
		row.Mean, row.Most = inMS(row.latencies.mean()), inMS(row.latencies.most)
		if row.Path == floorPath {
			r.FloorBest = max(r.FloorBest, row.PerSecond)
		}
	}
	for _, row := range r.Rows {
		if r.FloorBest > 0 {
			row.Ratio = row.PerSecond / r.FloorBest
		}
	}
	slices.SortStableFunc(r.Rows, func(a, b *Row) int {
		return cmp.Or(-compareBool(a.Path == floorPath, b.Path == floorPath), strings.Compare(a.Path, b.Path), cmp.Compare(a.AtOnce, b.AtOnce))
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	default:
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
}

// and is the cost of two stretches; what is unknown of one is unknown of both.
func (c Cost) and(other Cost) Cost {
	plus := func(a, b *float64) *float64 {
		if a == nil || b == nil {
			return nil
		}
		return ptr(*a + *b)
	}
	return Cost{plus(c.Server, other.Server), plus(c.Postgres, other.Postgres), plus(c.Client, other.Client)}
}

func inMS(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.2f ms", inMS(d)) }
