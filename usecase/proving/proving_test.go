package proving_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/adapter/memory"
	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
	"lovesaijo/usecase/proving"
)

// What the activities find in a real database is shown by the tests of adapter/postgres.

var key = prooftest.NewKey(1)

func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, calendar.JST) }

func lived(t *testing.T) *prooftest.Paper {
	t.Helper()
	paper := &prooftest.Paper{Town: prooftest.NewTown()}
	paper.Live(t)
	return paper
}

func prove(t *testing.T, books proof.Books, heads proof.Heads) proving.Verdict {
	t.Helper()
	verdict, err := proving.NewVerify(books, heads, key, memory.New().Settlement(), noon).Do(t.Context())
	require.NoError(t, err)
	return verdict
}

func TestPaperKeepsTheContractOfSeals(t *testing.T) {
	t.Parallel()
	prooftest.Seals(t, func(*testing.T) proof.Seals { return &prooftest.Paper{Town: prooftest.NewTown()} })
}

func TestShelfKeepsTheContractOfHeads(t *testing.T) {
	t.Parallel()
	prooftest.Heads(t, func(*testing.T) proof.Heads { return &prooftest.Shelf{} })
}

func TestAVerdictThatIsCleanSaysWhatWasProved(t *testing.T) {
	t.Parallel()
	paper, shelf := lived(t), &prooftest.Shelf{}
	_, err := proving.NewSeal(paper, shelf, key, noon).Do(t.Context())
	require.NoError(t, err)
	paper.Do(t, noon().AddDate(1, 0, 0), prooftest.Pay(prooftest.Shop, prooftest.Stall, 1, ""))
	require.Equal(t, `verify: clean
  at 2026-11-23 12:00:00 JST, journal up to no 18
  entries 18, postings 22, corrections 0, lines 17, wallets 4, lots 14, pots 22, keys 0
  seals 1, exported heads 1, entries not sealed yet 1
  closed periods 0, statements 0
  fund city: bank 84,000 + tills 2,000 + receivables 0 = unissued 78,500 + reserved 0 + wallets 7,500 + claimed 0
  fund health: bank 50,000 + tills 0 + receivables 0 = unissued 44,900 + reserved 0 + wallets 5,100 + claimed 0
`, prove(t, paper, shelf).String())
}

func TestAVerdictNamesEachFindingInTextAndInJSON(t *testing.T) {
	t.Parallel()
	paper := lived(t)
	paper.Town.Pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Bank}, Fund: "city"}] -= 5
	verdict := prove(t, paper, &prooftest.Shelf{})
	require.False(t, verdict.Clean)
	require.Equal(t, "verify: 2 findings", verdict.Headline())
	require.Contains(t, verdict.String(), "\n  pot_differs: pot bank:city has 84005, journal says 84000\n")

	encoded, err := json.Marshal(verdict)
	require.NoError(t, err)
	var read struct {
		Clean         bool
		FindingsTotal int `json:"findings_total"`
		Findings      []struct{ Code, Subject, Text string }
		Counts        map[string]int64
	}
	require.NoError(t, json.Unmarshal(encoded, &read))
	require.False(t, read.Clean)
	require.Equal(t, 2, read.FindingsTotal)
	require.Equal(t, "pot_differs", read.Findings[0].Code)
	require.Equal(t, "pot bank:city", read.Findings[0].Subject)
	require.EqualValues(t, 17, read.Counts["entries"])
}

func TestAVerdictOnEmptyBooksIsClean(t *testing.T) {
	t.Parallel()
	verdict := prove(t, &prooftest.Paper{Town: prooftest.NewTown()}, &prooftest.Shelf{})
	require.True(t, verdict.Clean, verdict)
	encoded, err := json.Marshal(verdict)
	require.NoError(t, err)
	require.Contains(t, string(encoded), `"findings":[]`)
}

