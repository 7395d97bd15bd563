package proof_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"lovesaijo/domain/calendar"
	"lovesaijo/domain/ledger"
	"lovesaijo/domain/lot"
	"lovesaijo/domain/proof"
	"lovesaijo/domain/prooftest"
)

// entry gives an entry of the town by its number.
func entry(town *prooftest.Town, no int) *ledger.Entry { return &town.Entries[no-1] }

// undone gives what is kept beside the journal of an entry that undoes another one.
func undone(town *prooftest.Town, no int) *ledger.Undoing {
	id := entry(town, no).ID
	return &town.Undoings[slices.IndexFunc(town.Undoings, func(u ledger.Undoing) bool { return u.Entry == id })]
}

// again appends a copy of an entry as a further one, with what is kept of it beside the journal, and what it does to a
// wallet's history and to pots and lots left aside.
func again(town *prooftest.Town, no int) *ledger.Entry {
	e := *entry(town, no)
	e.ID[0]++
	e.Seq, e.At = int64(len(town.Entries)+1), town.Now
	e.Postings = slices.Clone(e.Postings)
	u := *undone(town, no)
	u.Entry = e.ID
	town.Entries, town.Undoings = append(town.Entries, e), append(town.Undoings, u)
	return &town.Entries[len(town.Entries)-1]
}

func TestACorrectionThatNoActCouldHaveWrittenIsNamed(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]struct {
		do   func(*prooftest.Town)
		code proof.Code
		text string
	}{
		"of nothing": {
			func(town *prooftest.Town) { entry(town, 22).Corrects = ledger.EntryID{} }, proof.CorrectionOriginal, "is a partial_correction of nothing",
		},
		"of an entry that is gone": {
			func(town *prooftest.Town) { entry(town, 24).Corrects[7]++ }, proof.CorrectionOriginal, "which is gone",
		},
		"that is none and names an entry": {
			func(town *prooftest.Town) { entry(town, 26).Corrects = entry(town, 25).ID }, proof.CorrectionOriginal, "is a payment, which undoes nothing",
		},
		"of a later entry": {
			func(town *prooftest.Town) { entry(town, 22).Corrects = entry(town, 25).ID }, proof.CorrectionOriginal, "which came later",
		},
		"of a correction": {
			func(town *prooftest.Town) { entry(town, 24).Corrects = entry(town, 22).ID }, proof.CorrectionOriginal, "is a reversal of a partial_correction",
		},
		"of a claim as if it were a payment": {
			func(town *prooftest.Town) { entry(town, 34).Type = ledger.Reversal }, proof.CorrectionOriginal, "is a reversal of a claim",
		},
		"that is there twice": {func(town *prooftest.Town) { again(town, 46) }, proof.CorrectionTwice, "undoes entry"},
		"of a claim that is there twice": {
			func(town *prooftest.Town) { again(town, 34) }, proof.CorrectionTwice, "again",
		},
		"in part, after all was undone": {
			func(town *prooftest.Town) { again(town, 46).Type = ledger.Partial }, proof.CorrectionTwice, "again",
		},
		"that gives more than the original": {func(town *prooftest.Town) {
			entry(town, 46).Postings[0].Amount += 5
			undone(town, 46).Amount += 5
		}, proof.CorrectionTooMuch, "gives back 5 more than entry"},
		"whose parts are more than the original": {func(town *prooftest.Town) {
			undone(town, 22).Amount += 5
		}, proof.CorrectionTooMuch, "of which 995 were left"},
		"that takes back more cashback than there was": {func(town *prooftest.Town) {
			entry(town, 24).Postings[0].Amount += 60
		}, proof.CorrectionTooMuch, "gives back 60 more"},
		"of all that leaves something": {func(town *prooftest.Town) {
			entry(town, 46).Postings[0].Amount -= 5
			undone(town, 46).Amount -= 5
		}, proof.CorrectionDiffers, "and leaves 5"},
		"that gives points to somebody else": {func(town *prooftest.Town) {
			q := &entry(town, 46).Postings[0]
			q.Destination.Owner, q.DestinationLot = prooftest.Stall, lot.ID{1}
		}, proof.CorrectionStrange, "which entry"},
		"that makes better points": {func(town *prooftest.Town) {
			q := &entry(town, 46).Postings[0]
			q.Points.Expires, q.DestinationLot = calendar.Never, lot.ID{1}
		}, proof.CorrectionStrange, "which entry"},
		"that makes a debt for somebody else": {func(town *prooftest.Town) {
			postings := entry(town, 27).Postings
			owed := slices.IndexFunc(postings, func(q ledger.Posting) bool { return q.Source.Kind == ledger.Receivable })
			postings[owed].Source.Owner = prooftest.Stall
		}, proof.CorrectionStrange, "goes from receivable to wallet"},
		"with cash out of nowhere": {func(town *prooftest.Town) {
			entry(town, 41).Postings[0].Destination.Kind, entry(town, 41).Postings[0].Destination.Owner = ledger.Till, prooftest.Shop
		}, proof.PostingRoute, "goes from unissued to till"},
		"that says another amount": {
			func(town *prooftest.Town) { undone(town, 39).Amount-- }, proof.CorrectionDiffers, "beside the journal 999",
		},
		"that says another debt": {
			func(town *prooftest.Town) { undone(town, 27).Receivable-- }, proof.CorrectionDiffers, "books 800 as receivable, beside the journal 799",
		},
		"that says another original": {
			func(town *prooftest.Town) { undone(town, 39).Original[0]++ }, proof.CorrectionDiffers, "beside the journal entry",
		},
		"that does not say what it undid": {func(town *prooftest.Town) {
			town.Undoings = slices.DeleteFunc(town.Undoings, func(u ledger.Undoing) bool { return u.Entry == entry(town, 39).ID })
		}, proof.CorrectionMissing, "does not say"},
		"that is only said": {func(town *prooftest.Town) {
			town.Undoings = append(town.Undoings, ledger.Undoing{Entry: ledger.EntryID{9}, Original: entry(town, 26).ID, Amount: 7})
		}, proof.CorrectionExtra, "is said to have undone 7"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			town := livedOn(t)
			plant.do(town)
			p := prove(town)
			require.Contains(t, codes(p), plant.code, texts(p))
			require.True(t, slices.ContainsFunc(p.Findings().Kept(), func(f proof.Finding) bool {
				return f.Code == plant.code && strings.Contains(f.Text, plant.text)
			}), texts(p))
		})
	}
}

