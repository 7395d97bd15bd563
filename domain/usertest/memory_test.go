package usertest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/usertest"
)

func open(*testing.T) usertest.Bench { return usertest.NewMemory().Bench() }

func TestMemoryFulfilsTheContractOfTheDirectory(t *testing.T) {
	t.Parallel()
	usertest.Directory(t, open)
}

func TestMemoryFulfilsTheContractOfTheRoster(t *testing.T) {
	t.Parallel()
	usertest.Roster(t, open)
}

func TestMemoryFulfilsTheContractOfTheCodes(t *testing.T) {
	t.Parallel()
	usertest.Codes(t, open)
}

func TestTheSuitesTolerateStoresThatAreShared(t *testing.T) {
	t.Parallel()
	shared := usertest.NewMemory().Bench()
	same := func(*testing.T) usertest.Bench { return shared }
	usertest.Directory(t, same)
	usertest.Roster(t, same)
	usertest.Codes(t, same)
}

func TestTheFixturesAreValid(t *testing.T) {
	t.Parallel()
	today := calendar.DayOf(usertest.Now)
	merchant := usertest.Merchant()
	require.NoError(t, usertest.Resident().Valid(today))
	require.NoError(t, merchant.Valid(today))
	require.NoError(t, usertest.Clerk(merchant).Valid(today))
	require.NoError(t, usertest.Administrator().Valid(today))
}
