package fund_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/fund"
	"lovesaijo/domain/ident"
	"lovesaijo/domain/ledger"
)

func TestAFundHasACodeAndAName(t *testing.T) {
	t.Parallel()
	good := fund.Fund{Code: "premium-2026", Name: "プレミアム"}
	require.NoError(t, good.Valid())
	for _, bad := range []struct {
		change func(*fund.Fund)
		want   error
	}{
		{func(f *fund.Fund) { f.Code = "" }, fund.ErrCode},
		{func(f *fund.Fund) { f.Code = "Premium" }, fund.ErrCode},
		{func(f *fund.Fund) { f.Code = "2026" }, fund.ErrCode},
		{func(f *fund.Fund) { f.Name = "" }, fund.ErrName},
		{func(f *fund.Fund) { f.Name = strings.Repeat("原", fund.NameRunesMax+1) }, fund.ErrName},
		{func(f *fund.Fund) { f.Note = strings.Repeat("資", fund.NoteRunesMax+1) }, fund.ErrNote},
	} {
		f := good
		bad.change(&f)
		require.ErrorIs(t, f.Valid(), bad.want)
	}
}

func TestAClosedFundIsNotOpen(t *testing.T) {
	t.Parallel()
	require.NoError(t, fund.Fund{}.Open())
	require.ErrorIs(t, fund.Fund{ClosedAt: time.Unix(1, 0)}.Open(), fund.ErrClosed)
}

func TestABatchCountsItsRows(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC)
	batch := fund.Batch{State: fund.Running, Rows: 2, Total: 300}
	rows := []fund.Row{{No: 1, Amount: 100, State: fund.Waiting}, {No: 2, Amount: 200, State: fund.Waiting}}
	entry := ident.New[ledger.Entry](now)
	batch.Grant(&rows[0], entry)
	batch.Refuse(&rows[1], ledger.ErrWalletClosed)
	batch.End(now)
	require.Equal(t, fund.Row{No: 1, Amount: 100, State: fund.Granted, Entry: entry}, rows[0])
	require.Equal(t, fund.Row{No: 2, Amount: 200, State: fund.Refused, Fault: "wallet_closed"}, rows[1])
	require.Equal(t, fund.BatchProgress{Done: 2, Rows: 2, Refused: 1, Granted: 100, Ended: true}, batch.Progress())
}