func TestCashbackThatNoPaymentCouldHaveReturnedIsNamed(t *testing.T) {
	t.Parallel()
	returned := func(town *prooftest.Town) *ledger.Posting { return &entry(town, 21).Returned()[0] }
	for name, plant := range map[string]struct {
		do   func(*prooftest.Town)
		code proof.Code
	}{
		"with a hop":             {func(town *prooftest.Town) { returned(town).Points.Hops = 1 }, proof.PostingReturned},
		"as paid points":         {func(town *prooftest.Town) { returned(town).Points.Paid = true }, proof.PostingReturned},
		"dead on arrival":        {func(town *prooftest.Town) { returned(town).Points.Expires = 1 }, proof.PostingReturned},
		"to somebody else":       {func(town *prooftest.Town) { returned(town).Destination.Owner = prooftest.Taro }, proof.PostingReturned},
		"more than was received": {func(town *prooftest.Town) { returned(town).Amount = 1_501 }, proof.PostingReturned},
		"out of other points": {func(town *prooftest.Town) {
			returned(town).SourceLot = entry(town, 11).Postings[2].DestinationLot
		}, proof.PostingReturned},
		"of another fund": {func(town *prooftest.Town) {
			returned(town).Fund, returned(town).Points.Fund = "health", "health"
		}, proof.PostingFund},
		"of a transfer": {func(town *prooftest.Town) { entry(town, 21).Type = ledger.Transfer }, proof.PostingRoute},
		"from two payers": {func(town *prooftest.Town) {
			entry(town, 11).Postings[1].Source.Owner = prooftest.Taro
		}, proof.PostingRoute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			town := livedOn(t)
			plant.do(town)
			require.Contains(t, codes(prove(town)), plant.code)
		})
	}
}

