// Package fundtest holds the contract of the ports of domain/fund as tests.
//
// An adapter calls each suite with a function that opens its stores. The suites make their own funds and batches and
// look only at those; so the stores may be shared between tests and need not be empty. Every test runs in
// parallel with the others.
package fundtest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit. The rulebook is there because a batch names a kind.
type Stores struct {
	Treasury fund.Treasury
	Batches  fund.Batches
	Rulebook ledger.Rulebook
}

// Bench is what the suites need of an adapter: its unit of work and its read ports on the same data.
type Bench struct {
	Unit    usecase.Unit[Stores]
	Funds   fund.Reader
	Batches fund.BatchReader
}

// Open opens an adapter for one test.
type Open func(t *testing.T) Bench

// Now is the instant at which the suites' stories begin.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// errTurnedBack makes a unit end without effect.
var errTurnedBack = errors.New("turned back")

// Fund makes a valid fund whose code nobody else has.
func Fund(changes ...func(*fund.Fund)) fund.Fund {
	random := strings.ReplaceAll(ident.New[fund.Fund](Now).String(), "-", "")[16:]
	f := fund.Fund{Code: fund.Code("f" + random), Name: "プレミアム商品券", Note: "令和8年度", OpenedAt: Now, Version: 1}
	for _, change := range changes {
		change(&f)
	}
	return f
}

// kind is the kind of the suites' batches.
var kind = lot.Kind{Code: "fundtest", Name: "試験", Rank: 1, Retired: calendar.Never}

func do(t *testing.T, b Bench, work func(context.Context, Stores) error) {
	t.Helper()
	require.NoError(t, b.Unit.Do(t.Context(), work))
}

func add(t *testing.T, b Bench, f fund.Fund) fund.Fund {
	t.Helper()
	do(t, b, func(ctx context.Context, s Stores) error { return s.Treasury.Add(ctx, f) })
	return f
}
