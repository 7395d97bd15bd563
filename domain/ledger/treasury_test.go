package ledger_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fault"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/user"
)

var (
	bank     = pot(ledger.Bank, [16]byte{})
	unissued = pot(ledger.Unissued, [16]byte{})
	reserved = pot(ledger.Reserved, batch)
	till     = pot(ledger.Till, shop)
)

func cash(amount money.Points) ledger.CashMove {
	return ledger.CashMove{Actor: user.ID{15: 50}, Fund: "city", Merchant: shop, Batch: batch, Amount: amount, Memo: "市"}
}

// treasuryActs are the moves between pots by type.
var treasuryActs = map[ledger.EntryType]func(*ledger.Book, ledger.CashMove) (ledger.EntryID, error){
	ledger.Deposit: (*ledger.Book).Deposit, ledger.Withdrawal: (*ledger.Book).Withdraw, ledger.Remittance: (*ledger.Book).Remit,
	ledger.Reserve: (*ledger.Book).Reserve, ledger.Release: (*ledger.Book).Release,
}

func TestTreasuryMovesChangeTheirTwoPots(t *testing.T) {
	t.Parallel()
	for entryType, want := range map[ledger.EntryType]map[ledger.Pot]money.Points{
		ledger.Deposit:    {bank: 100_500, unissued: 40_500},
		ledger.Withdrawal: {bank: 99_500, unissued: 39_500},
		ledger.Remittance: {bank: 100_500, till: 500},
		ledger.Reserve:    {unissued: 39_500, reserved: 10_500},
		ledger.Release:    {unissued: 40_500, reserved: 9_500},
	} {
		t.Run(entryType.String(), func(t *testing.T) {
			t.Parallel()
			s := newScene()
			s.pots[till] = -1_000
			b := s.open()
			id, err := treasuryActs[entryType](b, cash(500))
			require.NoError(t, err)
			for p, amount := range want {
				require.Equal(t, amount, b.Balance(p), p.Kind)
			}
			e := b.Written().Entries[0]
			require.Equal(t, []any{id, entryType, batch, "市", user.ID{15: 50}}, []any{e.ID, e.Type, e.Batch, e.Memo, e.Actor})
			require.Len(t, e.Postings, 1)
			require.Empty(t, b.Written().Lines, "no wallet is touched")
			require.ElementsMatch(t, cash(500).TreasuryPots(entryType), []ledger.Pot{
				{Account: e.Postings[0].Source, Fund: "city"}, {Account: e.Postings[0].Destination, Fund: "city"},
			}, "the pots that were asked for are those that moved")
		})
	}
}

func TestTreasuryMovesThatEmptyAPotGoThroughAndOnePointMoreIsRefused(t *testing.T) {
	t.Parallel()
	for entryType, c := range map[ledger.EntryType]struct {
		all    money.Points
		reason *fault.Fault
	}{
		ledger.Withdrawal: {40_000, ledger.ErrFundShort},
		ledger.Remittance: {1_000, ledger.ErrCashShort},
		ledger.Reserve:    {40_000, ledger.ErrFundShort},
		ledger.Release:    {10_000, ledger.ErrFundShort},
	} {
		t.Run(entryType.String(), func(t *testing.T) {
			t.Parallel()
			s := newScene()
			s.pots[till] = -1_000
			_, err := treasuryActs[entryType](s.open(), cash(c.all))
			require.NoError(t, err)
			f := refused(t, s, c.reason, func(b *ledger.Book) error { _, err := treasuryActs[entryType](b, cash(c.all+1)); return err })
			require.Equal(t, map[string]int64{"balance": int64(c.all), "shortfall": 1}, f.Figures)
		})
	}
}

func TestWithdrawalBeyondTheCashInTheBankIsRefused(t *testing.T) {
	t.Parallel()
	s := newScene()
	s.pots[bank], s.pots[till] = -30_000, -70_000
	f := refused(t, s, ledger.ErrCashShort, func(b *ledger.Book) error { _, err := b.Withdraw(cash(30_001)); return err })
	require.Equal(t, map[string]int64{"balance": 30_000, "shortfall": 1}, f.Figures)
}

func TestTreasuryMovesAreRefusedWithoutAmountOrFund(t *testing.T) {
	t.Parallel()
	for entryType, act := range treasuryActs {
		for _, amount := range []money.Points{0, -1, money.AmountMax + 1} {
			refused(t, newScene(), money.ErrAmount, func(b *ledger.Book) error { _, err := act(b, cash(amount)); return err })
		}
		none := cash(1)
		none.Fund = "none"
		refused(t, newScene(), ledger.ErrFundUnknown, func(b *ledger.Book) error { _, err := act(b, none); return err })
		require.NotEqual(t, "unknown", entryType.String())
	}
}

func TestNamesOfTypesAndPotsReadBack(t *testing.T) {
	t.Parallel()
	for entryType := ledger.Deposit; entryType <= ledger.Expiry; entryType++ {
		back, ok := ledger.ParseEntryType(entryType.String())
		require.True(t, ok)
		require.Equal(t, entryType, back)
	}
	_, ok := ledger.ParseEntryType("")
	require.False(t, ok)
	require.Equal(t, "unknown", ledger.EntryType(0).String())
	require.Equal(t, "unknown", ledger.EntryType(99).String())
	require.Equal(t, "claimed", ledger.Claimed.String())
	require.Equal(t, "unknown", ledger.PotKind(99).String())
}