func TestAVerdictOnBooksInRuinsStaysReadable(t *testing.T) {
	t.Parallel()
	paper := lived(t)
	for n := range int64(300) {
		for line := range int64(5) {
			paper.Town.Lines = append(paper.Town.Lines, ledger.Line{Wallet: ledger.WalletID{1, byte(n >> 8), byte(n)}, No: line + 1, Delta: 1})
		}
	}
	verdict := prove(t, paper, &prooftest.Shelf{})
	require.Contains(t, verdict.String(), "histories of 200 more wallets differ from the journal")
	require.Equal(t, 501, verdict.FindingsTotal)

	paper.Town.Entries = nil
	for range 1200 {
		paper.Town.Entries = append(paper.Town.Entries, ledger.Entry{Type: ledger.Deposit, At: noon()})
	}
	verdict = prove(t, paper, &prooftest.Shelf{})
	require.Len(t, verdict.Findings, 1000)
	require.Greater(t, verdict.FindingsTotal, 2400)
	require.True(t, strings.HasSuffix(verdict.String(), " more\n"))
}

func TestBlocksHaveABound(t *testing.T) {
	t.Parallel()
	paper, shelf := &prooftest.Paper{Town: prooftest.NewTown()}, &prooftest.Shelf{}
	for n := range int64(2*proof.BlockEntriesMax + 1) {
		paper.Town.Entries = append(paper.Town.Entries, ledger.Entry{Seq: n + 1, Type: ledger.Deposit, At: noon()})
	}
	sealed, err := proving.NewSeal(paper, shelf, key, noon).Do(t.Context())
	require.NoError(t, err)
	require.Equal(t, proving.Sealed{Blocks: 3, Entries: 2*proof.BlockEntriesMax + 1, Exported: 3}, sealed)
	require.EqualValues(t, proof.BlockEntriesMax, paper.Sealed[0].Entries)
	require.EqualValues(t, 1, paper.Sealed[2].Entries)
}

// overtaken is a sealer's view of seals where another sealer is always faster.
type overtaken struct{ *prooftest.Paper }

func (o overtaken) Append(ctx context.Context, seal proof.Seal) error {
	return errors.Join(o.Paper.Append(ctx, seal), proof.ErrSealTaken)
}

func TestASealerThatWasOvertakenExportsWhatTheOtherSealed(t *testing.T) {
	t.Parallel()
	paper, shelf := lived(t), &prooftest.Shelf{}
	sealed, err := proving.NewSeal(overtaken{paper}, shelf, key, noon).Do(t.Context())
	require.NoError(t, err)
	require.Equal(t, proving.Sealed{Exported: 1}, sealed)
	require.True(t, prove(t, paper, shelf).Clean)
}

func TestHeadsExportedAfterTheBooksWereOpenedAreNoFinding(t *testing.T) {
	t.Parallel()
	paper, shelf := lived(t), &prooftest.Shelf{}
	_, err := proving.NewSeal(paper, shelf, key, noon).Do(t.Context())
	require.NoError(t, err)
	verdict := prove(t, later{paper, shelf}, shelf)
	require.True(t, verdict.Clean, verdict)
}

// later opens the books just before a head is exported whose seal they do not show.
type later struct {
	*prooftest.Paper
	shelf *prooftest.Shelf
}

func (l later) Read(ctx context.Context) (proof.Reading, error) {
	return l.Paper, l.shelf.Append(ctx, []proof.Seal{prooftest.Example(2)})
}

// failing are books of which one part cannot be read.
type failing struct {
	*prooftest.Paper
	part string
}

var errDisk = errors.New("disk")

func (f failing) Read(context.Context) (proof.Reading, error) { return f, nil }

func (f failing) Journal(ctx context.Context, yield func([]ledger.Entry) error) error {
	if f.part == "journal" {
		return errDisk
	}
	return f.Paper.Journal(ctx, yield)
}

func (f failing) Lines(ctx context.Context, yield func(*ledger.Line)) error {
	if f.part == "lines" {
		return errDisk
	}
	return f.Paper.Lines(ctx, yield)
}

func (f failing) Loose(ctx context.Context, found *proof.Findings) error {
	if f.part == "loose" {
		return errDisk
	}
	return f.Paper.Loose(ctx, found)
}

func TestBooksThatCannotBeReadAreAnErrorAndNoVerdict(t *testing.T) {
	t.Parallel()
	for _, part := range []string{"journal", "lines", "loose"} {
		t.Run(part, func(t *testing.T) {
			t.Parallel()
			verdict, err := proving.NewVerify(failing{lived(t), part}, &prooftest.Shelf{}, key, memory.New().Settlement(), noon).Do(t.Context())
			require.ErrorIs(t, err, errDisk)
			require.False(t, verdict.Clean)
		})
	}
}
