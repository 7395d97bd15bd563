package loadgen

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// unknown stands where a figure could not be had.
const unknown = "–"

// WriteJSON writes the report for programs.
func (r Report) WriteJSON(out io.Writer) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	_, err = out.Write(append(text, '\n'))
	return err
}

// WriteMarkdown writes the report for people, as it stands in docs/performance.md.
func (r Report) WriteMarkdown(out io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s\n\n", r.Title)
	for _, line := range r.circumstances() {
		fmt.Fprintf(&b, "- %s\n", line)
	}
	if len(r.Rows) > 0 {
		b.WriteString("\n")
		r.table(&b)
		r.comparison(&b)
	}
	if r.Batch != nil {
		b.WriteString("\n")
		r.Batch.table(&b)
	}
	if r.Campaign != nil {
		b.WriteString("\n")
		r.Campaign.table(&b)
	}
	if r.Closing != nil {
		b.WriteString("\n")
		r.Closing.table(&b)
	}
	if r.BankFile != nil {
		b.WriteString("\n")
		r.BankFile.table(&b)
	}
	fmt.Fprintf(&b, "\n| Memory | server | PostgreSQL | client |\n|---|---:|---:|---:|\n| peak | %s | %s | %s |\n",
		megabytes(r.Memory.Server), megabytes(r.Memory.Postgres), megabytes(r.Memory.Client))
	b.WriteString("\nServer and client: peak resident size. PostgreSQL: all its processes, what they share counted once.\n")
	for _, what := range slices.Sorted(maps.Keys(r.Unexpected)) {
		fmt.Fprintf(&b, "\n**Unexpected: %s × %s**\n", grouped(r.Unexpected[what]), what)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// circumstances are what has to be known to compare the figures with others.
func (r Report) circumstances() []string {
	machine := fmt.Sprintf("%d cores", r.Machine.Cores)
	if r.Machine.Processor != "" {
		machine += " (" + r.Machine.Processor + ")"
	}
	lines := []string{fmt.Sprintf("%s, %s, %s; server, PostgreSQL and client share them", r.At.UTC().Format("2006-01-02 15:04 UTC"), machine, r.Machine.System)}
	if d := r.Database; d != nil {
		line := fmt.Sprintf("PostgreSQL %s over %s: fsync %s, synchronous_commit %s, full_page_writes %s, wal_sync_method %s, shared_buffers %s",
			d.Version, d.Over, d.Fsync, d.SynchronousCommit, d.FullPageWrites, d.WALSyncMethod, d.SharedBuffers)
		if !d.Durable() {
			line += " — **NOT DURABLE, these figures compare with nothing**"
		}
		lines = append(lines, line)
	}
	if p := r.People; p != nil {
		lines = append(lines, fmt.Sprintf("%s residents and %s merchants; %s signed in by password, %s tokens minted; %d to %d lots a resident at the start",
			grouped(int64(p.Residents)), grouped(int64(p.Merchants)), grouped(int64(p.SignedIn)), grouped(int64(p.Minted)), p.LotsFrom, p.LotsTo))
	}
	if len(r.Rows) > 0 {
		line := fmt.Sprintf("%d rounds of %g s for each line", r.Rounds, r.StretchSeconds)
		if r.FloorBest > 0 {
			line += fmt.Sprintf(", floor and HTTP in turns; the floor's best is %s/s", grouped(int64(r.FloorBest+0.5)))
		}
		lines = append(lines, line)
	}
	if p := r.Points; p != nil {
		lines = append(lines, fmt.Sprintf("%s points acknowledged, %s arrived", grouped(p.Acknowledged), grouped(p.Arrived)))
	}
	return lines
}

func (r Report) table(b *strings.Builder) {
	b.WriteString("| Path | At once | Per second | Lowest–highest | Ratio to floor | p50 ms | p95 ms | p99 ms | CPU s: server | PostgreSQL | client |\n" +
		"|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, row := range r.Rows {
		ratio := unknown
		if row.Ratio > 0 {
			ratio = fmt.Sprintf("%.2f", row.Ratio)
		}
		span := unknown
		if len(row.Rates) > 0 {
			span = grouped(int64(slices.Min(row.Rates)+0.5)) + "–" + grouped(int64(slices.Max(row.Rates)+0.5))
		}
		fmt.Fprintf(b, "| %s | %d | %s | %s | %s | %.2f | %.2f | %.2f | %s | %s | %s |\n",
			row.Path, row.AtOnce, grouped(int64(row.PerSecond+0.5)), span, ratio, row.P50, row.P95, row.P99,
			inSeconds(row.CPU.Server), inSeconds(row.CPU.Postgres), inSeconds(row.CPU.Client))
	}
}

// comparison says what cashback costs: payments that return something against those beside them that do not.
func (r Report) comparison(b *strings.Builder) {
	for _, row := range r.Rows {
		if row.Path != cashbackPath {
			continue
		}
		i := slices.IndexFunc(r.Rows, func(plain *Row) bool { return plain.Path == plainPath && plain.AtOnce == row.AtOnce })
		if i >= 0 && r.Rows[i].PerSecond > 0 {
			fmt.Fprintf(b, "\nAt %d at once, payments with cashback keep %.2f of the speed of those without.\n", row.AtOnce, row.PerSecond/r.Rows[i].PerSecond)
		}
	}
}

func inSeconds(n *float64) string {
	if n == nil {
		return unknown
	}
	return fmt.Sprintf("%.1f", *n)
}

func megabytes(n *int64) string {
	if n == nil {
		return unknown
	}
	return fmt.Sprintf("%.0f MB", float64(*n)/1e6)
}

// grouped writes a number with commas.
func grouped(n int64) string {
	digits := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
