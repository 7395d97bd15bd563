package chaos_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/e2e/harness"
)

// The steps of a closing, in their order.
var closingGates = []gate{
	{name: "before the statements", on: "INSERT ON statements"},
	{name: "before the period is closed", on: "UPDATE ON periods"},
	{name: "before the older drafts go", on: "UPDATE ON claims", when: "NEW.state = 'superseded'"},
	{name: "before the drafts", on: "INSERT ON claims"},
	{name: "before the trail", on: "INSERT ON audit_acts", when: "NEW.action = 'period.close'"},
	{name: "at the commit of the closing", on: "UPDATE ON periods", atCommit: true},
}

// Clause 4.4.3 and the proof under faults: a closing that is broken off is done wholly or not at all, and once, whether
// a person closes or the timetable.
func TestAPeriodWhoseClosingIsKilledAnywhereIsClosedOnce(t *testing.T) {
	t.Parallel()
	m := openMarket(t, "closing", 3+2*len(closingGates)+surprises)
	m.gates = install(t, m.City, closingGates)
	m.closeNext(t)
	began := time.Now()
	m.closeNext(t)
	took := time.Since(began)

	kept, lost := 0, 0
	count := func(done bool) {
		if done {
			kept++
		} else {
			lost++
		}
	}
	period := m.nextPeriod(t)
	for _, g := range closingGates {
		request := m.closing(period)
		m.interrupt(t, g, request)
		done := m.isClosed(t)
		count(done)
		require.True(t, done || !g.atCommit, "%s: what was sent is done", g.name)
		t.Logf("kill -9 of the server %s: closed %t", g.name, done)
		m.comesBack(t, request, done, "period_already_closed")
		require.True(t, m.isClosed(t))
		period = m.nextPeriod(t)
	}
	for i := range surprises / 2 {
		request := m.closing(period)
		m.surprise(t, momentOf(2*i, took), request)
		done := m.isClosed(t)
		count(done)
		m.comesBack(t, request, done, "period_already_closed")
		require.True(t, m.isClosed(t))
		period = m.nextPeriod(t)
	}
	require.Positive(t, kept)
	require.Positive(t, lost)

	m.AmendSettlement(t, func(settings map[string]any) { settings["auto_close"] = true })
	worker, err := m.Work(t.Context())
	require.NoError(t, err)
	m.awaitClosed(t)
	require.NoError(t, worker.Kill())
	for _, g := range closingGates {
		m.nextPeriod(t)
		m.gates.shut(t, g)
		require.NoError(t, worker.Restart(t.Context()))
		pid := m.gates.reached(t, g)
		require.NoError(t, worker.Kill())
		m.gates.open(t, g)
		m.gates.gone(t, pid)
		done := m.isClosed(t)
		require.True(t, done || !g.atCommit, "%s: what was sent is done", g.name)
		t.Logf("kill -9 of the worker %s: closed %t", g.name, done)
		require.NoError(t, worker.Restart(t.Context()))
		m.awaitClosed(t)
		require.NoError(t, worker.Kill())
	}
	start := closingGates[0]
	for i := range surprises / 2 {
		m.nextPeriod(t)
		m.gates.shut(t, start)
		require.NoError(t, worker.Restart(t.Context()))
		pid := m.gates.reached(t, start)
		m.gates.open(t, start)
		<-time.After(momentOf(2*i, took))
		require.NoError(t, worker.Kill())
		m.gates.gone(t, pid)
		m.isClosed(t)
		require.NoError(t, worker.Restart(t.Context()))
		m.awaitClosed(t)
		require.NoError(t, worker.Kill())
	}
	require.Len(t, m.periods, len(m.spans))
	require.NoError(t, worker.Restart(t.Context()))
	proven(t, m.City)
}

func (m *market) closing(period harness.Period) harness.Request {
	return m.ask(m.Office, "/v1/admin/periods/"+period.ID+"/closing", map[string]any{})
}

// closeNext closes the next period without any trouble.
func (m *market) closeNext(t *testing.T) {
	t.Helper()
	insist(t, m.closing(m.nextPeriod(t)))
	require.True(t, m.isClosed(t))
}

// isClosed tells whether the last of the entered periods is closed, and looks at all of it: each shop has one statement
// of each closed period with what is due, one draft of the last one, and none of an older one; who closed it stands in
// the trail once.
func (m *market) isClosed(t *testing.T) bool {
	t.Helper()
	last := len(m.periods) - 1
	closed := query[bool](t, m.City, `SELECT closed FROM periods WHERE id = $1`, m.periods[last].ID)
	if !closed {
		require.Zero(t, query[int](t, m.City, `SELECT count(*) FROM statements WHERE period_id = $1`, m.periods[last].ID))
		require.Zero(t, query[int](t, m.City, `SELECT count(*) FROM claims WHERE period_id = $1`, m.periods[last].ID))
		require.Zero(t, query[int](t, m.City, `SELECT count(*) FROM audit_acts WHERE target = $1 AND action = 'period.close' AND outcome = 'done'`, m.periods[last].ID))
		last--
	}
	if last < 0 {
		return closed
	}
	id := m.periods[last].ID
	require.Equal(t, m.due[last], tally(t, m.City, `SELECT merchant_id::text, due FROM statements WHERE period_id = $1`, id))
	require.Equal(t, m.due[last], tally(t, m.City, `SELECT merchant_id::text, amount FROM claims WHERE state = 'draft' AND period_id = $1`, id), "drafts")
	require.Equal(t, marketShops*last, query[int](t, m.City, `SELECT count(*) FROM claims WHERE state = 'superseded'`), "drafts of before")
	require.Equal(t, marketShops*(last+1), query[int](t, m.City, `SELECT count(*) FROM claims`))
	require.Equal(t, marketShops*(last+1), query[int](t, m.City, `SELECT count(*) FROM statements`))
	require.Equal(t, 1, query[int](t, m.City, `SELECT count(*) FROM audit_acts WHERE target = $1 AND action = 'period.close' AND outcome = 'done'`, id))
	return closed
}

// awaitClosed waits until a worker has closed the last period.
func (m *market) awaitClosed(t *testing.T) {
	t.Helper()
	harness.Await(t, "the timetable to close a period", func() bool {
		return query[bool](t, m.City, `SELECT closed FROM periods WHERE id = $1`, m.periods[len(m.periods)-1].ID)
	})
	require.True(t, m.isClosed(t))
}