func TestWhatStandsWrongOfCashbackAndDebtsIsNamed(t *testing.T) {
	t.Parallel()
	for name, plant := range map[string]struct {
		do    func(*prooftest.Town)
		codes []proof.Code
		text  string
	}{
		"a line's cashback": {func(town *prooftest.Town) {
			i := slices.IndexFunc(town.Lines, func(l ledger.Line) bool { return l.Cashback > 0 })
			town.Lines[i].Cashback++
		}, []proof.Code{proof.LineDiffers}, "the cashback 151, journal says 150"},
		"an award that was not given": {func(town *prooftest.Town) {
			town.Awards[0].Amount += 8
		}, []proof.Code{proof.AwardDiffers}, "was awarded 258, journal says 250"},
		"cashback that was not awarded": {func(town *prooftest.Town) {
			town.Awards = nil
		}, []proof.Code{proof.AwardDiffers}, "was awarded nothing, journal says 250"},
		"an award out of nowhere": {func(town *prooftest.Town) {
			a := town.Awards[0]
			a.Wallet = ledger.WalletID{9}
			town.Awards = append(town.Awards, a)
		}, []proof.Code{proof.AwardDiffers}, "was awarded 150, journal says 0"},
		"a debt forgiven": {func(town *prooftest.Town) {
			town.Pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Receivable, Owner: prooftest.Shop}, Fund: "city"}] = 0
		}, []proof.Code{proof.PotDiffers, proof.FundUnbalanced}, "has 0, journal says 300"},
		"a debt that no correction made": {func(town *prooftest.Town) {
			town.Pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Receivable, Owner: prooftest.Taro}, Fund: "city"}] = -70
			town.Pots[ledger.Pot{Account: ledger.Account{Kind: ledger.Unissued}, Fund: "city"}] += 70
		}, []proof.Code{proof.PotDiffers}, "has 70, journal says 0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			town := livedOn(t)
			plant.do(town)
			p := prove(town)
			require.ElementsMatch(t, plant.codes, codes(p), texts(p))
			require.True(t, slices.ContainsFunc(texts(p), func(text string) bool { return strings.Contains(text, plant.text) }), texts(p))
		})
	}
}

func TestADebtIsMadeByCorrectionsOnly(t *testing.T) {
	t.Parallel()
	for no, source := range map[int]ledger.Account{
		18: {Kind: ledger.Receivable, Owner: prooftest.Taro}, 31: {Kind: ledger.Receivable, Owner: prooftest.Taro}, 33: {Kind: ledger.Receivable, Owner: prooftest.Stall},
	} {
		town := livedOn(t)
		q := &entry(town, no).Postings[0]
		q.Source, q.SourceLot = source, lot.ID{}
		require.Contains(t, codes(prove(town)), proof.PostingRoute, no)
	}
}

func TestACorrectionMayTakePointsThatLapsedAndWereNotSwept(t *testing.T) {
	t.Parallel()
	town := prooftest.NewTown()
	town.Live(t)
	given := func(b *ledger.Book) error {
		_, err := b.Grant(ledger.Award{Wallet: prooftest.Taro, Fund: "city", Amount: 100, Kind: "gift"})
		return err
	}
	town.Do(t, town.Now.Add(time.Minute), given)
	no := len(town.Entries)
	town.Do(t, town.Now.AddDate(0, 0, 40), func(b *ledger.Book) error {
		_, err := b.Correct(ledger.Correction{Actor: prooftest.Clerk, Original: *entry(town, no)})
		return err
	})
	require.Empty(t, prove(town).Findings().Kept())

	entry(town, no+1).Type = ledger.Adjustment
	entry(town, no+1).Corrects = ledger.EntryID{}
	require.Contains(t, codes(prove(town)), proof.PostingLapse, "an adjustment may not")
}
