package plaintext_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/plaintext"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/money"
	"lovesaijo/domain/prooftest"
)

// The tests run Debian's hledger and beancount: that an independent tool agrees is the whole point.

func lived(t *testing.T) *prooftest.Town {
	t.Helper()
	town := prooftest.NewTown()
	town.Live(t)
	town.LiveOn(t)
	return town
}

// journalOf gives a town's entries a few at a time.
func journalOf(town *prooftest.Town) plaintext.Journal {
	return func(_ context.Context, yield func([]ledger.Entry) error) error {
		return errors.Join(yield(town.Entries[:5]), yield(town.Entries[5:]))
	}
}

// written gives the path of a town's journal in a format.
func written(t *testing.T, town *prooftest.Town, format plaintext.Format, name string) string {
	t.Helper()
	var text bytes.Buffer
	require.NoError(t, plaintext.Write(t.Context(), &text, format, journalOf(town)))
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(path, text.Bytes(), 0o600))
	return path
}

// run gives what a tool prints.
func run(t *testing.T, tool string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), tool, args...)
	command.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	var out, complaints bytes.Buffer
	command.Stdout, command.Stderr = &out, &complaints
	require.NoError(t, command.Run(), "%s (Debian packages hledger and beancount): %s%s", tool, out.String(), complaints.String())
	return out.String()
}

// balances reads "account, amount LSP" rows.
func balances(t *testing.T, text string) map[string]int64 {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	require.NoError(t, err)
	found := map[string]int64{}
	for _, row := range rows[1:] {
		amount := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(row[1]), "LSP"))
		if amount == "" || amount == "0" {
			continue // an account that came to nothing
		}
		n, err := strconv.ParseInt(amount, 10, 64)
		require.NoError(t, err, row)
		found[strings.TrimSpace(row[0])] = n
	}
	return found
}

// standing gives what stands in the town, by the names that account makes of pots: what the books say, from the
// acts and not from the journal.
func standing(town *prooftest.Town, account func(ledger.Pot) string) map[string]int64 {
	found := map[string]int64{}
	for pot, balance := range town.Pots {
		if balance != 0 {
			found[account(pot)] -= int64(balance)
		}
	}
	for _, w := range town.Wallets {
		for _, l := range w.Lots {
			if l.Remaining != 0 {
				found[account(ledger.Pot{Account: ledger.WalletAccount(w.ID), Fund: l.Fund})] -= int64(l.Remaining)
			}
		}
	}
	return found
}

func hledgerName(pot ledger.Pot) string {
	name := "liabilities:" + pot.Kind.String() + ":" + string(pot.Fund)
	if pot.Kind.IsAsset() {
		name = "assets:" + pot.Kind.String() + ":" + string(pot.Fund)
	}
	if pot.Owner != [16]byte{} {
		name += ":" + ledger.WalletID(pot.Owner).String()
	}
	return name
}

func beancountName(pot ledger.Pot) string {
	names := map[ledger.PotKind]string{
		ledger.Bank: "Assets:Bank:", ledger.Till: "Assets:Till:", ledger.Receivable: "Assets:Receivable:", ledger.Unissued: "Liabilities:Unissued:",
		ledger.Reserved: "Liabilities:Reserved:", ledger.InWallet: "Liabilities:Wallet:",
		ledger.Claimed: "Liabilities:Claimed:",
	}
	name := names[pot.Kind] + map[string]string{"city": "City", "health": "Health"}[string(pot.Fund)]
	switch {
	case pot.Owner == [16]byte{}:
		return name
	case pot.Kind == ledger.Reserved:
		return name + ":B-" + ledger.BatchID(pot.Owner).String()
	}
	return name + ":W-" + ledger.WalletID(pot.Owner).String()
}

func TestHledgerChecksTheJournalAndComesToWhatStands(t *testing.T) {
	t.Parallel()
	town := lived(t)
	path := written(t, town, plaintext.Hledger, "town.journal")
	run(t, "hledger", "-f", path, "check")
	run(t, "hledger", "-f", path, "check", "--strict")
	got := balances(t, run(t, "hledger", "-f", path, "balance", "--flat", "--no-total", "-O", "csv"))
	require.Equal(t, standing(town, hledgerName), got)
}

