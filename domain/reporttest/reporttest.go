// Package reporttest holds the contract of the ports of domain/report as tests: the sums of a journal with every sort
// of entry in it are as counted by hand, they add up to what pots hold, a mark bounds them for ever, and what is frozen
// stays as it was, byte for byte.
//
// An adapter calls Reports with a function that builds a city on its stores. Every test wants a city of its own and
// runs in parallel with the others.
package reporttest

import (
	"testing"

	"lovesaijo/usecase/citytest"
)

// Open builds a city for one test.
type Open func(t *testing.T) *citytest.City

// contract is one promise and the test that holds an adapter to it.
type contract struct {
	says string
	test func(*testing.T, *citytest.City)
}

// Reports holds an adapter to the contracts of report.Journal, Archive and Shelf.
func Reports(t *testing.T, open Open) {
	for _, c := range append(journalContracts, shelfContracts...) {
		t.Run(c.says, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}
