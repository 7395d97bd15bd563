package accesstest_test

import (
	"testing"

	"lovesaijo/domain/accesstest"
	"lovesaijo/domain/usertest"
	"lovesaijo/usecase"
)

func TestMemoryFulfilsTheContractOfTheCredentials(t *testing.T) {
	t.Parallel()
	accesstest.Credentials(t, func(*testing.T) usecase.Unit[accesstest.Stores] {
		return accesstest.NewMemory(usertest.NewMemory())
	})
}

func TestMemoryFulfilsTheContractOfTheSessions(t *testing.T) {
	t.Parallel()
	accesstest.Sessions(t, func(*testing.T) accesstest.SessionBench {
		sessions := accesstest.NewMemorySessions()
		return accesstest.SessionBench{Sessions: sessions, Here: sessions, There: sessions}
	})
}
