// Package model_test drives the ledger in memory and the one in PostgreSQL through the same random lives of a small
// town, and holds both to each other and to what must be true of any town: no outcome, balance, lot, line or pot
// differs; every fund's cash and what is owed to it equal its points; hops, expiry and history follow from the entries
// alone, and so does what payments earn and what corrections take back.
//
// Each act draws its identifiers from the same stream of randomness on both sides, so that even lots which only
// their identifiers tell apart are used in the same order, and everything can be compared as it stands.
//
// By default some lives of some dozens of acts are led, in seconds. More, longer or a particular one:
//
//	go test ./e2e/model -rapid.checks=1000 -rapid.steps=200
//	go test ./e2e/model -rapid.seed=123
package model_test

import (
	"context"
	"flag"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"lovesaijo/adapter/pgcluster/pgtest"
	"lovesaijo/adapter/postgres"
	"lovesaijo/domain/prooftest"
	"lovesaijo/usecase/proving"
)

// How many lives are led, and of how many acts on average, where the command line does not say.
const (
	livesDefault = "40"
	actsDefault  = "60"
)

func TestMain(m *testing.M) {
	for name, value := range map[string]string{"rapid.checks": livesDefault, "rapid.steps": actsDefault, "rapid.nofailfile": "true"} {
		if err := flag.Set(name, value); err != nil {
			panic(err)
		}
	}
	os.Exit(pgtest.Main(m, postgres.Migrate))
}

// It does not run beside other tests: the stream of randomness is the process's.
func TestMemoryAndPostgreSQLLeadTheSameLives(t *testing.T) {
	home, acts := &home{t: t}, &tally{}
	defer home.leave() // before its databases are dropped
	rapid.Check(t, func(rt *rapid.T) {
		m := newMachine(t, rt, home.database(), acts)
		rt.Repeat(m.actions())
	})
	t.Log(acts)
}

// livesPerDatabase bounds what former lives leave in a database: their kinds are part of the rules for ever.
const livesPerDatabase = 40

// home gives lives a database, and from time to time a fresh one.
type home struct {
	t    *testing.T
	db   *postgres.DB
	used int
}

func (h *home) database() *postgres.DB {
	if h.db == nil || h.used == livesPerDatabase {
		h.leave()
		db, err := postgres.Open(h.t.Context(), pgtest.Open(h.t), postgres.Options{})
		require.NoError(h.t, err)
		h.db, h.used = db, 0
	}
	h.used++
	return h.db
}

// leave proves the books of all lives that were led there, from their journal alone.
func (h *home) leave() {
	if h.db == nil {
		return
	}
	defer h.db.Close()
	if h.t.Failed() {
		return // half a life may have been left behind
	}
	verify := proving.NewVerify(h.db.Books(), &prooftest.Shelf{}, prooftest.NewKey(1), h.db, time.Now)
	verdict, err := verify.Do(context.WithoutCancel(h.t.Context()))
	require.NoError(h.t, err)
	require.True(h.t, verdict.Clean, "%+v", verdict.Findings)
	require.Positive(h.t, verdict.Counts.Corrections)
}
