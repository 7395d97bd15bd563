// Package settlementtest holds the contract of the ports of domain/settlement as tests: a statement counts every line
// exactly once, what is due is what a merchant holds less what it owes, and of two people who act on the same thing
// only one succeeds.
//
// An adapter calls Settlement with a function that opens its stores. Periods are one for a whole store, so each test
// wants stores of its own, and empty ones. Every test runs in parallel with the others. Journals are made by the acts
// of package ledger, with the adapter's own ledger.
package settlementtest

import (
	"bytes"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/cashback"
	"lovesaijo/domain/fund"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/settlement"
	"lovesaijo/domain/user"
	"lovesaijo/usecase"
)

// Stores are the ports that work inside a unit. Most are there to make a journal.
type Stores struct {
	Periods    settlement.Periods
	Claims     settlement.Claims
	Decisions  settlement.Decisions
	Ledger     ledger.Ledger
	Wallets    ledger.Wallets
	Rulebook   ledger.Rulebook
	Treasury   fund.Treasury
	Directory  user.Directory
	Programmes cashback.Programmes
}

// Bench is what the suite needs of an adapter: its unit of work and its read ports on the same data.
type Bench struct {
	Unit       usecase.Unit[Stores]
	Reader     settlement.Reader
	Horizon    settlement.Horizon
	Statements ledger.Statements
}

// Open opens empty stores for one test.
type Open func(t *testing.T) Bench

// Now is the instant at which the suite's stories begin: noon in Japan.
var Now = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)

var today = calendar.DayOf(Now)

// Settlement holds an adapter to the contracts of settlement.Periods, Claims, Decisions, Reader and Horizon.
func Settlement(t *testing.T, open Open) {
	for _, topic := range []struct {
		name  string
		tests []contract
	}{
		{"tallies", tallyContracts},
		{"periods", periodContracts},
		{"claims", claimContracts},
		{"payouts", payoutContracts},
		{"accounts", accountContracts},
		{"settings", settingsContracts},
		{"races", raceContracts},
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

// Vault is settlement.Vault for tests: it turns bits over and names the purpose, and keeps no secret.
type Vault struct{}

var _ settlement.Vault = Vault{}

// Seal is settlement.Vault's.
func (Vault) Seal(purpose string, plain []byte) ([]byte, error) {
	sealed := append([]byte(purpose), 0)
	for _, b := range plain {
		sealed = append(sealed, ^b)
	}
	return sealed, nil
}

// Unseal is settlement.Vault's.
func (Vault) Unseal(purpose string, sealed []byte) ([]byte, error) {
	rest, found := bytes.CutPrefix(sealed, append([]byte(purpose), 0))
	if !found {
		return nil, errors.New("sealed for another purpose")
	}
	plain := slices.Clone(rest)
	for i := range plain {
		plain[i] = ^plain[i]
	}
	return plain, nil
}
