package memory_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/bank"
	"lovesaijo/domain/banktest"
)

func masters(_ *testing.T, embedded bank.Embedded) banktest.Bench {
	store := memory.New()
	return banktest.Bench{
		Unit: memory.NewUnit(store, func(s *memory.Session) banktest.Stores {
			return banktest.Stores{Masters: s.BankMasters(embedded)}
		}),
		Directory: store.Banks(embedded),
	}
}

func TestBankMastersFulfilTheirContract(t *testing.T) {
	t.Parallel()
	banktest.Masters(t, masters)
}

func TestABankMasterWithoutSourceIsNotKept(t *testing.T) {
	t.Parallel()
	own := banktest.Master(t)
	b := masters(t, func() (*bank.Master, error) { return own, nil })
	err := b.Unit.Do(t.Context(), func(ctx context.Context, s banktest.Stores) error {
		return s.Masters.Replace(ctx, &bank.Master{AsOf: banktest.AsOf}, [16]byte{}, time.Time{})
	})
	require.ErrorIs(t, err, memory.ErrConstraint)
}
