// Package ledgertest holds the contract of the ports of domain/ledger as tests: what is written reads back, a unit
// that fails leaves nothing, and however many act at once, no point is spent, granted or collected twice.
//
// An adapter calls Ledger with a function that opens its stores. The rules are one for a whole store, and so is a
// position, so each test wants stores of its own, and empty ones. Every test runs in parallel with the others;
// those that race start all their goroutines at one barrier.
package ledgertest

import (
	"errors"
	"sync"
	"testing"
	"time"

	"lovesaijo/domain/cashback"
	"lovesaijo/domain/event"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit. Users and funds are there because wallets, codes and pots are theirs,
// offers because payments earn of them, and batches because campaigns are paid by them.
type Stores struct {
	Ledger     ledger.Ledger
	Wallets    ledger.Wallets
	Rulebook   ledger.Rulebook
	Outbox     event.Outbox
	Directory  user.Directory
	Codes      user.Codes
	Treasury   fund.Treasury
	Batches    fund.Batches
	Programmes cashback.Programmes
	Campaigns  cashback.Campaigns
}

// Bench is what the suite needs of an adapter: its unit of work and its read ports on the same data.
type Bench struct {
	Unit       usecase.Unit[Stores]
	Elsewhere  usecase.Unit[Stores] // of another process on the same data
	Statements ledger.Statements
	Rules      ledger.RulesReader
	Codes      user.CodeReader
	Sender     event.Sender
}

// Open opens empty stores for one test.
type Open func(t *testing.T) Bench

// Now is the instant at which the suite's stories begin: noon in Japan.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

// sidesMax is how many act at once where a test lets them race.
const sidesMax = 20

// errTurnedBack makes a unit end without effect.
var errTurnedBack = errors.New("turned back")

// Ledger holds an adapter to the contracts of ledger.Ledger, Wallets, Rulebook, Statements and RulesReader, and to
// those of event.Outbox and event.Sender.
func Ledger(t *testing.T, open Open) {
	for _, topic := range []struct {
		name  string
		tests []contract
	}{
		{"the book", bookContracts},
		{"a unit", unitContracts},
		{"cashback", earningContracts},
		{"corrections", correctingContracts},
		{"claims", redeemingContracts},
		{"races", raceContracts},
		{"contests", contestContracts},
		{"the history", historyContracts},
		{"ancestry", ancestryContracts},
		{"lapsing", lapsingContracts},
		{"the position", positionContracts},
		{"rules", rulesContracts},
	} {
		for _, c := range topic.tests {
			t.Run(topic.name+": "+c.says, func(t *testing.T) {
				t.Parallel()
				c.test(t, open(t))
			})
		}
	}
}

// contract is one promise and the test that holds an adapter to it.
type contract struct {
	says string
	test func(t *testing.T, b Bench)
}

// together calls act from n sides at once and waits for all of them.
func together(n int, act func(side int) error) []error {
	errs := make([]error, n)
	var ready, done sync.WaitGroup
	start := make(chan struct{})
	ready.Add(n)
	for side := range n {
		done.Go(func() {
			ready.Done()
			<-start
			errs[side] = act(side)
		})
	}
	ready.Wait()
	close(start)
	done.Wait()
	return errs
}
