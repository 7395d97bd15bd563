package loadgen

import (
	"context"
	"fmt"
	"io"
	"time"
)

// session is one load from its sign-ins to its report.
type session struct {
	options  Options
	desk     office
	crowd    *crowd
	database *database // nil when none was named
	watch    watch
	report   Report
	out      io.Writer

	paymentHeads  [][]byte
	paymentBodies []string
}

// open settles everything that comes before the clock starts.
func (o Options) open(ctx context.Context, title string, out io.Writer) (*session, error) {
	s, err := o.enter(ctx, title, out)
	if err != nil {
		return nil, err
	}
	s.say("signing in %d residents and %d merchants", o.SignIns, o.Merchants)
	if s.crowd, err = o.gather(ctx, s.desk); err != nil {
		s.close()
		return nil, err
	}
	s.prepare()
	s.report.People = &s.crowd.people
	return s, nil
}

// enter finds the server and looks at the machine, with nobody signed in.
func (o Options) enter(ctx context.Context, title string, out io.Writer) (*session, error) {
	door, err := openDoor(ctx, o.URL)
	if err != nil {
		return nil, err
	}
	s := &session{options: o, desk: office{door, door.client()}, out: out}
	s.watch.server = o.ServerPID
	if s.watch.server == 0 {
		s.watch.server = listener(door.address.Port())
	}
	s.report = Report{Title: title, At: time.Now(), Machine: thisMachine(), Rounds: o.Rounds, StretchSeconds: seconds(o.Stretch)}
	if o.DatabaseURL != "" {
		if s.database, err = inspectDatabase(ctx, o.DatabaseURL); err != nil {
			return nil, err
		}
		s.watch.postmaster = s.database.postmaster
		s.report.Database = &s.database.Settings
	}
	return s, nil
}

func (s *session) close() { s.desk.client.CloseIdleConnections() }

func (s *session) say(format string, values ...any) {
	_, _ = fmt.Fprintf(s.out, format+"\n", values...) // progress is for whoever watches; a closed terminal ends no load
}

// stretch runs one number of connections for a while and notes what came of it. Answers that were not expected end
// the load.
func (s *session) stretch(ctx context.Context, measured bool, path string, atOnce int, during time.Duration, newCaller func() caller) error {
	renewed, err := s.options.renewed(ctx, s.desk, s.crowd)
	if err != nil {
		return err
	}
	if renewed != s.crowd {
		s.crowd = renewed
		s.prepare()
	}
	callers := make([]caller, atOnce)
	for i := range callers {
		callers[i] = newCaller()
	}
	var before Cost
	var cost Cost
	t, err := s.desk.door.drive(ctx, callers, during, s.options.RequestsMax,
		func() { before = s.watch.all() },
		func() { cost = s.watch.all().since(before); s.watch.lookAtMemory() })
	if err != nil {
		return fmt.Errorf("%s at %d: %w", path, atOnce, err)
	}
	s.report.Memory = s.watch.memory
	s.note(measured, path, atOnce, t, cost)
	return s.report.failed(path, atOnce, t)
}

// note says what a stretch came to, and keeps it when it was measured.
func (s *session) note(measured bool, path string, atOnce int, t *tally, cost Cost) {
	for what, n := range t.faults {
		s.say("  unexpected: %d × %s", n, what)
	}
	if !measured {
		s.say("  warm-up: %s at %d", path, atOnce)
		return
	}
	s.say("  %-8s %4d at once  %9.0f/s  p50 %s  p95 %s  p99 %s", path, atOnce, t.perSecond(),
		milliseconds(t.latencies.quantile(0.50)), milliseconds(t.latencies.quantile(0.95)), milliseconds(t.latencies.quantile(0.99)))
	s.report.take(path, atOnce, t, cost)
}