// One figure for each place of each fund, as the trial balance has it.
func TestHledgerAddsUpEachFundAsThePositionDoes(t *testing.T) {
	t.Parallel()
	town := lived(t)
	path := written(t, town, plaintext.Hledger, "town.journal")
	got := balances(t, run(t, "hledger", "-f", path, "balance", "--flat", "--no-total", "--depth", "3", "-O", "csv"))
	want := map[string]int64{}
	for pot, balance := range town.Pots {
		pot.Owner = [16]byte{}
		want[hledgerName(pot)] -= int64(balance)
	}
	var total money.Points
	for _, w := range town.Wallets {
		for _, l := range w.Lots {
			want["liabilities:wallet:"+string(l.Fund)] -= int64(l.Remaining)
			total += l.Remaining
		}
	}
	for name, amount := range want {
		if amount == 0 {
			delete(want, name)
		}
	}
	require.Positive(t, total)
	require.Equal(t, want, got)
}

func TestBeancountChecksTheJournalAndComesToWhatStands(t *testing.T) {
	t.Parallel()
	town := lived(t)
	path := written(t, town, plaintext.Beancount, "town.beancount")
	require.Empty(t, run(t, "bean-check", "--no-cache", path))
	got := balances(t, run(t, "bean-query", "--no-errors", "-f", "csv", path, "SELECT account, sum(number) AS amount GROUP BY account"))
	require.Equal(t, standing(town, beancountName), got)
}

func TestATransactionKeepsItsDayItsEntryAndItsMemo(t *testing.T) {
	t.Parallel()
	town := lived(t)
	print := run(t, "hledger", "-f", written(t, town, plaintext.Hledger, "town.journal"), "print", "-O", "csv")
	rows, err := csv.NewReader(strings.NewReader(print)).ReadAll()
	require.NoError(t, err)
	const date, code, description = 1, 4, 5
	seen := map[string][]string{}
	for _, row := range rows[1:] {
		seen[row[code]] = row
	}
	require.Len(t, seen, len(town.Entries))
	for _, e := range town.Entries {
		row := seen[e.ID.String()]
		require.Equal(t, e.At.Format("2006-01-02"), row[date], "the day in Japan")
		require.True(t, strings.HasPrefix(row[description], e.Type.String()), row)
	}
	require.Equal(t, "deposit | 寄附； \"健康\" 第1回", seen[town.Entries[1].ID.String()][description])
	require.Equal(t, "payment | \"昼\" \\ ； =*@ 食", seen[town.Entries[12].ID.String()][description])

	narrations := run(t, "bean-query", "--no-errors", "-f", "csv", written(t, town, plaintext.Beancount, "town.beancount"), "SELECT DISTINCT narration, links")
	rows, err = csv.NewReader(strings.NewReader(narrations)).ReadAll()
	require.NoError(t, err)
	require.Len(t, rows[1:], len(town.Entries))
	memos := map[string]string{}
	for _, row := range rows[1:] {
		memos[strings.TrimSpace(row[1])] = strings.TrimSpace(row[0])
	}
	require.Equal(t, "寄附; \"健康\" 第1回", memos[town.Entries[1].ID.String()])
	require.Equal(t, "\"昼\" \\ ; =*@ 食", memos[town.Entries[12].ID.String()])
}

func TestTheSameJournalGivesTheSameBytes(t *testing.T) {
	t.Parallel()
	town := lived(t)
	for _, format := range []plaintext.Format{plaintext.Hledger, plaintext.Beancount} {
		one, err := os.ReadFile(written(t, town, format, "one"))
		require.NoError(t, err)
		other, err := os.ReadFile(written(t, town, format, "other"))
		require.NoError(t, err)
		require.Equal(t, string(one), string(other))
	}
}

func TestAnUnknownFormatIsRefused(t *testing.T) {
	t.Parallel()
	err := plaintext.Write(t.Context(), &bytes.Buffer{}, "ledger", journalOf(lived(t)))
	require.ErrorIs(t, err, plaintext.ErrFormat)
}

type full struct{}

var errFull = errors.New("disk full")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAFailureOfTheWriterOrTheJournalIsReturned(t *testing.T) {
	t.Parallel()
	town := lived(t)
	require.ErrorIs(t, plaintext.Write(t.Context(), full{}, plaintext.Hledger, journalOf(town)), errFull)
	broken := func(context.Context, func([]ledger.Entry) error) error { return context.Canceled }
	require.ErrorIs(t, plaintext.Write(t.Context(), &bytes.Buffer{}, plaintext.Beancount, broken), context.Canceled)
}
